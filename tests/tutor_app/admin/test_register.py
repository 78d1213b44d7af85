"""The register: ids, re-issuing, revoking, and the deny list."""

from uuid import UUID

import pytest

from protocol.role import Role
from tutor_app.admin.register import (
    Entry,
    Issued,
    Register,
    RegisterError,
    check_id,
    decode_register,
    encode_register,
)

DAY = 24 * 3600.0
EMPTY = Register(college=UUID(int=1), name="Key College")


def entry(identifier: str, serial: str, role: Role = Role.DEVICE, group: str = "10B", ends: float = 90 * DAY) -> Entry:
    issued = Issued(serial=serial, issued_at=0, expires_at=ends)
    return Entry(id=identifier, name=identifier, role=role, group=group, certificates=(issued,))


def with_all(*entries: Entry) -> Register:
    register = EMPTY
    for one in entries:
        register = register.with_entry(one, again=False, now=0)
    return register


def test_devices_are_sorted_by_group_and_name() -> None:
    register = with_all(
        entry("B", "1"), entry("A", "2"), entry("C", "3", group="09A"), entry("jo", "4", Role.TUTOR, group="")
    )
    assert [device.id for device in register.devices] == ["C", "A", "B"]


@pytest.mark.parametrize("identifier", ["LAPTOP-07", "laptop-07"])
def test_an_id_is_taken_once_whatever_its_capitals(identifier: str) -> None:
    with pytest.raises(RegisterError, match=r"LAPTOP-07 is in the register already.*--again"):
        with_all(entry("LAPTOP-07", "1"), entry(identifier, "2"))


def test_a_device_never_becomes_a_person() -> None:
    for role, other in ((Role.DEVICE, Role.TUTOR), (Role.TUTOR, Role.DEVICE)):
        register = with_all(entry("x", "1", role))
        with pytest.raises(RegisterError, match=r"already\. Choose another id"):
            register.with_entry(entry("x", "2", other), again=True, now=5)


def test_again_denies_what_was_issued_before_and_takes_the_new_particulars() -> None:
    register = with_all(entry("LAPTOP-07", "1"))
    register = register.with_entry(entry("laptop-07", "2", group="10C"), again=True, now=5)
    register = register.with_entry(entry("LAPTOP-07", "3", group="10D"), again=True, now=6)
    (device,) = register.devices
    assert (device.id, device.group, device.revoked) == ("LAPTOP-07", "10D", False)
    assert [(issued.serial, issued.revoked_at) for issued in device.certificates] == [("1", 5), ("2", 6), ("3", None)]
    assert register.denied(now=7) == {"1", "2"}


def test_revoking_denies_all_serials_once_and_for_all() -> None:
    register = with_all(entry("A", "1"), entry("B", "2")).with_entry(entry("A", "3"), again=True, now=5)
    register = register.without("a", now=6).without("A", now=7)
    assert register.denied(now=8) == {"1", "3"}
    found = register.find("A")
    assert found is not None
    assert found.revoked
    assert [issued.revoked_at for issued in found.certificates] == [5, 6]
    assert register.find("B") == entry("B", "2")
    renewed = register.with_entry(entry("A", "4"), again=True, now=9)
    assert renewed.denied(now=9) == {"1", "3"}


def test_revoking_nobody() -> None:
    with pytest.raises(RegisterError, match="no LAPTOP-99"):
        EMPTY.without("LAPTOP-99", now=0)


def test_certificates_long_expired_leave_the_deny_list() -> None:
    register = with_all(entry("A", "1", ends=90 * DAY)).without("A", now=DAY)
    assert register.denied(now=119 * DAY) == {"1"}
    assert register.denied(now=121 * DAY) == frozenset()


@pytest.mark.parametrize("identifier", ["LAPTOP-07", "j.smith", "a_1", "7", "a" * 63])
def test_ids(identifier: str) -> None:
    assert check_id(identifier) == identifier


@pytest.mark.parametrize("identifier", ["", " ", "-C", ".hidden", "a b", "a/b", "é", "a" * 64, "a\n"])
def test_no_ids(identifier: str) -> None:
    with pytest.raises(RegisterError, match="is no id"):
        check_id(identifier)


def test_it_survives_being_written() -> None:
    register = with_all(entry("A", "1")).without("A", now=1.5)
    assert decode_register(encode_register(register)) == register
