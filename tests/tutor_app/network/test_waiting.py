"""Mailbox, event queue, wake: what waits between the network's thread and the window's."""

from collections.abc import Sequence
from threading import Thread

import pytest

from protocol.messages import Frame, Stream, Watch
from tests.kit import frame
from tests.tutor_app.network.devices import status
from tutor_app.classroom.events import LinkLost, NetworkProblem, StatusTold
from tutor_app.network.event_queue import EventQueue
from tutor_app.network.mailbox import Mailbox, Picture
from tutor_app.network.wake import Wake

ASK = Watch(watch=1, stream=Stream.TILE, width=16, height=9, interval_ms=1000)


def picture(number: int) -> Frame:
    return frame(ASK, number)


def told(device: str, application: str) -> StatusTold:
    return StatusTold(device=device, status=status(application=application), at=1.0)


def lost(device: str) -> LinkLost:
    return LinkLost(device=device, why="", at=1.0)


class TestMailbox:
    def test_the_latest_picture_of_each_stream_waits(self) -> None:
        box = Mailbox()
        box.put("A", Stream.TILE, picture(1))
        box.put("A", Stream.TILE, picture(2))
        box.put("A", Stream.FOCUS, picture(3))
        box.put("B", Stream.TILE, picture(4))
        assert box.replaced == 1
        assert [(one.device, one.stream, one.shown.sequence) for one in box.drain()] == [
            ("A", Stream.FOCUS, 3),  # the focus view first
            ("A", Stream.TILE, 2),
            ("B", Stream.TILE, 4),
        ]
        assert box.drain() == []

    def test_no_more_than_the_limit_and_nobody_is_forgotten(self) -> None:
        bells: list[int] = []
        box = Mailbox(on_wake=lambda: bells.append(1))
        for device in "ABCDE":
            box.put(device, Stream.TILE, picture(1))
        assert len(bells) == 1
        assert [one.device for one in box.drain(2)] == ["A", "B"]
        assert len(bells) == 2  # three are left
        box.put("A", Stream.TILE, picture(2))
        assert [one.device for one in box.drain(3)] == ["C", "D", "E"]
        assert [one.device for one in box.drain(3)] == ["A"]
        assert len(bells) == 3

    def test_the_focus_view_is_drained_alone_and_has_a_bell_of_its_own(self) -> None:
        bells: list[int] = []
        box = Mailbox(on_wake=lambda: bells.append(1))
        box.put("A", Stream.TILE, picture(1))
        box.put("A", Stream.FOCUS, picture(2))
        assert len(bells) == 2
        assert [one.stream for one in box.drain(1, (Stream.FOCUS,))] == [Stream.FOCUS]
        box.put("B", Stream.TILE, picture(3))
        assert len(bells) == 2, "looking after the focus view does not make every tile ring"
        box.put("A", Stream.FOCUS, picture(4))
        assert len(bells) == 3
        assert [one.device for one in box.drain(64, (Stream.TILE,))] == ["A", "B"]
        assert len(box) == 1

    def test_what_is_drained_is_credited_and_nothing_else(self) -> None:
        credited: list[Sequence[Picture]] = []
        box = Mailbox(on_drained=credited.append)
        box.put("A", Stream.TILE, picture(1))
        box.put("B", Stream.TILE, picture(1))
        box.forget("B", Stream.TILE)
        drained = box.drain()
        assert [one.device for one in drained] == ["A"]
        assert credited == [drained]
        box.drain()
        assert len(credited) == 1


class TestEventQueue:
    def test_order_is_kept_and_a_waiting_status_replaced(self) -> None:
        queue = EventQueue()
        for event in (told("A", "1"), told("B", "1"), told("A", "2"), lost("A"), told("A", "3"), told("A", "4")):
            queue.put(event)
        assert queue.take() == [told("A", "2"), told("B", "1"), lost("A"), told("A", "4")]
        assert queue.take() == []
        queue.put(told("A", "5"))
        assert queue.take() == [told("A", "5")]

    def test_what_does_not_fit_is_counted_and_said(self) -> None:
        queue = EventQueue(bound=3)
        for _ in range(5):
            queue.put(lost("A"))
        queue.put(told("A", "1"))
        events = queue.take()
        assert events[:3] == [lost("A")] * 3
        assert isinstance(events[3], NetworkProblem)
        assert "3 messages" in events[3].sentence
        assert queue.lost == 3
        queue.put(lost("B"))
        assert queue.take() == [lost("B")]

    def test_ten_thousand_is_the_product_s_bound(self) -> None:
        queue = EventQueue()
        for number in range(12_000):
            queue.put(lost(str(number)))
        assert len(queue) == 10_000

    def test_the_bell_rings_once_until_somebody_takes(self) -> None:
        bells: list[int] = []
        queue = EventQueue(lambda: bells.append(1))
        queue.put(lost("A"))
        queue.put(lost("B"))
        assert len(bells) == 1
        queue.take()
        queue.put(lost("C"))
        assert len(bells) == 2


def test_a_bell_may_ring_in_any_thread_and_look_inside_the_ring() -> None:
    rings: list[int] = []
    wake = Wake(lambda: (rings.append(1), wake.looked()))
    threads = [Thread(target=lambda: [wake.ring() for _ in range(1000)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert len(rings) > 0
    Wake(None).ring()


@pytest.mark.parametrize("drains", [1, 7, 64])
def test_pictures_cross_threads_without_loss(drains: int) -> None:
    box = Mailbox()
    devices = [f"L{number}" for number in range(50)]
    seen: dict[str, int] = {}

    def produce() -> None:
        for number in range(1, 41):
            for device in devices:
                box.put(device, Stream.TILE, picture(number))

    producer = Thread(target=produce)
    producer.start()
    while producer.is_alive() or len(box):
        for one in box.drain(drains):
            assert one.shown.sequence > seen.get(one.device, 0)
            seen[one.device] = one.shown.sequence
    assert seen == dict.fromkeys(devices, 40)
