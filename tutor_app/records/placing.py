"""Puts one record into its table. Putting the same record twice changes nothing, so re-sending is harmless."""

import time
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, Connection, Table, and_, bindparam, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError

from tutor_app.records.schema import (
    assessment_checks,
    assessment_log,
    assessments,
    attendance,
    commands,
    flags,
    found_devices,
    lessons,
    unplaced,
)
from tutor_app.records.values import (
    AssessmentChecked,
    AssessmentEnded,
    AssessmentNoted,
    AssessmentStarted,
    Attendance,
    CommandAnswered,
    CommandAsked,
    CommandUnderstood,
    DeviceFound,
    Flagged,
    FlagWithdrawn,
    LessonEnded,
    LessonStarted,
    Record,
)


class Misfit(Exception):
    """A record contradicts what is stored, or refers to nothing that is; the text says how."""


_MISFITS: Final = (Misfit, IntegrityError, DataError, OverflowError)


@dataclass(frozen=True)
class Unplaced:
    """A record that fitted nowhere and was kept aside, and why."""

    record: Record
    reason: str


def place_all(connection: Connection, records: list[Record]) -> list[Unplaced]:
    """Put the records into their tables, in order, in the caller's transaction; return those that fitted nowhere."""
    try:
        with connection.begin_nested():
            for _, alike in groupby(records, type):
                _place_alike(connection, list(alike))
    except _MISFITS:
        return _place_singly(connection, records)
    return []


def _place_alike(connection: Connection, records: list[Record]) -> None:
    """Put records of one kind into their table; many at once where nothing is odd about them.

    A lock of a thousand screens is two thousand records, while the window shows the answers with the same interpreter.
    """
    attended = [record for record in records if isinstance(record, Attendance)]
    if attended:
        _replace_older(connection, attended)
        return
    asked = [record for record in records if isinstance(record, CommandAsked)]
    answered = [record for record in records if isinstance(record, CommandAnswered)]
    many = len(records) > 1
    if many and ((asked and _all_asked(connection, asked)) or (answered and _all_answered(connection, answered))):
        return
    for record in records:
        _place(connection, record)


def _all_asked(connection: Connection, records: list[CommandAsked]) -> bool:
    """Insert these; whether all of them were new. Where not, placing each once more finds out which."""
    statement = _insert(connection, commands).on_conflict_do_nothing(index_elements=list(commands.primary_key))
    added = connection.execute(statement.returning(*commands.primary_key), [asdict(record) for record in records])
    return len(added.all()) == len(records)


def _all_answered(connection: Connection, records: list[CommandAnswered]) -> bool:
    """Fill these in; whether each of them was about a row that had no answer."""
    key = {name: commands.c[name] == bindparam(f"of_{name}") for name in _command(records[0])}
    statement = update(commands).where(*key.values(), commands.c.answered_at.is_(None))
    values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in _outcome(records[0])}
    rows = [
        {f"of_{name}": value for name, value in _command(record).items()}
        | {f"new_{name}": value for name, value in _outcome(record).items()}
        for record in records
    ]
    return connection.execute(statement.values(values), rows).rowcount == len(records)


def _place_singly(connection: Connection, records: list[Record]) -> list[Unplaced]:
    misfits = []
    for record in records:
        try:
            with connection.begin_nested():
                _place(connection, record)
        except _MISFITS as error:
            cause = error.orig if isinstance(error, DBAPIError) else error
            reason = " ".join(str(cause).split())
            _keep(connection, record, reason)
            misfits.append(Unplaced(record, reason))
    return misfits


def _keep(connection: Connection, record: Record, reason: str) -> None:
    body = msgspec.json.encode(record).decode()
    connection.execute(
        insert(unplaced).values(kind=type(record).__name__, body=body, reason=reason, kept_at=time.time())
    )


def _place(connection: Connection, record: Record) -> None:
    match record:
        case LessonStarted():
            _add(connection, lessons, asdict(record))
        case Flagged(source="rule"):
            _add_once(connection, flags, asdict(record))
        case Flagged():
            _add(connection, flags, asdict(record))
        case CommandAsked():
            _add(connection, commands, asdict(record))
        case Attendance():
            _replace_older(connection, [record])
        case LessonEnded(lesson=lesson):
            _mark(connection, lessons, {"id": lesson}, {"ended_at": record.ended_at})
        case FlagWithdrawn(flag=flag):
            _mark(connection, flags, {"id": flag}, _withdrawal(record))
        case CommandAnswered():
            _mark(connection, commands, _command(record), _outcome(record))
        case CommandUnderstood():
            _mark(connection, commands, _command(record), {"understood_at": record.understood_at})
        case AssessmentStarted() | AssessmentChecked() | AssessmentNoted() | DeviceFound() | AssessmentEnded():
            _place_assessment(connection, record)


def _place_assessment(
    connection: Connection,
    record: AssessmentStarted | AssessmentChecked | AssessmentNoted | DeviceFound | AssessmentEnded,
) -> None:
    match record:
        case AssessmentStarted(taken_from=""):
            _add(connection, assessments, asdict(record))
        case AssessmentStarted():
            _add_once(connection, assessments, asdict(record))
        case AssessmentChecked():
            _add(connection, assessment_checks, asdict(record))
        case AssessmentNoted():
            _add(connection, assessment_log, asdict(record))
        case DeviceFound():
            _add(connection, found_devices, asdict(record))
        case AssessmentEnded(assessment=assessment):
            _mark(connection, assessments, {"id": assessment}, {"ended_at": record.ended_at})


def _command(record: CommandAnswered | CommandUnderstood) -> dict[str, str]:
    return {"lesson": record.lesson, "device": record.device, "id": record.id}


def _outcome(record: CommandAnswered) -> dict[str, object]:
    return {"answered_at": record.answered_at, "result": record.result, "detail": record.detail}


def _withdrawal(record: FlagWithdrawn) -> dict[str, object]:
    return {
        "withdrawn_at": record.at,
        "withdrawn_by_id": record.by_id,
        "withdrawn_by_name": record.by_name,
        "withdrawn_reason": record.reason,
    }


def _where(table: Table, key: dict[str, Any]) -> ColumnElement[bool]:
    return and_(*(table.c[name] == value for name, value in key.items()))


def _insert(connection: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


def _add_once(connection: Connection, table: Table, row: dict[str, Any]) -> bool:
    """Insert a row unless one has its id: what two members of staff were told counts as the first of them wrote it."""
    statement = _insert(connection, table).values(row)
    added = statement.on_conflict_do_nothing(index_elements=list(table.primary_key)).returning(*table.primary_key)
    return connection.execute(added).first() is not None


def _add(connection: Connection, table: Table, row: dict[str, Any]) -> None:
    """Insert a row; the same row again is ignored, a different one under its id is a Misfit."""
    if _add_once(connection, table, row):
        return
    if connection.scalar(select(func.count()).select_from(table).where(_where(table, row))) == 0:
        raise Misfit(f"another of the {table.name} has this id")


def _replace_older(connection: Connection, records: list[Attendance]) -> None:
    """Insert each attendance, or replace the one that is stored unless that is newer."""
    rows = [asdict(record) for record in records]
    statement = _insert(connection, attendance)
    new = statement.excluded
    values: dict[str, Any] = {name: new[name] for name in rows[0].keys() - {"lesson", "device"}}
    # A tutor app that was started anew in the same lesson does not know when the device was first seen.
    values["first_seen_at"] = func.coalesce(attendance.c.first_seen_at, new.first_seen_at)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["lesson", "device"], set_=values, where=new.recorded_at >= attendance.c.recorded_at
        ),
        rows,
    )


def _mark(connection: Connection, table: Table, key: dict[str, Any], values: dict[str, Any]) -> None:
    """Fill in what happened to a row later, once: the first of `values` says whether it was filled in before."""
    row = _where(table, key)
    unmarked = table.c[next(iter(values))].is_(None)
    if connection.execute(update(table).where(row, unmarked).values(values)).rowcount:
        return
    if connection.scalar(select(func.count()).select_from(table).where(row)) == 0:
        raise Misfit(f"it is about one of the {table.name} that is not on record")
