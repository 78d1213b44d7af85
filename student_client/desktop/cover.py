"""The student's own cover over every monitor: at once, by this process alone, until the student takes it away."""

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QScreen

from student_client.desktop.cover_window import CoverWindow
from student_client.desktop.words import CoverWords

RECOVER_MS = 50  # another program that keeps hiding the cover must not make us both run hot


class Cover(QObject):
    """Covers and uncovers. `on_glass` says, while it is up, whether every monitor is really covered."""

    on_glass = Signal(bool)
    changed = Signal()  # windows have come or gone
    show_again = Signal()  # the student wants to see the screen

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._windows: dict[QScreen, CoverWindow] = {}
        self._words: CoverWords | None = None  # None while it is not up
        self._covering = self._ready = False
        self._looking = QTimer(self, interval=0, singleShot=True)  # after Qt has handed over what it painted
        self._looking.timeout.connect(self._look)
        self._again = QTimer(self, interval=RECOVER_MS, singleShot=True)
        self._again.timeout.connect(self._sync)
        app = QGuiApplication.instance()
        assert isinstance(app, QGuiApplication)
        app.screenAdded.connect(self._on_screen)
        app.screenRemoved.connect(self._forget)

    @property
    def up(self) -> bool:
        """Whether the student has covered the screen."""
        return self._words is not None

    @property
    def native_windows(self) -> tuple[int, ...]:
        """The native ids of the windows that are up, lowest first."""
        return tuple(window.native for window in self._windows.values()) if self.up else ()

    def prepare(self, ready: bool) -> None:
        """Have the windows ready, not shown: making them would be most of the time between press and cover."""
        self._ready = ready
        if ready:
            self._make()
        elif not self.up:
            self._forget_all()

    def cover(self, words: CoverWords) -> None:
        """Cover every monitor."""
        self._words = words
        self._sync()
        self.say(words)

    def take_keyboard(self) -> None:
        """Hear keys from now on, on the primary screen."""
        if (window := self._windows.get(QGuiApplication.primaryScreen())) is not None:
            window.take_keyboard()

    def say(self, words: CoverWords) -> None:
        """Show what is true now, if it is up."""
        if self._words is not None:
            self._words = words
            for window in self._windows.values():
                window.say(words)

    def uncover(self) -> None:
        """Show the screen."""
        self._words, self._covering = None, False
        self._again.stop()
        self._forget_all()
        self.changed.emit()
        if self._ready:
            self._make()

    def _on_screen(self, _screen: QScreen) -> None:
        if self.up:
            self._tell(False)
            self._sync()
        elif self._ready:
            self._make()

    def _sync(self) -> None:
        """One window for each screen there is, as large as it is."""
        if not self.up:
            return
        self._make()
        for window in self._windows.values():
            if not window.covering:
                window.cover()
        self.changed.emit()

    def _make(self) -> None:
        for screen in QGuiApplication.screens():
            if screen not in self._windows:
                window = self._windows[screen] = CoverWindow(screen)
                window.show_again.connect(self.show_again)
                window.exposure.connect(self._looking.start)
                screen.geometryChanged.connect(window.fit)
                if self._words is not None:
                    window.say(self._words)

    def _look(self) -> None:
        if not self.up:
            return
        covering = bool(self._windows) and all(window.covering for window in self._windows.values())
        if covering and not self._covering:
            QGuiApplication.sync()  # the window system has shown it before anybody else may ask for the picture
        elif not covering and not self._again.isActive():
            self._again.start()
        self._tell(covering)

    def _tell(self, covering: bool) -> None:
        if covering != self._covering:
            self._covering = covering
            self.on_glass.emit(covering)

    def _forget_all(self) -> None:
        for screen in list(self._windows):
            self._forget(screen)

    def _forget(self, screen: QScreen) -> None:
        window = self._windows.pop(screen, None)
        if window is not None:
            window.hide()
            window.deleteLater()
