import time

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
    future = time.time() + 86_400
    save_clock(state, future)
    assert load_clock(state).now() >= future
    assert load_clock(state).last_seen == future
    state.write(CLOCK, b"{damaged")
    assert load_clock(state).now() < future


def test_a_clock_years_ahead_for_a_while_is_not_believed_afterwards() -> None:
    clocks = Clocks(10_000.0)
    clock = device_clock(clocks, floor=9_000.0)
    clock.certified("ab", 50_000.0)
    clocks.wall = 900_000.0
    clocks.pass_by(10)
    assert clock.now() == 9_010.0
    clocks.wall = 10_020.0
    assert clock.now() == 10_020.0


def test_what_was_seen_beyond_the_certificates_end_counts_for_nothing() -> None:
    clocks = Clocks(10_000.0)
    clock = device_clock(clocks, floor=900_000.0)
    assert clock.certified("ab", 50_000.0)
    assert clock.now() == 10_000.0


def test_setting_it_ahead_beyond_the_end_and_back_lengthens_nothing() -> None:
    clocks = Clocks(10_000.0)
    clock = device_clock(clocks)
    clock.certified("ab", 50_000.0)
    assert clock.now() == 10_000.0
    clocks.wall = 900_000.0
    clock.now()
    clocks.wall = 2_000.0
    assert not clock.certified("ab", 50_000.0)
    assert clock.now() == 10_000.0


def test_another_certificate_begins_anew() -> None:
    clocks = Clocks(40_000.0)
    clock = device_clock(clocks)
    clock.certified("ab", 50_000.0)
    clock.now()
    clocks.wall = 10_000.0
    assert clock.certified("cd", 60_000.0)
    assert clock.now() == 10_000.0


def test_a_stored_time_beyond_the_stored_certificate_is_not_believed(state: StateFolder) -> None:
    save_clock(state, 4_000_000_000.0)
    assert abs(load_clock(state).now() - time.time()) < 60
