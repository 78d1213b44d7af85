"""Passphrases come from the keyboard, unseen, or from a file; never from an argument or the environment."""

import os
import stat
from pathlib import Path
from typing import Final

import typer

from tutor_app.admin.failures import UsageMistakeError, warn

SHORTEST: Final = 8  # characters; the stretching of keys.py and identity_file.py is what makes that enough


def existing_passphrase(file: Path | None, what: str) -> str:
    """Return a passphrase that opens something."""
    return _from_file(file) if file else str(typer.prompt(f"Passphrase of {what}", hide_input=True, err=True))


def new_passphrase(file: Path | None, what: str) -> str:
    """Return a passphrase for something new: typed twice, and not too short."""
    asked = f"New passphrase for {what}"
    chosen = _from_file(file) if file else str(typer.prompt(asked, hide_input=True, confirmation_prompt=True, err=True))
    if len(chosen) < SHORTEST:
        raise UsageMistakeError(f"The passphrase is too short: {SHORTEST} characters at least; three words are better.")
    return chosen


def _from_file(file: Path) -> str:
    if os.name == "posix" and stat.S_IMODE(file.stat().st_mode) & 0o077:
        warn(f"others may read {file}; chmod 600 it.")
    try:
        passphrase = file.read_text(encoding="utf-8").split("\n", 1)[0].rstrip("\r")
    except UnicodeDecodeError as error:
        raise UsageMistakeError(f"{file} is not a text file.") from error
    if not passphrase:
        raise UsageMistakeError(f"The first line of {file} is empty; it should be the passphrase.")
    return passphrase
