import os
from dataclasses import replace
from pathlib import Path

import pytest

from student_client.agent.receipts import (
    FILE_LIMIT,
    KEPT_AFTER_LIMIT,
    MEMORY_LIMIT,
    MERGED_WITHIN,
    REFUSALS_AN_HOUR,
    Receipts,
    Someone,
    What,
)
from student_client.agent.state import RECEIPTS, StateError, StateFolder

MATHS = Someone(name="Maths tutor", staff="maths-tutor", serial="ab", lesson="Maths 10B")
STRANGER = Someone(address="192.0.2.9")
DAY = 86_400.0


@pytest.fixture
def folder(tmp_path: Path) -> StateFolder:
    state = StateFolder(tmp_path / "state")
    state.open()
    return state


def reloaded(folder: StateFolder, last_seen: float = 0.0) -> Receipts:
    receipts = Receipts(folder)
    receipts.load(last_seen)
    return receipts


def words(receipts: Receipts) -> list[tuple[str, str, float, float]]:
    return [(line.name, line.what, line.since, line.until) for line in receipts.newest(50)]


def test_who_looked_and_how_long_survives_a_restart(folder: StateFolder) -> None:
    receipts = reloaded(folder)
    number = receipts.begin(What.FULL, MATHS, 100.0)
    receipts.end(number, 160.0)
    receipts.flush()
    assert words(reloaded(folder)) == [("Maths tutor", "saw your whole screen", 100.0, 160.0)]


def test_a_beginning_is_on_the_disk_at_once(folder: StateFolder) -> None:
    reloaded(folder).begin(What.TILE, MATHS, 100.0)
    assert b"Maths tutor" in (folder / RECEIPTS).read_bytes()


def test_what_was_going_on_at_a_power_cut_ended_when_last_seen(folder: StateFolder) -> None:
    reloaded(folder).begin(What.TILE, MATHS, 100.0)
    assert words(reloaded(folder, last_seen=130.0))[0][3] == 130.0
    assert words(reloaded(folder, last_seen=999.0))[0][3] == 130.0


def test_a_torn_last_line_costs_only_itself(folder: StateFolder) -> None:
    receipts = reloaded(folder)
    receipts.end(receipts.begin(What.TILE, MATHS, 100.0), 110.0)
    receipts.flush()
    with (folder / RECEIPTS).open("ab") as file:
        file.write(b'{"number":7,"what":"lo')
    receipts = reloaded(folder)
    receipts.note(What.MESSAGE, MATHS, 500.0)
    assert [line[1] for line in words(reloaded(folder))] == ["sent you a message", "saw a small picture of your screen"]


def test_the_same_again_within_a_minute_is_one_receipt(folder: StateFolder) -> None:
    receipts = reloaded(folder)
    first = receipts.begin(What.TILE, MATHS, 100.0)
    receipts.end(first, 110.0)
    assert receipts.begin(What.TILE, MATHS, 120.0) == first
    receipts.end(first, 130.0)
    second = receipts.begin(What.TILE, MATHS, 130.0 + MERGED_WITHIN + 1)
    assert second != first
    receipts.note(What.MESSAGE, MATHS, 300.0)
    receipts.note(What.MESSAGE, MATHS, 310.0)
    assert words(receipts)[0][1] == "sent you a message (2 times)"


def test_a_lock_that_goes_on_after_a_restart_is_one_lock(folder: StateFolder) -> None:
    receipts = reloaded(folder)
    number = receipts.begin(What.LOCKED, MATHS, 100.0)
    again = reloaded(folder, last_seen=110.0)
    assert again.begin(What.LOCKED, MATHS, 112.0, anew=False) == number
    assert words(again)[0][1] == "locked your screen"
    again.end(number, 120.0)
    again.begin(What.LOCKED, MATHS, 130.0)
    assert words(again)[0][1] == "locked your screen (2 times)"


def test_a_flood_of_strangers_fills_neither_list_nor_disk(folder: StateFolder) -> None:
    receipts = reloaded(folder)
    for number in range(5 * REFUSALS_AN_HOUR):
        receipts.note(What.REFUSED, Someone(address=f"192.0.2.{number}"), number, "it showed no certificate")
    assert len(receipts.all) == REFUSALS_AN_HOUR
    size = (folder / RECEIPTS).stat().st_size
    assert not receipts.note(What.REFUSED, STRANGER, 400.0, "it showed no certificate")
    for _ in range(100):
        assert not receipts.note(What.REFUSED, Someone(address="192.0.2.59"), 61.0, "it showed no certificate")
    assert (folder / RECEIPTS).stat().st_size == size
    receipts.note(What.REFUSED, STRANGER, 4000.0, "it showed no certificate")
    assert words(receipts)[0][:2] == ("Someone at 192.0.2.9", "was refused: it showed no certificate")


def test_retention_forgets_by_days(folder: StateFolder) -> None:
    receipts = reloaded(folder)
    receipts.note(What.MESSAGE, MATHS, 0.5)
    receipts.note(What.LOCKED, MATHS, 20 * DAY)
    receipts.forget(now=30 * DAY, days=14)
    assert [line[2] for line in words(reloaded(folder))] == [20 * DAY]


def test_the_file_has_a_bound(folder: StateFolder) -> None:
    line = (
        b'{"number":%d,"what":"message","name":"Maths tutor","staff":"m","serial":"s","address":"",'
        b'"lesson":"Maths 10B","reason":"","since":%d,"until":%d,"times":1}\n'
    )
    (folder / RECEIPTS).write_bytes(b"".join(line % (number, number, number + 1) for number in range(9000)))
    assert (folder / RECEIPTS).stat().st_size > FILE_LIMIT
    reloaded(folder).note(What.MESSAGE, MATHS, 9999.0)
    assert (folder / RECEIPTS).stat().st_size < FILE_LIMIT
    assert len(reloaded(folder).all) == KEPT_AFTER_LIMIT
    assert min(reloaded(folder).all) == 9001 - KEPT_AFTER_LIMIT


def test_a_full_disk_is_said_and_made_good_later(folder: StateFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    receipts = reloaded(folder)

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        receipts.begin(What.TILE, MATHS, 100.0)
    assert "No space left" in receipts.problem
    receipts.flush()
    assert not receipts.problem
    assert len(words(reloaded(folder))) == 1


def test_a_full_disk_fills_no_memory_and_keeps_what_goes_on(
    folder: StateFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    receipts = reloaded(folder)

    def full(_name: str, _data: bytes) -> int:
        raise StateError("No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(folder, "append", full)
        watching = receipts.begin(What.TILE, MATHS, 1.0)
        for number in range(2, MEMORY_LIMIT + 100):
            receipts.note(What.MESSAGE, replace(MATHS, lesson=f"Lesson {number}"), number)
        assert len(receipts.all) <= MEMORY_LIMIT
        assert len(receipts._unsaved) <= MEMORY_LIMIT
        assert watching in receipts.all
    receipts.flush()
    kept = reloaded(folder)
    assert len(kept.all) == len(receipts.all)
    assert max(kept.all) == MEMORY_LIMIT + 99


def test_end_all_closes_what_is_open(folder: StateFolder) -> None:
    receipts = reloaded(folder)
    receipts.begin(What.TILE, MATHS, 100.0)
    receipts.begin(What.LOCKED, MATHS, 100.0)
    receipts.end_all(150.0)
    assert {line[3] for line in words(reloaded(folder))} == {150.0}
