"""What was asked of devices and how they answered: asked, confirmed, refused, never just asked."""

from collections.abc import Callable, Iterable

from msgspec.structs import replace

from protocol.messages import Command
from protocol.session import RIGHT
from tutor_app.classroom.activity import Kind
from tutor_app.classroom.lines import Lines
from tutor_app.classroom.roster import Roster
from tutor_app.classroom.student import Action, Answer, Asked, Student
from tutor_app.classroom.values import Changes, Order

ANSWER_WITHIN = 6.0  # the device answers within 5 s, or fails the command itself

Make = Callable[[str, str], Command]
"""Returns the command for a device (first) under an id (second)."""


class Commands:
    """Asks devices and keeps what is unanswered. `new_id` returns a fresh UUID4 as 32 hexadecimal digits."""

    def __init__(self, roster: Roster, lines: Lines, new_id: Callable[[], str]) -> None:
        self._roster, self._lines, self._new_id = roster, lines, new_id
        self._pending: dict[tuple[str, str], float] = {}

    def ask(
        self, action: Action, devices: Iterable[str], now: float, make: Make, words: str = ""
    ) -> tuple[list[Order], Changes]:
        """Ask these devices, in one line of the activity list; `words` replace "Lock → 3 students"."""
        chosen = self._roster.chosen(devices)
        text = words or f"{VERB[action]} → {self._roster.who(chosen)}"
        line = self._lines.note(now, Kind.COMMAND, text, action=action, devices=chosen)
        orders: list[Order] = []
        changes = Changes(activity=True)
        for device in chosen:
            command = make(device, self._new_id())
            asked = Asked(command=command.id, action=action, at=now)
            student = replace(self._roster[device], asked=asked)
            self._lines.bind(command.id, line)
            changes |= self._roster.put(student) | self._lines.answered(command.id, device, Answer.ASKED)
            refusal = refused(student, command)
            if refusal:
                answer = Answer.REFUSED if student.linked else Answer.UNREACHED
                changes |= self.answer(student, command.id, answer, refusal, now)
            else:
                self._pending[device, command.id] = now
                orders.append(Order(device=device, command=command))
        return orders, changes

    def ask_again(self, device: str, command: Command, now: float) -> Changes:
        """Note that what was asked earlier goes to this device too, in the line it was asked in."""
        self._pending[device, command.id] = now
        return self._lines.answered(command.id, device, Answer.ASKED)

    def answer(self, student: Student, command: str, answer: Answer, detail: str, at: float) -> Changes:
        """A device answered, or it is known that it will not."""
        self._pending.pop((student.device, command), None)
        changes = self._lines.answered(command, student.device, answer)
        asked = student.asked
        if asked is None or asked.command != command or asked.answer is answer:
            return changes  # a renewed lease is confirmed anew every few minutes; that is no news
        return changes | self._roster.put(
            replace(student, asked=replace(asked, answer=answer, detail=detail, answered_at=at))
        )

    def tick(self, now: float) -> Changes:
        """A command that nobody answered becomes unheard."""
        changes = Changes()
        for device, command in [key for key, at in self._pending.items() if now - at >= ANSWER_WITHIN]:
            changes |= self.answer(self._roster[device], command, Answer.UNHEARD, "no answer", now)
        return changes


VERB = {
    Action.LOCK: "Lock",
    Action.UNLOCK: "Unlock",
    Action.MESSAGE: "Message",
    Action.SET_RULES: "Rules",
    Action.CHANGE_RULE: "Change of the rules",
    Action.DROP_CHANGE: "End of a change",
    Action.LOWER_HAND: "Hand lowered",
    Action.START_ASSESSMENT: "Assessment",
    Action.PAUSE_ASSESSMENT: "Pause",
    Action.STOP_ASSESSMENT: "End of the assessment",
}


def refused(student: Student, command: Command) -> str:
    """Return why a command cannot even be sent, or nothing."""
    if not student.linked:
        return "not connected"
    return "" if RIGHT[type(command)] in student.may else "your role may not do this"
