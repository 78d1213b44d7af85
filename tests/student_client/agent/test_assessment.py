"""An assessment on a device: over real links, without them, through restarts, and until a code ends it."""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.hotp import HOTP
from msgspec.structs import replace

from protocol.identity import Identity
from protocol.messages import (
    AssessmentTerms,
    Breach,
    Changeable,
    ChangeRule,
    EndLesson,
    Lock,
    PauseAssessment,
    Result,
    Right,
    SetRules,
    StartAssessment,
    StopAssessment,
    Verb,
)
from protocol.policy.document import Adjustment, Policy, RuleSet, exemption_key
from protocol.policy.parse import parse_policy
from protocol.policy.permit import Permit
from protocol.role import Role
from student_client.agent.assessment import extra_time, started
from student_client.agent.leases import LeaseRefused
from student_client.agent.release import TRIES, WAIT
from student_client.agent.state import ASSESSMENT, RELEASE
from student_client.local import CodeAnswer, CodeTyped, PanelState

from .conftest import Campus, DialTutor, Laptop, StartLaptop, Tutor, WatchedDesktop, terms, until, with_hours

SECRET = b"12345678901234567890"
EXAM_RULES = RuleSet(title="In this test", sentences=("Only your own work.",), is_assessment=True)


def exam(**changes: object) -> AssessmentTerms:
    now = time.time()
    fields: dict[str, object] = {
        "id": uuid4().hex,
        "name": "Maths mock",
        "rules": "exam",
        "starts_at": now - 1,
        "ends_at": now + 3600,
        "secret": SECRET,
    }
    return AssessmentTerms(**(fields | changes))  # type: ignore[arg-type]


def start_order(assessment: AssessmentTerms) -> StartAssessment:
    return StartAssessment(id=uuid4().hex, assessment=assessment)


def pause(assessment: AssessmentTerms, paused: bool, ends_at: float = 0.0) -> PauseAssessment:
    return PauseAssessment(
        id=uuid4().hex, assessment=assessment.id, paused=paused, ends_at=ends_at or assessment.ends_at
    )


def code(counter: int = 0) -> str:
    return HOTP(SECRET, 8, SHA1()).generate(counter).decode()


Begin = Callable[..., Coroutine[Any, Any, tuple[Laptop, Tutor]]]


@pytest.fixture
def begin(campus: Campus, start: StartLaptop, visit: DialTutor) -> Begin:
    """Start a laptop with a rule set for assessments, and an invigilator in a lesson."""

    async def begin_one() -> tuple[Laptop, Tutor]:
        laptop = await start(WatchedDesktop())
        assert laptop.agent.device.take_policy(campus.under(exam=EXAM_RULES)) is None
        invigilator = await visit(campus.staff("exam-office", Role.INVIGILATOR), laptop)
        await invigilator.enter(terms())
        return laptop, invigilator

    return begin_one


def in_force(laptop: Laptop) -> str:
    device = laptop.agent.device
    lease = device.keeper.in_force(device.clock.now())
    return lease.rules if lease else ""


def panel(laptop: Laptop) -> PanelState:
    assert isinstance(laptop.desktop, WatchedDesktop)
    return [message for message in laptop.desktop.told if isinstance(message, PanelState)][-1]


async def answer(laptop: Laptop, typed: str) -> CodeAnswer:
    assert isinstance(laptop.desktop, WatchedDesktop)
    before = len(laptop.desktop.told)
    laptop.desktop.say(CodeTyped(code=typed))
    return next(message for message in laptop.desktop.told[before:] if isinstance(message, CodeAnswer))


# ── it holds ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_it_is_stored_before_it_is_confirmed_and_outlives_lesson_link_and_restart(
    begin: Begin, start: StartLaptop
) -> None:
    laptop, invigilator = await begin()
    paper = exam(only="writer", allow_sites=("exam.example",))
    assert (await invigilator.order(start_order(paper))).result is Result.OK
    assert (laptop.state / ASSESSMENT).exists()
    assert (laptop.state / RELEASE).stat().st_mode & 0o777 == 0o600
    facts = (await invigilator.status(lambda one: one.assessment is not None)).assessment
    assert facts
    assert (facts.id, facts.name, facts.by, facts.ends_at) == (paper.id, "Maths mock", "Exam office", paper.ends_at)
    shown = panel(laptop)
    assert shown.assessment
    assert (shown.lesson, shown.ends_at, shown.assessment.only) == ("Maths mock", paper.ends_at, "writer")
    assert "Only your own work." in shown.rules
    await invigilator.say(EndLesson())
    await until(lambda: not laptop.agent.device.keeper.lessons.held)
    assert in_force(laptop) == "exam"
    await laptop.stop()
    again = await start(WatchedDesktop())
    assert in_force(again) == "exam"
    lease = again.agent.device.keeper.in_force(time.time())
    assert lease
    assert (lease.only, [change.value for change in lease.changes]) == ("writer", ["exam.example"])


async def test_it_ends_by_itself_and_its_secret_with_it(begin: Begin) -> None:
    laptop, invigilator = await begin()
    await invigilator.order(start_order(exam(ends_at=time.time() + 0.7)))
    invigilator.link._connection.transport.abort()
    await until(lambda: in_force(laptop) == "lesson")
    await until(lambda: not (laptop.state / RELEASE).exists())
    await until(lambda: panel(laptop).assessment is None)
    assert laptop.agent.device.locker.facts is None


async def test_a_clock_set_back_and_a_restart_lengthen_nothing(
    begin: Begin, start: StartLaptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    laptop, invigilator = await begin()
    paper = exam()
    await invigilator.order(start_order(paper))
    await laptop.stop()
    real = time.time
    monkeypatch.setattr("student_client.agent.clock.DeviceClock.wall", lambda _self: real() - 7200)
    monkeypatch.setattr("student_client.agent.clock.time.time", lambda: real() - 7200)
    again = Laptop(laptop.state, WatchedDesktop())
    try:
        device = again.agent.device
        assert device.keeper.assessment
        assert device.keeper.assessment.until(device.clock.now()) == paper.ends_at
        assert 3590 < paper.ends_at - device.clock.now() <= 3600
    finally:
        await again.stop()


# ── who may do what to it ───────────────────────────────────────────────────────────────────────────────────────────


async def test_a_second_invigilator_takes_over(campus: Campus, begin: Begin, visit: DialTutor) -> None:
    laptop, first = await begin()
    paper = exam()
    await first.order(start_order(paper))
    second = await visit(campus.staff("deputy", Role.INVIGILATOR), laptop)
    await second.enter(terms())
    assert (await second.order(pause(paper, True))).result is Result.OK
    paused = (await second.status(lambda one: bool(one.assessment and one.assessment.paused_at))).assessment
    assert paused
    shown = panel(laptop).assessment
    assert shown
    assert shown.paused
    assert (await second.order(pause(paper, False, paper.ends_at + 300))).result is Result.OK
    longer = replace(paper, ends_at=paper.ends_at + 900, secret=b"another secret, unused here")
    assert (await second.order(start_order(longer))).result is Result.OK
    assert laptop.agent.device.keeper.assessment
    assert laptop.agent.device.keeper.assessment.ends_at == longer.ends_at
    assert (await answer(laptop, code())).released, "the sheet that was printed still counts"
    refused = await second.order(start_order(longer))
    assert (refused.result, refused.detail) == (
        Result.REFUSED,
        "The assessment has been ended on this laptop already.",
    )


async def test_stopped_on_one_device_it_is_over_there(begin: Begin) -> None:
    laptop, invigilator = await begin()
    paper = exam()
    await invigilator.order(start_order(paper))
    stop = StopAssessment(id=uuid4().hex, assessment=paper.id)
    assert (await invigilator.order(stop)).result is Result.OK
    assert in_force(laptop) == "lesson"
    assert not (laptop.state / RELEASE).exists()
    assert (await invigilator.status(lambda one: bool(one.assessment and one.assessment.released_at))).assessment
    assert (await invigilator.order(replace(stop, id=uuid4().hex))).result is Result.OK, "twice is once"
    gone = await invigilator.order(pause(exam(), True))
    assert (gone.result, gone.detail) == (Result.REFUSED, "This assessment is not under way on this laptop.")
    assert not (await answer(laptop, code())).released


async def test_a_tutor_changes_nothing_under_an_assessment(campus: Campus, begin: Begin, visit: DialTutor) -> None:
    laptop, invigilator = await begin()
    await invigilator.order(start_order(exam()))
    tutor = await visit(campus.staff("maths-tutor"), laptop)
    granted = await tutor.enter(terms())
    assert Right.ASSESS not in granted.may

    def allow() -> ChangeRule:
        return ChangeRule(
            id=uuid4().hex, verb=Verb.ALLOW, subject=Changeable.APPLICATION, value="steam", lease=60
        )  # fmt: skip

    refused = await tutor.order(allow())
    assert (refused.result, "only an invigilator" in refused.detail) == (Result.REFUSED, True)
    assert (await tutor.order(SetRules(id=uuid4().hex, rules="independent"))).result is Result.REFUSED
    assert "to leave the computer it runs on alone" in (await invigilator.order(allow())).detail
    assert laptop.agent.device.keeper.assessment
    assert [one.value for one in laptop.agent.device.keeper.assessment.changes] == ["steam"]
    other = await invigilator.order(start_order(exam(name="Art mock")))
    assert (other.result, "“Maths mock” by Exam office" in other.detail) == (Result.REFUSED, True)


async def test_what_cannot_be_stored_has_not_begun(begin: Begin) -> None:
    laptop, invigilator = await begin()
    (laptop.state / ASSESSMENT).mkdir()
    failed = await invigilator.order(start_order(exam()))
    assert (failed.result, "cannot be written" in failed.detail) == (Result.FAILED, True)
    assert in_force(laptop) == "lesson"


# ── the release code ────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_code_releases_without_a_network_and_every_invigilator_hears_of_it_later(
    campus: Campus, begin: Begin, visit: DialTutor, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    laptop, invigilator = await begin()
    await invigilator.order(start_order(exam()))
    await invigilator.say(EndLesson())
    await until(lambda: not laptop.agent.board.status.permits)
    wrong = await answer(laptop, "00000000")
    assert (wrong.released, wrong.sentence) == (False, "That is not the code. 4 tries are left.")
    assert (await answer(laptop, code())).released
    await until(lambda: in_force(laptop) == "")
    assert "You ended the assessment with a release code" in laptop.receipts()
    assert not (await answer(laptop, code())).released
    deputy = await visit(campus.staff("deputy", Role.INVIGILATOR), laptop)
    await deputy.enter(terms())
    told = await deputy.expect(Breach)
    assert (told.rule, told.category) == ("released", "needs-help")
    for form in (SECRET.decode(), repr(SECRET), code()):
        assert form not in caplog.text


async def test_a_code_ends_a_lock_as_well(begin: Begin) -> None:
    laptop, invigilator = await begin()
    await invigilator.order(start_order(exam()))
    assert (await invigilator.order(Lock(id=uuid4().hex, lease=600))).result is Result.OK
    assert not (await answer(laptop, "00000000")).released
    assert laptop.agent.device.locker.covered
    assert (await answer(laptop, code())).released
    await until(lambda: not laptop.agent.device.locker.covered)
    assert not laptop.agent.device.locker.leases.held


async def test_five_wrong_codes_wait_through_a_restart_and_a_clock_set_back(
    begin: Begin, start: StartLaptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    laptop, invigilator = await begin()
    await invigilator.order(start_order(exam()))
    for _ in range(TRIES):
        last = await answer(laptop, "00000000")
    assert 0 < last.wait_until - time.time() <= WAIT
    await laptop.stop()
    real = time.time
    monkeypatch.setattr("student_client.agent.clock.DeviceClock.wall", lambda _self: real() - 3600)
    again = await start(WatchedDesktop())
    assert await answer(again, code()) == last
    assert in_force(again) == "exam"


async def test_a_code_without_an_assessment_is_answered(begin: Begin) -> None:
    laptop, _ = await begin()
    assert (await answer(laptop, code())).sentence == "There is no assessment to be released from."
    await asyncio.sleep(0)


# ── its terms, alone ────────────────────────────────────────────────────────────────────────────────────────────────

NOW = 1_790_000_000.0


@pytest.fixture(scope="module")
def policy() -> Policy:
    text = (Path(__file__).parents[3] / "resources/policies/college.toml").read_text(encoding="utf-8")
    parsed = parse_policy(with_hours(text, '"00:00-24:00"'))
    return replace(parsed, rules=parsed.rules | {"exam": EXAM_RULES})


@pytest.fixture
def permit(campus: Campus) -> Permit:
    who: Identity = campus.staff("exam-office", Role.INVIGILATOR).identity
    return Permit("a" * 32, who, NOW + 3600, (Right.ASSESS,))


def begun(policy: Policy, permit: Permit, extra: float = 0.0, **changes: object) -> Any:
    return started(exam(**({"starts_at": NOW, "ends_at": NOW + 3600} | changes)), permit, policy, extra, NOW)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"rules": "nobody-knows"}, "no rules for assessments called “nobody-knows”"),
        ({"rules": "lesson"}, "no rules for assessments called “lesson”"),
        ({"starts_at": NOW + 301, "ends_at": NOW + 3600}, "has not begun yet"),
        ({"ends_at": NOW - 1}, "end has passed"),
        ({"ends_at": NOW + 3 * 3600 + 60}, "180 minutes at most"),
    ],
)
def test_terms_the_policy_does_not_allow_are_refused(
    policy: Policy, permit: Permit, changes: dict[str, object], words: str
) -> None:
    with pytest.raises(LeaseRefused, match=words):
        begun(policy, permit, **changes)


def test_it_neither_starts_nor_ends_outside_the_colleges_hours(policy: Policy, permit: Permit) -> None:
    closed = replace(policy, hours=((),) * 7)
    with pytest.raises(LeaseRefused, match="College hours"):
        begun(closed, permit)
    text = (Path(__file__).parents[3] / "resources/policies/college.toml").read_text(encoding="utf-8")
    minute = time.gmtime(NOW + 3600).tm_hour * 60 + time.gmtime(NOW).tm_min + 30  # British summer time, 30 minutes on
    until_then = f'"00:00-{minute // 60 % 24:02}:{minute % 60:02}"'
    soon = replace(parse_policy(with_hours(text, until_then)), rules=policy.rules)
    with pytest.raises(LeaseRefused, match="after college hours"):
        begun(soon, permit)
    assert begun(soon, permit, ends_at=NOW + 600).latest <= NOW + 1800


def test_extra_time_lengthens_the_longest(policy: Policy, permit: Permit) -> None:
    needs = Adjustment(who=exemption_key("student", "sam"), extra_time_percent=25)
    adjusted = replace(policy, adjustments=(needs,))
    assert extra_time(adjusted, "LAPTOP-07", "Sam ") == 0.25
    assert extra_time(adjusted, "LAPTOP-07", "kim") == extra_time(adjusted, "sam", "") == 0.0
    long = {"ends_at": NOW + 3 * 3600 * 1.25}
    assert begun(adjusted, permit, 0.25, **long)
    with pytest.raises(LeaseRefused):
        begun(adjusted, permit, 0.0, **long)
    assert begun(adjusted, permit, 0.33, ends_at=NOW + 3 * 3600 + 60 * 60), "59.4 minutes are given as 60"


def test_paused_the_time_stands_still_but_not_for_ever(policy: Policy, permit: Permit) -> None:
    one = begun(policy, permit)
    paused = one.paused(PauseAssessment(id="b" * 32, assessment=one.id, paused=True, ends_at=one.ends_at), NOW + 600)
    assert paused.holds(NOW + 3600 + 10)
    assert paused.until(NOW + 900) == one.ends_at + 300
    assert paused.is_over(one.latest)
    resume = PauseAssessment(id="b" * 32, assessment=one.id, paused=False, ends_at=one.ends_at + 300)
    going = paused.paused(resume, NOW + 900)
    assert (going.ends_at, going.stood, going.paused_at) == (one.ends_at + 300, 300.0, 0.0)
    assert going.is_over(one.ends_at + 300)
    with pytest.raises(LeaseRefused, match="passed already"):
        paused.paused(replace(resume, ends_at=NOW), NOW + 900)
    with pytest.raises(LeaseRefused, match="after college hours"):
        paused.paused(replace(resume, ends_at=one.latest + 60), NOW + 900)
    assert going.moved(NOW + 3 * 3600 + 300, policy, 0.0).ends_at == NOW + 3 * 3600 + 300, "what stood still counts not"


def test_extra_time_in_a_pause_is_there_at_once_and_does_not_end_the_pause(permit: Permit, policy: Policy) -> None:
    one = begun(policy, permit)
    stop = PauseAssessment(id="b" * 32, assessment=one.id, paused=True, ends_at=one.ends_at)
    paused = one.paused(stop, NOW + 600)
    more = paused.paused(replace(stop, ends_at=one.ends_at + 300), NOW + 900)
    assert (more.ends_at, more.paused_at, more.stood) == (one.ends_at + 300, NOW + 600, 0.0)
    assert more.paused(replace(stop, ends_at=more.ends_at), NOW + 5000) == more, "sent again, also after the old end"
    with pytest.raises(LeaseRefused, match="after college hours"):
        paused.paused(replace(stop, ends_at=one.latest + 60), NOW + 900)


def test_what_was_changed_since_the_start_is_never_crowded_out(permit: Permit, policy: Policy) -> None:
    names = {"allow_sites": tuple(f"{n}.example" for n in range(32)), "allow_applications": tuple(map(str, range(32)))}
    block = ChangeRule(id="c" * 32, verb=Verb.BLOCK, subject=Changeable.SITE, value="bbc.co.uk", lease=60)
    one = begun(policy, permit, **names).with_change(block, permit, NOW)
    assert one.lease("d", "u", NOW).changes[-1].value == "bbc.co.uk"
