"""Enrolment files: whole, or refused with a sentence the person at the laptop can act on."""

import hashlib
from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.enrolment import MAXIMUM_SIZE, EnrolmentError, JoinFile, read_join, write_join
from protocol.policy.bundle import open_bundle
from protocol.role import Role
from tests.protocol.issuer import NOW, Issuer


@pytest.fixture
def join(key_college: Issuer) -> JoinFile:
    return read_join(key_college.college.add_device("LAPTOP-07", group="10B", name="Student 07", now=NOW))


def why_not(data: bytes) -> str:
    with pytest.raises(EnrolmentError) as caught:
        read_join(data)
    return str(caught.value)


def test_it_holds_all_a_device_needs(join: JoinFile, key_college: Issuer) -> None:
    own = join.credentials()
    assert (own.identity.role, own.identity.id, own.identity.name) == (Role.DEVICE, "LAPTOP-07", "Student 07")
    assert own.identity.group == join.group == "10B"
    assert own.identity.college == join.college == key_college.college.register.college
    assert own.peer_ca == (key_college.college.folder / "staff-ca.pem").read_bytes()
    assert open_bundle(join.bundle, join.root).version == key_college.college.register.version
    assert read_join(write_join(join)) == join


def test_the_key_never_shows_in_a_log(join: JoinFile) -> None:
    assert "KEY" not in repr(join)


@pytest.mark.parametrize("data", [b"", b"hello", b"-----BEGIN CERTIFICATE-----", b"Lessonlight enrolment 2\n"])
def test_no_enrolment_file(data: bytes) -> None:
    assert "no Lessonlight enrolment file" in why_not(data)


def test_damage_is_told_from_forgery(join: JoinFile) -> None:
    data = write_join(join)
    assert "damaged" in why_not(data[:-1])
    assert "damaged" in why_not(data + b"x")
    assert "damaged" in why_not(data.replace(b"10B", b"10C"))
    assert "damaged" in why_not(data + bytes(MAXIMUM_SIZE))


@given(st.binary(max_size=300))
def test_any_content_is_an_enrolment_error(content: bytes) -> None:
    why_not(b"Lessonlight enrolment 1\n" + content)


def test_an_unknown_field_is_another_version(join: JoinFile) -> None:
    content = msgspec.msgpack.encode(msgspec.structs.asdict(join) | {"more": 1})
    data = b"Lessonlight enrolment 1\n" + hashlib.sha256(content).hexdigest().encode() + b"\n" + content
    assert "another version" in why_not(data)


def changed(join: JoinFile, **fields: object) -> bytes:
    return write_join(msgspec.structs.replace(join, **fields))


def test_parts_that_do_not_belong_together(
    join: JoinFile, key_college: Issuer, new_college: Callable[..., Issuer]
) -> None:
    other = read_join(key_college.college.add_device("LAPTOP-08", group="10B", now=NOW))
    foreign = read_join(new_college("Other").college.add_device("LAPTOP-07", group="10B", now=NOW))
    tutor = key_college.staff()
    assert "key does not belong" in why_not(changed(join, key=other.key))
    assert "not this device's" in why_not(changed(join, certificate=other.certificate, key=other.key))
    assert "not this device's" in why_not(changed(join, group="10C"))
    assert "not this device's" in why_not(changed(join, college=foreign.college))
    assert "not this device's" in why_not(
        changed(join, device_id="maths-tutor", certificate=tutor.certificate, key=tutor.key)
    )
    assert "root" in why_not(changed(join, staff_ca=foreign.staff_ca))
    assert "root" in why_not(changed(join, root=foreign.root))
    assert "another college" in why_not(changed(join, bundle=foreign.bundle))
    assert "different colleges" in why_not(changed(join, certificate=foreign.certificate, key=foreign.key))
    assert "policy bundle" in why_not(changed(join, bundle=b""))
    assert "cannot be read" in why_not(changed(join, certificate=b""))
