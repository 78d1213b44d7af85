import io
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from protocol.jpeg import read_header
from protocol.messages import Stream
from student_client.backends.base import Raw
from student_client.desktop import encode
from student_client.desktop.encode import EncodeError, Recipe, fitted, scale_and_encode

SIDES = st.integers(1, 5000)


def raw_of(picture: Image.Image) -> Raw:
    return Raw(picture.width, picture.height, 0, 1234.5, picture.convert("RGB").tobytes("raw", "BGRX"))


def noise(width: int, height: int) -> Raw:
    return Raw(width, height, 0, 0.0, random.Random(1).randbytes(width * height * 4))


@given(SIDES, SIDES, SIDES, SIDES)
def test_fitted_is_within_both_and_keeps_the_shape(
    width: int, height: int, asked_width: int, asked_height: int
) -> None:
    fit_width, fit_height = fitted(width, height, asked_width, asked_height)
    assert 1 <= fit_width <= min(width, asked_width)
    assert 1 <= fit_height <= min(height, asked_height)
    scale = min(1.0, asked_width / width, asked_height / height)
    assert abs(fit_width - width * scale) <= 1
    assert abs(fit_height - height * scale) <= 1


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 300), st.integers(1, 300), st.integers(1, 300), st.integers(1, 300), st.sampled_from(Stream))
def test_every_picture_is_one_the_protocol_allows(
    width: int, height: int, asked_width: int, asked_height: int, stream: Stream
) -> None:
    encoded = scale_and_encode(noise(width, height), asked_width, asked_height, stream)
    header = read_header(encoded.jpeg)
    assert (header.width, header.height, header.components) == (encoded.width, encoded.height, 3)
    assert encoded.width <= asked_width
    assert encoded.height <= asked_height
    assert (encoded.screen_width, encoded.screen_height) == (width, height)


@pytest.mark.parametrize("size", [(320, 180), (333, 187), (100, 80), (1200, 900), (1280, 720)])
def test_colours_and_places_at_whole_and_odd_factors(size: tuple[int, int]) -> None:
    picture = Image.new("RGB", (1280, 720), (200, 30, 40))
    ImageDraw.Draw(picture).rectangle((640, 360, 1279, 719), (10, 90, 220))
    encoded = scale_and_encode(raw_of(picture), *size, Stream.TILE)
    assert encoded.captured_at == 1234.5
    with Image.open(io.BytesIO(encoded.jpeg)) as decoded:
        for x, y, colour in ((0.25, 0.25, (200, 30, 40)), (0.75, 0.75, (10, 90, 220)), (0.75, 0.25, (200, 30, 40))):
            found = decoded.getpixel((int(x * encoded.width), int(y * encoded.height)))
            assert all(abs(a - b) <= 4 for a, b in zip(found, colour, strict=True)), (x, y, found)


def test_a_tile_halves_its_colour_and_a_focus_view_does_not() -> None:
    sampling = {}
    for stream in Stream:
        with Image.open(io.BytesIO(scale_and_encode(noise(64, 64), 64, 64, stream).jpeg)) as picture:
            sampling[stream] = picture.layer[0][1:3]
    assert sampling == {Stream.TILE: (2, 2), Stream.FOCUS: (1, 1)}


def test_quality_goes_before_size_and_size_before_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = noise(320, 180)
    whole = scale_and_encode(raw, 320, 180, Stream.TILE)
    monkeypatch.setitem(encode.RECIPES, Stream.TILE, Recipe(75, 2, len(whole.jpeg) * 2 // 3))
    poorer = scale_and_encode(raw, 320, 180, Stream.TILE)
    assert (poorer.width, poorer.height) == (320, 180)
    assert len(poorer.jpeg) <= len(whole.jpeg) * 2 // 3

    monkeypatch.setitem(encode.RECIPES, Stream.TILE, Recipe(75, 2, 5_000))
    smaller = scale_and_encode(raw, 320, 180, Stream.TILE)
    assert smaller.width < 320
    assert abs(smaller.width / smaller.height - 320 / 180) < 0.1
    assert len(smaller.jpeg) <= 5_000

    monkeypatch.setitem(encode.RECIPES, Stream.TILE, Recipe(75, 2, 10))
    with pytest.raises(EncodeError, match="320 by 180"):
        scale_and_encode(raw, 320, 180, Stream.TILE)


def test_the_worst_screens_keep_the_limits() -> None:
    raw = noise(1920, 1080)
    assert len(scale_and_encode(raw, 800, 450, Stream.TILE).jpeg) <= 128 * 1024
    assert len(scale_and_encode(raw, 1920, 1080, Stream.FOCUS).jpeg) <= 1024 * 1024
