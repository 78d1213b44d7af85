"""The link against a real socket whose other end is played here."""

import contextlib
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from protocol.messages import Message
from student_client.desktop.agent_link import BACKLOG_LIMIT, AgentLink
from student_client.local import TO_AGENT, TO_DESKTOP, LocalReader, Picture, ScreenUnlocked, UnlockScreen, frame_local


@pytest.fixture
def agent(qtbot: QtBot) -> Iterator[tuple[AgentLink, socket.socket]]:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    link = AgentLink(ours)
    yield link, theirs
    link.close()
    theirs.close()


def picture(size: int, channel: int = 1) -> Picture:
    return Picture(
        channel=channel, captured_at=1.0, width=1, height=1, screen_width=1, screen_height=1, jpeg=b"\xff" * size
    )  # fmt: skip


def test_messages_come_whole_however_they_are_cut(agent: Any, qtbot: QtBot) -> None:
    link, theirs = agent
    got: list[Message] = []
    link.received.connect(got.append)
    data = frame_local(TO_DESKTOP.encode(UnlockScreen())) * 3
    for byte in data:
        theirs.send(bytes([byte]))
        qtbot.wait(0)
    qtbot.waitUntil(lambda: got == [UnlockScreen()] * 3)


@pytest.mark.parametrize(
    "rubbish",
    [
        b"\xff\xff\xff\xff",
        frame_local(b"not msgpack"),
        frame_local(TO_AGENT.encode(ScreenUnlocked())),  # the desktop's own words
        b"GET / HTTP/1.1\r\n\r\n",
    ],
)
def test_rubbish_ends_the_link(agent: Any, qtbot: QtBot, rubbish: bytes) -> None:
    link, theirs = agent
    with qtbot.waitSignal(link.gone, timeout=2000) as gone:
        theirs.send(rubbish)
    assert "agent" in gone.args[0]
    assert not link.open
    link.send(ScreenUnlocked())  # dropped


def test_an_agent_that_hangs_up_is_gone(agent: Any, qtbot: QtBot) -> None:
    link, theirs = agent
    with qtbot.waitSignal(link.gone, timeout=2000):
        theirs.close()


def test_pictures_wait_for_a_slow_agent(agent: Any, qtbot: QtBot) -> None:
    link, theirs = agent
    sent = 0
    while link.has_room:
        link.send(picture(100_000))
        sent += 1
    assert sent < 20
    reader, got = LocalReader(), []
    theirs.setblocking(False)

    def drained() -> bool:
        with contextlib.suppress(BlockingIOError):
            got.extend(reader.feed(theirs.recv(1 << 20)))
        return link.has_room and len(got) == sent

    with qtbot.waitSignal(link.roomy, timeout=5000):
        qtbot.waitUntil(drained, timeout=5000)


def test_an_agent_that_never_reads_is_given_up(agent: Any, qtbot: QtBot) -> None:
    link, _ = agent
    lost: list[str] = []
    link.gone.connect(lost.append)
    for _ in range(2 + BACKLOG_LIMIT // 1_000_000):
        link.send(picture(1_000_000))
    assert lost == ["The agent has stopped reading."]


def test_pictures_that_have_not_begun_to_leave_can_be_taken_back(agent: Any, qtbot: QtBot) -> None:
    link, theirs = agent
    link.send(picture(900_000, channel=1))  # more than a socket takes at once: it has begun
    link.send(picture(500_000, channel=2))
    link.send(ScreenUnlocked())
    link.send(picture(500_000, channel=3))
    assert link.take_back_pictures() == {2, 3}
    reader, got = LocalReader(), []
    theirs.setblocking(False)

    def arrived() -> bool:
        with contextlib.suppress(BlockingIOError):
            got.extend(TO_AGENT.decode(payload) for payload in reader.feed(theirs.recv(1 << 20)))
        return ScreenUnlocked() in got

    qtbot.waitUntil(arrived, timeout=5000)
    assert [getattr(message, "channel", None) for message in got] == [1, None]
    assert link.has_room
