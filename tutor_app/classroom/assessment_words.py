"""An assessment in words: the banner over the wall, a student's time on the tile, and who needs an eye first."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import tzinfo
from typing import Final

from tutor_app.classroom.arrange import natural
from tutor_app.classroom.assessment import Assessment
from tutor_app.classroom.phrases import Run, Tone, clock_time, countdown, duration
from tutor_app.classroom.sitting import Sitting, Stage
from tutor_app.classroom.student import Student
from tutor_app.classroom.tile import Badge, Tile

FRESH_FOR: Final = 120.0  # seconds a breach is called by its name on the tile; after that it is counted

_STAGES: Final = {
    Stage.WAITING: "Not started",
    Stage.OVER: "Time is up",
    Stage.STOPPED: "Ended by you",
    Stage.RELEASED: "Released",
    Stage.REFUSED: "Not held here",
}


def stage_words(sitting: Sitting, now: float) -> str:
    """Return how far a student is: "41:07 left", "Paused · 41:07", "Starting… · 60:00"."""
    if not sitting.is_on:
        words = _STAGES[sitting.stage]
        return words if sitting.is_confirmed else "Ending…"
    left = countdown(sitting.left(now))
    if sitting.stage is Stage.PAUSED:
        return f"{'Paused' if sitting.is_confirmed else 'Pausing…'} · {left}"
    if not sitting.is_confirmed and sitting.told is None:
        return f"Starting… · {left}"
    return f"{left} left"


def on_tile(tile: Tile, sitting: Sitting | None, now: float) -> Tile:
    """Return the tile as the assessment wall shows it: the student's time beside the name, breaches as its badge."""
    if sitting is None:
        return replace(tile, aside="Not in the assessment")
    return replace(tile, aside=stage_words(sitting, now), badge=_badge(sitting, now) or _quiet(tile))


def _quiet(tile: Tile) -> Badge | None:
    """What is under control makes no noise in an assessment: only warnings stay."""
    return tile.badge if tile.badge and tile.badge.tone in (Tone.WARN, Tone.DANGER) else None


def _badge(sitting: Sitting, now: float) -> Badge | None:
    if sitting.found:
        return Badge(text="Device found", tone=Tone.DANGER, icon="found")
    if sitting.breaches:
        newest, number = sitting.breaches[-1], len(sitting.breaches)
        named = now - newest.at < FRESH_FOR or number == 1
        text = newest.detail or newest.rule.replace("-", " ") if named else f"{number} breaches"
        return Badge(text=text, tone=Tone.DANGER, icon="warning")
    if sitting.stage is Stage.REFUSED:
        return Badge(text=sitting.why or "The laptop refused", tone=Tone.DANGER, icon="warning")
    if sitting.why and sitting.is_on:
        return Badge(text=sitting.why, tone=Tone.WARN, icon="warning")
    if sitting.stage is Stage.RELEASED:
        return Badge(text="Released", tone=Tone.WARN, icon="unlock")
    return None


def by_urgency(students: Iterable[Student], assessment: Assessment) -> list[str]:
    """Return the devices, breaches first: the newest of them on top, then who is missing, then by name."""
    sittings = assessment.sittings

    def key(student: Student) -> tuple[object, ...]:
        sitting = sittings.get(student.device)
        newest = max((seen.at for seen in sitting.breaches), default=0) if sitting else 0
        found = sitting.found if sitting else 0
        trouble = bool(sitting and sitting.stage in (Stage.REFUSED, Stage.RELEASED))
        gone = bool(sitting and sitting.is_on and student.missing)
        return not (newest or found), -newest, not trouble, not gone, natural(student.name), student.device

    return [student.device for student in sorted(students, key=key)]


# ── the banner ──────────────────────────────────────────────────────────────────────────────────────────────────────


def banner(assessment: Assessment, now: float, zone: tzinfo) -> tuple[Run, ...]:
    """Return the state of the whole assessment in one line."""
    counted = Counter(sitting.stage for sitting in assessment.sittings.values())
    runs = [Run(assessment.plan.name, Tone.STRONG), Run("  ")]
    runs += _time(assessment, counted, now, zone)
    for words, tone in _counts(assessment, counted):
        runs += [Run(" · "), Run(words, tone)]
    if not assessment.is_own:
        runs += [Run(" · "), Run(f"held by {assessment.by}", Tone.ACCENT)]
    return tuple(runs)


def _time(assessment: Assessment, counted: "Counter[Stage]", now: float, zone: tzinfo) -> list[Run]:
    if counted[Stage.PAUSED] and not counted[Stage.RUNNING]:
        since = max(one.paused_at for one in assessment.sittings.values() if one.stage is Stage.PAUSED)
        return [Run(f"paused for {duration(now - since)}", Tone.WARN)]
    if not assessment.is_on:
        begun = any(one.ends_at for one in assessment.sittings.values())
        return [Run("time is up for everybody" if begun else "nobody has started", Tone.WARN)]
    common, last = assessment.common_end, assessment.last_end
    runs = [Run(f"until {clock_time(common, zone)}", Tone.INK)] if common > now else [Run("extra time", Tone.INK)]
    if last - common >= 60 or common <= now:
        runs.append(Run(f", the last until {clock_time(last, zone)}"))
    left = last - now if common <= now else common - now
    return [*runs, Run(f" · {countdown(left)} left", Tone.WARN if left <= 300 else Tone.STRONG)]


def _counts(assessment: Assessment, counted: "Counter[Stage]") -> Iterable[tuple[str, Tone]]:
    total = len(assessment.sittings)
    yield f"{counted[Stage.RUNNING] + counted[Stage.PAUSED]} of {total} at work", Tone.SOFT
    asked = sum(not one.is_confirmed for one in assessment.sittings.values())
    if asked:
        yield f"{asked} not confirmed yet", Tone.WARN
    breached = sum(bool(one.breaches) for one in assessment.sittings.values())
    if breached:
        yield f"{breached} with breaches", Tone.DANGER
    for stage, words in ((Stage.WAITING, "not started"), (Stage.REFUSED, "refused"), (Stage.RELEASED, "released")):
        if counted[stage]:
            yield f"{counted[stage]} {words}", Tone.WARN
