"""The spool of breaches: for whom, until when, how many."""

from pathlib import Path
from uuid import uuid4

import pytest

from protocol.messages import Breach
from student_client.agent.breaches import LONGEST, LOST_RULE, MOST, Breaches
from student_client.agent.state import BREACHES, StateFolder

MATHS, ART, EXAM = "a" * 32, "b" * 32, "c" * 32
NOW = 1_000_000.0


@pytest.fixture
def folder(tmp_path: Path) -> StateFolder:
    folder = StateFolder(tmp_path / "state")
    folder.open()
    return folder


def breach(number: int = 0, at: float = NOW) -> Breach:
    return Breach(id=uuid4().hex, rule="no-games", category="off-task", sentence="No games.", detail=str(number), at=at)


def add(spool: Breaches, one: Breach, *to: str) -> Breach:
    spool.add(one, to, uuid4().hex)
    return one


def test_each_is_told_what_is_theirs_until_they_noted_it(folder: StateFolder) -> None:
    spool = Breaches(folder, NOW)
    both, exam = add(spool, breach(1), MATHS, EXAM), add(spool, breach(2), EXAM)
    assert spool.for_({MATHS}) == (both,)
    assert spool.for_({ART, EXAM}) == (both, exam)
    assert spool.for_({ART}) == ()
    spool.noted([both.id, "f" * 32], {MATHS})
    assert spool.for_({MATHS}) == ()
    assert spool.for_({EXAM}) == (both, exam)
    spool.noted([both.id, exam.id], {EXAM, ART})
    spool.noted([exam.id], {EXAM})
    assert spool.for_({MATHS, ART, EXAM}) == ()


def test_a_restart_loses_none_and_only_the_very_old_are_dropped(folder: StateFolder) -> None:
    spool = Breaches(folder, NOW)
    kept = [add(spool, breach(number), MATHS) for number in range(3)]
    assert Breaches(folder, NOW + 3600).for_({MATHS}) == tuple(kept)
    assert Breaches(folder, NOW + LONGEST + 1).for_({MATHS}) == ()


def test_the_oldest_go_first_and_that_is_said(folder: StateFolder) -> None:
    spool = Breaches(folder, NOW)
    every = [add(spool, breach(number), MATHS if number else ART) for number in range(MOST + 10)]
    left = spool.for_({MATHS})
    assert len(left) == MOST
    assert left[0].rule == LOST_RULE
    assert "oldest are missing" in left[0].sentence
    assert left[1:] == tuple(every[-MOST + 1 :])
    assert [one.rule for one in spool.for_({ART})] == [LOST_RULE]


def test_a_full_disk_is_said_and_the_spool_works_on(folder: StateFolder) -> None:
    spool = Breaches(folder, NOW)
    (folder / BREACHES).mkdir()
    one = add(spool, breach(), MATHS)
    assert "cannot be written" in spool.problem
    assert spool.for_({MATHS}) == (one,)
    (folder / BREACHES).rmdir()
    add(spool, breach(), MATHS)
    assert spool.problem == ""
    assert len(Breaches(folder, NOW).for_({MATHS})) == 2


def test_a_damaged_file_is_said(folder: StateFolder) -> None:
    folder.write(BREACHES, b"{")
    assert "cannot be read" in Breaches(folder, NOW).problem
