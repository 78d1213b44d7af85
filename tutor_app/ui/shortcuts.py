"""All keys on one sheet (F1)."""

from typing import Final

from PySide6.QtWidgets import QGridLayout, QWidget

from tutor_app.ui.actions import all_keys
from tutor_app.ui.sheet import Sheet
from tutor_app.ui.widgets import label

_OTHER: Final = (
    ("Choose tiles", "Click, Ctrl+Click, Shift+Click, or draw a frame"),
    ("Go from tile to tile", "Arrow keys"),
    ("Why is there no picture?", "?"),
    ("Let go of the selection", "Esc"),
    ("Large view: back", "Esc"),
    ("Large view: neighbours", "← and →"),
    ("Large view: larger, smaller", "+ and −, or Ctrl+Wheel"),
    ("Large view: fit window, actual size", "0 and 1"),
    ("Large view: full screen", "F11"),
)


class ShortcutsSheet(Sheet):
    """Lists every action with its key."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, "Keyboard shortcuts")
        table = QWidget()
        grid = QGridLayout(table)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(32)
        grid.setVerticalSpacing(6)
        for row, (words, keys) in enumerate([*all_keys(), *_OTHER]):
            grid.addWidget(label(words), row, 0)
            grid.addWidget(label(keys, kind="soft"), row, 1)
        self.add(table)
        self.add_buttons([], cancel="Close")
