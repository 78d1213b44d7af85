"""Broken rules as they go on: each thing is told and flagged once while it lasts, and closed in steps. Pure.

A thing that comes back within QUIET is the same incident: a window that flaps floods nobody. What `Kept`
holds goes on after a restart where it was.
"""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Annotated, Final

from msgspec import DecodeError, Meta, json
from msgspec.structs import replace

from protocol.messages import Breach, Id, Line, Slug, Time, Value
from protocol.policy.rule import Do
from protocol.policy.rules import Decision
from protocol.text import plain
from student_client.local import Notice

QUIET: Final = 60.0  # seconds something must be gone to count as new when it is there again
RETURN_GRACE: Final = 5.0  # seconds of grace for what comes back within QUIET
STEP: Final = 5.0  # seconds between asking, SIGTERM and SIGKILL
MOST: Final = 64  # incidents known at once; beyond, new ones take the place of what is gone, or wait
FLAGS: Final = 30  # breaches told within FLAGS_WITHIN, of all rules together
FLAGS_WITHIN: Final = 600.0
GENTLE: Final = "browser-restart"  # the agent's own rule: what it closes is only asked to, for it may hold work


class Stage(IntEnum):
    """How far the closing of a program has come."""

    TOLD = 0
    ASKED = 1
    ENDED = 2
    KILLED = 3


class Incident(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing that breaks, or a moment ago broke, one rule.

    `closes_at` 0: nothing is closed. `gone_at` 0: it lasts.
    """

    id: Id
    lesson: Line
    rule: Slug
    key: Line
    closes_at: Time = 0.0
    gone_at: Time = 0.0
    flagged: bool = False
    stage: Annotated[Stage, Meta()] = Stage.TOLD


class Kept(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What of the enforcement outlives the process: incidents, and since when browsers are held to which web rules."""

    incidents: Annotated[tuple[Incident, ...], Meta(max_length=MOST)] = ()
    web: Line = ""
    web_since: Time = 0.0


@dataclass(frozen=True, slots=True)
class Tell:
    """Show this to the student; the same id again replaces it."""

    notice: Notice


@dataclass(frozen=True, slots=True)
class Clear:
    """Take a notice away."""

    id: str


@dataclass(frozen=True, slots=True)
class Flag:
    """Tell this to the tutor."""

    breach: Breach


@dataclass(frozen=True, slots=True)
class Close:
    """Make these processes end: the first stage asks their windows."""

    pids: tuple[int, ...]
    stage: Stage
    decision: Decision


@dataclass(frozen=True, slots=True)
class LockFor:
    """Lock the screen, or keep it locked; said at every step while this lasts."""

    id: str
    sentence: str


Action = Tell | Clear | Flag | Close | LockFor


class Incidents:
    """All of them. `new_id` gives ids for breaches, notices and locks: one incident has one id for all three."""

    def __init__(self, new_id: Callable[[], str], known: Iterable[Incident] = ()) -> None:
        self._new_id = new_id
        self._known = {_place(one): one for one in known}
        self._told: dict[str, Notice] = {}
        self._flags: deque[float] = deque()
        self._flooded = False

    def step(self, broken: Iterable[Decision], lesson: str, now: float) -> list[Action]:
        """Return what to do now that these rules are broken, and no others."""
        actions: list[Action] = []
        present = {(lesson, one.rule, plain(one.key, 200)): one for one in broken}
        for place, decision in present.items():
            actions += self._lasts(place, decision, now)
        for place, incident in list(self._known.items()):
            if place not in present:
                actions += self._absent(place, incident, now)
        return actions

    def next_step(self) -> float | None:
        """Return when something is to be done though nothing changes."""
        times = [
            one.closes_at + STEP * one.stage
            for one in self._known.values()
            if one.closes_at and not one.gone_at and one.stage < (Stage.ASKED if one.rule == GENTLE else Stage.KILLED)
        ]
        return min(times, default=None)

    @property
    def notices(self) -> tuple[Notice, ...]:
        """What the student is being told, for a new desktop."""
        return tuple(self._told.values())

    @property
    def known(self) -> tuple[Incident, ...]:
        """All of them, to be stored."""
        return tuple(self._known.values())

    def _lasts(self, place: tuple[str, str, str], decision: Decision, now: float) -> list[Action]:
        incident, actions = self._known.get(place), list[Action]()
        if incident and incident.gone_at and now - incident.gone_at >= QUIET:
            del self._known[place]
            incident = None
        if incident is None:
            if len(self._known) >= MOST and not self._make_room():
                return []
            closes_at = now + decision.grace if Do.CLOSE in decision.do and decision.pids else 0.0
            incident = Incident(
                id=self._new_id(), lesson=place[0], rule=decision.rule, key=place[2], closes_at=closes_at
            )
        elif incident.gone_at:
            closes_at = now + min(decision.grace, RETURN_GRACE) if incident.closes_at else 0.0
            incident = replace(incident, gone_at=0.0, stage=Stage.TOLD, closes_at=closes_at)
        if Do.FLAG in decision.do and not incident.flagged:
            flags = self._flag(incident, decision, now)
            actions += flags
            incident = replace(incident, flagged=bool(flags))
        actions += self._tell(incident, decision)
        if Do.LOCK in decision.do:
            actions.append(LockFor(incident.id, decision.sentence))
        incident, closing = _closed(incident, decision, now)
        self._known[place] = incident
        return [*actions, *closing]

    def _make_room(self) -> bool:
        """Forget what has been gone longest: programs that come and go must not keep others from being closed."""
        gone = [(one.gone_at, place) for place, one in self._known.items() if one.gone_at]
        if gone:
            del self._known[min(gone)[1]]
        return bool(gone)

    def _absent(self, place: tuple[str, str, str], incident: Incident, now: float) -> list[Action]:
        if incident.gone_at:
            if now - incident.gone_at >= QUIET:
                del self._known[place]
            return []
        self._known[place] = replace(incident, gone_at=now)
        return [Clear(incident.id)] if self._told.pop(incident.id, None) else []

    def _tell(self, incident: Incident, decision: Decision) -> list[Action]:
        if not decision.do & {Do.TELL, Do.CLOSE}:
            return []
        notice = Notice(
            id=incident.id,
            sentence=plain(decision.sentence, 280),
            detail=plain(decision.detail, 280),
            until=incident.closes_at,
        )
        if self._told.get(incident.id) == notice:
            return []
        self._told[incident.id] = notice
        return [Tell(notice)]

    def _flag(self, incident: Incident, decision: Decision, now: float) -> list[Action]:
        while self._flags and self._flags[0] <= now - FLAGS_WITHIN:
            self._flags.popleft()
        if len(self._flags) < FLAGS:
            self._flags.append(now)
            self._flooded = False
            return [Flag(_breach(incident.id, decision, decision.sentence, decision.detail, now))]
        if self._flooded:
            return []
        self._flooded = True
        much = f"More than {FLAGS} breaches within {FLAGS_WITHIN / 60:.0f} minutes; those that follow are not listed."
        return [Flag(_breach(self._new_id(), decision, much, "", now))]


def read_kept(data: bytes | None) -> Kept:
    """Return what was stored, nothing where it is damaged: then things are flagged once more."""
    try:
        return json.decode(data, type=Kept) if data else Kept()
    except (DecodeError, UnicodeDecodeError):
        return Kept()


def _closed(incident: Incident, decision: Decision, now: float) -> tuple[Incident, list[Action]]:
    """Go on closing what has had its grace."""
    if not incident.closes_at or not decision.pids:
        return incident, []
    due = int((now - incident.closes_at) // STEP) + 1
    last = Stage.ASKED if decision.rule == GENTLE else Stage.KILLED
    stage = Stage(max(Stage.TOLD, min(due, incident.stage + 1, last)))
    if stage == Stage.TOLD or (stage == incident.stage and stage != Stage.KILLED):
        return incident, []
    return replace(incident, stage=stage), [Close(decision.pids, stage, decision)]


def _breach(identifier: str, decision: Decision, sentence: str, detail: str, now: float) -> Breach:
    return Breach(
        id=identifier,
        rule=decision.rule,
        category=decision.category,
        sentence=plain(sentence, 280),
        detail=plain(detail, 280),
        at=now,
    )


def _place(incident: Incident) -> tuple[str, str, str]:
    return incident.lesson, incident.rule, incident.key
