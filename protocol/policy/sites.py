"""Sites as rules name them: "host" or "host/path", a host with its subdomains; and what several rules make together."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from protocol.policy.rule import Rule

CATEGORY: Final = "category:"


def category_of(value: str) -> str:
    """Return the category that "category:gambling" names; "" for a site."""
    return value.strip().casefold().removeprefix(CATEGORY) if value.strip().casefold().startswith(CATEGORY) else ""


def site_of(value: str) -> str:
    """Return a site as rules name it, whatever a person has typed or pasted; "" where it is none.

    >>> site_of(" https://www.BBC.co.uk/bitesize/?a=1 ")
    'bbc.co.uk/bitesize'
    """
    scheme, separator, rest = value.strip().partition("://")
    text = rest if separator else scheme
    host, slash, path = text.partition("#")[0].partition("?")[0].partition("/")
    host = host.rpartition("@")[2].casefold().removeprefix("*.").removeprefix("www.").strip(".")
    path = path.rstrip("/*")
    if not host or any(char.isspace() for char in host + path):
        return ""
    return f"{host}{slash}{path}" if path else host


def covers(wide: str, narrow: str) -> bool:
    """Whether every address of the site `narrow` belongs to the site `wide`."""
    (host, _, path), (other, _, below) = wide.partition("/"), narrow.partition("/")
    return _has_host(host, other) and _has_path(path, below)


def in_both(one: Iterable[str], other: Sequence[str]) -> tuple[str, ...]:
    """Return the sites that two lists have in common, however wide either names them."""
    common = (_shared(a, b) for a in one for b in other)
    return tuple(dict.fromkeys(filter(None, common)))


def _shared(one: str, other: str) -> str:
    """Return the site of all addresses that belong to both, "" where there are none.

    >>> _shared("bbc.co.uk/sport", "news.bbc.co.uk")
    'news.bbc.co.uk/sport'
    """
    (host, _, path), (other_host, _, other_path) = one.partition("/"), other.partition("/")
    (host, subdomain), (path, below) = sorted((host, other_host), key=len), sorted((path, other_path), key=len)
    if not _has_host(host, subdomain) or not _has_path(path, below):
        return ""
    return f"{subdomain}/{below}" if below else subdomain


def _has_host(host: str, other: str) -> bool:
    return other == host or other.endswith(f".{host}")


def _has_path(path: str, other: str) -> bool:
    return not path or other == path or other.startswith(f"{path}/")


@dataclass
class Sites:
    """What rules and a tutor's changes, one after the other, make of the web. What comes later wins."""

    blocked: list[str] = field(default_factory=list)
    categories: list[str] = field(default_factory=list)
    allowed: list[str] = field(default_factory=list)
    only: tuple[str, ...] | None = None

    def except_for(self, rule: Rule) -> None:
        """Allow what a rule leaves out of what it blocks."""
        if rule.is_:
            _add(self.allowed, *map(site_of, rule.is_not))

    def hold(self, rule: Rule) -> None:
        """Hold one site rule: block what it names, or everything but what it names."""
        own = [site_of(value) for value in rule.is_not]
        for value in rule.is_:
            self.block(value, own)
        if rule.is_not and not rule.is_:
            listed = tuple(dict.fromkeys(filter(None, own)))
            self.only = listed if self.only is None else in_both(self.only, listed)

    def block(self, value: str, but: Sequence[str] = ()) -> None:
        """Block a site or a category. A site that was allowed and shares addresses with it is so no more, `but` these.

        Dropping a wider site too is the price of `WebRules`' simple order, in which what is allowed wins.
        """
        if category := category_of(value):
            _add(self.categories, category)
        elif site := site_of(value):
            _add(self.blocked, site)
            self.allowed = [one for one in self.allowed if one in but or not _shared(site, one)]
            if self.only is not None:
                self.only = tuple(one for one in self.only if not covers(site, one))

    def allow(self, value: str) -> None:
        """Allow a site or a category, also where only some sites are."""
        if category := category_of(value):
            self.categories = [one for one in self.categories if one != category]
        elif site := site_of(value):
            self.blocked = [one for one in self.blocked if not covers(site, one)]
            _add(self.allowed, site)
            if self.only is not None:
                self.only = (*self.only, site)


def _add(names: list[str], *new: str) -> None:
    names.extend(name for name in dict.fromkeys(new) if name and name not in names)
