"""One screen large: sharp, never black, never kept."""

from PySide6.QtGui import QColor, QImage

from protocol.messages import Reason
from tests.tutor_app.ui import synthetic as made
from tests.tutor_app.ui.conftest import Held, grab
from tutor_app.ui.theme import LIGHT

RED = QColor("#C02020")


def show(held: Held, number: int = 2, colour: QColor = RED) -> None:
    image = QImage(1920, 1080, QImage.Format.Format_RGB32)
    image.fill(colour)
    made.show_whole(held.page.focus_view, made.device(number), image)


def alike(one: QColor, other: QColor) -> bool:
    return max(abs(a - b) for a, b in zip(one.getRgb(), other.getRgb(), strict=True)) <= 3  # type: ignore[arg-type]


def test_the_screen_is_fitted_into_the_window(lesson: Held) -> None:
    lesson.page.open_student("LAPTOP-02")
    show(lesson)
    image = grab(lesson.page.focus_view.canvas)
    assert alike(image.pixelColor(image.rect().center()), RED)
    assert image.pixelColor(1, image.height() // 2) == QColor(LIGHT.well)


def test_the_tile_stands_in_until_the_sharp_picture_comes(lesson: Held) -> None:
    lesson.page.open_student("LAPTOP-02")
    view = lesson.page.focus_view
    assert view.canvas.has_picture
    assert not view.card.isVisible()


def test_without_any_picture_the_page_says_why_and_what_to_do(lesson: Held) -> None:
    lesson.page.open_student("LAPTOP-20")
    view = lesson.page.focus_view
    assert view.card.isVisible()
    assert view.card.text == "Student 20 has not been seen in this lesson"
    assert "1. " in view.card._steps.text()
    lesson.page.open_student("LAPTOP-02")
    lesson.run.take([made.refused(2, Reason.OUTSIDE_HOURS, "The college is closed.", lesson.clock.now)])
    assert view.card.isVisible()
    assert view.card.text == "Student 02 did not let you in"


def test_a_lost_screen_fades_and_says_so(lesson: Held) -> None:
    lesson.page.open_student("LAPTOP-02")
    show(lesson)
    lesson.run.take([made.lost(2, lesson.clock.now)])
    view = lesson.page.focus_view
    assert view._mark.text.startswith("Reconnecting…")
    image = grab(view.canvas)
    assert image.pixelColor(image.rect().center()).lightness() > RED.lightness() + 60


def test_a_locked_screen_says_so(lesson: Held) -> None:
    lesson.page.open_student("LAPTOP-02")
    show(lesson)
    lesson.run.take([made.locked(2, 521, lesson.clock.now)])
    assert lesson.page.focus_view._mark.text == "Locked · 8:41 left · by you"


def test_a_picture_of_somebody_else_is_not_shown(lesson: Held) -> None:
    lesson.page.open_student("LAPTOP-02")
    show(lesson)
    show(lesson, number=3, colour=QColor("#00FF00"))
    image = grab(lesson.page.focus_view.canvas)
    assert alike(image.pixelColor(image.rect().center()), RED)


def test_leaving_forgets_the_picture(lesson: Held) -> None:
    lesson.page.open_student("LAPTOP-02")
    show(lesson)
    lesson.page.leave_student()
    assert not lesson.page.focus_view.canvas.has_picture
