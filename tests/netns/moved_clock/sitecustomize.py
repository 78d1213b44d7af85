"""For PYTHONPATH: a wall clock that somebody has set, by the seconds in the file CLOCK_SET_BY."""

import os
import time
from pathlib import Path

_real, _by = time.time, Path(os.environ["CLOCK_SET_BY"])


def _as_set() -> float:
    return _real() + float(_by.read_text())


time.time = _as_set
