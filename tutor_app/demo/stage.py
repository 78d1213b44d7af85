"""The demo's student side: virtual screens, what students do on them, and the real client on each."""

import os
import shutil
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tutor_app.demo.processes import Child, Children, DemoError, start_xvfb

ACTIVITIES: Final = ("essay", "browsing", "video", "idle")  # tutor_app.demo.desktops draws them
SCREEN: Final = (1920, 1080)
ENROL_WITHIN: Final = 30.0
LOOPBACK: Final = "127.0.0.1"

# Of this session: a student's client would put its icon into this user's tray, or its windows on this user's screen.
_NOT_THEIRS: Final = ("WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS", "QT_SCALE_FACTOR", "QT_SCREEN_SCALE_FACTORS")


class MissingError(DemoError):
    """A program the demo needs is not installed; the text is the command that installs it."""


def needed(program: str) -> str:
    """Return the absolute path of Xvfb or another program; raises MissingError."""
    found = shutil.which(program)
    if not found:
        raise MissingError(
            f"The demo needs {program} for the students' virtual screens. Run this once, then the demo again:\n"
            "  sudo apt-get install --no-install-recommends xvfb openbox"
        )
    return found


def client() -> list[str]:
    """Return the argv that `lessonlight-student` begins with."""
    beside = Path(sys.executable).with_name("lessonlight-student")
    return [str(beside)] if beside.exists() else [sys.executable, "-m", "student_client"]


def own_environment(display: str, folder: Path) -> dict[str, str]:
    """Return the environment of a session on its own virtual screen, with its own folders below `folder`."""
    environ = {name: value for name, value in os.environ.items() if name not in _NOT_THEIRS}
    runtime = folder / "run"
    runtime.mkdir(mode=0o700, parents=True, exist_ok=True)
    own = {"DISPLAY": display, "QT_QPA_PLATFORM": "xcb", "XDG_RUNTIME_DIR": str(runtime)}
    return environ | own_folders(folder) | own


def own_folders(folder: Path) -> dict[str, str]:
    """Return the variables that keep what a program writes for itself below `folder`."""
    return {f"XDG_{kind}_HOME": str(folder / kind.lower()) for kind in ("DATA", "CONFIG", "STATE", "CACHE")}


@dataclass(kw_only=True)
class Seat:
    """One student: the laptop's id and name, what is done on it, and its client once it runs."""

    device: str
    name: str
    activity: str
    variation: int
    folder: Path
    environ: dict[str, str]
    port: int
    client: Child | None = None
    started_at: float = 0.0

    @property
    def state(self) -> Path:
        """The client's state folder."""
        return self.folder / "client"

    @property
    def address(self) -> str:
        """Where the client listens."""
        return f"{LOOPBACK}:{self.port}"

    def start_client(self, children: Children) -> None:
        """Start the real `lessonlight-student run`; its rules hold on a played machine, for this one is everybody's."""
        scene = "usb-stick" if self.activity == "idle" else "plain"
        argv = [*client(), "run", "--play-machine", scene, "--state", str(self.state), "--listen", self.address]
        self.started_at = time.time()
        self.client = children.start(f"client of {self.name}", argv, self.environ)


def set_up_seats(children: Children, folder: Path, devices: dict[str, str]) -> list[Seat]:
    """Give each device a virtual screen with something going on; raises DemoError."""
    xvfb, openbox = needed("Xvfb"), shutil.which("openbox")
    seats = []
    for number, (device, name) in enumerate(devices.items()):
        own = folder / device.lower()
        environ = own_environment(start_xvfb(children, f"screen of {name}", xvfb, SCREEN), own)
        variation, place = divmod(number, len(ACTIVITIES))
        activity = ACTIVITIES[
            (place + variation) % len(ACTIVITIES)
        ]  # shifted in each row, so that the wall is a mixture
        if openbox:
            children.start(f"window manager of {name}", [openbox, "--sm-disable"], environ)
        argv = [sys.executable, "-m", "tutor_app.demo.desktops", activity, "--variation", str(variation)]
        children.start(f"desktop of {name}", argv, environ)
        seat = Seat(
            device=device,
            name=name,
            activity=activity,
            variation=variation,
            folder=own,
            environ=environ,
            port=free_port(),
        )
        seats.append(seat)
    return seats


def enrol(seats: list[Seat], joins: dict[str, Path]) -> None:
    """Enrol every laptop by its file, as a network manager would; raises DemoError."""
    at_work = [
        subprocess.Popen(
            [*client(), "enrol", str(joins[seat.device]), "--state", str(seat.state), "--no-autostart"],
            env=seat.environ,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        for seat in seats
    ]
    for process, seat in zip(at_work, seats, strict=True):
        _, said = process.communicate(timeout=ENROL_WITHIN)
        if process.returncode:
            raise DemoError(f"{seat.name} could not be enrolled: {said.strip()}")


def free_port() -> int:
    """Return a TCP port that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def multicast_works() -> bool:
    """Whether a multicast sent on the loopback is heard there, which is all that finding the laptops takes."""
    group, ours = socket.inet_aton("224.0.0.251"), socket.inet_aton(LOOPBACK)
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear, socket.socket(type=socket.SOCK_DGRAM) as mouth:
            ear.bind(("", 0))
            ear.settimeout(1.0)
            ear.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group + ours)
            mouth.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, ours)
            mouth.sendto(b"?", ("224.0.0.251", ear.getsockname()[1]))
            return ear.recv(1) == b"?"
    except OSError:
        return False
