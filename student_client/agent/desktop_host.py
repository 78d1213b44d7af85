"""Starts the desktop process, and starts it again whenever it ends: at once while a lock is held."""

import asyncio
import contextlib
import logging
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from protocol.messages import Message, ScreenState
from protocol.text import plain
from student_client.agent.desktop import Desktop
from student_client.agent.desktop_link import DesktopLink
from student_client.agent.display import peer_uid, socket_path, why_no_display
from student_client.local import DesktopReady, Quit

log = logging.getLogger(__name__)

PROGRAM: Final = (sys.executable, "-P", "-m", "student_client.desktop")
DISPLAY_POLL: Final = 2.0  # seconds
READY_WITHIN: Final = 20.0  # seconds; Qt on a cold, slow disk
SHORT_LIFE: Final = 5.0  # a process that dies younger counts towards the back-off
LONGEST_PAUSE: Final = 30.0
PAUSE_LOCKED: Final = 0.2  # SECURITY rule 13: a killed locker is back within a second
QUIT_WITHIN: Final = 2.0
START_POLL: Final = 0.05
END_POLL: Final = 0.01
LINE_LIMIT: Final = 200
STDERR_LIMIT: Final = 16 * 1024


class DesktopHost(Desktop):
    """The desktop as a child process of this one, on this session's display."""

    def __init__(self, state: Path, environ: Mapping[str, str], program: Sequence[str] = PROGRAM) -> None:
        super().__init__()
        self._state, self._environ, self._program = state, environ, tuple(program)
        self._link: DesktopLink | None = None
        self._awaited = asyncio.Event()
        self._ready = asyncio.Event()
        self._hurry = asyncio.Event()
        self._short_lives = 0
        self._last_words = ""

    @property
    def up(self) -> bool:
        """Whether a desktop process is connected."""
        return self._link is not None

    def send(self, message: Message) -> None:
        """Send to the process there is."""
        if self._link:
            self._link.send(message)

    def hurry(self, locked: bool) -> None:
        """Wait no longer than a moment between two processes while a lock is held."""
        if locked:
            self._hurry.set()
        else:
            self._hurry.clear()

    async def run(self) -> None:
        """Listen, and keep a process there until cancelled."""
        path = socket_path(self._state, self._environ)
        path.unlink(missing_ok=True)
        server = await asyncio.get_running_loop().create_unix_server(
            lambda: DesktopLink(self._arrived, self._said), path=path
        )
        try:
            while True:
                why_not = why_no_display(self._environ)
                if why_not:
                    self._short_lives = 0
                    self._down(ScreenState.NO_DISPLAY, why_not)
                    await asyncio.sleep(DISPLAY_POLL)
                else:
                    await self._one_life(path)
                    await self._pause()
        finally:
            server.close()
            path.unlink(missing_ok=True)

    async def _one_life(self, path: Path) -> None:
        started_at = time.monotonic()
        process = self._start(path)
        log.info("started the desktop process %d", process.pid)
        listening = asyncio.create_task(self._listen(process), name="desktop's stderr")
        try:
            await self._until_it_ends(process)
            await self._end(process)
        except asyncio.CancelledError:
            # A lock outlives its agent: the process keeps the cover until the lease ends or a new one takes over.
            await self._end(process, leave=self._hurry.is_set())
            raise
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
        self._short_lives = 0 if time.monotonic() - started_at >= SHORT_LIFE else self._short_lives + 1
        self._down(ScreenState.CAPTURE_FAILED, self._why_it_ended(process.returncode))

    def _start(self, path: Path) -> subprocess.Popen[bytes]:
        argv = [*self._program, "--socket", str(path)]
        self._ready.clear()
        process = subprocess.Popen(
            argv, env=dict(self._environ), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        self._awaited.set()
        return process

    async def _until_it_ends(self, process: subprocess.Popen[bytes]) -> None:
        """Return when the process has closed its socket (its end does that, too), or was never ready."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(READY_WITHIN):
                while process.poll() is None and not self._ready.is_set():  # noqa: ASYNC110 - of a start nobody tells
                    await asyncio.sleep(START_POLL)
        if self._link and self._ready.is_set():
            await self._link.gone.wait()
        elif process.poll() is None:
            self._last_words = self._last_words or "it did not get ready"

    async def _listen(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stderr
        reader = asyncio.StreamReader(limit=STDERR_LIMIT)
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), process.stderr
        )
        try:
            while line := await reader.readline():
                words = plain(line.decode(errors="replace").strip(), LINE_LIMIT)
                if words:
                    self._last_words = words
                    log.info("desktop: %s", words)
        except ValueError:
            return  # a line over the limit: nothing we need, and closing the pipe ends it
        finally:
            transport.close()

    async def _end(self, process: subprocess.Popen[bytes], leave: bool = False) -> None:
        """Leave neither the process nor its connection behind."""
        self._awaited.clear()
        if leave:
            process.returncode = 0  # nobody here waits for it any more
        else:
            self.send(Quit())
            if not self._link:
                process.terminate()
            if not await self._ended(process, QUIT_WITHIN):
                process.kill()
                await self._ended(process, QUIT_WITHIN)
        if self._link:
            self._link.close()
            self._link = None

    async def _ended(self, process: subprocess.Popen[bytes], within: float) -> bool:
        deadline = time.monotonic() + within
        while process.poll() is None:
            if time.monotonic() >= deadline:
                return False
            await asyncio.sleep(END_POLL)
        return True

    async def _pause(self) -> None:
        if self._short_lives <= 1:
            return  # the first time at once
        pause = min(LONGEST_PAUSE, 2.0 ** (self._short_lives - 2))
        try:
            async with asyncio.timeout(pause):
                await self._hurry.wait()
        except TimeoutError:
            return
        await asyncio.sleep(PAUSE_LOCKED)

    def _arrived(self, link: DesktopLink) -> bool:
        """Take the one connection of the process just started, if it is this user's."""
        assert link.transport
        ours = peer_uid(link.transport.get_extra_info("socket")) == os.getuid()
        if not ours or not self._awaited.is_set():
            log.warning("a connection to the desktop's socket was refused")
            return False
        self._awaited.clear()
        self._link = link
        self.screen, self.reason = ScreenState.STARTING, "The student's screen is being prepared."
        self.listener.desktop_up()
        return True

    def _said(self, message: Message) -> None:
        if isinstance(message, DesktopReady):
            self._last_words = ""
            self._ready.set()
        self.listener.desktop_said(message)

    def _down(self, screen: ScreenState, reason: str) -> None:
        if (screen, reason) != (self.screen, self.reason):
            log.warning("%s", reason)
        self.screen, self.reason = screen, reason
        self.listener.desktop_down()

    def _why_it_ended(self, code: int | None) -> str:
        how = f"ended by signal {-code}" if code is not None and code < 0 else f"ended with code {code}"
        words = f' Its last words: "{self._last_words}".' if self._last_words else ""
        return f"The Lessonlight window process {how} and is started again.{words}"
