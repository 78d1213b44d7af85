"""Screens for the tests: one Xvfb for the whole run, more on request. Never the developer's own display."""

import os
import subprocess
from collections.abc import Callable, Iterator

import pytest
from hypothesis import HealthCheck, settings

# Two shared cores: how long an example takes says nothing about the code.
settings.register_profile("lessonlight", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("lessonlight")


def start_xvfb(*arguments: str) -> tuple[subprocess.Popen[bytes], str]:
    """Start a private Xvfb on a free display; return the process and its DISPLAY once it answers."""
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-nolisten", "tcp", "-noreset", *arguments]
    process = subprocess.Popen(command, pass_fds=(write,), stderr=subprocess.DEVNULL)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        number = pipe.readline().decode().strip()  # blocks until the server is up, or ends with it
    if not number:
        raise RuntimeError(f"Xvfb ended with {process.wait()}; is it installed? (make system)")
    return process, f":{number}"


def stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def pytest_configure(config: pytest.Config) -> None:
    """Give the run (each xdist worker) its own screen, whatever DISPLAY was."""
    process, display = start_xvfb("-screen", "0", "1920x1080x24")
    config.add_cleanup(lambda: stop(process))
    os.environ["DISPLAY"] = display
    os.environ["QT_QPA_PLATFORM"] = "xcb"
    os.environ.pop("WAYLAND_DISPLAY", None)


@pytest.fixture
def new_xvfb() -> Iterator[Callable[..., str]]:
    """A function that starts one more Xvfb with the given arguments and returns its DISPLAY."""
    processes: list[subprocess.Popen[bytes]] = []

    def start(*arguments: str) -> str:
        process, display = start_xvfb(*(arguments or ("-screen", "0", "1920x1080x24")))
        processes.append(process)
        return display

    yield start
    for process in processes:
        stop(process)


@pytest.fixture
def xvfb(new_xvfb: Callable[..., str]) -> str:
    """A private Xvfb of 1920×1080; returns its DISPLAY."""
    return new_xvfb()
