"""The focus view on a real display: only what changed is painted, and it looks as if all had been."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, QPointF, QRect, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPaintEvent, QRegion, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from protocol.messages import Cursor
from tests.tutor_app.ui import synthetic as made
from tests.tutor_app.ui.conftest import CTRL, Held, grab
from tests.tutor_app.ui.test_surface import off
from tutor_app.ui.canvas import LARGEST, SMALLEST, Canvas, Pane
from tutor_app.ui.theme import LIGHT, Theme

RED, GREEN = QColor("#C02020"), QColor("#20A020")


class Watched(Canvas):
    """Keeps what was painted."""

    painted: QRegion

    def paintEvent(self, event: QPaintEvent) -> None:
        self.painted = self.painted.united(event.region()) if hasattr(self, "painted") else event.region()
        super().paintEvent(event)


@pytest.fixture
def pane(qtbot: QtBot, theme: Theme) -> Iterator[Pane]:
    made_pane = Pane(Watched(theme))
    made_pane.resize(400, 300)
    made_pane.show()
    qtbot.waitExposed(made_pane)
    yield made_pane
    made_pane.close()


@pytest.fixture
def canvas(pane: Pane) -> Watched:
    widget = pane.widget()
    assert isinstance(widget, Watched)
    return widget


def plain(colour: QColor, width: int = 640, height: int = 360) -> QImage:
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(colour)
    return image


def show(canvas: Canvas, screen: QImage, *areas: QRect, **changes: object) -> bool:
    shown = made.patches(screen, *areas, **changes)  # type: ignore[arg-type]
    return canvas.show_patches(shown, made.strips(shown))


def settle(canvas: Watched) -> None:
    QApplication.processEvents()
    canvas.painted = QRegion()


def near(colour: QColor, other: QColor) -> bool:
    return all(abs(a - b) <= 4 for a, b in zip(colour.getRgb(), other.getRgb(), strict=True))  # type: ignore[arg-type]


@pytest.mark.parametrize("zoom", [None, 1.0, 0.37, 2.6, 5.0])
@pytest.mark.parametrize("area", [QRect(100, 80, 33, 21), QRect(0, 0, 1, 1), QRect(631, 351, 9, 9)])
def test_what_changed_is_painted_as_if_all_had_been(
    canvas: Watched, pane: Pane, zoom: float | None, area: QRect
) -> None:
    show(canvas, made.screen(3, 640, 360))
    canvas.set_zoom(zoom)
    settle(canvas)
    pane.horizontalScrollBar().setValue(round(area.center().x() * canvas.scale) - 200)
    pane.verticalScrollBar().setValue(round(area.center().y() * canvas.scale) - 150)
    settle(canvas)
    before = on_display(pane)
    show(canvas, plain(GREEN), area, sequence=2)
    QApplication.processEvents()
    reach = canvas.scale * max(area.width(), area.height()) + 2 * canvas.scale + 8
    assert max(canvas.painted.boundingRect().width(), canvas.painted.boundingRect().height()) <= reach
    partly = on_display(pane)
    canvas.update()
    QApplication.processEvents()
    assert off(on_display(pane), partly) <= 8, "rounding where a span begins; a seam would be far off"
    if area.width() > 1:
        assert partly != before


def on_display(pane: Pane) -> QImage:
    """What the X server shows of a window."""
    return pane.screen().grabWindow(pane.winId()).toImage()


def test_another_colour_elsewhere_is_not_touched(canvas: Watched) -> None:
    show(canvas, plain(RED))
    canvas.set_zoom(1.0)
    show(canvas, plain(GREEN), QRect(10, 10, 30, 30), sequence=2)
    image = grab(canvas)
    assert near(image.pixelColor(25, 25), GREEN)
    assert near(image.pixelColor(45, 25), RED)
    assert near(image.pixelColor(25, 45), RED)


def test_it_is_fitted_whole_with_the_well_around_it(canvas: Watched) -> None:
    show(canvas, plain(RED))
    image = grab(canvas)
    assert near(image.pixelColor(200, 150), RED)
    assert near(image.pixelColor(2, 150), RED)
    assert near(image.pixelColor(200, 4), QColor(LIGHT.well))
    assert near(image.pixelColor(200, 295), QColor(LIGHT.well))


def test_zoom_goes_by_steps_rests_at_one_and_has_bounds(canvas: Watched, pane: Pane) -> None:
    show(canvas, plain(RED))
    fitted = canvas.scale
    assert fitted == pytest.approx(400 / 640, abs=0.02)
    seen = []
    for _ in range(20):
        pane.zoom_by(1.25)
        seen.append(canvas.scale)
    assert 1.0 in seen
    assert seen == sorted(seen)
    assert seen[-1] == LARGEST
    for _ in range(40):
        pane.zoom_by(1 / 1.25)
    assert canvas.scale == SMALLEST
    canvas.set_zoom(None)
    assert canvas.scale == pytest.approx(fitted)


def test_the_wheel_zooms_with_ctrl_about_the_pointer(canvas: Watched, pane: Pane) -> None:
    show(canvas, plain(RED))
    canvas.set_zoom(1.0)
    pane.horizontalScrollBar().setValue(120)
    pane.verticalScrollBar().setValue(30)
    at = QPoint(80, 70)
    under = canvas.mapFrom(pane.viewport(), at)
    wheel(pane, at, 120)
    assert canvas.zoom == 1.25
    now = canvas.mapFrom(pane.viewport(), at)
    assert abs(now.x() - under.x() * 1.25) <= 2
    assert abs(now.y() - under.y() * 1.25) <= 2
    before = pane.verticalScrollBar().value()
    wheel(pane, at, -120, Qt.KeyboardModifier.NoModifier)
    assert canvas.zoom == 1.25
    assert pane.verticalScrollBar().value() > before


def wheel(pane: Pane, at: QPoint, by: int, modifiers: Qt.KeyboardModifier = CTRL) -> None:
    place = QPointF(pane.viewport().mapToGlobal(at))
    phase, no = Qt.ScrollPhase.NoScrollPhase, Qt.MouseButton.NoButton
    event = QWheelEvent(QPointF(at), place, QPoint(), QPoint(0, by), no, modifiers, phase, False)
    QApplication.sendEvent(pane.viewport(), event)


def test_it_is_dragged_about(canvas: Watched, pane: Pane) -> None:
    show(canvas, plain(RED))
    canvas.set_zoom(2.0)
    QApplication.processEvents()
    pane.horizontalScrollBar().setValue(300)
    pane.verticalScrollBar().setValue(200)
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=canvas.mapFrom(pane.viewport(), QPoint(200, 150)))
    QTest.mouseMove(canvas, canvas.mapFrom(pane.viewport(), QPoint(150, 130)))
    QApplication.processEvents()
    assert (pane.horizontalScrollBar().value(), pane.verticalScrollBar().value()) == (350, 220)
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton)


def test_the_pointer_is_drawn_where_the_student_has_it_and_nowhere_else(canvas: Watched) -> None:
    screen = plain(QColor("#808080"))
    canvas.set_zoom(1.0)
    show(canvas, screen, cursor=Cursor(x=100, y=90))
    settle(canvas)
    assert near(grab(canvas).pixelColor(103, 98), QColor("black"))
    settle(canvas)
    show(canvas, screen, sequence=2, cursor=Cursor(x=300, y=90), patches=())
    QApplication.processEvents()
    assert canvas.painted.boundingRect().height() < 40
    image = grab(canvas)
    assert near(image.pixelColor(103, 98), QColor("#808080"))
    assert near(image.pixelColor(303, 98), QColor("black"))


def test_a_screen_that_changes_its_size_is_shown_in_the_new_one(canvas: Watched) -> None:
    show(canvas, plain(RED))
    show(canvas, plain(GREEN, 301, 201), sequence=2)
    assert canvas.screen_size == QSize(301, 201)
    assert near(grab(canvas).pixelColor(200, 150), GREEN)


def test_keys_change_the_size_and_full_screen_and_back(lesson: Held) -> None:
    lesson.page.open_student("LAPTOP-02")
    view = lesson.page.focus_view
    made.show_whole(view, "LAPTOP-02", made.screen(2, 1920, 1080))
    fitted = view.canvas.scale
    lesson.press(Qt.Key.Key_1)
    assert view.canvas.scale == 1
    assert view.fit.isVisible()
    assert not view.actual.isVisible()
    lesson.press(Qt.Key.Key_Plus)
    assert view.canvas.scale == 1.25
    lesson.press(Qt.Key.Key_Minus)
    lesson.press(Qt.Key.Key_Minus)
    assert view.canvas.scale == pytest.approx(0.8)
    lesson.press(Qt.Key.Key_0)
    lesson.qtbot.waitUntil(lambda: view.canvas.scale == pytest.approx(fitted, rel=0.02))
    lesson.press(Qt.Key.Key_Plus, CTRL)
    assert view.canvas.zoom is not None, "what makes tiles larger on the wall makes the screen larger here"
    lesson.press(Qt.Key.Key_F11)
    assert lesson.window.isFullScreen()
    assert not lesson.window.menuBar().isVisible()
    lesson.press(Qt.Key.Key_Escape)
    assert not lesson.window.isFullScreen()
    assert lesson.window.menuBar().isVisible()
    assert lesson.page.focused == "LAPTOP-02"
    lesson.press(Qt.Key.Key_Escape)
    assert lesson.page.focused == ""
