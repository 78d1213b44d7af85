"""The wall's budget is kept, and kept fairly."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor_app.classroom.budget import LADDER, SLOWEST, SMALLEST, Budget, Share, Taken, level, shares

MBIT = 125_000.0
devices = st.dictionaries(
    st.text("abcdefgh", min_size=1, max_size=3),
    st.builds(Taken, size=st.floats(500, 130_000), rest=st.floats(0, 60)),
    min_size=1,
    max_size=40,
)
limits = st.floats(0.5 * MBIT, 50 * MBIT)


def taken(one: Taken, share: Share) -> float:
    return one.rate(share.interval) * share.scale**2


@given(devices, limits)
def test_the_budget_is_kept_unless_everybody_is_at_the_floor(all_: dict[str, Taken], limit: float) -> None:
    given_ = shares(all_, limit)
    over = sum(taken(all_[name], share) for name, share in given_.items()) - limit
    floor = [name for name, share in given_.items() if (share.interval, share.scale) == (SLOWEST, SMALLEST)]
    assert over <= 1e-6 * limit or floor


@given(devices, limits)
def test_nobody_waits_for_one_who_takes_more(all_: dict[str, Taken], limit: float) -> None:
    """Max-min fairness: a throttled device never gets a lower bound than what another is left to take."""
    given_ = shares(all_, limit)
    most = level((one.rate(1.0) for one in all_.values()), limit)
    for name, one in all_.items():
        if one.rate(1.0) <= min(most, limit / len(all_)):
            assert given_[name] == Share(), "who takes less than an even share is left alone"
        assert given_[name].interval in LADDER
        assert SMALLEST <= given_[name].scale <= 1


@given(devices, limits)
def test_equals_are_treated_equally_whatever_their_names(all_: dict[str, Taken], limit: float) -> None:
    renamed = {name + "x": one for name, one in reversed(all_.items())}
    assert {name + "x": share for name, share in shares(all_, limit).items()} == shares(renamed, limit)
    same = dict.fromkeys(all_, next(iter(all_.values())))
    assert len(set(shares(same, limit).values())) == 1


@given(devices, limits)
def test_more_budget_is_never_worse(all_: dict[str, Taken], limit: float) -> None:
    less, more = shares(all_, limit), shares(all_, 2 * limit)
    for name in all_:
        assert more[name].interval <= less[name].interval


def test_thirty_at_rest_cost_nothing_and_thirty_videos_are_slowed() -> None:
    resting = {f"r{number}": Taken(size=20_000, rest=3600) for number in range(30)}
    video = {f"v{number}": Taken(size=100_000) for number in range(30)}
    given_ = shares(resting | video, 5 * MBIT)
    assert all(given_[name] == Share() for name in resting)
    assert all(given_[name].interval >= 4 for name in video)


def hold(budget: Budget, size: int, number: int, seconds: int) -> float:
    """So many devices whose screens never rest, obeying their shares; returns the bytes a second of the second half."""
    names = [f"d{one}" for one in range(number)]
    counts = dict.fromkeys(names, (0, 0))
    due = dict.fromkeys(names, 0.0)
    half = 0
    for now in range(seconds):
        half = sum(total for _, total in counts.values()) if now == seconds // 2 else half
        for name in names:
            share = budget.share(name)
            while due[name] <= now:
                tiles, total = counts[name]
                counts[name] = tiles + 1, total + round(size * share.scale**2)
                due[name] += share.interval
        if now % 5 == 0:
            budget.measure(counts, names, float(now))
    return (sum(total for _, total in counts.values()) - half) / (seconds - seconds // 2)


@pytest.mark.parametrize("mbit", [5, 20, 50])
def test_what_is_measured_settles_within_the_budget_and_uses_it(mbit: int) -> None:
    budget = Budget(mbit * MBIT)
    rate = hold(budget, 60_000, 60, 120)
    assert rate <= 1.1 * mbit * MBIT
    wanted = min(60_000 * 60, mbit * MBIT)
    assert rate >= 0.5 * wanted


def test_a_slowed_screen_that_comes_to_rest_is_quick_again() -> None:
    budget = Budget(1 * MBIT)
    budget.measure({}, ["a"], 0.0)
    assert budget.measure({"a": (5, 1_000_000)}, ["a"], 5.0)
    assert budget.share("a").interval > 1
    for step in range(2, 12):
        budget.measure({"a": (5, 1_000_000)}, ["a"], 5.0 * step)
    assert budget.share("a") == Share()


def test_what_the_unseen_take_is_not_given_twice() -> None:
    busy = {"a": (5, 500_000), "b": (5, 500_000)}
    alone, beside = Budget(1.5 * MBIT), Budget(1.5 * MBIT)
    for budget, counts in ((alone, {"a": busy["a"]}), (beside, busy)):
        budget.measure({}, ["a"], 0.0)
        budget.measure(counts, ["a"], 5.0)
    assert alone.share("a") == Share()
    assert beside.share("a").interval > 1
