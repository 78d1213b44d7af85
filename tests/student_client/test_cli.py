"""The student's commands as people run them."""

import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from student_client.agent.journal import Journal
from student_client.agent.state import StateFolder
from student_client.backends.machine import FileChange
from student_client.cli import Exit
from tutor_app.admin.college import College
from tutor_app.admin.keys import CHEAP

DAY = 86_400.0
Ran = subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def college(tmp_path_factory: pytest.TempPathFactory) -> College:
    folder = tmp_path_factory.mktemp("cli") / "college"
    return College.create(folder, name="Key College", passphrase="x", cost=CHEAP, now=time.time() - 200 * DAY)


class Shell:
    """Runs the commands in a home of its own."""

    def __init__(self, home: Path) -> None:
        self.home, self.state = home, home / "state"
        self.environ = os.environ | {"HOME": str(home), "XDG_CONFIG_HOME": str(home / "config"), "COLUMNS": "200"}
        self.environ["XDG_RUNTIME_DIR"] = str(home)

    def argv(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "student_client", *words, "--state", str(self.state)]

    def run(self, *words: str) -> Ran:
        return subprocess.run(
            self.argv(*words), env=self.environ, capture_output=True, text=True, timeout=30, check=False
        )

    def start(self, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.argv("run", "--leave-machine", *words), env=self.environ, stderr=subprocess.PIPE, text=True
        )

    def join(self, data: bytes) -> str:
        path = self.home / "laptop-07.join"
        path.write_bytes(data)
        return str(path)


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    tmp_path.chmod(0o700)
    return Shell(tmp_path)


@pytest.fixture
def running(shell: Shell) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    started: list[subprocess.Popen[str]] = []

    def start(*words: str) -> subprocess.Popen[str]:
        started.append(shell.start(*words))
        return started[-1]

    yield start
    for process in started:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=10)


def eventually(shell: Shell, true: Callable[[Ran], bool], *words: str) -> Ran:
    deadline = time.monotonic() + 15
    while not true(ran := shell.run("status", *words)):
        assert time.monotonic() < deadline, ran.stdout + ran.stderr
    return ran


def test_enrolling_stores_says_and_starts_at_login(shell: Shell, college: College) -> None:
    file = shell.join(college.add_device("LAPTOP-01", group="10B"))
    ran = shell.run("enrol", file)
    assert ran.returncode == Exit.OK, ran.stderr
    assert "LAPTOP-01 of group 10B" in ran.stdout
    assert f"Delete {file} now" in ran.stdout
    key = shell.state / "identity" / "device.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    entry = (shell.home / "config" / "autostart" / "lessonlight-student.desktop").read_text()
    assert f"-m student_client run --state {shell.state}" in entry.replace('"', "")
    assert StateFolder(shell.state).credentials().identity.id == "LAPTOP-01"


def test_a_second_enrolment_needs_again(shell: Shell, college: College) -> None:
    first = shell.join(college.add_device("LAPTOP-02", group="10B"))
    assert shell.run("enrol", first, "--no-autostart").returncode == Exit.OK
    assert not (shell.home / "config").exists()
    second = shell.join(college.add_device("LAPTOP-03", group="11C"))
    refused = shell.run("enrol", second, "--no-autostart")
    assert refused.returncode == Exit.ENROLLED_ALREADY
    assert "enrolled already, as LAPTOP-02" in refused.stderr
    assert shell.run("enrol", second, "--no-autostart", "--again").returncode == Exit.OK
    assert StateFolder(shell.state).credentials().identity.group == "11C"


def test_unenrolling_undoes_it_and_keeps_the_receipts(shell: Shell, college: College) -> None:
    assert shell.run("unenrol").returncode == Exit.NOT_ENROLLED
    shell.run("enrol", shell.join(college.add_device("LAPTOP-08", group="10B")))
    (shell.state / "receipts.jsonl").write_text("")
    ran = shell.run("unenrol")
    assert ran.returncode == Exit.OK
    assert "no longer starts at login" in ran.stdout
    left = {path.name for path in shell.state.rglob("*") if path.is_file()}
    assert left == {"receipts.jsonl"}
    assert not [path for path in (shell.home / "config").rglob("*") if path.is_file()]


def test_unenrolling_gives_back_what_rules_have_changed(shell: Shell, college: College) -> None:
    shell.run("enrol", shell.join(college.add_device("LAPTOP-21", group="10B")))
    theirs, ours = shell.home / "policies/theirs.json", shell.home / "policies/new/ours.json"
    theirs.parent.mkdir()
    theirs.write_text("{}")
    folder = StateFolder(shell.state)
    Journal(folder).hold([FileChange(theirs, b"changed"), FileChange(ours, b"made")])
    assert shell.run("unenrol").returncode == Exit.OK
    assert theirs.read_text() == "{}"
    assert not ours.exists()
    assert not Journal(folder).holds


def test_what_could_not_be_given_back_is_said_and_tried_again(shell: Shell, college: College) -> None:
    shell.run("enrol", shell.join(college.add_device("LAPTOP-22", group="10B")))
    policy, folder = shell.home / "policy.json", StateFolder(shell.state)
    Journal(folder).hold([FileChange(policy, b"ours")])
    policy.unlink()
    policy.mkdir()
    ran = shell.run("unenrol")
    assert ran.returncode == Exit.CHANGES
    assert f"{policy} cannot be changed" in ran.stderr
    policy.rmdir()
    policy.write_bytes(b"ours")
    assert shell.run("unenrol").returncode == Exit.OK
    assert not policy.exists()


@pytest.mark.parametrize(
    ("issued_at", "words"), [(-91 * DAY, "expired on"), (3 * DAY, "is valid from"), (None, "no Lessonlight enrolment")]
)
def test_a_file_that_cannot_be_used_stores_nothing(
    shell: Shell, college: College, issued_at: float | None, words: str
) -> None:
    data = b"not one of ours"
    if issued_at is not None:
        data = college.add_device(
            "LAPTOP-04", group="10B", again="LAPTOP-04" in _ids(college), now=time.time() + issued_at
        )
    ran = shell.run("enrol", shell.join(data))
    assert ran.returncode == Exit.JOIN
    assert words in ran.stderr
    assert not shell.state.exists()


def _ids(college: College) -> set[str]:
    return {entry.id for entry in college.register.devices}


def test_a_missing_file_is_said(shell: Shell) -> None:
    ran = shell.run("enrol", str(shell.home / "nothing.join"))
    assert ran.returncode == Exit.JOIN
    assert "nothing.join cannot be read: No such file" in ran.stderr


def test_status_without_anything(shell: Shell) -> None:
    ran = shell.run("status")
    assert ran.returncode == Exit.NOT_ENROLLED
    assert "Not running" in ran.stdout
    assert "lessonlight-student enrol FILE" in ran.stdout
    assert json.loads(shell.run("status", "--json").stdout)["enrolled"] is False
    assert not shell.state.exists()


def test_a_folder_that_may_not_be_read_has_its_own_sentence(shell: Shell) -> None:
    mortal = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"] if os.getuid() == 0 else []
    shell.state.mkdir(mode=0)
    try:
        for words in (["status"], ["status", "--json"]):
            argv = [*mortal, *shell.argv(*words)]
            ran = subprocess.run(argv, env=shell.environ, capture_output=True, text=True, timeout=30, check=False)
            assert ran.returncode == Exit.STATE, ran.stderr
            assert "cannot be read: Permission denied" in ran.stderr
    finally:
        shell.state.chmod(0o700)


def test_run_and_status_and_the_end(
    shell: Shell, college: College, running: Callable[..., subprocess.Popen[str]]
) -> None:
    shell.run("enrol", shell.join(college.add_device("LAPTOP-05", group="10B")), "--no-autostart")
    before = shell.run("status")
    assert before.returncode == Exit.NOT_RUNNING
    assert "Enrolled as LAPTOP-05, group 10B" in before.stdout
    process = running("--listen", "127.0.0.1:0", "--no-mdns", "--fake-screens")
    ran = eventually(shell, lambda ran: "Listening on 127.0.0.1:" in ran.stdout)
    assert ran.returncode == Exit.OK
    assert "Enrolled as LAPTOP-05, group 10B" in ran.stdout
    assert "Nobody is viewing." in ran.stdout
    status = json.loads(shell.run("status", "--json").stdout)
    assert status["running"] is True
    assert status["pid"] == process.pid  # the agent has taken the command's place
    assert status["screen"] == "live"
    second = shell.run("run", "--listen", "127.0.0.1:0", "--fake-screens")
    assert second.returncode == Exit.ALREADY_RUNNING
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == 0
    assert shell.run("status").returncode == Exit.NOT_RUNNING


def test_a_client_without_a_display_says_so(
    shell: Shell, college: College, running: Callable[..., subprocess.Popen[str]]
) -> None:
    shell.run("enrol", shell.join(college.add_device("LAPTOP-06", group="10B")), "--no-autostart")
    shell.environ.pop("DISPLAY")
    running("--listen", "127.0.0.1:0", "--no-mdns")
    ran = eventually(shell, lambda ran: "DISPLAY is not set" in ran.stdout)
    assert ran.returncode == Exit.OK


def test_another_users_folder_is_said(shell: Shell, college: College) -> None:
    shell.state.mkdir()
    if os.getuid() != 0:
        pytest.skip("only root can give a folder away")
    os.chown(shell.state, 12345, 12345)
    ran = shell.run("enrol", shell.join(college.add_device("LAPTOP-07", group="10B")))
    assert ran.returncode == Exit.STATE
    process = shell.start("--no-mdns", "--fake-screens")
    assert process.stderr
    assert "belongs to the user number 12345, not to root" in process.stderr.readline()
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=10)


@pytest.mark.parametrize("listen", ["nowhere:47800", "127.0.0.1", "127.0.0.1:70000", "[::1]:x"])
def test_an_address_that_is_none_is_wrong_usage(shell: Shell, listen: str) -> None:
    ran = shell.run("run", "--listen", listen)
    assert ran.returncode == 2
    assert "is no address and port" in ran.stderr
