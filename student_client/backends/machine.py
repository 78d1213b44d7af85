"""What the agent needs of a machine to hold rules: facts it can read, and what it can change, each a small interface.

As in `base`: one thread uses each object, a missing ability is `Unsupported`, errors are sentences for people. Nothing
here changes a machine by itself: what would be changed is returned as `FileChange`s, which the agent's journal makes,
verifies and takes back, byte for byte.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from protocol.policy.facts import BluetoothFacts, NetworkFacts, Program, SignalSeen, UsbStorage
from protocol.policy.rules import WebRules
from student_client.backends.base import Unsupported, Wakeable


class MachineError(Exception):
    """A fact cannot be read or a change not be made now; the text says why."""


class Merge(Protocol):
    """Makes a file's content of what others have in it. Pure; equal ones are the same change."""

    def __call__(self, theirs: bytes | None) -> bytes | None:
        """Return the content while a rule holds; `theirs` is the file without us, None where there is none."""


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file's content while a rule holds; None: the file is not there. `mode` is for one that is made.

    `merge`, where given, decides instead of `content`: others have their say in the same file. `in_place`: a file of
    the kernel's (/sys), which is written into and never made; one that is not there is a device that has gone.
    `normal`: what such a file is given back as, where a rule of udev's has made it ours before we could look.
    """

    path: Path
    content: bytes | None = None
    mode: int = 0o644
    merge: Merge | None = None
    in_place: bool = False
    normal: bytes | None = None


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
        """Return what browsers' policy files must hold beside what others have in them. Raises MachineError.

        Open rules give nothing: restoring is the journal's.
        """

    def unlisted(self, rules: WebRules) -> tuple[str, ...]:  # noqa: ARG002 - scripted ones list every category
        """Return the categories of these rules of which this machine has no list of sites."""
        return ()

    def shortfall(self, rules: WebRules) -> str:  # noqa: ARG002 - most browsers have none
        """Return what else of these rules browsers cannot be held to, in sentences for the tutor; "" where they can."""
        return ""

    @abstractmethod
    def must_restart(self, programs: tuple[Program, ...], since: float) -> tuple[Program, ...]:
        """Return the running browsers that obey the rules last given to `changes` only after a restart.

        `since` is when those were made to hold (Unix seconds); a browser started later obeys.
        """

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

    def shortfall(self) -> str:
        """Return what of the last facts nobody could tell, and why, in a sentence for the tutor; "" where all is."""
        return ""

    @abstractmethod
    def switching_off(self) -> tuple[FileChange, ...] | Unsupported:
        """Return the changes that switch every adapter off."""

    def close(self) -> None:  # noqa: B027 - scripted ones hold nothing
        """Give back what it holds; may be called twice, and asked again after."""


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


def no_machine(why: str) -> Machine:
    """Return a machine of which nothing can be seen or changed, and why."""
    nothing = Unsupported(why)
    return Machine(nothing, nothing, nothing, nothing, nothing, nothing)


LEFT_ALONE: Final = no_machine("This client was started to leave the computer it runs on alone (--leave-machine).")
