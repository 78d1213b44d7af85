"""PROTOCOL.md is normative: its tables and the code say the same."""

import re
from itertools import product
from pathlib import Path
from typing import get_args

import pytest

from protocol import session
from protocol.messages import DeviceMessage, LeaseSeconds, Message, Reason, Right, StaffMessage
from protocol.policy.document import ROLE_LIMITS
from protocol.role import Role
from protocol.session import RIGHT, SENDER, TABLE, CloseCode, Side, State

TEXT = Path(session.__file__).with_name("PROTOCOL.md").read_text(encoding="utf-8")
MESSAGES: dict[str, type[Message]] = {
    kind.__struct_config__.tag: kind for kind in get_args(StaffMessage) + get_args(DeviceMessage)
}


def table(name: str) -> list[list[str]]:
    """The rows of the table under the marker, without its heading."""
    block = TEXT.split(f"<!-- table: {name} -->\n", 1)[1].split("\n\n", 1)[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in block.splitlines()]
    return rows[2:]


def test_states() -> None:
    written = {(State(state), MESSAGES[message]): State(after) for state, message, after in table("states")}
    assert written == TABLE


def test_messages_and_their_senders() -> None:
    assert {row[0]: row[1] for row in table("messages")} == {
        name: SENDER[kind].value for name, kind in MESSAGES.items()
    }


def test_rights() -> None:
    special = {"watch": "view or focus"}
    for name, _sender, right, _meaning in table("messages"):
        needed = RIGHT.get(MESSAGES[name])
        assert right == special.get(name, needed.value if needed else "–")


def test_the_role_matrix_cell_by_cell() -> None:
    rows = {row[0]: dict(zip(Right, row[1:], strict=True)) for row in table("roles")}
    assert set(rows) == {role.value for role in Role} - {"policy"}
    for role, right in product(Role, Right):
        allowed = right in ROLE_LIMITS.get(role, frozenset())
        assert allowed == (rows.get(role.value, {}).get(right) == "yes"), (role, right)


def test_close_codes() -> None:
    assert {(int(row[0]), row[1]) for row in table("close codes")} == {
        (code.value, code.name.lower().replace("_", "-")) for code in CloseCode
    }


def test_reasons() -> None:
    assert [row[0] for row in table("reasons")] == [reason.value for reason in Reason]


def test_bounds() -> None:
    numbers = [int(found[0]) if (found := re.findall(r"\d+", row[1])) else None for row in table("bounds")]
    assert numbers[:8] == [
        session.GREETING_LIMIT,
        session.CONTROL_LIMIT,
        session.BUNDLE_LIMIT,
        session.PICTURE_LIMIT[session.Stream.TILE],
        session.PICTURE_LIMIT[session.Stream.FOCUS],
        session.MESSAGES_A_SECOND,
        session.TILE_BYTES_A_SECOND,
        session.ANSWER_WITHIN,
    ]
    lease = get_args(LeaseSeconds)[1]
    assert table("bounds")[8][1].startswith(f"{lease.ge}–{lease.le} s")


@pytest.mark.parametrize("side", Side)
def test_no_message_has_two_senders(side: Side) -> None:
    family = get_args(StaffMessage) if side is Side.STAFF else get_args(DeviceMessage)
    assert {kind for kind, sender in SENDER.items() if sender is side} == set(family)
