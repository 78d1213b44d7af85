"""The college's certificates: root, the authorities under it, the leaves. Clean under strict X.509 checking."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from protocol.identity import authority_uri, college_of, leaf_uri
from protocol.role import Role

ROOT_DAYS: Final = 20 * 365
AUTHORITY_DAYS: Final = 10 * 365
STAFF_DAYS: Final = 365
DEVICE_DAYS: Final = 90
BACKDATED: Final = timedelta(hours=1)  # a laptop whose clock is a little slow can use its new certificate at once

Usage = tuple[ObjectIdentifier, ...]
STAFF_USAGE: Final[Usage] = (ExtendedKeyUsageOID.CLIENT_AUTH,)
DEVICE_USAGE: Final[Usage] = (ExtendedKeyUsageOID.SERVER_AUTH,)

PublicKey = ec.EllipticCurvePublicKey | Ed25519PublicKey


@dataclass(frozen=True)
class Authority:
    """A certificate that may sign others, with its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey = field(repr=False)


@dataclass(frozen=True)
class Holder:
    """Whom a leaf is for; `group` is a device's."""

    role: Role
    id: str
    name: str
    group: str = ""


def new_key() -> ec.EllipticCurvePrivateKey:
    """Return a new P-256 key."""
    return ec.generate_private_key(ec.SECP256R1())


def make_root(college: UUID, name: str, now: float) -> Authority:
    """Return a new self-signed root of the college called `name`."""
    key = new_key()
    subject = _subject((NameOID.ORGANIZATION_NAME, name), (NameOID.COMMON_NAME, "Lessonlight root"))
    begun = _begin(subject, subject, key.public_key(), now, _after(ROOT_DAYS, now))
    extensions = _authority_extensions(college, path_length=1)
    return Authority(_signed(begun, extensions, key), key)


def make_authority(root: Authority, common_name: str, usage: Usage, now: float) -> Authority:
    """Return a new authority under the root whose leaves may be used only as `usage` says."""
    key, issuer = new_key(), root.certificate
    organization = issuer.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value
    subject = _subject((NameOID.ORGANIZATION_NAME, str(organization)), (NameOID.COMMON_NAME, common_name))
    ends = min(_after(AUTHORITY_DAYS, now), issuer.not_valid_after_utc)
    begun = _begin(subject, issuer.subject, key.public_key(), now, ends)
    extensions = [*_authority_extensions(college_of(issuer), path_length=0), (x509.ExtendedKeyUsage(usage), False)]
    return Authority(_signed(begun, extensions, root.key), key)


def make_leaf(
    issuer: Authority, holder: Holder, public: PublicKey, usage: Usage, *, days: int, now: float
) -> x509.Certificate:
    """Return a leaf for `holder`; it carries one alternative name, its URI, and ends no later than its issuer."""
    subject = _subject((NameOID.COMMON_NAME, holder.name), (NameOID.ORGANIZATIONAL_UNIT_NAME, holder.group))
    ends = min(_after(days, now), issuer.certificate.not_valid_after_utc)
    begun = _begin(subject, issuer.certificate.subject, public, now, ends)
    uri = leaf_uri(college_of(issuer.certificate), holder.role, holder.id)
    extensions: list[tuple[x509.ExtensionType, bool]] = [
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (_key_usage(authority=False), True),
        (x509.SubjectAlternativeName([x509.UniformResourceIdentifier(uri)]), False),
    ]
    if usage:
        extensions.append((x509.ExtendedKeyUsage(usage), False))
    return _signed(begun, extensions, issuer.key)


def _subject(*parts: tuple[ObjectIdentifier, str]) -> x509.Name:
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in parts if value])


def _after(days: int, now: float) -> datetime:
    return datetime.fromtimestamp(int(now), UTC) + timedelta(days=days)


def _begin(
    subject: x509.Name, issuer: x509.Name, public: PublicKey, now: float, ends: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(_after(0, now) - BACKDATED)
        .not_valid_after(ends)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )


def _authority_extensions(college: UUID, path_length: int) -> list[tuple[x509.ExtensionType, bool]]:
    return [
        (x509.BasicConstraints(ca=True, path_length=path_length), True),
        (_key_usage(authority=True), True),
        (x509.SubjectAlternativeName([x509.UniformResourceIdentifier(authority_uri(college))]), False),
    ]


def _key_usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _signed(
    begun: x509.CertificateBuilder,
    extensions: Sequence[tuple[x509.ExtensionType, bool]],
    key: ec.EllipticCurvePrivateKey,
) -> x509.Certificate:
    begun = begun.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
    for extension, critical in extensions:
        begun = begun.add_extension(extension, critical)
    return begun.sign(key, hashes.SHA256())
