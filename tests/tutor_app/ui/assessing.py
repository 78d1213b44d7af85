"""Laptops that sit an assessment: they do what they are told and say what they hold."""

import dataclasses
from collections.abc import Iterable
from typing import Protocol

from msgspec.structs import replace

from protocol.messages import (
    AssessmentFacts,
    Breach,
    PauseAssessment,
    Right,
    RulesFacts,
    StartAssessment,
    StopAssessment,
    Unheld,
)
from tests.tutor_app.ui import synthetic as made
from tutor_app.classroom.events import BreachTold, Permitted, StatusTold, TileSeen
from tutor_app.ui.lesson_page import LessonPage
from tutor_app.ui.pictures import Pictures

UNHELD = RulesFacts(
    rules="lesson", until=made.TEN + 3300, unheld=(Unheld(rule="no-usb", why="USB storage cannot be seen here."),)
)


class Clock(Protocol):
    now: float


class Hall:
    """The room with its laptops, behind a lesson page."""

    def __init__(self, page: LessonPage, wire: made.FakeWire, clock: Clock, pictures: Pictures) -> None:
        self.page, self.wire, self.clock, self.pictures = page, wire, clock, pictures
        self.facts: dict[str, AssessmentFacts | None] = {}
        self._numbers: dict[str, int] = {}
        self._breaches = 0
        self._by = page.run.tutor.name

    def arrive(self, *numbers: int, limited: Iterable[int] = (), may: frozenset[Right] = made.ALL) -> None:
        for number in numbers:
            name = made.device(number)
            self._numbers[name] = number
            events = made.arrives(number, at=self.clock.now, **self._status(name, number in limited))
            self.page.run.take(
                [dataclasses.replace(event, may=may) if isinstance(event, Permitted) else event for event in events]
            )
            self.pictures.put(name, made.screen(number))
        self.page.run.take_shown([TileSeen(made.device(number), self.clock.now) for number in numbers])

    def answer(self, *, away: Iterable[int] = ()) -> None:
        """Every laptop that is here does what it was told, answers, and says what it holds."""
        gone = {made.device(number) for number in away}
        orders, self.wire.orders = self.wire.orders, []
        for order in orders:
            if order.device not in gone:
                self._obey(order.device, order.command)
                self.page.run.take([made.answered(order, at=self.clock.now)])
                self.tell(order.device)

    def tell(self, name: str) -> None:
        status = made.status(self._numbers[name], **self._status(name))
        self.page.run.take([StatusTold(device=name, status=status, at=self.clock.now)])

    def breach(self, number: int, rule: str, detail: str) -> None:
        self._breaches += 1
        breach = Breach(
            id=f"{self._breaches:032x}", rule=rule, category="personal-device", sentence="Not allowed.",
            detail=detail, at=self.clock.now,
        )  # fmt: skip
        self.page.run.take([BreachTold(device=made.device(number), breach=breach, at=self.clock.now)])

    def _status(self, name: str, limited: bool = False) -> dict[str, object]:
        rules = UNHELD if limited else None
        return {"assessment": self.facts.get(name), "rules": rules}

    def _obey(self, name: str, command: object) -> None:
        facts = self.facts.get(name)
        match command:
            case StartAssessment(assessment=terms):
                self.facts[name] = AssessmentFacts(
                    id=terms.id, name=terms.name, rules=terms.rules, by=self._by, starts_at=terms.starts_at,
                    ends_at=terms.ends_at,
                )  # fmt: skip
            case PauseAssessment() if facts:
                paused_at = self.clock.now if command.paused else 0
                self.facts[name] = replace(facts, paused_at=paused_at, ends_at=command.ends_at)
            case StopAssessment() if facts:
                self.facts[name] = replace(facts, released_at=self.clock.now)
