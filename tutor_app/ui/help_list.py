"""The help queue: whose hand is up, for how long, with which words; longest first."""

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from tutor_app.classroom.hands import Raised
from tutor_app.classroom.phrases import Run, Tone, duration
from tutor_app.ui.runs import RunsLabel, single_line
from tutor_app.ui.theme import Theme
from tutor_app.ui.widgets import button, hairline, label

_ROWS: Final = 8  # hands listed before "and N more": the activity list keeps its place


class HandRow(QWidget):
    """One raised hand."""

    viewed = Signal(str)
    lowered = Signal(str)

    def __init__(self, theme: Theme, raised: Raised) -> None:
        super().__init__()
        self.device = raised.device
        self._runs = RunsLabel(theme, wrap=True, step=-1)
        row = QHBoxLayout()
        row.setContentsMargins(0, 6, 0, 6)
        row.setSpacing(8)
        row.addWidget(self._runs, 1)
        for words, asked in (("View", self.viewed), ("Lower", self.lowered)):
            one = button(words, kind="link")
            one.setAccessibleName(f"{words}: {raised.name}")
            one.clicked.connect(lambda _=False, signal=asked: signal.emit(self.device))
            row.addWidget(one)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(row)
        column.addWidget(hairline())

    def show_hand(self, raised: Raised, now: float) -> None:
        """Say how it stands now."""
        words = f" · “{single_line(raised.text)}”" if raised.text else ""
        since = duration(now - raised.since)
        self._runs.set_runs((Run(single_line(raised.name), Tone.STRONG), Run(f" · {since}{words}")))

    @property
    def text(self) -> str:
        """What the row says."""
        return self._runs.text


class HelpList(QWidget):
    """Hidden while no hand is up."""

    viewed = Signal(str)
    lowered = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._rows: list[HandRow] = []
        self._more = label(kind="soft")
        self._column = QVBoxLayout()
        self._column.setSpacing(0)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 12)
        outer.setSpacing(4)
        outer.addWidget(label("Help", kind="strong"))
        outer.addLayout(self._column)
        outer.addWidget(self._more)
        self.hide()

    @property
    def rows(self) -> list[HandRow]:
        """The rows shown, longest first."""
        return self._rows

    def show_hands(self, raised: Sequence[Raised], now: float) -> None:
        """Show these hands."""
        shown = raised[:_ROWS]
        if [row.device for row in self._rows] != [one.device for one in shown]:
            self._build(shown)
        for row, one in zip(self._rows, shown, strict=True):
            row.show_hand(one, now)
        self._more.setText(f"and {len(raised) - _ROWS} more")
        self._more.setVisible(len(raised) > _ROWS)
        self.setVisible(bool(raised))

    def _build(self, shown: Sequence[Raised]) -> None:
        for row in self._rows:
            self._column.removeWidget(row)
            row.hide()
            row.deleteLater()
        self._rows = [HandRow(self._theme, one) for one in shown]
        for row in self._rows:
            row.viewed.connect(self.viewed)
            row.lowered.connect(self.lowered)
            self._column.addWidget(row)
