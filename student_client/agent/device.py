"""This laptop as its visitors see it: gate, policy, screens, lock, receipts, and everybody who holds a permit."""

import asyncio
import logging
import platform
from typing import TYPE_CHECKING, Final

from protocol.identity import Credentials
from protocol.messages import (
    LessonTerms,
    Lock,
    Message,
    MonitorFacts,
    Reason,
    ScreenState,
    Status,
    TextMessage,
    Understood,
)
from protocol.policy.bundle import Bundle, BundleError, newer, open_bundle
from protocol.policy.permit import Permit, Refusal
from protocol.text import plain
from student_client.agent.clock import DeviceClock
from student_client.agent.desktop import Desktop
from student_client.agent.gate import Gate
from student_client.agent.locker import Locker
from student_client.agent.panel import panel_state
from student_client.agent.receipts import Receipts, Someone, What
from student_client.agent.screens import Screens
from student_client.agent.state import POLICY, StateError, StateFolder
from student_client.agent.status import PermitFacts, StatusBoard
from student_client.local import (
    DesktopFacts,
    DesktopReady,
    MessageShown,
    MessageUnderstood,
    PanelState,
    Picture,
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
PER_PERSON: Final = 2  # a tutor may change laptops in the middle; nobody takes all the places


class Device:
    """Everything the visits share. All its methods run in the event loop."""

    def __init__(
        self, state: StateFolder, clock: DeviceClock, board: StatusBoard, receipts: Receipts, desktop: Desktop
    ) -> None:
        self.state, self.clock, self.board, self.receipts, self.desktop = state, clock, board, receipts, desktop
        self._gate: Gate | None = None
        self._root = b""
        self.screens = Screens(self._tell_ready)
        self.locker = Locker(state, desktop, board, clock.now())
        self.locker.changed = self.changed
        self.poked = asyncio.Event()
        self._visits: list[Visit] = []
        self._shown: dict[str, asyncio.Event] = {}
        self._lock_receipts: dict[str, int] = {}
        self._restored = {lease.id for lease in self.locker.leases.held}
        self._ready: DesktopReady | None = None
        self._facts: DesktopFacts | None = None
        self._panel: PanelState | None = None
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
        self._policy_changed()

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

    def visitor_in(self, visit: "Visit") -> None:
        """Somebody holds a permit from now on."""
        self._visits.append(visit)
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
        for visit in self._permitted():
            if visit.permit and visit.permit.until <= now:
                self._check(visit, over=True)
        ends = [visit.permit.until for visit in self._permitted() if visit.permit]
        lease_end = self.locker.leases.next_end()
        times = ends if lease_end is None else [*ends, lease_end]
        return max(0.0, min(times) - now) if times else None

    def _permitted(self) -> "list[Visit]":
        return list(self._visits)

    def _check(self, visit: "Visit", over: bool = False) -> None:
        assert visit.lesson
        decision = self.gate.decide(visit.peer, visit.lesson, self.clock.wall(), self.clock.now())
        if isinstance(decision, Refusal):
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
        self._panel = None
        self.changed()

    def desktop_down(self) -> None:
        """Nothing is shown, captured or covered any more."""
        self._ready = self._facts = None
        self.screens.blank()
        self.locker.desktop_down()
        self.changed()

    def desktop_said(self, message: Message) -> None:
        """Take what the desktop says."""
        match message:
            case DesktopReady():
                self._ready = message
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
            case _:
                log.warning("the desktop said %s", type(message).__name__)
        if not isinstance(message, Picture | ScreenPatches):
            self.changed()

    def _take_facts(self, facts: DesktopFacts) -> None:
        hidden = self._hidden
        self._facts = facts
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

    @property
    def _hidden(self) -> bool:
        return self._facts is not None and self._facts.screen is ScreenState.INDICATOR_HIDDEN

    def _tell_ready(self, message: Message) -> None:
        if self._ready:
            self.desktop.send(message)

    # ── telling everybody ───────────────────────────────────────────────────────────────────────────────────────────

    def changed(self) -> None:
        """Tell the indicator, the visitors and the status board what is new to them."""
        self._sync_lock_receipts()
        viewers = tuple(viewer for visit in self._visits if (viewer := visit.viewer))
        self._show_panel(viewers)
        status = self._status()
        for visit in self._visits:
            visit.outbox.status(status)
        self._report(viewers, status)

    def _show_panel(self, viewers: tuple[Viewer, ...]) -> None:
        lessons = [lesson for visit in self._visits if (lesson := visit.lesson_now)]
        panel = panel_state(self._gate, lessons, viewers, self.receipts, self.board.sentence)
        if panel != self._panel and self.desktop.up:
            self._panel = panel
            self.desktop.send(panel)

    def _status(self) -> Status:
        ready, facts = self._ready, self._facts
        screen, reason = self._screen()
        monitors: tuple[MonitorFacts, ...] = facts.monitors if facts else ()
        return Status(
            user=ready.user if ready else "",
            host=ready.host if ready else plain(platform.node(), 200),
            application=facts.application if facts else "",
            monitors=monitors,
            screen=screen,
            reason=plain(reason, 280),
            lock=self.locker.facts,
            inputs=facts.inputs if facts else 0,
        )

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
