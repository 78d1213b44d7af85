"""Tiles painted on a real screen: known colours where they belong, and words said plainly."""

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QColor, QImage

from protocol.messages import Reason, ScreenState
from tests.tutor_app.ui import synthetic as made
from tests.tutor_app.ui.conftest import Held, grab
from tutor_app.ui.theme import DARK, LIGHT, Scheme
from tutor_app.ui.tile_delegate import GAP, TileDelegate

GREEN = QColor("#20A060")


@pytest.fixture
def six(hold: Callable[..., Held]) -> Held:
    """Six laptops, all here, each with a green screen of exactly the tile's size."""
    held = hold(6, (1600, 900))
    held.arrive(*range(1, 7))
    paint(held)
    return held


def paint(held: Held, colour: QColor = GREEN) -> None:
    size = held.wall.picture_size()
    image = QImage(size, QImage.Format.Format_RGB32)
    image.fill(colour)
    for number in range(1, 7):
        held.pictures.put(made.device(number), image)
    held.wall.repaint_devices([made.device(number) for number in range(1, 7)])


def cell(held: Held, number: int) -> QRect:
    row = held.wall_page.model.row(made.device(number))
    assert row is not None
    return held.wall.visualRect(held.wall_page.model.index(row))


def spoken(held: Held, number: int) -> str:
    row = held.wall_page.model.row(made.device(number))
    assert row is not None
    return str(held.wall_page.model.index(row).data(Qt.ItemDataRole.AccessibleTextRole))


def colour(held: Held, number: int, across: float, down: float) -> QColor:
    """The colour at a place of a tile's picture, in parts of its width and height."""
    area = cell(held, number).adjusted(GAP // 2, GAP // 2, -GAP // 2, -GAP // 2)
    height = round(area.width() * 9 / 16)
    point = area.topLeft() + QPoint(round(area.width() * across), round(height * down))
    return grab(held.wall.viewport()).pixelColor(point)


def close(one: QColor, other: QColor, by: int = 6) -> bool:
    return all(abs(a - b) <= by for a, b in zip(one.getRgb()[:3], other.getRgb()[:3], strict=True))  # type: ignore[index, arg-type, operator]


def mixed(top: str, ground: QColor, share: float) -> QColor:
    above = QColor(top)
    return QColor(
        round(above.red() * share + ground.red() * (1 - share)),
        round(above.green() * share + ground.green() * (1 - share)),
        round(above.blue() * share + ground.blue() * (1 - share)),
    )


def test_a_live_picture_is_shown_as_it_came(six: Held) -> None:
    for place in ((0.02, 0.5), (0.5, 0.5), (0.98, 0.98)):
        assert close(colour(six, 3, *place), GREEN, by=1)


@pytest.mark.qt_log_ignore("JPEG datastream contains no image")
def test_a_tile_that_cannot_be_read_says_so_as_soon_as_it_is_looked_at(six: Held) -> None:
    six.pictures.put_unread(made.device(3), b"\xff\xd8\xff\xd9")
    six.wall.repaint_devices([made.device(3)])
    shown = grab(six.wall.viewport())
    area = cell(six, 3).adjusted(GAP, GAP, -GAP, -GAP)
    well = QColor(LIGHT.well).rgb()
    places = [(x, y) for x in range(area.left(), area.right()) for y in range(area.top(), area.center().y())]
    assert sum(shown.pixel(x, y) != well for x, y in places) > 100, "words and an icon, not an empty well"
    six.qtbot.waitUntil(lambda: "The picture could not be read" in spoken(six, 3))
    paint(six)
    six.qtbot.waitUntil(lambda: "could not be read" not in spoken(six, 3))
    assert close(colour(six, 3, 0.5, 0.5), GREEN, by=1)


def test_the_footer_is_the_cards_surface(six: Held) -> None:
    assert close(colour(six, 3, 0.02, 1.05), QColor(LIGHT.surface), by=1)


def test_a_locked_tile_wears_the_violet_veil(six: Held) -> None:
    six.run.take([made.locked(2, 300, six.clock.now)])
    assert close(colour(six, 2, 0.05, 0.9), mixed(LIGHT.veil, GREEN, 0.9))
    assert close(colour(six, 1, 0.05, 0.9), GREEN, by=1)


def test_an_asked_tile_wears_the_pale_veil(six: Held) -> None:
    six.run.lock(["LAPTOP-02"])
    assert close(colour(six, 2, 0.05, 0.9), mixed(LIGHT.surface, GREEN, 0.82))


def test_a_reconnecting_tile_keeps_its_faded_picture_then_goes_dark(six: Held) -> None:
    six.run.take([made.lost(2, six.clock.now)])
    assert close(colour(six, 2, 0.05, 0.9), mixed(LIGHT.surface, GREEN, 0.82))
    six.passes(31)
    assert close(colour(six, 2, 0.05, 0.9), QColor(LIGHT.paper), by=1)


@pytest.mark.parametrize("scheme", [Scheme.LIGHT, Scheme.DARK])
@pytest.mark.parametrize("ground", ["#FFFFFF", "#000000", "#5A3DB8", "#FFD400"])
def test_words_over_a_faded_picture_stand_on_a_pill(six: Held, ground: str, scheme: Scheme) -> None:
    six.theme.choose(scheme)
    try:
        tokens = LIGHT if scheme is Scheme.LIGHT else DARK
        paint(six, QColor(ground))
        six.run.take([made.lost(2, six.clock.now)])
        image = grab(six.wall.viewport())
        tile = cell(six, 2).adjusted(GAP // 2, GAP // 2, -GAP // 2, -GAP // 2)
        middle = tile.top() + round((tile.height() - 30) / 2)
        seen = [image.pixelColor(x, y) for x in range(tile.left(), tile.right()) for y in range(middle - 9, middle + 9)]
        assert sum(close(one, QColor(tokens.surface), by=1) for one in seen) > 500
        assert any(close(one, QColor(tokens.ink), by=24) for one in seen)
        assert contrast(tokens.ink, tokens.surface) >= 4.5
    finally:
        six.theme.choose(Scheme.LIGHT)


def contrast(one: str, other: str) -> float:
    """Contrast by WCAG 2.2."""

    def luminance(colour: str) -> float:
        parts = [
            part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
            for part in QColor(colour).getRgbF()[:3]
        ]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_no_state_is_a_black_box(six: Held) -> None:
    six.run.take([made.refused(1, Reason.BUSY, "In another lesson.", six.clock.now)])
    six.run.take(made.arrives(2, screen=ScreenState.NOBODY_LOGGED_IN))
    six.run.take([made.lost(3, six.clock.now - 60)])
    six.passes(1)
    for number in (1, 2, 3):
        assert colour(six, number, 0.05, 0.9).lightness() > 200
    assert not close(colour(six, 2, 0.05, 0.9), GREEN, by=60), "an old picture must not pass for a live one"


def test_dark_and_light_follow_the_theme_at_once(six: Held) -> None:
    six.theme.choose(Scheme.DARK)
    try:
        assert close(colour(six, 3, 0.02, 1.05), QColor(DARK.surface), by=1)
        assert close(grab(six.wall.viewport()).pixelColor(1, 1), QColor(DARK.paper), by=1)
    finally:
        six.theme.choose(Scheme.LIGHT)


def test_a_selected_tile_has_a_three_pixel_outline(six: Held) -> None:
    six.wall.select("LAPTOP-02")
    tile = cell(six, 2).adjusted(GAP // 2, GAP // 2, -GAP // 2, -GAP // 2)
    image = grab(six.wall.viewport())
    middle = tile.center().y()
    outline = [image.pixelColor(tile.left() - step, middle) for step in (1, 2, 3)]
    assert all(close(one, QColor(LIGHT.accent)) for one in outline)
    assert close(image.pixelColor(tile.left() - 5, middle), QColor(LIGHT.paper), by=1)


def test_the_veil_fades_in_unless_motion_is_reduced(six: Held) -> None:
    fades = six.wall_page._fades
    grab(six.wall.viewport())
    fades.reduce_motion = False
    six.run.take([made.locked(2, 300, six.clock.now)])
    six.qtbot.waitUntil(lambda: close(colour(six, 2, 0.05, 0.9), mixed(LIGHT.veil, GREEN, 0.9)), timeout=1000)
    assert not fades._timer.isActive() or six.qtbot.waitUntil(lambda: not fades._timer.isActive()) is None


def test_thirty_tiles_are_painted(lesson: Held) -> None:
    lesson.arrive(*range(1, 31))
    seen = grab(lesson.wall.viewport())
    for number in range(1, 31):
        place = cell(lesson, number)
        if lesson.wall.viewport().rect().contains(place):
            assert seen.pixelColor(place.left() + GAP, place.bottom() - GAP - 4) == QColor(LIGHT.surface)
    assert len(lesson.wall_page.model.devices) == 30


@pytest.mark.parametrize("picture", [(64, 36), (640, 360), (36, 640), (1, 1)])
def test_pictures_of_any_shape_are_shown_whole_and_in_the_middle(six: Held, picture: tuple[int, int]) -> None:
    image = QImage(*picture, QImage.Format.Format_RGB32)
    image.fill(GREEN)
    six.pictures.put("LAPTOP-01", image)
    six.wall.repaint_devices(["LAPTOP-01"])
    assert close(colour(six, 1, 0.5, 0.5), GREEN, by=1)
    narrow = picture[0] < picture[1]
    assert close(colour(six, 1, 0.03, 0.5), QColor(LIGHT.well) if narrow or picture == (1, 1) else GREEN, by=1)


def test_two_changed_tiles_do_not_paint_all_in_between(six: Held, monkeypatch: pytest.MonkeyPatch) -> None:
    six.qtbot.wait(50)
    painted: list[str] = []
    content = TileDelegate._paint_content
    monkeypatch.setattr(
        TileDelegate, "_paint_content", lambda self, *rest: (painted.append(rest[-1].device), content(self, *rest))[1]
    )
    six.wall.repaint_devices([made.device(1), made.device(6)])
    six.qtbot.waitUntil(lambda: bool(painted), timeout=2000)
    assert sorted(painted) == ["LAPTOP-01", "LAPTOP-06"]
