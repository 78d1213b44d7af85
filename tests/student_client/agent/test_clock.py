from student_client.agent.clock import DeviceClock, load_clock, save_clock
from student_client.agent.state import CLOCK, StateFolder


class Clocks:
    def __init__(self, wall: float) -> None:
        self.wall, self.monotonic = wall, 50.0

    def pass_by(self, seconds: float) -> None:
        self.wall += seconds
        self.monotonic += seconds


def device_clock(clocks: Clocks, floor: float = 0.0) -> DeviceClock:
    return DeviceClock(floor, lambda: clocks.wall, lambda: clocks.monotonic)


def test_it_is_the_wall_clock_while_that_goes_forward() -> None:
    clocks = Clocks(1000.0)
    clock = device_clock(clocks)
    clocks.pass_by(5)
    assert clock.now() == 1005.0


def test_set_back_it_goes_on_from_where_it_was() -> None:
    clocks = Clocks(10_000.0)
    clock = device_clock(clocks)
    assert clock.now() == 10_000.0
    clocks.wall -= 3600
    clocks.pass_by(10)
    assert clock.now() == 10_010.0
    assert clock.wall() == 6_410.0


def test_time_asleep_counts_though_the_monotonic_clock_stood_still() -> None:
    clocks = Clocks(10_000.0)
    clock = device_clock(clocks)
    clock.now()
    clocks.wall += 1800
    assert clock.now() == 11_800.0


def test_it_starts_no_earlier_than_it_was_last_seen(tmp_path: object) -> None:
    clocks = Clocks(5000.0)
    assert device_clock(clocks, floor=9000.0).now() == 9000.0


def test_the_last_time_seen_survives_a_restart_and_damage_counts_for_nothing(state: StateFolder) -> None:
    future = 4_000_000_000.0
    save_clock(state, future)
    assert load_clock(state).now() >= future
    assert load_clock(state).last_seen == future
    state.write(CLOCK, b"{damaged")
    assert load_clock(state).now() < future
