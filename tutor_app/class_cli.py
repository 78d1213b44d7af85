"""`lessonlight-tutor class …`: what a tutor does in the window, for scripts. Each command is a short lesson."""

import io
import json
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

import typer
from PIL import Image
from rich.console import Console
from rich.table import Table
from rich.text import Text

from protocol.messages import Changeable, Frame, Right, Shown, Stream, Verb
from protocol.policy.sites import site_of
from protocol.text import plain
from tutor_app.admin.files import write_whole
from tutor_app.class_options import EXIT_CODES, ExitCode, LessonOptions, complain, fail, with_lesson_options
from tutor_app.classroom.rules import Edit
from tutor_app.classroom.student import Action, Answer, Student
from tutor_app.network.wishes import WatchAsk
from tutor_app.scripted import ScriptedLesson
from tutor_app.signin import SignedIn

TILE: Final = WatchAsk(stream=Stream.TILE, width=640, height=360, interval_ms=1000)
FOCUS: Final = WatchAsk(stream=Stream.FOCUS, width=3840, height=2160, interval_ms=1000)
SENTENCE, MESSAGE, VALUE = 280, 1000, 200  # characters, as in the protocol
QUALITY: Final = 92  # of a JPEG written here: what came was compressed once already
PICTURES: Final = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG"}
PICTURE_NOTICE: Final = (
    "{path} shows a student's screen and lies outside Lessonlight's sealed records. You answer for it: "
    "keep it only as long as your college's policy allows."
)

app = typer.Typer(help="Do for scripts what the window does.", no_args_is_help=True, epilog=EXIT_CODES)

_Devices = Annotated[
    list[str] | None, typer.Argument(metavar="DEVICE", help="Laptops, by id or name.", show_default=False)
]
_Name = Annotated[str, typer.Argument(metavar="NAME", help="A site such as bbc.co.uk, or with --program a program.")]
_Program = Annotated[bool, typer.Option("--program", help="NAME is a program; * and ? stand for other letters.")]
_For = Annotated[int, typer.Option("--for", metavar="MINUTES", min=1, max=600, help="How long it holds.")]
_Hold = Annotated[bool, typer.Option("--hold/--no-hold", help="Wait until it is over, or leave, which ends it.")]
_All = Annotated[bool, typer.Option("--all", help="Every laptop of the group that is there.")]


@app.command("devices", epilog=EXIT_CODES)
@with_lesson_options
def devices(options: LessonOptions) -> None:
    """List the group's laptops: which are there, which are not, and why."""
    with options.held(options.signed_in()) as lesson:
        lesson.meet(None, options.wait)
        students = list(lesson.classroom.students.values())
        problem = lesson.classroom.problem
    seen = [student for student in students if student.first_seen_at]
    missing = [student.device for student in students if not student.first_seen_at]
    complain(problem)
    if options.as_json:
        _write_json({"devices": [_facts(student) for student in students], "not_seen": missing, "problem": problem})
    else:
        _table(
            ("Device", "Name", "State", "Why", "User", "Host", "Address"),
            [(one.device, one.name, str(one.presence), one.why, one.user, one.host, one.address) for one in students],
        )
        typer.echo(f"{len(seen)} found. Expected but not seen: {', '.join(missing) or 'none'}.")
    raise typer.Exit(ExitCode.OK if seen else ExitCode.NOTHING)


@app.command("lock", epilog=EXIT_CODES)
@with_lesson_options
def lock(
    options: LessonOptions,
    devices: _Devices = None,
    everybody: _All = False,
    sentence: Annotated[str, typer.Option("--sentence", metavar="TEXT", help="What the locked screen says.")] = "",
) -> None:
    """Lock screens. A script's lock is not renewed: it stays until its lease ends, or until `unlock`."""
    _act(options, Action.LOCK, _chosen(devices, everybody), _readable(sentence, SENTENCE, "--sentence"))


@app.command("unlock", epilog=EXIT_CODES)
@with_lesson_options
def unlock(options: LessonOptions, devices: _Devices = None, everybody: _All = False) -> None:
    """Unlock screens, whoever of the staff locked them."""
    _act(options, Action.UNLOCK, _chosen(devices, everybody))


@app.command("message", epilog=EXIT_CODES)
@with_lesson_options
def message(
    options: LessonOptions,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What students read.")],
    devices: _Devices = None,
    everybody: _All = False,
) -> None:
    """Show students a text."""
    if not text.strip():
        raise typer.BadParameter("There is nothing to read in it.", param_hint="TEXT")
    _act(options, Action.MESSAGE, _chosen(devices, everybody), _readable(text, MESSAGE, "TEXT"))


@app.command("hands", epilog=EXIT_CODES)
@with_lesson_options
def hands(
    options: LessonOptions,
    lower: Annotated[bool, typer.Option("--lower", help="Lower them, as seen to.")] = False,
) -> None:
    """List who asks for help, longest first."""
    who = options.signed_in()
    with options.journal() as journal, options.held(who, journal) as lesson:
        lesson.meet(None, options.wait)
        raised = lesson.classroom.hands(time.time())
        if lower and raised:
            lesson.lower_hands([one.device for one in raised])
        problem = lesson.classroom.problem
    complain(problem)
    if options.as_json:
        _write_json({"hands": [asdict(one) for one in raised]})
        return
    zone = ZoneInfo(who.policy.college.timezone)
    _table(
        ("Device", "Name", "Since", "Words"),
        [(one.device, one.name, f"{datetime.fromtimestamp(one.since, zone):%H:%M}", one.text) for one in raised],
    )


@app.command("allow", epilog=EXIT_CODES)
@with_lesson_options
def allow(
    options: LessonOptions,
    *,
    name: _Name,
    devices: _Devices = None,
    everybody: _All = False,
    program: _Program = False,
    length: _For = 10,
    hold: _Hold = True,
) -> None:
    """Allow a site or program. It holds while this command runs: rules end with their lesson."""
    _change(options, Verb.ALLOW, name, _Whom(_chosen(devices, everybody), program, length, hold))


@app.command("block", epilog=EXIT_CODES)
@with_lesson_options
def block(
    options: LessonOptions,
    *,
    name: _Name,
    devices: _Devices = None,
    everybody: _All = False,
    program: _Program = False,
    length: _For = 10,
    hold: _Hold = True,
) -> None:
    """Block a site or program. It holds while this command runs: rules end with their lesson."""
    _change(options, Verb.BLOCK, name, _Whom(_chosen(devices, everybody), program, length, hold))


@app.command("rules", epilog=EXIT_CODES)
@with_lesson_options
def rules(
    options: LessonOptions,
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="The rule set to hold; none lists them.")] = "",
    length: _For = 10,
    hold: _Hold = True,
) -> None:
    """List the rule sets you may hold a lesson under, or hold one while this command runs."""
    who = options.signed_in()
    sets = who.policy.rules
    mine = [slug for slug, one in sets.items() if who.credentials.identity.role in one.roles and not one.is_assessment]
    if not name:
        if options.as_json:
            _write_json({"rules": [{"name": slug, "sentences": list(sets[slug].sentences)} for slug in mine]})
        else:
            _table(("Rules", "What students read"), [(slug, " ".join(sets[slug].sentences)) for slug in mine])
        return
    if name not in mine:
        raise typer.BadParameter(f"You may hold: {', '.join(mine)}.", param_hint="NAME")
    with options.journal() as journal, options.held(who, journal) as lesson:
        lesson.meet(None, options.wait)
        answered = lesson.set_rules(name)
        _tell_answers(options, Action.SET_RULES, answered, (), who)
        _hold(lesson, length if hold else 0)
    raise typer.Exit(_outcome(answered))


@app.command("shot", epilog=EXIT_CODES)
@with_lesson_options
def shot(
    options: LessonOptions,
    device: Annotated[str, typer.Argument(metavar="DEVICE", help="The laptop, by id or name.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where to: a name ending in .png or .jpg.")],
    monitor: Annotated[int, typer.Option("--monitor", metavar="N", min=0, max=16, help="One monitor; 0 is all.")] = 0,
    focus: Annotated[bool, typer.Option("--focus", help="Full size, as in the focus view.")] = False,
) -> None:
    """Take one picture of a student's screen. The student sees it, and it stands in their list of who viewed."""
    if out.suffix.lower() not in PICTURES:
        raise typer.BadParameter("The name has to end in .png or .jpg.", param_hint="--out")
    ask, right = (FOCUS, Right.FOCUS) if focus else (TILE, Right.VIEW)
    ask = WatchAsk(stream=ask.stream, monitor=monitor, width=ask.width, height=ask.height, interval_ms=ask.interval_ms)
    who = options.signed_in()
    with options.journal() as journal, options.held(who, journal) as lesson:
        student = _one(lesson, device, options)
        if right not in student.may:
            fail(ExitCode.SOME, f"Your role may not view {student.name}: the college's policy gives no right to it.")
        shown = lesson.picture(student.device, ask, options.wait)
    if shown is None:
        fail(ExitCode.SOME, f"{student.name} sent no picture. {student.why}".strip())
    width, height = _keep(shown, out)
    complain(PICTURE_NOTICE.format(path=out))
    if options.as_json:
        size = {"width": width, "height": height}
        _write_json({"device": student.device, "file": str(out), "captured_at": shown.captured_at, **size})


@app.command("flag", epilog=EXIT_CODES)
@with_lesson_options
def flag(
    options: LessonOptions,
    device: Annotated[str, typer.Argument(metavar="DEVICE", help="The laptop, by id or name.")],
    category: Annotated[str, typer.Option("--category", metavar="NAME", help="One of the policy's categories.")],
    note: Annotated[str, typer.Option("--note", metavar="TEXT", help="What you saw.")] = "",
) -> None:
    """Put a flag on record for a student. No picture is kept."""
    who = options.signed_in()
    known = who.policy.flags.get(category)
    if known is None:
        names = ", ".join(who.policy.flags)
        raise typer.BadParameter(f"The policy has no “{category}”. It has: {names}.", param_hint="--category")
    if Right.FLAG not in who.policy.rights(who.credentials.identity.role):
        fail(ExitCode.SOME, "Your role may not flag: the college's policy gives no right to it.")
    with options.journal(needed=True) as journal, options.held(who, journal) as lesson:
        lesson.meet([device], options.wait)
        student = lesson.find(device)
        if student is None:
            fail(ExitCode.NOTHING, _unknown(device, options.group))
        flagged = lesson.flag(student.device, category, note)
        if journal and not journal.flush(5.0):
            fail(ExitCode.SOME, "The flag could not be stored yet. It is kept and stored as soon as that works.")
    complain(known.advice)
    if options.as_json:
        _write_json({"flag": flagged.id, "device": student.device, "category": category, "at": flagged.at})
    else:
        typer.echo(f"{student.name}: flagged as {known.label}.")


@dataclass(frozen=True)
class _Whom:
    """For whom a change of the rules is, of what kind, and how long."""

    names: list[str] | None
    program: bool
    minutes: int
    hold: bool


def _change(options: LessonOptions, verb: Verb, name: str, whom: _Whom) -> None:
    subject = Changeable.APPLICATION if whom.program else Changeable.SITE
    value = _readable(name.strip() if whom.program else site_of(name), VALUE, "NAME")
    if not value:
        raise typer.BadParameter(
            "There is no name in it, or it is not a site such as bbc.co.uk/bitesize.", param_hint="NAME"
        )
    edit = Edit(verb=verb, subject=subject, value=value, minutes=whom.minutes)
    who = options.signed_in()
    with options.journal() as journal, options.held(who, journal) as lesson:
        lesson.meet(whom.names, options.wait)
        chosen, unknown = _targets(lesson, whom.names)
        for one in unknown:
            complain(_unknown(one, options.group))
        if not any(student.first_seen_at for student in chosen):
            complain(_not_found(whom.names, chosen, options))
            raise typer.Exit(ExitCode.NOTHING)
        devices = None if whom.names is None else [student.device for student in chosen]
        answered = lesson.change_rule(edit, devices)
        _tell_answers(options, Action.CHANGE_RULE, answered, unknown, who)
        _hold(lesson, whom.minutes if whom.hold else 0)
    raise typer.Exit(ExitCode.SOME if unknown else _outcome(answered))


def _hold(lesson: ScriptedLesson, minutes: int) -> None:
    """Let the lesson go on; Ctrl+C ends it before."""
    with suppress(KeyboardInterrupt):
        lesson.until(lambda: False, 60 * minutes)


def _outcome(answered: Sequence[Student]) -> ExitCode:
    confirmed = all(student.asked and student.asked.answer is Answer.CONFIRMED for student in answered)
    return ExitCode.OK if confirmed else ExitCode.SOME


# ── what the commands share ─────────────────────────────────────────────────────────────────────────────────────────


def _chosen(names: list[str] | None, everybody: bool) -> list[str] | None:
    """Return the devices named, or None for all of them."""
    if bool(names) == everybody:
        raise typer.BadParameter("Name laptops, or say --all; not both.")
    return None if everybody else names


def _readable(text: str, most: int, where: str) -> str:
    """Return the text as it may be sent."""
    if len(text) > most:
        raise typer.BadParameter(f"{len(text)} characters; {most} are the most.", param_hint=where)
    return plain(text, most, multiline=True)


def _act(options: LessonOptions, action: Action, names: list[str] | None, text: str = "") -> None:
    who = options.signed_in()
    with options.journal() as journal, options.held(who, journal) as lesson:
        lesson.meet(names, options.wait)
        chosen, unknown = _targets(lesson, names)
        for name in unknown:
            complain(_unknown(name, options.group))
        if not any(student.first_seen_at for student in chosen):
            complain(lesson.classroom.problem)
            complain(_not_found(names, chosen, options))
            raise typer.Exit(ExitCode.NOTHING)
        answered = lesson.act(action, [student.device for student in chosen], text)
        problem = lesson.classroom.problem
    complain(problem)
    _tell_answers(options, action, answered, unknown, who)
    raise typer.Exit(ExitCode.SOME if unknown else _outcome(answered))


def _targets(lesson: ScriptedLesson, names: list[str] | None) -> tuple[list[Student], list[str]]:
    """Return whom a command goes to, and the names nobody has. All means all who are there."""
    if names is None:
        return [student for student in lesson.classroom.students.values() if student.linked], []
    found = {name: lesson.find(name) for name in names}
    chosen = {student.device: student for student in found.values() if student}
    return list(chosen.values()), [name for name, student in found.items() if student is None]


def _one(lesson: ScriptedLesson, name: str, options: LessonOptions) -> Student:
    lesson.meet([name], options.wait)
    student = lesson.find(name)
    if student is None or not student.first_seen_at:
        complain(lesson.classroom.problem)
        fail(ExitCode.NOTHING, f"{name} was not found within {options.wait:g} seconds.")
    if not student.linked:
        fail(ExitCode.SOME, f"{student.name} did not let you in. {student.why}".strip())
    return student


def _not_found(names: list[str] | None, chosen: Sequence[Student], options: LessonOptions) -> str:
    """Say who was looked for in vain; nothing of names that nobody has."""
    if names is None:
        return f"No laptop of {options.group} was found within {options.wait:g} seconds."
    away = ", ".join(student.name for student in chosen)
    return f"Not found within {options.wait:g} seconds: {away}." if away else ""


def _unknown(name: str, group: str) -> str:
    return f"No laptop of {group} is called “{name}”."


def _tell_answers(
    options: LessonOptions, action: Action, students: Sequence[Student], unknown: Sequence[str], who: SignedIn
) -> None:
    if options.as_json:
        _write_json({"action": action, "devices": [_answer(one) for one in students], "unknown": list(unknown)})
        return
    zone = ZoneInfo(who.policy.college.timezone)
    rows = []
    for one in students:
        facts = _answer(one)
        until = facts["locked_until"]
        clock = f"locked until {datetime.fromtimestamp(until, zone):%H:%M}" if until else ""
        rows.append((one.device, one.name, str(facts["answer"]), str(facts["detail"]) or clock))
    _table(("Device", "Name", "Answer", ""), rows)


def _answer(student: Student) -> dict[str, Any]:
    asked, lock = student.asked, student.lock
    return {
        "device": student.device,
        "name": student.name,
        "answer": asked.answer if asked else Answer.UNREACHED,
        "detail": asked.detail if asked else "",
        "locked_until": lock.until if lock else None,
    }


def _facts(student: Student) -> dict[str, Any]:
    return {
        "device": student.device,
        "name": student.name,
        "group": student.group,
        "state": student.presence,
        "why": student.why,
        "user": student.user,
        "host": student.host,
        "application": student.application,
        "address": student.address,
        "monitors": len(student.monitors),
        "locked_until": student.lock.until if student.lock else None,
        "may": sorted(student.may),
        "seen": bool(student.first_seen_at),
    }


def _keep(shown: Shown, path: Path) -> tuple[int, int]:
    """Write the picture, readable by its owner alone; return its size."""
    out = io.BytesIO()
    try:
        picture = _whole(shown)
    except OSError:
        fail(ExitCode.SOME, "The picture that came cannot be read.")
    picture.save(out, PICTURES[path.suffix.lower()], quality=QUALITY)
    try:
        write_whole(path, out.getvalue())
    except OSError as error:
        fail(ExitCode.SOME, f"{path} cannot be written: {error.strerror}.")
    return picture.size


def _whole(shown: Shown) -> Image.Image:
    """Return the picture; raises OSError for one that cannot be read."""
    if isinstance(shown, Frame):
        return _read(shown.jpeg)
    screen = Image.new("RGB", (shown.screen_width, shown.screen_height))
    for patch in shown.patches:
        screen.paste(_read(patch.jpeg), (patch.x, patch.y))
    return screen


def _read(jpeg: bytes) -> Image.Image:
    # The header was checked when it came in; left to itself Pillow would guess among forty formats.
    with Image.open(io.BytesIO(jpeg), formats=["JPEG"]) as image:
        return image.convert("RGB")


def _write_json(what: dict[str, Any]) -> None:
    json.dump(what, sys.stdout, ensure_ascii=False, indent=1)
    sys.stdout.write("\n")


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    # Text, not markup: what a laptop calls itself must not steer the terminal.
    table = Table(*header)
    for row in rows:
        table.add_row(*map(Text, row))
    Console(width=None if sys.stdout.isatty() else 200).print(table)
