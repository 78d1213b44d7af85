"""Hints that a screen may not be what it seems, on Linux: what the firmware and the processor say, and programs."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from protocol.policy.facts import Program, Signal, SignalSeen
from protocol.resource import resource_text
from protocol.text import plain
from student_client.backends.machine import Signals

# What virtual machines' firmware calls its maker or product; in lower case.
_VIRTUAL: Final = {
    "qemu": "QEMU",
    "kvm": "KVM",
    "virtualbox": "VirtualBox",
    "innotek": "VirtualBox",
    "vmware": "VMware",
    "virtual machine": "Hyper-V",
    "xen": "Xen",
    "bochs": "Bochs",
    "parallels": "Parallels",
    "bhyve": "bhyve",
    "apple virtualization": "Apple Virtualization",
}
_LIMIT: Final = 120


@dataclass(frozen=True, slots=True)
class _Tool:
    signal: Signal
    name: str
    words: str


class LinuxSignals(Signals):
    """Below one root. Whether this is a virtual machine does not change while it runs: it is asked once."""

    def __init__(self, root: Path = Path("/")) -> None:
        what = virtual_machine(root)
        self._machine = (SignalSeen(Signal.VIRTUAL_MACHINE, plain(what, _LIMIT)),) if what else ()

    def seen(self, programs: tuple[Program, ...]) -> tuple[SignalSeen, ...]:
        """Return the machine's and each tool's once, whatever number of processes it has."""
        tools = (tool for program in programs for tool in _tools() if _is_named(program.name, tool.name))
        return (*self._machine, *dict.fromkeys(SignalSeen(tool.signal, tool.words) for tool in tools))


def virtual_machine(root: Path) -> str:
    """Return what kind of virtual machine this is, "" for a real one."""
    for name in ("sys_vendor", "product_name", "board_vendor", "bios_vendor"):
        said = _text(root / "sys/class/dmi/id" / name).lower()
        for word, kind in _VIRTUAL.items():
            if word in said:
                return kind
    flags = next((line for line in _text(root / "proc/cpuinfo").splitlines() if line.startswith("flags")), "")
    return "unknown kind" if "hypervisor" in flags.split() else ""


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""  # not every machine has it, and not everybody may read it


def _is_named(name: str, pattern: str) -> bool:
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern


@cache
def _tools() -> tuple[_Tool, ...]:
    return tuple(_parsed())


def _parsed() -> Iterator[_Tool]:
    for line in resource_text("programs/signals.txt").split("\n"):
        if line and not line.startswith("#"):
            signal, name, words = line.split("\t")
            yield _Tool(Signal(signal), name, words)
