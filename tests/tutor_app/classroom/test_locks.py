""" "Eyes on me": everybody, for a time, and nobody longer."""

from collections.abc import Callable
from types import SimpleNamespace

from protocol.messages import Lock, Unlock
from tutor_app.classroom.classroom import Asked, Classroom
from tutor_app.classroom.events import LinkLost
from tutor_app.classroom.locks import LEASE

Here = Callable[..., Classroom]


def sent(asked: Asked) -> list[tuple[str, type]]:
    return [(order.device, type(order.command)) for order in asked[0]]


def test_it_locks_who_is_free_for_as_long_as_was_said(here: Here, words: SimpleNamespace) -> None:
    room = here("A", "B", "C")
    room.lock(["C"], "Later", words.START)
    room.apply(words.told("C", lock=words.lock_facts(words.START + LEASE)))
    orders, _ = room.eyes_on_me("Eyes on me", words.START + 10, 5)
    assert [(order.device, order.command.lease) for order in orders] == [("A", 300), ("B", 300)]  # type: ignore[union-attr]
    assert room.eyes
    assert room.eyes.until == words.START + 310


def test_its_end_unlocks_whom_it_locked_and_nobody_else(here: Here, words: SimpleNamespace) -> None:
    room = here("A", "B", "C")
    room.lock(["C"], "Later", words.START)
    room.apply(words.told("C", lock=words.lock_facts(words.START + LEASE)))
    room.eyes_on_me("", words.START, 1)
    assert sent(room.due(words.START + 59)) == []
    assert sent(room.due(words.START + 60)) == [("A", Unlock), ("B", Unlock)]
    assert room.eyes is None
    assert room.activity[-1].text == "Time is up: unlock → 2 students"


def test_its_leases_are_not_renewed_beyond_its_end(here: Here, words: SimpleNamespace) -> None:
    room = here("A")
    room.eyes_on_me("", words.START, 10)
    room.apply(words.told("A", lock=words.lock_facts(words.START + 600)))
    assert room.renewals(words.START + 400) == []


def test_without_a_time_it_is_renewed_until_the_tutor_ends_it(here: Here, words: SimpleNamespace) -> None:
    room = here("A")
    room.eyes_on_me("", words.START)
    room.apply(words.told("A", lock=words.lock_facts(words.START + LEASE)))
    assert [type(order.command) for order in room.renewals(words.START + 400)] == [Lock]
    assert sent(room.release(words.START + 401)) == [("A", Unlock)]
    assert room.renewals(words.START + 402) == []


def test_who_comes_late_is_locked_too_and_who_comes_back_keeps_the_same_lock(
    here: Here, words: SimpleNamespace
) -> None:
    room = here("A")
    first = room.eyes_on_me("", words.START, 5)[0][0].command
    room.apply(LinkLost(device="A", why="", at=words.START + 20))
    for device in "AB":
        for event in words.arrives(device, words.START + 60):
            room.apply(event)
    orders = sorted(room.due(words.START + 60)[0], key=lambda order: order.device)
    assert [(order.device, type(order.command), order.command.lease) for order in orders] == [  # type: ignore[union-attr]
        ("A", Lock, 240),
        ("B", Lock, 240),
    ]
    assert orders[0].command.id == first.id
    assert sent(room.release(words.START + 90)) == [("A", Unlock), ("B", Unlock)]


def test_whom_the_tutor_unlocks_meanwhile_stays_free(here: Here, words: SimpleNamespace) -> None:
    room = here("A", "B")
    room.eyes_on_me("", words.START, 5)
    room.unlock(["A"], words.START + 10)
    for event in words.arrives("A", words.START + 20):
        room.apply(event)
    assert sent(room.due(words.START + 20)) == []
    assert sent(room.release(words.START + 30)) == [("B", Unlock)]


def test_undoing_its_line_ends_it(here: Here, words: SimpleNamespace) -> None:
    room = here("A")
    room.eyes_on_me("", words.START, 5)
    orders, _, changes = room.undo(room.activity[-1].number, words.START + 5)
    assert sent((orders, changes)) == [("A", Unlock)]
    assert room.eyes is None


def test_it_never_outlives_the_lesson(here: Here, words: SimpleNamespace) -> None:
    room = here("A")
    order = room.eyes_on_me("", words.END - 30, 10)[0][0]
    assert order.command.lease == 30  # type: ignore[union-attr]
    assert room.to_unlock == ("A",)
