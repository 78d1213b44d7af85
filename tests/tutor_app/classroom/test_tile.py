"""What tiles say."""

from collections.abc import Callable
from datetime import UTC
from types import SimpleNamespace

import pytest

from protocol.messages import Reason, Result, ScreenState
from tutor_app.classroom.classroom import Classroom
from tutor_app.classroom.events import LinkLost, MessageUnderstood, NotPermitted, PictureShown
from tutor_app.classroom.explain import explain
from tutor_app.classroom.phrases import Tone
from tutor_app.classroom.tile import CONFIRMED_FOR, REFUSED_FOR, Look, Tile, Viewer, tile

Here = Callable[..., Classroom]
VIEWER = Viewer(name="Maths tutor", zone=UTC)


@pytest.fixture
def live(here: Here, words: SimpleNamespace) -> Classroom:
    room = here("A")
    room.apply(PictureShown(device="A", captured_at=words.START, at=words.START))
    return room


def shown(room: Classroom, now: float, device: str = "A", viewer: Viewer = VIEWER) -> Tile:
    return tile(room.students[device], viewer, now)


def test_live_says_what_is_in_front(live: Classroom, words: SimpleNamespace) -> None:
    told = shown(live, words.START)
    assert (told.look, told.aside, told.headline, told.badge, told.why) == (Look.LIVE, "Writer", "", None, False)
    assert told.spoken == "Student A, live, Writer"


def test_before_its_first_picture_a_tile_says_so(here: Here, words: SimpleNamespace) -> None:
    assert shown(here("A"), words.START).headline == "The first picture is on its way"


def test_expected_missing_refused_and_reconnecting(live: Classroom, words: SimpleNamespace) -> None:
    assert shown(live, words.START, "B").headline == "Not seen yet"
    live.apply(LinkLost(device="A", why="The connection broke", at=words.START + 60))
    told = shown(live, words.START + 64)
    assert (told.look, told.headline, told.aside) == (Look.FADED, "Reconnecting… 4 s", "1 min old")
    live.tick(words.START + 120)
    told = shown(live, words.START + 120)
    assert (told.look, told.headline, told.detail) == (Look.MISSING, "Not seen since 02:47", "The connection broke")
    assert told.why
    live.apply(NotPermitted(device="B", reason=Reason.BUSY, detail="In another lesson.", at=words.START))
    assert (shown(live, words.START, "B").look, shown(live, words.START, "B").detail) == (
        Look.MISSING,
        "In another lesson.",
    )


def test_a_lock_is_asked_then_covered_with_its_time_left(live: Classroom, words: SimpleNamespace) -> None:
    orders, _ = live.lock(["A"], "", words.START)
    told = shown(live, words.START + 2)
    assert (told.look, told.headline, told.aside) == (Look.ASKED, "Locking…", "asked 2 s ago")
    live.apply(words.answered(orders[0]))
    live.apply(words.told("A", lock=words.lock_facts(words.START + 521)))
    told = shown(live, words.START)
    assert (told.look, told.headline, told.aside, told.badge) == (Look.LOCKED, "Locked · 8:41 left", "by you", None)
    assert shown(live, words.START, viewer=Viewer(name="Another", zone=UTC)).aside == "by Maths tutor"
    live.apply(words.told("A", lock=words.lock_facts(words.START + 521, covered=False)))
    assert shown(live, words.START).headline == "Locking…"


def test_a_refusal_is_said_with_its_reason_and_goes_by_itself(live: Classroom, words: SimpleNamespace) -> None:
    orders, _ = live.lock(["A"], "", words.START)
    live.apply(words.answered(orders[0], Result.REFUSED, detail="no right to lock"))
    badge = shown(live, words.START + 1).badge
    assert badge is not None
    assert (badge.text, badge.tone) == ("Lock refused: no right to lock", Tone.DANGER)
    assert shown(live, words.START + REFUSED_FOR).badge is None


def test_a_message_is_sent_shown_understood(live: Classroom, words: SimpleNamespace) -> None:
    orders, _ = live.message(["A"], "Hello", words.START)
    assert shown(live, words.START).badge.text == "Sending message…"  # type: ignore[union-attr]
    live.apply(words.answered(orders[0]))
    assert shown(live, words.START).badge.text == "Message shown"  # type: ignore[union-attr]
    assert shown(live, words.START + CONFIRMED_FOR).badge is None
    live.apply(MessageUnderstood(device="A", command=orders[0].command.id, at=words.START + 9))
    assert shown(live, words.START + 10).badge.text == "Understood"  # type: ignore[union-attr]


def test_flags_stay_as_the_badge(live: Classroom, words: SimpleNamespace) -> None:
    live.flag(["A"], "off-task", "", words.START)
    assert shown(live, words.START).badge.text == "Flagged"  # type: ignore[union-attr]
    live.flag(["A"], "off-task", "", words.START)
    assert shown(live, words.START).badge.text == "2"  # type: ignore[union-attr]


def test_after_the_lesson_tiles_are_paused_and_silent(live: Classroom, words: SimpleNamespace) -> None:
    live.lock(["A"], "", words.START)
    live.end(words.START + 1)
    told = shown(live, words.START + 1)
    assert (told.look, told.headline, told.badge) == (Look.PAUSED, "Paused", None)


@pytest.mark.parametrize("state", [state for state in ScreenState if state is not ScreenState.LIVE])
def test_every_dark_screen_has_words_and_a_next_step(
    live: Classroom, words: SimpleNamespace, state: ScreenState
) -> None:
    live.apply(words.told("A", screen=state))
    told = shown(live, words.START)
    assert told.headline
    assert told.why
    explained = explain(live.students["A"], UTC)
    assert explained.known.endswith((".", "!", "?"))
    assert explained.steps


@pytest.mark.parametrize("reason", list(Reason))
def test_every_refusal_has_a_next_step(live: Classroom, words: SimpleNamespace, reason: Reason) -> None:
    live.apply(NotPermitted(device="A", reason=reason, detail="the device's own words", at=words.START))
    explained = explain(live.students["A"], UTC)
    assert explained.steps or live.students["A"].presence.value == "paused"
    assert explained.known.startswith("The device's own words.")


def test_the_unseen_are_explained_by_the_register(live: Classroom) -> None:
    assert "expects this laptop in 10B" in explain(live.students["B"], UTC).known
