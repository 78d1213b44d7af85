"""lessonlight-admin as it is typed: what it writes, what it says, how it ends."""

import json
import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from protocol.enrolment import read_join
from protocol.identity_file import load_identity
from protocol.policy.bundle import open_staff_bundle
from protocol.role import Role
from tutor_app.admin.cli import app
from tutor_app.admin.college import College
from tutor_app.admin.keys import CHEAP

from .conftest import PASSPHRASE

PROGRAM = (sys.executable, "-m", "tutor_app.admin.cli")
ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])}
Files = Callable[..., Path]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A college of today: the commands ask the machine's own clock."""
    return College.create(tmp_path / "college", name="Key College", passphrase=PASSPHRASE, cost=CHEAP).folder


@pytest.fixture
def admin(folder: Path, passphrase_file: Files) -> Callable[..., Result]:
    """A function that runs a command on the college, with its passphrase in a file."""
    file = passphrase_file()

    def run(*words: object, given: tuple[object, ...] = ("--passphrase-file", file)) -> Result:
        return CliRunner().invoke(app, ["-C", str(folder), *map(str, given), *map(str, words)])

    return run


def done(result: Result) -> str:
    assert result.exit_code == 0, result.output
    return result.stdout


def refused(result: Result, code: int) -> str:
    assert result.exit_code == code, (result.exit_code, result.output)
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    return result.stderr


def until(screen: int, text: bytes) -> bytes:
    """Read a terminal's screen until a text stands on it; 30 s at most."""
    shown, deadline = b"", time.monotonic() + 30
    while text not in shown:
        ready, _, _ = select.select([screen], [], [], max(0, deadline - time.monotonic()))
        assert ready, f"{text!r} is not in {shown!r}"
        shown += os.read(screen, 1024)
    return shown


class TestAWholeCollege:
    def test_from_nothing_to_a_lesson_s_files(self, tmp_path: Path, passphrase_file: Files) -> None:
        """The README's own commands, as programs."""
        file = str(passphrase_file())

        def run(*words: str) -> str:
            process = subprocess.run(
                [*PROGRAM, *words],
                cwd=tmp_path,
                capture_output=True,
                text=True,
                timeout=60,
                env=ENVIRONMENT,
                check=False,
            )
            assert process.returncode == 0, process.stderr
            return process.stdout

        run("init", "college", "--name", "Key College", "--passphrase-file", file)
        own = str(passphrase_file("the tutor's own\n", "own"))
        said = run(
            "-C", "college", "--passphrase-file", file, "add-staff", "maths-tutor", "--name", "Maths tutor",
            "--role", "tutor", "--out", "maths-tutor.p12", "--identity-passphrase-file", own,
        )  # fmt: skip
        assert "both maths-tutor.p12 and college.bundle" in said
        said = run(
            "-C",
            "college",
            "add-device",
            "LAPTOP-07",
            "--group",
            "10B",
            "--out",
            "laptop-07.join",
            "--passphrase-file",
            file,
        )
        assert "delete every copy of laptop-07.join" in said

        credentials = load_identity((tmp_path / "maths-tutor.p12").read_bytes(), "the tutor's own")
        assert (credentials.identity.id, credentials.identity.role) == ("maths-tutor", Role.TUTOR)
        join = read_join((tmp_path / "laptop-07.join").read_bytes())
        assert join.root == credentials.root
        beside = open_staff_bundle((tmp_path / "college.bundle").read_bytes(), credentials.root)
        fresh = open_staff_bundle((tmp_path / "college" / "college.bundle").read_bytes(), credentials.root)
        assert (beside.bundle.version, fresh.bundle.version) == (2, 3)
        assert [device.id for device in fresh.devices] == ["LAPTOP-07"]
        for name in ("maths-tutor.p12", "laptop-07.join", "college.bundle"):
            assert (tmp_path / name).stat().st_mode & 0o777 == 0o600

    def test_a_passphrase_typed_is_asked_twice_and_never_shown(self, tmp_path: Path) -> None:
        screen, terminal = pty.openpty()
        command = [*PROGRAM, "init", str(tmp_path / "c"), "--name", "Key College"]
        with subprocess.Popen(
            command, stdin=terminal, stdout=terminal, stderr=terminal, start_new_session=True, env=ENVIRONMENT
        ) as process:
            os.close(terminal)
            try:
                # The space comes last: only then has the terminal stopped showing what is typed.
                shown = until(screen, b"New passphrase for Key College: ")
                os.write(screen, b"three short words\n")
                shown += until(screen, b"epeat for confirmation: ")
                os.write(screen, b"three short words\n")
                shown += until(screen, b"policy.toml")
                assert process.wait(30) == 0
            finally:
                process.kill()
                os.close(screen)
        assert b"three short words" not in shown
        College.open(tmp_path / "c", "three short words")


class TestInit:
    def test_a_folder_in_use(self, tmp_path: Path, passphrase_file: Files) -> None:
        file = passphrase_file()
        result = CliRunner().invoke(app, ["init", str(tmp_path), "--name", "K", "--passphrase-file", str(file)])
        assert "is not empty" in refused(result, 5)

    def test_a_short_passphrase(self, tmp_path: Path, passphrase_file: Files) -> None:
        file = passphrase_file("seven77\n")
        result = CliRunner().invoke(app, ["init", str(tmp_path / "c"), "--name", "K", "--passphrase-file", str(file)])
        assert "too short" in refused(result, 2)
        assert not (tmp_path / "c").exists()

    def test_a_name_that_cannot_be(self, tmp_path: Path, passphrase_file: Files) -> None:
        file = str(passphrase_file())
        result = CliRunner().invoke(app, ["init", str(tmp_path / "c"), "--name", "x" * 65, "--passphrase-file", file])
        assert "1 to 64 characters" in refused(result, 6)


class TestPassphrases:
    def test_a_wrong_one(self, admin: Callable[..., Result], passphrase_file: Files) -> None:
        wrong = passphrase_file("another passphrase\n", "wrong")
        assert "passphrase is wrong" in refused(admin("revoke", "x", given=("--passphrase-file", wrong)), 3)
        assert "passphrase is wrong" in refused(admin("revoke", "x", "--passphrase-file", wrong), 3)

    def test_the_command_s_own_file_wins(
        self, admin: Callable[..., Result], passphrase_file: Files, tmp_path: Path
    ) -> None:
        wrong, right = passphrase_file("another passphrase\n", "wrong"), passphrase_file(name="right")
        words = ("add-device", "A", "--group", "10B", "--out", tmp_path / "a.join", "--passphrase-file", right)
        done(admin(*words, given=("--passphrase-file", wrong)))

    def test_typed(self, folder: Path, tmp_path: Path) -> None:
        words = ["-C", str(folder), "add-device", "A", "--group", "10B", "--out", str(tmp_path / "a.join")]
        result = CliRunner().invoke(app, words, input=f"{PASSPHRASE}\n")
        assert PASSPHRASE not in done(result) + result.stderr
        assert "Passphrase of Key College" in result.stderr

    def test_none_at_all(self, folder: Path) -> None:
        assert CliRunner().invoke(app, ["-C", str(folder), "revoke", "A"], input="").exit_code == 1

    @pytest.mark.parametrize(("content", "said"), [("", "is empty"), ("\nsecond line\n", "is empty")])
    def test_an_empty_file(self, admin: Callable[..., Result], passphrase_file: Files, content: str, said: str) -> None:
        file = passphrase_file(content, "odd")
        assert said in refused(admin("revoke", "x", given=("--passphrase-file", file)), 2)

    def test_a_file_that_is_no_text_or_not_there(self, admin: Callable[..., Result], tmp_path: Path) -> None:
        (tmp_path / "bytes").write_bytes(b"\xff\xfe")
        (tmp_path / "bytes").chmod(0o600)
        assert "not a text file" in refused(admin("revoke", "x", given=("--passphrase-file", tmp_path / "bytes")), 2)
        assert "No such file" in refused(admin("revoke", "x", given=("--passphrase-file", tmp_path / "none")), 5)

    def test_a_file_others_can_read_is_complained_of(
        self, admin: Callable[..., Result], passphrase_file: Files, tmp_path: Path
    ) -> None:
        file = passphrase_file(name="open", mode=0o644)
        words = ("add-device", "A", "--group", "10B", "--out", tmp_path / "a.join")
        result = admin(*words, given=("--passphrase-file", file))
        done(result)
        assert f"Warning: others may read {file}" in result.stderr

    @pytest.mark.parametrize("command", ["init", "add-staff", "add-device", "revoke", "policy publish"])
    def test_no_command_takes_one_as_an_argument_or_from_the_environment(self, command: str) -> None:
        said = CliRunner().invoke(app, [*command.split(), "--help"], env={"COLUMNS": "300"}).stdout
        assert "--passphrase-file" in said
        assert "--passphrase " not in said
        assert "env var" not in said


class TestAddStaff:
    def words(self, out: Path, *more: object) -> tuple[object, ...]:
        return ("add-staff", "jo", "--name", "Jo", "--role", "tutor", "--out", out, *more)

    def test_one_file_for_both_passphrases_is_warned_of(self, admin: Callable[..., Result], tmp_path: Path) -> None:
        result = admin(*self.words(tmp_path / "jo.p12"))
        done(result)
        assert "gets the college's own passphrase" in result.stderr
        assert load_identity((tmp_path / "jo.p12").read_bytes(), PASSPHRASE).identity.id == "jo"

    def test_its_own_passphrase(self, admin: Callable[..., Result], passphrase_file: Files, tmp_path: Path) -> None:
        own = passphrase_file("jo's passphrase", "own")
        result = admin(*self.words(tmp_path / "jo.p12", "--identity-passphrase-file", own))
        assert done(result)
        assert result.stderr == ""
        assert load_identity((tmp_path / "jo.p12").read_bytes(), "jo's passphrase").identity.name == "Jo"

    @pytest.mark.parametrize("role", ["tutor", "invigilator", "dsl", "manager"])
    def test_every_role(self, admin: Callable[..., Result], tmp_path: Path, role: str) -> None:
        done(admin("add-staff", "jo", "--name", "Jo", "--role", role, "--out", tmp_path / "jo.p12"))
        assert load_identity((tmp_path / "jo.p12").read_bytes(), PASSPHRASE).identity.role == role

    @pytest.mark.parametrize("role", ["device", "policy", "head", ""])
    def test_no_other_role(self, admin: Callable[..., Result], tmp_path: Path, role: str) -> None:
        result = admin("add-staff", "jo", "--name", "Jo", "--role", role, "--out", tmp_path / "jo.p12")
        assert "tutor, invigilator, dsl, manager" in refused(result, 2)

    def test_again(self, admin: Callable[..., Result], tmp_path: Path) -> None:
        done(admin(*self.words(tmp_path / "jo.p12")))
        old = load_identity((tmp_path / "jo.p12").read_bytes(), PASSPHRASE)
        assert "exists already" in refused(admin(*self.words(tmp_path / "jo.p12")), 5)
        assert "--again" in admin(*self.words(tmp_path / "two.p12")).stderr
        done(admin(*self.words(tmp_path / "jo.p12", "--again")))
        bundle = open_staff_bundle((tmp_path / "college.bundle").read_bytes(), old.root)
        assert bundle.bundle.deny == {old.identity.serial}

    def test_another_college_s_bundle_beside_it_is_left_alone(
        self, admin: Callable[..., Result], tmp_path: Path
    ) -> None:
        (tmp_path / "college.bundle").write_bytes(b"another's")
        assert "not this college's" in refused(admin(*self.words(tmp_path / "jo.p12")), 5)
        assert (tmp_path / "college.bundle").read_bytes() == b"another's"
        assert not (tmp_path / "jo.p12").exists()


class TestAddDevice:
    def test_taken_and_again(self, admin: Callable[..., Result], tmp_path: Path) -> None:
        words = ("add-device", "LAPTOP-07", "--group", "10B", "--name", "Student 07", "--out")
        done(admin(*words, tmp_path / "a.join"))
        assert "in the register already" in refused(admin(*words, tmp_path / "b.join"), 6)
        assert not (tmp_path / "b.join").exists()
        done(admin(*words, tmp_path / "b.join", "--again"))
        assert read_join((tmp_path / "b.join").read_bytes()).credentials().identity.name == "Student 07"

    @pytest.mark.parametrize(
        ("identifier", "group"), [("LAPTOP 07", "10B"), ("LAPTOP-07", ""), ("LAPTOP-07", "x" * 65)]
    )
    def test_malformed(self, admin: Callable[..., Result], tmp_path: Path, identifier: str, group: str) -> None:
        refused(admin("add-device", identifier, "--group", group, "--out", tmp_path / "a.join"), 6)
        assert not (tmp_path / "a.join").exists()

    def test_nowhere_to_write_registers_nothing(
        self, admin: Callable[..., Result], tmp_path: Path, folder: Path
    ) -> None:
        result = admin("add-device", "A", "--group", "10B", "--out", tmp_path / "none" / "a.join")
        assert "is no folder" in refused(result, 5)
        assert College.open(folder).register.devices == ()


class TestRevoke:
    def test_a_device_and_a_tutor(self, admin: Callable[..., Result], tmp_path: Path, folder: Path) -> None:
        done(admin("add-device", "A", "--group", "10B", "--out", tmp_path / "a.join"))
        done(admin("add-staff", "jo", "--name", "Jo", "--role", "tutor", "--out", tmp_path / "jo.p12"))
        assert "A (A) is revoked, from policy version 4 on" in done(admin("revoke", "a"))
        assert "still believes the old identity" in done(admin("revoke", "jo"))
        assert len(College.open(folder).register.denied(0)) == 2

    def test_nobody(self, admin: Callable[..., Result]) -> None:
        assert "no LAPTOP-99" in refused(admin("revoke", "LAPTOP-99"), 6)


class TestDevices:
    def test_none(self, admin: Callable[..., Result]) -> None:
        assert "No device is registered yet" in done(admin("devices", given=()))
        assert json.loads(done(admin("devices", "--json", given=()))) == []

    def test_table_and_json_need_no_passphrase(self, admin: Callable[..., Result], tmp_path: Path) -> None:
        for name in ("A", "B"):
            done(admin("add-device", name, "--group", "10B", "--name", f"[b]{name}[/b]", "--out", tmp_path / name))
        done(admin("revoke", "B"))
        rows = json.loads(done(admin("devices", "--json", given=())))
        assert [(row["id"], row["group"], row["state"]) for row in rows] == [
            ("A", "10B", "valid"),
            ("B", "10B", "revoked"),
        ]
        table = done(admin("devices", given=()))
        assert "[b]A[/b]" in table
        assert "revoked" in table

    def test_no_college(self, tmp_path: Path) -> None:
        result = CliRunner().invoke(app, ["-C", str(tmp_path), "devices"])
        assert "no college's folder" in refused(result, 5)


class TestPolicy:
    @pytest.fixture
    def broken(self, folder: Path) -> Path:
        path = folder / "policy.toml"
        text = path.read_text(encoding="utf-8").replace('monday    = ["08:00-18:00"]', 'monday = ["25:00-18:00"]')
        path.write_text(text.replace("receipts = 90", "receipts = 0"), encoding="utf-8")
        return path

    def test_a_good_one(self, folder: Path) -> None:
        result = CliRunner().invoke(app, ["policy", "check", str(folder / "policy.toml")])
        assert "is in order. College hours: Monday 08:00–18:00, Tuesday" in done(result)

    def test_every_mistake_with_its_line(self, broken: Path) -> None:
        lines = refused(CliRunner().invoke(app, ["policy", "check", str(broken)]), 4).splitlines()
        assert len(lines) == 2
        assert lines[0].startswith(f"{broken}:")
        assert lines[0].endswith(': hours.monday: "25:00-18:00" is not a time of day (00:00–24:00)')
        line = int(lines[0].removeprefix(f"{broken}:").split(":")[0])
        assert broken.read_text(encoding="utf-8").splitlines()[line - 1].startswith("monday")

    def test_a_mistake_publishes_nothing(self, admin: Callable[..., Result], folder: Path, broken: Path) -> None:
        before = (folder / "college.bundle").read_bytes()
        assert "hours.monday" in refused(admin("policy", "publish", broken), 4)
        assert (folder / "college.bundle").read_bytes() == before

    def test_publish(self, admin: Callable[..., Result], folder: Path) -> None:
        assert "Published as version 2" in done(admin("policy", "publish", folder / "policy.toml"))

    def test_staff_and_groups_nobody_knows_are_warned_of(self, admin: Callable[..., Result], folder: Path) -> None:
        path = folder / "policy.toml"
        path.write_text(path.read_text(encoding="utf-8") + '\n[staff.nobody]\ngroups = ["99Z"]\n', encoding="utf-8")
        for command in ("check", "publish"):
            result = admin("policy", command, path)
            done(result)
            assert "staff.nobody: nobody of that id is in the register" in result.stderr
            assert "no device is in the group 99Z" in result.stderr

    def test_no_file_and_no_text(self, tmp_path: Path) -> None:
        (tmp_path / "bytes.toml").write_bytes(b"a = 1\nb = '\xff'\n")
        assert "bytes.toml:2: is not UTF-8" in refused(
            CliRunner().invoke(app, ["policy", "check", str(tmp_path / "bytes.toml")]), 4
        )
        assert "No such file" in refused(CliRunner().invoke(app, ["policy", "check", str(tmp_path / "none")]), 5)


def test_usage_mistakes_end_with_2() -> None:
    for words in (["add-device"], ["nonsense"], ["devices", "--nonsense"], ["add-device", "A", "--out", "x"]):
        assert CliRunner().invoke(app, words).exit_code == 2


def test_help_tells_the_exit_codes() -> None:
    said = " ".join(CliRunner().invoke(app, ["--help"], env={"COLUMNS": "120"}).stdout.split())
    assert "3 wrong passphrase · 4 mistakes in the policy" in said
