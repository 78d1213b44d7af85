"""The programs that are measured beside each other, ours among them, behind one small interface."""

from abc import ABC, abstractmethod
from typing import ClassVar

from benchmarks.room import Laptop, Room


class Program(ABC):
    """One program in one room. `missing` says in words why it cannot be measured here; "" if it can."""

    name: ClassVar[str]

    def __init__(self, room: Room) -> None:
        self.room = room

    @abstractmethod
    def missing(self) -> str:
        """Say what has to be installed, or what else is not there."""

    @abstractmethod
    def show_wall(self) -> None:
        """Show every laptop on the tutor's screen, small; returns when all are there."""

    @abstractmethod
    def show_focus(self, laptop: Laptop) -> None:
        """Show one laptop on the tutor's screen, as large as the program does."""

    @abstractmethod
    def student(self, laptop: Laptop) -> list[int]:
        """Return the processes on a laptop; their children count, too."""

    @abstractmethod
    def tutor(self) -> list[int]:
        """Return the processes at the tutor's; their children count, too."""

    @abstractmethod
    def stop(self) -> None:
        """End all of it."""
