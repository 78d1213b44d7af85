"""What a tile shows nothing of is seen, and what shows a little is not taken for nothing."""

import pytest
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QApplication

from tests.tutor_app.ui import synthetic as made
from tutor_app.classroom.events import Blank
from tutor_app.ui.blank import blankness
from tutor_app.ui.decode import decode


def seen(image: QImage) -> Blank:
    jpeg = made.jpeg(image)
    tile = decode(jpeg)
    assert tile
    return blankness(tile, len(jpeg))


def plain(colour: str, width: int = 320, height: int = 180) -> QImage:
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(QColor(colour))
    return image


def draw(image: QImage, colour: str, *area: int) -> QImage:
    painter = QPainter(image)
    painter.fillRect(*area, QColor(colour))
    painter.end()
    return image


@pytest.mark.parametrize("size", [(128, 72), (200, 113), (640, 360)])
@pytest.mark.parametrize(
    ("colour", "blank"), [("#000", Blank.BLACK), ("#0a0a0a", Blank.BLACK), ("#24507a", Blank.PLAIN)]
)
def test_one_colour_all_over(qapp: QApplication, colour: str, blank: Blank, size: tuple[int, int]) -> None:
    assert seen(plain(colour, *size)) is blank


def test_the_badge_alone_is_still_nothing(qapp: QApplication) -> None:
    assert seen(draw(plain("#000"), "#ffffff", 270, 160, 45, 14)) is Blank.BLACK


@pytest.mark.parametrize("number", [1, 2, 3, 7, 13])
def test_screens_people_use_are_something(qapp: QApplication, number: int) -> None:
    assert seen(made.screen(number, 320, 180)) is Blank.NO


def test_a_small_window_on_black_is_something(qapp: QApplication) -> None:
    assert seen(draw(plain("#000"), "#dddddd", 100, 50, 120, 70)) is Blank.NO
