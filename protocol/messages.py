"""Every message of the protocol, as a frozen type with bounded fields. PROTOCOL.md says what each one means.

Strings are plain text (see `text.is_plain`): a message that holds anything else can neither be built nor decoded.
Numbers and lengths are checked by `codec` on both ways. Times are Unix seconds (UTC), durations seconds.
"""

from enum import StrEnum
from typing import Annotated, Final, TypeAlias

from msgspec import Meta, Struct

from protocol.text import is_plain

VERSION: Final = 1

Id = Annotated[str, Meta(pattern=r"^[0-9a-f]{32}$", description="UUID4, hexadecimal")]
Name = Annotated[str, Meta(min_length=1, max_length=80)]
Line = Annotated[str, Meta(max_length=200)]
Sentence = Annotated[str, Meta(max_length=280)]
Paragraph = Annotated[str, Meta(max_length=2000)]
Slug = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
Time = Annotated[float, Meta(ge=0, le=253402300799)]  # to the end of year 9999
Count = Annotated[int, Meta(ge=0, le=2**53)]  # survives every language's integers
Pixels = Annotated[int, Meta(ge=1, le=16384)]  # the largest X11 or Windows desktop met in practice is 16K wide
MonitorIndex = Annotated[int, Meta(ge=0, le=16)]
LeaseSeconds = Annotated[int, Meta(ge=1, le=600)]  # DESIGN §6: a lock is a lease of 600 s

_MULTILINE = frozenset({"text", "what_can_be_seen", "help_text"})  # every other string is one line


def _kebab(name: str) -> str:
    return "".join(f"-{c.lower()}" if c.isupper() else c for c in name).lstrip("-")


class Value(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What both messages and the values inside them are: frozen, keyword-only, plain text only."""

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            value = getattr(self, name)
            for text in value if isinstance(value, tuple) else (value,):
                if isinstance(text, str) and not is_plain(text, multiline=name in _MULTILINE):
                    raise ValueError(f"{type(self).__name__}.{name} is not plain text")


class Message(Value, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="is", tag=_kebab):
    """The ancestor of all messages; `is` on the wire is the class's name in kebab-case."""


class Stream(StrEnum):
    """What a picture is for: a tile on the wall, or the focus view."""

    TILE = "tile"
    FOCUS = "focus"


class Right(StrEnum):
    """What a permit may allow; the policy gives them to roles."""

    VIEW = "view"
    FOCUS = "focus"
    LOCK = "lock"
    MESSAGE = "message"
    FLAG = "flag"


class Reason(StrEnum):
    """Why a device refuses a permit, or ends one."""

    NOT_STAFF = "not-staff"
    REVOKED = "revoked"
    EXPIRED = "expired"
    ROLE = "role"
    NOT_YOUR_GROUP = "not-your-group"
    OTHER_GROUP = "other-group"
    OUTSIDE_HOURS = "outside-hours"
    TOO_LONG = "too-long"
    OVER = "over"
    NOT_BEGUN = "not-begun"
    CLOCK = "clock"
    NO_POLICY = "no-policy"
    POLICY_OLDER = "policy-older"
    POLICY_INVALID = "policy-invalid"
    BUSY = "busy"
    ENDED_BY_TUTOR = "ended-by-tutor"
    SHUTTING_DOWN = "shutting-down"


class ScreenState(StrEnum):
    """What a device can say of its screen at this moment."""

    LIVE = "live"
    STARTING = "starting"
    NOBODY_LOGGED_IN = "nobody-logged-in"
    OTHER_SESSION = "other-session"
    NO_DISPLAY = "no-display"
    CAPTURE_FAILED = "capture-failed"
    INDICATOR_HIDDEN = "indicator-hidden"


class Result(StrEnum):
    """How a command ended on the device."""

    OK = "ok"
    REFUSED = "refused"
    FAILED = "failed"


class Patch(Value, frozen=True, kw_only=True):
    """One rectangle of a screen in its own pixels: a baseline JPEG of exactly `width` × `height`."""

    x: Annotated[int, Meta(ge=0, lt=16384)]
    y: Annotated[int, Meta(ge=0, lt=16384)]
    width: Pixels
    height: Pixels
    jpeg: Annotated[bytes, Meta(min_length=4, max_length=1024 * 1024)]


class Cursor(Value, frozen=True, kw_only=True):
    """Where the pointer's hot spot is, in the pixels of the watched screen; outside it there is no `Cursor`."""

    x: Annotated[int, Meta(ge=0, lt=16384)]
    y: Annotated[int, Meta(ge=0, lt=16384)]


class LessonTerms(Value, frozen=True, kw_only=True):
    """The lesson a tutor asks a permit for."""

    id: Id
    name: Name
    group: Name
    room: Line = ""
    starts_at: Time
    ends_at: Time
    rules: Slug = "lesson"


class MonitorFacts(Value, frozen=True, kw_only=True):
    """One monitor of the device; `index` counts from 1, as in `Watch.monitor`."""

    index: Annotated[int, Meta(ge=1, le=16)]
    name: Line
    width: Pixels
    height: Pixels


class LockFacts(Value, frozen=True, kw_only=True):
    """A lock lease in force on the device, and whether its screens are covered by now."""

    id: Id
    by: Name
    until: Time
    covered: bool


# ── staff → device ──────────────────────────────────────────────────────────────────────────────────────────────────


class Hello(Message, frozen=True, kw_only=True):
    """The first message of a connection."""

    version: Annotated[int, Meta(ge=1, le=65535)]
    program: Line
    policy_version: Count


class PolicyOffer(Message, frozen=True, kw_only=True):
    """A signed policy bundle newer than the device's own."""

    bundle: Annotated[bytes, Meta(min_length=1, max_length=256 * 1024)]


class PermitRequest(Message, frozen=True, kw_only=True):
    """Asks the device to let this person into its lesson."""

    lesson: LessonTerms


class Watch(Message, frozen=True, kw_only=True):
    """Asks for pictures of one stream; replaces that stream's earlier `Watch`."""

    watch: Count
    stream: Stream
    monitor: MonitorIndex = 0
    width: Pixels
    height: Pixels
    interval_ms: Annotated[int, Meta(ge=30, le=60_000)]


class Unwatch(Message, frozen=True, kw_only=True):
    """Stops one stream."""

    stream: Stream


class Credit(Message, frozen=True, kw_only=True):
    """The picture was drained: the next one of this watch may be sent."""

    watch: Count
    sequence: Count


class Lock(Message, frozen=True, kw_only=True):
    """Locks the screen for a lease, or renews the lease of the same `id`."""

    id: Id
    lease: LeaseSeconds
    sentence: Sentence = ""


class Unlock(Message, frozen=True, kw_only=True):
    """Ends every lock lease on the device."""

    id: Id


class TextMessage(Message, frozen=True, kw_only=True, tag="message"):
    """Shows a text to the student, who may answer "Understood"."""

    id: Id
    text: Annotated[str, Meta(min_length=1, max_length=1000)]


class EndLesson(Message, frozen=True, kw_only=True):
    """The tutor has ended the lesson: the permit is over."""


# ── device → staff ──────────────────────────────────────────────────────────────────────────────────────────────────


class Welcome(Message, frozen=True, kw_only=True):
    """Answers `Hello`. Says nothing of the student: no permit yet."""

    version: Annotated[int, Meta(ge=1, le=65535)]
    program: Line
    policy_version: Count
    clock: Time


class PolicyTaken(Message, frozen=True, kw_only=True):
    """The offered policy is in force on the device."""

    policy_version: Count


class PermitGranted(Message, frozen=True, kw_only=True):
    """The device lets this person in, until then, for these things."""

    lesson: Id
    until: Time
    may: Annotated[tuple[Right, ...], Meta(max_length=16)]


class Refused(Message, frozen=True, kw_only=True):
    """No permit, and why, in a sentence a tutor can read. The device closes after it."""

    reason: Reason
    detail: Sentence


class PermitEnded(Message, frozen=True, kw_only=True):
    """The permit is over. The device closes after it."""

    reason: Reason
    detail: Sentence


class Status(Message, frozen=True, kw_only=True):
    """What the tile says beside its picture; sent after the permit and whenever it changes.

    `inputs` counts key presses and clicks since the client started, so that a picture which stays the same while
    somebody types can be told from a quiet one. Which keys, nobody learns. A change of it alone is sent every 5 s.
    """

    user: Line
    host: Line
    application: Line
    monitors: Annotated[tuple[MonitorFacts, ...], Meta(max_length=16)]
    screen: ScreenState
    reason: Sentence = ""
    lock: LockFacts | None = None
    inputs: Count = 0


class Frame(Message, frozen=True, kw_only=True):
    """One whole picture of a watched stream: a baseline JPEG of `width` × `height` pixels, no larger than asked.

    `screen_width` × `screen_height` is the size of what was captured; `sequence` rises by one in each watch from 1;
    `inputs` is as in `Status`, at the time of capture.
    """

    watch: Count
    sequence: Annotated[int, Meta(ge=1, le=2**53)]
    captured_at: Time
    width: Pixels
    height: Pixels
    screen_width: Pixels
    screen_height: Pixels
    inputs: Count = 0
    jpeg: Annotated[bytes, Meta(min_length=4, max_length=1024 * 1024)]


class Patches(Message, frozen=True, kw_only=True):
    """What has changed on a screen watched as `focus`, in the screen's own pixels, to be laid over what was there.

    The first one of a watch, and each one of a new screen size, covers the whole screen. Without patches only the
    cursor has moved. `sequence` and `inputs` are as in `Frame`.
    """

    watch: Count
    sequence: Annotated[int, Meta(ge=1, le=2**53)]
    captured_at: Time
    screen_width: Pixels
    screen_height: Pixels
    inputs: Count = 0
    cursor: Cursor | None = None
    patches: Annotated[tuple[Patch, ...], Meta(max_length=64)]


class Outcome(Message, frozen=True, kw_only=True):
    """How the command `id` ended; `ok` means done (covered, uncovered, shown), not just received."""

    id: Id
    result: Result
    detail: Sentence = ""


class Understood(Message, frozen=True, kw_only=True):
    """The student pressed "Understood" on the message `id`."""

    id: Id


StaffMessage: TypeAlias = (
    Hello | PolicyOffer | PermitRequest | Watch | Unwatch | Credit | Lock | Unlock | TextMessage | EndLesson
)
DeviceMessage: TypeAlias = (
    Welcome | PolicyTaken | PermitGranted | Refused | PermitEnded | Status | Frame | Patches | Outcome | Understood
)
Shown: TypeAlias = Frame | Patches
Command: TypeAlias = Lock | Unlock | TextMessage
