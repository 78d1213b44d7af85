from hypothesis import given
from hypothesis import strategies as st

from student_client.spacing import Spacing


def test_one_a_turn() -> None:
    spacing = Spacing(1)
    assert spacing.ready_at(0.5) <= 10.0
    spacing.take(10.0, 0.5)
    assert spacing.ready_at(0.5) == 10.5
    assert spacing.ready_at(2.0) == 12.0, "the interval of now counts"


def test_after_a_rest_two_at_once_and_a_spare_one_is_kept() -> None:
    spacing = Spacing(2)
    spacing.take(10.0, 0.5)
    assert spacing.ready_at(0.5) <= 10.0
    assert spacing.ready_at(0.5, spare=1) == 10.5
    spacing.take(10.0, 0.5)
    assert spacing.ready_at(0.5) == 10.5
    spacing.take(10.5, 0.5)
    assert spacing.ready_at(0.5) == 11.0


@given(st.integers(1, 3), st.lists(st.floats(0, 2), min_size=20, max_size=60))
def test_no_stretch_has_more_than_its_turns_and_a_burst(burst: int, waits: list[float]) -> None:
    spacing, now, taken = Spacing(burst), 0.0, []
    for wait in waits:
        now = max(now + wait / 4, spacing.ready_at(0.1))
        spacing.take(now, 0.1)
        taken.append(now)
    for first in range(len(taken)):
        for last in range(first, len(taken)):
            assert last - first + 1 <= burst + (taken[last] - taken[first]) / 0.1 + 1e-6
