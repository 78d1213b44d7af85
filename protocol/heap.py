"""One heap for all threads of a process, so that it does not grow with every picture that crosses them.

A picture's bytes are taken by one thread and given back by another. glibc gives each thread a heap ("arena") of its
own, and there such bytes leave holes: a tutor's window grew by 70 MiB in an hour of looking at a video. Python's
threads hardly ever allocate at the same time, so nobody waits for the one heap.
"""

import ctypes
from contextlib import suppress
from typing import Final

_ARENA_MAX: Final = -8  # M_ARENA_MAX, glibc's malloc.h


def share_one_heap() -> None:
    """Do so from now on; call it before the first thread starts. Does nothing where the C library is another."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(_ARENA_MAX, 1)
