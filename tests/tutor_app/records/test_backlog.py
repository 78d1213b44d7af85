import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor_app.records.backlog import Backlog
from tutor_app.records.problems import RecordsFull
from tutor_app.records.values import Attendance, CommandAsked


def command(n: int) -> CommandAsked:
    return CommandAsked(lesson="l1", device="d1", id=str(n), action="lock", asked_at=1.0)


def seen(device: int, at: float = 1.0) -> Attendance:
    return Attendance(lesson="l1", device=str(device), name="Amy", expected=True, recorded_at=at)


def test_first_in_first_out_in_batches_until_done():
    backlog = Backlog(10)
    for n in range(5):
        backlog.add(command(n))
    first = backlog.next(2)
    assert [waiting.record.id for waiting in first.values()] == ["0", "1"]
    assert backlog.next(2) == first  # nothing leaves before it is stored
    backlog.done(first)
    assert [record.id for record in backlog.waiting()] == ["2", "3", "4"]


def test_newer_attendance_takes_the_place_of_the_older():
    backlog = Backlog(10)
    backlog.add(seen(1, at=1.0))
    backlog.add(command(1))
    backlog.add(seen(1, at=2.0))
    assert backlog.waiting() == (seen(1, at=2.0), command(1))


def test_attendance_replaced_while_it_was_being_stored_is_not_forgotten():
    backlog = Backlog(10)
    backlog.add(seen(1, at=1.0))
    storing = backlog.next(10)
    backlog.add(seen(1, at=2.0))
    backlog.done(storing)
    assert backlog.waiting() == (seen(1, at=2.0),)
    assert not backlog.flush(0)
    backlog.done(backlog.next(10))
    assert backlog.flush(0)


def test_when_full_attendance_gives_way_and_is_counted():
    backlog = Backlog(3)
    backlog.add(seen(1))
    backlog.add(seen(2))
    backlog.add(command(1))
    backlog.add(seen(3))  # takes the room of device 1's
    backlog.add(command(2))  # and this that of device 2's
    assert backlog.waiting() == (command(1), seen(3), command(2))
    assert backlog.take_dropped() == 2
    assert backlog.take_dropped() == 0


def test_full_of_what_must_not_be_lost_it_refuses_aloud():
    backlog = Backlog(2)
    backlog.add(command(1))
    backlog.add(command(2))
    with pytest.raises(RecordsFull, match="not recorded: 2 records already wait"):
        backlog.add(command(3))
    backlog.add(seen(1))  # no error: the next update will tell all of it again
    assert backlog.waiting() == (command(1), command(2))
    assert backlog.take_dropped() == 1


@given(st.lists(st.one_of(st.integers(0, 3).map(seen), st.integers().map(command), st.just("store")), max_size=40))
def test_it_is_bounded_and_loses_nothing_but_attendance(steps):
    backlog, stored, refused = Backlog(4), [], []
    for step in steps:
        if step == "store":
            if backlog.waiting():
                batch = backlog.next(2)
                stored += [waiting.record for waiting in batch.values()]
                backlog.done(batch)
            continue
        try:
            backlog.add(step)
        except RecordsFull:
            refused.append(step)
        assert len(backlog.waiting()) <= 4
    commands = [step for step in steps if isinstance(step, CommandAsked)]
    kept = [record for record in (*stored, *backlog.waiting()) if isinstance(record, CommandAsked)]
    assert sorted(kept + refused, key=lambda r: r.id) == sorted(commands, key=lambda r: r.id)
    assert not any(isinstance(record, Attendance) for record in refused)


def test_flush_waits_for_what_came_before_it_only():
    backlog = Backlog(10)
    assert backlog.flush(0)
    backlog.add(command(1))
    assert not backlog.flush(0.01)
    answers: list[bool] = []
    waiter = threading.Thread(target=lambda: answers.append(backlog.flush(10)))
    batch = backlog.next(10)
    waiter.start()
    backlog.done(batch)
    waiter.join(10)
    assert answers == [True]


def test_stopped_it_hands_out_the_rest_and_then_nothing():
    backlog = Backlog(10)
    backlog.add(command(1))
    backlog.stop()
    batch = backlog.next(10)
    assert len(batch) == 1
    backlog.done(batch)
    assert backlog.next(10) == {}
    assert backlog.pause(60)  # at once
