"""The activity list as it grows: lines are noted, found again by the command they tell of, and replaced."""

from collections.abc import Iterable
from dataclasses import replace

from tutor_app.classroom.activity import Kind, Line
from tutor_app.classroom.student import Action, Answer
from tutor_app.classroom.values import Changes

KEPT = 500  # lines: a long day's worth; the records keep everything


class _Growing:
    """What has come in for a line since somebody read it: a thousand answers would make a thousand copies of it."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self.answers = dict(line.answers)
        self.devices = dict.fromkeys(line.devices)
        self.standing = set(line.standing)

    def grown(self) -> Line:
        """Return the line with everything in it."""
        devices, standing = tuple(self.devices), frozenset(self.standing)
        return replace(self._line, answers=self.answers, devices=devices, standing=standing)


class Lines:
    """The newest lines of one lesson, oldest first. Whoever reads one gets a value that changes no more."""

    def __init__(self) -> None:
        self._lines: dict[int, Line] = {}
        self._growing: dict[int, _Growing] = {}
        self._numbers = 0
        self._of_command: dict[str, int] = {}

    @property
    def all(self) -> tuple[Line, ...]:
        """Every line that is kept."""
        for number in tuple(self._growing):
            self.numbered(number)
        return tuple(self._lines.values())

    def note(
        self,
        at: float,
        kind: Kind,
        text: str,
        *,
        action: Action | None = None,
        devices: tuple[str, ...] = (),
        flags: tuple[str, ...] = (),
    ) -> Line:
        """Add a line."""
        self._numbers += 1
        line = Line(number=self._numbers, at=at, kind=kind, text=text, action=action, devices=devices, flags=flags)
        self._lines[line.number] = line
        if len(self._lines) > KEPT:
            self.take_out(next(iter(self._lines)))
        return line

    def numbered(self, number: int | None) -> Line | None:
        """Return a line that is still kept."""
        if number is None:
            return None
        growing = self._growing.pop(number, None)
        if growing:
            self._lines[number] = growing.grown()
        return self._lines.get(number)

    def bind(self, command: str, line: Line) -> None:
        """From now on this line tells what comes of that command."""
        self._of_command[command] = line.number

    def tells(self, command: str, line: Line) -> bool:
        """Whether this is the line that tells of a command."""
        return self._of_command.get(command) == line.number

    def replace(self, line: Line) -> None:
        """Put a line, made of the one just read, in the place of the one with its number."""
        self._lines[line.number] = line

    def take_out(self, number: int | None) -> Line | None:
        """Remove a line, for one that says more; returns it where it was still kept."""
        line = self.numbered(number)
        if line:
            del self._lines[line.number]
        return line

    def answered(self, command: str, device: str, answer: Answer) -> Changes:
        """Write a device's answer into its command's line; a device that came later joins the line."""
        line = self._telling(command)
        if line is None:
            return Changes()
        line.answers[device] = answer
        line.devices.setdefault(device)
        return Changes(activity=True)

    def stands(self, command: str, devices: Iterable[str], stands: bool) -> Changes:
        """From now on what the command asked for stands on these devices, or no longer."""
        line = self._telling(command)
        if line is None:
            return Changes()
        if stands:
            line.standing.update(devices)
        else:
            line.standing.difference_update(devices)
        return Changes(activity=True)

    def _telling(self, command: str) -> _Growing | None:
        """Return the line that tells of a command, to be written into; None where it is kept no more."""
        number = self._of_command.get(command, 0)
        line = self._lines.get(number)
        if line is None:
            return None
        return self._growing.get(number) or self._growing.setdefault(number, _Growing(line))
