"""A real Chromium on a sealed laptop, in a lesson: blocked, allowed for a while, and free when the lesson is over."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.stage import Campus, until
from tests.netns.conftest import Lan, Talker
from tests.netns.ruled import NewSeat, blocks, ruled_campus, seats, status, tutor_of
from tests.student_client.backends.browsers import BLOCKED, CHROMIUM

pytestmark = [pytest.mark.netns, pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Chromium (make system)")]

GAMES, HOMEWORK = "http://games.example/", "http://homework.example/"
REST = 12.0  # seconds a Chromium that has just started takes before it looks at changed policies (docs/web.md)
PROMPT = 10.0  # seconds: what the college was promised
EVERY = 1.5  # seconds between two tries: who navigates all the time keeps it from looking


@pytest.fixture(scope="module")
def campus(tmp_path_factory: pytest.TempPathFactory) -> Campus:
    return ruled_campus(tmp_path_factory.mktemp("campus"))


@pytest.fixture
def seat(campus: Campus, tmp_path: Path) -> Iterator[tuple[Lan, NewSeat]]:
    yield from seats(campus, tmp_path)


def error(surfer: Talker, address: str) -> str:
    surfer.order(go=address)
    said: dict[str, Any] = surfer.wait(lambda said: said.get("went") == address)
    return str(said["error"])


def becomes(surfer: Talker, blocked: bool, within: float) -> float:
    """Return the seconds until games are blocked, or free; homework always is."""
    began = time.monotonic()
    while (BLOCKED in error(surfer, GAMES)) is not blocked:
        assert time.monotonic() - began < within, "too late"
        assert error(surfer, HOMEWORK) == ""
        time.sleep(EVERY)
    assert error(surfer, HOMEWORK) == ""
    return time.monotonic() - began


def test_a_running_chromium_obeys_the_lesson_and_is_free_after_it(seat: tuple[Lan, NewSeat], campus: Campus) -> None:
    lan, sit = seat
    laptop, excepted = sit("SURFS"), sit("EXCEPTED", screen=False)
    before = laptop.machine.policies()
    environ = {"DISPLAY": laptop.display}
    surfer = lan.talker(laptop.machine, "surfer.py", str(laptop.machine.folder), environ=environ)
    surfer.wait(lambda said: said.get("ready"), within=60)
    assert error(surfer, GAMES) == ""
    assert error(surfer, HOMEWORK) == ""
    time.sleep(REST)

    tutor = tutor_of(lan, campus, "trial")
    for one in (laptop, excepted):
        one.client.start()
        tutor.wait(status(one.device, live=True, rules="trial"))
    until(lambda: blocks(laptop, "games.example"), what=laptop.client.words)
    took = [becomes(surfer, blocked=True, within=PROMPT)]
    assert not blocks(excepted, "games.example"), "it is excepted from this rule"

    tutor.order(do="change", device="SURFS", verb="allow", subject="site", value="games.example", minutes=0.5)
    tutor.wait(status("SURFS", changes=1))
    took.append(becomes(surfer, blocked=False, within=PROMPT))
    tutor.wait(status("SURFS", changes=0), within=40)
    took.append(becomes(surfer, blocked=True, within=PROMPT))

    tutor.order(do="end")
    until(lambda: laptop.machine.policies() == before, what=laptop.client.words)
    took.append(becomes(surfer, blocked=False, within=PROMPT))
    print("Chromium obeyed after", *(f"{seconds:.1f}" for seconds in took), "s")
