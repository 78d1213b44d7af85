"""One assessment as an invigilator's app keeps it: orders out, what devices say in, and what is to be put on record.

What was asked of a device stands as its sitting's wish until the device's own facts show it: a laptop that was away
gets it when it is back. Without a wish the device's facts count, for a second invigilator may have changed them.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

import msgspec

from protocol.messages import (
    AssessmentFacts,
    AssessmentTerms,
    PauseAssessment,
    Result,
    StartAssessment,
    StopAssessment,
)
from protocol.policy.permit import CLOCK_TOLERANCE
from tutor_app.classroom.assessment_plan import Plan
from tutor_app.classroom.sitting import Seen, Sitting, Stage, Wish, shows
from tutor_app.classroom.values import Order

MOST_NEWS: Final = 200  # entries that one device's own news may put on record
RESEND: Final = 15.0  # seconds after which a wish the device does not show is sent again; it answers within 5 s


class What(StrEnum):
    """What an entry of the assessment's log says."""

    STARTED = "started"
    STARTED_AGAIN = "started-again"
    REFUSED = "refused"
    PAUSED = "paused"
    RESUMED = "resumed"
    EXTRA_TIME = "extra-time"
    STOPPED = "stopped"
    RELEASED = "released"
    ENDED = "ended"
    ADOPTED = "adopted"
    TAKEN_OVER = "taken-over"
    EXCEPTION = "exception"
    SHEET = "sheet"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line for the records. `device` "" is the whole assessment; `seconds` a pause's length or the extra time."""

    what: What
    at: float
    device: str = ""
    ends_at: float = 0
    seconds: float = 0
    detail: str = ""


@dataclass
class Outcome:
    """What an action or a piece of news leads to."""

    orders: list[Order] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    devices: set[str] = field(default_factory=set)

    def __or__(self, other: "Outcome") -> "Outcome":
        return Outcome(self.orders + other.orders, self.entries + other.entries, self.devices | other.devices)


class Assessment:
    """`new_id` returns a fresh UUID4 in hexadecimal, `new_secret` 20 random bytes. `by` is who holds it.

    `is_own` is False while this app only looks at what another invigilator holds.
    """

    def __init__(
        self,
        id_: str,
        plan: Plan,
        by: str,
        names: Mapping[str, str],
        *,
        new_id: Callable[[], str],
        new_secret: Callable[[], bytes],
        is_own: bool = True,
    ) -> None:
        self.id, self.plan, self.by, self.is_own = id_, plan, by, is_own
        self._new_id, self._new_secret = new_id, new_secret
        self._news = Counter[str]()  # entries by device
        self._sittings = {
            device: Sitting(device=device, name=names.get(device, device), extra=plan.extra.get(device, 0))
            for device in plan.devices
        }

    @property
    def sittings(self) -> Mapping[str, Sitting]:
        """Everybody who sits it, by device."""
        return self._sittings

    @property
    def terms(self) -> dict[str, AssessmentTerms]:
        """The terms this app has sent, by device; they hold the secrets."""
        return {device: one.terms for device, one in self._sittings.items() if one.terms}

    @property
    def is_on(self) -> bool:
        """Whether anybody's time runs or is paused."""
        return any(one.is_on for one in self._sittings.values())

    @property
    def last_end(self) -> float:
        """When the last student's time is up, as things stand; 0 where nobody has begun."""
        return max((one.ends_at for one in self._sittings.values()), default=0)

    @property
    def common_end(self) -> float:
        """When most students without extra time end; 0 where nobody has begun.

        Late students and those whose own time was paused end later; that concerns nobody else.
        """
        ends = Counter(round(one.ends_at - one.extra) for one in self._sittings.values() if one.ends_at)
        most = max(ends.values(), default=0)
        return min((end for end, number in ends.items() if number == most), default=0)

    # ── what the invigilator does ───────────────────────────────────────────────────────────────────────────────────

    def start(self, names: Mapping[str, str], now: float, *, with_others: bool = False) -> Outcome:
        """Start on these devices (id → name), also late ones; `with_others` gives them no more than the common end."""
        outcome = Outcome()
        common = self.common_end if with_others else 0
        for device, name in names.items():
            sitting = self._sittings.get(device) or Sitting(device=device, name=name)
            if sitting.is_on:
                continue
            ends_at = (common or now + self.plan.length) + sitting.extra
            terms = self._terms(now, ends_at)
            started = replace(
                sitting, stage=Stage.RUNNING, starts_at=now, ends_at=ends_at, paused_at=0, ended_at=0, terms=terms
            )
            entry = Entry(what=What.STARTED, at=now, device=device, ends_at=ends_at, seconds=sitting.extra)
            outcome |= self._ask(started, StartAssessment(id=self._new_id(), assessment=terms), now, entry)
        return outcome

    def pause(self, now: float, devices: Iterable[str] | None = None) -> Outcome:
        """Stop the time of these students, or of all."""
        outcome = Outcome()
        for sitting in self._chosen(devices, Stage.RUNNING):
            entry = Entry(what=What.PAUSED, at=now, device=sitting.device, ends_at=sitting.ends_at)
            outcome |= self._end_moves(replace(sitting, stage=Stage.PAUSED, paused_at=now), now, entry)
        return outcome

    def resume(self, now: float, devices: Iterable[str] | None = None) -> Outcome:
        """Let the time go on; each end moves by the length of that student's pause."""
        outcome = Outcome()
        for sitting in self._chosen(devices, Stage.PAUSED):
            length = max(0.0, now - sitting.paused_at)
            on = replace(sitting, stage=Stage.RUNNING, paused_at=0, ends_at=sitting.ends_at + length)
            entry = Entry(what=What.RESUMED, at=now, device=on.device, ends_at=on.ends_at, seconds=length)
            outcome |= self._end_moves(on, now, entry)
        return outcome

    def give_time(self, devices: Iterable[str], seconds: float, now: float) -> Outcome:
        """Give these students more time; one who has not begun gets it at the start."""
        outcome = Outcome()
        for sitting in self._chosen(devices, Stage.RUNNING, Stage.PAUSED, Stage.WAITING):
            more = replace(sitting, extra=sitting.extra + seconds)
            if sitting.is_on:
                more = replace(more, ends_at=sitting.ends_at + seconds)
            entry = Entry(what=What.EXTRA_TIME, at=now, device=sitting.device, ends_at=more.ends_at, seconds=seconds)
            outcome |= self._end_moves(more, now, entry) if more.is_on else self._put(more, entry)
        return outcome

    def stop(self, devices: Iterable[str], now: float) -> Outcome:
        """End it for these students."""
        outcome = Outcome()
        for sitting in self._chosen(devices, Stage.RUNNING, Stage.PAUSED):
            stopped = replace(sitting, stage=Stage.STOPPED, ended_at=now)
            order = StopAssessment(id=self._new_id(), assessment=self.id)
            outcome |= self._ask(stopped, order, now, Entry(what=What.STOPPED, at=now, device=sitting.device))
        return outcome

    def take_over(self, by: str, now: float) -> Outcome:
        """From now on this invigilator holds it."""
        before, self.by, self.is_own = self.by, by, True
        entry = Entry(what=What.TAKEN_OVER, at=now, detail=f"from {before}", ends_at=self.last_end)
        return Outcome([], [entry], set(self._sittings))

    def breach(self, device: str, seen: Seen) -> Outcome:
        """Take in a breach that a device told; told again, it counts once."""
        sitting = self._sittings.get(device)
        if sitting is None or any(one.id == seen.id for one in sitting.breaches):
            return Outcome()
        return self._put(replace(sitting, breaches=(*sitting.breaches, seen)))

    def found(self, device: str) -> Outcome:
        """A device that can communicate was found with this student."""
        sitting = self._sittings.get(device)
        return self._put(replace(sitting, found=sitting.found + 1)) if sitting else Outcome()

    def restore(self, terms: Mapping[str, AssessmentTerms], names: Mapping[str, str], now: float) -> Outcome:
        """Take up again what this app had started before it was closed; what devices say meanwhile counts for more."""
        outcome = Outcome()
        for device, one in terms.items():
            known = self._sittings.get(device) or Sitting(device=device, name=names.get(device, device))
            if not known.told:
                stage = Stage.RUNNING if one.ends_at > now else Stage.OVER
                known = replace(known, stage=stage, starts_at=one.starts_at, ends_at=one.ends_at)
            extra = max(0.0, one.ends_at - one.starts_at - self.plan.length)
            outcome |= self._put(replace(known, terms=one, extra=known.extra or extra))
        return outcome

    def sent(self, order: Order) -> None:
        """This order went out for a wish: its answer is the wish's answer."""
        sitting, command = self._sittings.get(order.device), order.command
        if sitting and sitting.wish and isinstance(command, Wish) and isinstance(command, type(sitting.wish)):
            self._sittings[order.device] = replace(sitting, wish=command)

    # ── what devices tell ───────────────────────────────────────────────────────────────────────────────────────────

    def told(self, device: str, name: str, facts: AssessmentFacts | None, at: float) -> Outcome:
        """Take in what a device says of the assessment it holds, None for none."""
        if self._news[device] >= MOST_NEWS:
            return Outcome()  # nothing honest changes its mind so often
        outcome = self._heard(device, name, facts, at)
        self._news[device] += len(outcome.entries)
        return outcome

    def answered(self, device: str, command: str, result: Result, detail: str, at: float) -> Outcome:
        """Take in how a command ended; one that was refused is given up, and the device's own facts count again."""
        sitting = self._sittings.get(device)
        if sitting is None or sitting.wish is None or sitting.wish.id != command or result is Result.OK:
            return Outcome()
        given_up = replace(sitting, wish=None, why=detail or "The laptop refused.")
        entry = Entry(what=What.REFUSED, at=at, device=device, detail=f"{_VERB[type(sitting.wish)]}: {given_up.why}")
        if sitting.told and sitting.told.id == self.id:
            return self._put(_from_facts(given_up, sitting.told, at), entry)
        if isinstance(sitting.wish, StartAssessment):
            return self._put(replace(given_up, stage=Stage.REFUSED, ended_at=at), entry)
        return self._put(given_up, entry)

    def tick(self, now: float, reachable: AbstractSet[str]) -> Outcome:
        """Let time pass: times run out, and what a reachable device does not show is sent to it again."""
        outcome = Outcome()
        for sitting in tuple(self._sittings.values()):
            if sitting.stage is Stage.RUNNING and now >= sitting.ends_at:
                over = replace(sitting, stage=Stage.OVER, ended_at=sitting.ends_at, wish=None)
                outcome |= self._put(over, Entry(what=What.ENDED, at=sitting.ends_at, device=sitting.device))
            elif sitting.wish and sitting.device in reachable and now - sitting.asked_at >= RESEND:
                self._sittings[sitting.device] = replace(sitting, asked_at=now)
                outcome.orders += self._orders(sitting, sitting.wish)
        return outcome

    # ── inside ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _heard(self, device: str, name: str, facts: AssessmentFacts | None, at: float) -> Outcome:
        sitting = self._sittings.get(device)
        if facts is not None and facts.id != self.id:
            return self._elsewhere(sitting, facts, at)
        if sitting is None:
            if facts is None:
                return Outcome()
            sitting = Sitting(device=device, name=name)
        if sitting.wish:
            return self._wished(sitting, sitting.wish, facts, at)
        if facts is None:
            return self._lost(sitting, at)
        return self._accept(sitting, facts, at)

    def _terms(self, starts_at: float, ends_at: float) -> AssessmentTerms:
        plan = self.plan
        return AssessmentTerms(
            id=self.id,
            name=plan.name,
            rules=plan.rules,
            starts_at=starts_at,
            ends_at=ends_at,
            only=plan.only,
            allow_sites=plan.allow_sites,
            allow_applications=plan.allow_applications,
            secret=self._new_secret(),
        )

    def _chosen(self, devices: Iterable[str] | None, *stages: Stage) -> list[Sitting]:
        wanted = self._sittings if devices is None else dict.fromkeys(devices)
        chosen = (self._sittings[device] for device in wanted if device in self._sittings)
        return [sitting for sitting in chosen if sitting.stage in stages]

    def _end_moves(self, sitting: Sitting, now: float, entry: Entry) -> Outcome:
        """Tell the device of its new end, or that the time stands or goes on."""
        if sitting.terms:
            sitting = replace(sitting, terms=msgspec.structs.replace(sitting.terms, ends_at=sitting.ends_at))
        return self._ask(sitting, self._wish(sitting, resumed=entry.what is What.RESUMED), now, entry)

    def _wish(self, sitting: Sitting, *, resumed: bool = False) -> Wish:
        """Return what brings a device to where the sitting is. A start would not let a paused device go on."""
        paused = sitting.stage is Stage.PAUSED
        if sitting.terms and not paused and not resumed:
            return StartAssessment(id=self._new_id(), assessment=sitting.terms)
        return PauseAssessment(id=self._new_id(), assessment=self.id, paused=paused, ends_at=sitting.ends_at)

    def _ask(self, sitting: Sitting, wish: Wish, now: float, *entries: Entry) -> Outcome:
        asked = replace(sitting, wish=wish, asked_at=now, why="")
        return self._put(asked, *entries) | Outcome(self._orders(asked, wish))

    def _orders(self, sitting: Sitting, wish: Wish) -> list[Order]:
        """Return what fulfils a wish: a device that does not have the assessment cannot pause it."""
        commands: list[Wish] = [wish]
        if isinstance(wish, PauseAssessment) and sitting.told is None and sitting.terms:
            commands.insert(0, StartAssessment(id=self._new_id(), assessment=sitting.terms))
        return [Order(device=sitting.device, command=command) for command in commands]

    def _wished(self, sitting: Sitting, wish: Wish, facts: AssessmentFacts | None, at: float) -> Outcome:
        sitting = replace(sitting, told=facts)
        if not shows(facts, wish):
            return self._put(sitting)
        kept = replace(sitting, wish=None)
        return self._put(kept) if isinstance(wish, StopAssessment) or facts is None else self._accept(kept, facts, at)

    def _lost(self, sitting: Sitting, at: float) -> Outcome:
        """A device that no longer holds what it should is given it again."""
        was_told, sitting = sitting.told is not None, replace(sitting, told=None)
        if not sitting.is_on or at >= sitting.ends_at:
            return self._put(sitting)
        if sitting.stage is Stage.RUNNING and was_told and at >= sitting.ends_at - CLOCK_TOLERANCE:
            # Its clock is ahead of ours: by it, the time was up. To start it again would only be refused.
            over = replace(sitting, stage=Stage.OVER, ended_at=at)
            return self._put(over, Entry(what=What.ENDED, at=at, device=sitting.device))
        if sitting.terms is None:
            why = "The laptop no longer holds the assessment. Start it there again."
            entry = Entry(what=What.REFUSED, at=at, device=sitting.device, detail=why)
            return self._put(replace(sitting, stage=Stage.REFUSED, why=why, ended_at=at), entry)
        entry = Entry(what=What.STARTED_AGAIN, at=at, device=sitting.device, ends_at=sitting.ends_at)
        return self._ask(sitting, self._wish(sitting), at, entry)

    def _elsewhere(self, sitting: Sitting | None, facts: AssessmentFacts, at: float) -> Outcome:
        """The device is held in another assessment. One that is over there is none."""
        if sitting is None or facts.released_at or facts.ends_at <= at:
            return self._heard(sitting.device, sitting.name, None, at) if sitting else Outcome()
        why = f"It holds another assessment: {facts.name}, by {facts.by}."
        if sitting.why == why:
            return Outcome()
        entry = Entry(what=What.REFUSED, at=at, device=sitting.device, detail=why)
        return self._put(replace(sitting, stage=Stage.REFUSED, why=why, wish=None, told=None), entry)

    def _accept(self, sitting: Sitting, facts: AssessmentFacts, at: float) -> Outcome:
        """The device's facts count; what differs from before was done elsewhere and goes on record."""
        after = _from_facts(replace(sitting, told=facts), facts, at)
        if after.terms and after.terms.ends_at != after.ends_at:
            after = replace(after, terms=msgspec.structs.replace(after.terms, ends_at=after.ends_at))
        extra = _extra_elsewhere(sitting, after)
        after = replace(after, extra=after.extra + extra)
        return self._put(after, *_differences(sitting, after, extra, at))

    def _put(self, sitting: Sitting, *entries: Entry) -> Outcome:
        changed = self._sittings.get(sitting.device) != sitting
        self._sittings[sitting.device] = sitting
        return Outcome([], list(entries), {sitting.device} if changed else set())


_VERB: Final = {StartAssessment: "start", PauseAssessment: "pause or new end", StopAssessment: "stop"}


def adopted(facts: AssessmentFacts, *, new_id: Callable[[], str], new_secret: Callable[[], bytes]) -> Assessment:
    """Return the assessment that a device says it holds, as one that somebody else started."""
    plan = Plan(name=facts.name, rules=facts.rules, length=facts.ends_at - facts.starts_at, devices=())
    return Assessment(facts.id, plan, facts.by, {}, new_id=new_id, new_secret=new_secret, is_own=False)


def _from_facts(sitting: Sitting, facts: AssessmentFacts, at: float) -> Sitting:
    """Return the sitting as the device tells it."""
    on = replace(sitting, starts_at=facts.starts_at, ends_at=facts.ends_at, paused_at=facts.paused_at)
    if facts.released_at:
        stage = Stage.STOPPED if sitting.stage is Stage.STOPPED else Stage.RELEASED
        return replace(on, stage=stage, ended_at=sitting.ended_at or facts.released_at, paused_at=0)
    if facts.paused_at:
        return replace(on, stage=Stage.PAUSED, ended_at=0)
    if facts.ends_at <= at:
        return replace(on, stage=Stage.OVER, ended_at=facts.ends_at)
    return replace(on, stage=Stage.RUNNING, ended_at=0, why="")


def _extra_elsewhere(before: Sitting, after: Sitting) -> float:
    """Return the extra time another invigilator gave, in seconds: an end that moved for no pause."""
    moved = after.ends_at - before.ends_at
    if not before.ends_at or not (before.is_on or before.stage is Stage.OVER) or before.stage is Stage.PAUSED:
        return 0
    return moved if abs(moved) >= 1 else 0


def _differences(before: Sitting, after: Sitting, extra: float, at: float) -> list[Entry]:
    """Return entries for what another invigilator, or a release code, did."""
    device, ends_at = after.device, after.ends_at

    def entry(what: What, seconds: float = 0, when: float = at) -> Entry:
        return Entry(what=what, at=when, device=device, ends_at=ends_at, seconds=seconds, detail=_ELSEWHERE[what])

    if not before.ends_at:
        return [entry(What.ADOPTED, when=after.starts_at)]
    entries = [entry(What.EXTRA_TIME, extra)] if extra else []
    match before.stage, after.stage:
        case ((Stage.RUNNING | Stage.PAUSED | Stage.OVER), Stage.RELEASED):
            entries.append(entry(What.RELEASED, when=after.ended_at))
        case Stage.RUNNING, Stage.PAUSED:
            entries.append(entry(What.PAUSED, when=after.paused_at))
        case Stage.PAUSED, Stage.RUNNING:
            entries.append(entry(What.RESUMED, after.ends_at - before.ends_at))
        case ((Stage.RUNNING | Stage.PAUSED), Stage.OVER):
            entries.append(entry(What.ENDED, when=after.ended_at))
    return entries


_ELSEWHERE: Final = {
    What.ADOPTED: "as the laptop told it",
    What.EXTRA_TIME: "given by another invigilator",
    What.RELEASED: "at the laptop with its code, or by another invigilator",
    What.PAUSED: "by another invigilator",
    What.RESUMED: "by another invigilator",
    What.ENDED: "",
}
