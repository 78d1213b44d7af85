import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from student_client.agent.__main__ import EXIT_ALREADY_RUNNING
from student_client.backends.base import AutostartError
from student_client.backends.linux_autostart import LinuxAutostart, entry_command, unit_command

ARGV = ["/opt/less on/bin/lessonlight-student", "--state", "/home/ä b/100% $HOME `x` \"q\" 'r' \\n", "run"]


@pytest.fixture
def systemctl(tmp_path: Path) -> Path:
    """A systemctl that writes down what it is asked and says yes."""
    program = tmp_path / "systemctl"
    program.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/asked\n')
    program.chmod(0o755)
    return program


def exec_of(entry: Path) -> list[str]:
    """The command as a desktop would read it: string escapes, then quotes, then field codes."""
    found = re.search(r"^Exec=(.*)$", entry.read_text(), re.MULTILINE)
    assert found
    arguments = shlex.split(re.sub(r"\\\\", r"\\", found[1]).replace("\\$", "$").replace("\\`", "`"))
    return [argument.replace("%%", "%") for argument in arguments]


def test_without_systemd_only_the_entry(tmp_path: Path) -> None:
    autostart = LinuxAutostart(tmp_path / "config", None)
    assert not autostart.installed()
    assert autostart.remove() == ()
    entry = tmp_path / "config/autostart/lessonlight-student.desktop"
    assert autostart.install(ARGV) == (entry,)
    assert autostart.installed()
    assert exec_of(entry) == ARGV
    assert "X-systemd-skip" not in entry.read_text()
    assert "@" not in entry.read_text()
    assert autostart.install(["/bin/true"]) == (entry,)
    assert exec_of(entry) == ["/bin/true"]
    assert autostart.remove() == (entry,)
    assert not autostart.installed()
    assert list(entry.parent.iterdir()) == []


def test_with_systemd_the_unit_too_and_never_both(tmp_path: Path, systemctl: Path) -> None:
    autostart = LinuxAutostart(tmp_path / "config", str(systemctl))
    unit, entry = autostart.install(ARGV)
    assert unit == tmp_path / "config/systemd/user/lessonlight-student.service"
    assert "X-systemd-skip=true" in entry.read_text()
    assert "X-GNOME-HiddenUnderSystemd=true" in entry.read_text()
    assert exec_of(entry) == ARGV
    assert f"RestartPreventExitStatus={EXIT_ALREADY_RUNNING}\n" in unit.read_text()
    assert autostart.remove() == (unit, entry)
    assert (tmp_path / "asked").read_text().splitlines() == [
        "--user show-environment",
        "--user daemon-reload",
        "--user enable lessonlight-student.service",
        "--user disable lessonlight-student.service",
        "--user daemon-reload",
    ]


def test_a_systemd_that_does_not_answer_is_left_out(tmp_path: Path) -> None:
    for systemctl in ("/bin/false", str(tmp_path / "missing")):
        (entry,) = LinuxAutostart(tmp_path, systemctl).install(["/bin/true"])
        assert "X-systemd-skip" not in entry.read_text()


def test_a_unit_that_cannot_be_enabled_is_said(tmp_path: Path, systemctl: Path) -> None:
    systemctl.write_text('#!/bin/sh\n[ "$2" != enable ]\n')
    with pytest.raises(AutostartError, match="systemctl --user enable"):
        LinuxAutostart(tmp_path, str(systemctl)).install(["/bin/true"])


@pytest.mark.parametrize("argv", [[], ["true"], ["./true"], ["/bin/true", "a\nX-Evil=true"], ["/bin/true", "a\x00"]])
def test_what_cannot_be_started_is_refused(tmp_path: Path, argv: list[str]) -> None:
    with pytest.raises(AutostartError):
        LinuxAutostart(tmp_path, None).install(argv)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "autostart").write_text("a file is in the way")
    with pytest.raises(AutostartError, match=r"autostart/lessonlight-student\.desktop cannot be written"):
        LinuxAutostart(tmp_path, None).install(["/bin/true"])


def test_quoting() -> None:
    assert entry_command(["/a b", "50%", "$x", '"', "\\"]) == r'"/a b" "50%%" "\\$x" "\\"" "\\\\"'
    assert unit_command(["/a b", "50%", "$x", '"', "\\"]) == r'"/a b" "50%%" "$$x" "\"" "\\"'


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd-analyze")
def test_systemd_reads_the_unit(tmp_path: Path, systemctl: Path) -> None:
    unit, _ = LinuxAutostart(tmp_path, str(systemctl)).install(["/bin/true", *ARGV[1:]])
    told = subprocess.run(
        ["systemd-analyze", "--user", "verify", unit],
        env={**os.environ, "XDG_RUNTIME_DIR": str(tmp_path), "SYSTEMD_COLORS": "0"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if "Failed to initialize manager" in told.stderr:
        pytest.skip(told.stderr)
    assert "lessonlight" not in told.stderr + told.stdout
