"""Whom to dial, when, and what a rumour may cost. No socket, no clock."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor_app.network.candidates import Address, Candidate, Candidates, parse_address
from tutor_app.network.limits import Limits, Pace

HERE = [Address("10.0.0.7", 47800)]


def book(**limits: float) -> Candidates:
    return Candidates(Limits(**limits), jitter=lambda: 1.0)  # type: ignore[arg-type]


def add(candidates: Candidates, name: str = "a", now: float = 0.0, **kwargs: bool) -> Candidate:
    made = candidates.announce(name, HERE, now, **kwargs)
    assert made
    return made


def names(candidates: list[Candidate]) -> list[str]:
    return [one.name for one in candidates]


def test_an_advert_is_due_at_once() -> None:
    candidates = book()
    one = add(candidates, now=5.0)
    assert candidates.due(5.0) == [one]
    candidates.dialled(one, 5.0)
    assert candidates.due(5.0) == []


def test_the_back_off_doubles_up_to_the_longest() -> None:
    candidates = book()
    one = add(candidates)
    pauses = []
    for _ in range(9):
        candidates.failed(one, 100.0)
        pauses.append(one.due_at - 100.0)
    assert pauses == [0.25, 0.5, 1, 2, 4, 8, 15, 15, 15]
    for _ in range(2000):  # no overflow however long nobody is there
        candidates.failed(one, 100.0)


def test_jitter_spreads_a_pause_between_half_and_whole() -> None:
    candidates = Candidates(Limits(), jitter=lambda: 0.0)
    one = add(candidates)
    candidates.failed(one, 0.0)
    assert one.due_at == 0.125
    assert candidates.next_due(0.0) == 0.125


def test_hearing_of_it_again_ends_the_back_off_but_not_more_than_once_a_second() -> None:
    candidates = book()
    one = add(candidates)
    for _ in range(8):
        candidates.dialled(one, 10.0)
        candidates.failed(one, 10.0)
    candidates.announce("a", HERE, 10.2)
    assert one.due_at == 11.0
    candidates.hurry(one, 12.0)
    assert one.due_at == 11.0
    candidates.dialled(one, 12.0)
    candidates.failed(one, 12.0)
    assert one.due_at == 12.25


def test_who_broke_the_protocol_is_not_hurried_by_adverts() -> None:
    candidates = book()
    one = add(candidates)
    candidates.dialled(one, 0.0)
    candidates.punish(one, 0.0)
    assert one.due_at == 2.0
    candidates.announce("a", HERE, 0.5)
    assert one.due_at == 2.0
    candidates.dialled(one, 2.0)
    candidates.punish(one, 2.0)
    assert one.due_at == 6.0


def test_a_stranger_is_left_alone_until_its_address_changes() -> None:
    candidates = book()
    one = add(candidates)
    candidates.was_strange(one, 0.0)
    assert candidates.due(1.0) == [one]
    candidates.was_strange(one, 1.0)
    assert candidates.due(1e6) == []
    candidates.announce("a", HERE, 1e6)
    assert candidates.due(1e6) == []
    candidates.announce("a", [Address("10.0.0.8", 47800)], 1e6 + 1)
    assert candidates.due(1e6 + 2) == [one]


def test_an_address_of_the_tutor_s_own_list_is_never_given_up() -> None:
    candidates = book()
    one = add(candidates, kept=True)
    for _ in range(5):
        candidates.was_strange(one, 0.0)
    assert candidates.due(100.0) == [one]


def test_who_is_not_of_this_lesson_is_asked_again_in_the_next() -> None:
    candidates = book()
    one = add(candidates)
    candidates.put_aside(one)
    assert candidates.due(1e6) == []
    candidates.forgive(1e6)
    assert candidates.due(1e6) == [one]


def test_good_bye_forgets_rumours_and_keeps_the_proven() -> None:
    candidates = book()
    add(candidates, "rumour")
    proven = add(candidates, "proven")
    proven.device = "LAPTOP-07"
    for name in ("rumour", "proven", "never heard of"):
        candidates.withdraw(name)
    assert names(list(candidates)) == ["proven"]


def test_the_oldest_unproven_makes_room() -> None:
    candidates = book(candidates=3)
    add(candidates, "proven", 0.0).device = "LAPTOP-07"
    add(candidates, "old", 1.0)
    add(candidates, "new", 2.0)
    add(candidates, "newer", 3.0)
    assert names(list(candidates)) == ["proven", "new", "newer"]


def test_other_groups_laptops_make_room_first() -> None:
    candidates = book(candidates=2)
    other = add(candidates, "other group", 1.0)
    other.device = "LAPTOP-99"
    candidates.put_aside(other)
    add(candidates, "rumour", 0.0)
    add(candidates, "new", 2.0)
    assert names(list(candidates)) == ["rumour", "new"]


def test_a_full_book_of_proven_laptops_takes_no_rumour() -> None:
    candidates = book(candidates=1)
    add(candidates, "proven").device = "LAPTOP-07"
    assert candidates.announce("rumour", HERE, 1.0) is None


@given(st.lists(st.tuples(st.integers(0, 400), st.booleans()), max_size=600))
def test_never_more_than_the_limit(adverts: list[tuple[int, bool]]) -> None:
    candidates = book(candidates=50)
    for now, (number, goes) in enumerate(adverts):
        if goes:
            candidates.withdraw(str(number))
        else:
            candidates.announce(str(number), HERE, float(now))
        assert len(candidates) <= 50


def test_the_proven_are_dialled_first_and_those_who_fail_last() -> None:
    candidates = book()
    failing = add(candidates, "failing", 0.0)
    candidates.dialled(failing, 0.0)
    candidates.failed(failing, 0.0)
    for name in ("1", "2", "3", "4"):
        add(candidates, name, float(name))
    add(candidates, "proven", 5.0).device = "LAPTOP-07"
    assert names(candidates.due(10.0)) == ["proven", "4", "1", "3", "2", "failing"]


def test_an_advert_is_cut_to_eight_addresses() -> None:
    candidates = book()
    one = candidates.announce("a", [Address(f"10.0.0.{number}", 1) for number in range(100)], 0.0)
    assert one
    assert len(one.addresses) == 8


@pytest.mark.parametrize(
    ("text", "address", "shown"),
    [
        ("10.0.0.7:4711", ("10.0.0.7", 4711), "10.0.0.7:4711"),
        (" laptop.lan ", ("laptop.lan", 47800), "laptop.lan:47800"),
        ("[fe80::1%eth0]:4711", ("fe80::1%eth0", 4711), "[fe80::1%eth0]:4711"),
        ("fd00::2", ("fd00::2", 47800), "[fd00::2]:47800"),
    ],
)
def test_addresses_are_read_and_shown(text: str, address: tuple[str, int], shown: str) -> None:
    assert parse_address(text) == address
    assert str(parse_address(text)) == shown


@pytest.mark.parametrize("text", ["", ":4711", "host:", "host:none", "host:0", "host:70000", "[]:1", "[::1", "[::1]x"])
def test_what_is_no_address_is_said(text: str) -> None:
    with pytest.raises(ValueError, match="HOST:PORT"):
        parse_address(text)


def test_the_pace_lets_a_burst_through_and_then_eight_a_second() -> None:
    pace = Pace(8.0, 8, 0.0)
    assert [pace.reserve(0.0) for _ in range(10)] == [0.0] * 8 + [0.125, 0.25]
    assert pace.wait(0.0) == pytest.approx(0.375)
    assert pace.wait(10.0) == 0.0
    assert [pace.reserve(10.0) for _ in range(9)][-1] == 0.125  # no more than a burst is saved up
