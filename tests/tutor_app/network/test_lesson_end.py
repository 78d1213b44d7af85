"""A whole lesson over real links: whatever was locked, by whichever way, nobody is locked once it is over."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from time import time
from uuid import uuid4

import pytest
from PySide6.QtWidgets import QApplication

from protocol.link import Link
from protocol.messages import EndLesson, Lock, LockFacts, Message, Outcome, Result, Unlock
from tests.tutor_app.network.conftest import QUICK, Bursar
from tests.tutor_app.network.conftest import lesson as terms
from tests.tutor_app.network.devices import Laptop, breach, status
from tests.tutor_app.ui.synthetic import FakeJournal
from tutor_app.classroom.values import Place
from tutor_app.network.network import Network
from tutor_app.ui.lesson_run import LessonRun


class Lockable(Laptop):
    """A laptop that keeps its lock as a real one does: until it is unlocked, or the lease is over."""

    lock: LockFacts | None = None

    @property
    def is_locked(self) -> bool:
        return self.lock is not None and self.lock.until > time()

    async def answer(self, link: Link, message: Message) -> None:
        if isinstance(message, Lock):
            self.lock = LockFacts(id=message.id, by="Maths tutor", until=time() + message.lease, covered=True)
        elif isinstance(message, Unlock):
            self.lock = None
        else:
            await super().answer(link, message)
            return
        await link.send(Outcome(id=message.id, result=Result.OK))
        await link.send(status(lock=self.lock))


@dataclass
class Lesson:
    """A lesson under way, with the window's run of it on a real network."""

    run: LessonRun
    network: Network
    laptops: list[Lockable]
    journal: FakeJournal = field(default_factory=FakeJournal)

    async def until(self, done: Callable[[], object], within: float = 10.0) -> None:
        async with asyncio.timeout(within):
            while not done():
                self.run.take(self.network.events())
                await asyncio.sleep(0.01)

    @property
    def locked(self) -> list[bool]:
        return [one.is_locked for one in self.laptops]


@pytest.fixture
async def held(qapp: QApplication, college: Bursar, tutor):
    """Three laptops in a lesson of eight seconds, all let in."""
    laptops = [Lockable(college.device()) for _ in range(3)]
    for one in laptops:
        one.policy_version = college.bundle.bundle.version
        await one.start()
    dial = [one.address for one in laptops]
    network = Network(tutor, college.bundle, mdns=False, dial=dial, limits=QUICK)
    network.start()
    places = [Place(device=one.name, name=one.name, group="10B") for one in laptops]
    journal = FakeJournal()
    lesson = terms(id=uuid4().hex, ends_at=time() + 8)
    run = LessonRun(lesson, places, tutor.identity, network, journal)
    made = Lesson(run, network, laptops, journal)
    run.begin()
    await made.until(lambda: all(student.host for student in run.classroom.students.values()))
    yield made
    run.end()
    assert await asyncio.to_thread(network.stop)
    for one in laptops:
        await one.stop()


async def test_the_clock_ends_the_lesson_and_nobody_stays_locked(held: Lesson) -> None:
    held.run.lock([held.laptops[0].name], "Later")
    await held.until(lambda: held.run.classroom.locked)
    held.run.eyes_on_me("Eyes on me", None)
    await held.until(lambda: len(held.run.classroom.locked) == 3)
    assert held.locked == [True, True, True]

    def over() -> bool:
        held.run.tick()
        return held.run.is_over

    await held.until(over)
    await held.until(lambda: not any(held.locked), within=3)
    assert {one.device for one in held.run.classroom.students.values()} == {one.name for one in held.laptops}
    await held.until(lambda: all(isinstance(one.heard[-1], EndLesson) for one in held.laptops))


async def test_the_tutor_ends_it_early_and_the_unlock_goes_out_before_the_end(held: Lesson) -> None:
    held.run.eyes_on_me("", 10)
    await held.until(lambda: len(held.run.classroom.locked) == 3)
    held.run.end("ended by the tutor")
    await held.until(lambda: all(any(isinstance(m, EndLesson) for m in one.heard) for one in held.laptops))
    assert held.locked == [False, False, False]
    for one in held.laptops:
        kinds = [type(message) for message in one.heard]
        assert kinds.index(Unlock) < kinds.index(EndLesson)


async def test_a_laptop_that_comes_back_during_eyes_on_me_is_locked_and_freed_like_the_others(held: Lesson) -> None:
    held.run.eyes_on_me("", 10)
    await held.until(lambda: len(held.run.classroom.locked) == 3)
    lost = held.laptops[1]
    lost.lock = None  # its client was started anew and has forgotten
    await lost.links[0].close()
    await held.until(lambda: lost.is_locked)
    held.run.release()
    await held.until(lambda: not any(held.locked))


async def test_a_laptop_that_is_away_at_the_end_is_free_when_its_lease_is_over(held: Lesson) -> None:
    held.run.eyes_on_me("", None)
    await held.until(lambda: len(held.run.classroom.locked) == 3)
    away = held.laptops[2]
    await away.stop()
    held.run.end()
    assert away.is_locked
    assert away.lock
    assert away.lock.until <= held.run.lesson.ends_at + 1


async def test_a_breach_is_noted_when_the_journal_has_it(held: Lesson) -> None:
    one = held.laptops[0]
    await one.links[0].send(breach())
    await held.until(lambda: held.journal.stored)
    assert not [message for message in one.heard if type(message).__name__ == "Noted"]
    held.journal.stored[0]()
    await held.until(lambda: any(type(message).__name__ == "Noted" for message in one.heard))
