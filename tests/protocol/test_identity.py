"""Certificates that are ours, and every kind that is not."""

import contextlib
import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from protocol.identity import (
    Identity,
    IdentityError,
    college_of,
    expires_at,
    identity_of,
    issued_by,
    leaf_uri,
    make_credentials,
    read_certificate,
)
from protocol.role import STAFF_ROLES, Role
from tests.protocol.issuer import Issuer

COLLEGE = UUID("8d8ac610-566d-4ef0-9c22-186b2a5ed793")
URI = f"spiffe://{COLLEGE}/tutor/maths-tutor"
KEY = ec.generate_private_key(ec.SECP256R1())


def certificate(*names: x509.GeneralName, subject: tuple[tuple[x509.ObjectIdentifier, str], ...] = ()) -> bytes:
    """A self-signed certificate with these alternative names: identity_of reads, it does not trust."""
    name = x509.Name([x509.NameAttribute(oid, value) for oid, value in subject])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(KEY.public_key())
        .serial_number(0xABC123)
        .not_valid_before(dt.datetime(2026, 9, 1, tzinfo=dt.UTC))
        .not_valid_after(dt.datetime(2027, 9, 1, tzinfo=dt.UTC))
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(KEY, hashes.SHA256()).public_bytes(Encoding.DER)


def uri(value: str) -> x509.UniformResourceIdentifier:
    return x509.UniformResourceIdentifier(value)


def test_a_member_of_staff() -> None:
    der = certificate(uri(URI), subject=((NameOID.COMMON_NAME, "Maths tutor"), (NameOID.ORGANIZATIONAL_UNIT_NAME, "x")))
    found = identity_of(der)
    ends_at = dt.datetime(2027, 9, 1, tzinfo=dt.UTC).timestamp()
    assert found == Identity(COLLEGE, Role.TUTOR, "maths-tutor", "Maths tutor", "abc123", "", ends_at)
    assert found.is_staff


def test_a_device_has_a_group_and_is_no_staff() -> None:
    subject = ((NameOID.COMMON_NAME, "Student 07"), (NameOID.ORGANIZATIONAL_UNIT_NAME, "10B"))
    found = identity_of(certificate(uri(f"spiffe://{COLLEGE}/device/LAPTOP-07"), subject=subject))
    assert (found.role, found.id, found.name, found.group) == (Role.DEVICE, "LAPTOP-07", "Student 07", "10B")
    assert not found.is_staff


def test_only_people_are_staff() -> None:
    roles = {role for role in Role if Identity(COLLEGE, role, "a", "A", "1").is_staff}
    assert roles == set(STAFF_ROLES) == set(Role) - {Role.DEVICE, Role.POLICY}


@pytest.mark.parametrize(
    "names",
    [
        (),
        (uri(URI), uri(URI)),
        (uri(URI), x509.DNSName("laptop.example")),
        (x509.DNSName("laptop.example"),),
        (x509.RFC822Name("a@b.example"),),
        (uri(f"https://{COLLEGE}/tutor/maths-tutor"),),
        (uri(f"spiffe://{COLLEGE}/head/maths-tutor"),),
        (uri(f"spiffe://{COLLEGE}/tutor/"),),
        (uri(f"spiffe://{COLLEGE}/tutor"),),
        (uri(f"spiffe://{COLLEGE}"),),
        (uri(f"spiffe://{COLLEGE}/tutor/a/b"),),
        (uri(f"spiffe://{COLLEGE}/tutor/-a"),),
        (uri(f"spiffe://{COLLEGE}/tutor/{'a' * 64}"),),
        (uri(f"spiffe://{COLLEGE}/tutor/a?x"),),
        (uri(f"spiffe://{COLLEGE}/tutor/a\n"),),
        (uri(f"spiffe://{str(COLLEGE).upper()}/tutor/a"),),
        (uri("spiffe://key-college/tutor/maths-tutor"),),
    ],
)
def test_any_other_alternative_name_is_refused(names: tuple[x509.GeneralName, ...]) -> None:
    with pytest.raises(IdentityError):
        identity_of(certificate(*names))


def test_names_are_made_plain_and_an_absent_one_is_the_id() -> None:
    named = identity_of(certificate(uri(URI), subject=((NameOID.COMMON_NAME, "Ali\u202ece"),)))
    assert named.name == "Alice"
    assert identity_of(certificate(uri(URI))).name == "maths-tutor"


def test_two_common_names_are_refused() -> None:
    with pytest.raises(IdentityError, match="subject"):
        identity_of(certificate(uri(URI), subject=((NameOID.COMMON_NAME, "A"), (NameOID.COMMON_NAME, "B"))))


@given(st.binary(max_size=2000))
def test_any_bytes_are_an_identity_error(data: bytes) -> None:
    with pytest.raises(IdentityError):
        identity_of(data)


@pytest.mark.filterwarnings("ignore")  # the library warns of odd serials and countries; we only must not fall
@given(st.integers(0), st.integers(0, 255))
def test_a_mutated_certificate_is_read_or_an_identity_error(place: int, byte: int) -> None:
    der = bytearray(certificate(uri(URI), subject=((NameOID.COMMON_NAME, "Maths tutor"),)))
    der[place % len(der)] = byte
    with contextlib.suppress(IdentityError):
        identity_of(bytes(der))


def test_versions_and_serials_that_do_not_exist_are_refused() -> None:
    der = certificate(uri(URI))
    third, serial = b"\xa0\x03\x02\x01\x02", b"\x02\x04\x00\xab\xc1\x23"
    assert (der.count(third), der.count(serial)) == (1, 1)
    with pytest.raises(IdentityError, match="cannot be read"):
        identity_of(der.replace(third, b"\xa0\x03\x02\x01\x03"))
    with pytest.warns(CryptographyDeprecationWarning), pytest.raises(IdentityError, match="serial"):
        identity_of(der.replace(serial, b"\x02\x04\x80\xab\xc1\x23"))


@pytest.mark.parametrize("identifier", ["", "-a", "a b", "a/b", "ä", "a" * 64, "a\n"])
def test_a_uri_is_made_of_ids_only(identifier: str) -> None:
    with pytest.raises(ValueError, match="not an id"):
        leaf_uri(COLLEGE, Role.TUTOR, identifier)


class TestCredentials:
    def test_they_belong_together(self, key_college: Issuer) -> None:
        device = key_college.device()
        made = make_credentials(device.certificate, device.key, device.peer_ca, device.root)
        assert made == device
        assert college_of(read_certificate(made.root, "root")) == made.identity.college
        assert expires_at(made.certificate) == made.identity.expires_at

    def test_a_key_never_shows_in_a_log(self, key_college: Issuer) -> None:
        assert "PRIVATE" not in repr(key_college.device())

    def test_another_s_key_is_refused(self, key_college: Issuer) -> None:
        one, other = key_college.device("A"), key_college.device("B")
        with pytest.raises(IdentityError, match="does not belong"):
            make_credentials(one.certificate, other.key, one.peer_ca, one.root)

    @pytest.mark.parametrize("field", ["certificate", "key", "peer_ca", "root"])
    def test_an_unreadable_part_is_named(self, key_college: Issuer, field: str) -> None:
        broken = replace(key_college.device(), **{field: b"-----BEGIN CERTIFICATE-----\nAAAA"})
        with pytest.raises(IdentityError, match="cannot be read"):
            make_credentials(broken.certificate, broken.key, broken.peer_ca, broken.root)

    def test_another_college_s_authority_is_refused(
        self, key_college: Issuer, new_college: Callable[..., Issuer]
    ) -> None:
        own, foreign = key_college.device(), new_college("Other").device()
        with pytest.raises(IdentityError, match="root"):
            make_credentials(own.certificate, own.key, foreign.peer_ca, own.root)
        with pytest.raises(IdentityError, match="different colleges"):
            make_credentials(own.certificate, own.key, foreign.peer_ca, foreign.root)


def test_issued_by_needs_the_very_issuer(key_college: Issuer, new_college: Callable[..., Issuer]) -> None:
    own, foreign = key_college.device(), new_college("Other").device()
    authority, root = read_certificate(own.peer_ca, "ca"), read_certificate(own.root, "root")
    assert issued_by(authority, root)
    assert not issued_by(authority, read_certificate(foreign.root, "root"))
    assert not issued_by(root, authority)
