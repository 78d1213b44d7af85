"""lessonlight-admin policy: check, publish, explain, and the packs to begin with."""

from datetime import datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from protocol.policy.document import Policy, same_group
from protocol.policy.hours import week_in_words
from protocol.policy.parse import PolicyError, parse_policy
from tutor_app.admin.college import College, initial_policy, packs
from tutor_app.admin.explain import Question, as_json, explain
from tutor_app.admin.failures import ExitCode, UsageMistakeError, fail, told, warn
from tutor_app.admin.given import AsJson, PassphraseFile, given, tell_of_bundle, unlocked
from tutor_app.admin.register import Register

policy_app = typer.Typer(
    help="Check a policy file, sign it and put it in force, or say what it means at a moment.", no_args_is_help=True
)


@policy_app.command("check")
@told
def check(
    context: typer.Context, file: Annotated[Path, typer.Argument(metavar="FILE", help="Such as policy.toml.")]
) -> None:
    """Say what is wrong with a policy file; needs no passphrase."""
    policy = parse_policy_file(file)[1]
    folder = given(context).folder
    if (folder / "register.json").exists():
        _compare(policy, College.open(folder).register, file)
    typer.echo(f"{file} is in order. College hours: {', '.join(week_in_words(policy))}.")


@policy_app.command("publish")
@told
def publish(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Such as policy.toml.")],
    passphrase_file: PassphraseFile = None,
) -> None:
    """Sign a policy and put it in force; with a mistake in it, nothing is published."""
    text, policy = parse_policy_file(file)
    college = unlocked(context, passphrase_file)
    _compare(policy, college.register, file)
    typer.echo(f"Published as version {college.publish(text)}. College hours: {', '.join(week_in_words(policy))}.")
    tell_of_bundle(college)


def parse_policy_file(file: Path) -> tuple[str, Policy]:
    """Return the text and the policy; with mistakes, print each as FILE:LINE: KEY: REASON and end."""
    try:
        text = file.read_text(encoding="utf-8")
        return text, parse_policy(text)
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        fail(ExitCode.POLICY, f"{file}:{line}: is not UTF-8 text")
    except PolicyError as error:
        fail(ExitCode.POLICY, "\n".join(f"{file}:{problem}" for problem in error.problems))


@policy_app.command("packs")
@told
def list_packs() -> None:
    """List the complete policies a college can begin with (init --policy PACK)."""
    table = Table("Pack", "For", "Rule sets")
    for name in packs():
        text = initial_policy("The college", name)
        first = text.partition("\n")[0].lstrip("# ").partition(":")[0]
        table.add_row(Text(name), Text(first), Text(", ".join(parse_policy(text).rules)))
    Console().print(table)


@policy_app.command("explain")
@told
def explain_policy(
    context: typer.Context,
    *,
    at: Annotated[str, typer.Option("--at", metavar='"2026-11-23 10:15"', help="The college's own time.")],
    group: Annotated[str, typer.Option("--group", help="Whose timetable to look at, such as 10B.")] = "",
    rules: Annotated[str, typer.Option("--rules", metavar="SET", help="“lesson”, if left out.")] = "lesson",
    device: Annotated[str, typer.Option("--device", metavar="ID", help="A laptop, for its exceptions.")] = "",
    student: Annotated[str, typer.Option("--student", metavar="LOGIN", help="A student, for their exceptions.")] = "",
    file: Annotated[
        Path | None, typer.Option("--file", metavar="FILE", help="A draft; the published policy, if left out.")
    ] = None,
    as_data: AsJson = False,
) -> None:
    """Say what holds at a moment, and why; needs no passphrase."""
    college = College.open(given(context).folder)
    policy = parse_policy_file(file)[1] if file else college.policy
    if rules not in policy.rules:
        raise UsageMistakeError(f"The policy has no rules called “{rules}”: {', '.join(policy.rules)}.")
    asked = Question(_moment(at, policy), group, rules, device, student)
    found = explain(policy, college.timetable, asked)
    if as_data:
        typer.echo(as_json(found))
        return
    console = Console()
    for line in found.lines:
        console.print(Text.assemble((f"{line.what:<10} ", "bold"), line.words))
    table = Table("Rule", "Holds", "What the student reads", "Why")
    for row in found.rules:
        table.add_row(Text(row.rule), Text("yes" if row.holds else "no"), Text(row.sentence), Text(row.why))
    console.print(table)


def _moment(text: str, policy: Policy) -> float:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise UsageMistakeError(f"“{text}” is not a day and a time such as “2026-11-23 10:15”.") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(policy.college.timezone))).timestamp()


def _compare(policy: Policy, register: Register, file: Path) -> None:
    groups = [device.group for device in register.devices]
    for identifier, own in policy.staff.items():
        entry = register.find(identifier)
        if entry is None or entry.is_device or entry.id != identifier:
            warn(f"{file}: staff.{identifier}: nobody of that id is in the register.")
        for group in own:
            if not any(same_group(group, other) for other in groups):
                warn(f"{file}: staff.{identifier}.groups: no device is in the group {group}.")
