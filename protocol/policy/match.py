"""Names against patterns with * and ?, whatever their capitals: programs by name or window class, never the spared."""

import re
from fnmatch import translate
from functools import lru_cache
from typing import Final

from protocol.policy.facts import Program
from protocol.resource import resource_text

SPARED: Final = tuple(
    name
    for line in resource_text("policies/spared.txt").splitlines()
    if not line.startswith("#")
    for name in line.split()
)

_INTERPRETERS: Final = ("python", "python3*", "pythonw", "gjs*", "java", "javaw", "node", "perl", "ruby")


def matches(program: Program, patterns: tuple[str, ...]) -> bool:
    """Whether a pattern names this program, by its executable or by the class of its window."""
    return _named(program.name, patterns) or _named(program.window, patterns)


def is_spared(program: Program) -> bool:
    """Whether no rule may touch this program: the desktop's own, an assistive tool, or ourselves.

    Its window's class counts only where the name is an interpreter's: any program may choose its class itself.
    """
    return _spared(program.name) or (_named(program.name, _INTERPRETERS) and _spared(program.window))


@lru_cache(1 << 12)
def _spared(name: str) -> bool:
    return _named(name, SPARED)


@lru_cache(1 << 14)  # asked every second about the same programs: 30 rules for 300 of them fit
def _named(name: str, patterns: tuple[str, ...]) -> bool:
    return bool(patterns and _bare(name) and _expression(patterns).match(_bare(name)))


@lru_cache(256)
def _expression(patterns: tuple[str, ...]) -> re.Pattern[str]:
    # fnmatch's own expressions never backtrack into a star; [ is an ordinary letter here.
    return re.compile("|".join(translate(_bare(pattern).replace("[", "[[]")) for pattern in patterns))


def _bare(name: str) -> str:
    return name.strip().casefold().removesuffix(".exe")
