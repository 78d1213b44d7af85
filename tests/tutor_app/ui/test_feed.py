"""Where the network meets the window: a turn ends within its time, and nothing is forgotten for the next."""

import threading
from collections.abc import Iterator

import msgspec
import pytest
from PySide6.QtCore import QBuffer, QByteArray, QIODevice
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from protocol.messages import Frame, Patches, Stream
from tests.tutor_app.ui import synthetic as made
from tutor_app.classroom.events import Blank, TileSeen
from tutor_app.ui import feed as feed_module
from tutor_app.ui.feed import FOCUS_A_SECOND, FOCUS_IN_A_BURST, PAUSE, TURN, Feed
from tutor_app.ui.pictures import Pictures


class Ticks:
    """A clock that only decoding moves on."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


@pytest.fixture
def wire() -> made.FakeWire:
    return made.FakeWire()


@pytest.fixture
def pictures(qapp: QApplication) -> Pictures:
    return Pictures()


@pytest.fixture
def feed(pictures: Pictures, ticks: Ticks, wire: made.FakeWire) -> Iterator[Feed]:
    feed = Feed(pictures, clock=ticks)
    feed.connect_wire(wire)
    feed._timer.stop()
    yield feed
    feed.stop()


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch, ticks: Ticks) -> None:
    """Decoding one tile takes 2 ms by the clock."""

    def decode(_jpeg: bytes) -> QImage:
        ticks.now += 0.002
        return QImage(2, 2, QImage.Format.Format_RGB32)

    monkeypatch.setattr(feed_module, "decode", decode)


def fill(wire: made.FakeWire, number: int, stream: Stream = Stream.TILE) -> None:
    frame = made.frame(made.screen(1, 64, 36))
    wire.mailbox.waiting = [(f"LAPTOP-{one}", stream, frame) for one in range(number)]


def test_a_turn_ends_within_its_time_and_leaves_the_rest(
    feed: Feed, wire: made.FakeWire, ticks: Ticks, slow: None
) -> None:
    feed._cost = 0.0021
    fill(wire, 100)
    begun = ticks.now
    feed.turn()
    assert ticks.now - begun <= TURN
    assert 100 - len(wire.mailbox.waiting) in (3, 4)
    assert feed._timer.isActive(), "what is left gets a turn of its own, whoever rings"


def test_what_a_tile_costs_is_learnt(feed: Feed, wire: made.FakeWire, ticks: Ticks, slow: None) -> None:
    fill(wire, 400)
    over = []
    for _ in range(30):
        begun = ticks.now
        feed.turn()
        over.append(ticks.now - begun - TURN)
    assert max(over[-5:]) <= 1e-9


def test_everything_is_taken_when_there_is_time(feed: Feed, wire: made.FakeWire, pictures: Pictures) -> None:
    fill(wire, 3)
    shown: list[TileSeen] = []
    feed.shown.connect(shown.extend)
    feed.turn()
    assert [seen.device for seen in shown] == ["LAPTOP-0", "LAPTOP-1", "LAPTOP-2"]
    picture = pictures.get("LAPTOP-2")
    assert picture is not None
    assert (picture.width(), picture.height()) == (64, 36)
    assert not feed._timer.isActive()


def test_a_tile_out_of_sight_is_read_when_somebody_looks(
    feed: Feed, wire: made.FakeWire, pictures: Pictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_module, "may_be_blank", lambda *_: False)
    pictures.look_at({"LAPTOP-1"})
    before = QImage(2, 2, QImage.Format.Format_RGB32)
    pictures.put("LAPTOP-0", before)
    fill(wire, 2)
    shown: list[TileSeen] = []
    feed.shown.connect(shown.extend)
    feed.turn()
    assert [seen.device for seen in shown] == ["LAPTOP-0", "LAPTOP-1"], "both have come"
    assert (set(pictures._unread), set(pictures._by_device)) == ({"LAPTOP-0"}, {"LAPTOP-1"})
    picture = pictures.get("LAPTOP-0")
    assert picture is not None
    assert (picture.width(), picture.height()) == (64, 36), "the new one, not the one before"
    assert not pictures._unread


def test_a_blank_screen_out_of_sight_is_found_all_the_same(feed: Feed, wire: made.FakeWire, pictures: Pictures) -> None:
    pictures.look_at(set())
    black = QImage(320, 180, QImage.Format.Format_RGB32)
    black.fill(0)
    wire.mailbox.waiting = [("LAPTOP-1", Stream.TILE, made.frame(black))]
    shown: list[TileSeen] = []
    feed.shown.connect(shown.extend)
    feed.turn()
    assert [seen.blank for seen in shown] == [Blank.BLACK]


def test_events_come_before_pictures(feed: Feed, wire: made.FakeWire) -> None:
    order: list[str] = []
    feed.happened.connect(lambda _: order.append("events"))
    feed.shown.connect(lambda _: order.append("pictures"))
    wire.waiting = made.arrives(1)
    fill(wire, 1)
    feed.turn()
    assert order == ["events", "pictures"]


@pytest.mark.qt_log_ignore("JPEG datastream contains no image")
@pytest.mark.parametrize(
    "jpeg",
    [b"\xff\xd8\xff\xd9", b"\x89PNG\r\n\x1a\n" + b"\0" * 64, b"GIF89a" + b"\0" * 64, made.__doc__.encode()],  # type: ignore[union-attr]
)
def test_what_is_no_jpeg_never_becomes_a_picture(
    feed: Feed, wire: made.FakeWire, pictures: Pictures, jpeg: bytes
) -> None:
    honest = made.frame(made.screen(1, 64, 36))
    forged = Frame(**{name: getattr(honest, name) for name in Frame.__struct_fields__} | {"jpeg": jpeg})
    wire.mailbox.waiting = [("LAPTOP-1", Stream.TILE, forged)]
    feed.turn()
    assert pictures.get("LAPTOP-1") is None
    assert (feed.tiles, feed.unreadable) == (0, 1)


@pytest.mark.qt_log_ignore("JPEG datastream contains no image")
def test_a_tile_out_of_sight_that_is_no_jpeg_counts_as_unreadable_once_it_is_looked_at(
    feed: Feed, wire: made.FakeWire, pictures: Pictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_module, "may_be_blank", lambda *_: False)
    told: list[tuple[str, bool]] = []
    feed.readable.connect(lambda *what: told.append(what))
    pictures.look_at(set())
    frame = made.frame(made.screen(1, 64, 36))
    wire.mailbox.waiting = [("LAPTOP-1", Stream.TILE, msgspec.structs.replace(frame, jpeg=b"\xff\xd8\xff\xd9"))]
    feed.turn()
    assert feed.unreadable == 0, "nobody has tried"
    assert pictures.get("LAPTOP-1") is None
    assert pictures.get("LAPTOP-1") is None
    assert (feed.unreadable, told) == (1, [("LAPTOP-1", False)])
    assert pictures.is_unreadable("LAPTOP-1")
    wire.mailbox.waiting = [("LAPTOP-1", Stream.TILE, frame)]
    feed.turn()
    assert not pictures.is_unreadable("LAPTOP-1")
    assert told[1:] == [("LAPTOP-1", True)]


def test_other_formats_are_refused_even_where_qt_could_read_them(feed: Feed) -> None:
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    made.screen(1, 64, 36).save(buffer, "PNG")  # type: ignore[call-overload]
    assert QImage.fromData(data).width() == 64
    assert feed_module.decode(bytes(data.data())) is None


def test_rings_from_the_networks_thread_wake_the_window_at_most_thirty_times_a_second(
    qtbot: QtBot, wire: made.FakeWire, pictures: Pictures
) -> None:
    feed = Feed(pictures)
    turns: list[list[object]] = []
    feed.happened.connect(turns.append)
    taken = 0

    def events() -> list[object]:
        nonlocal taken
        taken += 1
        return [taken]

    wire.events = events  # type: ignore[method-assign, assignment]
    feed.connect_wire(wire)
    stop = threading.Event()

    def ring() -> None:
        while not stop.wait(0.001):
            feed.wake()

    thread = threading.Thread(target=ring, name="ringing")
    thread.start()
    qtbot.wait(500)
    stop.set()
    thread.join()
    feed.stop()
    assert 8 <= len(turns) <= 0.5 / PAUSE + 2


def wide(sequence: int = 1) -> Patches:
    """A screen too large to be read in the window's thread."""
    return made.patches(made.screen(2, 960, 540), sequence=sequence)


def test_what_comes_for_the_focus_view_is_read_at_once_without_a_turn(
    qtbot: QtBot, feed: Feed, wire: made.FakeWire
) -> None:
    got: list[int] = []
    feed.focused.connect(lambda _device, _strips, shown: got.append(shown.sequence))
    small = made.patches(made.screen(1, 64, 36))
    wire.mailbox.waiting = [("LAPTOP-1", Stream.FOCUS, small)]
    feed._look()
    assert got == [1], "a small one is read before the ring is over"


def test_large_patches_are_read_elsewhere_and_none_is_lost(qtbot: QtBot, feed: Feed, wire: made.FakeWire) -> None:
    got: list[tuple[int, int]] = []
    feed.focused.connect(
        lambda _device, strips, shown: got.append((shown.sequence, sum(one.width * one.height for one in strips)))
    )
    wire.mailbox.waiting = [("LAPTOP-1", Stream.FOCUS, wide(1))]
    feed._look()
    wire.mailbox.waiting = [("LAPTOP-1", Stream.FOCUS, wide(2))]
    feed._look()
    assert got == [], "nothing is read in the window's thread"
    assert len(wire.mailbox.waiting) == 1, "the next one keeps its credit until the last was read"
    qtbot.waitUntil(lambda: got == [(1, 960 * 540), (2, 960 * 540)], timeout=3000)


def test_bursts_for_the_focus_view_are_spaced(qtbot: QtBot, feed: Feed, wire: made.FakeWire, ticks: Ticks) -> None:
    got: list[int] = []
    feed.focused.connect(lambda _device, _strips, shown: got.append(shown.sequence))
    small = made.screen(1, 64, 36)
    for number in range(1, 6):
        wire.mailbox.waiting.append(("LAPTOP-1", Stream.FOCUS, made.patches(small, sequence=number)))
        feed._look()
    assert got == list(range(1, FOCUS_IN_A_BURST + 1))
    assert feed._spacing.isActive()
    for number in range(FOCUS_IN_A_BURST + 1, 6):
        ticks.now += 1 / FOCUS_A_SECOND + 1e-9
        feed._look()
        assert got[-1] == number
    assert len(got) == 5


def test_patches_that_cannot_be_read_are_left_out(feed: Feed, wire: made.FakeWire) -> None:
    got: list[int] = []
    feed.focused.connect(lambda _device, strips, _shown: got.append(len(strips)))
    honest = made.patch(made.screen(1, 64, 36))
    torn = msgspec.structs.replace(honest, jpeg=honest.jpeg[:200])
    wire.mailbox.waiting = [("LAPTOP-1", Stream.FOCUS, made.patches(made.screen(1, 64, 36), patches=(torn, honest)))]
    feed._look()
    assert got == [1]
    assert feed._large.unreadable == 1


def test_after_stop_nothing_is_taken(feed: Feed, wire: made.FakeWire) -> None:
    fill(wire, 3)
    feed.stop()
    feed.turn()
    assert len(wire.mailbox.waiting) == 3


def test_a_flood_of_events_is_spread_over_turns_and_keeps_its_order(
    feed: Feed, wire: made.FakeWire, ticks: Ticks
) -> None:
    heard: list[object] = []

    def slowly(events: list[object]) -> None:
        ticks.now += 0.0001 * len(events)
        heard.extend(events)

    feed.happened.connect(slowly)
    flood = [event for number in range(1, 101) for event in made.arrives(number)]
    wire.waiting = list(flood)
    fill(wire, 1)
    begun = ticks.now
    feed.turn()
    assert ticks.now - begun < TURN + 0.004
    assert 0 < len(heard) < len(flood)
    assert len(wire.mailbox.waiting) == 1, "pictures wait for what happened before them"
    while feed._timer.isActive():
        feed._timer.stop()
        feed.turn()
    assert heard == flood
    assert wire.mailbox.waiting == []
