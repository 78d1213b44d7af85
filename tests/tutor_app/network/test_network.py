"""The whole network thread against honest laptops, over real TLS on free ports."""

import asyncio
import signal
import threading
from dataclasses import replace
from time import monotonic, time

import pytest

from protocol import link
from protocol.link import Link
from protocol.messages import (
    Credit,
    EndLesson,
    Frame,
    Hello,
    Lock,
    Noted,
    PermitEnded,
    PermitRequest,
    PolicyOffer,
    Reason,
    Result,
    Right,
    Stream,
    TextMessage,
    Unlock,
    Unwatch,
    Watch,
)
from protocol.pictures import picture_bytes
from protocol.session import CloseCode
from tests.tutor_app.network.conftest import QUICK, TILE, Bursar, Desk, lesson
from tests.tutor_app.network.devices import Laptop, breach, refuse
from tutor_app.classroom.classroom import Order
from tutor_app.classroom.events import (
    BreachTold,
    CommandAnswered,
    LinkLost,
    LinkUp,
    MessageUnderstood,
    NetworkProblem,
    NotPermitted,
    Permitted,
    StatusTold,
)
from tutor_app.network.candidates import parse_address
from tutor_app.network.conversation import Conversation
from tutor_app.network.limits import Limits
from tutor_app.network.network import THREAD, Network
from tutor_app.network.wishes import WatchAsk

FOCUS = WatchAsk(stream=Stream.FOCUS, monitor=1, width=128, height=72, interval_ms=30)


async def test_a_laptop_is_let_in_and_shows_its_tile(laptop, desk) -> None:
    one = await laptop()
    room: Desk = desk(one)
    assert await room.until(lambda: len(room.seen(one)) >= 3) < 3
    assert [type(event) for event in room.events[:3]] == [LinkUp, Permitted, StatusTold]
    up = room.events[0]
    assert (up.device, up.group, up.address) == (one.name, "10B", one.address)
    assert room.events[1].may == frozenset(Right)
    assert room.network.bytes_in()[one.name] > sum(picture_bytes(picture.shown) for picture in room.pictures)
    assert room.network.bytes_a_second() > 0


async def test_nobody_is_dialled_without_a_lesson(laptop, desk) -> None:
    one = await laptop()
    room = desk(one, begin=False)
    await room.turn_for(0.3)
    assert one.connections == 0
    room.network.begin(lesson())
    await room.until(lambda: room.told(Permitted, one))


async def test_more_laptops_than_may_be_dialled_at_once_all_come_in(laptop, desk) -> None:
    laptops = [await laptop() for _ in range(4)]
    room = desk(*laptops, limits=replace(QUICK, dials_at_once=1, dials_in_a_burst=1, dials_a_second=1000))
    await room.until(lambda: all(room.told(Permitted, one) for one in laptops))


async def test_the_policy_is_offered_to_whom_it_is_new(college, laptop, desk) -> None:
    behind, level = await laptop(policy_version=0), await laptop()
    level.policy_version = college.bundle.bundle.version
    room = desk(behind, level)
    await room.until(lambda: len(room.told(Permitted)) == 2)
    offers = [message for message in behind.heard if isinstance(message, PolicyOffer)]
    assert [offer.bundle for offer in offers] == [college.bundle.raw]
    assert not any(isinstance(message, PolicyOffer) for message in level.heard)


async def test_a_policy_older_than_the_laptops_is_said(laptop, desk) -> None:
    room = desk(await laptop(policy_version=10_000))
    await room.until(lambda: room.told(NetworkProblem))
    assert "college.bundle" in room.told(NetworkProblem)[0].sentence
    room.network.begin(lesson(name="Physics"))  # a new lesson hears of what still holds
    await room.until(lambda: len(room.told(NetworkProblem)) == 2)


async def test_a_refused_laptop_says_why_and_comes_in_when_it_may(laptop, desk) -> None:
    one = await laptop(refusal=refuse())
    room = desk(one)
    await room.until(lambda: len(room.told(NotPermitted, one)) >= 2)
    assert room.told(NotPermitted, one)[0].reason is Reason.OUTSIDE_HOURS
    assert room.told(NotPermitted, one)[0].detail == "College hours on Sunday: closed."
    one.refusal = None
    await room.until(lambda: room.seen(one))


async def test_a_client_that_restarts_is_not_waited_for_as_a_refusal(laptop, desk) -> None:
    async def restart(self: Laptop, its: Link) -> None:
        await self.let_in(its)
        if self.connections == 1:
            await its.send(PermitEnded(reason=Reason.SHUTTING_DOWN, detail="Lessonlight is closing."))
            await its.close()
        await self._stop.wait()

    one = await laptop(behave=restart)
    room = desk(one, limits=Limits(ask_again=60.0))
    assert await room.until(lambda: len(room.told(Permitted, one)) == 2) < 3
    assert room.told(NotPermitted, one)[0].detail == "Lessonlight is closing."


async def test_commands_are_answered(laptop, desk) -> None:
    one = await laptop()
    room = desk(one)
    await room.until(lambda: room.told(Permitted, one))
    lock, text = Lock(id="a" * 32, lease=60, sentence="Look at me"), TextMessage(id="b" * 32, text="Well done")
    room.network.send([Order(device=one.name, command=lock), Order(device=one.name, command=text)])
    await room.until(lambda: len(room.told(CommandAnswered, one)) == 2 and room.told(MessageUnderstood, one))
    assert {(answer.command, answer.result) for answer in room.told(CommandAnswered)} == {
        (lock.id, Result.OK),
        (text.id, Result.OK),
    }
    assert lock in one.heard
    assert text in one.heard


async def test_a_command_that_cannot_be_sent_is_answered_too(laptop, desk) -> None:
    one = await laptop(may=(Right.VIEW,))
    room = desk(one)
    await room.until(lambda: room.told(Permitted, one))
    lock = Lock(id="a" * 32, lease=60)
    room.network.send([Order(device=one.name, command=lock), Order(device="NOBODY", command=lock)])
    await room.until(lambda: len(room.told(CommandAnswered)) == 2)
    answers = {answer.device: answer for answer in room.told(CommandAnswered)}
    assert (answers[one.name].result, answers[one.name].detail) == (Result.REFUSED, "the permit gives no right to lock")
    assert (answers["NOBODY"].result, answers["NOBODY"].detail) == (Result.FAILED, "not connected")
    assert lock not in one.heard


async def test_one_picture_is_in_flight_until_it_is_drained(laptop, desk) -> None:
    one = await laptop()
    room = desk(one)
    room.draining = False
    await room.until(lambda: len(room.network.mailbox))
    await room.turn_for(0.3)
    assert not any(isinstance(message, Credit) for message in one.heard)
    assert len(room.network.mailbox) == 1
    assert room.network.mailbox.replaced == 0
    room.draining = True
    await room.until(lambda: len(room.seen(one)) >= 3)


async def test_a_picture_of_an_earlier_connection_earns_no_credit(laptop, desk) -> None:
    one = await laptop()
    room = desk(one)
    await room.until(lambda: room.seen(one))
    room.draining = False
    await room.until(lambda: len(room.network.mailbox))
    credits_given = sum(isinstance(message, Credit) for message in one.heard)
    room.network._drained([room.seen(one)[0]] * 3)
    await room.turn_for(0.2)
    assert sum(isinstance(message, Credit) for message in one.heard) == credits_given
    room.draining = True
    await room.until(lambda: len(room.seen(one)) >= 5)
    assert one.connections == 1


async def test_a_fault_with_one_laptop_stays_with_it(
    laptop, desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    good, unlucky = await laptop(), await laptop()
    original = Conversation._picture

    def fails(self: Conversation, frame: Frame) -> None:
        if self.device == unlucky.name:
            raise RuntimeError("our own fault")
        original(self, frame)

    monkeypatch.setattr(Conversation, "_picture", fails)
    room = desk(good, unlucky)
    await room.until(lambda: len(room.told(LinkLost, unlucky)) >= 2 and len(room.seen(good)) > 5)
    assert not room.told(LinkLost, good)
    assert "our own fault" in caplog.text
    assert unlucky.connections < 8


async def test_a_class_of_thirty_comes_in_at_the_pace_of_the_limits(laptop, desk) -> None:
    laptops = [await laptop() for _ in range(30)]
    room = desk(*laptops, limits=Limits())
    took = await room.until(lambda: len({one.device for one in room.pictures}) == 30)
    assert took < 8  # the pace alone takes 2.75 s; DESIGN §10 wants 5 s
    assert room.network._inside.fleet.dials == 30


async def test_a_link_that_held_is_dialled_again_at_once(laptop, desk) -> None:
    one = await laptop()
    room = desk(one, limits=Limits(steady=0.1, first_backoff=5.0))
    await room.until(lambda: room.seen(one))
    await room.turn_for(0.2)
    one.links[0]._connection.transport.abort()
    assert await room.until(lambda: len(room.told(Permitted, one)) == 2) < 1


async def test_wishes_follow_the_laptop_through_a_restart(laptop, desk) -> None:
    one = await laptop()
    room = desk(one)
    room.network.watch(one.name, FOCUS)
    await room.until(lambda: room.seen(one) and room.seen(one, Stream.FOCUS))
    await one.stop()
    await room.until(lambda: room.told(LinkLost, one))
    room.pictures.clear()
    one.heard.clear()
    await one.start(one.port)
    took = await room.until(lambda: room.seen(one) and room.seen(one, Stream.FOCUS))
    assert took < 3
    assert len(room.told(LinkUp, one)) == 2
    watches = [message for message in one.heard if isinstance(message, Watch)]
    assert {(w.stream, w.width, w.monitor) for w in watches} == {(Stream.TILE, 64, 0), (Stream.FOCUS, 128, 1)}
    assert [w.watch for w in watches] == [1, 2]


async def test_a_changed_wish_is_sent_once_with_a_higher_number(laptop, desk) -> None:
    one = await laptop()
    room = desk(one)
    await room.until(lambda: len(room.seen(one)) >= 3)
    larger = WatchAsk(stream=Stream.TILE, width=96, height=54, interval_ms=30)
    for _ in range(20):
        room.network.watch(one.name, larger)
    await room.until(lambda: room.seen(one)[-1].shown.width == 96)
    watches = [message for message in one.heard if isinstance(message, Watch)]
    assert [(w.watch, w.width) for w in watches] == [(1, 64), (2, 96)]


async def test_what_is_no_longer_wished_stops(laptop, desk) -> None:
    one = await laptop()
    room = desk(one)
    room.network.watch(one.name, FOCUS)
    await room.until(lambda: room.seen(one, Stream.FOCUS))
    room.network.unwatch(one.name, Stream.FOCUS)
    await room.until(lambda: Unwatch(stream=Stream.FOCUS) in one.heard)
    room.pictures.clear()
    await room.until(lambda: len(room.seen(one)) >= 5)
    assert not room.seen(one, Stream.FOCUS)


async def test_a_laptop_that_may_not_be_viewed_is_not_asked_to(laptop, desk) -> None:
    one = await laptop(may=(Right.MESSAGE,))
    room = desk(one)
    text = TextMessage(id="b" * 32, text="Hello")
    await room.until(lambda: room.told(StatusTold, one))
    room.network.send([Order(device=one.name, command=text)])
    await room.until(lambda: room.told(MessageUnderstood, one))
    assert not any(isinstance(message, Watch) for message in one.heard)


async def test_ending_the_lesson_tells_everybody_and_closes(laptop, desk) -> None:
    one, other = await laptop(), await laptop()
    room = desk(one, other)
    await room.until(lambda: len(room.told(Permitted)) == 2)
    room.network.end("The lesson is over")
    await room.until(lambda: len(room.told(LinkLost)) == 2, within=1)
    assert {event.why for event in room.told(LinkLost)} == {"The lesson has ended"}
    for each in (one, other):
        await room.until(lambda each=each: each.closed, within=1)
        assert each.heard[-1] == EndLesson()
        assert [closed.code for closed in each.closed] == [CloseCode.DONE]
    await room.turn_for(0.3)
    assert one.connections == 1
    room.network.begin(lesson())
    await room.until(lambda: len(room.told(Permitted)) == 4)


async def test_what_was_ordered_last_is_answered_before_the_link_closes(laptop, desk) -> None:
    async def slow(self: Laptop, its: Link) -> None:
        await self.let_in(its)
        while True:
            message = await self.hear(its)
            if isinstance(message, Unlock):
                await asyncio.sleep(0.3)
                await self.answer(its, message)

    one = await laptop(behave=slow)
    room = desk(one)
    await room.until(lambda: room.told(Permitted))
    room.network.send([Order(device=one.name, command=Unlock(id="c" * 32))])
    room.network.end("The lesson is over")
    await room.until(lambda: room.told(LinkLost), within=2)
    assert [event.result for event in room.told(CommandAnswered)] == [Result.OK]
    await room.until(lambda: one.heard[-1] == EndLesson())


async def test_an_answer_that_never_comes_holds_the_end_up_for_two_seconds(laptop, desk) -> None:
    async def mute(self: Laptop, its: Link) -> None:
        await self.let_in(its)
        while True:
            await self.hear(its)

    one = await laptop(behave=mute)
    room = desk(one)
    await room.until(lambda: room.told(Permitted))
    room.network.send([Order(device=one.name, command=Unlock(id="c" * 32))])
    room.network.end("The lesson is over")
    began = monotonic()
    await room.until(lambda: room.told(LinkLost), within=4)
    assert 1.5 < monotonic() - began < 3
    await room.until(lambda: one.heard[-1] == EndLesson())


async def test_a_lesson_that_begins_ends_the_one_before(laptop, desk) -> None:
    one = await laptop()
    room = desk(one)
    await room.until(lambda: room.told(Permitted, one))
    second = lesson(name="Physics")
    room.network.begin(second)
    await room.until(lambda: len(room.told(Permitted, one)) == 2)
    asked = [message.lesson.name for message in one.heard if isinstance(message, PermitRequest)]
    assert asked == ["Maths", "Physics"]
    assert EndLesson() in one.heard


async def test_a_newer_college_file_counts_from_the_next_lesson(tmp_path, laptop, desk) -> None:
    college = Bursar(tmp_path / "college")
    one, other = await laptop(college.device()), await laptop(college.device())
    credentials = college.staff()
    one.policy_version = other.policy_version = college.bundle.bundle.version
    room = desk(one, other, credentials=credentials, bundle=college.bundle)
    await room.until(lambda: len(room.told(Permitted)) == 2)
    college.college.revoke(other.name)
    room.network.use(college.bundle)
    room.network.begin(lesson())
    await room.until(lambda: room.told(NotPermitted, other) and len(room.told(Permitted, one)) == 2)
    assert room.told(NotPermitted, other)[0].reason is Reason.REVOKED
    offered = [message.bundle for message in one.heard if isinstance(message, PolicyOffer)]
    assert offered == [college.bundle.raw]


async def test_other_groups_are_left_alone(college, laptop, desk) -> None:
    other = await laptop(college.device(group="11C"))
    room = desk(other)
    await room.until(lambda: other.connections)
    await room.turn_for(0.6)
    assert (other.connections, other.heard, room.events) == (1, [], [])
    room.network.begin(lesson(group="11c"))
    await room.until(lambda: room.told(Permitted, other))


async def test_a_revoked_laptop_is_told_and_left_alone(college, laptop, desk) -> None:
    credentials = college.device()
    college.college.revoke(credentials.identity.id)
    one = await laptop(credentials)
    room = desk(one)
    await room.until(lambda: room.told(NotPermitted, one))
    assert room.told(NotPermitted, one)[0].reason is Reason.REVOKED
    assert not any(isinstance(message, Hello) for message in one.heard)
    assert not room.told(LinkUp, one)


async def test_laptops_that_turn_the_tutor_away_are_a_problem_until_one_does_not(laptop, desk) -> None:
    one = await laptop(turns_away=True)
    room = desk(one)
    await room.until(lambda: room.told(NetworkProblem))
    assert "It may have been revoked" in room.events[0].sentence
    one.turns_away = False
    await room.until(lambda: room.told(Permitted, one))
    assert [problem.sentence for problem in room.told(NetworkProblem)][1:] == [""]


async def test_a_laptop_whose_identity_ran_out_is_said(tmp_path, laptop, desk) -> None:
    long_ago = time() - 100 * 86400
    college = Bursar(tmp_path / "college", now=long_ago)
    old = await laptop(college.device(now=long_ago))
    room = desk(old, credentials=college.staff(), bundle=college.bundle)
    await room.until(lambda: room.told(NetworkProblem))
    assert "has an identity that is out of date" in room.events[0].sentence
    assert old.connections == 0


async def test_stopping_closes_every_link_at_once(laptop, desk) -> None:
    laptops = [await laptop() for _ in range(5)]
    room = desk(*laptops)
    await room.until(lambda: len(room.told(Permitted)) == 5)
    began = monotonic()
    stopped = asyncio.create_task(asyncio.to_thread(room.network.stop))
    await room.until(lambda: not any(one.links for one in laptops), within=1)
    assert await stopped
    assert monotonic() - began < 1
    assert [one.heard[-1] for one in laptops] == [EndLesson()] * 5
    assert THREAD not in [thread.name for thread in threading.enumerate()]


async def test_stopping_does_not_wait_for_a_laptop_that_hangs(laptop, desk) -> None:
    async def hang(self: Laptop, its: Link) -> None:
        await self.let_in(its)
        its._connection.transport.pause_reading()
        await self._stop.wait()

    one = await laptop(behave=hang)
    room = desk(one)
    await room.until(lambda: room.told(Permitted, one))
    began = monotonic()
    assert await asyncio.to_thread(room.network.stop)
    assert monotonic() - began < 4


async def test_a_network_that_has_stopped_can_still_be_spoken_to(desk, tutor, college) -> None:
    room = desk()
    assert await asyncio.to_thread(room.network.stop)
    room.network.begin(lesson())
    room.network.watch("X", TILE)
    room.network.send([])
    assert room.network.events() == []
    never_started = Network(tutor, college.bundle, mdns=False)
    never_started.watch_all(TILE)
    assert never_started.stop()


async def test_the_window_is_woken_once_until_it_looks(college, tutor, laptop) -> None:
    one = await laptop()
    bells: list[str] = []
    network = Network(
        tutor, college.bundle, mdns=False, dial=[one.address],
        on_wake=lambda: bells.append(threading.current_thread().name),
    )  # fmt: skip
    network.start()
    network.watch_all(TILE)
    network.begin(lesson())
    room = Desk(network)
    try:
        for _ in range(500):
            if len(network.mailbox):
                break
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        assert bells == [THREAD, THREAD]  # one for events, one for pictures
        await room.until(lambda: len(room.seen(one)) >= 3)
        assert len(bells) > 2
    finally:
        assert await asyncio.to_thread(network.stop)


async def test_a_fault_in_the_thread_is_said(
    college, tutor, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("tutor_app.network.fleet.Fleet._dial_due", lambda *_: 1 / 0)
    network = Network(tutor, college.bundle, mdns=False)
    network.start()
    network.begin(lesson())
    room = Desk(network)
    await room.until(lambda: room.told(NetworkProblem))
    assert "open it again" in room.events[0].sentence
    assert network.stop()
    assert "ZeroDivisionError" in caplog.text


async def test_a_frozen_laptop_is_noticed(process, desk, monkeypatch: pytest.MonkeyPatch) -> None:
    assert link.PING_EVERY + link.PING_WITHIN + 1.0 < 10  # tests/netns waits for these; here they are shortened
    monkeypatch.setattr(link, "PING_EVERY", 0.3)
    monkeypatch.setattr(link, "PING_WITHIN", 0.5)
    port, _, frozen = await process()
    room = desk(f"127.0.0.1:{port}")
    await room.until(lambda: room.told(StatusTold))
    frozen.send_signal(signal.SIGSTOP)
    assert await room.until(lambda: room.told(LinkLost)) < 4
    assert room.told(LinkLost)[0].why == "The laptop stopped answering"
    frozen.send_signal(signal.SIGCONT)
    room.pictures.clear()
    await room.until(lambda: room.pictures)


async def test_an_address_that_is_none_is_refused_before_anything_starts(college, tutor) -> None:
    with pytest.raises(ValueError, match="HOST:PORT"):
        Network(tutor, college.bundle, dial=["10.0.0.7:none"])
    assert parse_address("10.0.0.7").port == 47800


async def test_a_breach_is_told_once_a_link_and_noted_when_the_window_says_so(laptop, desk) -> None:
    async def tells_twice(one: Laptop, link: Link) -> None:
        await one.let_in(link)
        for _ in range(2):
            await link.send(breach(1))
        await link.send(breach(2))
        while True:
            await one.hear(link)

    one = await laptop(behave=tells_twice)
    room = desk(one)
    await room.until(lambda: len(room.told(BreachTold, one)) == 2)
    assert [event.breach.id for event in room.told(BreachTold, one)] == [breach(1).id, breach(2).id]
    assert not [message for message in one.heard if isinstance(message, Noted)]
    room.network.noted(one.name, [breach(1).id])
    room.network.noted(one.name, [breach(2).id])
    await room.until(lambda: [message for message in one.heard if isinstance(message, Noted)])
    await room.turn_for(0.1)
    said = [ident for message in one.heard if isinstance(message, Noted) for ident in message.breaches]
    assert said == [breach(1).id, breach(2).id]


async def test_noting_hundreds_stays_within_the_messages_a_second(laptop, desk) -> None:
    one = await laptop()
    room = desk(one)
    await room.until(lambda: room.told(Permitted, one))
    for number in range(500):
        room.network.noted(one.name, [breach(number).id])
    await room.until(lambda: sum(len(m.breaches) for m in one.heard if isinstance(m, Noted)) == 500)
    assert not room.told(LinkLost, one)
