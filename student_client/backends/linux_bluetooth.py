"""Bluetooth on Linux: the kernel's switches in /sys/class/rfkill, connections in /sys/class/bluetooth, and BlueZ."""

import os
from collections.abc import Iterator
from pathlib import Path

from protocol.policy.facts import BluetoothFacts
from student_client.backends.base import Unsupported
from student_client.backends.linux_bluez import SYSTEM_BUS, Bluez
from student_client.backends.machine import Bluetooth, FileChange, MachineError


class LinuxBluetooth(Bluetooth):
    """The adapters below one root, and what BlueZ on one D-Bus says of them (an address, or "SYSTEM")."""

    def __init__(self, root: Path = Path("/"), bus: str = SYSTEM_BUS) -> None:
        self._root = root
        self._bluez = Bluez(bus)
        self._unknown = ""

    def facts(self) -> BluetoothFacts:
        """Return them: on is a switch neither software nor a key holds; a connection is a child of its adapter."""
        self._unknown = ""
        try:
            on = any(_holds(each / "soft", "0") and _holds(each / "hard", "0") for each in self._switches())
            connected = any(":" in each.name for each in _inside(self._root / "sys/class/bluetooth"))
        except OSError as error:
            raise MachineError(f"Bluetooth's switches cannot be read: {error.strerror}.") from error
        return BluetoothFacts(on=on, visible=on and self._visible(), sending=on and connected)

    def shortfall(self) -> str:
        """Return why BlueZ did not say whether an adapter can be found."""
        return self._unknown

    def close(self) -> None:
        """Leave the bus."""
        self._bluez.close()

    def _visible(self) -> bool:
        try:
            return self._bluez.visible()
        except MachineError as error:
            self._unknown = str(error)
            return False

    def switching_off(self) -> tuple[FileChange, ...] | Unsupported:
        """Return each adapter's own switch: other radios keep theirs."""
        switches = [each / "soft" for each in self._switches()]
        if not all(os.access(switch, os.W_OK) for switch in switches):
            return Unsupported("Bluetooth cannot be switched off on this laptop: Lessonlight runs without that right.")
        return tuple(FileChange(switch, b"1\n", in_place=True) for switch in switches)

    def _switches(self) -> Iterator[Path]:
        return (each for each in _inside(self._root / "sys/class/rfkill") if _holds(each / "type", "bluetooth"))


def _inside(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.exists() else []


def _holds(file: Path, text: str) -> bool:
    try:
        return file.read_text(encoding="ascii").strip() == text
    except FileNotFoundError:
        return False  # the adapter has just been pulled out
