"""A machine made of a script, for tests: set its attributes and call its methods, and the abilities tell of it.

Its files live below one folder; what the journal does to them is read back from there. A plain object in one thread.
"""

import socket
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from protocol.policy.facts import BluetoothFacts, NetworkFacts, Program, SignalSeen, UsbStorage
from protocol.policy.rules import WebRules
from student_client.backends.base import Unsupported, Wakeable
from student_client.backends.machine import (
    Bluetooth,
    FileChange,
    Machine,
    MachineError,
    Networks,
    Programs,
    Signals,
    Usb,
    Web,
)

FIRST_PID = 1000


@dataclass
class FakeMachine:
    """What there is on the machine now. `broken` is the sentence with which every ability fails, if any."""

    folder: Path
    programs: list[Program] = field(default_factory=list)
    stubborn: set[int] = field(default_factory=set)  # pids that do not end when asked
    asked: list[int] = field(default_factory=list)  # pids that were asked to end, or killed (negative)
    usb: list[UsbStorage] = field(default_factory=list)
    network: NetworkFacts = field(default_factory=NetworkFacts)
    routes: list[str] = field(default_factory=list)
    bluetooth: BluetoothFacts = field(default_factory=BluetoothFacts)
    bluetooth_unknown: str = ""  # why nobody knows all of it
    signals: list[SignalSeen] = field(default_factory=list)
    restarting: list[Program] = field(default_factory=list)  # browsers that obey only after a restart
    address: str = ""
    broken: str = ""
    privileged: bool = True

    def __post_init__(self) -> None:
        self._next_pid = FIRST_PID
        self._bell, self._ringer = socket.socketpair()
        self._bell.setblocking(False)

    @property
    def machine(self) -> Machine:
        """Return it as a platform offers it."""
        return Machine(
            programs=lambda: FakePrograms(self),
            web=(lambda: FakeWeb(self)) if self.privileged else self.no_right("the browsers' policies"),
            usb=lambda: FakeUsb(self),
            networks=lambda: FakeNetworks(self),
            bluetooth=lambda: FakeBluetooth(self),
            signals=lambda: FakeSignals(self),
        )

    @staticmethod
    def no_right(what: str) -> Unsupported:
        """Return why a client without rights cannot do that."""
        return Unsupported(f"Lessonlight may not change {what} on this laptop.")

    def start(self, name: str, window: str = "", title: str = "") -> Program:
        """Start a program; the newest is the last."""
        program = Program(self._next_pid, name, window, title)
        self._next_pid += 1
        self.programs.append(program)
        return program

    def end(self, program: Program) -> None:
        """Let a program end by itself."""
        self.programs = [each for each in self.programs if each.pid != program.pid]

    def attach(self, storage: UsbStorage) -> None:
        """Plug a stick or a phone in."""
        self.usb.append(storage)
        self._ringer.send(b"!")

    def detach(self, storage: UsbStorage) -> None:
        """Pull it out."""
        self.usb.remove(storage)
        self._ringer.send(b"!")

    def take_news(self) -> None:
        """Silence the bell."""
        try:
            self._bell.recv(1024)
        except BlockingIOError:
            return

    @property
    def bell(self) -> socket.socket:
        """What turns readable at every `attach` and `detach`."""
        return self._bell

    def check(self) -> None:
        """Raise MachineError while the script says so."""
        if self.broken:
            raise MachineError(self.broken)

    def close(self) -> None:
        """Give the sockets back."""
        self._bell.close()
        self._ringer.close()

    # ── its files ───────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def web_file(self) -> Path:
        """Where its one browser's policy stands: a line for every site that is blocked or allowed."""
        return self.folder / "etc/browser/policy"

    @property
    def usb_file(self) -> Path:
        """It holds "0" while storage is blocked."""
        return self.folder / "sys/usb"

    @property
    def bluetooth_file(self) -> Path:
        """It holds "0" while Bluetooth is switched off."""
        return self.folder / "sys/bluetooth"


class FakePrograms(Programs):
    """The script's programs."""

    def __init__(self, machine: FakeMachine) -> None:
        self._machine = machine

    def running(self) -> tuple[Program, ...]:
        """Return them."""
        self._machine.check()
        return tuple(self._machine.programs)

    def end(self, pid: int, *, kill: bool) -> None:
        """End it, unless it is stubborn and only asked."""
        self._machine.check()
        self._machine.asked.append(-pid if kill else pid)
        if kill or pid not in self._machine.stubborn:
            self._machine.programs = [each for each in self._machine.programs if each.pid != pid]


class FakeWeb(Web):
    """One browser with a policy file of plain lines."""

    def __init__(self, machine: FakeMachine) -> None:
        self._machine = machine

    def changes(self, rules: WebRules) -> tuple[FileChange, ...]:
        """Return the file with a line for each site."""
        self._machine.check()
        if rules.is_open:
            return ()
        lines = [f"block {site}" for site in (*rules.blocked, *rules.categories)]
        lines += [f"allow {site}" for site in (*rules.allowed, *(rules.only or ()))]
        return (FileChange(self._machine.web_file, "\n".join(lines).encode()),)

    def must_restart(self, programs: tuple[Program, ...], since: float) -> tuple[Program, ...]:  # noqa: ARG002 - scripted
        """Return those of `restarting` that run."""
        return tuple(each for each in programs if each in self._machine.restarting)

    def address_in_front(self, front: Program, within: float) -> str:  # noqa: ARG002 - scripted
        """Return `address`."""
        return self._machine.address


class FakeUsb(Usb):
    """The script's sticks and phones."""

    def __init__(self, machine: FakeMachine) -> None:
        self._machine = machine

    def attached(self) -> tuple[UsbStorage, ...]:
        """Return them, and take the news."""
        self._machine.check()
        self._machine.take_news()
        return tuple(self._machine.usb)

    def news(self) -> Wakeable:
        """Return the bell."""
        return self._machine.bell

    def blocking(self) -> tuple[FileChange, ...] | Unsupported:
        """Return one switch."""
        if not self._machine.privileged:
            return self._machine.no_right("USB devices")
        return (FileChange(self._machine.usb_file, b"0\n"),)

    def close(self) -> None:
        """Nothing is held."""


class FakeNetworks(Networks):
    """The script's network; `routes` are its interfaces, and a new one is told."""

    def __init__(self, machine: FakeMachine) -> None:
        self._machine = machine
        self._known: set[str] | None = None

    def facts(self, on_site: Sequence[str]) -> NetworkFacts:  # noqa: ARG002 - scripted
        """Return `network` with the routes of now."""
        self._machine.check()
        routes = tuple(self._machine.routes)
        new = self._known is not None and bool(set(routes) - self._known)
        return replace(self._machine.network, interfaces=routes, new_route=new or self._machine.network.new_route)

    def begin(self) -> None:
        """Know the routes of now."""
        self._known = set(self._machine.routes)


class FakeBluetooth(Bluetooth):
    """The script's adapters."""

    def __init__(self, machine: FakeMachine) -> None:
        self._machine = machine

    def facts(self) -> BluetoothFacts:
        """Return `bluetooth`."""
        self._machine.check()
        return self._machine.bluetooth

    def shortfall(self) -> str:
        """Return `bluetooth_unknown`."""
        return self._machine.bluetooth_unknown

    def switching_off(self) -> tuple[FileChange, ...] | Unsupported:
        """Return one switch."""
        if not self._machine.privileged:
            return self._machine.no_right("Bluetooth")
        return (FileChange(self._machine.bluetooth_file, b"0\n"),)


class FakeSignals(Signals):
    """The script's signals."""

    def __init__(self, machine: FakeMachine) -> None:
        self._machine = machine

    def seen(self, programs: tuple[Program, ...]) -> tuple[SignalSeen, ...]:  # noqa: ARG002 - scripted
        """Return `signals`."""
        self._machine.check()
        return tuple(self._machine.signals)
