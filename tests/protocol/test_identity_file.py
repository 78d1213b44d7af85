"""Identity files: they open with their passphrase, and say why when they do not."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import NoEncryption, load_pem_private_key, pkcs12

from protocol.identity import Credentials, IdentityError, issued_by, read_certificate
from protocol.identity_file import MAXIMUM_SIZE, load_identity, write_identity
from protocol.role import Role
from tests.protocol.issuer import NOW, Issuer
from tutor_app.admin.certificates import STAFF_USAGE, Authority, Holder, make_leaf, new_key
from tutor_app.admin.keys import Keys

DAY = 24 * 3600.0


def identity_file(issuer: Issuer, **changes: object) -> bytes:
    terms = {"name": "Maths tutor", "role": Role.TUTOR, "now": NOW, "again": True} | changes
    return issuer.college.add_staff("maths-tutor", passphrase="pass phrase ä", **terms)


def authorities(issuer: Issuer) -> tuple:
    folder = issuer.college.folder
    return tuple(read_certificate((folder / f"{n}.pem").read_bytes(), n) for n in ("root", "staff-ca", "device-ca"))


def own_file(leaf: Credentials, key: Credentials, others: tuple) -> bytes:
    private = load_pem_private_key(key.key, None)
    assert isinstance(private, EllipticCurvePrivateKey)
    return write_identity(read_certificate(leaf.certificate, "leaf"), private, others, "pass", 1)


def test_it_holds_all_a_tutor_needs(key_college: Issuer) -> None:
    opened = load_identity(identity_file(key_college), "pass phrase ä", NOW)
    assert (opened.identity.id, opened.identity.name, opened.identity.role) == (
        "maths-tutor",
        "Maths tutor",
        Role.TUTOR,
    )
    assert opened.root == key_college.college.root_pem
    device = read_certificate(key_college.device().certificate, "device")
    assert issued_by(device, read_certificate(opened.peer_ca, "ca"))
    assert b"ENCRYPTED" not in opened.key


@pytest.mark.parametrize("passphrase", ["", "pass phrase a", "PASS PHRASE Ä"])
def test_a_wrong_passphrase(key_college: Issuer, passphrase: str) -> None:
    with pytest.raises(IdentityError, match="passphrase is wrong"):
        load_identity(identity_file(key_college), passphrase, NOW)


def test_dates(key_college: Issuer) -> None:
    data = identity_file(key_college)
    load_identity(data, "pass phrase ä", NOW + 364 * DAY)
    with pytest.raises(IdentityError, match="expired on 21 September 2027"):
        load_identity(data, "pass phrase ä", NOW + 366 * DAY)
    with pytest.raises(IdentityError, match="clock"):
        load_identity(data, "pass phrase ä", NOW - DAY)


def test_without_a_moment_the_clock_is_asked(new_college: Callable[..., Issuer]) -> None:
    with pytest.raises(IdentityError, match="expired"):
        load_identity(identity_file(new_college(now=NOW - 3650 * DAY / 2), now=NOW - 700 * DAY), "pass phrase ä")


@pytest.mark.parametrize("data", [b"", b"hello", bytes(1000), b"\x30" * (MAXIMUM_SIZE + 1)])
def test_no_identity_file(data: bytes) -> None:
    with pytest.raises(IdentityError, match="no identity file"):
        load_identity(data, "pass", NOW)


def test_damage_anywhere_is_told(key_college: Issuer) -> None:
    data = identity_file(key_college)
    for place in range(0, len(data), 97):
        broken = bytearray(data)
        broken[place] ^= 0x40
        with pytest.raises(IdentityError):
            load_identity(bytes(broken), "pass phrase ä", NOW)


def test_a_device_s_certificate_is_no_identity(key_college: Issuer) -> None:
    device = key_college.device()
    root, staff_ca, device_ca = authorities(key_college)
    data = own_file(device, device, (root, device_ca, staff_ca))
    with pytest.raises(IdentityError, match="no member of staff"):
        load_identity(data, "pass", NOW)


def test_missing_or_foreign_authorities(key_college: Issuer, new_college: Callable[..., Issuer]) -> None:
    tutor = key_college.staff()
    root, staff_ca, device_ca = authorities(key_college)
    foreign_root, _, foreign_device_ca = authorities(new_college("Other"))
    for others in ((root, staff_ca), (staff_ca, device_ca), (root, staff_ca, device_ca, foreign_device_ca)):
        with pytest.raises(IdentityError, match="not made by a Lessonlight college"):
            load_identity(own_file(tutor, tutor, others), "pass", NOW)
    for others in ((root, staff_ca, foreign_device_ca), (foreign_root, staff_ca, device_ca)):
        with pytest.raises(IdentityError, match="not come from one college"):
            load_identity(own_file(tutor, tutor, others), "pass", NOW)


def test_a_leaf_that_names_another_college(key_college: Issuer, new_college: Callable[..., Issuer]) -> None:
    # Signed with this college's own staff key, under the same names: only the URI is another's.
    others = authorities(key_college)
    foreign_ca = authorities(new_college("Key College", folder="other"))[1]
    key = Keys(key_college.college.folder / "keys", "college").elliptic("staff-ca")
    own = new_key()
    holder = Holder(Role.TUTOR, "maths-tutor", "Maths tutor")
    leaf = make_leaf(Authority(foreign_ca, key), holder, own.public_key(), STAFF_USAGE, days=9, now=NOW)
    with pytest.raises(IdentityError, match="mixes two colleges"):
        load_identity(write_identity(leaf, own, others, "pass", 1), "pass", NOW)


def test_a_file_without_a_key(key_college: Issuer) -> None:
    certificate = read_certificate(key_college.staff().certificate, "leaf")
    data = pkcs12.serialize_key_and_certificates(b"a", None, certificate, None, NoEncryption())
    with pytest.raises(IdentityError, match="holds no Lessonlight identity"):
        load_identity(data, "", NOW)


def test_credentials_of_two_people_differ(key_college: Issuer) -> None:
    one, two = key_college.staff("a"), key_college.staff("b")
    assert one.identity.serial != two.identity.serial
    assert replace(one, key=two.key) != one
