"""The demo's college: made, published and handed out by the network manager's own code, in a temporary folder."""

import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from protocol.role import Role
from tutor_app.admin.college import College
from tutor_app.admin.keys import CHEAP

NAME: Final = "Key College"
GROUP: Final = "10B"
TUTOR: Final = "maths-tutor"
TUTOR_NAME: Final = "Maths tutor"

_HOURS = re.compile(r"^((?:mon|tues|wednes|thurs|fri|satur|sun)day\s*= ).*$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class DemoCollege:
    """Where the tutor's identity and the laptops' enrolment files are; `devices` maps device id → name."""

    identity: Path
    passphrase: str
    joins: dict[str, Path]
    devices: dict[str, str]


def always_open(policy: str) -> str:
    """Return the text of a policy with its hours from midnight to midnight on every day of the week."""
    opened, days = _HOURS.subn(r'\g<1>["00:00-24:00"]', policy)
    if days != 7:
        raise ValueError(f"the policy names {days} days")
    return opened


def make_college(folder: Path, students: int) -> DemoCollege:
    """Make a college that is open at any time, one tutor, and so many laptops of one group."""
    passphrase = secrets.token_urlsafe(12)
    # Its keys last as long as the demo: stretching the passphrase would only make people wait.
    college = College.create(folder / "college", name=NAME, passphrase=passphrase, cost=CHEAP)
    college.publish(always_open((college.folder / "policy.toml").read_text(encoding="utf-8")))
    devices = {f"LAPTOP-{number:02}": f"Student {number:02}" for number in range(1, students + 1)}
    joins = {}
    for device, name in devices.items():
        joins[device] = folder / f"{device.lower()}.join"
        _keep(joins[device], college.add_device(device, group=GROUP, name=name))
    identity = folder / f"{TUTOR}.p12"
    _keep(identity, college.add_staff(TUTOR, name=TUTOR_NAME, role=Role.TUTOR, passphrase=passphrase))
    _keep(folder / "college.bundle", college.staff_bundle)
    return DemoCollege(identity=identity, passphrase=passphrase, joins=joins, devices=devices)


def _keep(path: Path, data: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(data)
