"""What the painter shows, made with Pillow alone and the same in every run: pages of text and pictures, and a film.

The film is as hard to compress as a photograph (about one bit a pixel as JPEG at quality 75), because a drawing with
large plain areas would flatter everybody's network numbers.
"""

import random
from functools import lru_cache
from typing import Final

from PIL import Image, ImageChops, ImageDraw, ImageFont

SCREEN: Final = (1920, 1080)
FILM: Final = (960, 540)
PAGE_HEIGHT: Final = 3400
LINE: Final = 30  # pixels from one line of text to the next

_SENTENCE: Final = (
    "the river carried stones and sand from the hills to the sea while people built their towns along its banks "
    "because water drove the mills and boats brought coal iron wool and news of every kind to those who waited"
)


@lru_cache(maxsize=8)
def font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Return Pillow's own font: the same letters on every computer."""
    return ImageFont.load_default(size)


def photograph(width: int, height: int, seed: int) -> Image.Image:
    """Return a picture with the detail of a photograph: noise of every size, the finer the fainter, pale colours."""
    light = _cloud(width, height, seed, octaves=8, fading=0.77)
    tints = [_cloud(width, height, seed + 1000 * number, octaves=3, fading=0.45) for number in (1, 2, 3)]
    return Image.merge("RGB", [ImageChops.add(light, tint, 1, -128) for tint in tints])


def _cloud(width: int, height: int, seed: int, octaves: int, fading: float) -> Image.Image:
    """Return noise around 128: grains of 256 pixels, then of 128 …, each size `fading` times as strong as the last."""
    chance = random.Random(seed)
    total = Image.new("L", (width, height), 128)
    for octave in range(octaves):
        cell = 256 >> octave
        size = width // cell + 2, height // cell + 2
        grains = Image.frombytes("L", size, chance.randbytes(size[0] * size[1]))
        strength = 0.5 * fading ** (octave + 1)
        layer = grains.resize((width, height), Image.Resampling.BICUBIC).point(
            [round(128 + (value - 128) * strength) for value in range(256)]
        )
        total = ImageChops.add(total, layer, 1, -128)
    return total


def film(size: tuple[int, int], count: int, seed: int = 1) -> list[Image.Image]:
    """Return `count` pictures of a camera that pans, with a bright disc that crosses its way."""
    width, height = size
    step = max(2, width // 240)
    ground = photograph(width + step * count, height, seed)
    pictures = []
    for number in range(count):
        picture = ground.crop((number * step, 0, number * step + width, height))
        at = width * (count - number) // count
        ImageDraw.Draw(picture).ellipse((at - 60, height // 2 - 60, at + 60, height // 2 + 60), fill=(240, 200, 60))
        pictures.append(picture)
    return pictures


def text_line(number: int, width: int, size: int = 20) -> Image.Image:
    """Return one line of text, dark on white, `LINE` high."""
    chance = random.Random(number)
    picture = Image.new("RGB", (width, LINE), "white")
    known = _SENTENCE.split()
    words = " ".join(chance.choice(known) for _ in range(width // 40))
    ImageDraw.Draw(picture).text((4, 2), words, fill=(31, 41, 51), font=font(size))
    return picture


def page(seed: int, width: int = SCREEN[0], height: int = PAGE_HEIGHT) -> Image.Image:
    """Return a web page: a heading, columns of text, and a photograph every so often."""
    picture = Image.new("RGB", (width, height), (251, 252, 253))
    pen = ImageDraw.Draw(picture)
    pen.rectangle((0, 0, width, 70), fill=(40 + seed * 70 % 160, 90, 150))
    pen.text((300, 90), f"Unit {seed + 1}: how rivers made the town", fill=(20, 30, 40), font=font(44))
    top, number = 170, seed * 1000
    while top < height - LINE:
        if (top - 170) // LINE % 30 == 12:
            picture.paste(photograph(900, 12 * LINE, seed + number), (300, top))
            top += 12 * LINE
            continue
        picture.paste(text_line(number, 900), (300, top))
        picture.paste(text_line(number + 500, 320, 16), (1260, top))
        top, number = top + LINE, number + 1
    return picture
