"""Reads what a policy says of days and of single people: terms, days off, exceptions, adjustments."""

from collections.abc import Iterable, Set
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from protocol.identity import NAME_LENGTH
from protocol.policy.document import Adjustment, DayOff, Exemption, Term, exemption_key
from protocol.policy.table import Table, suggestion


def read_terms(rows: Iterable[Table]) -> tuple[Term, ...]:
    """Return the terms, the earliest first."""
    terms = []
    for row in rows:
        starts, ends = _from_to(row)
        terms.append(Term(name=row.text("name", NAME_LENGTH), starts=starts, ends=ends))
        if any(terms[-1].starts <= other.ends and other.starts <= terms[-1].ends for other in terms[:-1]):
            row.problem("starts", "the term overlaps with another one")
        row.close()
    return tuple(sorted(terms, key=lambda term: term.starts))


def read_days_off(rows: Iterable[Table]) -> tuple[DayOff, ...]:
    """Return the days off, the earliest first."""
    days = []
    for row in rows:
        starts, ends = _from_to(row)
        days.append(DayOff(name=row.text("name", NAME_LENGTH), starts=starts, ends=ends))
        row.close()
    return tuple(sorted(days, key=lambda day: day.starts))


def read_exceptions(rows: Iterable[Table], rules: Set[str], zone: ZoneInfo) -> tuple[Exemption, ...]:
    """Return the exceptions, in full: reason and approvers are for the college's folder only."""
    exceptions = []
    for row in rows:
        starts = _instant(row.moment("starts"), zone, last=False)
        ends = _instant(row.moment("ends"), zone, last=True)
        if starts >= ends > 0:
            row.problem("ends", "the exception ends before it starts")
        approvers = row.texts("approved_by", 80, 8)
        if row.has("approved_by") and len({name.casefold() for name in approvers}) < 2:
            row.problem("approved_by", "an exception is agreed by at least two different people")
        exceptions.append(
            Exemption(
                who=_who(row),
                rules=_rule_names(row, "rules", rules),
                starts_at=starts,
                ends_at=ends,
                reason=row.text("reason", 280),
                approved_by=approvers,
            )
        )
        row.close()
    return tuple(exceptions)


def read_adjustments(rows: Iterable[Table], rules: Set[str]) -> tuple[Adjustment, ...]:
    """Return what single learners need at all times."""
    adjustments = []
    for row in rows:
        adjustments.append(
            Adjustment(
                who=_who(row),
                exempt=_rule_names(row, "exempt", rules),
                extra_time_percent=row.whole("extra_time_percent", 0, 200, default=0),
                plain_language=row.truth("plain_language", optional=True),
            )
        )
        row.close()
    return tuple(adjustments)


def _from_to(row: Table) -> tuple[str, str]:
    starts, ends = row.day("starts"), row.day("ends")
    if date.min < ends < starts:
        row.problem("ends", "is before the start")
    return starts.isoformat(), ends.isoformat()


def _instant(moment: date | None, zone: ZoneInfo, *, last: bool) -> float:
    # A day alone means the whole of it: from its midnight, or up to the next one.
    if moment is None:
        return 0.0
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment + timedelta(days=1 if last and moment < date.max else 0), time())
    return max(0.0, moment.replace(tzinfo=zone).timestamp())


def _who(row: Table) -> str:
    found = {kind: row.text(kind, 80, optional=True) for kind in ("student", "device")}
    named = [(kind, name) for kind, name in found.items() if row.has(kind)]
    if len(named) != 1:
        row.problem("student", 'one of student = "login" and device = "ID" says for whom it is')
        return ""
    return exemption_key(*named[0])


def _rule_names(row: Table, key: str, rules: Set[str]) -> tuple[str, ...]:
    names = row.texts(key, 40, 24, optional=True)
    for index, name in enumerate(names):
        if name and name not in rules:
            row.problem(key, f'"{name}" is no rule{suggestion(name, rules)}', index)
    return tuple(name for name in names if name in rules)
