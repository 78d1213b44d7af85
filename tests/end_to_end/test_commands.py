"""A college, two laptops and a whole lesson, by nothing but the commands people type; and their exit codes."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.end_to_end.conftest import Glass
from tests.end_to_end.stage import PASSPHRASE, Laptop, until
from tutor_app.demo.college import always_open

BIN = Path(sys.executable).parent
NOT_ENROLLED, NOBODY, NOT_NOW, MISTAKEN, NOT_SIGNED_IN = 9, 5, 4, 4, 3
GROUND = (20, 140, 90)


class Shell:
    """One folder in which somebody types commands."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "secret").write_text(PASSPHRASE + "\n")
        (folder / "tutors-secret").write_text("another " + PASSPHRASE + "\n")
        self.environ = {**os.environ, "XDG_DATA_HOME": str(folder / "data"), "XDG_CONFIG_HOME": str(folder / "config")}

    def type(self, command: str, *arguments: str, code: int = 0) -> str:
        """Run one command; fails the test unless it ends with `code`. Returns what it printed."""
        done = subprocess.run(
            [str(BIN / command), *arguments], cwd=self.folder, env=self.environ, capture_output=True, text=True,
            check=False, timeout=60, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        assert done.returncode == code, f"{command} {arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def admin(self, *arguments: str, code: int = 0) -> str:
        return self.type("lessonlight-admin", "-C", "college", "--passphrase-file", "secret", *arguments, code=code)

    def tutor(self, what: str, *arguments: str, dial: str, code: int = 0) -> Any:
        """One `class` command on a laptop at a known address; returns its JSON."""
        who = ("--identity", "tutor.p12", "--passphrase-file", "tutors-secret", "--group", "10B")
        # "All" waits for everybody in the register, and a name nobody has for somebody to have it.
        wait = "2" if what == "devices" or {"--all", "LAPTOP-99"} & set(arguments) else "10"
        where = ("--no-mdns", "--dial", dial, "--wait", wait, "--json")
        said = self.type("lessonlight-tutor", "class", what, *arguments, *who, *where, code=code)
        return json.loads(said) if said else None

    def status(self, code: int = 0) -> Any:
        return json.loads(self.type("lessonlight-student", "status", "--state", "laptop", "--json", code=code))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the network manager has done everything."""
    shell = Shell(tmp_path_factory.mktemp("made"))
    make_college(shell)
    return shell.folder


@pytest.fixture
def shell(made: Path, tmp_path: Path) -> Shell:
    shutil.copytree(made, tmp_path / "desk")
    return Shell(tmp_path / "desk")


@pytest.fixture
def laptop(shell: Shell, xvfb: str) -> Iterator[Laptop]:
    """The laptop whose state folder the commands below fill; started by the test."""
    one = Laptop(shell.folder / "laptop", {"DISPLAY": xvfb}, "--no-mdns")
    yield one
    one.stop()


def make_college(shell: Shell) -> None:
    shell.type("lessonlight-admin", "init", "college", "--name", "Key College", "--passphrase-file", "secret")
    policy = shell.folder / "college/policy.toml"
    policy.write_text(always_open(policy.read_text()))
    shell.admin("policy", "check", "college/policy.toml")
    shell.admin("policy", "publish", "college/policy.toml")
    for number in (7, 8):
        name = f"LAPTOP-{number:02}"
        shell.admin("add-device", name, "--group", "10B", "--name", f"Student {number:02}", "--out", f"{name}.join")
    secret = ("--identity-passphrase-file", "tutors-secret")
    staff = ("add-staff", "maths-tutor", "--name", "Maths tutor", "--role", "tutor", "--out", "tutor.p12")
    shell.admin(*staff, *secret)


def test_a_whole_lesson_by_commands(shell: Shell, laptop: Laptop, xvfb: str, glass: Callable[[str], Glass]) -> None:
    screen = glass(xvfb)
    screen.run("xsetroot", "-solid", "#{:02x}{:02x}{:02x}".format(*GROUND))
    assert shell.status(NOT_ENROLLED)["enrolled"] is False
    shell.type("lessonlight-student", "enrol", "LAPTOP-07.join", "--state", "laptop", "--no-autostart")
    laptop.start()
    dial = laptop.address
    assert shell.status()["device"]["name"] == "Student 07"

    found = shell.tutor("devices", dial=dial)
    assert [(one["device"], one["name"], one["state"]) for one in found["devices"] if one["seen"]] == [
        ("LAPTOP-07", "Student 07", "live")
    ]
    assert found["not_seen"] == ["LAPTOP-08"]

    shell.tutor("shot", "Student 07", "--out", "small.png", dial=dial)
    shell.tutor("shot", "LAPTOP-07", "--out", "large.png", "--focus", dial=dial)
    for name, size in (("small.png", (640, 360)), ("large.png", (1920, 1080))):
        with Image.open(shell.folder / name) as picture:
            assert picture.size == size
            middle = picture.getpixel((size[0] // 2, size[1] // 2))
        assert isinstance(middle, tuple)
        assert all(abs(one - other) <= 6 for one, other in zip(middle, GROUND, strict=True))

    locked = shell.tutor("lock", "--all", "--sentence", "Look up, please.", dial=dial)
    assert [(one["device"], one["answer"]) for one in locked["devices"]] == [("LAPTOP-07", "confirmed")]
    assert screen.pixel(20, 20) != GROUND
    assert shell.status()["lock"]["by"] == "Maths tutor"
    shell.tutor("unlock", "LAPTOP-07", dial=dial)
    until(lambda: screen.pixel(20, 20) == GROUND)

    assert shell.tutor("message", "Save your work.", "LAPTOP-07", dial=dial)["devices"][0]["answer"] == "confirmed"
    shell.tutor("flag", "LAPTOP-07", "--category", "good-work", "--note", "Neat proof", dial=dial)
    assert "Neat proof" in shell.type("lessonlight-tutor", "records", "flags")


def test_what_goes_wrong_has_its_own_exit_code(shell: Shell, laptop: Laptop) -> None:
    shell.type("lessonlight-student", "enrol", "LAPTOP-07.join", "--state", "laptop", "--no-autostart")
    dial = laptop.start().address

    shell.tutor("lock", "LAPTOP-07", "LAPTOP-99", dial=dial, code=1)  # one of the two is nobody
    shell.tutor("unlock", "LAPTOP-07", dial=dial)
    shell.tutor("lock", dial=dial, code=2)  # whom?
    (shell.folder / "tutors-secret").rename(shell.folder / "kept")
    (shell.folder / "tutors-secret").write_text("wrong\n")
    shell.tutor("devices", dial=dial, code=NOT_SIGNED_IN)
    (shell.folder / "kept").rename(shell.folder / "tutors-secret")

    broken = (shell.folder / "college/policy.toml").read_text().replace('"00:00-24:00"', '"25:00-26:00"', 1)
    (shell.folder / "broken.toml").write_text(broken)
    shell.admin("policy", "publish", "broken.toml", code=MISTAKEN)
    closed = broken.replace('["25:00-26:00"]', "[]").replace('["00:00-24:00"]', "[]")
    (shell.folder / "closed.toml").write_text(closed)
    shell.admin("policy", "publish", "closed.toml")
    (shell.folder / "college.bundle").write_bytes((shell.folder / "college/college.bundle").read_bytes())
    shell.tutor("lock", "LAPTOP-07", dial=dial, code=NOT_NOW)

    laptop.kill()
    shell.admin("policy", "publish", "college/policy.toml")
    (shell.folder / "college.bundle").write_bytes((shell.folder / "college/college.bundle").read_bytes())
    shell.tutor("lock", "--all", dial=dial, code=NOBODY)
