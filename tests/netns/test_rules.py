"""Lesson rules on sealed laptops with real screens and programs: told, closed, allowed, and given back."""

import random
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec import json

from student_client.agent.journal import Journal
from student_client.agent.state import ASSESSMENT
from tests.end_to_end.stage import Campus, until
from tests.netns.conftest import Lan
from tests.netns.ruled import NewSeat, blocks, breach, breaches, now, ruled_campus, seats, status, tutor_of
from tests.netns.sealed import ended

pytestmark = pytest.mark.netns

KILLS = 20
OURS = "etc/chromium/policies/managed/zzz-lessonlight.json"
SEED = 20261123


@pytest.fixture(scope="module")
def campus(tmp_path_factory: pytest.TempPathFactory) -> Campus:
    return ruled_campus(tmp_path_factory.mktemp("campus"))


@pytest.fixture
def seat(campus: Campus, tmp_path: Path) -> Iterator[tuple[Lan, NewSeat]]:
    yield from seats(campus, tmp_path)


def test_a_lesson_tells_closes_and_kills_allows_and_excepts_and_leaves_no_trace(
    seat: tuple[Lan, NewSeat], campus: Campus
) -> None:
    lan, sit = seat
    ruled, excepted = sit("RULED"), sit("EXCEPTED")
    before = ruled.machine.policies()
    tutor = tutor_of(lan, campus, "trial")
    for one in (ruled, excepted):
        one.client.start()
        tutor.wait(status(one.device, live=True, rules="trial"))

    # Told, then closed politely; the one who ignores that, killed. An exception leaves the same program alone.
    stubborn = ruled.machine.folder / "stubborn-game"
    shutil.copy("/bin/sleep", stubborn)
    program = ruled.open("sh", "-c", f'trap "" TERM; exec "{stubborn}" 600')
    opened_at = time.monotonic()
    games, free, others = ruled.open("xcalc"), excepted.open("xcalc"), ruled.open("xeyes")
    until(lambda: ruled.sees("^Notice$"), what=ruled.client.words)
    assert games.poll() is None, "it is told before it is closed"
    ended(games)
    assert time.monotonic() - opened_at >= 2, "after its grace"
    ended(program, within=25)
    assert time.monotonic() - opened_at >= 12, "killed only after it was asked twice"
    assert others.poll() is None
    assert free.poll() is None
    until(lambda: len(breaches(tutor, "RULED")) >= 2)
    assert sorted(detail for _, detail in breaches(tutor, "RULED")) == ["stubborn-game", "xcalc"]
    assert breaches(tutor, "EXCEPTED") == []
    assert "No games in this lesson." in ruled.receipts()
    until(lambda: blocks(ruled, "games.example"))

    # The tutor allows it for a time, which ends by itself.
    tutor.order(do="change", device="RULED", verb="allow", subject="application", value="xclock", minutes=0.15)
    tutor.wait(status("RULED", changes=1))
    allowed_at = time.monotonic()
    clock = ruled.open("xclock")
    with pytest.raises(Exception, match="timed out"):
        clock.wait(7)
    ended(clock)
    assert time.monotonic() - allowed_at >= 9

    # The cable is pulled: the rules hold, and what is broken is told once, when it is back.
    tutor.hear()
    lan.switch.pull(ruled.machine)
    told = len(breaches(tutor, "RULED"))
    ended(ruled.open("xlogo"))
    assert blocks(ruled, "games.example")
    assert len(breaches(tutor, "RULED")) == told
    lan.switch.put_back(ruled.machine)
    tutor.wait(lambda said: breach("RULED", "trial-games")(said) and said["detail"] == "xlogo", within=30)

    tutor.order(do="end")
    until(lambda: ruled.machine.policies() == before, what=ruled.client.words)
    again = ruled.open("xclock")
    until(lambda: ruled.sees("xclock"))
    assert again.poll() is None
    told_of = [detail for _, detail in breaches(tutor, "RULED")]
    assert sorted(told_of) == ["stubborn-game", "xcalc", "xclock", "xlogo"], "each once"


def test_killed_twenty_times_in_a_lesson_it_holds_the_same_and_gives_everything_back(
    seat: tuple[Lan, NewSeat], campus: Campus
) -> None:
    lan, sit = seat
    laptop = sit("KILLED", screen=False)
    before = laptop.machine.policies()
    tutor = tutor_of(lan, campus, "trial")
    laptop.client.start()
    tutor.wait(status("KILLED", live=True, rules="trial"))
    until(lambda: blocks(laptop, "games.example"))
    tutor.order(do="change", device="KILLED", verb="block", subject="site", value="more.example")
    until(lambda: blocks(laptop, "more.example"), what=laptop.client.words)
    held, dice = laptop.machine.policies(), random.Random(SEED)
    for time_killed in range(KILLS):
        laptop.client.kill()
        found = laptop.machine.policies()
        assert all(found.get(name) in {content, before.get(name), None} for name, content in held.items()), found
        assert all(b"key.example" in found[name] or b"Telemetry" in found[name] for name in before), "theirs is lost"
        if time_killed % 2:  # so that there is something to put right at the next start
            (laptop.machine.folder / OURS).unlink(missing_ok=True)
        said = laptop.client.log.stat().st_size
        laptop.client.start()
        until(lambda said=said: laptop.client.log.stat().st_size > said, what=laptop.client.words)
        time.sleep(dice.uniform(0.0, 0.6))  # the moment of the crash is what is tried here
    until(lambda: now(tutor, "KILLED")["live"], within=30, what=laptop.client.words)
    until(lambda: laptop.machine.policies() == held, what=laptop.client.words)
    tutor.order(do="end")
    until(lambda: laptop.machine.policies() == before, what=laptop.machine.policies)
    until(lambda: not Journal(laptop.client.state).holds, what=laptop.client.words)  # forgotten once it is back


def test_an_assessment_holds_through_a_crash_and_a_pulled_cable_to_the_same_end(
    seat: tuple[Lan, NewSeat], campus: Campus
) -> None:
    lan, sit = seat
    laptop = sit("EXAM")
    before = laptop.machine.policies()
    tutor = tutor_of(lan, campus, "trial")
    laptop.client.start()
    until(lambda: now(tutor, "EXAM")["live"], what=laptop.client.words)
    tutor.order(do="start", device="EXAM", id="e" * 32, rules="exam", seconds=1800, secret=bytes(20).hex())
    began = tutor.wait(status("EXAM", rules="exam", assessment="e" * 32))
    until(lambda: laptop.sees("Lessonlight assessment") and blocks(laptop, "games.example"), what=laptop.client.words)

    # Only one program may be in front; our own windows may, too.
    allowed, other = laptop.open("xeyes"), laptop.open("xlogo")
    ended(other)
    tutor.wait(lambda said: breach("EXAM", "trial-eyes")(said) and said["detail"] == "xlogo")
    laptop.tool("key", "ctrl+shift+alt+l")
    until(lambda: laptop.sees("^Lessonlight$"), what=laptop.client.words)

    # Killed, with its windows, while the cable is out: it holds again, to the same end.
    lan.switch.pull(laptop.machine)
    held = laptop.machine.policies()
    laptop.client.kill()
    assert laptop.machine.policies() == held
    laptop.client.start()
    until(lambda: laptop.client.status.started_at >= laptop.client.started_at, what=laptop.client.words)
    until(lambda: laptop.client.status.screen == "live", within=40, what=laptop.client.words)
    ended(laptop.open("xcalc"))
    assert allowed.poll() is None
    assert laptop.machine.policies() == held
    stored = json.decode((laptop.client.state / ASSESSMENT).read_bytes())
    assert stored["ends_at"] == began["ends_at"]

    # What was broken meanwhile is told when the cable is back; the assessment outlasts its lesson.
    lan.switch.put_back(laptop.machine)
    tutor.wait(lambda said: breach("EXAM", "trial-eyes")(said) and said["detail"] == "xcalc", within=30)
    ids = dict(breaches(tutor, "EXAM"))  # by id: this tutor notes none, so they are told again when it is back
    told = [detail for detail in ids.values() if detail != "setpriv"]  # which starts them in here
    assert sorted(told) == ["xcalc", "xlogo"], "each once; our own panel and xeyes never"
    assert now(tutor, "EXAM")["ends_at"] == began["ends_at"]
    tutor.order(do="end")
    until(lambda: "has left" in laptop.client.words(), what=laptop.client.words)
    assert laptop.machine.policies() == held
    unenrol = [sys.executable, "-m", "student_client", "unenrol", "--state", str(laptop.client.state.path)]
    laptop.machine.run(*unenrol)
    assert laptop.machine.policies() == before
