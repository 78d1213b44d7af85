"""What the student's side needs of a platform: one small interface an ability, and the plain values that cross them.

Every object is used by one thread, which also makes it; it owns its own connection to the platform. A missing ability
is a value, `Unsupported`, which the tutor can read; an ability that is there but fails raises its own error, whose
text is a sentence for people. Sizes and positions are pixels; times are Unix seconds; durations are seconds.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Protocol

from student_client.regions import Rect

ALL_MONITORS = 0


class CaptureError(Exception):
    """The screen cannot be captured now; the text says why. Close the capture and open another to try again."""


class LockError(Exception):
    """Keyboard and pointer cannot be held; the text says why. Close the lock and open another to try again."""


class HotkeysError(Exception):
    """Hotkeys cannot be heard; the text says why. Close them and open others to try again."""


class WindowError(Exception):
    """Windows cannot be closed now; the text says why."""


class AutostartError(Exception):
    """The client cannot be made to start at login; the text says where it failed."""


@dataclass(frozen=True, slots=True)
class Unsupported:
    """An ability this platform or session does not have, and why, in a sentence for the tutor."""

    why: str


@dataclass(frozen=True, slots=True)
class Monitor:
    """One monitor and its place on the desktop; `index` counts from 1 (0 means the whole desktop)."""

    index: int
    x: int
    y: int
    width: int
    height: int
    name: str
    primary: bool


@dataclass(frozen=True, slots=True)
class Raw:
    """Pixels as grabbed: rows from the top, 4 bytes a pixel in the order blue, green, red, unused, no row padding.

    `monitor` is what was asked for (0 = whole desktop).
    """

    width: int
    height: int
    monitor: int
    captured_at: float
    pixels: bytes | bytearray


@dataclass(frozen=True, slots=True)
class Front:
    """The window in front: its process (0: unknown), its program as the platform names it, and its title."""

    pid: int = 0
    program: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class Encoded:
    """A baseline JPEG of `width` by `height`, made of a grabbed area of `screen_width` by `screen_height`."""

    width: int
    height: int
    screen_width: int
    screen_height: int
    jpeg: bytes
    captured_at: float


class Wakeable(Protocol):
    """Anything a thread can sleep on: a socket, or an object with a file descriptor."""

    def fileno(self) -> int:
        """Return the file descriptor; readable means wake up."""


class Capture(ABC):
    """The student's screen, and the news that it has changed. Everything raises CaptureError.

    News is told once, and then not again before `take_damage`: a screen that nobody looks at wakes nobody. Take the
    damage first and grab then: what is drawn between the two is in the picture, and told again.
    """

    @abstractmethod
    def monitors(self) -> tuple[Monitor, ...]:
        """Return the monitors as they are now, at least one, in a stable order; cheap enough to ask at every grab."""

    @abstractmethod
    def area(self, monitor: int) -> Rect:
        """Return the place of one monitor on the desktop; of all the desktop for 0, or one that is not there."""

    @abstractmethod
    def changed(self) -> bool:
        """Tell the news: something was drawn, the monitors changed, or (see `follow_pointer`) the pointer moved.

        True the first time it is asked.
        """

    @abstractmethod
    def wait_change(self, timeout: float | None, wake: Wakeable | None = None) -> bool:
        """Sleep until there is news, `wake` is readable or `timeout` seconds are over; return `changed()`."""

    @abstractmethod
    def take_damage(self) -> tuple[Rect, ...]:
        """Return what was drawn since the last call, in at most 16 disjoint rectangles on the desktop, and forget it.

        The first time, and after the monitors changed, it is all of the desktop.
        """

    @abstractmethod
    def grab(self, monitor: int, part: Rect | None = None) -> Raw:
        """Return the pixels of one monitor, or of the whole desktop for 0, or of a part of it, as they are now.

        A monitor that is no longer there gives the whole desktop, a part that no longer lies on it all of it.
        """

    @abstractmethod
    def follow_pointer(self, on: bool) -> None:
        """Whether moves of the pointer are news; they are not at the start."""

    @abstractmethod
    def pointer(self) -> tuple[int, int]:
        """Return where the pointer's hot spot is on the desktop. A followed pointer tells its next move after this."""

    @abstractmethod
    def close(self) -> None:
        """Give everything back; may be called twice, and after an error."""


class Inputs(ABC):
    """How often keys and buttons were pressed, and never which. It counts from when it is made until it is closed."""

    @abstractmethod
    def count(self) -> int:
        """Return the presses since the start."""

    @abstractmethod
    def close(self) -> None:
        """Listen no more; may be called twice."""


class ScreenLock(ABC):
    """Keeps keys and clicks from everybody while the lock windows are shown. Everything raises LockError.

    Whoever shows the windows calls `hold`, then `pump` whenever `fileno` is readable and at least every 250 ms.
    """

    @property
    @abstractmethod
    def held(self) -> bool:
        """Whether keyboard and pointer are both ours. False while somebody else's menu or drag still has one."""

    @abstractmethod
    def hold(self) -> bool:
        """Remember the focus and take keyboard and pointer; returns `held`. What was refused, `pump` tries again."""

    @abstractmethod
    def reassert(self) -> bool:
        """Take keyboard and pointer again, in case something took them from us; returns `held`."""

    @abstractmethod
    def raise_over(self, windows: Collection[int]) -> None:
        """Keep these native window ids above all others from now on (`pump` does it); an empty collection ends it."""

    @abstractmethod
    def pump(self) -> None:
        """Answer what happened on the display: windows raised over ours are put below, lost grabs are taken again."""

    @abstractmethod
    def take_help(self) -> bool:
        """Tell whether F1, the call for help, was pressed while held and not yet told."""

    @abstractmethod
    def hear_digits(self, on: bool) -> None:
        """From now on hear digits and Backspace while held, or no longer; beside them and F1 no key is looked at."""

    @abstractmethod
    def take_digits(self) -> str:
        """Return the digits pressed since the last call, in order; Backspace is "\\b"."""

    @abstractmethod
    def fileno(self) -> int:
        """Return the descriptor that turns readable when `pump` has something to do; -1 where there is none."""

    @abstractmethod
    def release(self) -> None:
        """Give keyboard and pointer back, and the focus to whoever had it if it was moved since; ends `raise_over`."""

    @abstractmethod
    def close(self) -> None:
        """Release and disconnect; may be called twice, and after an error."""


class Hotkey(Enum):
    """What a student can reach from anywhere by one key."""

    HELP = "help"
    COVER = "cover"
    PANEL = "panel"


class Hotkeys(ABC):
    """A few keys that are heard whatever has the focus; no other key is. Everything raises HotkeysError."""

    @property
    @abstractmethod
    def names(self) -> Mapping[Hotkey, str]:
        """What to press, as a student reads it; a key that another program already has is left out."""

    @abstractmethod
    def take(self) -> tuple[Hotkey, ...]:
        """Return what was pressed since the last call, in order; a key that is held down counts once."""

    @abstractmethod
    def fileno(self) -> int:
        """Return the descriptor that turns readable when `take` may have something; -1 where there is none."""

    @abstractmethod
    def close(self) -> None:
        """Give the keys back; may be called twice, and after an error."""


class Away(Enum):
    """What a student sees instead of the session."""

    NOT = ""
    SCREEN_SAVER = "The screen saver is in front."
    OTHER_TERMINAL = "Another user's session or a text terminal is in front."


class Facts(ABC):
    """What the wall says about a laptop. Plain one-line texts of at most 120 characters; "" when unknown."""

    @abstractmethod
    def front(self) -> Front | None:
        """Return the window in front, its process by the system's own word; None where there is none."""

    @abstractmethod
    def away(self) -> Away:
        """Return what is in front of the session instead of it; Away.NOT when nothing is, or unknown."""

    @abstractmethod
    def logged_in_user(self) -> str:
        """Return the login name of the session's user."""

    @abstractmethod
    def host_name(self) -> str:
        """Return the laptop's own name, without its domain."""

    @abstractmethod
    def close(self) -> None:
        """Disconnect; may be called twice."""


class Windows(ABC):
    """Other programs' windows."""

    @abstractmethod
    def close_windows(self, pid: int) -> int:
        """Ask every window of a process to close, as its own close button would, and return how many were asked.

        Raises WindowError.
        """


class Autostart(ABC):
    """Start at login. Everything raises AutostartError."""

    @abstractmethod
    def install(self, argv: Sequence[str]) -> tuple[Path, ...]:
        """Make `argv` (its first an absolute path) run at every login of this user; returns the files written."""

    @abstractmethod
    def remove(self) -> tuple[Path, ...]:
        """Undo `install`; returns the files removed, none if it was not installed."""

    @abstractmethod
    def installed(self) -> bool:
        """Say whether the client starts at login."""


@dataclass(frozen=True, slots=True)
class Backends:
    """What one platform offers. A function makes the object, in the thread that will use it; it raises that ability's
    error while the platform is away, for instance before the session's display is up.
    """

    capture: Callable[[], Capture] | Unsupported
    lock: Callable[[], ScreenLock] | Unsupported
    inputs: Callable[[], Inputs] | Unsupported
    hotkeys: Callable[[], Hotkeys] | Unsupported
    facts: Callable[[], Facts] | Unsupported
    autostart: Autostart | Unsupported
    windows: Callable[[], Windows] | Unsupported = Unsupported("Windows cannot be closed on this system yet.")
