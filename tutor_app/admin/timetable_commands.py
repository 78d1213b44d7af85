"""lessonlight-admin timetable: import one, show the one in force."""

from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from protocol.policy.document import same_group
from protocol.policy.timetable import TimetableEntry
from tutor_app.admin.calendar_files import CalendarReader
from tutor_app.admin.college import College
from tutor_app.admin.failures import ExitCode, fail, told, warn
from tutor_app.admin.given import PassphraseFile, given, tell_of_bundle, unlocked
from tutor_app.admin.register import Register
from tutor_app.admin.timetable_files import TimetableError, read_timetable

timetable_app = typer.Typer(help="Import a timetable, or show the one in force.", no_args_is_help=True)


@timetable_app.command("import")
@told
def import_timetable(
    context: typer.Context,
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE…", help="OneRoster's CSV files with periods.csv, or .ics.")
    ],
    group: Annotated[
        str, typer.Option("--group", help="Whose lessons a calendar holds; found in its text, if left out.")
    ] = "",
    tutor: Annotated[
        str, typer.Option("--tutor", metavar="ID", help="Of a calendar; its organiser, if left out.")
    ] = "",
    passphrase_file: PassphraseFile = None,
) -> None:
    """Put a timetable in force for the staff, in place of the one before; with a mistake in it, nothing is changed."""
    try:
        timetable = _read(College.open(given(context).folder), files, group, tutor)
    except TimetableError as error:
        fail(ExitCode.POLICY, "\n".join(error.problems))
    college = unlocked(context, passphrase_file)
    _compare(timetable, college.register)
    college.use_timetable(timetable)
    typer.echo(f"{len(timetable)} lessons a week are in the timetable now.")
    tell_of_bundle(college)


@timetable_app.command("show")
@told
def show(
    context: typer.Context, group: Annotated[str, typer.Option("--group", help="Only this group's.")] = ""
) -> None:
    """Show the timetable in force."""
    table = Table("When", "Group", "Lesson", "Tutor", "Room", "From", "To")
    entries = College.open(given(context).folder).timetable
    for one in sorted(entries, key=lambda entry: (entry.weekday, entry.starts, entry.group)):
        if not group or same_group(group, one.group):
            table.add_row(*map(Text, (one.when, one.group, one.name, one.tutor, one.room, one.first, one.last)))
    if entries:
        Console().print(table)
    else:
        typer.echo("There is no timetable yet. lessonlight-admin timetable import reads one.")


def _read(college: College, files: list[Path], group: str, tutor: str) -> tuple[TimetableEntry, ...]:
    calendars = [file for file in files if file.suffix.casefold() == ".ics"]
    tables = [file for file in files if file not in calendars]
    groups = sorted({device.group for device in college.register.devices}, key=len, reverse=True)
    reader = CalendarReader(ZoneInfo(college.policy.college.timezone), groups, group, tutor)
    lessons = [entry for file in calendars for entry in reader.read(file)]
    if reader.problems:
        raise TimetableError(reader.problems)
    return (*lessons, *(read_timetable(tables) if tables else ()))


def _compare(timetable: tuple[TimetableEntry, ...], register: Register) -> None:
    for tutor in sorted({entry.tutor for entry in timetable}):
        entry = register.find(tutor)
        if entry is None or entry.is_device:
            warn(f"nobody with the id “{tutor}” is in the register: their lessons will not be offered.")
    for group in sorted({entry.group for entry in timetable}):
        if not any(same_group(group, device.group) for device in register.devices):
            warn(f"no device is in the group {group}.")
