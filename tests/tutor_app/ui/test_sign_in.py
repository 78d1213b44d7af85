"""Signing in: what is missing is said in place, slow work holds nothing up, nothing secret is remembered."""

import threading
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tutor_app.signin import SignInError
from tutor_app.ui.main_window import MainWindow
from tutor_app.ui.remembered import Remembered
from tutor_app.ui.sign_in import SignInPage
from tutor_app.ui.theme import Theme


class Door:
    """Stands for `signin.sign_in`: keeps what it was asked with, and in which thread."""

    def __init__(self) -> None:
        self.asked: list[tuple[Path, Path | None, str]] = []
        self.threads: list[threading.Thread] = []
        self.open = threading.Event()
        self.open.set()

    def __call__(self, identity: Path, bundle: Path | None, passphrase: str) -> object:
        self.asked.append((identity, bundle, passphrase))
        self.threads.append(threading.current_thread())
        self.open.wait(5)
        if passphrase != "right":
            raise SignInError("The passphrase is wrong, or the identity file is damaged.")
        return "signed in"


@pytest.fixture
def door() -> Door:
    return Door()


@pytest.fixture
def page(qtbot: QtBot, theme: Theme, remembered: Remembered, door: Door, tmp_path: Path) -> SignInPage:
    (tmp_path / "college.bundle").touch()
    page = SignInPage(theme, door, remembered, str(tmp_path / "tutor.p12"), str(tmp_path / "college.bundle"))
    qtbot.addWidget(page)
    page.resize(900, 700)
    page.show()
    qtbot.waitExposed(page)
    return page


def test_enter_signs_in_on_a_worker_thread(qtbot: QtBot, page: SignInPage, door: Door, tmp_path: Path) -> None:
    QTest.keyClicks(page.passphrase, "right")
    with qtbot.waitSignal(page.signed_in) as signed_in:
        QTest.keyClick(page.passphrase, Qt.Key.Key_Return)
    assert signed_in.args == ["signed in"]
    assert door.asked == [(tmp_path / "tutor.p12", tmp_path / "college.bundle", "right")]
    assert door.threads[0] is not threading.main_thread()


def test_the_cursor_stands_in_the_passphrase_once_the_files_are_known(
    qtbot: QtBot, theme: Theme, remembered: Remembered, page: SignInPage
) -> None:
    window = MainWindow(theme, remembered)
    qtbot.addWidget(window)
    window.show_page(page)
    window.show()
    qtbot.waitExposed(window)
    assert window.focusWidget() is page.passphrase
    page.bundle.field.setFocus()
    page.bundle.chosen.emit()
    assert window.focusWidget() is page.passphrase


def test_the_first_time_the_cursor_goes_from_file_to_file_to_passphrase(
    qtbot: QtBot, theme: Theme, remembered: Remembered, door: Door, tmp_path: Path
) -> None:
    window, page = MainWindow(theme, remembered), SignInPage(theme, door, remembered)
    qtbot.addWidget(window)
    window.show_page(page)
    window.show()
    qtbot.waitExposed(window)
    assert window.focusWidget() is page.identity.field
    page.identity._take(str(tmp_path / "tutor.p12"))
    assert window.focusWidget() is page.bundle.field
    page.bundle._take(str(tmp_path / "college.bundle"))
    assert window.focusWidget() is page.passphrase


def test_while_it_works_it_shows_so_and_takes_no_second_try(qtbot: QtBot, page: SignInPage, door: Door) -> None:
    door.open.clear()
    page.passphrase.setText("right")
    page.submit()
    qtbot.waitUntil(lambda: len(door.asked) == 1)
    assert page._progress.isVisible()
    assert not page._enter.isEnabled()
    page.submit()
    with qtbot.waitSignal(page.signed_in):
        door.open.set()
    assert len(door.asked) == 1
    assert not page._progress.isVisible()


def test_a_wrong_passphrase_is_said_in_place_and_can_be_typed_again(qtbot: QtBot, page: SignInPage) -> None:
    page.passphrase.setText("wrong")
    page.submit()
    qtbot.waitUntil(lambda: page.problem == "The passphrase is wrong, or the identity file is damaged.")
    assert page._problem.isVisible()
    assert page.passphrase.selectedText() != ""
    assert page._enter.isEnabled()


def test_what_is_missing_is_said_before_anything_is_tried(
    qtbot: QtBot, theme: Theme, remembered: Remembered, door: Door, tmp_path: Path
) -> None:
    page = SignInPage(theme, door, remembered)
    qtbot.addWidget(page)
    page.submit()
    assert page.problem.startswith("Choose your identity file first")
    page.identity.field.setText(str(tmp_path / "tutor.p12"))
    page.submit()
    assert page.problem.startswith("Choose the college file")
    (tmp_path / "college.bundle").touch()
    page.submit()
    assert page.problem == "Type the passphrase of your identity file."
    assert door.asked == []


def test_the_files_are_remembered_the_passphrase_never(
    qtbot: QtBot, page: SignInPage, theme: Theme, remembered: Remembered, door: Door, tmp_path: Path
) -> None:
    page.passphrase.setText("right")
    with qtbot.waitSignal(page.signed_in):
        page.submit()
    assert page.passphrase.text() == ""
    remembered._settings.sync()
    kept = (tmp_path / "window.ini").read_text()
    assert "tutor.p12" in kept
    assert "right" not in kept
    again = SignInPage(theme, door, remembered)
    qtbot.addWidget(again)
    assert again.identity.path == str(tmp_path / "tutor.p12")


def test_files_named_from_here_are_remembered_from_anywhere(
    qtbot: QtBot,
    theme: Theme,
    remembered: Remembered,
    door: Door,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "college.bundle").touch()
    monkeypatch.chdir(tmp_path)
    page = SignInPage(theme, door, remembered, "tutor.p12")
    qtbot.addWidget(page)
    page.passphrase.setText("right")
    with qtbot.waitSignal(page.signed_in):
        page.submit()
    assert remembered.word("identity") == str(tmp_path / "tutor.p12")
    assert remembered.word("bundle") == ""


def test_the_first_time_it_says_where_the_files_come_from(
    qtbot: QtBot, theme: Theme, remembered: Remembered, door: Door
) -> None:
    page = SignInPage(theme, door, remembered)
    qtbot.addWidget(page)
    page.resize(900, 700)
    page.show()
    qtbot.waitExposed(page)
    labels = [one.text() for one in page.findChildren(type(page._problem))]
    assert any(text.startswith("Your network manager gave you two files") for text in labels)
    for label in page.findChildren(type(page._problem)):
        if label.isVisible():
            assert label.height() >= label.heightForWidth(label.width()) or not label.wordWrap(), label.text()
    QApplication.processEvents()
