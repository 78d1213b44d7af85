from student_client.desktop.pace import BEST, BUDGET, LEAST, VIDEO, Pace


def play(pace: Pace, bytes_at_best: float, seconds: float, area: int = VIDEO) -> tuple[float, float]:
    """Show a video at 25/s whose pictures shrink with their quality; return bytes and pictures a second."""
    now, sent, shown = 0.0, 0.0, 0
    while now < seconds:
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
