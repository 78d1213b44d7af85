"""The programs of this session's user on Linux, by psutil."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

import psutil

from protocol.policy.facts import Program
from protocol.policy.match import is_spared
from protocol.text import plain
from student_client.backends.machine import MachineError, Programs

_LIMIT = 120
# Our processes are python's; this is what the list of spared programs calls them.
_OURS: Final = {"student_client": "lessonlight-student", "tutor_app": "lessonlight-tutor"}

_Key = tuple[float, int, str]  # when a process began, its id, and what the kernel calls it, which exec changes


class LinuxPrograms(Programs):
    """Processes of one user that have a program of their own, without those no rule may touch."""

    def __init__(self, user: int | None = None) -> None:
        self._user = os.getuid() if user is None else user
        self._known: dict[_Key, Program | None] = {}

    def running(self) -> tuple[Program, ...]:
        """Return them; a process is looked at when it is first seen, and again when it has become another program."""
        known: dict[_Key, Program | None] = {}
        try:
            for process in psutil.process_iter():
                with suppress(psutil.Error), process.oneshot():  # one reading of its stat for both
                    key = (process.create_time(), process.pid, process.name())
                    known[key] = self._known[key] if key in self._known else self._look(process)
        except OSError as error:
            raise MachineError(f"The running programs cannot be read: {error.strerror}.") from error
        self._known = known
        return tuple(program for key in sorted(known) if (program := known[key]))

    def end(self, pid: int, *, kill: bool) -> None:
        """Send SIGTERM or SIGKILL, to a process of this user that is not spared, and to no other."""
        try:
            process = psutil.Process(pid)
            if self._look(process) is None:
                raise MachineError("This program belongs to the desktop, or to somebody else, and is not closed.")
            process.kill() if kill else process.terminate()
        except psutil.NoSuchProcess:
            return
        except psutil.AccessDenied as error:
            raise MachineError(f"Lessonlight may not close {error.name or 'this program'}.") from error

    def _look(self, process: psutil.Process) -> Program | None:
        """Return the program, None for another user's, a thread of the kernel, and what is spared."""
        if process.pid == os.getpid() or process.uids().real != self._user:
            return None
        name = plain(_name(process), _LIMIT)
        program = Program(process.pid, name)
        return None if not name or is_spared(program) else program


def _name(process: psutil.Process) -> str:
    """Return the executable's name, of a script or module its own: "python3" says nothing about what it is."""
    arguments = process.cmdline()
    if not arguments:
        return ""  # a thread of the kernel, or one that is just ending
    executable = Path(arguments[0].split(" ", 1)[0]).name or process.name()
    if executable.startswith(("python", "perl", "bash", "sh", "node", "java")):
        return _run_by(arguments[1:]) or executable
    return executable


def _run_by(arguments: list[str]) -> str:
    """Return the name of what an interpreter runs; of our own modules the name by which no rule touches them."""
    script = next((each for each in arguments if not each.startswith("-")), "")
    is_module = "-m" in arguments[: arguments.index(script)] if script else False
    if is_module:
        return _OURS.get(script.partition(".")[0], script)
    return Path(script).name
