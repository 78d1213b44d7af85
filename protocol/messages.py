"""Every message of the protocol, as a frozen type with bounded fields. PROTOCOL.md says what each one means.

Strings are plain text (see `text.is_plain`): a message that holds anything else can neither be built nor decoded.
Numbers and lengths are checked by `codec` on both ways. Times are Unix seconds (UTC), durations seconds.
"""

from enum import Enum, StrEnum
from functools import cache
from typing import Annotated, Any, Final, TypeAlias, get_args, get_type_hints

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
ChangeSeconds = Annotated[int, Meta(ge=1, le=24 * 3600)]  # a change of the rules is cut to its lesson, however long

_MULTILINE = frozenset({"text", "what_can_be_seen", "help_text"})  # every other string is one line


def _kebab(name: str) -> str:
    return "".join(f"-{c.lower()}" if c.isupper() else c for c in name).lstrip("-")


class Value(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What both messages and the values inside them are: frozen, keyword-only, plain text only."""

    def __post_init__(self) -> None:
        for name in _texts_of(type(self)):
            value = getattr(self, name)
            for text in value if isinstance(value, tuple) else (value,):
                if isinstance(text, str) and not is_plain(text, multiline=name in _MULTILINE):
                    raise ValueError(f"{type(self).__name__}.{name} is not plain text")


@cache
def _texts_of(kind: type[Value]) -> tuple[str, ...]:
    """Return the fields that may hold text of their own: a picture has none, and its patches have looked at theirs."""
    return tuple(name for name, hint in get_type_hints(kind).items() if _holds_text(hint))


def _holds_text(hint: Any) -> bool:
    if isinstance(hint, type) and issubclass(hint, str):
        return not issubclass(hint, Enum)
    return any(map(_holds_text, get_args(hint)))


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
    RULES = "rules"
    ASSESS = "assess"


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


class Verb(StrEnum):
    """What a change of the rules does for its value."""

    ALLOW = "allow"
    BLOCK = "block"


class Changeable(StrEnum):
    """What a tutor may allow or block in a lesson."""

    SITE = "site"
    APPLICATION = "application"


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


class AssessmentTerms(Value, frozen=True, kw_only=True):
    """An assessment on one device: its own start and end (extra time is in `ends_at`), which hold without the tutor.

    `only` names the one application it is locked to ("" for none); `allow_…` are allowed besides the rule set's.
    `secret` is this device's HOTP key (RFC 4226, SHA-1) for the offline release code of 8 digits, counter 0.
    """

    id: Id
    name: Name
    rules: Slug
    starts_at: Time
    ends_at: Time
    only: Line = ""
    allow_sites: Annotated[tuple[Line, ...], Meta(max_length=32)] = ()
    allow_applications: Annotated[tuple[Line, ...], Meta(max_length=32)] = ()
    secret: Annotated[bytes, Meta(min_length=20, max_length=32)]


class AssessmentFacts(Value, frozen=True, kw_only=True):
    """The assessment in force on the device, so that a second invigilator can take it over."""

    id: Id
    name: Name
    rules: Slug
    by: Name
    starts_at: Time
    ends_at: Time
    paused_at: Time = 0  # 0: it runs
    released_at: Time = 0  # 0: it holds; else when the release code or an invigilator ended it


class Unheld(Value, frozen=True, kw_only=True):
    """A rule that this device cannot enforce, and why in a sentence for the tutor."""

    rule: Slug
    why: Sentence


class RulesFacts(Value, frozen=True, kw_only=True):
    """The rule set in force on the device, how many changes of it, and what of it the device cannot enforce."""

    rules: Slug
    until: Time
    changes: Annotated[int, Meta(ge=0, le=64)] = 0
    unheld: Annotated[tuple[Unheld, ...], Meta(max_length=24)] = ()


class HandFacts(Value, frozen=True, kw_only=True):
    """The student asks for help, since when, and with what words ("" for none)."""

    since: Time
    text: Line = ""


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


class SetRules(Message, frozen=True, kw_only=True):
    """Holds the lesson under another of the policy's rule sets from now on."""

    id: Id
    rules: Slug


class ChangeRule(Message, frozen=True, kw_only=True):
    """Allows or blocks one site or application for a time, never past the permit; the same `id` renews it."""

    id: Id
    verb: Verb
    subject: Changeable
    value: Annotated[str, Meta(min_length=1, max_length=200)]
    lease: ChangeSeconds


class DropChange(Message, frozen=True, kw_only=True):
    """Ends the change of that `id` before its time."""

    id: Id
    change: Id


class LowerHand(Message, frozen=True, kw_only=True):
    """The student's call for help has been seen to."""

    id: Id


class Noted(Message, frozen=True, kw_only=True):
    """These breaches are in the tutor's records; the device need not tell them again."""

    breaches: Annotated[tuple[Id, ...], Meta(min_length=1, max_length=64)]


class StartAssessment(Message, frozen=True, kw_only=True):
    """Starts an assessment, or changes the end of the one with the same id. Replaces the lesson's rule set."""

    id: Id
    assessment: AssessmentTerms


class PauseAssessment(Message, frozen=True, kw_only=True):
    """Stops the time, or lets it go on with the end moved to `ends_at`."""

    id: Id
    assessment: Id
    paused: bool
    ends_at: Time


class StopAssessment(Message, frozen=True, kw_only=True):
    """Ends the assessment on this device."""

    id: Id
    assessment: Id


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
    `covered` is the student's own cover ("Cover my screen and tell my tutor").
    """

    user: Line
    host: Line
    application: Line
    monitors: Annotated[tuple[MonitorFacts, ...], Meta(max_length=16)]
    screen: ScreenState
    reason: Sentence = ""
    lock: LockFacts | None = None
    inputs: Count = 0
    rules: RulesFacts | None = None
    assessment: AssessmentFacts | None = None
    hand: HandFacts | None = None
    covered: bool = False


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


class Breach(Message, frozen=True, kw_only=True):
    """A rule was broken, or the student covered the screen (rule `covered`): a flag by the device's own rules.

    Told again after every permit of the same lesson or assessment until it is `Noted`. `category` is one of the
    policy's flag categories; `detail` says what it was about (a program, a device's make, an address).
    """

    id: Id
    rule: Slug
    category: Slug
    sentence: Sentence
    detail: Sentence = ""
    at: Time


StaffMessage: TypeAlias = (
    Hello
    | PolicyOffer
    | PermitRequest
    | Watch
    | Unwatch
    | Credit
    | Lock
    | Unlock
    | TextMessage
    | SetRules
    | ChangeRule
    | DropChange
    | LowerHand
    | Noted
    | StartAssessment
    | PauseAssessment
    | StopAssessment
    | EndLesson
)
DeviceMessage: TypeAlias = (
    Welcome
    | PolicyTaken
    | PermitGranted
    | Refused
    | PermitEnded
    | Status
    | Frame
    | Patches
    | Outcome
    | Understood
    | Breach
)
Shown: TypeAlias = Frame | Patches
Command: TypeAlias = (
    Lock
    | Unlock
    | TextMessage
    | SetRules
    | ChangeRule
    | DropChange
    | LowerHand
    | StartAssessment
    | PauseAssessment
    | StopAssessment
)
