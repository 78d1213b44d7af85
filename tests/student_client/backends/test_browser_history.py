"""Histories in files shaped as Chromium and Firefox make them, also while a browser holds them."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from student_client.backends.browser_history import last_address, visited

TO_1601 = 11_644_473_600
CHROMIUM = """
CREATE TABLE urls (id INTEGER PRIMARY KEY AUTOINCREMENT, url LONGVARCHAR, title LONGVARCHAR,
  visit_count INTEGER DEFAULT 0 NOT NULL, typed_count INTEGER DEFAULT 0 NOT NULL,
  last_visit_time INTEGER NOT NULL, hidden INTEGER DEFAULT 0 NOT NULL);
CREATE TABLE visits (id INTEGER PRIMARY KEY AUTOINCREMENT, url INTEGER NOT NULL, visit_time INTEGER NOT NULL,
  from_visit INTEGER, transition INTEGER DEFAULT 0 NOT NULL, segment_id INTEGER, visit_duration INTEGER DEFAULT 0);
"""
FIREFOX = """
CREATE TABLE moz_places (id INTEGER PRIMARY KEY, url LONGVARCHAR, title LONGVARCHAR, rev_host LONGVARCHAR,
  visit_count INTEGER DEFAULT 0, hidden INTEGER DEFAULT 0 NOT NULL, last_visit_date INTEGER, guid TEXT);
CREATE TABLE moz_historyvisits (id INTEGER PRIMARY KEY, from_visit INTEGER, place_id INTEGER, visit_date INTEGER,
  visit_type INTEGER, session INTEGER);
"""


def chromium_visit(history: sqlite3.Connection, address: str, at: float) -> None:
    micro = int((at + TO_1601) * 1e6)
    row = history.execute("INSERT INTO urls (url, last_visit_time) VALUES (?, ?)", (address, micro)).lastrowid
    history.execute("INSERT INTO visits (url, visit_time) VALUES (?, ?)", (row, micro))


def firefox_visit(history: sqlite3.Connection, address: str, at: float) -> None:
    row = history.execute("INSERT INTO moz_places (url) VALUES (?)", (address,)).lastrowid
    history.execute("INSERT INTO moz_historyvisits (place_id, visit_date) VALUES (?, ?)", (row, int(at * 1e6)))


Visit = Callable[[sqlite3.Connection, str, float], None]


@pytest.fixture(params=[("History", CHROMIUM, chromium_visit), ("places.sqlite", FIREFOX, firefox_visit)])
def browser(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Path, sqlite3.Connection, Visit]]:
    """A history with its journal as the browser keeps it, and held open as a running one holds it."""
    name, schema, visit = request.param
    with closing(sqlite3.connect(tmp_path / name, isolation_level=None)) as history:
        history.execute(f"PRAGMA journal_mode = {'WAL' if name == 'places.sqlite' else 'TRUNCATE'}")
        history.executescript(schema)
        yield tmp_path / name, history, visit


def test_the_last_visit_wins_if_it_is_not_too_long_ago(browser: tuple[Path, sqlite3.Connection, Visit]) -> None:
    path, history, visit = browser
    now = time.time()
    visit(history, "https://newest.example/x?q=1", now - 50)
    visit(history, "https://older.example/", now - 90)
    assert last_address([path], 120) == "https://newest.example/x?q=1"
    assert last_address([path], 20) == ""
    assert last_address([], 120) == ""


def test_visits_between_two_moments_without_scheme(browser: tuple[Path, sqlite3.Connection, Visit]) -> None:
    path, history, visit = browser
    for at, address in (
        (100, "https://before.example/"),
        (200, "https://within.example:8443/a?b"),
        (210, "http://also.example/"),
        (220, "chrome://settings/"),
        (230, "file:///etc/passwd"),
        (300, "https://after.example/"),
    ):
        visit(history, address, at)
    assert set(visited([path], 150, 250)) == {"within.example:8443/a?b", "also.example/"}


def test_it_is_read_beside_a_browser_that_is_writing_and_left_alone(
    browser: tuple[Path, sqlite3.Connection, Visit],
) -> None:
    path, history, visit = browser
    visit(history, "https://seen.example/", 200)
    history.execute("BEGIN EXCLUSIVE")
    visit(history, "https://not-yet.example/", 210)
    before = {each.name: each.stat().st_mtime_ns for each in path.parent.iterdir()}
    assert list(visited([path], 0, 1e9)) == ["seen.example/"]
    assert {each.name: each.stat().st_mtime_ns for each in path.parent.iterdir()} == before
    history.execute("COMMIT")
    assert set(visited([path], 0, 1e9)) == {"seen.example/", "not-yet.example/"}


@pytest.mark.parametrize("content", [b"", b"no database", None])
def test_what_is_no_history_says_nothing(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "History"
    if content is not None:
        path.write_bytes(content)
    assert list(visited([path], 0, 1e12)) == []
    assert last_address([path], 1e12) == ""
