"""Pictures painted for the demo's desktops: hills under a sky for pages, and two scenes that move for the video."""

import math
import random
from typing import Protocol

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import (
    QBrush,
    QColor,
    QLinearGradient,
    QPainter,
    QPainterPath,
    QPen,
    QPixmap,
    QRadialGradient,
)

VIDEO = QSize(960, 540)
LAYERS = 4


def tint(hue: int, saturation: int, lightness: int, alpha: int = 255) -> QColor:
    """Return a colour; hue in degrees (any integer), the rest 0..255."""
    return QColor.fromHsl(hue % 360, saturation, lightness, alpha)


def hills(width: int, height: int, base: float, swing: float, seed: int) -> QPainterPath:
    """Return a skyline, closed at the bottom, that repeats after `width`; `base` and `swing` are parts of `height`."""
    waves = [(turns, random.Random(seed + turns).uniform(0, math.tau)) for turns in (1, 2, 3, 5, 9)]  # noqa: S311 a drawing, not a secret
    path = QPainterPath(QPointF(0, height))
    for x in range(0, width + 4, 4):
        bend = sum(math.sin(math.tau * turns * x / width + phase) / turns for turns, phase in waves)
        path.lineTo(x, height * (base - swing * bend))
    path.lineTo(width, height)
    path.closeSubpath()
    return path


def layer_colour(hue: int, layer: int) -> QColor:
    """Return the colour of a row of hills; the nearest is the last and the darkest."""
    return tint(hue - 6 * layer, 70 + 10 * layer, 172 - 34 * layer)


def sky(painter: QPainter, area: QRectF, hue: int) -> None:
    """Paint a morning sky with its sun."""
    gradient = QLinearGradient(area.topLeft(), area.bottomLeft())
    gradient.setColorAt(0, tint(hue + 10, 120, 190))
    gradient.setColorAt(0.75, tint(hue + 30, 150, 234))
    painter.fillRect(area, gradient)
    centre = QPointF(area.x() + 0.7 * area.width(), area.y() + 0.34 * area.height())
    for radius, alpha in ((0.30, 40), (0.19, 70), (0.10, 255)):
        painter.setBrush(QColor(255, 246, 220, alpha))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawEllipse(centre, radius * area.height(), radius * area.height())


def landscape(width: int, height: int, hue: int, seed: int) -> QPixmap:
    """Return hills under a morning sky."""
    picture = QPixmap(width, height)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    sky(painter, QRectF(0, 0, width, height), hue)
    for layer in range(LAYERS):
        path = hills(width, height, 0.5 + 0.12 * layer, 0.07, seed + 10 * layer)
        painter.fillPath(path, layer_colour(hue, layer))
    painter.end()
    return picture


class Scene(Protocol):
    """A video's picture at any second."""

    def paint(self, painter: QPainter, at: float) -> None:
        """Paint the picture `VIDEO` at `at` seconds, its corner at the origin."""


class Journey:
    """A train window: four rows of hills that go by, the nearer the faster."""

    def __init__(self, hue: int) -> None:
        self._sky = QPixmap(VIDEO)
        painter = QPainter(self._sky)
        sky(painter, QRectF(0, 0, VIDEO.width(), VIDEO.height()), hue)
        painter.end()
        self._layers = [self._layer(hue, layer) for layer in range(LAYERS)]

    def _layer(self, hue: int, layer: int) -> QPixmap:
        # Only the strip that has hills in it is kept: blending sky that isn't there costs as much.
        strip = QPixmap(2 * VIDEO.width(), VIDEO.height())
        strip.fill(Qt.GlobalColor.transparent)
        painter = QPainter(strip)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        path = hills(strip.width(), strip.height(), 0.5 + 0.13 * layer, 0.06, 40 + layer)
        painter.fillPath(path, layer_colour(hue, layer))
        painter.end()
        return strip

    def paint(self, painter: QPainter, at: float) -> None:
        """See `Scene`."""
        painter.drawPixmap(0, 0, self._sky)
        for layer, strip in enumerate(self._layers):
            left = int(at * 14 * 2.3**layer) % strip.width()
            painter.drawPixmap(-left, 0, strip)
            if strip.width() - left < VIDEO.width():
                painter.drawPixmap(strip.width() - left, 0, strip)


class Planets:
    """A sun and its planets on their orbits, seen from a camera that drifts."""

    # distance, size, seconds a turn, hue, ring
    ORBITS = ((92, 9, 5, 30, False), (150, 14, 9, 45, False), (214, 15, 14, 210, False), (282, 11, 21, 12, False))
    OUTER = ((372, 27, 34, 38, False), (460, 22, 50, 50, True))

    def __init__(self, hue: int) -> None:
        self._space = self._starfield(hue)
        self._sun = self._ball(54, 44, glow=1.9)
        bodies = self.ORBITS + self.OUTER
        self._balls = [self._ball(size, body_hue + hue // 6) for _, size, _, body_hue, _ in bodies]

    @staticmethod
    def _starfield(hue: int) -> QPixmap:
        dice = random.Random(7)  # noqa: S311 a drawing, not a secret
        picture = QPixmap(1300, 700)
        picture.fill(tint(hue + 235, 90, 14))
        painter = QPainter(picture)
        for x, y, radius, turn in ((350, 220, 420, 260), (980, 480, 460, 310), (700, 80, 300, 200)):
            cloud = QRadialGradient(x, y, radius)
            cloud.setColorAt(0, tint(hue + turn, 130, 62, 150))
            cloud.setColorAt(1, tint(hue + turn, 130, 40, 0))
            painter.fillRect(picture.rect(), cloud)
        for _ in range(520):
            size, light = dice.choice((1, 1, 1, 2)), dice.randrange(90, 255)
            painter.fillRect(dice.randrange(1300), dice.randrange(700), size, size, QColor(light, light, light))
        painter.end()
        return picture

    @staticmethod
    def _ball(radius: int, hue: int, glow: float = 1.0) -> QPixmap:
        side = int(2 * radius * glow) + 2
        picture = QPixmap(side, side)
        picture.fill(Qt.GlobalColor.transparent)
        middle = QPointF(side / 2, side / 2)
        painter = QPainter(picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        if glow > 1:
            halo = QRadialGradient(middle, side / 2)
            halo.setColorAt(0.4, tint(hue, 255, 170, 190))
            halo.setColorAt(1, tint(hue, 255, 150, 0))
            painter.setBrush(QBrush(halo))
            painter.drawEllipse(middle, side / 2, side / 2)
        light = QRadialGradient(middle, radius * 1.3, middle - QPointF(radius * 0.4, radius * 0.4))
        light.setColorAt(0, tint(hue, 190, 225))
        light.setColorAt(1, tint(hue, 150, 150 if glow > 1 else 62))
        painter.setBrush(QBrush(light))
        painter.drawEllipse(middle, radius, radius)
        painter.end()
        return picture

    def paint(self, painter: QPainter, at: float) -> None:
        """See `Scene`."""
        drift = QPointF(170 + 160 * math.sin(at / 11), 80 + 70 * math.cos(at / 13))
        painter.drawPixmap(QPointF(0, 0), self._space, QRectF(drift, VIDEO.toSizeF()))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.translate(VIDEO.width() / 2, VIDEO.height() / 2)
        tilt = 0.40 + 0.05 * math.sin(at / 9)
        bodies = self.ORBITS + self.OUTER
        painter.setPen(QPen(QColor(255, 255, 255, 46), 1.2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for distance, *_ in bodies:
            painter.drawEllipse(QPointF(0, 0), distance, distance * tilt)
        places = [math.tau * at / turn + turn for _, _, turn, _, _ in bodies]
        for behind in (True, False):
            for (distance, size, _, _, ring), ball, angle in zip(bodies, self._balls, places, strict=True):
                if (math.sin(angle) < 0) is behind:
                    place = QPointF(distance * math.cos(angle), distance * tilt * math.sin(angle))
                    self._body(painter, place, ball, size if ring else 0)
            if behind:
                self._body(painter, QPointF(0, 0), self._sun, 0)

    @staticmethod
    def _body(painter: QPainter, place: QPointF, ball: QPixmap, ring: int) -> None:
        painter.drawPixmap(place - QPointF(ball.width() / 2, ball.height() / 2), ball)
        if ring:
            painter.setPen(QPen(QColor(240, 222, 180, 200), 4))
            painter.drawArc(
                QRectF(place.x() - 1.8 * ring, place.y() - 0.5 * ring, 3.6 * ring, ring), 150 * 16, 240 * 16
            )


def scene(name: str, hue: int) -> Scene:
    """Return the scene of that name: "planets" or "journey"."""
    return Planets(hue) if name == "planets" else Journey(hue + 200)
