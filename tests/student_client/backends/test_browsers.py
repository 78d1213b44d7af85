"""Web rules in real browsers, by the real journal: as root, for only root may give a browser an /etc of its own.

Run with -s, it prints how long browsers took: the figures in docs/web.md.
"""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from protocol.policy.rules import WebRules
from student_client.agent.journal import Journal
from student_client.agent.state import StateFolder
from student_client.backends.linux_programs import LinuxPrograms
from student_client.backends.linux_web import SETTLED, LinuxWeb
from tests.student_client.backends.browsers import (
    BLOCKED,
    CHROMIUM,
    FIREFOX,
    Browser,
    Chromium,
    Firefox,
    Laptop,
    LittleWeb,
    go,
    wait,
)

PROMPT = 10.0  # seconds: what the college was promised
REST = 10.0  # seconds: it re-reads policies only once its start is complete, which nothing tells (docs/web.md)
GAMES, HOMEWORK, ESSAY = "http://games.example/", "http://homework.example/", "http://essay.example/"
NO_GAMES = WebRules(blocked=("games.example",))

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or not CHROMIUM.exists() or not FIREFOX.exists(),
    reason="needs root, Chromium and Firefox ESR (make system)",
)


@pytest.fixture
def laptop(tmp_path: Path, xvfb: str) -> Iterator[Laptop]:
    web = LittleWeb()
    yield Laptop(tmp_path, xvfb, web)
    web.close()


@pytest.fixture
def journal(tmp_path: Path, laptop: Laptop) -> Iterator[Journal]:
    state = StateFolder(tmp_path / "state")
    state.open()
    journal = Journal(state)
    yield journal
    journal.restore()
    for theirs in ("etc/chromium/policies", "etc/firefox"):
        assert (laptop.root / theirs).exists() == Path("/", theirs).exists(), "the laptop is as it was"


@pytest.fixture
def browsers() -> Iterator[list[Browser]]:
    """Those a test has started."""
    started: list[Browser] = []
    yield started
    for browser in started:
        browser.kill()


def must_restart(web: LinuxWeb, since: float) -> set[str]:
    return {program.name for program in web.must_restart(LinuxPrograms().running(), since)}


def test_a_running_chromium_obeys_and_is_free_again_within_ten_seconds(
    laptop: Laptop, journal: Journal, browsers: list[Browser]
) -> None:
    chromium = Chromium(laptop)
    browsers.append(chromium)
    time.sleep(REST)
    web, tab = LinuxWeb(laptop.root), chromium.tab()
    assert go(tab, GAMES) == ""
    for _ in range(2):
        journal.hold(web.changes(NO_GAMES))
        took = wait(lambda: BLOCKED in go(tab, GAMES), PROMPT)
        print(f"Chromium: blocked after {took:.1f} s")
        assert BLOCKED in go(tab, "http://www.games.example/x")
        assert go(tab, HOMEWORK) == ""
        journal.restore()
        took = wait(lambda: go(tab, GAMES) == "", PROMPT)
        print(f"Chromium: free after {took:.1f} s")
    journal.hold(web.changes(WebRules(blocked=("bbc.example/iplayer",), only=("bbc.example",))))
    wait(lambda: BLOCKED in go(tab, GAMES), PROMPT)
    assert go(tab, "http://bbc.example/bitesize/maths") == ""
    assert BLOCKED in go(tab, "http://bbc.example/iplayer/live")
    assert BLOCKED in go(tab, "file:///etc/hostname")
    assert go(tab, "chrome://new-tab-page-third-party/") == ""


def test_a_chromium_with_a_blocked_page_open_is_named_and_closing_it_loses_no_tab(
    laptop: Laptop, journal: Journal, browsers: list[Browser]
) -> None:
    chromium = Chromium(laptop)
    browsers.append(chromium)
    for address in (GAMES, HOMEWORK, ESSAY):
        assert go(chromium.tab(), address) == ""
    web = LinuxWeb(laptop.root)
    journal.hold(web.changes(NO_GAMES))
    since = time.time()
    assert must_restart(web, since) == set(), "not known yet"
    wait(lambda: must_restart(web, since) == {"chromium"}, SETTLED + 5)
    assert GAMES in chromium.addresses(), "a page that is open stays"
    chromium.close()
    again = Chromium(laptop)
    browsers.append(again)
    wait(lambda: {HOMEWORK, ESSAY} <= again.addresses(), 20, again.addresses)
    print(f"Chromium: after a restart its tabs are {sorted(again.addresses())}")
    assert BLOCKED in go(again.tab(), GAMES)
    assert must_restart(web, since) == set()


def test_a_running_firefox_is_named_and_obeys_with_all_its_tabs_after_it_was_closed(
    laptop: Laptop, journal: Journal, browsers: list[Browser]
) -> None:
    firefox = Firefox(laptop)
    browsers.append(firefox)
    for address in (GAMES, HOMEWORK, ESSAY):
        assert firefox.go(firefox.tab(), address) == ""
    web = LinuxWeb(laptop.root)
    journal.hold(web.changes(NO_GAMES))
    since = time.time()
    assert must_restart(web, since) == {"firefox-esr"}
    assert firefox.go(firefox.tab(), GAMES) == "", "it reads its policies when it starts"
    firefox.close()
    again = Firefox(laptop)
    browsers.append(again)
    wait(lambda: {HOMEWORK, ESSAY} <= again.addresses(), 20, again.addresses)
    print(f"Firefox: after a restart its tabs are {sorted(again.addresses())}")
    assert must_restart(web, since) == set()
    assert "BLOCKED_BY_POLICY" in again.go(again.tab(), GAMES)
    assert "BLOCKED_BY_POLICY" in again.go(again.tab(), "http://www.games.example/x")
    assert again.go(again.tab(), HOMEWORK) == ""
    journal.restore()
    assert "BLOCKED_BY_POLICY" in again.go(again.tab(), GAMES), "it is free at its next start"
    again.close()
    free = Firefox(laptop)
    browsers.append(free)
    assert free.go(free.tab(), GAMES) == ""
