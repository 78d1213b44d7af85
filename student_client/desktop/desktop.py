"""The desktop process put together: what the agent says goes to the windows, what happens here goes to the agent."""

import logging
import time

from PySide6.QtCore import QObject, QSocketNotifier, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from protocol.messages import Message
from protocol.text import plain
from student_client.backends.base import Backends, Hotkey, Unsupported, WindowError
from student_client.desktop import theme
from student_client.desktop.agent_link import AgentLink
from student_client.desktop.assessment_timer import AssessmentTimer
from student_client.desktop.capture_thread import CaptureThread
from student_client.desktop.capture_work import IndicatorSeen, Lesson
from student_client.desktop.cards import Cards
from student_client.desktop.covering import Covering
from student_client.desktop.desk import front_facts
from student_client.desktop.indicator import Indicator
from student_client.desktop.key_listener import KeyListener
from student_client.desktop.lock_screen import LockScreen
from student_client.desktop.lock_window import Note
from student_client.desktop.message_window import TutorText
from student_client.desktop.panel import Panel
from student_client.desktop.succession import Succession
from student_client.desktop.words import badge as badge_words
from student_client.desktop.words import lock_help, no_call, no_cover
from student_client.local import (
    Capture,
    ClearNotice,
    CloseProgram,
    CodeAnswer,
    CodeTyped,
    DesktopReady,
    FrontFacts,
    HandMoved,
    MessageShown,
    MessageUnderstood,
    NextPicture,
    Notice,
    PanelState,
    Quit,
    Refresh,
    ScreenLocked,
    ScreenUnlocked,
    ShowMessage,
    StopCapture,
)
from student_client.local import LockScreen as LockOrder
from student_client.local import UnlockScreen as UnlockOrder

REST = 2.0  # seconds without a picture after which the indicator is confirmed when it is asked for
SUCCEED_MS = 1000  # an agent that has a lock to restore says so at once

logger = logging.getLogger(__name__)


class Desktop(QObject):
    """Owns every window, the capture thread and the link. Ends the application when the agent is gone."""

    def __init__(self, link: AgentLink, backends: Backends, succession: Succession) -> None:
        super().__init__()
        self._link, self._backends, self._succession = link, backends, succession
        self._channels: set[int] = set()
        self._ready = False
        self._followed = False  # another desktop process has taken over; only the student's cover is left to show
        self._pictured_at = float("-inf")  # monotonic; of the last picture, or when one was wanted
        self._confirmed = False
        self._state: PanelState | None = None
        self._dark: bool | None = None
        self._capture = CaptureThread(backends)
        self._lock = LockScreen(backends.lock, self)
        self._indicator = Indicator(lambda: self._lock.covering, self)
        self._panel, self._cards, self._timer = Panel(), Cards(self), AssessmentTimer()
        self._covering = Covering(link, self._capture, self._front, self)
        self._keys = KeyListener(backends.hotkeys, self)
        self._panel.name_keys(self._keys.names)
        self._mail = QSocketNotifier(self._capture.outbox.bell.fileno(), QSocketNotifier.Type.Read, self)
        self._connect()
        self._connect_student()
        self._dress()
        self._stack()
        self._capture.start()

    def shut_down(self) -> None:
        """Stop capturing, give the grabs back, take everything off the screen."""
        self._mail.setEnabled(False)
        self._capture.stop()
        self._link.close()
        self._lock.close()
        self._hide_all()
        self._capture.close(patience=2)

    def _connect(self) -> None:
        self._link.received.connect(self._obey)
        self._link.gone.connect(self._orphan)
        self._link.roomy.connect(self._post)
        self._mail.activated.connect(self._post)
        self._indicator.ready.connect(self._be_ready)
        self._indicator.checked.connect(self._on_check)
        self._indicator.restored.connect(self._stack)
        self._indicator.moved.connect(lambda: self._timer.keep_beside(self._indicator.area))
        self._timer.exposure.connect(lambda: self._cards.keep_clear(self._timer.area))
        self._indicator.palette_changed.connect(self._dress)
        self._cards.shown.connect(lambda key: self._link.send(MessageShown(id=key)))
        self._cards.understood.connect(lambda key: self._link.send(MessageUnderstood(id=key)))
        self._lock.covered.connect(self._tell_covered)
        self._lock.ended.connect(self._tell_uncovered)
        self._covering.ended.connect(self._on_uncovered)
        self._succession.replaced.connect(self._on_replaced)
        for changed in (self._cards.changed, self._covering.changed, self._timer.exposure):
            changed.connect(self._stack)
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._dress)

    def _connect_student(self) -> None:
        """What the student asks for."""
        self._indicator.clicked.connect(self._toggle_panel)
        self._timer.clicked.connect(self._toggle_panel)
        self._keys.pressed.connect(self._on_key)
        self._lock.help_asked.connect(self._ask_for_help)
        self._lock.code_typed.connect(self._send_code)
        self._panel.hand_moved.connect(self._move_hand)
        self._panel.cover_asked.connect(self._cover)
        self._panel.code_typed.connect(self._send_code)

    def _obey(self, message: Message) -> None:
        match message:
            case Capture():
                self._open_channel(message)
            case StopCapture():
                self._channels.discard(message.channel)
                self._indicator.watch(closely=bool(self._channels))
                self._capture.order(message)
            case NextPicture() | Refresh():
                self._capture.order(message)
            case LockOrder():
                self._panel.hide()
                self._cards.keep()
                self._lock.lock(message)
            case UnlockOrder():
                self._lock.unlock()
            case PanelState():
                self._show_state(message)
            case Quit():
                self._leave()
            case _:
                self._show(message)

    def _show(self, message: Message) -> None:
        """Take what is for the student to read, or for a program to hear."""
        match message:
            case ShowMessage():
                self._show_message(TutorText(message.id, message.by, time.time(), message.text))
            case Notice():
                self._cards.add_notice(message)
            case ClearNotice():
                self._cards.clear_notice(message.id)
            case CodeAnswer():
                self._panel.show_answer(message)
                self._lock.show_answer(message)
            case CloseProgram():
                self._close_program(message.pid)

    # ── pictures and facts ──────────────────────────────────────────────────────────────────────────────────────────

    def _open_channel(self, order: Capture) -> None:
        self._channels.add(order.channel)
        self._watch_closely()
        self._capture.order(order)

    def _on_check(self, indicator_seen: bool) -> None:
        if time.monotonic() - self._pictured_at > REST:
            self._indicator.watch(closely=False)  # the capture thread asks before its next picture
        if self._indicator.closely or not indicator_seen or not self._confirmed:
            self._capture.order(IndicatorSeen(indicator_seen))
        self._confirmed = indicator_seen
        if indicator_seen:
            self._post()  # what had to wait for it

    def _post(self) -> None:
        """Send what the capture thread has left: facts always, pictures while the socket takes them."""
        outbox = self._capture.outbox
        outbox.bell.answer()
        if outbox.take_look():
            self._watch_closely()
        if not self._ready:
            return
        for facts in outbox.take_facts():
            self._link.send(facts)
        if outbox.has_picture and self._indicator.can_be_seen():
            while self._link.has_room and (picture := outbox.take_picture()) is not None:
                self._pictured_at = time.monotonic()
                self._link.send(picture)

    def _watch_closely(self) -> None:
        self._pictured_at = time.monotonic()
        self._indicator.watch(closely=True)
        self._indicator.check()

    # ── indicator and panel ─────────────────────────────────────────────────────────────────────────────────────────

    def _be_ready(self) -> None:
        self._ready = True
        user, host = self._who()
        self._link.send(DesktopReady(user=plain(user, 200), host=plain(host, 200)))
        self._post()
        QTimer.singleShot(SUCCEED_MS, self, self._succeed)

    def _who(self) -> tuple[str, str]:
        if isinstance(self._backends.facts, Unsupported):
            return "", ""
        facts = self._backends.facts()
        try:
            return facts.logged_in_user(), facts.host_name()
        finally:
            facts.close()

    def _show_state(self, state: PanelState) -> None:
        before, self._state = self._state, state
        if (holds := _something_holds(state)) != (before is not None and _something_holds(before)):
            self._capture.order(Lesson(holds))
        self._indicator.say(state)
        self._lock.say_viewing(badge_words(state))
        self._lock.say_help(lock_help(state))
        self._lock.offer_release(state.assessment is not None)
        self._covering.follow(state, agent=True)
        self._timer.show_assessment(state.assessment)
        self._panel.show_state(state)

    def _toggle_panel(self) -> None:
        if self._panel.isVisible():
            self._panel.hide()
        else:
            self._open_panel()

    def _open_panel(self) -> None:
        if not (self._lock.locked or self._covering.up):
            if self._state is not None and not no_cover(self._state):  # else it is nobody's business
                self._covering.remember_front()
            self._panel.open_at(self._indicator.area.united(self._timer.area))

    def _dress(self) -> None:
        """Take the colours of the desktop's light or dark of this moment."""
        if self._dark == (dark := theme.is_dark()):
            return
        self._dark = dark
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.setStyleSheet(theme.style_sheet())
        self._indicator.repaint()

    # ── what the student asks for ───────────────────────────────────────────────────────────────────────────────────

    def _on_key(self, key: Hotkey) -> None:
        match key:
            case Hotkey.HELP:
                self._ask_for_help()
            case Hotkey.COVER:
                self._cover()
            case Hotkey.PANEL:
                self._toggle_panel()

    def _ask_for_help(self) -> None:
        """Raise the hand; where nobody would see it, or it is up already, the panel says so."""
        if self._state is None:
            return
        if self._state.hand or no_call(self._state):
            self._open_panel()
        else:
            self._link.send(HandMoved(raised=True))

    def _move_hand(self, raised: bool, text: str) -> None:
        self._link.send(HandMoved(raised=raised, text=plain(text, 200)))

    def _send_code(self, code: str) -> None:
        self._link.send(CodeTyped(code=code))

    def _cover(self) -> None:
        if self._lock.locked or self._state is None:
            return
        if no_cover(self._state):
            self._open_panel()
            return
        self._covering.begin(self._state)
        self._panel.hide()
        self._succeed()

    def _front(self) -> FrontFacts | None:
        if isinstance(self._backends.facts, Unsupported):
            return None
        facts = self._backends.facts()
        try:
            return front_facts(facts.front())
        finally:
            facts.close()

    def _on_uncovered(self) -> None:
        if not self._link.open and not self._lock.locked:
            self._leave()

    def _close_program(self, pid: int) -> None:
        """Ask politely; where that cannot be, the agent ends the program after its grace."""
        if isinstance(self._backends.windows, Unsupported):
            logger.info("process %d cannot be asked to close: %s", pid, self._backends.windows.why)
            return
        try:
            self._backends.windows().close_windows(pid)
        except WindowError as error:
            logger.warning("process %d was not asked to close: %s", pid, error)

    # ── lock and messages ───────────────────────────────────────────────────────────────────────────────────────────

    def _tell_covered(self, key: str, held: bool) -> None:
        self._link.send(ScreenLocked(id=key, held=held))
        for note in self._cards.kept_messages:
            self._cards.tell_shown(note.id)
        self._succeed()

    def _tell_uncovered(self) -> None:
        if not self._link.open:
            if not self._covering.up:
                self._leave()  # the lock was all that was left to do
            return
        self._link.send(ScreenUnlocked())
        self._cards.show_kept()

    def _show_message(self, message: TutorText) -> None:
        self._cards.add_message(message)
        if not self._lock.locked:
            return
        self._lock.say_notes(tuple(Note(note.by, note.at, note.text) for note in self._cards.kept_messages))
        if self._lock.covering:
            QTimer.singleShot(0, self, lambda: self._cards.tell_shown(message.id))

    def _stack(self) -> None:
        if self._followed:  # what is on top is the other process's business: two would climb over each other
            self._lock.keep_on_top(())
            return
        timer = (self._timer.native,) if self._timer.isVisible() else ()
        over = (*self._covering.native_windows, *self._cards.native_windows, *timer)
        self._lock.keep_on_top((*over, self._indicator.badge.native))

    # ── the agent's going ───────────────────────────────────────────────────────────────────────────────────────────

    def _orphan(self, why: str) -> None:
        """The agent is gone: nothing is captured any more; a lock stays to its end, a cover to the student's word."""
        logger.info("%s", why)
        self._capture.stop()
        self._hide_all()
        self._covering.follow(self._state, agent=False)
        if self._lock.locked or self._covering.up:
            self._succession.watch()
        else:
            self._leave()

    def _hide_all(self) -> None:
        self._keys.close()
        self._indicator.hide()
        self._timer.show_assessment(None)
        self._panel.hide()
        self._cards.clear()

    def _on_replaced(self) -> None:
        """Another process shows indicator and lock now; what a student has covered is still theirs to show."""
        if not self._covering.up:
            self._leave()
            return
        self._followed = True
        self._stack()
        self._lock.unlock()

    def _leave(self) -> None:
        QApplication.exit(0)  # `quit` would ask every window, and ours refuse to be closed

    def _succeed(self) -> None:
        if self._link.open:
            self._succession.sign()


def _something_holds(state: PanelState) -> bool:
    """Whether rules are decided on this device: they need to know what is in front, also without a tutor."""
    return bool(state.lesson or state.assessment or state.rules)
