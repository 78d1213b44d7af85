"""Browsers below a made root: which are found, what is written for them, and which have to be started again."""

import json
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from protocol.policy.facts import Program
from protocol.policy.rules import WebRules
from student_client.agent.journal import Journal
from student_client.agent.state import StateFolder
from student_client.backends.base import Unsupported
from student_client.backends.linux_web import CHROMIUM_FILE, LinuxWeb, linux_web
from student_client.backends.machine import MachineError
from student_client.backends.site_lists import MOST
from tests.student_client.backends.test_browser_history import CHROMIUM, chromium_visit

GAMES = WebRules(blocked=("games.example",))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A laptop with Debian's Chromium, Google's Chrome and Firefox ESR."""
    root = tmp_path / "root"
    for folder in ("usr/bin", "opt/google/chrome", "usr/lib/firefox-esr/distribution", "etc/opt/edge/policies/managed"):
        (root / folder).mkdir(parents=True)
    (root / "usr/bin/chromium").touch()
    return root


def journal(tmp_path: Path) -> Journal:
    state = StateFolder(tmp_path / "state")
    state.open()
    return Journal(state)


def content(path: Path) -> dict[str, object]:
    return json.loads(path.read_bytes())  # type: ignore[no-any-return]


def test_every_browser_that_is_there_is_held_and_left_as_it_was(root: Path, tmp_path: Path) -> None:
    before = {str(each.relative_to(root)) for each in root.rglob("*")}
    held = journal(tmp_path)
    held.hold(LinuxWeb(root).changes(GAMES))
    made = {str(each.relative_to(root)) for each in root.rglob("*.json")}
    assert made == {
        f"etc/chromium/policies/managed/{CHROMIUM_FILE}",
        f"etc/opt/chrome/policies/managed/{CHROMIUM_FILE}",
        f"etc/opt/edge/policies/managed/{CHROMIUM_FILE}",
        "etc/firefox/policies/policies.json",
    }
    assert (root / "etc/firefox/policies/policies.json").stat().st_mode & 0o777 == 0o644
    assert (root / "etc/chromium/policies/managed").stat().st_mode & 0o777 == 0o755
    held.restore()
    assert {str(each.relative_to(root)) for each in root.rglob("*")} == before


def test_an_admins_policies_hold_on_and_come_back_byte_for_byte(root: Path, tmp_path: Path) -> None:
    firefox = root / "etc/firefox/policies/policies.json"
    chromium = root / "etc/chromium/policies/managed/college.json"
    for path, text in (
        (firefox, '{"policies":\t{"DisablePocket": true}}'),
        (chromium, '{"URLBlocklist": ["theirs.example"],\n "HomepageLocation": "x"}'),
    ):
        path.parent.mkdir(parents=True)
        path.write_text(text)
    before = firefox.read_bytes(), chromium.read_bytes()
    held = journal(tmp_path)
    held.hold(LinuxWeb(root).changes(GAMES))
    assert content(chromium.with_name(CHROMIUM_FILE))["URLBlocklist"] == ["games.example", "theirs.example"]
    assert content(firefox)["policies"]["DisablePocket"] is True  # type: ignore[index]
    held.restore()
    assert (firefox.read_bytes(), chromium.read_bytes()) == before


def test_firefoxs_own_file_is_merged_in_where_ours_would_hide_it(root: Path, tmp_path: Path) -> None:
    shadowed = root / "usr/lib/firefox-esr/distribution/policies.json"
    shadowed.write_text('{"policies": {"DisableTelemetry": true}}')
    journal(tmp_path).hold(LinuxWeb(root).changes(GAMES))
    assert content(root / "etc/firefox/policies/policies.json")["policies"]["DisableTelemetry"] is True  # type: ignore[index]
    assert content(shadowed) == {"policies": {"DisableTelemetry": True}}


def test_open_rules_change_nothing(root: Path) -> None:
    assert LinuxWeb(root).changes(WebRules(allowed=("bbc.example",))) == ()


def test_categories_are_spelled_out_after_the_rules_own_and_allowed_wins(root: Path) -> None:
    rules = WebRules(blocked=("games.example",), categories=("video-streaming",), allowed=("bbc.co.uk",))
    policy = json.loads(LinuxWeb(root).changes(rules)[0].content or b"")
    assert policy["URLBlocklist"][0] == "games.example"
    assert "youtube.com" in policy["URLBlocklist"]
    assert "bbc.co.uk/iplayer" not in policy["URLBlocklist"]


def test_what_browsers_do_not_take_is_said(root: Path) -> None:
    own = root / "etc/lessonlight/web/chess/domains"
    own.parent.mkdir(parents=True)
    own.write_text("\n".join(f"c{number}.example" for number in range(MOST + 5)))
    web = LinuxWeb(root)
    assert web.shortfall(WebRules(categories=("gambling", "knitting"))) == ""
    assert web.unlisted(WebRules(categories=("gambling", "knitting"))) == ("knitting",)
    assert "6 of the categories' sites are not blocked" in web.shortfall(
        WebRules(blocked=("games.example",), categories=("chess",))
    )
    assert "Firefox" in web.shortfall(WebRules(blocked=("bbc.example/iplayer",), only=("bbc.example",)))


def test_an_install_for_one_user_says_why_not(tmp_path: Path) -> None:
    unsupported = linux_web(tmp_path / "nowhere")
    assert isinstance(unsupported, Unsupported)
    assert "one user" in unsupported.why


def test_a_folder_that_cannot_be_read_is_said(root: Path) -> None:
    folder = root / "etc/chromium/policies"
    folder.mkdir(parents=True)
    (folder / "managed").touch()
    with pytest.raises(MachineError, match="cannot be read"):
        LinuxWeb(root).changes(GAMES)


# ── browsers that run ───────────────────────────────────────────────────────────────────────────────────────────────

Start = Callable[..., Program]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a process that has a browser's name, arguments and home."""
    processes: list[subprocess.Popen[bytes]] = []

    def started(name: str, *arguments: str) -> Program:
        program = tmp_path / "bin" / name
        program.parent.mkdir(exist_ok=True)
        if not program.exists():
            program.symlink_to("/bin/sh")
        command = [str(program), "-c", "read wait", *arguments]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, env={"HOME": str(tmp_path / "home")})
        processes.append(process)
        return Program(process.pid, name)

    yield started
    for process in processes:
        process.kill()
        process.communicate()


def visit(profile: Path, address: str, at: float) -> None:
    profile.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(profile / "History", isolation_level=None)) as history:
        if not history.execute("SELECT 1 FROM sqlite_master").fetchone():
            history.executescript(CHROMIUM)
        chromium_visit(history, address, at)


def test_a_running_firefox_is_named_and_one_started_since_is_not(root: Path, start: Start) -> None:
    web = LinuxWeb(root)
    web.changes(GAMES)
    programs = (start("firefox-esr"), start("firefox-esr", "-contentproc"), start("mousepad"))
    assert web.must_restart(programs, time.time() + 1) == programs[:1]
    assert web.must_restart(programs, time.time() - 60) == ()
    assert web.must_restart((Program(2**22 + 1, "firefox"),), time.time()) == ()


@pytest.mark.parametrize(
    ("address", "named"),
    [("http://games.example:8080/x", True), ("http://www.games.example/", True), ("http://homework.example/", False)],
)
def test_a_chromium_with_a_blocked_page_is_named_once_its_history_is_written(
    root: Path, tmp_path: Path, start: Start, poll: Callable[..., bool], address: str, named: bool
) -> None:
    settled = 0.5
    web, chromium, helper = LinuxWeb(root, settled), start("chromium"), start("chromium", "--type=renderer")
    web.changes(GAMES)
    since = time.time() + 0.1
    visit(tmp_path / "home/.config/chromium/Default", address, since)
    assert web.must_restart((chromium, helper), since) == ()
    assert poll(lambda: time.time() > since + settled)
    assert web.must_restart((chromium, helper), since) == ((chromium,) if named else ())


def test_pages_of_before_it_was_started_do_not_count(root: Path, tmp_path: Path, start: Start) -> None:
    visit(tmp_path / "home/.config/chromium/Default", "http://games.example/", time.time() - 60)
    web = LinuxWeb(root, settled=-1.0)
    web.changes(GAMES)
    assert web.must_restart((start("chromium"),), time.time() + 0.5) == ()


def test_the_address_in_front_is_the_profiles_newest(root: Path, tmp_path: Path, start: Start) -> None:
    profile = tmp_path / "given"
    visit(profile / "Default", "https://seen.example/page", time.time())
    program = start("chromium", f"--user-data-dir={profile}")
    assert LinuxWeb(root).address_in_front(program, 120) == "https://seen.example/page"
    assert LinuxWeb(root).address_in_front(start("chromium"), 120) == ""
    assert LinuxWeb(root).address_in_front(Program(2**22 + 1, "chromium"), 120) == ""
