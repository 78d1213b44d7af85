"""Round windows without a compositor: the region of a rounded rectangle, row by row.

Transparent windows would be smoother, but where no compositor runs their corners are black.
"""

import math

from PySide6.QtCore import QRect, QSize
from PySide6.QtGui import QRegion

CARD_CORNER = 12.0  # as in the style sheet


def rounded(size: QSize, corner: float = CARD_CORNER) -> QRegion:
    """Return the region of a rectangle of that size whose corners have that radius."""
    width, height = size.width(), size.height()
    radius = min(corner, width / 2, height / 2)
    rows = math.ceil(radius)
    region = QRegion(0, rows, width, height - 2 * rows)
    for row in range(rows):
        inset = round(radius - math.sqrt(radius**2 - max(0.0, radius - row - 0.5) ** 2))
        line = QRect(inset, row, width - 2 * inset, 1)
        region = region.united(line).united(line.translated(0, height - 1 - 2 * row))
    return region
