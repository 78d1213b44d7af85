"""One screen, large: fitted into the window, dot by dot or zoomed; only what has changed is painted."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap, QPolygonF, QWheelEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QSizePolicy

from protocol.messages import Patches
from tutor_app.ui.decode import Strip
from tutor_app.ui.surface import Surface
from tutor_app.ui.theme import Theme
from tutor_app.ui.tile_paint import faded
from tutor_app.ui.widgets import Opaque

ZOOM_STEP: Final = 1.25
SMALLEST, LARGEST = 0.1, 8.0
_SHARP_FROM: Final = 3.0  # from here on pixels are looked at one by one
_ARROW: Final = (
    (0, 0),
    (0, 16),
    (3.7, 12.6),
    (6.3, 18.4),
    (8.9, 17.2),
    (6.4, 11.6),
    (11.3, 11.3),
)  # its hot spot is 0, 0
_ARROW_BOX: Final = QRect(-2, -2, 16, 23)


@dataclass(frozen=True, slots=True)
class _View:
    """How a picture lies in a widget of that size and pixel ratio: `target` in logical pixels, `logical` of them for
    each of the screen's, and `scale` as the canvas tells it.
    """

    ratio: float
    widget: QSize
    scale: float
    logical: float
    target: QRectF


class Canvas(Opaque):
    """Paints a screen; never a black box: without one it is the theme's well, and the page says why.

    `zoom` is dots of this display for each pixel of the screen; None fits the screen into the window.
    """

    zoomed = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._surface = Surface()
        self._rough = QPixmap()
        self._view: _View | None = None
        self.zoom: float | None = None
        self.faded = False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        theme.changed.connect(self.update)

    @property
    def has_picture(self) -> bool:
        """Whether there is something to see."""
        return self.is_sharp or not self._rough.isNull()

    @property
    def is_sharp(self) -> bool:
        """Whether it is the screen itself, not a tile that stands in for it."""
        return not self._surface.is_empty

    @property
    def screen_size(self) -> QSize:
        """The size of the screen shown, in its own pixels; empty where there is none."""
        return self._surface.size

    def show_patches(self, shown: Patches, strips: Iterable[Strip]) -> bool:
        """Lay what has changed over what is there, and paint that; False for patches of something else."""
        size, cursor = self._surface.size, self._surface.cursor
        changed = self._surface.lay(shown, strips)
        if changed is None:
            return False
        if size != self._surface.size:
            self._rough = QPixmap()
            self._resize()
            self.update()
            return True
        for rect in changed:
            self.update(self._mapped(rect))
        if cursor != self._surface.cursor:
            self._repaint_cursor(cursor)
            self._repaint_cursor(self._surface.cursor)
        return True

    def show_rough(self, picture: QPixmap | None) -> None:
        """Forget the screen, and show a tile's picture until the next is here; nothing for None."""
        self._surface.clear()
        self._rough = picture or QPixmap()
        self._resize()
        self.update()

    def set_zoom(self, zoom: float | None) -> None:
        """Show the screen at this scale, or fitted for None."""
        zoom = zoom if zoom is None else max(SMALLEST, min(LARGEST, zoom))
        if zoom != self.zoom:
            self.zoom = zoom
            self._resize()
            self.update()
            self.zoomed.emit()

    @property
    def scale(self) -> float:
        """Dots of this display for each pixel of the screen, as it is shown now."""
        return self._seen().scale

    def set_faded(self, pale: bool) -> None:
        """Show the screen as one that is old."""
        if pale != self.faded:
            self.faded = pale
            self.update()

    def sizeHint(self) -> QSize:
        """Return the size the zoom takes, in logical pixels."""
        if self.zoom is None or not self.is_sharp:
            return QSize(0, 0)
        return self._surface.size * (self.zoom / self.devicePixelRatioF())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint what has changed."""
        painter = QPainter(self)
        target = self._target()
        inside = _inside(target)
        if not inside.contains(event.rect()):
            self._paint_around(painter, inside)
        if self.has_picture:
            self._paint_picture(painter, target)
            if self.faded:
                painter.fillRect(target, faded(self._theme.tokens.surface, 0.8))
        painter.end()

    # ── inside ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _paint_around(self, painter: QPainter, inside: QRect) -> None:
        well, all_of_it = QColor(self._theme.tokens.well), self.rect()
        if inside.isEmpty():
            painter.fillRect(all_of_it, well)
            return
        painter.fillRect(all_of_it.adjusted(0, 0, 0, inside.top() - all_of_it.bottom() - 1), well)
        painter.fillRect(all_of_it.adjusted(0, inside.bottom() + 1, 0, 0), well)
        painter.fillRect(all_of_it.adjusted(0, 0, inside.left() - all_of_it.right() - 1, 0), well)
        painter.fillRect(all_of_it.adjusted(inside.right() + 1, 0, 0, 0), well)

    def _paint_picture(self, painter: QPainter, target: QRectF) -> None:
        # Painting is clipped to what has changed; the whole is named, so that a part is scaled as the whole would be.
        smooth = painter.RenderHint.SmoothPixmapTransform
        if not self.is_sharp:
            painter.setRenderHint(smooth)
            painter.drawPixmap(target, self._rough, QRectF(self._rough.rect()))
            return
        scale = self.scale
        painter.setRenderHint(smooth, scale != 1 and scale < _SHARP_FROM)
        painter.drawImage(target, self._surface.image, QRectF(self._surface.image.rect()))
        if self._surface.cursor is not None and not self.faded:
            painter.setRenderHint(painter.RenderHint.Antialiasing)
            painter.translate(self._place(self._surface.cursor))
            painter.setPen(QPen(Qt.GlobalColor.white, 1.2))
            painter.setBrush(Qt.GlobalColor.black)
            painter.drawPolygon(QPolygonF([QPointF(*point) for point in _ARROW]))
            painter.resetTransform()

    def _target(self) -> QRectF:
        """Return where the picture goes, in logical pixels; its corner lies on a dot."""
        return self._seen().target

    def _seen(self) -> _View:
        """Return how the picture lies in the widget, reckoned anew after either has changed."""
        ratio, size = self.devicePixelRatioF(), self.size()
        if self._view is None or self._view.ratio != ratio or self._view.widget != size:
            self._view = self._reckon(ratio, size)
        return self._view

    def _reckon(self, ratio: float, widget: QSize) -> _View:
        size, scale = (self._surface.size, self.zoom) if self.is_sharp else (self._rough.size(), None)
        if size.isEmpty():
            return _View(ratio, widget, 1.0, 1.0, QRectF())
        fit = min(widget.width() / size.width(), widget.height() / size.height())
        if not self.is_sharp:
            scale = ratio * fit
        elif scale is None:
            scale = 1.0 if 1 <= fit * ratio < 1.02 else fit * ratio  # dot by dot where it is that anyway
        width, height = size.width() * scale / ratio, size.height() * scale / ratio
        left, top = round((widget.width() - width) / 2), round((widget.height() - height) / 2)
        target = QRectF(max(0, left), max(0, top), width, height)
        return _View(ratio, widget, scale if self.is_sharp else 1.0, scale / ratio, target)

    def _mapped(self, rect: QRect) -> QRect:
        """Return the part of the widget that shows a part of the screen, with the neighbours smoothing reaches."""
        view = self._seen()
        target, scale = view.target, view.logical
        place = QRectF(
            target.left() + rect.left() * scale,
            target.top() + rect.top() * scale,
            rect.width() * scale,
            rect.height() * scale,
        )
        if view.scale == 1:
            return place.toAlignedRect()
        reach = 1 + int(scale)
        return place.toAlignedRect().adjusted(-reach, -reach, reach, reach)

    def _place(self, point: QPoint) -> QPointF:
        view = self._seen()
        return view.target.topLeft() + QPointF(point) * view.logical

    def _repaint_cursor(self, cursor: QPoint | None) -> None:
        if cursor is not None:
            self.update(_ARROW_BOX.translated(self._place(cursor).toPoint()))

    def _resize(self) -> None:
        self._view = None
        self.setMinimumSize(self.sizeHint())
        self.updateGeometry()


class Pane(QScrollArea):
    """A canvas that can be zoomed, and dragged about when it is larger than its window."""

    def __init__(self, canvas: Canvas) -> None:
        super().__init__()
        self._canvas = canvas
        self.setWidget(canvas)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._grip: QPoint | None = None

    def zoom_by(self, factor: float, at: QPointF | None = None) -> None:
        """Zoom; what is shown `at` a place of the viewport (its middle for None) stays there."""
        canvas = self._canvas
        if not canvas.is_sharp:
            return
        at = at or QPointF(self.viewport().rect().center())
        before, target = canvas.scale, canvas._target()  # noqa: SLF001 - a pane and its canvas are one thing
        held = QPointF(canvas.mapFrom(self.viewport(), at)) - target.topLeft()
        canvas.set_zoom(_past_one(before, before * factor))
        canvas.resize(canvas.minimumSize().expandedTo(self.maximumViewportSize()))
        grown = canvas._target().topLeft() + held * (canvas.scale / before)  # noqa: SLF001
        self.horizontalScrollBar().setValue(round(grown.x() - at.x()))
        self.verticalScrollBar().setValue(round(grown.y() - at.y()))

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom with Ctrl, scroll without."""
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier and event.angleDelta().y():
            self.zoom_by(ZOOM_STEP ** (event.angleDelta().y() / 120), event.position())
            event.accept()
        else:
            super().wheelEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold of the picture."""
        self._grip = event.globalPosition().toPoint()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag it."""
        if self._grip is not None:
            moved = event.globalPosition().toPoint() - self._grip
            self._grip = event.globalPosition().toPoint()
            across, down = self.horizontalScrollBar(), self.verticalScrollBar()
            across.setValue(across.value() - moved.x())
            down.setValue(down.value() - moved.y())

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        """Let go."""
        self._grip = None


def _past_one(before: float, after: float) -> float:
    """Return the zoom, resting at dot by dot on the way past it."""
    return 1.0 if min(before, after) < 1 < max(before, after) else after


def _inside(area: QRectF) -> QRect:
    """Return the dots that lie wholly inside an area."""
    whole = area.toAlignedRect()
    return whole if QRectF(whole) == area else whole.adjusted(1, 1, -1, -1)
