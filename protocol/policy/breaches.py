"""Which facts break a rule: for each subject, the things found, named so that they are the same while they last."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from protocol.policy.facts import Facts, Place, Program
from protocol.policy.match import is_spared, matches
from protocol.policy.rule import Rule, Subject
from protocol.text import plain

CONDITIONS: Final[Mapping[Subject, tuple[str, ...]]] = {
    Subject.NETWORK: ("off-site", "tethered", "mobile-modem", "new-route"),
    Subject.BLUETOOTH: ("on", "visible", "sending"),
    Subject.MONITORS: ("more-than-one", "changed"),
    Subject.SIGNAL: ("virtual-machine", "screen-sharing", "remote-control"),
}
"""What `is_` and `is_not` may name of the subjects that have a few states; the other subjects name things."""


@dataclass(frozen=True, slots=True)
class Thing:
    """What breaks a rule: `key` tells it from others, `detail` names it for people, `pids` are its processes."""

    key: str
    detail: str
    pids: tuple[int, ...] = ()


def things(rule: Rule, facts: Facts) -> tuple[Thing, ...]:
    """Return what of these facts breaks the rule; of applications see `programs_against`.

    A site never does: what is blocked cannot be visited, and what is visited no fact says.
    """
    look = _LOOKS.get(rule.subject)
    return tuple(look(rule, facts)) if look else ()


def grouped(programs: Iterable[Program]) -> tuple[Thing, ...]:
    """Return programs as things: all processes of one name are one."""
    of: dict[str, list[Program]] = {}
    for program in programs:
        of.setdefault(_name(program).casefold(), []).append(program)
    return tuple(
        Thing(key, _name(same[0]), tuple(sorted({program.pid for program in same if program.pid > 0})))
        for key, same in of.items()
    )


def _name(program: Program) -> str:
    return plain(program.name or program.window, 80) or "?"


def touchable(facts: Facts) -> tuple[Program, ...]:
    """Return every program a rule may name, the one in front with them."""
    front = (facts.front,) if facts.front and facts.front not in facts.programs else ()
    return tuple(program for program in (*facts.programs, *front) if not is_spared(program))


def foreign(facts: Facts, patterns: tuple[str, ...]) -> tuple[Program, ...]:
    """Return the program in front where the patterns do not name it and a rule may."""
    front = facts.front
    return () if not front or is_spared(front) or matches(front, patterns) else (front,)


def programs_against(rule: Rule, facts: Facts) -> tuple[Program, ...]:
    """Return the programs that break an application rule: running, or, where only some are allowed, in front."""
    if not rule.is_:
        return foreign(facts, rule.is_not) if rule.is_not else ()
    return tuple(one for one in touchable(facts) if matches(one, rule.is_) and not matches(one, rule.is_not))


def _usb_storage(_rule: Rule, facts: Facts) -> Iterator[Thing]:
    for one in facts.usb_storage:
        name = plain(f"{one.maker} {one.model}".strip(), 160) or "USB storage"
        yield Thing(plain(one.id, 160), f"{name}{_size(one.size)}")


def _network(rule: Rule, facts: Facts) -> Iterator[Thing]:
    network = facts.network
    by = plain(network.interfaces[0], 40) if network.interfaces else ""
    states = {
        "off-site": (network.place is Place.OFF_SITE, "Not on a network of the college"),
        "tethered": (network.tethered, "Connected through a phone"),
        "mobile-modem": (network.mobile_modem, "Connected by a mobile modem"),
        "new-route": (network.new_route, "A new connection to the internet"),
    }
    return _states(rule, {name: (true, f"{words} ({by})" if by else words) for name, (true, words) in states.items()})


def _bluetooth(rule: Rule, facts: Facts) -> Iterator[Thing]:
    states = {
        "on": (facts.bluetooth.on, "Bluetooth is on"),
        "visible": (facts.bluetooth.visible, "Others can find this laptop by Bluetooth"),
        "sending": (facts.bluetooth.sending, "Something is connected by Bluetooth"),
    }
    return _states(rule, states)


def _monitors(rule: Rule, facts: Facts) -> Iterator[Thing]:
    now, then = facts.monitors, facts.monitors_at_start
    states = {
        "more-than-one": (now > 1, f"{now} monitors"),
        "changed": (now > 0 and then > 0 and now != then, f"{now} monitors, {then} when it began"),
    }
    return _states(rule, states)


def _signals(rule: Rule, facts: Facts) -> Iterator[Thing]:
    for seen in facts.signals:
        if _is_named(seen.signal.value, rule):
            yield Thing(f"{seen.signal.value}:{plain(seen.what, 160)}", plain(seen.what, 160) or seen.signal.value)


def _states(rule: Rule, states: Mapping[str, tuple[bool, str]]) -> Iterator[Thing]:
    return (Thing(name, words) for name, (true, words) in states.items() if true and _is_named(name, rule))


def _is_named(name: str, rule: Rule) -> bool:
    return (not rule.is_ or name in rule.is_) and name not in rule.is_not


def _size(size: int) -> str:
    size = min(size, 10**15)  # a stick may say anything of itself
    return f", {size / 1e9:.0f} GB" if size >= 1e9 else f", {size / 1e6:.0f} MB" if size >= 1e6 else ""


_LOOKS: Final[Mapping[Subject, Callable[[Rule, Facts], Iterable[Thing]]]] = {
    Subject.USB_STORAGE: _usb_storage,
    Subject.NETWORK: _network,
    Subject.BLUETOOTH: _bluetooth,
    Subject.MONITORS: _monitors,
    Subject.SIGNAL: _signals,
}
