"""Categories of sites from folders in the layout of the UT1 (Toulouse) lists: CATEGORY/domains and CATEGORY/urls."""

from collections.abc import Iterator, Sequence
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

from protocol.resource import resource

# What UT1 calls our categories; its folders can be dropped in under their own names.
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
    "sexual-content": ("mixed_adult", "sexual_education"),
    "vpns-and-proxies": ("vpn", "redirector", "strict_redirector"),
    "social-networking": ("social_networks",),
    "piracy": ("warez",),
    "hacking": ("hacking",),
    "academic-dishonesty": ("cheater", "ai"),
    "cartoons": ("manga",),
}


class SiteLists:
    """Lists in our resources, and in the college's own folder beside them, read when they are asked for."""

    def __init__(self, own: Path) -> None:
        self._folders: Sequence[Traversable] = (resource("web"), own)

    def sites(self, category: str) -> tuple[str, ...]:
        """Return a category's sites, ours first; none where nobody has such a list."""
        found: dict[str, None] = {}
        for folder in self._folders:
            for name in (category, *UT1_NAMES.get(category, ())):
                for file in ("domains", "urls"):
                    found |= dict.fromkeys(_lines(folder / name / file))
        return tuple(found)


def _lines(file: Traversable) -> Iterator[str]:
    try:
        text = file.read_bytes().decode("utf-8", "replace")
    except (FileNotFoundError, NotADirectoryError):
        return
    for line in text.splitlines():
        site = line.partition("#")[0].strip().lower().rstrip("/").removeprefix("www.")
        if site and not any(map(str.isspace, site)):
            yield site
