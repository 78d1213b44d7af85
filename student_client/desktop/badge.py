"""The indicator: a small pill above all windows that says whether somebody views this screen. It cannot be closed."""

from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QGuiApplication, QMouseEvent, QPainter, QPaintEvent, QScreen
from PySide6.QtWidgets import QApplication

from student_client.desktop import theme
from student_client.desktop.icons import paint_icon
from student_client.desktop.pill import GAP, HEIGHT, PADDING, Pill
from student_client.desktop.words import CALM, HAND_UP

EDGE = 16  # from the screen's edge, before anybody has moved it
DOT = 10
HAND = 18
WIDEST = 760


class Badge(Pill):
    """The pill. `clicked` asks for the panel; after `exposure`, which tells of a possible change, ask `on_screen`."""

    palette_changed = Signal()

    def __init__(self) -> None:
        super().__init__("badge", "Lessonlight indicator", sign=DOT)
        self._lit = False
        self._trouble = self._hand = False
        self._place: QPoint | None = None  # its right upper corner, once a student has moved it
        self._pressed_at: QPoint | None = None
        self._dragging = False
        self.say(CALM, lit=False, trouble=False)
        app = QGuiApplication.instance()
        assert isinstance(app, QGuiApplication)
        app.screenAdded.connect(self._follow_screen)
        app.screenRemoved.connect(self.settle)
        app.primaryScreenChanged.connect(self.settle)
        for screen in app.screens():
            self._follow_screen(screen)

    def say(self, text: str, lit: bool, trouble: bool, hand: bool = False) -> None:
        """Show another text: `lit` while somebody views, `trouble` when the panel has a problem; `hand` is up."""
        self.text, self._lit, self._trouble, self._hand = text, lit, trouble, hand
        self.setAccessibleName(f"{text} · {HAND_UP}" if hand else text)
        self.setAccessibleDescription("Click to see who viewed your screen and what the rules are.")
        self.setToolTip(f"{text}\nClick to see more; drag to move.")
        self.settle()
        self.update()

    def on_screen(self) -> bool:
        """Whether the window system really shows it, whole, on a screen."""
        window = self.windowHandle()
        if not self.exposed or window.opacity() != 1:
            return False
        return any(screen.geometry().contains(window.geometry()) for screen in QGuiApplication.screens())

    def show_again(self) -> None:
        """Put it back where it belongs, also when another program has unmapped, moved or destroyed it."""
        self.settle()
        if self.isVisible() and not self.exposed:
            self.reappear()
        self.show()

    def settle(self) -> None:
        """Take size and place for the present text and screens."""
        size = self.sizeHint()
        area = self._screen().availableGeometry()
        corner = self._place or QPoint(area.right() + 1 - EDGE, area.top() + EDGE)
        wanted = QRect(QPoint(corner.x() - size.width(), corner.y()), size)
        wanted.moveRight(min(wanted.right(), area.right()))
        wanted.moveLeft(max(wanted.left(), area.left()))
        wanted.moveBottom(min(wanted.bottom(), area.bottom()))
        wanted.moveTop(max(wanted.top(), area.top()))
        if wanted != self.geometry():
            self.setGeometry(wanted)
        self.round_off(size)

    def sizeHint(self) -> QSize:
        """Return the size its text needs, within the screen."""
        room = min(WIDEST, self._screen().availableGeometry().width() - 2 * EDGE)
        return QSize(min(room, self.wanted_width() + self._hand_width()), HEIGHT)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw pill, dot, text, and the hand."""
        colours = theme.tokens()
        edge = colours.accent if self._lit else colours.warn if self._trouble else colours.line
        painter = QPainter(self)
        sign = self.paint_pill(painter, edge, colours.surface)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._dot_colour(colours)))
        painter.drawEllipse(sign)
        self.paint_text(painter, colours.ink if self._lit or self._trouble else colours.soft, self._hand_width())
        if self._hand:
            self._paint_hand(painter, colours.ink)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a click or a drag."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed_at = event.position().toPoint()
            self._dragging = False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Follow the pointer once it has moved far enough to be a drag; never off the screen."""
        if self._pressed_at is None:
            return
        moved = event.position().toPoint() - self._pressed_at
        if self._dragging or moved.manhattanLength() >= QApplication.startDragDistance():
            self._dragging = True
            corner = event.globalPosition().toPoint() - self._pressed_at + QPoint(self.width(), 0)
            self._place = corner
            self.settle()
            self._place = self.geometry().topRight() + QPoint(1, 0)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End a drag, or be clicked."""
        pressed, self._pressed_at = self._pressed_at, None
        if event.button() == Qt.MouseButton.LeftButton and pressed is not None and not self._dragging:
            self.clicked.emit()

    def changeEvent(self, event: QEvent) -> None:
        """Tell when the desktop turns light or dark; every window has this event, this one is always there."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.ApplicationPaletteChange, QEvent.Type.PaletteChange, QEvent.Type.ThemeChange):
            self.palette_changed.emit()

    def _follow_screen(self, screen: QScreen) -> None:
        screen.availableGeometryChanged.connect(self.settle)
        screen.geometryChanged.connect(self.settle)
        self.settle()

    def _screen(self) -> QScreen:
        at = QGuiApplication.screenAt(self._place - QPoint(EDGE, -EDGE)) if self._place else None
        return at or QGuiApplication.primaryScreen()

    def _hand_width(self) -> int:
        return 2 * GAP + HAND + GAP + self.width_of(HAND_UP) if self._hand else 0

    def _paint_hand(self, painter: QPainter, colour: str) -> None:
        left = self.width() - PADDING - self._hand_width() + 2 * GAP
        paint_icon(painter, "hand-palm", QRectF(left, (HEIGHT - HAND) / 2, HAND, HAND), colour)
        painter.setPen(QColor(colour))
        words = QRect(left + HAND + GAP, 0, self.width() - left - HAND - GAP, HEIGHT)
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, HAND_UP)

    def _dot_colour(self, colours: theme.Tokens) -> str:
        if self._lit:
            return colours.accent
        return colours.warn if self._trouble else colours.soft
