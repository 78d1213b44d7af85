"""Which breaches each device has told in this lesson: bounded, whatever a device sends."""

from typing import Final

MOST: Final = 500  # of one device in one lesson; a rule that is broken every ten seconds for an hour makes 360


class Told:
    """Counts breaches by device; belongs to the network's loop."""

    def __init__(self) -> None:
        self._ids: dict[str, set[str]] = {}

    def take(self, device: str, breach: str) -> bool:
        """Whether this one may be passed on: known already, or within the bound."""
        ids = self._ids.setdefault(device, set())
        if breach not in ids and len(ids) >= MOST:
            return False
        ids.add(breach)
        return True

    def clear(self) -> None:
        """Another lesson begins."""
        self._ids.clear()
