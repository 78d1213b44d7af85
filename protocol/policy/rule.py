"""Rules as data: what a rule looks at, what it wants, and what the laptop does about it."""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta

from protocol.messages import Line, Sentence, Slug, Value

GraceSeconds = Annotated[int, Meta(ge=0, le=600)]


class Subject(StrEnum):
    """What a rule looks at; the comment says what its `is_` and `is_not` may name."""

    APPLICATION = "application"  # programs, with * and ?: "steam*"
    SITE = "site"  # "bbc.co.uk", "bbc.co.uk/bitesize", "category:gambling"
    USB_STORAGE = "usb-storage"  # nothing: any
    NETWORK = "network"  # "off-site", "tethered", "mobile-modem", "new-route"
    BLUETOOTH = "bluetooth"  # "on", "visible", "sending"
    MONITORS = "monitors"  # "more-than-one", "changed"
    SIGNAL = "signal"  # "virtual-machine", "screen-sharing", "remote-control"


class Do(StrEnum):
    """What the laptop does where a rule is broken."""

    TELL = "tell"
    FLAG = "flag"
    CLOSE = "close"
    BLOCK = "block"
    LOCK = "lock"


class Rule(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One rule. It is broken by what `is_` names, or, where `is_not` names something, by everything else.

    `sentence` is what the student reads, `plainly` the same for one who needs it plainer ("" where it is plain
    enough). `category` is the flag's. `grace` seconds pass between telling and closing. `always` holds outside lessons.
    """

    name: Slug
    subject: Subject
    do: Annotated[tuple[Do, ...], Meta(min_length=1, max_length=5)]
    sentence: Sentence
    is_: Annotated[tuple[Line, ...], Meta(max_length=200)] = ()
    is_not: Annotated[tuple[Line, ...], Meta(max_length=200)] = ()
    plainly: Sentence = ""
    category: Slug = "off-task"
    grace: GraceSeconds = 15
    always: bool = False
