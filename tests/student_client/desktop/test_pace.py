from student_client.desktop.pace import BEST, BUDGET, LEAST, VIDEO, Pace


def play(
    pace: Pace, bytes_at_best: float, seconds: float, area: int = VIDEO, begin: float = 0.0
) -> tuple[float, float]:
    """Show a video at 25/s whose pictures shrink with their quality; return bytes and pictures a second."""
    now, sent, shown = begin, 0.0, 0
    while now < begin + seconds:
        size = bytes_at_best * pace.quality / BEST
        pace.spent(int(size), area, now)
        sent, shown = sent + size, shown + 1
        now += max(0.04, pace.delay(now))
    return sent / seconds, shown / seconds


def test_a_video_keeps_the_budget_by_quality_alone() -> None:
    pace = Pace()
    rate, shown = play(pace, 80_000, 20.0)
    assert BUDGET * 0.8 <= rate <= 1_400_000
    assert shown >= 24.9
    assert LEAST < pace.quality < BEST


def test_quality_goes_before_rate_and_rate_when_it_must() -> None:
    pace = Pace()
    rate, shown = play(pace, 400_000, 20.0)
    assert rate <= BUDGET * 1.1
    assert pace.quality == LEAST
    assert 5 < shown < 20


def test_a_larger_video_may_use_more() -> None:
    rate, _ = play(Pace(), 400_000, 20.0, area=1920 * 1080)
    assert BUDGET * 1.5 < rate <= BUDGET * 2.6


def test_a_cheap_video_stays_at_its_best_and_a_still_screen_waits_for_nothing() -> None:
    pace = Pace()
    play(pace, 20_000, 5.0)
    assert pace.quality == BEST
    still = Pace()
    for turn in range(20):
        still.spent(400_000, 0, turn * 0.5)
        assert still.delay(turn * 0.5) == 0.0


def test_after_a_rest_it_begins_at_its_best() -> None:
    pace = Pace()
    play(pace, 400_000, 5.0)
    assert pace.quality == LEAST
    pace.spent(1000, VIDEO, 10.0)
    assert pace.quality == BEST


def test_what_a_still_screen_has_spent_stops_no_video() -> None:
    pace = Pace()
    for turn in range(200):  # a page turned every 270 ms, and its repair: 2.6 MB/s, for which nothing waits
        pace.spent(350_000, 0, turn * 0.135)
    play(pace, 50_000, 8.0, begin=27.0)
    rate, shown = play(pace, 400_000, 8.0, area=1920 * 1080, begin=37.0)
    assert shown > 18
    assert rate <= BUDGET * 2.8


def test_nothing_waits_longer_than_the_last_message_takes() -> None:
    pace, now = Pace(), 0.0
    for _ in range(100):
        pace.spent(1024 * 1024, 1920 * 1080, now)
        assert pace.delay(now) <= 1024 * 1024 / BUDGET / 2.5 + 1e-9
        now += 0.033
    assert pace.quality == LEAST
    assert pace.delay(now) > 0
