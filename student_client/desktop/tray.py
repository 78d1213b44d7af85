"""The indicator in the tray, where the desktop has one: the same states as the badge, and a way to the panel."""

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QMenu, QSystemTrayIcon

from student_client.desktop import theme
from student_client.desktop.icons import icon
from student_client.desktop.words import CALM


class Tray(QObject):
    """The tray icon. `activated` asks for the panel. Without a tray it waits until there is one."""

    activated = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._said = (CALM, False, False)
        self._menu = QMenu()
        self._menu.addAction("Who viewed my screen…").triggered.connect(self._on_menu)
        self._icon = QSystemTrayIcon(self)
        self._icon.setContextMenu(self._menu)
        self._icon.activated.connect(self._on_activated)
        self.say(*self._said)
        self._icon.show()

    def say(self, text: str, lit: bool, trouble: bool) -> None:
        """Show another text and state."""
        self._said = (text, lit, trouble)
        colours = theme.tokens()
        name, colour = ("eye", colours.accent) if lit else ("eye-closed", colours.soft)
        if trouble and not lit:
            name, colour = "warning", colours.warn
        self._icon.setIcon(icon(name, colour))
        self._icon.setToolTip(text)

    def repaint(self) -> None:
        """Take the colours of the desktop's light or dark of this moment."""
        self.say(*self._said)

    def hide(self) -> None:
        """Take it away; the process ends."""
        self._icon.hide()

    def _on_menu(self) -> None:
        self.activated.emit()

    def _on_activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason != QSystemTrayIcon.ActivationReason.Context:
            self.activated.emit()
