"""The records of one tutor app, opened: write from any thread, read on a thread of its own."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from tutor_app.records.place import place_of
from tutor_app.records.problems import RecordsError, explain
from tutor_app.records.store import PATIENCE, Store, open_store
from tutor_app.records.values import Record
from tutor_app.records.writer import BOUND, Writer

_T = TypeVar("_T")

_OWN_WRITES: Final = 2.0  # seconds a query waits for what was written before it; after that it reads what is there


class Records:
    """Lessons, attendance, flags and commands on record. Whoever opens it closes it."""

    def __init__(self, store: Store, on_problem: Callable[[str], None], bound: int = BOUND) -> None:
        self._store = store
        self._writer = Writer(store.writing, str(store.place), on_problem, bound)
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="records-reader")
        self._writer.start()

    @classmethod
    def open(
        cls, where: str | Path | None = None, *, on_problem: Callable[[str], None], patience: float = PATIENCE
    ) -> Self:
        """Open the records at a path or URL (None: this user's own file), creating or upgrading them.

        Blocks for up to `patience` seconds; raises RecordsError. `on_problem` gets a sentence whenever something is
        wrong and "" when it is over: on the calling thread while opening (a damaged file was set aside), later on
        the records' own thread.
        """
        store = open_store(place_of(where), patience)
        if store.notice:
            on_problem(store.notice)
        return cls(store, on_problem)

    @property
    def place(self) -> str:
        """Where they are, for people."""
        return str(self._store.place)

    def write(self, record: Record, stored: Callable[[], None] | None = None) -> None:
        """Queue a record without blocking; raises RecordsFull when a flag, lesson or command finds no room.

        `stored` is called on the records' own thread once the record is durable; it must not block.
        """
        self._writer.write(record, stored)

    def flush(self, timeout: float) -> bool:
        """Wait until all that was written before is durable; False when it is not within `timeout` seconds."""
        return self._writer.flush(timeout)

    def query(self, ask: Callable[[Connection], _T]) -> "Future[_T]":
        """Run `ask` (see `queries`) on the reading thread; it sees what was written before. Fails with RecordsError."""
        return self._reader.submit(self._ask, ask)

    def _ask(self, ask: Callable[[Connection], _T]) -> _T:
        self._writer.flush(_OWN_WRITES)
        try:
            with self._store.reading.connect() as connection:
                return ask(connection)
        except SQLAlchemyError as error:
            raise RecordsError(explain(error, self.place)) from error

    def close(self, timeout: float = 10.0) -> tuple[Record, ...]:
        """Store what waits and close; return what could not be stored, which the tutor has to be told."""
        self._reader.shutdown(cancel_futures=True)
        unsaved = self._writer.stop(timeout)
        self._store.reading.dispose()
        return unsaved

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
