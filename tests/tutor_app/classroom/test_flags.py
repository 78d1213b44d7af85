"""Flags by the rules on students' laptops: counted once, said in words, and never in the way of the others."""

from collections.abc import Callable
from types import SimpleNamespace

from protocol.messages import Breach, RulesFacts, Unheld
from protocol.policy.parse import parse_policy
from protocol.resource import resource_text
from tutor_app.classroom.breaches import LINES, MOST, Wording
from tutor_app.classroom.classroom import Classroom
from tutor_app.classroom.events import BreachTold
from tutor_app.classroom.explain import explain
from tutor_app.classroom.tile import Look, Viewer, tile

Here = Callable[..., Classroom]
VIEWER = Viewer(name="Maths tutor", zone=None)  # type: ignore[arg-type]


def told(number: int = 1, device: str = "A", at: float = 10_000.0, **changes: str) -> BreachTold:
    fields = {"rule": "usb", "category": "personal-device", "sentence": "Not now.", "detail": "Kingston"} | changes
    return BreachTold(device=device, breach=Breach(id=f"{number:032x}", at=at, **fields), at=at)  # type: ignore[arg-type]


def test_a_breach_flags_the_student_and_says_what_it_was(here: Here, words: SimpleNamespace) -> None:
    room = here("A")
    changes = room.apply(told())
    assert (changes.devices, changes.activity) == ({"A"}, True)
    assert room.students["A"].flags == 1
    badge = tile(room.students["A"], VIEWER, words.START + 5).badge
    assert badge
    assert badge.text == "flagged: usb (Kingston)"
    assert room.activity[-1].text == "Student A flagged by a rule: usb (Kingston)"


def test_the_policy_lends_its_words() -> None:
    policy = parse_policy(resource_text("policies/college.toml"))
    assert Wording(policy).of(told().breach) == "USB stick, hotspot or own device (Kingston)"


def test_told_again_it_changes_nothing(here: Here) -> None:
    room = here("A")
    room.apply(told())
    before = room.activity
    assert not room.apply(told())
    assert (room.students["A"].flags, room.activity) == (1, before)
    assert len(room.breaches("A")) == 1


def test_the_same_rule_again_shares_a_line_that_moves_up(here: Here) -> None:
    room = here("A", "B")
    room.apply(told(1))
    room.apply(told(2, device="B"))
    room.apply(told(3))
    assert [line.text for line in room.activity[1:]] == [
        "Student B flagged by a rule: usb (Kingston)",
        "Student A flagged by a rule: usb (Kingston) · 2 times",
    ]


def test_a_laptop_that_floods_fills_nobodys_list_and_is_bounded(here: Here, words: SimpleNamespace) -> None:
    room = here("A", "B")
    room.lock(["B"], "", words.START)
    for number in range(2 * MOST):
        room.apply(told(number, rule=f"rule-{number}"))
    assert len(room.breaches("A")) == MOST
    assert sum(line.devices == ("A",) for line in room.activity) == LINES + 1
    assert any(line.text == "Lock → Student B" for line in room.activity)


def test_taking_back_a_line_withdraws_all_its_flags(here: Here, words: SimpleNamespace) -> None:
    room = here("A")
    room.apply(told(1))
    room.apply(told(2))
    _, withdrawn, _ = room.undo(room.activity[-1].number, words.START + 9)
    assert [flag.id for flag in withdrawn] == [told(1).breach.id, told(2).breach.id]
    assert (room.students["A"].flags, room.students["A"].breach) == (0, "")
    room.apply(told(3))
    assert room.activity[-1].text == "Student A flagged by a rule: usb (Kingston)"


def test_who_covers_the_screen_is_not_shown_as_flagged(here: Here, words: SimpleNamespace) -> None:
    room = here("A")
    room.apply(words.told("A", covered=True))
    room.apply(told(rule="covered", category="unsuitable-site", detail="bad.example/room"))
    shown = tile(room.students["A"], VIEWER, words.START + 5)
    assert (shown.look, shown.headline, shown.badge) == (Look.COVERED, "Covered by the student", None)
    assert room.activity[-1].text == "Student A covered their screen and asks you to know: bad.example/room"
    _, withdrawn, _ = room.undo(room.activity[-1].number, words.START + 9)
    assert len(withdrawn) == 1
    assert room.students["A"].flags == 0


def test_rules_that_cannot_be_held_are_said_in_the_laptops_words(here: Here, words: SimpleNamespace) -> None:
    room = here("A")
    why = "Websites cannot be blocked here: the browsers' policies belong to somebody else."
    rules = RulesFacts(rules="lesson", until=words.END, unheld=(Unheld(rule="games", why=why),))
    room.apply(words.told("A", rules=rules))
    room.apply(words.told("A", rules=rules))
    shown = tile(room.students["A"], VIEWER, words.START + 5)
    assert shown.badge
    assert (shown.badge.text, shown.unheld, shown.why) == ("1 rule cannot be held", True, False)
    assert explain(room.students["A"], None).known == why  # type: ignore[arg-type]
