"""The demo's children: none outlives the demo, whatever ends it.

Each child gets a session of its own, so that Ctrl+C reaches the demo alone and the demo ends them in order; and Linux
is asked to end each one should the demo die without a word.
"""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PR_SET_PDEATHSIG: Final = 1  # linux/prctl.h
END_WITHIN: Final = 5.0  # seconds: an agent says good-bye on the network and ends its desktop


class DemoError(Exception):
    """The demo cannot go on; the text says why and what to do."""


@dataclass(frozen=True)
class Child:
    """One process, its name for people, and where its words are written."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self.process.poll() is None

    @property
    def last_words(self) -> str:
        """The last line it wrote, or ""."""
        lines = self.log.read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else ""


class Children:
    """Starts processes and ends them; what they say is written into files in `logs`."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._children: list[Child] = []

    def start(
        self,
        name: str,
        argv: Sequence[str],
        environ: Mapping[str, str],
        *,
        pass_fds: Sequence[int] = (),
        pipes: bool = False,
    ) -> Child:
        """Start a process by its absolute argv; with `pipes` its input and output are ours."""
        log = self._logs / f"{name.lower().replace(' ', '-')}.log"
        with log.open("ab") as file:
            process = subprocess.Popen(
                argv,
                env=dict(environ),
                stdin=subprocess.PIPE if pipes else subprocess.DEVNULL,
                stdout=subprocess.PIPE if pipes else file,
                stderr=file,
                pass_fds=pass_fds,
                start_new_session=True,
                preexec_fn=_die_with(os.getpid()),  # noqa: PLW1509 - safe: this process has one thread when it forks
            )
        child = Child(name, process, log)
        self._children.append(child)
        return child

    def running(self) -> list[Child]:
        """Return the children that have not ended."""
        return [child for child in self._children if child.running]

    def end(self, *chosen: Child) -> None:
        """End these children, or all, and whatever they have started and left behind."""
        ending = chosen or tuple(self._children)
        for child in ending:
            child.process.terminate()
        deadline = time.monotonic() + END_WITHIN
        for child in ending:
            with suppress(subprocess.TimeoutExpired):
                child.process.wait(max(0.0, deadline - time.monotonic()))
            with suppress(ProcessLookupError):
                os.killpg(child.process.pid, signal.SIGKILL)
            child.process.wait()
            for pipe in (child.process.stdin, child.process.stdout):
                if pipe:
                    pipe.close()
        self._children = [child for child in self._children if child not in ending]


def start_xvfb(children: Children, name: str, program: str, size: tuple[int, int]) -> str:
    """Start a private X server on a free display; return its DISPLAY once it answers. Raises DemoError."""
    read, write = os.pipe()
    with os.fdopen(read, "rb") as pipe:
        argv = [program, "-displayfd", str(write), "-screen", "0", f"{size[0]}x{size[1]}x24"]
        try:
            child = children.start(name, [*argv, "-nolisten", "tcp", "-noreset"], os.environ, pass_fds=(write,))
        finally:
            os.close(write)
        number = pipe.readline().decode().strip()  # blocks until the server is up, or ends with it
    if not number:
        raise DemoError(f"The virtual screen for {name} did not start: {child.last_words or 'it said nothing'}.")
    return f":{number}"


def _die_with(parent: int) -> Callable[[], None]:
    """Return what a child runs before its program: ask Linux for an end together with `parent`."""
    if sys.platform != "linux":
        return lambda: None
    prctl = ctypes.CDLL(None).prctl

    def ask() -> None:
        prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it died before we could ask
            os._exit(1)

    return ask
