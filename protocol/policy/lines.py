"""On which line of a TOML text each key stands. The standard library's parser does not say."""

import tomllib
from collections import Counter
from collections.abc import Iterator
from typing import Any

Path = tuple[str, ...]


def key_lines(text: str) -> dict[Path, int]:
    """Return the line (from 1) of every table and key of a text that `tomllib` accepts.

    The tables of a list [[name]] are ("name", "[1]"), ("name", "[2]") and so on.
    """
    lines: dict[Path, int] = {}
    count: Counter[Path] = Counter()
    table: Path = ()
    for number, statement in _statements(text):
        content = tomllib.loads(statement)
        if statement.lstrip().startswith("[["):
            name = _header(content)
            count[name] += 1
            table = (*name, f"[{count[name]}]")
            found = [name, table]
        elif statement.lstrip().startswith("["):
            table = _header(content)
            found = [table]
        else:
            found = [table + path for path in _paths(content)]
        for path in found:
            lines.setdefault(path, number)
    return lines


def _statements(text: str) -> Iterator[tuple[int, str]]:
    # A statement is the shortest run of lines that parses: open brackets and open strings never do.
    begun, first = "", 1
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), start=1):
        if not begun and (not line.strip() or line.lstrip().startswith("#")):
            continue
        begun, first = (f"{begun}\n{line}", first) if begun else (line, number)
        if _parses(begun):
            yield first, begun
            begun = ""


def _parses(text: str) -> bool:
    try:
        tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return False
    return True


def _header(content: Any) -> Path:
    path: Path = ()
    while content:
        key, content = next(iter(content.items()))
        path = (*path, key)
        if isinstance(content, list):
            content = content[0]
    return path


def _paths(content: dict[str, Any]) -> Iterator[Path]:
    for key, value in content.items():
        yield (key,)
        if isinstance(value, dict):
            yield from ((key, *rest) for rest in _paths(value))
