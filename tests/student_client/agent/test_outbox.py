"""The one writer of a link, with a peer that stops reading."""

import asyncio
import time
from typing import Any, cast
from uuid import uuid4

import pytest

from protocol.link import Link, LinkClosed
from protocol.messages import Breach, Message, Outcome, PermitEnded, Reason, Result, ScreenState, Status, Stream
from protocol.session import CloseCode
from student_client.agent import outbox as outbox_module
from student_client.agent.outbox import ANSWERS, Outbox
from student_client.agent.screens import Screens

from .conftest import until


class Pipe:
    """A link of which the test decides when it takes something."""

    def __init__(self) -> None:
        self.session = self
        self.open = asyncio.Event()
        self.open.set()
        self.sent: list[Message] = []
        self.closed: tuple[int, str] | None = None
        self.broken = False

    def may_send(self, _stream: Stream) -> bool:
        return False

    async def send(self, message: Message) -> None:
        await self.open.wait()
        if self.broken:
            raise LinkClosed(1006, "")
        self.sent.append(message)

    async def close(self, code: CloseCode, reason: str) -> None:
        await self.open.wait()
        self.closed = (code, reason)


class Writer:
    def __init__(self) -> None:
        self.pipe = Pipe()
        self.aborted = 0
        self.outbox = Outbox(cast(Link, self.pipe), Screens(lambda _message: None), self.abort)
        self.task = asyncio.create_task(self.outbox.run())

    def abort(self) -> None:
        self.aborted += 1
        self.pipe.broken = True
        self.pipe.open.set()


def outcome() -> Outcome:
    return Outcome(id=uuid4().hex, result=Result.OK)


def status(application: str) -> Status:
    return Status(user="", host="", application=application, monitors=(), screen=ScreenState.LIVE)


async def test_what_was_said_is_sent_in_order_before_the_end() -> None:
    writer = Writer()
    answers = [outcome() for _ in range(3)]
    for answer in answers:
        writer.outbox.say(answer)
    last = PermitEnded(reason=Reason.OVER, detail="")
    writer.outbox.end(CloseCode.DONE, "over", last)
    writer.outbox.end(CloseCode.REPLACED, "too late")
    await asyncio.wait_for(writer.task, 5)
    assert writer.pipe.sent == [*answers, last]
    assert writer.pipe.closed == (CloseCode.DONE, "over")


async def test_a_peer_that_does_not_read_is_cut_off_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox_module, "SENT_WITHIN", 0.1)
    writer = Writer()
    writer.pipe.open.clear()
    writer.outbox.say(outcome())
    await asyncio.wait_for(writer.task, 5)
    assert writer.aborted == 1


async def test_a_peer_that_asks_and_does_not_read_fills_no_memory() -> None:
    writer = Writer()
    writer.pipe.open.clear()
    for _ in range(ANSWERS + 1):
        writer.outbox.say(outcome())
    assert writer.aborted == 1
    await asyncio.wait_for(writer.task, 5)


async def test_of_a_status_that_flickers_only_the_newest_is_sent_and_the_same_never_twice() -> None:
    writer = Writer()
    for number in range(50):
        writer.outbox.status(status(f"window {number}"))
    await until(lambda: bool(writer.pipe.sent))
    for number in range(50, 100):
        writer.outbox.status(status(f"window {number}"))
        await asyncio.sleep(0)
    writer.outbox.status(status("window 99"))
    await until(lambda: len(writer.pipe.sent) == 2)
    assert writer.pipe.sent == [status("window 49"), status("window 99")]
    writer.outbox.end(CloseCode.DONE, "")
    await asyncio.wait_for(writer.task, 5)
    assert len(writer.pipe.sent) == 2


async def test_a_broken_link_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    writer = Writer()
    writer.pipe.broken = True
    writer.outbox.say(outcome())
    await asyncio.wait_for(writer.task, 5)
    assert cast(Any, writer.pipe.closed) is None


async def test_breaches_are_told_in_their_own_time_each_once_and_none_after_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(outbox_module, "BREACH_EVERY", 0.05)
    writer, begun = Writer(), time.monotonic()
    breaches = [
        Breach(id=uuid4().hex, rule="no-games", category="off-task", sentence="No games.", at=1.0) for _ in range(200)
    ]
    writer.outbox.owe(breaches[:3])
    writer.outbox.owe(breaches)
    await until(lambda: len(writer.pipe.sent) >= 5)
    assert time.monotonic() - begun >= 4 * 0.05
    assert writer.pipe.sent == breaches[: len(writer.pipe.sent)]
    answer = outcome()
    writer.outbox.say(answer)
    await until(lambda: answer in writer.pipe.sent)
    writer.outbox.end(CloseCode.DONE, "over")
    await asyncio.wait_for(writer.task, 5)
    assert len(writer.pipe.sent) < 20
    assert writer.aborted == 0
