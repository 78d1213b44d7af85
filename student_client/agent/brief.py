"""A status that fits into its message, in whatever script its texts are."""

from typing import Final

from msgspec.structs import replace

from protocol.codec import DEVICE
from protocol.messages import Status
from protocol.session import CONTROL_LIMIT

# Characters of a text once not all fit: four bytes each, they make 15 of 16 KiB together with 16 monitors and 24 rules.
_NAME: Final = 40
_WHY: Final = 70
_SURELY: Final = 1800  # characters of these two: with four bytes each, and all else at its longest, it fits


def brief(status: Status) -> Status:
    """Return it with its texts cut short, each ending in "…", where they would be more than a message may hold."""
    rules = status.rules
    written = sum(len(one.why) for one in rules.unheld) if rules else 0
    written += sum(len(one.name) for one in status.monitors)
    if written <= _SURELY or len(DEVICE.encode(status)) <= CONTROL_LIMIT:
        return status
    if rules:
        rules = replace(rules, unheld=tuple(replace(one, why=_cut(one.why, _WHY)) for one in rules.unheld))
    return replace(
        status,
        user=_cut(status.user, _NAME),
        host=_cut(status.host, _NAME),
        application=_cut(status.application, _NAME),
        monitors=tuple(replace(one, name=_cut(one.name, _NAME)) for one in status.monitors),
        rules=rules,
    )


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
