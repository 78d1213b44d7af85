"""Work that would hold up the window, done on a worker thread; its answer comes back in the window's thread."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

from PySide6.QtCore import QObject, QRunnable, QThreadPool, Signal

_T = TypeVar("_T")


class Background(QObject, Generic[_T]):
    """One kind of work at a time. Answers of work that was given up are thrown away."""

    _finished = Signal(int, object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._number = 0
        self._then: tuple[Callable[[_T], None], Callable[[Exception], None]] | None = None
        self._finished.connect(self._done)

    @property
    def busy(self) -> bool:
        """Whether an answer is still awaited."""
        return self._then is not None

    def run(self, work: Callable[[], _T], then: Callable[[_T], None], failed: Callable[[Exception], None]) -> None:
        """Do `work` elsewhere, then call one of the two here. Gives earlier work up."""
        self._number += 1
        self._then = then, failed
        QThreadPool.globalInstance().start(_Work(self._number, work, self._finished.emit))

    def follow(self, future: "Future[_T]", then: Callable[[_T], None], failed: Callable[[Exception], None]) -> None:
        """As `run`, for work that another thread has begun."""
        self._number += 1
        self._then = then, failed
        number = self._number
        future.add_done_callback(lambda done: self._finished.emit(number, *_outcome(done.result)))

    def give_up(self) -> None:
        """Want no answer any more."""
        self._then = None

    def _done(self, number: int, answer: _T, error: Exception | None) -> None:
        if number != self._number or self._then is None:
            return
        (then, failed), self._then = self._then, None
        if error:
            failed(error)
        else:
            then(answer)


def _outcome(work: Callable[[], _T]) -> tuple[_T | None, Exception | None]:
    try:
        return work(), None
    except Exception as error:
        return None, error  # whatever it was goes to `failed`, in the window's thread


class _Work(QRunnable):
    def __init__(self, number: int, work: Callable[[], object], tell: Callable[..., None]) -> None:
        super().__init__()
        self._number, self._work, self._tell = number, work, tell

    def run(self) -> None:
        self._tell(self._number, *_outcome(self._work))
