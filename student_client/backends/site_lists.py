"""Categories of sites from folders in the layout of the UT1 (Toulouse) lists: CATEGORY/domains and CATEGORY/urls."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

from protocol.policy.sites import site_of
from protocol.resource import resource

# What UT1 calls our categories; its folders can be dropped in under their own names. Its `sexual_education` belongs to
# none of them: colleges keep sexual-health services open.
UT1_NAMES: Final = {
    "pornography": ("adult",),
    "intolerance": ("agressif",),
    "weapons": ("arms", "dangerous_material"),
    "drugs": ("drogue",),
    "gambling": ("gambling",),
    "games": ("games",),
    "music": ("audio-video",),
    "messaging-and-conferencing": ("chat",),
    "file-sharing": ("filehosting",),
    "sexual-content": ("mixed_adult",),
    "vpns-and-proxies": ("vpn", "redirector", "strict_redirector"),
    "social-networking": ("social_networks",),
    "piracy": ("warez",),
    "hacking": ("hacking",),
    "academic-dishonesty": ("cheater", "ai"),
    "cartoons": ("manga",),
}


# More than browsers take, of one category. UT1's longest list has millions of lines, and they are not worth the memory.
MOST: Final = 1000


@dataclass(frozen=True, slots=True)
class Listed:
    """A category's first sites, ours before the college's, and how many more lines its lists have."""

    sites: tuple[str, ...] = ()
    more: int = 0


class SiteLists:
    """Lists in our resources, and in the college's own folder beside them; read again when they have changed."""

    def __init__(self, own: Path) -> None:
        self._folders: Sequence[Traversable] = (resource("web"), own)
        self._known: dict[str, tuple[object, Listed]] = {}

    def listed(self, category: str) -> Listed:
        """Return a category's sites; none where nobody has such a list."""
        files = [
            folder / name / file
            for folder in self._folders
            for name in (category, *UT1_NAMES.get(category, ()))
            for file in ("domains", "urls")
        ]
        stamps = tuple(map(_stamp, files))
        if self._known.get(category, (None,))[0] != stamps:
            self._known[category] = (stamps, _read(files))
        return self._known[category][1]


def _read(files: Iterable[Traversable]) -> Listed:
    found: dict[str, None] = {}
    more = 0
    for file in files:
        for site in _lines(file):
            if len(found) < MOST:
                found[site] = None
            else:
                more += site not in found
    return Listed(tuple(found), more)


def _lines(file: Traversable) -> Iterator[str]:
    with suppress(FileNotFoundError, NotADirectoryError), file.open("rb") as lines:
        for line in lines:
            if site := site_of(line.decode("utf-8", "replace").partition("#")[0]):
                yield site


def _stamp(file: Traversable) -> tuple[int, int] | None:
    """Return what changes with a file; None for one that is not there, or packed with the program."""
    if not isinstance(file, Path):
        return None
    try:
        facts = file.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return facts.st_mtime_ns, facts.st_size
