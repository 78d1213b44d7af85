"""What a device says of itself by multicast DNS (RFC 6762, 6763): that it is there, and nothing of whom it belongs to.

A hint only. Only the certificate says who somebody is (SECURITY rule 2).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

SERVICE_TYPE = "_lessonlight._tcp.local."
DEFAULT_PORT = 47800


@dataclass(frozen=True)
class Advert:
    """One advert: an opaque instance name, the college's hint, and where to dial."""

    instance: str
    college: str
    addresses: tuple[str, ...]
    port: int

    @property
    def service_name(self) -> str:
        """The full service name, instance and type."""
        return f"{self.instance}.{SERVICE_TYPE}"


def college_hint(college: UUID) -> str:
    """Return the eight hexadecimal digits by which a tutor's machine leaves other colleges' devices alone."""
    return sha256(college.bytes).hexdigest()[:8]


def advert_txt(college: UUID) -> dict[str, str]:
    """Return the TXT record of a device: the format's version and the college's hint."""
    return {"v": "1", "c": college_hint(college)}


def read_txt(properties: Mapping[bytes, bytes | None]) -> str | None:
    """Return the college's hint of a TXT record, or None where it isn't one of ours."""
    if properties.get(b"v") != b"1":
        return None
    hint = properties.get(b"c") or b""
    return hint.decode("ascii", "replace") if len(hint) == 8 else None
