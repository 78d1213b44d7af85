"""The enrolment file (.join): one device's identity and the college's policy, carried from the admin to the laptop.

It holds the device's private key: whoever reads it can be the device. It is used once and deleted.
"""

import hashlib
from typing import Annotated, Final
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from protocol.identity import ID_PATTERN, Credentials, IdentityError, make_credentials
from protocol.messages import Name
from protocol.policy.bundle import MAXIMUM_SIZE as BUNDLE_SIZE
from protocol.policy.bundle import BundleError, open_bundle
from protocol.role import Role

MAXIMUM_SIZE: Final = BUNDLE_SIZE + 32 * 1024
_HEADING: Final = b"Lessonlight enrolment 1\n"

_Pem = Annotated[bytes, Meta(max_length=8192)]


class EnrolmentError(Exception):
    """An enrolment file that cannot be used; the text says why and what to do."""


class JoinFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an enrolment file holds; certificates and key in PEM, `bundle` as `open_bundle` reads it."""

    college: UUID
    device_id: Annotated[str, Meta(pattern=f"^{ID_PATTERN}$")]
    group: Name
    certificate: _Pem
    key: _Pem
    root: _Pem
    staff_ca: _Pem
    bundle: Annotated[bytes, Meta(max_length=BUNDLE_SIZE)]

    def __repr__(self) -> str:
        return f"JoinFile(device_id={self.device_id!r}, group={self.group!r}, …)"  # never the key

    def credentials(self) -> Credentials:
        """Return the device's credentials; raises IdentityError."""
        return make_credentials(self.certificate, self.key, self.staff_ca, self.root)


def write_join(join: JoinFile) -> bytes:
    """Return the file: a heading, a checksum against damage on the way, the content."""
    content = msgspec.msgpack.encode(join)
    return _HEADING + hashlib.sha256(content).hexdigest().encode() + b"\n" + content


def read_join(data: bytes) -> JoinFile:
    """Read a file and check that its parts belong together; raises EnrolmentError. Dates are the caller's to check."""
    join = _decoded(data)
    try:
        identity = join.credentials().identity
        open_bundle(join.bundle, join.root)
    except (IdentityError, BundleError) as error:
        raise EnrolmentError(f"The enrolment file cannot be used. {error}") from error
    named = (join.college, Role.DEVICE, join.device_id, join.group)
    if (identity.college, identity.role, identity.id, identity.group) != named:
        raise EnrolmentError("The enrolment file's certificate is not this device's. Ask for a new file.")
    return join


def _decoded(data: bytes) -> JoinFile:
    if not data.startswith(_HEADING):
        raise EnrolmentError("This is no Lessonlight enrolment file (.join).")
    checksum, _, content = data[len(_HEADING) :].partition(b"\n")
    if len(data) > MAXIMUM_SIZE or hashlib.sha256(content).hexdigest().encode() != checksum:
        raise EnrolmentError("The enrolment file is damaged or incomplete. Copy it again.")
    try:
        return msgspec.msgpack.decode(content, type=JoinFile)
    except (msgspec.MsgspecError, ValueError) as error:
        raise EnrolmentError("The enrolment file was made by another version of Lessonlight.") from error
