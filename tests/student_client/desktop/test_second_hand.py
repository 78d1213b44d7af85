"""The tick of countdowns."""

import time

from pytestqt.qtbot import QtBot

from student_client.desktop.second_hand import SecondHand
from student_client.desktop.words import remaining


def test_ticks_when_what_is_shown_has_changed_and_stops_at_the_end(qtbot: QtBot) -> None:
    end = time.time() + 2.3
    shown: list[str] = []
    hand = SecondHand()
    hand.tick.connect(lambda: shown.append(remaining(end - time.time())))
    hand.follow(end, end - 60)
    qtbot.waitUntil(lambda: not hand.running, timeout=4000)
    assert shown == ["0:02", "0:01", "0:00"]


def test_stands_still_when_there_is_nothing_to_follow(qtbot: QtBot) -> None:
    hand = SecondHand()
    hand.follow(time.time() + 100)
    assert hand.running
    hand.follow()
    assert not hand.running
    hand.follow(time.time() - 1, 0)
    assert not hand.running
