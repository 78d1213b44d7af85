"""The register as a table for people and as JSON for scripts."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

import msgspec
from rich.table import Table
from rich.text import Text

from tutor_app.admin.register import Entry

SOON: Final = 14 * 24 * 3600  # two weeks: a device is in a lesson before that, and can be enrolled afresh


class State(StrEnum):
    """What a register entry's newest certificate is worth today."""

    VALID = "valid"
    ENDS_SOON = "ends-soon"
    EXPIRED = "expired"
    REVOKED = "revoked"


_STYLES: Final = {State.VALID: "green", State.ENDS_SOON: "yellow", State.EXPIRED: "red", State.REVOKED: "red"}
_WORDS: Final = {State.VALID: "valid", State.ENDS_SOON: "ends soon", State.EXPIRED: "expired", State.REVOKED: "revoked"}


def state_of(entry: Entry, now: float) -> State:
    """Return the state of an entry at `now`."""
    if entry.revoked:
        return State.REVOKED
    left = entry.expires_at - now
    return State.EXPIRED if left < 0 else State.ENDS_SOON if left < SOON else State.VALID


def as_table(entries: tuple[Entry, ...], now: float) -> Table:
    """Return the table `devices` shows."""
    table = Table("Id", "Name", "Group", "State", "Until")
    for entry in entries:
        state = state_of(entry, now)
        until = datetime.fromtimestamp(entry.expires_at, UTC).strftime("%d %b %Y")
        cells = (entry.id, entry.name, entry.group)
        table.add_row(*(Text(cell) for cell in cells), Text(_WORDS[state], _STYLES[state]), until)
    return table


def as_json(entries: tuple[Entry, ...], now: float) -> str:
    """Return a list of objects; times are ISO 8601 in UTC, `serials` every certificate's, the newest last."""
    rows = [
        {
            "id": entry.id,
            "name": entry.name,
            "group": entry.group,
            "state": state_of(entry, now),
            "expires_at": datetime.fromtimestamp(entry.expires_at, UTC).isoformat(),
            "serials": [issued.serial for issued in entry.certificates],
        }
        for entry in entries
    ]
    return msgspec.json.format(msgspec.json.encode(rows), indent=2).decode()
