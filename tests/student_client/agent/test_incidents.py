"""Broken rules as they go on: told once, closed in steps, and bounded."""

from dataclasses import replace
from itertools import count

from msgspec import json

from protocol.policy.rule import Do
from protocol.policy.rules import Decision
from student_client.agent.incidents import (
    FLAGS,
    FLAGS_WITHIN,
    GENTLE,
    MOST,
    QUIET,
    RETURN_GRACE,
    STEP,
    Action,
    Clear,
    Close,
    Flag,
    Incidents,
    Kept,
    LockFor,
    Stage,
    Tell,
    read_kept,
)

LESSON = "a" * 32
GAME = Decision(
    rule="no-games",
    key="steam",
    do=frozenset({Do.TELL, Do.FLAG, Do.CLOSE}),
    sentence="Games are closed in lessons.",
    detail="steam",
    category="music-or-games",
    grace=15,
    pids=(7, 8),
)


def incidents(known: Kept | None = None) -> Incidents:
    numbers = count(1)
    return Incidents(lambda: f"{next(numbers):032x}", known.incidents if known else ())


def kinds(actions: list[Action]) -> list[str]:
    return [type(action).__name__ for action in actions]


def stages(actions: list[Action]) -> list[Stage]:
    return [action.stage for action in actions if isinstance(action, Close)]


def test_what_lasts_is_told_and_flagged_once() -> None:
    rules = incidents()
    flag, tell = rules.step([GAME], LESSON, 100.0)
    assert isinstance(flag, Flag)
    assert isinstance(tell, Tell)
    assert flag.breach.id == tell.notice.id
    assert (flag.breach.rule, flag.breach.category, flag.breach.detail) == ("no-games", "music-or-games", "steam")
    assert (tell.notice.sentence, tell.notice.until) == (GAME.sentence, 115.0)
    assert [rules.step([GAME], LESSON, at) for at in (101.0, 105.0, 114.9)] == [[], [], []]


def test_it_is_closed_politely_then_firmly_and_not_before_its_grace() -> None:
    rules = incidents()
    rules.step([GAME], LESSON, 100.0)
    assert rules.next_step() == 115.0
    (asked,) = rules.step([GAME], LESSON, 115.0)
    assert asked == Close((7, 8), Stage.ASKED, GAME)
    assert rules.step([GAME], LESSON, 115.0 + STEP - 1) == []
    assert rules.next_step() == 115.0 + STEP
    assert stages(rules.step([GAME], LESSON, 115.0 + STEP)) == [Stage.ENDED]
    assert stages(rules.step([GAME], LESSON, 115.0 + 2 * STEP)) == [Stage.KILLED]
    assert rules.next_step() is None
    later = replace(GAME, pids=(9,))
    assert rules.step([later], LESSON, 140.0) == [Close((9,), Stage.KILLED, later)]


def test_a_round_that_comes_late_skips_no_step() -> None:
    rules = incidents()
    rules.step([GAME], LESSON, 100.0)
    assert stages(rules.step([GAME], LESSON, 1000.0)) == [Stage.ASKED]
    assert stages(rules.step([GAME], LESSON, 1001.0)) == [Stage.ENDED]


def test_what_goes_away_by_itself_is_cleared_and_coming_back_soon_is_the_same() -> None:
    rules = incidents()
    (flag, _) = rules.step([GAME], LESSON, 100.0)
    assert isinstance(flag, Flag)
    assert rules.step([], LESSON, 105.0) == [Clear(flag.breach.id)]
    assert rules.step([], LESSON, 106.0) == []
    (again,) = rules.step([GAME], LESSON, 110.0)
    assert isinstance(again, Tell), "no second flag"
    assert (again.notice.id, again.notice.until) == (flag.breach.id, 110.0 + RETURN_GRACE)
    assert stages(rules.step([GAME], LESSON, 110.0 + RETURN_GRACE)) == [Stage.ASKED]


def test_a_window_that_flaps_is_one_flag() -> None:
    rules = incidents()
    actions = [action for at in range(0, 600, 2) for action in rules.step([GAME] if at % 4 else [], LESSON, at)]
    assert kinds(actions).count("Flag") == 1


def test_gone_for_a_while_it_is_new() -> None:
    for steps_between in (0, 5):
        rules = incidents()
        rules.step([GAME], LESSON, 100.0)
        rules.step([], LESSON, 101.0)
        for step in range(steps_between):
            rules.step([], LESSON, 101.0 + QUIET + step)
        assert kinds(rules.step([GAME], LESSON, 110.0 + QUIET)) == ["Flag", "Tell"]


def test_another_lesson_is_told_for_itself() -> None:
    rules = incidents()
    rules.step([GAME], LESSON, 100.0)
    assert kinds(rules.step([GAME], "b" * 32, 101.0)) == ["Flag", "Tell", "Clear"]


def test_flags_are_bounded_and_the_bound_is_said_once() -> None:
    rules, told = incidents(), []
    for number in range(3 * FLAGS):
        actions = rules.step([replace(GAME, key=f"game-{number}")], LESSON, 100.0 + number)
        told += [action.breach for action in actions if isinstance(action, Flag)]
    assert len(told) == FLAGS + 1
    assert "not listed" in told[-1].sentence
    after = rules.step([replace(GAME, key="another")], LESSON, 100.0 + FLAGS_WITHIN + 3 * FLAGS)
    assert [action.breach.sentence for action in after if isinstance(action, Flag)] == [GAME.sentence]
    assert len(rules.known) <= MOST


def test_a_lock_is_asked_for_while_it_lasts_and_a_mere_flag_tells_the_student_nothing() -> None:
    rules = incidents()
    lock = replace(GAME, do=frozenset({Do.LOCK}))
    for at in (1.0, 2.0):
        (action,) = rules.step([lock], LESSON, at)
        assert isinstance(action, LockFor)
    assert rules.step([], LESSON, 3.0) == []
    assert kinds(rules.step([replace(GAME, key="x", do=frozenset({Do.FLAG}))], LESSON, 4.0)) == ["Flag"]


def test_a_browser_is_only_asked() -> None:
    rules, browser = incidents(), replace(GAME, rule=GENTLE, do=frozenset({Do.TELL, Do.CLOSE}))
    rules.step([browser], LESSON, 100.0)
    assert stages(rules.step([browser], LESSON, 115.0)) == [Stage.ASKED]
    assert rules.next_step() is None
    assert rules.step([browser], LESSON, 1000.0) == []


def test_a_restart_neither_flags_again_nor_gives_more_time() -> None:
    before = incidents()
    (flag, _) = before.step([GAME], LESSON, 100.0)
    assert isinstance(flag, Flag)
    after = incidents(read_kept(json.encode(Kept(incidents=before.known))))
    (tell,) = after.step([GAME], LESSON, 110.0)
    assert isinstance(tell, Tell)
    assert (tell.notice.id, tell.notice.until) == (flag.breach.id, 115.0)
    assert read_kept(b"{ torn") == read_kept(None) == Kept()


def test_programs_that_come_and_go_keep_no_other_from_being_closed() -> None:
    ours = incidents()
    many = [replace(GAME, key=f"copy-{number}") for number in range(MOST)]
    ours.step(many, LESSON, 0.0)
    assert ours.step([*many, GAME], LESSON, 1.0) == [], "as many as there may be are there"
    ours.step([], LESSON, 2.0)
    assert "Tell" in kinds(ours.step([GAME], LESSON, 3.0))
    assert len(ours.known) == MOST
    assert "Close" in kinds(ours.step([GAME], LESSON, 18.0))
