"""Starting an assessment, page by page. Nothing is started before the last page's button."""

import math
from collections.abc import Callable
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from protocol.policy.document import Policy
from protocol.text import plain
from tutor_app.assessment.checklist import items
from tutor_app.classroom.assessment_plan import LINE, Plan, extra_time, readiness, rule_sets
from tutor_app.classroom.classroom import Changes
from tutor_app.classroom.phrases import clock_time
from tutor_app.classroom.tile import Viewer
from tutor_app.ui.assessment_pages import NAME, ChecksPage, ExtraPage, LaptopsPage, Page, WhatPage
from tutor_app.ui.lesson_run import LessonRun
from tutor_app.ui.theme import Theme
from tutor_app.ui.widgets import button, label

_SIZE: Final = (720, 600)  # fits a 1366×768 laptop with a panel


class AssessmentWizard(QDialog):
    """Window-modal, opened by `open()`. `chosen` carries the plan, the checks, and on which devices to start now."""

    chosen = Signal(Plan, tuple, tuple)

    def __init__(
        self,
        parent: QWidget,
        theme: Theme,
        run: LessonRun,
        policy: Policy,
        *,
        viewer: Viewer,
        clock: Callable[[], float],
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Start an assessment")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self._run, self._policy, self._viewer, self._clock = run, policy, viewer, clock
        sets = rule_sets(policy, run.tutor.role)
        self.what = WhatPage(theme, run.lesson.group, sets, run.lesson.name, self._until)
        self.extra = ExtraPage(list(run.classroom.students.values()))
        self.checks = ChecksPage(policy.checklist or items(), viewer.name, clock)
        self.laptops = LaptopsPage(theme)
        self._list: tuple[Page, ...] = (self.what, self.extra, self.checks, self.laptops)
        self._stack = QStackedWidget()
        self._step = label(kind="soft")
        self._title = label(kind="title")
        self._words = label(kind="soft", wrap=True)
        self._problem = label(kind="danger", wrap=True)
        self.back = button("Back")
        self.next = button("Next", kind="primary", default=True)
        self._lay_out()
        for page in self._list:
            page.edited.connect(self._follow)
        self.back.clicked.connect(lambda: self._go(-1))
        self.next.clicked.connect(self.forward)
        run.changed.connect(self._laptops_changed)
        run.over.connect(self.reject)
        self._turn_to(0)

    @property
    def page(self) -> Page:
        """The page that is shown."""
        return self._list[self._stack.currentIndex()]

    @property
    def problem(self) -> str:
        """What the dialog complains of."""
        return self._problem.text()

    def forward(self) -> None:
        """Go on to the next page, or start; a page that is not complete says what is missing."""
        problem = self.page.problem()
        self._problem.setText(problem)
        if problem:
            return
        if self.page is self._list[-1]:
            self.accept()
        else:
            self._go(1)

    def accept(self) -> None:
        """Start."""
        self.chosen.emit(self.plan(), self.checks.checks(), self.laptops.startable())
        super().accept()

    def plan(self) -> Plan:
        """Return what was decided."""
        devices = self.laptops.devices()
        return Plan(
            name=plain(self.what.name.text(), NAME).strip(),
            rules=self.what.rule_set,
            length=self.what.seconds,
            devices=devices,
            only=plain(self.what.only.text(), LINE).strip(),
            allow_sites=self.what.allowed_sites(),
            allow_applications=self.what.allowed_applications(),
            extra={device: more for device, more in self.extra.seconds().items() if device in devices},
        )

    def showEvent(self, event: QShowEvent) -> None:
        """Be no larger than the screen has room for."""
        room = self.screen().availableSize()
        self.resize(min(_SIZE[0], room.width() - 40), min(_SIZE[1], room.height() - 60))
        super().showEvent(event)

    # ── inside ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _go(self, by: int) -> None:
        self._turn_to(self._stack.currentIndex() + by)

    def _turn_to(self, number: int) -> None:
        page = self._list[number]
        if page is self.extra:
            self.extra.suggest(self._suggestions())
        if page is self.laptops:
            self._show_laptops()
        self._stack.setCurrentIndex(number)
        self._step.setText(f"Step {number + 1} of {len(self._list)}")
        self._title.setText(page.title)
        self._words.setText(page.words)
        self._words.setVisible(bool(page.words))
        self.back.setEnabled(number > 0)
        self._problem.setText("")
        self._follow()
        first = page.nextInFocusChain() if page is not self.what else self.what.name
        if first is not None:
            first.setFocus()

    def _follow(self) -> None:
        """Keep the button's words true, and take back a complaint that no longer holds."""
        last = self.page is self.laptops
        number = len(self.laptops.startable()) if last else 0
        self.next.setText(f"Start for {number} student{'s' if number != 1 else ''}" if last else "Next")
        self.next.setAccessibleName(self.next.text())
        if self._problem.text() and self._problem.text() != self.page.problem():
            self._problem.setText(self.page.problem())

    def _suggestions(self) -> dict[str, int]:
        students, length = self._run.classroom.students.values(), self.what.seconds
        return {one.device: int(extra_time(self._policy, one.device, one.user, length) / 60) for one in students}

    def _laptops_changed(self, changes: Changes) -> None:
        if self.page is self.laptops and (changes.devices or changes.roster):
            self._show_laptops()

    def _show_laptops(self) -> None:
        students = list(self._run.classroom.students.values())
        rules, only = self.what.rule_set, self.what.only.text().strip()
        self.laptops.show_laptops(
            students, {one.device: readiness(one, one.rules, self._policy, rules, only) for one in students}
        )

    def _until(self, minutes: int) -> str:
        """Return when it would end, and what the lesson's end means for it."""
        end = math.ceil((self._clock() + minutes * 60) / 60) * 60
        words = f"Started now, it ends at {clock_time(end, self._viewer.zone)}, without extra time."
        lesson = self._run.lesson.ends_at
        if end > lesson:
            words += (
                f" Your lesson ends at {clock_time(lesson, self._viewer.zone)}: the laptops hold the assessment to its "
                "own end, but to see them after that you have to start a lesson again."
            )
        return words

    def _lay_out(self) -> None:
        for page in self._list:
            self._stack.addWidget(page)
        cancel = button("Cancel")
        cancel.clicked.connect(self.reject)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self._step)
        row.addStretch(1)
        for one in (cancel, self.back, self.next):
            row.addWidget(one)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(8)
        column.addWidget(self._title)
        column.addWidget(self._words)
        column.addSpacing(4)
        column.addWidget(self._stack, 1)
        column.addWidget(self._problem)
        column.addLayout(row)
