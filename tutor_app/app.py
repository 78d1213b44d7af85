"""The tutor's application: sign in, hold lessons, end cleanly. Owns the network, the records and the window."""

import signal
import socket
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from PySide6.QtCore import QObject, QSocketNotifier, Qt, QTimer, Signal
from PySide6.QtWidgets import QApplication, QWidget

from protocol.heap import share_one_heap
from protocol.messages import LessonTerms
from tutor_app.assessment.sheet import SheetStore
from tutor_app.classroom.tile import Viewer
from tutor_app.network.limits import Limits
from tutor_app.network.network import Network
from tutor_app.records.records import Records
from tutor_app.signin import BUNDLE, SignedIn, sign_in, with_newest
from tutor_app.ui.assessment_desk import Office
from tutor_app.ui.feed import Feed
from tutor_app.ui.lesson_page import LessonPage
from tutor_app.ui.lesson_run import LessonRun
from tutor_app.ui.main_window import MainWindow
from tutor_app.ui.pictures import Pictures
from tutor_app.ui.records_window import RecordsWindow
from tutor_app.ui.remembered import Remembered
from tutor_app.ui.report_dialog import Reports
from tutor_app.ui.sign_in import SignInPage
from tutor_app.ui.stall import StallWatch
from tutor_app.ui.start_lesson import StartLessonPage
from tutor_app.ui.theme import Theme

_SWITCH: Final = 0.001  # seconds: at Python's 5 ms the window waits as long for each of the network thread's turns
_LATE: Final = 4_000  # milliseconds after a lesson's end by which its last answers have come


@dataclass(frozen=True, kw_only=True)
class Preset:
    """What is known before the window opens. With a passphrase nobody is asked to sign in, with a lesson it begins.

    `sheets` is where release codes are kept (None: in this user's own folder). `limits` None is the product's;
    simulating a campus on one computer takes others.
    """

    identity: Path | None = None
    bundle: Path | None = None
    passphrase: str | None = None
    lesson: LessonTerms | None = None
    dial: tuple[str, ...] = ()
    mdns: bool = True
    records: str | Path | None = None
    sheets: Path | None = None
    limits: Limits | None = None


@dataclass(frozen=True)
class _Entered:
    who: SignedIn
    bundle: Path
    records: Records


class TutorApp(QObject):
    """From the sign-in page to the last record. `stop` it once; the window's closing does."""

    lesson_began = Signal(LessonPage)
    stopped = Signal()
    _records_problem = Signal(str)

    def __init__(self, preset: Preset, remembered: Remembered | None = None) -> None:
        super().__init__()
        self._preset = preset
        self._remembered = remembered or Remembered()
        self.theme = Theme(self._remembered.scheme, bool(self._remembered.number("reduce-motion", 0)))
        self.window = MainWindow(self.theme, self._remembered)
        self.pictures = Pictures()
        self.feed = Feed(self.pictures)
        self.stalls = StallWatch()
        self.network: Network | None = None
        self._entered: _Entered | None = None
        self._run: LessonRun | None = None
        self._problem = ""
        self._old_bundle = ""
        self.window.finished.connect(self.stop)
        self.window.records_asked.connect(self.show_records)
        self._records_problem.connect(self._tell_records_problem)

    def start(self) -> None:
        """Show the window: the sign-in page, or what comes after it where that is known already."""
        preset = self._preset
        page = SignInPage(
            self.theme, self._enter, self._remembered, str(preset.identity or ""), str(preset.bundle or "")
        )
        page.signed_in.connect(self._signed_in)
        self.window.show_page(page)
        self.window.show()
        if preset.passphrase is not None:
            page.passphrase.setText(preset.passphrase)
            page.submit()

    def stop(self) -> None:
        """End everything, in the order in which nothing is lost."""
        self.stalls.stop()
        self.feed.stop()
        network, self.network = self.network, None
        if network:
            network.stop()
            self._take_late(network)
        entered, self._entered = self._entered, None
        if entered:
            for record in entered.records.close():
                print(f"This could not be stored: {record}", file=sys.stderr)
        self.stopped.emit()

    # ── sign in ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _enter(self, identity: Path, bundle: Path | None, passphrase: str) -> _Entered:
        """Open identity, college file and records; runs on a worker thread."""
        bundle = bundle or identity.with_name(BUNDLE)
        who = sign_in(identity, bundle, passphrase)
        return _Entered(who, bundle, Records.open(self._preset.records, on_problem=self._records_problem.emit))

    def _signed_in(self, entered: _Entered) -> None:
        self._entered = entered
        who = entered.who
        preset = self._preset
        self.network = Network(
            who.credentials,
            who.bundle,
            mdns=preset.mdns,
            dial=preset.dial,
            on_wake=self.feed.wake,
            limits=preset.limits,
        )
        self.network.start()
        if self._preset.lesson:
            self.begin(self._preset.lesson)
        else:
            self.choose_lesson()

    # ── lessons ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def choose_lesson(self) -> None:
        """Show the page on which a lesson is started."""
        if self._entered is None:
            return
        who = self._newest()
        page = StartLessonPage(self.theme, who, self._remembered, clock=time.time, newest=self._newest)
        page.say(self._old_bundle)
        page.started.connect(self.begin)
        page.assessment_started.connect(self.begin_assessment)
        page.records_asked.connect(self.show_records)
        self.window.show_page(page)

    def begin(self, lesson: LessonTerms) -> None:
        """Hold a lesson: its wall fills the window."""
        assert self._entered
        assert self.network
        who = self._entered.who
        tutor = who.credentials.identity
        run = LessonRun(lesson, who.places, tutor, self.network, self._entered.records, policy=who.policy)
        page = LessonPage(
            self.theme,
            self.window.actions_,
            run,
            wire=self.network,
            feed=self.feed,
            pictures=self.pictures,
            college=who.bundle,
            viewer=Viewer(name=tutor.name, zone=ZoneInfo(who.policy.college.timezone)),
            remembered=self._remembered,
            office=self._office(self._entered),
            clock=time.time,
        )
        page.closed.connect(self.choose_lesson, Qt.ConnectionType.QueuedConnection)
        self.window.show_page(page)
        self._take_late(self.network)
        self._run = run
        run.over.connect(lambda: QTimer.singleShot(_LATE, self._settle))
        self.feed.connect_wire(self.network)
        run.begin()
        for problem in (self._old_bundle, self._problem):
            if problem:
                run.problem.emit(problem)
        self.lesson_began.emit(page)

    def begin_assessment(self, lesson: LessonTerms) -> None:
        """Hold a lesson, and ask at once what is to be assessed in it."""
        self.begin(lesson)
        page = self.window.lesson_page
        if page:
            page.desk.ask_start()

    def _office(self, entered: _Entered) -> Office:
        """Return what assessments need beside the lesson."""
        policy = entered.who.policy
        labels = {slug: category.label for slug, category in policy.flags.items()}
        reports = Reports(entered.records, policy.college.name, ZoneInfo(policy.college.timezone), labels)
        sheets = SheetStore(entered.who.credentials.key, self._preset.sheets)
        return Office(journal=entered.records, sheets=sheets, reports=reports)

    def _settle(self) -> None:
        if self.network:
            self._take_late(self.network)

    def _take_late(self, network: Network) -> None:
        """Put on record what a lesson that is over was still answered."""
        run = self._run
        if run and run.is_over:
            page = self.window.lesson_page
            run.blockSignals(page is None or page.run is not run)  # its page may be gone
            run.take(network.events())

    def _newest(self) -> SignedIn:
        """Read the college file anew: what was published since the last lesson counts from the next one on."""
        assert self._entered
        assert self.network
        before = self._entered.who
        who, self._old_bundle = with_newest(before, self._entered.bundle, time.time())
        if who is not before:
            self._entered = replace(self._entered, who=who)
            self.network.use(who.bundle)
        return who

    def show_records(self) -> None:
        """Show the records in a window of their own; the lesson goes on beside it."""
        if self._entered is None:
            return
        shown = self.window.findChild(RecordsWindow)
        if shown is None:
            policy = self._entered.who.policy
            labels = {slug: category.label for slug, category in policy.flags.items()}
            zone = ZoneInfo(policy.college.timezone)
            shown = RecordsWindow(
                self.theme, self._entered.records, zone, labels, self.window, college=policy.college.name
            )
        shown.show()
        shown.raise_()
        shown.activateWindow()

    def _tell_records_problem(self, sentence: str) -> None:
        self._problem = sentence
        page = self.window.lesson_page
        if page:
            page.run.problem.emit(sentence)


def run(preset: Preset, on_start: Callable[[TutorApp], None] | None = None) -> int:
    """Run the application until its window is closed; returns the exit code. `on_start` gets it before the window."""
    share_one_heap()
    application = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(application, QApplication)
    application.setApplicationName("lessonlight-tutor")
    application.setApplicationDisplayName("Lessonlight")
    application.setDesktopFileName("lessonlight-tutor")
    application.setStyle("Fusion")
    sys.setswitchinterval(_SWITCH)
    app = TutorApp(preset)
    if on_start:
        on_start(app)
    with _signals(app.window):
        app.start()
        return application.exec()


@contextmanager
def _signals(window: QWidget) -> Iterator[None]:
    """Close the window on Ctrl+C and SIGTERM. A socket wakes Qt for Python's handlers."""
    ours, pythons = socket.socketpair()
    pythons.setblocking(False)
    before_fd = signal.set_wakeup_fd(pythons.fileno(), warn_on_full_buffer=False)
    notifier = QSocketNotifier(ours.fileno(), QSocketNotifier.Type.Read)
    notifier.activated.connect(lambda: ours.recv(64))
    caught: Iterable[signal.Signals] = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, lambda *_: window.close()) for number in caught}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        notifier.setEnabled(False)
        signal.set_wakeup_fd(before_fd)
        ours.close()
        pythons.close()
