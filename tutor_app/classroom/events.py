"""What the network tells the classroom. Times are Unix seconds by the tutor's clock; `device` is the enrolled id."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from protocol.messages import Breach, Reason, Result, Right, Status


class Blank(StrEnum):
    """Whether a picture shows nothing: a screen that is off or hidden from us often gives one colour all over."""

    NO = ""
    BLACK = "black"
    PLAIN = "plain"


class TileSeen(NamedTuple):
    """A tile that was drained and decoded; `inputs` as its device counted them when it was captured."""

    device: str
    captured_at: float
    inputs: int = 0
    blank: Blank = Blank.NO


@dataclass(frozen=True, kw_only=True)
class LinkUp:
    """A device proved who it is; no permit yet."""

    device: str
    name: str
    group: str
    address: str
    at: float


@dataclass(frozen=True, kw_only=True)
class Permitted:
    """The device let this tutor in."""

    device: str
    until: float
    may: frozenset[Right]
    at: float


@dataclass(frozen=True, kw_only=True)
class NotPermitted:
    """The device refused, or ended the permit."""

    device: str
    reason: Reason
    detail: str
    at: float


@dataclass(frozen=True, kw_only=True)
class StatusTold:
    """The device told what is in front, who is logged in, whether it is locked."""

    device: str
    status: Status
    at: float


@dataclass(frozen=True, kw_only=True)
class PictureShown:
    """A tile of this device was drained and shown; `inputs` and `blank` as in TileSeen."""

    device: str
    captured_at: float
    at: float
    inputs: int = 0
    blank: Blank = Blank.NO


@dataclass(frozen=True, kw_only=True)
class TileAsked:
    """From now on a tile of this device is due `every` so many seconds where its screen changes; None: no tile."""

    device: str
    every: float | None
    at: float


@dataclass(frozen=True, kw_only=True)
class LinkLost:
    """The connection is gone, and why in words."""

    device: str
    why: str
    at: float


@dataclass(frozen=True, kw_only=True)
class CommandAnswered:
    """The device said how a command ended; or, where it was not `sent`, why it never left."""

    device: str
    command: str
    result: Result
    detail: str
    at: float
    sent: bool = True


@dataclass(frozen=True, kw_only=True)
class MessageUnderstood:
    """The student pressed "Understood"."""

    device: str
    command: str
    at: float


@dataclass(frozen=True, kw_only=True)
class BreachTold:
    """The device's rules were broken, or its student covered the screen; told again until it is on record."""

    device: str
    breach: Breach
    at: float


@dataclass(frozen=True, kw_only=True)
class NetworkProblem:
    """Something a tutor should know that belongs to no device; an empty sentence means it is over."""

    sentence: str
    at: float


Event = (
    LinkUp
    | Permitted
    | NotPermitted
    | StatusTold
    | PictureShown
    | TileAsked
    | LinkLost
    | CommandAnswered
    | MessageUnderstood
    | BreachTold
    | NetworkProblem
)
