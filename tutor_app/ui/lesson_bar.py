"""The bar on top: which lesson, where, how long it goes on, and what the tutor can do now."""

from datetime import tzinfo
from typing import Final

from PySide6.QtCore import QPoint, QSize, QTimer
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QSizePolicy, QWidget

from protocol.messages import LessonTerms
from tutor_app.classroom.phrases import Run, Tone, clock_time, rules_name, time_left
from tutor_app.ui.actions import Actions, icon_of, keys_of, words_of
from tutor_app.ui.runs import RunsLabel, single_line
from tutor_app.ui.theme import Theme
from tutor_app.ui.widgets import KeyButton, label

_SPACING: Final = 8
_NAMES: Final = ("eyes", "lock", "unlock", "message", "flag", "rules", "end")


class ActionButton(KeyButton):
    """A key button bound to an action; `words` of its own replace the action's."""

    def __init__(self, theme: Theme, action: QAction, tone: str = "ink") -> None:
        name = action.objectName()
        super().__init__(theme, icon_of(name), words_of(name), keys_of(name), tone)
        self.action = action
        self.clicked.connect(action.trigger)
        action.changed.connect(self._follow)
        self._follow()

    def _follow(self) -> None:
        self.setEnabled(self.action.isEnabled())
        self.set_words(self.action.text())
        self.setToolTip(self.action.toolTip() if self.action.toolTip() != self.action.text() else "")


class Overflow(QWidget):
    """A row of buttons that keep their words; the last ones move into "More" when there is no room.

    A button whose action is not visible is left out.
    """

    def __init__(self, theme: Theme, buttons: list[ActionButton]) -> None:
        super().__init__()
        self._buttons = buttons
        self.more = KeyButton(theme, "more", "More")
        self._menu = QMenu(self)
        self.more.setMenu(self._menu)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(_SPACING)
        for one in (*buttons, self.more):
            row.addWidget(one)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def full_width(self) -> int:
        """Return the width of all buttons together."""
        return sum(one.sizeHint().width() + _SPACING for one in self._offered())

    def fit(self, room: int) -> None:
        """Show as many as fit into `room` pixels."""
        offered = self._offered()
        shown = list(offered)
        if self.full_width() > room:
            room -= self.more.sizeHint().width()
            while shown and sum(one.sizeHint().width() + _SPACING for one in shown) > room:
                shown.pop()
        self._menu.clear()
        for one in self._buttons:
            one.setVisible(one in shown)
            if one in offered and one not in shown:
                self._menu.addAction(one.action)
        self.more.setVisible(len(shown) < len(offered))
        self.adjustSize()

    def _offered(self) -> list[ActionButton]:
        return [one for one in self._buttons if one.action.isVisible()]

    def minimumSizeHint(self) -> QSize:
        """Return the size of "More" alone."""
        return self.more.sizeHint()


class LessonBar(QFrame):
    """`refresh` follows the clock."""

    def __init__(self, theme: Theme, actions: Actions, lesson: LessonTerms, zone: tzinfo) -> None:
        super().__init__()
        self.setObjectName("bar")
        self._lesson, self._zone, self._actions = lesson, zone, actions
        self._title = label(single_line(lesson.name), kind="title")
        self._facts = RunsLabel(theme)
        buttons = [ActionButton(theme, actions[name]) for name in _NAMES[:-1]]
        buttons[0].setProperty("primary", True)
        self.rules_button = buttons[_NAMES.index("rules")]
        end = ActionButton(theme, actions["end"], tone="danger")
        end.setProperty("danger", True)
        self._row = Overflow(theme, [*buttons, end])
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 12, 16, 12)
        row.setSpacing(12)
        row.addWidget(self._title)
        row.addWidget(self._facts, 1)
        row.addWidget(self._row)
        self._soon = QTimer(self, singleShot=True, interval=0)  # several actions change their words together
        self._soon.timeout.connect(self._fit)
        for action in (actions[name] for name in _NAMES):
            action.changed.connect(self._soon.start)

    def rules_place(self) -> QPoint:
        """Return where the menu of rules opens: under its button, or under "More"."""
        button = self.rules_button if self.rules_button.isVisible() else self._row.more
        return button.mapToGlobal(QPoint(0, button.height() + 4))

    def refresh(self, now: float, rules: str, over: bool = False) -> None:
        """Say how long the lesson goes on, and under which rule set."""
        lesson = self._lesson
        group = "" if lesson.group in lesson.name else lesson.group  # "Maths 10B" says it already
        places = [single_line(place) for place in (group, lesson.room) if place]
        until = " · ".join([*places, f"until {clock_time(lesson.ends_at, self._zone)}", ""])
        left = Run("ended", Tone.WARN) if over else time_left(lesson.ends_at - now)
        before = self._facts.sizeHint().width()
        self._facts.set_runs((Run(until), left, Run(f" · rules: {single_line(rules_name(rules))}")))
        if self._facts.sizeHint().width() != before:
            self._soon.start()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Move buttons into "More" or out of it."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        taken = self._title.sizeHint().width() + self._facts.sizeHint().width() + 2 * 16 + 2 * 12
        self._row.fit(self.width() - taken)
