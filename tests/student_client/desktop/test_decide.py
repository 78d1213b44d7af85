from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from protocol.messages import Stream
from student_client.desktop.canvas import Plan
from student_client.desktop.decide import Channel, Decider
from student_client.regions import Rect
from student_client.spacing import BURST, Spacing

TILE = Channel(1, Stream.TILE, 0, 320, 180, 1.0)
FOCUS = Channel(2, Stream.FOCUS, 0, 1920, 1080, 0.1)
SECOND = Channel(3, Stream.FOCUS, 2, 1024, 768, 0.1)


def opened(*channels: Channel) -> Decider:
    decider = Decider()
    for channel in channels:
        decider.open(channel)
    return decider


def test_nobody_asks_nothing_is_due() -> None:
    decider = Decider()
    assert decider.idle
    decider.screen_changed()
    decider.credit(7)
    decider.close(7)
    assert decider.due(0.0) == ()
    assert decider.next_due(0.0) is None


def test_first_picture_at_once_then_nothing_on_an_unchanged_screen() -> None:
    decider = opened(TILE)
    assert not decider.idle
    assert decider.next_due(-5.0) == 0.0
    assert decider.due(-5.0) == (TILE,)
    decider.taken((TILE,), -5.0)
    decider.credit(1)
    assert decider.due(1e9) == ()
    assert decider.next_due(1e9) is None


def test_a_change_right_after_a_picture_is_sent_when_the_interval_is_over() -> None:
    decider = opened(TILE)
    decider.taken((TILE,), 10.0)
    decider.credit(1)
    decider.screen_changed()
    assert decider.due(10.25) == ()
    assert decider.next_due(10.25) == 0.75
    assert decider.due(11.0) == (TILE,)
    assert decider.next_due(12.0) == 0.0


def test_one_in_flight() -> None:
    decider = opened(TILE)
    decider.taken((TILE,), 0.0)
    decider.screen_changed()
    assert decider.due(60.0) == ()
    assert decider.next_due(60.0) is None, "only the credit can make it due"
    decider.credit(1)
    assert decider.due(60.0) == (TILE,)


def test_a_picture_that_stayed_here_uses_no_credit_but_its_turn() -> None:
    decider = opened(TILE)
    decider.taken((TILE,), 0.0, sent=False)
    assert decider.due(5.0) == ()
    decider.screen_changed()
    assert decider.due(0.5) == ()
    assert decider.due(1.0) == (TILE,)


def test_a_focus_view_has_two_turns_after_a_rest() -> None:
    decider = opened(FOCUS)
    for now in (0.0, 0.01):
        assert decider.due(now) == (FOCUS,)
        decider.taken((FOCUS,), now)
        decider.credit(FOCUS.id)
        decider.screen_changed()
    assert decider.due(0.05) == ()
    assert decider.due(0.1) == (FOCUS,)


def test_what_changes_right_after_a_repair_waits_for_no_turn() -> None:
    decider = opened(FOCUS)
    decider.lay_out(lambda _: Rect(0, 0, 1920, 1080))
    now = 0.0
    send(decider, now)
    repairs = 0
    while (wait := decider.next_due(now)) is not None:
        assert repairs < 20
        now += wait
        plan = send(decider, now)
        assert all(piece.repair for piece in plan.pieces)
        repairs += 1
        decider.screen_changed([Rect(0, 0, 1920, 1080)])
        assert decider.next_due(now + 0.01) == 0.0
        decider.taken((FOCUS,), now, sent=False)
        now += 0.3
    assert repairs >= 3


def send(decider: Decider, now: float) -> Plan:
    """Send what is due, in a hundredth of a second, and have it drained at once."""
    assert decider.due(now) == (FOCUS,)
    plan, _ = decider.plan(FOCUS, now)
    decider.taken((FOCUS,), now)
    decider.sent(FOCUS, plan.pieces, 1000, now, 0.01)
    decider.credit(FOCUS.id)
    return plan


def test_channels_of_one_monitor_share_a_grab_and_others_come_after() -> None:
    decider = opened(TILE, SECOND, FOCUS)
    assert decider.due(0.0) == (TILE, FOCUS)
    decider.taken((TILE, FOCUS), 0.0)
    assert decider.due(0.0) == (SECOND,)
    decider.taken((SECOND,), 0.0)
    assert decider.due(0.0) == ()


def test_the_longest_waiting_is_first() -> None:
    decider = opened(FOCUS, SECOND)
    decider.taken((FOCUS,), 0.0)
    decider.taken((SECOND,), 1.0)
    for channel in (FOCUS, SECOND):
        decider.credit(channel.id)
    decider.screen_changed()
    assert decider.due(2.0) == (FOCUS,)


def test_a_new_interval_asks_for_no_new_picture_and_a_new_size_does() -> None:
    decider = opened(TILE)
    decider.taken((TILE,), 0.0)
    decider.open(Channel(1, Stream.TILE, 0, 320, 180, 5.0))
    decider.credit(1)
    assert decider.due(9.0) == ()
    decider.screen_changed()
    assert decider.next_due(0.0) == 5.0
    wider = Channel(1, Stream.TILE, 0, 480, 270, 5.0)
    decider.open(wider)
    assert decider.due(0.0) == (wider,)


def test_a_closed_channel_is_forgotten() -> None:
    decider = opened(TILE)
    decider.close(1)
    decider.taken((TILE,), 0.0)
    assert decider.idle


class AnyCourse(RuleBasedStateMachine):
    """Whatever happens in whatever order: never too fast, never two in flight, nothing lost."""

    channels = (TILE, FOCUS, SECOND)

    def __init__(self) -> None:
        super().__init__()
        self.decider = opened(*self.channels)
        self.now = 0.0
        self.spacing = {channel.id: Spacing(BURST[channel.stream]) for channel in self.channels}
        self.in_flight: set[int] = set()
        self.seen: dict[int, int] = {}
        self.version = 1

    @rule(seconds=st.floats(0, 3))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def draw(self) -> None:
        self.version += 1
        self.decider.screen_changed()

    @rule(number=st.sampled_from([1, 2, 3]))
    def drain(self, number: int) -> None:
        self.in_flight.discard(number)
        self.decider.credit(number)

    @rule()
    def take(self) -> None:
        while group := self.decider.due(self.now):
            assert len({channel.monitor for channel in group}) == 1
            for channel in group:
                assert channel.id not in self.in_flight
                assert self.now >= self.spacing[channel.id].ready_at(channel.interval)
                assert self.seen.get(channel.id) != self.version, "an unchanged screen is not sent again"
                self.spacing[channel.id].take(self.now, channel.interval)
                self.seen[channel.id] = self.version
                self.in_flight.add(channel.id)
            self.decider.taken(group, self.now)

    @invariant()
    def whoever_is_behind_and_may_is_due(self) -> None:
        ready = [
            max(0.0, self.spacing[channel.id].ready_at(channel.interval) - self.now)
            for channel in self.channels
            if channel.id not in self.in_flight and self.seen.get(channel.id) != self.version
        ]
        left = self.decider.next_due(self.now)
        assert (left is None) == (not ready)
        if left is not None:
            assert abs(left - min(ready)) < 1e-6


TestAnyCourse = AnyCourse.TestCase
