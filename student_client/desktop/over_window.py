"""A window above all others that no window manager moves, closes or gives the focus to."""

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QWidget

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
