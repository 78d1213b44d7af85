"""What a browser's own history says, read from a copy: the browser holds the file, and we leave no trace in it."""

import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

_CHROMIUM_EPOCH: Final = 11_644_473_600  # seconds from 1601 to 1970
_LIMIT: Final = 5000  # visits looked at
_CHROMIUM: Final = (
    "SELECT u.url, v.visit_time / 1e6 - ? FROM visits v JOIN urls u ON u.id = v.url ORDER BY v.visit_time DESC LIMIT ?"
)
_FIREFOX: Final = (
    "SELECT p.url, v.visit_date / 1e6 - ? FROM moz_historyvisits v JOIN moz_places p ON p.id = v.place_id "
    "ORDER BY v.visit_date DESC LIMIT ?"
)


def last_address(histories: Iterable[Path], within: float) -> str:
    """Return the address visited last in any of these files, "" if that is longer ago than so many seconds."""
    newest = max((visit for path in histories for visit in _visits(path, 1)), key=lambda visit: visit[1], default=None)
    return newest[0] if newest and newest[1] >= time.time() - within else ""


def visited(histories: Iterable[Path], since: float, until: float) -> Iterator[str]:
    """Return the web addresses visited between two moments, without their schemes."""
    for path in histories:
        for address, at in _visits(path, _LIMIT):
            scheme, found, rest = address.partition("://")
            if since <= at <= until and found and scheme in ("http", "https"):
                yield rest


def _visits(path: Path, limit: int) -> list[tuple[str, float]]:
    """Return address and time of the newest visits; none where the file cannot be read, or is just being written."""
    query, epoch = (_FIREFOX, 0) if path.name == "places.sqlite" else (_CHROMIUM, _CHROMIUM_EPOCH)
    try:
        with tempfile.TemporaryDirectory(prefix="lessonlight-") as folder:
            copy = Path(folder, path.name)
            for end in ("", "-wal", "-journal"):
                beside = path.with_name(path.name + end)
                if not end or beside.exists():
                    shutil.copyfile(beside, copy.with_name(copy.name + end))
            with closing(sqlite3.connect(copy)) as history:
                return list(history.execute(query, (epoch, limit)))
    except (OSError, sqlite3.Error):
        return []
