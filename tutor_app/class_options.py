"""The options that every `lessonlight-tutor class …` command has, and what they come to: somebody in a lesson."""

import inspect
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import datetime
from enum import IntEnum
from pathlib import Path
from typing import Annotated, Any, Final, NoReturn, get_type_hints

import typer

from tutor_app.admin.failures import UsageMistakeError
from tutor_app.admin.passphrases import existing_passphrase
from tutor_app.network.candidates import parse_address
from tutor_app.records.problems import RecordsError
from tutor_app.records.records import Records
from tutor_app.scripted import ScriptedLesson
from tutor_app.signin import LessonRefused, SignedIn, SignInError, clock_today, open_lesson, sign_in

EXIT_CODES: Final = (
    "Exit codes: 0 everything confirmed · 1 something refused, failed, unheard or not connected · 2 wrong usage · "
    "3 not signed in · 4 no such lesson may be held now · 5 no laptop found."
)


class ExitCode(IntEnum):
    """What the exit codes of `lessonlight-tutor class` mean."""

    OK = 0
    SOME = 1
    USAGE = 2
    SIGN_IN = 3
    LESSON = 4
    NOTHING = 5


@dataclass(frozen=True, kw_only=True)
class LessonOptions:
    """Who, for which group, where to look, how to answer."""

    identity: Annotated[Path, typer.Option("--identity", metavar="FILE", help="Your identity file (.p12).")]
    group: Annotated[str, typer.Option("--group", metavar="NAME", help="The group, for example 10B.")]
    passphrase_file: Annotated[
        Path | None,
        typer.Option("--passphrase-file", metavar="FILE", help="Read the passphrase from FILE's first line."),
    ] = None
    bundle: Annotated[
        Path | None,
        typer.Option("--bundle", metavar="FILE", help="The college file; college.bundle beside the identity."),
    ] = None
    lesson: Annotated[str, typer.Option("--lesson", metavar="NAME", help="The lesson's name, which students see.")] = ""
    room: Annotated[str, typer.Option("--room", metavar="NAME", help="Where it is held.")] = ""
    until: Annotated[
        datetime | None,
        typer.Option("--until", metavar="HH:MM", formats=["%H:%M"], help="When it ends, by the college's clocks."),
    ] = None
    minutes: Annotated[
        int | None, typer.Option("--minutes", metavar="N", min=1, help="How long it lasts; an hour if left out.")
    ] = None
    dial: Annotated[
        list[str] | None,
        typer.Option("--dial", metavar="HOST:PORT", help="Try this address too. May be given several times."),
    ] = None
    mdns: Annotated[bool, typer.Option("--mdns/--no-mdns", help="Find laptops by multicast.")] = True
    wait: Annotated[
        float, typer.Option("--wait", metavar="SECONDS", min=0.1, max=600, help="How long to wait for laptops.")
    ] = 5.0
    records: Annotated[
        str, typer.Option("--records", metavar="FILE|URL", help="Other records than this user's own.")
    ] = ""
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON; times are Unix seconds.")] = False

    def __post_init__(self) -> None:
        if self.until and self.minutes:
            raise typer.BadParameter("--until and --minutes exclude each other.")
        try:
            for address in self.dial or ():
                parse_address(address)
        except ValueError as error:
            raise typer.BadParameter(str(error), param_hint="--dial") from error

    def signed_in(self) -> SignedIn:
        """Return who it is, after asking for the passphrase where no file has it; ends with 3 where that fails."""
        try:
            passphrase = existing_passphrase(self.passphrase_file, str(self.identity))
        except UsageMistakeError as error:
            fail(ExitCode.USAGE, str(error))
        except OSError as error:
            fail(ExitCode.USAGE, f"{self.passphrase_file}: {error.strerror}")
        try:
            return sign_in(self.identity, self.bundle, passphrase)
        except SignInError as error:
            fail(ExitCode.SIGN_IN, str(error))

    @contextmanager
    def held(self, who: SignedIn, journal: Records | None = None) -> Iterator[ScriptedLesson]:
        """Hold the lesson; ends with 4 where the policy does not allow it."""
        now = time.time()
        ends_at = now + self.minutes * 60 if self.minutes else None
        if self.until:
            ends_at = clock_today(who.policy, self.until.hour, self.until.minute, now)
        try:
            terms = open_lesson(who, name=self.lesson, group=self.group, room=self.room, ends_at=ends_at, now=now)
        except LessonRefused as error:
            fail(ExitCode.LESSON, str(error))
        with ScriptedLesson(
            who, terms, dial=self.dial or (), mdns=self.mdns, journal=journal, on_problem=complain
        ) as lesson:
            yield lesson

    @contextmanager
    def journal(self, *, needed: bool = False) -> Iterator[Records | None]:
        """Open the records; without them a command that does not need them goes on, and says so."""
        try:
            records = Records.open(self.records or None, on_problem=complain)
        except RecordsError as error:
            if needed:
                fail(ExitCode.SOME, str(error))
            complain(f"This is not put on record. {error}")
            yield None
            return
        try:
            yield records
        finally:
            for record in records.close():
                complain(f"This could not be stored: {record}")


def with_lesson_options(command: Callable[..., None]) -> Callable[..., None]:
    """Let typer see a command's own parameters and those of LessonOptions; hand the latter over as one, the first."""
    hints = get_type_hints(LessonOptions, include_extras=True)
    shared = [
        inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            annotation=hints[field.name],
            default=inspect.Parameter.empty if field.name in ("identity", "group") else field.default,
        )
        for field in fields(LessonOptions)
    ]
    own = list(inspect.signature(command, eval_str=True).parameters.values())[1:]

    def merged(**given: Any) -> None:
        options = LessonOptions(**{one.name: given.pop(one.name) for one in shared})
        command(options, **given)

    kept = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in own]
    merged.__signature__ = inspect.Signature([*kept, *shared])  # type: ignore[attr-defined]  # what typer reads
    merged.__annotations__ = {one.name: one.annotation for one in (*kept, *shared)}
    merged.__name__, merged.__doc__ = command.__name__, command.__doc__
    return merged


def complain(sentence: str) -> None:
    """Say something on stderr and go on."""
    if sentence:
        typer.echo(sentence, err=True)


def fail(code: ExitCode, sentence: str) -> NoReturn:
    """Say what is wrong on stderr and end."""
    typer.echo(sentence, err=True)
    raise typer.Exit(code)
