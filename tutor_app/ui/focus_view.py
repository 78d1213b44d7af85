"""One student's screen, large. The picture is never saved or copied; where there is none, the page says why."""

from collections.abc import Iterable, Sequence
from datetime import tzinfo
from typing import Final

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent, QKeySequence, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from protocol.messages import MonitorFacts, Patches
from tutor_app.classroom.explain import explain
from tutor_app.classroom.phrases import Run, Tone
from tutor_app.classroom.student import Presence, Student
from tutor_app.classroom.tile import Look, Tile, Viewer, tile
from tutor_app.ui.actions import Actions
from tutor_app.ui.canvas import ZOOM_STEP, Canvas, Pane
from tutor_app.ui.decode import Strip
from tutor_app.ui.lesson_bar import ActionButton, Overflow
from tutor_app.ui.pictures import Pictures
from tutor_app.ui.runs import RunsLabel, single_line
from tutor_app.ui.theme import Theme
from tutor_app.ui.widgets import Card, Choice, IconButton, KeyButton, label

LARGEST_ASKED: Final = QSize(3840, 2160)  # a larger desktop comes scaled: 4K is what one screen can show
_NO_PICTURE = (Look.MISSING, Look.PAUSED, Look.WAITING, Look.COVERED)
_OVER_PICTURE = {Look.LOCKED: Tone.LOCKED, Look.ASKED: Tone.INK, Look.FADED: Tone.WARN}


class StateCard(Card):
    """Says, in the middle, why there is no picture and what to do."""

    def __init__(self, zone: tzinfo) -> None:
        super().__init__(460, (24, 20))
        self._zone = zone
        self._title = label(kind="title", wrap=True)
        self._known = label(kind="soft", wrap=True)
        self._steps = label(wrap=True)
        for one in (self._title, self._known, self._steps):
            self.column.addWidget(one)

    @property
    def text(self) -> str:
        """What the card says."""
        return self._title.text()

    def tell(self, student: Student, shown: Tile) -> None:
        """Say how this student's screen stands."""
        if shown.why and student.presence is not Presence.RECONNECTING:
            told = explain(student, self._zone)
            self._title.setText(told.title)
            self._known.setText(told.known)
            self._steps.setText("\n".join(f"{number}. {step}" for number, step in enumerate(told.steps, 1)))
        else:
            self._title.setText(shown.headline or "The picture is on its way…")
            self._known.setText(shown.detail or shown.aside)
            self._steps.setText("")
        self._known.setVisible(bool(self._known.text()))
        self._steps.setVisible(bool(self._steps.text()))
        self.fit()


class FocusView(QWidget):
    """`show_student` opens somebody; `asked` tells which pictures are needed: device, monitor, size in dots."""

    left = Signal()
    stepped = Signal(int)
    asked = Signal(str, int, QSize)

    def __init__(self, theme: Theme, actions: Actions, pictures: Pictures, viewer: Viewer) -> None:
        super().__init__()
        self.setObjectName("page")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._theme, self._actions, self._pictures, self._viewer = theme, actions, pictures, viewer
        self.device = ""
        self._monitors: tuple[MonitorFacts, ...] = ()
        self._name = label(kind="title")
        self._facts = RunsLabel(theme)
        self._monitor = Choice(theme)
        self._monitor.setAccessibleName("Monitor")
        self._monitor.activated.connect(lambda _: self._restart())
        self.actual = KeyButton(theme, "actual", "Actual size", QKeySequence("1"))
        self.fit = KeyButton(theme, "fit", "Fit window", QKeySequence("0"))
        self.full = IconButton(theme, "full", "Full screen (F11)")
        self.canvas = Canvas(theme)
        self.card = StateCard(viewer.zone)
        self._mark = RunsLabel(theme)
        self._lay_out()
        for one, act in (
            (self.actual, lambda: self.canvas.set_zoom(1.0)),
            (self.fit, lambda: self.canvas.set_zoom(None)),
        ):
            one.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            one.clicked.connect(act)
        self.full.clicked.connect(self.toggle_full_screen)
        self.canvas.zoomed.connect(self._offer_sizes)
        self._offer_sizes()

    # ── for the window ──────────────────────────────────────────────────────────────────────────────────────────────

    def show_student(self, student: Student, now: float) -> None:
        """Open this student's screen."""
        self.device = student.device
        self._monitors = ()
        self._monitor.clear()
        self.canvas.show_rough(self._pictures.get(student.device))
        self.refresh(student, now)
        self.ask()
        self.setFocus()

    def refresh(self, student: Student, now: float) -> None:
        """Say what is known of the student by now."""
        shown = tile(student, self._viewer, now)
        self._name.setText(single_line(student.name))
        self._facts.set_runs(_facts(student))
        self._offer_monitors(student.monitors)
        bare = not self.canvas.has_picture or shown.look in _NO_PICTURE
        self.canvas.set_faded(shown.look in (Look.FADED, *_NO_PICTURE))
        over = shown.look in _OVER_PICTURE
        self._mark.set_runs([Run(f"{shown.headline} · {shown.aside}", _OVER_PICTURE[shown.look])] if over else [])
        self._mark.setVisible(over and not bare)
        self.card.setVisible(bare)
        if bare:
            self.card.tell(student, shown)
            self._place_card()

    def show_patches(self, device: str, strips: Iterable[Strip], shown: Patches) -> None:
        """Show what has changed on the screen of the student in view."""
        if device == self.device and self.canvas.show_patches(shown, strips) and self.card.isVisible():
            self.card.hide()

    @property
    def monitor(self) -> int:
        """The monitor in view; 0 is all of them."""
        return max(0, self._monitor.currentIndex())

    def ask(self) -> None:
        """Tell which pictures are needed now."""
        if self.device and self.isVisible():
            self.asked.emit(self.device, self.monitor, LARGEST_ASKED)

    def zoom(self, steps: int) -> None:
        """Show the screen larger, or smaller for steps below 0."""
        self._pane.zoom_by(ZOOM_STEP**steps)

    def toggle_full_screen(self) -> None:
        """Give the whole display to the student's screen, or take it back."""
        window = self.window()
        window.setWindowState(window.windowState() ^ Qt.WindowState.WindowFullScreen)
        self._bar.setVisible(not window.isFullScreen())
        self.setFocus()

    def leave_full_screen(self) -> bool:
        """Take the display back; False where it was not given."""
        full = self.window().isFullScreen()
        if full:
            self.toggle_full_screen()
        return full

    # ── events ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc goes back, arrows go on to the neighbours; +, −, 0 and 1 change the size, F11 fills the display."""
        match event.key():
            case Qt.Key.Key_Escape | Qt.Key.Key_Backspace:
                if not self.leave_full_screen():
                    self.left.emit()
            case Qt.Key.Key_Left:
                self.stepped.emit(-1)
            case Qt.Key.Key_Right:
                self.stepped.emit(1)
            case Qt.Key.Key_Plus | Qt.Key.Key_Equal:
                self.zoom(1)
            case Qt.Key.Key_Minus:
                self.zoom(-1)
            case Qt.Key.Key_0:
                self.canvas.set_zoom(None)
            case Qt.Key.Key_1:
                self.canvas.set_zoom(1.0)
            case Qt.Key.Key_F11:
                self.toggle_full_screen()
            case _:
                super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the bar and the card in their places."""
        super().resizeEvent(event)
        self._fit_bar()
        self._place_card()

    def showEvent(self, event: QShowEvent) -> None:
        """Ask for pictures."""
        super().showEvent(event)
        self.ask()

    def hideEvent(self, event: QHideEvent) -> None:
        """Forget the picture: it belongs to nobody's screen any more."""
        super().hideEvent(event)
        self.canvas.show_rough(None)

    # ── inside ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _offer_sizes(self) -> None:
        self.fit.setVisible(self.canvas.zoom is not None)
        self.actual.setVisible(self.canvas.zoom != 1)
        self._fit_bar()

    def _restart(self) -> None:
        self.ask()
        self.setFocus()

    def _offer_monitors(self, monitors: tuple[MonitorFacts, ...]) -> None:
        if monitors != self._monitors:
            self._monitors = monitors
            chosen = self.monitor
            self._monitor.clear()
            names = [f"Monitor {one.index} · {one.width}×{one.height}" for one in monitors]
            self._monitor.addItems(["All monitors", *names])
            self._monitor.setCurrentIndex(chosen if chosen <= len(monitors) else 0)
        self._monitor.setVisible(len(monitors) > 1)

    def _place_card(self) -> None:
        self.card.fit()
        area = self._pane.geometry()
        corner = area.center() - QRect(0, 0, self.card.width(), self.card.height()).center()
        self.card.move(corner)
        self.card.raise_()

    def _fit_bar(self) -> None:
        taken = self._name.sizeHint().width() + 120 + self._lead.sizeHint().width() + 64
        taken += sum(one.sizeHint().width() + 8 for one in (self.actual, self.fit, self.full) if one.isVisibleTo(self))
        taken += self._monitor.sizeHint().width() if self._monitor.isVisible() else 0
        self._row.fit(self.width() - taken)

    def _lay_out(self) -> None:
        back = KeyButton(self._theme, "back", "Back", QKeySequence("Esc"))
        back.clicked.connect(self.left)
        previous = IconButton(self._theme, "previous", "Previous student (←)")
        following = IconButton(self._theme, "next", "Next student (→)")
        previous.clicked.connect(lambda: self.stepped.emit(-1))
        following.clicked.connect(lambda: self.stepped.emit(1))
        self._lead = back
        buttons = [ActionButton(self._theme, self._actions[name]) for name in ("lock", "unlock", "message", "flag")]
        self._row = Overflow(self._theme, buttons)
        bar = self._bar = QFrame()
        bar.setObjectName("bar")
        row = QHBoxLayout(bar)
        row.setContentsMargins(16, 12, 16, 12)
        row.setSpacing(8)
        middle: Sequence[QWidget] = (back, previous, following, self._name)
        for one in middle:
            row.addWidget(one)
        row.addWidget(self._facts, 1)
        row.addWidget(self._mark)
        row.addSpacing(4)
        for one in (self._monitor, self.fit, self.actual, self.full, self._row):
            row.addWidget(one)
        self._pane = Pane(self.canvas)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(bar)
        column.addWidget(self._pane, 1)
        self.card.setParent(self)
        self.card.hide()


def _facts(student: Student) -> tuple[Run, ...]:
    who = " · ".join(single_line(one) for one in (student.user, student.host) if one)
    if not student.application:
        return (Run(who),)
    return Run(single_line(student.application), Tone.INK), Run(f" · {who}" if who else "")
