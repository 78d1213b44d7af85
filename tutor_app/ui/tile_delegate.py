"""Paints one tile: the picture with what has to be said over it, and a footer with the name."""

from typing import Final

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from tutor_app.classroom.tile import Look, Tile
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
    paint_badge,
    paint_picture,
    top_path,
)
from tutor_app.ui.wall_model import Role

GAP: Final = 12  # pixels between two tiles
_ICON_OF: Final = {Look.LOCKED: "lock", Look.PAUSED: "pause", Look.WAITING: "no-picture"}


class TileDelegate(QStyledItemDelegate):
    """`cell` is a tile with its share of the gaps around it."""

    def __init__(self, theme: Theme, pictures: Pictures, fades: Fades) -> None:
        super().__init__()
        self._theme, self._pictures, self._fades = theme, pictures, fades
        self.cell = QSize(212, 152)
        self._brushes = Brushes(theme)
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
        tile = index.data(Role.TILE)
        if not isinstance(tile, Tile):
            return
        cell, state = option.rect, option.state
        area = self._tile_area(cell)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_card(painter, area, tile)
        self._paint_content(painter, self._picture_area(area), tile)
        self._paint_footer(painter, area, tile)
        self._paint_frame(painter, area, tile, state)
        painter.restore()

    # ── the parts ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _paint_card(self, painter: QPainter, area: QRectF, tile: Tile) -> None:
        if tile.look is not Look.MISSING:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._brushes.surface)
            painter.drawRoundedRect(area, RADIUS, RADIUS)

    def _paint_content(self, painter: QPainter, area: QRectF, tile: Tile) -> None:
        path = top_path(area)
        picture = self._pictures.get(tile.device) if tile.look in _PICTURED else None
        if picture:
            paint_picture(painter, self._brushes, path, area, picture)
        elif tile.look is not Look.MISSING:
            painter.fillPath(path, self._brushes.well)
        self._paint_veil(painter, path, area, tile, bool(picture))
        if tile.badge:
            paint_badge(painter, self._brushes, area, tile.badge)

    def _paint_veil(self, painter: QPainter, path: QPainterPath, area: QRectF, tile: Tile, pictured: bool) -> None:
        share = self._fades.share(tile.device, tile.look)
        colour = self._brushes.soft
        if tile.look is Look.LOCKED:
            colour = self._brushes.on_locked
            painter.setOpacity(share)
            painter.fillPath(path, self._brushes.locked_veil)
        elif tile.look in (Look.ASKED, Look.FADED):
            colour = self._brushes.ink
            painter.setOpacity(share if pictured else 1)
            painter.fillPath(path, self._brushes.pale_veil)
        if tile.headline:
            self._paint_words(painter, area, tile, colour)
        painter.setOpacity(1)

    def _paint_words(self, painter: QPainter, area: QRectF, tile: Tile, colour: QColor) -> None:
        brushes = self._brushes
        icon, headline, detail, why = self._words_layout(area, tile)
        if not icon.isEmpty():
            brushes.icon(painter, _ICON_OF[tile.look], icon.center(), round(icon.height()), colour)
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
            float(line * self._lines(tile.headline, inner.width())),
            float(small * self._lines(tile.detail, inner.width())) if tile.detail else 0.0,
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

    def _lines(self, text: str, width: float) -> int:
        return 1 if self._brushes.ordinary_metrics.horizontalAdvance(text) <= width else 2

    def _paint_footer(self, painter: QPainter, area: QRectF, tile: Tile) -> None:
        brushes = self._brushes
        inner = QRectF(area.left() + 10, area.bottom() - self.footer, area.width() - 20, self.footer)
        name = brushes.name_metrics.elidedText(single_line(tile.name), Qt.TextElideMode.ElideRight, int(inner.width()))
        painter.setFont(brushes.name)
        painter.setPen(brushes.ink)
        painter.drawText(inner, LEFT, name)
        room = inner.width() - brushes.name_metrics.horizontalAdvance(name) - 10
        if room > 24:
            aside = brushes.small_metrics.elidedText(single_line(tile.aside), Qt.TextElideMode.ElideRight, int(room))
            painter.setFont(brushes.small)
            painter.setPen(brushes.soft)
            painter.drawText(inner, RIGHT, aside)

    def _paint_frame(self, painter: QPainter, area: QRectF, tile: Tile, state: QStyle.StateFlag) -> None:
        selected = bool(state & QStyle.StateFlag.State_Selected)
        focused = bool(state & QStyle.StateFlag.State_HasFocus)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        frame = self._brushes.pointed if state & QStyle.StateFlag.State_MouseOver else self._brushes.hairline
        painter.setPen(self._brushes.dashes if tile.look is Look.MISSING else frame)
        painter.drawRoundedRect(area.adjusted(0.5, 0.5, -0.5, -0.5), RADIUS, RADIUS)
        if tile.look is not Look.MISSING:
            painter.setPen(self._brushes.hairline)
            line = area.bottom() - self.footer + 0.5
            painter.drawLine(QPointF(area.left() + 1, line), QPointF(area.right() - 1, line))
        if selected:
            painter.setPen(self._brushes.outline)
            painter.drawRoundedRect(area.adjusted(-1.5, -1.5, 1.5, 1.5), RADIUS + 1, RADIUS + 1)
        elif focused:
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


_PICTURED: Final = (Look.LIVE, Look.LOCKED, Look.ASKED, Look.FADED)
