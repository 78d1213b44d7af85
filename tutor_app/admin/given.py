"""What every command is given before its own words: the college's folder, and where its passphrase stands."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import typer

from tutor_app.admin.college import College
from tutor_app.admin.passphrases import existing_passphrase

BUNDLE: Final = "college.bundle"

PassphraseFile = Annotated[
    Path | None,
    typer.Option("--passphrase-file", metavar="FILE", help="Read the college's passphrase from FILE's first line."),
]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON, for scripts.")]


@dataclass(frozen=True)
class Given:
    """The options before the command."""

    folder: Path
    passphrase_file: Path | None


def given(context: typer.Context) -> Given:
    """Return the options before the command."""
    found = context.obj
    assert isinstance(found, Given)
    return found


def unlocked(context: typer.Context, passphrase_file: Path | None) -> College:
    """Open the college with its passphrase, asked for where no file holds it."""
    before = given(context)
    name = College.open(before.folder).register.name  # says that there is no college before it asks for a passphrase
    return College.open(before.folder, existing_passphrase(passphrase_file or before.passphrase_file, name))


def tell_of_bundle(college: College) -> None:
    """Say what has to be handed out now."""
    typer.echo(f"Give {college.folder / BUNDLE} to the staff: with their next lesson the laptops take it over.")
