"""A window above all others that no window manager moves, closes or gives the focus to."""

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QCloseEvent, QPainter, QPaintEvent, QScreen
from PySide6.QtWidgets import QStyle, QStyleOption, QWidget

FLAGS = (
    Qt.WindowType.Window
    | Qt.WindowType.FramelessWindowHint
    | Qt.WindowType.WindowStaysOnTopHint
    | Qt.WindowType.BypassWindowManagerHint  # a window manager would put full-screen windows above it
)


class OverWindow(QWidget):
    """Ask `exposed`, not `isVisible`: Qt calls a window visible that another program has unmapped or destroyed."""

    exposure = Signal()  # it may have appeared, vanished or moved

    def __init__(self, name: str, title: str, flags: Qt.WindowType = FLAGS) -> None:
        super().__init__(None, flags)
        self.setObjectName(name)
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        self.winId()  # makes the window handle, whose events are watched from its first one
        self.windowHandle().installEventFilter(self)

    @property
    def exposed(self) -> bool:
        """Whether the window system shows it."""
        return self.isVisible() and self.windowHandle().isExposed()

    @property
    def native(self) -> int:
        """The native window's id; a window that has been destroyed gets another."""
        return int(self.winId())

    def reappear(self) -> None:
        """Show it again on a new native window: the old one may have been destroyed."""
        self.hide()
        self.windowHandle().destroy()
        self.show()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Stay: only this program takes it away."""
        event.ignore()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Watch the native window."""
        if event.type() in (QEvent.Type.Expose, QEvent.Type.Hide, QEvent.Type.Move):
            self.exposure.emit()
        return super().eventFilter(watched, event)


class ScreenWindow(OverWindow):
    """Covers one screen, opaque, in the style sheet's ground. After `exposure` ask `covering`."""

    def __init__(self, name: str, title: str, screen: QScreen, flags: Qt.WindowType = FLAGS) -> None:
        super().__init__(name, title, flags)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName(title)
        self.screen_covered = screen
        self._painted = False

    @property
    def covering(self) -> bool:
        """Whether the window is mapped, painted, and as large as its screen."""
        window = self.windowHandle()
        covered = window.geometry().contains(self.screen_covered.geometry())
        return self._painted and covered and self.exposed

    def fit(self) -> None:
        """Cover the screen as it is now; a pixel more, for a scaled screen's size in logical pixels is rounded."""
        area = self.screen_covered.geometry().adjusted(0, 0, 1, 1)
        if self.geometry() != area:
            self.setGeometry(area)
        self.lay_out(area.height())

    def lay_out(self, height: int) -> None:
        """Arrange what is shown for a screen of that many logical pixels."""

    def cover(self) -> None:
        """Show it, also when another program has unmapped, moved or destroyed it."""
        self.fit()
        if self._painted and not self.exposed:
            self._painted = False
            self.reappear()
        self.show()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Fill with the style sheet's ground."""
        option = QStyleOption()
        option.initFrom(self)
        self.style().drawPrimitive(QStyle.PrimitiveElement.PE_Widget, option, QPainter(self), self)
        if not self._painted:
            self._painted = True
            self.exposure.emit()

    def repolish(self) -> None:
        """Have the style sheet's rules looked up again: a property they ask for has changed."""
        for widget in (self, *self.findChildren(QWidget)):
            widget.style().unpolish(widget)
            widget.style().polish(widget)
