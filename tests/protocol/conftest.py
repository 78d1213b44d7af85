"""Colleges in temporary folders."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.protocol.issuer import NOW, Issuer
from tutor_app.admin.college import College
from tutor_app.admin.keys import CHEAP


@pytest.fixture
def new_college(tmp_path: Path) -> Callable[..., Issuer]:
    """A function that makes a college of that name, now or at another moment."""

    def make(name: str = "Key College", now: float = NOW, folder: str = "") -> Issuer:
        return Issuer(
            College.create(tmp_path / (folder or name), name=name, passphrase="college", cost=CHEAP, now=now), now
        )

    return make


@pytest.fixture
def key_college(new_college: Callable[..., Issuer]) -> Issuer:
    """Key College, made at NOW."""
    return new_college()
