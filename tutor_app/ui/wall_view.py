"""The wall: tiles of one size that fill the width, chosen by click, rubber band or keys."""

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QContextMenuEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyle

from tutor_app.classroom.tile import Tile
from tutor_app.ui.theme import Theme
from tutor_app.ui.tile_delegate import GAP, TileDelegate
from tutor_app.ui.wall_model import Role, WallModel
from tutor_app.ui.widgets import Opaque

SMALLEST: Final = 140
LARGEST: Final = 640
ORDINARY: Final = 200
_WIDEST: Final = 2.0  # a picture's width by its height: a little beyond 16:9, so that the columns fill the width
_MARGIN: Final = 10  # with half a gap: 16 pixels from the window's edge


class WallView(QListView):
    """Shows a WallModel. Tells what is asked of a tile; decides nothing."""

    opened = Signal(str)
    why_asked = Signal(str, QRect)
    menu_asked = Signal(QPoint)
    fitted = Signal(int)
    """Tiles are this wide now."""
    seen_changed = Signal()
    """Other tiles are visible, or their size is another one."""

    def __init__(self, theme: Theme, delegate: TileDelegate) -> None:
        super().__init__()
        self.setObjectName("wall")
        self.setAccessibleName("Wall of students")
        self._theme, self._delegate = theme, delegate
        self._wish: int | None = None
        self.nothing: Callable[[], str] = lambda: ""
        self.everybody: Callable[[], int] = lambda: 0
        # What an opaque widget shows is moved by scrolling, and only what comes into sight is painted.
        self.setViewport(Opaque())
        self.setItemDelegate(delegate)
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(True)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setUniformItemSizes(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setSelectionRectVisible(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setMouseTracking(True)
        self.setViewportMargins(_MARGIN, 0, 0, 0)
        self.verticalScrollBar().valueChanged.connect(self.seen_changed)
        self.doubleClicked.connect(self._open)
        theme.changed.connect(self.fit)

    # ── size ────────────────────────────────────────────────────────────────────────────────────────────────────────

    def set_tile_width(self, width: int | None) -> None:
        """Make tiles about this wide; None: as large as lets everybody be seen without scrolling."""
        self._wish = None if width is None else max(SMALLEST, min(LARGEST, width))
        self.fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share the new width out."""
        super().resizeEvent(event)
        self.fit()

    def fit(self) -> None:
        """Share the width out among as many columns as the wish allows."""
        bar = self.style().pixelMetric(QStyle.PixelMetric.PM_ScrollBarExtent, None, self.verticalScrollBar())
        indent = self.viewportMargins().left() - _MARGIN
        # QListView wraps where the last pixel would be taken.
        room = self.maximumViewportSize() + QSize(indent - bar - 1, 0)
        cell = self._delegate.cell_for(self._cell_width(room))
        columns = max(1, room.width() // cell.width())
        picture = cell.height() - self._delegate.footer - GAP
        cell.setWidth(max(cell.width(), min(room.width() // columns, LARGEST + GAP, int(picture * _WIDEST) + GAP)))
        centred = (room.width() - columns * cell.width()) // 2
        if centred != indent:
            self.setViewportMargins(_MARGIN + centred, 0, 0, 0)
        if (cell, cell) != (self._delegate.cell, self.gridSize()):
            self._delegate.cell = cell
            self.setGridSize(cell)
            self.fitted.emit(cell.width() - GAP)
        self.seen_changed.emit()

    def _cell_width(self, room: QSize) -> int:
        if self._wish is None:
            fitting = max((self._widest(room, columns) for columns in range(1, self.everybody() + 1)), default=0)
            if fitting >= ORDINARY:
                return fitting
        wish = ORDINARY if self._wish is None else self._wish
        columns = max(1, room.width() // (wish + GAP))
        return max(SMALLEST, min(room.width() // columns, LARGEST + GAP))

    def _widest(self, room: QSize, columns: int) -> int:
        """Return the width of a cell with which everybody fits into so many columns, height included."""
        rows = -(-self.everybody() // columns)
        picture = room.height() // rows - self._delegate.footer - GAP
        return min(room.width() // columns, picture * 16 // 9 + GAP - 1, LARGEST + GAP)

    # ── what is chosen ──────────────────────────────────────────────────────────────────────────────────────────────

    def selected(self) -> list[str]:
        """Return the selected devices in the wall's order."""
        rows = sorted(index.row() for index in self.selectedIndexes())
        return [self._model().student(row).device for row in rows]

    def select(self, device: str) -> None:
        """Select one device alone and make it current."""
        row = self._model().row(device)
        if row is not None:
            index = self._model().index(row)
            self.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.ClearAndSelect)
            self.scrollTo(index)

    def visible_devices(self) -> set[str]:
        """Return the devices whose tiles can be seen, in part or whole."""
        cell, port = self.gridSize(), self.viewport().rect()
        if not self.isVisible() or cell.isEmpty():
            return set()
        columns = max(1, (port.width()) // cell.width())
        scrolled = self.verticalScrollBar().value()
        first = scrolled // cell.height() * columns
        last = (scrolled + port.height()) // cell.height() * columns + columns
        return set(self._model().devices[first:last])

    # ── events ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter opens, Esc lets go, "?" asks why; arrows and Ctrl+A are Qt's."""
        index = self.currentIndex()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and index.isValid():
            self._open(index)
        elif event.key() == Qt.Key.Key_Question and index.isValid():
            self._why(index)
        elif event.key() == Qt.Key.Key_Escape and self.selectedIndexes():
            self.clearSelection()
        else:
            super().keyPressEvent(event)

    def keyboardSearch(self, search: str) -> None:
        """Do nothing: finding has its own field."""

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Show a hand over "Why?"."""
        super().mouseMoveEvent(event)
        over = self._over_why(event.position().toPoint()).isValid()
        self.viewport().setCursor(Qt.CursorShape.PointingHandCursor if over else Qt.CursorShape.ArrowCursor)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A click on "Why?" asks."""
        super().mouseReleaseEvent(event)
        index = self._over_why(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton and index.isValid():
            self._why(index)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Offer the actions of what is selected."""
        if self.selectedIndexes():
            self.menu_asked.emit(event.globalPos())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the tiles, or say why there are none."""
        self._delegate.dirty = event.region()
        painter = QPainter(self.viewport())
        painter.fillRect(event.rect(), QColor(self._theme.tokens.paper))  # Qt clips it to the region
        painter.end()
        super().paintEvent(event)
        words = self.nothing() if not self._model().rowCount() else ""
        if words:
            painter = QPainter(self.viewport())
            painter.setPen(self._theme.tokens.soft)
            painter.setFont(self._theme.font(step=2))
            painter.drawText(self.viewport().rect(), Qt.AlignmentFlag.AlignCenter, words)
            painter.end()

    def repaint_devices(self, devices: list[str]) -> None:
        """Have these tiles painted again, as far as they can be seen."""
        for device in self.visible_devices().intersection(devices):
            row = self._model().row(device)
            if row is not None:
                self.update(self._model().index(row))

    # ── inside ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def picture_size(self) -> QSize:
        """Return the size of a tile's picture in device pixels: what has to be asked for."""
        ratio = self.devicePixelRatioF()
        size = self._delegate.picture_size()
        return QSize(round(size.width() * ratio), round(size.height() * ratio))

    def _model(self) -> WallModel:
        model = self.model()
        assert isinstance(model, WallModel)
        return model

    def _tile(self, index: QModelIndex) -> Tile:
        tile = index.data(Role.TILE)
        assert isinstance(tile, Tile)
        return tile

    def _open(self, index: QModelIndex) -> None:
        tile = self._tile(index)
        if tile.why:
            self._why(index)
        else:
            self.opened.emit(tile.device)

    def _why(self, index: QModelIndex) -> None:
        tile = self._tile(index)
        if tile.why or tile.unheld:
            cell = self.visualRect(index)
            place = self._delegate.why_rect(cell, tile) or cell
            self.why_asked.emit(tile.device, QRect(self.viewport().mapToGlobal(place.topLeft()), place.size()))

    def _over_why(self, point: QPoint) -> QModelIndex:
        index = self.indexAt(point)
        if index.isValid() and self._delegate.why_rect(self.visualRect(index), self._tile(index)).contains(point):
            return index
        return QModelIndex()
