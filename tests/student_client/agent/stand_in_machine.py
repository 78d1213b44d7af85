"""A machine for tests: attributes say what is on it, and what it changes are real files in a folder of the test's."""

import contextlib
import os
from dataclasses import dataclass, field
from pathlib import Path

from msgspec import json

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


@dataclass
class Ground:
    """All that the test says and sees. `stubborn` programs ignore SIGTERM; `fails` says why an ability fails."""

    folder: Path
    programs: list[Program] = field(default_factory=list)
    stubborn: set[int] = field(default_factory=set)
    sticks: tuple[UsbStorage, ...] = ()
    network: NetworkFacts = field(default_factory=NetworkFacts)
    bluetooth: BluetoothFacts = field(default_factory=BluetoothFacts)
    signals: tuple[SignalSeen, ...] = ()
    browsers: tuple[Program, ...] = ()
    address: str = ""
    fails: dict[str, str] = field(default_factory=dict)
    looks: list[str] = field(default_factory=list)
    ended: list[tuple[int, bool]] = field(default_factory=list)
    begun: int = 0

    def __post_init__(self) -> None:
        self.read_end, self.write_end = os.pipe()

    def close(self) -> None:
        os.close(self.read_end)
        os.close(self.write_end)

    def plug(self, *sticks: UsbStorage) -> None:
        """Change what is plugged in, and tell it."""
        self.sticks = sticks
        os.write(self.write_end, b"!")

    def look(self, ability: str) -> None:
        self.looks.append(ability)
        if ability in self.fails:
            raise MachineError(self.fails[ability])

    @property
    def web(self) -> Path:
        return self.folder / "browser" / "policy.json"

    @property
    def usb(self) -> Path:
        return self.folder / "usb"

    @property
    def rfkill(self) -> Path:
        return self.folder / "rfkill"

    def machine(self, *without: str) -> Machine:
        """Return the machine, some abilities left out."""
        abilities = {
            "programs": lambda: _Programs(self),
            "web": lambda: _Web(self),
            "usb": lambda: _Usb(self),
            "networks": lambda: _Networks(self),
            "bluetooth": lambda: _Bluetooth(self),
            "signals": lambda: _Signals(self),
        }
        return Machine(
            **{name: Unsupported(f"No {name} here.") if name in without else make for name, make in abilities.items()}  # type: ignore[arg-type]
        )


@dataclass(frozen=True)
class _Programs(Programs):
    ground: Ground

    def running(self) -> tuple[Program, ...]:
        self.ground.look("programs")
        return tuple(self.ground.programs)

    def end(self, pid: int, *, kill: bool) -> None:
        self.ground.ended.append((pid, kill))
        if kill or pid not in self.ground.stubborn:
            self.ground.programs = [one for one in self.ground.programs if one.pid != pid]


@dataclass(frozen=True)
class _Web(Web):
    ground: Ground

    def changes(self, rules: WebRules) -> tuple[FileChange, ...]:
        self.ground.look("web")
        return () if rules.is_open else (FileChange(self.ground.web, json.encode(rules)),)

    def must_restart(self, programs: tuple[Program, ...], since: float) -> tuple[Program, ...]:
        return tuple(one for one in self.ground.browsers if one in programs)

    def address_in_front(self, front: Program, within: float) -> str:
        self.ground.look("address")
        return self.ground.address


@dataclass(frozen=True)
class _Usb(Usb):
    ground: Ground

    def attached(self) -> tuple[UsbStorage, ...]:
        self.ground.look("usb")
        os.set_blocking(self.ground.read_end, False)
        with contextlib.suppress(BlockingIOError):
            os.read(self.ground.read_end, 4096)
        return self.ground.sticks

    def news(self) -> Wakeable:
        return _Wakeable(self.ground.read_end)

    def blocking(self) -> tuple[FileChange, ...] | Unsupported:
        return (FileChange(self.ground.usb, b"off"),)

    def close(self) -> None:
        self.ground.looks.append("usb closed")


@dataclass(frozen=True)
class _Wakeable:
    descriptor: int

    def fileno(self) -> int:
        return self.descriptor


@dataclass(frozen=True)
class _Networks(Networks):
    ground: Ground

    def facts(self, on_site: tuple[str, ...]) -> NetworkFacts:
        self.ground.look("networks")
        return self.ground.network

    def begin(self) -> None:
        self.ground.begun += 1


@dataclass(frozen=True)
class _Bluetooth(Bluetooth):
    ground: Ground

    def facts(self) -> BluetoothFacts:
        self.ground.look("bluetooth")
        return self.ground.bluetooth

    def switching_off(self) -> tuple[FileChange, ...] | Unsupported:
        return Unsupported("Bluetooth cannot be switched off without the rights to do so.")


@dataclass(frozen=True)
class _Signals(Signals):
    ground: Ground

    def seen(self, programs: tuple[Program, ...]) -> tuple[SignalSeen, ...]:
        self.ground.look("signals")
        return self.ground.signals
