"""Networks of our own: one namespace a machine, each with a cable into a bridge. Nothing of it outlives the test.

A namespace is held by a process that Linux ends together with this one, and goes when the last process in it goes: so
nothing is left behind after a crash either, and the machine's own network is never touched.
"""

import json
import os
import queue
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.stage import PATIENCE, Campus, Laptop

HOLD = ["setpriv", "--pdeathsig", "KILL", "unshare", "--net", "sleep", "infinity"]
END_WITH_US = ["setpriv", "--pdeathsig", "KILL"]


class Machine:
    """One network namespace."""

    def __init__(self) -> None:
        self.holder = subprocess.Popen(HOLD)
        self.enter = ["nsenter", "--target", str(self.holder.pid), "--net", *END_WITH_US]
        self._wait_for_its_own()
        self.run("ip", "link", "set", "lo", "up")

    def _wait_for_its_own(self) -> None:
        ours, theirs = (Path(f"/proc/{pid}/ns/net") for pid in ("self", self.holder.pid))
        end = time.monotonic() + PATIENCE
        while theirs.readlink() == ours.readlink():
            assert time.monotonic() < end
            time.sleep(0.002)

    def run(self, *command: str) -> str:
        return subprocess.run([*self.enter, *command], check=True, capture_output=True, text=True, timeout=20).stdout

    def close(self) -> None:
        self.holder.kill()
        self.holder.wait()


class Switch(Machine):
    """A bridge, and the cables in it."""

    def __init__(self) -> None:
        super().__init__()
        self._ports: dict[Machine, str] = {}
        # No snooping: with no router to ask for members, a bridge that snoops drops multicast after some minutes.
        self.run("ip", "link", "add", "bridge", "type", "bridge", "forward_delay", "0", "mcast_snooping", "0")
        self.run("ip", "link", "set", "bridge", "up")

    def plug_in(self, machine: Machine, address: str) -> None:
        """Lay a cable and give the machine its address."""
        port = self._ports[machine] = f"port{len(self._ports)}"
        peer = ("peer", "name", "eth0", "netns", str(machine.holder.pid))
        self.run("ip", "link", "add", port, "type", "veth", *peer)
        self.run("ip", "link", "set", port, "master", "bridge", "up")
        machine.run("ip", "address", "add", f"{address}/24", "dev", "eth0")
        machine.run("ip", "link", "set", "eth0", "up")

    def pull(self, machine: Machine) -> None:
        """Pull the cable out, at the bridge's end."""
        self.run("ip", "link", "set", self._ports[machine], "down")

    def put_back(self, machine: Machine) -> None:
        self.run("ip", "link", "set", self._ports[machine], "up")


class Talker:
    """A script in a namespace that says what happens, one JSON object a line."""

    def __init__(
        self, machine: Machine, script: str, *arguments: str, environ: Mapping[str, str] | None = None
    ) -> None:
        root = Path(__file__).parents[2]
        argv = [*machine.enter, sys.executable, str(root / "tests/netns" / script), *arguments]
        environ = {**os.environ, "PYTHONPATH": str(root), **(environ or {})}
        self.process = subprocess.Popen(
            argv, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        self.said: list[dict[str, Any]] = []
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, name=f"reader of {script}")
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self._lines.put(line)

    def wait(self, condition: Callable[[dict[str, Any]], Any], within: float = PATIENCE) -> dict[str, Any]:
        """Return the first thing said from now on that is so."""
        end = time.monotonic() + within
        while (left := end - time.monotonic()) > 0:
            try:
                said = json.loads(self._lines.get(timeout=left))
            except queue.Empty:
                break
            self.said.append(said)
            if condition(said):
                return dict(said)
        raise AssertionError(f"not said within {within} s; the last: {self.said[-12:]}")

    def order(self, **what: Any) -> None:
        """Say something to a script that takes orders."""
        assert self.process.stdin
        self.process.stdin.write(json.dumps(what) + "\n")

    def hear(self) -> None:
        """Take in what was said so far."""
        while not self._lines.empty():
            self.said.append(json.loads(self._lines.get()))

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self._reader.join()
        assert self.process.stdin and self.process.stdout  # noqa: PT018 - for the type checker
        self.process.stdin.close()
        self.process.stdout.close()


class Lan:
    """One bridge and the machines on it, numbered by their order."""

    def __init__(self) -> None:
        self.switch = Switch()
        self._closing: list[Callable[[], object]] = []
        self._addresses = 0

    def machine(self) -> Machine:
        machine = Machine()
        self.plug_in(machine)
        return machine

    def next_address(self) -> str:
        """An address of this network that nobody has had."""
        self._addresses += 1
        return f"10.77.0.{self._addresses}"

    def laptop(self, state: Path, *options: str, environ: dict[str, str] | None = None) -> tuple[Laptop, Machine]:
        """A machine with a client that is not started yet; with fake screens unless it has a display."""
        machine = self.machine()
        fake = () if environ else ("--fake-screens",)
        laptop = Laptop(state, environ or {}, *fake, *options, listen="[::]:47800", before=machine.enter)
        self._closing.append(laptop.stop)
        return laptop, machine

    def plug_in(self, machine: Machine) -> None:
        """Take a machine made elsewhere into this network, and close it with it."""
        self._closing.append(machine.close)
        self.switch.plug_in(machine, self.next_address())

    def closing(self, close: Callable[[], object]) -> None:
        """Close something of a machine's before the machine."""
        self._closing.append(close)

    def talker(
        self, machine: Machine, script: str, *arguments: str, environ: Mapping[str, str] | None = None
    ) -> Talker:
        talker = Talker(machine, script, *arguments, environ=environ)
        self._closing.append(talker.close)
        return talker

    def close(self) -> None:
        for close in reversed(self._closing):
            close()
        self.switch.close()


def why_not() -> str:
    """Why there can be no namespaces here, or ""."""
    missing = [program for program in ("ip", "nsenter", "unshare", "setpriv") if not shutil.which(program)]
    if os.geteuid() != 0 or missing:
        return "needs root" if not missing else f"needs {', '.join(missing)}"
    probe = ["unshare", "--net", "ip", "link", "add", "one", "type", "veth", "peer", "name", "other"]
    tried = subprocess.run(probe, capture_output=True, text=True, check=False, timeout=10)
    return f"no network namespaces with veth here: {tried.stderr.strip()}" if tried.returncode else ""


@pytest.fixture
def lan() -> Iterator[Lan]:
    if reason := why_not():
        pytest.skip(reason)
    made = Lan()
    yield made
    made.close()


@pytest.fixture(scope="module")
def campus(tmp_path_factory: pytest.TempPathFactory) -> Campus:
    return Campus(tmp_path_factory.mktemp("campus"))
