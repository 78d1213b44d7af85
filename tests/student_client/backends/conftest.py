"""Small real X clients that draw, listen and grab, and xdotool, for the tests of the X11 backends."""

import os
import shutil
import struct
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import xcffib
import xcffib.xinput as xi
import xcffib.xproto as xp
import xcffib.xtest

Rectangle = tuple[int, int, int, int]
Colour = tuple[int, int, int]

XORG = Path("/usr/lib/xorg/Xorg")
XORG_CONF = """
Section "ServerFlags"
    Option "AutoAddDevices" "false"
EndSection
Section "Device"
    Identifier "card"
    Driver "dummy"
    VideoRam 65536
EndSection
Section "Monitor"
    Identifier "monitor"
    HorizSync 5-1000
    VertRefresh 5-200
EndSection
Section "Screen"
    Identifier "screen"
    Device "card"
    Monitor "monitor"
    DefaultDepth 24
    SubSection "Display"
        Depth 24
        Virtual 2560 1024
    EndSubSection
EndSection
"""


class Client:
    """An X client of a test's; everything it asks has happened when the method returns."""

    def __init__(self, display: str) -> None:
        self.display = display
        self.connection = xcffib.Connection(display)
        self.core = self.connection.core
        self.screen = self.connection.setup.roots[0]

    def sync(self) -> None:
        self.core.GetInputFocus().reply()

    def fill(self, rectangle: Rectangle, colour: Colour) -> None:
        """Draw on the root window."""
        red, green, blue = colour
        context = self.connection.generate_id()
        self.core.CreateGC(context, self.screen.root, xp.GC.Foreground, [red << 16 | green << 8 | blue])
        self.core.PolyFillRectangle(self.screen.root, context, 1, [xp.RECTANGLE.synthetic(*rectangle)])
        self.core.FreeGC(context)
        self.sync()

    def window(self, rectangle: Rectangle = (100, 100, 400, 300), managed: bool = False) -> int:
        """Map a window that listens for keys and clicks."""
        window = self.connection.generate_id()
        events = xp.EventMask.KeyPress | xp.EventMask.KeyRelease | xp.EventMask.ButtonPress | xp.EventMask.ButtonRelease
        self.core.CreateWindow(
            xp.WindowClass.CopyFromParent, window, self.screen.root, *rectangle, 0, xp.WindowClass.InputOutput,
            self.screen.root_visual, xp.CW.BackPixel | xp.CW.OverrideRedirect | xp.CW.EventMask,
            [0x336699, int(not managed), events],
        )  # fmt: skip
        self.core.MapWindow(window, is_checked=True).check()
        return window

    def describe(self, window: int, class_name: str, title: str) -> None:
        """Give a window its WM_CLASS and _NET_WM_NAME."""
        utf8, name = (self.atom(each) for each in ("UTF8_STRING", "_NET_WM_NAME"))
        text, value = title.encode(), f"{class_name.lower()}\0{class_name}\0".encode()
        self.core.ChangeProperty(xp.PropMode.Replace, window, name, utf8, 8, len(text), text)
        self.core.ChangeProperty(xp.PropMode.Replace, window, xp.Atom.WM_CLASS, xp.Atom.STRING, 8, len(value), value)
        self.sync()

    def atom(self, name: str) -> int:
        return int(self.core.InternAtom(False, len(name), name).reply().atom)

    def set_focus(self, window: int) -> None:
        self.core.SetInputFocus(xp.InputFocus.PointerRoot, window, xp.Time.CurrentTime, is_checked=True).check()

    def focus(self) -> int:
        return int(self.core.GetInputFocus().reply().focus)

    def raise_window(self, window: int) -> None:
        self.core.ConfigureWindow(window, xp.ConfigWindow.StackMode, [xp.StackMode.Above], is_checked=True).check()

    def stacking(self) -> list[int]:
        """The root's children, topmost last."""
        return list(self.core.QueryTree(self.screen.root).reply().children)

    def received(self) -> list[tuple[str, int]]:
        """Keys and clicks that reached a window of this client since last asked: ("key"|"click", its code)."""
        self.sync()
        found = []
        while (event := self.connection.poll_for_event()) is not None:
            if isinstance(event, xp.KeyPressEvent):
                found.append(("key", event.detail))
            elif isinstance(event, xp.ButtonPressEvent):
                found.append(("click", event.detail))
        return found

    def grab_keyboard(self) -> bool:
        mode = xp.GrabMode.Async
        reply = self.core.GrabKeyboard(False, self.screen.root, xp.Time.CurrentTime, mode, mode).reply()
        return bool(reply.status == xp.GrabStatus.Success)

    def ungrab_keyboard(self) -> None:
        self.core.UngrabKeyboard(xp.Time.CurrentTime)
        self.sync()

    def add_master(self, window: int) -> None:
        """Make a second keyboard and pointer, give it the focus, and make this client's XTEST events its own."""
        xinput = self.connection(xi.key)
        xinput.XIQueryVersion(2, 0).reply()
        change = struct.pack("=HHHBB", xi.HierarchyChangeType.AddMaster, 3, 4, 1, 1) + b"evil"
        xinput.XIChangeHierarchy(1, [change], is_checked=True).check()
        newest: dict[int, int] = {}
        for device in xinput.XIQueryDevice(xi.Device.AllMaster).reply().infos:
            newest[device.type] = device.deviceid
        xinput.XISetClientPointer(window, newest[xi.DeviceType.MasterPointer], is_checked=True).check()
        xinput.XISetFocus(window, 0, newest[xi.DeviceType.MasterKeyboard], is_checked=True).check()

    def press(self, *keycodes: int) -> None:
        """Press keys by XTEST, from this client, and release them from the last to the first; `a` if none is named."""
        xtest = self.connection(xcffib.xtest.key)
        keys = keycodes or (38,)
        for event, keycode in [(2, key) for key in keys] + [(3, key) for key in reversed(keys)]:  # KeyPress, KeyRelease
            xtest.FakeInput(event, keycode, 0, 0, 0, 0, 0)
        self.sync()

    def kill(self, resource: int) -> bool:
        """Try to have the client killed that owns a resource; return whether the server did it."""
        try:
            self.core.KillClient(resource, is_checked=True).check()
        except xcffib.XcffibException:
            return False
        return True

    def close(self) -> None:
        self.connection.disconnect()


@pytest.fixture
def new_client() -> Iterator[Callable[[str], Client]]:
    clients: list[Client] = []

    def start(display: str) -> Client:
        clients.append(Client(display))
        return clients[-1]

    yield start
    for client in clients:
        client.close()


def run(display: str, *command: str) -> str:
    """Run a tool on a display; return what it prints. Fails the test if the tool fails."""
    environ = {**os.environ, "DISPLAY": display}
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=True, timeout=10).stdout


@pytest.fixture
def tool() -> Callable[..., str]:
    return run


def until(condition: Callable[[], bool], seconds: float = 3.0) -> bool:
    """Ask until it is so; False when the time is over."""
    end = time.monotonic() + seconds
    while not (so := condition()) and time.monotonic() < end:
        time.sleep(0.005)
    return so


@pytest.fixture
def poll() -> Callable[..., bool]:
    return until


@pytest.fixture
def xorg(tmp_path: Path) -> Iterator[str]:
    """A real Xorg with the dummy driver and two outputs: 1280x960, and 1024x768 to its right."""
    if not XORG.exists() or not shutil.which("xrandr") or os.geteuid() != 0:
        pytest.skip("needs root, Xorg with the dummy driver, and xrandr")
    (tmp_path / "xorg.conf").write_text(XORG_CONF)
    read, write = os.pipe()
    arguments = ["-config", str(tmp_path / "xorg.conf"), "-logfile", str(tmp_path / "xorg.log"), "-noreset"]
    server = subprocess.Popen(
        [XORG, "-displayfd", str(write), "-nolisten", "tcp", "-novtswitch", "-sharevts", *arguments],
        pass_fds=(write,), stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(write)
    with os.fdopen(read) as pipe:
        display = f":{pipe.readline().strip()}"
    try:
        if display == ":":
            pytest.skip(f"Xorg does not start here: {(tmp_path / 'xorg.log').read_text()[-300:]}")
        run(display, "xrandr", "--output", "DUMMY0", "--mode", "1280x960")
        run(display, "xrandr", "--addmode", "DUMMY1", "1024x768")
        run(display, "xrandr", "--output", "DUMMY1", "--mode", "1024x768", "--right-of", "DUMMY0")
        yield display
    finally:
        server.terminate()
        server.wait(10)
