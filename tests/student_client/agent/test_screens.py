from msgspec.structs import replace

from protocol.messages import Message, Patch, Stream, Watch
from student_client.agent.screens import Screens
from student_client.local import Capture, NextPicture, Picture, Refresh, ScreenPatches, StopCapture


class Seat:
    """A watcher whose credit the test holds in its hand."""

    def __init__(self) -> None:
        self.credit = True
        self.woken = 0

    def wake(self) -> None:
        self.woken += 1

    def may_send(self, stream: Stream) -> bool:
        return self.credit


class Desk:
    def __init__(self) -> None:
        self.told: list[Message] = []
        self.screens = Screens(self.told.append)

    def since(self) -> list[Message]:
        told, self.told[:] = list(self.told), []
        return told


def watch(number: int = 1, interval_ms: int = 1000, width: int = 320, stream: Stream = Stream.TILE) -> Watch:
    return Watch(watch=number, stream=stream, width=width, height=180, interval_ms=interval_ms)


def picture(channel: int = 1, at: float = 0.0) -> Picture:
    return Picture(
        channel=channel, captured_at=at, width=320, height=180, screen_width=1920, screen_height=1080, jpeg=b"jpeg"
    )


def test_two_watchers_of_one_size_share_one_capture_and_one_picture() -> None:
    desk, one, two = Desk(), Seat(), Seat()
    desk.screens.watch(one, watch())
    desk.screens.watch(two, watch())
    assert [type(message) for message in desk.since()] == [Capture]

    desk.screens.hold(picture())
    for seat in (one, two):
        assert desk.screens.due(seat, Stream.TILE, 0.0) == 0.0
        assert desk.screens.take(seat, Stream.TILE, 0.0)[1] == picture()
    assert desk.since() == [NextPicture(channel=1)]


def test_another_size_is_another_capture() -> None:
    desk = Desk()
    desk.screens.watch(Seat(), watch())
    desk.screens.watch(Seat(), watch(width=640))
    assert [message.channel for message in desk.since() if isinstance(message, Capture)] == [1, 2]


def test_the_fastest_sets_the_pace_and_its_leaving_slows_it_again() -> None:
    desk, slow, fast = Desk(), Seat(), Seat()
    desk.screens.watch(slow, watch(interval_ms=1000))
    desk.screens.watch(fast, watch(interval_ms=100))
    desk.screens.unwatch(fast, Stream.TILE)
    paces = [message.interval_ms for message in desk.since() if isinstance(message, Capture)]
    assert paces == [1000, 100, 1000]


def test_each_watcher_keeps_its_own_pace() -> None:
    desk, slow, fast = Desk(), Seat(), Seat()
    desk.screens.watch(slow, watch(interval_ms=1000))
    desk.screens.watch(fast, watch(interval_ms=100))
    desk.screens.hold(picture())
    for seat in (slow, fast):
        desk.screens.take(seat, Stream.TILE, 10.0)
    desk.screens.hold(picture(at=1.0))
    assert desk.screens.due(fast, Stream.TILE, 10.1) == 0.0
    assert desk.screens.due(slow, Stream.TILE, 10.25) == 0.75


def test_without_credit_nothing_is_due_and_with_it_the_latest_picture_is() -> None:
    desk, seat, other = Desk(), Seat(), Seat()
    desk.screens.watch(seat, watch())
    desk.screens.watch(other, watch())
    seat.credit = False
    for number in range(3):
        desk.screens.hold(picture(at=number))
        desk.screens.take(other, Stream.TILE, number)
    assert desk.screens.due(seat, Stream.TILE, 9.0) is None
    seat.credit = True
    assert desk.screens.take(seat, Stream.TILE, 9.0)[1].captured_at == 2.0
    assert desk.screens.due(seat, Stream.TILE, 99.0) is None


def test_the_desktop_makes_no_new_picture_until_somebody_took_the_last() -> None:
    desk, seat = Desk(), Seat()
    seat.credit = False
    desk.screens.watch(seat, watch())
    desk.screens.hold(picture())
    assert NextPicture(channel=1) not in desk.since()


def test_a_new_watch_gets_the_picture_there_is() -> None:
    desk, first, late = Desk(), Seat(), Seat()
    desk.screens.watch(first, watch())
    desk.screens.hold(picture())
    desk.screens.take(first, Stream.TILE, 0.0)
    desk.screens.watch(late, watch())
    assert late.woken
    assert desk.screens.take(late, Stream.TILE, 0.0)[1] == picture()
    desk.screens.watch(first, watch(2))  # a picture sent under the first watch is dropped by the tutor
    assert desk.screens.due(first, Stream.TILE, 0.0) == 0.0


def test_changing_size_leaves_the_old_capture_behind() -> None:
    desk, seat = Desk(), Seat()
    desk.screens.watch(seat, watch(1, width=320))
    desk.screens.watch(seat, watch(2, width=640))
    assert desk.since()[-1] == StopCapture(channel=1)
    assert desk.screens.channels == 1
    desk.screens.hold(picture(channel=1))
    assert desk.screens.due(seat, Stream.TILE, 0.0) is None


def test_the_last_to_leave_stops_the_capture_and_nothing_is_due_any_more() -> None:
    desk, one, two = Desk(), Seat(), Seat()
    for seat in (one, two):
        desk.screens.watch(seat, watch())
    desk.screens.hold(picture())
    desk.screens.forget(one)
    assert desk.screens.due(one, Stream.TILE, 0.0) is None
    assert StopCapture(channel=1) not in desk.since()
    desk.screens.forget(two)
    assert desk.since() == [StopCapture(channel=1)]
    assert desk.screens.channels == 0


def test_a_hidden_indicator_takes_the_pictures_back() -> None:
    desk, seat = Desk(), Seat()
    desk.screens.watch(seat, watch())
    desk.screens.hold(picture())
    desk.since()
    desk.screens.blank()
    assert desk.screens.due(seat, Stream.TILE, 0.0) is None
    assert desk.since() == [NextPicture(channel=1)]
    desk.screens.drop(picture())
    assert desk.screens.due(seat, Stream.TILE, 0.0) is None
    desk.since()
    desk.screens.ask_again()
    assert [type(message) for message in desk.since()] == [Capture]


def test_a_new_desktop_is_asked_for_everything() -> None:
    desk, seat = Desk(), Seat()
    desk.screens.watch(seat, watch())
    desk.screens.hold(picture())
    desk.since()
    desk.screens.reopen()
    assert [type(message) for message in desk.since()] == [Capture]
    assert desk.screens.due(seat, Stream.TILE, 0.0) is None


# ── the focus view ──────────────────────────────────────────────────────────────────────────────────────────────────

FOCUS = Stream.FOCUS


def patches(*tops: int, whole: bool = False, at: float = 0.0) -> ScreenPatches:
    strips = tuple(Patch(x=0, y=top, width=320, height=180 if whole else 10, jpeg=b"jpeg") for top in tops)
    return ScreenPatches(channel=1, captured_at=at, screen_width=320, screen_height=180, whole=whole, patches=strips)


def tops(desk: Desk, seat: Seat, now: float = 0.0) -> list[int] | None:
    """What a watcher takes now, None where nothing is due."""
    if desk.screens.due(seat, FOCUS, now) != 0.0:
        return None
    shot = desk.screens.take(seat, FOCUS, now)[1]
    assert isinstance(shot, ScreenPatches)
    return [patch.y for patch in shot.patches]


def focused(*seats: Seat) -> Desk:
    """Everybody watches, and has the whole screen."""
    desk = Desk()
    for seat in seats:
        desk.screens.watch(seat, watch(stream=FOCUS, interval_ms=33))
    desk.screens.hold(patches(0, whole=True))
    assert [tops(desk, seat) for seat in seats] == [[0]] * len(seats)
    desk.since()
    return desk


def test_patches_go_to_everybody_once() -> None:
    one, two = Seat(), Seat()
    desk = focused(one, two)
    desk.screens.hold(patches(10, 50))
    assert [tops(desk, seat, 1.0) for seat in (one, two)] == [[10, 50]] * 2
    assert tops(desk, one, 2.0) is None
    assert desk.since() == [NextPicture(channel=1)]


def test_who_has_no_credit_slows_nobody_and_misses_nothing() -> None:
    slow, quick = Seat(), Seat()
    desk = focused(slow, quick)
    slow.credit = False
    for number, top in enumerate((10, 20, 10), 1):
        desk.screens.hold(patches(top, at=number))
        assert tops(desk, quick, number) == [top]
        assert desk.since() == [NextPicture(channel=1)]
    assert tops(desk, slow, 4.0) is None
    slow.credit = True
    assert tops(desk, slow, 4.0) == [20, 10]
    assert desk.since() == [], "and no whole picture was asked for"


def test_a_new_watcher_gets_a_whole_picture_and_the_old_one_goes_on() -> None:
    old, new = Seat(), Seat()
    desk = focused(old)
    desk.screens.watch(new, watch(stream=FOCUS, interval_ms=33))
    assert new.woken
    assert tops(desk, new) is None
    assert tops(desk, new) is None
    assert desk.since() == [Refresh(channel=1)], "once"
    desk.screens.hold(patches(30))
    assert tops(desk, new) is None
    assert tops(desk, old, 1.0) == [30]
    desk.screens.hold(patches(0, whole=True))
    assert [tops(desk, seat, 2.0) for seat in (old, new)] == [[0], [0]]


def test_a_backlog_that_grows_too_large_ends_in_a_whole_picture() -> None:
    slow, quick = Seat(), Seat()
    desk = focused(slow, quick)
    slow.credit = False
    for number in range(65):
        strips = patches(number, at=number)
        desk.screens.hold(replace(strips, patches=(replace(strips.patches[0], x=number, width=1),)))
        tops(desk, quick, float(number))
    assert Refresh(channel=1) not in desk.since(), "it could not take one now"
    slow.credit = True
    assert tops(desk, slow, 99.0) is None
    assert desk.since() == [Refresh(channel=1)]


def test_when_nobody_can_show_what_came_it_is_let_go() -> None:
    seat = Seat()
    desk = focused(seat)
    desk.screens.watch(seat, watch(2, stream=FOCUS, interval_ms=33))
    desk.screens.hold(patches(30))
    assert tops(desk, seat) is None
    assert desk.since() == [Refresh(channel=1), NextPicture(channel=1)]


def test_a_hidden_indicator_and_what_could_not_be_sent_end_in_a_whole_picture() -> None:
    seat = Seat()
    desk = focused(seat)
    desk.screens.hold(patches(30))
    desk.screens.blank()
    desk.since()
    desk.screens.ask_again()
    assert [type(told) for told in desk.since()] == [Capture, Refresh]
    desk.screens.hold(patches(30))
    assert tops(desk, seat, 1.0) is None
    desk.screens.hold(patches(0, whole=True))
    assert tops(desk, seat, 1.0) == [0]
    desk.screens.missed(seat, FOCUS)
    desk.screens.hold(patches(30))
    desk.since()
    assert tops(desk, seat, 2.0) is None
    assert desk.since() == [Refresh(channel=1), NextPicture(channel=1)]


def test_what_was_under_way_before_the_whole_picture_does_not_hold_it_up() -> None:
    seat = Seat()
    desk = focused(seat)
    desk.since()
    desk.screens.hold(patches(16))
    desk.screens.take(seat, Stream.FOCUS, 0.0)
    desk.screens.missed(seat, Stream.FOCUS)
    assert desk.screens.due(seat, Stream.FOCUS, 1.0) is None
    assert desk.since() == [NextPicture(channel=1), Refresh(channel=1)]

    desk.screens.hold(patches(32))  # the desktop made it before it heard of the refresh
    assert desk.screens.due(seat, Stream.FOCUS, 1.0) is None
    assert desk.since() == [NextPicture(channel=1)], "or the desktop waits for ever"
