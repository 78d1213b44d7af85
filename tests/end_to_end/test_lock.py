"""The lock on a real screen: what reaches the student's own windows, what can be seen, and what a lock survives."""

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator

import psutil
import pytest
import xcffib.xproto as xp

from tests.end_to_end.conftest import Glass
from tests.end_to_end.stage import Laptop, Lesson, promised, until

GROUND = (250, 0, 250)  # of the student's screen and of the probe: colours that nothing of ours has
PROBE = (0x33, 0x66, 0x99)
BACK_WITHIN = 1.0  # seconds, SECURITY rule 13


class Student:
    """A laptop on its own screen, with a probe window that tells what reaches it."""

    def __init__(self, laptop: Laptop, glass: Glass, lesson: Lesson) -> None:
        self.laptop, self.glass, self.lesson = laptop, glass, lesson
        glass.run("xsetroot", "-solid", "#{:02x}{:02x}{:02x}".format(*GROUND))
        self.probe = glass.window((200, 200, 800, 600), managed=True)
        self._focused()

    def _focused(self) -> None:
        """Focus the probe; a window manager may still be about to do something else."""

        def focused() -> bool:
            with contextlib.suppress(xp.MatchError):  # not on the screen yet
                self.glass.set_focus(self.probe)
            return self.glass.focus() == self.probe

        until(focused)

    @property
    def device(self) -> str:
        return self.laptop.device

    def types(self, force: bool = False) -> None:
        """What a student can try: keys and clicks into the probe; `force` takes the focus first."""
        if force:
            self.glass.run("xdotool", "windowfocus", str(self.probe))
        self.glass.run("xdotool", "key", "a")
        self.glass.run("xdotool", "mousemove", "--window", str(self.probe), "100", "100", "click", "1")
        self.glass.run("xdotool", "key", "--window", "0", "Return")

    def covered(self) -> bool:
        """Whether nothing of the student's own is to be seen anywhere on the glass."""
        return not {GROUND, PROBE} & {colour for _, colour in self.glass.shot().getcolors(1 << 24)}  # type: ignore[union-attr]

    def desktop(self) -> psutil.Process:
        """The client's process in the student's session."""
        assert self.laptop.process
        return next(
            one
            for one in psutil.Process(self.laptop.process.pid).children()
            if "student_client.desktop" in " ".join(one.cmdline())
        )


@pytest.fixture
def student(
    xvfb: str, glass: Callable[[str], Glass], laptop: Callable[[str], Laptop], lesson: Callable[..., Lesson]
) -> Student:
    client = laptop(xvfb)
    return Student(client, glass(xvfb), lesson(client))


@pytest.fixture(params=["", "openbox"], ids=["no-window-manager", "openbox"])
def window_manager(request: pytest.FixtureRequest, xvfb: str) -> Iterator[None]:
    program = shutil.which(request.param) if request.param else None
    if request.param and not program:
        pytest.skip(f"{request.param} is not installed")
    process = subprocess.Popen([program, "--sm-disable"], env={**os.environ, "DISPLAY": xvfb}) if program else None
    yield
    if process:
        process.terminate()
        process.wait(5)


@pytest.mark.usefixtures("window_manager")
def test_no_key_and_no_click_gets_through_also_with_the_focus_forced(student: Student) -> None:
    student.types()
    assert [kind for kind, _ in student.glass.received()] == ["key", "click", "key"], "the probe hears, unlocked"
    assert not student.covered()

    student.lesson.lock(student.device, "Eyes on the board, please.")
    assert student.covered()
    student.types()
    student.types(force=True)
    assert student.glass.received() == []
    assert student.covered()

    student.lesson.unlock(student.device)
    until(lambda: not student.covered())
    assert student.glass.focus() == student.probe
    student.types()
    assert [kind for kind, _ in student.glass.received()] == ["key", "click", "key"]


def test_unlocking_gives_the_focus_back_to_whom_it_was_taken_from(student: Student) -> None:
    student.lesson.lock(student.device)
    thief = student.glass.window((0, 0, 300, 200))
    student.glass.set_focus(thief)
    student.lesson.unlock(student.device)
    until(lambda: student.glass.focus() == student.probe)


def test_a_window_opened_or_raised_while_locked_is_below_the_cover(student: Student) -> None:
    student.lesson.lock(student.device)
    late = student.glass.window((0, 0, 1920, 1080))
    student.glass.raise_window(late)
    until(student.covered, within=0.5)
    student.types()
    assert student.glass.received() == []


def test_a_killed_desktop_is_back_and_locked_within_a_second(student: Student) -> None:
    student.lesson.lock(student.device)
    # The quickest of three: whatever else this computer is doing can only make it slower.
    taken = min(_seconds_uncovered(student) for _ in range(3))
    assert taken <= promised(BACK_WITHIN)
    student.types(force=True)
    assert student.glass.received() == []
    assert student.covered()
    student.lesson.unlock(student.device)
    until(lambda: not student.covered())


def _seconds_uncovered(student: Student) -> float:
    """Kill the process that holds the lock; return the seconds until the screen is covered again."""
    killed = student.desktop()
    killed.kill()
    killed_at = time.monotonic()
    until(lambda: student.glass.pixel(20, 20) == GROUND, within=1.0, what="nothing was killed")
    until(lambda: student.glass.pixel(20, 20) != GROUND)
    return time.monotonic() - killed_at


def test_a_killed_agent_leaves_the_cover_and_its_successor_takes_it_over(student: Student) -> None:
    student.lesson.lock(student.device)
    student.laptop.kill()
    _stays_locked(student, 1.0)
    student.laptop.start()
    until(lambda: student.laptop.status.lock and student.laptop.status.lock.covered, what=student.laptop.words)
    _stays_locked(student, 1.0)


def _stays_locked(student: Student, seconds: float) -> None:
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        student.types(force=True)
        assert student.covered()
    assert student.glass.received() == []
