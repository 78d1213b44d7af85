"""Starting a lesson: what, for whom, where, until when. Says the college's hours, and why a lesson cannot be held."""

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from PySide6.QtCore import Qt, QTime, Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QTimeEdit, QVBoxLayout, QWidget

from protocol.identity import Identity
from protocol.messages import LessonTerms, Right
from protocol.policy.document import Policy, same_group
from protocol.policy.hours import college_hours
from protocol.policy.permit import why_not
from protocol.policy.timetable import lessons_now
from tutor_app.classroom.arrange import natural
from tutor_app.classroom.phrases import clock_time
from tutor_app.signin import LessonRefused, SignedIn, clock_today, open_lesson
from tutor_app.ui.remembered import Remembered
from tutor_app.ui.theme import Theme
from tutor_app.ui.widgets import Card, Choice, button, label

_ORDINARY = 60  # minutes
_ROUND = 5  # minutes


def groups_of(who: SignedIn) -> list[str]:
    """Return the groups this tutor may hold lessons for, as the register and the policy have them."""
    own = who.policy.staff.get(who.credentials.identity.id)
    allowed = who.groups if own is None else [group for group in who.groups if any(same_group(group, o) for o in own)]
    return sorted(allowed, key=natural)


def sensible_end(policy: Policy, now: float, minutes: int) -> float:
    """Return an end so many minutes from now on a round time, inside college hours and the longest lesson."""
    end = now + minutes * 60
    end -= end % (_ROUND * 60) if end % (_ROUND * 60) < 150 else end % (_ROUND * 60) - _ROUND * 60
    hours = college_hours(policy, now)
    latest = now + policy.lesson.longest
    if hours.is_open and hours.until:
        latest = min(latest, hours.until)
    return min(end, latest - latest % 60)


class StartLessonPage(QWidget):
    """A card in the middle. `started` carries the LessonTerms. `clock` returns Unix seconds.

    `newest` is asked once the lesson starts: the page may have stood open for days.
    """

    started = Signal(LessonTerms)
    assessment_started = Signal(LessonTerms)
    """The lesson is begun for an assessment, which is planned next."""
    records_asked = Signal()

    def __init__(
        self,
        theme: Theme,
        who: SignedIn,
        remembered: Remembered,
        *,
        clock: Callable[[], float],
        newest: Callable[[], SignedIn] | None = None,
    ) -> None:
        super().__init__()
        self.setObjectName("page")
        policy, tutor = who.policy, who.credentials.identity
        self._who, self._policy, self._tutor = who, policy, tutor
        self._remembered, self._clock = remembered, clock
        self._newest = newest or (lambda: who)
        self._zone = ZoneInfo(policy.college.timezone)
        self.groups = groups_of(who)
        self.name = QLineEdit(remembered.word("lesson/name"))
        self.name.setMaxLength(80)
        self.name.setPlaceholderText("For example: Maths")
        self.group = Choice(theme, self.groups)
        self.group.setCurrentText(remembered.word("lesson/group"))
        self.room = QLineEdit(remembered.word("lesson/room"))
        self.room.setMaxLength(80)
        self.end = QTimeEdit()
        self.end.setDisplayFormat("HH:mm")
        self.end.setFixedWidth(90)
        self.end.lineEdit().setTextMargins(8, 0, 0, 0)  # a style sheet's padding does not reach inside
        self._sets = [slug for slug in policy.rules if not why_not(policy, tutor.role, slug)]
        self.rules = Choice(theme, [policy.rules[slug].title for slug in self._sets])
        self._expected = label(kind="soft")
        self._hours = label(kind="soft", wrap=True)
        self._notice = label(wrap=True)
        self.say("")
        self._problem = label(kind="danger", wrap=True)
        self._lay_out()
        self.group.currentIndexChanged.connect(lambda _: self._count())
        self._count()
        self.refresh()

    @property
    def problem(self) -> str:
        """Why no lesson can be started as the fields stand; what the page last complained of."""
        return self._problem.text()

    @property
    def notice(self) -> str:
        """What is not as it should be and yet prevents no lesson."""
        return self._notice.text()

    def say(self, notice: str) -> None:
        """Show such a notice; nothing where it is empty."""
        self._notice.setText(notice)
        self._notice.setVisible(bool(notice))

    def refresh(self) -> None:
        """Begin anew: a sensible end, the hours as they are now."""
        now = self._clock()
        self._set_end(sensible_end(self._policy, now, _ORDINARY))
        self._offer(now)
        hours = college_hours(self._policy, now)
        until = f" Open until {clock_time(hours.until, self._zone)}." if hours.is_open and hours.until else ""
        self._hours.setText(hours.words + until)
        self._complain("" if self.groups else _no_groups(self._tutor, bool(self._who.places)))

    def submit(self, *, assess: bool = False) -> None:
        """Start the lesson, to `assess` in it, or say why it cannot be held."""
        now, chosen = self._clock(), self.end.time()
        if not self.groups:
            return
        if not self.name.text().strip():
            self._complain("Give the lesson a name: students see it while you are viewing.")
            self.name.setFocus()
            return
        try:
            lesson = open_lesson(
                self._newest(),
                name=self.name.text(),
                group=self.group.currentText(),
                room=self.room.text(),
                rules=self._sets[self.rules.currentIndex()] if self._sets else "",
                ends_at=clock_today(self._policy, chosen.hour(), chosen.minute(), now),
                now=now,
            )
        except LessonRefused as refused:
            self._complain(str(refused))
            return
        for key, value in (("name", lesson.name), ("group", lesson.group), ("room", lesson.room)):
            self._remembered.keep(f"lesson/{key}", value)
        self._complain("")
        (self.assessment_started if assess else self.started).emit(lesson)

    def _offer(self, now: float) -> None:
        """Fill in what this tutor's timetable says is on now; the tutor may change it."""
        timetable = self._who.bundle.timetable
        on = lessons_now(self._policy, timetable, now, tutor=self._tutor.id) if timetable else ()
        known = [(entry, group, ends) for entry, ends in on for group in self.groups if same_group(group, entry.group)]
        if not known:
            return
        entry, group, ends = known[0]
        self.name.setText(entry.name)
        self.group.setCurrentText(group)
        self.room.setText(entry.room[:80])
        self._set_end(min(ends, sensible_end(self._policy, now, self._policy.lesson.longest_minutes)))

    def _set_end(self, at: float) -> None:
        moment = datetime.fromtimestamp(at, self._zone)
        self.end.setTime(QTime(moment.hour, moment.minute))

    def _end_in(self, minutes: int) -> None:
        self._set_end(sensible_end(self._policy, self._clock(), minutes))

    def _count(self) -> None:
        group = self.group.currentText()
        number = sum(place.group == group for place in self._who.places)
        self._expected.setText(f"{number} laptop{'s' if number != 1 else ''} in the register" if group else "")

    def _complain(self, problem: str) -> None:
        self._problem.setText(problem)
        self._problem.setVisible(bool(problem))
        self._hours.setVisible(not problem.startswith("College hours"))

    def _lay_out(self) -> None:
        card = Card(480)
        column = card.column
        column.addWidget(label("Start a lesson", kind="large"))
        column.addWidget(label(f"{self._tutor.name} · {self._policy.college.name}", kind="soft"))
        column.addSpacing(4)
        column.addLayout(_field("Name", self.name))
        column.addLayout(_field("Group", self.group, self._expected))
        column.addLayout(_field("Room", self.room))
        half, hour = button("+30 min"), button("+60 min")
        half.clicked.connect(lambda: self._end_in(30))
        hour.clicked.connect(lambda: self._end_in(60))
        column.addLayout(_field("Until", self.end, half, hour))
        if len(self._sets) > 1:
            column.addLayout(_field("Rules", self.rules))
        column.addWidget(self._hours)
        column.addWidget(self._notice)
        column.addWidget(self._problem)
        start = button("Start lesson", kind="primary", default=True)
        start.clicked.connect(lambda _=False: self.submit())
        start.setEnabled(bool(self.groups))
        records = button("Records…", kind="link")
        records.clicked.connect(self.records_asked)
        column.addSpacing(4)
        column.addWidget(start)
        if Right.ASSESS in self._policy.rights(self._tutor.role):
            assess = button("Start an assessment…")
            assess.clicked.connect(lambda: self.submit(assess=True))
            assess.setEnabled(bool(self.groups))
            column.addWidget(assess)
        column.addWidget(records, 0, Qt.AlignmentFlag.AlignHCenter)
        for one in (self.name, self.room):
            one.returnPressed.connect(self.submit)
        outer = QVBoxLayout(self)
        outer.addStretch(2)
        outer.addWidget(card, 0, Qt.AlignmentFlag.AlignHCenter)
        outer.addStretch(3)
        self.name.setFocus()
        self.name.selectAll()  # of the lesson before: the next one's name takes its place


def _field(name: str, field: QWidget, *beside: QWidget) -> QHBoxLayout:
    what = label(name)
    what.setFixedWidth(56)
    what.setBuddy(field)
    field.setAccessibleName(name)
    row = QHBoxLayout()
    row.setSpacing(8)
    row.addWidget(what)
    row.addWidget(field, 0 if beside and isinstance(field, QTimeEdit) else 1)
    for one in beside:
        row.addWidget(one)
    if beside and isinstance(field, QTimeEdit):
        row.addStretch(1)
    return row


def _no_groups(tutor: Identity, any_devices: bool) -> str:
    if not any_devices:
        return "The register lists no laptop yet. Ask the network manager to enrol some and for a new college file."
    return f"The policy gives {tutor.name} no group that has laptops. Ask the network manager to add one."
