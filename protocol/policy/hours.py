"""College hours: open or not, until when, and the hours in words. In the college's own time zone, summer time too."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from protocol.policy.document import DAY, WEEKDAYS, Policy, Span


@dataclass(frozen=True)
class CollegeHours:
    """Whether the college is open, until when that stays so (None: for a week at least), and the hours in words.

    `words` names today's hours and, where the college is closed, those of the next day it opens:
    "College hours on Sunday: closed. Monday 08:00–18:00".
    """

    is_open: bool
    until: float | None
    words: str


def college_hours(policy: Policy, now: float) -> CollegeHours:
    """Return what the policy's hours say about the moment `now`."""
    zone = ZoneInfo(policy.college.timezone)
    today = datetime.fromtimestamp(now, zone).date()
    horizon = _instant(today + timedelta(days=8), 0, zone)
    opening: float | None = None
    for opens_at, closes_at in _merged(_stretches(policy, today, zone)):
        if opens_at <= now < closes_at:
            return CollegeHours(True, None if closes_at >= horizon else closes_at, _words(policy, today))
        if opens_at > now:
            opening = opens_at
            break
    return CollegeHours(False, opening, f"{_words(policy, today)}{_next_day(policy, today, opening, zone)}")


def week_in_words(policy: Policy) -> tuple[str, ...]:
    """Return the hours of every day, Monday first: "Monday 08:00–18:00", "Sunday closed"."""
    return tuple(f"{WEEKDAYS[day]} {_spans(policy.hours[day])}" for day in range(7))


def clock(minute: int) -> str:
    """Return a minute after midnight as people write it: 480 is "08:00"; the end of the day is "24:00"."""
    minute = minute if minute <= DAY else minute - DAY
    return f"{minute // 60:02}:{minute % 60:02}"


def _stretches(policy: Policy, today: date, zone: ZoneInfo) -> Iterator[tuple[float, float]]:
    # Yesterday's hours may reach past midnight; a week ahead holds the next opening of any weekly timetable.
    for offset in range(-1, 8):
        day = today + timedelta(days=offset)
        for span in policy.hours[day.weekday()]:
            yield _instant(day, span.opens, zone), _instant(day, span.closes, zone)


def _instant(day: date, minute: int, zone: ZoneInfo) -> float:
    # Sums on an aware datetime are sums on the wall clock: 08:00 stays 08:00 across a change to summer time.
    return (datetime.combine(day, time(), zone) + timedelta(minutes=minute)).timestamp()


def _merged(stretches: Iterator[tuple[float, float]]) -> Iterator[tuple[float, float]]:
    current: tuple[float, float] | None = None
    for opens_at, closes_at in sorted(stretch for stretch in stretches if stretch[0] < stretch[1]):
        if current and opens_at <= current[1]:
            current = current[0], max(current[1], closes_at)
            continue
        if current:
            yield current
        current = opens_at, closes_at
    if current:
        yield current


def _words(policy: Policy, day: date) -> str:
    spans = policy.hours[day.weekday()]
    return f"College hours on {WEEKDAYS[day.weekday()]}: {_spans(spans)}."


def _next_day(policy: Policy, today: date, opening: float | None, zone: ZoneInfo) -> str:
    if opening is None:
        return " The college is closed all week."
    weekday = datetime.fromtimestamp(opening, zone).weekday()
    if weekday == today.weekday() and opening < _instant(today + timedelta(days=1), 0, zone):
        return ""
    return f" {WEEKDAYS[weekday]} {_spans(policy.hours[weekday])}."


def _spans(spans: tuple[Span, ...]) -> str:
    return " and ".join(f"{clock(span.opens)}–{clock(span.closes)}" for span in spans) or "closed"
