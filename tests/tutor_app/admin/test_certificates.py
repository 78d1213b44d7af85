"""What every certificate says, and what it does not."""

from uuid import UUID

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from protocol.identity import college_of, identity_in, issued_by, valid_between
from protocol.role import Role
from tutor_app.admin.certificates import (
    DEVICE_USAGE,
    STAFF_USAGE,
    Authority,
    Holder,
    make_authority,
    make_leaf,
    make_root,
    new_key,
)

COLLEGE = UUID("8d8ac610-566d-4ef0-9c22-186b2a5ed793")
NOW = 1_790_000_000.0
DAY = 24 * 3600.0


@pytest.fixture(scope="module")
def root() -> Authority:
    return make_root(COLLEGE, "Key College", NOW)


@pytest.fixture(scope="module")
def staff(root: Authority) -> Authority:
    return make_authority(root, "Staff", STAFF_USAGE, NOW)


def leaf(issuer: Authority, role: Role = Role.TUTOR, days: int = 30, now: float = NOW) -> x509.Certificate:
    return make_leaf(issuer, Holder(role, "id", "Name", ""), new_key().public_key(), STAFF_USAGE, days=days, now=now)


def extension(certificate: x509.Certificate, kind: type) -> x509.Extension:
    return certificate.extensions.get_extension_for_class(kind)


def test_root_and_authority(root: Authority, staff: Authority) -> None:
    assert issued_by(root.certificate, root.certificate)
    assert issued_by(staff.certificate, root.certificate)
    for authority, length in ((root, 1), (staff, 0)):
        assert college_of(authority.certificate) == COLLEGE
        constraints = extension(authority.certificate, x509.BasicConstraints)
        assert constraints.critical
        assert (constraints.value.ca, constraints.value.path_length) == (True, length)
        usage = extension(authority.certificate, x509.KeyUsage).value
        assert usage.key_cert_sign
        assert not usage.digital_signature


def test_a_leaf_signs_nothing_and_has_one_use(staff: Authority) -> None:
    certificate = leaf(staff)
    assert not extension(certificate, x509.BasicConstraints).value.ca
    usage = extension(certificate, x509.KeyUsage).value
    assert usage.digital_signature
    assert not usage.key_cert_sign
    assert list(extension(certificate, x509.ExtendedKeyUsage).value) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    assert DEVICE_USAGE == (ExtendedKeyUsageOID.SERVER_AUTH,)
    names = list(extension(certificate, x509.SubjectAlternativeName).value)
    assert [name.value for name in names] == [f"spiffe://{COLLEGE}/tutor/id"]


def test_key_identifiers_link_the_chain(root: Authority, staff: Authority) -> None:
    def own(certificate: x509.Certificate) -> bytes:
        return extension(certificate, x509.SubjectKeyIdentifier).value.digest

    def issuer(certificate: x509.Certificate) -> bytes | None:
        return extension(certificate, x509.AuthorityKeyIdentifier).value.key_identifier

    assert issuer(leaf(staff)) == own(staff.certificate)
    assert issuer(staff.certificate) == own(root.certificate) == issuer(root.certificate)


def test_dates(staff: Authority) -> None:
    starts_at, ends_at = valid_between(leaf(staff, days=30))
    assert starts_at == NOW - 3600
    assert ends_at == NOW + 30 * DAY


def test_no_leaf_outlives_its_authority(staff: Authority) -> None:
    end = valid_between(staff.certificate)[1]
    assert valid_between(leaf(staff, days=365, now=end - 10 * DAY))[1] == end


def test_serials_never_repeat(staff: Authority) -> None:
    serials = [identity_in(leaf(staff)).serial for _ in range(50)]
    assert len(set(serials)) == 50
    assert min(map(len, serials)) > 30
