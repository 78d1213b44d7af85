"""What the library makes is what Pillow reads and the protocol allows, in every thread at once."""

import io
import random
from concurrent.futures import ThreadPoolExecutor

import pytest
from PIL import Image, ImageChops, ImageStat

from protocol import turbojpeg
from protocol.jpeg import read_header
from protocol.turbojpeg import TurboJpeg, TurboJpegError


@pytest.fixture
def turbo() -> TurboJpeg:
    library = turbojpeg.load()
    if library is None:
        pytest.skip("libturbojpeg is not installed")
    return library


def pixels(width: int, height: int, seed: int = 1) -> memoryview:
    """A few soft colours, so that 4:2:0 and quality leave most of it."""
    dice = random.Random(seed)
    small = Image.frombytes("RGB", (4, 4), dice.randbytes(48))
    return memoryview(bytearray(small.resize((width, height), Image.Resampling.BICUBIC).tobytes("raw", "BGRX")))


def picture(of: memoryview, width: int, height: int) -> Image.Image:
    return Image.frombytes("RGB", (width, height), bytes(of), "raw", "BGRX")


@pytest.mark.parametrize("size", [(1, 1), (333, 187), (640, 360)])
@pytest.mark.parametrize("subsampling", [0, 2])
def test_there_and_back(turbo: TurboJpeg, size: tuple[int, int], subsampling: int) -> None:
    made = pixels(*size)
    jpeg = turbo.encode(made, *size, 92, subsampling)
    header = read_header(jpeg)
    assert (header.width, header.height, header.components) == (*size, 3)
    back = memoryview(bytearray(len(made)))
    turbo.decode(jpeg, back, *size)
    for read in (picture(back, *size), Image.open(io.BytesIO(jpeg)).convert("RGB")):
        assert max(ImageStat.Stat(ImageChops.difference(read, picture(made, *size))).mean) < 3


def test_sampling_and_quality_are_those_asked_for(turbo: TurboJpeg) -> None:
    made = pixels(640, 360)
    with Image.open(io.BytesIO(turbo.encode(made, 640, 360, 75, 2))) as coarse:
        assert coarse.layer[0][1:3] == (2, 2)
    with Image.open(io.BytesIO(turbo.encode(made, 640, 360, 92, 0))) as fine:
        assert fine.layer[0][1:3] == (1, 1)
    assert len(turbo.encode(made, 640, 360, 30, 2)) < len(turbo.encode(made, 640, 360, 92, 2))


def test_memory_that_is_too_small_is_never_written_to(turbo: TurboJpeg) -> None:
    made = pixels(64, 36)
    jpeg = turbo.encode(made, 64, 36, 75, 0)
    with pytest.raises(TurboJpegError):
        turbo.encode(made[4:], 64, 36, 75, 0)
    with pytest.raises(TurboJpegError):
        turbo.decode(jpeg, memoryview(bytearray(64 * 36 * 4 - 1)), 64, 36)
    room = bytearray(128 * 72 * 4)
    with pytest.raises(TurboJpegError):
        turbo.decode(jpeg, memoryview(room), 128, 72)
    assert not any(room)


@pytest.mark.parametrize("length", [0, 1, 4, 200, -40])
def test_broken_pictures_are_errors(turbo: TurboJpeg, length: int) -> None:
    jpeg = turbo.encode(pixels(64, 36), 64, 36, 75, 0)
    with pytest.raises(TurboJpegError):
        turbo.decode(jpeg[:length], memoryview(bytearray(64 * 36 * 4)), 64, 36)


def test_a_broken_picture_spoils_none_that_comes_after_it(turbo: TurboJpeg) -> None:
    jpeg, back = turbo.encode(pixels(64, 36), 64, 36, 75, 0), memoryview(bytearray(64 * 36 * 4))
    header = jpeg[jpeg.index(b"\xff\xc0") :][:19]
    with pytest.raises(TurboJpegError, match="two SOF markers"):
        turbo.decode(jpeg[:2] + header + jpeg[2:], back, 64, 36)
    turbo.decode(jpeg, back, 64, 36)


def test_threads_do_not_meet(turbo: TurboJpeg) -> None:
    def there_and_back(seed: int) -> float:
        made, back = pixels(320, 180, seed), memoryview(bytearray(320 * 180 * 4))
        turbo.decode(turbo.encode(made, 320, 180, 92, 0), back, 320, 180)
        return max(ImageStat.Stat(ImageChops.difference(picture(made, 320, 180), picture(back, 320, 180))).mean)

    with ThreadPoolExecutor(4) as pool:
        assert max(pool.map(there_and_back, range(60))) < 3


def test_without_the_library_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turbojpeg, "_NAME", "libturbojpeg-that-is-not-there.so")
    assert turbojpeg.load.__wrapped__() is None
