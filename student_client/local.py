"""What the agent and the desktop process say to each other over the local socket; same codec, own family.

Never crosses the network. A picture belongs to a *channel*: one asked size of one stream, however many tutors watch it.
Framing: four bytes length, big-endian, then the payload; LOCAL_LIMIT bounds it.
"""

from typing import Annotated, TypeAlias

from msgspec import Meta

from protocol.codec import Codec
from protocol.messages import (
    Count,
    Cursor,
    Id,
    Line,
    Message,
    MonitorFacts,
    MonitorIndex,
    Name,
    Paragraph,
    Patch,
    Pixels,
    ScreenState,
    Sentence,
    Stream,
    Time,
    Value,
)

LOCAL_LIMIT = 2 * 1024 * 1024
CODE_DIGITS = 8  # of a release code


class Viewer(Value, frozen=True, kw_only=True):
    """Someone who views this screen now; `full` means the focus view."""

    name: Name
    lesson: Name
    since: Time
    full: bool = False


class ReceiptLine(Value, frozen=True, kw_only=True):
    """One line of "who viewed my screen"; `until` 0 means still going on; `what` is written for a student to read."""

    name: Line
    what: Line
    since: Time
    until: Time


class FrontFacts(Value, frozen=True, kw_only=True):
    """The window in front: its process (0: unknown), its program as the platform names it, and its title."""

    pid: Count
    program: Line
    title: Line


class PanelAssessment(Value, frozen=True, kw_only=True):
    """The assessment in force, as its student reads it; `only` is the one application it is locked to, or ""."""

    name: Name
    starts_at: Time
    ends_at: Time
    paused: bool = False
    only: Line = ""


# ── agent → desktop ─────────────────────────────────────────────────────────────────────────────────────────────────


class Capture(Message, frozen=True, kw_only=True):
    """Open a channel, or change its interval. Its first picture comes at once, the next after `NextPicture`."""

    channel: Count
    stream: Stream
    monitor: MonitorIndex
    width: Pixels
    height: Pixels
    interval_ms: Annotated[int, Meta(ge=30, le=60_000)]


class StopCapture(Message, frozen=True, kw_only=True):
    """Close a channel."""

    channel: Count


class NextPicture(Message, frozen=True, kw_only=True):
    """The channel's picture was taken over by the agent: another may come."""

    channel: Count


class Refresh(Message, frozen=True, kw_only=True):
    """The next patches of this channel have to cover the whole screen: somebody watching missed some."""

    channel: Count


class LockScreen(Message, frozen=True, kw_only=True):
    """Cover every monitor and hold keyboard and pointer, or update what the cover says."""

    id: Id
    by: Name
    sentence: Sentence
    until: Time


class UnlockScreen(Message, frozen=True, kw_only=True):
    """Uncover."""


class ShowMessage(Message, frozen=True, kw_only=True):
    """Show a tutor's text."""

    id: Id
    by: Name
    text: Annotated[str, Meta(min_length=1, max_length=1000)]


class Notice(Message, frozen=True, kw_only=True):
    """Tell the student what a rule says, politely; `until` is when something will be closed (0: nothing will).

    The same `id` again replaces what it said.
    """

    id: Id
    sentence: Sentence
    detail: Sentence = ""
    until: Time = 0


class ClearNotice(Message, frozen=True, kw_only=True):
    """Take a notice away: what it was about is over."""

    id: Id


class CloseProgram(Message, frozen=True, kw_only=True):
    """Ask every window of this process to close, as its own close button would."""

    pid: Count


class CodeAnswer(Message, frozen=True, kw_only=True):
    """What became of a release code: a sentence, and until when no other is looked at (0: now)."""

    released: bool
    sentence: Sentence
    wait_until: Time = 0


class PanelState(Message, frozen=True, kw_only=True):
    """All that indicator and panel show. `lesson` is empty outside lessons; `problem` is a sentence or empty.

    `rules` are the rules now, `allowed` the sites and programs allowed now where only some are, both as a student
    reads them. `can_call`: somebody is there to hear "I need help". `hand`: the student has asked and nobody came yet.
    """

    viewers: Annotated[tuple[Viewer, ...], Meta(max_length=16)]
    lesson: Line
    tutor: Line
    ends_at: Time
    rules: Annotated[tuple[Sentence, ...], Meta(max_length=32)]
    receipts: Annotated[tuple[ReceiptLine, ...], Meta(max_length=50)]
    what_can_be_seen: Paragraph
    help_text: Paragraph
    report_abuse_url: Annotated[str, Meta(max_length=300)]
    college: Line
    device: Line
    problem: Sentence
    allowed: Annotated[tuple[Line, ...], Meta(max_length=64)] = ()
    is_break: bool = False
    can_call: bool = False
    hand: bool = False
    assessment: PanelAssessment | None = None


class Quit(Message, frozen=True, kw_only=True):
    """End the desktop process; the agent will not start it again."""


# ── desktop → agent ─────────────────────────────────────────────────────────────────────────────────────────────────


class DesktopReady(Message, frozen=True, kw_only=True):
    """The indicator is on the screen; the desktop process is at work."""

    user: Line
    host: Line


class DesktopFacts(Message, frozen=True, kw_only=True):
    """What the tile says beside the picture; sent when it changes."""

    application: Line
    monitors: Annotated[tuple[MonitorFacts, ...], Meta(max_length=16)]
    screen: ScreenState
    reason: Sentence
    inputs: Count = 0
    front: FrontFacts | None = None


class Picture(Message, frozen=True, kw_only=True):
    """One encoded picture of a channel."""

    channel: Count
    captured_at: Time
    width: Pixels
    height: Pixels
    screen_width: Pixels
    screen_height: Pixels
    inputs: Count = 0
    jpeg: Annotated[bytes, Meta(min_length=4, max_length=1024 * 1024)]


class ScreenPatches(Message, frozen=True, kw_only=True):
    """What changed on the screen of a focus channel; `whole` when the patches cover all of it."""

    channel: Count
    captured_at: Time
    screen_width: Pixels
    screen_height: Pixels
    inputs: Count = 0
    whole: bool
    cursor: Cursor | None = None
    patches: Annotated[tuple[Patch, ...], Meta(max_length=64)]


class ScreenLocked(Message, frozen=True, kw_only=True):
    """The lock `id` covers every monitor; `held` says whether keyboard and pointer are grabbed as well."""

    id: Id
    held: bool


class ScreenUnlocked(Message, frozen=True, kw_only=True):
    """Nothing is covered any more, and the focus is where it was."""


class MessageShown(Message, frozen=True, kw_only=True):
    """The text `id` is on the screen."""

    id: Id


class MessageUnderstood(Message, frozen=True, kw_only=True):
    """The student pressed "Understood"."""

    id: Id


class HandMoved(Message, frozen=True, kw_only=True):
    """The student raised a hand, perhaps with a few words, or took it down."""

    raised: bool
    text: Line = ""


class ScreenCovered(Message, frozen=True, kw_only=True):
    """The student covered the screen and wants the tutor told, or shows it again; `front` is what was in front."""

    covered: bool
    front: FrontFacts | None = None


class CodeTyped(Message, frozen=True, kw_only=True):
    """The student or invigilator typed a release code."""

    code: Annotated[str, Meta(pattern=rf"^[0-9]{{{CODE_DIGITS}}}$")]


AgentMessage: TypeAlias = (
    Capture
    | StopCapture
    | NextPicture
    | Refresh
    | LockScreen
    | UnlockScreen
    | ShowMessage
    | Notice
    | ClearNotice
    | CloseProgram
    | CodeAnswer
    | PanelState
    | Quit
)
DesktopMessage: TypeAlias = (
    DesktopReady
    | DesktopFacts
    | Picture
    | ScreenPatches
    | ScreenLocked
    | ScreenUnlocked
    | MessageShown
    | MessageUnderstood
    | HandMoved
    | ScreenCovered
    | CodeTyped
)

TO_DESKTOP: Codec[Message] = Codec(AgentMessage)
TO_AGENT: Codec[Message] = Codec(DesktopMessage)


def frame_local(payload: bytes) -> bytes:
    """Return the payload with its length before it."""
    return len(payload).to_bytes(4, "big") + payload


class LocalReader:
    """Cuts a byte stream into payloads; raises ValueError for a length over LOCAL_LIMIT."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """Take some bytes of the stream and return the payloads that are now whole."""
        self._buffer += data
        payloads: list[bytes] = []
        while len(self._buffer) >= 4:
            length = int.from_bytes(self._buffer[:4], "big")
            if length > LOCAL_LIMIT:
                raise ValueError(f"a local message of {length} bytes")
            if len(self._buffer) < 4 + length:
                break
            with memoryview(self._buffer) as whole:
                payloads.append(bytes(whole[4 : 4 + length]))
            del self._buffer[: 4 + length]
        return payloads
