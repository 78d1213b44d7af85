"""The activity list as it grows: lines are noted, found again by the command they tell of, and replaced."""

from collections.abc import Iterable
from dataclasses import replace

from tutor_app.classroom.activity import Kind, Line
from tutor_app.classroom.student import Action, Answer
from tutor_app.classroom.values import Changes

KEPT = 500  # lines: a long day's worth; the records keep everything


class Lines:
    """The newest lines of one lesson, oldest first."""

    def __init__(self) -> None:
        self._lines: list[Line] = []
        self._numbers = 0
        self._of_command: dict[str, int] = {}

    @property
    def all(self) -> tuple[Line, ...]:
        """Every line that is kept."""
        return tuple(self._lines)

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
        self._lines = [*self._lines[-KEPT + 1 :], line]
        return line

    def numbered(self, number: int | None) -> Line | None:
        """Return a line that is still kept."""
        return next((line for line in reversed(self._lines) if line.number == number), None)

    def bind(self, command: str, line: Line) -> None:
        """From now on this line tells what comes of that command."""
        self._of_command[command] = line.number

    def with_command(self, command: str) -> Line | None:
        """Return the line that tells of a command."""
        return self.numbered(self._of_command.get(command))

    def tells(self, command: str, line: Line) -> bool:
        """Whether this is the line that tells of a command."""
        return self._of_command.get(command) == line.number

    def replace(self, line: Line) -> None:
        """Put a line in the place of the one with its number, which is kept."""
        self._lines[next(i for i, old in enumerate(self._lines) if old.number == line.number)] = line

    def take_out(self, number: int | None) -> Line | None:
        """Remove a line, for one that says more; returns it where it was still kept."""
        line = self.numbered(number)
        if line:
            self._lines.remove(line)
        return line

    def answered(self, command: str, device: str, answer: Answer) -> Changes:
        """Write a device's answer into its command's line; a device that came later joins the line."""
        line = self.with_command(command)
        if line is None:
            return Changes()
        known = device in line.answers or device in line.devices
        devices = line.devices if known else (*line.devices, device)
        self.replace(replace(line.answered(device, answer), devices=devices))
        return Changes(activity=True)

    def stands(self, command: str, devices: Iterable[str], stands: bool) -> Changes:
        """From now on what the command asked for stands on these devices, or no longer."""
        line = self.with_command(command)
        if line is None:
            return Changes()
        standing = line.standing.union(devices) if stands else line.standing.difference(devices)
        self.replace(replace(line, standing=standing))
        return Changes(activity=True)
