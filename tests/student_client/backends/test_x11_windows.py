"""Real X programs asked to close, and the process of the window in front."""

import os
import subprocess
from typing import Any

import pytest

from student_client.backends.base import Front, WindowError
from student_client.backends.x11_facts import X11Facts
from student_client.backends.x11_windows import X11Windows


@pytest.mark.parametrize("manager", [False, True])
def test_a_program_closes_and_its_neighbour_stays(xvfb: str, poll: Any, tool: Any, manager: bool) -> None:
    environ, quiet = {**os.environ, "DISPLAY": xvfb}, subprocess.DEVNULL
    started = [subprocess.Popen(["openbox"], env=environ, stdout=quiet, stderr=quiet)] if manager else []
    one, other = (subprocess.Popen(["xev"], env=environ, stdout=quiet, stderr=quiet) for _ in range(2))
    windows = X11Windows(xvfb)
    try:
        tool(xvfb, "xdotool", "search", "--sync", "--limit", "2", "--name", "Event Tester")
        assert poll(lambda: windows.close_windows(one.pid) == 1)
        assert one.wait(5) == 0
        assert other.poll() is None
        assert windows.close_windows(one.pid) == 0
    finally:
        for process in (*started, one, other):
            process.kill()
            process.wait()


def test_a_display_that_is_away_is_said() -> None:
    with pytest.raises(WindowError, match="cannot be reached"):
        X11Windows(":9999").close_windows(1)


def test_the_process_in_front_is_the_servers_word(xvfb: str, new_client: Any) -> None:
    client, facts = new_client(xvfb), X11Facts(xvfb)
    assert facts.front() is None
    window = client.window()
    client.describe(window, "Writer", "essay")
    liar = client.atom("_NET_WM_PID")
    client.core.ChangeProperty(0, window, liar, 6, 32, 1, [1], is_checked=True).check()
    client.set_focus(window)
    assert facts.front() == Front(os.getpid(), "Writer", "essay")
    facts.close()
