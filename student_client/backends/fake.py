"""A platform made of a script: deterministic moving screens, a lock and facts that need no display.

A backend like the others, for tests, and cheap enough for a thousand devices in one process: a simulation asks
`FakeScreen.encoded`, whose JPEGs are painted once for each look, step and size and shared by every device.
"""

import io
import select
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from PIL import Image, ImageDraw

from student_client.backends.base import (
    ALL_MONITORS,
    Autostart,
    Away,
    Backends,
    Capture,
    CaptureError,
    Encoded,
    Facts,
    Front,
    Hotkey,
    Hotkeys,
    Inputs,
    Monitor,
    Raw,
    ScreenLock,
    Wakeable,
    Windows,
)
from student_client.regions import Rect, boxes_of

_LOOKS = 12  # so many devices look different from each other; more would only cost memory
_STEPS = 24  # after so many the movement begins again
_LETTERS = 160  # in a line that goes from side to side
_LATEST_SLEEP = 0.05
_QUALITY = 70

Sizes = tuple[tuple[int, int], ...]
Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Cue:
    """From `at` seconds after the start: other monitors, a screen that fails with a sentence, or a black one."""

    at: float
    sizes: Sizes = ((1920, 1080),)
    fails: str = ""
    black: bool = False


@dataclass(frozen=True, slots=True)
class Script:
    """What happens on a fake screen. `rate` is changes a second (0: none); `look` picks its colours."""

    look: int = 0
    rate: float = 1.0
    cues: tuple[Cue, ...] = (Cue(0.0),)

    def cue(self, age: float) -> Cue:
        """Return the cue in force `age` seconds after the start."""
        return next((cue for cue in reversed(self.cues) if cue.at <= age), self.cues[0])

    def step(self, age: float) -> int:
        """Return how often the screen has changed by then."""
        return int(max(0.0, age) * self.rate)

    def next_change(self, age: float) -> float | None:
        """Return the age at which the next step or cue begins, or None if nothing will ever change."""
        ages = [cue.at for cue in self.cues if cue.at > age]
        if self.rate > 0:
            ages.append((self.step(age) + 1) / self.rate)
        return min(ages, default=None)


def paint(look: int, step: int, width: int, height: int, black: bool = False) -> Image.Image:
    """Return an RGB picture at any size: a plain ground, lines as of text, and a square that moves with `step`.

    The lines have letters, for plain bars would make a JPEG half as large as that of a real page.
    """
    if black:
        return Image.new("RGB", (width, height))
    picture = Image.new("RGB", (width, height), ground(look))
    pen = ImageDraw.Draw(picture)
    for line in range(4, 16):
        ends = 0.3 + 0.5 * ((line * 7 + look * 3 + (step if line == 15 else 0)) % 11) / 11
        top = height * line // 20
        for letter in range(_LETTERS // 10, int(_LETTERS * ends)):
            if (letter * letter + line * 7 + look) % 6:  # the others are blanks between words
                left, shade = width * letter / _LETTERS, letter * 37 % 90
                right, bottom = left + width * 0.6 / _LETTERS, top + max(1, height // 60)
                pen.rectangle((left, top, right, bottom), (shade, shade, shade + 8))
    left, top, side = square(step, width, height)
    pen.rectangle((left, top, left + side - 1, top + side - 1), ink(look))
    return picture


def ground(look: int) -> tuple[int, int, int]:
    """Return the colour of that look's ground."""
    return 150 + look * 37 % 100, 150 + look * 61 % 100, 150 + look * 83 % 100


def ink(look: int) -> tuple[int, int, int]:
    """Return the colour of that look's square."""
    return look * 53 % 130, look * 29 % 130, 40 + look * 71 % 130


def square(step: int, width: int, height: int) -> tuple[int, int, int]:
    """Return left, top and side of the square, which goes along the foot of the screen."""
    side = max(2, height // 8)
    return (width - side) * (step % _STEPS) // (_STEPS - 1), height - side, side


@lru_cache(maxsize=_LOOKS * _STEPS * 4)
def _jpeg(look: int, step: int, width: int, height: int, black: bool) -> bytes:
    target = io.BytesIO()
    paint(look, step, width, height, black).save(target, "JPEG", quality=_QUALITY, subsampling=2)
    return target.getvalue()


class FakeScreen:
    """A script being played since `started_at`; `clock` gives Unix seconds."""

    def __init__(self, script: Script, clock: Clock = time.time) -> None:
        self.script = script
        self.clock = clock
        self.started_at = clock()

    def age(self) -> float:
        """Return the seconds since the start."""
        return self.clock() - self.started_at

    def look_and_step(self) -> tuple[int, int]:
        """Return what `paint` needs to know now."""
        return self.script.look % _LOOKS, self.script.step(self.age()) % _STEPS

    def cue(self) -> Cue:
        """Return the cue in force; raises CaptureError while the script says that the screen fails."""
        cue = self.script.cue(self.age())
        if cue.fails:
            raise CaptureError(cue.fails)
        return cue

    def encoded(self, width: int, height: int, monitor: int = ALL_MONITORS) -> Encoded:
        """Return the screen as a JPEG of exactly that size, from a cache common to all fake screens."""
        cue = self.cue()
        _, _, screen_width, screen_height = _area(_monitors(cue.sizes), monitor)
        look, step = self.look_and_step()
        jpeg = _jpeg(look, step, width, height, cue.black)
        return Encoded(width, height, screen_width, screen_height, jpeg, self.clock())


class FakeCapture(Capture):
    """Captures a fake screen: the ground, the lines and the square of each of its monitors, side by side."""

    def __init__(self, screen: FakeScreen) -> None:
        self._screen = screen
        self._told: tuple[Cue, int] | None = None
        self._taken: tuple[Cue, int] | None = None
        self._open = True

    def monitors(self) -> tuple[Monitor, ...]:
        """Return the monitors of the cue in force."""
        return _monitors(self._state()[0].sizes)

    def changed(self) -> bool:
        """Tell a step or a cue that is new, once until it is taken, like the real one."""
        state, told = self._state(), self._told
        if state == told or (told is not None and told[0] == state[0] and told != self._taken):
            return False
        self._told = state
        return True

    def wait_change(self, timeout: float | None, wake: Wakeable | None = None) -> bool:
        """Sleep by the real clock in short turns, for the script's clock may be turned by hand."""
        end = None if timeout is None else time.monotonic() + timeout
        while not (news := self.changed()):
            left = _LATEST_SLEEP if end is None else min(_LATEST_SLEEP, end - time.monotonic())
            if left <= 0 or _woken(wake, left):
                return self.changed()
        return news

    def area(self, monitor: int) -> Rect:
        """Return the place of a monitor of the cue in force."""
        return Rect(*_area(self.monitors(), monitor))

    def take_damage(self) -> tuple[Rect, ...]:
        """Return where the square was, where it is now, and the line that grows; after a new cue everything."""
        state, before = self._state(), self._taken
        self._told = self._taken = state
        if state == before:
            return ()
        desktop = self.area(ALL_MONITORS)
        if before is None or before[0] != state[0]:
            return (desktop,)
        drawn = [rect for each in self.monitors() for step in (before[1], state[1]) for rect in _moving(each, step)]
        return boxes_of(drawn, desktop)

    def grab(self, monitor: int, part: Rect | None = None) -> Raw:
        """Paint the monitors at full size, and cut the part out."""
        cue = self._state()[0]
        monitors = _monitors(cue.sizes)
        left, top, width, height = _area(monitors, monitor)
        desktop = Image.new("RGB", (width, height))
        for each in monitors:
            if monitor in (ALL_MONITORS, each.index):
                look, step = self._screen.look_and_step()
                picture = paint(look + each.index - 1, step, each.width, each.height, cue.black)
                desktop.paste(picture, (each.x - left, each.y - top))
        if part is not None and Rect(0, 0, width, height).covers(part):
            desktop = desktop.crop((part.x, part.y, part.right, part.bottom))
        return Raw(*desktop.size, monitor, self._screen.clock(), desktop.tobytes("raw", "BGRX"))

    def follow_pointer(self, on: bool) -> None:
        """It never moves."""

    def pointer(self) -> tuple[int, int]:
        """Return the desktop's corner."""
        return 0, 0

    def close(self) -> None:
        """Nothing is held."""
        self._open = False

    def _state(self) -> tuple[Cue, int]:
        if not self._open:
            raise CaptureError("The capture of this display has been closed.")
        return self._screen.cue(), self._screen.script.step(self._screen.age())


class FakeInputs(Inputs):
    """Counts a press at every question."""

    def __init__(self) -> None:
        self._counted = 0

    def count(self) -> int:
        """Count one more."""
        self._counted += 1
        return self._counted

    def close(self) -> None:
        """Nothing is held."""


class FakeScreenLock(ScreenLock):
    """Holds nothing; refuses the first `refusals` times, as a display with an open menu would."""

    def __init__(self, refusals: int = 0) -> None:
        self._refusals = refusals
        self._wanted = self._held = False
        self.on_top: tuple[int, ...] = ()

    @property
    def held(self) -> bool:
        """Whether the script has granted it."""
        return self._held

    def hold(self) -> bool:
        """Ask the script."""
        self._wanted = True
        return self.reassert()

    def reassert(self) -> bool:
        """Ask again if it was refused."""
        if self._wanted and not self._held:
            self._held = self._refusals <= 0
            self._refusals -= 1
        return self._held

    def raise_over(self, windows: Collection[int]) -> None:
        """Remember them in `on_top`."""
        self.on_top = tuple(windows)

    def pump(self) -> None:
        """Ask again."""
        self.reassert()

    def take_help(self) -> bool:
        """Nobody asks."""
        return False

    def hear_digits(self, on: bool) -> None:
        """Nobody types."""

    def take_digits(self) -> str:
        """Nobody types."""
        return ""

    def fileno(self) -> int:
        """There is nothing to wait for."""
        return -1

    def release(self) -> None:
        """Hold nothing and want nothing."""
        self._wanted = self._held = False
        self.on_top = ()

    def close(self) -> None:
        """Release."""
        self.release()


class FakeHotkeys(Hotkeys):
    """A keyboard on which nobody presses anything."""

    @property
    def names(self) -> Mapping[Hotkey, str]:
        """There is no key to press."""
        return {}

    def take(self) -> tuple[Hotkey, ...]:
        """Nothing was pressed."""
        return ()

    def fileno(self) -> int:
        """There is nothing to wait for."""
        return -1

    def close(self) -> None:
        """Nothing is held."""


@dataclass
class FakeFacts(Facts):
    """Says what it was given; the attributes may be set while it is in use."""

    user: str = "student"
    host: str = "laptop"
    instead: Away = Away.NOT
    window: Front | None = field(default_factory=lambda: Front(4711, "writer", "essay"))

    def away(self) -> Away:
        """Return `instead`."""
        return self.instead

    def front(self) -> Front | None:
        """Return `window`."""
        return self.window

    def logged_in_user(self) -> str:
        """Return `user`."""
        return self.user

    def host_name(self) -> str:
        """Return `host`."""
        return self.host

    def close(self) -> None:
        """Nothing is held."""


@dataclass
class FakeAutostart(Autostart):
    """Remembers the command in `argv`; writes no file."""

    argv: tuple[str, ...] = field(default=())

    def install(self, argv: Sequence[str]) -> tuple[Path, ...]:
        """Remember it."""
        self.argv = tuple(argv)
        return ()

    def remove(self) -> tuple[Path, ...]:
        """Forget it."""
        self.argv = ()
        return ()

    def installed(self) -> bool:
        """Whether there is a command."""
        return bool(self.argv)


@dataclass
class FakeWindows(Windows):
    """Remembers whose windows were asked to close; each process has one."""

    asked: list[int] = field(default_factory=list)

    def close_windows(self, pid: int) -> int:
        """Remember it."""
        self.asked.append(pid)
        return 1


def fake_backends(script: Script, clock: Clock = time.time) -> Backends:
    """Return a platform whose screen plays the script from now on."""
    screen = FakeScreen(script, clock)
    return Backends(
        lambda: FakeCapture(screen), FakeScreenLock, FakeInputs, FakeHotkeys, FakeFacts, FakeAutostart(), FakeWindows
    )


@lru_cache(maxsize=64)
def _monitors(sizes: Sizes) -> tuple[Monitor, ...]:
    lefts = [sum(width for width, _ in sizes[:number]) for number in range(len(sizes))]
    return tuple(
        Monitor(number, left, 0, width, height, f"FAKE-{number}", number == 1)
        for number, (left, (width, height)) in enumerate(zip(lefts, sizes, strict=True), 1)
    )


def _area(monitors: tuple[Monitor, ...], index: int) -> tuple[int, int, int, int]:
    """Return left, top, width and height of one monitor, or of all."""
    if 0 < index <= len(monitors):
        monitor = monitors[index - 1]
        return monitor.x, monitor.y, monitor.width, monitor.height
    return 0, 0, sum(monitor.width for monitor in monitors), max(monitor.height for monitor in monitors)


def _moving(monitor: Monitor, step: int) -> tuple[Rect, Rect]:
    """Return what `paint` draws otherwise from step to step: the square, and the last line."""
    left, top, side = square(step % _STEPS, monitor.width, monitor.height)
    line = Rect(0, monitor.height * 15 // 20, monitor.width, max(1, monitor.height // 60) + 1)
    return Rect(left, top, side, side).moved(monitor.x, monitor.y), line.moved(monitor.x, monitor.y)


def _woken(wake: Wakeable | None, timeout: float) -> bool:
    if wake is None:
        time.sleep(timeout)
        return False
    return bool(select.select([wake], [], [], timeout)[0])
