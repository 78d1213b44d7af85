"""What a hostile device may send never costs more than a picture, and never becomes anything else."""

import io
from itertools import chain, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PySide6.QtGui import QImage

from protocol import turbojpeg
from protocol.messages import Patch
from tests.tutor_app.ui import synthetic as made
from tutor_app.ui.decode import ROWS, WORKERS, _shared_out, decode, decode_patch


def encoded(image: Image.Image, form: str = "JPEG", **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


@pytest.fixture(params=["libjpeg-turbo", "Pillow"], autouse=True)
def library(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each test with the library and without."""
    if request.param == "Pillow":
        monkeypatch.setattr("protocol.turbojpeg.load", lambda: None)
    elif turbojpeg.load() is None:
        pytest.skip("libturbojpeg is not installed")
    return str(request.param)


def patch(jpeg: bytes, width: int, height: int) -> Patch:
    return Patch(x=3, y=5, width=width, height=height, jpeg=jpeg)


@pytest.mark.parametrize("size", [(1, 1), (7, 3), (64, ROWS), (33, ROWS + 1), (250, 3 * ROWS - 1)])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_a_patch_comes_as_strips_that_fill_it(size: tuple[int, int], mode: str) -> None:
    width, height = size
    image = Image.effect_noise(size, 60).convert(mode)
    strips = decode_patch(patch(encoded(image, quality=100, subsampling=0), width, height))
    assert strips is not None
    assert [(one.x, one.width) for one in strips] == [(3, width)] * len(strips)
    assert strips[0].y == 5
    assert all(above.y + above.height == below.y for above, below in pairwise(strips))
    assert strips[-1].y + strips[-1].height == 5 + height
    pixels = b"".join(one.pixels for one in strips)
    order = "RGBX" if strips[0].red_first else "BGRX"
    got = Image.frombytes("RGB", size, pixels, "raw", order)
    worst = max(abs(a - b) for a, b in zip(got.tobytes(), image.convert("RGB").tobytes(), strict=True))
    assert worst <= 8


def test_a_patch_of_another_size_than_it_says_is_refused() -> None:
    jpeg = encoded(Image.new("RGB", (64, 36)))
    assert decode_patch(patch(jpeg, 64, 36))
    assert decode_patch(patch(jpeg, 64, 35)) is None


@pytest.mark.qt_log_ignore("two SOF markers")
def test_a_second_header_cannot_make_a_patch_larger() -> None:
    """The session reads the first frame header; a decoder that believed a later one would take what nobody checked."""
    small, large = encoded(Image.new("RGB", (16, 16))), encoded(Image.new("RGB", (4000, 4000)))
    first = small[small.index(b"\xff\xc0") :][:19]
    forged = large[:2] + first + large[2:]
    assert decode_patch(patch(forged, 16, 16)) is None
    image = decode(forged)
    assert image is None or image.width() == 16


@pytest.mark.parametrize("form", ["PNG", "GIF", "BMP", "WEBP", "TIFF"])
def test_other_formats_are_refused(form: str) -> None:
    assert decode_patch(patch(encoded(Image.new("RGB", (16, 16)), form), 16, 16)) is None


def test_scans_beyond_those_of_a_baseline_jpeg_are_refused() -> None:
    """Ten bytes of one more scan have the whole picture decoded once more."""
    jpeg = encoded(Image.effect_noise((640, 360), 40).convert("RGB"))
    scan = jpeg[jpeg.index(b"\xff\xda") :][:14]
    bomb = jpeg[:-2] + scan * 60_000 + jpeg[-2:]
    assert decode_patch(patch(bomb, 640, 360)) is None
    assert decode(bomb) is None


HONEST = encoded(Image.linear_gradient("L").resize((48, 40)).convert("RGB"))


@given(st.data())
def test_nothing_a_peer_sends_raises(data: st.DataObject) -> None:
    honest = HONEST
    start = data.draw(st.integers(0, len(honest)))
    noise = data.draw(st.binary(max_size=40))
    mangled = (honest[:start] + noise + honest[start + len(noise) :])[: data.draw(st.integers(4, len(honest)))]
    strips = decode_patch(patch(mangled.ljust(4, b"\0"), 48, 40))
    assert strips is None or sum(one.height for one in strips) == 40


@given(st.lists(st.tuples(st.integers(1, 400), st.integers(1, 400)), min_size=1, max_size=64))
def test_work_is_shared_out_evenly(sizes: list[tuple[int, int]]) -> None:
    patches = [Patch(x=0, y=0, width=width, height=height, jpeg=b"1234") for width, height in sizes]
    parts = _shared_out([(one, memoryview(b"")) for one in patches])
    assert len(parts) == WORKERS
    assert sorted(id(one) for one, _ in chain.from_iterable(parts)) == sorted(map(id, patches))
    pixels = sorted(sum(one.width * one.height for one, _ in part) for part in parts)
    assert pixels[-1] - pixels[0] <= max(width * height for width, height in sizes)


def test_tiles_are_read_as_they_are() -> None:
    image = decode(made.jpeg(made.screen(3, 64, 36)))
    assert isinstance(image, QImage)
    assert (image.width(), image.height()) == (64, 36)
