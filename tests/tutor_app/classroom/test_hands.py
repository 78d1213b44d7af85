"""Raised hands: in which order, and how they go down."""

from collections.abc import Callable
from types import SimpleNamespace

from protocol.messages import HandFacts, LowerHand
from tutor_app.classroom.arrange import Filter, Sort, arranged, counts
from tutor_app.classroom.classroom import Classroom
from tutor_app.classroom.events import LinkLost
from tutor_app.classroom.roster import RECONNECT_FOR
from tutor_app.classroom.tile import Viewer, tile

Here = Callable[..., Classroom]


def raise_hand(room: Classroom, words: SimpleNamespace, device: str, since: float, text: str = "") -> None:
    room.apply(words.told(device, at=words.START + 100, hand=HandFacts(since=since, text=text)))


def test_the_longest_comes_first_and_no_clock_jumps_the_queue(here: Here, words: SimpleNamespace) -> None:
    room = here("A", "B", "C")
    raise_hand(room, words, "A", words.START + 60)
    raise_hand(room, words, "B", words.START + 30, "question 3")
    raise_hand(room, words, "C", 0.0)  # a clock that is years behind
    now = words.START + 100
    assert [(one.device, one.since - words.START, one.text) for one in room.hands(now)] == [
        ("C", 0.0, ""),
        ("B", 30.0, "question 3"),
        ("A", 60.0, ""),
    ]
    assert arranged(room.students.values(), Filter.HELP, Sort.HELP, "") == ("C", "B", "A")
    assert counts(room.students.values())[Filter.HELP] == 3


def test_a_hand_has_a_line_and_a_badge_that_says_for_how_long(here: Here, words: SimpleNamespace) -> None:
    room = here("A")
    raise_hand(room, words, "A", words.START, "question 3")
    assert room.activity[-1].text == "Student A asks for help: “question 3”"
    badge = tile(room.students["A"], Viewer(name="Maths tutor", zone=None), words.START + 130).badge  # type: ignore[arg-type]
    assert badge
    assert badge.text == "needs help · 2 min"


def test_a_hand_that_flutters_makes_no_more_than_a_line_a_minute(here: Here, words: SimpleNamespace) -> None:
    room = here("A")
    for second in range(100):
        hand = HandFacts(since=words.START) if second % 2 else None
        room.apply(words.told("A", at=words.START + second, hand=hand))
    assert sum("asks for help" in line.text for line in room.activity) == 2


def test_lowering_asks_the_laptop_and_the_hand_goes_when_it_says_so(here: Here, words: SimpleNamespace) -> None:
    room = here("A")
    raise_hand(room, words, "A", words.START)
    ((order,), _) = room.lower_hands(["A"], words.START + 110)
    assert isinstance(order.command, LowerHand)
    assert room.hands(words.START + 110)
    room.apply(words.answered(order))
    room.apply(words.told("A", at=words.START + 111))
    assert room.hands(words.START + 111) == ()


def test_a_hand_of_somebody_who_left_leaves_the_queue(here: Here, words: SimpleNamespace) -> None:
    room = here("A")
    raise_hand(room, words, "A", words.START)
    room.apply(LinkLost(device="A", why="", at=words.START + 120))
    assert len(room.hands(words.START + 121)) == 1
    room.tick(words.START + 120 + RECONNECT_FOR)
    assert room.hands(words.START + 160) == ()
