"""Paints one tile: the picture with what has to be said over it, and a footer with the name."""

from typing import Final

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPixmap, QRegion
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from tutor_app.classroom.tile import Look, Tile, unreadable
from tutor_app.ui.fades import Fades
from tutor_app.ui.pictures import Pictures
from tutor_app.ui.runs import single_line
from tutor_app.ui.theme import Theme
from tutor_app.ui.tile_paint import (
    CENTRE,
    LEFT,
    RADIUS,
    RIGHT,
    Brushes,
    frame_pixmap,
    paint_badge,
    paint_picture,
    paint_pill,
)
from tutor_app.ui.wall_model import Role

GAP: Final = 12  # pixels between two tiles
_ICON_OF: Final = {Look.LOCKED: "lock", Look.PAUSED: "pause", Look.WAITING: "no-picture", Look.COVERED: "no-picture"}


class TileDelegate(QStyledItemDelegate):
    """`cell` is a tile with its share of the gaps around it.

    Where `dirty` is set, only tiles that touch it are painted: for two tiles in opposite corners QListView paints all
    in between.
    """

    def __init__(self, theme: Theme, pictures: Pictures, fades: Fades) -> None:
        super().__init__()
        self._theme, self._pictures, self._fades = theme, pictures, fades
        self.cell = QSize(212, 152)
        self.dirty: QRegion | None = None
        self._brushes = Brushes(theme)
        self._frames: dict[tuple[int, int, bool, float], QPixmap] = {}
        theme.changed.connect(self._dress)

    @property
    def footer(self) -> int:
        """The footer's height in pixels."""
        return self._theme.text + 14

    def cell_for(self, width: int) -> QSize:
        """Return the cell whose width is given: a 16:9 picture, its footer, the gap."""
        tile = width - GAP
        return QSize(width, round(tile * 9 / 16) + self.footer + GAP)

    def picture_size(self) -> QSize:
        """Return the size of a tile's picture in logical pixels."""
        return QSize(self.cell.width() - GAP, self.cell.height() - GAP - self.footer)

    def sizeHint(self, _option: QStyleOptionViewItem, _index: QModelIndex | QPersistentModelIndex) -> QSize:
        """Return the cell: all tiles are of one size."""
        return self.cell

    def why_rect(self, cell: QRect, tile: Tile) -> QRect:
        """Return where "Why?" stands in a cell; empty where it does not."""
        if not tile.why or tile.look is Look.FADED:
            return QRect()
        area = self._picture_area(self._tile_area(cell))
        return self._words_layout(area, tile)[-1].toAlignedRect().adjusted(-8, -4, 8, 4)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Paint the tile of `index`."""
        cell, state = option.rect, option.state
        if self.dirty is not None and not self.dirty.intersects(cell):
            return
        tile = index.data(Role.TILE)
        if not isinstance(tile, Tile):
            return
        area = self._tile_area(cell)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pointed = bool(state & QStyle.StateFlag.State_MouseOver)
        picture = self._pictures.get(tile.device) if tile.look in _PICTURED else None
        if self._pictures.is_unreadable(tile.device):
            tile = unreadable(tile)  # it may only just have been looked at
        self._paint_content(painter, self._picture_area(area), picture, tile)
        if tile.look is Look.MISSING:
            painter.setPen(self._brushes.dashes)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(area.adjusted(0.5, 0.5, -0.5, -0.5), RADIUS, RADIUS)
        else:
            painter.drawPixmap(area.topLeft(), self._frame(area, pointed, painter.device().devicePixelRatioF()))
        if tile.badge:
            paint_badge(painter, self._brushes, self._picture_area(area), tile.badge)
        self._paint_footer(painter, area, tile)
        self._paint_outline(painter, area, state)
        painter.restore()

    # ── the parts ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _paint_content(self, painter: QPainter, area: QRectF, picture: QPixmap | None, tile: Tile) -> None:
        if picture:
            paint_picture(painter, self._brushes, area, picture)
        elif tile.look is not Look.MISSING:
            painter.fillRect(area, self._brushes.well)
        self._paint_veil(painter, area, tile, bool(picture))

    def _frame(self, area: QRectF, pointed: bool, ratio: float) -> QPixmap:
        size = area.size().toSize()
        key = (size.width(), size.height(), pointed, ratio)
        if key not in self._frames:
            self._frames[key] = frame_pixmap(self._brushes, size, self.footer, pointed, ratio)
        return self._frames[key]

    def _paint_veil(self, painter: QPainter, area: QRectF, tile: Tile, pictured: bool) -> None:
        share = self._fades.share(tile.device, tile.look)
        colour = self._brushes.soft
        if tile.look is Look.LOCKED:
            colour = self._brushes.on_locked
            painter.setOpacity(share)
            painter.fillRect(area, self._brushes.locked_veil)
        elif tile.look in (Look.ASKED, Look.FADED):
            colour = self._brushes.ink
            painter.setOpacity(share if pictured else 1)
            painter.fillRect(area, self._brushes.pale_veil)
        if tile.headline:
            self._paint_words(painter, area, tile, colour)
        painter.setOpacity(1)

    def _paint_words(self, painter: QPainter, area: QRectF, tile: Tile, colour: QColor) -> None:
        brushes = self._brushes
        icon, headline, detail, why = self._words_layout(area, tile)
        if not icon.isEmpty():
            brushes.icon(painter, _ICON_OF[tile.look], icon.center(), round(icon.height()), colour)
        if tile.look in _ON_A_PILL:
            paint_pill(painter, brushes, headline, tile.headline)
        painter.setPen(colour)
        painter.setFont(brushes.ordinary)
        painter.drawText(headline, CENTRE | Qt.TextFlag.TextWordWrap, single_line(tile.headline))
        if not detail.isEmpty():
            painter.setFont(brushes.tiny)
            painter.drawText(detail, CENTRE | Qt.TextFlag.TextWordWrap, single_line(tile.detail))
        if not why.isEmpty():
            self._paint_why(painter, why)

    def _paint_why(self, painter: QPainter, area: QRectF) -> None:
        font = self._theme.font()
        font.setUnderline(True)
        painter.setFont(font)
        painter.setPen(self._brushes.accent)
        painter.drawText(area, CENTRE, "Why?")

    def _words_layout(self, area: QRectF, tile: Tile) -> tuple[QRectF, QRectF, QRectF, QRectF]:
        """Return the places of icon, headline, detail and "Why?", stacked in the middle; empty where there is none."""
        line = self._brushes.ordinary_metrics.height()
        small = self._brushes.small_metrics.height()
        inner = area.adjusted(8, 6, -8, -6)
        heights = [
            22.0 if tile.look in _ICON_OF and inner.height() > 3 * line else 0.0,
            float(line * self._lines(tile.headline, inner.width(), self._brushes.ordinary_metrics)),
            float(small * self._lines(tile.detail, inner.width(), self._brushes.tiny_metrics)) if tile.detail else 0.0,
            float(line) + 4 if tile.why and tile.look is not Look.FADED else 0.0,
        ]
        for spare in (2, 0):  # what a small tile leaves out first
            if sum(heights) > inner.height():
                heights[spare] = 0.0
        top = inner.center().y() - sum(heights) / 2
        places = []
        for height in heights:
            places.append(QRectF(inner.left(), top, inner.width(), height))
            top += height
        return places[0], places[1], places[2], places[3]

    def _lines(self, text: str, width: float, metrics: QFontMetrics) -> int:
        return 1 if self._brushes.advance(metrics, text) <= width else 2

    def _paint_footer(self, painter: QPainter, area: QRectF, tile: Tile) -> None:
        brushes = self._brushes
        inner = QRectF(area.left() + 10, area.bottom() - self.footer, area.width() - 20, self.footer)
        name = brushes.cut(brushes.name_metrics, tile.name, int(inner.width()))
        painter.setFont(brushes.name)
        painter.setPen(brushes.ink)
        painter.drawText(inner, LEFT, name)
        room = inner.width() - brushes.advance(brushes.name_metrics, name) - 10
        if room > 24:
            aside = brushes.cut(brushes.small_metrics, tile.aside, int(room))
            painter.setFont(brushes.small)
            painter.setPen(brushes.soft)
            painter.drawText(inner, RIGHT, aside)

    def _paint_outline(self, painter: QPainter, area: QRectF, state: QStyle.StateFlag) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if state & QStyle.StateFlag.State_Selected:
            painter.setPen(self._brushes.outline)
            painter.drawRoundedRect(area.adjusted(-1.5, -1.5, 1.5, 1.5), RADIUS + 1, RADIUS + 1)
        elif state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QColor(self._brushes.accent))
            painter.drawRoundedRect(area.adjusted(-2.5, -2.5, 2.5, 2.5), RADIUS + 2, RADIUS + 2)

    # ── places ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _tile_area(self, cell: QRect) -> QRectF:
        half = GAP // 2
        corner = cell.topLeft() + QPoint(half, half)
        return QRectF(corner.x(), corner.y(), self.cell.width() - GAP, self.cell.height() - GAP)

    def _picture_area(self, area: QRectF) -> QRectF:
        return area.adjusted(0, 0, 0, -self.footer)

    def _dress(self) -> None:
        self._brushes = Brushes(self._theme)
        self._frames.clear()


_ON_A_PILL: Final = (Look.ASKED, Look.FADED)  # their veil lets the picture through
_PICTURED: Final = (Look.LIVE, Look.LOCKED, Look.ASKED, Look.FADED)
