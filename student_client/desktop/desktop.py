"""The desktop process put together: what the agent says goes to the windows, what happens here goes to the agent."""

import logging
import time
from collections import deque

from PySide6.QtCore import QObject, QSocketNotifier, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from protocol.messages import Message
from protocol.text import plain
from student_client.backends.base import Backends, Unsupported
from student_client.desktop import theme
from student_client.desktop.agent_link import AgentLink
from student_client.desktop.capture_thread import CaptureThread
from student_client.desktop.capture_work import IndicatorSeen, Lesson
from student_client.desktop.indicator import Indicator
from student_client.desktop.lock_screen import LockScreen
from student_client.desktop.lock_window import Note
from student_client.desktop.message_window import MOST, MessageStack, TutorText
from student_client.desktop.panel import Panel
from student_client.desktop.succession import Succession
from student_client.desktop.words import badge as badge_words
from student_client.local import (
    Capture,
    DesktopReady,
    MessageShown,
    MessageUnderstood,
    NextPicture,
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

SUCCEED_MS = 1000  # an agent that has a lock to restore says so at once

logger = logging.getLogger(__name__)


class Desktop(QObject):
    """Owns every window, the capture thread and the link. Ends the application when the agent is gone."""

    def __init__(self, link: AgentLink, backends: Backends, succession: Succession) -> None:
        super().__init__()
        self._link, self._backends, self._succession = link, backends, succession
        self._channels: set[int] = set()
        self._notes: dict[str, TutorText] = {}  # came while locked, not yet in a window of their own
        self._shown: deque[str] = deque(maxlen=2 * MOST)
        self._ready = False
        self._lesson = False
        self._dark: bool | None = None
        self._capture = CaptureThread(backends)
        self._lock = LockScreen(backends.lock, self)
        self._indicator = Indicator(lambda: self._lock.covering, self)
        self._panel, self._messages = Panel(), MessageStack(self)
        self._mail = QSocketNotifier(self._capture.outbox.bell.fileno(), QSocketNotifier.Type.Read, self)
        self._connect()
        self._dress()
        self._stack()
        self._capture.start()

    def shut_down(self) -> None:
        """Stop capturing, give the grabs back, take everything off the screen."""
        self._mail.setEnabled(False)
        self._capture.stop()
        self._link.close()
        self._lock.close()
        self._indicator.hide()
        self._panel.hide()
        self._messages.clear()
        self._capture.close(patience=2)

    def _connect(self) -> None:
        self._link.received.connect(self._obey)
        self._link.gone.connect(self._orphan)
        self._link.roomy.connect(self._post)
        self._mail.activated.connect(self._post)
        self._indicator.ready.connect(self._be_ready)
        self._indicator.checked.connect(self._on_check)
        self._indicator.restored.connect(self._stack)
        self._indicator.clicked.connect(self._toggle_panel)
        self._indicator.palette_changed.connect(self._dress)
        self._messages.shown.connect(self._tell_shown)
        self._messages.understood.connect(lambda key: self._link.send(MessageUnderstood(id=key)))
        self._messages.changed.connect(self._stack)
        self._lock.covered.connect(self._tell_covered)
        self._lock.ended.connect(self._tell_uncovered)
        self._succession.replaced.connect(self._leave)
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._dress)

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
                self._lock.lock(message)
            case UnlockOrder():
                self._lock.unlock()
            case ShowMessage():
                self._show_message(TutorText(message.id, message.by, time.time(), message.text))
            case PanelState():
                self._show_state(message)
            case Quit():
                self._leave()

    # ── pictures and facts ──────────────────────────────────────────────────────────────────────────────────────────

    def _open_channel(self, order: Capture) -> None:
        self._channels.add(order.channel)
        self._indicator.watch(closely=True)
        self._indicator.check()
        self._capture.order(order)

    def _on_check(self, indicator_seen: bool) -> None:
        self._capture.order(IndicatorSeen(indicator_seen))
        if indicator_seen:
            self._post()  # what had to wait for it

    def _post(self) -> None:
        """Send what the capture thread has left: facts always, pictures while the socket takes them."""
        outbox = self._capture.outbox
        outbox.bell.answer()
        if not self._ready:
            return
        for facts in outbox.take_facts():
            self._link.send(facts)
        if outbox.has_picture and self._indicator.can_be_seen():
            while self._link.has_room and (picture := outbox.take_picture()) is not None:
                self._link.send(picture)

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
        if self._lesson != (lesson := bool(state.lesson)):
            self._lesson = lesson
            self._capture.order(Lesson(lesson))
        self._indicator.say(state)
        self._lock.say_viewing(badge_words(state))
        self._panel.show_state(state)

    def _toggle_panel(self) -> None:
        if self._panel.isVisible() or self._lock.locked:
            self._panel.hide()
        else:
            self._panel.open_at(self._indicator.area)

    def _dress(self) -> None:
        """Take the colours of the desktop's light or dark of this moment."""
        if self._dark == (dark := theme.is_dark()):
            return
        self._dark = dark
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.setStyleSheet(theme.style_sheet())
        self._indicator.repaint()

    # ── lock and messages ───────────────────────────────────────────────────────────────────────────────────────────

    def _tell_covered(self, key: str, held: bool) -> None:
        self._link.send(ScreenLocked(id=key, held=held))
        for note in self._notes:
            self._tell_shown(note)
        self._succeed()

    def _tell_uncovered(self) -> None:
        if not self._link.open:
            self._leave()  # the lock was all that was left to do
            return
        self._link.send(ScreenUnlocked())
        notes, self._notes = self._notes, {}
        for message in notes.values():
            self._messages.add(message)

    def _show_message(self, message: TutorText) -> None:
        if not self._lock.locked:
            self._messages.add(message)
            return
        self._notes[message.id] = message
        self._lock.say_notes(tuple(Note(note.by, note.at, note.text) for note in self._notes.values()))
        if self._lock.covering:
            QTimer.singleShot(0, self, lambda: self._tell_shown(message.id))

    def _tell_shown(self, key: str) -> None:
        if key not in self._shown:  # a message is shown on the lock and once more after it
            self._shown.append(key)
            self._link.send(MessageShown(id=key))

    def _stack(self) -> None:
        self._lock.keep_on_top((*self._messages.native_windows, self._indicator.badge.native))

    # ── the agent's going ───────────────────────────────────────────────────────────────────────────────────────────

    def _orphan(self, why: str) -> None:
        """The agent is gone: nothing is captured any more, only a lock stays to its end or to a successor."""
        logger.info("%s", why)
        self._capture.stop()
        self._indicator.hide()
        self._panel.hide()
        self._messages.clear()
        if self._lock.locked:
            self._succession.watch()
        else:
            self._leave()

    def _leave(self) -> None:
        QApplication.exit(0)  # `quit` would ask every window, and ours refuse to be closed

    def _succeed(self) -> None:
        if self._link.open:
            self._succession.sign()
