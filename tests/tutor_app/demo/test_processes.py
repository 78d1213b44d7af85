"""No child outlives the demo."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tutor_app.demo.processes import Children, DemoError, start_xvfb

SLEEP = "/bin/sleep"


def until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.fixture
def children(tmp_path: Path) -> Children:
    return Children(tmp_path)


def test_a_child_is_ended_and_so_is_what_it_started(children: Children, tmp_path: Path) -> None:
    told = tmp_path / "grandchild"
    child = children.start("shell", ["/bin/sh", "-c", f"{SLEEP} 600 & echo $! > {told}; wait"], os.environ)
    until(lambda: told.exists() and told.read_text().strip())
    grandchild = psutil.Process(int(told.read_text()))
    children.end()
    assert not child.running
    until(lambda: not grandchild.is_running() or grandchild.status() == psutil.STATUS_ZOMBIE)
    assert children.running() == []


def test_a_child_that_ignores_the_request_is_killed(
    children: Children, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tutor_app.demo.processes.END_WITHIN", 0.3)
    ready = tmp_path / "ready"
    stubborn = f"trap '' TERM; touch {ready}; while :; do {SLEEP} 0.1; done"
    child = children.start("stubborn", ["/bin/sh", "-c", stubborn], os.environ)
    until(ready.exists)
    children.end()
    assert child.process.returncode == -signal.SIGKILL


def test_only_the_chosen_are_ended(children: Children) -> None:
    one, other = (children.start(name, [SLEEP, "600"], os.environ) for name in ("one", "other"))
    children.end(one)
    assert children.running() == [other]
    children.end()


def test_children_die_with_a_demo_that_is_killed(tmp_path: Path) -> None:
    program = (
        "import os, pathlib, sys, time\n"
        "from tutor_app.demo.processes import Children\n"
        f"child = Children(pathlib.Path(sys.argv[1])).start('child', ['{SLEEP}', '600'], os.environ)\n"
        "print(child.process.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    demo = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert demo.stdout
    child = psutil.Process(int(demo.stdout.readline()))
    demo.stdout.close()
    demo.kill()
    demo.wait()
    until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)


def test_an_x_server_that_does_not_start_says_why(children: Children, tmp_path: Path) -> None:
    broken = tmp_path / "Xvfb"
    broken.write_text("#!/bin/sh\necho 'no such font' >&2\nexit 1\n")
    broken.chmod(0o755)
    with pytest.raises(DemoError, match="screen of Student 01 did not start: no such font"):
        start_xvfb(children, "screen of Student 01", str(broken), (640, 480))
    children.end()
