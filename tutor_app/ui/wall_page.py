"""The first screen of a lesson: bar, filters, wall, side panel, status line, kept in step with the lesson."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QPoint, QRect, QTimer, Signal
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QStackedWidget, QVBoxLayout, QWidget

from tutor_app.classroom.arrange import Filter, Sort, counts
from tutor_app.classroom.classroom import Changes
from tutor_app.classroom.explain import explain
from tutor_app.classroom.phrases import clock_time
from tutor_app.classroom.tile import Viewer
from tutor_app.ui.actions import Actions
from tutor_app.ui.empty_wall import EmptyWall
from tutor_app.ui.eyes import EyesStrip
from tutor_app.ui.fades import Fades
from tutor_app.ui.filter_bar import FilterBar
from tutor_app.ui.lesson_bar import LessonBar
from tutor_app.ui.lesson_run import LessonRun
from tutor_app.ui.notice import Notice
from tutor_app.ui.pictures import Pictures
from tutor_app.ui.side_panel import SidePanel
from tutor_app.ui.status_line import Load, StatusLine
from tutor_app.ui.theme import Theme
from tutor_app.ui.tile_delegate import TileDelegate
from tutor_app.ui.wall_model import WallModel
from tutor_app.ui.wall_view import WallView
from tutor_app.ui.why_popover import WhyPopover

FOLDS_BELOW = 1400  # pixels of width under which the side panel folds away by itself
_TILE_ACTIONS = ("open", "lock", "unlock", "message", "flag", "edit-rules", "lower-hand")
_ASSESSED = ("assess-time", "assess-found", "assess-stop", "assess-start")


@dataclass(frozen=True, kw_only=True)
class PolicyFacts:
    """What the status line says of the policy in force."""

    version: int
    published_at: float


class WallPage(QWidget):
    """Composed of thin views. `opened` asks for a student's screen large."""

    opened = Signal(str)
    selection_changed = Signal()
    seen_changed = Signal()
    another_asked = Signal()
    """The lesson is over and the tutor wants to start another one."""
    sized = Signal(int)

    def __init__(
        self,
        theme: Theme,
        actions: Actions,
        run: LessonRun,
        pictures: Pictures,
        *,
        viewer: Viewer,
        policy: PolicyFacts,
        load: Callable[[], Load],
        clock: Callable[[], float],
        tile_width: int | None = None,
    ) -> None:
        super().__init__()
        self.setObjectName("page")
        self._theme, self._actions, self._run, self._pictures = theme, actions, run, pictures
        self._viewer, self._load, self._clock = viewer, load, clock
        self._begun_at = clock()
        self._searching = True
        self._told = ""
        self._panel_wish: bool | None = None
        self._fades = Fades(theme.reduce_motion)
        self.model = WallModel(run.classroom, viewer, clock, self)
        self.wall = WallView(theme, TileDelegate(theme, pictures, self._fades))
        self.wall.setModel(self.model)
        self.wall.nothing = self._nothing
        self.wall.everybody = lambda: len(run.classroom.students)
        self.model.seen = self.wall.visible_devices
        self.model.unreadable = pictures.is_unreadable
        self.wall.set_tile_width(tile_width)
        self.bar = LessonBar(theme, actions, run.lesson, viewer.zone)
        self.filters = FilterBar(theme)
        self.side = SidePanel(theme, viewer.zone)
        self.status = StatusLine(policy.version, policy.published_at, viewer.zone)
        self.empty = EmptyWall(theme, run.lesson.group, run.classroom.expected)
        self.notice = Notice(theme)
        self.eyes = EyesStrip(theme)
        self.middle = QStackedWidget()
        self._counting = QTimer(self, singleShot=True, interval=100)
        self._counting.timeout.connect(self._count)
        self._standing = QTimer(self, singleShot=True, interval=50)  # a whole class may be locked in one moment
        self._standing.timeout.connect(lambda: self._show_standing(self._clock()))
        self._telling = QTimer(self, singleShot=True, interval=100)
        self._telling.timeout.connect(self._tell_rest)
        self._more_to_tell = False
        self._lay_out()
        self._connect()
        self._show_activity()
        self._count()
        self._second()

    # ── for the window ──────────────────────────────────────────────────────────────────────────────────────────────

    def selected(self) -> list[str]:
        """Return the selected devices, in the wall's order."""
        return self.wall.selected()

    def show_device(self, device: str) -> None:
        """Select a device, whatever the filter hides."""
        if self.model.row(device) is None:
            self.filters.choose(Filter.ALL)
            self.filters.field.clear()
        self.wall.select(device)
        self.wall.setFocus()

    def toggle_panel(self) -> None:
        """Show the side panel, or fold it away."""
        self._panel_wish = not self.side.isVisible()
        self._fold()

    def add_strip(self, strip: QWidget) -> None:
        """Put a strip between the notice and the filters."""
        self._column.insertWidget(self._column.indexOf(self.filters), strip)

    def fold_panel(self) -> None:
        """Fold the side panel away until it is asked for."""
        self._panel_wish = False
        self._fold()

    def fit_all(self) -> None:
        """Make tiles as large as lets everybody be seen, now and when the window changes."""
        self.wall.set_tile_width(None)
        self.sized.emit(0)

    def ask_why(self, device: str, place: QRect) -> None:
        """Say why there is no picture of a device, beside a place on the screen."""
        student = self._run.classroom.students[device]
        WhyPopover(self._theme, explain(student, self._viewer.zone), self).open_at(place)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fold the side panel where there is no room for it."""
        super().resizeEvent(event)
        self._fold()

    def showEvent(self, event: QShowEvent) -> None:
        """Give the keys to the wall."""
        super().showEvent(event)
        self.wall.setFocus()
        self.seen_changed.emit()

    # ── inside ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _lay_out(self) -> None:
        self.middle.addWidget(self.empty)
        self.middle.addWidget(self.wall)
        across = QHBoxLayout()
        across.setSpacing(0)
        across.addWidget(self.middle, 1)
        across.addWidget(self.side)
        outer = self._column = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(self.bar)
        outer.addWidget(self.eyes)
        outer.addWidget(self.notice)
        outer.addWidget(self.filters)
        outer.addLayout(across, 1)
        outer.addWidget(self.status)

    def _connect(self) -> None:
        run, wall, filters = self._run, self.wall, self.filters
        run.changed.connect(self._changed)
        run.pictured.connect(wall.repaint_devices)
        run.ticked.connect(self._second)
        run.over.connect(self._over)
        run.problem.connect(lambda sentence: self.notice.tell(sentence, problem=True))
        self.notice.pressed.connect(self.another_asked)
        wall.opened.connect(self.opened)
        wall.why_asked.connect(self.ask_why)
        wall.menu_asked.connect(self._menu)
        wall.seen_changed.connect(self.seen_changed)
        self.seen_changed.connect(lambda: self._pictures.look_at(wall.visible_devices()))
        wall.fitted.connect(filters.show_width)
        wall.selectionModel().selectionChanged.connect(lambda *_: self.selection_changed.emit())
        filters.filtered.connect(self._filter)
        filters.searched.connect(lambda text: self._arrange(find=text))
        filters.sorted.connect(lambda sort: self._arrange(sort=sort))
        filters.sized.connect(self._resize_tiles)
        filters.panel_toggled.connect(lambda _: self.toggle_panel())
        filters.left.connect(self._left_field)
        self._fades.step.connect(wall.repaint_devices)
        self.side.undo_asked.connect(run.undo)
        self.side.view_asked.connect(self.opened)
        self.side.lower_asked.connect(lambda device: run.lower_hands([device]))
        self.eyes.released.connect(run.release)
        self.side.missing_asked.connect(lambda: filters.choose(Filter.MISSING))
        self.empty.wall_asked.connect(self._stop_searching)

    def _changed(self, changes: Changes) -> None:
        self.model.apply(changes)
        if changes.activity or changes.devices:
            self._standing.start()
        if changes.activity:
            self._activity_changed()
            self._tell_problem()
        if changes.roster:
            self.wall.fit()
        if changes.devices or changes.roster:
            self._counting.start()
            self.seen_changed.emit()
        if self._searching and any(student.first_seen_at for student in self._run.classroom.students.values()):
            self._stop_searching()

    def _activity_changed(self) -> None:
        """Show it now, and what follows within a moment all at once: a thousand answers are one line's."""
        if self._telling.isActive():
            self._more_to_tell = True
        else:
            self._show_activity()
            self._telling.start()

    def _tell_rest(self) -> None:
        if self._more_to_tell:
            self._more_to_tell = False
            self._show_activity()
            self._telling.start()

    def _tell_problem(self) -> None:
        problem = self._run.classroom.problem
        if problem != self._told:
            self._told = problem
            self.notice.tell(problem, problem=True)

    def _over(self) -> None:
        self._second()
        self._show_activity()
        ended = clock_time(self._clock(), self._viewer.zone)
        self.notice.tell(f"The lesson ended at {ended}. Nobody is viewed any more.", step="Start another lesson")

    def _second(self) -> None:
        now = self._clock()
        students = self._run.classroom.students.values()
        self.model.tick()
        self._show_standing(now)
        self.status.refresh(students, self._load(), now, self._run.is_over)
        if self._searching:
            self.empty.refresh(now - self._begun_at, self._run.classroom.problem)

    def _show_standing(self, now: float) -> None:
        """Show what stands: raised hands, "Eyes on me", the rule set."""
        classroom = self._run.classroom
        self.bar.refresh(now, classroom.rule_set, self._run.is_over)
        here = [student for student in classroom.students.values() if student.linked]
        self.eyes.refresh(classroom.eyes, sum(student.lock is not None for student in here), len(here), now)
        self.side.show_hands(() if self._run.is_over else classroom.hands(now), now)

    def _count(self) -> None:
        classroom = self._run.classroom
        self.filters.set_counts(counts(classroom.students.values()))
        self.side.show_absent(classroom.not_seen, classroom.expected)

    def _show_activity(self) -> None:
        self.side.show_activity(self._run.classroom.activity, held=not self._run.is_over)

    def _stop_searching(self) -> None:
        self._searching = False
        self.middle.setCurrentIndex(1)
        self._fold()
        self.wall.setFocus()

    def _filter(self, chosen: Filter) -> None:
        self._stop_searching()
        self._arrange(chosen=chosen)

    def _arrange(self, *, chosen: Filter | None = None, sort: Sort | None = None, find: str | None = None) -> None:
        self.model.arrange(filter=chosen, sort=sort, find=find)
        self.wall.viewport().update()
        self.seen_changed.emit()

    def _left_field(self, keep: bool) -> None:
        self.wall.setFocus()
        if keep and self.model.rowCount() and not self.wall.selected():
            self.wall.select(self.model.devices[0])

    def _resize_tiles(self, width: int) -> None:
        self.wall.set_tile_width(width)
        self.sized.emit(width)

    def _fold(self) -> None:
        wide = self.width() >= FOLDS_BELOW
        shown = not self._searching and (wide if self._panel_wish is None else self._panel_wish)
        self.side.setVisible(shown)
        self.filters.panel.setChecked(shown)

    def _menu(self, place: QPoint) -> None:
        menu = QMenu(self)
        for name in _TILE_ACTIONS:
            menu.addAction(self._actions[name])
        assessed = [self._actions[name] for name in _ASSESSED if self._actions[name].isEnabled()]
        if assessed:
            menu.addSeparator()
            menu.addActions(assessed)
        menu.popup(place)

    def _nothing(self) -> str:
        if self.model.find:
            return f"No student matches “{self.model.find}”. Esc shows everybody again."
        return {
            Filter.ALL: "",
            Filter.LIVE: "No screen is live at the moment.",
            Filter.HELP: "Nobody asks for help.",
            Filter.FLAGGED: "Nobody is flagged.",
            Filter.LOCKED: "No screen is locked.",
            Filter.MISSING: "Nobody is missing: everybody is here.",
        }[self.model.filter]
