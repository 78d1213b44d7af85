"""Web rules in real browsers, with the real journal, in the real /etc: as root, where nobody else manages them."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from protocol.policy.rules import WebRules
from student_client.agent.journal import Journal
from student_client.agent.state import StateFolder
from student_client.backends.linux_web import LinuxWeb
from tests.student_client.backends.browsers import (
    BLOCKED,
    CHROMIUM,
    FIREFOX,
    Chromium,
    LittleWeb,
    go,
    wait,
)

PROMPT = 10.0  # seconds: what the college was promised
GAMES = "http://games.example/"

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or not CHROMIUM.exists() or not FIREFOX.exists(),
    reason="needs root, Chromium and Firefox ESR (make system)",
)


@pytest.fixture
def little_web() -> Iterator[LittleWeb]:
    web = LittleWeb()
    yield web
    web.close()


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    state = StateFolder(tmp_path / "state")
    state.open()
    journal = Journal(state)
    yield journal
    journal.restore()
    assert not Path("/etc/chromium/policies").exists(), "the machine is as it was"
    assert not Path("/etc/firefox").exists()


@pytest.fixture
def chromium(tmp_path: Path, little_web: LittleWeb) -> Iterator[Chromium]:
    browser = Chromium(tmp_path, little_web)
    yield browser
    browser.stop()


def test_a_running_chromium_obeys_within_ten_seconds_and_is_free_within_ten(
    chromium: Chromium, journal: Journal
) -> None:
    web, tab = LinuxWeb(), chromium.tab()
    assert go(tab, GAMES) == ""
    for _ in range(2):
        journal.hold(web.changes(WebRules(blocked=("games.example",))))
        took = wait(lambda: BLOCKED in go(tab, GAMES), PROMPT)
        print(f"blocked after {took:.1f} s")
        assert BLOCKED in go(tab, "http://www.games.example/x")
        assert go(tab, "http://homework.example/") == ""
        journal.restore()
        took = wait(lambda: go(tab, GAMES) == "", PROMPT)
        print(f"free after {took:.1f} s")
    journal.hold(web.changes(WebRules(only=("bbc.example/bitesize",))))
    wait(lambda: BLOCKED in go(tab, GAMES), PROMPT)
    assert go(tab, "http://bbc.example/bitesize/maths") == ""
    assert BLOCKED in go(tab, "http://bbc.example/sport")
    assert BLOCKED in go(tab, "file:///etc/hostname")
    assert go(tab, "chrome://newtab") == ""
