"""Flags on students: the tutor's own, and those by the rules on the students' laptops."""

from collections.abc import Callable, Iterable

from msgspec.structs import replace

from protocol.policy.document import Policy
from tutor_app.classroom.activity import Kind, Line
from tutor_app.classroom.breaches import COVERED, Breaches, Wording
from tutor_app.classroom.events import BreachTold
from tutor_app.classroom.lines import Lines
from tutor_app.classroom.roster import Roster
from tutor_app.classroom.values import Changes, Flag


class Flags:
    """Gives flags, counts them on the students, and takes them back."""

    def __init__(self, roster: Roster, lines: Lines, new_id: Callable[[], str], policy: Policy | None) -> None:
        self._roster, self._lines, self._new_id = roster, lines, new_id
        self._wording = Wording(policy)
        self._flags: dict[str, Flag] = {}
        self.breaches = Breaches()

    def flag(self, devices: Iterable[str], category: str, note: str, now: float, label: str) -> list[Flag]:
        """The tutor flags these students."""
        names = self._roster.chosen(devices)
        flags = [Flag(id=self._new_id(), device=device, category=category, note=note, at=now) for device in names]
        for flag in flags:
            self._count(flag)
        text = f"{self._roster.who(names)} flagged: {label or category}"
        self._lines.note(now, Kind.FLAG, text, devices=names, flags=tuple(flag.id for flag in flags))
        return flags

    def told(self, event: BreachTold) -> Changes:
        """A laptop told a breach. Told again it changes nothing; one more of the same rule moves its line up."""
        breach, device = event.breach, event.device
        if not self.breaches.take(device, breach):
            return Changes()
        self._count(Flag(id=breach.id, device=device, category=breach.category, note="", at=breach.at, breach=breach))
        words = self._wording.of(breach)
        self._note(event, words)
        if breach.rule == COVERED:
            return Changes({device}, activity=True)  # the tile says so for as long as it is covered
        student = self._roster[device]
        return self._roster.put(replace(student, breach=words, breached_at=event.at)) | Changes(activity=True)

    def withdraw(self, line: Line) -> list[Flag]:
        """Take back the flags of a line."""
        withdrawn = [self._flags.pop(flag) for flag in line.flags if flag in self._flags]
        for flag in filter(_counts, withdrawn):
            student = self._roster[flag.device]
            left = student.flags - 1
            self._roster.put(replace(student, flags=left, breach=student.breach if left else ""))
        return withdrawn

    def _count(self, flag: Flag) -> None:
        self._flags[flag.id] = flag
        student = self._roster[flag.device]
        self._roster.put(replace(student, flags=student.flags + _counts(flag)))

    def _note(self, event: BreachTold, words: str) -> None:
        key = self.breaches.place(event.device, event.breach.rule)
        before = self._lines.take_out(self.breaches.line(key))
        flags = (*before.flags, event.breach.id) if before and not before.undone else (event.breach.id,)
        name = self._roster[event.device].name
        text = (
            f"{name} {covered_words(event)}" if event.breach.rule == COVERED else f"{name} flagged by a rule: {words}"
        )
        times = f" · {len(flags)} times" if len(flags) > 1 else ""
        line = self._lines.note(event.at, Kind.FLAG, text + times, devices=(event.device,), flags=flags)
        self.breaches.now_in(key, line.number)


def _counts(flag: Flag) -> bool:
    """Whether the student is shown as flagged: whoever covered the screen and told has done nothing wrong."""
    return flag.breach is None or flag.breach.rule != COVERED


def covered_words(event: BreachTold) -> str:
    """Return what a student did who met something bad: they did right, and want somebody to know."""
    where = f": {event.breach.detail}" if event.breach.detail else ""
    return f"covered their screen and asks you to know{where}"
