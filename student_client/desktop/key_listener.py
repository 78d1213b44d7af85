"""The student's keys in the Qt loop: heard as they come, given back at the end; without them only the mouse is left."""

import logging
from collections.abc import Callable, Mapping

from PySide6.QtCore import QObject, QSocketNotifier, Signal

from student_client.backends.base import Hotkey, Hotkeys, HotkeysError, Unsupported

logger = logging.getLogger(__name__)


class KeyListener(QObject):
    """Listens from its making to `close`; a display that has gone is said once."""

    pressed = Signal(object)  # Hotkey

    def __init__(self, open_backend: Callable[[], Hotkeys] | Unsupported, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._backend: Hotkeys | None = None
        self._notifier: QSocketNotifier | None = None
        if isinstance(open_backend, Unsupported):
            logger.warning("no keys for help and cover: %s", open_backend.why)
            return
        try:
            self._backend = open_backend()
            descriptor = self._backend.fileno()
        except HotkeysError as error:
            logger.warning("no keys for help and cover: %s", error)
            return
        if descriptor >= 0:
            self._notifier = QSocketNotifier(descriptor, QSocketNotifier.Type.Read, self)
            self._notifier.activated.connect(self._take)

    @property
    def names(self) -> Mapping[Hotkey, str]:
        """What to press for what."""
        return {} if self._backend is None else self._backend.names

    def close(self) -> None:
        """Give the keys back; may be called twice."""
        if self._notifier is not None:
            self._notifier.setEnabled(False)
        if self._backend is not None:
            self._backend.close()
            self._backend = None

    def _take(self) -> None:
        if self._backend is None:
            return
        try:
            pressed = self._backend.take()
        except HotkeysError as error:
            logger.warning("the keys for help and cover: %s", error)
            self.close()
            return
        for key in pressed:
            self.pressed.emit(key)
