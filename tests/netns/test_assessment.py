"""Assessments on sealed laptops with real desktops: two at once, a crash, one stopped, a clock that is set."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.stage import Campus, until
from tests.netns.conftest import Lan, Talker
from tests.netns.ruled import NewSeat, blocks, breach, breaches, now, ruled_campus, seats, status, tutor_of
from tests.netns.sealed import Seat, ended

pytestmark = pytest.mark.netns

EXAM = "e" * 32
HOURS = 3600.0


@pytest.fixture(scope="module")
def campus(tmp_path_factory: pytest.TempPathFactory) -> Campus:
    return ruled_campus(tmp_path_factory.mktemp("campus"))


@pytest.fixture
def seat(campus: Campus, tmp_path: Path) -> Iterator[tuple[Lan, NewSeat]]:
    yield from seats(campus, tmp_path)


def sit_exam(tutor: Talker, laptop: Seat, seconds: float) -> float:
    """Start it, and return when it ends once the laptop holds it and says so to its student."""
    tutor.order(do="start", device=laptop.device, id=EXAM, rules="exam", seconds=seconds, secret=bytes(20).hex())
    began = tutor.wait(status(laptop.device, rules="exam", assessment=EXAM))
    until(lambda: laptop.sees("Lessonlight assessment") and blocks(laptop, "games.example"), what=laptop.client.words)
    return float(began["ends_at"])


def test_two_sit_it_and_each_answers_for_what_happens_on_its_own_screen(
    seat: tuple[Lan, NewSeat], campus: Campus
) -> None:
    lan, sit = seat
    one, other = sit("ONE"), sit("OTHER")
    before = one.machine.policies()
    tutor = tutor_of(lan, campus, "trial")
    for laptop in (one, other):
        laptop.client.start()
        until(lambda laptop=laptop: now(tutor, laptop.device)["live"], what=laptop.client.words)
    for laptop in (one, other):
        sit_exam(tutor, laptop, 1800)

    allowed = other.open("xeyes")
    ended(one.open("xlogo"))
    tutor.wait(lambda said: breach("ONE", "trial-eyes")(said) and said["detail"] == "xlogo")
    assert "xlogo" not in dict(breaches(tutor, "OTHER")).values()
    assert "Only xeyes may be used." in one.receipts()
    assert "Only xeyes may be used." not in other.receipts()

    # Killed with its windows: what the student sees is there again, and the rule is told in its own words.
    one.client.kill()
    one.client.end_group()
    until(lambda: not one.sees("Lessonlight assessment"), what="its windows went with it")
    tutor.wait(status("ONE", live=False))
    one.client.start()
    tutor.wait(status("ONE", live=True, assessment=EXAM), within=40)
    until(lambda: one.sees("Lessonlight assessment"), within=40, what=one.client.words)
    told = one.receipts().count("Only xeyes may be used.")
    late = one.open("xcalc")
    until(lambda: one.sees("^Notice$"), what=one.client.words)
    ended(late)
    until(lambda: one.receipts().count("Only xeyes may be used.") > told)

    # One is stopped: it gets everything back at once, and the lesson's own rules; the other goes on.
    tutor.order(do="stop", device="ONE", id=EXAM)
    tutor.wait(status("ONE", rules="trial"))
    until(lambda: not one.sees("Lessonlight assessment"), what=one.client.words)
    free = one.open("xlogo", "-geometry", "64x64+900+600")
    until(lambda: one.sees("xlogo"))
    assert now(tutor, "OTHER")["rules"] == "exam"
    assert other.sees("Lessonlight assessment")
    assert allowed.poll() is None
    ended(free)  # a game in this lesson
    tutor.order(do="stop", device="OTHER", id=EXAM)
    tutor.wait(status("OTHER", rules="trial"))
    tutor.order(do="end")
    for laptop in (one, other):
        until(lambda laptop=laptop: laptop.machine.policies() == before, what=laptop.client.words)


@pytest.mark.parametrize(("hours", "seconds"), [(-2, 30), (3, 1800)], ids=["back", "forward"])
def test_setting_the_clock_gives_nobody_more_time(
    seat: tuple[Lan, NewSeat], campus: Campus, tmp_path: Path, hours: int, seconds: float
) -> None:
    """Set back, it ends when it would have ended; set beyond its end, it has ended. Everything is given back."""
    lan, sit = seat
    set_by = tmp_path / "set-by"
    set_by.write_text("0")
    clock = {"PYTHONPATH": str(Path(__file__).with_name("moved_clock")), "CLOCK_SET_BY": str(set_by)}
    laptop = sit(f"CLOCK{seconds:.0f}", client=clock)
    before = laptop.machine.policies()
    tutor = tutor_of(lan, campus, "trial")
    laptop.client.start()
    until(lambda: now(tutor, laptop.device)["live"], what=laptop.client.words)
    ends_at = sit_exam(tutor, laptop, seconds)
    tutor.order(do="end")  # the assessment outlasts it, and nothing holds afterwards
    until(lambda: "has left" in laptop.client.words(), what=laptop.client.words)
    lan.switch.pull(laptop.machine)
    set_by.write_text(str(hours * HOURS))
    if hours < 0:
        ended(laptop.open("xcalc"))
        assert laptop.sees("Lessonlight assessment"), "it holds"
        assert time.time() < ends_at
    until(lambda: laptop.machine.policies() == before, within=seconds + 10, what=laptop.client.words)
    assert not laptop.sees("Lessonlight assessment")
    if hours < 0:
        assert ends_at <= time.time() <= ends_at + 10
    else:
        assert time.time() < ends_at - HOURS / 3
    allowed = laptop.open("xcalc")
    until(lambda: laptop.sees("xcalc") or laptop.sees("Calculator"))
    assert allowed.poll() is None
