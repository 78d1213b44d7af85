"""An assessment from start to end, with the time as an argument and devices that say what they hold."""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

import msgspec
import pytest

from protocol.messages import AssessmentFacts, PauseAssessment, Result, StartAssessment, StopAssessment
from tutor_app.classroom.assessment import MOST_NEWS, RESEND, Assessment, Entry, Outcome, What, adopted
from tutor_app.classroom.assessment_plan import Plan
from tutor_app.classroom.sitting import Seen, Stage
from tutor_app.classroom.values import Order

NOW = 10_000.0
HOUR = 3600.0
NAMES = {"A": "Amy", "B": "Ben"}
ID = "ab" * 16


@dataclass
class Laptop:
    """A device as PROTOCOL.md has it: does what it is told, and says what it holds."""

    facts: AssessmentFacts | None = None
    got: list[object] = field(default_factory=list)

    def obey(self, command: object, now: float) -> None:
        self.got.append(command)
        match command:
            case StartAssessment(assessment=terms):
                paused = self.facts.paused_at if self.facts else 0
                self.facts = AssessmentFacts(
                    id=terms.id, name=terms.name, rules=terms.rules, by="Ida", starts_at=terms.starts_at,
                    ends_at=terms.ends_at, paused_at=paused,
                )  # fmt: skip
            case PauseAssessment() if self.facts:
                self.facts = msgspec.structs.replace(
                    self.facts, paused_at=now if command.paused else 0, ends_at=command.ends_at
                )
            case StopAssessment() if self.facts:
                self.facts = msgspec.structs.replace(self.facts, released_at=now)


class Hall:
    """An assessment with its laptops; those `away` get nothing and say nothing."""

    def __init__(self, assessment: Assessment, *devices: str) -> None:
        self.assessment, self.now = assessment, NOW
        self.laptops = {device: Laptop() for device in devices}
        self.away: set[str] = set()
        self.entries: list[Entry] = []

    def do(self, outcome: Outcome) -> Outcome:
        self.entries += outcome.entries
        for order in outcome.orders:
            if order.device not in self.away:
                self.laptops[order.device].obey(order.command, self.now)
        return outcome

    def hear(self, *devices: str) -> None:
        for device in devices or tuple(self.laptops):
            if device not in self.away:
                self.do(self.assessment.told(device, NAMES.get(device, device), self.laptops[device].facts, self.now))

    def passes(self, seconds: float) -> None:
        self.now += seconds
        self.do(self.assessment.tick(self.now, set(self.laptops) - self.away))
        self.hear()

    def stages(self) -> str:
        return " ".join(f"{one.device}:{one.stage}" for one in self.assessment.sittings.values())

    def log(self, device: str = "A") -> list[tuple[What, float]]:
        return [(one.what, one.seconds) for one in self.entries if one.device == device]


def ids() -> Callable[[], str]:
    numbers = count(1)
    return lambda: f"{next(numbers):032x}"


def secrets() -> Callable[[], bytes]:
    numbers = count(1)
    return lambda: bytes([next(numbers)]) * 20


def make(devices: tuple[str, ...] = ("A", "B"), **changes: object) -> Assessment:
    plan = Plan(**({"name": "Mock", "rules": "assessment", "length": HOUR, "devices": devices} | changes))
    return Assessment(ID, plan, "Ida", NAMES, new_id=ids(), new_secret=secrets())


@pytest.fixture
def hall() -> Hall:
    """Two laptops at work: B has a quarter of an hour more."""
    made = Hall(make(extra={"B": 900.0}), "A", "B")
    made.do(made.assessment.start(NAMES, NOW))
    made.hear()
    return made


def sitting(hall: Hall, device: str = "A"):
    return hall.assessment.sittings[device]


# ── start and end ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_student_has_an_end_and_a_secret_of_their_own(hall):
    a, b = (hall.laptops[device].got[0].assessment for device in "AB")
    assert (a.ends_at, b.ends_at) == (NOW + HOUR, NOW + HOUR + 900)
    assert a.secret != b.secret
    assert hall.stages() == "A:running B:running"
    assert all(one.is_confirmed for one in hall.assessment.sittings.values())
    assert hall.log("B") == [(What.STARTED, 900.0)]


def test_what_is_allowed_travels_with_the_terms():
    assessment = make(only="writer", allow_sites=("bbc.co.uk",), allow_applications=("calc",))
    command = assessment.start({"A": "Amy"}, NOW).orders[0].command
    assert isinstance(command, StartAssessment)
    terms = command.assessment
    assert (terms.only, terms.allow_sites, terms.allow_applications) == ("writer", ("bbc.co.uk",), ("calc",))


def test_a_start_is_only_asked_until_the_device_shows_it():
    hall = Hall(make(), "A", "B")
    hall.away = {"B"}
    hall.do(hall.assessment.start(NAMES, NOW))
    hall.hear()
    assert sitting(hall, "A").is_confirmed
    assert not sitting(hall, "B").is_confirmed


def test_a_refused_start_says_why_and_takes_up_no_time():
    hall = Hall(make(), "A", "B")
    order = hall.assessment.start({"A": "Amy"}, NOW).orders[0]
    hall.do(hall.assessment.answered("A", order.command.id, Result.REFUSED, "Too long.", NOW + 1))
    assert (sitting(hall).stage, sitting(hall).why) == (Stage.REFUSED, "Too long.")
    assert not hall.assessment.is_on
    assert hall.entries[-1].detail == "start: Too long."
    hall.do(hall.assessment.start({"A": "Amy"}, NOW + 60))
    assert (sitting(hall).stage, sitting(hall).ends_at) == (Stage.RUNNING, NOW + 60 + HOUR)


def test_an_order_that_went_out_under_another_id_is_the_wishs_own():
    hall = Hall(make(), "A", "B")
    order = hall.assessment.start({"A": "Amy"}, NOW).orders[0]
    sent = Order(device="A", command=msgspec.structs.replace(order.command, id="ee" * 16))
    hall.assessment.sent(sent)
    hall.assessment.sent(Order(device="A", command=StopAssessment(id="dd" * 16, assessment=ID)))
    hall.do(hall.assessment.answered("A", order.command.id, Result.REFUSED, "old id", NOW + 1))
    assert sitting(hall).stage is Stage.RUNNING
    hall.do(hall.assessment.answered("A", "ee" * 16, Result.REFUSED, "No.", NOW + 1))
    assert sitting(hall).stage is Stage.REFUSED


def test_an_answer_that_is_ok_or_of_another_command_changes_nothing(hall):
    order = hall.assessment.pause(NOW).orders[0]
    before = sitting(hall)
    hall.assessment.answered("A", order.command.id, Result.OK, "", NOW)
    hall.assessment.answered("A", "ff" * 16, Result.REFUSED, "no", NOW)
    assert sitting(hall) == before


def test_each_time_runs_out_by_itself_and_once(hall):
    hall.passes(HOUR)
    assert hall.stages() == "A:over B:running"
    hall.passes(899)
    assert hall.assessment.is_on
    hall.passes(1)
    hall.passes(100)
    assert hall.stages() == "A:over B:over"
    assert not hall.assessment.is_on
    assert [(one.what, one.at) for one in hall.entries if one.what is What.ENDED] == [
        (What.ENDED, NOW + HOUR),
        (What.ENDED, NOW + HOUR + 900),
    ]


def test_starting_those_who_are_at_work_already_does_nothing(hall):
    assert hall.assessment.start(NAMES, NOW + 60) == Outcome()


# ── pause ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_pause_holds_the_time_and_moves_every_end_by_its_length(hall):
    hall.passes(600)
    hall.do(hall.assessment.pause(hall.now))
    hall.hear()
    assert sitting(hall).left(hall.now + 300) == HOUR - 600
    hall.passes(5000)  # longer than what is left: a pause never runs out
    assert hall.stages() == "A:paused B:paused"
    hall.do(hall.assessment.resume(hall.now))
    hall.hear()
    assert hall.stages() == "A:running B:running"
    assert sitting(hall).ends_at == NOW + HOUR + 5000
    assert sitting(hall, "B").ends_at == NOW + HOUR + 900 + 5000
    assert hall.laptops["A"].facts.ends_at == NOW + HOUR + 5000
    assert hall.log()[1:] == [(What.PAUSED, 0), (What.RESUMED, 5000.0)]


def test_pausing_one_student_leaves_the_others_alone(hall):
    hall.do(hall.assessment.pause(NOW, ["B"]))
    assert hall.stages() == "A:running B:paused"
    assert [type(one).__name__ for one in hall.laptops["A"].got] == ["StartAssessment"]


def test_a_laptop_that_was_away_is_paused_when_it_is_back(hall):
    hall.away = {"A"}
    hall.do(hall.assessment.pause(NOW + 10))
    hall.passes(RESEND)
    assert not sitting(hall).is_confirmed
    hall.away = set()
    hall.passes(RESEND)
    hall.hear()
    assert hall.laptops["A"].facts.paused_at
    assert sitting(hall).is_confirmed


def test_pause_and_resume_while_a_laptop_is_away_leave_it_with_the_moved_end(hall):
    hall.away = {"A"}
    hall.do(hall.assessment.pause(NOW + 10))
    hall.now += 310
    hall.do(hall.assessment.resume(hall.now))
    hall.away = set()
    hall.passes(RESEND)
    hall.hear()
    assert hall.laptops["A"].facts.ends_at == NOW + HOUR + 300
    assert sitting(hall).is_confirmed
    assert hall.stages() == "A:running B:running"


def test_a_laptop_that_never_got_its_start_gets_it_before_the_pause():
    hall = Hall(make(("A",)), "A")
    hall.away = {"A"}
    hall.do(hall.assessment.start({"A": "Amy"}, NOW))
    hall.do(hall.assessment.pause(NOW + 60))
    hall.away = set()
    hall.passes(60 + RESEND)
    hall.hear()
    assert [type(one).__name__ for one in hall.laptops["A"].got] == ["StartAssessment", "PauseAssessment"]
    assert (sitting(hall).stage, sitting(hall).is_confirmed) == (Stage.PAUSED, True)


def test_a_refused_pause_falls_back_to_what_the_device_holds(hall):
    order = hall.assessment.pause(NOW + 10, ["A"]).orders[0]
    hall.do(hall.assessment.answered("A", order.command.id, Result.FAILED, "disk full", NOW + 11))
    assert sitting(hall).stage is Stage.RUNNING
    assert sitting(hall).paused_at == 0
    assert hall.entries[-1].detail == "pause or new end: disk full"


# ── extra time ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_extra_time_moves_one_end_and_counts_as_extra(hall):
    hall.do(hall.assessment.give_time(["A"], 600, NOW + 10))
    hall.hear()
    assert (sitting(hall).ends_at, sitting(hall).extra) == (NOW + HOUR + 600, 600)
    assert hall.laptops["A"].facts.ends_at == NOW + HOUR + 600
    assert isinstance(hall.laptops["A"].got[-1], StartAssessment)
    assert sitting(hall, "B").ends_at == NOW + HOUR + 900
    assert hall.assessment.common_end == NOW + HOUR
    assert hall.log()[-1] == (What.EXTRA_TIME, 600)


def test_extra_time_in_a_pause_does_not_end_the_pause(hall):
    hall.do(hall.assessment.pause(NOW))
    hall.hear()
    hall.do(hall.assessment.give_time(["A"], 600, NOW + 10))
    hall.hear()
    assert hall.laptops["A"].facts.paused_at
    assert (sitting(hall).stage, sitting(hall).ends_at) == (Stage.PAUSED, NOW + HOUR + 600)


def test_extra_time_before_the_start_is_there_at_the_start():
    hall = Hall(make(), "A")
    hall.do(hall.assessment.give_time(["A"], 300, NOW))
    hall.do(hall.assessment.start({"A": "Amy"}, NOW))
    assert sitting(hall).ends_at == NOW + HOUR + 300


def test_nobody_gets_extra_time_after_the_end(hall):
    hall.do(hall.assessment.stop(["A"], NOW))
    assert hall.assessment.give_time(["A"], 300, NOW + 1) == Outcome()


# ── stop and release ────────────────────────────────────────────────────────────────────────────────────────────────


def test_stopping_one_student_ends_it_there_alone(hall):
    hall.do(hall.assessment.stop(["A"], NOW + 10))
    hall.hear()
    hall.hear()  # the device goes on saying that it was ended; that is no release by its code
    assert hall.stages() == "A:stopped B:running"
    assert (sitting(hall).ended_at, sitting(hall).is_confirmed) == (NOW + 10, True)


def test_a_stop_is_sent_again_until_the_device_shows_it(hall):
    hall.away = {"A"}
    hall.do(hall.assessment.stop(["A"], NOW + 10))
    hall.passes(RESEND + 10)
    assert not sitting(hall).is_confirmed
    hall.away = set()
    hall.passes(RESEND)
    hall.hear()
    assert hall.laptops["A"].facts.released_at
    assert sitting(hall).is_confirmed


def test_a_release_at_the_laptop_is_seen_and_recorded_with_its_time(hall):
    hall.now += 100
    hall.laptops["A"].facts = msgspec.structs.replace(hall.laptops["A"].facts, released_at=NOW + 90)
    hall.hear()
    hall.hear()
    assert (sitting(hall).stage, sitting(hall).ended_at) == (Stage.RELEASED, NOW + 90)
    assert [(one.what, one.at) for one in hall.entries if one.device == "A"][1:] == [(What.RELEASED, NOW + 90)]


# ── coming late, coming back ────────────────────────────────────────────────────────────────────────────────────────


def test_a_late_student_has_the_full_time_or_ends_with_the_others(hall):
    hall.now += 600
    hall.laptops |= {"C": Laptop(), "D": Laptop()}
    hall.do(hall.assessment.start({"C": "Cy"}, hall.now))
    hall.do(hall.assessment.start({"D": "Di"}, hall.now, with_others=True))
    assert sitting(hall, "C").ends_at == NOW + 600 + HOUR
    # C's full time must not become the common end of those who began in time
    assert sitting(hall, "D").ends_at == NOW + HOUR


def test_a_device_that_has_lost_the_assessment_is_given_it_again_with_its_own_end(hall):
    hall.passes(100)
    hall.laptops["B"].facts = None
    hall.hear()
    assert hall.laptops["B"].facts is not None
    assert hall.laptops["B"].facts.ends_at == NOW + HOUR + 900
    assert hall.log("B")[-1][0] is What.STARTED_AGAIN
    hall.hear()
    assert sitting(hall, "B").is_confirmed


def test_a_device_that_lost_a_paused_assessment_is_paused_again(hall):
    hall.do(hall.assessment.pause(NOW + 10))
    hall.hear()
    hall.laptops["A"].facts = None
    hall.hear()
    hall.hear()
    assert hall.laptops["A"].facts.paused_at
    assert sitting(hall).stage is Stage.PAUSED


def test_a_laptop_whose_clock_is_ahead_has_ended_and_not_refused(hall):
    hall.passes(HOUR - 20)
    orders = len(hall.laptops["A"].got)
    hall.laptops["A"].facts = None  # by its own clock the time is up
    hall.hear()
    assert (sitting(hall).stage, sitting(hall).ended_at) == (Stage.OVER, NOW + HOUR - 20)
    assert len(hall.laptops["A"].got) == orders
    hall.passes(60)
    assert [what for what, _ in hall.log()].count(What.ENDED) == 1
    assert sitting(hall, "B").stage is Stage.RUNNING


def test_a_laptop_that_changes_its_mind_without_end_fills_no_records(hall):
    facts = hall.laptops["A"].facts
    for number in range(3 * MOST_NEWS):
        hall.laptops["A"].facts = msgspec.structs.replace(facts, paused_at=NOW if number % 2 else 0)
        hall.hear("A")
    assert len(hall.log()) <= MOST_NEWS + 2
    hall.passes(HOUR)
    assert sitting(hall, "B").stage is Stage.RUNNING


def test_nothing_is_started_again_after_the_end(hall):
    hall.passes(HOUR + 901)
    orders = len(hall.laptops["A"].got)
    hall.laptops["A"].facts = None
    hall.hear()
    hall.passes(60)
    assert len(hall.laptops["A"].got) == orders
    assert sitting(hall).stage is Stage.OVER


def test_a_device_that_shows_what_it_should_is_sent_nothing(hall):
    orders = len(hall.laptops["A"].got)
    for _ in range(5):
        hall.passes(60)
    assert len(hall.laptops["A"].got) == orders


def test_a_device_in_another_assessment_is_said_to_be(hall):
    other = AssessmentFacts(id="cd" * 16, name="Physics", rules="x", by="Jo", starts_at=NOW, ends_at=NOW + 60)
    hall.laptops["A"].facts = other
    hall.hear()
    hall.hear()
    assert sitting(hall).stage is Stage.REFUSED
    assert sitting(hall).why == "It holds another assessment: Physics, by Jo."
    assert sum(one.what is What.REFUSED for one in hall.entries) == 1


# ── a second invigilator ────────────────────────────────────────────────────────────────────────────────────────────


def second(hall: Hall) -> Hall:
    facts = hall.laptops["A"].facts
    other = Hall(adopted(facts, new_id=ids(), new_secret=secrets()))
    other.laptops, other.now = hall.laptops, hall.now
    other.hear()
    return other


def test_a_second_app_shows_the_assessment_without_asking_anything(hall):
    orders = [len(one.got) for one in hall.laptops.values()]
    other = second(hall)
    assert other.stages() == "A:running B:running"
    assert (other.assessment.plan.name, other.assessment.by, other.assessment.is_own) == ("Mock", "Ida", False)
    assert [one.what for one in other.entries] == [What.ADOPTED, What.ADOPTED]
    assert [len(one.got) for one in hall.laptops.values()] == orders


def test_what_the_second_does_is_taken_over_by_the_first_and_not_undone(hall):
    other = second(hall)
    other.now = hall.now = NOW + 100
    other.do(other.assessment.pause(other.now))
    hall.hear()
    assert hall.stages() == "A:paused B:paused"
    other.now = hall.now = NOW + 400
    other.do(other.assessment.resume(other.now))
    other.do(other.assessment.give_time(["B"], 60, other.now))
    hall.hear()
    other.hear()
    assert [sitting(hall, d).ends_at for d in "AB"] == [NOW + HOUR + 300, NOW + HOUR + 900 + 360]
    orders = len(hall.laptops["A"].got)
    hall.passes(60)
    assert len(hall.laptops["A"].got) == orders
    assert (What.PAUSED, 0) in hall.log()
    assert hall.log()[-1] == (What.RESUMED, 300.0)


def test_extra_time_by_the_second_is_seen_as_extra_time_by_the_first(hall):
    other = second(hall)
    other.do(other.assessment.give_time(["A"], 600, NOW))
    hall.hear()
    assert sitting(hall).extra == 600
    assert hall.log()[-1] == (What.EXTRA_TIME, 600.0)
    assert hall.assessment.common_end == NOW + HOUR


def test_taking_over_is_recorded_and_makes_it_ones_own(hall):
    other = second(hall)
    other.do(other.assessment.take_over("Jo", NOW + 5))
    assert (other.assessment.by, other.assessment.is_own) == ("Jo", True)
    assert other.entries[-1].what is What.TAKEN_OVER
    assert other.entries[-1].detail == "from Ida"


def test_without_terms_a_lost_assessment_is_told_and_not_guessed(hall):
    other = second(hall)
    hall.laptops["A"].facts = None
    other.hear()
    assert sitting(other).stage is Stage.REFUSED
    assert "no longer holds" in sitting(other).why


def test_after_a_restart_of_the_app_the_terms_are_restored_and_time_counts_on(hall):
    kept = hall.assessment.terms
    facts = hall.laptops["B"].facts
    again = Hall(adopted(facts, new_id=ids(), new_secret=secrets()))
    again.laptops, again.now = hall.laptops, NOW + 60
    again.away = {"A"}
    again.hear()
    again.do(again.assessment.restore(kept, NAMES, again.now))
    assert again.stages() == "B:running A:running"
    again.do(again.assessment.give_time(["A", "B"], 60, again.now))
    again.away = set()
    again.passes(RESEND)
    assert hall.laptops["A"].facts.ends_at == NOW + HOUR + 60
    assert hall.laptops["B"].facts.ends_at == NOW + HOUR + 960


# ── breaches ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_breach_told_twice_counts_once(hall):
    seen = Seen(id="01" * 16, rule="no-usb", category="phone", sentence="No sticks.", detail="Kingston", at=NOW)
    hall.assessment.breach("A", seen)
    assert hall.assessment.breach("A", seen) == Outcome()
    assert sitting(hall).breaches == (seen,)
    assert hall.assessment.breach("nobody", seen) == Outcome()


def test_the_secret_is_not_in_what_is_printed(hall):
    printed = repr(dict(hall.assessment.sittings))
    assert "secret" not in printed
    assert repr(bytes([1]) * 20)[2:-1] not in printed
