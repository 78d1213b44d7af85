"""Changes of the rules: who is sent what, who comes late or back, and how they end."""

from collections.abc import Callable
from types import SimpleNamespace

from protocol.messages import Changeable, ChangeRule, DropChange, Result, Right, SetRules, Verb
from tutor_app.classroom.classroom import Asked, Classroom
from tutor_app.classroom.events import LinkLost
from tutor_app.classroom.rules import MOST_CHANGES, Edit
from tutor_app.classroom.student import Answer

COMMANDS_AT_ONCE = 48  # student_client.agent.visit's, which a tutor does not import
Here = Callable[..., Classroom]
DESMOS = Edit(verb=Verb.ALLOW, subject=Changeable.SITE, value="desmos.com", minutes=20)
GAMES = Edit(verb=Verb.BLOCK, subject=Changeable.APPLICATION, value="steam*")


def sent(asked: Asked) -> list[tuple[str, type]]:
    return [(order.device, type(order.command)) for order in asked[0]]


def arrive(room: Classroom, words: SimpleNamespace, device: str, at: float) -> Asked:
    for event in words.arrives(device, at):
        room.apply(event)
    return room.due(at)


def test_a_change_for_one_goes_to_that_one_with_the_time_it_has(here: Here, words: SimpleNamespace) -> None:
    room = here("A", "B")
    orders, _ = room.change_rule(DESMOS, ["B"], words.START + 10)
    (order,) = orders
    assert (order.device, order.command.lease, order.command.value) == ("B", 1200, "desmos.com")  # type: ignore[union-attr]
    assert room.activity[-1].text == "Allowed desmos.com for Student B, 20 min"


def test_a_change_without_a_time_holds_until_the_lesson_ends_and_none_goes_on_after_it(
    here: Here, words: SimpleNamespace
) -> None:
    room = here("A")
    (open_end,) = room.change_rule(GAMES, None, words.END - 600)[0]
    (cut,) = room.change_rule(DESMOS, None, words.END - 600)[0]
    assert (open_end.command.lease, cut.command.lease) == (600, 600)  # type: ignore[union-attr]


def test_who_comes_late_gets_what_stands_for_everybody(here: Here, words: SimpleNamespace) -> None:
    room = here("A")
    room.set_rules("break", words.START + 5)
    room.change_rule(DESMOS, None, words.START + 10)
    room.change_rule(GAMES, ["A"], words.START + 10)
    orders, _ = arrive(room, words, "B", words.START + 70)
    assert [type(order.command) for order in orders] == [SetRules, ChangeRule]
    assert orders[1].command.lease == 1140  # type: ignore[union-attr]  # what is left of it
    room.apply(words.answered(orders[1]))
    line = next(line for line in room.activity if line.text.startswith("Allowed"))
    assert line.answers["B"] is Answer.CONFIRMED
    assert room.due(words.START + 71) == ([], room.due(words.START + 71)[1])  # once a link is enough


def test_there_are_no_more_changes_than_a_laptop_that_comes_late_takes_at_once(
    here: Here, words: SimpleNamespace
) -> None:
    room = here("A")
    for _ in range(MOST_CHANGES):
        assert not room.rules_full
        assert room.change_rule(DESMOS, None, words.START + 10)[0]
    assert room.rules_full
    assert room.change_rule(GAMES, None, words.START + 10)[0] == []
    assert len(arrive(room, words, "B", words.START + 20)[0]) == MOST_CHANGES <= COMMANDS_AT_ONCE
    room.drop_change(room.rule_changes[0].id, words.START + 30)
    assert room.change_rule(GAMES, None, words.START + 30)[0]


def test_who_comes_back_is_told_again_what_they_may_have_lost(here: Here, words: SimpleNamespace) -> None:
    room = here("A", "B")
    first = room.change_rule(DESMOS, ["A"], words.START + 10)[0][0].command
    room.apply(LinkLost(device="A", why="", at=words.START + 20))
    again, _ = arrive(room, words, "A", words.START + 30)
    assert [order.command.id for order in again] == [first.id]
    assert sent(arrive(room, words, "B", words.START + 40)) == []


def test_a_change_that_ended_while_somebody_was_away_is_ended_there_too(here: Here, words: SimpleNamespace) -> None:
    room = here("A", "B")
    change = room.change_rule(DESMOS, None, words.START + 10)[0][0].command.id
    room.apply(LinkLost(device="A", why="", at=words.START + 20))
    assert sent(room.drop_change(change, words.START + 30)) == [("B", DropChange)]
    assert sent(arrive(room, words, "A", words.START + 40)) == [("A", DropChange)]
    assert sent(arrive(room, words, "A", words.START + 50)) == []


def test_a_change_can_be_taken_back_from_its_line_until_it_is_over(here: Here, words: SimpleNamespace) -> None:
    room = here("A", "B")
    room.change_rule(DESMOS, None, words.START + 10)
    line = room.activity[-1]
    assert line.can_undo
    orders, _, _ = room.undo(line.number, words.START + 20)
    assert sent((orders, room.tick(words.START))) == [("A", DropChange), ("B", DropChange)]
    assert room.rule_changes == ()
    room.change_rule(DESMOS, None, words.START + 30)
    room.tick(words.START + 30 + 1200)
    assert room.rule_changes == ()
    assert not room.activity[-1].can_undo


def test_a_role_without_the_right_is_refused_here_and_not_sent(room: Classroom, words: SimpleNamespace) -> None:
    for event in words.arrives("A", may=frozenset({Right.VIEW})):
        room.apply(event)
    assert sent(room.change_rule(DESMOS, None, words.START)) == []
    assert room.students["A"].asked.detail == "your role may not do this"  # type: ignore[union-attr]
    assert sent(room.due(words.START + 1)) == []


def test_a_device_that_cannot_is_shown_as_refused(here: Here, words: SimpleNamespace) -> None:
    room = here("A")
    order = room.change_rule(DESMOS, None, words.START)[0][0]
    room.apply(words.answered(order, Result.REFUSED, detail="sites cannot be allowed here"))
    assert room.activity[-1].count(Answer.REFUSED) == 1
