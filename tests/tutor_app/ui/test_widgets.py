"""What is painted, and what below it is not."""

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QWidget

from tests.tutor_app.ui.conftest import Held
from tests.tutor_app.ui.test_focus_view import show
from tutor_app.ui.theme import Scheme


class Painted(QObject):
    """Notes which of a widget and those it lies on are painted."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self.seen: set[str] = set()
        below: QWidget | None = widget
        while below is not None:
            below.installEventFilter(self)
            below = below.parentWidget()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint:
            self.seen.add(type(watched).__name__)
        return False


def test_a_screen_is_painted_and_not_what_it_covers(lesson: Held) -> None:
    lesson.page.open_student("LAPTOP-02")
    show(lesson)
    painted = Painted(lesson.page.focus_view.canvas)
    for scheme in (Scheme.DARK, Scheme.LIGHT):
        lesson.theme.choose(scheme)
        lesson.qtbot.wait(100)
        painted.seen.clear()
        show(lesson)
        lesson.qtbot.waitUntil(lambda: "Canvas" in painted.seen)
        assert painted.seen == {"Canvas"}


def test_a_tile_is_painted_and_not_what_the_wall_covers(lesson: Held) -> None:
    wall = lesson.wall
    painted = Painted(wall.viewport())
    for scheme in (Scheme.DARK, Scheme.LIGHT):
        lesson.theme.choose(scheme)
        lesson.qtbot.wait(100)
        painted.seen.clear()
        wall.repaint_devices(["LAPTOP-02"])
        lesson.qtbot.waitUntil(lambda: "Opaque" in painted.seen)
        assert painted.seen == {"Opaque"}
