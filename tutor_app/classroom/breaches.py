"""Flags by the rules on the students' own laptops: each counts once, however often it is told, and has words."""

from collections.abc import Mapping
from typing import Final

from protocol.messages import Breach
from protocol.policy.document import Policy
from protocol.policy.rule import Subject

MOST: Final = 500  # of one device in one lesson: an honest one is told to stop long before
LINES: Final = 8  # of one device: whoever breaks every rule fills nobody's activity list
COVERED: Final = "covered"  # the student's own "Cover my screen and tell my tutor"

_NOUNS: Final[Mapping[Subject, str]] = {
    Subject.APPLICATION: "program",
    Subject.SITE: "site",
    Subject.USB_STORAGE: "USB stick",
    Subject.NETWORK: "network",
    Subject.BLUETOOTH: "Bluetooth",
    Subject.MONITORS: "monitors",
    Subject.SIGNAL: "signal",
}


class Wording:
    """What people call a breach, by the college's policy; without one by the rule's own name."""

    def __init__(self, policy: Policy | None) -> None:
        sets = policy.rules.values() if policy else ()
        self._nouns = {rule.name: _NOUNS[rule.subject] for one in sets for rule in one.rules}
        self._labels = {slug: category.label for slug, category in policy.flags.items()} if policy else {}

    def of(self, breach: Breach) -> str:
        """Return a breach in a few words: "USB stick (Kingston 16 GB)"."""
        label = self._labels.get(breach.category) or breach.rule.replace("-", " ")
        noun = self._nouns.get(breach.rule) or label
        return f"{noun} ({breach.detail})" if breach.detail else noun


class Breaches:
    """Which breaches are known, and in which line they stand."""

    def __init__(self) -> None:
        self._known: dict[str, dict[str, Breach]] = {}
        self._lines: dict[tuple[str, str], int] = {}

    def take(self, device: str, breach: Breach) -> bool:
        """Whether this one is new, and there is room for it."""
        known = self._known.setdefault(device, {})
        if breach.id in known or len(known) >= MOST:
            return False
        known[breach.id] = breach
        return True

    def of(self, device: str) -> tuple[Breach, ...]:
        """Return what this device has told, oldest first."""
        return tuple(self._known.get(device, {}).values())

    def place(self, device: str, rule: str) -> tuple[str, str]:
        """Return under which key breaches of this rule share a line; beyond LINES all others share one."""
        key = device, rule
        mine = sum(one == device for one, _ in self._lines)
        return key if key in self._lines or mine < LINES else (device, "")

    def line(self, key: tuple[str, str]) -> int | None:
        """Return the number of the line for a key."""
        return self._lines.get(key)

    def now_in(self, key: tuple[str, str], number: int) -> None:
        """From now on these breaches stand in that line."""
        self._lines[key] = number
