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


class PanelState(Message, frozen=True, kw_only=True):
    """All that indicator and panel show. `lesson` is empty outside lessons; `problem` is a sentence or empty."""

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


AgentMessage: TypeAlias = (
    Capture | StopCapture | NextPicture | Refresh | LockScreen | UnlockScreen | ShowMessage | PanelState | Quit
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
