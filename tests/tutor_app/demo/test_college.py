"""The demo's college is a real one that is never closed."""

from pathlib import Path

import pytest

from protocol.enrolment import read_join
from protocol.identity_file import load_identity
from protocol.policy.bundle import open_staff_bundle
from protocol.policy.hours import college_hours
from protocol.policy.parse import parse_policy
from tutor_app.admin.college import initial_policy
from tutor_app.demo.college import GROUP, TUTOR_NAME, always_open, make_college

HOUR = 3600


def test_it_is_open_at_every_hour_of_a_week() -> None:
    policy = parse_policy(always_open(initial_policy("Key College")))
    begins = 1_772_323_200.0  # a Sunday, 1 March 2026, midnight in London
    assert all(college_hours(policy, begins + hour * HOUR).is_open for hour in range(7 * 24))


def test_a_policy_with_other_days_is_noticed() -> None:
    with pytest.raises(ValueError, match="6 days"):
        always_open(initial_policy("Key College").replace("sunday    = []", ""))


def test_tutor_and_laptops_belong_together(tmp_path: Path) -> None:
    made = make_college(tmp_path, 2)
    tutor = load_identity(made.identity.read_bytes(), made.passphrase)
    assert tutor.identity.name == TUTOR_NAME
    bundle = open_staff_bundle((tmp_path / "college.bundle").read_bytes(), tutor.root)
    assert [(one.id, one.name, one.group) for one in bundle.devices] == [
        ("LAPTOP-01", "Student 01", GROUP),
        ("LAPTOP-02", "Student 02", GROUP),
    ]
    for device, path in made.joins.items():
        assert read_join(path.read_bytes()).credentials().identity.id == device
        assert path.stat().st_mode & 0o077 == 0
