"""This laptop as its visitors see it: gate, policy, screens, lock, receipts, and everybody who holds a permit."""

import asyncio
import logging
import platform
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from protocol.identity import Credentials
from protocol.messages import (
    Breach,
    LessonTerms,
    Lock,
    Message,
    MonitorFacts,
    Reason,
    Right,
    ScreenState,
    Status,
    TextMessage,
    Understood,
)
from protocol.policy.bundle import Bundle, BundleError, newer, open_bundle
from protocol.policy.permit import Permit, Refusal
from protocol.text import plain
from student_client.agent.breaches import Breaches
from student_client.agent.brief import brief
from student_client.agent.clock import DeviceClock
from student_client.agent.desktop import Desktop
from student_client.agent.enforcement import Decide, Enforcement
from student_client.agent.gate import Gate
from student_client.agent.hand import Hand
from student_client.agent.locker import Locker
from student_client.agent.machine_thread import MachineThread
from student_client.agent.panel import Standing, panel_state
from student_client.agent.receipts import Receipts, Someone, What
from student_client.agent.release import released_breach
from student_client.agent.rules_keeper import RulesKeeper
from student_client.agent.screens import Screens
from student_client.agent.state import POLICY, StateError, StateFolder
from student_client.agent.status import PermitFacts, StatusBoard
from student_client.local import (
    CodeTyped,
    DesktopFacts,
    DesktopReady,
    HandMoved,
    MessageShown,
    MessageUnderstood,
    PanelState,
    Picture,
    ScreenCovered,
    ScreenLocked,
    ScreenPatches,
    ScreenUnlocked,
    ShowMessage,
    Viewer,
)

if TYPE_CHECKING:
    from student_client.agent.visit import Visit

log = logging.getLogger(__name__)

VISITORS: Final = 16
YOURSELF: Final = Someone(name="You")
PER_PERSON: Final = 2  # a tutor may change laptops in the middle; nobody takes all the places


class Device:
    """Everything the visits share. All its methods run in the event loop."""

    def __init__(
        self,
        state: StateFolder,
        clock: DeviceClock,
        board: StatusBoard,
        receipts: Receipts,
        desktop: Desktop,
        *,
        machine: MachineThread,
        decide: Decide,
    ) -> None:
        self.state, self.clock, self.board, self.receipts, self.desktop = state, clock, board, receipts, desktop
        self._gate: Gate | None = None
        self._root = b""
        self.screens = Screens(self._tell_ready)
        self.locker = Locker(state, desktop, board, clock.now())
        self.locker.changed = self._changed_soon
        self.keeper = RulesKeeper(state, board, clock.now())
        self.breaches = Breaches(state, clock.now())
        self.hand = Hand(state, board)
        if not self.keeper.in_force(clock.now()):
            self.hand.lowered()  # the lesson ended while nobody was here
        self.enforcement = Enforcement(
            state=state,
            clock=clock,
            board=board,
            receipts=receipts,
            desktop=desktop,
            locker=self.locker,
            keeper=self.keeper,
            machine=machine,
            decide=decide,
            flagged=self._tell_breach,
            changed=self.changed,
        )
        self.keeper.changed = self._rules_changed
        self.poked = asyncio.Event()
        self._visits: list[Visit] = []
        self._shown: dict[str, asyncio.Event] = {}
        self._lock_receipts: dict[str, int] = {}
        self._restored = {lease.id for lease in self.locker.leases.held}
        self._ready: DesktopReady | None = None
        self._facts: DesktopFacts | None = None
        self._panel: PanelState | None = None
        self._panel_of: tuple[object, ...] = ()
        self._telling: asyncio.Handle | None = None
        self._covered = False
        desktop.listener = self

    # ── the policy ──────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def gate(self) -> Gate:
        """The gate in force; there is one from `enrolled` on."""
        assert self._gate
        return self._gate

    def enrolled(self, credentials: Credentials) -> None:
        """Take an identity, and the policy stored with it; a damaged one is said and counts as none."""
        self._root = credentials.root
        self._gate = Gate(credentials.identity, self._stored_policy())
        self.keeper.device = credentials.identity.id
        self._policy_changed()

    def unenrolled(self) -> None:
        """Hold no rule any more, and give back what was changed for them; a lock stays to its end."""
        self.keeper.forget()
        self.enforcement.under(None)

    def take_policy(self, data: bytes) -> Refusal | None:
        """Take a newer policy, durably, or say why not; one that is in force already is no news."""
        try:
            offered = open_bundle(data, self._root)
        except BundleError as error:
            return Refusal(Reason.POLICY_INVALID, f"The policy offered cannot be taken. {error}")
        if offered.college != self.gate.device.college:
            return Refusal(Reason.POLICY_INVALID, "The policy offered is another college's.")
        if offered.version == self.gate.policy_version:
            return None
        if not newer(offered, self.gate.bundle):
            return Refusal(Reason.POLICY_OLDER, f"This computer has policy {self.gate.policy_version} already.")
        try:
            self.state.write(POLICY, data)
        except StateError as error:
            return Refusal(Reason.POLICY_INVALID, f"The policy could not be stored. {error}")
        self._gate = Gate(self.gate.device, offered)
        log.info("policy %d is in force", offered.version)
        self._policy_changed()
        return None

    def _stored_policy(self) -> Bundle | None:
        try:
            return open_bundle(self.state.read(POLICY) or b"", self._root)
        except (BundleError, StateError) as error:
            self.board.problem("policy", f"The stored policy is damaged, so nobody is let in. {error}")
            return None

    def _policy_changed(self) -> None:
        if self.gate.bundle:
            self.board.solved("policy")
        self.tidy()
        for visit in self._permitted():
            self._check(visit)
        if self.gate.bundle:
            self.keeper.under(self.gate.bundle, self.clock.now())
        self.enforcement.under(self.gate.bundle)
        self.poked.set()
        self.board.set(policy_version=self.gate.policy_version)
        self.changed()

    # ── the visitors ────────────────────────────────────────────────────────────────────────────────────────────────

    def decide(self, visit: "Visit", lesson: LessonTerms) -> Permit | Refusal:
        """Decide on a permit; a person's newer connection may take an older one's place."""
        decision = self.gate.decide(visit.peer, lesson, self.clock.wall(), self.clock.now())
        if isinstance(decision, Refusal):
            return decision
        self._make_way(visit, lesson)
        if len(self._visits) >= VISITORS:
            return Refusal(Reason.BUSY, f"{VISITORS} members of staff are connected to this computer already.")
        return decision

    def _make_way(self, visit: "Visit", lesson: LessonTerms) -> None:
        """End the same person's connection for the same lesson, and their oldest where they have too many."""
        theirs = [other for other in self._permitted() if other.peer.id == visit.peer.id]
        same = [other for other in theirs if other.lesson and other.lesson.id == lesson.id]
        others = [other for other in theirs if other not in same]
        for other in (*same, *others[: max(0, len(others) + 1 - PER_PERSON)]):
            other.replaced()

    def visitor_in(self, visit: "Visit", lesson: LessonTerms, permit: Permit) -> None:
        """Somebody holds a permit from now on: the lesson's rules hold, and what nobody has noted is told again."""
        self._visits.append(visit)
        self.keeper.granted(lesson, permit)
        visit.outbox.owe(self.breaches.for_(self.keeper.owed_to(permit)))
        self.changed()
        self.poked.set()

    def visitor_out(self, visit: "Visit") -> None:
        """Somebody holds none any more; twice is once."""
        if visit in self._visits:
            self._visits.remove(visit)
            self.changed()
            self.poked.set()

    def refused(self, who: Someone, why: str) -> None:
        """Record that somebody was refused; of a flood only the first is logged and told."""
        if self.receipts.note(What.REFUSED, who, self.clock.now(), why):
            log.warning("%s was refused: %s", who.name or who.address or "someone", why)
            self.changed()

    def tidy(self) -> None:
        """Forget receipts older than the policy keeps."""
        if self._gate and self._gate.bundle:
            self.receipts.forget(self.clock.now(), self._gate.bundle.policy.retention.receipts)

    def tick(self) -> float | None:
        """End what is over; return in how many seconds the next thing ends, None where nothing does."""
        now = self.clock.now()
        self.locker.expire(now)
        self.keeper.expire(now)
        for visit in self._permitted():
            if visit.permit and visit.permit.until <= now:
                self._check(visit, over=True)
        ends = [visit.permit.until for visit in self._permitted() if visit.permit]
        leases = (self.locker.leases.next_end(), self.keeper.next_end(now))
        times = [*ends, *(end for end in leases if end is not None)]
        return max(0.0, min(times) - now) if times else None

    @property
    def holds_hard(self) -> bool:
        """Whether somebody might gain by a clock set back: a lock or an assessment is in force."""
        return bool(self.locker.leases.held or self.keeper.panel(self.clock.now()))

    def lesson_ended(self, permit: Permit) -> None:
        """A tutor has ended a lesson: its rules end, and those of their lessons that no link is left of."""
        linked = {one.permit.lesson for one in self._visits if one.permit and one.permit.tutor.id == permit.tutor.id}
        self.keeper.ended(permit, linked - {permit.lesson})

    def _permitted(self) -> "list[Visit]":
        return list(self._visits)

    def _check(self, visit: "Visit", over: bool = False) -> None:
        assert visit.lesson
        decision = self.gate.decide(visit.peer, visit.lesson, self.clock.wall(), self.clock.now())
        if isinstance(decision, Refusal):
            if visit.permit:
                self.keeper.ended(visit.permit)
            visit.end(decision.reason, decision.detail)
        elif over:
            visit.end(Reason.TOO_LONG, "The longest time a lesson may last is over.")
        else:
            visit.narrow(decision)

    # ── what visitors ask for ───────────────────────────────────────────────────────────────────────────────────────

    async def lock(self, lock: Lock, permit: Permit, lesson: str, within: float) -> str:
        """Lock; return "" when done, else a sentence. Raises LeaseRefused."""
        self.poked.set()
        return await self.locker.lock(lock, permit, lesson, self.clock.now(), within)

    async def show(self, message: TextMessage, by: str, within: float) -> str:
        """Show a text; return "" when it is on the screen, else a sentence."""
        if not self._ready:
            return self._screen()[1]
        shown = self._shown.setdefault(message.id, asyncio.Event())
        self.desktop.send(ShowMessage(id=message.id, by=by, text=message.text))
        try:
            async with asyncio.timeout(within):
                await shown.wait()
        except TimeoutError:
            return "The screen did not say that it shows the message."
        finally:
            self._shown.pop(message.id, None)
        return ""

    # ── the desktop ─────────────────────────────────────────────────────────────────────────────────────────────────

    def desktop_up(self) -> None:
        """Tell a new desktop everything, the lock first."""
        self.locker.desktop_up()
        self.enforcement.desktop_up()
        self._panel, self._panel_of = None, ()
        self.changed()

    def desktop_down(self) -> None:
        """Nothing is shown, captured or covered any more."""
        self._ready = self._facts = None
        self._covered = False
        self.enforcement.heard(None)
        self.screens.blank()
        self.locker.desktop_down()
        self.changed()

    def desktop_said(self, message: Message) -> None:
        """Take what the desktop says."""
        match message:
            case DesktopReady():
                self._ready = message
                self.keeper.user = message.user
                self.enforcement.refresh()
                self.screens.reopen()
            case DesktopFacts():
                self._take_facts(message)
            case Picture() | ScreenPatches():
                self._take_picture(message)
            case ScreenLocked() | ScreenUnlocked():
                self.locker.heard(message)
            case MessageShown():
                if message.id in self._shown:
                    self._shown[message.id].set()
            case MessageUnderstood():
                self._understood(message.id)
            case HandMoved():
                self._hand_moved(message)
            case ScreenCovered():
                self._cover(message)
            case CodeTyped():
                self._code_typed(message)
            case _:
                log.warning("the desktop said %s", type(message).__name__)
        if not isinstance(message, Picture | ScreenPatches):
            self._changed_soon()

    def _take_facts(self, facts: DesktopFacts) -> None:
        hidden = self._hidden
        self._facts = facts
        self.keeper.seeing(len(facts.monitors), self.clock.now())
        self.enforcement.heard(facts)
        if self._hidden:
            self.screens.blank()
        elif hidden:
            self.screens.ask_again()

    def _take_picture(self, picture: Picture | ScreenPatches) -> None:
        # The desktop holds to the same rule; a picture without an indicator would be ours to answer for.
        if self._ready and not self._hidden:
            self.screens.hold(picture)
        else:
            self.screens.drop(picture)

    def _understood(self, message: str) -> None:
        for visit in self._permitted():
            if visit.understood(message):
                visit.outbox.say(Understood(id=message))

    # ── what the student asks for ───────────────────────────────────────────────────────────────────────────────────

    def lower_hand(self) -> None:
        """Somebody has seen to the call for help."""
        self.hand.lowered()
        self.changed()

    def _hand_moved(self, hand: HandMoved) -> None:
        if not hand.raised:
            self.hand.lowered()
        elif self._visits or self.keeper.in_force(self.clock.now()):
            self.hand.raised(hand.text, self.clock.now())

    def _cover(self, cover: ScreenCovered) -> None:
        now, concerned = self.clock.now(), self.keeper.concerned(self.clock.now())
        if cover.covered and not self._covered:
            self.screens.blank()  # what waits for a tutor is from before the cover
            self.screens.ask_again()
            told = "and asked your tutor to come" if concerned else "while no lesson was on"
            self.receipts.note(What.COVERED, YOURSELF, now, told)
            if concerned:
                self.enforcement.cover(cover.front, concerned)
        self._covered = cover.covered

    def _code_typed(self, typed: CodeTyped) -> None:
        now, concerned = self.clock.now(), self.keeper.concerned(self.clock.now())
        answer = self.keeper.code_typed(typed.code, now)
        if answer.released:
            if self.locker.leases.held:
                self.locker.end()  # whoever has the invigilator's sheet stands beside the student
            self.receipts.note(What.RELEASED, YOURSELF, now)
            self._tell_breach(released_breach(now), concerned)
        self.desktop.send(answer)

    # ── rules ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def _rules_changed(self) -> None:
        now = self.clock.now()
        if self.hand.facts and not self.keeper.in_force(now):
            self.hand.lowered()
        if self._facts:
            self.keeper.seeing(len(self._facts.monitors), now)
        self.enforcement.refresh()
        self.changed()
        self.poked.set()

    def _tell_breach(self, breach: Breach, concerned: frozenset[str]) -> None:
        """Owe a breach to those it concerns, and tell those who are here. Outside lessons nobody is told."""
        if not concerned:
            return
        self.breaches.add(breach, concerned, uuid4().hex)
        if self.breaches.problem:
            self.board.problem("breaches", self.breaches.problem)
        else:
            self.board.solved("breaches")
        for visit in self._permitted():
            if visit.permit and concerned & self.keeper.owed_to(visit.permit):
                visit.outbox.owe((breach,))

    @property
    def _hidden(self) -> bool:
        return self._facts is not None and self._facts.screen is ScreenState.INDICATOR_HIDDEN

    def _tell_ready(self, message: Message) -> None:
        if self._ready:
            self.desktop.send(message)

    # ── telling everybody ───────────────────────────────────────────────────────────────────────────────────────────

    def changed(self) -> None:
        """Tell the indicator, the visitors and the status board what is new to them, before anything else is done."""
        if self._telling:
            self._telling.cancel()
            self._telling = None
        self._sync_lock_receipts()
        viewers = tuple(viewer for visit in self._visits if (viewer := visit.viewer))
        self._show_panel(viewers)
        status = self._status()
        for visit in self._visits:
            visit.outbox.status(status)
        self._report(viewers, status)

    def _changed_soon(self) -> None:
        """The same in the loop's next turn, once for all that changes until then."""
        if self._telling is None:
            self._telling = asyncio.get_running_loop().call_soon(self.changed)

    def _show_panel(self, viewers: tuple[Viewer, ...]) -> None:
        standing, problem = self._standing(), self.board.sentence
        made_of = (self._gate, standing, viewers, self.receipts.changes, problem)
        if made_of == self._panel_of and self._panel:
            return
        panel = panel_state(self._gate, standing, viewers, self.receipts, problem)
        self._panel_of = made_of
        if panel != self._panel and self.desktop.up:
            self._panel = panel
            self.desktop.send(panel)

    def _standing(self) -> Standing:
        now = self.clock.now()
        assessment, lesson = self.keeper.panel(now), self.keeper.lessons.at(now).newest
        lease = self.keeper.in_force(now)
        bundle = self._gate.bundle if self._gate else None
        return Standing(
            lesson=assessment.name if assessment else lesson.name if lesson else "",
            tutor=lease.by if lease else "",
            ends_at=assessment.ends_at if assessment else lesson.until if lesson else 0.0,
            decisions=self.enforcement.decisions,
            is_break=bool(bundle and lease and bundle.policy.rule_set(lease.rules).is_break),
            can_call=any(visit.permit and Right.MESSAGE in visit.permit.may for visit in self._visits),
            hand=self.hand.facts is not None,
            assessment=assessment,
        )

    def _status(self) -> Status:
        ready, facts = self._ready, self._facts
        screen, reason = self._screen()
        monitors: tuple[MonitorFacts, ...] = facts.monitors if facts else ()
        status = Status(
            user=ready.user if ready else "",
            host=ready.host if ready else plain(platform.node(), 200),
            application=facts.application if facts else "",
            monitors=monitors,
            screen=screen,
            reason=plain(reason, 280),
            lock=self.locker.facts,
            inputs=facts.inputs if facts else 0,
            rules=self.enforcement.facts(self.clock.now()),
            assessment=self.keeper.facts(self.clock.now()),
            hand=self.hand.facts,
            covered=self._covered,
        )
        return brief(status)

    def _screen(self) -> tuple[ScreenState, str]:
        if self._facts and self._ready:
            return self._facts.screen, self._facts.reason
        return self.desktop.screen, self.desktop.reason

    def _report(self, viewers: tuple[Viewer, ...], status: Status) -> None:
        self.board.set(
            permits=tuple(
                PermitFacts(name=lesson.tutor, lesson=lesson.terms.name, until=lesson.until)
                for visit in self._visits
                if (lesson := visit.lesson_now)
            ),
            viewers=viewers,
            lock=status.lock,
            screen=str(status.screen),
            screen_reason=status.reason,
        )
        if self.receipts.problem:
            self.board.problem("receipts", self.receipts.problem)
        else:
            self.board.solved("receipts")

    def _sync_lock_receipts(self) -> None:
        now = self.clock.now()
        leases = {lease.id: lease for lease in self.locker.leases.held}
        for identifier in [one for one in self._lock_receipts if one not in leases]:
            self.receipts.end(self._lock_receipts.pop(identifier), now)
        for lease in leases.values():
            if lease.id not in self._lock_receipts:
                who = Someone(name=lease.by, staff=lease.staff, serial=lease.serial, lesson=lease.lesson)
                anew = lease.id not in self._restored
                self._lock_receipts[lease.id] = self.receipts.begin(What.LOCKED, who, now, anew=anew)
