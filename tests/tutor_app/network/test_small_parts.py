"""Wishes, problems, traffic."""

from protocol.messages import Stream
from tutor_app.classroom.events import NetworkProblem
from tutor_app.network.problems import Problems
from tutor_app.network.traffic import Traffic
from tutor_app.network.wishes import WatchAsk, Wishes

SMALL = WatchAsk(stream=Stream.TILE, width=160, height=90, interval_ms=1000)
LARGE = WatchAsk(stream=Stream.TILE, width=320, height=180, interval_ms=1000)
FOCUS = WatchAsk(stream=Stream.FOCUS, monitor=2, width=1920, height=1080, interval_ms=66)


def test_a_wish_of_ones_own_goes_before_what_is_wished_of_all() -> None:
    wishes = Wishes()
    assert wishes.of("A", Stream.TILE) is None
    wishes.wish_all(SMALL)
    wishes.wish("A", LARGE)
    wishes.wish("A", FOCUS)
    wishes.wish_none("B", Stream.TILE)
    assert [wishes.of(device, Stream.TILE) for device in "ABC"] == [LARGE, None, SMALL]
    assert [wishes.of(device, Stream.FOCUS) for device in "ABC"] == [FOCUS, None, None]
    wishes.wish_all(LARGE)
    assert [wishes.of(device, Stream.TILE) for device in "ABC"] == [LARGE, LARGE, LARGE]
    assert wishes.of("A", Stream.FOCUS) == FOCUS


def test_the_newest_problem_that_still_holds_is_told() -> None:
    told: list[NetworkProblem] = []
    problems = Problems(told.append)
    problems.say("discovery", "No multicast.")
    problems.say("discovery", "No multicast.")
    problems.say("duplicate", "Two of A.", "a")
    problems.say("duplicate", "Two of B.", "b")
    problems.over("duplicate", "a")
    problems.over("duplicate")
    problems.over("never said")
    problems.repeat()
    problems.over("discovery")
    problems.repeat()
    assert [problem.sentence for problem in told] == [
        "No multicast.", "Two of A.", "Two of B.", "No multicast.", "No multicast.", "",
    ]  # fmt: skip


def test_problems_are_bounded() -> None:
    told: list[NetworkProblem] = []
    problems = Problems(told.append)
    for number in range(500):
        problems.say("expired", f"Number {number}.", str(number))
    for number in range(499, 400, -1):
        problems.over("expired", str(number))
    assert [problem.sentence for problem in told[500:]] == [f"Number {n}." for n in range(498, 435, -1)] + [""]


def test_traffic_is_counted_by_device_and_as_a_rate() -> None:
    traffic = Traffic()
    assert traffic.rate(0.0) == 0.0
    traffic.add("A", 1000, 10.0)
    traffic.add("B", 500, 11.0)
    traffic.add("A", 1000, 14.0)
    assert traffic.bytes_in() == {"A": 2000, "B": 500}
    assert traffic.rate(14.0) == 500.0
    assert traffic.rate(15.5) == 300.0
    assert traffic.rate(60.0) == 0.0
