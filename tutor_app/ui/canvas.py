"""One picture, large: fitted into the window or dot by dot, with words over it where there is something to say."""

from PySide6.QtCore import QPoint, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QFrame, QScrollArea, QSizePolicy, QWidget

from tutor_app.ui.theme import Theme
from tutor_app.ui.tile_paint import faded


class Canvas(QWidget):
    """Paints a picture; never a black box: without one it is the theme's well, and the page says why."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._picture = QPixmap()
        self._rough = False
        self.actual = False
        self.faded = False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        theme.changed.connect(self.update)

    @property
    def has_picture(self) -> bool:
        """Whether there is something to see."""
        return not self._picture.isNull()

    def show_image(self, image: QImage) -> None:
        """Show this picture, sharp."""
        self._show(QPixmap.fromImage(image), rough=False)

    def show_rough(self, picture: QPixmap | None) -> None:
        """Show a tile's picture until the sharp one is here; nothing for None."""
        self._show(picture or QPixmap(), rough=True)

    def set_actual(self, actual: bool) -> None:
        """Show the picture dot by dot, or fitted."""
        self.actual = actual
        self._resize()

    def set_faded(self, pale: bool) -> None:
        """Show the picture as one that is old."""
        if pale != self.faded:
            self.faded = pale
            self.update()

    def sizeHint(self) -> QSize:
        """Return the picture's own size in logical pixels."""
        return self._picture.size() / self.devicePixelRatioF()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the picture."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self._theme.tokens.well))
        if self.has_picture:
            target = self._target()
            exact = abs(target.width() * self.devicePixelRatioF() - self._picture.width()) < 1
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, not exact)
            painter.drawPixmap(target, self._picture, QRectF(self._picture.rect()))
            if self.faded:
                painter.fillRect(target, faded(self._theme.tokens.surface, 0.8))
        painter.end()

    def _target(self) -> QRectF:
        ratio, size = self.devicePixelRatioF(), self._picture.size()
        scale = min(self.width() / size.width(), self.height() / size.height())
        if self.actual and not self._rough:
            scale = 1 / ratio
        elif not self._rough:
            scale = min(scale, 1 / ratio) if scale * ratio < 1.02 else scale  # as sent, dot by dot
        width, height = size.width() * scale, size.height() * scale
        left, top = round((self.width() - width) / 2), round((self.height() - height) / 2)
        return QRectF(max(0, left), max(0, top), width, height)

    def _show(self, picture: QPixmap, rough: bool) -> None:
        other = picture.size() != self._picture.size()
        self._picture, self._rough = picture, rough
        if other:
            self._resize()
        self.update()

    def _resize(self) -> None:
        wanted = self.sizeHint() if self.actual and not self._rough else QSize(0, 0)
        self.setMinimumSize(wanted)
        self.updateGeometry()
        self.update()


class Pane(QScrollArea):
    """A canvas that can be dragged about when it is larger than its window."""

    def __init__(self, canvas: Canvas) -> None:
        super().__init__()
        self.setWidget(canvas)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._grip: QPoint | None = None

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
