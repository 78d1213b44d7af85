"""One connection as a state machine without I/O: payloads in, messages out, and no clock but the one it is given.

Both ends run the same table. `send` refuses what this side may not say now (LocalProtocolError: our bug); `receive`
refuses what the peer may not (RemoteProtocolError: close with its code). `now` is monotonic seconds.
"""

from collections.abc import Mapping
from enum import IntEnum, StrEnum
from typing import Final

from protocol.codec import DEVICE, STAFF, CodecError
from protocol.messages import (
    VERSION,
    Breach,
    ChangeRule,
    Credit,
    DropChange,
    EndLesson,
    Frame,
    Hello,
    Lock,
    LowerHand,
    Message,
    Noted,
    Outcome,
    Patches,
    PauseAssessment,
    PermitEnded,
    PermitGranted,
    PermitRequest,
    PolicyOffer,
    PolicyTaken,
    Refused,
    Right,
    SetRules,
    Shown,
    StartAssessment,
    Status,
    StopAssessment,
    Stream,
    TextMessage,
    Understood,
    Unlock,
    Unwatch,
    Watch,
    Welcome,
)
from protocol.pictures import PICTURE_LIMIT, PictureError, PictureTooLargeError, check_picture, picture_bytes

KIB: Final = 1024
GREETING_LIMIT: Final = 4 * KIB  # SECURITY rule 5, here and below
CONTROL_LIMIT: Final = 16 * KIB
BUNDLE_LIMIT: Final = 256 * KIB
ENVELOPE: Final = 8 * KIB  # the MessagePack around a bundle, a picture or 64 patches; under 6 KiB today
ANSWER_WITHIN: Final = 5.0  # seconds for every answer the peer owes before the permit
MESSAGES_A_SECOND: Final = 40.0
TILE_BYTES_A_SECOND: Final = 2.0 * 1024 * KIB


class Side(StrEnum):
    """The two ends of a connection."""

    STAFF = "staff"
    DEVICE = "device"


class State(StrEnum):
    """Where the connection stands, the same on both ends but for what is in flight."""

    START = "start"
    GREETING = "greeting"
    READY = "ready"
    OFFERED = "offered"
    ASKED = "asked"
    PERMITTED = "permitted"
    ENDED = "ended"


class CloseCode(IntEnum):
    """WebSocket close codes (RFC 6455 §7.4.2: 4000–4999 are private)."""

    DONE = 1000
    GOING_AWAY = 1001
    PROTOCOL = 4000
    TOO_LARGE = 4001
    TOO_FAST = 4002
    REFUSED = 4003
    TOO_SLOW = 4004
    IDENTITY = 4005
    REPLACED = 4006


class LocalProtocolError(Exception):
    """This side tried to say what the table, a right or a credit does not allow."""


class RemoteProtocolError(Exception):
    """The peer broke the protocol; the connection ends with `code`."""

    def __init__(self, reason: str, code: CloseCode = CloseCode.PROTOCOL) -> None:
        super().__init__(reason)
        self.code = code


# State, message → next state. What is not here is refused. The sender is in the type: no message has two.
TABLE: Final[Mapping[tuple[State, type[Message]], State]] = {
    (State.START, Hello): State.GREETING,
    (State.GREETING, Welcome): State.READY,
    (State.GREETING, Refused): State.ENDED,
    (State.READY, PolicyOffer): State.OFFERED,
    (State.OFFERED, PolicyTaken): State.READY,
    (State.OFFERED, Refused): State.ENDED,
    (State.READY, PermitRequest): State.ASKED,
    (State.ASKED, PermitGranted): State.PERMITTED,
    (State.ASKED, Refused): State.ENDED,
    (State.PERMITTED, Watch): State.PERMITTED,
    (State.PERMITTED, Unwatch): State.PERMITTED,
    (State.PERMITTED, Credit): State.PERMITTED,
    (State.PERMITTED, Lock): State.PERMITTED,
    (State.PERMITTED, Unlock): State.PERMITTED,
    (State.PERMITTED, TextMessage): State.PERMITTED,
    (State.PERMITTED, SetRules): State.PERMITTED,
    (State.PERMITTED, ChangeRule): State.PERMITTED,
    (State.PERMITTED, DropChange): State.PERMITTED,
    (State.PERMITTED, LowerHand): State.PERMITTED,
    (State.PERMITTED, Noted): State.PERMITTED,
    (State.PERMITTED, StartAssessment): State.PERMITTED,
    (State.PERMITTED, PauseAssessment): State.PERMITTED,
    (State.PERMITTED, StopAssessment): State.PERMITTED,
    (State.PERMITTED, Status): State.PERMITTED,
    (State.PERMITTED, Frame): State.PERMITTED,
    (State.PERMITTED, Patches): State.PERMITTED,
    (State.PERMITTED, Outcome): State.PERMITTED,
    (State.PERMITTED, Understood): State.PERMITTED,
    (State.PERMITTED, Breach): State.PERMITTED,
    (State.PERMITTED, EndLesson): State.ENDED,
    (State.PERMITTED, PermitEnded): State.ENDED,
}

SENDER: Final[Mapping[type[Message], Side]] = {
    **dict.fromkeys(
        (
            *(Hello, PolicyOffer, PermitRequest, Watch, Unwatch, Credit, Lock, Unlock, TextMessage, EndLesson),
            *(SetRules, ChangeRule, DropChange, LowerHand, Noted, StartAssessment, PauseAssessment, StopAssessment),
        ),
        Side.STAFF,
    ),
    **dict.fromkeys(
        (
            Welcome,
            PolicyTaken,
            PermitGranted,
            Refused,
            PermitEnded,
            Status,
            Frame,
            Patches,
            Outcome,
            Understood,
            Breach,
        ),
        Side.DEVICE,
    ),
}

RIGHT: Final[Mapping[type[Message], Right]] = {
    Lock: Right.LOCK,
    Unlock: Right.LOCK,
    TextMessage: Right.MESSAGE,
    LowerHand: Right.MESSAGE,
    **dict.fromkeys((SetRules, ChangeRule, DropChange), Right.RULES),
    **dict.fromkeys((StartAssessment, PauseAssessment, StopAssessment), Right.ASSESS),
}
WATCH_RIGHT: Final[Mapping[Stream, Right]] = {Stream.TILE: Right.VIEW, Stream.FOCUS: Right.FOCUS}

# Who owes the next word, so that silence before a permit has an end.
_OWES: Final[Mapping[State, Side]] = {
    State.START: Side.STAFF,
    State.GREETING: Side.DEVICE,
    State.READY: Side.STAFF,
    State.OFFERED: Side.DEVICE,
    State.ASKED: Side.DEVICE,
}


class Allowance:
    """A token bucket: `rate` a second, at most two seconds' worth saved up."""

    def __init__(self, rate: float, now: float) -> None:
        self._rate = rate
        self._left = 2 * rate
        self._at = now

    def take(self, amount: float, now: float) -> bool:
        """Take `amount`; False when it isn't there."""
        self._left = min(2 * self._rate, self._left + (now - self._at) * self._rate)
        self._at = now
        self._left -= amount
        return self._left >= 0


class Watched:
    """One stream under way: the `Watch` in force, the last sequence, and whether a picture is in flight."""

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        self.sequence = 0
        self.in_flight = False


class Session:
    """One end of one connection. Not thread-safe: whoever pumps it owns it."""

    def __init__(self, side: Side, now: float) -> None:
        self.side = side
        self.state = State.START
        self.may: frozenset[Right] = frozenset()
        self._ours, self._theirs = (STAFF, DEVICE) if side is Side.STAFF else (DEVICE, STAFF)
        self._streams: dict[Stream, Watched] = {}
        self._last_watch = -1
        self._changed_at = now
        self._messages = Allowance(MESSAGES_A_SECOND, now)
        self._tile_bytes = Allowance(TILE_BYTES_A_SECOND, now)

    @property
    def payload_limit(self) -> int:
        """The largest payload, in bytes, that the peer may send now."""
        if self.state in (State.START, State.GREETING):
            return GREETING_LIMIT
        if self.side is Side.DEVICE:
            return BUNDLE_LIMIT + ENVELOPE if self.state is State.READY else CONTROL_LIMIT
        if self.state in (State.PERMITTED, State.ENDED):
            return PICTURE_LIMIT[Stream.FOCUS] + ENVELOPE
        return CONTROL_LIMIT

    def watched(self, stream: Stream) -> Watch | None:
        """Return the `Watch` in force for a stream."""
        current = self._streams.get(stream)
        return current.watch if current else None

    def may_send(self, stream: Stream) -> bool:
        """Whether a picture of this stream is asked for and none is in flight."""
        current = self._streams.get(stream)
        return self.state is State.PERMITTED and current is not None and not current.in_flight

    def next_sequence(self, stream: Stream) -> int:
        """Return the sequence the next picture of a watched stream has to carry."""
        return self._streams[stream].sequence + 1

    def send(self, message: Message, now: float) -> bytes:
        """Return the payload that says `message`; raises LocalProtocolError when it may not be said now."""
        try:
            if SENDER.get(type(message)) is not self.side:
                raise RemoteProtocolError(f"the {self.side} never sends {type(message).__name__}")
            payload = self._ours.encode(message)
            self._step(message, now)
        except (RemoteProtocolError, CodecError) as error:
            raise LocalProtocolError(str(error)) from None
        return payload

    def receive(self, payload: bytes, now: float) -> Message | None:
        """Return the peer's message, or None for one overtaken by ours; raises RemoteProtocolError, nothing else."""
        if len(payload) > self.payload_limit:
            raise RemoteProtocolError(f"{len(payload)} bytes are more than may be sent now", CloseCode.TOO_LARGE)
        if not self._messages.take(1, now):
            raise RemoteProtocolError(f"more than {MESSAGES_A_SECOND:.0f} messages a second", CloseCode.TOO_FAST)
        if self.state is State.ENDED:
            return None  # sent before the peer heard of the end
        try:
            message = self._theirs.decode(payload)
        except CodecError as error:
            raise RemoteProtocolError(str(error)) from None
        if not isinstance(message, Frame | Patches | PolicyOffer) and len(payload) > CONTROL_LIMIT:
            raise RemoteProtocolError("a control message over 16 KiB", CloseCode.TOO_LARGE)
        if isinstance(message, Frame | Patches | Credit) and self._overtaken(message):
            if not isinstance(message, Credit):
                self._charge(picture_bytes(message), now)
            return None
        self._step(message, now)
        return message

    @property
    def answer_by(self) -> float | None:
        """When the peer's next word is due at the latest; None while it owes none."""
        if _OWES.get(self.state, self.side) is self.side:
            return None
        return self._changed_at + ANSWER_WITHIN

    def tick(self, now: float) -> None:
        """Raise RemoteProtocolError when the peer has owed an answer for too long."""
        due = self.answer_by
        if due is not None and now >= due:
            raise RemoteProtocolError(f"no answer within {ANSWER_WITHIN:.0f} s", CloseCode.TOO_SLOW)

    def _step(self, message: Message, now: float) -> None:
        """Check one message of either side and move on."""
        following = TABLE.get((self.state, type(message)))
        if following is None:
            raise RemoteProtocolError(f"{type(message).__name__} is not allowed in state {self.state}")
        right = RIGHT.get(type(message))
        if right is not None and right not in self.may:
            raise RemoteProtocolError(f"the permit gives no right to {right}")
        self._note(message, now)
        if following is not self.state:
            self.state = following
            self._changed_at = now

    def _note(self, message: Message, now: float) -> None:
        match message:
            case Hello() | Welcome() if message.version != VERSION:
                raise RemoteProtocolError(f"version {message.version} is not {VERSION}")
            case PermitGranted():
                self.may = frozenset(message.may)
            case Watch():
                self._watch(message)
            case Unwatch():
                self._streams.pop(message.stream, None)
            case Credit():
                self._credit(message)
            case Frame() | Patches():
                self._picture(message, now)
            case _:
                pass

    def _watch(self, message: Watch) -> None:
        if WATCH_RIGHT[message.stream] not in self.may:
            raise RemoteProtocolError(f"the permit gives no right to {WATCH_RIGHT[message.stream]}")
        if message.watch <= self._last_watch:
            raise RemoteProtocolError("a watch number has to rise")
        self._last_watch = message.watch
        self._streams[message.stream] = Watched(message)

    def _credit(self, message: Credit) -> None:
        current = self._by_number(message.watch)
        if current is None or not current.in_flight or current.sequence != message.sequence:
            raise RemoteProtocolError("a credit for a picture that is not in flight")
        current.in_flight = False

    def _overtaken(self, message: Shown | Credit) -> bool:
        """Whether it belongs to a watch that has been replaced or ended since it was sent."""
        return message.watch <= self._last_watch and self._by_number(message.watch) is None

    def _picture(self, message: Shown, now: float) -> None:
        current = self._by_number(message.watch)
        if current is None:
            raise RemoteProtocolError("a picture nobody asked for")
        if current.in_flight or message.sequence != current.sequence + 1:
            raise RemoteProtocolError("a picture without a credit, or out of order")
        try:
            check_picture(message, current.watch, message.sequence)
        except PictureTooLargeError as error:
            raise RemoteProtocolError(str(error), CloseCode.TOO_LARGE) from None
        except PictureError as error:
            raise RemoteProtocolError(str(error)) from None
        if self.side is Side.STAFF and current.watch.stream is Stream.TILE:
            self._charge(picture_bytes(message), now)
        current.sequence += 1
        current.in_flight = True

    def _charge(self, size: int, now: float) -> None:
        # The focus view is one device the tutor chose, and its credits pace it; tiles come from everybody.
        if not self._tile_bytes.take(size, now):
            raise RemoteProtocolError("more than 2 MiB of tiles a second", CloseCode.TOO_FAST)

    def _by_number(self, watch: int) -> Watched | None:
        return next((stream for stream in self._streams.values() if stream.watch.watch == watch), None)
