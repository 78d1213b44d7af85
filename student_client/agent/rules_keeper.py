"""Keeps the rules this device is held to: those of lessons and of an assessment, through restarts, to their ends."""

import logging
from collections.abc import Callable, Collection

from msgspec.structs import replace

from protocol.messages import (
    AssessmentFacts,
    AssessmentTerms,
    ChangeRule,
    DropChange,
    LessonTerms,
    PauseAssessment,
    Right,
    SetRules,
    StopAssessment,
)
from protocol.policy.bundle import Bundle
from protocol.policy.permit import Permit, may_apply
from protocol.policy.rules import RulesLease
from student_client.agent.assessment import Assessment, extra_time, read_assessment, started, write_assessment
from student_client.agent.leases import LeaseRefused
from student_client.agent.lesson_leases import LessonLeases, read_lessons, write_lessons
from student_client.agent.release import ReleaseKey, read_key, tried, write_key
from student_client.agent.state import ASSESSMENT, LESSONS, RELEASE, StateError, StateFolder
from student_client.agent.status import StatusBoard
from student_client.local import CodeAnswer, PanelAssessment

log = logging.getLogger(__name__)


class RulesKeeper:
    """The leases, the assessment and the key of its release codes. `changed` is called when something else holds.

    An assessment in force comes before every lesson, and only who may assess may change anything under it.
    """

    def __init__(self, state: StateFolder, board: StatusBoard, now: float) -> None:
        self._state, self._board = state, board
        self.changed: Callable[[], None] = lambda: None
        self.device = self.user = ""  # whom exceptions name, as far as it is known by now
        self.lessons = self._load_lessons(now)
        self.assessment = self._load_assessment(now)
        self._key = self._load_key()
        self._over = False  # whether the end of the assessment has been told

    # ── what holds ──────────────────────────────────────────────────────────────────────────────────────────────────

    def in_force(self, now: float) -> RulesLease | None:
        """Return what this device is held to: the assessment, or else the newest lesson's rules."""
        if self.assessment and self.assessment.holds(now):
            return self.assessment.lease(self.device, self.user, now)
        return self.lessons.at(now).in_force(self.device, self.user)

    def facts(self, now: float) -> AssessmentFacts | None:
        """What an invigilator is told of the assessment, until its time is over."""
        return self.assessment.facts if self.assessment and not self.assessment.is_over(now) else None

    def panel(self, now: float) -> PanelAssessment | None:
        """What the student reads of the assessment while it holds."""
        return self.assessment.panel if self.assessment and self.assessment.holds(now) else None

    def monitors_at_start(self, now: float) -> int:
        """Return how many monitors there were when what holds began; 0 where nobody knows."""
        if self.assessment and self.assessment.holds(now):
            return self.assessment.monitors
        return self.lessons.newest.monitors if self.lessons.newest else 0

    def owed_to(self, permit: Permit) -> frozenset[str]:
        """Return the lesson and the assessment, by id, whose breaches the holder of this permit is told."""
        mine = {permit.lesson}
        if self.assessment and Right.ASSESS in permit.may:
            mine.add(self.assessment.id)
        return frozenset(mine)

    def concerned(self, now: float) -> frozenset[str]:
        """Return the lessons and the assessment, by id, that a breach of this moment is owed to."""
        lessons = {one.lesson for one in self.lessons.at(now).held}
        return frozenset(lessons | ({self.assessment.id} if self.assessment and self.assessment.holds(now) else set()))

    def next_end(self, now: float) -> float | None:
        """Return when the first of it ends by itself."""
        ends = [end] if (end := self.lessons.next_end()) else []
        if self.assessment and not self.assessment.is_over(now):
            paused = self.assessment.paused_at
            ends += [self.assessment.latest if paused else self.assessment.until(now)]
            ends += [change.until for change in self.assessment.changes]
        return min(ends, default=None)

    # ── lessons ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def granted(self, lesson: LessonTerms, permit: Permit) -> None:
        """Put a lesson's rules in force."""
        self._keep_lessons(self.lessons.granted(lesson, permit))

    def ended(self, permit: Permit, linked: Collection[str] | None = None) -> None:
        """End the rules of a lesson: the policy has ended it, or its tutor, whose lessons with a link are `linked`."""
        self._keep_lessons(self.lessons.without(permit, linked))

    def narrowed(self, permit: Permit) -> None:
        """End a lesson's rules no later than its permit."""
        self._keep_lessons(self.lessons.narrowed(permit))

    def under(self, bundle: Bundle, now: float) -> None:
        """Hold what a newer policy leaves. An assessment goes on under its own terms."""
        self._keep_lessons(self.lessons.under(bundle.policy, bundle.deny, now))

    def seeing(self, monitors: int, now: float) -> None:
        """Take the number of monitors for what began without knowing it."""
        self._keep_lessons(self.lessons.seeing(monitors))
        one = self.assessment
        if one and one.holds(now) and monitors and not one.monitors:
            self._keep_assessment(replace(one, monitors=monitors))

    def expire(self, now: float) -> None:
        """End what is over."""
        self._keep_lessons(self.lessons.at(now))
        if self.assessment is None:
            return
        self._keep_assessment(self.assessment.at(now))
        if self.assessment.is_over(now) and not self._over:
            log.info("the assessment %s is over", self.assessment.name)
            self._over = True
            self._forget_key()
            self.changed()

    def forget(self) -> None:
        """End everything: the clock has fallen, and old times would hold for ever."""
        self._keep_lessons(LessonLeases())
        self._forget_key()
        if self.assessment:
            self.assessment = None
            self._remove(ASSESSMENT)
            self.changed()

    # ── commands; all raise LeaseRefused ────────────────────────────────────────────────────────────────────────────

    def set_rules(self, order: SetRules, permit: Permit, bundle: Bundle, now: float) -> None:
        """Hold this permit's lesson under another rule set."""
        if self.assessment and self.assessment.holds(now):
            raise LeaseRefused("An assessment is under way; it keeps its own rules.")
        if refusal := may_apply(bundle.policy, permit.tutor.role, order.rules, now):
            raise LeaseRefused(refusal)
        self._keep_lessons(self.lessons.at(now).with_rules(permit, order.rules))

    def change(self, order: ChangeRule, permit: Permit, now: float) -> None:
        """Allow or block one site or program for a time."""
        if one := self._assessment_of(permit, now):
            self._keep_assessment(one.at(now).with_change(order, permit, now))
        else:
            self._keep_lessons(self.lessons.at(now).with_change(permit, order, now))

    def drop(self, order: DropChange, permit: Permit, now: float) -> None:
        """End a change before its time; one that is over is fine."""
        if one := self._assessment_of(permit, now):
            self._keep_assessment(one.without_change(order.change))
        else:
            self._keep_lessons(self.lessons.without_change(order.change))

    def start(self, terms: AssessmentTerms, permit: Permit, bundle: Bundle, now: float) -> None:
        """Start an assessment, durably, or move the end of the one there is. Raises StateError if not stored."""
        one, extra = self.assessment, extra_time(bundle.policy, self.device, self.user)
        if one and one.id == terms.id:
            if one.is_over(now):
                raise LeaseRefused("The assessment is over on this laptop already.")
            self._keep_assessment(one.moved(terms.ends_at, bundle.policy, extra))
            return
        if one and one.holds(now):
            raise LeaseRefused(f"The assessment “{one.name}” by {one.by} is under way on this laptop."[:280])
        begun = started(terms, permit, bundle.policy, extra, now)
        key = ReleaseKey(assessment=terms.id, secret=terms.secret)
        self._state.write(RELEASE, write_key(key))
        self._state.write(ASSESSMENT, write_assessment(begun))
        self._key, self.assessment, self._over = key, begun, False
        self.changed()

    def pause(self, order: PauseAssessment, now: float) -> None:
        """Stop the assessment's time, or let it go on."""
        self._keep_assessment(self._running(order.assessment, now).paused(order, now))

    def stop(self, order: StopAssessment, now: float) -> None:
        """End the assessment on this device; one that is over is fine."""
        one = self.assessment
        if one is None or one.id != order.assessment or one.is_over(now):
            return
        self._keep_assessment(one.released(now))
        self._forget_key()

    def code_typed(self, code: str, now: float) -> CodeAnswer:
        """Look at a release code; what it changes is on the disk before it is answered."""
        one = self.assessment
        if one is None or self._key is None or not one.holds(now):
            return CodeAnswer(released=False, sentence="There is no assessment to be released from.")
        after, answer = tried(self._key, code, now)
        if answer.released:
            log.info("the release code has ended the assessment %s", one.name)
            self._keep_assessment(one.released(now))  # first: a code spent without a release would be a lost student
        if after != self._key:
            try:
                self._state.write(RELEASE, write_key(after))
            except StateError as error:
                self._board.problem("assessment", str(error))
            self._key = after
        return answer

    # ── storing ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _assessment_of(self, permit: Permit, now: float) -> Assessment | None:
        """Return the assessment in force, if there is one, to somebody who may change it; raises LeaseRefused."""
        if self.assessment is None or not self.assessment.holds(now):
            return None
        if Right.ASSESS not in permit.may:
            raise LeaseRefused("An assessment is under way; only an invigilator may change what it allows.")
        return self.assessment

    def _running(self, identifier: str, now: float) -> Assessment:
        if self.assessment is None or self.assessment.id != identifier or self.assessment.is_over(now):
            raise LeaseRefused("This assessment is not under way on this laptop.")
        return self.assessment

    def _keep_lessons(self, lessons: LessonLeases) -> None:
        if lessons == self.lessons:
            return
        self.lessons = lessons
        self._write("lessons", LESSONS, write_lessons(lessons))
        self.changed()

    def _keep_assessment(self, assessment: Assessment) -> None:
        if assessment == self.assessment:
            return
        self.assessment = assessment
        self._write("assessment", ASSESSMENT, write_assessment(assessment))
        self.changed()

    def _write(self, about: str, name: str, data: bytes) -> None:
        try:
            self._state.write(name, data)
        except StateError as error:
            self._board.problem(about, str(error))
        else:
            self._board.solved(about)

    def _forget_key(self) -> None:
        self._key = None
        self._remove(RELEASE)

    def _remove(self, name: str) -> None:
        try:
            self._state.remove(name)
        except StateError as error:
            self._board.problem("assessment", str(error))

    def _load_lessons(self, now: float) -> LessonLeases:
        try:
            return read_lessons(self._state.read(LESSONS), now)
        except (ValueError, StateError) as error:
            self._board.problem("lessons", f"The rules from before the restart could not be restored: {error}.")
            return LessonLeases()

    def _load_assessment(self, now: float) -> Assessment | None:
        try:
            return read_assessment(self._state.read(ASSESSMENT), now)
        except (ValueError, StateError) as error:
            self._board.problem("assessment", f"The assessment from before the restart is lost: {error}.")
            return None

    def _load_key(self) -> ReleaseKey | None:
        try:
            stored = self._state.read(RELEASE)
            key = read_key(stored, self.assessment.id) if self.assessment else None
            if stored and key is None:
                self._state.remove(RELEASE)  # of a start that was cut off, or of what is over
        except StateError as error:
            self._board.problem("assessment", str(error))
            return None
        return key
