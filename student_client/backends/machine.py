"""What the agent needs of a machine to hold rules: facts it can read, and what it can change, each a small interface.

As in `base`: one thread uses each object, a missing ability is `Unsupported`, errors are sentences for people. Nothing
here changes a machine by itself: what would be changed is returned as `FileChange`s, which the agent's journal makes,
verifies and takes back, byte for byte.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from protocol.policy.facts import BluetoothFacts, NetworkFacts, Program, SignalSeen, UsbStorage
from protocol.policy.rules import WebRules
from student_client.backends.base import Unsupported, Wakeable


class MachineError(Exception):
    """A fact cannot be read or a change not be made now; the text says why."""


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file's content while a rule holds; None: the file is not there. `mode` is for one that is made."""

    path: Path
    content: bytes | None
    mode: int = 0o644


class Programs(ABC):
    """The programs of this session's user."""

    @abstractmethod
    def running(self) -> tuple[Program, ...]:
        """Return them, oldest first; the desktop's own and assistive tools are left out. Raises MachineError."""

    @abstractmethod
    def end(self, pid: int, *, kill: bool) -> None:
        """Ask a program to end (SIGTERM), or end it; one that is gone is fine. Raises MachineError."""


class Web(ABC):
    """Every managed browser on this machine."""

    @abstractmethod
    def changes(self, rules: WebRules) -> tuple[FileChange, ...]:
        """Return what browsers' policy files must hold, merged with what is in them now. Raises MachineError.

        Open rules give nothing: restoring is the journal's.
        """

    @abstractmethod
    def must_restart(self, programs: tuple[Program, ...], since: float) -> tuple[Program, ...]:
        """Return the running browsers started before `since` (Unix seconds) that obey only after a restart."""

    @abstractmethod
    def address_in_front(self, front: Program, within: float) -> str:
        """Return the address the browser in front visited last, if in the last `within` seconds; else ""."""


class Usb(ABC):
    """USB storage and phones that offer their files."""

    @abstractmethod
    def attached(self) -> tuple[UsbStorage, ...]:
        """Return what is plugged in now. Raises MachineError."""

    @abstractmethod
    def news(self) -> Wakeable:
        """Return what turns readable when something was plugged in or out; `attached` takes the news."""

    @abstractmethod
    def blocking(self) -> tuple[FileChange, ...] | Unsupported:
        """Return the changes that keep storage from being used, for what is attached and what comes."""

    @abstractmethod
    def close(self) -> None:
        """Listen no more; may be called twice."""


class Networks(ABC):
    """Where this machine is connected."""

    @abstractmethod
    def facts(self, on_site: tuple[str, ...]) -> NetworkFacts:
        """Return them; `on_site` are the college's networks in CIDR notation. Raises MachineError."""

    @abstractmethod
    def begin(self) -> None:
        """From now on a default route that is not there now counts as new."""


class Bluetooth(ABC):
    """The Bluetooth adapters."""

    @abstractmethod
    def facts(self) -> BluetoothFacts:
        """Return them; no adapter is neither on nor visible. Raises MachineError."""

    @abstractmethod
    def switching_off(self) -> tuple[FileChange, ...] | Unsupported:
        """Return the changes that switch every adapter off."""


class Signals(ABC):
    """Hints that the screen may not be what it seems."""

    @abstractmethod
    def seen(self, programs: tuple[Program, ...]) -> tuple[SignalSeen, ...]:
        """Return them. Raises MachineError."""


@dataclass(frozen=True, slots=True)
class Machine:
    """What one platform offers the agent. A function makes the object, in the thread that uses it."""

    programs: Callable[[], Programs] | Unsupported
    web: Callable[[], Web] | Unsupported
    usb: Callable[[], Usb] | Unsupported
    networks: Callable[[], Networks] | Unsupported
    bluetooth: Callable[[], Bluetooth] | Unsupported
    signals: Callable[[], Signals] | Unsupported
