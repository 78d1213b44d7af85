"""What processes cost: CPU to the nanosecond, and the memory they would take on a computer of their own."""

import os
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

import psutil

_SCHED: Final = 2  # CPUCLOCK_SCHED, linux/posix-timers.h


def family(pid: int) -> list[int]:
    """Return a process and everything it has started, as far as it is alive."""
    with suppress(psutil.NoSuchProcess):
        leader = psutil.Process(pid)
        return [pid, *(child.pid for child in leader.children(recursive=True))]
    return []


def cpu_seconds(pids: Iterable[int]) -> float:
    """Return the CPU time these processes have used; the clock ticks of /proc are too coarse for an idle laptop."""
    used = 0.0
    for pid in pids:
        with suppress(OSError):
            used += time.clock_gettime(~pid << 3 | _SCHED)
    return used


def memory(pids: Iterable[int]) -> float:
    """Return the MiB these processes and their children would take on a computer of their own.

    Memory of files (libraries, mostly) that several of them use counts once, and in full: PSS would share it out among
    the laptops that only this simulation puts on one computer.
    """
    own, files = 0, dict[str, int]()
    for one in {one for pid in pids for one in family(pid)}:
        anonymous, mapped = _resident(one)
        own += anonymous
        files = {key: max(files.get(key, 0), mapped.get(key, 0)) for key in files.keys() | mapped.keys()}
    return (own + sum(files.values())) / 1024


def _resident(pid: int) -> tuple[int, dict[str, int]]:
    """Return a process's KiB of memory of its own, and of each file (by device and inode); proc(5), smaps."""
    own, mapped, key = 0, dict[str, int](), ""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps").read_text(encoding="utf-8", errors="replace").splitlines():
            fields = line.split()
            if not fields[0].endswith(":"):
                key = f"{fields[3]} {fields[4]}"
            elif fields[0] == "Rss:":
                mapped[key] = mapped.get(key, 0) + int(fields[1])
            elif fields[0] == "Anonymous:":
                mapped[key] -= int(fields[1])
                own += int(fields[1])
    return own, mapped


class Stretch:
    """CPU of named groups of processes from now until `cpu`. A process that ends meanwhile counts for nothing."""

    def __init__(self, groups: Mapping[str, Iterable[int]]) -> None:
        self._members = {name: [one for pid in pids for one in family(pid)] for name, pids in groups.items()}
        self._used = {name: cpu_seconds(pids) for name, pids in self._members.items()}
        self._began = time.monotonic()

    @property
    def seconds(self) -> float:
        """How long it has lasted."""
        return time.monotonic() - self._began

    def cpu(self) -> dict[str, float]:
        """Return the per cent of one core each group has used so far."""
        seconds = self.seconds
        return {name: 100 * (cpu_seconds(pids) - self._used[name]) / seconds for name, pids in self._members.items()}


class Others:
    """What everybody else on this computer does from now until `share`: numbers are worth less the more that is."""

    def __init__(self) -> None:
        self._busy, self._ours, self._began = _busy(), _ours(), time.monotonic()

    def share(self) -> float:
        """Return the per cent of all cores that were used by other programs; children have to have ended."""
        used = _busy() - self._busy - (_ours() - self._ours)
        return max(0.0, 100 * used / (time.monotonic() - self._began) / (psutil.cpu_count() or 1))


def _busy() -> float:
    times = psutil.cpu_times()
    return sum(times) - times.idle - getattr(times, "iowait", 0.0) - getattr(times, "guest", 0.0)


def _ours() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def median(values: Iterable[float]) -> float:
    """Return the value in the middle; NaN of nothing."""
    return percentile(values, 50)


def percentile(values: Iterable[float], per_cent: float) -> float:
    """Return the smallest value that so many per cent do not exceed; NaN of nothing."""
    ordered = sorted(values)
    if not ordered:
        return float("nan")
    return ordered[max(0, min(len(ordered) - 1, round(per_cent / 100 * len(ordered) + 0.5) - 1))]


def slope(points: Iterable[tuple[float, float]]) -> float:
    """Return the rise of the straight line through these points (least squares)."""
    known = list(points)
    mean_x = sum(x for x, _ in known) / len(known)
    mean_y = sum(y for _, y in known) / len(known)
    spread = sum((x - mean_x) ** 2 for x, _ in known)
    return sum((x - mean_x) * (y - mean_y) for x, y in known) / spread if spread else 0.0
