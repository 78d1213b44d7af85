"""The demo from beginning to end: college, desktops, tutor, clients one after another, then the report."""

import json
import os
import signal
import sys
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tutor_app.demo.college import GROUP, DemoCollege, make_college
from tutor_app.demo.measure import MEMORY_MEANS, Stretch, machine, memory_mib
from tutor_app.demo.processes import Child, Children, start_xvfb
from tutor_app.demo.stage import Seat, enrol, multicast_works, needed, own_environment, own_folders, set_up_seats
from tutor_app.demo.talk import NOTHING_COUNTED, Talk

WINDOW: Final = (1600, 900)
READY_WITHIN: Final = 30.0
LIVE_WITHIN: Final = 20.0
FINISH_WITHIN: Final = 20.0
SAMPLE_EVERY: Final = 1.0
LESSON_SECONDS: Final = 45 * 60
TUTOR: Final = "tutor"  # its name among the measured; the others' are device ids, which are upper-case here


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What was asked for: `seconds` None runs until the window is closed, `out` None writes nothing."""

    students: int
    own_display: bool
    seconds: float | None
    out: Path | None


@dataclass
class Sample:
    """The latest numbers of the processes: CPU in per cent of a core, memory in MiB."""

    seconds: float = 0.0
    cpu: dict[str, float] = field(default_factory=dict)
    memory: dict[str, float] = field(default_factory=dict)
    counts: dict[str, Any] = field(default_factory=lambda: NOTHING_COUNTED)


class Course:
    """One demo. `say` gets sentences for people."""

    def __init__(self, wishes: Wishes, folder: Path, say: Callable[[str], None]) -> None:
        self._wishes, self._folder, self._say = wishes, folder, say
        self._logs = folder / "logs"
        self._logs.mkdir()
        self._children = Children(self._logs)
        self._seats: list[Seat] = []
        self._live: dict[str, float] = {}
        self._sample = Sample()
        self._before: dict[str, Any] = NOTHING_COUNTED
        self._tutor: Child | None = None
        self._mdns = True

    def run(self) -> None:
        """Go through it; raises DemoError. Every process has ended when it returns."""
        try:
            needed("Xvfb")
            college = self._prepare()
            talk = self._start_tutor(college)
            self._start_clients(talk)
            self._hold(talk)
            if self._wishes.out:
                self._report(self._wishes.out)
        finally:
            self._end()

    # ── the beginning ───────────────────────────────────────────────────────────────────────────────────────────────

    def _prepare(self) -> DemoCollege:
        count = self._wishes.students
        self._say(f"Making a college with {count} student laptop{'s' * (count > 1)} …")
        college = make_college(self._folder, count)
        self._seats = set_up_seats(self._children, self._folder, college.devices)
        enrol(self._seats, college.joins)
        self._mdns = multicast_works()
        if not self._mdns:
            self._say("This computer has no multicast, so the laptops cannot be found by themselves: they are dialled.")
        return college

    def _start_tutor(self, college: DemoCollege) -> Talk:
        own = self._folder / "tutor"
        if self._wishes.own_display:
            display = start_xvfb(self._children, "screen of the tutor", needed("Xvfb"), WINDOW)
            environ = own_environment(display, own)
        else:
            # On the user's own screen as any other program, but with folders of the demo's.
            environ = dict(os.environ) | own_folders(own)
        preset = self._folder / "tutor.json"
        preset.touch(mode=0o600)  # it holds the passphrase, which belongs neither in argv nor in the environment
        preset.write_text(json.dumps(self._preset(college)), encoding="utf-8")
        argv = [sys.executable, "-m", "tutor_app.demo.tutor", str(preset)]
        self._tutor = self._children.start("the tutor", argv, environ, pipes=True)
        talk = Talk(self._tutor)
        talk.until("ready", READY_WITHIN)
        return talk

    def _preset(self, college: DemoCollege) -> dict[str, Any]:
        now = time.time()
        lesson = {"id": uuid.uuid4().hex, "name": "Maths", "group": GROUP, "room": "Room 4", "rules": "lesson"}
        return {
            "identity": str(college.identity),
            "passphrase": college.passphrase,
            "lesson": lesson | {"starts_at": now, "ends_at": now + LESSON_SECONDS},
            "mdns": self._mdns,
            "dial": [] if self._mdns else [seat.address for seat in self._seats],
            "size": WINDOW if self._wishes.own_display else None,
            "out": self._wishes.out and str(self._wishes.out),
            "focus": next((seat for seat in self._seats if seat.activity == "browsing"), self._seats[0]).device,
        }

    def _start_clients(self, talk: Talk) -> None:
        """One after another: what is measured is one laptop's start, not this computer's with all of them at once."""
        for seat in self._seats:
            seat.start_client(self._children)
            deadline = time.monotonic() + LIVE_WITHIN
            while seat.device not in self._live and time.monotonic() < deadline and not talk.closed:
                self._heed(talk.next(deadline - time.monotonic()))
            if seat.device in self._live:
                self._say(f"  {seat.name} ({seat.activity}): live {self._after(seat):.1f} s after its client's start")
            else:
                self._say(f"  {seat.name} is not live after {LIVE_WITHIN:.0f} s: {self._why_not(seat)}")

    # ── the lesson ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _hold(self, talk: Talk) -> None:
        """Let the lesson go on for its time, or until the window is closed; measure all the while."""
        seconds = self._wishes.seconds
        self._say(
            f"The lesson goes on for {seconds:.0f} s."
            if seconds
            else "Close the tutor's window to end, or press Ctrl+C."
        )
        self._before = self._fresh_counts(talk)
        self._stretch = Stretch({name: child.process.pid for name, child in self._measured(talk).items()})
        while not talk.closed and (seconds is None or self._stretch.seconds < seconds):
            self._heed(talk.next(SAMPLE_EVERY))
            self._take_sample(talk)
        if not talk.closed:
            talk.finish()
            talk.until("finished", FINISH_WITHIN)

    def _fresh_counts(self, talk: Talk) -> dict[str, Any]:
        """Return counts that have the latest first tiles in them."""
        before, deadline = talk.counts, time.monotonic() + 2 * SAMPLE_EVERY
        while talk.counts is before and time.monotonic() < deadline and not talk.closed:
            self._heed(talk.next(0.1))
        return talk.counts

    def _measured(self, talk: Talk) -> dict[str, Child]:
        clients = {seat.device: seat.client for seat in self._seats if seat.client}
        return {TUTOR: talk.tutor, **clients}

    def _take_sample(self, talk: Talk) -> None:
        """Keep the latest numbers: after the window was closed there are none."""
        if talk.closed or self._stretch.seconds - self._sample.seconds < SAMPLE_EVERY:
            return
        names = self._measured(talk)
        self._sample = Sample(
            seconds=self._stretch.seconds,
            cpu={name: self._stretch.cpu_percent(name) for name in names},
            memory={name: memory_mib(child.process.pid) for name, child in names.items()},
            counts=talk.counts,
        )

    def _heed(self, said: dict[str, Any] | None) -> None:
        if said and said["is"] == "live":
            self._live.setdefault(said["device"], said["at"])

    def _after(self, seat: Seat) -> float:
        return self._live[seat.device] - seat.started_at

    @staticmethod
    def _why_not(seat: Seat) -> str:
        return (seat.client and seat.client.last_words) or "it has said nothing"

    # ── the end ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _report(self, out: Path) -> None:
        out.mkdir(parents=True, exist_ok=True)
        report = {
            "found_by": "mDNS" if self._mdns else "dialling",
            "measured_seconds": round(self._sample.seconds, 1),
            "cpu_is": "per cent of one core, over the measured seconds",
            "memory_is": MEMORY_MEANS,
            "tutor": {
                "cpu_percent": self._sample.cpu.get(TUTOR),
                "memory_mib": self._sample.memory.get(TUTOR),
                "longest_stall_ms": self._sample.counts["stall_ms"],
            },
            "devices": [self._about(seat) for seat in self._seats],
            "machine": machine(),
        }
        (out / "report.json").write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        written = [name for name in ("wall.png", "focus.png", "report.json") if (out / name).exists()]
        self._say(f"In {out}: {', '.join(written)}")

    def _about(self, seat: Seat) -> dict[str, Any]:
        counts, device = self._sample.counts, seat.device
        received = counts["bytes"].get(device, 0)
        lately = received - self._before["bytes"].get(device, 0)
        return {
            "id": device,
            "name": seat.name,
            "doing": seat.activity,
            "live_after_s": round(self._after(seat), 2) if device in self._live else None,
            "tiles": counts["tiles"].get(device, 0),
            "bytes": received,
            "kbit_per_s": round(lately * 8 / 1000 / max(0.001, self._sample.seconds), 1),
            "cpu_percent": self._sample.cpu.get(device),
            "memory_mib": self._sample.memory.get(device),
        }

    def _end(self) -> None:
        """End everybody in an order in which each can say good-bye, whatever else is pressed meanwhile."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        if self._tutor:
            self._children.end(self._tutor)
        clients = [seat.client for seat in self._seats if seat.client]
        if clients:
            self._children.end(*clients)
        self._children.end()
