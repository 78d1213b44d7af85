"""The register of staff and devices, with every certificate each of them ever held."""

import re
from typing import Annotated, Final
from uuid import UUID

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace

from protocol.identity import ID_PATTERN
from protocol.messages import Time
from protocol.role import Role

# How far a device's clock may be behind before it takes an expired certificate for a valid one.
_GRACE: Final = 30 * 24 * 3600


class RegisterError(Exception):
    """An id that is unknown, taken or malformed; the text says which and what to do."""


class Issued(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One certificate that was issued; `revoked_at` once it was denied."""

    serial: Annotated[str, Meta(pattern="^[0-9a-f]{1,40}$")]
    issued_at: Time
    expires_at: Time
    revoked_at: Time | None = None


class Entry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One member of staff or one device; `group` is a device's, "" otherwise."""

    id: str
    name: str
    role: Role
    group: str = ""
    certificates: tuple[Issued, ...]

    @property
    def is_device(self) -> bool:
        """Whether this is a device and no person."""
        return self.role is Role.DEVICE

    @property
    def revoked(self) -> bool:
        """Whether every certificate was denied."""
        return all(issued.revoked_at is not None for issued in self.certificates)

    @property
    def expires_at(self) -> float:
        """When the latest certificate ends."""
        return max(issued.expires_at for issued in self.certificates)


class Register(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole register of one college; `version` is that of its latest bundle."""

    college: UUID
    name: str
    version: int = 0
    entries: tuple[Entry, ...] = ()

    def find(self, identifier: str) -> Entry | None:
        """Return the entry with this id, whatever its capitals."""
        return next((entry for entry in self.entries if entry.id.casefold() == identifier.casefold()), None)

    @property
    def devices(self) -> tuple[Entry, ...]:
        """All devices, by group and then by name."""
        return tuple(sorted((e for e in self.entries if e.is_device), key=lambda e: (e.group, e.name, e.id)))

    def denied(self, now: float) -> frozenset[str]:
        """The serials to deny. A certificate long expired refuses itself and needs no place in the list."""
        issued = (issued for entry in self.entries for issued in entry.certificates)
        return frozenset(i.serial for i in issued if i.revoked_at is not None and i.expires_at + _GRACE > now)

    def with_entry(self, entry: Entry, *, again: bool, now: float) -> "Register":
        """Add an entry; with `again` replace the one of the same id, whose certificates are all denied."""
        known = self.find(entry.id)
        if known is None:
            return replace(self, entries=(*self.entries, entry))
        if not again:
            raise RegisterError(f"{known.id} is in the register already. To issue a new certificate, add --again.")
        if known.is_device != entry.is_device:
            kind = "a device" if known.is_device else "a member of staff"
            raise RegisterError(f"{known.id} is {kind} already. Choose another id.")
        history = _revoked(known, now).certificates
        return self._replaced(known, replace(entry, id=known.id, certificates=(*history, *entry.certificates)))

    def without(self, identifier: str, now: float) -> "Register":
        """Deny every certificate of an id; raises RegisterError where there is nobody of that id."""
        known = self.find(identifier)
        if known is None:
            raise RegisterError(f"There is no {identifier} in the register.")
        return self._replaced(known, _revoked(known, now))

    def _replaced(self, old: Entry, new: Entry) -> "Register":
        return replace(self, entries=tuple(new if entry is old else entry for entry in self.entries))


def check_id(identifier: str) -> str:
    """Return the id; raises RegisterError where it is malformed."""
    if not re.fullmatch(ID_PATTERN, identifier):
        raise RegisterError(
            f"“{identifier}” is no id: use up to 63 letters, digits, dots, dashes and underscores, without spaces,"
            " beginning with a letter or a digit."
        )
    return identifier


def encode_register(register: Register) -> bytes:
    """Return register.json."""
    return msgspec.json.format(msgspec.json.encode(register), indent=1) + b"\n"


def decode_register(data: bytes) -> Register:
    """Read register.json; raises msgspec.MsgspecError."""
    return msgspec.json.decode(data, type=Register)


def _revoked(entry: Entry, now: float) -> Entry:
    certificates = tuple(
        issued if issued.revoked_at is not None else replace(issued, revoked_at=now) for issued in entry.certificates
    )
    return replace(entry, certificates=certificates)
