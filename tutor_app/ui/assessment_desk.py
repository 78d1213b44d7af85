"""The invigilator's side of a lesson: between the actions, the dialogs, the banner, the wall and the assessment."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject

from protocol.messages import Right
from protocol.policy.document import Policy
from tutor_app.assessment.codes import grouped, release_code
from tutor_app.assessment.sheet import SheetStore
from tutor_app.classroom.arrange import Sort, natural
from tutor_app.classroom.assessment import Assessment
from tutor_app.classroom.assessment_words import by_urgency, on_tile
from tutor_app.classroom.phrases import clock_time
from tutor_app.classroom.sitting import Sitting, Stage
from tutor_app.classroom.student import Student
from tutor_app.classroom.tile import Viewer
from tutor_app.records.assessment_queries import devices_found
from tutor_app.records.problems import RecordsError
from tutor_app.records.recorder import Journal
from tutor_app.records.values import DeviceFound
from tutor_app.ui.actions import Actions
from tutor_app.ui.assessment_banner import AssessmentBanner
from tutor_app.ui.assessment_dialogs import CodesDialog, ExtraTimeDialog, FinishDialog, PauseDialog, StopDialog
from tutor_app.ui.assessment_run import AssessmentRun
from tutor_app.ui.assessment_wizard import AssessmentWizard
from tutor_app.ui.background import Background
from tutor_app.ui.found_dialog import FoundDialog, FoundList
from tutor_app.ui.lesson_run import LessonRun
from tutor_app.ui.report_dialog import ReportDialog, Reports
from tutor_app.ui.report_pdf import save_sheet
from tutor_app.ui.theme import Theme
from tutor_app.ui.wall_page import WallPage

ACTIONS: Final = (
    "assess", "assess-start", "assess-pause", "assess-resume", "assess-time", "assess-found", "assess-codes",
    "assess-stop", "assess-close", "assess-take",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Office:
    """What an assessment needs beside the lesson: where it is recorded, where codes are kept, how reports are made."""

    journal: Journal
    sheets: SheetStore
    reports: Reports


class AssessmentDesk(QObject):
    """One of a lesson page's. `chosen` returns whom an action concerns, `selected` whether they were picked."""

    def __init__(
        self,
        theme: Theme,
        actions: Actions,
        run: LessonRun,
        wall_page: WallPage,
        *,
        office: Office,
        policy: Policy,
        viewer: Viewer,
        clock: Callable[[], float],
        chosen: Callable[[], list[Student]],
        selected: Callable[[], bool],
    ) -> None:
        super().__init__(wall_page)
        self._theme, self._actions, self._lesson, self._wall_page = theme, actions, run, wall_page
        self._office, self._policy, self._viewer, self._clock = office, policy, viewer, clock
        self._chosen, self._selected = chosen, selected
        self.run = AssessmentRun(run, office.journal, office.sheets, policy, clock)
        self.banner = AssessmentBanner(theme, actions, viewer.zone)
        wall_page.add_strip(self.banner)
        self.banner.late_chosen.connect(lambda devices, others: self.run.begin_for(devices, with_others=others))
        self.run.begun.connect(self._begun)
        self.run.taken_up.connect(self._recall)
        self.run.changed.connect(self._changed)
        self.run.closed.connect(self._closed)
        run.ticked.connect(self.refresh)
        run.over.connect(self.refresh)
        self._name = ""
        self._recalling: Background[tuple[DeviceFound, ...]] = Background(self)
        office.sheets.tidy(clock())

    @property
    def held(self) -> Assessment | None:
        """The assessment that is held."""
        return self.run.held

    @property
    def outlives(self) -> str:
        """What becomes of the assessment when the lesson ends, in a sentence; nothing where none is held."""
        held = self.held
        if held is None or not held.is_on:
            return ""
        end = clock_time(held.last_end, self._viewer.zone)
        return (
            f"The assessment goes on: the laptops hold to its end, the last at {end}. In your next lesson with this "
            "group you find it again. To end it now, close the assessment first."
        )

    def acts(self) -> dict[str, Callable[[], object]]:
        """Return what each action does."""
        return {
            "assess": self.ask_start,
            "assess-start": self._start_chosen,
            "assess-pause": self._pause,
            "assess-resume": lambda: self.run.resume(self._picked()),
            "assess-time": self._give_time,
            "assess-found": self.ask_found,
            "assess-codes": self.show_codes,
            "assess-stop": self._stop,
            "assess-close": self.ask_close,
            "assess-take": self.run.take_over,
        }

    def ask_start(self) -> None:
        """Open the wizard."""
        wizard = AssessmentWizard(
            self._wall_page, self._theme, self._lesson, self._policy, viewer=self._viewer, clock=self._clock
        )
        wizard.chosen.connect(self.run.start)
        wizard.open()

    def ask_close(self) -> None:
        """Ask before it is closed."""
        held = self.held
        if held:
            on = [one for one in held.sittings.values() if one.is_on]
            students = self._lesson.classroom.students
            unreached = sum(not students[one.device].linked for one in on if one.device in students)
            dialog = FinishDialog(self._wall_page, held.plan.name, len(on), unreached)
            dialog.chosen.connect(self.run.close)
            dialog.open()

    def show_codes(self) -> None:
        """Show the sheet of release codes, hidden at first."""
        held = self.held
        if held is None:
            return
        rows = self._codes(held)
        dialog = CodesDialog(self._wall_page, held.plan.name, rows)
        dialog.revealed.connect(lambda: self.run.shown_sheet("shown on the screen"))
        dialog.saved.connect(lambda file: self._save_codes(held, rows, file))
        dialog.open()

    def ask_found(self) -> None:
        """Record that a device was found with a student, or amend what is on record."""
        newest = [versions[-1] for versions in self.run.found.values()]
        if not newest:
            self._record_found("")
            return
        listed = FoundList(self._wall_page, newest, self._viewer.zone)
        listed.chosen.connect(self._record_found)
        listed.open()

    def _record_found(self, amended: str) -> None:
        held = self.held
        if held is None:
            return
        everybody = {one.device: one.name for one in sorted(held.sittings.values(), key=lambda one: natural(one.name))}
        first = [device for device in self._picked() or [] if device in everybody]
        dialog = FoundDialog(
            self._wall_page,
            self._theme,
            {device: everybody[device] for device in dict.fromkeys([*first, *everybody])},
            assessment=held.id,
            staff=self._lesson.tutor,
            now=self._clock(),
            zone=self._viewer.zone,
            before=self.run.found.get(amended, ()),
        )
        dialog.chosen.connect(self.run.note_found)
        dialog.open()

    def refresh(self) -> None:
        """Bring banner and actions to what holds now."""
        self.banner.show_state(self.held, self.run.late(), self._clock())
        self.follow()

    def follow(self) -> None:
        """Bring the actions' state to what is held and selected."""
        held, some = self.held, self._selected()
        right = Right.ASSESS in self._policy.rights(self._lesson.tutor.role)
        may = held is not None and right and not self._lesson.is_over
        sittings = self._sittings() if may else []
        stages = {one.stage for one in sittings}
        on = bool(stages & {Stage.RUNNING, Stage.PAUSED})
        actions, foreign = self._actions, may and held is not None and not held.is_own
        actions["assess"].setToolTip("" if right else "Only an invigilator may start an assessment.")
        for name, enabled in {
            # Also beside one that was only heard of: a laptop that makes one up must not keep anybody from starting.
            "assess": right and not (held and held.is_own) and not self._lesson.is_over,
            "assess-pause": Stage.RUNNING in stages,
            "assess-resume": Stage.PAUSED in stages,
            "assess-time": some and (on or Stage.WAITING in stages),
            "assess-stop": some and on,
            "assess-start": some and any(not one.is_on for one in sittings),
            "assess-found": held is not None,
            "assess-close": held is not None and held.is_own,
            "assess-codes": self.run.codes_known,
            "assess-take": foreign,
        }.items():
            actions[name].setEnabled(enabled)
        everybody = held.sittings.values() if held else ()
        actions["assess-resume"].setVisible(any(one.stage is Stage.PAUSED for one in everybody))
        actions["assess-take"].setVisible(foreign)

    # ── inside ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _sittings(self) -> list[Sitting]:
        held = self.held
        if held is None:
            return []
        if not self._selected():
            return list(held.sittings.values())
        missing = (student for student in self._chosen() if student.device not in held.sittings)
        known = [held.sittings[one.device] for one in self._chosen() if one.device in held.sittings]
        return [*known, *(Sitting(device=one.device, name=one.name) for one in missing)]

    def _picked(self) -> list[str] | None:
        return [student.device for student in self._chosen()] if self._selected() else None

    def _names(self, *stages: Stage) -> list[str]:
        return [one.name for one in self._sittings() if one.stage in stages]

    def _start_chosen(self) -> None:
        devices = [one.device for one in self._sittings() if not one.is_on]
        self.run.begin_for(device for device in devices if self._lesson.classroom.students[device].linked)

    def _pause(self) -> None:
        devices = self._picked()
        dialog = PauseDialog(self._wall_page, self._names(Stage.RUNNING))
        dialog.chosen.connect(lambda sentence: self.run.pause(devices, sentence))
        dialog.open()

    def _give_time(self) -> None:
        devices = self._picked() or []
        sittings = [one for one in self._sittings() if one.is_on or one.stage is Stage.WAITING]

        def ends(minutes: int) -> str:
            if len(sittings) != 1 or not sittings[0].ends_at:
                return "Each end moves by as much."
            return f"The new end is {clock_time(sittings[0].ends_at + minutes * 60, self._viewer.zone)}."

        dialog = ExtraTimeDialog(self._wall_page, [one.name for one in sittings], ends)
        dialog.chosen.connect(lambda minutes: self.run.give_time(devices, minutes))
        dialog.open()

    def _stop(self) -> None:
        devices = self._picked() or []
        dialog = StopDialog(self._wall_page, self._names(Stage.RUNNING, Stage.PAUSED))
        dialog.chosen.connect(lambda: self.run.stop(devices))
        dialog.open()

    def _codes(self, held: Assessment) -> list[tuple[str, str, str]]:
        names = {device: one.name for device, one in held.sittings.items()}
        rows = [(names[device], device, release_code(terms.secret)) for device, terms in held.terms.items()]
        return sorted(rows, key=lambda row: natural(row[0]))

    def _save_codes(self, held: Assessment, rows: list[tuple[str, str, str]], file: Path) -> None:
        zone = self._viewer.zone
        facts = (
            (
                "Group and room",
                " · ".join(part for part in (self._lesson.lesson.group, self._lesson.lesson.room) if part),
            ),
            ("Started", clock_time(min(one.starts_at for one in held.terms.values()), zone)),
            ("Invigilator", held.by),
            ("Printed", clock_time(self._clock(), zone)),
        )
        grouped_rows = [(student, device, grouped(code)) for student, device, code in rows]
        try:
            save_sheet(self._policy.college.name, held.plan.name, grouped_rows, facts, file)
        except RecordsError as error:
            self._lesson.problem.emit(str(error))
            return
        self.run.shown_sheet("saved as a file")
        self._wall_page.notice.tell(f"The release codes are in {file}. Delete the file once they are printed.")

    def _begun(self) -> None:
        """The wall becomes the assessment wall: time left on the tiles, breaches first, nothing that moves about."""
        held = self.held
        assert held
        self._name = held.plan.name
        model = self._wall_page.model
        model.adorn = lambda tile, now: on_tile(tile, held.sittings.get(tile.device), now)
        model.rank = lambda students: by_urgency(students, held)
        self._wall_page.filters.choose_order(Sort.STATE)
        self._wall_page.fold_panel()
        model.adorned(model.devices)
        self.refresh()

    def _recall(self, assessment: str) -> None:
        """Ask the records what was found before this app came, or came back, to it: it can be amended still."""
        asked = self._office.reports.questions.query(lambda connection: devices_found(connection, assessment))
        self._recalling.follow(
            asked,
            lambda found: self.run.recall(assessment, found),
            lambda error: self._lesson.problem.emit(f"Devices found before cannot be amended now. {error}"),
        )

    def _changed(self, devices: set[str]) -> None:
        self._wall_page.model.adorned(devices)
        self.refresh()

    def _closed(self, assessment: str) -> None:
        model = self._wall_page.model
        model.adorn = model.rank = None
        model.adorned(model.devices)
        self._wall_page.filters.choose_order(Sort.NAME)
        self.refresh()
        ReportDialog(self._wall_page, self._office.reports, assessment, self._name).open()
