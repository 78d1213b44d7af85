"""A screen that rests is believed; one that stands still while somebody types, or shows nothing, is doubted."""

from collections.abc import Callable

import pytest

from tests.tutor_app.classroom.conftest import END, START, lock_facts, told
from tutor_app.classroom.classroom import Classroom
from tutor_app.classroom.events import Blank, LinkLost, PictureShown, TileAsked
from tutor_app.classroom.liveness import doubt, stale_since
from tutor_app.classroom.student import Student

FROZEN = "Picture unchanged while typing"


@pytest.fixture
def shown(here: Callable[..., Classroom]) -> Classroom:
    """A is here, asked a tile a second, and its first picture has come after 100 inputs."""
    room = here("A")
    room.apply(TileAsked(device="A", every=1.0, at=START))
    picture(room, START, inputs=100)
    return room


def picture(room: Classroom, at: float, inputs: int = 0, blank: Blank = Blank.NO) -> None:
    room.apply(PictureShown(device="A", captured_at=at, at=at, inputs=inputs, blank=blank))


def student(room: Classroom) -> Student:
    return room.students["A"]


def test_a_resting_screen_is_current_however_long(shown: Classroom) -> None:
    shown.apply(told("A", START + 600, inputs=109))
    assert doubt(student(shown), START + 1200) == ""
    assert stale_since(student(shown), START + 1200) is None


def test_typing_without_a_new_picture_is_said_after_a_while(shown: Classroom) -> None:
    shown.apply(told("A", START + 10, inputs=110))
    assert doubt(student(shown), START + 15.9) == ""
    assert doubt(student(shown), START + 16) == FROZEN
    assert stale_since(student(shown), START + 16) == START
    picture(shown, START + 17, inputs=112)
    assert doubt(student(shown), START + 18) == ""


def test_a_tile_asked_seldom_gets_its_time(shown: Classroom) -> None:
    shown.apply(TileAsked(device="A", every=15.0, at=START + 1))
    shown.apply(told("A", START + 10, inputs=200))
    assert doubt(student(shown), START + 29) == ""
    assert doubt(student(shown), START + 30) == FROZEN


def test_time_nobody_asked_for_a_picture_proves_nothing(shown: Classroom) -> None:
    shown.apply(TileAsked(device="A", every=None, at=START + 1))
    shown.apply(told("A", START + 60, inputs=900))
    assert doubt(student(shown), START + 60) == ""
    shown.apply(TileAsked(device="A", every=1.0, at=START + 61))
    assert doubt(student(shown), START + 100) == ""
    shown.apply(told("A", START + 100, inputs=910))
    assert doubt(student(shown), START + 100) == FROZEN


def test_a_locked_screen_may_stand_still(shown: Classroom) -> None:
    shown.apply(told("A", START + 5, inputs=300, lock=lock_facts(END)))
    assert doubt(student(shown), START + 60) == ""
    shown.apply(told("A", START + 61, inputs=300))
    assert doubt(student(shown), START + 62) == "", "keys pressed under the lock are not held against the picture"


def test_a_client_that_counts_anew_is_not_doubted_for_it(shown: Classroom) -> None:
    shown.apply(told("A", START + 30, inputs=3))
    shown.apply(told("A", START + 31, inputs=12))
    assert doubt(student(shown), START + 60) == ""


@pytest.mark.parametrize(
    ("blank", "words"), [(Blank.BLACK, "Picture is all black"), (Blank.PLAIN, "Picture is one plain colour")]
)
def test_a_picture_of_nothing_is_said_after_a_while(shown: Classroom, blank: Blank, words: str) -> None:
    picture(shown, START + 1, blank=blank)
    assert doubt(student(shown), START + 15.9) == ""
    assert doubt(student(shown), START + 16) == words, "a black screen that rests sends nothing more"
    picture(shown, START + 20, blank=blank)
    assert doubt(student(shown), START + 21) == words
    picture(shown, START + 22)
    assert doubt(student(shown), START + 60) == ""


def test_a_lost_screen_is_as_old_as_its_last_picture(shown: Classroom) -> None:
    shown.apply(LinkLost(device="A", why="", at=START + 9))
    assert stale_since(student(shown), START + 12) == START
