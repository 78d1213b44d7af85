"""A stick and a phone plugged in and out, as umockdev plays them, in a process of their own."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(not shutil.which("umockdev-wrapper"), reason="needs umockdev (make system)")


def played(what: str, root: Path) -> list[str]:
    """What `plugging` prints."""
    command = ["umockdev-wrapper", sys.executable, "-m", "tests.student_client.backends.plugging", what, str(root)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_a_stick_and_a_phone_ring_and_are_named_with_their_size(tmp_path: Path) -> None:
    assert played("plug", tmp_path) == [
        "at first: nothing",
        "silent: True",
        "stick rings: True",
        "stick in: 1-2 SanDisk Cruzer Blade 16005464064",
        "silent: True",
        "phone rings: True",
        "phone in: 1-2 SanDisk Cruzer Blade 16005464064, 1-3 Google Pixel 8 0",
        "silent: True",
        "out rings: True",
        "stick out: 1-3 Google Pixel 8 0",
    ]


def test_what_is_refused_keeps_its_name_and_what_could_not_be_refused_is_looked_at_anew(tmp_path: Path) -> None:
    assert played("block", tmp_path) == [
        "no right: True",
        "change: ('99-lessonlight.rules', False, None)",
        "change: ('authorized', True, b'1\\n')",
        "never refused: 1-2 SanDisk Other Blade 16005464064",
        "refused: 1-2 SanDisk Other Blade 16005464064",
    ]
