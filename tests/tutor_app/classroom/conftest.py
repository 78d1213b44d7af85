"""A small class to talk about: three laptops of 10B in the register, ids that count, and what devices say."""

from collections.abc import Callable
from itertools import count
from types import SimpleNamespace

import pytest

from protocol.messages import LessonTerms, LockFacts, Result, Right, ScreenState, Status
from tutor_app.classroom.classroom import Classroom, Order, Place
from tutor_app.classroom.events import CommandAnswered, Event, LinkUp, Permitted, StatusTold

START = 10_000.0
END = START + 3600
ALL = frozenset(Right)


def lesson(**changes: object) -> LessonTerms:
    terms = {"id": "ab" * 16, "name": "Maths 10B", "group": "10B", "starts_at": START, "ends_at": END} | changes
    return LessonTerms(**terms)  # type: ignore[arg-type]


def status(**changes: object) -> Status:
    facts = {
        "user": "amy",
        "host": "laptop-1",
        "application": "Writer",
        "monitors": (),
        "screen": ScreenState.LIVE,
    } | changes
    return Status(**facts)  # type: ignore[arg-type]


def told(device: str, at: float = START, **changes: object) -> StatusTold:
    return StatusTold(device=device, status=status(**changes), at=at)


def arrives(device: str, at: float = START, may: frozenset[Right] = ALL, group: str = "10B") -> list[Event]:
    return [
        LinkUp(device=device, name=f"Student {device}", group=group, address="10.0.0.7:47800", at=at),
        Permitted(device=device, until=END, may=may, at=at),
        told(device, at),
    ]


def answered(order: Order, result: Result = Result.OK, at: float = START, detail: str = "") -> CommandAnswered:
    return CommandAnswered(device=order.device, command=order.command.id, result=result, detail=detail, at=at)


def lock_facts(until: float, covered: bool = True) -> LockFacts:
    return LockFacts(id="cd" * 16, by="Maths tutor", until=until, covered=covered)


@pytest.fixture
def words() -> SimpleNamespace:
    """What devices say, and the lesson's times."""
    return SimpleNamespace(
        START=START,
        END=END,
        lesson=lesson,
        status=status,
        told=told,
        arrives=arrives,
        answered=answered,
        lock_facts=lock_facts,
    )


@pytest.fixture
def room() -> Classroom:
    """A lesson of 10B: A, B and C are expected; Z is 11A's."""
    numbers = count(1)
    places = [Place(device=device, name=f"Student {device}", group="10B") for device in "ABC"]
    other = Place(device="Z", name="Student Z", group="11A")
    return Classroom(lesson(), [*places, other], START, lambda: f"{next(numbers):032x}")


@pytest.fixture
def here(room: Classroom) -> Callable[..., Classroom]:
    """Let some devices arrive."""

    def arrive(*devices: str, at: float = START) -> Classroom:
        for device in devices:
            for event in arrives(device, at):
                room.apply(event)
        room.due(at)
        return room

    return arrive
