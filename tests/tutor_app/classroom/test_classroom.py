"""The lesson as state: who is here, what was asked, what came of it."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest

from protocol.messages import Lock, Reason, Result, Right, ScreenState, TextMessage, Unlock
from tutor_app.classroom.activity import Kind
from tutor_app.classroom.classroom import Changes, Classroom, Place
from tutor_app.classroom.commands import ANSWER_WITHIN
from tutor_app.classroom.events import LinkLost, LinkUp, MessageUnderstood, NetworkProblem, NotPermitted, PictureShown
from tutor_app.classroom.locks import LEASE
from tutor_app.classroom.roster import RECONNECT_FOR
from tutor_app.classroom.student import Action, Answer, Presence

Here = Callable[..., Classroom]


def presence(room: Classroom, device: str) -> Presence:
    return room.students[device].presence


# ── who is here ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_only_the_lessons_group_is_expected(room: Classroom) -> None:
    assert list(room.students) == ["A", "B", "C"]
    assert room.expected == 3
    assert [student.device for student in room.not_seen] == ["A", "B", "C"]


def test_a_device_arrives_step_by_step(room: Classroom, words: SimpleNamespace) -> None:
    up, permitted, told = words.arrives("A")
    steps = []
    for event in (up, permitted, told):
        assert room.apply(event).devices == {"A"}
        steps.append(presence(room, "A"))
    assert steps == [Presence.CONNECTING, Presence.NO_PICTURE, Presence.LIVE]
    assert (room.students["A"].user, room.students["A"].address) == ("amy", "10.0.0.7:47800")
    assert [student.device for student in room.not_seen] == ["B", "C"]


def test_a_laptop_of_the_group_that_the_register_lacks_joins_the_wall(room: Classroom, words: SimpleNamespace) -> None:
    changes = room.apply(words.arrives("N")[0])
    assert changes.roster
    assert list(room.students) == ["A", "B", "C", "N"]
    assert room.expected == 3


def test_laptops_of_other_groups_never_become_tiles(room: Classroom, words: SimpleNamespace) -> None:
    for event in words.arrives("Z", group="11A"):
        assert not room.apply(event)
    assert "Z" not in room.students


def test_without_a_picture_the_tile_says_why(here: Here, words: SimpleNamespace) -> None:
    room = here("A")
    room.apply(words.told("A", screen=ScreenState.NOBODY_LOGGED_IN))
    assert presence(room, "A") is Presence.NO_PICTURE
    assert room.students["A"].why == "Nobody is logged in"
    room.apply(words.told("A", screen=ScreenState.CAPTURE_FAILED, reason="The display went away"))
    assert room.students["A"].why == "The display went away"


def test_a_lost_link_reconnects_then_counts_as_missing(here: Here, words: SimpleNamespace) -> None:
    room = here("A")
    room.apply(LinkLost(device="A", why="The connection broke", at=words.START + 10))
    assert presence(room, "A") is Presence.RECONNECTING
    assert not room.tick(words.START + 10 + RECONNECT_FOR - 1)
    assert room.tick(words.START + 10 + RECONNECT_FOR).devices == {"A"}
    assert presence(room, "A") is Presence.MISSING
    assert room.students["A"].last_seen_at == words.START + 10


def test_a_link_that_comes_back_is_the_same_student(here: Here, words: SimpleNamespace) -> None:
    room = here("A")
    room.apply(LinkLost(device="A", why="", at=words.START + 10))
    for event in words.arrives("A", at=words.START + 15):
        room.apply(event)
    assert presence(room, "A") is Presence.LIVE
    assert room.students["A"].first_seen_at == words.START
    assert len(room.students) == 3


def test_a_refusal_stays_on_the_tile_while_the_device_is_asked_again(room: Classroom, words: SimpleNamespace) -> None:
    up = words.arrives("A")[0]
    room.apply(up)
    room.apply(NotPermitted(device="A", reason=Reason.BUSY, detail="In another lesson.", at=words.START))
    room.apply(LinkLost(device="A", why="closed", at=words.START))
    room.apply(up)
    student = room.students["A"]
    assert (student.presence, student.why, student.refusal) == (Presence.REFUSED, "In another lesson.", Reason.BUSY)


@pytest.mark.parametrize(
    ("reason", "after"),
    [
        (Reason.SHUTTING_DOWN, Presence.RECONNECTING),
        (Reason.OVER, Presence.PAUSED),
        (Reason.ENDED_BY_TUTOR, Presence.PAUSED),
        (Reason.OUTSIDE_HOURS, Presence.REFUSED),
    ],
)
def test_the_end_of_a_permit_is_told_by_its_reason(
    here: Here, words: SimpleNamespace, reason: Reason, after: Presence
) -> None:
    room = here("A")
    room.apply(NotPermitted(device="A", reason=reason, detail="", at=words.START + 5))
    room.apply(LinkLost(device="A", why="closed", at=words.START + 5))
    assert presence(room, "A") is after


def test_time_live_is_added_up_over_interruptions(here: Here, words: SimpleNamespace) -> None:
    room = here("A")
    room.apply(words.told("A", at=words.START + 30))
    room.apply(LinkLost(device="A", why="", at=words.START + 40))
    for event in words.arrives("A", at=words.START + 100):
        room.apply(event)
    room.apply(words.told("A", at=words.START + 120))
    assert room.students["A"].seconds_live == 60


def test_pictures_are_remembered_by_time(here: Here, words: SimpleNamespace) -> None:
    room = here("A")
    for at in (words.START + 1, words.START + 2):
        room.apply(PictureShown(device="A", captured_at=at, at=at))
    student = room.students["A"]
    assert (student.first_picture_at, student.last_picture_at) == (words.START + 1, words.START + 2)


def test_events_of_strangers_change_nothing(room: Classroom, words: SimpleNamespace) -> None:
    assert not room.apply(PictureShown(device="X", captured_at=1.0, at=1.0))
    assert not room.apply(LinkLost(device="X", why="", at=1.0))


def test_a_network_problem_is_told_once_and_taken_back(room: Classroom) -> None:
    room.apply(NetworkProblem(sentence="No network", at=1.0))
    assert not room.apply(NetworkProblem(sentence="No network", at=2.0))
    assert room.problem == "No network"
    room.apply(NetworkProblem(sentence="", at=3.0))
    assert room.problem == ""
    assert [line.text for line in room.activity if line.kind is Kind.NETWORK] == ["No network"]


# ── commands ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_lock_is_asked_then_confirmed(here: Here, words: SimpleNamespace) -> None:
    room = here("A", "B")
    orders, changes = room.lock(["A", "B"], "Eyes on me", words.START)
    assert [order.device for order in orders] == ["A", "B"]
    assert all(isinstance(order.command, Lock) and order.command.lease == LEASE for order in orders)
    assert changes.devices == {"A", "B"}
    assert changes.activity
    room.apply(words.answered(orders[0]))
    line = room.activity[-1]
    assert (line.count(Answer.CONFIRMED), line.count(Answer.ASKED)) == (1, 1)
    assert room.students["A"].asked.answer is Answer.CONFIRMED  # type: ignore[union-attr]


def test_commands_to_the_absent_are_never_sent_and_say_so(here: Here, words: SimpleNamespace) -> None:
    room = here("A")
    orders, _ = room.lock(["A", "B", "nobody"], "", words.START)
    assert [order.device for order in orders] == ["A"]
    assert room.students["B"].asked.answer is Answer.UNREACHED  # type: ignore[union-attr]
    assert room.activity[-1].count(Answer.UNREACHED) == 1


def test_a_role_without_the_right_is_told_at_once(room: Classroom, words: SimpleNamespace) -> None:
    for event in words.arrives("A", may=frozenset({Right.VIEW})):
        room.apply(event)
    orders, _ = room.message(["A"], "Hello", words.START)
    assert orders == []
    asked = room.students["A"].asked
    assert asked is not None
    assert (asked.answer, asked.detail) == (Answer.REFUSED, "your role may not do this")


def test_silence_becomes_an_answer(here: Here, words: SimpleNamespace) -> None:
    room = here("A")
    room.message(["A"], "Hello", words.START)
    assert not room.tick(words.START + ANSWER_WITHIN - 1)
    room.tick(words.START + ANSWER_WITHIN)
    assert room.students["A"].asked.answer is Answer.UNHEARD  # type: ignore[union-attr]


def test_a_tick_that_finds_two_things_keeps_both(here: Here, words: SimpleNamespace) -> None:
    room = here("A")
    room.lock(["A"], "", words.START)
    room.apply(LinkLost(device="A", why="", at=words.START))
    room.tick(words.START + RECONNECT_FOR)
    student = room.students["A"]
    assert student.presence is Presence.MISSING
    assert student.asked.answer is Answer.UNHEARD  # type: ignore[union-attr]


def test_a_lease_that_ends_with_an_unanswered_command_leaves_both_told(here: Here, words: SimpleNamespace) -> None:
    room = here("A")
    room.apply(words.told("A", lock=words.lock_facts(words.START + 5)))
    room.unlock(["A"], words.START)
    room.tick(words.START + ANSWER_WITHIN)
    student = room.students["A"]
    assert student.lock is None
    assert student.asked.answer is Answer.UNHEARD  # type: ignore[union-attr]


def test_an_answer_to_an_older_command_changes_the_list_not_the_tile(here: Here, words: SimpleNamespace) -> None:
    room = here("A")
    first, _ = room.lock(["A"], "", words.START)
    room.message(["A"], "Hello", words.START)
    changes = room.apply(words.answered(first[0], Result.FAILED))
    assert changes.activity
    assert not changes.devices
    assert room.students["A"].asked.action is Action.MESSAGE  # type: ignore[union-attr]


def test_understood_is_remembered(here: Here, words: SimpleNamespace) -> None:
    room = here("A")
    orders, _ = room.message(["A"], "Hello", words.START)
    room.apply(MessageUnderstood(device="A", command=orders[0].command.id, at=words.START + 9))
    assert room.students["A"].understood_at == words.START + 9


# ── leases ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def locked(here: Here, words: SimpleNamespace, until: float) -> tuple[Classroom, Lock]:
    room = here("A")
    orders, _ = room.lock(["A"], "Stop", words.START)
    room.apply(words.answered(orders[0]))
    room.apply(words.told("A", lock=words.lock_facts(until)))
    command = orders[0].command
    assert isinstance(command, Lock)
    return room, command


def test_a_lease_is_renewed_once_it_is_half_used_up(here: Here, words: SimpleNamespace) -> None:
    room, command = locked(here, words, words.START + LEASE)
    assert room.renewals(words.START + LEASE / 2 - 1) == []
    renewal = room.renewals(words.START + LEASE / 2 + 1)
    assert [order.command for order in renewal] == [Lock(id=command.id, lease=LEASE, sentence="Stop")]


def test_a_lease_never_outlasts_the_lesson(here: Here, words: SimpleNamespace) -> None:
    room, _ = locked(here, words, words.END)
    assert room.renewals(words.END - 100) == []
    orders, _ = room.lock(["A"], "", words.END - 100)
    assert orders[0].command.lease == 100  # type: ignore[union-attr]


def test_no_renewal_after_unlocking_refusal_or_end(here: Here, words: SimpleNamespace) -> None:
    room, _ = locked(here, words, words.START + LEASE)
    late = words.START + LEASE - 10
    room.unlock(["A"], late)
    assert room.renewals(late) == []
    again, _ = room.lock(["A"], "", late)
    room.apply(words.answered(again[0], Result.REFUSED))
    assert room.renewals(late) == []


def test_a_renewals_answer_is_no_news(here: Here, words: SimpleNamespace) -> None:
    room, command = locked(here, words, words.START + LEASE)
    before = room.students["A"].asked
    orders = room.renewals(words.START + 400)
    room.apply(words.answered(orders[0], at=words.START + 401))
    assert room.students["A"].asked == before
    assert orders[0].command.id == command.id


def test_a_lock_whose_lease_ran_out_is_gone(here: Here, words: SimpleNamespace) -> None:
    room, _ = locked(here, words, words.START + 20)
    assert [student.device for student in room.locked] == ["A"]
    room.tick(words.START + 20)
    assert room.locked == ()


# ── flags, undo, the end ────────────────────────────────────────────────────────────────────────────────────────────


def test_flags_are_counted_and_taken_back(here: Here, words: SimpleNamespace) -> None:
    room = here("A", "B")
    flags, changes = room.flag(["A", "B", "nobody"], "off-task", "again", words.START, label="Off task")
    assert [(flag.device, flag.category, flag.note) for flag in flags] == [
        ("A", "off-task", "again"),
        ("B", "off-task", "again"),
    ]
    assert changes.devices == {"A", "B"}
    assert room.activity[-1].text == "2 students flagged: Off task"
    _, withdrawn, _ = room.undo(room.activity[-1].number, words.START)
    assert withdrawn == flags
    assert [student.flags for student in room.students.values()] == [0, 0, 0]
    assert room.undo(room.activity[-1].number, words.START)[1] == []


def test_undoing_a_lock_unlocks(here: Here, words: SimpleNamespace) -> None:
    room = here("A")
    room.lock(["A"], "", words.START)
    number = room.activity[-1].number
    orders, _, _ = room.undo(number, words.START)
    assert [type(order.command) for order in orders] == [Unlock]
    assert next(line for line in room.activity if line.number == number).undone


def test_a_lock_can_be_undone_while_it_stands_on_somebody(here: Here, words: SimpleNamespace) -> None:
    room = here("A", "B")
    room.lock(["A", "B"], "", words.START)
    number = room.activity[-1].number

    def undoable() -> bool:
        return next(line for line in room.activity if line.number == number).can_undo

    room.unlock(["A"], words.START)
    assert undoable()
    orders, _, _ = room.undo(number, words.START)
    assert [order.device for order in orders] == ["B"], "A was unlocked already"

    room.lock(["A", "B"], "", words.START)
    number = room.activity[-1].number
    assert room.unlock(["A", "B"], words.START)[1].activity
    assert not undoable()
    assert room.undo(number, words.START) == ([], [], Changes())


@pytest.mark.parametrize("result", [Result.REFUSED, Result.FAILED])
def test_a_lock_that_never_came_about_cannot_be_undone(here: Here, words: SimpleNamespace, result: Result) -> None:
    room = here("A")
    orders, _ = room.lock(["A"], "", words.START)
    room.apply(words.answered(orders[0], result))
    assert not room.activity[-1].can_undo
    room.lock(["B"], "", words.START)  # B is not here
    assert not room.activity[-1].can_undo


def test_a_lock_whose_lease_ran_out_cannot_be_undone(here: Here, words: SimpleNamespace) -> None:
    room, _ = locked(here, words, words.START + 5)
    assert next(line for line in room.activity if line.action is Action.LOCK).can_undo
    assert room.tick(words.START + 5).activity
    assert not any(line.can_undo for line in room.activity)


def test_a_message_cannot_be_unsaid(here: Here, words: SimpleNamespace) -> None:
    room = here("A")
    orders, _ = room.message(["A"], "Hello", words.START)
    assert isinstance(orders[0].command, TextMessage)
    assert not room.activity[-1].can_undo
    assert room.undo(room.activity[-1].number, words.START)[0] == []


def test_the_end_pauses_who_was_here(here: Here, words: SimpleNamespace) -> None:
    room = here("A", "B")
    room.lock(["A"], "", words.START)
    room.apply(LinkUp(device="C", name="C", group="10B", address="", at=words.START))
    changes = room.end(words.START + 60)
    assert changes.devices == {"A", "B", "C"}
    assert {presence(room, device) for device in "ABC"} == {Presence.PAUSED}
    assert room.renewals(words.START + 500) == []


def test_the_activity_list_is_bounded(here: Here, words: SimpleNamespace) -> None:
    room = here("A")
    for _ in range(600):
        room.message(["A"], "Hello", words.START)
    assert len(room.activity) == 500
    assert room.activity[-1].number == 601


def test_everybody_is_called_everybody(here: Here, words: SimpleNamespace) -> None:
    room = here("A", "B", "C")
    room.lock(["A", "B", "C"], "", words.START)
    room.lock(["B"], "", words.START)
    room.lock(["A", "B", "A"], "", words.START)
    assert [line.text for line in room.activity[-3:]] == ["Lock → everybody", "Lock → Student B", "Lock → 2 students"]


def test_a_register_of_another_group_expects_nobody(words: SimpleNamespace) -> None:
    room = Classroom(words.lesson(), [Place(device="Z", name="Z", group="11A")], words.START, lambda: "")
    assert (room.expected, list(room.students)) == (0, [])
