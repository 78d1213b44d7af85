"""The identity file (.p12) a member of staff signs in with: leaf, key and the college's three authorities."""

import time
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, pkcs12

from protocol.identity import Credentials, IdentityError, college_of, identity_in, issued_by, valid_between

KDF_ROUNDS: Final = 600_000  # OWASP's figure for PBKDF2-HMAC-SHA256
MAXIMUM_SIZE: Final = 64 * 1024  # four certificates and a key are about 4 KiB


def write_identity(
    certificate: x509.Certificate,
    key: EllipticCurvePrivateKey,
    authorities: tuple[x509.Certificate, x509.Certificate, x509.Certificate],
    passphrase: str,
    rounds: int = KDF_ROUNDS,
) -> bytes:
    """Return the PKCS#12 file; `authorities` are the root, the staff authority and the device authority."""
    sealed = (
        PrivateFormat.PKCS12.encryption_builder()
        .kdf_rounds(rounds)
        .key_cert_algorithm(pkcs12.PBES.PBESv2SHA256AndAES256CBC)
        .hmac_hash(hashes.SHA256())
        .build(passphrase.encode())
    )
    name = identity_in(certificate).id.encode()
    return pkcs12.serialize_key_and_certificates(name, key, certificate, list(authorities), sealed)


def load_identity(data: bytes, passphrase: str, now: float | None = None) -> Credentials:
    """Open an identity file; raises IdentityError whose text a person can act on. `now` defaults to the clock."""
    leaf, key, others = _unsealed(data, passphrase)
    root, staff_ca, device_ca = _authorities(leaf, others)
    identity = identity_in(leaf)
    if not identity.is_staff:
        raise IdentityError("This file holds no member of staff's identity.")
    if {college_of(authority) for authority in (root, staff_ca, device_ca)} != {identity.college}:
        raise IdentityError("This identity file mixes two colleges.")
    _check_dates(leaf, time.time() if now is None else now)
    return Credentials(
        identity,
        certificate=leaf.public_bytes(Encoding.PEM),
        key=key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        peer_ca=device_ca.public_bytes(Encoding.PEM),
        root=root.public_bytes(Encoding.PEM),
    )


def _unsealed(data: bytes, passphrase: str) -> tuple[x509.Certificate, EllipticCurvePrivateKey, list[x509.Certificate]]:
    if len(data) > MAXIMUM_SIZE:
        raise IdentityError("This is no identity file: it is far too large.")
    try:
        opened = pkcs12.load_pkcs12(data, passphrase.encode())
    except ValueError as error:
        if "password" in str(error).lower():
            raise IdentityError("The passphrase is wrong, or the identity file is damaged.") from error
        raise IdentityError("This is no identity file (.p12), or it is damaged.") from error
    if opened.cert is None or not isinstance(opened.key, EllipticCurvePrivateKey):
        raise IdentityError("This .p12 file holds no Lessonlight identity.")
    if opened.key.public_key() != opened.cert.certificate.public_key():
        raise IdentityError("The key in this identity file does not belong to its certificate.")
    return opened.cert.certificate, opened.key, [other.certificate for other in opened.additional_certs]


def _authorities(leaf: x509.Certificate, others: list[x509.Certificate]) -> tuple[x509.Certificate, ...]:
    roots = [one for one in others if issued_by(one, one)]
    staff = [one for one in others if one not in roots and issued_by(leaf, one)]
    devices = [one for one in others if one not in roots and one not in staff]
    if not len(roots) == len(staff) == len(devices) == 1:
        raise IdentityError("This .p12 file was not made by a Lessonlight college.")
    if not all(issued_by(one, roots[0]) for one in (*staff, *devices)):
        raise IdentityError("The authorities in this identity file do not come from one college.")
    return roots[0], staff[0], devices[0]


def _check_dates(leaf: x509.Certificate, now: float) -> None:
    starts_at, ends_at = valid_between(leaf)
    if now > ends_at:
        raise IdentityError(
            f"This identity expired on {leaf.not_valid_after_utc:%d %B %Y}. Ask the network manager for a new one."
        )
    if now < starts_at:
        raise IdentityError(
            f"This identity is valid only from {leaf.not_valid_before_utc:%d %B %Y}. Check this computer's clock."
        )
