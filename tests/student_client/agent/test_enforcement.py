"""Rules held on a device: over real links, with a stand-in for the machine and real files changed on it."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from msgspec.structs import replace

from protocol.messages import (
    Breach,
    Changeable,
    ChangeRule,
    DropChange,
    EndLesson,
    LowerHand,
    MonitorFacts,
    Noted,
    PolicyOffer,
    PolicyTaken,
    Reason,
    Refused,
    Result,
    ScreenState,
    SetRules,
    Verb,
)
from protocol.policy.document import RuleSet
from protocol.policy.facts import BluetoothFacts, Program, UsbStorage
from protocol.policy.rule import Do, Rule, Subject
from protocol.role import Role
from student_client.agent import enforcement, incidents, machine_thread
from student_client.agent import visit as visit_module
from student_client.agent.state import JOURNAL, POLICY, StateFolder
from student_client.backends.fake_machine import FakeWeb
from student_client.backends.machine import LEFT_ALONE, Machine
from student_client.local import (
    ClearNotice,
    CloseProgram,
    DesktopFacts,
    FrontFacts,
    HandMoved,
    LockScreen,
    Notice,
    PanelState,
    ScreenCovered,
    UnlockScreen,
)

from .conftest import Campus, DialTutor, Laptop, StartLaptop, Tutor, WatchedDesktop, terms, until
from .stand_in_machine import Ground

GAMES = Rule(
    name="no-games",
    subject=Subject.APPLICATION,
    is_=("steam*",),
    do=(Do.TELL, Do.FLAG, Do.CLOSE),
    sentence="Games are closed in lessons.",
    category="music-or-games",
    grace=1,
)
SITES = Rule(
    name="no-gambling", subject=Subject.SITE, is_=("bets.example",), do=(Do.BLOCK,), sentence="No gambling sites."
)
STICKS = Rule(
    name="no-sticks",
    subject=Subject.USB_STORAGE,
    do=(Do.TELL, Do.FLAG, Do.BLOCK),
    sentence="USB sticks stay out.",
    category="personal-device",
)
RADIO = Rule(
    name="no-bluetooth", subject=Subject.BLUETOOTH, is_=("on",), do=(Do.FLAG, Do.BLOCK), sentence="Bluetooth is off."
)
SCREENS = Rule(
    name="one-screen", subject=Subject.MONITORS, is_=("changed",), do=(Do.LOCK, Do.FLAG), sentence="One screen, please."
)
STEAM = Program(4001, "steam", window="Steam", title="Store")


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(enforcement, "POLL_EVERY", 0.05)
    monkeypatch.setattr(enforcement, "PAUSE", 0.02)
    monkeypatch.setattr(incidents, "STEP", 0.3)


@pytest.fixture
async def ground(tmp_path: Path) -> AsyncIterator[Ground]:
    ground = Ground(tmp_path / "machine")
    ground.folder.mkdir()
    yield ground
    ground.close()


@pytest.fixture
def start(ground: Ground, start: StartLaptop) -> StartLaptop:
    """As ever, but ended before the machine is."""
    return start


def rule_set(*rules: Rule, **more: Any) -> RuleSet:
    return RuleSet(title="In this lesson", sentences=("Be kind.",), rules=rules, **more)


Begin = Callable[..., Coroutine[Any, Any, tuple[Laptop, Tutor]]]


@pytest.fixture
def begin(campus: Campus, state: StateFolder, start: StartLaptop, visit: DialTutor, ground: Ground) -> Begin:
    """Start a laptop under a policy whose `lesson` set has these rules, and a tutor in a lesson."""

    async def begin_one(
        *rules: Rule, machine: Machine | None = None, desktop: WatchedDesktop | None = None, **sets: RuleSet
    ) -> tuple[Laptop, Tutor]:
        state.write(POLICY, campus.under(**({"lesson": rule_set(*rules)} | sets)))
        laptop = await start(desktop or WatchedDesktop(), machine=machine or ground.machine)
        tutor = await visit(campus.staff("maths-tutor"), laptop)
        await tutor.enter(terms())
        return laptop, tutor

    return begin_one


def told(laptop: Laptop, kind: type[Any]) -> list[Any]:
    assert isinstance(laptop.desktop, WatchedDesktop)
    return [message for message in laptop.desktop.told if isinstance(message, kind)]


def panel(laptop: Laptop) -> PanelState:
    found: PanelState = told(laptop, PanelState)[-1]
    return found


async def breach_of(tutor: Tutor, rule: str) -> Breach:
    """Return the first breach of a rule, told before or still to come."""
    while True:
        for message in tutor.heard:
            if isinstance(message, Breach) and message.rule == rule:
                return message
        await tutor.expect(Breach)


def order(kind: type[Any], **fields: object) -> Any:
    return kind(id=uuid4().hex, **fields)


def change(verb: Verb, value: str, subject: Changeable = Changeable.SITE, lease: int = 600) -> ChangeRule:
    return ChangeRule(id=uuid4().hex, verb=verb, subject=subject, value=value, lease=lease)


# ── lessons ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_permit_puts_the_rules_in_force_and_the_lessons_end_takes_them_away(
    begin: Begin, ground: Ground
) -> None:
    laptop, tutor = await begin(SITES)
    await until(ground.web_file.exists)
    assert ground.blocked() == {"bets.example"}
    facts = (await tutor.status(lambda one: one.rules is not None)).rules
    assert facts
    assert (facts.rules, facts.unheld) == ("lesson", ())
    assert set(panel(laptop).rules) == {"Be kind.", "No gambling sites."}
    assert (panel(laptop).lesson, panel(laptop).tutor, panel(laptop).can_call) == ("Maths 10B", "Maths tutor", True)
    await until(lambda: "Lessonlight blocked something: websites your rules do not allow" in laptop.receipts())
    await tutor.say(EndLesson())
    await until(lambda: not ground.web_file.exists())
    await until(lambda: not list(ground.folder.iterdir()))  # the folders were ours, too
    assert panel(laptop).rules == ()
    assert panel(laptop).lesson == ""


async def test_a_pulled_cable_changes_nothing(begin: Begin, ground: Ground) -> None:
    laptop, tutor = await begin(SITES)
    await until(ground.web_file.exists)
    tutor.link._connection.transport.abort()
    await until(lambda: not laptop.agent.board.status.permits)
    await asyncio.sleep(0.3)  # several rounds
    assert ground.web_file.exists()
    assert (panel(laptop).lesson, panel(laptop).can_call) == ("Maths 10B", False)


async def test_the_rules_end_by_themselves(
    campus: Campus, start: StartLaptop, visit: DialTutor, ground: Ground
) -> None:
    laptop = await start(WatchedDesktop(), machine=ground.machine)
    laptop.agent.device.take_policy(campus.under(lesson=rule_set(SITES)))
    tutor = await visit(campus.staff("maths-tutor"), laptop)
    granted = await tutor.enter(terms(ends_at=time.time() + 1.2))
    await until(ground.web_file.exists)
    tutor.link._connection.transport.abort()
    await until(lambda: not ground.web_file.exists())
    assert granted.until <= time.time() < granted.until + 1


async def test_a_restarted_agent_goes_on_and_one_that_starts_too_late_gives_everything_back(
    begin: Begin, start: StartLaptop, ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    ground.web_file.parent.mkdir(parents=True)
    ground.web_file.write_bytes(before := b'{"of": "the college"}')
    laptop, _ = await begin(SITES)
    await until(lambda: ground.web_file.read_bytes() != before)
    await laptop.stop()
    assert ground.web_file.read_bytes() != before
    again = await start(WatchedDesktop(), machine=ground.machine)
    await until(lambda: bool(again.agent.device.enforcement.decisions.held))
    assert again.agent.device.keeper.lessons == laptop.agent.device.keeper.lessons
    assert ground.web_file.read_bytes() != before
    await again.stop()
    real = time.time
    monkeypatch.setattr("time.time", lambda: real() + 3600)
    monkeypatch.setattr("student_client.agent.clock.DeviceClock.wall", lambda _self: real() + 3600)
    monkeypatch.setattr("student_client.agent.clock.DeviceClock.now", lambda _self: real() + 3600)
    await start(WatchedDesktop(), machine=ground.machine)
    await until(lambda: ground.web_file.read_bytes() == before)


async def test_without_a_policy_everything_is_given_back(begin: Begin, start: StartLaptop, ground: Ground) -> None:
    laptop, _ = await begin(SITES)
    await until(ground.web_file.exists)
    await laptop.stop()
    (laptop.state / "policy.bundle").write_bytes(b"damaged")
    await start(WatchedDesktop(), machine=ground.machine)
    await until(lambda: not ground.web_file.exists(), within=enforcement.POLICY_WITHIN + 3)


async def test_other_rules_may_be_set_by_those_who_may(begin: Begin, ground: Ground) -> None:
    exam = rule_set(roles=(Role.INVIGILATOR,))
    laptop, tutor = await begin(SITES, free=rule_set(is_break=True), exam=exam)
    await until(ground.web_file.exists)
    assert (await tutor.order(order(SetRules, rules="free"))).result is Result.OK
    assert not ground.web_file.exists(), "ok means in force"
    assert panel(laptop).is_break
    refused = await tutor.order(order(SetRules, rules="exam"))
    assert (refused.result, "applied by: invigilator" in refused.detail) == (Result.REFUSED, True)
    unknown = await tutor.order(order(SetRules, rules="nobody-knows"))
    assert (unknown.result, unknown.detail) == (
        Result.REFUSED,
        "The college's policy has no rules called “nobody-knows”.",
    )
    assert laptop.agent.device.keeper.lessons.held[0].rules == "free"


async def test_a_role_that_may_not_apply_the_rules_gets_no_permit(
    campus: Campus, start: StartLaptop, visit: DialTutor
) -> None:
    laptop = await start()
    laptop.agent.device.take_policy(campus.under(exam=rule_set(roles=(Role.INVIGILATOR,))))
    tutor = await visit(campus.staff("maths-tutor"), laptop)
    await tutor.ask(terms(rules="exam"))
    refused = await tutor.expect(Refused)
    assert (refused.reason, "not by a tutor" in refused.detail) == (Reason.ROLE, True)
    await (await visit(campus.staff("exam-office", Role.INVIGILATOR), laptop)).enter(terms(rules="exam"))


async def test_a_reconnecting_tutor_keeps_what_was_changed(
    campus: Campus, begin: Begin, visit: DialTutor, ground: Ground
) -> None:
    laptop, tutor = await begin(SITES, free=rule_set())
    await tutor.order(change(Verb.BLOCK, "news.example"))
    lesson = laptop.agent.device.keeper.lessons.held[0]
    tutor.link._connection.transport.abort()
    again = await visit(campus.staff("maths-tutor"), laptop)
    await again.enter(terms(id=lesson.lesson, ends_at=lesson.until))
    assert laptop.agent.device.keeper.lessons.held == (lesson,)


async def test_sites_are_changed_for_a_time_and_dropped(begin: Begin, ground: Ground) -> None:
    laptop, tutor = await begin(SITES)
    block = change(Verb.BLOCK, "news.example", lease=86_400)
    assert (await tutor.order(block)).result is Result.OK
    assert ground.blocked() == {"bets.example", "news.example"}
    (lesson,) = laptop.agent.device.keeper.lessons.held
    assert lesson.changes[0].until == lesson.until, "cut to the lesson"
    assert (await tutor.status(lambda one: one.rules is not None and one.rules.changes == 1)).rules
    assert (await tutor.order(order(DropChange, change=block.id))).result is Result.OK
    assert ground.blocked() == {"bets.example"}
    assert (await tutor.order(order(DropChange, change=block.id))).result is Result.OK, "twice is once"
    short = change(Verb.BLOCK, "short.example", lease=1)
    await tutor.order(short)
    assert "short.example" in ground.blocked()
    await until(lambda: ground.blocked() == {"bets.example"}, within=3)


async def test_of_two_tutors_the_newest_lesson_holds_and_then_the_others(
    campus: Campus, begin: Begin, visit: DialTutor, ground: Ground
) -> None:
    laptop, maths = await begin(SITES, free=rule_set())
    await until(ground.web_file.exists)
    art = await visit(campus.staff("art-tutor"), laptop)
    await art.enter(terms(name="Art", rules="free"))
    await until(lambda: not ground.web_file.exists())
    assert panel(laptop).lesson == "Art"
    mine = change(Verb.BLOCK, "news.example")
    await maths.order(mine)
    assert ground.blocked() == {"news.example"}, "every tutor's changes hold"
    assert (await art.order(replace(mine, lease=5))).result is Result.OK, "in her own lesson an id is her own"
    await art.say(EndLesson())
    await until(lambda: ground.web_file.exists() and "bets.example" in ground.blocked())
    assert panel(laptop).lesson == "Maths 10B"


async def test_a_revoked_tutors_rules_end(campus: Campus, begin: Begin, ground: Ground) -> None:
    laptop, tutor = await begin(SITES)
    await until(ground.web_file.exists)
    tutor.link._connection.transport.abort()
    await until(lambda: not laptop.agent.board.status.permits)
    campus.college.revoke("maths-tutor")
    assert laptop.agent.device.take_policy(campus.under(lesson=rule_set(SITES))) is None
    await until(lambda: not ground.web_file.exists())


# ── programs ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_game_is_told_of_then_closed_then_killed_and_flagged_once(begin: Begin, ground: Ground) -> None:
    ground.programs, ground.stubborn = [STEAM], {STEAM.pid}
    laptop, tutor = await begin(GAMES)
    breach = await tutor.expect(Breach)
    assert (breach.rule, breach.category, breach.detail) == ("no-games", "music-or-games", "steam")
    await until(lambda: bool(told(laptop, Notice)))
    (notice,) = told(laptop, Notice)
    assert (notice.sentence, notice.detail) == ("Games are closed in lessons.", "steam")
    assert 0.5 < notice.until - breach.at <= 1
    assert ground.asked == []
    await until(lambda: told(laptop, CloseProgram) == [CloseProgram(pid=STEAM.pid)])
    assert time.time() >= notice.until
    await until(lambda: not ground.programs)
    assert ground.asked == [STEAM.pid, -STEAM.pid]
    await until(lambda: bool(told(laptop, ClearNotice)))
    assert any("Lessonlight closed a program: steam: Games are closed" in line for line in laptop.receipts())
    assert [one for one in tutor.heard if isinstance(one, Breach)] == [breach]


async def test_what_the_student_closes_in_time_is_let_be(begin: Begin, ground: Ground) -> None:
    ground.programs = [STEAM]
    laptop, _ = await begin(replace(GAMES, grace=60))
    await until(lambda: bool(told(laptop, Notice)))
    ground.programs = []
    await until(lambda: bool(told(laptop, ClearNotice)))
    assert told(laptop, CloseProgram) == ground.asked == []


async def test_a_window_in_front_is_news_and_our_own_is_never_meant(
    begin: Begin, ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(enforcement, "POLL_EVERY", 60.0)
    only = Rule(
        name="only-writer", subject=Subject.APPLICATION, is_not=("writer*",), do=(Do.TELL,), sentence="Only Writer."
    )
    ground.programs = [STEAM]
    laptop, _ = await begin(only)

    def in_front(pid: int, program: str) -> None:
        front = FrontFacts(pid=pid, program=program, title="T")
        facts = DesktopFacts(application="", monitors=(), screen=ScreenState.LIVE, reason="", front=front)
        laptop.desktop.say(facts)

    in_front(999, "lessonlight")
    await laptop.agent.device.enforcement.settled(5)
    assert told(laptop, Notice) == []
    in_front(STEAM.pid, "Steam")
    await until(lambda: [one.sentence for one in told(laptop, Notice)] == ["Only Writer."])
    in_front(999, "lessonlight")
    await until(lambda: bool(told(laptop, ClearNotice)))


async def test_a_new_desktop_is_told_the_notices_again(begin: Begin, ground: Ground) -> None:
    ground.programs = [STEAM]
    laptop, _ = await begin(replace(GAMES, grace=60))
    await until(lambda: bool(told(laptop, Notice)))
    assert isinstance(laptop.desktop, WatchedDesktop)
    laptop.desktop.told.clear()
    laptop.agent.device.desktop_up()
    assert [one.sentence for one in told(laptop, Notice)] == ["Games are closed in lessons."]


async def test_a_browser_that_obeys_only_after_a_restart_is_asked_and_never_killed(
    begin: Begin, ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(enforcement, "RESTART_GRACE", 1)
    firefox = Program(500, "firefox")
    ground.programs, ground.restarting = [firefox], [firefox]
    laptop, tutor = await begin(SITES)
    await until(lambda: bool(told(laptop, Notice)))
    assert "close firefox and open it again" in told(laptop, Notice)[0].sentence
    unheld = (await tutor.status(lambda one: bool(one.rules and one.rules.unheld))).rules
    assert unheld
    assert (unheld.unheld[0].rule, "firefox was open" in unheld.unheld[0].why) == ("no-gambling", True)
    await until(lambda: told(laptop, CloseProgram) == [CloseProgram(pid=500)])
    await asyncio.sleep(0.8)
    assert ground.asked == []
    ground.programs = []
    await tutor.status(lambda one: bool(one.rules and not one.rules.unheld))


# ── breaches ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_breach_is_told_after_every_reconnect_until_it_is_noted(
    campus: Campus, begin: Begin, visit: DialTutor, ground: Ground
) -> None:
    ground.usb = [UsbStorage("1", "Kingston", "Traveler", 16_000_000_000)]
    laptop, tutor = await begin(STICKS, free=rule_set())
    breach = await tutor.expect(Breach)
    assert "Kingston Traveler" in breach.detail
    lesson = laptop.agent.device.keeper.lessons.held[0]
    who = campus.staff("maths-tutor")
    tutor.link._connection.transport.abort()
    again = await visit(who, laptop)
    await again.enter(terms(id=lesson.lesson, ends_at=lesson.until))
    assert await again.expect(Breach) == breach
    await again.say(Noted(breaches=(breach.id,)))
    await again.order(order(LowerHand))
    other = await visit(campus.staff("art-tutor"), laptop)
    third = await visit(who, laptop)
    await other.enter(terms(rules="free"))
    await third.enter(terms(id=lesson.lesson, ends_at=lesson.until))
    for tutor in (other, third):
        with pytest.raises(TimeoutError):
            await tutor.expect(Breach, within=0.4)


async def test_usb_news_wakes_and_nothing_is_polled(
    begin: Begin, ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(enforcement, "POLL_EVERY", 0.01)
    _, tutor = await begin(STICKS)
    await until(ground.usb_file.exists)
    await asyncio.sleep(0.3)
    looks, stick = ground.looks, UsbStorage("1", "SanDisk", "Cruzer")
    await asyncio.sleep(0.5)
    assert ground.looks == looks
    ground.attach(stick)
    assert (await tutor.expect(Breach)).rule == "no-sticks"
    seen = ground.looks
    ground.detach(stick)
    await until(lambda: ground.looks > seen)
    await tutor.say(EndLesson())
    await until(lambda: not ground.usb_file.exists())


async def test_without_rules_the_machine_is_let_alone(begin: Begin, ground: Ground) -> None:
    laptop, tutor = await begin()
    await tutor.order(order(LowerHand))
    await laptop.agent.device.enforcement.settled(5)
    assert ground.looks == 0
    assert not (laptop.state / JOURNAL).exists()


async def test_what_cannot_be_held_is_said_and_the_rest_holds(begin: Begin, ground: Ground) -> None:
    ground.bluetooth, ground.privileged, ground.programs = BluetoothFacts(on=True), False, [STEAM]
    _, tutor = await begin(SITES, RADIO, replace(GAMES, grace=0), STICKS)
    found = await tutor.status(lambda one: one.rules is not None and len(one.rules.unheld) == 3)
    assert found.rules
    assert {one.rule: one.why for one in found.rules.unheld} == {
        "no-gambling": "Lessonlight may not change the browsers' policies on this laptop.",
        "no-bluetooth": "Lessonlight may not change Bluetooth on this laptop.",
        "no-sticks": "Lessonlight may not change USB devices on this laptop.",
    }
    for rule in ("no-bluetooth", "no-games"):
        await breach_of(tutor, rule)
    await until(lambda: not ground.programs)
    failed = await tutor.order(change(Verb.BLOCK, "news.example"))
    assert (failed.result, "browsers' policies" in failed.detail) == (Result.FAILED, True)
    ground.broken = "The programs cannot be listed."
    await tutor.status(lambda one: one.rules is not None and len(one.rules.unheld) == 4)
    ground.broken = ""
    await tutor.status(lambda one: one.rules is not None and len(one.rules.unheld) == 3)


async def test_what_nobody_can_tell_of_bluetooth_is_said_and_the_rest_is_told(begin: Begin, ground: Ground) -> None:
    ground.bluetooth, ground.bluetooth_unknown = BluetoothFacts(on=True), "BlueZ does not say."
    _, tutor = await begin(replace(RADIO, do=(Do.FLAG,)))
    found = await tutor.status(lambda one: one.rules is not None and len(one.rules.unheld) == 1)
    assert found.rules
    assert [(one.rule, one.why) for one in found.rules.unheld] == [("no-bluetooth", "BlueZ does not say.")]
    await breach_of(tutor, "no-bluetooth")
    ground.bluetooth_unknown = ""
    await tutor.status(lambda one: one.rules is not None and not one.rules.unheld)


async def test_a_machine_that_can_nothing_is_not_asked_again_and_again(
    begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = []
    look = machine_thread.MachineWork.look

    def counted(work: machine_thread.MachineWork, *asked: Any) -> Any:
        looks.append(asked)
        return look(work, *asked)

    monkeypatch.setattr(machine_thread.MachineWork, "look", counted)
    laptop, tutor = await begin(GAMES, RADIO, machine=LEFT_ALONE)
    await tutor.status(lambda one: bool(one.rules and len(one.rules.unheld) == 2))
    await laptop.agent.device.enforcement.settled(5)
    before = len(looks)
    await asyncio.sleep(0.5)
    assert len(looks) == before


async def test_what_browsers_cannot_be_held_to_is_said_though_the_rest_holds(
    begin: Begin, ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeWeb, "shortfall", lambda _self, _rules: "Firefox knows no paths.")
    _, tutor = await begin(SITES)
    found = await tutor.status(lambda one: bool(one.rules and one.rules.unheld))
    assert found.rules
    assert [(one.rule, one.why) for one in found.rules.unheld] == [("no-gambling", "Firefox knows no paths.")]
    assert (await tutor.order(change(Verb.BLOCK, "news.example"))).result is Result.OK
    assert "news.example" in ground.blocked()


async def test_a_missing_list_is_said_of_the_rule_that_needs_it_alone(
    begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeWeb, "unlisted", lambda _self, rules: tuple(one for one in rules.categories if "x" in one))
    named = ("category:exploitation", "category:games")
    harm = Rule(name="no-harm", subject=Subject.SITE, is_=named, do=(Do.BLOCK,), sentence="Nothing harmful.")
    _, tutor = await begin(SITES, harm)
    found = await tutor.status(lambda one: bool(one.rules and one.rules.unheld))
    assert found.rules
    assert [(one.rule, one.why) for one in found.rules.unheld] == [
        ("no-harm", "There is no list of sites for exploitation.")
    ]


async def test_a_machine_that_hangs_holds_up_nobody_and_is_said(
    begin: Begin, ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    laptop, tutor = await begin(GAMES)
    await until(lambda: ground.looks > 0)
    monkeypatch.setattr(machine_thread, "ANSWERS_WITHIN", 0.2)
    monkeypatch.setattr(visit_module, "DONE_WITHIN", 0.6)
    ground.answers.clear()
    try:
        await until(lambda: laptop.agent.board.sentence == enforcement.NO_ANSWER)
        assert (await tutor.order(order(LowerHand))).result is Result.OK
        failed = await tutor.order(change(Verb.BLOCK, "news.example"))
        assert (failed.result, "in time" in failed.detail) == (Result.FAILED, True)
    finally:
        ground.answers.set()
    await until(lambda: laptop.agent.board.sentence == "")


async def test_a_file_that_cannot_be_changed_is_said_and_tried_again(
    begin: Begin, ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(enforcement, "CHECK_EVERY", 0.1)
    ground.web_file.parent.parent.mkdir()
    ground.web_file.parent.write_text("a file where the folder should be")
    laptop, tutor = await begin(SITES)
    await tutor.status(lambda one: bool(one.rules and one.rules.unheld))
    assert "cannot be changed" in laptop.agent.board.sentence
    ground.web_file.parent.unlink()
    await until(ground.web_file.exists)
    await until(lambda: laptop.agent.board.sentence == "")


async def test_what_somebody_undoes_is_done_again(
    begin: Begin, ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(enforcement, "CHECK_EVERY", 0.1)
    await begin(SITES)
    await until(ground.web_file.exists)
    held = ground.web_file.read_bytes()
    ground.web_file.unlink()
    await until(lambda: ground.web_file.exists() and ground.web_file.read_bytes() == held)


async def test_a_rule_that_always_holds_needs_no_lesson_and_tells_nobody(
    campus: Campus, start: StartLaptop, visit: DialTutor, ground: Ground
) -> None:
    ground.programs = [STEAM]
    laptop = await start(WatchedDesktop(), machine=ground.machine)
    laptop.agent.device.take_policy(campus.under(lesson=rule_set(replace(GAMES, always=True, grace=0), SITES)))
    await until(lambda: not ground.programs)
    assert not ground.web_file.exists()
    tutor = await visit(campus.staff("maths-tutor"), laptop)
    await tutor.enter(terms())
    with pytest.raises(TimeoutError):
        await tutor.expect(Breach, within=0.4)


# ── a rule's lock ───────────────────────────────────────────────────────────────────────────────────────────────────


def monitors(laptop: Laptop, count: int) -> None:
    each = tuple(MonitorFacts(index=1 + number, name="M", width=800, height=600) for number in range(count))
    laptop.desktop.say(DesktopFacts(application="", monitors=each, screen=ScreenState.LIVE, reason=""))


def is_locked(laptop: Laptop) -> bool:
    facts = laptop.agent.device.locker.facts
    return facts is not None and facts.covered


async def test_a_rules_lock_ends_with_what_broke_it(begin: Begin, ground: Ground) -> None:
    laptop, tutor = await begin(SCREENS)
    monitors(laptop, 2)
    locked = await tutor.status(lambda one: one.lock is not None and one.lock.covered)
    assert locked.lock
    assert (locked.lock.by, told(laptop, LockScreen)[-1].sentence) == (
        "The rules of this lesson",
        "One screen, please.",
    )
    monitors(laptop, 1)
    await until(lambda: laptop.agent.device.locker.facts is None)
    assert told(laptop, UnlockScreen)
    monitors(laptop, 2)
    await until(lambda: is_locked(laptop))
    await tutor.say(EndLesson())
    await until(lambda: laptop.agent.device.locker.facts is None)


async def test_what_a_tutor_unlocks_stays_so_and_a_restart_forgets_no_lock(
    begin: Begin, start: StartLaptop, ground: Ground
) -> None:
    laptop, _tutor = await begin(SCREENS)
    monitors(laptop, 2)
    await until(lambda: is_locked(laptop))
    await laptop.stop()
    laptop = await start(WatchedDesktop(), machine=ground.machine)
    assert told(laptop, LockScreen)[0].sentence == "One screen, please."
    await until(lambda: laptop.agent.device.locker.facts is None)  # the new desktop has one monitor, as at the start
    monitors(laptop, 2)
    await until(lambda: is_locked(laptop))
    await laptop.agent.device.locker.unlock(5)
    await laptop.agent.device.enforcement.settled(5)
    assert laptop.agent.device.locker.facts is None
    monitors(laptop, 1)
    await laptop.agent.device.enforcement.settled(5)
    monitors(laptop, 2)
    await until(lambda: is_locked(laptop))


# ── the hand and the cover ──────────────────────────────────────────────────────────────────────────────────────────


async def test_a_raised_hand_waits_until_somebody_comes_or_the_lesson_ends(
    campus: Campus, begin: Begin, start: StartLaptop, visit: DialTutor, ground: Ground
) -> None:
    laptop, tutor = await begin()
    laptop.desktop.say(HandMoved(raised=True, text="Question 3"))
    raised = (await tutor.status(lambda one: one.hand is not None)).hand
    assert raised
    assert raised.text == "Question 3"
    laptop.agent.device.desktop_down()
    laptop.agent.device.desktop_up()
    await until(lambda: panel(laptop).hand)
    await laptop.stop()
    laptop = await start(WatchedDesktop(), machine=ground.machine)
    assert laptop.agent.device.hand.facts == raised
    lesson = laptop.agent.device.keeper.lessons.held[0]
    tutor = await visit(campus.staff("maths-tutor"), laptop)
    await tutor.enter(terms(id=lesson.lesson))
    assert (await tutor.order(order(LowerHand))).result is Result.OK
    await tutor.status(lambda one: one.hand is None)
    laptop.desktop.say(HandMoved(raised=True))
    laptop.desktop.say(HandMoved(raised=False))
    laptop.desktop.say(HandMoved(raised=True))
    await until(lambda: laptop.agent.device.hand.facts is not None)
    await tutor.say(EndLesson())
    await until(lambda: laptop.agent.device.hand.facts is None)
    laptop.desktop.say(HandMoved(raised=True))
    await laptop.agent.device.enforcement.settled(5)
    assert laptop.agent.device.hand.facts is None, "nobody is there to see it"


async def test_a_covered_screen_is_told_with_its_address(begin: Begin, ground: Ground) -> None:
    laptop, tutor = await begin()
    ground.address = "https://bad.example/page"
    front = FrontFacts(pid=7, program="Chromium", title="Something bad - Chromium")
    laptop.desktop.say(ScreenCovered(covered=True, front=front))
    breach = await tutor.expect(Breach)
    assert (breach.rule, breach.category, breach.detail) == ("covered", "unsuitable-site", "https://bad.example/page")
    await tutor.status(lambda one: one.covered)
    assert "You covered your screen: and asked your tutor to come" in laptop.receipts()
    laptop.desktop.say(ScreenCovered(covered=False))
    laptop.desktop.say(ScreenCovered(covered=True, front=front))
    ground.address = ""
    laptop.desktop.say(ScreenCovered(covered=False))
    laptop.desktop.say(ScreenCovered(covered=True, front=front))
    assert (await tutor.expect(Breach)).detail == "Something bad - Chromium"
    with pytest.raises(TimeoutError):
        await tutor.expect(Breach, within=0.4)


async def test_a_cover_outside_lessons_is_the_students_own(
    campus: Campus, start: StartLaptop, visit: DialTutor
) -> None:
    laptop = await start(WatchedDesktop())
    assert laptop.agent.device.take_policy(campus.under()) is None
    laptop.desktop.say(ScreenCovered(covered=True))
    await until(lambda: "You covered your screen: while no lesson was on" in laptop.receipts())
    tutor = await visit(campus.staff("maths-tutor"), laptop)
    await tutor.enter(terms())
    with pytest.raises(TimeoutError):
        await tutor.expect(Breach, within=0.4)


async def test_unenrolled_it_holds_no_rule_and_gives_back_what_it_changed(
    begin: Begin, ground: Ground, state: StateFolder
) -> None:
    laptop, _ = await begin(SITES)
    await until(ground.web_file.exists)
    state.remove_identity()
    await until(lambda: not ground.web_file.exists(), within=8)
    assert laptop.agent.device.keeper.in_force(time.time()) is None


async def test_a_new_policy_holds_at_once(campus: Campus, begin: Begin, visit: DialTutor, ground: Ground) -> None:
    laptop, _ = await begin()
    carrier = await visit(campus.staff("art-tutor"), laptop)
    await carrier.greet()
    await carrier.say(PolicyOffer(bundle=campus.under(lesson=rule_set(SITES))))
    await carrier.expect(PolicyTaken)
    await until(ground.web_file.exists)
