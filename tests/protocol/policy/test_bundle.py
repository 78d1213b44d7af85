"""Bundles: what is signed is what is opened, and everything else is refused with a reason."""

import os
from collections.abc import Callable
from dataclasses import replace

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from protocol.policy.bundle import (
    MAXIMUM_SIZE,
    STAFF_MAXIMUM_SIZE,
    Bundle,
    BundleError,
    RegisteredDevice,
    StaffBundle,
    newer,
    open_bundle,
    open_staff_bundle,
    sign_bundle,
    sign_staff_bundle,
)
from protocol.policy.document import Policy
from protocol.role import Role
from tests.protocol.issuer import NOW, Issuer
from tutor_app.admin.certificates import DEVICE_USAGE, Authority, Holder, make_leaf, new_key
from tutor_app.admin.college import College
from tutor_app.admin.keys import CHEAP, Keys

DAY = 24 * 3600.0
DEVICES = (RegisteredDevice(id="LAPTOP-07", name="Student 07", group="10B"),)


class Press:
    """A college's policy key, which signs whatever a test wants signed."""

    def __init__(self, issuer: Issuer, policy: Policy) -> None:
        folder = issuer.college.folder
        keys = Keys(folder / "keys", "college")
        self.root = issuer.college.root_pem
        self.authority = Authority(x509.load_pem_x509_certificate(self.root), keys.elliptic("root"))
        self.certificate = x509.load_pem_x509_certificate((folder / "policy.pem").read_bytes())
        self.key = keys.signing("policy")
        self.bundle = Bundle(issuer.college.register.college, 7, NOW, policy, frozenset({"abc", "def0"}))

    def policy(
        self, certificate: x509.Certificate | None = None, key: Ed25519PrivateKey | None = None, **of: object
    ) -> bytes:
        return sign_bundle(replace(self.bundle, **of), certificate or self.certificate, (key or self.key).sign)

    def staff(self, raw: bytes | None = None, **of: object) -> bytes:
        bundle = replace(self.bundle, **of)
        return sign_staff_bundle(StaffBundle(bundle, raw or self.policy(), DEVICES), self.certificate, self.key.sign)


@pytest.fixture
def press(key_college: Issuer, first_policy: Policy) -> Press:
    return Press(key_college, first_policy)


def why_not(data: bytes, root: bytes, opener: Callable = open_bundle, now: float | None = None) -> str:
    with pytest.raises(BundleError) as caught:
        opener(data, root, now)
    return str(caught.value)


def test_what_was_signed_is_opened(press: Press) -> None:
    assert open_bundle(press.policy(), press.root) == press.bundle
    raw = press.policy()
    assert open_staff_bundle(press.staff(raw), press.root) == StaffBundle(press.bundle, raw, DEVICES)


def test_an_ordinary_bundle_is_small(press: Press) -> None:
    assert len(press.policy()) < 32 * 1024


def test_another_college_s_root(press: Press, new_college: Callable[..., Issuer]) -> None:
    foreign = new_college("Other").college.root_pem
    assert "another college" in why_not(press.policy(), foreign)
    assert "another college" in why_not(press.staff(), foreign, open_staff_bundle)


def test_a_bundle_that_names_another_college(press: Press, new_college: Callable[..., Issuer]) -> None:
    other = new_college("Other").college.register.college
    assert "another college" in why_not(press.policy(college=other), press.root)


def test_a_policy_certificate_that_names_another_college(press: Press, new_college: Callable[..., Issuer]) -> None:
    # Signed with this college's own root key, under the same names: only the URI is another's.
    foreign = new_college("Key College", folder="other").college
    mixed = Authority(x509.load_pem_x509_certificate(foreign.root_pem), press.authority.key)
    key = Ed25519PrivateKey.generate()
    leaf = make_leaf(mixed, Holder(Role.POLICY, "policy", "P"), key.public_key(), (), days=9, now=NOW)
    data = press.policy(leaf, key, college=foreign.register.college)
    assert "policy key" in why_not(data, press.root)


def test_another_key_s_signature(press: Press) -> None:
    assert "signature" in why_not(press.policy(key=Ed25519PrivateKey.generate()), press.root)


def test_one_byte_of_the_content(press: Press) -> None:
    data = press.policy().replace(b"Europe/London", b"Europe/Lisbon", 1)
    assert "signature" in why_not(data, press.root)


def certified(press: Press, role: Role, days: int = 30, now: float = NOW) -> tuple[x509.Certificate, Ed25519PrivateKey]:
    key = Ed25519PrivateKey.generate()
    leaf = make_leaf(press.authority, Holder(role, "policy", "P"), key.public_key(), (), days=days, now=now)
    return leaf, key


def test_a_certificate_of_the_root_in_another_role(press: Press) -> None:
    assert "policy key" in why_not(press.policy(*certified(press, Role.TUTOR)), press.root)
    assert open_bundle(press.policy(*certified(press, Role.POLICY)), press.root)  # the role was all that was wrong


def test_a_policy_certificate_by_another_authority(press: Press, key_college: Issuer) -> None:
    folder = key_college.college.folder
    device_ca = Authority(
        x509.load_pem_x509_certificate((folder / "device-ca.pem").read_bytes()),
        Keys(folder / "keys", "college").elliptic("device-ca"),
    )
    key = Ed25519PrivateKey.generate()
    leaf = make_leaf(device_ca, Holder(Role.POLICY, "policy", "P"), key.public_key(), DEVICE_USAGE, days=9, now=NOW)
    assert "another college" in why_not(press.policy(leaf, key), press.root)


def test_a_policy_certificate_with_another_kind_of_key(press: Press) -> None:
    leaf = make_leaf(press.authority, Holder(Role.POLICY, "p", "P"), new_key().public_key(), (), days=9, now=NOW)
    assert "wrong kind" in why_not(press.policy(leaf), press.root)


def test_published_outside_the_certificate_s_life(press: Press) -> None:
    for published_at in (NOW - DAY, NOW + 3651 * DAY):
        assert "expired or is not valid yet" in why_not(press.policy(published_at=published_at), press.root)


def test_the_certificate_has_expired_by_now(press: Press) -> None:
    leaf, key = certified(press, Role.POLICY, days=30)
    data = press.policy(leaf, key)
    assert open_bundle(data, press.root, NOW + 29 * DAY)
    assert open_bundle(data, press.root)
    assert "expired" in why_not(data, press.root, now=NOW + 31 * DAY)
    assert "not valid yet" in why_not(data, press.root, now=0.0)


def test_too_large(press: Press) -> None:
    many = frozenset(os.urandom(20).hex() for _ in range(8000))
    with pytest.raises(BundleError, match="256 KiB"):
        press.policy(deny=many)
    assert "too large" in why_not(bytes(MAXIMUM_SIZE + 1), press.root)
    assert "too large" in why_not(bytes(STAFF_MAXIMUM_SIZE + 1), press.root, open_staff_bundle)


def test_thousands_of_revocations_fit(press: Press) -> None:
    many = frozenset(os.urandom(20).hex() for _ in range(5000))
    assert open_bundle(press.policy(deny=many), press.root).deny == many


def test_what_nobody_could_open_is_not_signed(press: Press) -> None:
    with pytest.raises(BundleError, match="Nobody could open"):
        press.policy(deny=frozenset({"XYZ"}))
    with pytest.raises(BundleError, match="Nobody could open"):
        press.policy(policy=msgspec.structs.replace(press.bundle.policy, hours=()))


def test_one_kind_is_never_taken_for_the_other(press: Press) -> None:
    assert "signature" in why_not(press.policy(), press.root, open_staff_bundle)
    assert "signature" in why_not(press.staff(), press.root)


def test_a_register_with_an_older_policy_is_refused(press: Press) -> None:
    older = press.policy(version=6)
    assert "do not belong together" in why_not(press.staff(older), press.root, open_staff_bundle)


def test_the_policy_in_a_staff_bundle_is_checked_itself(press: Press, new_college: Callable[..., Issuer]) -> None:
    foreign = Press(new_college("Other"), press.bundle.policy).policy()
    assert "another college" in why_not(press.staff(foreign), press.root, open_staff_bundle)


def test_newer_means_the_same_college_and_a_higher_version(press: Press, new_college: Callable[..., Issuer]) -> None:
    one, next_one = press.bundle, replace(press.bundle, version=8)
    assert newer(one, None)
    assert newer(next_one, one)
    assert not newer(one, one)
    assert not newer(one, next_one)
    foreign = replace(next_one, college=new_college("Other").college.register.college)
    assert not newer(foreign, one)


@pytest.fixture(scope="module")
def fixed(tmp_path_factory: pytest.TempPathFactory, first_policy: Policy) -> tuple[bytes, bytes, bytes]:
    """One policy bundle, one staff bundle and their root."""
    college = College.create(tmp_path_factory.mktemp("c"), name="K", passphrase="college", cost=CHEAP, now=NOW)
    press = Press(Issuer(college), first_policy)
    return press.policy(), press.staff(), press.root


@given(data=st.binary(max_size=500))
def test_any_bytes_are_a_bundle_error(fixed: tuple[bytes, bytes, bytes], data: bytes) -> None:
    why_not(data, fixed[2])
    why_not(data, fixed[2], open_staff_bundle)


@pytest.mark.filterwarnings("ignore")  # the library warns of odd serials; we only must not fall
@given(which=st.booleans(), place=st.integers(0), change=st.integers(1, 255), cut=st.none() | st.integers(0))
def test_any_changed_byte_is_a_bundle_error(
    fixed: tuple[bytes, bytes, bytes], which: bool, place: int, change: int, cut: int | None
) -> None:
    data = bytearray(fixed[which])
    data[place % len(data)] ^= change
    if cut is not None:
        del data[cut % len(data) :]
    why_not(bytes(data), fixed[2], open_staff_bundle if which else open_bundle)
