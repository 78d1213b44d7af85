"""`lessonlight-student`: enrol this computer, run the client, ask how it is, take it out again.

Exit codes: 0 done · 2 wrong usage · 3 another client is running already · 4 the state folder cannot be used ·
5 the enrolment file cannot be used · 6 enrolled already · 7 enrolled, but not started at login ·
8 not running (`status`) · 9 not enrolled (`status`, `unenrol`) ·
10 no longer enrolled, but not everything the rules had changed on this computer could be given back
"""

import contextlib
import os
import sys
import time
from datetime import datetime
from enum import IntEnum
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Final, NoReturn

import typer
from msgspec import json
from msgspec.structs import asdict

from protocol.enrolment import MAXIMUM_SIZE, EnrolmentError, JoinFile, read_join
from protocol.identity import IdentityError, identity_in, read_certificate, valid_between
from protocol.presence import DEFAULT_PORT
from student_client.agent.enrolled import NOT_ENROLLED, day, device_facts, moment
from student_client.agent.journal import Journal, JournalError
from student_client.agent.state import CERTIFICATE, AlreadyRunning, StateError, StateFolder, default_state
from student_client.agent.status import AgentStatus, DeviceFacts, Problem, read_status
from student_client.backends.base import AutostartError, Unsupported
from student_client.backends.choose import choose


class Exit(IntEnum):
    """What this program's exit codes mean."""

    OK = 0
    ALREADY_RUNNING = 3
    STATE = 4
    JOIN = 5
    ENROLLED_ALREADY = 6
    AUTOSTART = 7
    NOT_RUNNING = 8
    NOT_ENROLLED = 9
    CHANGES = 10


GIVEN_BACK_WITHIN: Final = 15.0  # seconds a running client may take: it looks every two, and its machine may be slow


app = typer.Typer(
    help="Lessonlight on a student's computer.", no_args_is_help=True, add_completion=False, rich_markup_mode=None
)

State = Annotated[
    Path,
    typer.Option(
        "--state",
        metavar="DIR",
        help="Where identity, policy and receipts are kept.",
        show_default=True,
        readable=False,  # a folder that cannot be read has our own sentence and exit code, and `run` waits for it
    ),
]


def main() -> None:
    """Run the command line."""
    app()


@app.command()
def enrol(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The .join file from the network manager.")],
    state: State = default_state(),  # noqa: B008 - typer shows it in --help
    autostart: Annotated[bool, typer.Option("--autostart/--no-autostart", help="Start at every login.")] = True,
    again: Annotated[bool, typer.Option("--again", help="Replace the identity that is stored already.")] = False,
) -> None:
    """Make this computer one of the college's."""
    join = _read_join(file)
    folder = StateFolder(state)
    try:
        folder.open()
        if folder.enrolled and not again:
            name = identity_in(read_certificate(folder.read(CERTIFICATE) or b"", "the certificate")).name
            _end(Exit.ENROLLED_ALREADY, f"This computer is enrolled already, as {name}. To replace that: --again")
        folder.store_enrolment(join)
    except StateError as error:
        _end(Exit.STATE, str(error))
    _say_enrolled(join, folder)
    if autostart:
        _install_autostart(folder)
    typer.echo(f"Delete {file} now: whoever has it can pretend to be this computer.")


@app.command()
def unenrol(state: State = default_state()) -> None:  # noqa: B008 - typer shows it in --help
    """Take this computer out of its college, and no longer start at login. Receipts are kept."""
    folder = StateFolder(state)
    ability = choose(os.environ).autostart
    try:
        if not folder.enrolled and not Journal(folder).holds:
            _end(Exit.NOT_ENROLLED, "This computer is not enrolled.")
        folder.remove_identity()
        _give_back(folder)
        removed = () if isinstance(ability, Unsupported) else ability.remove()
    except StateError as error:
        _end(Exit.STATE, str(error))
    except JournalError as error:
        _end(Exit.CHANGES, f"This computer is no longer enrolled, but is still changed: {error} Run unenrol once more.")
    except AutostartError as error:
        _end(Exit.AUTOSTART, f"It is no longer enrolled, but still starts at login: {error}")
    typer.echo("This computer is no longer enrolled." + (" It no longer starts at login." if removed else ""))
    typer.echo("Tell the network manager, who revokes its identity: lessonlight-admin revoke")


def _give_back(folder: StateFolder) -> None:
    """Undo what rules changed on this computer; a client that runs does so itself. Raises JournalError, StateError."""
    deadline = time.monotonic() + GIVEN_BACK_WITHIN
    while Journal(folder).holds:
        try:
            with contextlib.closing(folder.guard()):
                Journal(folder).restore()
        except AlreadyRunning:
            if time.monotonic() > deadline:
                raise JournalError("The client that is running has not given everything back.") from None
            time.sleep(0.1)


@app.command()
def run(  # noqa: PLR0917 - one option each
    state: State = default_state(),  # noqa: B008 - typer shows it in --help
    listen: Annotated[
        str, typer.Option(metavar="ADDR:PORT", help="Where to listen; the default is every address.")
    ] = f"[::]:{DEFAULT_PORT}",
    mdns: Annotated[bool, typer.Option("--mdns/--no-mdns", help="Let tutors find this computer.")] = True,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Log everything that happens.")] = False,
    leave_machine: Annotated[
        bool,
        typer.Option(
            "--leave-machine", help="Hold no rule that reads or changes this computer: for demonstrations and tests."
        ),
    ] = False,
    play_machine: Annotated[str, typer.Option("--play-machine", hidden=True)] = "",
    fake_screens: Annotated[bool, typer.Option("--fake-screens", hidden=True)] = False,
    look: Annotated[int, typer.Option(hidden=True)] = 0,
) -> None:
    """Run the client until it is told to end (Ctrl+C)."""
    host, port = _address(listen)
    argv = [
        sys.executable,
        "-P",
        "-m",
        "student_client.agent",
        "--state",
        str(state),
        "--host",
        host,
        "--port",
        str(port),
    ]
    argv += ["--no-mdns"] * (not mdns) + ["--verbose"] * verbose + ["--leave-machine"] * leave_machine
    argv += ["--play-machine", play_machine] * bool(play_machine)
    argv += ["--fake-screens", "--look", str(look)] * fake_screens
    # The agent takes this process's place: the command line's libraries would stay in a laptop's memory all day.
    os.execv(sys.executable, argv)  # noqa: S606 - our own absolute argv, no shell


@app.command()
def status(
    state: State = default_state(),  # noqa: B008 - typer shows it in --help
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Say how the client is: enrolled, listening, permit, lock, who is viewing, what is wrong."""
    folder = StateFolder(state)
    try:
        running, enrolled = folder.in_use(), folder.enrolled
        found = read_status(folder) or AgentStatus()
    except StateError as error:
        if as_json:
            typer.echo(json.encode({"running": False, "problem": str(error)}).decode())
        _end(Exit.STATE, str(error))
    if not running:
        found = AgentStatus(enrolled=enrolled, device=_stored_device(folder), problems=found.problems)
    code = Exit.OK if running and enrolled else Exit.NOT_ENROLLED if not enrolled else Exit.NOT_RUNNING
    if as_json:
        typer.echo(json.encode({"running": running, **asdict(found)}).decode())
    else:
        typer.echo("\n".join(_lines(found, running)))
    raise typer.Exit(code)


def _stored_device(folder: StateFolder) -> DeviceFacts | None:
    """Return who this computer is enrolled as; None where nobody can tell."""
    try:
        return device_facts(folder.read(CERTIFICATE) or b"")
    except (StateError, IdentityError):
        return None


def _read_join(file: Path) -> JoinFile:
    try:
        with file.open("rb") as opened:
            join = read_join(opened.read(MAXIMUM_SIZE + 1))
    except OSError as error:
        _end(Exit.JOIN, f"{file} cannot be read: {error.strerror}.")
    except EnrolmentError as error:
        _end(Exit.JOIN, str(error))
    starts_at, ends_at = valid_between(read_certificate(join.certificate, "the certificate"))
    now = time.time()
    if now >= ends_at:
        _end(Exit.JOIN, f"This enrolment file expired on {day(ends_at)}. Ask the network manager for a new one.")
    if now < starts_at:
        _end(Exit.JOIN, f"This file is valid from {moment(starts_at)}; this computer's clock says {moment(now)}.")
    return join


def _say_enrolled(join: JoinFile, folder: StateFolder) -> None:
    certificate = read_certificate(join.certificate, "the certificate")
    typer.echo(
        f"This computer is now {identity_in(certificate).name} of group {join.group}, "
        f"until {day(valid_between(certificate)[1])}.\nIts identity and the college's policy are in {folder.path}."
    )


def _install_autostart(folder: StateFolder) -> None:
    ability = choose(os.environ).autostart
    start_by_hand = "Start it with: lessonlight-student run"
    if isinstance(ability, Unsupported):
        _end(Exit.AUTOSTART, f"It does not start at login: {ability.why} {start_by_hand}")
    try:
        written = ability.install([sys.executable, "-m", "student_client", "run", "--state", str(folder.path)])
    except AutostartError as error:
        _end(Exit.AUTOSTART, f"It does not start at login: {error} {start_by_hand}")
    typer.echo("It starts at the next login: " + ", ".join(str(path) for path in written))


def _address(listen: str) -> tuple[str, int]:
    host, _, port = listen.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    try:
        unspecified = not host or (ip_address(host).is_unspecified and ":" in host)
        number = int(port)
        if not 0 <= number <= 65535:
            raise ValueError
    except ValueError:
        raise typer.BadParameter(f"{listen} is no address and port, such as 0.0.0.0:{DEFAULT_PORT}") from None
    return "" if unspecified else host, number


def _lines(found: AgentStatus, running: bool) -> list[str]:
    lines = ["Running." if running else "Not running. Start it with: lessonlight-student run"]
    lines.append(_enrolled_line(found))
    if running:
        lines.append(f"Listening on {found.listening}." if found.listening else "Not listening.")
        lines += [f"{one.name} holds {one.lesson} until {_clock(one.until)}." for one in found.permits]
        lines += [
            f"{one.name} is viewing {'the whole screen' if one.full else 'a small picture'} since {_clock(one.since)}."
            for one in found.viewers
        ] or ["Nobody is viewing."]
        if found.lock:
            lines.append(f"Locked by {found.lock.by} until {_clock(found.lock.until)} at the latest.")
        if found.screen_reason:
            lines.append(f"Screen: {found.screen_reason}")
    lines += [_problem_line(one) for one in found.problems]
    if running and not found.problems and found.last_problem:
        lines.append(f"Last problem, over since {_clock(found.last_problem.over_at)}: {found.last_problem.sentence}")
    return lines


def _enrolled_line(found: AgentStatus) -> str:
    if not found.enrolled:
        return NOT_ENROLLED
    if not found.device:
        return "Enrolled."
    return f"Enrolled as {found.device.name}, group {found.device.group}, until {day(found.device.valid_until)}."


def _problem_line(problem: Problem) -> str:
    return f"Problem since {_clock(problem.since)}: {problem.sentence}"


def _clock(at: float) -> str:
    moment = datetime.fromtimestamp(at).astimezone()
    return f"{moment:%H:%M}" if abs(time.time() - at) < 12 * 3600 else f"{moment:%H:%M} on {day(at)}"


def _end(code: Exit, sentence: str) -> NoReturn:
    typer.echo(sentence, err=True)
    raise typer.Exit(code)
