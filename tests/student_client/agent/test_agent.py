"""The agent as a whole: what it waits for, what it survives, and the real process killed under a lock."""

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from protocol.enrolment import read_join
from protocol.link import dial
from protocol.messages import Lock, PermitEnded, PolicyOffer, PolicyTaken, Reason, Refused, Result
from protocol.tls import staff_context
from student_client.agent import agent as agent_module
from student_client.agent import enrolled
from student_client.agent.agent import retried
from student_client.agent.clock import load_clock, save_clock
from student_client.agent.fake_desktop import FakeDesktop
from student_client.agent.receipts import Receipts
from student_client.agent.state import STATUS, StateFolder
from student_client.agent.status import read_status

from .conftest import Campus, DialTutor, Laptop, StartLaptop, Tutor, terms, until

DAY = 86_400.0
StartProcess = Callable[..., Coroutine[Any, Any, "Process"]]


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(enrolled, "LOOK_EVERY", 0.05)
    monkeypatch.setattr(agent_module, "RETRY_EVERY", 0.05)
    monkeypatch.setattr(agent_module, "STEADY_AFTER", 0.5)


@asynccontextmanager
async def running(state: StateFolder, desktop: FakeDesktop | None = None) -> AsyncIterator[Laptop]:
    """An agent that may have nothing to listen with."""
    laptop = Laptop(state, desktop or FakeDesktop())
    try:
        yield laptop
    finally:
        await laptop.stop()


async def test_not_enrolled_it_says_so_and_starts_when_it_is(campus: Campus, tmp_path: Path) -> None:
    state = StateFolder(tmp_path / "fresh")
    state.open()
    async with running(state) as laptop:
        await until(lambda: "is not enrolled" in laptop.agent.board.sentence)
        state.store_enrolment(read_join(campus.device("LAPTOP-11")))
        await laptop.started()
        assert laptop.agent.board.sentence == ""
        assert laptop.agent.board.status.device
        assert laptop.agent.board.status.device.name == "LAPTOP-11"


async def test_enrolled_again_it_listens_as_the_new_device(campus: Campus, laptop: Laptop, visit: DialTutor) -> None:
    tutor = await visit(campus.staff("maths-tutor"), laptop)
    await tutor.enter(terms())
    laptop.state.store_enrolment(read_join(campus.device("LAPTOP-12", group="11C")))
    await until(lambda: laptop.agent.device.gate.device.id == "LAPTOP-12")
    await until(lambda: bool(laptop.agent.board.status.listening))
    port = int(laptop.agent.board.status.listening.rpartition(":")[2])
    link = await dial("127.0.0.1", port, staff_context(campus.staff("it")))
    assert link.peer.group == "11C"
    await link.close()


async def test_a_clock_that_was_ahead_is_made_good_by_enrolling_again(
    campus: Campus, state: StateFolder, start: StartLaptop, visit: DialTutor
) -> None:
    save_clock(state, time.time() + 30 * DAY)
    laptop = await start()
    who = campus.staff("maths-tutor")
    refused = await visit(who, laptop)
    await refused.ask(terms())
    assert (await refused.expect(Refused)).reason is Reason.CLOCK
    await until(lambda: "--again" in laptop.agent.board.sentence)
    state.store_enrolment(read_join(campus.device("LAPTOP-07")))
    await until(lambda: abs(laptop.agent.clock.now() - time.time()) < 60)
    await until(lambda: bool(laptop.agent.board.status.listening))
    laptop.port = int(laptop.agent.board.status.listening.rpartition(":")[2])
    await (await visit(who, laptop)).enter(terms())
    assert abs(load_clock(state).last_seen - time.time()) < 60


async def test_a_visitor_who_is_stuck_does_not_hold_up_the_end(
    campus: Campus, laptop: Laptop, visit: DialTutor
) -> None:
    stuck, reading = [await visit(campus.staff(name), laptop) for name in ("maths-tutor", "art-tutor")]
    for tutor in (stuck, reading):
        await tutor.enter(terms())
    stuck.link._connection.transport.pause_reading()
    began = time.monotonic()
    await laptop.stop()
    assert time.monotonic() - began < 0.5
    assert (await reading.expect(PermitEnded)).reason is Reason.SHUTTING_DOWN


@pytest.mark.parametrize(
    ("issued_at", "words"),
    [(-91 * DAY, "certificate expired on"), (2 * DAY, "is valid from"), (-80 * DAY, "certificate expires on")],
)
async def test_the_certificates_dates_are_said(campus: Campus, tmp_path: Path, issued_at: float, words: str) -> None:
    state = StateFolder(tmp_path / "dated")
    state.open()
    state.store_enrolment(read_join(campus.device("LAPTOP-13", now=time.time() + issued_at)))
    async with running(state) as laptop:
        await until(lambda: words in laptop.agent.board.sentence)
        assert laptop.agent.port.done() == ("expires" in words)


async def test_a_damaged_policy_lets_nobody_in_until_a_tutor_brings_a_good_one(
    campus: Campus, state: StateFolder, start: StartLaptop, visit: DialTutor
) -> None:
    good = state.read("policy.bundle")
    assert good
    state.write("policy.bundle", good[:-3] + b"bad")
    laptop = await start()
    assert "policy is damaged" in laptop.agent.board.sentence
    tutor = await visit(campus.staff("maths-tutor"), laptop)
    await tutor.ask(terms())
    assert (await tutor.expect(Refused)).reason is Reason.NO_POLICY
    tutor = await visit(campus.staff("maths-tutor"), laptop)
    assert (await tutor.greet()).policy_version == 0
    await tutor.say(PolicyOffer(bundle=good))
    await tutor.expect(PolicyTaken)
    assert laptop.agent.board.sentence == ""


async def test_a_folder_that_cannot_be_used_is_waited_for(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    blocked = tmp_path / "state"
    blocked.write_text("in the way")
    opening = asyncio.create_task(retried(StateFolder(blocked).open))
    await until(lambda: "cannot be used" in caplog.text)
    blocked.unlink()
    await asyncio.wait_for(opening, 5)
    assert blocked.is_dir()
    assert caplog.text.count("cannot be used") == 1


async def test_a_file_that_cannot_be_read_is_waited_for(process: StartProcess, state: StateFolder) -> None:
    (state / "receipts.jsonl").mkdir()
    one = await process("--fake-screens")
    await until(lambda: one.line("receipts.jsonl cannot be read: Is a directory. Trying again") >= 0, within=15)
    (state / "receipts.jsonl").rmdir()
    await one.listening()


async def test_a_part_that_fails_is_started_again_and_takes_nothing_along(
    campus: Campus, start: StartLaptop, visit: DialTutor
) -> None:
    class Fragile(FakeDesktop):
        falls = 1

        async def run(self) -> None:
            if self.falls:
                self.falls -= 1
                raise RuntimeError("out of luck")
            await super().run()

    laptop = await start(Fragile())
    await until(lambda: laptop.desktop.up)
    tutor = await visit(campus.staff("maths-tutor"), laptop)
    await tutor.enter(terms())
    await tutor.watch()
    await tutor.picture()
    problems = laptop.agent.board.status.last_problem
    assert problems
    assert "out of luck" in problems.sentence
    await until(lambda: laptop.agent.board.sentence == "")


async def test_the_status_file_follows_what_happens(campus: Campus, laptop: Laptop, visit: DialTutor) -> None:
    def status() -> Any:
        found = read_status(laptop.state)
        assert found
        return found

    await until(lambda: (laptop.state / STATUS).exists() and bool(status().listening))
    tutor = await visit(campus.staff("maths-tutor"), laptop)
    await tutor.enter(terms())
    await tutor.watch()
    await until(lambda: [one.name for one in status().viewers] == ["Maths tutor"])
    order = Lock(id=uuid4().hex, lease=60)
    await tutor.say(order)
    await until(lambda: status().lock is not None and status().lock.covered)
    await laptop.stop()
    assert (status().pid, status().listening, status().viewers) == (0, "", ())


# ── the real process ────────────────────────────────────────────────────────────────────────────────────────────────


class Process:
    """`python -m student_client.agent` on a state folder, its log read as it comes."""

    def __init__(self, child: asyncio.subprocess.Process) -> None:
        self.child = child
        self.lines: list[str] = []
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self.child.stderr
        async for line in self.child.stderr:
            self.lines.append(line.decode().strip())

    def line(self, words: str) -> int:
        """The number of the first line with these words, -1 where there is none."""
        return next((number for number, line in enumerate(self.lines) if words in line), -1)

    async def listening(self) -> int:
        await until(lambda: self.line("listening on") >= 0, within=15)
        return int(self.lines[self.line("listening on")].rpartition(":")[2])

    async def ended(self) -> int:
        code = await asyncio.wait_for(self.child.wait(), 15)
        await self._reading
        return code


@pytest.fixture
async def process(state: StateFolder, tmp_path: Path) -> AsyncIterator[StartProcess]:
    processes: list[Process] = []
    runtime = tmp_path / "run"
    runtime.mkdir(mode=0o700)

    async def start(*arguments: str, display: str = "") -> Process:
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "student_client.agent", "--state", str(state.path), "--host", "127.0.0.1",
            "--port", "0", "--no-mdns", "--verbose", "--leave-machine", *arguments,
            stderr=asyncio.subprocess.PIPE,
            env=os.environ | {"XDG_RUNTIME_DIR": str(runtime), "DISPLAY": display},
        )  # fmt: skip
        processes.append(Process(child))
        return processes[-1]

    yield start
    for one in processes:
        if one.child.returncode is None:
            one.child.kill()
        await one.ended()


async def enter(campus: Campus, port: int) -> Tutor:
    tutor = Tutor(await dial("127.0.0.1", port, staff_context(campus.staff("maths-tutor"))))
    await tutor.enter(terms())
    return tutor


async def test_killed_while_locked_the_real_client_covers_the_screen_before_it_listens(
    campus: Campus, process: StartProcess, state: StateFolder, xvfb: str
) -> None:
    one = await process(display=xvfb)
    tutor = await enter(campus, await one.listening())
    order = Lock(id=uuid4().hex, lease=600)
    await tutor.say(order)
    outcome = await tutor.outcome(order.id)
    assert (outcome.result, outcome.detail) == (Result.OK, "")
    one.child.send_signal(signal.SIGKILL)
    await one.ended()

    again = await process(display=xvfb)
    port = await again.listening()
    assert 0 <= again.line("the screen is covered") < again.line("listening on")
    tutor = await enter(campus, port)
    status = tutor.heard[-1]
    assert status.lock  # type: ignore[attr-defined]
    assert (status.lock.id, status.lock.covered) == (order.id, True)  # type: ignore[attr-defined]
    assert b'"what":"locked"' in (receipts := (state.read("receipts.jsonl") or b""))
    assert b'"times":2' not in receipts
    await tutor.link.close()
    again.child.terminate()
    assert await again.ended() == 0


async def test_told_to_end_it_ends_cleanly_and_only_one_runs(
    campus: Campus, process: StartProcess, state: StateFolder
) -> None:
    one = await process("--fake-screens")
    tutor = await enter(campus, await one.listening())
    await tutor.watch()
    await tutor.picture()
    second = await process("--fake-screens")
    assert await second.ended() == 3
    assert second.line("at work on") >= 0

    one.child.send_signal(signal.SIGTERM)
    assert await one.ended() == 0
    receipts = Receipts(state)
    receipts.load(0.0)
    assert [bool(line.until) for line in receipts.newest(9)] == [True]
    assert not state.in_use()
    assert json.loads((state / STATUS).read_bytes())["pid"] == 0


async def test_the_agent_needs_neither_qt_nor_a_database_nor_the_command_line(state: StateFolder) -> None:
    code = (
        "import sys; import student_client.agent.__main__, student_client.agent.advert;"
        "print([m for m in ('PySide6', 'sqlalchemy', 'typer', 'rich', 'PIL') if m in sys.modules])"
    )
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE)
    out, _ = await child.communicate()
    assert out.decode().strip() == "[]"
