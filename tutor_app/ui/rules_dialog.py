"""Allowing or blocking one site or program for a while, for those who are selected or for everybody."""

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QGridLayout, QHBoxLayout, QLineEdit, QWidget

from protocol.messages import Changeable, Verb
from protocol.policy.sites import site_of
from protocol.text import plain
from tutor_app.classroom.rules import MOST_CHANGES, Edit
from tutor_app.classroom.student import Student
from tutor_app.ui.sheet import Sheet, people
from tutor_app.ui.theme import Theme
from tutor_app.ui.widgets import Choice, button, choice_chip, label

VALUE: Final = 200  # characters, as in the protocol
FULL: Final = f"{MOST_CHANGES} changes are in force, which is the most there can be. End one under Rules first."
_MINUTES: Final = (5, 10, 20, 30, 0)  # 0: until the lesson ends
_PLACEHOLDERS: Final = {
    Changeable.SITE: "For example: desmos.com, or bbc.co.uk/bitesize",
    Changeable.APPLICATION: "For example: gimp, or steam*",
}


class RulesDialog(Sheet):
    """Enter asks the laptops, unless it is `full`. `everybody` in `chosen` includes those who come later."""

    chosen = Signal(Edit, bool)

    def __init__(
        self, parent: QWidget, theme: Theme, students: Sequence[Student], total: int, full: bool = False
    ) -> None:
        words = (
            FULL if full else "It ends by itself, with the lesson at the latest. You can end it before, under Rules."
        )
        super().__init__(parent, "Allow or block a site or program", words)
        self._full = full
        self._some = 0 < len(students) < total
        self._verb = _chips(self, {Verb.ALLOW: "Allow", Verb.BLOCK: "Block"})
        self._subject = _chips(self, {Changeable.SITE: "Site", Changeable.APPLICATION: "Program"})
        self.field = QLineEdit()
        self.field.setMaxLength(VALUE)
        self.field.setAccessibleName("Site or program")
        self.field.textChanged.connect(self._follow)
        whom = ([people(students, total)] if self._some else []) + ["Everybody, also who comes later"]
        self.whom = Choice(theme, whom)
        self.whom.setAccessibleName("For whom")
        self.length = Choice(theme, [f"{one} min" if one else "Until the lesson ends" for one in _MINUTES])
        self.length.setAccessibleName("For how long")
        self.length.setCurrentIndex(2)
        self._ask = button("Allow", kind="primary", default=True)
        self._ask.clicked.connect(self.accept)
        self._lay_out()
        self.add_buttons([self._ask])
        self.field.setFocus()
        self._follow()

    @property
    def edit(self) -> Edit:
        """What would be asked."""
        subject = list(Changeable)[self._subject.checkedId()]
        text = plain(self.field.text().strip(), VALUE)
        return Edit(
            verb=list(Verb)[self._verb.checkedId()],
            subject=subject,
            value=site_of(text) if subject is Changeable.SITE else text,
            minutes=_MINUTES[self.length.currentIndex()] or None,
        )

    def choose(self, verb: Verb, subject: Changeable) -> None:
        """Press the chips."""
        self._verb.button(list(Verb).index(verb)).click()
        self._subject.button(list(Changeable).index(subject)).click()

    def accept(self) -> None:
        """Ask the laptops."""
        if self._ask.isEnabled():
            self.chosen.emit(self.edit, not (self._some and self.whom.currentIndex() == 0))
            super().accept()

    def _lay_out(self) -> None:
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(10)
        grid.setColumnStretch(1, 1)
        parts: tuple[tuple[str, QWidget], ...] = (
            ("What", _row(self._verb)),
            ("Of which kind", _row(self._subject)),
            ("Name", self.field),
            ("For whom", self.whom),
            ("For how long", self.length),
        )
        for row, (words, widget) in enumerate(parts):
            grid.addWidget(label(words, kind="soft"), row, 0, Qt.AlignmentFlag.AlignVCenter)
            grid.addWidget(widget, row, 1)
        body = QWidget()
        body.setLayout(grid)
        self.add(body)
        for group in (self._verb, self._subject):
            group.idClicked.connect(self._follow)

    def _follow(self) -> None:
        edit = self.edit
        self.field.setPlaceholderText(_PLACEHOLDERS[edit.subject])
        self._ask.setText(edit.verb.capitalize())
        self._ask.setAccessibleName(edit.verb.capitalize())
        self._ask.setEnabled(bool(edit.value) and not self._full)


def _chips(parent: QWidget, words: dict[Verb, str] | dict[Changeable, str]) -> QButtonGroup:
    group = QButtonGroup(parent)
    for number, text in enumerate(words.values()):
        chip = choice_chip(text)
        group.addButton(chip, number)
    group.button(0).setChecked(True)
    return group


def _row(group: QButtonGroup) -> QWidget:
    holder = QWidget()
    row = QHBoxLayout(holder)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(8)
    for chip in group.buttons():
        row.addWidget(chip)
    row.addStretch(1)
    return holder
