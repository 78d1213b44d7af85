"""The wall: what is shown, chosen, found, and what its words say to eyes and screen readers."""

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import pytest
from PySide6.QtCore import QEvent, QObject, QPoint, Qt
from PySide6.QtGui import QImage, QPaintEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QLabel, QLineEdit, QSlider, QWidget

from protocol.messages import Reason
from tests.tutor_app.ui import synthetic as made
from tests.tutor_app.ui.conftest import CTRL, SHIFT, Held
from tutor_app.classroom.arrange import Filter, Sort
from tutor_app.classroom.events import NetworkProblem, StatusTold, TileSeen
from tutor_app.ui.tile_delegate import GAP
from tutor_app.ui.wall_model import Role
from tutor_app.ui.why_popover import WhyPopover


def on_the_glass(held: Held) -> QImage:
    port = held.wall.viewport()
    place = port.mapTo(held.window, QPoint(0, 0))
    return held.window.screen().grabWindow(held.window.winId(), *place.toTuple(), *port.size().toTuple()).toImage()


def names(held: Held) -> list[str]:
    model = held.wall_page.model
    return [model.index(row).data() for row in range(model.rowCount())]


def chips(held: Held) -> list[str]:
    return [chip.text().strip() for chip in held.wall_page.filters._chips.values()]


# ── what is shown ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_chips_count_and_filter(lesson: Held) -> None:
    lesson.run.take([made.locked(2, 300, lesson.clock.now)])
    lesson.run.flag(["LAPTOP-03"], "off-task", "")
    lesson.qtbot.waitUntil(
        lambda: chips(lesson) == ["All 30", "Live 6", "Help 0", "Flagged 1", "Locked 1", "Missing 24"], timeout=2000
    )
    lesson.wall_page.filters.choose(Filter.LOCKED)
    assert names(lesson) == ["Student 02"]
    lesson.wall_page.filters.choose(Filter.FLAGGED)
    assert names(lesson) == ["Student 03"]
    lesson.wall_page.filters.choose(Filter.LIVE)
    assert len(names(lesson)) == 6
    lesson.run.take([made.lost(4, lesson.clock.now)])
    assert "Student 04" not in names(lesson), "a filter follows what happens"


def test_sorting_by_state_puts_trouble_first(lesson: Held) -> None:
    lesson.run.take([made.refused(9, Reason.BUSY, "In another lesson.", lesson.clock.now)])
    lesson.run.take([made.lost(5, lesson.clock.now)])
    lesson.wall_page.filters.sorted.emit(Sort.STATE)
    assert names(lesson)[:2] == ["Student 09", "Student 05"]
    lesson.wall_page.filters.sorted.emit(Sort.NAME)
    assert names(lesson)[0] == "Student 01"


def test_a_selection_survives_sorting_and_finding(lesson: Held) -> None:
    lesson.select(2, 5)
    lesson.run.take([made.lost(5, lesson.clock.now)])
    lesson.wall_page.filters.sorted.emit(Sort.STATE)
    assert names(lesson)[0] == "Student 05"
    assert lesson.wall.selected() == ["LAPTOP-05", "LAPTOP-02"]
    lesson.wall_page.filters.searched.emit("05")
    assert lesson.wall.selected() == ["LAPTOP-05"]


def test_an_empty_result_says_so(lesson: Held) -> None:
    lesson.wall_page.filters.field.setText("zebra")
    assert lesson.wall.nothing() == "No student matches “zebra”. Esc shows everybody again."


def test_a_laptop_outside_the_register_joins_in_its_place(lesson: Held) -> None:
    lesson.arrive(31)
    assert names(lesson)[-1] == "Student 31"
    assert lesson.wall_page.model.rowCount() == 31


def test_searching_is_said_then_what_to_check_then_the_wall(hold: Callable[..., Held]) -> None:
    held = hold(30)
    page = held.wall_page
    assert page.middle.currentWidget() is page.empty
    assert page.empty.text.startswith("Looking for the laptops of 10B")
    held.passes(9)
    assert page.empty.text.startswith("No laptop has been found yet")
    assert "30 laptops" in page.empty.text
    held.arrive(1)
    assert page.middle.currentWidget() is held.wall
    assert page.side.isVisible()


def test_the_expected_can_be_shown_before_anybody_came(hold: Callable[..., Held]) -> None:
    held = hold(4)
    held.wall_page.empty.wall_asked.emit()
    assert held.wall_page.middle.currentWidget() is held.wall
    assert held.wall_page.model.index(0).data(Role.TILE).headline == "Not seen yet"


# ── size ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_few_tiles_are_large_and_all_are_seen(hold: Callable[..., Held]) -> None:
    held = hold(4)
    held.arrive(1)
    wall = held.wall
    held.qtbot.waitUntil(lambda: wall.visualRect(held.wall_page.model.index(3)).isValid())
    assert wall.gridSize().width() > 400
    assert wall.viewport().rect().contains(wall.visualRect(held.wall_page.model.index(3)))
    assert not wall.verticalScrollBar().isVisible()


def test_the_slider_and_its_keys_size_the_tiles_and_ctrl_0_fits(lesson: Held) -> None:
    before = lesson.wall.gridSize().width()
    lesson.press(Qt.Key.Key_Plus, CTRL)
    lesson.press(Qt.Key.Key_Plus, CTRL)
    larger = lesson.wall.gridSize().width()
    assert larger > before
    assert lesson.remembered.number("tile-width", 0) > before
    lesson.press(Qt.Key.Key_Minus, CTRL)
    lesson.press(Qt.Key.Key_Minus, CTRL)
    lesson.press(Qt.Key.Key_Minus, CTRL)
    assert lesson.wall.gridSize().width() < larger
    lesson.press(Qt.Key.Key_0, CTRL)
    assert lesson.wall.gridSize().width() == before
    assert lesson.remembered.number("tile-width", 1) == 0


def test_columns_fill_the_width_without_a_gap(lesson: Held) -> None:
    for width in (900, 1000, 1111, 1366, 1777):
        lesson.window.resize(width, 800)
        lesson.qtbot.waitUntil(lambda width=width: lesson.window.width() == width)
        QApplication.processEvents()
        wall, model = lesson.wall, lesson.wall_page.model
        cell = wall.gridSize().width()
        columns = wall.maximumViewportSize().width() // cell
        rows = [wall.visualRect(model.index(row)).top() for row in range(columns + 1)]
        assert len(set(rows[:columns])) == 1, f"{columns} tiles stand in the first row at {width} pixels"
        assert rows[columns] > rows[0]
        assert wall.maximumViewportSize().width() - columns * cell < columns + 16


@pytest.mark.parametrize("size", [(1600, 900), (1366, 768)])
@pytest.mark.parametrize("number", [4, 12, 30])
def test_gaps_are_even_and_nothing_stays_empty_at_the_right(
    hold: Callable[..., Held], number: int, size: tuple[int, int]
) -> None:
    held = hold(number, size)
    held.arrive(1)
    wall, model = held.wall, held.wall_page.model
    held.qtbot.waitUntil(lambda: wall.visualRect(model.index(number - 1)).isValid())
    QApplication.processEvents()
    places = [wall.visualRect(model.index(row)) for row in range(number)]
    first = [place for place in places if place.top() == places[0].top()]
    assert {place.size() for place in places} == {wall.itemDelegate().cell}
    assert all(after.left() - before.right() == 1 for before, after in pairwise(first)), "cells hold their gap"
    assert places[len(first)].top() - places[0].bottom() == 1
    bar = wall.verticalScrollBar().sizeHint().width()
    left = wall.viewport().x() + first[0].left()
    right = wall.width() - bar - (wall.viewport().x() + first[-1].right())
    assert abs(left - right) <= 12 + len(first)
    tall = places[-1].bottom() + wall.gridSize().height() // 4 > wall.viewport().height()
    assert left < 40 or tall, "what is left beside few tiles is there because they fill the height"


# ── choosing ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_clicks_and_keys_choose(lesson: Held) -> None:
    wall, model = lesson.wall, lesson.wall_page.model
    centre = [wall.visualRect(model.index(row)).center() for row in range(6)]
    QTest.mouseClick(wall.viewport(), Qt.MouseButton.LeftButton, pos=centre[1])
    assert wall.selected() == ["LAPTOP-02"]
    QTest.mouseClick(wall.viewport(), Qt.MouseButton.LeftButton, SHIFT, centre[3])
    assert wall.selected() == ["LAPTOP-02", "LAPTOP-03", "LAPTOP-04"]
    QTest.mouseClick(wall.viewport(), Qt.MouseButton.LeftButton, CTRL, centre[2])
    assert wall.selected() == ["LAPTOP-02", "LAPTOP-04"]
    lesson.press(Qt.Key.Key_A, CTRL)
    assert len(wall.selected()) == 30
    lesson.press(Qt.Key.Key_Escape)
    assert wall.selected() == []
    wall.select("LAPTOP-01")
    lesson.press(Qt.Key.Key_Right)
    assert wall.selected() == ["LAPTOP-02"]
    lesson.press(Qt.Key.Key_Down)
    below = wall.selected()[0]
    assert wall.visualRect(model.index(model.row(below) or 0)).left() == wall.visualRect(model.index(1)).left()


def test_a_rubber_band_chooses_what_it_touches(lesson: Held) -> None:
    wall, model = lesson.wall, lesson.wall_page.model
    first, fifth = wall.visualRect(model.index(0)), wall.visualRect(model.index(4))
    start = first.topLeft() + QPoint(2, 2)  # between the tiles, where no tile can be taken hold of
    port = wall.viewport()
    assert GAP >= 4
    QTest.mousePress(port, Qt.MouseButton.LeftButton, pos=QPoint(start.x(), port.rect().bottom() - 2))
    for point in (QPoint(start.x() + 30, fifth.bottom()), fifth.center()):
        QTest.mouseMove(port, point)
    QTest.mouseRelease(port, Qt.MouseButton.LeftButton, pos=fifth.center())
    chosen = wall.selected()
    assert len(chosen) > 6
    assert "LAPTOP-05" in chosen
    assert "LAPTOP-06" not in chosen


# ── words ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_peers_text_is_shown_as_it_is_written(hold: Callable[..., Held]) -> None:
    held = hold(3)
    markup = "<b>x</b><img src=file:///etc/passwd> &amp;"
    held.run.take(made.arrives(1, application=markup, user=markup, host=markup))
    held.arrive(2)
    model = held.wall_page.model
    index = model.index(0)
    assert index.data(Role.TILE).aside == markup
    tip = index.data(Qt.ItemDataRole.ToolTipRole)
    assert "<b>x</b>" not in tip
    assert "&lt;b&gt;x&lt;/b&gt;&lt;img src=file:///etc/passwd&gt; &amp;amp;" in tip
    held.page.open_student("LAPTOP-01")
    assert held.page.focus_view._facts.text.startswith(markup)
    for label in held.window.findChildren(QLabel):
        assert label.textFormat() is Qt.TextFormat.PlainText, label.text()


def test_tiles_speak(lesson: Held) -> None:
    lesson.run.take([made.locked(2, 521, lesson.clock.now)])
    index = lesson.wall_page.model.index(1)
    assert index.data(Qt.ItemDataRole.AccessibleTextRole) == "Student 02, Locked · 8:41 left, by you"


def test_every_control_has_an_accessible_name(lesson: Held) -> None:
    for kind in (QAbstractButton, QComboBox, QLineEdit, QSlider):
        for control in lesson.window.findChildren(kind):
            if control.isVisible():
                named = control.accessibleName() or getattr(control, "text", str)()
                assert named, f"{control} has no name"


def test_why_opens_by_click_enter_and_question_mark(lesson: Held) -> None:
    wall, model = lesson.wall, lesson.wall_page.model
    row = model.row("LAPTOP-12")
    assert row is not None
    index = model.index(row)
    place = wall._delegate.why_rect(wall.visualRect(index), index.data(Role.TILE))
    QTest.mouseClick(wall.viewport(), Qt.MouseButton.LeftButton, pos=place.center())
    popover = lesson.wall_page.findChild(WhyPopover)
    assert popover is not None
    assert popover.accessibleName() == "Student 12 has not been seen in this lesson"
    QTest.keyClick(popover, Qt.Key.Key_Escape)
    lesson.qtbot.waitUntil(lambda: lesson.wall_page.findChild(WhyPopover) is None)
    for key in (Qt.Key.Key_Return, Qt.Key.Key_Question):
        wall.select("LAPTOP-12")
        lesson.press(key)
        found = lesson.wall_page.findChild(WhyPopover)
        assert found is not None
        found.close()
        lesson.qtbot.waitUntil(lambda: lesson.wall_page.findChild(WhyPopover) is None)
    assert lesson.page.focused == ""


def test_who_is_expected_and_missing_is_named(lesson: Held) -> None:
    lesson.arrive(*range(7, 28))
    lesson.qtbot.waitUntil(
        lambda: (
            lesson.wall_page.side.absent_text == "Expected but not seen: 3 of 30\nStudent 28, Student 29, Student 30"
        ),
        timeout=2000,
    )
    lesson.arrive(28, 29, 30)
    lesson.qtbot.waitUntil(lambda: lesson.wall_page.side.absent_text == "", timeout=2000)


def test_the_status_line_tells_how_things_stand(lesson: Held) -> None:
    lesson.passes(2)
    assert lesson.wall_page.status.text == "6 live · 0.0 of 20 Mbit/s · All pictures current"


def test_a_picture_that_stands_still_while_somebody_types_is_said_in_words(lesson: Held) -> None:
    lesson.page.watching.settle()
    typing = StatusTold(device="LAPTOP-02", status=made.status(2, inputs=40), at=lesson.clock.now)
    lesson.run.take([typing])
    lesson.passes(17)
    tile = lesson.wall_page.model.index(1).data(Role.TILE)
    assert tile.badge.text == "Picture unchanged while typing"
    assert "Picture unchanged while typing" in tile.spoken
    assert "Oldest picture 17 s" in lesson.wall_page.status.text
    assert lesson.wall_page.model.index(2).data(Role.TILE).badge is None


def test_students_are_said_to_see_it_only_while_somebody_is_viewed(hold: Callable[..., Held]) -> None:
    lesson = hold(3)
    seen = lesson.wall_page.status._seen
    lesson.passes(1)
    assert seen.text() == "Nobody is viewed."
    lesson.arrive(1)
    lesson.passes(1)
    assert seen.text() == "Students can see that you are viewing."


def test_a_new_line_of_the_activity_list_is_whole_at_once(lesson: Held) -> None:
    lesson.arrive(1)
    QApplication.processEvents()
    lesson.run.message(["LAPTOP-01"], "Hello")
    side = lesson.wall_page.side
    room = lesson.run.classroom
    room._lines.replace(replace(room.activity[-1], text="Message → " + "somebody with a long name " * 5))
    side.show_activity(room.activity)
    for row in side.rows:
        words = row._runs
        assert row.isVisible()
        assert words.width() < side.width()
        assert words.height() >= words.heightForWidth(words.width())
    assert side.rows[0].geometry().bottom() < side.rows[1].geometry().top()


def test_time_moves_only_the_words_that_hold_it(lesson: Held) -> None:
    lesson.run.take([made.locked(2, 500, lesson.clock.now)])
    told: list[int] = []
    lesson.wall_page.model.dataChanged.connect(lambda top, *_: told.append(top.row()))
    lesson.passes(1)
    assert told == [1]
    lesson.run.take_shown([TileSeen("LAPTOP-04", lesson.clock.now)])
    assert told == [1], "a picture is painted anew without a word of the model's"


def test_a_tile_out_of_sight_says_the_time_only_when_asked(hold: Callable[..., Held]) -> None:
    held = hold(200)
    held.arrive(*range(1, 201), picture=False)
    held.run.take([made.locked(200, 500, held.clock.now)])
    model = held.wall_page.model
    assert made.device(200) not in held.wall.visible_devices()
    told: list[int] = []
    model.dataChanged.connect(lambda top, *_: told.append(top.row()))
    before = model.index(199).data(Role.TILE).headline
    held.passes(60)
    assert 199 not in told
    after = model.index(199).data(Role.TILE).headline
    assert before != after
    assert "left" in after


def test_a_thousand_answers_are_written_into_their_line_together(hold: Callable[..., Held]) -> None:
    held = hold(60)
    held.arrive(*range(1, 61), picture=False)
    side, times = held.wall_page.side, 0
    show = side.show_activity

    def count(*arguments: object, **options: object) -> None:
        nonlocal times
        times += 1
        show(*arguments, **options)  # type: ignore[arg-type]

    side.show_activity = count  # type: ignore[method-assign, assignment]
    held.run.lock([made.device(number) for number in range(1, 61)])
    for order in held.wire.orders:
        held.run.take([made.answered(order, at=held.clock.now)])
    held.qtbot.waitUntil(lambda: "60 confirmed" in side.rows[0].text, timeout=2000)
    assert times <= 5


def test_scrolling_paints_only_what_comes_into_sight(hold: Callable[..., Held]) -> None:
    held = hold(300, (1600, 900))
    held.arrive(*range(1, 301))
    held.wall.set_tile_width(200)
    held.qtbot.wait(300)  # what arriving has changed is painted
    painted: list[int] = []

    class Eye(QObject):
        def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
            if isinstance(event, QPaintEvent):
                painted.append(sum(rect.width() * rect.height() for rect in event.region()))
            return False

    eye = Eye()
    held.wall.viewport().installEventFilter(eye)
    held.wall.verticalScrollBar().setValue(40)
    held.qtbot.waitUntil(lambda: bool(painted))
    port = held.wall.viewport()
    assert sum(painted) < port.width() * port.height() / 4, "a strip, not the whole wall"
    scrolled = on_the_glass(held)
    held.wall.viewport().repaint()
    assert scrolled == on_the_glass(held), "and it is the same as painted anew"


def test_network_problems_stand_above_the_wall_until_they_are_over(lesson: Held) -> None:
    lesson.run.take([NetworkProblem(sentence="This computer has no network.", at=lesson.clock.now)])
    assert lesson.wall_page.notice.text == "This computer has no network."
    lesson.run.take([NetworkProblem(sentence="", at=lesson.clock.now)])
    assert lesson.wall_page.notice.text == ""


# ── room ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_side_panel_folds_on_small_screens_and_opens_on_request(hold: Callable[..., Held]) -> None:
    held = hold(6, (1366, 768))
    held.arrive(1)
    assert not held.wall_page.side.isVisible()
    held.press(Qt.Key.Key_F8)
    assert held.wall_page.side.isVisible()
    held.press(Qt.Key.Key_F8)
    assert not held.wall_page.side.isVisible()


def test_actions_keep_their_words_at_1366_and_move_into_more_below(hold: Callable[..., Held]) -> None:
    held = hold(6, (1366, 768))
    held.arrive(1)
    row = held.wall_page.bar._row
    shown = [one.words for one in row._buttons if one.isVisible()]
    every = ["Eyes on me", "Lock all", "Unlock all", "Message all", "Flag", "Rules", "End lesson"]
    assert shown[:4] == every[:4]
    assert shown + [action.text() for action in row._menu.actions()] == every
    assert held.wall_page.bar.rect().contains(row.geometry())
    held.window.resize(900, 768)
    held.qtbot.waitUntil(row.more.isVisible)
    assert [action.text() for action in row._menu.actions()][-1] == "End lesson"
    assert held.wall_page.bar.rect().contains(row.geometry())


@pytest.mark.parametrize("width", [1600, 1366, 1024, 800])
def test_nothing_in_the_filter_bar_lies_over_its_neighbour(lesson: Held, width: int) -> None:
    bar = lesson.wall_page.filters
    lesson.window.resize(width, 700)
    lesson.qtbot.waitUntil(lambda: bar.width() <= width)
    lesson.qtbot.wait(50)
    shown = sorted((one for one in bar.children() if isinstance(one, QWidget) and one.isVisible()), key=QWidget.x)
    assert len(shown) >= 8
    for left, right in pairwise(shown):
        assert left.geometry().right() < right.x(), (left, right)
    assert shown[-1].geometry().right() < width
