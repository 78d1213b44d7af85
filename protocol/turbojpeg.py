"""libjpeg-turbo by its own interface, where the system has it: from and to pixels as a screen has them, in one pass.

Pillow carries the same library, but has it write to and read from rows of its own order, which have to be turned into
those of a screen: twice the time to decode, half as much again to encode. Without the library `load` returns None and
Pillow does the work. The calls let other threads run; each thread has a codec of its own.

Source: turbojpeg.h of 2.1, whose names are kept by 3.x. ctypes, because the bindings there are want numpy, which is
much of a laptop's memory for two calls.
"""

import ctypes
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ctypes import POINTER, byref, c_char, c_char_p, c_int, c_ulong, c_void_p
from functools import cache
from typing import Final

_NAME: Final = "libturbojpeg.so.0"  # Debian's libturbojpeg0; the loader looks for it in the system's folders alone
_BGRX: Final = 3  # TJPF_BGRX: blue, green, red, unused
_SAMPLINGS: Final = {0: 0, 2: 2}  # Pillow's number of 4:4:4 and 4:2:0 → TJSAMP_444, TJSAMP_420
_STOP_ON_WARNING: Final = 8192  # TJFLAG_STOPONWARNING: a broken picture is not decoded to its end


class TurboJpegError(Exception):
    """The library could not read or make a picture."""


class TurboJpeg:
    """The library. May be used by any thread."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self._library = library
        handle = c_void_p
        for name, result, arguments in (
            ("tjInitCompress", handle, []),
            ("tjInitDecompress", handle, []),
            ("tjDestroy", c_int, [handle]),
            ("tjFree", None, [c_void_p]),
            ("tjGetErrorStr2", c_char_p, [handle]),
            ("tjCompress2", c_int, [handle, c_void_p, *[c_int] * 4, POINTER(c_void_p), POINTER(c_ulong), *[c_int] * 3]),
            ("tjDecompressHeader3", c_int, [handle, c_char_p, c_ulong, *[POINTER(c_int)] * 4]),
            ("tjDecompress2", c_int, [handle, c_char_p, c_ulong, c_void_p, *[c_int] * 5]),
        ):
            call = getattr(library, name)
            call.restype, call.argtypes = result, arguments
        self._own = threading.local()

    def encode(self, pixels: memoryview, width: int, height: int, quality: int, subsampling: int) -> bytes:
        """Return `width` × `height` writable pixels, row after row, as a baseline JPEG; raises TurboJpegError."""
        source, sampling = _address(pixels, 4 * width * height), _SAMPLINGS[subsampling]
        jpeg, size = c_void_p(), c_ulong()
        made = byref(jpeg), byref(size)
        try:
            with self._codec("encoder", self._library.tjInitCompress) as codec:
                codec.check(
                    self._library.tjCompress2(
                        codec.handle, source, width, 4 * width, height, _BGRX, *made, sampling, quality, 0
                    )
                )
            return ctypes.string_at(jpeg, size.value)
        finally:
            self._library.tjFree(jpeg)

    def decode(self, jpeg: bytes, pixels: memoryview, width: int, height: int) -> None:
        """Fill `pixels`, row after row, from a JPEG of just this size; raises TurboJpegError."""
        target = _address(pixels, 4 * width * height)
        found = [c_int() for _ in range(4)]
        with self._codec("decoder", self._library.tjInitDecompress) as codec:
            codec.check(self._library.tjDecompressHeader3(codec.handle, jpeg, len(jpeg), *map(byref, found)))
            if (found[0].value, found[1].value) != (width, height):
                raise TurboJpegError("a picture of another size")
            codec.check(
                self._library.tjDecompress2(
                    codec.handle, jpeg, len(jpeg), target, width, 4 * width, height, _BGRX, _STOP_ON_WARNING
                )
            )

    @contextmanager
    def _codec(self, kind: str, make: Callable[[], int | None]) -> Iterator["_Codec"]:
        """Give this thread's codec; after a failure the next gets a new one, for a broken header stays in the old."""
        codec: _Codec = self._own.__dict__.pop(kind, None) or _Codec(self._library, make())
        yield codec
        setattr(self._own, kind, codec)


class _Codec:
    """One thread's handle, given back with the thread."""

    def __init__(self, library: ctypes.CDLL, handle: int | None) -> None:
        if not handle:
            raise TurboJpegError("there is no memory for a codec")
        self.handle = handle
        self._library = library

    def check(self, result: int) -> None:
        if result:
            raise TurboJpegError(self._library.tjGetErrorStr2(self.handle).decode(errors="replace"))

    def __del__(self) -> None:
        self._library.tjDestroy(self.handle)


@cache
def load() -> TurboJpeg | None:
    """Return the library, None where the system has none."""
    try:
        return TurboJpeg(ctypes.CDLL(_NAME))
    except (OSError, AttributeError):  # not to be loaded here, or older than 1.4
        return None


def _address(pixels: memoryview, size: int) -> int:
    if len(pixels) < size:
        raise TurboJpegError("fewer pixels than there should be")
    return ctypes.addressof(c_char.from_buffer(pixels))
