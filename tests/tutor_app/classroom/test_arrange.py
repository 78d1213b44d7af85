"""Which students are shown, and in which order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from protocol.messages import LockFacts
from tutor_app.classroom.arrange import Filter, Sort, arranged, counts, natural
from tutor_app.classroom.student import Presence, Student

LOCK = LockFacts(id="ab" * 16, by="Tutor", until=9.0, covered=True)


def student(device: str, name: str = "", presence: Presence = Presence.LIVE, **more: object) -> Student:
    return replace(Student(device=device, name=name or device, group="10B", presence=presence), **more)


CLASS = [
    student("a", "Student 10", application="Writer", first_seen_at=3.0),
    student("b", "Student 2", lock=LOCK, first_seen_at=1.0, user="Zoë"),
    student("c", "Student 1", Presence.MISSING, flags=1, first_seen_at=2.0),
    student("d", "Émile", Presence.EXPECTED),
    student("e", "Student 3", Presence.REFUSED, host="laptop-77", application="Browser", first_seen_at=4.0),
]


@pytest.mark.parametrize(
    ("chosen", "devices"),
    [
        (Filter.ALL, "dcbea"),
        (Filter.LIVE, "ba"),
        (Filter.LOCKED, "b"),
        (Filter.FLAGGED, "c"),
        (Filter.MISSING, "dce"),
    ],
)
def test_filters(chosen: Filter, devices: str) -> None:
    assert arranged(CLASS, chosen, Sort.NAME, "") == tuple(devices)
    assert counts(CLASS)[chosen] == len(devices)


@pytest.mark.parametrize(
    ("sort", "devices"),
    [
        (Sort.NAME, "dcbea"),
        (Sort.FIRST_SEEN, "bcaed"),
        (Sort.STATE, "ecbad"),
        (Sort.APPLICATION, "eadcb"),
    ],
)
def test_orders(sort: Sort, devices: str) -> None:
    assert arranged(CLASS, Filter.ALL, sort, "") == tuple(devices)


@pytest.mark.parametrize(
    ("typed", "devices"),
    [
        ("student 1", "ca"),
        ("  emile ", "d"),
        ("ZOE", "b"),
        ("77 browser", "e"),
        ("nobody", ""),
    ],
)
def test_finding_looks_everywhere_and_forgives_accents(typed: str, devices: str) -> None:
    assert arranged(CLASS, Filter.ALL, Sort.NAME, typed) == tuple(devices)


def test_finding_keeps_to_the_filter() -> None:
    assert arranged(CLASS, Filter.LIVE, Sort.NAME, "student 1") == ("a",)


@given(st.text(max_size=12), st.integers(0, 10**6))
def test_numbers_count_upwards_after_any_text(text: str, number: int) -> None:
    assert natural(f"{text} {number}") < natural(f"{text} {number + 1}")


@given(st.text(max_size=12), st.text(max_size=12))
def test_any_two_names_can_be_compared(one: str, other: str) -> None:
    assert natural(one) <= natural(other) or natural(other) <= natural(one)
