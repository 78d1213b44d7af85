"""Holds this device to its rules: looks at the machine as often as they need, decides, tells, closes, blocks, locks.

Rounds run one after the other in one task. What nobody tells of is looked at every few seconds, and only while a rule
that holds needs it; without rules nothing runs.
"""

import asyncio
import contextlib
import hashlib
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final
from uuid import uuid4

from msgspec import json

from protocol.messages import Breach, RulesFacts, Unheld
from protocol.policy.bundle import Bundle
from protocol.policy.facts import Program, UsbStorage
from protocol.policy.rule import Do, Rule, Subject
from protocol.policy.rules import Decision, Decisions, RulesLease, WebRules
from protocol.policy.sites import category_of
from protocol.text import plain
from student_client.agent.clock import DeviceClock
from student_client.agent.desktop import Desktop
from student_client.agent.incidents import (
    GENTLE,
    Action,
    Clear,
    Close,
    Flag,
    Incidents,
    Kept,
    LockFor,
    Stage,
    Tell,
    read_kept,
)
from student_client.agent.locker import Locker
from student_client.agent.machine_thread import Blocked, MachineThread, Plan
from student_client.agent.needs import POLLED, Look, facts_of, holding, needs
from student_client.agent.receipts import Receipts, Someone, What
from student_client.agent.rules_keeper import RulesKeeper
from student_client.agent.state import INCIDENTS, JOURNAL, StateError, StateFolder
from student_client.agent.status import StatusBoard
from student_client.local import ClearNotice, CloseProgram, DesktopFacts, FrontFacts

log = logging.getLogger(__name__)

POLL_EVERY: Final = 3.0  # seconds between two looks at what nobody tells of
CHECK_EVERY: Final = 30.0  # seconds between two looks whether what is blocked still is, and what a policy's dates say
POLICY_WITHIN: Final = 5.0  # seconds a start waits for a policy before it gives back what an earlier process blocked
PAUSE: Final = 0.2  # seconds between two rounds at least
NEWS_EVERY: Final = 1.0  # seconds between two looks because of a window or a title: those may flicker
RESTART_GRACE: Final = 60  # seconds to close a browser oneself that obeys only after a restart
VISITED_WITHIN: Final = 120.0  # seconds; an address visited earlier is not what was covered
COVER_QUIET: Final = 60.0  # seconds in which the same cover is told once
COVERED_RULE: Final = "covered"
COVERED_CATEGORY: Final = "unsuitable-site"
COVERED: Final = "The student has covered the screen and asks you to come."
NO_ANSWER: Final = "This laptop does not answer when it is asked for its programs and devices."
OURSELVES: Final = Someone(name="Lessonlight")
MOST_UNHELD: Final = 24

Decide = Callable[..., Decisions]


@dataclass
class Enforcement:
    """All of it for one device.

    `flagged` hears of breaches and to whom they are owed (lessons and the assessment, by id); `changed` is called when
    there may be something new to tell. `decide` is `protocol.policy.rules.decide`.
    """

    state: StateFolder
    clock: DeviceClock
    board: StatusBoard
    receipts: Receipts
    desktop: Desktop
    locker: Locker
    keeper: RulesKeeper
    machine: MachineThread
    decide: Decide
    flagged: Callable[[Breach, frozenset[str]], None] = lambda _breach, _to: None
    changed: Callable[[], None] = lambda: None
    decisions: Decisions = field(default_factory=Decisions)
    unheld: tuple[Unheld, ...] = ()

    def __post_init__(self) -> None:
        """Go on where the last process was."""
        self._bundle: Bundle | None = None
        self._has_policy = asyncio.Event()
        self._stored = self._load()
        self._incidents = Incidents(lambda: uuid4().hex, self._stored.incidents)
        self._web, self._web_since = self._stored.web, self._stored.web_since
        self._look, self._seen = Look(), frozenset[Subject]()
        self._facts: DesktopFacts | None = None
        self._lease: RulesLease | None = None
        self._rules: tuple[Rule, ...] = ()
        self._restarts: tuple[Program, ...] = ()
        self._plan: Plan | None = None
        self._blocked, self._checked_at = Blocked({}), 0.0
        self._plugged: tuple[UsbStorage, ...] = ()  # when last blocked: what comes later may need its own blocking
        self._begun_for = ""
        self._covers: list[tuple[FrontFacts | None, frozenset[str]]] = []
        self._covered_at: dict[str, float] = {}
        self._unending: dict[str, str] = {}  # rules whose programs would not end, and why
        self._poked, self._finished = asyncio.Event(), asyncio.Condition()
        self._asked = self._done = 0
        self._listening = -1
        self._looked_at = 0.0  # by the loop's time
        self._timer: asyncio.TimerHandle | None = None

    # ── what others ask for ─────────────────────────────────────────────────────────────────────────────────────────

    def under(self, bundle: Bundle | None) -> None:
        """Decide by this policy from now on; by none where there is none."""
        self._bundle = bundle
        if bundle:
            self._has_policy.set()
        self.refresh()

    def refresh(self) -> None:
        """Decide anew from what is known; a round does the rest in a moment."""
        self._decide_now()
        self._poked.set()

    def heard(self, facts: DesktopFacts | None) -> None:
        """Take what the desktop says of the window in front and the monitors, None from a desktop that is gone."""
        before, self._facts = self._facts, facts
        news = _front_and_monitors(before) != _front_and_monitors(facts)
        if news and self._seen & {Subject.APPLICATION, Subject.MONITORS} and self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_at(max(loop.time(), self._looked_at + NEWS_EVERY), self._take_news)

    def _take_news(self) -> None:
        self._timer = None
        self._poked.set()

    def cover(self, front: FrontFacts | None, concerned: frozenset[str]) -> None:
        """The student has covered the screen: tell those whom it concerns what was in front."""
        self._covers.append((front, concerned))
        self._poked.set()

    def desktop_up(self) -> None:
        """Tell a new desktop what the student is being told."""
        for notice in self._incidents.notices:
            self.desktop.send(notice)

    async def settled(self, within: float) -> bool:
        """Wait for a round that has seen everything known by now; return whether it came in time."""
        self._asked += 1
        mine = self._asked
        self._poked.set()
        try:
            async with asyncio.timeout(within), self._finished:
                await self._finished.wait_for(lambda: self._done >= mine)
        except TimeoutError:
            return False
        return True

    def why_not(self, subject: Subject) -> str:
        """Return why rules about this subject do not hold on this device, or ""."""
        return self._blocked.problems.get(subject) or self._look.problems.get(subject) or ""

    def facts(self, now: float) -> RulesFacts | None:
        """What a tutor is told of the rules in force."""
        lease = self.keeper.in_force(now)
        if lease is None:
            return None
        return RulesFacts(rules=lease.rules, until=lease.until, changes=len(lease.changes), unheld=self.unheld)

    # ── rounds ──────────────────────────────────────────────────────────────────────────────────────────────────────

    async def run(self) -> None:
        """Hold the device to its rules until cancelled. What is blocked stays so: a lease may outlive this process."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(POLICY_WITHIN):
                await self._has_policy.wait()
        try:
            while True:
                self._poked.clear()
                await self._one_round()
                await asyncio.sleep(PAUSE)
                await self._sleep(self._next_in())
        finally:
            self._listen(-1)
            if self._timer:
                self._timer.cancel()
                self._timer = None

    async def _one_round(self) -> None:
        asked = self._asked
        try:
            await self._round()
        except TimeoutError:
            self.board.problem("machine", NO_ANSWER)
            return
        self.board.solved("machine")
        async with self._finished:
            self._done = asked
            self._finished.notify_all()

    async def _round(self) -> None:
        await self._tell_covers()
        await self._begin()
        await self._look_around()
        await self._block()
        await self._find_restarts()
        now, lease = self.clock.now(), self._lease  # of what is decided by now, though a lesson ended in between
        actions = self._incidents.step(self._broken(), lease.lesson if lease else "", now)
        await self._act(actions, lease, now)
        self._store()
        self._report()

    async def _begin(self) -> None:
        """Note what is there at the beginning of a lesson, if it is another one than before."""
        lesson = self._lease.lesson if self._lease else ""
        if lesson != self._begun_for and Subject.NETWORK in needs(self._rules, self._lease):
            await self.machine.ask(lambda work: work.begin())
        self._begun_for = lesson

    async def _look_around(self) -> None:
        wanted = needs(self._rules, self._lease)
        if not wanted and not self._seen:
            self._decide_now()
            return
        on_site = self._bundle.policy.networks if self._bundle else ()
        self._looked_at = asyncio.get_running_loop().time()
        self._listen(-1)  # the look may close what it listens to; news in between stays to be heard
        self._look = await self.machine.ask(lambda work: work.look(wanted, on_site))
        self._seen = wanted
        self._listen(await self.machine.ask(lambda work: work.usb_news()) if Subject.USB_STORAGE in wanted else -1)
        self._decide_now()

    def _decide_now(self) -> None:
        now = self.clock.now()
        self._lease = lease = self.keeper.in_force(now)
        if self._bundle is None:
            self.decisions, self._rules = Decisions(), ()
        else:
            facts = facts_of(self._look, self._facts, self.keeper.monitors_at_start(now))
            whose = {"device": self.keeper.device, "user": self.keeper.user}
            self.decisions = self.decide(self._bundle.policy, lease, facts, now, **whose)
            self._rules = holding(self._bundle.policy, lease, self.decisions)

    async def _block(self) -> None:
        """Make the machine block what is to be blocked, and look now and then whether it still does."""
        decisions, now = self.decisions, self.clock.now()
        plan = Plan(decisions.web, decisions.block_usb_storage, decisions.switch_bluetooth_off)
        if self._plan is None and plan.is_open and not (self.state / JOURNAL).exists():
            self._plan = plan  # nothing to take back
        due = now - self._checked_at >= CHECK_EVERY and (not plan.is_open or self._blocked.failure)
        plugged = plan.usb_storage and self._look.usb_storage != self._plugged
        if plan == self._plan and not due and not plugged:
            return
        blocked = await self.machine.ask(lambda work: work.block(plan))
        self._note_blocked(plan, blocked, now)
        self._plan, self._blocked, self._checked_at = plan, blocked, now
        self._plugged = self._look.usb_storage
        self._hold_browsers_since(plan.web)

    def _note_blocked(self, plan: Plan, blocked: Blocked, now: float) -> None:
        before = self._plan or Plan()
        for subject, words, is_new in (
            (Subject.SITE, "websites your rules do not allow", before.web.is_open and not plan.web.is_open),
            (Subject.USB_STORAGE, "USB storage", plan.usb_storage and not before.usb_storage),
            (Subject.BLUETOOTH, "Bluetooth", plan.bluetooth and not before.bluetooth),
        ):
            if is_new and subject not in blocked.problems:
                self.receipts.note(What.BLOCKED, OURSELVES, now, words)
        for note in blocked.notes:
            log.info("%s", note)
        if blocked.failure:
            self.board.problem("changes", blocked.failure)
        else:
            self.board.solved("changes")

    def _hold_browsers_since(self, web: WebRules) -> None:
        digest = "" if web.is_open else hashlib.sha256(repr(web).encode()).hexdigest()
        if digest != self._web:
            self._web, self._web_since = digest, self.clock.wall() if digest else 0.0

    async def _find_restarts(self) -> None:
        """Find the browsers that obey only after a restart."""
        since, programs = self._web_since, self._look.programs
        if not since or not programs or Subject.SITE in self._blocked.problems:
            self._restarts = ()
            return
        self._restarts = await self.machine.ask(lambda work: work.must_restart(programs, since))

    def _broken(self) -> Iterable[Decision]:
        yield from self.decisions.broken
        for program in self._restarts:
            yield Decision(
                rule=GENTLE,
                key=f"{program.name} {program.pid}",
                do=frozenset({Do.TELL, Do.CLOSE}),
                sentence=f"Please close {program.name} and open it again: only then do the rules hold in it.",
                detail="Save what you are working on first.",
                category="",
                grace=RESTART_GRACE,
                pids=(program.pid,),
            )

    # ── acting ──────────────────────────────────────────────────────────────────────────────────────────────────────

    async def _act(self, actions: Iterable[Action], lease: RulesLease | None, now: float) -> None:
        locks: dict[str, str] = {}
        closes: list[Close] = []
        for action in actions:
            match action:
                case Tell():
                    self.desktop.send(action.notice)
                case Clear():
                    self.desktop.send(ClearNotice(id=action.id))
                case Flag():
                    self.flagged(action.breach, frozenset({lease.lesson} if lease else ()))
                case LockFor():
                    locks[action.id] = action.sentence
                case Close():
                    closes.append(action)
        if self._facts or lease is None:  # what broke a rule isn't over because no desktop tells of it
            self.locker.lock_for_rules(locks, lease.until if lease else now, now)
        for close in closes:  # last, for only these may have to wait for the machine
            await self._close(close, now)

    async def _close(self, close: Close, now: float) -> None:
        if close.stage is Stage.ASKED:
            about = f"{close.decision.detail}: {close.decision.sentence}"
            self.receipts.note(What.CLOSED, OURSELVES, now, plain(about, 200))
            for pid in close.pids:
                self.desktop.send(CloseProgram(pid=pid))
            return
        kill = close.stage is Stage.KILLED
        why = await self.machine.ask(lambda work: work.end(close.pids, kill))
        if why:
            self._unending[close.decision.rule] = why
        else:
            self._unending.pop(close.decision.rule, None)

    async def _tell_covers(self) -> None:
        """Flag what the student has covered: its address where a browser knows it, else its window's title."""
        covers, self._covers = self._covers, []
        for front, concerned in covers:
            address, now = await self._address(front), self.clock.now()
            detail = plain(address or (front.title if front else ""), 280)
            recent = {about: at for about, at in self._covered_at.items() if now - at < COVER_QUIET}
            self._covered_at = recent | {detail: recent.get(detail, now)}
            if detail not in recent:
                self.flagged(_cover_breach(detail, now), concerned)

    async def _address(self, front: FrontFacts | None) -> str:
        """Return the address in the window in front, "" where nobody knows or the machine does not answer."""
        if front is None:
            return ""
        program = Program(front.pid, front.program, window=front.program, title=front.title)
        try:
            return await self.machine.ask(lambda work: work.address_in_front(program, VISITED_WITHIN))
        except TimeoutError:
            return ""

    def _report(self) -> None:
        lease = self._lease
        unheld: dict[str, Unheld] = {}
        for rule in self._rules:
            if why := self._why_unheld(rule):
                unheld[rule.name] = Unheld(rule=rule.name, why=plain(why, 280))
        if lease and lease.only and (why := self._look.problems.get(Subject.APPLICATION, "")):
            unheld["one-application"] = Unheld(rule="one-application", why=plain(why, 280))
        self.unheld = tuple(unheld.values())[:MOST_UNHELD]
        self.changed()

    def _why_unheld(self, rule: Rule) -> str:
        blocks = rule.subject is Subject.SITE or Do.BLOCK in rule.do
        return (
            self._look.problems.get(rule.subject, "")
            or (self._blocked.problems.get(rule.subject, "") if blocks else "")
            or self._unending.get(rule.name, "")
            or (self._why_browsers_do_not(rule) if rule.subject is Subject.SITE else "")
        )

    def _why_browsers_do_not(self, rule: Rule) -> str:
        own = set(map(category_of, rule.is_))
        of_others = {category_of(value) for other in self._rules for value in other.is_} - own
        # What a tutor's change blocks belongs to no rule, and is said of every one.
        unlisted = [category for category in self._blocked.unlisted if category not in of_others]
        missing = f"There is no list of sites for {', '.join(unlisted)}." if unlisted else ""
        names = ", ".join(dict.fromkeys(program.name for program in self._restarts))
        restart = f"{names} was open before and obeys once it was closed and opened again." if names else ""
        return " ".join(filter(None, (restart, missing, self._blocked.shortfall)))

    # ── between the rounds ──────────────────────────────────────────────────────────────────────────────────────────

    def _next_in(self) -> float | None:
        """Return in how many seconds to look again; None: until something happens."""
        now = self.clock.now()
        polled = (self._seen - self._look.absent) & POLLED
        waits = [POLL_EVERY] if polled or self._restarts else []
        if (step := self._incidents.next_step()) is not None:
            waits.append(max(0.0, step - now))
        if self._rules or self._blocked.failure or not (self._plan or Plan()).is_open:
            waits.append(CHECK_EVERY)
        return min(waits, default=None)

    async def _sleep(self, wait: float | None) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait):
                await self._poked.wait()

    def _listen(self, descriptor: int) -> None:
        """Let news of USB begin a round; once, for only a look takes the news."""
        loop = asyncio.get_running_loop()
        if self._listening >= 0:
            loop.remove_reader(self._listening)
        self._listening = descriptor
        if descriptor >= 0:
            loop.add_reader(descriptor, self._usb_news)

    def _usb_news(self) -> None:
        self._listen(-1)
        self._poked.set()

    def _load(self) -> Kept:
        try:
            return read_kept(self.state.read(INCIDENTS))
        except StateError as error:
            self.board.problem("incidents", str(error))
            return Kept()

    def _store(self) -> None:
        """Remember what has been told, where that has changed."""
        kept = Kept(incidents=self._incidents.known, web=self._web, web_since=self._web_since)
        if kept == self._stored:
            return
        try:
            self.state.write(INCIDENTS, json.encode(kept))
        except StateError as error:
            self.board.problem("incidents", str(error))
        else:
            self._stored = kept
            self.board.solved("incidents")


def _front_and_monitors(facts: DesktopFacts | None) -> object:
    return (facts.front, facts.monitors) if facts else None


def _cover_breach(detail: str, now: float) -> Breach:
    return Breach(id=uuid4().hex, rule=COVERED_RULE, category=COVERED_CATEGORY, sentence=COVERED, detail=detail, at=now)
