"""A tutor's computer and some students' laptops, all on this machine: each in a network of its own where root allows.

Everything is the product itself and real X servers; nothing is left when `Room.open` ends.
"""

import json
import sys
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

from tests.netns.conftest import Machine, Switch, why_not
from tutor_app.demo.college import GROUP, DemoCollege, make_college
from tutor_app.demo.folder import demo_folder
from tutor_app.demo.processes import Child, Children, DemoError, start_xvfb
from tutor_app.demo.stage import LOOPBACK, Seat, client, enrol, free_port, needed, own_environment
from tutor_app.demo.talk import Talk

SCREEN: Final = (1920, 1080)
PORT: Final = 47800
READY_WITHIN: Final = 60.0
ANSWER_WITHIN: Final = 60.0
LIVE_WITHIN: Final = 90.0


class Partner(Talk):
    """A process of ours that is told what to do, one JSON object a line, and answers in the same way."""

    def order(self, do: str, **what: Any) -> None:
        """Tell it something."""
        self._to.write(json.dumps({"do": do, **what}).encode() + b"\n")
        self._to.flush()

    def ask(self, do: str, answer: str, within: float = ANSWER_WITHIN, **what: Any) -> dict[str, Any]:
        """Tell it something and return its answer; raises DemoError."""
        self.order(do, **what)
        return self.until(answer, within)

    def until(self, what: str, within: float) -> dict[str, Any]:
        """Wait for one thing to be said; raises DemoError where it never is."""
        deadline = time.monotonic() + within
        while (left := deadline - time.monotonic()) > 0 and not self.closed:
            said = self.next(left)
            if said and said["is"] == what:
                return said
        raise DemoError(f"{self.tutor.name} did not say “{what}”: {self.tutor.last_words or 'it said nothing'}")


@dataclass(kw_only=True)
class Laptop(Seat):
    """One student's laptop: its screen, who paints on it, its client once it runs, and its network."""

    screen: Child
    painter: Partner
    machine: Machine | None

    @property
    def enter(self) -> list[str]:
        """What an argv begins with that is to run on this laptop."""
        return self.machine.enter if self.machine else []

    def start_client(self, children: Children) -> None:
        """Start the real client."""
        where = f"[::]:{PORT}" if self.machine else self.address
        argv = [*self.enter, *client(), "run", "--leave-machine", "--state", str(self.state), "--listen", where]
        self.started_at = time.time()
        self.client = children.start(f"client of {self.name}", argv, self.environ)

    @property
    def pid(self) -> int:
        """The client's process."""
        assert self.client
        return self.client.process.pid

    def paint(self, activity: str) -> None:
        """Begin an activity; returns when it is on the screen."""
        self.painter.ask(activity, "begun")

    def bytes_out(self) -> float:
        """Return the bytes that have left this laptop by cable; NaN where it has none of its own."""
        return sent_by(self.machine) if self.machine else float("nan")


def sent_by(machine: Machine) -> float:
    """Return the bytes a machine has sent, headers of every layer included."""
    lines = Path(f"/proc/{machine.holder.pid}/net/dev").read_text(encoding="utf-8").splitlines()
    return next((float(line.split()[9]) for line in lines if line.strip().startswith("eth0:")), float("nan"))


@dataclass
class Room:
    """The parts of it, for the benchmarks; made by `open`."""

    folder: Path
    children: Children
    college: DemoCollege
    laptops: list[Laptop] = field(default_factory=list)
    tutors_machine: Machine | None = None
    tutors_display: str = ""
    tutors_screen: Child | None = None
    tutor: Partner | None = None

    @classmethod
    @contextmanager
    def open(cls, students: int) -> Iterator[Self]:
        """Set up college, cables, screens and painters; clients and tutor are started by who measures them."""
        with demo_folder() as folder, ExitStack() as stack:
            logs = folder / "logs"
            logs.mkdir()
            children = Children(logs)
            room = cls(folder, children, make_college(folder, students))
            machines = _machines(stack, students + 1)
            stack.callback(children.end)
            room.tutors_machine = machines.pop()
            room.tutors_display, room.tutors_screen = start_screen(children, "screen of the tutor")
            for number, machine in enumerate(machines, 1):
                room.laptops.append(_laptop(room, number, machine))
            enrol(list(room.laptops), room.college.joins)
            yield room

    @property
    def cabled(self) -> bool:
        """Whether everybody has a network of their own."""
        return self.tutors_machine is not None

    def address(self, laptop: Laptop) -> str:
        """Return the laptop's address without a port."""
        return f"10.77.0.{laptop.variation}" if laptop.machine else LOOPBACK

    @property
    def dial(self) -> list[str]:
        """Where a tutor finds the laptops, as HOST:PORT."""
        return [f"{self.address(one)}:{PORT if one.machine else one.port}" for one in self.laptops]

    def tutors_environment(self, name: str = "tutor") -> dict[str, str]:
        """Return the environment of a program at the tutor's screen."""
        return own_environment(self.tutors_display, self.folder / name)

    def on_tutors(self, argv: Sequence[str]) -> list[str]:
        """Return the argv that runs a program on the tutor's computer."""
        return [*(self.tutors_machine.enter if self.tutors_machine else []), *argv]

    def begin_lesson(self) -> Partner:
        """Start every client and the tutor; return the tutor when everybody is live."""
        for laptop in self.laptops:
            laptop.start_client(self.children)
        environ = self.tutors_environment()
        place = TutorsPlace(folder=self.folder, environ=environ, dial=self.dial, enter=self.on_tutors([]))
        self.tutor = start_tutor(self.children, self.college, place)
        until_live(self.tutor, len(self.laptops))
        return self.tutor

    def end_lesson(self) -> None:
        """End tutor and clients in good order; their screens stay."""
        if self.tutor:
            end_tutor(self.children, self.tutor)
            self.tutor = None
        self.children.end(*(laptop.client for laptop in self.laptops if laptop.client))
        for laptop in self.laptops:
            laptop.client = None


@dataclass(frozen=True, kw_only=True)
class TutorsPlace:
    """Where the tutor's application runs and whom it dials; `limits` are tutor_app.network.limits.Limits'."""

    folder: Path
    environ: Mapping[str, str]
    dial: Sequence[str]
    enter: Sequence[str] = ()
    size: tuple[int, int] = SCREEN
    every_tile: bool = False
    stalls: bool = False
    limits: Mapping[str, float] = field(default_factory=dict)


def start_tutor(children: Children, college: DemoCollege, place: TutorsPlace) -> Partner:
    """Start the tutor's application in a lesson of the whole group."""
    now = time.time()
    lesson = {"id": uuid.uuid4().hex, "name": "Maths", "group": GROUP, "room": "Room 4", "rules": "lesson"}
    told = {
        "identity": str(college.identity),
        "passphrase": college.passphrase,
        "lesson": lesson | {"starts_at": now, "ends_at": now + 3600},
        "dial": list(place.dial),
        "mdns": False,
        "size": place.size,
        "every_tile": place.every_tile,
        "stalls": place.stalls,
        "limits": dict(place.limits),
    }
    preset = place.folder / "tutor.json"
    preset.touch(mode=0o600)  # it holds the passphrase
    preset.write_text(json.dumps(told), encoding="utf-8")
    argv = [*place.enter, sys.executable, "-m", "benchmarks.tutor", str(preset)]
    tutor = Partner(children.start("the tutor", argv, place.environ, pipes=True))
    tutor.until("ready", READY_WITHIN)
    return tutor


def end_tutor(children: Children, tutor: Partner) -> None:
    """Have the tutor end the lesson and close the window."""
    tutor.order("quit")
    deadline = time.monotonic() + READY_WITHIN
    while tutor.tutor.running and time.monotonic() < deadline:
        tutor.next(0.1)
    children.end(tutor.tutor)


def until_live(tutor: Partner, count: int, within: float = LIVE_WITHIN) -> float:
    """Wait until so many tiles are live; return the seconds it took. Raises DemoError."""
    began = time.monotonic()
    live = 0
    while time.monotonic() - began < within:
        live = tutor.ask("sample", "sample")["live"]
        if live >= count:
            return time.monotonic() - began
        time.sleep(0.1)
    raise DemoError(f"Only {live} of {count} laptops were live after {within:.0f} s.")


def _machines(stack: ExitStack, count: int) -> list[Machine | None]:
    """Return machines numbered from 1 by their address, on one switch; Nones where namespaces are not to be had."""
    if why_not():
        return [None] * count
    switch = Switch()
    stack.callback(switch.close)
    machines: list[Machine | None] = []
    for number in range(1, count + 1):
        machine = Machine()
        stack.callback(machine.close)
        switch.plug_in(machine, f"10.77.0.{number}")
        machines.append(machine)
    return machines


def start_screen(children: Children, name: str) -> tuple[str, Child]:
    """Start a virtual screen; return its display and its process."""
    display = start_xvfb(children, name, needed("Xvfb"), SCREEN)
    return display, children.running()[-1]


def _laptop(room: Room, number: int, machine: Machine | None) -> Laptop:
    device, name = list(room.college.devices.items())[number - 1]
    own = room.folder / device.lower()
    display, screen = start_screen(room.children, f"screen of {name}")
    environ = own_environment(display, own)
    argv = [sys.executable, "-m", "benchmarks.painter", display]
    painter = Partner(room.children.start(f"painter of {name}", argv, environ, pipes=True))
    painter.until("ready", READY_WITHIN)
    return Laptop(
        device=device,
        name=name,
        activity="",
        variation=number,
        folder=own,
        environ=environ,
        port=free_port(),
        screen=screen,
        painter=painter,
        machine=machine,
    )
