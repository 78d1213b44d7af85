"""The lock of this session: its windows on every monitor, its grabs, its end. It ends by itself at `until`."""

import logging
import time
from collections.abc import Callable

from PySide6.QtCore import QObject, QSocketNotifier, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QScreen

from student_client.backends.base import LockError, ScreenLock, Unsupported
from student_client.desktop.lock_code import LockCode
from student_client.desktop.lock_window import LockWindow, Note
from student_client.desktop.words import CALM, WORK_IS_SAFE, remaining
from student_client.local import CodeAnswer
from student_client.local import LockScreen as LockOrder

PUMP_MS = 250  # base.ScreenLock: at least this often while held
SETTLE_MS = 50  # the backend pauses up to 30 ms between two restackings; then it wants another `pump`

logger = logging.getLogger(__name__)


class LockScreen(QObject):
    """Covers and uncovers. `covered(id, held)` tells of every cover, its renewal and a change of the grabs."""

    covered = Signal(str, bool)
    help_asked = Signal()  # F1 was pressed on the lock
    code_typed = Signal(str)  # a release code
    ended = Signal()  # uncovered, grabs released, focus restored

    def __init__(self, open_backend: Callable[[], ScreenLock] | Unsupported, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._open_backend = open_backend
        self._backend: ScreenLock | None = None
        self._notifier: QSocketNotifier | None = None
        self._order: LockOrder | None = None
        self._deadline = 0.0  # monotonic: a clock put back must not prolong the lease
        self._windows: dict[QScreen, LockWindow] = {}
        self._told: tuple[str, bool] | None = None
        self._always_on_top: tuple[int, ...] = ()
        self._raised: tuple[int, ...] = ()
        self._viewing, self._help = CALM, WORK_IS_SAFE
        self._notes: tuple[Note, ...] = ()
        self._code: LockCode | None = None  # where none can be typed
        self._timer = QTimer(self, interval=PUMP_MS)
        self._timer.timeout.connect(self._tick)
        self._settling = QTimer(self, interval=SETTLE_MS, singleShot=True)
        self._settling.timeout.connect(self._pump)
        app = QGuiApplication.instance()
        assert isinstance(app, QGuiApplication)
        app.screenAdded.connect(self._sync)
        app.screenRemoved.connect(self._forget)
        if isinstance(open_backend, Unsupported):
            logger.warning("keyboard and pointer cannot be held: %s", open_backend.why)
        self._use_backend()

    @property
    def locked(self) -> bool:
        """Whether a lock is in force, covered already or not."""
        return self._order is not None

    @property
    def covering(self) -> bool:
        """Whether every monitor is covered."""
        return bool(self._windows) and all(window.covering for window in self._windows.values())

    def keep_on_top(self, windows: tuple[int, ...]) -> None:
        """Keep these native windows above all others while nothing is locked; the last one topmost."""
        self._always_on_top = windows
        if not self.locked:
            self._raise(windows)

    def lock(self, order: LockOrder) -> None:
        """Cover every monitor until the order's end, or take over the words and the end of a newer order."""
        left = order.until - time.time()
        if left <= 0:
            self.unlock()
            return
        self._order, self._deadline = order, time.monotonic() + left
        self._told = None
        self._hold()
        self._timer.start()
        self._sync()
        self._report()

    def unlock(self) -> None:
        """Uncover, also when nothing is locked: `ended` follows always."""
        self._order = self._told = None
        self._notes = ()
        self._code = LockCode() if self._code else None  # half a code is nothing for the next lock
        self._timer.stop()
        windows, self._windows = self._windows, {}
        for window in windows.values():
            window.hide()
            window.deleteLater()
        self._raised = ()
        self._try(lambda backend: backend.release())
        self._raise(self._always_on_top)
        QTimer.singleShot(0, self, self.ended.emit)  # after Qt has sent the hiding to the window system

    def say_viewing(self, text: str) -> None:
        """Show who is viewing on the cover, too."""
        self._viewing = text
        for window in self._windows.values():
            window.say_viewing(text)

    def say_help(self, text: str) -> None:
        """Show on the cover how to call for help, or that the call was heard."""
        self._help = text
        for window in self._windows.values():
            window.say_help(text)

    def offer_release(self, on: bool) -> None:
        """Let a release code be typed on the cover, or no longer."""
        if on != (self._code is not None):
            self._code = LockCode() if on else None
            self._try(lambda backend: backend.hear_digits(on))
            self._sync()

    def show_answer(self, answer: CodeAnswer) -> None:
        """Say what became of a code."""
        if self._code is not None:
            self._code.answered(answer)
            self._sync()

    def say_notes(self, notes: tuple[Note, ...]) -> None:
        """Show the messages that came while locked."""
        self._notes = notes
        for window in self._windows.values():
            window.say_notes(notes)

    def close(self) -> None:
        """Give the grabs back; the process ends."""
        self._timer.stop()
        if self._backend is not None:
            self._drop_backend()

    def _tick(self) -> None:
        if self._order is None:
            return
        if self._left() <= 0:
            self.unlock()
            return
        self._pump()
        self._sync()
        self._report()

    def _left(self) -> float:
        assert self._order is not None
        return min(self._order.until - time.time(), self._deadline - time.monotonic())

    def _sync(self, *_screen: QScreen) -> None:
        """One window for each screen there is, as large as it is, saying what is true now."""
        if self._order is None:
            return
        for screen in QGuiApplication.screens():
            if screen not in self._windows:
                self._add(screen)
        for window in self._windows.values():
            self._speak(window)
            if not window.covering:
                window.cover()
        self._raise(self._native_windows())

    def _add(self, screen: QScreen) -> None:
        window = LockWindow(screen)
        window.say_viewing(self._viewing)
        window.say_help(self._help)
        window.say_notes(self._notes)
        window.exposure.connect(self._report_soon)
        screen.geometryChanged.connect(window.fit)
        self._windows[screen] = window

    def _forget(self, screen: QScreen) -> None:
        window = self._windows.pop(screen, None)
        if window is not None:
            window.hide()
            window.deleteLater()

    def _speak(self, window: LockWindow) -> None:
        assert self._order is not None
        line = f"Locked by {self._order.by} · unlocks by itself in {remaining(self._left())}"
        window.say(self._order.sentence, line, time.time())
        window.say_code(self._code.words if self._code and self._backend else "")

    def _report_soon(self) -> None:
        QTimer.singleShot(0, self, self._report)  # after Qt has sent the painting to the window system

    def _report(self) -> None:
        if self._order is None or not self.covering:
            return
        told = (self._order.id, self._backend is not None and self._backend.held)
        if told != self._told:
            self._told = told
            self.covered.emit(*told)

    def _hold(self) -> None:
        if self._backend is None:
            self._use_backend()
        self._try(lambda backend: backend.hold())
        self._try(lambda backend: backend.hear_digits(self._code is not None))

    def _pump(self) -> None:
        if self._backend is None and self.locked:
            self._hold()
            self._raise(self._native_windows())
        self._try(lambda backend: backend.pump())
        if self._backend is not None and self._backend.take_help() and self.locked:
            self.help_asked.emit()
        self._read_code()

    def _read_code(self) -> None:
        if self._backend is None or self._code is None or not self.locked:
            return
        if digits := self._backend.take_digits():
            if code := self._code.press(digits, time.time()):
                self.code_typed.emit(code)
            self._sync()

    def _native_windows(self) -> tuple[int, ...]:
        return tuple(window.native for window in self._windows.values())

    def _raise(self, windows: tuple[int, ...]) -> None:
        if windows != self._raised:
            self._raised = windows
            self._try(lambda backend: backend.raise_over(windows))

    def _try(self, act: Callable[[ScreenLock], object]) -> None:
        if self._backend is None:
            return
        try:
            act(self._backend)
        except LockError as error:
            logger.warning("the lock's grabs: %s", error)
            self._drop_backend()

    def _use_backend(self) -> None:
        if isinstance(self._open_backend, Unsupported):
            return
        try:
            backend = self._backend = self._open_backend()
        except LockError as error:
            logger.warning("the lock's grabs: %s", error)
            return
        if (descriptor := backend.fileno()) >= 0:
            self._notifier = QSocketNotifier(descriptor, QSocketNotifier.Type.Read, self)
            self._notifier.activated.connect(self._on_news)

    def _on_news(self) -> None:
        self._pump()
        self._settling.start()

    def _drop_backend(self) -> None:
        if self._notifier is not None:
            self._notifier.setEnabled(False)
            self._notifier.deleteLater()
            self._notifier = None
        if self._backend is not None:
            self._backend.close()
            self._backend = None
        self._raised = ()
