"""The commands for scripts, against laptops over real TLS; one lesson against the real student's client."""

import asyncio
import io
import json
import os
import sqlite3
import stat
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from PIL import Image
from typer.testing import CliRunner

from protocol.enrolment import read_join
from protocol.identity import Credentials
from protocol.link import Link
from protocol.messages import (
    ChangeRule,
    HandFacts,
    Lock,
    LockFacts,
    LowerHand,
    Outcome,
    Patch,
    Patches,
    Right,
    SetRules,
    TextMessage,
    Unlock,
)
from protocol.messages import Result as Done
from protocol.role import Role
from student_client.agent.state import StateFolder
from tests.tutor_app.network.devices import Laptop, refuse, status
from tutor_app.admin.college import College
from tutor_app.admin.keys import CHEAP
from tutor_app.class_cli import _whole
from tutor_app.cli import app
from tutor_app.demo.college import always_open

PASSPHRASE = "correct horse battery"


class School:
    """A college that is always open, its tutor's files, and a college.bundle that is never out of date."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.college = College.create(folder / "college", name="Key College", passphrase=PASSPHRASE, cost=CHEAP)
        self.college.publish(always_open((folder / "college/policy.toml").read_text()))
        self.identity = folder / "maths.p12"
        self.identity.write_bytes(
            self.college.add_staff("maths", name="Maths tutor", role=Role.TUTOR, passphrase=PASSPHRASE)
        )
        self.passphrase = folder / "passphrase"
        self.passphrase.write_text(PASSPHRASE + "\n")
        self.passphrase.chmod(0o600)

    def device(self, identifier: str, group: str) -> Credentials:
        credentials = read_join(self.college.add_device(identifier, group=group, name=identifier.title())).credentials()
        (self.folder / "college.bundle").write_bytes(self.college.staff_bundle)
        return credentials


@dataclass
class Answer:
    """What a command printed and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> School:
    return School(tmp_path_factory.mktemp("cli"))


@pytest.fixture
def group(request: pytest.FixtureRequest) -> str:
    """A group of this test's own: the register of the others is not expected here."""
    return f"G{abs(hash(request.node.name)) % 100_000}"


@pytest.fixture
async def laptop(school: School, group: str) -> AsyncIterator[Callable[..., Awaitable[Laptop]]]:
    laptops: list[Laptop] = []

    async def start(identifier: str, **facts: object) -> Laptop:
        made = Laptop(school.device(f"{identifier}-{group}", group), behave=facts.pop("behave", None))  # type: ignore[arg-type]
        made.policy_version = 10_000
        for name, value in facts.items():
            setattr(made, name, value)
        laptops.append(made)
        return await made.start()

    yield start
    for one in laptops:
        await one.stop()


@pytest.fixture
def run(school: School, group: str, tmp_path: Path) -> Callable[..., Awaitable[Answer]]:
    """Runs `lessonlight-tutor class COMMAND …` with all it needs, dialling these laptops."""

    async def invoke(command: str, *arguments: str, dial: tuple[Any, ...] = (), wait: float = 5.0) -> Answer:
        addresses = [part for one in dial for part in ("--dial", getattr(one, "address", one))]
        line = [
            "class", command, *arguments, "--no-mdns", *addresses, "--wait", str(wait),
            "--identity", str(school.identity), "--passphrase-file", str(school.passphrase),
            "--records", str(tmp_path / "records.sqlite"),
        ]  # fmt: skip
        if "--group" not in arguments:
            line += ["--group", group]
        result = await asyncio.to_thread(CliRunner().invoke, app, line)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Answer(result.exit_code, result.stdout, result.stderr)

    return invoke


def rows(records: Path, table: str, columns: str) -> list[Any]:
    with sqlite3.connect(records) as connection:
        return connection.execute(f"select {columns} from {table}").fetchall()


# ── devices ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_devices_are_listed_with_what_they_say(laptop, run, school, group) -> None:
    here, refused = await laptop("HERE"), await laptop("SHY", refusal=refuse(detail="Not on a Sunday."))
    school.device(f"AWAY-{group}", group)
    answer = await run("devices", "--json", dial=(here, refused), wait=1.0)
    assert answer.code == 0
    listed = {one["device"]: one for one in answer.json["devices"]}
    assert (listed[here.name]["state"], listed[here.name]["user"], listed[here.name]["host"]) == (
        "live", "amara", "laptop",
    )  # fmt: skip
    assert (listed[refused.name]["state"], listed[refused.name]["why"]) == ("refused", "Not on a Sunday.")
    assert answer.json["not_seen"] == [f"AWAY-{group}"]
    table = await run("devices", dial=(here, refused), wait=1.0)
    assert "amara" in table.out
    assert "Not on a Sunday." in table.out
    assert f"2 found. Expected but not seen: AWAY-{group}." in table.out


async def test_it_does_not_wait_when_everybody_is_there(laptop, run) -> None:
    here = await laptop("HERE")
    began = time.monotonic()
    assert (await run("devices", dial=(here,), wait=60.0)).code == 0
    assert time.monotonic() - began < 10


async def test_no_laptop_at_all_is_five(laptop, run) -> None:
    gone = await laptop("GONE")
    await gone.stop()
    assert (await run("devices", dial=(gone,), wait=0.3)).code == 5
    answer = await run("lock", "--all", dial=(gone,), wait=0.3)
    assert answer.code == 5
    assert "was found within 0.3 seconds" in answer.err


# ── commands ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def locked(one: Laptop, link: Link) -> None:
    """An honest laptop that tells of its lock."""
    await one.let_in(link)
    while True:
        message = await one.hear(link)
        await one.answer(link, message)
        if isinstance(message, Lock):
            lock = {"id": message.id, "by": "Maths tutor", "until": time.time() + message.lease, "covered": True}
            await link.send(status(lock=LockFacts(**lock)))


async def failing(one: Laptop, link: Link) -> None:
    await one.let_in(link)
    while True:
        message = await one.hear(link)
        if isinstance(message, Lock | Unlock | TextMessage):
            await link.send(Outcome(id=message.id, result=Done.FAILED, detail="The screen is not covered."))


async def test_everybody_is_locked_until_the_lease_ends(laptop, run, tmp_path) -> None:
    one, two = await laptop("ONE", behave=locked), await laptop("TWO", behave=locked)
    answer = await run("lock", "--all", "--sentence", "Look at me", "--json", dial=(one, two))
    assert answer.code == 0, answer
    assert {(row["device"], row["answer"]) for row in answer.json["devices"]} == {
        (one.name, "confirmed"),
        (two.name, "confirmed"),
    }
    until = answer.json["devices"][0]["locked_until"]
    assert 590 < until - time.time() <= 600
    lock = next(message for message in one.heard if isinstance(message, Lock))
    assert (lock.lease, lock.sentence) == (600, "Look at me")
    records = tmp_path / "records.sqlite"
    assert rows(records, "commands", "action, text, result") == [("lock", "Look at me", "ok")] * 2
    assert rows(records, "lessons", "ended_at is not null") == [(1,)]


async def test_a_lock_never_outlasts_the_lesson(laptop, run) -> None:
    one = await laptop("ONE", behave=locked)
    answer = await run("lock", one.name, "--minutes", "2", dial=(one,))
    assert answer.code == 0
    assert "locked until" in answer.out
    lock = next(message for message in one.heard if isinstance(message, Lock))
    assert 100 < lock.lease <= 120


async def test_one_laptop_by_its_name_in_any_letters(laptop, run) -> None:
    one, other = await laptop("ONE"), await laptop("OTHER")
    answer = await run("unlock", one.name.lower(), dial=(one, other))
    assert answer.code == 0
    assert any(isinstance(message, Unlock) for message in one.heard)
    assert not any(isinstance(message, Unlock) for message in other.heard)


async def test_what_failed_is_said_and_is_one(laptop, run) -> None:
    good, bad = await laptop("GOOD"), await laptop("BAD", behave=failing)
    answer = await run("lock", "--all", "--json", dial=(good, bad))
    assert answer.code == 1
    answers = {row["device"]: (row["answer"], row["detail"]) for row in answer.json["devices"]}
    assert answers == {good.name: ("confirmed", ""), bad.name: ("failed", "The screen is not covered.")}


async def test_who_is_not_there_is_told_apart_and_who_nobody_knows_is_named(laptop, run, school, group) -> None:
    one = await laptop("ONE")
    school.device(f"AWAY-{group}", group)
    answer = await run("message", "Hello", one.name, f"AWAY-{group}", "NOBODY", "--json", dial=(one,), wait=0.8)
    assert answer.code == 1
    assert {row["device"]: row["answer"] for row in answer.json["devices"]} == {
        one.name: "confirmed",
        f"AWAY-{group}": "not-connected",
    }
    assert answer.json["unknown"] == ["NOBODY"]
    assert f"No laptop of {group} is called “NOBODY”." in answer.err


async def test_names_that_are_not_there_are_said_and_nobody_else_is(laptop, run, school, group) -> None:
    one = await laptop("ONE")
    answer = await run("lock", "NOBODY", dial=(one,), wait=0.3)
    assert answer.code == 5
    assert answer.err.startswith(f"No laptop of {group} is called “NOBODY”.\n")
    assert "found" not in answer.err
    school.device(f"AWAY-{group}", group)
    answer = await run("lock", f"AWAY-{group}", dial=(one,), wait=0.3)
    assert answer.code == 5
    assert answer.err.endswith(f"Not found within 0.3 seconds: Away-{group}.\n")


async def test_an_unlocked_laptop_is_not_said_to_be_locked(laptop, run) -> None:
    async def unlocked_a_moment_later(one: Laptop, link: Link) -> None:
        lock = LockFacts(id="0" * 32, by="Maths tutor", until=time.time() + 500, covered=True)
        await one.let_in(link)
        await link.send(status(lock=lock))
        while True:
            message = await one.hear(link)
            await one.answer(link, message)
            if isinstance(message, Unlock):
                await asyncio.sleep(0.3)
                await link.send(status(lock=None))

    one = await laptop("ONE", behave=unlocked_a_moment_later)
    answer = await run("unlock", one.name, "--json", dial=(one,))
    assert answer.code == 0
    assert answer.json["devices"][0]["locked_until"] is None


async def test_a_message_is_shown_as_plain_text(laptop, run) -> None:
    one = await laptop("ONE")
    assert (await run("message", "Save your \u202ework", "--all", dial=(one,))).code == 0
    assert [message.text for message in one.heard if isinstance(message, TextMessage)] == ["Save your work"]


async def test_a_right_the_permit_does_not_give_is_refused(laptop, run) -> None:
    one = await laptop("ONE", may=(Right.VIEW,))
    answer = await run("lock", "--all", "--json", dial=(one,))
    assert answer.code == 1
    assert answer.json["devices"][0]["answer"] == "refused"


# ── pictures and flags ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("name", "kind"), [("screen.png", "PNG"), ("screen.jpg", "JPEG")])
async def test_a_picture_is_kept_for_its_owner_alone(laptop, run, tmp_path, name: str, kind: str) -> None:
    one = await laptop("ONE")
    path = tmp_path / name
    answer = await run("shot", one.name, "--out", str(path), "--json", dial=(one,))
    assert answer.code == 0
    with Image.open(path) as image:
        assert (image.format, image.size) == (kind, (640, 360))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "outside Lessonlight's sealed records" in answer.err
    assert answer.json["file"] == str(path)


async def test_no_picture_without_the_right_or_with_another_name(laptop, run, tmp_path) -> None:
    one = await laptop("ONE", may=(Right.VIEW,))
    path = tmp_path / "screen.png"
    answer = await run("shot", one.name, "--focus", "--out", str(path), dial=(one,))
    assert answer.code == 1
    assert "Your role may not view" in answer.err
    assert (await run("shot", one.name, "--out", str(tmp_path / "screen.gif"), dial=(one,))).code == 2
    assert (await run("shot", one.name, dial=(one,))).code == 2
    assert (await run("shot", "NOBODY", "--out", str(path), dial=(one,), wait=0.3)).code == 5
    assert not path.exists()


async def test_a_flag_goes_on_record(laptop, run, tmp_path) -> None:
    one = await laptop("ONE")
    answer = await run(
        "flag", one.name, "--category", "off-task", "--note", "A game", "--json", "--lesson", "Maths", dial=(one,)
    )
    assert answer.code == 0, answer
    records = tmp_path / "records.sqlite"
    assert rows(records, "flags", "device, user, host, category, note, by_id") == [
        (one.name, "amara", "laptop", "off-task", "A game", "maths")
    ]
    assert rows(records, "lessons", "name") == [("Maths",)]
    listed = await asyncio.to_thread(CliRunner().invoke, app, ["records", "flags", "--records", str(records), "--json"])
    assert json.loads(listed.stdout)[0]["id"] == answer.json["flag"]


async def test_a_flag_needs_no_laptop_but_a_category_and_a_student(run, school, group) -> None:
    school.device(f"AWAY-{group}", group)
    assert (await run("flag", f"away-{group}", "--category", "phone", wait=0.2)).code == 0
    unknown = await run("flag", f"AWAY-{group}", "--category", "rudeness", wait=0.2)
    assert unknown.code == 2
    assert "off-task" in unknown.err
    assert (await run("flag", "NOBODY", "--category", "phone", wait=0.2)).code == 5


async def test_records_that_cannot_be_opened_stop_a_flag_only(laptop, run, tmp_path) -> None:
    one = await laptop("ONE")
    (tmp_path / "records.sqlite").mkdir()
    flagged = await run("flag", one.name, "--category", "phone", dial=(one,))
    assert flagged.code == 1
    unlocked = await run("unlock", "--all", dial=(one,))
    assert unlocked.code == 0
    assert "This is not put on record." in unlocked.err


# ── what goes wrong before ──────────────────────────────────────────────────────────────────────────────────────────


async def test_usage_is_two(laptop, run) -> None:
    one = await laptop("ONE")
    for line in (
        ("lock",),
        ("lock", one.name, "--all"),
        ("message", "x" * 1001, "--all"),
        ("message", " ", "--all"),
        ("lock", "--all", "--sentence", "x" * 281),
        ("devices", "--dial", "no address:at:all"),
        ("devices", "--minutes", "5", "--until", "10:00"),
        ("frobnicate",),
    ):
        assert (await run(*line)).code == 2, line
    assert (await run("devices", wait=0)).code == 2
    assert one.connections == 0


async def test_signing_in_wrongly_is_three(laptop, school, tmp_path) -> None:
    await laptop("ONE")
    wrong = tmp_path / "wrong"
    wrong.write_text("wrong\n")
    wrong.chmod(0o600)
    line = ["class", "devices", "--identity", str(school.identity), "--group", "X", "--passphrase-file", str(wrong)]
    result = await asyncio.to_thread(CliRunner().invoke, app, line)
    assert (result.exit_code, "passphrase is wrong" in result.stderr) == (3, True)


async def test_no_such_lesson_is_four_and_says_why(run, laptop, school, group) -> None:
    await laptop("ONE")
    too_long = await run("devices", "--minutes", "600")
    assert (too_long.code, too_long.err) == (4, "A lesson may last 180 minutes at most.\n")
    other = await run("devices", "--group", "NONE")
    assert other.code == 4
    assert "The register has no group “NONE”." in other.err
    before = (datetime.now(ZoneInfo("Europe/London")) - timedelta(minutes=5)).strftime("%H:%M")
    assert (await run("devices", "--until", before)).code == 4


def test_the_window_gets_what_the_command_line_says(monkeypatch: pytest.MonkeyPatch) -> None:
    presets: list[Any] = []
    monkeypatch.setattr("tutor_app.app.run", lambda preset: presets.append(preset) or 7)
    result = CliRunner().invoke(app, ["--identity", "maths.p12", "--dial", "10.0.0.7", "--no-mdns"])
    assert result.exit_code == 7
    (preset,) = presets
    assert (preset.identity, preset.bundle, preset.dial, preset.mdns) == (Path("maths.p12"), None, ("10.0.0.7",), False)
    assert CliRunner().invoke(app, ["--dial", "none:none"]).exit_code == 2


# ── the real thing ──────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_script_holds_a_lesson_with_the_real_client(school, group, run, tmp_path) -> None:
    device = f"REAL-{group}"
    state = StateFolder(tmp_path / "laptop")
    state.open()
    state.store_enrolment(read_join(school.college.add_device(device, group=group)))
    (school.folder / "college.bundle").write_bytes(school.college.staff_bundle)
    tmp_path.chmod(0o700)
    student = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "student_client", "run", "--state", str(state.path), "--listen", "127.0.0.1:0",
        "--fake-screens", env={**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)}, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        dial = (await listening(state.path / "status.json"),)
        program = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tutor_app", "class", "devices", "--json", "--no-mdns", "--dial", *dial,
            "--identity", str(school.identity), "--passphrase-file", str(school.passphrase), "--group", group,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, err = await program.communicate()
        assert (program.returncode, err) == (0, b"")
        assert json.loads(out)["devices"][0]["state"] == "live"
        assert (await run("shot", device, "--focus", "--out", str(tmp_path / "shot.png"), dial=dial)).code == 0
        with Image.open(tmp_path / "shot.png") as image:
            assert image.width > 640
        lock = await run("lock", device, "--sentence", "Look at me", "--json", dial=dial)
        assert lock.code == 0, lock
        until = lock.json["devices"][0]["locked_until"]
        assert 590 < until - time.time() <= 600
        assert (await run("devices", "--json", dial=dial)).json["devices"][0]["locked_until"] == until
        assert (await run("unlock", "--all", dial=dial)).code == 0
        assert (await run("message", "Well done", "--all", dial=dial)).code == 0
        assert (await run("devices", "--json", dial=dial)).json["devices"][0]["locked_until"] is None
    finally:
        student.terminate()
        await student.wait()


async def listening(status_file: Path) -> str:
    def look() -> str:
        return str(json.loads(status_file.read_bytes()).get("listening", "")) if status_file.exists() else ""

    for _ in range(1000):
        if address := look():
            return address
        await asyncio.sleep(0.02)
    raise AssertionError("the student's client does not listen")


def test_a_large_shot_is_composed_of_its_patches() -> None:
    colours = {(0, 0, 40, 30): (200, 30, 30), (40, 0, 23, 30): (30, 160, 60), (0, 30, 63, 7): (30, 60, 200)}
    parts = tuple(
        Patch(x=x, y=y, width=width, height=height, jpeg=plain_jpeg((width, height), colour))
        for (x, y, width, height), colour in colours.items()
    )
    shown = Patches(watch=1, sequence=1, captured_at=1.0, screen_width=63, screen_height=37, patches=parts)
    picture = _whole(shown)
    assert picture.size == (63, 37)
    for (x, y, width, height), colour in colours.items():
        for place in ((x, y), (x + width - 1, y + height - 1)):
            got = picture.getpixel(place)
            assert isinstance(got, tuple)
            assert max(abs(a - b) for a, b in zip(got, colour, strict=True)) <= 4


def plain_jpeg(size: tuple[int, int], colour: tuple[int, int, int]) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "JPEG", quality=95)
    return out.getvalue()


# ── rules and hands ─────────────────────────────────────────────────────────────────────────────────────────────────


async def test_who_asks_for_help_is_listed_longest_first_and_lowered(laptop, run) -> None:
    def asks(since: float, text: str) -> Callable[[Laptop, Link], Awaitable[None]]:
        async def behave(one: Laptop, link: Link) -> None:
            await one.let_in(link, status(hand=HandFacts(since=since, text=text)))
            while True:
                await one.answer(link, await one.hear(link))

        return behave

    now = time.time()
    second = await laptop("SECOND", behave=asks(now + 2, "question 3"))
    first = await laptop("FIRST", behave=asks(now + 1, ""))
    answer = await run("hands", "--json", "--lower", dial=(second, first))
    assert answer.code == 0
    assert {(one["device"], one["text"]) for one in answer.json["hands"]} == {
        (first.name, ""),
        (second.name, "question 3"),
    }
    for one in (first, second):
        assert [message for message in one.heard if isinstance(message, LowerHand)]


async def test_a_site_is_allowed_and_a_program_blocked(laptop, run, tmp_path) -> None:
    one = await laptop("ONE")
    answer = await run("allow", "https://Desmos.com/", one.name, "--for", "20", "--no-hold", "--json", dial=(one,))
    assert (answer.code, answer.json["action"], answer.json["devices"][0]["answer"]) == (0, "change-rule", "confirmed")
    answer = await run("block", "steam*", "--all", "--program", "--no-hold", "--json", dial=(one,), wait=1.0)
    assert answer.code == 0
    changes = [message for message in one.heard if isinstance(message, ChangeRule)]
    assert [(change.verb, change.subject, change.value, change.lease) for change in changes] == [
        ("allow", "site", "desmos.com", 1200),
        ("block", "application", "steam*", 600),
    ]
    assert rows(tmp_path / "records.sqlite", "commands", "action, text")[0] == (
        "change-rule",
        "allow site desmos.com for 1200 s",
    )


async def test_a_change_for_a_name_nobody_has_says_so(laptop, run) -> None:
    one = await laptop("ONE")
    answer = await run("allow", "desmos.com", "nobody", "--no-hold", dial=(one,), wait=1.0)
    assert answer.code == 5
    assert "is called “nobody”" in answer.err
    assert (await run("allow", "https://", one.name, "--no-hold", dial=(one,))).code == 2


async def test_rule_sets_are_listed_and_one_is_held(laptop, run) -> None:
    listed = await run("rules", "--json")
    names = [one["name"] for one in listed.json["rules"]]
    assert "lesson" in names
    one = await laptop("ONE")
    answer = await run("rules", names[-1], "--no-hold", "--json", dial=(one,))
    assert answer.code == 0
    assert [message.rules for message in one.heard if isinstance(message, SetRules)] == [names[-1]]
    assert (await run("rules", "no-such-rules", "--no-hold")).code == 2
