"""Which desktop process of a session is the present one, for the case that an old one still holds a lock.

An agent that dies leaves its desktop process locked until the lease ends; a new agent starts a new one, which locks
again. Once the new one stands it signs a file, and the old one, which watches that file, leaves: no moment without
a cover, and no two processes that keep climbing over each other.
"""

import logging
import os
import zlib
from pathlib import Path

from platformdirs import user_cache_path
from PySide6.QtCore import QFileSystemWatcher, QObject, Signal

logger = logging.getLogger(__name__)


def succession_file(socket: Path, display: str) -> Path:
    """Return the file for the desktop processes of one agent's socket on one display, in the user's own folder."""
    key = zlib.crc32(f"{socket}\n{display}".encode())  # hashlib would load OpenSSL: 4 MiB for a file's name
    return user_cache_path("lessonlight", appauthor=False) / f"desktop-{key:08x}"


class Succession(QObject):
    """Signs the file, or watches for somebody else's signature."""

    replaced = Signal()

    def __init__(self, file: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._file = file
        self._signed = False
        self._watcher: QFileSystemWatcher | None = None

    def sign(self) -> None:
        """Say that this process is the present one; every process does it once."""
        if self._signed:
            return
        self._signed = True
        fresh = self._file.with_name(f"{self._file.name}.{os.getpid()}")
        try:
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            fresh.write_text(str(os.getpid()), encoding="ascii")
            fresh.replace(self._file)
        except OSError as error:
            logger.warning("an older desktop process may keep its lock until its end: %s", error)

    def watch(self) -> None:
        """From now on, tell by `replaced` when another process has signed."""
        self._watcher = QFileSystemWatcher([str(self._file.parent)], self)
        self._watcher.directoryChanged.connect(self._look)
        self._look()

    def _look(self) -> None:
        try:
            signature = self._file.read_text(encoding="ascii")
        except OSError:
            return
        if self._signed and signature != str(os.getpid()):
            self.replaced.emit()
