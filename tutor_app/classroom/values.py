"""What goes in and out of the classroom: the register's places, orders for devices, flags, and what changed."""

from dataclasses import dataclass, field

from protocol.messages import Breach, Command


@dataclass(frozen=True, kw_only=True)
class Place:
    """A line of the register: a device this group is expected to bring."""

    device: str
    name: str
    group: str


@dataclass(frozen=True, kw_only=True)
class Flag:
    """A note on a student's behaviour: a tutor's, or, with `breach`, one by the rules on the student's own laptop."""

    id: str
    device: str
    category: str
    note: str
    at: float
    breach: Breach | None = None


@dataclass(frozen=True, kw_only=True)
class Order:
    """One command for one device."""

    device: str
    command: Command


@dataclass
class Changes:
    """What a view has to read again."""

    devices: set[str] = field(default_factory=set)
    roster: bool = False
    activity: bool = False

    def __or__(self, other: "Changes") -> "Changes":
        return Changes(self.devices | other.devices, self.roster or other.roster, self.activity or other.activity)

    def __ior__(self, other: "Changes") -> "Changes":
        """Take in the other's; a thousand devices may be gathered one by one."""
        self.devices |= other.devices
        self.roster |= other.roster
        self.activity |= other.activity
        return self

    def __bool__(self) -> bool:
        return bool(self.devices) or self.roster or self.activity
