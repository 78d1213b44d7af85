"""Colleges and files of passphrases in temporary folders."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tutor_app.admin.college import College
from tutor_app.admin.keys import CHEAP

NOW = 1_790_000_000.0  # Monday 21 September 2026, 14:13:20 UTC
PASSPHRASE = "college passphrase"


@pytest.fixture
def college(tmp_path: Path) -> College:
    return College.create(tmp_path / "college", name="Key College", passphrase=PASSPHRASE, cost=CHEAP, now=NOW)


@pytest.fixture
def passphrase_file(tmp_path: Path) -> Callable[..., Path]:
    """A function that writes a passphrase into a file only its owner can read."""

    def write(text: str = PASSPHRASE + "\n", name: str = "passphrase", mode: int = 0o600) -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        path.chmod(mode)
        return path

    return write
