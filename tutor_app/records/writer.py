"""The one thread that writes the records. It owns the writing engine; a backlog feeds it."""

import logging
import threading
from collections.abc import Callable
from typing import Final

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from tutor_app.records.backlog import Backlog, Waiting
from tutor_app.records.placing import Unplaced, place_all
from tutor_app.records.problems import explain
from tutor_app.records.values import Record

BOUND: Final = 10_000  # records of < 4 KiB: 40 MiB at the worst; a lock of 1,000 devices and its answers are 2,000
_BATCH: Final = 500  # a transaction of 0.1 s, so that a second tutor app on the file never waits long
_FIRST_PAUSE: Final = 0.25
_LONGEST_PAUSE: Final = 15.0

_log = logging.getLogger(__name__)


class Writer:
    """Stores records durably in the order of `write`; retries for as long as the database fails.

    `on_problem` is called on this thread: a sentence when something goes wrong, "" when the database works again.
    """

    def __init__(self, engine: Engine, place: str, on_problem: Callable[[str], None], bound: int = BOUND) -> None:
        self._engine = engine
        self._place = place
        self._on_problem = on_problem
        self._backlog = Backlog(bound)
        self._trouble = ""
        self._thread = threading.Thread(target=self._run, name="records-writer", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def write(self, record: Record, stored: Callable[[], None] | None = None) -> None:
        """Queue a record, at once and from any thread; raises RecordsFull, for anything but attendance.

        `stored` is called on this writer's thread once the record is durable; it must not block.
        """
        self._backlog.add(record, stored)

    def flush(self, timeout: float) -> bool:
        """Wait until all that was written before this call is on the disk; False when it is not in time."""
        return self._backlog.flush(timeout)

    def stop(self, timeout: float) -> tuple[Record, ...]:
        """Store what waits, trying a failing database once more, and end; return what could not be stored."""
        self._backlog.stop()
        self._thread.join(timeout)
        return self._backlog.waiting()

    def _run(self) -> None:
        pause, last_try = _FIRST_PAUSE, False
        while batch := self._backlog.next(_BATCH):
            try:
                with self._engine.begin() as connection:
                    unplaced = place_all(connection, [waiting.record for waiting in batch.values()])
            except Exception as error:
                # Also our own mistakes: a thread that ends here loses flags silently.
                _log.debug("a batch of %d records failed", len(batch), exc_info=error)
                self._failed(error)
                if last_try:
                    break
                last_try = self._backlog.pause(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
            else:
                self._backlog.done(batch)
                self._stored(unplaced)
                for waiting in batch.values():
                    self._tell_stored(waiting)
                pause = _FIRST_PAUSE
        self._engine.dispose()

    def _tell_stored(self, waiting: Waiting) -> None:
        try:
            if waiting.stored:
                waiting.stored()
        except Exception:
            _log.exception("nobody could be told that this is stored: %s", type(waiting.record).__name__)

    def _failed(self, error: Exception) -> None:
        why = (
            explain(error, self._place) if isinstance(error, SQLAlchemyError) else f"Records cannot be kept: {error!r}"
        )
        kept = len(self._backlog.waiting())
        sentence = f"{why} Records kept in memory until it works again: {kept:,}.{self._dropped()}"
        if sentence != self._trouble:
            self._trouble = sentence
            self._tell(sentence)

    def _stored(self, unplaced: list[Unplaced]) -> None:
        if self._trouble:
            self._trouble = ""
            self._tell("")
        misfits = (
            f" A record ({type(misfit.record).__name__}) fitted nowhere and was kept aside in {self._place}: "
            f"{misfit.reason}."
            for misfit in unplaced[:3]  # a sentence, not a page; all of them are in the table
        )
        if notice := ("".join(misfits) + self._dropped()).strip():
            self._tell(notice)

    def _dropped(self) -> str:
        dropped = self._backlog.take_dropped()
        return f" Updates of attendance dropped: {dropped:,}." if dropped else ""

    def _tell(self, sentence: str) -> None:
        try:
            self._on_problem(sentence)
        except Exception:
            _log.exception("on_problem failed; the sentence was: %s", sentence)
