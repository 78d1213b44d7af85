"""The one window: sign in, start a lesson, hold it. Menus, and what happens when it is closed."""

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QCloseEvent
from PySide6.QtWidgets import QInputDialog, QMainWindow, QMenu, QStackedWidget, QWidget

from tutor_app.classroom.budget import DEFAULT_MBIT
from tutor_app.ui.actions import Actions
from tutor_app.ui.lesson_page import LessonPage
from tutor_app.ui.remembered import Remembered
from tutor_app.ui.shortcuts import ShortcutsSheet
from tutor_app.ui.theme import Scheme, Theme

_LESSON = (
    *("open", "", "lock", "lock-all", "unlock", "unlock-all", ""),
    *("eyes", "message", "message-all", "flag", ""),
    *("rules", "edit-rules", "", "next-hand", "lower-hand", "", "select-all", "", "end"),
)
_ASSESSMENT = (
    *("assess", "assess-start", "", "assess-pause", "assess-resume", "assess-time", "assess-found", "assess-codes", ""),
    *("assess-take", "assess-stop", "assess-close"),
)
_VIEW = ("find", "larger", "smaller", "fit-all", "panel")
_IN_LESSON = {name for name in (*_LESSON, *_ASSESSMENT, *_VIEW) if name}


class MainWindow(QMainWindow):
    """`finished` says that the window is about to close and nothing holds it back."""

    finished = Signal()
    records_asked = Signal()

    def __init__(self, theme: Theme, remembered: Remembered) -> None:
        super().__init__()
        self.theme, self._remembered = theme, remembered
        self.setWindowTitle("Lessonlight")
        self.setMinimumSize(800, 560)
        self.actions_ = Actions(theme, self)
        self._pages = QStackedWidget()
        self.setCentralWidget(self._pages)
        self._closing = False
        for name in _IN_LESSON:
            self.actions_[name].triggered.connect(lambda _=False, one=name: self._act(one))
        self.actions_["records"].triggered.connect(lambda _=False: self.records_asked.emit())
        self.actions_["shortcuts"].triggered.connect(lambda _=False: ShortcutsSheet(self).open())
        self.actions_["quit"].triggered.connect(lambda _=False: self.close())
        self._build_menus()
        self.show_page(QWidget())
        self._take_size(QSize(remembered.number("width", 1600), remembered.number("height", 900)))

    def _take_size(self, wished: QSize) -> None:
        """Be as large as wished, or fill a screen that has no room for that and a frame around it."""
        room = self.screen().availableSize()
        self.resize(wished.boundedTo(room))
        if wished.width() >= room.width() or wished.height() >= room.height():
            self.setWindowState(Qt.WindowState.WindowMaximized)

    @property
    def lesson_page(self) -> LessonPage | None:
        """The lesson on the screen, if there is one."""
        page = self._pages.currentWidget()
        return page if isinstance(page, LessonPage) else None

    @property
    def page(self) -> QWidget:
        """What fills the window now."""
        current = self._pages.currentWidget()
        assert current is not None
        return current

    def show_page(self, page: QWidget) -> None:
        """Fill the window with another page; the one before is thrown away."""
        before = self._pages.currentWidget()
        self._pages.addWidget(page)
        self._pages.setCurrentWidget(page)
        if before is not None:
            self._pages.removeWidget(before)
            before.deleteLater()
        lesson = self.lesson_page
        if lesson is None:
            self.actions_.enable(tuple(_IN_LESSON), False)
        else:
            self.actions_.enable(tuple(_IN_LESSON), True)
            lesson.follow()
        name = f"{lesson.run.lesson.name} – " if lesson else ""
        self.setWindowTitle(f"{name}Lessonlight")

    def closeEvent(self, event: QCloseEvent) -> None:
        """End the lesson first; ask where screens are locked or an assessment is held."""
        lesson = self.lesson_page
        if lesson and not lesson.run.is_over:
            if (lesson.run.classroom.locked or lesson.desk.held) and not self._closing:
                event.ignore()
                lesson.closed.connect(self._close_now)
                lesson.ask_end(closing=True)
                return
            lesson.run.end("closed by the tutor")
        self._remembered.keep("width", self.width())
        self._remembered.keep("height", self.height())
        event.accept()
        self.hide()  # what is left to say to the laptops and the disk needs no window
        self.finished.emit()

    def changeEvent(self, event: QEvent) -> None:
        """Ask for no pictures while the window is minimised; in full screen the menu goes."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.WindowStateChange:
            self.menuBar().setVisible(not self.isFullScreen())
            if self.lesson_page:
                self.lesson_page.watching.away(self.isMinimized())

    def _close_now(self) -> None:
        self._closing = True
        self.close()

    def _act(self, name: str) -> None:
        if self.lesson_page:
            self.lesson_page.act(name)

    def _build_menus(self) -> None:
        bar = self.menuBar()
        bar.setNativeMenuBar(False)
        self._fill(bar.addMenu("&File"), ("records", "", "quit"))
        lesson = bar.addMenu("&Lesson")
        self._fill(lesson, _LESSON)
        self._fill(bar.addMenu("&Assessment"), _ASSESSMENT)
        view = bar.addMenu("&View")
        self._fill(view, _VIEW)
        view.addSeparator()
        self._offer_budgets(view.addMenu("Network for the wall"))
        self._offer_schemes(view.addMenu("Colours"))
        self._offer_reminder(lesson)
        still = view.addAction("Reduce motion")
        still.setCheckable(True)
        still.setChecked(self.theme.reduce_motion)
        still.toggled.connect(self._reduce_motion)
        self._fill(bar.addMenu("&Help"), ("shortcuts",))

    def _fill(self, menu: QMenu, names: tuple[str, ...]) -> None:
        for name in names:
            if name:
                menu.addAction(self.actions_[name])
            else:
                menu.addSeparator()

    def _offer_reminder(self, menu: QMenu) -> None:
        menu.addSeparator()
        remind = menu.addAction("Tell students “five minutes left”")
        remind.setCheckable(True)
        remind.setChecked(self._remembered.reminds)
        remind.toggled.connect(lambda on: self._remembered.keep("five-minutes", int(on)))

    def _offer_schemes(self, menu: QMenu) -> None:
        group = QActionGroup(self)
        for scheme, words in {Scheme.SYSTEM: "As the system", Scheme.LIGHT: "Light", Scheme.DARK: "Dark"}.items():
            action: QAction = menu.addAction(words)
            action.setCheckable(True)
            action.setChecked(scheme is self.theme.scheme)
            action.triggered.connect(lambda _=False, one=scheme: self._choose(one))
            group.addAction(action)

    def _offer_budgets(self, menu: QMenu) -> None:
        """Offer the usual budgets, and one of the tutor's own."""
        group, kept = QActionGroup(self), self._remembered.number("wall-mbit", DEFAULT_MBIT)
        usual = {5: "5 Mbit/s (Wi-Fi)", DEFAULT_MBIT: f"{DEFAULT_MBIT} Mbit/s", 50: "50 Mbit/s"}
        for mbit, words in usual.items():
            action: QAction = menu.addAction(words)
            action.setCheckable(True)
            action.setChecked(mbit == kept)
            action.triggered.connect(lambda _=False, one=mbit: self._set_budget(one))
            group.addAction(action)
        own = menu.addAction("Own…" if kept in usual else f"Own… ({kept} Mbit/s)")
        own.setCheckable(True)
        own.setChecked(kept not in usual)
        own.triggered.connect(lambda _=False: self._ask_budget(own))
        group.addAction(own)

    def _ask_budget(self, own: QAction) -> None:
        dialog = QInputDialog(self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setInputMode(QInputDialog.InputMode.IntInput)
        dialog.setWindowTitle("Network for the wall")
        dialog.setLabelText("How many Mbit/s may all tiles together take?")
        dialog.setIntRange(1, 1000)
        dialog.setIntValue(self._remembered.number("wall-mbit", DEFAULT_MBIT))
        dialog.intValueSelected.connect(self._set_budget)
        dialog.intValueSelected.connect(lambda mbit: own.setText(f"Own… ({mbit} Mbit/s)"))
        dialog.open()

    def _set_budget(self, mbit: int) -> None:
        self._remembered.keep("wall-mbit", mbit)
        if self.lesson_page:
            self.lesson_page.set_budget(mbit)

    def _choose(self, scheme: Scheme) -> None:
        self.theme.choose(scheme)
        self._remembered.keep("scheme", scheme)

    def _reduce_motion(self, on: bool) -> None:
        self.theme.reduce_motion = on
        self._remembered.keep("reduce-motion", int(on))
