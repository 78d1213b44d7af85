"""College hours: open or not, until when, and in words. In the college's own time zone, summer time too.

Where a policy names terms, the college is closed outside them, and on its days off.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from protocol.policy.document import DAY, WEEKDAYS, Policy, Span
from protocol.policy.words import day_in_words

_AHEAD: Final = 400  # days in which the next opening is looked for: a summer, or a year's break, and some more


@dataclass(frozen=True)
class CollegeHours:
    """Whether the college is open, until when that stays so (None: a week at least; if closed, a year), and in words.

    `words` names today's hours and, where the college is closed, those of the next day it opens:
    "College hours on Sunday: closed. Monday 08:00–18:00", "The college is closed: half term. It opens on Monday
    2 November, 08:00–18:00".
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


def day_off(policy: Policy, day: date) -> str:
    """Return why the college is closed all this day whatever its hours: "half term", "no term"; else ""."""
    iso = day.isoformat()
    off = next((one.name for one in policy.days_off if one.starts <= iso <= one.ends), "")
    return off or ("" if not policy.terms or term_on(policy, day) else "no term")


def term_on(policy: Policy, day: date) -> str:
    """Return the name of the term this day is in; "" between terms."""
    iso = day.isoformat()
    return next((term.name for term in policy.terms if term.starts <= iso <= term.ends), "")


def week_in_words(policy: Policy) -> tuple[str, ...]:
    """Return the hours of every day, Monday first: "Monday 08:00–18:00", "Sunday closed"."""
    return tuple(f"{WEEKDAYS[day]} {_spans(policy.hours[day])}" for day in range(7))


def clock(minute: int) -> str:
    """Return a minute after midnight as people write it: 480 is "08:00"; the end of the day is "24:00"."""
    minute = minute if minute <= DAY else minute - DAY
    return f"{minute // 60:02}:{minute % 60:02}"


def _open_spans(policy: Policy, day: date) -> tuple[Span, ...]:
    return () if day_off(policy, day) else policy.hours[day.weekday()]


def _stretches(policy: Policy, today: date, zone: ZoneInfo) -> Iterator[tuple[float, float]]:
    # Yesterday's hours may reach past midnight.
    for offset in range(-1, _AHEAD):
        day = today + timedelta(days=offset)
        yield from sorted(
            (_instant(day, span.opens, zone), _instant(day, span.closes, zone)) for span in _open_spans(policy, day)
        )


def _instant(day: date, minute: int, zone: ZoneInfo) -> float:
    # Sums on an aware datetime are sums on the wall clock: 08:00 stays 08:00 across a change to summer time.
    return (datetime.combine(day, time(), zone) + timedelta(minutes=minute)).timestamp()


def _merged(stretches: Iterator[tuple[float, float]]) -> Iterator[tuple[float, float]]:
    current: tuple[float, float] | None = None
    for opens_at, closes_at in (stretch for stretch in stretches if stretch[0] < stretch[1]):
        if current and opens_at <= current[1]:
            current = current[0], max(current[1], closes_at)
            continue
        if current:
            yield current
        current = opens_at, closes_at
    if current:
        yield current


def _words(policy: Policy, day: date) -> str:
    if off := day_off(policy, day):
        return f"The college is closed: {off}."
    return f"College hours on {WEEKDAYS[day.weekday()]}: {_spans(policy.hours[day.weekday()])}."


def _next_day(policy: Policy, today: date, opening: float | None, zone: ZoneInfo) -> str:
    if opening is None:
        return " No later day is open in this policy." if policy.terms else " The college is closed all week."
    day = datetime.fromtimestamp(opening, zone).date()
    if day == today:
        return ""
    spans = _spans(_open_spans(policy, day))
    if day_off(policy, today) or (day - today).days > 7:
        return f" It opens on {day_in_words(day)}, {spans}."
    return f" {WEEKDAYS[day.weekday()]} {spans}."


def _spans(spans: tuple[Span, ...]) -> str:
    return " and ".join(f"{clock(span.opens)}–{clock(span.closes)}" for span in spans) or "closed"
