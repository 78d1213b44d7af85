"""The college's folder: every change whole on the disk, every bundle newer than the last."""

import errno
from itertools import pairwise
from pathlib import Path

import pytest

from protocol.enrolment import read_join
from protocol.identity import expires_at
from protocol.identity_file import load_identity
from protocol.policy.bundle import RegisteredDevice, StaffBundle, newer, open_bundle, open_staff_bundle
from protocol.policy.parse import PolicyError
from protocol.role import Role
from tutor_app.admin import college as college_module
from tutor_app.admin.college import College, CollegeError
from tutor_app.admin.files import write_whole
from tutor_app.admin.keys import CHEAP, WrongPassphraseError
from tutor_app.admin.register import RegisterError

from .conftest import NOW, PASSPHRASE

DAY = 24 * 3600.0


def opened(college: College) -> StaffBundle:
    return open_staff_bundle(college.staff_bundle, college.root_pem)


def tutor(college: College, **changes: object) -> bytes:
    terms = {"name": "Maths tutor", "role": Role.TUTOR, "now": NOW} | changes
    return college.add_staff("maths-tutor", passphrase="tutor's own", **terms)


def test_a_new_college_has_a_policy_in_force_and_nobody_in_it(college: College) -> None:
    bundle = opened(college)
    assert bundle.bundle.version == college.register.version == 1
    assert bundle.bundle.policy.college.name == "Key College"
    assert bundle.bundle.deny == frozenset()
    assert bundle.devices == ()
    assert (college.folder / "policy.toml").read_text(encoding="utf-8").startswith("# A college with several campuses")


def test_everything_in_the_folder_is_its_owner_s_alone(college: College) -> None:
    tutor(college)
    files = [path for path in college.folder.rglob("*") if path.is_file()]
    assert len(files) == 13
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert college.folder.stat().st_mode & 0o777 == 0o700
    assert [path for path in files if b"BEGIN PRIVATE KEY" in path.read_bytes()] == []


@pytest.mark.parametrize("name", ['The "Key" College', "Coleg Siân", "a\\b", "O'Neill & Söhne"])
def test_any_name_makes_a_policy(tmp_path: Path, name: str) -> None:
    made = College.create(tmp_path / "c", name=name, passphrase=PASSPHRASE, cost=CHEAP, now=NOW)
    assert made.policy.college.name == made.register.name == name


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "a\u202eb", "x" * 65])
def test_names_that_cannot_stand_in_a_certificate(tmp_path: Path, name: str) -> None:
    with pytest.raises(RegisterError, match="The college's name"):
        College.create(tmp_path / "c", name=name, passphrase=PASSPHRASE, cost=CHEAP)
    assert not (tmp_path / "c").exists()


def test_staff_and_devices(college: College) -> None:
    data = tutor(college)
    join = read_join(college.add_device("LAPTOP-07", group="10B", name="Student 07", now=NOW))
    credentials = load_identity(data, "tutor's own", NOW)
    assert credentials.identity.role is Role.TUTOR
    assert credentials.identity.expires_at == NOW + 365 * DAY
    assert expires_at(join.certificate) == NOW + 90 * DAY
    bundle = opened(college)
    assert bundle.devices == (RegisteredDevice(id="LAPTOP-07", name="Student 07", group="10B"),)
    assert bundle.raw == join.bundle
    assert open_bundle(join.bundle, credentials.root) == bundle.bundle


def test_a_device_without_a_name_is_called_by_its_id(college: College) -> None:
    assert read_join(college.add_device("LAPTOP-07", group="10B", now=NOW)).credentials().identity.name == "LAPTOP-07"


def test_no_certificate_is_longer_than_it_may_be(college: College) -> None:
    assert load_identity(tutor(college, days=9999), "tutor's own", NOW).identity.expires_at == NOW + 365 * DAY
    join = read_join(college.add_device("LAPTOP-07", group="10B", days=9999, now=NOW))
    assert expires_at(join.certificate) == NOW + 90 * DAY


@pytest.mark.parametrize("role", [Role.DEVICE, Role.POLICY])
def test_staff_have_staff_s_roles(college: College, role: Role) -> None:
    with pytest.raises(RegisterError, match="no role"):
        tutor(college, role=role)


def test_every_change_makes_a_newer_bundle(college: College) -> None:
    bundles = [opened(college).bundle]
    changes = (
        lambda: tutor(college),
        lambda: college.add_device("LAPTOP-07", group="10B", now=NOW),
        lambda: college.revoke("LAPTOP-07", now=NOW),
        lambda: college.publish((college.folder / "policy.toml").read_text(encoding="utf-8"), now=NOW),
    )
    for change in changes:
        change()
        bundles.append(opened(College.open(college.folder)).bundle)
    assert [bundle.version for bundle in bundles] == [1, 2, 3, 4, 5]
    assert all(newer(later, earlier) for earlier, later in pairwise(bundles))


def test_revoking_reaches_the_deny_list_and_the_list_of_devices(college: College) -> None:
    first = load_identity(tutor(college), "tutor's own", NOW).identity.serial
    second = load_identity(tutor(college, again=True), "tutor's own", NOW).identity.serial
    assert opened(college).bundle.deny == {first}
    college.revoke("Maths-Tutor", now=NOW)
    assert opened(college).bundle.deny == {first, second}
    college.add_device("LAPTOP-07", group="10B", now=NOW)
    assert college.revoke("LAPTOP-07", now=NOW).id == "LAPTOP-07"
    assert [device.revoked for device in opened(college).devices] == [True]
    assert len(opened(college).bundle.deny) == 3


def test_re_enrolling_needs_to_be_meant(college: College) -> None:
    first = read_join(college.add_device("LAPTOP-07", group="10B", now=NOW)).credentials().identity.serial
    before = (college.folder / "register.json").read_bytes()
    with pytest.raises(RegisterError, match="--again"):
        college.add_device("LAPTOP-07", group="10C", now=NOW)
    assert (college.folder / "register.json").read_bytes() == before
    again = read_join(college.add_device("LAPTOP-07", group="10C", again=True, now=NOW)).credentials().identity
    assert (again.group, again.serial in opened(college).bundle.deny) == ("10C", False)
    assert opened(college).bundle.deny == {first}


def test_a_mistake_publishes_nothing(college: College) -> None:
    before = {path: path.read_bytes() for path in college.folder.rglob("*") if path.is_file()}
    with pytest.raises(PolicyError):
        college.publish("[college]\nname = 3\n", now=NOW)
    assert {path: path.read_bytes() for path in college.folder.rglob("*") if path.is_file()} == before


def test_the_published_policy_is_in_force_and_not_the_draft(college: College) -> None:
    draft = college.folder / "policy.toml"
    text = draft.read_text(encoding="utf-8").replace("longest_minutes = 180", "longest_minutes = 90")
    draft.write_text(text, encoding="utf-8")
    college.add_device("LAPTOP-07", group="10B", now=NOW)
    assert opened(college).bundle.policy.lesson.longest_minutes == 180
    assert college.publish(text, now=NOW) == 3
    assert opened(college).bundle.policy.lesson.longest_minutes == college.policy.lesson.longest_minutes == 90


def test_opened_again_it_goes_on_where_it_was(college: College) -> None:
    college.add_device("LAPTOP-07", group="10B", now=NOW)
    again = College.open(college.folder, PASSPHRASE)
    assert again.register == college.register
    again.add_device("LAPTOP-08", group="10B", now=NOW)
    assert [device.id for device in College.open(college.folder).register.devices] == ["LAPTOP-07", "LAPTOP-08"]


def test_a_wrong_passphrase(college: College) -> None:
    with pytest.raises(WrongPassphraseError):
        College.open(college.folder, "something else")


def test_without_its_passphrase_it_can_only_be_read(college: College) -> None:
    reading = College.open(college.folder)
    assert reading.register.devices == ()
    with pytest.raises(CollegeError, match="passphrase"):
        reading.add_device("LAPTOP-07", group="10B", now=NOW)


def test_two_at_once_do_not_lose_each_other_s_work(college: College) -> None:
    other = College.open(college.folder, PASSPHRASE)
    other.add_device("LAPTOP-07", group="10B", now=NOW)
    with pytest.raises(CollegeError, match="Somebody else"):
        college.add_device("LAPTOP-08", group="10B", now=NOW)
    assert [device.id for device in College.open(college.folder).register.devices] == ["LAPTOP-07"]


def test_a_folder_that_is_in_use(tmp_path: Path) -> None:
    (tmp_path / "essay.txt").touch()
    for folder in (tmp_path, tmp_path / "essay.txt"):
        with pytest.raises(CollegeError, match="not empty"):
            College.create(folder, name="Key College", passphrase=PASSPHRASE, cost=CHEAP)


def test_no_college_here(tmp_path: Path) -> None:
    with pytest.raises(CollegeError, match=r"no register\.json"):
        College.open(tmp_path)


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", b'{"college": 1}'])
def test_a_damaged_register(college: College, content: bytes) -> None:
    (college.folder / "register.json").write_bytes(content)
    with pytest.raises(CollegeError, match="damaged"):
        College.open(college.folder, PASSPHRASE)


@pytest.mark.parametrize("name", ["keys/policy.key", "keys/device-ca.key", "device-ca.pem", "published.toml"])
def test_a_missing_file_is_named(college: College, name: str) -> None:
    (college.folder / name).unlink()
    with pytest.raises((CollegeError, FileNotFoundError), match=Path(name).name):
        College.open(college.folder, PASSPHRASE).add_device("LAPTOP-07", group="10B", now=NOW)


@pytest.mark.parametrize("name", ["register.json", "published.toml", "college.bundle"])
def test_a_disk_that_fills_up_at_any_step_loses_nothing(
    college: College, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def full(path: Path, data: bytes) -> None:
        if path.name == name:
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        write_whole(path, data)

    monkeypatch.setattr(college_module, "write_whole", full)
    with pytest.raises(OSError, match="No space"):
        college.add_device("LAPTOP-07", group="10B", now=NOW)
    monkeypatch.undo()
    again = College.open(college.folder, PASSPHRASE)
    again.add_device("LAPTOP-07", group="10B", again=True, now=NOW)
    bundle = opened(again)
    assert [device.id for device in bundle.devices] == ["LAPTOP-07"]
    assert bundle.bundle.version == again.register.version >= 2
