"""The report of an assessment: what is on record, arranged for the examinations officer. Plain text in every cell."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from typing import Final

from tutor_app.classroom.assessment import What
from tutor_app.classroom.phrases import duration, rules_name
from tutor_app.records.assessment_queries import OnRecord
from tutor_app.records.queries import Attended, Flag
from tutor_app.records.values import AssessmentNoted, DeviceFound

DECISIONS: Final = {
    "withdrawn": "Withdrawn from the assessment",
    "continued": "Continued",
    "warned": "Warned and continued",
}
_WORDS: Final = {
    What.STARTED: "Started",
    What.STARTED_AGAIN: "Started again: the laptop had lost it",
    What.REFUSED: "Not done by the laptop",
    What.PAUSED: "Paused",
    What.RESUMED: "Went on",
    What.EXTRA_TIME: "Extra time",
    What.STOPPED: "Ended by the invigilator",
    What.RELEASED: "Released",
    What.ENDED: "Time was up",
    What.ADOPTED: "Found under way",
    What.TAKEN_OVER: "Taken over",
    What.EXCEPTION: "Exception",
    What.SHEET: "Release codes",
}
_ENDS: Final = {What.STOPPED: "ended early", What.RELEASED: "released", What.ENDED: "full time"}
HEADER: Final = ("Part", "When", "Student", "Device", "What", "Detail", "By")


@dataclass(frozen=True)
class Section:
    """A table with its title; `none` is said where it has no rows."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    none: str = ""


@dataclass(frozen=True)
class Report:
    """A whole report, in words. `facts` are label and value; `lines` the same as a table for the CSV file."""

    college: str
    title: str
    facts: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]
    lines: tuple[tuple[str, ...], ...]


def report(record: OnRecord, college: str, zone: tzinfo, labels: Mapping[str, str]) -> Report:
    """Return the report; `labels` maps the policy's categories of flags to what people call them."""
    maker = _Maker(record, zone, labels)
    return Report(college, f"Assessment report: {record.held.name}", maker.facts(), maker.sections(), maker.lines())


@dataclass(frozen=True)
class _Maker:
    record: OnRecord
    zone: tzinfo
    labels: Mapping[str, str]

    def facts(self) -> tuple[tuple[str, str], ...]:
        held = self.record.held
        allowed = [*held.applications.splitlines(), *held.sites.splitlines()]
        facts = (
            ("Group and room", " · ".join(part for part in (held.group, held.room) if part)),
            ("Lesson", held.lesson_name),
            ("Date", self._day(held.at)),
            ("Started", self._clock(held.at)),
            ("Closed", self._clock(held.ended_at) if held.ended_at else "not closed yet"),
            ("Length without extra time", duration(held.length)),
            ("Rules", rules_name(held.rules)),
            ("Locked to one application", held.only),
            ("Allowed besides the rules", ", ".join(allowed)),
            ("Invigilator", held.by_name + (f", taken over from {held.taken_from}" if held.taken_from else "")),
        )
        return tuple((label, value) for label, value in facts if value)

    def sections(self) -> tuple[Section, ...]:
        return (
            Section(
                "Attendance and times",
                ("Student", "Device", "Started", "Ended", "How", "Extra", "Paused", "Breaches"),
                tuple(self._students()),
                "Nobody was there.",
            ),
            Section("Devices found", ("When", "Student", "What and by whom", "Decided", "Examining body"),
                    tuple(self._found()), "No phone, watch or other device was found."),
            Section("Breaches and flags", ("When", "Student", "Device", "What", "Detail"),
                    tuple(self._breaches()), "No rule was broken and nobody was flagged."),
            Section("Pauses, extra time, releases, exceptions", ("When", "Student", "What", "Detail", "By"),
                    tuple(self._log()), "There were none."),
            Section("Check-list before the start", ("Item", "Answer", "When", "By"),
                    tuple(self._checks()), "No check-list was recorded."),
        )  # fmt: skip

    def lines(self) -> tuple[tuple[str, ...], ...]:
        """Everything in one table; whole times, so that a spreadsheet can sort it."""
        return (
            *(("Attendance", "", one[0], one[1], one[4], _times(one), "") for one in self._students()),
            *(("Check-list", self._full(one.at), "", "", one.item, _check(one.ticked, one.reason), one.by_name)
              for one in self.record.checks),
            *(("Log", self._full(one.at), one.student, one.device, _word(one.what), self._detail(one), one.by_name)
              for one in self.record.log),
            *(("Breach" if one.rule else "Flag", self._full(one.at), one.student, one.device, self._label(one),
               _about(one), "the laptop's rules" if one.rule else one.by_name) for one in self.record.flags),
            *(("Device found", self._full(one.at), one.student, one.device, one.what, self._found_words(one),
               one.by_name) for one in self.record.found),
        )  # fmt: skip

    # ── the tables ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _students(self) -> Iterable[tuple[str, ...]]:
        log: dict[str, list[AssessmentNoted]] = defaultdict(list)
        for entry in self.record.log:
            if entry.device:
                log[entry.device].append(entry)
        flagged = [flag.device for flag in self.record.flags]
        people = {one.device: one for one in sorted(self.record.attendance, key=lambda one: one.first_seen_at or 0)}
        names = {entry.device: entry.student for entry in self.record.log if entry.device}
        names |= {device: one.name for device, one in people.items()}
        for device, name in sorted(names.items(), key=lambda item: (item[1].casefold(), item[0])):
            yield self._student(name, device, log[device], people.get(device), flagged.count(device))

    def _student(
        self, name: str, device: str, log: Sequence[AssessmentNoted], seen: Attended | None, breaches: int
    ) -> tuple[str, ...]:
        begun = [entry for entry in log if entry.what in (What.STARTED, What.ADOPTED)]
        if not begun:
            here = seen is not None and seen.first_seen_at
            return name, device, "", "", "present, did not sit it" if here else "absent", "", "", _number(breaches)
        ends = [entry for entry in log if entry.what in _ENDS]
        extra = begun[-1].seconds + sum(entry.seconds for entry in log if entry.what == What.EXTRA_TIME)
        paused = sum(entry.seconds for entry in log if entry.what == What.RESUMED)
        how = _ENDS[What(ends[-1].what)] if ends else "no end on record"
        return (
            name, device, self._clock(begun[0].at), self._clock(ends[-1].at) if ends else "", how,
            duration(extra) if extra else "", duration(paused) if paused else "", _number(breaches),
        )  # fmt: skip

    def _found(self) -> Iterable[tuple[str, ...]]:
        """Return each version of each record: an amendment does not hide what stood there before."""
        for one in self.record.found:
            when = self._clock(one.found_at)
            if one.version > 1:
                when += f"\namended {self._clock(one.at)} by {one.by_name}"
            what = f"{one.what}, found by {one.found_by}" + (f". {one.details}" if one.details else "")
            decided = DECISIONS.get(one.decision, one.decision)
            yield when, one.student, what, decided, self._body(one) or "none concerned"

    def _breaches(self) -> Iterable[tuple[str, ...]]:
        for flag in self.record.flags:
            yield self._seconds(flag.at), flag.student, flag.device, self._label(flag), _about(flag)

    def _log(self) -> Iterable[tuple[str, ...]]:
        """Return the log; what concerned several students at once, as a pause does, is one row."""
        rows: dict[tuple[int, str, str], list[AssessmentNoted]] = defaultdict(list)
        for entry in self.record.log:
            if entry.what not in (What.STARTED, What.ENDED):
                alone = entry.id if entry.detail else ""
                rows[int(entry.at), entry.what, alone].append(entry)
        for entries in rows.values():
            first, many = entries[0], len(entries) > 1
            who = f"{len(entries)} students" if many else first.student or "everybody"
            detail = self._detail(replace(first, ends_at=0.0) if many else first)
            yield self._seconds(first.at), who, _word(first.what), detail, first.by_name

    def _checks(self) -> Iterable[tuple[str, ...]]:
        for check in self.record.checks:
            yield check.item, _check(check.ticked, check.reason), self._seconds(check.at), check.by_name

    # ── the words ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _detail(self, entry: AssessmentNoted) -> str:
        length = f"{duration(entry.seconds)}" if entry.seconds else ""
        length = f"after {length}" if length and entry.what == What.RESUMED else length
        end = f"end at {self._clock(entry.ends_at)}" if entry.ends_at and entry.what not in _ENDS else ""
        return ", ".join(part for part in (length, end, entry.detail) if part)

    def _found_words(self, one: DeviceFound) -> str:
        parts = (f"version {one.version}", f"found by {one.found_by} at {self._clock(one.found_at)}", one.details,
                 DECISIONS.get(one.decision, one.decision), self._body(one))  # fmt: skip
        return "; ".join(part for part in parts if part)

    def _body(self, one: DeviceFound) -> str:
        if not one.body:
            return ""
        if one.body_told_at is None:
            return f"{one.body}: not told yet"
        told = f"{one.body}: told by {one.body_told_by}, {self._day(one.body_told_at)} {self._clock(one.body_told_at)}"
        return told + (f", reference {one.body_reference}" if one.body_reference else "")

    def _label(self, flag: Flag) -> str:
        return self.labels.get(flag.category, flag.category)

    def _clock(self, at: float | None) -> str:
        return f"{datetime.fromtimestamp(at, self.zone):%H:%M}" if at else ""

    def _seconds(self, at: float) -> str:
        return f"{datetime.fromtimestamp(at, self.zone):%H:%M:%S}"

    def _day(self, at: float) -> str:
        moment = datetime.fromtimestamp(at, self.zone)
        return f"{moment:%A} {moment.day} {moment:%B %Y}"

    def _full(self, at: float) -> str:
        return f"{datetime.fromtimestamp(at, self.zone):%Y-%m-%d %H:%M:%S}"


def _times(cells: Sequence[str]) -> str:
    names = ("started", "ended", "extra", "paused", "breaches")
    return ", ".join(f"{name} {cells[i]}" for name, i in zip(names, (2, 3, 5, 6, 7), strict=True) if cells[i])


def _word(what: str) -> str:
    return _WORDS.get(What(what), what) if what in set(What) else what


def _about(flag: Flag) -> str:
    """Return what a flag was about; one that was taken back says so."""
    words = ": ".join(part for part in (flag.rule, flag.detail or flag.note) if part)
    return f"{words} (taken back by {flag.withdrawn_by_name})" if flag.withdrawn_at else words


def _check(ticked: bool, reason: str) -> str:
    return "done" if ticked else f"not done: {reason}"


def _number(count: int) -> str:
    return str(count) if count else ""
