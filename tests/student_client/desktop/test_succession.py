from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from student_client.desktop.succession import Succession, succession_file


def test_the_older_one_hears_of_the_newer(tmp_path: Path, qtbot: QtBot) -> None:
    file = tmp_path / "room" / "signature"
    old = Succession(file)
    old.sign()
    old.watch()
    with qtbot.waitSignal(old.replaced, timeout=2000):
        (file.with_name("new")).write_text("1")
        file.with_name("new").replace(file)


def test_one_that_was_replaced_before_it_watched_hears_it_too(tmp_path: Path, qtbot: QtBot) -> None:
    file = tmp_path / "signature"
    old = Succession(file)
    old.sign()
    file.write_text("1")
    with qtbot.waitSignal(old.replaced, timeout=2000):
        old.watch()


def test_nobody_replaces_itself(tmp_path: Path, qtbot: QtBot) -> None:
    only = Succession(tmp_path / "signature")
    only.sign()
    with qtbot.assertNotEmitted(only.replaced, wait=200):
        only.watch()
        (tmp_path / "something else").touch()


def test_a_folder_that_cannot_be_written_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").touch()
    Succession(tmp_path / "file" / "signature").sign()
    assert "keep its lock" in caplog.text


def test_every_agent_and_display_has_its_own_file() -> None:
    files = {succession_file(Path(socket), display) for socket in ("/a", "/b") for display in (":0", ":1")}
    assert len(files) == 4
