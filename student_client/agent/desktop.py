"""What the agent needs of whatever stands on the student's screen: the desktop process, or a fake of it."""

from abc import ABC, abstractmethod
from typing import Protocol

from protocol.messages import Message, ScreenState


class DesktopListener(Protocol):
    """Whoever hears of the desktop. Called in the event loop, one after the other; none may block."""

    def desktop_up(self) -> None:
        """A desktop is connected and shows nothing yet: tell it everything."""

    def desktop_said(self, message: Message) -> None:
        """One message of `student_client.local.DesktopMessage`."""

    def desktop_down(self) -> None:
        """The desktop is gone, or there never was one: `screen` and `reason` have changed."""


class Desktop(ABC):
    """One desktop, kept there as well as can be. `screen` and `reason` say why there is none."""

    def __init__(self) -> None:
        self.listener: DesktopListener
        self.screen = ScreenState.STARTING
        self.reason = "The student's screen is being prepared."

    @property
    @abstractmethod
    def up(self) -> bool:
        """Whether there is one to talk to."""

    @abstractmethod
    def send(self, message: Message) -> None:
        """Tell it something; lost when there is none, for a new one is told everything by `desktop_up`."""

    @abstractmethod
    def hurry(self, locked: bool) -> None:
        """Say whether a lock is held: then a dead desktop must be back within a second, always."""

    @abstractmethod
    async def run(self) -> None:
        """Keep it there until cancelled; leaves nothing behind."""
