"""How to make a tile: filters, sharpening and JPEG settings by SSIM, bytes and milliseconds.

    pip install scikit-image && python -m benchmarks.tile_filters [FOLDER]

Not part of `make bench`: it needs scikit-image, which nothing else does, and its answer changes only with Pillow. Given
a folder it also leaves every tile there, to be compared by eye. What it said last: docs/decisions/0007.
"""

import io
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PIL import Image, ImageFilter
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication
from skimage.metrics import structural_similarity

from benchmarks.meter import median
from tutor_app.demo.desktops import show

SCREEN: Final = (1920, 1080)
TILE: Final = (320, 180)
DESKTOPS: Final = ("essay", "browsing", "idle")
REPEATS: Final = 7
QUALITY: Final = 75
Filter = Callable[[Image.Image], Image.Image]
_WAYS = Image.Resampling


def screens() -> dict[str, Image.Image]:
    """Return the demo's desktops as a capture would give them: four bytes a pixel."""
    application = QApplication.instance() or QApplication([])
    pictures = {}
    for name in DESKTOPS:
        windows = show(name, 1)
        windows[0].resize(*SCREEN)
        application.processEvents()
        shot = windows[0].grab().toImage().convertToFormat(QImage.Format.Format_RGBX8888)
        size = (shot.width(), shot.height())
        pictures[name] = Image.frombytes("RGBX", size, bytes(shot.constBits())).resize(SCREEN)
    return pictures


def filters() -> dict[str, Filter]:
    """Return every way that was compared, the one in use first."""
    ways: dict[str, Filter] = {"blocks of 6 (in use)": lambda picture: picture.reduce(6)}
    for way in (_WAYS.HAMMING, _WAYS.BILINEAR, _WAYS.BICUBIC, _WAYS.LANCZOS):
        ways[way.name.lower()] = lambda picture, way=way: picture.resize(TILE, way)
        ways[f"blocks of 3, {way.name.lower()}"] = lambda picture, way=way: picture.reduce(3).resize(TILE, way)
    for amount in (40, 80, 120):
        mask = ImageFilter.UnsharpMask(0.6, amount, 0)
        ways[f"blocks of 6, sharpened {amount} %"] = lambda picture, mask=mask: picture.reduce(6).filter(mask)
    return ways


def likeness(one: Image.Image, other: Image.Image) -> float:
    """Return the SSIM of two pictures' brightness."""
    first, second = (np.asarray(picture.convert("RGB").convert("L"), float) for picture in (one, other))
    return float(structural_similarity(first, second, data_range=255))


def jpeg(picture: Image.Image, quality: int = QUALITY, subsampling: int = 2) -> bytes:
    """Return it as the student's side would send it."""
    sheet = io.BytesIO()
    picture.convert("RGB").save(sheet, "JPEG", quality=quality, subsampling=subsampling)
    return sheet.getvalue()


def main() -> None:
    """Print two tables."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    pictures = screens()
    print(
        f"{'made by':34} {'ms':>6} {'kB':>6} {'SSIM':>7}   (the tile enlarged, against the screen; {TILE[0]}×{TILE[1]})"
    )
    for name, make in filters().items():
        took, sizes, likes = [], [], []
        for desktop, picture in pictures.items():
            for _ in range(REPEATS):
                began = time.process_time()
                tile = make(picture)
                took.append(1000 * (time.process_time() - began))
            sent = jpeg(tile)
            sizes.append(len(sent) / 1000)
            likes.append(likeness(picture, Image.open(io.BytesIO(sent)).resize(SCREEN, _WAYS.BICUBIC)))
            if folder:
                tile.convert("RGB").save(folder / f"{desktop} {name}.png")
        print(f"{name:34} {median(took):6.2f} {np.mean(sizes):6.1f} {np.mean(likes):7.4f}")
    print(f"\n{'JPEG':34} {'':6} {'kB':>6} {'SSIM':>7}   (against the tile before it)")
    tiles = [picture.reduce(6) for picture in pictures.values()]
    for quality in (60, 70, 75, 80, 85, 90):
        for subsampling, words in ((2, "4:2:0"), (0, "4:4:4")):
            sent_all = [jpeg(tile, quality, subsampling) for tile in tiles]
            likes = [likeness(tile, Image.open(io.BytesIO(one))) for tile, one in zip(tiles, sent_all, strict=True)]
            size = np.mean([len(one) / 1000 for one in sent_all])
            print(f"quality {quality}, {words:20} {'':6} {size:6.1f} {np.mean(likes):7.4f}")


if __name__ == "__main__":
    main()
