"""A lock when the cable is pulled: it stays to the end of its lease, and not longer."""

import time

import pytest

from tests.end_to_end.conftest import Glass
from tests.end_to_end.stage import Campus, until
from tests.netns.conftest import Lan

pytestmark = pytest.mark.netns

GROUND = (250, 0, 250)
LESSON = 9.0  # seconds; a lease never goes beyond the lesson


def test_a_lock_outlives_the_cable_and_ends_with_its_lease(lan: Lan, campus: Campus, xvfb: str) -> None:
    laptop, machine = lan.laptop(campus.enrolled("CUT-OFF"), environ={"DISPLAY": xvfb})
    screen = Glass(xvfb)
    try:
        screen.run("xsetroot", "-solid", "#{:02x}{:02x}{:02x}".format(*GROUND))
        laptop.start()
        laptop.address  # noqa: B018 - waits until it listens
        tutor = lan.talker(lan.machine(), "tutor.py", str(campus.identity()), str(LESSON))
        told = tutor.wait(lambda said: said.get("tile") == laptop.device and said["covered"])
        assert screen.pixel(20, 20) != GROUND
        lan.switch.pull(machine)

        ends_at = told["covered"]
        assert ends_at - time.time() > 2, "there is something left to wait for"
        while time.time() < ends_at - 0.2:
            assert screen.pixel(20, 20) != GROUND, f"free {ends_at - time.time():.1f} s too early"
            time.sleep(0.05)
        until(lambda: screen.pixel(20, 20) == GROUND, within=2.0, what=laptop.words)
    finally:
        screen.close()
