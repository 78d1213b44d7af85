"""USB storage, and phones that offer their files, on Linux: pyudev tells, `authorized` in /sys decides.

What comes while storage is blocked is refused by a rule of udev's, which is asked before anybody hears of the
device; what is attached already is refused here. A refused device is not driven at all, and comes back as it was.
"""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import pyudev  # type: ignore[import-untyped]  # ships no signatures

from protocol.policy.facts import UsbStorage
from protocol.text import plain
from student_client.backends.base import Unsupported, Wakeable
from student_client.backends.machine import FileChange, MachineError, Usb

RULE: Final = "run/udev/rules.d/99-lessonlight.rules"
# Interface classes (USB-IF): 08 mass storage, 06 still images (PTP). MTP has none: libmtp's rules tell ID_MTP_DEVICE.
_STORAGE: Final = (":08", ":06")
_REFUSED: Final = b"""\
# Lessonlight blocks USB storage while a lesson's rules say so; this file goes when they end.
ACTION!="add", GOTO="lessonlight_end"
SUBSYSTEM!="usb", GOTO="lessonlight_end"
ENV{DEVTYPE}!="usb_device", GOTO="lessonlight_end"
ENV{ID_USB_INTERFACES}=="*:08????:*", ATTR{authorized}="0"
ENV{ID_USB_INTERFACES}=="*:06????:*", ATTR{authorized}="0"
ENV{ID_MTP_DEVICE}=="1", ATTR{authorized}="0"
ENV{ID_MEDIA_PLAYER}=="?*", ATTR{authorized}="0"
LABEL="lessonlight_end"
"""
_LIMIT: Final = 120
_SECTOR: Final = 512  # what /sys counts a block device's size in, whatever its own sectors are


class LinuxUsb(Usb):
    """One connection to udev; `root` is where /run stands."""

    def __init__(self, root: Path = Path("/")) -> None:
        self._root = root
        self._refused: dict[str, UsbStorage] = {}  # what we block has no disk any more to be known by
        try:
            self._context = pyudev.Context()
            self._monitor = pyudev.Monitor.from_netlink(self._context)
            for subsystem in ("usb", "block"):
                self._monitor.filter_by(subsystem)
            self._monitor.start()
        except (OSError, ImportError) as error:
            raise MachineError(f"udev cannot be asked about USB devices: {error}.") from error

    def attached(self) -> tuple[UsbStorage, ...]:
        """Return devices with a storage or picture interface, and phones; takes the news."""
        while self._monitor.poll(timeout=0) is not None:
            pass
        try:
            disks = list(self._context.list_devices(subsystem="block", DEVTYPE="disk"))
            found = {
                device.sys_name: self._storage(device, disks)
                for device in self._context.list_devices(subsystem="usb", DEVTYPE="usb_device")
                if offers_files(device) or self._known(device)
            }
        except OSError as error:
            raise MachineError(f"The USB devices cannot be read: {error.strerror}.") from error
        self._refused = {name: storage for name, storage in self._refused.items() if name in found}
        return tuple(found.values())

    def news(self) -> Wakeable:
        """Return udev's socket."""
        socket: Wakeable = self._monitor
        return socket

    def blocking(self) -> tuple[FileChange, ...] | Unsupported:
        """Return udev's rule for what comes, and a switch for each device that is there."""
        if not os.access(self._root / "run/udev", os.W_OK):
            return Unsupported(
                "USB storage cannot be blocked on this laptop, only seen: Lessonlight runs without the right to."
            )
        attached = self.attached()
        self._refused |= {storage.id: storage for storage in attached}
        switches = [Path(self._device(storage.id).sys_path, "authorized") for storage in attached]
        return (
            FileChange(self._root / RULE, _REFUSED),
            *(FileChange(switch, b"0\n", in_place=True, normal=b"1\n") for switch in switches),
        )

    def close(self) -> None:
        """Let go of udev; its socket closes with the last reference."""

    def _device(self, name: str) -> pyudev.Device:
        return pyudev.Devices.from_name(self._context, "usb", name)

    def _known(self, device: pyudev.Device) -> UsbStorage | None:
        """Return what a device was before it was refused; None where it is not, though we may have tried."""
        return self._refused.get(device.sys_name) if _attribute(device, "authorized").strip() == "0" else None

    def _storage(self, device: pyudev.Device, disks: Iterable[pyudev.Device]) -> UsbStorage:
        if known := self._known(device):
            return known
        own = [disk for disk in disks if disk.sys_path.startswith(f"{device.sys_path}/")]
        return UsbStorage(
            id=device.sys_name,
            maker=_words(device, "ID_VENDOR_FROM_DATABASE", "manufacturer", "ID_VENDOR"),
            model=_words(device, "ID_MODEL_FROM_DATABASE", "product", "ID_MODEL"),
            size=sum(int(_attribute(disk, "size") or 0) for disk in own) * _SECTOR,
        )


def offers_files(device: pyudev.Device) -> bool:
    """Whether a USB device is storage, a camera, or a phone that offers its files."""
    if device.properties.get("ID_MTP_DEVICE") == "1" or device.properties.get("ID_MEDIA_PLAYER"):
        return True
    interfaces = device.properties.get("ID_USB_INTERFACES", "")
    if not interfaces:
        kinds = (_attribute(child, "bInterfaceClass") for child in device.children)
        interfaces = "".join(f":{kind}" for kind in kinds)
    return any(kind in interfaces for kind in _STORAGE)


def _words(device: pyudev.Device, *names: str) -> str:
    """Return the first that says something: a name of udev's database, what the device says, udev's spelling of it."""
    for name in names:
        said = device.properties.get(name, "") if name.isupper() else _attribute(device, name)
        if words := plain(said, _LIMIT).strip():
            return words
    return ""


def _attribute(device: pyudev.Device, name: str) -> str:
    return (device.attributes.get(name) or b"").decode("utf-8", "replace")
