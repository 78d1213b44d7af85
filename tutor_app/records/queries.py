"""Questions to the records, newest first and in pages. Each takes a Connection, as `Records.query` gives one.

records.query(lambda connection: flags(connection, Filter(group="10B"), Page(limit=50)))
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Column, ColumnElement, Connection, FromClause, Select, func, select

from tutor_app.records import schema

_T = TypeVar("_T")

_l, _a, _f, _c = schema.lessons.c, schema.attendance.c, schema.flags.c, schema.commands.c


@dataclass(frozen=True, kw_only=True)
class Filter:
    """What to list; None and "" mean any. Names are searched in part, whatever their case; the rest is exact.

    `since` <= time < `until`: of a flag when it was given, of a command when it was asked, else the lesson's start.
    `withdrawn` concerns flags, `missing` (expected and never seen) attendance; elsewhere they do nothing.
    """

    lesson: str = ""
    group: str = ""
    tutor: str = ""
    device: str = ""
    student: str = ""
    category: str = ""
    since: float | None = None
    until: float | None = None
    withdrawn: bool | None = None
    missing: bool | None = None


@dataclass(frozen=True)
class Page:
    """Which of the rows; `limit` None is all of them."""

    limit: int | None = None
    offset: int = 0


EVERYTHING = Filter()
WHOLE = Page()


@dataclass(frozen=True)
class Listing(Generic[_T]):
    """One page of rows, and how many there are on all pages."""

    rows: tuple[_T, ...]
    total: int


@dataclass(frozen=True)
class Lesson:
    """A lesson with what happened in it; `flags` are those not withdrawn, `expected` and `seen` count devices."""

    id: str
    name: str
    group: str
    room: str
    tutor_id: str
    tutor_name: str
    started_at: float
    ends_at: float
    ended_at: float | None
    rules: str
    expected: int
    seen: int
    flags: int


@dataclass(frozen=True)
class Attended:
    """One device in one lesson (see `values.Attendance`)."""

    lesson: str
    lesson_name: str
    group: str
    started_at: float
    device: str
    name: str
    expected: bool
    first_seen_at: float | None
    last_seen_at: float | None
    seconds_live: float
    missing: str


@dataclass(frozen=True)
class Flag:
    """A flag, withdrawn when `withdrawn_at` says so; `source` and what follows as in `values.Flagged`."""

    id: str
    lesson: str
    lesson_name: str
    group: str
    device: str
    student: str
    user: str
    host: str
    category: str
    note: str
    by_id: str
    by_name: str
    at: float
    withdrawn_at: float | None
    withdrawn_by_id: str | None
    withdrawn_by_name: str | None
    withdrawn_reason: str | None
    source: str
    rule: str
    sentence: str
    detail: str

    @property
    def what(self) -> str:
        """What was noted: the tutor's note, or what a rule was broken with."""
        return self.note or self.detail

    @property
    def giver(self) -> str:
        """Who gave it: a member of staff, or a rule in their lesson."""
        return f"rule {self.rule} ({self.by_name})" if self.source == "rule" else self.by_name


@dataclass(frozen=True)
class Command:
    """A command to one device; `result` is None until the device answered."""

    lesson: str
    lesson_name: str
    group: str
    device: str
    id: str
    action: str
    text: str
    asked_at: float
    result: str | None
    detail: str | None
    answered_at: float | None
    understood_at: float | None


def lessons(connection: Connection, where: Filter = EVERYTHING, page: Page = WHOLE) -> Listing[Lesson]:
    """List lessons; `device`, `student` and `category` of the filter do nothing here."""
    present, flags_ = schema.attendance, schema.flags
    counts = (
        _count(present, _a.lesson == _l.id, _a.expected).label("expected"),
        _count(present, _a.lesson == _l.id, _a.first_seen_at.is_not(None)).label("seen"),
        _count(flags_, _f.lesson == _l.id, _f.withdrawn_at.is_(None)).label("flags"),
    )
    question = select(*schema.lessons.c, *counts).where(*_of_lesson(where, _l.started_at))
    return _listing(connection, Lesson, question.order_by(_l.started_at.desc(), _l.id), page)


def attendance(connection: Connection, where: Filter = EVERYTHING, page: Page = WHOLE) -> Listing[Attended]:
    """List who was in which lesson; students of a lesson by name."""
    columns = (column for column in schema.attendance.c if column is not _a.recorded_at)
    question = (
        select(*columns, *_LESSON, _l.started_at)
        .join_from(schema.attendance, schema.lessons)
        .where(*_of_lesson(where, _l.started_at), *_of_student(where, _a.device, _a.name))
    )
    if where.missing is not None:
        never = _a.first_seen_at.is_(None) & _a.expected
        question = question.where(never if where.missing else ~never)
    return _listing(connection, Attended, question.order_by(_l.started_at.desc(), _l.id, _a.name, _a.device), page)


def flags(connection: Connection, where: Filter = EVERYTHING, page: Page = WHOLE) -> Listing[Flag]:
    """List flags, the withdrawn ones too unless the filter says otherwise."""
    question = (
        select(*schema.flags.c, *_LESSON)
        .join_from(schema.flags, schema.lessons)
        .where(*_of_lesson(where, _f.at), *_of_student(where, _f.device, _f.student))
    )
    if where.category:
        question = question.where(_f.category == where.category)
    if where.withdrawn is not None:
        question = question.where(_f.withdrawn_at.is_not(None) if where.withdrawn else _f.withdrawn_at.is_(None))
    return _listing(connection, Flag, question.order_by(_f.at.desc(), _f.id), page)


def commands(connection: Connection, where: Filter = EVERYTHING, page: Page = WHOLE) -> Listing[Command]:
    """List what was asked of devices and what came of it; `student` of the filter does nothing here."""
    question = (
        select(*schema.commands.c, *_LESSON)
        .join_from(schema.commands, schema.lessons)
        .where(*_of_lesson(where, _c.asked_at), *([_c.device == where.device] if where.device else ()))
    )
    return _listing(connection, Command, question.order_by(_c.asked_at.desc(), _c.id, _c.device), page)


def groups(connection: Connection) -> tuple[str, ...]:
    """Return the groups that had lessons."""
    return tuple(connection.scalars(select(_l.group).distinct().order_by(_l.group)))


def categories(connection: Connection) -> tuple[str, ...]:
    """Return the categories that flags were given."""
    return tuple(connection.scalars(select(_f.category).distinct().order_by(_f.category)))


_LESSON = (_l.name.label("lesson_name"), _l.group)


def _count(table: FromClause, *conditions: ColumnElement[bool]) -> Any:
    return select(func.count()).select_from(table).where(*conditions).scalar_subquery()


def _of_lesson(where: Filter, at: Column[float]) -> list[ColumnElement[bool]]:
    conditions = []
    if where.lesson:
        conditions.append(_l.id == where.lesson)
    if where.group:
        conditions.append(_l.group == where.group)
    if where.tutor:
        conditions.append(_l.tutor_name.icontains(where.tutor, autoescape=True) | (_l.tutor_id == where.tutor))
    if where.since is not None:
        conditions.append(at >= where.since)
    if where.until is not None:
        conditions.append(at < where.until)
    return conditions


def _of_student(where: Filter, device: Column[str], name: Column[str]) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if where.device:
        conditions.append(device == where.device)
    if where.student:
        conditions.append(name.icontains(where.student, autoescape=True))
    return conditions


def _listing(
    connection: Connection, row: Callable[..., _T], question: Select[*tuple[Any, ...]], page: Page
) -> Listing[_T]:
    total = connection.scalar(select(func.count()).select_from(question.order_by(None).subquery())) or 0
    found = connection.execute(question.limit(page.limit).offset(page.offset)).mappings()
    return Listing(tuple(row(**mapping) for mapping in found), total)
