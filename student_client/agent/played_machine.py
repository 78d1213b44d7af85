"""A machine that is only played, for demonstrations: rules hold on it, and nothing of the real computer is touched."""

from pathlib import Path
from typing import Final

from protocol.policy.facts import UsbStorage
from student_client.backends.fake_machine import FakeMachine
from student_client.backends.machine import Machine

USB_STICK: Final = "usb-stick"


def played_machine(scene: str, folder: Path) -> Machine:
    """Return a machine whose files are below `folder`; in the scene "usb-stick" one is plugged in."""
    played = FakeMachine(folder)
    if scene == USB_STICK:
        played.attach(UsbStorage(id="stick", maker="SanDisk", model="Cruzer", size=16_000_000_000))
    return played.machine
