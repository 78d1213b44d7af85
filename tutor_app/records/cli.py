"""`lessonlight-tutor records …`: lists and exports what is on record. Exit codes: 2 usage, 5 the file or database."""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Final, TypeAlias, TypeVar

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from protocol.text import plain
from tutor_app.assessment.report import HEADER, report
from tutor_app.records import assessment_queries, queries
from tutor_app.records.assessment_queries import Held
from tutor_app.records.export import Cell, local, put_csv, write_csv
from tutor_app.records.place import Place, place_of
from tutor_app.records.problems import RecordsError, explain
from tutor_app.records.queries import Attended, Filter, Flag, Lesson, Listing, Page
from tutor_app.records.store import open_existing

_T = TypeVar("_T")

FILE_PROBLEM: Final = 5
_STDOUT: Final = Path("-")

app = typer.Typer(help="List and export lessons, flags, attendance and assessments.", no_args_is_help=True)

_DATES: Final = ["%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]

_Lesson: TypeAlias = Annotated[str, typer.Option("--lesson", metavar="ID", help="Only this lesson (its id).")]
_Group: TypeAlias = Annotated[str, typer.Option("--group", metavar="NAME", help="Only lessons of this group.")]
_Tutor: TypeAlias = Annotated[
    str, typer.Option("--tutor", metavar="NAME", help="Only lessons of tutors with this in their name.")
]
_Device: TypeAlias = Annotated[str, typer.Option("--device", metavar="ID", help="Only this device (its id).")]
_Student: TypeAlias = Annotated[
    str, typer.Option("--student", metavar="NAME", help="Only students with this in their name.")
]
_Since: TypeAlias = Annotated[
    datetime | None,
    typer.Option(
        "--since",
        metavar="WHEN",
        formats=_DATES,
        help="From this day or time on, e.g. 2026-01-05 or '2026-01-05 10:30'.",
    ),
]
_Until: TypeAlias = Annotated[
    datetime | None,
    typer.Option("--until", metavar="WHEN", formats=_DATES, help="To this day, its end included, or this time."),
]
_Limit: TypeAlias = Annotated[
    int | None, typer.Option("--limit", min=1, help="At most so many, newest first (50 in a table, else all).")
]
_Json: TypeAlias = Annotated[bool, typer.Option("--json", help="Write JSON; times are Unix seconds.")]
_Csv: TypeAlias = Annotated[
    Path | None,
    typer.Option("--csv", metavar="FILE", dir_okay=False, help="Write a CSV file instead; - is standard output."),
]
_Excel: TypeAlias = Annotated[bool, typer.Option("--excel", help="Have Excel read the CSV file's letters rightly.")]
_Where: TypeAlias = Annotated[
    str, typer.Option("--records", metavar="FILE|URL", help="Other records than this user's own.")
]


@dataclass(frozen=True)
class _Output:
    """How the rows leave: a table for people unless JSON or a CSV file is asked for."""

    as_json: bool
    csv: Path | None
    excel: bool
    limit: int | None

    def __post_init__(self) -> None:
        if self.as_json and self.csv:
            raise typer.BadParameter("--json and --csv exclude each other.")
        if self.excel and not self.csv:
            raise typer.BadParameter("--excel needs --csv FILE.")

    @property
    def page(self) -> Page:
        return Page(self.limit if self.limit or self.as_json or self.csv else 50)


@app.command()
def lessons(
    *,
    group: _Group = "",
    tutor: _Tutor = "",
    since: _Since = None,
    until: _Until = None,
    limit: _Limit = None,
    as_json: _Json = False,
    csv: _Csv = None,
    excel: _Excel = False,
    records: _Where = "",
) -> None:
    """List lessons with how many were expected, seen and flagged."""
    where = Filter(group=group, tutor=tutor, since=_from(since), until=_to(until))
    output = _Output(as_json, csv, excel, limit)
    listing = _ask(records, lambda connection: queries.lessons(connection, where, output.page))
    header = ("Started", "Ended", "Lesson", "Group", "Room", "Tutor", "Expected", "Seen", "Flags", "Id")
    _put(output, "lessons", listing, header, _lesson_cells)


@app.command()
def flags(
    *,
    lesson: _Lesson = "",
    group: _Group = "",
    tutor: _Tutor = "",
    device: _Device = "",
    student: _Student = "",
    category: Annotated[str, typer.Option("--category", metavar="NAME", help="Only flags of this category.")] = "",
    withdrawn: Annotated[
        bool | None, typer.Option("--withdrawn/--standing", help="Only withdrawn flags, or only the others.")
    ] = None,
    since: _Since = None,
    until: _Until = None,
    limit: _Limit = None,
    as_json: _Json = False,
    csv: _Csv = None,
    excel: _Excel = False,
    records: _Where = "",
) -> None:
    """List flags; a withdrawn flag stays on record and says so."""
    where = Filter(
        lesson=lesson, group=group, tutor=tutor, device=device, student=student, category=category,
        withdrawn=withdrawn, since=_from(since), until=_to(until),
    )  # fmt: skip
    output = _Output(as_json, csv, excel, limit)
    listing = _ask(records, lambda connection: queries.flags(connection, where, output.page))
    header = ("At", "Student", "Device", "User", "Host", "Category", "Note", "By", "Lesson", "Group", "Withdrawn")
    _put(output, "flags", listing, header, _flag_cells)


@app.command()
def attendance(
    *,
    lesson: _Lesson = "",
    group: _Group = "",
    tutor: _Tutor = "",
    device: _Device = "",
    student: _Student = "",
    missing: Annotated[
        bool | None, typer.Option("--missing/--seen", help="Only those expected and never seen, or only the others.")
    ] = None,
    since: _Since = None,
    until: _Until = None,
    limit: _Limit = None,
    as_json: _Json = False,
    csv: _Csv = None,
    excel: _Excel = False,
    records: _Where = "",
) -> None:
    """List who was seen in which lesson, from when to when, and who was missing and why."""
    where = Filter(
        lesson=lesson, group=group, tutor=tutor, device=device, student=student, missing=missing,
        since=_from(since), until=_to(until),
    )  # fmt: skip
    output = _Output(as_json, csv, excel, limit)
    listing = _ask(records, lambda connection: queries.attendance(connection, where, output.page))
    header = ("Lesson started", "Lesson", "Group", "Student", "Device", "Expected", "First seen", "Last seen",
              "Minutes live", "Missing")  # fmt: skip
    _put(output, "students in lessons", listing, header, _attendance_cells)


@app.command()
def assessments(
    *,
    group: _Group = "",
    tutor: _Tutor = "",
    since: _Since = None,
    until: _Until = None,
    limit: _Limit = None,
    as_json: _Json = False,
    csv: _Csv = None,
    excel: _Excel = False,
    records: _Where = "",
) -> None:
    """List assessments with how many students began and how many devices were found."""
    where = Filter(group=group, tutor=tutor, since=_from(since), until=_to(until))
    output = _Output(as_json, csv, excel, limit)
    listing = _ask(records, lambda connection: assessment_queries.assessments(connection, where, output.page))
    header = ("Started", "Closed", "Assessment", "Group", "Room", "Invigilator", "Students", "Devices found", "Id")
    _put(output, "assessments", listing, header, _assessment_cells)


@app.command()
def assessment(
    assessment_id: Annotated[str, typer.Argument(metavar="ID", help="Its id, from `records assessments`.")],
    *,
    pdf: Annotated[
        Path | None, typer.Option("--pdf", metavar="FILE", dir_okay=False, help="Write its report as PDF.")
    ] = None,
    csv: Annotated[
        Path | None, typer.Option("--csv", metavar="FILE", dir_okay=False, help="Write its report as CSV.")
    ] = None,
    excel: _Excel = False,
    college: Annotated[str, typer.Option("--college", metavar="NAME", help="The college's name on each page.")] = "",
    records: _Where = "",
) -> None:
    """Write the report of one assessment: attendance, times, breaches, devices found, check-list."""
    if not (pdf or csv):
        raise typer.BadParameter("Say where to: --pdf FILE, --csv FILE, or both.")
    found = _ask(records, lambda connection: assessment_queries.on_record(connection, assessment_id))
    with _file_problems():
        if found is None:
            raise RecordsError(f"There is no assessment {plain(assessment_id, 40)} on record.")
        made = report(found, college, datetime.now().astimezone().tzinfo or UTC, {})
        if csv:
            typer.echo(f"{write_csv(csv, HEADER, made.lines, bom=excel)} lines written to {csv}")
        if pdf:
            from tutor_app.ui.report_pdf import save_report_headless  # noqa: PLC0415 - Qt is loaded for PDF alone

            typer.echo(f"{save_report_headless(made, pdf)} pages written to {pdf}")


def _assessment_cells(row: Held) -> Sequence[Cell]:
    return (local(row.at), local(row.ended_at), row.name, row.group, row.room, row.by_name, row.students, row.found,
            row.id)  # fmt: skip


def _lesson_cells(row: Lesson) -> Sequence[Cell]:
    return (local(row.started_at), local(row.ended_at), row.name, row.group, row.room, row.tutor_name,
            row.expected, row.seen, row.flags, row.id)  # fmt: skip


def _flag_cells(row: Flag) -> Sequence[Cell]:
    undone = f"{local(row.withdrawn_at)} {row.withdrawn_by_name}: {row.withdrawn_reason}" if row.withdrawn_at else ""
    return (local(row.at), row.student, row.device, row.user, row.host, row.category, row.what, row.giver,
            row.lesson_name, row.group, undone)  # fmt: skip


def _attendance_cells(row: Attended) -> Sequence[Cell]:
    return (local(row.started_at), row.lesson_name, row.group, row.name, row.device, "yes" if row.expected else "no",
            local(row.first_seen_at), local(row.last_seen_at), round(row.seconds_live / 60, 1),
            row.missing)  # fmt: skip


def _from(at: datetime | None) -> float | None:
    return at.astimezone().timestamp() if at else None


def _to(at: datetime | None) -> float | None:
    """Return the end of the day, or of the minute, that a person means by `until`."""
    if at is None:
        return None
    whole_day = (at.hour, at.minute, at.second) == (0, 0, 0)
    return _from(at + (timedelta(days=1) if whole_day else timedelta(seconds=1)))


def _ask(records: str, ask: Callable[[Connection], _T]) -> _T:
    with _file_problems():
        place = _existing(records)
        store = open_existing(place)
        try:
            with store.reading.connect() as connection:
                return ask(connection)
        except SQLAlchemyError as error:
            raise RecordsError(explain(error, str(place))) from error
        finally:
            store.close()


def _existing(records: str) -> Place:
    place = place_of(records or None)
    if place.url.password:
        # Every user of this computer can read the arguments of a program that runs.
        raise typer.BadParameter("A password does not belong into a command. Put it into ~/.pgpass.")
    if place.file and not place.file.exists():
        raise RecordsError(f"There are no records yet: {place} does not exist.")
    return place


@contextmanager
def _file_problems() -> Iterator[None]:
    try:
        yield
    except RecordsError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(FILE_PROBLEM) from error


def _put(
    output: _Output, things: str, listing: Listing[Any], header: Sequence[str], cells: Callable[[Any], Sequence[Cell]]
) -> None:
    if output.as_json:
        json.dump([asdict(row) for row in listing.rows], sys.stdout, ensure_ascii=False, indent=1)
        sys.stdout.write("\n")
    elif output.csv == _STDOUT:
        count = put_csv(sys.stdout.buffer, header, map(cells, listing.rows), bom=output.excel)
        typer.echo(f"{count} of {listing.total} {things} written", err=True)
    elif output.csv:
        with _file_problems():
            count = write_csv(output.csv, header, map(cells, listing.rows), bom=output.excel)
        typer.echo(f"{count} of {listing.total} {things} written to {output.csv}")
    else:
        _show(things, listing, header, map(cells, listing.rows))


def _show(things: str, listing: Listing[Any], header: Sequence[str], rows: Iterator[Sequence[Cell]]) -> None:
    # Plain: what another program wrote into a shared database must not steer the terminal.
    table = Table(*header, title=f"{len(listing.rows)} of {listing.total} {things}", title_justify="left")
    for row in rows:
        table.add_row(*(Text(plain(str(cell), sys.maxsize, multiline=True)) for cell in row))
    # Into a pipe or a file goes the whole table, however narrow the terminal was.
    Console(width=None if sys.stdout.isatty() else 250).print(table)
