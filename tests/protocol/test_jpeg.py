import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from protocol.jpeg import JpegError, JpegHeader, read_header


def picture(width: int = 64, height: int = 36, mode: str = "RGB", **options: object) -> bytes:
    out = io.BytesIO()
    Image.new(mode, (width, height), 40).save(out, "JPEG", **options)
    return out.getvalue()


@pytest.mark.parametrize(("mode", "components"), [("RGB", 3), ("L", 1)])
def test_a_baseline_jpeg_tells_its_size(mode: str, components: int) -> None:
    assert read_header(picture(321, 180, mode)) == JpegHeader(321, 180, components)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (picture(progressive=True), "not a baseline"),
        (picture(mode="CMYK"), "1 or 3 components"),
        (b"\x89PNG\r\n\x1a\n" + bytes(64), "not a JPEG"),
        (b"", "not a JPEG"),
        (picture()[:12], "cut short"),
        (b"\xff\xd8\xff\xe0\x00\x01" + bytes(30), "shorter than its own length"),
        (b"\xff\xd8\xff\xda\x00\x04" + bytes(30), "no frame header"),
        (b"\xff\xd8" + b"\xff\xfe\xff\xff" + bytes(65533) + picture()[2:], "cut short or too long"),
    ],
)
def test_what_is_not_ours_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(JpegError, match=why):
        read_header(data)


@given(st.binary(max_size=200), st.integers(0, 300))
def test_mutated_headers_raise_nothing_else(noise: bytes, at: int) -> None:
    data = picture()
    for candidate in (noise, b"\xff\xd8" + noise, data[:at] + noise + data[at + len(noise) :]):
        try:
            header = read_header(candidate)
        except JpegError:
            continue
        assert 0 < header.width < 65536
        assert 0 < header.height < 65536
