"""The brushes of a tile: colours and fonts of the theme made ready once, and the pieces a tile is painted of."""

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPainterPath, QPen, QPixmap

from tutor_app.classroom.phrases import Tone
from tutor_app.classroom.tile import Badge
from tutor_app.ui.theme import Theme

RADIUS = 10
CENTRE = Qt.AlignmentFlag.AlignCenter
LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


def faded(colour: str, share: float) -> QColor:
    """Return a colour with this much of it left (0…1)."""
    made = QColor(colour)
    made.setAlphaF(share)
    return made


def fitted(picture: QPixmap, area: QRectF) -> QRectF:
    """Return where a picture goes inside an area: whole, in the middle, its shape kept."""
    size = picture.size()
    scale = min(area.width() / size.width(), area.height() / size.height())
    width, height = size.width() * scale, size.height() * scale
    return QRectF(area.center().x() - width / 2, area.center().y() - height / 2, width, height)


class Brushes:
    """Made anew whenever the theme changes."""

    def __init__(self, theme: Theme) -> None:
        self._theme = theme
        tokens = self.tokens = theme.tokens
        self.name = theme.font(step=-1, bold=True)
        self.small = theme.font(step=-1)
        self.tiny = theme.font(step=-2)
        self.tiny_bold = theme.font(step=-2, bold=True)
        self.ordinary = theme.font()
        self.name_metrics, self.small_metrics = QFontMetrics(self.name), QFontMetrics(self.small)
        self.tiny_bold_metrics, self.ordinary_metrics = QFontMetrics(self.tiny_bold), QFontMetrics(self.ordinary)
        self.ink, self.soft, self.accent = QColor(tokens.ink), QColor(tokens.soft), QColor(tokens.accent)
        self.line, self.surface, self.well = QColor(tokens.line), QColor(tokens.surface), QColor(tokens.well)
        self.locked_veil, self.on_locked = faded(tokens.locked, 0.9), QColor(tokens.on_locked)
        self.pale_veil = faded(tokens.surface, 0.82)
        self.hairline, self.outline = QPen(self.line, 1), QPen(self.accent, 3)
        self.pointed = QPen(QColor(tokens.dim), 1)
        self.dashes = QPen(QColor(tokens.dim), 1, Qt.PenStyle.DashLine)

    def tone(self, tone: Tone) -> QColor:
        """Return the colour of a tone."""
        return self.tokens.tone(tone)

    def icon(self, painter: QPainter, name: str, centre: QPointF, size: int, colour: QColor) -> None:
        """Paint an icon around a point."""
        pixmap = self._theme.pixmap(name, colour, size, painter.device().devicePixelRatioF())
        corner = QPoint(round(centre.x() - size / 2), round(centre.y() - size / 2))
        painter.drawPixmap(QRect(corner.x(), corner.y(), size, size), pixmap)


def top_path(area: QRectF, radius: float = RADIUS) -> QPainterPath:
    """Return an area's outline with its two upper corners rounded."""
    path = QPainterPath()
    path.setFillRule(Qt.FillRule.WindingFill)
    path.addRoundedRect(area, radius, radius)
    path.addRect(area.adjusted(0, radius, 0, 0))
    return path.simplified()


def paint_picture(painter: QPainter, brushes: Brushes, path: QPainterPath, area: QRectF, picture: QPixmap) -> None:
    """Paint a picture into an area whose outline is `path`."""
    painter.fillPath(path, brushes.well)
    target = fitted(picture, area)
    painter.save()
    painter.setClipPath(path)
    ratio = painter.device().devicePixelRatioF()
    exact = abs(target.width() * ratio - picture.width()) < 1
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, not exact)
    painter.drawPixmap(target, picture, QRectF(picture.rect()))
    painter.restore()


def paint_badge(painter: QPainter, brushes: Brushes, area: QRectF, badge: Badge) -> None:
    """Paint the one badge at the top left of an area."""
    metrics, colour = brushes.tiny_bold_metrics, brushes.tone(badge.tone)
    height = metrics.height() + 6
    room = area.width() - 16 - 12 - 12 - 4
    text = metrics.elidedText(badge.text, Qt.TextElideMode.ElideRight, int(room))
    box = QRectF(area.left() + 8, area.top() + 8, metrics.horizontalAdvance(text) + 28, height)
    painter.setPen(brushes.hairline)
    painter.setBrush(brushes.surface)
    painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
    brushes.icon(painter, badge.icon, QPointF(box.left() + 13, box.center().y()), 13, colour)
    painter.setPen(colour)
    painter.setFont(brushes.tiny_bold)
    painter.drawText(box.adjusted(22, 0, 0, 0), LEFT, text)
