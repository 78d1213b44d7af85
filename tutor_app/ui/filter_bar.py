"""The row above the wall: filters with their counts, find as you type, the size of tiles, their order."""

from collections.abc import Mapping
from typing import Final

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QAction, QFontMetrics, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QLineEdit, QPushButton, QSlider, QWidget

from tutor_app.classroom.arrange import Filter, Sort
from tutor_app.ui.theme import Theme
from tutor_app.ui.wall_view import LARGEST, ORDINARY, SMALLEST
from tutor_app.ui.widgets import Choice, IconButton, button, label

_ICONS: Final = {Filter.HELP: "help", Filter.FLAGGED: "flag", Filter.LOCKED: "lock", Filter.MISSING: "missing"}
_STEP: Final = 40  # pixels of a tile's width


class FilterBar(QWidget):
    """Tells what was chosen; `set_counts` keeps the chips true."""

    filtered = Signal(Filter)
    searched = Signal(str)
    sorted = Signal(Sort)
    sized = Signal(int)
    panel_toggled = Signal(bool)
    left = Signal(bool)
    """The field was left by Esc (False) or Enter (True): the keys go back to the wall."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._bold = QFontMetrics(theme.font(bold=True))  # a chosen chip is bold: no chip may jump for it
        self._chips = {chosen: button("", kind="chip") for chosen in Filter}
        self._group = QButtonGroup(self)
        self.field = QLineEdit(placeholderText="Find a student…", clearButtonEnabled=True)
        self.field.setAccessibleName("Find a student")
        self.field.setMaximumWidth(220)
        self._glass = QAction("Find", self)
        self.field.addAction(self._glass, QLineEdit.ActionPosition.LeadingPosition)
        self.field.textChanged.connect(self.searched)
        self.field.installEventFilter(self)
        self._size, self._size_label = self._slider(), label("Size", kind="soft")
        self._sort = Choice(theme, list(Sort), prefix="Sort: ")
        self._sort.setAccessibleName("Sort")
        self._sort.currentIndexChanged.connect(lambda index: self.sorted.emit(list(Sort)[index]))
        self.panel = IconButton(theme, "panel", "Side panel (F8)")
        self.panel.setCheckable(True)
        self.panel.clicked.connect(self.panel_toggled)
        self._lay_out()
        self.set_counts(dict.fromkeys(Filter, 0))
        theme.changed.connect(self._dress)
        self._dress()

    def set_counts(self, counts: Mapping[Filter, int]) -> None:
        """Write the numbers on the chips."""
        self._counts = counts
        for chosen, chip in self._chips.items():
            chip.setAccessibleName(f"{chosen.capitalize()}, {counts[chosen]} students")
            chip.setToolTip(chosen.capitalize() if chosen in _ICONS else "")
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave the chips their words where there is room for them."""
        super().resizeEvent(event)
        self._fit()

    def choose(self, chosen: Filter) -> None:
        """Press a chip."""
        self._chips[chosen].click()

    def choose_order(self, order: Sort) -> None:
        """Sort the wall like this."""
        self._sort.setCurrentIndex(list(Sort).index(order))

    def step(self, steps: int) -> None:
        """Make tiles larger or smaller."""
        self._size.setValue(self._size.value() + steps * _STEP)

    def show_width(self, width: int) -> None:
        """Have the slider stand where the tiles' width is, without asking for anything."""
        self._size.blockSignals(True)
        self._size.setValue(width)
        self._size.blockSignals(False)

    def start_finding(self) -> None:
        """Give the keys to the field."""
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.field.selectAll()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Esc clears the field and leaves it; Enter or arrow down leave it as it is."""
        if watched is self.field and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() == Qt.Key.Key_Escape:
                self.field.clear()
                self.left.emit(False)
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Down):
                self.left.emit(True)
                return True
        return super().eventFilter(watched, event)

    def _fit(self) -> None:
        row = self.layout()
        for brief, sized in ((False, True), (True, True), (True, False)):  # without the slider there are still its keys
            for chosen, chip in self._chips.items():
                self._write(chip, chosen, brief)
            for one in (self._size_label, self._size):
                one.setVisible(sized)
            if row is None or row.minimumSize().width() <= self.width():
                return

    def _write(self, chip: QPushButton, chosen: Filter, brief: bool) -> None:
        """Write word and number; `brief`: the number alone where an icon says the word."""
        gap = " " if chosen in _ICONS else ""  # the style puts icon and text too close
        word = "" if brief and chosen in _ICONS else f"{chosen.capitalize()} "
        chip.setText(f"{gap}{word}{self._counts[chosen]}")
        chip.setFixedWidth(self._bold.horizontalAdvance(chip.text()) + (52 if chosen in _ICONS else 30))

    def _slider(self) -> QSlider:
        slider = QSlider(Qt.Orientation.Horizontal)
        slider.setRange(SMALLEST, LARGEST)
        slider.setSingleStep(_STEP // 2)
        slider.setPageStep(_STEP)
        slider.setValue(ORDINARY)
        slider.setFixedWidth(110)
        slider.setAccessibleName("Size of tiles")
        slider.setToolTip("Size of tiles (Ctrl +, Ctrl −; Ctrl 0 fits everybody in)")
        slider.valueChanged.connect(self.sized)
        return slider

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 10, 16, 6)
        row.setSpacing(8)
        for chosen, chip in self._chips.items():
            chip.setCheckable(True)
            chip.clicked.connect(lambda _=False, one=chosen: self.filtered.emit(one))
            self._group.addButton(chip)
            row.addWidget(chip)
        self._chips[Filter.ALL].setChecked(True)
        row.addStretch(1)
        row.addWidget(self.field, 2)
        row.addSpacing(4)
        row.addWidget(self._size_label)
        row.addWidget(self._size)
        row.addSpacing(4)
        row.addWidget(self._sort)
        row.addWidget(self.panel)

    def _dress(self) -> None:
        self._glass.setIcon(self._theme.icon("find", "soft"))
        for chosen, icon in _ICONS.items():
            chip: QPushButton = self._chips[chosen]
            chip.setIcon(self._theme.icon(icon))
