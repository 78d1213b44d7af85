"""Threads take memory from one heap."""

import subprocess
import sys

import pytest

PROGRAM = """
import ctypes, sys, threading
from protocol.heap import share_one_heap
if sys.argv[1] == "one":
    share_one_heap()
places = []
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
threads = [threading.Thread(target=lambda: places.append(libc.malloc(1000))) for _ in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
heap = next(line for line in open("/proc/self/maps") if line.rstrip().endswith("[heap]"))
low, high = (int(end, 16) for end in heap.split()[0].split("-"))
print(sum(low <= place < high for place in places))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc")
@pytest.mark.parametrize(("how", "in_the_heap"), [("one", "3"), ("each its own", "0")])
def test_threads_take_memory_from_one_heap(how: str, in_the_heap: str) -> None:
    ran = subprocess.run([sys.executable, "-c", PROGRAM, how], capture_output=True, text=True, check=True, timeout=20)
    assert ran.stdout.strip() == in_the_heap
