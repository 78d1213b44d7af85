"""What a laptop knows of itself, as plain values: the ground on which its rules are decided. No I/O, no clock."""

from dataclasses import dataclass, field
from enum import StrEnum


class Place(StrEnum):
    """Where the laptop is, by the policy's own networks."""

    ON_SITE = "on-site"
    OFF_SITE = "off-site"
    UNKNOWN = "unknown"


class Signal(StrEnum):
    """A hint for the tutor that a screen may not be what it seems; never the security."""

    VIRTUAL_MACHINE = "virtual-machine"
    SCREEN_SHARING = "screen-sharing"
    REMOTE_CONTROL = "remote-control"


@dataclass(frozen=True, slots=True)
class Program:
    """A running program: its process, its name (the executable's, without folder), and the window class if known."""

    pid: int
    name: str
    window: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class UsbStorage:
    """A USB mass storage device or a phone that offers its files; `id` stays the same while it is plugged in."""

    id: str
    maker: str
    model: str
    size: int = 0  # bytes; 0: unknown


@dataclass(frozen=True, slots=True)
class NetworkFacts:
    """`interfaces` carry default routes, best first; `new_route`: there is one that was not there when it began."""

    place: Place = Place.UNKNOWN
    interfaces: tuple[str, ...] = ()
    tethered: bool = False
    mobile_modem: bool = False
    new_route: bool = False


@dataclass(frozen=True, slots=True)
class BluetoothFacts:
    """Whether any adapter is switched on, can be found by others, or has a connection over which it sends."""

    on: bool = False
    visible: bool = False
    sending: bool = False


@dataclass(frozen=True, slots=True)
class SignalSeen:
    """A signal and what gave it, by name."""

    signal: Signal
    what: str


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything rules look at, at one moment. What a platform cannot tell is absent, never made up."""

    front: Program | None = None
    programs: tuple[Program, ...] = ()
    usb_storage: tuple[UsbStorage, ...] = ()
    network: NetworkFacts = field(default_factory=NetworkFacts)
    bluetooth: BluetoothFacts = field(default_factory=BluetoothFacts)
    monitors: int = 0
    monitors_at_start: int = 0
    signals: tuple[SignalSeen, ...] = ()
