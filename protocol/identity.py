"""Who a certificate belongs to: roles, SPIFFE ids, and a party's own credentials.

A certificate is somebody's only if a chain to the college's own authority was checked first: by TLS on a connection
(`tls`), by `identity_file` and `enrolment` for files. This module reads; it trusts nothing.
"""

import math
import re
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from cryptography.x509.oid import NameOID

from protocol.role import STAFF_ROLES, Role
from protocol.text import plain

NAME_LENGTH: Final = 64  # X.520's upper bound of a common name and of an organizational unit
ID_PATTERN: Final = r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}"

_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_LEAF_URI = re.compile(rf"spiffe://({_UUID})/([a-z]+)/({ID_PATTERN})")
_AUTHORITY_URI = re.compile(rf"spiffe://({_UUID})")

# A certificate is parsed piece by piece, as it is asked: any of these may come from any piece.
_UNREADABLE: Final = (
    x509.DuplicateExtension,
    x509.ExtensionNotFound,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
    UnsupportedAlgorithm,
    ValueError,
    TypeError,
)


class IdentityError(Exception):
    """A certificate, key or identity file that is not what it should be; the text says which and why."""


@dataclass(frozen=True)
class Identity:
    """A person or a device of one college, as its certificate names it.

    `serial` (lower-case hex) and `expires_at` are the certificate's; `group` is the device's, "" for people.
    """

    college: UUID
    role: Role
    id: str
    name: str
    serial: str
    group: str = ""
    expires_at: float = math.inf

    @property
    def is_staff(self) -> bool:
        """Whether this is a person, in any role."""
        return self.role in STAFF_ROLES


@dataclass(frozen=True)
class Credentials:
    """One party's own identity with its key, and whom it trusts; everything in PEM.

    `peer_ca` is the one authority the other side of a connection must come from; `root` is the college's.
    """

    identity: Identity
    certificate: bytes
    key: bytes = field(repr=False)
    peer_ca: bytes
    root: bytes


def make_credentials(certificate: bytes, key: bytes, peer_ca: bytes, root: bytes) -> Credentials:
    """Put PEM files together; raises IdentityError where one is unreadable or they do not belong together."""
    leaf, anchor = read_certificate(certificate, "the certificate"), read_certificate(root, "the college's root")
    authority = read_certificate(peer_ca, "the peers' authority")
    identity = identity_in(leaf)
    if not issued_by(anchor, anchor) or not issued_by(authority, anchor):
        raise IdentityError("The peers' authority was not issued by the college's root.")
    if not college_of(authority) == college_of(anchor) == identity.college:
        raise IdentityError("The certificates are of different colleges.")
    try:
        own = load_pem_private_key(key, None).public_key()
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise IdentityError("The private key cannot be read.") from error
    spki = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if own.public_bytes(*spki) != leaf.public_key().public_bytes(*spki):
        raise IdentityError("The private key does not belong to the certificate.")
    return Credentials(identity, certificate, key, peer_ca, root)


def identity_of(certificate_der: bytes) -> Identity:
    """Return whom a DER certificate names; raises IdentityError unless it is exactly of our form."""
    return identity_in(read_der(certificate_der))


def identity_in(certificate: x509.Certificate) -> Identity:
    """As `identity_of`, for a certificate already read."""
    try:
        return _identity(certificate)
    except _UNREADABLE as error:
        raise IdentityError("The certificate is not of our form.") from error


def college_of(authority: x509.Certificate) -> UUID:
    """Return the college of a root or another authority's certificate; raises IdentityError."""
    try:
        found = _AUTHORITY_URI.fullmatch(_only_uri(authority))
    except _UNREADABLE as error:
        raise IdentityError("The certificate is not of our form.") from error
    if not found:
        raise IdentityError("The certificate is not a college's authority.")
    return UUID(found[1])


def leaf_uri(college: UUID, role: Role, identifier: str) -> str:
    """Return the one URI a leaf carries; raises ValueError for an id outside `ID_PATTERN`."""
    if not re.fullmatch(ID_PATTERN, identifier):
        raise ValueError(f"not an id: {identifier!r}")
    return f"spiffe://{college}/{role}/{identifier}"


def authority_uri(college: UUID) -> str:
    """Return the one URI the root and the authorities carry."""
    return f"spiffe://{college}"


def read_certificate(pem: bytes, what: str) -> x509.Certificate:
    """Read the first PEM certificate; raises IdentityError that calls it `what`."""
    try:
        return x509.load_pem_x509_certificate(pem)
    except _UNREADABLE as error:
        raise IdentityError(f"{what[:1].upper()}{what[1:]} cannot be read.") from error


def read_der(der: bytes) -> x509.Certificate:
    """Read a DER certificate; raises IdentityError."""
    try:
        return x509.load_der_x509_certificate(der)
    except _UNREADABLE as error:
        raise IdentityError("The certificate cannot be read.") from error


def issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether `issuer` signed this certificate and is named in it. Says nothing of dates or of what it may do."""
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, *_UNREADABLE):
        return False
    return True


def valid_between(certificate: x509.Certificate) -> tuple[float, float]:
    """Return the first and the last moment of a certificate's validity."""
    return certificate.not_valid_before_utc.timestamp(), certificate.not_valid_after_utc.timestamp()


def expires_at(certificate_pem: bytes) -> float:
    """Return when a PEM certificate stops being valid; raises IdentityError."""
    return valid_between(read_certificate(certificate_pem, "the certificate"))[1]


def _identity(certificate: x509.Certificate) -> Identity:
    found = _LEAF_URI.fullmatch(_only_uri(certificate))
    if not found or found[2] not in set(Role):
        raise IdentityError("The certificate does not name a person or a device of a college.")
    if certificate.serial_number <= 0:
        raise IdentityError("The certificate has no proper serial number.")
    return Identity(
        college=UUID(found[1]),
        role=Role(found[2]),
        id=found[3],
        name=_subject(certificate, NameOID.COMMON_NAME) or found[3],
        serial=format(certificate.serial_number, "x"),
        group=_subject(certificate, NameOID.ORGANIZATIONAL_UNIT_NAME) if found[2] == Role.DEVICE else "",
        expires_at=valid_between(certificate)[1],
    )


def _only_uri(certificate: x509.Certificate) -> str:
    names = list(certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
    if len(names) != 1 or not isinstance(names[0], x509.UniformResourceIdentifier):
        raise IdentityError("The certificate does not carry exactly one alternative name, a URI.")
    return names[0].value


def _subject(certificate: x509.Certificate, oid: x509.ObjectIdentifier) -> str:
    values = certificate.subject.get_attributes_for_oid(oid)
    if len(values) > 1 or any(not isinstance(value.value, str) for value in values):
        raise IdentityError("The certificate's subject is not of our form.")
    return plain(str(values[0].value), NAME_LENGTH) if values else ""
