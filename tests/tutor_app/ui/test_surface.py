"""Patches laid over a screen make the same picture as the whole screen would."""

import random

import pytest
from PySide6.QtCore import QPoint, QRect, QSize
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QApplication

from protocol.messages import Cursor, Patch
from tests.tutor_app.ui import synthetic as made
from tutor_app.ui.surface import Surface

SHARP = 98  # of a JPEG: what is left then is rounding
TOLERANCE = 12  # of 255: 4:2:0 chroma at an edge between two colours


def off(one: QImage, other: QImage) -> int:
    """How far two pictures are apart, at the worst of all their channels."""
    assert one.size() == other.size()
    first, second = (bytes(image.convertToFormat(QImage.Format.Format_RGB32).constBits()) for image in (one, other))
    return max(abs(a - b) for at, (a, b) in enumerate(zip(first, second, strict=True)) if at % 4 != 3)


def lay(surface: Surface, screen: QImage, *areas: QRect, **changes: object) -> list[QRect] | None:
    shown = made.patches(screen, *areas, quality=SHARP, **changes)  # type: ignore[arg-type]
    return surface.lay(shown, made.strips(shown))


@pytest.fixture
def surface(qapp: QApplication) -> Surface:
    return Surface()


@pytest.mark.parametrize("size", [(64, 36), (63, 37), (1, 1), (201, 133)])
def test_what_is_laid_over_makes_the_whole_screen(surface: Surface, size: tuple[int, int]) -> None:
    """Grey rectangles, so that chroma does not blur the comparison: the composition has to be exact."""
    chance = random.Random(size[0])
    screen = QImage(*size, QImage.Format.Format_RGB32)
    screen.fill(QColor(90, 90, 90))
    assert lay(surface, screen) is not None
    for sequence in range(2, 30):
        x, y = chance.randrange(size[0]), chance.randrange(size[1])
        area = QRect(x, y, chance.randint(1, size[0] - x), chance.randint(1, size[1] - y))
        painter = QPainter(screen)
        painter.fillRect(area, QColor(*[chance.randrange(256)] * 3))
        painter.end()
        changed = lay(surface, screen, area, sequence=sequence)
        assert changed is not None
        assert sum((rect.width() * rect.height() for rect in changed), 0) == area.width() * area.height()
        assert all(area.contains(rect) for rect in changed)
    assert off(surface.image, screen) <= 2
    whole = Surface()
    lay(whole, screen)
    assert off(surface.image, whole.image) <= 3


def test_colours_come_through(surface: Surface) -> None:
    screen = made.screen(7, 320, 180)
    left, right = QRect(0, 0, 160, 180), QRect(160, 0, 160, 180)
    lay(surface, screen, left, right)
    assert off(surface.image, screen) <= TOLERANCE


def test_a_new_screen_size_is_a_new_surface(surface: Surface) -> None:
    lay(surface, made.screen(1, 64, 36))
    lay(surface, made.screen(3, 80, 50), sequence=2)
    assert surface.size == QSize(80, 50)
    assert off(surface.image, made.screen(3, 80, 50)) <= 60


def test_what_builds_on_something_else_is_not_laid(surface: Surface) -> None:
    screen, part = made.screen(1, 64, 36), QRect(0, 0, 8, 8)
    assert lay(surface, screen, part, sequence=2) is None
    assert surface.is_empty
    lay(surface, screen, watch=4)
    before = surface.image.copy()
    assert lay(surface, made.screen(3, 64, 36), part, sequence=9, watch=3) is None
    assert surface.image == before
    assert lay(surface, made.screen(3, 64, 36), sequence=1, watch=1) is not None, "a connection begins to count anew"
    surface.clear()
    assert lay(surface, screen, part, sequence=10, watch=1) is None


def test_the_cursor_moves_by_itself(surface: Surface) -> None:
    screen = made.screen(1, 64, 36)
    lay(surface, screen, cursor=Cursor(x=5, y=6))
    assert surface.cursor == QPoint(5, 6)
    before = surface.image.copy()
    nothing: tuple[Patch, ...] = ()
    assert lay(surface, screen, sequence=2, cursor=Cursor(x=60, y=30), patches=nothing) == []
    assert surface.cursor == QPoint(60, 30)
    lay(surface, screen, sequence=3, patches=nothing)
    assert surface.cursor is None
    assert surface.image == before
