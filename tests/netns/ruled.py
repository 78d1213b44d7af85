"""A college with rules that are tried, laptops on which they may hold, and a tutor who holds lessons there."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from protocol.role import Role
from tests.end_to_end.stage import Campus
from tests.netns.conftest import Lan, Talker, why_not
from tests.netns.sealed import Sealed, Seat
from tutor_app.demo.college import always_open

RULES = """
[rule.trial-games]
subject = "application"
do = ["tell", "flag", "close"]
is = ["xcalc", "xclock", "xlogo", "stubborn-game"]
grace = 2
sentence = "No games in this lesson."

[rule.trial-sites]
subject = "site"
do = ["block"]
is = ["games.example"]
sentence = "Games on the web are blocked."

[rule.trial-eyes]
subject = "application"
do = ["tell", "flag", "close"]
is_not = ["xeyes"]
grace = 3
category = "academic-dishonesty"
sentence = "Only xeyes may be used."

[rules.trial]
title = "In this trial"
sentences = ["Be kind."]
hold = ["trial-games", "trial-sites"]

[rules.exam]
title = "In this exam"
kind = "assessment"
sentences = ["Do it yourself."]
hold = ["trial-eyes", "trial-sites"]

[[exceptions]]
device = "EXCEPTED"
rules = ["trial-games", "trial-sites"]
reason = "An agreed trial"
approved_by = ["Curriculum manager", "Maths tutor"]
starts = 2020-01-01
ends = 2099-12-31
"""

NewSeat = Callable[..., Seat]
Told = dict[str, Any]


def ruled_campus(folder: Path) -> Campus:
    """A college whose rules are those above, open in lessons only, so that nothing holds afterwards."""
    made = Campus(folder)
    policy = always_open((made.folder / "college/policy.toml").read_text())
    made.college.publish(policy.replace("always = true", "always = false") + RULES)
    return made


def seats(campus: Campus, folder: Path) -> Iterator[tuple[Lan, NewSeat]]:
    """A network, and a function that puts a laptop with a screen on it; its client is not started yet."""
    if reason := why_not():
        pytest.skip(reason)
    lan = Lan()

    def sit(device: str, **how: Any) -> Seat:
        machine = Sealed(folder / device)
        lan.plug_in(machine)
        made = Seat(machine, campus.enrolled(device), **how)
        lan.closing(made.close)
        return made

    yield lan, sit
    lan.close()


def tutor_of(lan: Lan, campus: Campus, rules: str) -> Talker:
    talker = lan.talker(
        lan.machine(), "rules_tutor.py", str(campus.identity("head", "Maths tutor", Role.INVIGILATOR)), rules
    )
    talker.wait(lambda said: said.get("ready"))
    return talker


def status(device: str, **what: Any) -> Callable[[Told], bool]:
    return lambda said: said.get("status") == device and all(said[name] == value for name, value in what.items())


def now(tutor: Talker, device: str) -> Told:
    """Return the latest that the tutor knows of a device; of one it has heard nothing of yet, that it is not live."""
    tutor.hear()
    return next((said for said in reversed(tutor.said) if said.get("status") == device), {"live": False})


def breach(device: str, rule: str) -> Callable[[Told], bool]:
    return lambda said: said.get("device") == device and said.get("breach") == rule


def breaches(tutor: Talker, device: str) -> list[tuple[str, str]]:
    """Return every breach told of a device: (id, what it was about)."""
    tutor.hear()
    return [(said["id"], said["detail"]) for said in tutor.said if said.get("device") == device and "breach" in said]


def blocks(seat: Seat, site: str) -> bool:
    """Whether both browsers' policy files name a site."""
    files = [content for name, content in seat.machine.policies().items() if "college.json" not in name]
    return len(files) > 1 and all(site.encode() in content for content in files)
