"""Days and moments as people read them, in English whatever the machine's locale says."""

from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from protocol.policy.document import WEEKDAYS

MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_LATEST: Final = 253402214399.0  # a day before `Time`'s last moment, which some zones would put into year 10000


def day_in_words(day: date) -> str:
    """Return a day: "Monday 2 November"."""
    return f"{WEEKDAYS[day.weekday()]} {day.day} {MONTHS[day.month - 1]}"


def moment_in_words(at: float, zone: ZoneInfo) -> str:
    """Return a moment: "2 November 2026, 15:30"."""
    moment = datetime.fromtimestamp(min(at, _LATEST), zone)
    return f"{moment.day} {MONTHS[moment.month - 1]} {moment.year}, {moment:%H:%M}"
