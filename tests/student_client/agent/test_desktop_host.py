"""The desktop as a real child process: started, lost, started again, left behind with a lock."""

import asyncio
import os
import signal
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from protocol.messages import Message, ScreenState
from student_client.agent import desktop_host, display
from student_client.agent.desktop_host import DesktopHost
from student_client.agent.display import SOCKET_PATH_LIMIT, socket_path, why_no_display
from student_client.local import DesktopReady, LockScreen, Quit, ScreenLocked

from .conftest import until

STAND_IN = Path(__file__).with_name("stand_in.py")
LOCK = LockScreen(id="1" * 32, by="Maths tutor", sentence="", until=9e9)


class Host:
    """A host of the stand-in, and all that it heard."""

    def __init__(self, folder: Path, how: str = "well", **environ: str) -> None:
        self.folder, self.diary = folder, folder / "diary"
        self.heard: list[Message] = []
        self.ups = self.downs = 0
        self.locked = False
        self.environ = os.environ | {"STAND_IN": how, "DIARY": str(self.diary)} | environ
        folder.chmod(0o700)
        self.environ["XDG_RUNTIME_DIR"] = str(folder)
        self.desktop = DesktopHost(folder / "state", self.environ, (sys.executable, str(STAND_IN)))
        self.desktop.listener = self
        self.task = asyncio.create_task(self.desktop.run())

    def desktop_up(self) -> None:
        self.ups += 1
        if self.locked:
            self.desktop.send(LOCK)

    def desktop_said(self, message: Message) -> None:
        self.heard.append(message)

    def desktop_down(self) -> None:
        self.downs += 1

    def hold_lock(self) -> None:
        self.locked = True
        self.desktop.hurry(locked=True)
        self.desktop.send(LOCK)

    def entries(self, word: str) -> list[int]:
        """The process ids of the diary's lines about a word."""
        text = self.diary.read_text() if self.diary.exists() else ""
        return [int(line.split()[0]) for line in text.splitlines() if line.endswith(f" {word}")]

    def count(self, kind: type[Message]) -> int:
        return sum(isinstance(message, kind) for message in self.heard)

    async def stop(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


@pytest.fixture
async def host(tmp_path: Path) -> AsyncIterator[Callable[..., Host]]:
    hosts: list[Host] = []

    def make(how: str = "well", **environ: str) -> Host:
        hosts.append(Host(tmp_path, how, **environ))
        return hosts[-1]

    yield make
    for one in hosts:
        await one.stop()


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"


async def test_it_is_started_spoken_to_and_ended(host: Callable[..., Host]) -> None:
    one = host()
    await until(lambda: one.count(DesktopReady) == 1)
    assert one.desktop.up
    one.desktop.send(LOCK)
    await until(lambda: one.count(ScreenLocked) == 1)
    pid = one.entries("LockScreen")[0]
    await one.stop()
    assert one.entries("Quit") == [pid]
    assert not alive(pid)
    assert not socket_path(one.folder / "state", one.environ).exists()


async def test_killed_while_locked_it_is_locked_again_within_a_second(host: Callable[..., Host]) -> None:
    one = host()
    await until(lambda: one.count(DesktopReady) == 1)
    one.hold_lock()
    await until(lambda: one.count(ScreenLocked) == 1)
    for times in range(1, 4):
        os.kill(one.entries("LockScreen")[-1], signal.SIGKILL)
        killed_at = time.monotonic()
        await until(lambda times=times: one.count(ScreenLocked) == 1 + times)
        assert time.monotonic() - killed_at < 1.0
    assert one.downs >= 3


async def test_an_agent_that_ends_leaves_a_lock_in_its_place(host: Callable[..., Host]) -> None:
    one = host()
    await until(lambda: one.count(DesktopReady) == 1)
    one.hold_lock()
    await until(lambda: one.count(ScreenLocked) == 1)
    await one.stop()
    await until(lambda: bool(one.entries("orphaned")))
    assert not one.entries("Quit")


async def test_one_that_keeps_dying_is_said_with_its_last_words_and_started_less_often(
    host: Callable[..., Host], monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    real = asyncio.timeout

    def timeout(delay: float | None) -> asyncio.Timeout:
        if delay in {1.0, 2.0, 4.0}:
            pauses.append(delay)
            delay = 0.01
        return real(delay)

    monkeypatch.setattr(desktop_host.asyncio, "timeout", timeout)
    one = host("dies")
    await until(lambda: len(pauses) >= 3, within=10)
    assert pauses[:3] == [1.0, 2.0, 4.0]
    assert one.desktop.screen is ScreenState.CAPTURE_FAILED
    assert "ended with code 7" in one.desktop.reason
    assert "no colours today" in one.desktop.reason
    assert not one.desktop.up


async def test_one_that_never_gets_ready_is_ended(host: Callable[..., Host], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desktop_host, "READY_WITHIN", 0.5)
    one = host("never connects")
    await until(lambda: "did not get ready" in one.desktop.reason)


async def test_nonsense_ends_the_connection_and_the_process(host: Callable[..., Host]) -> None:
    one = host("talks nonsense")
    await until(lambda: one.downs >= 1)
    assert "ended with code 0" in one.desktop.reason
    await until(lambda: one.ups >= 2)


async def test_stopping_while_one_is_being_ended_leaves_none(
    host: Callable[..., Host], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desktop_host, "QUIT_WITHIN", 0.5)
    one = host("will not go")
    sent: list[Message] = []
    monkeypatch.setattr(one.desktop, "send", sent.append)
    await until(lambda: Quit() in sent)
    await one.stop()
    with pytest.raises(ProcessLookupError):
        os.kill(one.entries("stays")[0], 0)


async def test_a_second_connection_is_refused(host: Callable[..., Host]) -> None:
    one = host()
    await until(lambda: one.count(DesktopReady) == 1)
    reader, writer = await asyncio.open_unix_connection(socket_path(one.folder / "state", one.environ))
    assert await asyncio.wait_for(reader.read(), 5) == b""
    writer.close()
    assert one.ups == 1


async def test_another_users_process_is_refused(host: Callable[..., Host], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desktop_host, "peer_uid", lambda _socket: os.getuid() + 1)
    monkeypatch.setattr(desktop_host, "READY_WITHIN", 1.0)
    one = host()
    await until(lambda: one.downs >= 1)
    assert one.ups == 0
    assert one.heard == []


async def test_a_display_that_comes_later_is_found(
    host: Callable[..., Host], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(desktop_host, "DISPLAY_POLL", 0.05)
    monkeypatch.setattr(display, "X11_SOCKETS", str(tmp_path))
    one = host(DISPLAY=":7")
    await until(lambda: one.desktop.screen is ScreenState.NO_DISPLAY)
    assert one.desktop.reason == "The display :7 does not answer yet."
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        server.bind(str(tmp_path / "X7"))
        server.listen()
        await until(lambda: one.count(DesktopReady) == 1)


def test_no_display_is_a_sentence(xvfb: str) -> None:
    assert why_no_display({"DISPLAY": xvfb}) == ""
    assert why_no_display({"DISPLAY": f"{xvfb}.0"}) == ""
    assert "DISPLAY is not set" in why_no_display({})
    assert "does not answer" in why_no_display({"DISPLAY": ":4077"})
    assert "wayland-7" in why_no_display({"WAYLAND_DISPLAY": "wayland-7", "XDG_RUNTIME_DIR": "/nonexistent"})


@pytest.fixture
def short() -> Iterator[Path]:
    """A folder whose own path leaves room for a socket's, wherever the tests' folders lie."""
    with tempfile.TemporaryDirectory(prefix="ll-") as folder:
        yield Path(folder)


def test_the_socket_lies_where_only_its_user_looks(short: Path) -> None:
    runtime, state = short / "run", short / "state"
    for folder in (runtime, state):
        folder.mkdir(mode=0o700)
    path = socket_path(state, {"XDG_RUNTIME_DIR": str(runtime)})
    assert path == socket_path(state, {"XDG_RUNTIME_DIR": str(runtime)})
    assert path.parent.parent == runtime
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert socket_path(state, {}).parent == state
    runtime.chmod(0o755)
    assert socket_path(state, {"XDG_RUNTIME_DIR": str(runtime)}).parent == state


def test_a_path_too_long_for_a_socket_goes_elsewhere(short: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(short))
    deep = short / ("x" * 120)
    deep.mkdir(mode=0o700)
    path = socket_path(deep, {})
    assert len(os.fsencode(path)) <= SOCKET_PATH_LIMIT
    assert path.parent.parent == short
    path.parent.chmod(0o755)
    with pytest.raises(OSError, match="only this user"):
        socket_path(deep, {})
