"""The demo's temporary folder: gone when the demo is, and at the next start also after a crash."""

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psutil

PREFIX: Final = "lessonlight-demo-"
_OURS: Final = re.compile(rf"{PREFIX}(\d+)-")


@contextmanager
def demo_folder(where: Path | None = None) -> Iterator[Path]:
    """Make a folder for this user alone, named after this process; remove it, and those of demos that crashed."""
    where = where or Path(tempfile.gettempdir())
    sweep(where)
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=where))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sweep(where: Path) -> None:
    """Remove folders of our own that belong to demos which are no more."""
    for folder in where.glob(f"{PREFIX}*"):
        named = _OURS.match(folder.name)
        if named and not psutil.pid_exists(int(named[1])) and folder.lstat().st_uid == os.getuid():
            shutil.rmtree(folder, ignore_errors=True)
