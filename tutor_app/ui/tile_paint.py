"""The brushes of a tile: colours and fonts of the theme made ready once, and the pieces a tile is painted of."""

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPainterPath, QPen, QPixmap

from tutor_app.classroom.phrases import Tone
from tutor_app.classroom.tile import Badge
from tutor_app.ui.runs import single_line
from tutor_app.ui.theme import Theme

RADIUS = 10
CENTRE = Qt.AlignmentFlag.AlignCenter
LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_CUTS = 8192  # words remembered; a thousand students have three each
_BADGES = 64  # remembered, of 10 kB each
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
        self._cuts: dict[tuple[int, str, int], str] = {}
        self._advances: dict[tuple[int, str], int] = {}
        self._badges: dict[tuple[str, Tone, str, float], QPixmap] = {}
        tokens = self.tokens = theme.tokens
        self.name = theme.font(step=-1, bold=True)
        self.small = theme.font(step=-1)
        self.tiny = theme.font(step=-2)
        self.tiny_bold = theme.font(step=-2, bold=True)
        self.ordinary = theme.font()
        self.name_metrics, self.small_metrics = QFontMetrics(self.name), QFontMetrics(self.small)
        self.tiny_metrics = QFontMetrics(self.tiny)
        self.tiny_bold_metrics, self.ordinary_metrics = QFontMetrics(self.tiny_bold), QFontMetrics(self.ordinary)
        self.ink, self.soft, self.accent = QColor(tokens.ink), QColor(tokens.soft), QColor(tokens.accent)
        self.paper = QColor(tokens.paper)
        self.line, self.surface, self.well = QColor(tokens.line), QColor(tokens.surface), QColor(tokens.well)
        self.locked_veil, self.on_locked = faded(tokens.veil, 0.9), QColor(tokens.on_veil)
        self.pale_veil = faded(tokens.surface, 0.82)
        self.hairline, self.outline = QPen(self.line, 1), QPen(self.accent, 3)
        self.pointed = QPen(QColor(tokens.dim), 1)
        self.dashes = QPen(QColor(tokens.dim), 1, Qt.PenStyle.DashLine)

    def cut(self, metrics: QFontMetrics, text: str, width: int) -> str:
        """Return a text cut to a width, remembered: most words of a wall stay as they are from second to second."""
        key = (id(metrics), text, width)
        found = self._cuts.get(key)
        if found is None:
            if len(self._cuts) >= _CUTS:
                self._cuts.clear()
            found = self._cuts[key] = metrics.elidedText(single_line(text), Qt.TextElideMode.ElideRight, width)
        return found

    def advance(self, metrics: QFontMetrics, text: str) -> int:
        """Return how wide a text is, remembered likewise."""
        key = (id(metrics), text)
        found = self._advances.get(key)
        if found is None:
            if len(self._advances) >= _CUTS:
                self._advances.clear()
            found = self._advances[key] = metrics.horizontalAdvance(text)
        return found

    def badge(self, text: str, badge: Badge, ratio: float) -> QPixmap:
        """Return a badge that says this text, painted once: in a lock a whole wall wears the same."""
        key = (text, badge.tone, badge.icon, ratio)
        found = self._badges.get(key)
        if found is None:
            if len(self._badges) >= _BADGES:
                self._badges.clear()
            found = self._badges[key] = badge_pixmap(self, text, badge, ratio)
        return found

    def tone(self, tone: Tone) -> QColor:
        """Return the colour of a tone."""
        return self.tokens.tone(tone)

    def icon(self, painter: QPainter, name: str, centre: QPointF, size: int, colour: QColor) -> None:
        """Paint an icon around a point."""
        pixmap = self._theme.pixmap(name, colour, size, painter.device().devicePixelRatioF())
        corner = QPoint(round(centre.x() - size / 2), round(centre.y() - size / 2))
        painter.drawPixmap(QRect(corner.x(), corner.y(), size, size), pixmap)


def frame_pixmap(brushes: Brushes, size: QSize, footer: int, pointed: bool, ratio: float) -> QPixmap:
    """Return what lies over every picture: paper around the rounded corners, the hairline, the footer's surface.

    Painted once for all tiles; a clip path for each of them would cost more than all else together.
    """
    frame = QPixmap(size * ratio)
    frame.setDevicePixelRatio(ratio)
    frame.fill(Qt.GlobalColor.transparent)
    painter = QPainter(frame)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    area = QRectF(0, 0, size.width(), size.height())
    card = QPainterPath()
    card.addRoundedRect(area, RADIUS, RADIUS)
    around = QPainterPath()
    around.addRect(area.adjusted(-1, -1, 1, 1))
    painter.fillPath(around.subtracted(card), brushes.paper)
    line = area.bottom() - footer
    foot = QPainterPath()
    foot.addRect(area.adjusted(0, line, 0, 0))
    painter.fillPath(foot.intersected(card), brushes.surface)
    painter.setPen(brushes.hairline)
    painter.drawLine(QPointF(1, line + 0.5), QPointF(area.right() - 1, line + 0.5))
    painter.setPen(brushes.pointed if pointed else brushes.hairline)
    painter.drawRoundedRect(area.adjusted(0.5, 0.5, -0.5, -0.5), RADIUS, RADIUS)
    painter.end()
    return frame


def paint_picture(painter: QPainter, brushes: Brushes, area: QRectF, picture: QPixmap) -> None:
    """Paint a picture into an area, dot by dot where it fits."""
    ratio = painter.device().devicePixelRatioF()
    if picture.width() == round(area.width() * ratio) and picture.height() == round(area.height() * ratio):
        painter.drawPixmap(area, picture, QRectF(picture.rect()))
        return
    target = fitted(picture, area)
    exact = abs(target.width() * ratio - picture.width()) < 1
    painter.fillRect(area, brushes.well)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, not exact)
    painter.drawPixmap(target, picture, QRectF(picture.rect()))


def paint_badge(painter: QPainter, brushes: Brushes, area: QRectF, badge: Badge) -> None:
    """Paint the one badge at the top left of an area."""
    text = brushes.cut(brushes.tiny_bold_metrics, badge.text, int(area.width() - 16 - 12 - 12 - 4))
    painter.drawPixmap(area.topLeft() + QPointF(8, 8), brushes.badge(text, badge, painter.device().devicePixelRatioF()))


def badge_pixmap(brushes: Brushes, text: str, badge: Badge, ratio: float) -> QPixmap:
    """Return a badge that says this text. Its rounded corners would cost a quarter of a wall's painting each time."""
    metrics, colour = brushes.tiny_bold_metrics, brushes.tone(badge.tone)
    box = QRectF(0, 0, metrics.horizontalAdvance(text) + 28, metrics.height() + 6)
    made = QPixmap((box.size() * ratio).toSize())
    made.setDevicePixelRatio(ratio)
    made.fill(Qt.GlobalColor.transparent)
    painter = QPainter(made)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(brushes.hairline)
    painter.setBrush(brushes.surface)
    painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
    brushes.icon(painter, badge.icon, QPointF(13, box.center().y()), 13, colour)
    painter.setPen(colour)
    painter.setFont(brushes.tiny_bold)
    painter.drawText(box.adjusted(22, 0, 0, 0), LEFT, text)
    painter.end()
    return made


def paint_pill(painter: QPainter, brushes: Brushes, area: QRectF, text: str) -> None:
    """Paint what makes a text in the middle of an area readable over any picture."""
    wide = min(brushes.advance(brushes.ordinary_metrics, single_line(text)) + 24.0, area.width() + 8)
    pill = QRectF(area.center().x() - wide / 2, area.top() - 4, wide, area.height() + 8)
    painter.setPen(brushes.hairline)
    painter.setBrush(brushes.surface)
    radius = min(pill.height() / 2, 14)
    painter.drawRoundedRect(pill, radius, radius)
