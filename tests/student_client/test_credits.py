"""Agent and desktop, back to back without process or socket: whatever is lost between them, nothing stands still."""

from collections import deque

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from protocol.messages import Message, Patch, Stream, Watch
from student_client.agent.screens import Screens
from student_client.desktop.decide import Channel, Decider
from student_client.local import Capture, NextPicture, Refresh, ScreenPatches, StopCapture
from student_client.regions import Rect

SCREEN = Rect(0, 0, 64, 48)
FOCUS = Stream.FOCUS


class Watcher:
    """A tutor: `seen` is the newest version of the screen that was shown, 0 before a watch's first picture."""

    def __init__(self) -> None:
        self.credit, self.seen, self.watches = True, 0.0, 0

    def wake(self) -> None:
        """Asked at every turn anyway."""

    def may_send(self, stream: Stream) -> bool:
        return self.credit


class AnyLoss(RuleBasedStateMachine):
    """Pictures are refused, hidden, overtaken, and watchers come, go and hold their credit back, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.orders: deque[Message] = deque()
        self.wire: deque[ScreenPatches] = deque()
        self.screens, self.decider = Screens(self.orders.append), Decider()
        self.watchers = [Watcher(), Watcher()]
        self.now, self.version, self.numbers, self.hidden = 0.0, 1, 0, False

    @initialize()
    def begin(self) -> None:
        self.watch(0)

    @rule(who=st.sampled_from([0, 1]), leaves=st.booleans())
    def watch(self, who: int, leaves: bool = False) -> None:
        watcher = self.watchers[who]
        if leaves:
            self.screens.unwatch(watcher, FOCUS)
            watcher.watches = 0
            return
        self.numbers += 1
        watcher.watches = self.numbers
        watcher.credit, watcher.seen = True, 0.0
        ask = Watch(watch=watcher.watches, stream=FOCUS, width=640, height=480, interval_ms=33)
        self.screens.watch(watcher, ask)

    @rule(part=st.sampled_from([SCREEN, Rect(16, 16, 16, 16), Rect(0, 0, 16, 48)]))
    def draw(self, part: Rect) -> None:
        self.version += 1
        self.decider.screen_changed([part])

    @rule(hidden=st.booleans())
    def hide(self, hidden: bool) -> None:
        before, self.hidden = self.hidden, hidden
        if hidden:
            self.screens.blank()
        elif before:
            self.screens.ask_again()

    def desktop_hears(self) -> None:
        while self.orders:
            match order := self.orders.popleft():
                case Capture():
                    self.decider.open(Channel(order.channel, FOCUS, 0, order.width, order.height, 0.033))
                case StopCapture():
                    self.decider.close(order.channel)
                case NextPicture():
                    self.decider.credit(order.channel, self.now)
                case Refresh():
                    self.decider.refresh(order.channel)

    @rule(seconds=st.sampled_from([0.01, 0.04, 0.4]), deaf=st.booleans())
    def desktop_turns(self, seconds: float, deaf: bool) -> None:
        if not deaf:
            self.desktop_hears()
        self.now += seconds
        self.decider.lay_out(lambda _: SCREEN)
        for channel in self.decider.due(self.now):
            plan, _ = self.decider.plan(channel, self.now)
            self.decider.taken([channel], self.now)
            self.decider.sent(channel, plan.pieces, 1000, self.now, 0.001)
            patches = tuple(
                Patch(x=x, y=y, width=width, height=height, jpeg=b"jpeg")
                for x, y, width, height in (piece.area for piece in plan.pieces)
            )
            self.wire.append(
                ScreenPatches(
                    channel=channel.id,
                    captured_at=float(self.version),
                    screen_width=64,
                    screen_height=48,
                    whole=plan.whole,
                    patches=patches,
                )
            )

    @rule()
    def agent_hears(self) -> None:
        while self.wire:
            (self.screens.drop if self.hidden else self.screens.hold)(self.wire.popleft())

    @rule(who=st.sampled_from([0, 1]), refused=st.booleans())
    def send(self, who: int, refused: bool) -> None:
        watcher = self.watchers[who]
        if self.screens.due(watcher, FOCUS, self.now) != 0.0:
            return
        _, shot = self.screens.take(watcher, FOCUS, self.now)
        assert isinstance(shot, ScreenPatches)
        if refused:
            self.screens.missed(watcher, FOCUS)
            return
        covered = sum(patch.width * patch.height for patch in shot.patches)
        assert watcher.seen or covered >= SCREEN.area, "the first of a watch is whole"
        watcher.credit, watcher.seen = False, shot.captured_at

    @rule(who=st.sampled_from([0, 1]))
    def drain(self, who: int) -> None:
        self.watchers[who].credit = True

    def teardown(self) -> None:
        self.hide(hidden=False)
        for _ in range(20):
            self.desktop_turns(0.4, deaf=False)
            self.agent_hears()
            for who in (0, 1):
                self.drain(who)
                self.send(who, refused=False)
        behind = [one for one in self.watchers if one.watches and one.seen != self.version]
        assert not behind, "a credit was lost"


AnyLoss.TestCase.settings = settings(max_examples=400, stateful_step_count=30, deadline=None)
TestAnyLoss = AnyLoss.TestCase
