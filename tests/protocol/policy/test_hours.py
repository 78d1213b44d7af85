"""College hours: by the clock on the wall, over midnight, over both changes of the clock, and in words."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from protocol.policy.document import DAY, Policy, Span
from protocol.policy.hours import clock, college_hours, week_in_words
from protocol.policy.parse import parse_policy
from protocol.resource import resource_text

LONDON = ZoneInfo("Europe/London")
FIRST = parse_policy(resource_text("policies/college.toml"))
HOUR = 3600.0


def at(text: str, zone: ZoneInfo = LONDON, fold: int = 0) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).timestamp()


def with_hours(*days: list[tuple[int, int]], zone: str = "Europe/London") -> Policy:
    """A policy whose Monday, Tuesday … have these spans in hours; days left out are closed."""
    hours = [tuple(Span(opens=opens * 60, closes=closes * 60) for opens, closes in day) for day in days]
    college = replace(FIRST.college, timezone=zone)
    return replace(FIRST, college=college, hours=tuple(hours + [()] * (7 - len(days))))


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        ("2026-09-21 07:59:59", False),
        ("2026-09-21 08:00:00", True),
        ("2026-09-21 17:59:59", True),
        ("2026-09-21 18:00:00", False),
        ("2026-09-26 12:00:00", False),  # a Saturday
    ],
)
def test_open_to_the_second(moment: str, is_open: bool) -> None:
    assert college_hours(FIRST, at(moment)).is_open is is_open


def test_until_when() -> None:
    assert college_hours(FIRST, at("2026-09-21 09:30")).until == at("2026-09-21 18:00")
    assert college_hours(FIRST, at("2026-09-21 05:00")).until == at("2026-09-21 08:00")
    assert college_hours(FIRST, at("2026-09-25 20:00")).until == at("2026-09-28 08:00")  # Friday night


def test_in_words() -> None:
    def words(moment: str) -> str:
        return college_hours(FIRST, at(moment)).words

    assert words("2026-09-20 10:00") == "College hours on Sunday: closed. Monday 08:00–18:00."
    assert words("2026-09-21 07:00") == "College hours on Monday: 08:00–18:00."
    assert words("2026-09-21 19:00") == "College hours on Monday: 08:00–18:00. Tuesday 08:00–18:00."
    assert words("2026-09-25 19:00") == "College hours on Friday: 08:00–18:00. Monday 08:00–18:00."
    two = with_hours([(8, 12), (13, 18)])
    assert college_hours(two, at("2026-09-21 12:30")).words == "College hours on Monday: 08:00–12:00 and 13:00–18:00."
    # Open one day a week: next Monday is another day than this one, though both are Mondays.
    assert college_hours(with_hours([(8, 12)]), at("2026-09-21 12:30")).words == (
        "College hours on Monday: 08:00–12:00. Monday 08:00–12:00."
    )
    assert week_in_words(two)[0] == "Monday 08:00–12:00 and 13:00–18:00"
    assert week_in_words(two)[6] == "Sunday closed"


def test_a_college_that_never_opens() -> None:
    found = college_hours(with_hours(), at("2026-09-21 12:00"))
    assert (found.is_open, found.until) == (False, None)
    assert found.words == "College hours on Monday: closed. The college is closed all week."


def test_a_college_that_never_closes() -> None:
    found = college_hours(with_hours(*[[(0, 24)]] * 7), at("2026-09-21 12:00"))
    assert (found.is_open, found.until) == (True, None)


def test_midnight_is_no_closing_time_where_the_next_day_goes_on() -> None:
    policy = with_hours([(18, 24)], [(0, 2), (8, 18)])
    assert college_hours(policy, at("2026-09-21 23:00")).until == at("2026-09-22 02:00")


def test_evening_classes_past_midnight() -> None:
    policy = with_hours([(18, 25)])
    assert college_hours(policy, at("2026-09-22 00:59:59")).until == at("2026-09-22 01:00")
    assert college_hours(policy, at("2026-09-22 00:30")).is_open
    assert not college_hours(policy, at("2026-09-22 01:00")).is_open
    assert not college_hours(policy, at("2026-09-21 00:30")).is_open  # the Sunday before has no evening class
    assert week_in_words(policy)[0] == "Monday 18:00–01:00"
    from_sunday = with_hours([], [], [], [], [], [], [(20, 26)])
    assert college_hours(from_sunday, at("2026-09-21 01:59")).is_open


@pytest.mark.parametrize("day", ["2026-03-30", "2026-10-26", "2026-01-12", "2026-07-13"])
def test_eight_o_clock_is_eight_o_clock_in_summer_and_winter(day: str) -> None:
    assert not college_hours(FIRST, at(f"{day} 07:59")).is_open
    found = college_hours(FIRST, at(f"{day} 08:00"))
    assert found.is_open
    assert found.until == at(f"{day} 18:00")


def test_summer_time_shortens_and_winter_time_lengthens_a_night_over_the_change() -> None:
    nights = with_hours([], [], [], [], [], [(20, 28)])  # Saturday 20:00 to Sunday 04:00
    spring, autumn = at("2026-03-28 20:00"), at("2026-10-24 20:00")
    assert college_hours(nights, spring).until == spring + 7 * HOUR
    assert college_hours(nights, autumn).until == autumn + 9 * HOUR
    assert college_hours(nights, at("2026-10-25 01:30", fold=1)).is_open


def test_hours_inside_the_hour_that_is_skipped() -> None:
    policy = with_hours([], [], [], [], [], [], [(1, 2)])  # Sunday 01:00 to 02:00; on 29 March there is no such hour
    for minute in range(-180, 180):
        assert not college_hours(policy, at("2026-03-29 01:00") + minute * 60).is_open or minute in range(60)


def test_other_zones() -> None:
    policy = with_hours([(8, 18)], zone="Pacific/Auckland")
    assert college_hours(policy, at("2026-09-21 08:00", ZoneInfo("Pacific/Auckland"))).is_open
    assert not college_hours(policy, at("2026-09-21 08:00")).is_open


@pytest.mark.parametrize(("minute", "text"), [(0, "00:00"), (485, "08:05"), (1440, "24:00"), (1500, "01:00")])
def test_a_clock_s_face(minute: int, text: str) -> None:
    assert clock(minute) == text


SPANS = st.builds(
    lambda opens, length: Span(opens=opens, closes=min(opens + length, 2 * DAY - 1)),
    st.integers(0, DAY - 1),
    st.integers(1, DAY),
)
WEEKS = st.lists(st.lists(SPANS, max_size=3).map(tuple), min_size=7, max_size=7).map(tuple)
ZONES = st.sampled_from(["Europe/London", "UTC", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"])
MOMENTS = st.integers(int(at("2025-01-01")), int(at("2028-01-01"))).map(float)


def near_a_clock_change(zone: ZoneInfo, now: float) -> bool:
    offsets = {datetime.fromtimestamp(now + hours * HOUR, zone).utcoffset() for hours in range(-26, 27)}
    return len(offsets) > 1


def open_by_the_wall_clock(policy: Policy, zone: ZoneInfo, now: float) -> bool:
    """The plain meaning of the hours, away from a change of the clock: look at the clock on the wall."""
    wall = datetime.fromtimestamp(now, zone)
    minute = wall.hour * 60 + wall.minute
    today, yesterday = policy.hours[wall.weekday()], policy.hours[wall.weekday() - 1]
    return any(s.opens <= minute < s.closes for s in today) or any(minute + DAY < s.closes for s in yesterday)


@given(WEEKS, ZONES, MOMENTS)
def test_any_hours_mean_what_the_clock_on_the_wall_says(week: tuple, zone: str, now: float) -> None:
    policy = replace(FIRST, hours=week, college=replace(FIRST.college, timezone=zone))
    if not near_a_clock_change(ZoneInfo(zone), now):
        assert college_hours(policy, now).is_open is open_by_the_wall_clock(policy, ZoneInfo(zone), now)


@given(WEEKS, ZONES, MOMENTS)
def test_nothing_changes_before_until_and_everything_at_it(week: tuple, zone: str, now: float) -> None:
    policy = replace(FIRST, hours=week, college=replace(FIRST.college, timezone=zone))
    found = college_hours(policy, now)
    if found.until is None:
        return
    assert found.until > now
    assert college_hours(policy, found.until).is_open is not found.is_open
    for part in (0.25, 0.5, 0.75, 0.999):
        assert college_hours(policy, now + (found.until - now) * part).is_open is found.is_open


def test_what_utc_says_of_a_london_summer_morning() -> None:
    # One fixed point without zoneinfo in the test: 08:00 in London on 21 September 2026 is 07:00 UTC.
    moment = datetime(2026, 9, 21, 7, tzinfo=UTC).timestamp()
    assert college_hours(FIRST, moment).is_open
    assert not college_hours(FIRST, moment - 1).is_open
