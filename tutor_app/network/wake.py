"""A bell between threads that rings once, however much there is to look at."""

from collections.abc import Callable
from threading import Lock


class Wake:
    """Rings at most once until its owner has looked. The bell is called in the thread that rings; it must not block."""

    def __init__(self, bell: Callable[[], None] | None) -> None:
        self._bell = bell
        self._lock = Lock()
        self._rung = False

    def ring(self) -> None:
        """There is something to look at."""
        with self._lock:
            if self._rung or self._bell is None:
                return
            self._rung = True
        self._bell()

    def looked(self) -> None:
        """The owner is about to look: what comes from now on rings again."""
        with self._lock:
            self._rung = False
