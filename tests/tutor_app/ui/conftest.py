"""A lesson on a real (virtual) screen: real classroom, real widgets; only the network's thread is not there."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QWidget
from pytestqt.qtbot import QtBot

from protocol.identity import Identity
from protocol.messages import Command
from tests.tutor_app.ui import synthetic as made
from tutor_app.classroom.events import TileSeen
from tutor_app.classroom.tile import Viewer
from tutor_app.ui.feed import Feed
from tutor_app.ui.lesson_page import LessonPage
from tutor_app.ui.lesson_run import LessonRun
from tutor_app.ui.main_window import MainWindow
from tutor_app.ui.pictures import Pictures
from tutor_app.ui.remembered import Remembered
from tutor_app.ui.theme import Scheme, Theme
from tutor_app.ui.wall_page import WallPage
from tutor_app.ui.wall_view import WallView

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


@dataclass
class Held:
    """A lesson and everything around it."""

    window: MainWindow
    page: LessonPage
    run: LessonRun
    wire: made.FakeWire
    journal: made.FakeJournal
    clock: made.Clock
    pictures: Pictures
    feed: Feed
    theme: Theme
    remembered: Remembered
    qtbot: QtBot = field(repr=False)

    @property
    def wall_page(self) -> WallPage:
        return self.page.wall_page

    @property
    def wall(self) -> WallView:
        return self.page.wall_page.wall

    def arrive(self, *numbers: int, picture: bool = True) -> None:
        for number in numbers:
            self.run.take(made.arrives(number, at=self.clock.now))
        if picture:
            for number in numbers:
                self.pictures.put(made.device(number), made.screen(number))
            self.run.take_shown([TileSeen(made.device(number), self.clock.now) for number in numbers])

    def press(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        """Press a key wherever the keys go now."""
        if QApplication.activeModalWidget() is None and not self.window.isActiveWindow():
            self.window.activateWindow()  # a window manager would, once a dialog is closed
            self.qtbot.waitUntil(self.window.isActiveWindow, timeout=2000)
        self.qtbot.waitUntil(lambda: not self.page._soon.isActive())  # the actions follow what has just happened
        QTest.keyClick(QApplication.focusWidget() or self.window, key, modifiers)

    def select(self, *numbers: int) -> None:
        self.wall.clearSelection()
        for number in numbers:
            row = self.wall_page.model.row(made.device(number))
            assert row is not None
            rect = self.wall.visualRect(self.wall_page.model.index(row))
            QTest.mouseClick(self.wall.viewport(), Qt.MouseButton.LeftButton, CTRL, rect.center())

    def dialog(self) -> QDialog:
        """The dialog that has just opened."""
        self.qtbot.waitUntil(lambda: isinstance(QApplication.activeModalWidget(), QDialog), timeout=2000)
        dialog = QApplication.activeModalWidget()
        assert isinstance(dialog, QDialog)
        self.qtbot.waitUntil(lambda: dialog.isActiveWindow() and QApplication.focusWidget() is not None, timeout=2000)
        return dialog

    @property
    def commands(self) -> list[tuple[str, Command]]:
        return [(order.device, order.command) for order in self.wire.orders]

    def confirm(self) -> None:
        """Every device does what it was told."""
        self.run.take([made.answered(order, at=self.clock.now) for order in self.wire.orders])

    def passes(self, seconds: float) -> None:
        self.clock.now += seconds
        self.run.tick()


@pytest.fixture
def remembered(tmp_path: Path) -> Remembered:
    return Remembered(tmp_path / "window.ini")


@pytest.fixture
def theme(qapp: QApplication) -> Theme:
    qapp.setStyle("Fusion")
    return Theme(Scheme.LIGHT, reduce_motion=True)


@pytest.fixture
def hold(qtbot: QtBot, theme: Theme, remembered: Remembered, tmp_path: Path) -> Iterator[Callable[..., Held]]:
    """Start a lesson with so many laptops in the register, on a window of this size."""
    windows: list[MainWindow] = []

    def start(
        number: int = 30,
        size: tuple[int, int] = (1600, 900),
        tutor: Identity = made.TUTOR,
        questions: object = None,
        journal: made.FakeJournal | None = None,
    ) -> Held:
        clock, wire, pictures = made.Clock(), made.FakeWire(), Pictures()
        journal = journal or made.FakeJournal()
        window = MainWindow(theme, remembered)
        windows.append(window)
        feed = Feed(pictures)
        run = LessonRun(made.lesson(), made.register(number), tutor, wire, journal, clock=clock)
        page = LessonPage(
            theme,
            window.actions_,
            run,
            wire=wire,
            feed=feed,
            pictures=pictures,
            college=made.college(number),
            viewer=Viewer(name=tutor.name, zone=made.LONDON),
            remembered=remembered,
            office=made.office(journal, tmp_path, questions),
            clock=clock,
        )
        window.show_page(page)
        window.resize(*size)
        window.show()
        qtbot.waitExposed(window)
        window.activateWindow()
        qtbot.waitUntil(window.isActiveWindow, timeout=3000)
        run.begin()
        return Held(window, page, run, wire, journal, clock, pictures, feed, theme, remembered, qtbot)

    yield start
    for window in windows:
        lesson = window.lesson_page
        if lesson:
            lesson.run.end()
        window.close()
        window.deleteLater()


@pytest.fixture
def lesson(hold: Callable[..., Held]) -> Held:
    """Thirty expected, the first six here, 06 not selected."""
    held = hold()
    held.arrive(1, 2, 3, 4, 5, 6)
    return held


def grab(widget: QWidget) -> QImage:
    return widget.grab().toImage()
