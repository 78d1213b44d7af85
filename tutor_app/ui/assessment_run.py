"""An assessment being held in a lesson: its state, the devices, the records and the sheet of codes kept in step."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from uuid import uuid4

from PySide6.QtCore import QObject, Signal

from protocol.messages import AssessmentFacts
from protocol.policy.document import DAY, Policy
from protocol.policy.permit import CLOCK_TOLERANCE
from tutor_app.assessment.codes import new_secret
from tutor_app.assessment.sheet import Sheet, SheetError, SheetStore
from tutor_app.classroom.assessment import Assessment, Entry, Outcome, What, adopted
from tutor_app.classroom.assessment_plan import Check, Plan, exceptions
from tutor_app.classroom.events import BreachTold, CommandAnswered, Event, StatusTold
from tutor_app.classroom.sitting import Seen
from tutor_app.classroom.student import Student
from tutor_app.records.problems import RecordsError
from tutor_app.records.recorder import Journal
from tutor_app.records.values import (
    AssessmentChecked,
    AssessmentEnded,
    AssessmentNoted,
    AssessmentStarted,
    DeviceFound,
    Record,
)
from tutor_app.ui.lesson_run import LessonRun


class AssessmentRun(QObject):
    """None is `held` at first; one that laptops are found in is taken up by itself. `clock` returns Unix seconds."""

    changed = Signal(set)
    """The devices whose sitting changed; all of them when it begins."""
    begun = Signal()
    taken_up = Signal(str)
    """The id of an assessment that laptops were found in: what was recorded of it before can be `recall`ed."""
    closed = Signal(str)
    """The id of the assessment that is over: its report can be made now."""

    def __init__(
        self, run: LessonRun, journal: Journal, sheets: SheetStore, policy: Policy, clock: Callable[[], float]
    ) -> None:
        super().__init__()
        self._run, self._journal, self._sheets = run, journal, sheets
        self._policy, self._clock = policy, clock
        self.held: Assessment | None = None
        self.found: dict[str, list[DeviceFound]] = {}
        self._closed: set[str] = set()
        run.happened.connect(self._take)
        run.ticked.connect(self._tick)
        run.over.connect(self._lesson_over)

    # ── what the invigilator does ───────────────────────────────────────────────────────────────────────────────────

    def start(self, plan: Plan, checks: Sequence[Check], first: Iterable[str]) -> None:
        """Start an assessment on these devices of the plan; the others of it can be started later."""
        names = {device: self._student(device).name for device in plan.devices}
        self.held = self._new(plan, names)
        self.found = {}
        self._record_start(self.held, "")
        self._record_checks(self.held, checks)
        self.begun.emit()
        self.begin_for(first)

    def begin_for(self, devices: Iterable[str], *, with_others: bool = False) -> None:
        """Start it on these devices now: at the beginning, or for those who come late."""
        if self.held:
            now = self._clock()
            names = {device: self._student(device).name for device in devices}
            seen = [entry for device in names for entry in self._exceptions(self.held, device, now)]
            self._do(self.held.start(names, now, with_others=with_others) | Outcome([], seen))
            self._keep_sheet(self.held)

    def pause(self, devices: Iterable[str] | None = None, sentence: str | None = None) -> None:
        """Stop the time of these students, or of all; with a sentence (even "") their screens are locked, too."""
        if self.held:
            outcome = self.held.pause(self._clock(), devices)
            self._do(outcome)
            if sentence is not None:
                self._run.lock(sorted(outcome.devices), sentence)

    def resume(self, devices: Iterable[str] | None = None) -> None:
        """Let their time go on, and unlock the screens that are locked."""
        if self.held:
            outcome = self.held.resume(self._clock(), devices)
            self._do(outcome)
            self._keep_sheet(self.held)
            locked = {student.device for student in self._run.classroom.locked}
            self._run.unlock(sorted(outcome.devices & locked))

    def give_time(self, devices: Iterable[str], minutes: int) -> None:
        """Give these students more time."""
        if self.held:
            self._do(self.held.give_time(devices, minutes * 60.0, self._clock()), f"{minutes} min more")
            self._keep_sheet(self.held)

    def stop(self, devices: Iterable[str]) -> None:
        """End it for these students."""
        if self.held:
            self._do(self.held.stop(devices, self._clock()))

    def take_over(self) -> None:
        """Hold it from now on."""
        if self.held:
            self._do(self.held.take_over(self._run.tutor.name, self._clock()))
            self.changed.emit(set(self.held.sittings))

    def note_found(self, found: DeviceFound) -> None:
        """Put on record that a device was found with a student, or an amendment of that."""
        versions = self.found.setdefault(found.id, [])
        versions.append(found)
        self._write(found)
        self._show_found(found.device)

    def recall(self, assessment: str, found: Iterable[DeviceFound]) -> None:
        """Take what is on record of an assessment that this app did not hold from its start, oldest version first."""
        if self.held is None or self.held.id != assessment:
            return
        before = self.found
        self.found = {}
        for one in found:
            self.found.setdefault(one.id, []).append(one)
        for identifier, versions in before.items():  # noted while the records were asked
            known = self.found.setdefault(identifier, [])
            known += [one for one in versions if one.version > len(known)]
        for device in self.held.sittings:
            self._show_found(device)

    def shown_sheet(self, how: str) -> None:
        """Put on record that the codes were shown or saved; the codes themselves never are."""
        if self.held:
            self._note(self.held, Entry(what=What.SHEET, at=self._clock(), detail=how))

    def close(self) -> None:
        """The assessment is over: those whose time still runs are stopped, and the codes are deleted."""
        if self.held is None:
            return
        held, now = self.held, self._clock()
        self._do(held.stop([one.device for one in held.sittings.values() if one.is_on], now))
        self._write(AssessmentEnded(assessment=held.id, ended_at=now))
        try:
            self._sheets.forget(held.id)
        except SheetError as error:
            self._run.problem.emit(str(error))
        self.held = None
        self._closed.add(held.id)
        self.changed.emit(set(held.sittings))
        self.closed.emit(held.id)

    @property
    def codes_known(self) -> bool:
        """Whether this app has release codes: the one that started it has, and one that came later has not."""
        return bool(self.held and self.held.terms)

    def late(self) -> list[Student]:
        """Return the students who are here and have not begun."""
        if self.held is None or not self.held.is_own:
            return []
        sittings = self.held.sittings
        here = (student for student in self._run.classroom.students.values() if student.linked)
        return [
            one
            for one in here
            if one.device not in sittings or not (sittings[one.device].ends_at or sittings[one.device].why)
        ]

    # ── what happens ────────────────────────────────────────────────────────────────────────────────────────────────

    def _take(self, events: list[Event]) -> None:
        for event in events:
            match event:
                case StatusTold():
                    self._told(event.device, event.status.assessment, event.at)
                case CommandAnswered(sent=True) if self.held:  # what never left is sent again
                    self._do(self.held.answered(event.device, event.command, event.result, event.detail, event.at))
                case BreachTold() if self.held:
                    breach = event.breach
                    seen = Seen(
                        id=breach.id, rule=breach.rule, category=breach.category, sentence=breach.sentence,
                        detail=breach.detail, at=breach.at,
                    )  # fmt: skip
                    self._do(self.held.breach(event.device, seen))
                case _:
                    pass

    def _told(self, device: str, facts: AssessmentFacts | None, at: float) -> None:
        students = self._run.classroom.students
        if device not in students:
            return
        if self.held is None and facts and self._may_be_on(facts, at):
            self._adopt(facts, at)
        if self.held:
            self._do(self.held.told(device, students[device].name, facts, at))
            self._show_found(device)

    def _tick(self) -> None:
        if self.held:
            students = self._run.classroom.students.values()
            outcome = self.held.tick(self._clock(), {student.device for student in students if student.linked})
            self._run.send_again(outcome.orders)
            self._do(replace(outcome, orders=[]))

    def _lesson_over(self) -> None:
        """An assessment whose time is up ends with the lesson; one that goes on is held by the laptops themselves."""
        if self.held and not self.held.is_on:
            self.close()

    def _may_be_on(self, facts: AssessmentFacts, at: float) -> bool:
        """Whether these facts can be of an assessment under way; a laptop may say anything."""
        rules = self._policy.rules.get(facts.rules)
        begun = facts.starts_at <= at + CLOCK_TOLERANCE
        return bool(rules and rules.is_assessment and begun and at < facts.ends_at <= at + DAY * 60) and (
            not facts.released_at
        )

    def _adopt(self, facts: AssessmentFacts, at: float) -> None:
        if facts.id in self._closed:
            return  # closed here: its last devices have not heard of it yet
        self.held = adopted(facts, new_id=_new_id, new_secret=new_secret)
        sheet = self._find_sheet(facts.id)
        if sheet:
            plan = _plan_of(sheet)
            self.held = Assessment(
                facts.id, plan, facts.by, sheet.names, new_id=_new_id, new_secret=new_secret, is_own=True
            )
        self.found = {}
        self._record_start(self.held, facts.by)
        self.begun.emit()
        if sheet:
            self._do(self.held.restore(sheet.terms, sheet.names, at))
        self.changed.emit(set(self.held.sittings))
        self.taken_up.emit(self.held.id)

    # ── inside ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _show_found(self, device: str) -> None:
        """Have the tile show every device that was found with this student, also by whom it was held before."""
        there = sum(versions[0].device == device for versions in self.found.values())
        while self.held and (sitting := self.held.sittings.get(device)) and sitting.found < there:
            self._do(self.held.found(device))

    def _new(self, plan: Plan, names: Mapping[str, str]) -> Assessment:
        return Assessment(_new_id(), plan, self._run.tutor.name, names, new_id=_new_id, new_secret=new_secret)

    def _student(self, device: str) -> Student:
        return self._run.classroom.students[device]

    def _do(self, outcome: Outcome, words: str = "") -> None:
        held = self.held
        if held is None:
            return
        for order in self._run.ask_assessment(outcome.orders, words):
            held.sent(order)
        for entry in outcome.entries:
            self._note(held, entry)
        if outcome.devices:
            self.changed.emit(outcome.devices)

    def _exceptions(self, held: Assessment, device: str, now: float) -> list[Entry]:
        user = self._student(device).user
        return [
            Entry(what=What.EXCEPTION, at=now, device=device, detail=words)
            for words in exceptions(self._policy, device, user, held.plan.rules, now)
        ]

    def _note(self, held: Assessment, entry: Entry) -> None:
        tutor, sitting = self._run.tutor, held.sittings.get(entry.device)
        self._write(
            AssessmentNoted(
                id=_new_id(),
                assessment=held.id,
                what=entry.what,
                device=entry.device,
                student=sitting.name if sitting else "",
                at=entry.at,
                ends_at=entry.ends_at,
                seconds=entry.seconds,
                detail=entry.detail,
                by_id=tutor.id,
                by_name=tutor.name,
            )
        )

    def _record_start(self, held: Assessment, taken_from: str) -> None:
        plan, tutor = held.plan, self._run.tutor
        self._write(
            AssessmentStarted(
                id=held.id,
                lesson=self._run.lesson.id,
                name=plan.name,
                rules=plan.rules,
                only=plan.only,
                sites="\n".join(plan.allow_sites),
                applications="\n".join(plan.allow_applications),
                length=float(plan.length),
                by_id=tutor.id,
                by_name=tutor.name,
                taken_from=taken_from,
                at=self._clock(),
            )
        )

    def _record_checks(self, held: Assessment, checks: Sequence[Check]) -> None:
        for number, check in enumerate(checks, start=1):
            self._write(
                AssessmentChecked(
                    assessment=held.id,
                    number=number,
                    item=check.item,
                    ticked=check.ticked,
                    reason=check.reason,
                    by_id=self._run.tutor.id,
                    by_name=check.by,
                    at=check.at,
                )
            )

    def _keep_sheet(self, held: Assessment) -> None:
        terms = held.terms
        if not terms:
            return
        sheet = Sheet(
            assessment=held.id,
            name=held.plan.name,
            group=self._run.lesson.group,
            length=float(held.plan.length),
            names={device: held.sittings[device].name for device in terms},
            terms=terms,
        )
        try:
            self._sheets.keep(sheet)
        except SheetError as error:
            self._run.problem.emit(str(error))

    def _find_sheet(self, assessment: str) -> Sheet | None:
        try:
            return self._sheets.find(assessment)
        except SheetError as error:
            self._run.problem.emit(str(error))
            return None

    def _write(self, record: Record) -> None:
        try:
            self._journal.write(record)
        except RecordsError as error:
            self._run.problem.emit(str(error))


def _plan_of(sheet: Sheet) -> Plan:
    one = next(iter(sheet.terms.values()))
    return Plan(
        name=one.name,
        rules=one.rules,
        length=sheet.length,
        devices=(),
        only=one.only,
        allow_sites=one.allow_sites,
        allow_applications=one.allow_applications,
    )


def _new_id() -> str:
    return uuid4().hex
