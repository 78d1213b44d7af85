"""Managed browsers on Linux: Chromium, Chrome and Edge (they re-read their policies while they run), and Firefox.

docs/web.md says what each of them does with open pages, and what was measured.
"""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from protocol.policy.facts import Program
from protocol.policy.rules import WebRules
from student_client.backends.base import Unsupported
from student_client.backends.browser_history import last_address, visited
from student_client.backends.browser_policies import FirefoxPolicy, Sites, chromium_policy, covers
from student_client.backends.machine import FileChange, MachineError, Web
from student_client.backends.site_lists import SiteLists

# Chromium reads a folder's files in the order of their names, and the last that sets a key wins (docs/web.md).
CHROMIUM_FILE: Final = "zzz-lessonlight.json"
_FIREFOX: Final = "etc/firefox/policies/policies.json"
SETTLED: Final = 25.0  # seconds until a Chromium has read new policies (10) and written the last visit down (10)


@dataclass(frozen=True, slots=True)
class _Chromium:
    """A relative of Chromium's: where its policies stand, by what it is known to be here, and its programs' names."""

    policies: str
    signs: tuple[str, ...]
    names: tuple[str, ...]
    profiles: str  # below the user's configuration folder


_CHROMIUMS: Final = (
    _Chromium("etc/chromium/policies/managed", ("usr/bin/chromium",), ("chromium",), "chromium"),
    _Chromium(
        "etc/chromium-browser/policies/managed",
        ("usr/bin/chromium-browser", "snap/bin/chromium"),
        ("chromium-browser", "chrome"),
        "chromium",
    ),
    _Chromium("etc/opt/chrome/policies/managed", ("opt/google/chrome",), ("chrome", "google-chrome"), "google-chrome"),
    _Chromium("etc/opt/edge/policies/managed", ("opt/microsoft/msedge",), ("msedge",), "microsoft-edge"),
)
_FIREFOX_NAMES: Final = ("firefox", "firefox-esr", "firefox-bin")


def linux_web(root: Path = Path("/")) -> Callable[[], Web] | Unsupported:
    """Return how to hold the browsers below a root to rules, or why this process cannot."""
    if not os.access(root / "etc", os.W_OK):
        return Unsupported(
            "Sites cannot be blocked on this laptop: Lessonlight runs without the right to write the browsers' "
            "policies (it is installed for one user, not for the machine)."
        )
    return lambda: LinuxWeb(root)


class LinuxWeb(Web):
    """The browsers below one root."""

    def __init__(self, root: Path = Path("/"), settled: float = SETTLED) -> None:
        self._root = root
        self._settled = settled
        self._lists = SiteLists(root / "etc/lessonlight/web")
        self._sites = Sites()
        self._looked: dict[tuple[int, float], bool] = {}

    def changes(self, rules: WebRules) -> tuple[FileChange, ...]:
        """Return a file of ours for each Chromium that is installed, and Firefox's one file."""
        self._sites = self._spelled_out(rules)
        if rules.is_open:
            return ()
        return (*self._chromiums(), *self._firefox())

    def unlisted(self, rules: WebRules) -> tuple[str, ...]:
        """Return those of which neither we nor this computer has a list."""
        return tuple(category for category in rules.categories if not self._lists.listed(category).sites)

    def shortfall(self, rules: WebRules) -> str:
        """Say how many sites are more than browsers take, and what Firefox lets through."""
        said = []
        more = sum(self._lists.listed(category).more for category in rules.categories)
        if left_out := self._spelled_out(rules).left_out + more:
            said.append(f"Browsers take 1,000 sites at most: {left_out} of the categories' sites are not blocked.")
        if rules.only is not None and self._spelled_out(rules).within_only:
            said.append("Firefox opens all of a site that is allowed, also what is blocked within it.")
        return " ".join(said)

    def must_restart(self, programs: tuple[Program, ...], since: float) -> tuple[Program, ...]:
        """Return running Firefoxes, and Chromiums in which a page that is blocked now was opened before.

        Whether there is one is looked up on this laptop, once, and nobody is told but by this answer.
        """
        return tuple(program for program in programs if self._obeys_late(program, since))

    def address_in_front(self, front: Program, within: float) -> str:
        """Return the newest address in the history of the browser's profile."""
        try:
            histories = list(_histories(psutil.Process(front.pid)))
        except psutil.Error:
            return ""
        return last_address(histories, within)

    def _spelled_out(self, rules: WebRules) -> Sites:
        """Put the rules' own sites first; what is allowed wins here, for to browsers the narrower site does."""
        listed = (site for category in rules.categories for site in self._lists.listed(category).sites)
        blocked = (
            site
            for site in dict.fromkeys((*rules.blocked, *listed))
            if not any(covers(allowed, site) for allowed in rules.allowed)
        )
        return Sites(tuple(blocked), rules.allowed, rules.only)

    def _chromiums(self) -> Iterator[FileChange]:
        for browser in _CHROMIUMS:
            folder = self._root / browser.policies
            if folder.exists() or any((self._root / sign).exists() for sign in browser.signs):
                yield FileChange(folder / CHROMIUM_FILE, chromium_policy(self._sites, _others(folder)))

    def _firefox(self) -> Iterator[FileChange]:
        shadowed = None
        for folder in ("usr/lib/firefox-esr", "usr/lib/firefox", "opt/firefox"):
            if (self._root / folder).exists():
                shadowed = shadowed or _read(self._root / folder / "distribution/policies.json")
        if (self._root / "etc").exists():
            yield FileChange(self._root / _FIREFOX, merge=FirefoxPolicy(self._sites, shadowed))

    def _obeys_late(self, program: Program, since: float) -> bool:
        firefox = program.name in _FIREFOX_NAMES
        if not firefox and not any(program.name in browser.names for browser in _CHROMIUMS):
            return False
        try:
            process = psutil.Process(program.pid)
            started = process.create_time()
            if started >= since or _is_helper(process):
                return False
            return firefox or self._has_blocked_page(process, started, since)
        except psutil.Error:
            return False

    def _has_blocked_page(self, process: psutil.Process, started: float, since: float) -> bool:
        """Look once, when every visit before the rules held is written down; before that: not known, so no."""
        key = (process.pid, since)
        if key not in self._looked and time.time() > since + self._settled:
            addresses = visited(_histories(process), started, since + self._settled)
            self._looked[key] = any(self._is_blocked(address) for address in addresses)
        return self._looked.get(key, False)

    def _is_blocked(self, address: str) -> bool:
        sites = self._sites
        wanted = sites.allowed if sites.only is None else sites.only
        within = [site for site in wanted if covers(site, address)]
        against = [site for site in sites.blocked if covers(site, address)]
        if not within:
            return sites.only is not None or bool(against)
        return any(len(site) > max(map(len, within)) for site in against)


def _others(folder: Path) -> list[bytes]:
    """Return the contents of the other policy files in a folder, in the order in which Chromium reads them."""
    try:
        paths = sorted(path for path in folder.iterdir() if path.name != CHROMIUM_FILE and path.is_file())
    except FileNotFoundError:
        return []
    except OSError as error:
        raise MachineError(f"{folder} cannot be read: {error.strerror}.") from error
    return [content for path in paths if (content := _read(path)) is not None]


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise MachineError(f"{path} cannot be read: {error.strerror}.") from error


def _is_helper(process: psutil.Process) -> bool:
    """Whether it is one of a browser's many processes, and not the browser."""
    return any(argument.startswith(("--type=", "-contentproc")) for argument in process.cmdline()[1:])


def _histories(process: psutil.Process) -> Iterator[Path]:
    """Return the history files of the profiles a browser may be at work on; raises psutil.Error."""
    home = _home_of(process)
    given = _given_profile(process.cmdline())
    if process.name() in _FIREFOX_NAMES:
        places = [given] if given else [*home.glob(".mozilla/firefox/*"), *home.glob(".config/mozilla/firefox/*")]
        yield from (place / "places.sqlite" for place in places)
        return
    for browser in _CHROMIUMS:
        if process.name() in browser.names:
            yield from (given or home / ".config" / browser.profiles).glob("*/History")


def _given_profile(arguments: list[str]) -> Path | None:
    for number, argument in enumerate(arguments):
        if argument.startswith("--user-data-dir="):
            return Path(argument.partition("=")[2])
        if argument in ("-profile", "--profile") and number + 1 < len(arguments):
            return Path(arguments[number + 1])
    return None


def _home_of(process: psutil.Process) -> Path:
    environ: Mapping[str, str] = process.environ()
    return Path(environ.get("HOME") or "/nonexistent")
