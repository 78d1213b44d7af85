"""A lesson over real TLS: permits, pictures, commands and their ends."""

import asyncio
import time
from datetime import datetime
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from protocol.enrolment import read_join
from protocol.link import LinkClosed
from protocol.messages import (
    Changeable,
    ChangeRule,
    EndLesson,
    Frame,
    Lock,
    Message,
    Outcome,
    Patch,
    Patches,
    PermitEnded,
    PolicyOffer,
    PolicyTaken,
    Reason,
    Refused,
    Result,
    Right,
    ScreenState,
    Status,
    Stream,
    TextMessage,
    Understood,
    Unlock,
    Unwatch,
    Verb,
)
from protocol.session import CloseCode
from student_client.agent import visit as visit_module
from student_client.agent.device import PER_PERSON, VISITORS
from student_client.agent.fake_desktop import FakeDesktop
from student_client.backends.fake import Script
from student_client.local import (
    Capture,
    DesktopFacts,
    LockScreen,
    MessageUnderstood,
    PanelState,
    Refresh,
    ScreenCovered,
    ScreenPatches,
    ShowMessage,
    StopCapture,
)

from .conftest import Campus, DialTutor, Laptop, StartLaptop, Tutor, WatchedDesktop, terms, until, with_hours


class PatchingDesktop(WatchedDesktop):
    """Cuts each focus picture in four, and after the first sends a quarter at a time."""

    def __init__(self) -> None:
        super().__init__()
        self._whole, self._step = True, 0

    def obey(self, message: Message) -> None:
        self._whole = self._whole or isinstance(message, Refresh)
        super().obey(message)

    def say(self, message: Message) -> None:
        if isinstance(message, ScreenPatches):
            width, height = message.screen_width // 2, message.screen_height // 2
            jpeg = self._screen.encoded(width, height).jpeg
            quarters = [Patch(x=x, y=y, width=width, height=height, jpeg=jpeg) for x in (0, width) for y in (0, height)]
            self._step += 1
            some = quarters if self._whole else quarters[self._step % 4 :][:1]
            message, self._whole = replace(message, whole=self._whole, patches=tuple(some)), False
        super().say(message)


async def closing(tutor: Tutor) -> LinkClosed:
    """Read to the end of the connection; no picture may come any more."""
    try:
        while True:
            assert not isinstance(await asyncio.wait_for(tutor.link.receive(), 5), Frame)
    except LinkClosed as closed:
        return closed


async def next_status(tutor: Tutor, locked: bool) -> Status:
    while True:
        status = await tutor.expect(Status)
        if (status.lock is not None and status.lock.covered) == locked:
            return status


# ── watching ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_tutor_sees_the_screen_and_the_student_reads_who_it_was(
    campus: Campus, laptop: Laptop, visit: DialTutor
) -> None:
    tutor = await visit(campus.staff("maths-tutor"), laptop)
    lesson = terms()
    granted = await tutor.enter(lesson)
    assert granted.lesson == lesson.id
    assert granted.until == lesson.ends_at
    status = tutor.heard[-1]
    assert isinstance(status, Status)
    assert (status.user, status.screen) == ("student", ScreenState.LIVE)
    assert laptop.receipts() == []

    await tutor.watch(width=320, height=200)
    frames = [await tutor.picture() for _ in range(3)]

    assert [frame.sequence for frame in frames] == [1, 2, 3]
    assert (frames[0].width, frames[0].height) == (320, 180)
    assert laptop.receipts() == ["Maths tutor saw a small picture of your screen"]
    await tutor.watch(Stream.FOCUS, 1280, 720)
    await until(lambda: "Maths tutor saw your whole screen" in laptop.receipts())
    full = [await tutor.patches() for _ in range(3)]
    assert [patches.sequence for patches in full] == [1, 2, 3]
    assert (full[0].screen_width, full[0].screen_height) == (1280, 720)
    assert [(patch.width, patch.height) for patch in full[0].patches] == [(1280, 720)]


async def test_the_indicator_comes_before_the_capture(campus: Campus, start: StartLaptop, visit: DialTutor) -> None:
    desktop = WatchedDesktop()
    laptop = await start(desktop)
    tutor = await visit(campus.staff("maths-tutor"), laptop)
    await tutor.enter(terms())
    await tutor.watch()
    await tutor.picture()
    first = next(message for message in desktop.told if isinstance(message, PanelState) and message.viewers)
    capture = next(message for message in desktop.told if isinstance(message, Capture))
    assert desktop.told.index(first) < desktop.told.index(capture)
    assert (first.viewers[0].name, first.lesson, first.tutor) == ("Maths tutor", "Maths 10B", "Maths tutor")
    assert first.rules
    assert "see" in first.what_can_be_seen

    await tutor.say(Unwatch(stream=Stream.TILE))
    await until(lambda: isinstance(desktop.told[-1], PanelState) and not desktop.told[-1].viewers)
    assert "StopCapture" in desktop.kinds()


async def test_a_permit_alone_captures_nothing(campus: Campus, start: StartLaptop, visit: DialTutor) -> None:
    desktop = WatchedDesktop()
    laptop = await start(desktop)
    tutor = await visit(campus.staff("maths-tutor"), laptop)
    await tutor.enter(terms())
    assert "Capture" not in desktop.kinds()
    assert laptop.agent.board.status.permits[0].name == "Maths tutor"
    assert laptop.agent.board.status.viewers == ()


async def test_two_tutors_share_one_capture_and_a_slow_one_delays_nobody(
    campus: Campus, start: StartLaptop, visit: DialTutor
) -> None:
    desktop = WatchedDesktop()
    laptop = await start(desktop)
    slow = await visit(campus.staff("slow-tutor"), laptop)
    quick = await visit(campus.staff("quick-tutor"), laptop)
    for tutor in (slow, quick):
        await tutor.enter(terms())
        await tutor.watch()
    first = await slow.expect(Frame)  # and no credit for it
    frames = [await quick.picture() for _ in range(8)]
    assert laptop.agent.device.screens.channels == 1
    assert desktop.kinds().count("Capture") == 1
    await slow.credit(first)
    second = await slow.expect(Frame)
    assert second.sequence == 2
    assert second.captured_at >= frames[-1].captured_at


async def test_two_tutors_share_one_focus_view_and_each_watch_begins_whole(
    campus: Campus, start: StartLaptop, visit: DialTutor
) -> None:
    desktop = PatchingDesktop()
    laptop = await start(desktop)
    slow = await visit(campus.staff("slow-tutor"), laptop)
    quick = await visit(campus.staff("quick-tutor"), laptop)
    for tutor in (slow, quick):
        await tutor.enter(terms())
        await tutor.watch(Stream.FOCUS)
    first = await slow.expect(Patches)  # and no credit for it
    assert len((await quick.patches()).patches) == 4
    steps = [await quick.patches() for _ in range(8)]
    assert laptop.agent.device.screens.channels == 1
    assert all(len(step.patches) in (1, 4) for step in steps)
    await slow.credit(first)
    second = await slow.patches()
    assert second.sequence == 2
    assert 1 <= len(second.patches) <= 4, "what was painted over meanwhile is left out"
    refreshes = desktop.kinds().count("Refresh")
    await slow.watch(Stream.FOCUS)  # its session checks that the first of a watch covers the screen
    again = await slow.patches()
    assert (again.sequence, again.watch) == (1, 2)
    assert desktop.kinds().count("Refresh") == refreshes + 1


async def test_the_pictures_stop_with_the_permit(campus: Campus, start: StartLaptop, visit: DialTutor) -> None:
    desktop = WatchedDesktop()
    laptop = await start(desktop)
    tutor = await visit(campus.staff("maths-tutor"), laptop)
    granted = await tutor.enter(terms(ends_at=time.time() + 0.8))
    await tutor.watch()
    await tutor.picture()
    ended = await tutor.expect(PermitEnded)
    assert ended.reason is Reason.OVER
    assert 0 <= time.time() - granted.until < 0.5
    assert (await closing(tutor)).code == CloseCode.DONE
    assert isinstance(desktop.told[-1], StopCapture | PanelState)
    assert "StopCapture" in desktop.kinds()
    await until(lambda: laptop.agent.board.status.permits == ())


async def test_ending_the_lesson_ends_the_viewing(campus: Campus, laptop: Laptop, visit: DialTutor) -> None:
    tutor = await visit(campus.staff("maths-tutor"), laptop)
    await tutor.enter(terms())
    await tutor.watch()
    await tutor.picture()
    await tutor.say(EndLesson())
    assert (await closing(tutor)).code == CloseCode.DONE
    assert laptop.agent.device.screens.channels == 0


async def test_a_lost_connection_ends_the_viewing(campus: Campus, laptop: Laptop, visit: DialTutor) -> None:
    tutor = await visit(campus.staff("maths-tutor"), laptop)
    await tutor.enter(terms())
    await tutor.watch()
    await tutor.picture()
    tutor.link._connection.transport.abort()
    await until(lambda: laptop.agent.device.screens.channels == 0)
    await until(lambda: laptop.agent.board.status.viewers == ())


async def test_a_hidden_indicator_stops_the_pictures_until_it_is_back(
    campus: Campus, start: StartLaptop, visit: DialTutor
) -> None:
    laptop = await start(FakeDesktop(Script(rate=50)))
    tutor = await visit(campus.staff("maths-tutor"), laptop)
    await tutor.enter(terms())
    await tutor.watch()
    await tutor.picture()

    def facts(screen: ScreenState) -> DesktopFacts:
        return DesktopFacts(application="", monitors=(), screen=screen, reason="")

    laptop.desktop.say(facts(ScreenState.INDICATOR_HIDDEN))
    while (await tutor.expect(Status)).screen is not ScreenState.INDICATOR_HIDDEN:
        pass
    await tutor.say(Unlock(id=uuid4().hex))
    await tutor.expect(Outcome)  # by now every picture of before has come
    with pytest.raises(TimeoutError):
        await tutor.expect(Frame, within=0.3)
    laptop.desktop.say(facts(ScreenState.LIVE))
    await tutor.expect(Frame)


async def test_what_waits_for_a_tutor_is_dropped_when_the_student_covers_the_screen(
    campus: Campus, start: StartLaptop, visit: DialTutor
) -> None:
    laptop = await start(WatchedDesktop(rate=50))
    assert isinstance(laptop.desktop, WatchedDesktop)
    tutor = await visit(campus.staff("maths-tutor"), laptop)
    await tutor.enter(terms())
    await tutor.watch()
    first = await tutor.expect(Frame)  # no credit is given for it: the next one waits on the laptop
    await until(
        lambda: any(channel.picture and channel.owed for channel in laptop.agent.device.screens._channels.values())
    )
    covered_at = time.time()
    laptop.desktop.say(ScreenCovered(covered=True))
    await tutor.status(lambda one: one.covered)
    await tutor.credit(first)
    assert (await tutor.expect(Frame)).captured_at >= covered_at


# ── permits ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_newer_connection_of_the_same_person_replaces_the_older(
    campus: Campus, laptop: Laptop, visit: DialTutor
) -> None:
    who, lesson = campus.staff("maths-tutor"), terms()
    old = await visit(who, laptop)
    await old.enter(lesson)
    await old.watch()
    await old.picture()
    new = await visit(who, laptop)
    await new.enter(lesson)
    assert (await closing(old)).code == CloseCode.REPLACED
    assert len(laptop.agent.board.status.permits) == 1


async def test_there_is_room_for_sixteen(campus: Campus, laptop: Laptop, visit: DialTutor) -> None:
    for number in range(VISITORS // PER_PERSON):
        who = campus.staff(f"tutor-{number}")
        for _ in range(PER_PERSON):
            await (await visit(who, laptop)).enter(terms())
    late = await visit(campus.staff("maths-tutor"), laptop)
    await late.ask(terms())
    assert (await late.expect(Refused)).reason is Reason.BUSY


async def test_one_person_takes_two_places_at_most_and_the_newest_count(
    campus: Campus, laptop: Laptop, visit: DialTutor
) -> None:
    who, colleague = campus.staff("maths-tutor"), await visit(campus.staff("art-tutor"), laptop)
    await colleague.enter(terms())
    tutors = [await visit(who, laptop) for _ in range(PER_PERSON + 2)]
    for number, tutor in enumerate(tutors):
        await tutor.enter(terms(name=f"Maths {number}"))
    for older in tutors[:-PER_PERSON]:
        assert (await closing(older)).code == CloseCode.REPLACED
    assert len(laptop.agent.board.status.permits) == PER_PERSON + 1
    assert [one.lesson for one in laptop.agent.board.status.permits][1:] == ["Maths 2", "Maths 3"]


def bundle_of(campus: Campus) -> bytes:
    return read_join(campus.device(f"LAPTOP-{uuid4().hex[:6]}")).bundle


async def test_a_newer_policy_is_taken_and_ends_what_it_forbids(
    campus: Campus, laptop: Laptop, visit: DialTutor
) -> None:
    maths = await visit(campus.staff("maths-tutor"), laptop)
    await maths.enter(terms())
    before = laptop.agent.device.gate.policy_version
    physics = campus.staff("physics-tutor")
    campus.college.revoke("maths-tutor")
    carrier = await visit(physics, laptop)
    await carrier.greet()
    await carrier.say(PolicyOffer(bundle=bundle_of(campus)))
    taken = await carrier.expect(PolicyTaken)
    assert taken.policy_version > before
    assert (await maths.expect(PermitEnded)).reason is Reason.REVOKED
    stored = laptop.state.read("policy.bundle")
    assert stored
    assert laptop.agent.device.take_policy(stored) is None


async def test_a_newer_policy_that_closes_earlier_ends_permits_earlier(
    campus: Campus, laptop: Laptop, visit: DialTutor
) -> None:
    tutor = await visit(campus.staff("maths-tutor"), laptop)
    granted = await tutor.enter(terms())
    zone, now = ZoneInfo("Europe/London"), time.time()
    opens, closes = (datetime.fromtimestamp(now + minutes * 60, zone) for minutes in (-60, 10))
    campus.college.publish(with_hours(campus.policy, f'"{opens:%H:%M}-{closes:%H:%M}"'))
    assert laptop.agent.device.take_policy(bundle_of(campus)) is None
    (permit,) = laptop.agent.board.status.permits
    assert now < permit.until <= now + 600 < granted.until
    order = Lock(id=uuid4().hex, lease=600)
    await tutor.say(order)
    assert (await tutor.outcome(order.id)).result is Result.OK
    assert laptop.agent.device.locker.leases.held[0].until == permit.until


async def test_a_newer_policy_that_takes_a_right_away_ends_the_permit(
    campus: Campus, laptop: Laptop, visit: DialTutor
) -> None:
    policy = with_hours(campus.policy, '"00:00-24:00"')
    tutor = await visit(campus.staff("maths-tutor"), laptop)
    await tutor.enter(terms())
    campus.college.publish(policy.replace("longest_minutes = 180", "longest_minutes = 170"))
    assert laptop.agent.device.take_policy(bundle_of(campus)) is None  # the same rights: nothing happens
    assert laptop.agent.board.status.permits
    campus.college.publish(policy.replace('may = ["view", "focus", "lock",', 'may = ["view", "focus",'))
    assert laptop.agent.device.take_policy(bundle_of(campus)) is None
    assert (await tutor.expect(PermitEnded)).reason is Reason.ROLE
    await closing(tutor)
    again = await visit(campus.staff("maths-tutor"), laptop)
    assert Right.LOCK not in (await again.enter(terms())).may


async def test_an_older_or_foreign_policy_is_refused(
    campus: Campus, laptop: Laptop, visit: DialTutor, tmp_path: object
) -> None:
    older = read_join(campus.device("LAPTOP-30")).bundle
    newest = bundle_of(campus)
    assert laptop.agent.device.take_policy(newest) is None
    version = laptop.agent.device.gate.policy_version
    for offered, reason in ((older, Reason.POLICY_OLDER), (newest[:-1] + b"x", Reason.POLICY_INVALID)):
        tutor = await visit(campus.staff("maths-tutor"), laptop)
        await tutor.greet()
        await tutor.say(PolicyOffer(bundle=offered))
        assert (await tutor.expect(Refused)).reason is reason
    assert laptop.agent.device.gate.policy_version == version


async def test_shutting_down_says_so(campus: Campus, laptop: Laptop, visit: DialTutor) -> None:
    tutor = await visit(campus.staff("maths-tutor"), laptop)
    await tutor.enter(terms())
    await tutor.watch()
    stopping = asyncio.create_task(laptop.stop())
    assert (await tutor.expect(PermitEnded)).reason is Reason.SHUTTING_DOWN
    await closing(tutor)
    await stopping
    assert all(receipt.until for receipt in laptop.agent.device.receipts.all.values())


# ── commands ────────────────────────────────────────────────────────────────────────────────────────────────────────


def lock(identifier: str = "", lease: int = 600) -> Lock:
    return Lock(id=identifier or uuid4().hex, lease=lease, sentence="Eyes up, please")


async def test_lock_and_unlock_are_confirmed_when_done(campus: Campus, start: StartLaptop, visit: DialTutor) -> None:
    desktop = WatchedDesktop()
    laptop = await start(desktop)
    tutor = await visit(campus.staff("maths-tutor"), laptop)
    await tutor.enter(terms())
    order = lock()
    await tutor.say(order)
    outcome = await tutor.outcome(order.id)
    assert (outcome.result, outcome.detail) == (Result.OK, "")
    status = await next_status(tutor, locked=True)
    assert status.lock
    assert status.lock.by == "Maths tutor"
    shown = next(message for message in desktop.told if isinstance(message, LockScreen))
    assert (shown.by, shown.sentence) == ("Maths tutor", "Eyes up, please")

    unlock = Unlock(id=uuid4().hex)
    await tutor.say(unlock)
    assert (await tutor.outcome(unlock.id)).result is Result.OK
    await next_status(tutor, locked=False)
    assert laptop.receipts() == ["Maths tutor locked your screen"]
    assert laptop.agent.device.receipts.newest(1)[0].until


async def test_a_lock_ends_by_itself_and_outlives_its_tutor(campus: Campus, laptop: Laptop, visit: DialTutor) -> None:
    tutor = await visit(campus.staff("maths-tutor"), laptop)
    await tutor.enter(terms())
    order = lock(lease=1)
    locked_at = time.time()
    await tutor.say(order)
    await tutor.outcome(order.id)
    tutor.link._connection.transport.abort()
    await until(lambda: not laptop.agent.board.status.permits)
    assert laptop.agent.device.locker.covered
    await until(lambda: not laptop.agent.device.locker.covered)
    assert 0.9 < time.time() - locked_at < 1.8


async def test_a_lock_never_outlives_the_permit(campus: Campus, laptop: Laptop, visit: DialTutor) -> None:
    tutor = await visit(campus.staff("maths-tutor"), laptop)
    granted = await tutor.enter(terms(ends_at=time.time() + 1))
    order = lock(lease=600)
    await tutor.say(order)
    await tutor.outcome(order.id)
    assert laptop.agent.device.locker.leases.next_end() == granted.until
    await until(lambda: not laptop.agent.device.locker.covered)


async def test_another_tutors_lock_cannot_be_renewed(campus: Campus, laptop: Laptop, visit: DialTutor) -> None:
    maths, physics = [await visit(campus.staff(f"{name}-tutor"), laptop) for name in ("maths", "physics")]
    order = lock()
    for tutor in (maths, physics):
        await tutor.enter(terms())
        await tutor.say(order)
        outcome = await tutor.outcome(order.id)
    assert (outcome.result, outcome.detail) == (Result.REFUSED, "This lock was set by Maths tutor.")


async def test_what_is_not_confirmed_has_failed_but_the_lease_holds(
    campus: Campus, start: StartLaptop, visit: DialTutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(visit_module, "DONE_WITHIN", 0.2)
    laptop = await start(WatchedDesktop(LockScreen, ShowMessage))
    tutor = await visit(campus.staff("maths-tutor"), laptop)
    await tutor.enter(terms())
    order, text = lock(), TextMessage(id=uuid4().hex, text="Page 12")
    await tutor.say(order)
    await tutor.say(text)
    failed = await tutor.outcome(order.id)
    assert (failed.result, failed.detail) == (Result.FAILED, "The screen did not say that it is covered.")
    assert (await tutor.outcome(text.id)).result is Result.FAILED
    assert laptop.agent.device.locker.facts
    assert not laptop.agent.device.locker.facts.covered


async def test_a_message_is_shown_and_understood(campus: Campus, start: StartLaptop, visit: DialTutor) -> None:
    desktop = WatchedDesktop()
    laptop = await start(desktop)
    maths, other = [await visit(campus.staff(f"{name}-tutor"), laptop) for name in ("maths", "other")]
    for tutor in (maths, other):
        await tutor.enter(terms())
    text = TextMessage(id=uuid4().hex, text="Page 12, please")
    await maths.say(text)
    assert (await maths.outcome(text.id)).result is Result.OK
    assert ShowMessage(id=text.id, by="Maths tutor", text="Page 12, please") in desktop.told
    desktop.say(MessageUnderstood(id=text.id))
    assert (await maths.expect(Understood)).id == text.id
    assert laptop.receipts() == ["Maths tutor sent you a message"]
    assert not [message for message in other.heard if isinstance(message, Understood)]


# ── the lock and restarts ───────────────────────────────────────────────────────────────────────────────────────────


async def test_a_restarted_agent_covers_the_screen_before_it_listens(
    campus: Campus, start: StartLaptop, visit: DialTutor
) -> None:
    laptop = await start()
    tutor = await visit(campus.staff("maths-tutor"), laptop)
    await tutor.enter(terms())
    order = lock()
    await tutor.say(order)
    await tutor.outcome(order.id)
    await laptop.stop()

    slow = WatchedDesktop(LockScreen)
    again = Laptop(laptop.state, slow)
    try:
        await until(lambda: "LockScreen" in slow.kinds())
        assert slow.kinds()[0] == "LockScreen"
        assert not again.agent.port.done()
        slow.mute = ()
        slow.obey(slow.told[0])
        await again.started()
        assert again.agent.device.locker.covered
    finally:
        await again.stop()


async def test_setting_the_clock_back_and_restarting_lengthens_no_lock(
    campus: Campus, start: StartLaptop, visit: DialTutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    laptop = await start()
    tutor = await visit(campus.staff("maths-tutor"), laptop)
    await tutor.enter(terms())
    order = lock(lease=300)
    await tutor.say(order)
    await tutor.outcome(order.id)
    ends_at = laptop.agent.device.locker.leases.next_end()
    await laptop.stop()
    real = time.time
    monkeypatch.setattr("student_client.agent.clock.DeviceClock.wall", lambda _self: real() - 7200)
    again = Laptop(laptop.state, FakeDesktop())
    try:
        assert again.agent.device.locker.leases.next_end() == ends_at
        assert ends_at
        assert 290 < ends_at - again.agent.clock.now() <= 300
        await until(lambda: "clock" in {problem.about for problem in again.agent.board.status.problems})
    finally:
        await again.stop()


async def test_who_comes_late_takes_everything_that_was_changed_before_at_once(
    campus: Campus, laptop: Laptop, visit: DialTutor
) -> None:
    tutor = await visit(campus.staff("maths-tutor"), laptop)
    await tutor.enter(terms())
    changes = [
        ChangeRule(id=uuid4().hex, verb=Verb.ALLOW, subject=Changeable.APPLICATION, value=f"program-{n}", lease=600)
        for n in range(40)
    ]
    for change in changes:
        await tutor.say(change)
    outcomes = [await tutor.expect(Outcome, within=8) for _ in changes]
    assert [outcome.detail for outcome in outcomes if "Too many" in outcome.detail] == []
    assert len(laptop.agent.device.keeper.lessons.held[0].changes) == len(changes)
