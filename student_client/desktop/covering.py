"""What happens when a student covers the screen: pictures held back, the cover up, the agent told; and the way back."""

import os
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal

from student_client.desktop.agent_link import AgentLink
from student_client.desktop.capture_thread import CaptureThread
from student_client.desktop.cover import Cover
from student_client.desktop.words import cover_words, no_cover
from student_client.local import FrontFacts, PanelState, ScreenCovered

TELL_MS = 50  # the cover is painted first

AskFront = Callable[[], FrontFacts | None]


class Covering(QObject):
    """The student's cover. No picture of what is below leaves after `begin`: the tutor sees the cover as well.

    Pictures are held back before anything else, and let go once every monitor shows the cover, which the window system
    has confirmed; they are held back again whenever one does not.
    """

    changed = Signal()  # windows have come or gone
    ended = Signal()

    def __init__(self, link: AgentLink, capture: CaptureThread, ask_front: AskFront, parent: QObject) -> None:
        super().__init__(parent)
        self._link, self._capture, self._ask_front = link, capture, ask_front
        self._hold = 0  # the number of the last hold; 0 while pictures go
        self._heard = False  # a tutor was there to be told since the screen was covered
        self._front: FrontFacts | None = None
        self._cover = Cover(self)
        self._cover.on_glass.connect(self._on_glass)
        self._cover.changed.connect(self.changed)
        self._cover.show_again.connect(self.end)

    @property
    def up(self) -> bool:
        """Whether the screen is covered."""
        return self._cover.up

    @property
    def native_windows(self) -> tuple[int, ...]:
        """The native ids of the cover's windows."""
        return self._cover.native_windows

    def remember_front(self) -> None:
        """A window of ours is about to take the front: what is there now is what a cover would be about."""
        front = self._ask_front()
        if front is None or front.pid != os.getpid():
            self._front = front

    def follow(self, state: PanelState | None, *, agent: bool) -> None:
        """Have the cover ready where it is offered, and say on it what is true now."""
        self._cover.prepare(ready=agent and state is not None and not no_cover(state))
        self._heard |= agent and self.up and state is not None and state.can_call
        self._cover.say(cover_words(state, agent=agent, heard=self._heard))

    def begin(self, state: PanelState) -> None:
        """Cover every monitor now, then tell the agent."""
        if self.up:
            return
        self._hold_back()
        self._heard = state.can_call
        self._cover.cover(cover_words(state, agent=True, heard=self._heard))
        QTimer.singleShot(TELL_MS, self, self._tell)

    def end(self) -> None:
        """Show the screen again."""
        if not self.up:
            return
        self._cover.uncover()
        self._let_go()
        self._link.send(ScreenCovered(covered=False))
        self.ended.emit()

    def _tell(self) -> None:
        """Say what was in front, which it is until the cover takes the keyboard."""
        if self.up:
            self.remember_front()
            self._cover.take_keyboard()
            self._link.send(ScreenCovered(covered=True, front=self._front))

    def _on_glass(self, covering: bool) -> None:
        if covering:
            self._let_go()
        else:
            self._hold_back()

    def _hold_back(self) -> None:
        self._hold = self._capture.hold_back(self._link.take_back_pictures())

    def _let_go(self) -> None:
        if self._hold:
            self._capture.let_go(self._hold)
            self._hold = 0
