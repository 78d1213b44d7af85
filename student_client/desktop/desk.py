"""What the desktop says of itself beside its pictures. Used by the capture thread."""

from protocol.messages import MonitorFacts
from protocol.text import plain
from student_client.backends.base import Away, Backends, Capture, Facts, Front, Inputs, Unsupported
from student_client.backends.titles import title_of
from student_client.local import FrontFacts

FACTS_INTERVAL = 1.0
QUIET_INTERVAL = 10.0  # while nothing is drawn: another window in front, or another title, would have to be
LARGEST = 16384  # protocol.messages.Pixels
MOST_MONITORS = 16


class Desk:
    """Monitors, the application in front and the count of inputs, asked for in lessons and not at all outside them."""

    def __init__(self, backends: Backends) -> None:
        self._backends = backends
        self._facts: Facts | None = None
        self._lesson = False
        self._asked_at = float("-inf")
        self._stirred = False
        self._inputs: Inputs | None = None
        self._pressed = 0  # in lessons that are over
        self.application = ""
        self.front: FrontFacts | None = None
        self.away = Away.NOT
        self.monitors: tuple[MonitorFacts, ...] = ()

    @property
    def inputs(self) -> int:
        """How often keys and buttons were pressed in lessons since the start; never which."""
        return self._pressed + (self._inputs.count() if self._inputs is not None else 0)

    @property
    def next_at(self) -> float | None:
        """When to ask again (monotonic), or None."""
        return self._asked_at + (FACTS_INTERVAL if self._stirred else QUIET_INTERVAL) if self._lesson else None

    def stir(self) -> None:
        """Something was drawn, or may have been unheard."""
        self._stirred = True

    def follow(self, lesson: bool) -> None:
        """A lesson has begun or ended."""
        self._lesson, self._asked_at = lesson, float("-inf")
        if not lesson:
            self.application, self.front, self.away = "", None, Away.NOT
            self.close()  # what the display tells would pile up unread
        elif self._inputs is None and not isinstance(self._backends.inputs, Unsupported):
            self._inputs = self._backends.inputs()

    def ask(self, capture: Capture, now: float) -> None:
        """Ask if it is time, and once at the start for the monitors; raises CaptureError."""
        if self.monitors and (self.next_at is None or now < self.next_at):
            return
        self._asked_at, self._stirred = now, False
        self.monitors = tuple(
            MonitorFacts(
                index=monitor.index,
                name=plain(monitor.name, 200),
                width=min(monitor.width, LARGEST),
                height=min(monitor.height, LARGEST),
            )
            for monitor in capture.monitors()[:MOST_MONITORS]
        )
        if self._lesson:
            self._ask_front()

    def close(self) -> None:
        """Give the backends back."""
        self._stop_counting()
        if self._facts is not None:
            self._facts.close()
            self._facts = None

    def _stop_counting(self) -> None:
        if self._inputs is not None:
            self._pressed += self._inputs.count()
            self._inputs.close()
            self._inputs = None

    def _ask_front(self) -> None:
        if isinstance(self._backends.facts, Unsupported):
            return
        self._facts = self._facts or self._backends.facts()
        front = self._facts.front()
        self.application = plain(title_of(front.program, front.title), 200) if front else ""
        self.front = front_facts(front)
        self.away = self._facts.away()


def front_facts(front: Front | None) -> FrontFacts | None:
    """Return the window in front as the agent is told of it."""
    if front is None:
        return None
    return FrontFacts(pid=front.pid, program=plain(front.program, 200), title=plain(front.title, 200))
