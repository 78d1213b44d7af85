"""Reads a JPEG's header without decoding it, so that a hostile picture is refused before it costs anything.

Source: ITU-T T.81, Annex B (markers and the frame header).
"""

from dataclasses import dataclass

_SOI = b"\xff\xd8"
_BASELINE = 0xC0
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}  # SOF0…SOF15 without DHT, JPG and DAC
_STANDALONE = {0x01, *range(0xD0, 0xD8)}  # TEM, RST0…RST7: no length follows
_HEADER_LIMIT = 64 * 1024  # libjpeg writes under 1 KiB; what hides its header behind more is not ours


class JpegError(ValueError):
    """Not a JPEG this protocol allows."""


@dataclass(frozen=True)
class JpegHeader:
    """The picture's size in pixels and its number of components (1 grey, 3 colour)."""

    width: int
    height: int
    components: int


def read_header(data: bytes) -> JpegHeader:
    """Return the header of a baseline (SOF0), 8-bit JPEG of 1 or 3 components; raises JpegError for all else."""
    if data[:2] != _SOI:
        raise JpegError("not a JPEG")
    at = 2
    limit = min(len(data), _HEADER_LIMIT)
    while at + 4 <= limit:
        if data[at] != 0xFF:
            raise JpegError("a marker is missing in the JPEG's header")
        marker = data[at + 1]
        if marker == 0xFF:  # a fill byte
            at += 1
        elif marker in _STANDALONE:
            at += 2
        elif marker in _FRAMES:
            return _frame(marker, data[at + 4 : at + 10])
        elif marker in (0xD9, 0xDA):
            raise JpegError("the JPEG has no frame header")
        else:
            at += 2 + _segment_length(data, at + 2)
    raise JpegError("the JPEG's header is cut short or too long")


def _segment_length(data: bytes, at: int) -> int:
    length = int.from_bytes(data[at : at + 2], "big")
    if length < 2:
        raise JpegError("a segment of the JPEG's header is shorter than its own length")
    return length


def _frame(marker: int, body: bytes) -> JpegHeader:
    if marker != _BASELINE:
        raise JpegError("not a baseline JPEG")
    if len(body) < 6:
        raise JpegError("the JPEG's frame header is cut short")
    header = JpegHeader(int.from_bytes(body[3:5], "big"), int.from_bytes(body[1:3], "big"), body[5])
    if body[0] != 8 or header.components not in (1, 3):
        raise JpegError("not an 8-bit JPEG of 1 or 3 components")
    if not header.width or not header.height:
        raise JpegError("the JPEG has no size")
    return header
