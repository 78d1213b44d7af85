"""The stall watch measures what it should."""

import time

from pytestqt.qtbot import QtBot

from tutor_app.ui.stall import INTERVAL, StallWatch


def test_the_longest_hold_up_is_kept(qtbot: QtBot) -> None:
    watch = StallWatch()
    watch.start()
    qtbot.wait(50)
    time.sleep(0.12)
    qtbot.wait(50)
    watch.stop()
    assert 0.1 <= watch.longest < 0.3


def test_time_before_the_start_does_not_count() -> None:
    now = 5.0
    watch = StallWatch(clock=lambda: now)
    watch.start()
    now += INTERVAL
    watch.look()
    assert watch.longest < 1e-9
    watch.stop()
