from dataclasses import replace
from datetime import UTC

import pytest

from tutor_app.classroom.assessment import Assessment
from tutor_app.classroom.assessment_plan import Plan
from tutor_app.classroom.assessment_words import FRESH_FOR, banner, by_urgency, on_tile, stage_words
from tutor_app.classroom.phrases import Tone, said
from tutor_app.classroom.sitting import Seen, Sitting, Stage
from tutor_app.classroom.student import Presence, Student
from tutor_app.classroom.tile import Badge, Look, Tile

NOW = 36_000.0  # 10:00 UTC
ON = Sitting(device="A", name="Amy", stage=Stage.RUNNING, starts_at=NOW, ends_at=NOW + 3600)
TILE = Tile(device="A", name="Amy", look=Look.LIVE, aside="Writer")


def seen(at: float = NOW, detail: str = "USB stick", id_: str = "1") -> Seen:
    return Seen(id=id_, rule="no-usb", category="personal-device", sentence="", detail=detail, at=at)


def an_assessment(*names: str) -> Assessment:
    plan = Plan(name="Mock", rules="x", length=3600, devices=tuple(names))
    numbers = iter(range(1, 1000))
    return Assessment(
        "ab" * 16, plan, "Ida", {one: one for one in names},
        new_id=lambda: f"{next(numbers):032x}", new_secret=lambda: b"x" * 20,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("sitting", "words"),
    [
        (replace(ON, told=object()), "50:00 left"),  # type: ignore[arg-type]
        (replace(ON, stage=Stage.PAUSED, paused_at=NOW + 300), "Paused · 55:00"),
        (replace(ON, stage=Stage.OVER), "Time is up"),
        (replace(ON, stage=Stage.STOPPED), "Ended by you"),
        (replace(ON, stage=Stage.RELEASED), "Released"),
        (Sitting(device="A", name="Amy"), "Not started"),
    ],
)
def test_how_far_a_student_is_in_words(sitting, words):
    assert stage_words(sitting, NOW + 600) == words


def test_what_is_only_asked_says_so():
    made = an_assessment("A")
    made.start({"A": "Amy"}, NOW)
    assert stage_words(made.sittings["A"], NOW) == "Starting… · 60:00"
    made.stop(["A"], NOW)
    assert stage_words(made.sittings["A"], NOW) == "Ending…"


def test_a_breach_is_named_while_it_is_fresh_and_counted_after_that():
    two = replace(ON, breaches=(seen(), seen(NOW + 1, "hotspot", "2")))
    assert on_tile(TILE, two, NOW + 2).badge.text == "hotspot"
    assert on_tile(TILE, two, NOW + FRESH_FOR + 2).badge.text == "2 breaches"
    assert on_tile(TILE, replace(ON, breaches=(seen(),)), NOW + FRESH_FOR + 2).badge.text == "USB stick"
    assert on_tile(TILE, replace(two, found=1), NOW).badge.text == "Device found"


def test_the_assessment_wall_is_quiet_about_what_is_well():
    shown = replace(TILE, badge=Badge(text="Message shown", tone=Tone.LIVE, icon="check"))
    assert on_tile(shown, ON, NOW).badge is None
    doubt = replace(TILE, badge=Badge(text="Picture is all black", tone=Tone.WARN, icon="warning"))
    assert on_tile(doubt, ON, NOW).badge == doubt.badge


def test_who_does_not_sit_it_is_said_to():
    assert on_tile(TILE, None, NOW).aside == "Not in the assessment"


def test_breaches_come_first_the_newest_on_top_then_trouble_then_who_is_gone():
    made = an_assessment("A", "B", "C", "D", "E")
    made.start({one: one for one in "ABCDE"}, NOW)
    made.breach("C", seen(NOW + 1))
    made.breach("D", seen(NOW + 9, id_="2"))
    students = [Student(device=one, name=one, group="x", presence=Presence.LIVE) for one in "ABCD"]
    students.append(Student(device="E", name="E", group="x", presence=Presence.MISSING))
    assert by_urgency(students, made) == ["D", "C", "E", "A", "B"]


def test_the_banner_says_when_it_ends_how_many_are_at_work_and_what_is_amiss():
    made = an_assessment("A", "B", "C")
    made.start({"A": "A", "B": "B"}, NOW)
    made.give_time(["B"], 900, NOW)
    made.breach("A", seen())
    assert said(banner(made, NOW + 600, UTC)) == (
        "Mock  until 11:00, the last until 11:15 · 50:00 left · 2 of 3 at work · 2 not confirmed yet"
        " · 1 with breaches · 1 not started"
    )
    assert "extra time, the last until 11:15 · 5:00 left" in said(banner(made, NOW + 4200, UTC))


def test_the_banner_of_a_pause_and_of_the_end():
    made = an_assessment("A")
    made.start({"A": "A"}, NOW)
    made.pause(NOW + 60)
    assert "paused for 2 min" in said(banner(made, NOW + 200, UTC))
    made.resume(NOW + 200)
    made.tick(NOW + 9000, set())
    assert "time is up for everybody" in said(banner(made, NOW + 9000, UTC))
    made.is_own = False
    assert "held by Ida" in said(banner(made, NOW + 9000, UTC))
