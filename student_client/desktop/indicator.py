"""Badge and tray as one indicator, and the word on whether the student can see it; without that word, no picture."""

import time
from collections.abc import Callable

from PySide6.QtCore import QObject, QRect, Qt, QTimer, Signal

from student_client.desktop.badge import Badge
from student_client.desktop.tray import Tray
from student_client.desktop.words import HAND_UP
from student_client.desktop.words import badge as badge_words
from student_client.local import PanelState

WATCHED_CHECK_MS = 800  # while pictures are taken: below capture_work's INDICATOR_LEASE (SECURITY rule 10)
IDLE_CHECK_MS = 2000  # while nobody asks for pictures
RESTORE_PAUSE = 0.5  # another program that keeps hiding the badge must not make us both run hot
LOOK_AGAIN = 0.2  # seconds
STEADY = 0.3  # a badge that was lost counts again after so long: one that only flashes tells nobody anything


class Indicator(QObject):
    """Shows the badge for ever. `checked` comes at every check and at once when something about the badge changes."""

    ready = Signal()  # on the screen for the first time
    checked = Signal(bool)  # whether the student can see it
    restored = Signal()  # on another native window
    clicked = Signal()
    palette_changed = Signal()
    moved = Signal()  # perhaps

    def __init__(self, covered: Callable[[], bool], parent: QObject | None = None) -> None:
        """`covered` says whether the lock covers the badge: the lock windows say themselves who is viewing."""
        super().__init__(parent)
        self._covered = covered
        self._ready = self._over = False
        self._seen = True
        self._back_at = self._restored_at = float("-inf")
        self._looked_at = 0.0
        self.badge, self._tray = Badge(), Tray(self)
        self._timer = QTimer(
            self, interval=IDLE_CHECK_MS, timerType=Qt.TimerType.PreciseTimer
        )  # coarse ones wake twice
        self._again = QTimer(self, interval=int(STEADY * 1000), singleShot=True)
        self._event = QTimer(self, interval=0, singleShot=True)  # after Qt has sent what it painted
        for timer in (self._timer, self._again, self._event):
            timer.timeout.connect(self.check)
        self.badge.exposure.connect(self._event.start)
        self.badge.exposure.connect(self.moved)
        self.badge.clicked.connect(self.clicked)
        self.badge.palette_changed.connect(self.palette_changed)
        self._tray.activated.connect(self.clicked)
        self.badge.show_again()
        self._timer.start()

    @property
    def area(self) -> QRect:
        """Where the badge is."""
        return self.badge.geometry()

    def can_be_seen(self) -> bool:
        """Whether the student can see who is viewing now, and could for a moment already.

        Thirty pictures a second ask: what was seen LOOK_AGAIN ago still holds, for whatever happens to the badge is
        an event and checked at once.
        """
        now = time.monotonic()
        if not self._seen or now - self._back_at < STEADY:
            return False
        if now - self._looked_at >= LOOK_AGAIN:
            self._looked_at = now if self._on_screen() else 0.0
        return self._looked_at > 0

    def say(self, state: PanelState) -> None:
        """Show who is viewing."""
        words, lit, trouble = badge_words(state), bool(state.viewers), bool(state.problem)
        self.badge.say(words, lit, trouble, state.hand)
        self._tray.say(f"{words} · {HAND_UP}" if state.hand else words, lit, trouble)

    @property
    def closely(self) -> bool:
        """Whether it confirms in time for pictures one after the other."""
        return self._timer.interval() == WATCHED_CHECK_MS

    def watch(self, closely: bool) -> None:
        """Confirm in time while pictures are taken, else seldom: what happens to the badge is told anyway."""
        interval = WATCHED_CHECK_MS if closely else IDLE_CHECK_MS
        if self._timer.interval() != interval:
            self._timer.setInterval(interval)

    def check(self) -> None:
        """Look whether it is on the screen, put it back if not, and tell."""
        if self._over:
            return
        on_screen, seen_before = self._on_screen(), self._seen
        self._seen = on_screen
        self._looked_at = time.monotonic() if on_screen else 0.0
        if on_screen and not seen_before and self._ready:
            self._back_at = time.monotonic()
        if not self.badge.on_screen():
            self._restore()
        elif not self._ready:
            self._ready = True
            self.ready.emit()
        seen = self.can_be_seen()
        if not seen:
            self._again.start()
        self.checked.emit(seen)

    def repaint(self) -> None:
        """Take the colours of the desktop's light or dark of this moment."""
        self.badge.update()
        self._tray.repaint()

    def hide(self) -> None:
        """Take it away: nothing is captured any more."""
        self._over = True
        self._timer.stop()
        self.badge.hide()
        self._tray.hide()

    def _on_screen(self) -> bool:
        return self._covered() or self.badge.on_screen()

    def _restore(self) -> None:
        if time.monotonic() - self._restored_at >= RESTORE_PAUSE:
            self._restored_at = time.monotonic()
            self.badge.show_again()
            self.restored.emit()
