"""The part of `focus` in which the screen rests: how true the picture at the tutor's is, and how soon."""

import math
import time
from typing import Any, Final

from PIL import Image, ImageChops, ImageStat

from benchmarks.glass import Place
from benchmarks.painter import Flip
from benchmarks.report import Report, Table, number
from benchmarks.x11 import Display

RESTED: Final = 0.3  # seconds after a change within which a picture has to be good
AT: Final = (0.1, RESTED)  # seconds after a change at which it is looked at
TIMES: Final = 5
TRUE: Final = 40.0  # dB; from here on nobody tells a picture from the screen itself
_CURSOR: Final = 40  # pixels around the pointer, which a viewer paints and the screen's own picture has not


def measure_rest(flip: Flip, glass: Display, place: Place, screen: Display) -> dict[str, Any]:
    """Return the worst PSNR in dB of brightness and colour at each moment `AT`; nothing where the picture is scaled."""
    if (place.scale, place.down) != (1.0, 1.0):
        return {}
    worst: dict[str, Any] = {}
    for _ in range(TIMES):
        for wait in AT:
            time.sleep(2 * RESTED)
            began = flip.turn()
            time.sleep(max(0.0, began + wait - time.monotonic()))
            seen, truth = glass.picture(), screen.picture()
            for what, value in _psnr(seen.crop(_box(place, truth)), truth).items():
                key = f"{what} at {wait:g} s"
                worst[key] = min(worst.get(key, math.inf), round(value, 1))
    return worst


def tabulate_rest(report: Report, found: dict[str, dict[str, Any]], ours: str) -> None:
    """Add the table and the goals."""
    found = {name: values for name, values in found.items() if values}
    heads = [f"{what} at {wait:g} s" for wait in AT for what in ("brightness", "colour")]
    rows = [[name, *(number(values[head]) for head in heads)] for name, values in found.items()]
    report.tables.append(
        Table("How true a page is so long after it was turned: worst PSNR of five, in dB", ("", *heads), rows)
    )
    for what in ("brightness", "colour") if ours in found else ():
        report.at_least(f"{what} of a page after {RESTED:g} s", found[ours][f"{what} at {RESTED:g} s"], TRUE, "dB")


def _box(place: Place, truth: Image.Image) -> tuple[int, int, int, int]:
    left, top = place.of((0, 0))
    return left, top, left + truth.width, top + truth.height


def _psnr(seen: Image.Image, truth: Image.Image) -> dict[str, float]:
    """Return the PSNR of brightness and of colour, in which an identical picture has 99 dB."""
    wrong = [
        ImageChops.difference(one, other)
        for one, other in zip(seen.convert("YCbCr").split(), truth.convert("YCbCr").split(), strict=True)
    ]
    x, y = truth.width // 2, truth.height // 2  # where the pointer rests
    for band in wrong:
        band.paste(0, (x - _CURSOR, y - _CURSOR, x + _CURSOR, y + _CURSOR))
    brightness, *colours = [ImageStat.Stat(band).sum2[0] / (truth.width * truth.height) for band in wrong]
    return {"brightness": _decibels(brightness), "colour": _decibels(max(colours))}


def _decibels(squares: float) -> float:
    return 99.0 if squares == 0 else 10 * math.log10(255**2 / squares)
