"""Files are replaced whole or not at all."""

import errno
import os
from pathlib import Path

import pytest

from tutor_app.admin.files import write_whole


def test_a_file_is_written_and_replaced_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_whole(path, b"one")
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"one", 0o600)
    path.chmod(0o644)
    write_whole(path, b"two")
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"two", 0o600)
    assert [left.name for left in tmp_path.iterdir()] == ["a.json"]


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_full_disk_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path = tmp_path / "a.json"
    write_whole(path, b"old")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(*((os, "fsync") if step == "fsync" else (Path, "replace")), full)
    with pytest.raises(OSError, match="No space"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert [left.name for left in tmp_path.iterdir()] == ["a.json"]


def test_what_a_killed_command_left_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / f".a.json.{os.getpid()}.new").write_bytes(b"half")
    write_whole(tmp_path / "a.json", b"whole")
    assert [left.name for left in tmp_path.iterdir()] == ["a.json"]
