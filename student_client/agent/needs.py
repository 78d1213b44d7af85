"""Which facts the rules in force ask for: what no rule needs is never looked at. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from protocol.messages import Changeable
from protocol.policy.document import Policy
from protocol.policy.facts import BluetoothFacts, Facts, NetworkFacts, Program, SignalSeen, UsbStorage
from protocol.policy.rule import Rule, Subject
from protocol.policy.rules import Decisions, RulesLease
from protocol.text import plain
from student_client.local import DesktopFacts, FrontFacts

POLLED: Final = frozenset({Subject.APPLICATION, Subject.NETWORK, Subject.BLUETOOTH, Subject.SIGNAL})
"""What nobody tells of: it has to be looked at again and again. The rest is news from the desktop or of USB."""


@dataclass(frozen=True, slots=True)
class Look:
    """What the machine was like at one look, of what was asked for; `problems` says what cannot be known, and why.

    Of those, `absent` are the abilities this machine will never have: to look again is no use.
    """

    programs: tuple[Program, ...] | None = None
    usb_storage: tuple[UsbStorage, ...] = ()
    network: NetworkFacts = field(default_factory=NetworkFacts)
    bluetooth: BluetoothFacts = field(default_factory=BluetoothFacts)
    signals: tuple[SignalSeen, ...] = ()
    problems: dict[Subject, str] = field(default_factory=dict)
    absent: frozenset[Subject] = frozenset()


def holding(policy: Policy, lease: RulesLease | None, decisions: Decisions) -> tuple[Rule, ...]:
    """Return the rules that hold and that nothing lifts: of the set in force, and of every set those that always do."""
    rules = {rule.name: rule for one in policy.rules.values() for rule in one.rules if rule.always}
    if lease:
        rules |= {rule.name: rule for rule in policy.rule_set(lease.rules).rules}
    return tuple(rules[one.rule] for one in decisions.held if not one.lifted_by and one.rule in rules)


def needs(rules: Iterable[Rule], lease: RulesLease | None) -> frozenset[Subject]:
    """Return what must be looked at for these rules and for the lease's own."""
    subjects = {rule.subject for rule in rules}
    if lease and (lease.only or any(change.subject is Changeable.APPLICATION for change in lease.changes)):
        subjects.add(Subject.APPLICATION)
    if lease and any(change.subject is Changeable.SITE for change in lease.changes):
        subjects.add(Subject.SITE)
    return frozenset(subjects)


def front_program(front: FrontFacts | None, programs: tuple[Program, ...] | None) -> Program | None:
    """Return the program in front, by its process where that is known.

    A process that is not among the programs is the desktop's own or an assistive tool, and never against a rule.
    """
    if front is None or not (front.pid or front.program):
        return None
    known = next((one for one in programs or () if one.pid == front.pid), None)
    if known is None and front.pid and programs is not None:
        return None
    name = known.name if known else front.program
    return Program(front.pid, plain(name, 200), window=front.program, title=front.title)


def facts_of(look: Look, desktop: DesktopFacts | None, monitors_at_start: int) -> Facts:
    """Put together what rules look at."""
    front = front_program(desktop.front if desktop else None, look.programs)
    programs = tuple(front if front and one.pid == front.pid else one for one in look.programs or ())
    return Facts(
        front=front,
        programs=programs,
        usb_storage=look.usb_storage,
        network=look.network,
        bluetooth=look.bluetooth,
        monitors=len(desktop.monitors) if desktop else 0,
        monitors_at_start=monitors_at_start,
        signals=look.signals,
    )
