"""The one window: how large it is."""

import pytest
from PySide6.QtCore import QRect
from pytestqt.qtbot import QtBot

from tutor_app.ui.main_window import MainWindow
from tutor_app.ui.remembered import Remembered
from tutor_app.ui.theme import Theme


@pytest.mark.parametrize(("width", "height", "filled"), [(900, 600, False), (7680, 4320, True)])
def test_it_is_never_larger_than_the_screen(
    qtbot: QtBot, theme: Theme, remembered: Remembered, width: int, height: int, filled: bool
) -> None:
    remembered.keep("width", width)
    remembered.keep("height", height)
    window = MainWindow(theme, remembered)
    qtbot.addWidget(window)
    room = window.screen().availableGeometry()
    assert QRect(room.topLeft(), window.size()) in (QRect(room.x(), room.y(), 900, 600), room)
    assert window.isMaximized() is filled
