"""Pictures of the tutor's windows for people who change them:

python -m tests.tutor_app.ui.show DIR [--size 1600x900] [--scheme dark] [--only wall,focus]   (QT_SCALE_FACTOR=2 for 4K)
"""

import argparse
import tempfile
from pathlib import Path

from PySide6.QtCore import QEventLoop, QSize, QTimer
from PySide6.QtWidgets import QApplication, QWidget

from protocol.identity import Identity
from protocol.messages import Changeable, HandFacts, Reason, Result, RulesFacts, Unheld, Verb
from tests.tutor_app.ui import synthetic as made
from tests.tutor_app.ui.assessing import Hall
from tutor_app.classroom.events import TileSeen
from tutor_app.classroom.rules import Edit
from tutor_app.classroom.tile import Viewer
from tutor_app.records.records import Records
from tutor_app.records.values import DeviceFound, Flagged, LessonStarted
from tutor_app.ui.assessment_wizard import AssessmentWizard
from tutor_app.ui.feed import Feed
from tutor_app.ui.lesson_page import LessonPage
from tutor_app.ui.lesson_run import LessonRun
from tutor_app.ui.main_window import MainWindow
from tutor_app.ui.pictures import Pictures
from tutor_app.ui.records_window import RecordsWindow
from tutor_app.ui.remembered import Remembered
from tutor_app.ui.shortcuts import ShortcutsSheet
from tutor_app.ui.sign_in import SignInPage
from tutor_app.ui.start_lesson import StartLessonPage
from tutor_app.ui.theme import Scheme, Theme

_APPLICATIONS = {2: "Chromium — BBC Bitesize", 3: "Chromium — Desmos", 7: "Video player", 13: "Calc — results"}
_ABSENT = (18, 29)
_ALL = "wall,eyes,small,empty,over,nothing,sign_in,start,dialogs,records,focus,assessment"
_LESSON = LessonStarted(
    id="ab" * 16,
    name="Maths",
    group="10B",
    tutor_id="t",
    tutor_name="Maths tutor",
    started_at=made.TEN,
    ends_at=made.TEN + 3600,
)


class Show:
    def __init__(self, out: Path, size: QSize, scheme: Scheme) -> None:
        self.out, self.size = out, size
        self.clock, self.wire, self.journal = made.Clock(), made.FakeWire(), made.FakeJournal()
        self.remembered = Remembered(Path(tempfile.mkdtemp()) / "window.ini")
        self.theme = Theme(scheme, reduce_motion=True)
        self.window = MainWindow(self.theme, self.remembered)
        self.window.resize(size)
        self.window.show()

    def lesson(self, tutor: Identity = made.TUTOR, questions: object = None) -> LessonPage:
        self.clock, self.wire = made.Clock(), made.FakeWire()
        self.pictures = Pictures()
        run = LessonRun(
            made.lesson(), made.register(), tutor, self.wire, self.journal, clock=self.clock, policy=made.policy()
        )
        page = LessonPage(
            self.theme,
            self.window.actions_,
            run,
            wire=self.wire,
            feed=Feed(self.pictures),
            pictures=self.pictures,
            college=made.college(),
            viewer=Viewer(name=tutor.name, zone=made.LONDON),
            remembered=self.remembered,
            office=made.office(self.journal, Path(tempfile.mkdtemp()), questions),
            clock=self.clock,
        )
        self.window.show_page(page)
        return page

    def busy_lesson(self) -> LessonPage:
        page = self.lesson()
        clock = self.clock
        run = page.run
        present = [number for number in range(1, 31) if number not in _ABSENT]
        for number in present:
            run.take(made.arrives(number, application=_APPLICATIONS.get(number, "Writer — essay")))
            self.pictures.put(made.device(number), made.screen(number, 640, 360))
        run.take_shown([TileSeen(made.device(number), clock.now) for number in present])
        clock.now += 27 * 60
        run.flag([made.device(8)], "off-task", "", "Off task")
        run.flag([made.device(8)], "phone", "", "Phone out")
        asking = HandFacts(since=clock.now - 130, text="question 3")
        run.take([made.told(4, clock.now, hand=asking), made.told(16, clock.now, covered=True)])
        run.take([made.breach(16, 1, "covered", "filter-breach", "play.badsite.example/room", clock.now)])
        run.take([made.breach(20, 2, "usb", "personal-device", "Kingston 16 GB", clock.now)])
        unheld = Unheld(rule="games", why="Websites cannot be blocked here: browsers' policies are not writable.")
        rules = RulesFacts(rules="lesson", until=clock.now + 1000, unheld=(unheld,))
        run.take([made.told(23, clock.now, rules=rules)])
        run.change_rule(Edit(verb=Verb.ALLOW, subject=Changeable.SITE, value="desmos.com", minutes=20), None)
        run.take([made.answered(order, at=clock.now) for order in self.wire.orders])
        self.wire.orders.clear()
        run.take([made.refused(17, Reason.OTHER_GROUP, "This device belongs to 11A, not to 10B.", clock.now)])
        run.message([made.device(number) for number in range(1, 27)], "Please save your work.")
        failed = made.device(5)
        answers = {True: (Result.FAILED, "no display"), False: (Result.OK, "")}
        run.take([made.answered(order, *answers[order.device == failed], at=clock.now) for order in self.wire.orders])
        self.wire.orders.clear()
        clock.now += 6
        run.lock([made.device(number) for number in (11, 12, 14)], "Eyes on the board")
        done = [order for order in self.wire.orders if order.device != made.device(14)]
        run.take([made.answered(order, at=clock.now) for order in done])
        run.take([made.locked(number, 521, clock.now) for number in (11, 12)])
        run.take([made.lost(24, clock.now - 4)])
        run.take_shown([TileSeen(made.device(number), clock.now) for number in present if number != 24])
        clock.now += 1.1
        run.tick()
        page.wall_page.wall.select(made.device(6))
        return page

    def shot(self, name: str, widget: QWidget | None = None) -> None:
        wait(250)
        (widget or self.window).grab().save(str(self.out / f"{name}.png"))

    def dialog(self, name: str) -> None:
        wait(50)
        dialog = QApplication.activeModalWidget() or QApplication.activePopupWidget()
        if dialog is None:
            dialog = next(one for one in QApplication.topLevelWidgets() if one.isVisible() and one is not self.window)
        self.shot(name, dialog)
        dialog.close()

    def wall(self) -> None:
        self.busy_lesson()
        self.shot("wall")

    def eyes(self) -> None:
        page = self.busy_lesson()
        run = page.run
        self.wire.orders.clear()
        run.eyes_on_me("Eyes on the board, please", 5)
        locking = [int(order.device[-2:]) for order in self.wire.orders][:-1]
        run.take([made.answered(order, at=self.clock.now) for order in self.wire.orders[:-1]])
        run.take([made.locked(number, 300, self.clock.now) for number in locking])
        self.clock.now += 12
        run.tick()
        self.shot("wall-eyes")

    def small(self) -> None:
        page = self.busy_lesson()
        self.window.resize(1000, 640)
        page.wall_page.wall.set_tile_width(140)
        self.shot("small")
        self.window.resize(self.size)

    def empty(self) -> None:
        page = self.lesson()
        self.shot("empty-searching")
        self.clock.now += 20
        page.run.tick()
        self.shot("empty-late")

    def over(self) -> None:
        page = self.busy_lesson()
        page.run.end()
        self.shot("over")

    def nothing(self) -> None:
        page = self.busy_lesson()
        page.wall_page.filters.field.setText("zebra")
        page.run.problem.emit("The records in /home/maths/records.db cannot be written: the disk is full.")
        self.shot("nothing-found")

    def sign_in(self) -> None:
        page = SignInPage(self.theme, lambda *_: None, self.remembered)
        self.window.show_page(page)
        self.shot("sign-in-first")
        self.remembered.keep("identity", "/home/maths/maths-tutor.p12")
        self.remembered.keep("bundle", "/home/maths/college.bundle")
        page = SignInPage(self.theme, _wrong, self.remembered)
        self.window.show_page(page)
        page.passphrase.setText("guess")
        page.submit()
        self.shot("sign-in-wrong")

    def start(self) -> None:
        page = StartLessonPage(self.theme, made.signed_in(), self.remembered, clock=self.clock)
        self.window.show_page(page)
        self.shot("start")
        self.clock.now += 12 * 3600
        page.refresh()
        page.name.setText("Maths 10B")
        page.submit()
        self.shot("start-refused")

    def dialogs(self) -> None:
        self.remembered.keep_sentence("Eyes on the board, please – we start together.")
        self.remembered.keep_sentence("Save your work.")
        page = self.busy_lesson()
        for name in ("lock", "message", "flag", "lock-all", "end"):
            page.act(name)
            self.dialog(name)
        page.act("eyes")
        self.dialog("eyes")
        page.act("edit-rules")
        self.dialog("edit-rules")
        page.act("rules")
        self.dialog("rules-menu")
        page.wall_page.ask_why(made.device(18), page.wall_page.wall.rect())
        self.dialog("why")
        ShortcutsSheet(self.window).open()
        self.dialog("shortcuts")

    def records(self) -> None:
        with Records.open(Path(tempfile.mkdtemp()) / "r.db", on_problem=print) as records:
            records.write(_LESSON)
            for number in range(1, 13):
                records.write(
                    Flagged(
                        id=f"{number:032x}",
                        lesson=_LESSON.id,
                        device=made.device(number),
                        student=f"Student {number:02}",
                        user=f"student{number:02}",
                        category="off-task",
                        note="Third time today" if number % 3 else "",
                        by_id="t",
                        by_name="Maths tutor",
                        at=made.TEN + number * 60,
                    )
                )
            window = RecordsWindow(self.theme, records, made.LONDON, {"off-task": "Off task"})
            window.show()
            wait(600)
            self.shot("records", window)
            window.close()

    def assessment(self) -> None:
        """An assessment from the wizard to its report."""
        with Records.open(Path(tempfile.mkdtemp()) / "r.db", on_problem=print) as records:
            self.journal = records  # type: ignore[assignment]  # here a real one, so that there is a report
            page = self.lesson(made.INVIGILATOR, records)
            page.run.begin()
            hall = Hall(page, self.wire, self.clock, self.pictures)
            hall.arrive(*(number for number in range(1, 31) if number not in _ABSENT), limited=(9, 12))
            self._wizard(page)
            hall.answer()
            self.shot("assessment-started")
            self._half_time(hall)
            self.shot("assessment-wall")
            self._assessment_dialogs(page)
            page.desk.run.pause(None, "Leave the laptop as it is and follow your invigilator.")
            hall.answer()
            self.clock.now += 130
            page.run.tick()
            self.shot("assessment-paused")
            page.desk.run.resume()
            hall.answer()
            self.clock.now += 3 * 3600
            page.run.tick()
            self.shot("assessment-over")
            page.desk.run.close()
            held = page.desk.run
            self.dialog("assessment-report-dialog")
            reports = page.desk._office.reports
            reports.save(next(iter(held._closed)), self.out / "report.pdf")
            reports.save(next(iter(held._closed)), self.out / "report.csv")
            self.journal = made.FakeJournal()

    def _wizard(self, page: LessonPage) -> None:
        page.desk.ask_start()
        wait(50)
        wizard = QApplication.activeModalWidget()
        assert isinstance(wizard, AssessmentWizard)
        wizard.what.name.setText("Maths mock, paper 2")
        wizard.what.length.setValue(90)
        wizard.what.applications.setPlainText("calc\ngeogebra")
        wizard.what.sites.setPlainText("bbc.co.uk/bitesize")
        for name in ("what", "extra", "checks", "laptops"):
            if name == "checks":
                for box in list(wizard.checks.boxes.values())[:-1]:
                    box.setChecked(True)
                wizard.next.click()
            self.shot(f"assessment-wizard-{name}", wizard)
            if name == "checks":
                list(wizard.checks.reasons.values())[-1].setText("Read out by the hall's loudspeaker")
            wizard.next.click()

    def _half_time(self, hall: "Hall") -> None:
        page = hall.page
        self.clock.now += 34 * 60
        hall.breach(23, "no-usb", "USB stick (Kingston 16 GB)")
        self.clock.now += 5 * 60
        hall.breach(8, "no-usb", "Chromium: chat.example")
        hall.breach(8, "no-usb", "USB stick (SanDisk)")
        page.desk.run.give_time([made.device(7)], 10)
        page.desk.run.stop([made.device(14)])
        hall.answer()
        hall.arrive(18)
        page.run.take([made.lost(24, self.clock.now - 4)])
        self.clock.now += 1
        page.run.tick()
        page.wall_page.wall.select(made.device(8))

    def _assessment_dialogs(self, page: LessonPage) -> None:
        for name in ("assess-pause", "assess-time", "assess-found", "assess-codes", "assess-stop", "assess-close"):
            page.act(name)
            self.dialog(name)
        sitting = next(iter(page.desk.held.sittings.values()))
        page.desk.run.note_found(
            DeviceFound(
                id="fe" * 16, version=1, assessment=page.desk.held.id, device=sitting.device, student=sitting.name,
                what="Mobile phone", found_by="Ida Marsh", found_at=self.clock.now, decision="withdrawn",
                body="Example Examinations Board", by_id="ida", by_name="Ida Marsh", at=self.clock.now,
            )
        )  # fmt: skip

    def focus(self) -> None:
        page = self.busy_lesson()
        for number, name in ((2, "focus"), (11, "focus-locked"), (18, "focus-missing"), (24, "focus-lost")):
            page.open_student(made.device(number))
            view = page.focus_view
            wait(200)
            if number in (2, 11):
                made.show_whole(view, made.device(number), made.screen(number, 1920, 1080))
            self.shot(name)


def wait(milliseconds: int) -> None:
    """Let Qt work for a while; unlike QTest.qWait this lets other threads work, too."""
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def _wrong(*_: object) -> None:
    raise ValueError("The passphrase is wrong, or the identity file is damaged.")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("--size", default="1600x900")
    parser.add_argument("--scheme", default="light")
    parser.add_argument(
        "--only", default="wall,eyes,small,empty,over,nothing,sign_in,start,dialogs,records,focus,assessment"
    )
    wishes = parser.parse_args()
    wishes.out.mkdir(parents=True, exist_ok=True)
    application = QApplication([])
    application.setStyle("Fusion")
    show = Show(wishes.out, QSize(*map(int, wishes.size.split("x"))), Scheme(wishes.scheme))
    for name in wishes.only.split(","):
        getattr(show, name)()


if __name__ == "__main__":
    main()
