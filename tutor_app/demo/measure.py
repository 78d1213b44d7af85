"""What the demo measures of processes: CPU over a stretch of time, and memory at its end."""

import os
import platform
import time
from contextlib import suppress
from typing import Any, Final

import psutil

MIB: Final = 1024 * 1024
_GONE: Final = (psutil.NoSuchProcess, psutil.AccessDenied)


def _family(pid: int) -> list[psutil.Process]:
    with suppress(*_GONE):
        leader = psutil.Process(pid)
        return [leader, *leader.children(recursive=True)]
    return []


def cpu_seconds(pid: int) -> float:
    """Return the CPU time a process and its children have used, as far as they are alive."""
    used = 0.0
    for process in _family(pid):
        with suppress(*_GONE):
            times = process.cpu_times()
            used += times.user + times.system
    return used


def memory_mib(pid: int) -> float:
    """Return the memory of a process and its children in MiB; see `MEMORY_MEANS`."""
    used = 0
    for process in _family(pid):
        with suppress(*_GONE):
            used += process.memory_full_info().pss if HAS_PSS else process.memory_info().rss
    return round(used / MIB, 1)


HAS_PSS: Final = os.path.exists("/proc/self/smaps_rollup")  # noqa: PTH110 - a constant needs no Path
MEMORY_MEANS: Final = (
    "PSS: memory shared by several processes counts in equal parts" if HAS_PSS else "RSS: shared memory counts in full"
)


class Stretch:
    """CPU use of some processes from now on, in per cent of one core."""

    def __init__(self, pids: dict[str, int]) -> None:
        self._pids = pids
        self._began = time.monotonic()
        self._used = {name: cpu_seconds(pid) for name, pid in pids.items()}

    @property
    def seconds(self) -> float:
        """How long it has lasted."""
        return time.monotonic() - self._began

    def cpu_percent(self, name: str) -> float:
        """Return what this one has used since the beginning."""
        used = cpu_seconds(self._pids[name]) - self._used[name]
        return round(100 * max(0.0, used) / max(0.001, self.seconds), 2)


def machine() -> dict[str, Any]:
    """Return what a reader of the numbers has to know of the computer."""
    return {
        "system": f"{platform.system()} {platform.release()}",
        "processor": _processor(),
        "cores": psutil.cpu_count() or 1,
        "memory_mib": psutil.virtual_memory().total // MIB,
        "load_average": [round(one, 2) for one in psutil.getloadavg()],
        "python": platform.python_version(),
    }


def _processor() -> str:
    with suppress(OSError), open("/proc/cpuinfo", encoding="utf-8") as file:  # noqa: PTH123 - a kernel's file
        for line in file:
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.machine()
