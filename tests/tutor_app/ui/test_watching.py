"""What is asked of the network follows what can be seen."""

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QInputDialog

from protocol.messages import Stream
from tests.tutor_app.ui import synthetic as made
from tests.tutor_app.ui.conftest import CTRL, Held
from tutor_app.classroom.budget import Share
from tutor_app.network.traffic import Tiles
from tutor_app.network.wishes import WatchAsk
from tutor_app.ui.watching import SEEN_EVERY, UNSEEN_EVERY, tile_asks


def asks(held: Held, every: int) -> set[str]:
    return {
        device for (device, stream), ask in held.wire.asks.items() if stream is Stream.TILE and ask.interval_ms == every
    }


def test_the_unseen_are_asked_seldom_in_the_size_they_had() -> None:
    before = {"b": WatchAsk(stream=Stream.TILE, width=100, height=56, interval_ms=SEEN_EVERY)}
    wanted = tile_asks(["a", "b", "c"], {"a"}, QSize(200, 112), before, lambda _: Share())
    assert {device: (ask.width, ask.interval_ms) for device, ask in wanted.items()} == {
        "a": (200, SEEN_EVERY),
        "b": (100, UNSEEN_EVERY),
        "c": (200, UNSEEN_EVERY),
    }


def test_tiles_are_asked_for_in_the_size_they_are_shown(lesson: Held) -> None:
    lesson.qtbot.waitUntil(lambda: bool(asks(lesson, SEEN_EVERY)))
    lesson.page.watching.settle()
    ask = lesson.wire.asks["LAPTOP-01", Stream.TILE]
    assert (ask.width, ask.height) == (lesson.wall.picture_size().width(), lesson.wall.picture_size().height())
    assert 16 / 9 - 0.02 < ask.width / ask.height < 2.02  # tiles stretch to fill the wall's width, to 2:1 at most


def test_scrolling_changes_who_is_asked_often(hold: Callable[..., Held]) -> None:
    held = hold(60, (900, 640))
    held.arrive(*range(1, 61), picture=False)
    held.qtbot.waitUntil(lambda: "LAPTOP-01" in asks(held, SEEN_EVERY), timeout=2000)
    assert "LAPTOP-60" in asks(held, UNSEEN_EVERY)
    held.wall.scrollToBottom()
    held.qtbot.waitUntil(lambda: "LAPTOP-60" in asks(held, SEEN_EVERY), timeout=2000)
    assert "LAPTOP-01" in asks(held, UNSEEN_EVERY)


def test_filtered_away_is_asked_seldom(lesson: Held) -> None:
    lesson.wall_page.filters.field.setText("student 03")
    lesson.qtbot.waitUntil(lambda: asks(lesson, SEEN_EVERY) == {"LAPTOP-03"}, timeout=2000)
    assert len(asks(lesson, UNSEEN_EVERY)) == 29


def test_behind_the_large_view_tiles_are_asked_seldom(lesson: Held) -> None:
    lesson.page.open_student("LAPTOP-02")
    lesson.qtbot.waitUntil(lambda: not asks(lesson, SEEN_EVERY), timeout=2000)
    assert ("LAPTOP-02", Stream.FOCUS) in lesson.wire.asks
    lesson.page.leave_student()
    lesson.qtbot.waitUntil(lambda: "LAPTOP-02" in asks(lesson, SEEN_EVERY), timeout=2000)


def test_a_slider_under_way_asks_once_it_rests(lesson: Held) -> None:
    lesson.page.watching.settle()
    lesson.wire.told.clear()
    for _ in range(4):
        lesson.press(Qt.Key.Key_Plus, CTRL)
        lesson.qtbot.wait(20)
    assert not [what for what, _ in lesson.wire.told if what == "watch"]
    width = lesson.wall.picture_size().width()
    lesson.qtbot.waitUntil(lambda: lesson.wire.asks["LAPTOP-01", Stream.TILE].width == width, timeout=2000)
    asked = [device for what, device in lesson.wire.told if what == "watch"]
    assert len(asked) == len(set(asked)), "each tile was asked for once"


def test_a_minimised_window_asks_for_nothing(lesson: Held) -> None:
    lesson.page.open_student("LAPTOP-02")
    lesson.page.watching.away(True)
    assert lesson.wire.asks == {}
    lesson.page.watching.away(False)
    assert len(asks(lesson, UNSEEN_EVERY)) == 30


def test_newcomers_are_asked_for(lesson: Held) -> None:
    lesson.arrive(31, picture=False)
    lesson.qtbot.waitUntil(lambda: ("LAPTOP-31", Stream.TILE) in lesson.wire.asks, timeout=2000)


def test_after_the_lesson_nothing_is_asked_and_nobody_stays_in_focus(lesson: Held) -> None:
    lesson.page.open_student("LAPTOP-02")
    lesson.run.end()
    lesson.wire.told.clear()
    assert not [key for key in lesson.wire.asks if key[1] is Stream.FOCUS]
    lesson.page.watching.later()
    lesson.page.watching.settle()
    lesson.page.watching.focus("LAPTOP-01", 0, QSize(100, 100))
    assert lesson.wire.told == []


def test_monitors_are_asked_for_in_their_own_pixels(lesson: Held) -> None:
    two = (
        made.MonitorFacts(index=1, name="eDP-1", width=1920, height=1080),
        made.MonitorFacts(index=2, name="HDMI-1", width=2560, height=1440),
    )
    lesson.run.take(made.arrives(2, monitors=two))
    lesson.page.open_student("LAPTOP-02")
    view = lesson.page.focus_view
    assert view._monitor.isVisible()
    ask = lesson.wire.asks["LAPTOP-02", Stream.FOCUS]
    assert (ask.monitor, ask.width, ask.height, ask.interval_ms) == (0, 3840, 2160, 33)
    view._monitor.setCurrentIndex(2)
    view._monitor.activated.emit(2)
    ask = lesson.wire.asks["LAPTOP-02", Stream.FOCUS]
    assert (ask.monitor, ask.width, ask.height) == (2, 3840, 2160)
    lesson.wire.told.clear()
    lesson.press(Qt.Key.Key_1)
    lesson.press(Qt.Key.Key_Minus)
    lesson.window.resize(1200, 700)
    lesson.qtbot.wait(50)
    assert ("watch", "LAPTOP-02") not in lesson.wire.told, "the screen comes in its own pixels, however it is shown"


def test_the_budget_slows_who_takes_too_much_and_the_status_line_says_how_much_is_used(lesson: Held) -> None:
    lesson.page.watching.settle()
    lesson.page.set_budget(2)
    lesson.page.watching.measure(lesson.clock.now + 10)
    busy = {made.device(number): Tiles(10, 10 * 60_000) for number in range(1, 7)}
    lesson.wire.received = busy | {made.device(7): Tiles(1, 9_000)}
    lesson.page.watching.measure(lesson.clock.now + 20)
    slowed = lesson.wire.asks["LAPTOP-01", Stream.TILE]
    assert slowed.interval_ms >= 1500
    assert lesson.wire.asks["LAPTOP-07", Stream.TILE].interval_ms == SEEN_EVERY
    lesson.wall_page._second()
    assert "2.9 of 2 Mbit/s" in lesson.wall_page.status.text
    assert lesson.run.classroom.students["LAPTOP-01"].proof.every == slowed.interval_ms / 1000


def test_the_budget_is_chosen_in_the_menu_and_remembered(lesson: Held) -> None:
    menus = {action.text(): action.menu() for action in lesson.window.menuBar().actions()}
    budget = next(one.menu() for one in menus["&View"].actions() if one.text() == "Network for the wall")
    next(one for one in budget.actions() if "Wi-Fi" in one.text()).trigger()
    assert lesson.page.budget.limit == 5 * 125_000
    assert lesson.remembered.number("wall-mbit", 20) == 5
    next(one for one in budget.actions() if "Own" in one.text()).trigger()
    dialog = lesson.dialog()
    assert isinstance(dialog, QInputDialog)
    dialog.setIntValue(12)
    dialog.accept()
    assert lesson.page.budget.limit == 12 * 125_000
