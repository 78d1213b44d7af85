"""What the list of devices says of each."""

import json

import pytest

from protocol.role import Role
from tutor_app.admin.listing import SOON, State, as_json, state_of
from tutor_app.admin.register import Entry, Issued

NOW = 1_790_000_000.0


def device(*certificates: tuple[float, float | None]) -> Entry:
    issued = tuple(
        Issued(serial=f"{number:x}", issued_at=0, expires_at=ends, revoked_at=revoked)
        for number, (ends, revoked) in enumerate(certificates, 10)
    )
    return Entry(id="LAPTOP-07", name="Student 07", role=Role.DEVICE, group="10B", certificates=issued)


@pytest.mark.parametrize(
    ("certificates", "state"),
    [
        (((NOW + SOON + 1, None),), State.VALID),
        (((NOW + SOON - 1, None),), State.ENDS_SOON),
        (((NOW - 1, None),), State.EXPIRED),
        (((NOW + 2 * SOON, 5.0),), State.REVOKED),
        (((NOW - 1, 5.0),), State.REVOKED),
        (((NOW - 1, 5.0), (NOW + 2 * SOON, None)), State.VALID),
    ],
)
def test_states(certificates: tuple, state: State) -> None:
    assert state_of(device(*certificates), NOW) is state


def test_json_for_scripts() -> None:
    entry = device((NOW - 1, 5.0), (NOW + 2 * SOON, None))
    assert json.loads(as_json((entry,), NOW)) == [
        {
            "id": "LAPTOP-07",
            "name": "Student 07",
            "group": "10B",
            "state": "valid",
            "expires_at": "2026-10-19T14:13:20+00:00",
            "serials": ["a", "b"],
        }
    ]
