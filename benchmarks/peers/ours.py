"""Lessonlight itself."""

from benchmarks.peers import Program
from benchmarks.room import Laptop, Partner


class Lessonlight(Program):
    """The product as it is installed: agent and desktop on the laptops, the tutor's window."""

    name = "Lessonlight"

    def missing(self) -> str:
        """Nothing is: it is what this is about."""
        return ""

    def show_wall(self) -> None:
        """Hold a lesson."""
        if self.room.tutor is None:
            self.room.begin_lesson()
        self.partner.order("wall")

    def show_focus(self, laptop: Laptop) -> None:
        """Hold a lesson and open one student large, on the whole display as the other viewers do."""
        self.show_wall()
        self.partner.order("focus", device=laptop.device)
        self.partner.order("full")

    def student(self, laptop: Laptop) -> list[int]:
        """Return the client; the desktop process is its child."""
        return [laptop.pid]

    def tutor(self) -> list[int]:
        """Return the window's process."""
        return [self.partner.tutor.process.pid]

    def stop(self) -> None:
        """End the lesson."""
        self.room.end_lesson()

    @property
    def partner(self) -> Partner:
        """The tutor's application, for orders that only ours understands."""
        assert self.room.tutor
        return self.room.tutor
