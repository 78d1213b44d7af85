"""The capture thread over the fake platform: what it sends, when it must not, and what it says when it fails."""

import dataclasses
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from msgspec.structs import replace

from protocol.jpeg import read_header
from protocol.messages import ScreenState, Stream
from student_client.backends.base import Away, Backends, CaptureError, Front, Unsupported
from student_client.backends.fake import Cue, FakeFacts, Script, fake_backends
from student_client.desktop import capture_work, desk
from student_client.desktop.capture_thread import CaptureThread
from student_client.desktop.capture_work import INDICATOR_LEASE, IndicatorSeen, Lesson
from student_client.local import DesktopFacts, NextPicture, Picture, ScreenPatches, StopCapture

RETRY_AFTER = 0.5  # instead of 3 s

Begin = Callable[[Backends], CaptureThread]


@pytest.fixture(autouse=True)
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capture_work, "RETRY_AFTER", RETRY_AFTER)


@pytest.fixture
def begin() -> Iterator[Begin]:
    threads: list[CaptureThread] = []

    def start(backends: Backends) -> CaptureThread:
        threads.append(CaptureThread(backends))
        threads[-1].start()
        return threads[-1]

    yield start
    for thread in threads:
        thread.close(patience=5)
        assert not thread.is_alive()


@pytest.fixture
def facts(until: Any) -> Callable[[CaptureThread, Callable[[DesktopFacts], bool]], DesktopFacts]:
    """Wait for facts of that kind."""

    def wait(thread: CaptureThread, fits: Callable[[DesktopFacts], bool]) -> DesktopFacts:
        def newest() -> Any:
            return next((told for told in thread.outbox.take_facts() if fits(told)), None)  # type: ignore[arg-type]

        found: DesktopFacts = until(newest)
        return found

    return wait


def pictures(thread: CaptureThread, seconds: float, confirm: bool = True) -> list[Picture]:
    """Take and credit what comes within the time, confirming the indicator all along."""
    end, got = time.monotonic() + seconds, []
    while time.monotonic() < end:
        if confirm:
            thread.order(IndicatorSeen(True))
        if (picture := thread.outbox.take_picture()) is not None:
            got.append(picture)
            thread.order(NextPicture(channel=picture.channel))
        time.sleep(0.02)
    return got


def test_pictures_follow_the_changes_and_keep_the_interval(begin: Begin, says: Any) -> None:
    thread = begin(fake_backends(Script(rate=50)))
    thread.order(IndicatorSeen(True))
    thread.order(says.capture(interval_ms=200))
    got = pictures(thread, 1.1)
    assert 4 <= len(got) <= 7
    headers = [read_header(picture.jpeg) for picture in got]
    assert {(header.width, header.height) for header in headers} == {(320, 180)}
    assert (got[0].screen_width, got[0].screen_height) == (1920, 1080)


def test_an_unchanged_screen_is_sent_once(begin: Begin, says: Any) -> None:
    thread = begin(fake_backends(Script(rate=0)))
    thread.order(says.capture())
    assert len(pictures(thread, 0.8)) == 1


def test_a_fast_channel_goes_on_while_a_slow_one_waits_for_its_time(begin: Begin, says: Any) -> None:
    thread = begin(fake_backends(Script(rate=50)))
    thread.order(IndicatorSeen(True))
    thread.order(says.capture(channel=1, interval_ms=15_000))
    thread.order(says.capture(channel=2, interval_ms=100))
    got = pictures(thread, 1.1)
    assert sum(picture.channel == 1 for picture in got) == 1
    assert sum(picture.channel == 2 for picture in got) >= 3


def test_without_credit_there_is_one_picture(begin: Begin, says: Any, until: Any) -> None:
    thread = begin(fake_backends(Script(rate=50)))
    thread.order(IndicatorSeen(True))
    thread.order(says.capture())
    first = until(thread.outbox.take_picture)
    time.sleep(0.4)
    assert thread.outbox.take_picture() is None
    thread.order(NextPicture(channel=first.channel))
    assert until(thread.outbox.take_picture).captured_at > first.captured_at


def test_no_picture_before_the_indicator_is_confirmed(begin: Begin, says: Any) -> None:
    thread = begin(fake_backends(Script(rate=50)))
    thread.order(says.capture())
    assert pictures(thread, 0.4, confirm=False) == []
    assert pictures(thread, 0.4)


def test_a_silent_qt_thread_stops_the_pictures_within_the_lease(begin: Begin, says: Any) -> None:
    thread = begin(fake_backends(Script(rate=50)))
    thread.order(says.capture())
    assert pictures(thread, 0.4)
    silent_since = time.time()
    late = pictures(thread, INDICATOR_LEASE + 0.5, confirm=False)
    assert all(picture.captured_at < silent_since + INDICATOR_LEASE + 0.1 for picture in late)
    assert pictures(thread, 0.3, confirm=False) == []


def test_a_hidden_indicator_is_told_and_takes_waiting_pictures_back(
    begin: Begin, says: Any, facts: Any, until: Any
) -> None:
    thread = begin(fake_backends(Script(rate=0)))
    thread.order(IndicatorSeen(True))
    thread.order(says.capture())
    until(lambda: thread.outbox._pictures)
    thread.order(IndicatorSeen(False))
    assert facts(thread, lambda told: told.screen == ScreenState.INDICATOR_HIDDEN).reason
    assert thread.outbox.take_picture() is None
    assert len(pictures(thread, 0.4)) == 1  # of the same unchanged screen: nobody has had it


def test_a_closed_channel_sends_nothing_more(begin: Begin, says: Any, until: Any) -> None:
    thread = begin(fake_backends(Script(rate=50)))
    thread.order(IndicatorSeen(True))
    thread.order(says.capture())
    until(lambda: thread.outbox._pictures)
    thread.order(StopCapture(channel=1))
    assert pictures(thread, 0.4) == []


def test_monitors_are_told_at_the_start_and_the_application_only_in_a_lesson(
    begin: Begin, facts: Any, until: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[str] = []
    monkeypatch.setattr(FakeFacts, "close", lambda _self: closed.append("closed"))
    thread = begin(fake_backends(Script(rate=0, cues=(Cue(0.0, ((1920, 1080), (1280, 1024))),))))
    told = facts(thread, lambda told: told.screen == ScreenState.LIVE)
    assert [(monitor.index, monitor.width) for monitor in told.monitors] == [(1, 1920), (2, 1280)]
    assert told.application == ""
    thread.order(Lesson(True))
    assert facts(thread, lambda told: bool(told.application)).application == "Writer — essay"
    assert not closed
    thread.order(Lesson(False))
    assert facts(thread, lambda told: not told.application)
    assert until(lambda: closed), "outside lessons nobody listens to the display"


def test_a_screen_that_fails_says_why_and_comes_back(begin: Begin, says: Any, facts: Any) -> None:
    cues = (Cue(0.0), Cue(0.5, fails="The screen is away."), Cue(1.0))
    thread = begin(fake_backends(Script(rate=50, cues=cues)))
    thread.order(says.capture())
    pictures(thread, 0.8)
    assert facts(thread, lambda told: told.screen == ScreenState.CAPTURE_FAILED).reason == "The screen is away."
    assert pictures(thread, RETRY_AFTER + 0.5)
    assert facts(thread, lambda told: told.screen == ScreenState.LIVE).reason == ""


def test_what_a_platform_cannot_do_is_told(begin: Begin, facts: Any) -> None:
    nothing = Unsupported("This laptop's session uses something else.")
    thread = begin(Backends(nothing, nothing, nothing, nothing, nothing, nothing))
    thread.order(Lesson(True))
    assert facts(thread, lambda told: told.screen == ScreenState.CAPTURE_FAILED).reason == nothing.why


def test_an_unexpected_failure_does_not_end_the_thread(
    begin: Begin, facts: Any, caplog: pytest.LogCaptureFixture
) -> None:
    tries: list[float] = []

    def broken() -> Any:
        tries.append(time.monotonic())
        raise ZeroDivisionError if len(tries) == 1 else CaptureError("Still not.")

    fake = fake_backends(Script())
    thread = begin(dataclasses.replace(fake, capture=broken))
    assert facts(thread, lambda told: told.screen == ScreenState.CAPTURE_FAILED).reason
    assert facts(thread, lambda told: told.reason == "Still not.")
    assert tries[1] - tries[0] >= RETRY_AFTER * 0.9
    assert "ZeroDivisionError" in caplog.text


def test_stopping_is_at_once_and_sends_nothing_more(begin: Begin, says: Any, until: Any) -> None:
    thread = begin(fake_backends(Script(rate=50)))
    thread.order(IndicatorSeen(True))
    thread.order(says.capture())
    until(lambda: thread.outbox._pictures)
    thread.stop()
    thread.join(1)
    assert not thread.is_alive()
    assert thread.outbox.take_picture() is None
    assert "capture" not in {other.name for other in threading.enumerate()}


def test_a_focus_view_is_whole_then_parts_and_whole_again_on_another_screen(begin: Begin, says: Any) -> None:
    thread = begin(fake_backends(Script(rate=20, cues=(Cue(0.0), Cue(1.0, ((1280, 720),))))))
    thread.order(IndicatorSeen(True))
    thread.order(replace(says.capture(interval_ms=33), stream=Stream.FOCUS, width=1920, height=1080))
    got = pictures(thread, 2.0)
    assert all(isinstance(picture, ScreenPatches) for picture in got)
    sizes = [(picture.screen_width, picture.screen_height) for picture in got]
    begins = sizes.index((1280, 720))
    assert [number for number, picture in enumerate(got) if picture.whole] == [0, begins]
    assert 2 < begins < len(got) - 2
    assert set(sizes[:begins]) == {(1920, 1080)}


def test_inputs_are_told_seldom_by_themselves_and_with_every_picture(
    begin: Begin, says: Any, facts: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(capture_work, "INPUTS_INTERVAL", 0.4)
    thread = begin(fake_backends(Script(rate=50)))
    thread.order(says.capture(interval_ms=50))
    assert {picture.inputs for picture in pictures(thread, 0.3)} == {0}, "outside lessons nothing is counted"
    thread.order(Lesson(True))
    counted = [picture.inputs for picture in pictures(thread, 0.5)]
    assert counted == sorted(counted)
    assert counted[-1] > 0
    assert facts(thread, lambda told: told.inputs > 0)
    thread.order(Lesson(False))
    left = {picture.inputs for picture in pictures(thread, 0.4)[2:]}
    assert len(left) == 1, "the count stays, and stops"


def test_nothing_grabbed_before_a_hold_is_over_leaves(begin: Begin, says: Any, until: Any) -> None:
    thread = begin(fake_backends(Script(rate=50)))
    thread.order(says.capture(channel=1))
    thread.order(says.capture(channel=2))
    thread.order(IndicatorSeen(True))
    until(lambda: thread.outbox.has_picture)
    early = thread.hold_back(())
    assert not thread.outbox.has_picture
    hold = thread.hold_back((1,))
    thread.let_go(early)  # not the last hold: nothing happens
    assert pictures(thread, 0.4) == []
    let_go_at = time.time()
    thread.let_go(hold)
    got = pictures(thread, 0.6)
    assert {picture.channel for picture in got} == {1, 2}
    assert min(picture.captured_at for picture in got) >= let_go_at


def test_after_a_rest_a_change_is_confirmed_before_it_is_captured(begin: Begin, says: Any, until: Any) -> None:
    thread = begin(fake_backends(Script(rate=0, cues=(Cue(0.0), Cue(2.5, black=True)))))
    thread.order(IndicatorSeen(True))
    thread.order(says.capture())
    assert len(pictures(thread, 0.4)) == 1
    time.sleep(INDICATOR_LEASE + 0.2)
    assert not thread.outbox.take_look(), "nobody asks while the screen rests"

    until(thread.outbox.take_look)  # it has changed
    assert pictures(thread, 0.3, confirm=False) == []
    assert not thread.outbox.take_look(), "asked once"
    thread.order(IndicatorSeen(True))
    until(thread.outbox.take_picture)


def test_the_window_in_front_is_asked_about_after_something_was_drawn(
    begin: Begin, says: Any, until: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk, "FACTS_INTERVAL", 0.05)
    asked: list[float] = []

    class CountedFacts(FakeFacts):
        def front(self) -> Front | None:
            asked.append(time.monotonic())
            return super().front()

    backends = fake_backends(Script(rate=0, cues=(Cue(0.0), Cue(1.5, black=True))))
    thread = begin(dataclasses.replace(backends, facts=CountedFacts))
    thread.order(Lesson(True))
    thread.order(says.capture())
    assert pictures(thread, 0.5)
    before = len(asked)
    assert pictures(thread, 0.6) == []
    assert len(asked) == before, "nothing was drawn"
    assert pictures(thread, 0.8)
    assert len(asked) > before


@pytest.mark.parametrize("instead", [Away.SCREEN_SAVER, Away.OTHER_TERMINAL])
def test_what_is_in_front_instead_is_said_and_over_when_it_goes(begin: Begin, facts: Any, instead: Away) -> None:
    said = FakeFacts(instead=instead)
    backends = fake_backends(Script())
    thread = begin(dataclasses.replace(backends, facts=lambda: said))
    thread.order(Lesson(True))
    thread.order(IndicatorSeen(True))
    covered = facts(thread, lambda told: told.screen is ScreenState.OTHER_SESSION)
    assert covered.reason == instead.value
    said.instead = Away.NOT
    assert facts(thread, lambda told: told.screen is ScreenState.LIVE).reason == ""
