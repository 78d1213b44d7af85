"""The application as a tutor has it: real sign-in, real network over TLS, real records, real window."""

import asyncio
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QLabel
from pytestqt.qtbot import QtBot

from protocol.enrolment import read_join
from protocol.link import Link
from protocol.messages import EndLesson, LessonTerms, Lock, LockFacts, Message, Outcome, Result, Unlock
from tests.tutor_app.network.devices import Laptop, status
from tutor_app.admin.college import College
from tutor_app.app import Preset, TutorApp
from tutor_app.classroom.arrange import Filter
from tutor_app.classroom.student import Student
from tutor_app.demo.college import GROUP, DemoCollege, make_college
from tutor_app.network.network import THREAD
from tutor_app.records import queries
from tutor_app.records.records import Records
from tutor_app.ui.lesson_page import LessonPage
from tutor_app.ui.records_window import RecordsWindow
from tutor_app.ui.remembered import Remembered
from tutor_app.ui.sign_in import SignInPage
from tutor_app.ui.start_lesson import StartLessonPage

BLUE = QColor(30, 90, 160)  # what every laptop of the test kit shows


class LaptopThread:
    """Laptops with an event loop of their own."""

    def __init__(self, college: DemoCollege) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="laptops")
        self._thread.start()
        joins = [read_join(path.read_bytes()) for path in college.joins.values()]
        self.laptops = [self._do(Laptop(join.credentials()).start()) for join in joins]

    def _do(self, work: "asyncio.Future[Laptop]") -> Laptop:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)  # type: ignore[arg-type]

    @property
    def addresses(self) -> tuple[str, ...]:
        return tuple(laptop.address for laptop in self.laptops)

    def heard(self, kind: type) -> int:
        return sum(isinstance(message, kind) for laptop in self.laptops for message in tuple(laptop.heard))

    def close(self) -> None:
        for laptop in self.laptops:
            asyncio.run_coroutine_threadsafe(laptop.stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@pytest.fixture(scope="module")
def college(tmp_path_factory: pytest.TempPathFactory) -> DemoCollege:
    return make_college(tmp_path_factory.mktemp("college"), 2)


@pytest.fixture
def laptops(college: DemoCollege) -> Iterator[LaptopThread]:
    laptops = LaptopThread(college)
    yield laptops
    laptops.close()


Start = Callable[..., TutorApp]


@pytest.fixture
def start(qtbot: QtBot, qapp: QApplication, college: DemoCollege, tmp_path: Path) -> Iterator[Start]:
    """Start the application, without multicast; it is stopped with the test."""
    apps: list[TutorApp] = []
    qapp.setStyle("Fusion")

    def make(**preset: object) -> TutorApp:
        facts = {
            "identity": college.identity,
            "bundle": college.identity.with_name("college.bundle"),
            "passphrase": college.passphrase,
            "mdns": False,
            "records": tmp_path / "records.db",
        } | preset
        app = TutorApp(Preset(**facts), Remembered(tmp_path / "window.ini"))  # type: ignore[arg-type]
        apps.append(app)
        app.window.resize(1300, 800)
        app.start()
        qtbot.waitExposed(app.window)
        return app

    yield make
    for app in apps:
        if app.network:
            with qtbot.waitSignal(app.stopped):
                app.window.lesson_page.run.end() if app.window.lesson_page else None
                app.window.close()
        app.window.close()
        app.window.deleteLater()


def lesson() -> LessonTerms:
    now = time.time()
    return LessonTerms(id=uuid.uuid4().hex, name="Maths", group=GROUP, starts_at=now, ends_at=now + 1800)


def page_of(qtbot: QtBot, app: TutorApp) -> LessonPage:
    qtbot.waitUntil(lambda: app.window.lesson_page is not None, timeout=10_000)
    page = app.window.lesson_page
    assert page
    return page


def everybody_shown(students: Mapping[str, Student]) -> bool:
    return all(student.first_picture_at for student in students.values())


def network_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == THREAD]


def test_a_whole_lesson(qtbot: QtBot, start: Start, laptops: LaptopThread, tmp_path: Path) -> None:
    app = start(lesson=lesson(), dial=laptops.addresses)
    page = page_of(qtbot, app)
    students = page.run.classroom.students
    qtbot.waitUntil(lambda: everybody_shown(students), timeout=10_000)
    picture = app.pictures.get("LAPTOP-01")
    assert picture is not None
    assert picture.width() <= page.wall_page.wall.picture_size().width()
    centre = picture.toImage().pixelColor(picture.rect().center())
    assert abs(centre.blue() - BLUE.blue()) < 8
    qtbot.waitUntil(lambda: page.wall_page.filters._chips[Filter.LIVE].text() == "Live 2", timeout=2000)

    large: list[str] = []
    app.feed.focused.connect(lambda device, *_: large.append(device))
    page.open_student("LAPTOP-02")
    qtbot.waitUntil(lambda: "LAPTOP-02" in large, timeout=5000)
    page.leave_student()

    app.window.activateWindow()
    qtbot.waitUntil(app.window.isActiveWindow, timeout=3000)
    page.wall_page.wall.clearSelection()
    QTest.keyClick(page.wall_page.wall, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: isinstance(QApplication.activeModalWidget(), QDialog), timeout=2000)
    QTest.keyClick(QApplication.activeModalWidget(), Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "2 confirmed" in page.wall_page.side.rows[0].text, timeout=5000)
    assert laptops.heard(Lock) == 2

    with qtbot.waitSignal(app.stopped):
        app.window.close()  # the kit's laptops tell of no lock, so nothing is asked
    assert network_threads() == []
    qtbot.waitUntil(lambda: laptops.heard(EndLesson) == 2, timeout=3000)
    with Records.open(tmp_path / "records.db", on_problem=lambda _: None) as records:
        assert records.query(queries.lessons).result().rows[0].seen == 2
        answers = [row.result for row in records.query(queries.commands).result().rows if row.action == "lock"]
        assert answers == ["ok", "ok"]


@pytest.mark.parametrize("closing", [True, False])
def test_what_is_unlocked_with_the_lessons_end_goes_on_record_with_its_answer(
    qtbot: QtBot,
    start: Start,
    laptops: LaptopThread,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    closing: bool,
) -> None:
    async def answer(self: Laptop, link: Link, message: Message) -> None:
        if isinstance(message, Lock):
            lock = LockFacts(id=message.id, by="Maths tutor", until=time.time() + 600, covered=True)
            await link.send(status(lock=lock))
        if isinstance(message, Unlock):
            await asyncio.sleep(0.3)
        if isinstance(message, Lock | Unlock):
            await link.send(Outcome(id=message.id, result=Result.OK))

    monkeypatch.setattr(Laptop, "answer", answer)
    app = start(lesson=lesson(), dial=laptops.addresses)
    room = page_of(qtbot, app).run.classroom
    qtbot.waitUntil(lambda: all(one.linked for one in room.students.values()), timeout=10_000)
    page = page_of(qtbot, app)
    page.run.lock(list(room.students))
    qtbot.waitUntil(lambda: len(room.locked) == 2, timeout=5000)
    page._end()

    def results() -> list[str]:
        assert app._entered
        rows = app._entered.records.query(queries.commands).result().rows
        return [row.result for row in rows if row.action == "unlock"]

    if not closing:
        qtbot.waitUntil(lambda: results() == ["ok", "ok"], timeout=6000)
        return
    with qtbot.waitSignal(app.stopped):
        app.window.close()
    with Records.open(tmp_path / "records.db", on_problem=lambda _: None) as records:
        rows = records.query(queries.commands).result().rows
    assert [row.result for row in rows if row.action == "unlock"] == ["ok", "ok"]


def test_one_lesson_after_another(qtbot: QtBot, start: Start, laptops: LaptopThread) -> None:
    app = start(dial=laptops.addresses)
    for number in (1, 2):
        qtbot.waitUntil(lambda: isinstance(app.window.page, StartLessonPage), timeout=10_000)
        page = app.window.page
        assert isinstance(page, StartLessonPage)
        page.name.setText(f"Lesson {number}")
        page.submit()
        assert page.problem == ""
        held = page_of(qtbot, app)
        assert app.window.windowTitle() == f"Lesson {number} – Lessonlight"
        students = held.run.classroom.students
        qtbot.waitUntil(
            lambda students=students: all(one.first_picture_at for one in students.values()), timeout=10_000
        )
        held._end()
    qtbot.waitUntil(lambda: isinstance(app.window.page, StartLessonPage), timeout=5000)
    qtbot.waitUntil(lambda: laptops.heard(EndLesson) == 4, timeout=3000)


def test_a_window_left_open_takes_over_a_newer_college_file(
    qtbot: QtBot, start: Start, college: DemoCollege, tmp_path: Path
) -> None:
    file = tmp_path / "college.bundle"
    file.write_bytes(college.identity.with_name("college.bundle").read_bytes())
    app = start(bundle=file)
    qtbot.waitUntil(lambda: isinstance(app.window.page, StartLessonPage), timeout=10_000)
    page = app.window.page
    assert isinstance(page, StartLessonPage)
    admin = College.open(college.identity.parent / "college", college.passphrase)
    admin.add_device("LAPTOP-09", group=GROUP, name="Student 09")
    file.write_bytes(admin.staff_bundle)
    page.name.setText("Maths")
    page.submit()
    held = page_of(qtbot, app)
    assert list(held.run.classroom.students) == ["LAPTOP-01", "LAPTOP-02", "LAPTOP-09"]
    assert app.network
    assert app.network._staff_bundle.bundle.version == admin.register.version

    file.write_bytes(b"scrambled")
    held._end()
    qtbot.waitUntil(lambda: isinstance(app.window.page, StartLessonPage), timeout=5000)
    page = app.window.page
    assert isinstance(page, StartLessonPage)
    assert f"{file} cannot be used." in page.notice
    page.submit()
    held = page_of(qtbot, app)
    assert "LAPTOP-09" in held.run.classroom.students
    assert any("stays in force" in one.text() for one in held.findChildren(QLabel) if one.isVisible())


def test_a_wrong_passphrase_keeps_the_door_shut(qtbot: QtBot, start: Start) -> None:
    app = start(passphrase="a guess")
    page = app.window.page
    assert isinstance(page, SignInPage)
    qtbot.waitUntil(lambda: bool(page.problem), timeout=10_000)
    assert page.problem == "The passphrase is wrong, or the identity file is damaged."
    assert app.network is None


def test_records_that_cannot_be_opened_are_said_on_the_sign_in_page(qtbot: QtBot, start: Start, tmp_path: Path) -> None:
    (tmp_path / "blocked").touch()
    app = start(records=tmp_path / "blocked" / "records.db")
    page = app.window.page
    assert isinstance(page, SignInPage)
    qtbot.waitUntil(lambda: "records" in page.problem, timeout=10_000)
    assert app.network is None


def test_the_records_window_opens_from_the_menu(qtbot: QtBot, start: Start) -> None:
    app = start()
    qtbot.waitUntil(lambda: isinstance(app.window.page, StartLessonPage), timeout=10_000)
    app.window.actions_["records"].trigger()
    app.window.actions_["records"].trigger()
    shown = app.window.findChildren(RecordsWindow)
    assert len(shown) == 1
    assert not shown[0].isModal()
    qtbot.waitUntil(lambda: shown[0].words.text().startswith("Nothing is on record"), timeout=5000)
    shown[0].close()
