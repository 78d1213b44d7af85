"""A lesson on the screen: the wall, one student large, and the dialogs between the tutor's keys and the orders."""

from collections.abc import Callable, Iterable

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtWidgets import QStackedWidget

from protocol.messages import Patches, Right
from protocol.policy.bundle import StaffBundle
from tutor_app.classroom.budget import DEFAULT_MBIT, Budget
from tutor_app.classroom.classroom import Changes
from tutor_app.classroom.events import TileAsked
from tutor_app.classroom.phrases import rules_name
from tutor_app.classroom.rules import Change
from tutor_app.classroom.student import Action, Presence, Student
from tutor_app.classroom.tile import Viewer
from tutor_app.ui.actions import Actions
from tutor_app.ui.assessment_desk import AssessmentDesk, Office
from tutor_app.ui.decode import Strip
from tutor_app.ui.dialogs import EndDialog, LockDialog, MessageDialog
from tutor_app.ui.eyes import ORDINARY, EyesDialog
from tutor_app.ui.feed import Feed
from tutor_app.ui.flag_dialog import FlagDialog
from tutor_app.ui.focus_view import FocusView
from tutor_app.ui.lesson_run import LessonRun
from tutor_app.ui.pictures import Pictures
from tutor_app.ui.ports import Wire
from tutor_app.ui.remembered import Remembered
from tutor_app.ui.rules_dialog import RulesDialog
from tutor_app.ui.rules_menu import RulesMenu, offered
from tutor_app.ui.sheet import people
from tutor_app.ui.status_line import Load
from tutor_app.ui.theme import Theme
from tutor_app.ui.wall_page import PolicyFacts, WallPage
from tutor_app.ui.watching import BYTES_OF_A_MBIT, Watching

_WHILE_HELD = (
    *("eyes", "lock", "lock-all", "unlock", "unlock-all", "message", "message-all", "flag", "open", "end"),
    *("rules", "edit-rules", "next-hand", "lower-hand"),
)


class LessonPage(QStackedWidget):
    """Owns the views of one lesson. `closed` says that the tutor is done with it."""

    closed = Signal()

    def __init__(
        self,
        theme: Theme,
        actions: Actions,
        run: LessonRun,
        *,
        wire: Wire,
        feed: Feed,
        pictures: Pictures,
        college: StaffBundle,
        viewer: Viewer,
        remembered: Remembered,
        office: Office,
        clock: Callable[[], float],
    ) -> None:
        super().__init__()
        self.run, self._actions, self._clock = run, actions, clock
        self._theme, self._viewer = theme, viewer
        self._rule_sets = offered(college.bundle.policy, run.tutor.role)
        run.reminds = lambda: remembered.reminds and self.desk.held is None  # an assessment has ends of its own
        self._college, self._remembered, self._pictures, self._feed = college, remembered, pictures, feed
        every = college.bundle.policy.lesson.tile_interval_ms / 1000
        self.budget = Budget(remembered.number("wall-mbit", DEFAULT_MBIT) * BYTES_OF_A_MBIT, every)
        facts = PolicyFacts(version=college.bundle.version, published_at=college.bundle.published_at)
        self.wall_page = WallPage(
            theme,
            actions,
            run,
            pictures,
            viewer=viewer,
            policy=facts,
            load=self._load,
            clock=clock,
            tile_width=remembered.number("tile-width", 0) or None,
        )
        self.focus_view = FocusView(theme, actions, pictures, viewer)
        self.addWidget(self.wall_page)
        self.addWidget(self.focus_view)
        self.desk = self._assessment_desk(office)
        wall = self.wall_page.wall
        self.watching = Watching(
            wire,
            lambda: run.classroom.students,
            wall.visible_devices,
            wall.picture_size,
            budget=self.budget,
            parent=self,
        )
        self._soon = QTimer(self, singleShot=True, interval=50)  # a thousand laptops may change in one moment
        self._soon.timeout.connect(self.follow)
        self._connect()
        self.follow()
        self.watching.settle()

    def _assessment_desk(self, office: Office) -> AssessmentDesk:
        return AssessmentDesk(
            self._theme,
            self._actions,
            self.run,
            self.wall_page,
            office=office,
            policy=self._college.bundle.policy,
            viewer=self._viewer,
            clock=self._clock,
            chosen=self.chosen,
            selected=lambda: bool(self.focused or self.wall_page.selected()),
        )

    # ── what the tutor is looking at ────────────────────────────────────────────────────────────────────────────────

    @property
    def focused(self) -> str:
        """The device that is open large, or nothing."""
        return self.focus_view.device if self.currentWidget() is self.focus_view else ""

    def chosen(self) -> list[Student]:
        """Return whom an action without "all" concerns: the one open large, the selected, or everybody."""
        students = self.run.classroom.students
        devices = [self.focused] if self.focused else self.wall_page.selected()
        return [students[device] for device in devices] if devices else list(students.values())

    def open_student(self, device: str) -> None:
        """Show one student large."""
        student = self.run.classroom.students.get(device)
        if student is None or (Right.FOCUS not in student.may and student.linked):
            return
        self.watching.focus(None)
        self.setCurrentWidget(self.focus_view)
        self.focus_view.show_student(student, self._clock())
        self.follow()

    def leave_student(self) -> None:
        """Go back to the wall, where the student is selected."""
        device = self.focused
        self.focus_view.leave_full_screen()
        self.watching.focus(None)
        self.setCurrentWidget(self.wall_page)
        self.wall_page.wall.select(device)
        self.watching.later()
        self.follow()

    def set_budget(self, mbit: int) -> None:
        """Let the whole wall take so many Mbit/s from now on."""
        self.budget.limit = mbit * BYTES_OF_A_MBIT

    def act(self, name: str) -> None:
        """Do what the action of this name means here."""
        (self._acts() | self.desk.acts())[name]()

    # ── what the tutor does ─────────────────────────────────────────────────────────────────────────────────────────

    def ask_end(self, closing: bool = False) -> None:
        """Ask before the lesson ends."""
        students = self.run.classroom.students.values()
        live = sum(student.presence is Presence.LIVE for student in students)
        locked = len(self.run.classroom.to_unlock)
        dialog = EndDialog(self, self.run.lesson.name, live, locked, closing, note=self.desk.outlives)
        dialog.chosen.connect(self._end)
        dialog.open()

    def _end(self) -> None:
        self.run.end("ended by the tutor")
        self.closed.emit()

    def _lock(self, students: list[Student]) -> None:
        if students:
            dialog = LockDialog(self, students, len(self.run.classroom.students), self._remembered.sentences)
            devices = [student.device for student in students]
            dialog.chosen.connect(lambda sentence: self._locked(devices, sentence))
            dialog.open()

    def _locked(self, devices: list[str], sentence: str) -> None:
        self._remembered.keep_sentence(sentence)
        self.run.lock(devices, sentence)

    def _unlock(self, students: list[Student]) -> None:
        devices = [student.device for student in students if student.linked]
        if devices:
            self.run.unlock(devices)

    def _message(self, students: list[Student]) -> None:
        if students:
            dialog = MessageDialog(self, students, len(self.run.classroom.students))
            devices = [student.device for student in students]
            dialog.chosen.connect(lambda text: self.run.message(devices, text))
            dialog.open()

    def _flag(self) -> None:
        students = self.chosen()
        if self.focused or self.wall_page.selected():
            categories = self._college.bundle.policy.flags
            dialog = FlagDialog(self, students, len(self.run.classroom.students), categories)
            devices = [student.device for student in students]
            dialog.chosen.connect(lambda slug, note, label: self.run.flag(devices, slug, note, label))
            dialog.open()

    def _eyes(self) -> None:
        """Lock everybody, or release them where they are locked by this already."""
        if self.run.classroom.eyes:
            self.run.release()
            return
        here = sum(student.linked for student in self.run.classroom.students.values())
        minutes = self._remembered.number("eyes-minutes", ORDINARY)
        dialog = EyesDialog(self, here, minutes, self._remembered.word("eyes-sentence"))
        dialog.chosen.connect(self._eyes_chosen)
        dialog.open()

    def _eyes_chosen(self, sentence: str, minutes: int) -> None:
        self._remembered.keep("eyes-minutes", minutes)
        self._remembered.keep("eyes-sentence", sentence)
        self.run.eyes_on_me(sentence, minutes or None)

    def _open_rules(self) -> None:
        classroom, may = self.run.classroom, self._may_rules()
        menu = RulesMenu(self, self._actions["edit-rules"], self._rule_sets, classroom.rule_set, may=may)
        whom = {change.id: self._whom(change) for change in classroom.rule_changes}
        menu.show_changes(classroom.rule_changes, whom, self._viewer.zone, may=may)
        menu.rules_chosen.connect(lambda name: self.run.set_rules(name, rules_name(name)))
        menu.ended.connect(self.run.drop_change)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self.wall_page.bar.rules_place())

    def _edit_rules(self) -> None:
        total, some = len(self.run.classroom.students), self.focused or self.wall_page.selected()
        students = self.chosen() if some else []
        dialog = RulesDialog(self, self._theme, students, total, self.run.classroom.rules_full)
        devices = [student.device for student in students]
        dialog.chosen.connect(lambda edit, all_: self.run.change_rule(edit, None if all_ else devices))
        dialog.open()

    def _next_hand(self) -> None:
        """Go to whose hand has been up longest, or to the one after the student in hand."""
        raised = [one.device for one in self.run.classroom.hands(self._clock())]
        if not raised:
            return
        here = self.focused or next(iter(self.wall_page.selected()), "")
        device = raised[(raised.index(here) + 1) % len(raised)] if here in raised else raised[0]
        if self.focused:
            self.open_student(device)
        else:
            self.wall_page.show_device(device)

    def _lower(self) -> None:
        some = self.focused or self.wall_page.selected()
        raised = [one.device for one in self.chosen() if one.asks_for_help] if some else []
        if raised:
            self.run.lower_hands(raised)

    def _may_rules(self) -> bool:
        policy, role = self._college.bundle.policy, self.run.tutor.role
        return Right.RULES in policy.rights(role)

    def _whom(self, change: Change) -> str:
        students = self.run.classroom.students
        if change.devices is None:
            return "everybody"
        return people([students[device] for device in change.devices], len(students))

    # ── inside ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _connect(self) -> None:
        wall, focus, run, feed = self.wall_page, self.focus_view, self.run, self._feed
        wall.opened.connect(self.open_student)
        wall.selection_changed.connect(self.follow)
        wall.seen_changed.connect(self.watching.later)
        wall.sized.connect(lambda width: self._remembered.keep("tile-width", width))
        focus.left.connect(self.leave_student)
        focus.stepped.connect(self._step)
        focus.asked.connect(self._ask_large)
        run.changed.connect(self._changed)
        run.ticked.connect(self._refresh_focus)
        run.ticked.connect(lambda: self.watching.measure(self._clock()))
        self.watching.told.connect(self._tell_asked)
        run.over.connect(self._over)
        wall.another_asked.connect(self.closed)
        feed.happened.connect(run.take)
        feed.shown.connect(run.take_shown)
        # Queued: a picture is read when its tile is painted, and a model may not change under its view's hands.
        feed.readable.connect(self._readable, Qt.ConnectionType.QueuedConnection)
        feed.focused.connect(self._show_large)

    def _acts(self) -> dict[str, Callable[[], object]]:
        everybody = self.run.classroom.students.values()
        wall = self.wall_page
        return {
            "lock": lambda: self._lock(self.chosen()),
            "lock-all": lambda: self._lock(list(everybody)),
            "unlock": lambda: self._unlock(self._to_unlock()),
            "unlock-all": lambda: self._unlock(list(everybody)),
            "message": lambda: self._message(self.chosen()),
            "message-all": lambda: self._message(list(everybody)),
            "flag": self._flag,
            "eyes": self._eyes,
            "rules": self._open_rules,
            "edit-rules": self._edit_rules,
            "next-hand": self._next_hand,
            "lower-hand": self._lower,
            "open": self._open_selected,
            "select-all": wall.wall.selectAll,
            "find": self._find,
            "larger": lambda: self._resize(1),
            "smaller": lambda: self._resize(-1),
            "fit-all": wall.fit_all,
            "panel": wall.toggle_panel,
            "end": self.ask_end,
        }

    def _to_unlock(self) -> list[Student]:
        chosen = self.chosen()
        return chosen if self.focused or self.wall_page.selected() else [one for one in chosen if one.lock]

    def _load(self) -> Load:
        return Load(self.budget.rate / BYTES_OF_A_MBIT, self.budget.limit / BYTES_OF_A_MBIT)

    def _tell_asked(self, device: str, every: float | None) -> None:
        self.run.classroom.apply(TileAsked(device=device, every=every, at=self._clock()))

    def _resize(self, steps: int) -> None:
        if self.focused:
            self.focus_view.zoom(steps)
        else:
            self.wall_page.filters.step(steps)

    def _open_selected(self) -> None:
        devices = self.wall_page.selected()
        if devices:
            self.open_student(devices[0])

    def _find(self) -> None:
        if self.focused:
            self.leave_student()
        self.wall_page.filters.start_finding()

    def _step(self, by: int) -> None:
        devices = self.wall_page.model.devices
        if self.focused in devices:
            self.open_student(devices[(devices.index(self.focused) + by) % len(devices)])

    def _ask_large(self, device: str, monitor: int, size: QSize) -> None:
        self.watching.focus(device, monitor, size)
        self.watching.later()

    def _show_large(self, device: str, strips: Iterable[Strip], shown: Patches) -> None:
        if device == self.focused:
            self.focus_view.show_patches(device, strips, shown)

    def _changed(self, changes: Changes) -> None:
        if self.focused in changes.devices:
            self._refresh_focus()
        self._soon.start()

    def _readable(self, device: str, _readable: bool) -> None:
        self.wall_page.model.adorned((device,))

    def _refresh_focus(self) -> None:
        if self.focused:
            self.focus_view.refresh(self.run.classroom.students[self.focused], self._clock())

    def _over(self) -> None:
        self.watching.stop()
        self._feed.stop()
        self._pictures.clear()
        if self.focused:
            self.leave_student()
        self.follow()

    def follow(self) -> None:
        """Bring the actions' words and state to what is selected."""
        some = bool(self.focused or self.wall_page.selected())
        held = not self.run.is_over
        locked = bool(self.run.classroom.locked)
        self._actions.enable(_WHILE_HELD, held)
        self._actions["lock"].setText("Lock" if some else "Lock all")
        self._actions["unlock"].setText("Unlock" if some else "Unlock all")
        self._actions["message"].setText("Message" if some else "Message all")
        reachable = held and any(one.linked for one in self.chosen())
        self._actions.enable(("lock", "message"), reachable)
        self._actions["unlock"].setEnabled(held and any(map(_lock_in_sight, self._to_unlock())))
        self._actions["unlock-all"].setEnabled(held and locked)
        self._actions.enable(("flag", "open"), held and some)
        self.desk.follow()
        self._follow_rules_and_hands(held, some)

    def _follow_rules_and_hands(self, held: bool, some: bool) -> None:
        classroom = self.run.classroom
        self._actions["eyes"].setText("Release all" if classroom.eyes else "Eyes on me")
        self._actions["eyes"].setEnabled(held and any(Right.LOCK in one.may for one in classroom.students.values()))
        self._actions["edit-rules"].setEnabled(held and self._may_rules())
        raised = [one for one in classroom.students.values() if one.asks_for_help]
        self._actions["next-hand"].setEnabled(held and bool(raised))
        self._actions["lower-hand"].setEnabled(held and some and any(one in raised for one in self.chosen()))


def _lock_in_sight(student: Student) -> bool:
    asked = student.asked
    return student.lock is not None or (asked is not None and asked.action is Action.LOCK and not asked.answered_at)
