"""Web rules in the words of browsers' policies: Chromium's URLBlocklist, Firefox's WebsiteFilter. No I/O.

Both take 1,000 entries at most (CHROMIUM_LIMIT and FIREFOX_LIMIT say where that comes from).
"""

import ipaddress
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from protocol.policy.sites import in_both

# chromium components/policy/core/browser/url_list/url_blocklist_manager.cc, kMaxFiltersPerPolicy
CHROMIUM_LIMIT: Final = 1000
# https://mozilla.github.io/policy-templates/#websitefilter: "The arrays are limited to 1000 entries each."
FIREFOX_LIMIT: Final = 1000
# Without them a new tab is a blocked page.
_CHROMIUMS_OWN: Final = (
    "chrome://newtab",
    "chrome://new-tab-page",
    "chrome://new-tab-page-third-party",
    "edge://newtab",
)
# https://chromeenterprise.google/policies/#RestoreOnStartup
_STARTUP: Final = "RestoreOnStartup"
_WHAT_WAS_OPEN: Final = 1

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Sites:
    """Web rules with their categories spelled out, the most wanted first; `only` None as in WebRules."""

    blocked: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()
    only: tuple[str, ...] | None = None

    @property
    def left_out(self) -> int:
        """How many sites are more than browsers take."""
        most = min(CHROMIUM_LIMIT, FIREFOX_LIMIT)
        return sum(max(0, len(each) - most) for each in (self.blocked, self.allowed, self.only or ()))

    @property
    def within_only(self) -> tuple[str, ...]:
        """What stays blocked within a wider site of `only`; to Firefox an exception is stronger than any block."""
        only = self.only or ()
        return tuple(site for site in in_both(self.blocked, only) if site not in only)


def chromium_policy(sites: Sites, others: Sequence[bytes]) -> bytes:
    """Return the policy file that Chromium, Chrome or Edge reads last, and so instead of the same keys in `others`.

    What those block stays blocked, and what they allow stays allowed unless nothing but `only` may be opened.
    Where they do not say what it opens when it starts, it opens what was open.
    """
    documents = [document for content in others if (document := document_of(content)) is not None]
    blocked = _entries(documents, "URLBlocklist")
    if sites.only is not None:
        lists = {"URLBlocklist": ("*", *sites.within_only, *blocked), "URLAllowlist": (*_CHROMIUMS_OWN, *sites.only)}
    else:
        lists = {
            "URLBlocklist": (*sites.blocked, *blocked),
            "URLAllowlist": (*sites.allowed, *_entries(documents, "URLAllowlist")),
        }
    startup = {} if any(_STARTUP in document for document in documents) else {_STARTUP: _WHAT_WAS_OPEN}
    return _json({key: _first(value, CHROMIUM_LIMIT) for key, value in lists.items()} | startup)


@dataclass(frozen=True, slots=True)
class FirefoxPolicy:
    """Merges web rules into Firefox's one policy file. `shadowed` is the one it reads where that is not there."""

    sites: Sites
    shadowed: bytes | None = None

    def __call__(self, theirs: bytes | None) -> bytes:
        """Return their policies with ours; what they block stays blocked, and sessions come back after a restart."""
        document = document_of(theirs if theirs is not None else self.shadowed) or {}
        policies = _object(document.get("policies"))
        preferences = _object(policies.get("Preferences")) | {
            "browser.startup.page": {"Value": 3, "Status": "locked"},
        }
        ours = {"WebsiteFilter": self._filter(_object(policies.get("WebsiteFilter"))), "Preferences": preferences}
        return _json(document | {"policies": policies | ours})

    def _filter(self, theirs: Document) -> Document:
        blocked = _strings(theirs.get("Block"))
        if self.sites.only is not None:
            patterns, exceptions = ("<all_urls>", *blocked), tuple(map(match_pattern, self.sites.only))
        else:
            patterns = (*map(match_pattern, self.sites.blocked), *blocked)
            exceptions = (*map(match_pattern, self.sites.allowed), *_strings(theirs.get("Exceptions")))
        return {"Block": _first(patterns, FIREFOX_LIMIT), "Exceptions": _first(exceptions, FIREFOX_LIMIT)}


def match_pattern(site: str) -> str:
    """Return Firefox's pattern of a site: a host covers its subdomains, a path what begins with it."""
    host, _, path = site.partition("/")
    return f"*://{host if _is_address(host) else f'*.{host}'}/{path}*"


def covers(site: str, address: str) -> bool:
    """Whether a site is, or contains, an address without a scheme ("www.bbc.co.uk:8080/news")."""
    (wanted, below), (host, path) = _host_and_path(site), _host_and_path(address)
    return bool(wanted) and (host == wanted or host.endswith(f".{wanted}")) and path.startswith(below)


def _host_and_path(address: str) -> tuple[str, str]:
    try:
        parts = urlsplit(f"//{address}")
        return parts.hostname or "", parts.path.removeprefix("/")
    except ValueError:  # brackets around what is no address
        return "", ""


def document_of(content: bytes | None) -> Document | None:
    """Return a policy file's object, None where it is none: the browser does not read it either."""
    try:
        value = json.loads(content or b"")
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _entries(documents: Iterable[Mapping[str, Any]], key: str) -> tuple[str, ...]:
    """Return the list of the last document that has it, as browsers do."""
    lists = [_strings(document[key]) for document in documents if key in document]
    return lists[-1] if lists else ()


def _strings(value: object) -> tuple[str, ...]:
    return tuple(each for each in value if isinstance(each, str)) if isinstance(value, list) else ()


def _object(value: object) -> Document:
    return value if isinstance(value, dict) else {}


def _first(entries: Iterable[str], limit: int) -> list[str]:
    return list(dict.fromkeys(entries))[:limit]


def _json(document: Document) -> bytes:
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True
