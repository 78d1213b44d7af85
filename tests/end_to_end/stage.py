"""A college, laptops as real processes, and the tutor's core without a window: what whole lessons are tested on."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from PySide6.QtGui import QImage

from protocol.enrolment import read_join
from protocol.identity import Credentials
from protocol.identity_file import load_identity
from protocol.messages import Frame, LessonTerms, Patches, Stream
from protocol.policy.bundle import open_staff_bundle
from protocol.role import Role
from student_client.agent.state import StateFolder
from student_client.agent.status import AgentStatus, read_status
from tutor_app.admin.college import College
from tutor_app.admin.keys import CHEAP
from tutor_app.classroom.classroom import Classroom, Place
from tutor_app.classroom.events import Event, PictureShown
from tutor_app.classroom.student import Answer, Presence, Student
from tutor_app.demo.college import always_open
from tutor_app.network.network import Network
from tutor_app.network.wishes import WatchAsk
from tutor_app.ui.decode import decode_patch
from tutor_app.ui.surface import Surface

PASSPHRASE = "correct horse battery"
PATIENCE = 20.0  # seconds until a test gives up; what must be quicker is measured and asserted
_RULER, _RULER_TAKES = (sys.executable, "-c", "import asyncio, ssl, PySide6.QtWidgets"), 0.25  # seconds on a laptop
TILE = WatchAsk(stream=Stream.TILE, width=320, height=180, interval_ms=100)


def promised(seconds: float) -> float:
    """Return what a promise of so many seconds is worth on this computer now: never less, and more while it is slow.

    Promises are made for a laptop of today, and measured in benchmarks/. What they are about is mostly programs that
    start, and shared computers can be far slower at that.
    """
    began = time.perf_counter()
    subprocess.run(_RULER, check=True)
    return seconds * min(10.0, max(1.0, (time.perf_counter() - began) / _RULER_TAKES))


def until(condition: Callable[[], Any], within: float = PATIENCE, what: object = "") -> float:
    """Ask until it is so; return the seconds it took."""
    began = time.monotonic()
    while not condition():
        if time.monotonic() > began + within:
            raise AssertionError(f"not within {within} s: {what() if callable(what) else what or condition}")
        time.sleep(0.01)
    return time.monotonic() - began


class Campus:
    """A college that is open day and night, in a folder of its own."""

    def __init__(self, folder: Path, name: str = "Key College") -> None:
        self.folder = folder
        self.college = College.create(folder / "college", name=name, passphrase=PASSPHRASE, cost=CHEAP)
        self.college.publish(always_open((folder / "college/policy.toml").read_text()))

    def enrolled(self, device: str, group: str = "10B", name: str = "") -> Path:
        """Register a laptop and enrol it; return its state folder."""
        state = StateFolder(self.folder / device)
        state.open()
        state.store_enrolment(read_join(self.college.add_device(device, group=group, name=name)))
        return state.path

    def identity(self, person: str = "maths-tutor", name: str = "Maths tutor", role: Role = Role.TUTOR) -> Path:
        """Write the identity file of a tutor, and college.bundle beside it; both are new at each call."""
        path = self.folder / f"{person}.p12"
        path.write_bytes(
            self.college.add_staff(person, name=name, role=role, passphrase=PASSPHRASE, again=path.exists())
        )
        (self.folder / "college.bundle").write_bytes(self.college.staff_bundle)
        return path


class Laptop:
    """A real `lessonlight-student run` of one enrolled state folder, as often started as a test likes."""

    def __init__(
        self,
        state: Path,
        environ: Mapping[str, str],
        *options: str,
        listen: str = "127.0.0.1:0",
        before: Sequence[str] = (),
        leave_machine: bool = True,
    ) -> None:
        """`before` is an argv that runs the rest of its line, e.g. in other namespaces; rules hold only in such."""
        self.state, self.device = StateFolder(state), state.name
        self.log = state.with_suffix(".log")
        self._environ = {**os.environ, "XDG_RUNTIME_DIR": str(_private(state.parent / f"{state.name}.run")), **environ}
        self._argv = [
            *before, sys.executable, "-m", "student_client", "run",
            "--state", str(state), "--listen", listen, "--verbose", *["--leave-machine"] * leave_machine, *options,
        ]  # fmt: skip
        self.process: subprocess.Popen[bytes] | None = None
        self.started_at = 0.0

    def start(self) -> "Laptop":
        with self.log.open("ab") as log:
            self.started_at = time.time()
            self.process = subprocess.Popen(
                self._argv, env=self._environ, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        return self

    @property
    def status(self) -> AgentStatus:
        return read_status(self.state) or AgentStatus()

    @property
    def address(self) -> str:
        """HOST:PORT once this very process listens."""
        assert self.process
        until(lambda: self.status.listening and self.status.pid == self.process.pid, what=self.words)  # type: ignore[union-attr]
        return self.status.listening

    def kill(self) -> None:
        """The agent alone, as a crash or `kill -9` does it."""
        assert self.process
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """End the agent, then whatever it has left behind (a desktop that holds a lock, for instance)."""
        if self.process:
            self.process.terminate()
            try:
                self.process.wait(8)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            self.end_group()

    def end_group(self) -> None:
        assert self.process
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def words(self) -> str:
        """What it has logged, for a test that fails."""
        return f"{self.device}: {self.status}\n{self.log.read_text()[-3000:]}"


@dataclass
class Lesson:
    """A lesson held by the tutor's core: network and classroom. `turn` is what the window does 30 times a second."""

    network: Network
    classroom: Classroom
    events: list[Event] = field(default_factory=list)
    frames: dict[str, Frame] = field(default_factory=dict)
    screens: dict[str, Surface] = field(default_factory=dict)

    def turn(self) -> None:
        for event in self.network.events():
            self.events.append(event)
            self.classroom.apply(event)
        for device, _, shown in self.network.mailbox.drain():
            if isinstance(shown, Frame):
                self.frames[device] = shown
                self.classroom.apply(PictureShown(device=device, captured_at=shown.captured_at, at=time.time()))
            else:
                self._lay(device, shown)

    def _lay(self, device: str, shown: Patches) -> None:
        strips = (strip for patch in shown.patches for strip in decode_patch(patch) or ())
        self.screens.setdefault(device, Surface()).lay(shown, strips)

    def until(self, condition: Callable[[], Any], within: float = PATIENCE, what: object = "") -> float:
        def so() -> Any:
            self.turn()
            return condition()

        return until(so, within, what or (lambda: f"{list(self.classroom.students.values())}"))

    def student(self, device: str) -> Student | None:
        return self.classroom.students.get(device)

    def live(self, device: str) -> bool:
        student = self.student(device)
        return student is not None and student.presence is Presence.LIVE and student.first_picture_at > 0

    def lock(self, device: str, sentence: str = "", within: float = 5.0) -> float:
        """Lock one screen; return the seconds until the device has confirmed that it is covered."""
        orders, _ = self.classroom.lock([device], sentence, time.time())
        return self._ordered(orders, device, within)

    def unlock(self, device: str, within: float = 5.0) -> float:
        orders, _ = self.classroom.unlock([device], time.time())
        return self._ordered(orders, device, within)

    def _ordered(self, orders: Iterable[Any], device: str, within: float) -> float:
        self.network.send(orders)
        taken = self.until(lambda: self._asked(device) is not Answer.ASKED, within)
        assert self._asked(device) is Answer.CONFIRMED, self.student(device)
        return taken

    def _asked(self, device: str) -> Answer | None:
        student = self.student(device)
        return student.asked.answer if student and student.asked else None

    def frame(self, device: str) -> Frame | None:
        return self.frames.get(device)

    def screen(self, device: str) -> QImage | None:
        """What the focus view shows of a device."""
        surface = self.screens.get(device)
        return surface.image if surface and not surface.is_empty else None

    def stop(self) -> None:
        assert self.network.stop()


def hold_lesson(
    identity: Path,
    *,
    group: str = "10B",
    dial: Iterable[str] = (),
    mdns: bool = False,
    tile: WatchAsk = TILE,
    seconds: float = 3600.0,
    rules: str = "lesson",
) -> Lesson:
    """Sign in, begin a lesson of the group, and wish tiles of everybody."""
    credentials: Credentials = load_identity(identity.read_bytes(), PASSPHRASE)
    bundle = open_staff_bundle(identity.with_name("college.bundle").read_bytes(), credentials.root)
    now = time.time()
    terms = LessonTerms(id=uuid4().hex, name="Maths", group=group, starts_at=now, ends_at=now + seconds, rules=rules)
    network = Network(credentials, bundle, mdns=mdns, dial=dial)
    network.start()
    network.watch_all(tile)
    network.begin(terms)
    places = [Place(device=one.id, name=one.name, group=one.group) for one in bundle.devices if not one.revoked]
    return Lesson(network, Classroom(terms, places, now, lambda: uuid4().hex))


def say(**what: Any) -> None:
    """Write one JSON line, for a test that reads this process's output."""
    print(json.dumps(what), flush=True)


def _private(folder: Path) -> Path:
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder
