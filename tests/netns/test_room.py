"""A room with its own cables: real multicast, real addresses, and what happens when they change."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.stage import Campus, Laptop, promised
from tests.netns.conftest import Lan, Talker

pytestmark = pytest.mark.netns

FOUND_WITHIN = 3.0  # seconds, DESIGN §10: client started → live tile
MISSED_WITHIN = 10.0

Told = dict[str, Any]


@pytest.fixture
def tutor(lan: Lan, campus: Campus) -> Callable[[], Talker]:
    def start() -> Talker:
        talker = lan.talker(lan.machine(), "tutor.py", str(campus.identity()))
        talker.wait(lambda said: said.get("ready"))
        return talker

    return start


def shows(laptop: Laptop, presence: str = "live", pictures: int = 1) -> Callable[[Told], bool]:
    """Whether the tile of this laptop is so, and has shown that many pictures in all."""
    return lambda said: (
        said.get("tile") == laptop.device and said["presence"] == presence and said["pictures"] >= pictures
    )


def latest(tutor: Talker, laptop: Laptop) -> Told:
    tutor.hear()
    return next(said for said in reversed(tutor.said) if said.get("tile") == laptop.device)


def started(tutor: Talker, laptop: Laptop) -> float:
    """Start a laptop's client; return the seconds until its tile is live with a picture of this run."""
    seen = next((said["pictures"] for said in reversed(tutor.said) if said.get("tile") == laptop.device), 0)
    laptop.start()
    return float(tutor.wait(shows(laptop, pictures=seen + 1))["at"]) - laptop.started_at


def test_laptops_are_found_and_live_within_three_seconds_of_their_start(
    lan: Lan, campus: Campus, tutor: Callable[[], Talker], xvfb: str, record_property: Callable[[str, object], None]
) -> None:
    laptops = [lan.laptop(campus.enrolled(f"FOUND-{number}"), "--look", str(number))[0] for number in range(2)]
    laptops.append(lan.laptop(campus.enrolled("FOUND-REAL"), environ={"DISPLAY": xvfb})[0])
    wall = tutor()
    taken = {laptop.device: started(wall, laptop) for laptop in laptops}
    record_property("seconds", taken)
    assert max(taken.values()) <= promised(FOUND_WITHIN), taken
    assert {laptop.status.viewers[0].name for laptop in laptops} == {"Maths tutor"}


def test_a_laptop_that_moves_or_restarts_comes_back_as_the_same_tile(
    lan: Lan, campus: Campus, tutor: Callable[[], Talker]
) -> None:
    laptop, machine = lan.laptop(campus.enrolled("MOVES"))
    wall = tutor()
    started(wall, laptop)
    before = latest(wall, laptop)
    others = {said["tile"] for said in wall.said if "tile" in said}

    new_address = lan.next_address()
    machine.run("ip", "address", "flush", "dev", "eth0", "scope", "global")
    machine.run("ip", "address", "add", f"{new_address}/24", "dev", "eth0")
    back = wall.wait(
        lambda said: shows(laptop, pictures=before["pictures"] + 1)(said) and new_address in said["address"]
    )

    laptop.kill()
    wall.wait(lambda said: said.get("tile") == laptop.device and said["presence"] != "live")
    assert started(wall, laptop) <= promised(FOUND_WITHIN)
    assert latest(wall, laptop)["pictures"] > back["pictures"]
    assert {said["tile"] for said in wall.said if "tile" in said} == others, "a tile more or less"


def test_a_laptop_unplugged_says_so_within_ten_seconds_and_comes_back(
    lan: Lan, campus: Campus, tutor: Callable[[], Talker]
) -> None:
    laptop, machine = lan.laptop(campus.enrolled("UNPLUGGED"))
    wall = tutor()
    started(wall, laptop)

    pulled_at = time.time()
    lan.switch.pull(machine)
    told = wall.wait(shows(laptop, "reconnecting"))
    assert told["at"] - pulled_at <= promised(MISSED_WITHIN)
    assert told["why"], "a tile says why it is missing"

    lan.switch.put_back(machine)
    wall.wait(shows(laptop, pictures=told["pictures"] + 1))


def test_a_strangers_advert_never_becomes_a_tile(
    lan: Lan, campus: Campus, tutor: Callable[[], Talker], tmp_path: Path
) -> None:
    elsewhere = Campus(tmp_path / "elsewhere", "Lock College")
    join = tmp_path / "stranger.join"
    join.write_bytes(elsewhere.college.add_device("STRANGER", group="10B"))
    machine = lan.machine()
    address = machine.run("hostname", "-I").split()[0]
    college, staff_ca = str(campus.college.register.college), str(campus.college.folder / "staff-ca.pem")
    ours, _ = lan.laptop(campus.enrolled("OURS"))

    wall = tutor()
    shouting = lan.talker(machine, "stranger.py", college, address, str(join), staff_ca)
    called: set[str] = set()
    while called != {"plaintext", "elsewhere"}:  # believed enough to be dialled, as any advert is
        called.add(shouting.wait(lambda said: said.get("called"))["called"])
    assert started(wall, ours) <= promised(FOUND_WITHIN)
    wall.hear()
    assert "STRANGER" not in {said["tile"] for said in wall.said if "tile" in said}
    assert {said["device"] for said in wall.said if said.get("event") == "LinkUp"} == {"OURS"}
