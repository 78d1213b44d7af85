"""USB devices that umockdev plays. Run under umockdev-wrapper: plugs in and out, and prints what LinuxUsb says of it.

Not a test by itself: the library that plays /sys and udev's socket has to be loaded before Python is.
"""

import ctypes
import select
import sys
from pathlib import Path
from typing import Any

from student_client.backends.base import Unsupported
from student_client.backends.linux_usb import LinuxUsb

BUS = "/devices/pci0000:00/0000:00:14.0/usb1"
STICK = f"""\
P: {BUS}/1-2
N: bus/usb/001/005
E: DEVTYPE=usb_device
E: ID_USB_INTERFACES=:080650:
E: ID_VENDOR=SanDisk
E: ID_MODEL=Cruzer\\x20Blade
E: SUBSYSTEM=usb
A: authorized=1\\n
A: manufacturer=SanDisk\\n
A: product=Cruzer Blade\\n

P: {BUS}/1-2/1-2:1.0/host2/target2:0:0/2:0:0:0/block/sdb
N: sdb
E: DEVTYPE=disk
E: SUBSYSTEM=block
A: size=31260672\\n
"""
PHONE = f"""\
P: {BUS}/1-3
N: bus/usb/001/006
E: DEVTYPE=usb_device
E: ID_MTP_DEVICE=1
E: ID_USB_INTERFACES=:ffff00:
E: SUBSYSTEM=usb
A: authorized=1\\n
A: manufacturer=Google\\n
A: product=Pixel 8\\n
"""
MOUSE = f"""\
P: {BUS}/1-4
N: bus/usb/001/007
E: DEVTYPE=usb_device
E: ID_USB_INTERFACES=:030102:
E: SUBSYSTEM=usb
A: authorized=1\\n
A: product=Mouse\\n
"""


class Port:
    """umockdev's machine."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL("libumockdev.so.0")
        self._library.umockdev_testbed_new.restype = ctypes.c_void_p
        self._bed = ctypes.c_void_p(self._library.umockdev_testbed_new())

    def attach(self, description: str) -> None:
        """Plug in: every device of the description appears, and udev tells of it."""
        none = ctypes.c_void_p()
        assert self._library.umockdev_testbed_add_from_string(self._bed, description.encode(), none)
        for path in _paths(description):
            self._library.umockdev_testbed_uevent(self._bed, path, b"add")

    def detach(self, description: str) -> None:
        for path in reversed(_paths(description)):
            self._library.umockdev_testbed_uevent(self._bed, path, b"remove")
            self._library.umockdev_testbed_remove_device(self._bed, path)


def _paths(description: str) -> list[bytes]:
    return [b"/sys" + line[3:].encode() for line in description.splitlines() if line.startswith("P: ")]


def rings(usb: LinuxUsb) -> bool:
    return bool(select.select([usb.news()], [], [], 5)[0])


def silent(usb: LinuxUsb) -> bool:
    return not select.select([usb.news()], [], [], 0)[0]


def tell(what: str, value: Any) -> None:
    print(f"{what}: {value}", flush=True)


def show(usb: LinuxUsb) -> str:
    return ", ".join(f"{one.id} {one.maker} {one.model} {one.size}" for one in usb.attached()) or "nothing"


def plug_in_and_out(root: Path) -> None:
    port = Port()
    port.attach(MOUSE)
    usb = LinuxUsb(root)
    tell("at first", show(usb))
    tell("silent", silent(usb))
    for name, device in (("stick", STICK), ("phone", PHONE)):
        port.attach(device)
        tell(f"{name} rings", rings(usb))
        tell(f"{name} in", show(usb))
        tell("silent", silent(usb))
    port.detach(STICK)
    tell("out rings", rings(usb))
    tell("stick out", show(usb))
    usb.close()


def block(root: Path) -> None:
    port = Port()
    port.attach(STICK)
    usb = LinuxUsb(root)
    tell("no right", isinstance(usb.blocking(), Unsupported))
    (root / "run/udev").mkdir(parents=True)
    changes = usb.blocking()
    assert not isinstance(changes, Unsupported)
    for change in changes:
        tell("change", (change.path.name, change.in_place, change.normal))
    port.detach(STICK)
    other = STICK.replace("Cruzer", "Other").replace("sdb", "sdc")  # umockdev keeps the link of the first
    port.attach(other)
    tell("never refused", show(usb))
    changes = usb.blocking()
    assert not isinstance(changes, Unsupported)
    assert changes[-1].content == b"0\n"
    changes[-1].path.write_bytes(changes[-1].content)  # a refused device has no disk
    port.detach(other.partition("\n\n")[2])
    tell("refused", show(usb))


if __name__ == "__main__":
    {"plug": plug_in_and_out, "block": block}[sys.argv[1]](Path(sys.argv[2]))
