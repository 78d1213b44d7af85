"""Questions about assessments: which there were, and everything on record about one of them."""

from dataclasses import dataclass
from typing import Any, Final, TypeVar

from sqlalchemy import Column, Connection, Table, func, select

from tutor_app.records import schema
from tutor_app.records.queries import EVERYTHING, WHOLE, Attended, Filter, Flag, Listing, Page, attendance, flags
from tutor_app.records.values import AssessmentChecked, AssessmentNoted, DeviceFound

_T = TypeVar("_T")

_m, _l, _g, _d = schema.assessments.c, schema.lessons.c, schema.assessment_log.c, schema.found_devices.c
_STARTED: Final = "started"  # classroom.assessment.What


@dataclass(frozen=True)
class Held:
    """An assessment; `students` began it, `found` devices were found. `ended_at` None: nobody has closed it yet."""

    id: str
    lesson: str
    lesson_name: str
    group: str
    room: str
    name: str
    rules: str
    only: str
    sites: str
    applications: str
    length: float
    by_id: str
    by_name: str
    taken_from: str
    at: float
    ended_at: float | None
    students: int
    found: int


@dataclass(frozen=True)
class OnRecord:
    """All about one assessment, oldest first. `found` has every version; `flags` and `attendance` are the group's."""

    held: Held
    checks: tuple[AssessmentChecked, ...]
    log: tuple[AssessmentNoted, ...]
    found: tuple[DeviceFound, ...]
    attendance: tuple[Attended, ...]
    flags: tuple[Flag, ...]


def assessments(connection: Connection, where: Filter = EVERYTHING, page: Page = WHOLE) -> Listing[Held]:
    """List assessments, newest first; of the filter `lesson`, `group`, `tutor` and the times count."""
    students = (
        select(func.count(_g.device.distinct()))
        .where(_g.assessment == _m.id, _g.what == _STARTED)
        .scalar_subquery()
        .label("students")
    )
    found = select(func.count(_d.id.distinct())).where(_d.assessment == _m.id).scalar_subquery().label("found")
    question = select(
        *schema.assessments.c, _l.name.label("lesson_name"), _l.group, _l.room, students, found
    ).join_from(schema.assessments, schema.lessons)
    if where.lesson:
        question = question.where(_m.lesson == where.lesson)
    if where.group:
        question = question.where(_l.group == where.group)
    if where.tutor:
        question = question.where(_m.by_name.icontains(where.tutor, autoescape=True) | (_m.by_id == where.tutor))
    if where.since is not None:
        question = question.where(_m.at >= where.since)
    if where.until is not None:
        question = question.where(_m.at < where.until)
    total = connection.scalar(select(func.count()).select_from(question.subquery())) or 0
    question = question.order_by(_m.at.desc(), _m.id).limit(page.limit).offset(page.offset)
    return Listing(tuple(Held(**row) for row in connection.execute(question).mappings()), total)


def on_record(connection: Connection, assessment: str) -> OnRecord | None:
    """Return everything about one assessment; None where there is none of this id."""
    lesson = connection.scalar(select(_m.lesson).where(_m.id == assessment))
    if lesson is None:
        return None
    held = next(one for one in assessments(connection, Filter(lesson=lesson)).rows if one.id == assessment)
    checks, log, found = schema.assessment_checks, schema.assessment_log, schema.found_devices
    # The tutor app may have been started anew, or a second one joined: what they saw is in lessons of their own.
    meanwhile = Filter(group=held.group, since=held.at, until=held.ended_at)
    return OnRecord(
        held,
        _rows(connection, checks, AssessmentChecked, assessment, checks.c.number),
        _rows(connection, log, AssessmentNoted, assessment, log.c.at, log.c.id),
        _rows(connection, found, DeviceFound, assessment, found.c.found_at, found.c.id, found.c.version),
        attendance(connection, Filter(lesson=lesson)).rows + attendance(connection, meanwhile).rows,
        tuple(reversed(flags(connection, meanwhile).rows)),
    )


def devices_found(connection: Connection, assessment: str) -> tuple[DeviceFound, ...]:
    """Return every version of every device found in an assessment; first versions first, each before its next."""
    found = schema.found_devices
    return _rows(connection, found, DeviceFound, assessment, found.c.version, found.c.found_at, found.c.id)


def _rows(connection: Connection, table: Table, kind: type[_T], assessment: str, *order: Column[Any]) -> tuple[_T, ...]:
    question = select(table).where(table.c.assessment == assessment).order_by(*order)
    return tuple(kind(**row) for row in connection.execute(question).mappings())
