"""Reads `policy.toml`. Every mistake is found and named with its line; a policy with one is no policy."""

import difflib
import re
import tomllib
from ipaddress import ip_network
from typing import Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from msgspec.structs import replace

from protocol.identity import ID_PATTERN, NAME_LENGTH
from protocol.messages import Right
from protocol.policy.document import (
    DAY,
    ROLE_LIMITS,
    WEEKDAYS,
    CollegeDetails,
    FlagCategory,
    LessonLimits,
    Policy,
    Retention,
    Route,
    Span,
    StudentTexts,
)
from protocol.policy.lines import key_lines
from protocol.policy.parse_people import read_adjustments, read_days_off, read_exceptions, read_terms
from protocol.policy.parse_rules import SLUG, read_rules, rule_names
from protocol.policy.table import Problem, Table
from protocol.role import STAFF_ROLES, Role

MAXIMUM_SIZE: Final = 128 * 1024  # characters; half of what a bundle may hold, the rest is the deny list's
CHECK_LENGTH: Final = 100  # characters of a check-list's line: one line beside its box

_SPAN: Final = re.compile(r"\s*(\d{1,2}):(\d{2})\s*[-–]\s*(\d{1,2}):(\d{2})\s*")
_POSITION: Final = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


class PolicyError(Exception):
    """A policy file with mistakes: all of them, in the order of their lines."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


def parse_policy(text: str) -> Policy:
    """Return the policy a TOML text describes; raises PolicyError with every problem found."""
    if len(text) > MAXIMUM_SIZE:
        raise PolicyError((Problem(1, "", f"the file has {len(text)} characters, {MAXIMUM_SIZE} at most"),))
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PolicyError((_syntax_problem(str(error), text),)) from None
    except RecursionError:
        raise PolicyError((Problem(1, "", "brackets are nested far too deeply"),)) from None
    problems: list[Problem] = []
    policy = _policy(Table(content, (), key_lines(text), problems))
    if problems:
        raise PolicyError(tuple(sorted(problems)))
    return policy


def _syntax_problem(message: str, text: str) -> Problem:
    found = _POSITION.search(message)
    line = int(found[1]) if found and found[1] else text.count("\n") + 1
    column = f" (column {found[2]})" if found and found[2] else ""
    return Problem(line, "", f"{_POSITION.sub('', message)}{column}; the rest is read once this is mended")


def _policy(top: Table) -> Policy:
    college, networks = _college(top.table("college"))
    flags = {name: _flag(table) for name, table in top.table("flags").tables(SLUG, "category").items()}
    policy = Policy(
        college=college,
        hours=_hours(top.table("hours")),
        lesson=_lesson(top.table("lesson")),
        roles=_roles(top.table("roles")),
        staff=_staff(top.table("staff", optional=True)),
        rules=read_rules(top.table("rules"), top.table("rule", optional=True), flags),
        student=_student(top.table("student")),
        flags=flags,
        retention=_retention(top.table("retention")),
        terms=read_terms(top.rows("terms", 40)),
        days_off=read_days_off(top.rows("days_off", 100)),
        networks=networks,
        checklist=_checklist(top.table("assessment", optional=True)),
    )
    names = rule_names(policy.rules)
    policy = replace(
        policy,
        exceptions=read_exceptions(top.rows("exceptions", 2000), names, zone_of(college)),
        adjustments=read_adjustments(top.rows("adjustments", 2000), names),
    )
    top.close()
    return policy


def zone_of(college: CollegeDetails) -> ZoneInfo:
    """Return the college's zone; any other where it names none, for then a problem has been noted."""
    return ZoneInfo(college.timezone if _is_timezone(college.timezone) else "Europe/London")


def _college(table: Table) -> tuple[CollegeDetails, tuple[str, ...]]:
    details = CollegeDetails(
        name=table.text("name", NAME_LENGTH),
        timezone=table.text("timezone", 64),
        report_abuse_url=table.text("report_abuse_url", 200),
    )
    if details.timezone and not _is_timezone(details.timezone):
        near = difflib.get_close_matches(details.timezone, available_timezones(), 1, cutoff=0.8)
        hint = f'; did you mean "{near[0]}"?' if near else ', such as "Europe/London"'
        table.problem("timezone", f'"{details.timezone}" is not a time zone{hint}')
    if details.report_abuse_url and not _is_web_address(details.report_abuse_url):
        table.problem("report_abuse_url", f'"{details.report_abuse_url}" is not a web address (https://…)')
    networks = tuple(_network(table, index, text) for index, text in table.entries("networks", 64, optional=True))
    table.close()
    return details, tuple(filter(None, networks))


def _network(table: Table, index: int, text: str) -> str:
    try:
        return str(ip_network(text.strip()))
    except ValueError:
        table.problem("networks", f'"{text}" is not {_nearest_network(text)}', index)
        return ""


def _nearest_network(text: str) -> str:
    try:
        return f'a network; did you mean "{ip_network(text.strip(), strict=False)}"?'
    except ValueError:
        return 'a network in CIDR notation such as "10.20.0.0/16"'


def _is_timezone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ValueError, KeyError, OSError):  # a name can also be a folder of the time zone database
        return False
    return True


def _is_web_address(address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme == "https" and bool(parts.hostname) and " " not in address


def _hours(table: Table) -> tuple[tuple[Span, ...], ...]:
    hours = tuple(_day(table, day.lower()) for day in WEEKDAYS)
    table.close()
    return hours


def _day(table: Table, day: str) -> tuple[Span, ...]:
    spans: list[Span] = []
    for index, text in table.entries(day, 8):
        try:
            span = _span(text)
        except ValueError as error:
            table.problem(day, str(error))
            continue
        if any(span.opens < other.closes and other.opens < span.closes for other in spans):
            table.problem(day, f'"{text}" overlaps with another stretch of the day', index)
        spans.append(span)
    return tuple(sorted(spans, key=lambda span: span.opens))


def _span(text: str) -> Span:
    found = _SPAN.fullmatch(text)
    if not found:
        raise ValueError(f'"{text[:40]}" is not a stretch of hours such as "08:00-18:00"')
    hour, minute, closing_hour, closing_minute = map(int, found.groups())
    opens, closes = hour * 60 + minute, closing_hour * 60 + closing_minute
    if max(minute, closing_minute) > 59 or opens >= DAY or closes > DAY:
        raise ValueError(f'"{text}" is not a time of day (00:00–24:00)')
    if opens == closes:
        raise ValueError(f'"{text}" opens and closes at the same time; the whole day is "00:00-24:00"')
    return Span(opens=opens, closes=closes if closes > opens else closes + DAY)


def _lesson(table: Table) -> LessonLimits:
    limits = LessonLimits(
        longest_minutes=table.whole("longest_minutes", 1, DAY),
        lease_seconds=table.whole("lease_seconds", 10, 600),
        tile_interval_ms=round(table.number("tile_interval_seconds", 0.1, 60) * 1000),
    )
    table.close()
    return limits


def _roles(table: Table) -> dict[Role, tuple[Right, ...]]:
    roles: dict[Role, tuple[Right, ...]] = {}
    for name, entry in table.tables(STAFF_ROLES, "role").items():
        rights = entry.some_of("may", Right)
        entry.close()
        if name not in STAFF_ROLES:
            continue
        roles[Role(name)] = rights
        excess = [f'"{right}"' for right in rights if right not in ROLE_LIMITS.get(Role(name), ())]
        if excess:
            entry.problem("may", f"this role can never be given {', '.join(excess)}; only a tutor or invigilator can")
    return roles


def _staff(table: Table) -> dict[str, tuple[str, ...]]:
    staff: dict[str, tuple[str, ...]] = {}
    for name, entry in table.tables(ID_PATTERN, "id of a member of staff").items():
        staff[name] = entry.texts("groups", NAME_LENGTH, 100)
        entry.close()
    return staff


def _student(table: Table) -> StudentTexts:
    texts = StudentTexts(
        why=table.text("why", 2000),
        what_can_be_seen=table.texts("what_can_be_seen", 280, 20),
        what_cannot_be_seen=table.texts("what_cannot_be_seen", 280, 20),
        who_can_help=table.texts("who_can_help", 280, 20),
    )
    table.close()
    return texts


def _checklist(table: Table) -> tuple[str, ...]:
    items = table.texts("checklist", CHECK_LENGTH, 20, optional=True)
    for index, item in enumerate(items):
        if item in items[:index]:
            table.problem("checklist", f'"{item}" is in it twice', index)
    table.close()
    return items


def _flag(table: Table) -> FlagCategory:
    category = FlagCategory(
        label=table.text("label", 80),
        route=table.one_of("route", Route),
        picture=table.truth("picture"),
        advice=table.text("advice", 2000, optional=True),
    )
    table.close()
    return category


def _retention(table: Table) -> Retention:
    days = Retention(
        lessons=table.whole("lessons", 1, 3660),
        attendance=table.whole("attendance", 1, 3660),
        flags=table.whole("flags", 1, 3660),
        concerns=table.whole("concerns", 1, 3660),
        receipts=table.whole("receipts", 1, 3660),
    )
    table.close()
    return days
