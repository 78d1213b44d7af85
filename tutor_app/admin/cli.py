"""lessonlight-admin: what the network manager types."""

import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from protocol.policy.bundle import BundleError, open_staff_bundle
from protocol.role import STAFF_ROLES, Role
from tutor_app.admin.college import DEFAULT_PACK, College, CollegeError, check_unused, packs
from tutor_app.admin.failures import EXIT_CODES, UsageMistakeError, told, warn
from tutor_app.admin.files import write_whole
from tutor_app.admin.given import BUNDLE, AsJson, Given, PassphraseFile, given, tell_of_bundle, unlocked
from tutor_app.admin.listing import as_json, as_table
from tutor_app.admin.passphrases import new_passphrase
from tutor_app.admin.policy_commands import policy_app
from tutor_app.admin.timetable_commands import timetable_app

# pretty_exceptions_show_locals would print passphrases; a plain traceback holds none.
app = typer.Typer(
    name="lessonlight-admin",
    help="Make and keep a college: its keys, its staff and laptops, its policy.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(policy_app, name="policy")
app.add_typer(timetable_app, name="timetable")


Again = Annotated[bool, typer.Option("--again", help="Known already: issue a new certificate and deny the old ones.")]


@app.callback()
def options(
    context: typer.Context,
    folder: Annotated[
        Path, typer.Option("-C", "--college", metavar="DIR", help="The college's folder; where you are, if left out.")
    ] = Path(),
    passphrase_file: PassphraseFile = None,
) -> None:
    """Make and keep a college: its keys, its staff and laptops, its policy."""
    context.obj = Given(folder, passphrase_file)


@app.command("init")
@told
def init(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new or empty folder; keep it safe and backed up.")],
    name: Annotated[str, typer.Option("--name", help="The college's name, as people read it.")],
    policy: Annotated[
        str, typer.Option("--policy", metavar="PACK", help=f"The policy to begin with: {', '.join(packs())}.")
    ] = DEFAULT_PACK,
    passphrase_file: PassphraseFile = None,
) -> None:
    """Make a college: its keys, its register, and a first policy to edit."""
    check_unused(folder)
    if policy not in packs():
        raise UsageMistakeError(f"There is no policy pack “{policy}”: {', '.join(packs())}.")
    passphrase = new_passphrase(passphrase_file or given(context).passphrase_file, name)
    college = College.create(folder, name=name, passphrase=passphrase, pack=policy)
    typer.echo(
        f"{college.register.name} is made, in {folder}. Whoever has this folder and its passphrase is the college."
    )
    typer.echo(f"Next: read {folder / 'policy.toml'}, publish it if you change it, then add staff and devices.")


@app.command("add-staff")
@told
def add_staff(
    context: typer.Context,
    identifier: Annotated[str, typer.Argument(metavar="ID", help="Such as maths-tutor.")],
    *,
    name: Annotated[str, typer.Option("--name", help="As students read it: “Maths tutor is viewing your screen”.")],
    role: Annotated[str, typer.Option("--role", metavar="|".join(STAFF_ROLES))],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="The identity file to write (.p12).")],
    identity_passphrase_file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Read the new identity file's passphrase from FILE's first line."),
    ] = None,
    again: Again = False,
    passphrase_file: PassphraseFile = None,
) -> None:
    """Issue the identity file a member of staff signs in with, for twelve months."""
    staff_role = _staff_role(role)
    college_file = passphrase_file or given(context).passphrase_file
    college = unlocked(context, passphrase_file)
    beside = out.parent / BUNDLE
    _check_out(out, again)
    _check_bundle(beside, college)
    if college_file and not identity_passphrase_file:
        warn(f"{out} gets the college's own passphrase. Give it one of its own with --identity-passphrase-file.")
    passphrase = new_passphrase(identity_passphrase_file or college_file, f"the identity of {name}")
    data = college.add_staff(identifier, name=name, role=staff_role, passphrase=passphrase, again=again)
    write_whole(out, data)
    write_whole(beside, college.staff_bundle)
    typer.echo(f"Hand both {out} and {beside} to {name}, and tell them the identity's passphrase by another way.")


@app.command("add-device")
@told
def add_device(
    context: typer.Context,
    identifier: Annotated[str, typer.Argument(metavar="ID", help="Such as LAPTOP-07.")],
    *,
    group: Annotated[str, typer.Option("--group", help="The group whose lessons this laptop is in, such as 10B.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="The enrolment file to write (.join).")],
    name: Annotated[str, typer.Option("--name", help="What the wall shows; the id, if left out.")] = "",
    again: Again = False,
    passphrase_file: PassphraseFile = None,
) -> None:
    """Issue the file that enrols a student's laptop, for 90 days."""
    college = unlocked(context, passphrase_file)
    _check_out(out, again)
    write_whole(out, college.add_device(identifier, group=group, name=name, again=again))
    typer.echo(f"On {identifier}: lessonlight-student enrol {out.name}")
    typer.echo(f"Then delete every copy of {out.name}: it holds the laptop's key.")
    tell_of_bundle(college)


@app.command("revoke")
@told
def revoke(
    context: typer.Context,
    identifier: Annotated[str, typer.Argument(metavar="ID", help="Of a member of staff or a device.")],
    passphrase_file: PassphraseFile = None,
) -> None:
    """Deny every certificate of a member of staff or a device."""
    college = unlocked(context, passphrase_file)
    entry = college.revoke(identifier)
    typer.echo(f"{entry.id} ({entry.name}) is revoked, from policy version {college.register.version} on.")
    tell_of_bundle(college)
    if not entry.is_device:
        typer.echo("Until a laptop has met a tutor with that file, it still believes the old identity.")


@app.command("devices")
@told
def devices(
    context: typer.Context,
    as_data: AsJson = False,
) -> None:
    """List the laptops of the register."""
    entries = College.open(given(context).folder).register.devices
    if as_data:
        typer.echo(as_json(entries, time.time()))
    elif entries:
        Console().print(as_table(entries, time.time()))
    else:
        typer.echo("No device is registered yet. lessonlight-admin add-device enrols one.")


def _staff_role(role: str) -> Role:
    if role not in STAFF_ROLES:
        raise UsageMistakeError(f"“{role}” is no role of staff: {', '.join(STAFF_ROLES)}.")
    return Role(role)


def _check_out(out: Path, again: bool) -> None:
    # Before anything is issued: a certificate whose file could not be written would only stand in the register.
    if out.exists() and not again:
        raise CollegeError(f"{out} exists already. Move it away, or choose another --out.")
    if not out.parent.is_dir():
        raise CollegeError(f"{out.parent} is no folder. Make it first, or choose another --out.")


def _check_bundle(beside: Path, college: College) -> None:
    if not beside.exists():
        return
    try:
        open_staff_bundle(beside.read_bytes(), college.root_pem)
    except BundleError as error:
        raise CollegeError(f"{beside} is not this college's. Move it away, or choose another --out.") from error


def main() -> None:
    """Run lessonlight-admin."""
    app(prog_name="lessonlight-admin")


if __name__ == "__main__":
    main()
