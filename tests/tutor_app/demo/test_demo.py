"""The whole demo, as a person runs it: what it writes, and that it leaves nothing behind however it ends."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
import xcffib
import xcffib.xproto as xp
from PIL import Image

from tutor_app.demo.folder import PREFIX, sweep

DEMO = Path(sys.executable).with_name("lessonlight-demo")


def _heed_ctrl_c() -> None:
    """A shell has what it starts in the background ignore Ctrl+C, and whoever that starts inherits it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


class Run:
    """One demo under way in a temporary folder of its own."""

    def __init__(self, folder: Path, *options: str) -> None:
        # Not pytest's: a Unix socket's path has to be short, and is, below a system's own temporary folder.
        self.folder = Path(tempfile.mkdtemp(prefix="demo-test-"))
        environ = {**os.environ, "TMPDIR": str(self.folder)}
        self.process = subprocess.Popen(
            [str(DEMO), *options],
            env=environ,
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            preexec_fn=_heed_ctrl_c,  # noqa: PLW1509 - it does no more than this
        )
        self.said = ""

    def until(self, words: str) -> None:
        """Wait until it has said this."""
        assert self.process.stdout
        while words not in self.said:
            line = self.process.stdout.readline()
            assert line, self.said
            self.said += line

    def end(self, within: float = 240) -> int:
        said, _ = self.process.communicate(timeout=within)
        self.said += said
        return self.process.returncode

    def left(self) -> list[str]:
        """Processes that have anything of this demo in their environment or arguments."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if any(str(self.folder) in one for one in (*process.cmdline(), *process.environ().values())):
                    found.append(" ".join(process.cmdline()))
        return found


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Callable[..., Run]]:
    runs: list[Run] = []

    def start(*options: str) -> Run:
        runs.append(Run(tmp_path, *options))
        return runs[-1]

    yield start
    for one in runs:
        one.process.kill()
        one.end()
        shutil.rmtree(one.folder)


def until(condition: Callable[[], object], within: float = 15) -> None:
    end = time.monotonic() + within
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def ask_to_close(window: int) -> None:
    """What a click on a window's cross does."""
    connection = xcffib.Connection(os.environ["DISPLAY"])
    protocols, delete = (
        connection.core.InternAtom(False, len(name), name).reply().atom for name in ("WM_PROTOCOLS", "WM_DELETE_WINDOW")
    )
    data = xp.ClientMessageData.synthetic([delete, xp.Time.CurrentTime, 0, 0, 0], "IIIII")
    event = xp.ClientMessageEvent.synthetic(32, window, protocols, data)
    connection.core.SendEvent(False, window, xp.EventMask.NoEvent, event.pack(), is_checked=True).check()
    connection.disconnect()


def test_it_shows_a_lesson_and_writes_what_it_saw(run: Callable[..., Run], tmp_path: Path) -> None:
    out = tmp_path / "out"
    demo = run("--students", "4", "--headless", "--seconds", "4", "--out", str(out))
    assert demo.end() == 0, demo.said
    report = json.loads((out / "report.json").read_text())
    assert [one["doing"] for one in report["devices"]] == ["essay", "browsing", "video", "idle"]
    for one in report["devices"]:
        assert one["live_after_s"] < 10, report
        assert one["tiles"] >= 1
        assert one["bytes"] > 1000
        assert 10 < one["memory_mib"] < 300
        assert 0 <= one["cpu_percent"] < 100
    assert report["tutor"]["longest_stall_ms"] > 0
    assert report["tutor"]["memory_mib"] > 30
    busy, idle = report["devices"][2], report["devices"][3]
    assert busy["tiles"] > idle["tiles"]

    with Image.open(out / "wall.png") as wall, Image.open(out / "focus.png") as focus:
        assert wall.size == focus.size == (1600, 900)
        # The browser's title bar and the sky of its pages are in the focus view alone this large.
        colours = focus.convert("RGB").resize((160, 90)).getcolors(1 << 16)
        assert colours
        assert len(colours) > 200
    assert demo.left() == []
    assert list(demo.folder.iterdir()) == []


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_nothing_is_left_when_it_is_asked_to_end(run: Callable[..., Run], number: signal.Signals, code: int) -> None:
    demo = run("--students", "1", "--headless", "--seconds", "600")
    demo.until("live")
    demo.process.send_signal(number)
    assert demo.end(20) == code, demo.said
    assert demo.left() == []
    assert list(demo.folder.iterdir()) == []


def test_nothing_goes_on_when_it_is_killed_and_the_next_one_tidies_up(run: Callable[..., Run]) -> None:
    demo = run("--students", "1", "--headless", "--seconds", "600")
    demo.until("live")
    demo.process.kill()
    demo.end()
    until(lambda: demo.left() == [])
    assert [path.name.startswith(PREFIX) for path in demo.folder.iterdir()] == [True]
    sweep(demo.folder)
    assert list(demo.folder.iterdir()) == []


def test_a_folder_of_a_demo_that_lives_is_left_alone(tmp_path: Path) -> None:
    living, other = tmp_path / f"{PREFIX}{os.getpid()}-x", tmp_path / f"{PREFIX}notes"
    for folder in (living, other):
        folder.mkdir()
    sweep(tmp_path)
    assert living.exists()
    assert other.exists()


def test_the_window_on_ones_own_display_ends_the_demo_when_it_is_closed(run: Callable[..., Run]) -> None:
    demo = run("--students", "1")  # the run's own display stands for a person's
    demo.until("Close the tutor's window")
    search = ["xdotool", "search", "--onlyvisible", "--name", "Maths – Lessonlight"]
    found = subprocess.run(search, capture_output=True, text=True, check=True).stdout.split()
    ask_to_close(int(found[0]))
    assert demo.end(20) == 0, demo.said
    assert demo.left() == []


def test_it_says_how_to_install_what_it_lacks(tmp_path: Path) -> None:
    environ = {**os.environ, "PATH": str(tmp_path), "TMPDIR": str(tmp_path)}
    done = subprocess.run([str(DEMO), "--headless"], env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert "apt-get install --no-install-recommends xvfb openbox" in done.stderr
