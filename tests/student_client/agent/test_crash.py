"""The agent killed at random moments with rules in force: what is on the machine is wholly held or wholly free."""

import asyncio
import random
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from msgspec import json
from msgspec.structs import replace

from protocol.link import dial
from protocol.messages import Breach, Changeable, ChangeRule, EndLesson, LessonTerms, Result, Verb
from protocol.policy.document import RuleSet
from protocol.tls import staff_context
from student_client.agent.incidents import read_kept
from student_client.agent.lesson_leases import read_lessons
from student_client.agent.state import BREACHES, INCIDENTS, LESSONS, POLICY, STATUS, StateFolder
from student_client.agent.status import read_status

from .conftest import Campus, Tutor, terms, until
from .test_enforcement import GAMES, SITES, STICKS

ROOT = Path(__file__).parents[3]
KILLS = 20


@asynccontextmanager
async def agent(state: StateFolder, folder: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """One life of the process; whatever happens it is killed at the end."""
    (state / STATUS).unlink(missing_ok=True)
    child = await asyncio.create_subprocess_exec(
        sys.executable, str(Path(__file__).with_name("crash_agent.py")), str(state.path), str(folder),
        cwd=ROOT, env={"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    try:
        yield child
    finally:
        if child.returncode is None:
            child.kill()
        await child.wait()


async def enter(campus: Campus, state: StateFolder, lesson: LessonTerms) -> Tutor:
    def port() -> int:
        status = read_status(state)
        return int(status.listening.rpartition(":")[2]) if status and status.listening else 0

    await until(lambda: port() > 0, within=20)
    tutor = Tutor(await dial("127.0.0.1", port(), staff_context(campus.staff("maths-tutor"))))
    await tutor.enter(lesson)
    return tutor


def sites(policy: Path) -> set[str]:
    lines = policy.read_text().splitlines()
    return {line.removeprefix("block ") for line in lines if line.startswith("block ")}


async def test_killed_twenty_times_the_rules_hold_to_their_end_and_leave_no_trace(
    campus: Campus, state: StateFolder, tmp_path: Path
) -> None:
    seed = random.randrange(2**32)
    print("seed", seed)
    dice = random.Random(seed)
    folder = tmp_path / "machine"
    web, usb = folder / "etc/browser/policy", folder / "sys/usb"
    web.parent.mkdir(parents=True)
    web.write_bytes(before := b'{"of": "the college"}\n')
    rules = RuleSet(title="T", sentences=(), rules=(replace(GAMES, grace=600), SITES, STICKS))
    state.write(POLICY, campus.under(lesson=rules))
    lesson = terms()

    for kill in range(KILLS):
        async with agent(state, folder) as child:
            if kill % 4:  # three in four at any moment of the start, when what was held is looked through
                await asyncio.sleep(dice.uniform(0.2, 1.6))
            else:  # one while a tutor's order is being carried out
                tutor = await enter(campus, state, lesson)
                change = ChangeRule(
                    id=uuid4().hex, verb=Verb.BLOCK, subject=Changeable.SITE, value=f"news-{kill}.example", lease=3600
                )
                await tutor.say(change)
                await asyncio.sleep(dice.uniform(0.0, 0.1))
            child.kill()
            await child.wait()
        held = read_lessons(state.read(LESSONS), time.time()).held
        assert [one.lesson for one in held] == [lesson.id], f"the lease is whole after kill {kill}"
        now = web.read_bytes()
        assert now == before or "bets.example" in sites(web), f"half a file after kill {kill}"
        assert not usb.exists() or usb.read_bytes() == b"0\n"

    async with agent(state, folder):
        tutor = await enter(campus, state, lesson)
        await until(lambda: usb.exists() and web.read_bytes() != before)
        changes = {
            change.value for one in read_lessons(state.read(LESSONS), time.time()).held for change in one.changes
        }
        await until(lambda: sites(web) == {"bets.example"} | changes)
        breaches = {(await tutor.expect(Breach)).id for _ in range(2)}
        kept = read_kept(state.read(INCIDENTS)).incidents
        assert {one.id for one in kept if one.rule in {"no-games", "no-sticks"}} == breaches, "one entry for each"
        await tutor.say(EndLesson())
        await until(lambda: web.read_bytes() == before and not usb.exists())
        await until(lambda: not usb.parent.exists())  # the folder was made for it
        assert breaches <= {one["breach"]["id"] for one in json.decode(state.read(BREACHES) or b"")["owed"]}


@pytest.mark.parametrize("moments", [(0.3, 0.5, 0.7, 0.9)])
async def test_killed_while_giving_back_it_gives_back_at_the_next_start(
    campus: Campus, state: StateFolder, tmp_path: Path, moments: tuple[float, ...]
) -> None:
    folder = tmp_path / "machine"
    web, usb = folder / "etc/browser/policy", folder / "sys/usb"
    web.parent.mkdir(parents=True)
    web.write_bytes(before := b'{"of": "the college"}\n')
    state.write(POLICY, campus.under(lesson=RuleSet(title="T", sentences=(), rules=(SITES, STICKS))))
    async with agent(state, folder):
        ends_at = time.time() + 6
        tutor = await enter(campus, state, terms(ends_at=ends_at))
        change = ChangeRule(id=uuid4().hex, verb=Verb.BLOCK, subject=Changeable.SITE, value="a.example", lease=60)
        assert (await tutor.order(change)).result is Result.OK
    assert web.read_bytes() != before
    await until(lambda: time.time() > ends_at, within=10)
    for moment in moments:
        async with agent(state, folder):
            await asyncio.sleep(moment)
        assert web.read_bytes() == before or "bets.example" in sites(web)
    async with agent(state, folder):
        await until(lambda: web.read_bytes() == before and not usb.exists(), within=10)
