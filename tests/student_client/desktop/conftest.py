"""A real desktop process on a screen of its own, driven by an agent's end of the socket written here."""

import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import mss
import psutil
import pytest
import xcffib
import xcffib.xproto as xp
from PIL import Image

from protocol.messages import Message, Stream
from student_client.local import (
    TO_AGENT,
    TO_DESKTOP,
    Capture,
    DesktopReady,
    LocalReader,
    LockScreen,
    NextPicture,
    PanelState,
    Picture,
    ReceiptLine,
    ShowMessage,
    Viewer,
    frame_local,
)

M = TypeVar("M", bound=Message)
PATIENCE = 10.0


def wait_until(condition: Callable[[], Any], timeout: float = PATIENCE, what: str = "") -> Any:
    """Return the condition's first true value."""
    end = time.monotonic() + timeout
    while True:
        if value := condition():
            return value
        if time.monotonic() > end:
            raise AssertionError(f"{what or condition} did not become true within {timeout} s")
        time.sleep(0.02)


class Desktop:
    """The process, and the agent's end of its socket."""

    def __init__(self, folder: Path, display: str, *arguments: str, env: dict[str, str] | None = None) -> None:
        self.path = folder / "agent.socket"
        self.path.unlink(missing_ok=True)
        self.display = display
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(str(self.path))
        self._server.listen(1)
        self._server.settimeout(PATIENCE)
        command = [sys.executable, "-m", "student_client.desktop", "--socket", str(self.path), *arguments]
        environment = {**os.environ, "DISPLAY": display, "XDG_CACHE_HOME": str(folder), **(env or {})}
        self.started_at = time.monotonic()
        self.log = folder / f"desktop-{time.monotonic_ns()}.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, env=environment, stderr=log)
        self._socket, _ = self._server.accept()
        self._reader = LocalReader()
        self.received: list[Message] = []
        self.credit = True

    def ready(self) -> "Desktop":
        self.wait(DesktopReady)
        return self

    def send(self, *messages: Message) -> None:
        for message in messages:
            self._socket.sendall(frame_local(TO_DESKTOP.encode(message)))

    def read(self, timeout: float = 0.0) -> list[Message]:
        """Return what arrives within the time; pictures are credited at once while `credit`."""
        if not select.select([self._socket], [], [], timeout)[0]:
            return []
        data = self._socket.recv(1 << 20)
        if not data:
            raise EOFError("the desktop process has closed its socket")
        messages = [TO_AGENT.decode(payload) for payload in self._reader.feed(data)]
        for message in messages:
            if self.credit and isinstance(message, Picture):
                self.send(NextPicture(channel=message.channel))
        self.received += messages
        return messages

    def wait(self, kind: type[M], timeout: float = PATIENCE, where: Callable[[M], bool] = lambda _: True) -> M:
        """Return the first message of that kind from now on (or not yet looked at) and forget all before it."""
        end = time.monotonic() + timeout
        while True:
            for number, message in enumerate(self.received):
                if isinstance(message, kind) and where(message):
                    del self.received[: number + 1]
                    return message
            if (left := end - time.monotonic()) <= 0:
                got = [type(message).__name__ for message in self.received]
                raise AssertionError(f"no {kind.__name__} within {timeout} s, only {got}; log: {self.log.read_text()}")
            self.read(min(left, 0.2))

    def drain(self, seconds: float) -> list[Message]:
        """Return everything that comes within the time."""
        self.received.clear()
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.read(left)
        messages, self.received = self.received, []
        return messages

    def hang_up(self) -> None:
        self._socket.close()

    def stop(self) -> None:
        self._socket.close()
        self._server.close()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    @property
    def usage(self) -> psutil.Process:
        return psutil.Process(self.process.pid)


class Screen:
    """One display as other clients see it."""

    def __init__(self, display: str) -> None:
        self.display = display
        self.connection = xcffib.Connection(display)
        self.core = self.connection.core
        self.root = self.connection.setup.roots[0].root

    def close(self) -> None:
        self.connection.disconnect()

    def run(self, *command: str) -> str:
        """Run a program of the student's, such as xdotool, on that display."""
        environment = {**os.environ, "DISPLAY": self.display}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=20)
        return done.stdout + done.stderr

    until = staticmethod(wait_until)

    def shot(self) -> Image.Image:
        with mss.MSS(display=self.display) as shots:
            grabbed = shots.grab(shots.monitors[0])
        return Image.frombytes("RGB", grabbed.size, bytes(grabbed.bgra), "raw", "BGRX")

    def windows(self) -> list[int]:
        """The mapped children of the root, lowest first."""
        children = self.core.QueryTree(self.root).reply().children
        return [window for window in children if self.mapped(window)]

    def mapped(self, window: int) -> bool:
        try:
            return bool(self.core.GetWindowAttributes(window).reply().map_state == xp.MapState.Viewable)
        except xp.WindowError:
            return False

    def area(self, window: int) -> tuple[int, int, int, int]:
        geometry = self.core.GetGeometry(window).reply()
        return geometry.x, geometry.y, geometry.width, geometry.height

    def pid(self, window: int) -> int:
        atom = self.core.InternAtom(False, 11, "_NET_WM_PID").reply().atom
        reply = self.core.GetProperty(False, window, atom, xp.Atom.CARDINAL, 0, 1).reply()
        return int(reply.value.to_atoms()[0]) if reply.value_len else 0

    def name(self, window: int) -> str:
        reply = self.core.GetProperty(False, window, xp.Atom.WM_NAME, xp.GetPropertyType.Any, 0, 64).reply()
        return reply.value.to_string() if reply.value_len else ""

    def own(self, pid: int, name: str) -> int:
        """The mapped window of that process with that name; 0 if there is none."""
        found = [window for window in self.windows() if self.pid(window) == pid and self.name(window) == name]
        return found[0] if found else 0

    def badge(self, pid: int) -> int:
        return self.own(pid, "Lessonlight indicator")

    def unmap(self, window: int) -> None:
        self.core.UnmapWindow(window, is_checked=True).check()

    def window(self, colour: int, area: tuple[int, int, int, int], override: bool = False, events: int = 0) -> int:
        """Make and map a plain window of one colour."""
        window = self.connection.generate_id()
        values = [colour, int(override), events]
        mask = xp.CW.BackPixel | xp.CW.OverrideRedirect | xp.CW.EventMask
        self.core.CreateWindow(
            xp.WindowClass.CopyFromParent, window, self.root, *area, 0, xp.WindowClass.InputOutput, 0, mask, values
        )  # fmt: skip
        self.core.MapWindow(window, is_checked=True).check()
        return window

    def recolour(self, window: int, colour: int) -> None:
        """Draw on the window: the whole of it in another colour."""
        self.core.ChangeWindowAttributes(window, xp.CW.BackPixel, [colour & 0xFFFFFF])
        self.core.ClearArea(False, window, 0, 0, 0, 0, is_checked=True).check()

    def atom(self, name: str) -> int:
        return int(self.core.InternAtom(False, len(name), name).reply().atom)

    def tell(self, to: int, about: int, kind: str, data: list[int]) -> None:
        """Send a client message, as window managers and pagers do."""
        event = xp.ClientMessageEvent.synthetic(
            32, about, self.atom(kind), xp.ClientMessageData.synthetic((data + [0] * 5)[:5], "IIIII")
        )
        mask = xp.EventMask.SubstructureRedirect | xp.EventMask.SubstructureNotify if to == self.root else 0
        self.core.SendEvent(False, to, mask, event.pack(), is_checked=True).check()

    def fill_screen(self, window: int) -> None:
        """Ask the window manager to make a window full-screen and to raise it."""
        self.tell(self.root, window, "_NET_WM_STATE", [1, self.atom("_NET_WM_STATE_FULLSCREEN"), 0, 2])
        self.tell(self.root, window, "_NET_ACTIVE_WINDOW", [2])

    def ask_to_close(self, window: int) -> None:
        """What a click on a window's cross does."""
        self.tell(window, window, "WM_PROTOCOLS", [self.atom("WM_DELETE_WINDOW")])

    def focus(self) -> int:
        return int(self.core.GetInputFocus().reply().focus)

    def events(self) -> list[Any]:
        self.core.GetInputFocus().reply()  # everything of before has arrived then
        found = []
        while (event := self.connection.poll_for_event()) is not None:
            found.append(event)
        return found


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Desktop]]:
    """A function that starts a desktop process on a display."""
    started: list[Desktop] = []

    def begin(display: str, *arguments: str, env: dict[str, str] | None = None) -> Desktop:
        desktop = Desktop(tmp_path, display, *arguments, env=env)
        started.append(desktop)
        return desktop

    yield begin
    for desktop in started:
        desktop.stop()


@pytest.fixture
def look() -> Iterator[Callable[[str], Screen]]:
    """A function that opens a display for looking at it and for playing another client."""
    opened: list[Screen] = []

    def at(display: str) -> Screen:
        opened.append(Screen(display))
        return opened[-1]

    yield at
    for screen in opened:
        screen.close()


LOCK_ID, MESSAGE_ID = "a" * 32, "b" * 32


class Says:
    """What an agent says, with the fields a test cares about."""

    lock_id, message_id = LOCK_ID, MESSAGE_ID

    def viewer(self, name: str = "Your maths tutor") -> Viewer:
        return Viewer(name=name, lesson="Maths 10B", since=time.time() - 600)

    def capture(self, channel: int = 1, interval_ms: int = 100) -> Capture:
        return Capture(
            channel=channel, stream=Stream.TILE, monitor=0, width=320, height=180, interval_ms=interval_ms
        )  # fmt: skip

    def lock(self, left: float = 521, key: str = LOCK_ID, sentence: str = "Eyes on the board, please.") -> LockScreen:
        return LockScreen(id=key, by="Your maths tutor", sentence=sentence, until=time.time() + left)

    def message(self, text: str = "Save your work now, please.", key: str = MESSAGE_ID) -> ShowMessage:
        return ShowMessage(id=key, by="Your maths tutor", text=text)

    def panel(self, **changes: Any) -> PanelState:
        """In a lesson while nobody views."""
        now = time.time()
        fields: dict[str, Any] = {
            "viewers": (),
            "lesson": "Maths 10B",
            "tutor": "Your maths tutor",
            "ends_at": now + 1800,
            "rules": (
                "Websites: only the ones your tutor allows. Today: desmos.com, bbc.co.uk/bitesize",
                "No USB sticks without a manager’s permission",
                "Phones and watches stay in your bag",
            ),
            "receipts": (
                self.receipt("Your maths tutor", "small picture", 600, None),
                self.receipt("Your maths tutor", "full screen", 500, 380),
                self.receipt("Someone was refused", "out of college hours", 86400, 86400),
            ),
            "what_can_be_seen": "Your screen, in lessons only. Never your camera, microphone or what you type.",
            "help_text": "Talk to your tutor or to any adult you trust. You can report abuse yourself at any time.",
            "report_abuse_url": "https://www.ceop.police.uk/safety-centre/",
            "college": "Key College",
            "device": "LAPTOP-07",
            "problem": "",
        }
        return PanelState(**(fields | changes))

    def receipt(self, name: str, what: str, began: float, ended: float | None) -> ReceiptLine:
        """Began and ended so many seconds ago; None is still going on."""
        now = time.time()
        return ReceiptLine(name=name, what=what, since=now - began, until=0 if ended is None else now - ended)


@pytest.fixture
def says() -> Says:
    """What an agent says."""
    return Says()


@pytest.fixture
def until() -> Callable[..., Any]:
    """Wait for a condition, with a deadline."""
    return wait_until
