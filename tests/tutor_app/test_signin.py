"""Signing in and opening a lesson: what is wrong is said with what to do."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from protocol.messages import Reason
from protocol.policy.permit import Permit, decide_permit
from protocol.role import Role
from tutor_app.admin.college import College
from tutor_app.admin.keys import CHEAP
from tutor_app.signin import LessonRefused, SignedIn, SignInError, clock_today, open_lesson, sign_in, with_newest

PASSPHRASE = "correct horse battery"
MADE = datetime(2026, 1, 5, 7, 0, tzinfo=UTC).timestamp()
MONDAY_TEN = datetime(2026, 1, 5, 10, 0, tzinfo=UTC).timestamp()
MINUTE = 60.0


def make_college(folder: Path, name: str = "Key College") -> College:
    return College.create(folder, name=name, passphrase=PASSPHRASE, cost=CHEAP, now=MADE)


@pytest.fixture(scope="module")
def college(tmp_path_factory: pytest.TempPathFactory) -> College:
    made = make_college(tmp_path_factory.mktemp("signin") / "college")
    for number, group in ((1, "10B"), (2, "10B"), (3, "11C")):
        made.add_device(f"LAPTOP-0{number}", group=group, name=f"Laptop {number}", now=MADE)
    made.add_device("LAPTOP-99", group="10B", now=MADE)
    made.revoke("LAPTOP-99", now=MADE)
    return made


def files(college: College, folder: Path, role: Role = Role.TUTOR, person: str = "maths") -> Path:
    identity = folder / f"{person}.p12"
    again = college.register.find(person) is not None
    identity.write_bytes(
        college.add_staff(person, name="Maths tutor", role=role, passphrase=PASSPHRASE, again=again, now=MADE)
    )
    (folder / "college.bundle").write_bytes(college.staff_bundle)
    return identity


@pytest.fixture
def identity(college: College, tmp_path: Path) -> Path:
    return files(college, tmp_path)


@pytest.fixture
def who(identity: Path) -> SignedIn:
    return sign_in(identity, None, PASSPHRASE, MONDAY_TEN)


def test_the_college_file_is_found_beside_the_identity(who: SignedIn) -> None:
    assert who.credentials.identity.name == "Maths tutor"
    assert who.policy.college.name == "Key College"
    assert [(place.device, place.name) for place in who.places if place.group == "10B"] == [
        ("LAPTOP-01", "Laptop 1"),
        ("LAPTOP-02", "Laptop 2"),
    ]
    assert who.groups == ("10B", "11C")


def test_the_college_file_may_be_elsewhere(identity: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.bundle"
    identity.with_name("college.bundle").rename(elsewhere)
    assert sign_in(identity, elsewhere, PASSPHRASE, MONDAY_TEN).groups


def refused(*arguments: object, now: float = MONDAY_TEN) -> str:
    with pytest.raises(SignInError) as error:
        sign_in(*arguments, now)  # type: ignore[arg-type]
    return str(error.value)


def test_what_is_wrong_with_the_identity_is_said(identity: Path, tmp_path: Path) -> None:
    assert refused(identity, None, "wrong") == "The passphrase is wrong, or the identity file is damaged."
    assert f"There is no {tmp_path / 'none.p12'}. Choose the .p12 file" in refused(tmp_path / "none.p12", None, "x")
    assert "cannot be read: Is a directory" in refused(tmp_path, None, "x")
    huge = tmp_path / "huge.p12"
    huge.write_bytes(bytes(1_000_000))
    assert "far too large" in refused(huge, None, PASSPHRASE)
    a_year_on = MONDAY_TEN + 400 * 86400
    assert "expired on" in refused(identity, None, PASSPHRASE, now=a_year_on)
    assert "new one" in refused(identity, None, PASSPHRASE, now=a_year_on)


def test_what_is_wrong_with_the_college_file_is_said(identity: Path, tmp_path: Path) -> None:
    bundle = identity.with_name("college.bundle")
    whole = bundle.read_bytes()
    bundle.write_bytes(whole[:-20])
    assert "Ask the network manager for the newest one." in refused(identity, None, PASSPHRASE)
    bundle.write_bytes(make_college(tmp_path / "other", "Other").staff_bundle)
    assert "The bundle comes from another college." in refused(identity, None, PASSPHRASE)
    bundle.unlink()
    assert f"There is no {bundle}. Ask the network manager for college.bundle" in refused(identity, None, PASSPHRASE)


def test_a_revoked_identity_is_told_so(tmp_path: Path) -> None:
    college = make_college(tmp_path / "college")
    identity = files(college, tmp_path)
    college.revoke("maths", now=MADE)
    (tmp_path / "college.bundle").write_bytes(college.staff_bundle)
    assert refused(identity, None, PASSPHRASE) == (
        "Your identity has been revoked. Ask the network manager for a new one."
    )


def test_a_lesson_is_what_every_device_would_permit(who: SignedIn) -> None:
    terms = open_lesson(who, name=" Maths ", group="10b", room="B12", now=MONDAY_TEN)
    assert (terms.name, terms.group, terms.room, terms.rules) == ("Maths", "10B", "B12", "lesson")
    assert (terms.starts_at, terms.ends_at) == (MONDAY_TEN, MONDAY_TEN + 60 * MINUTE)
    identity = who.credentials.identity
    assert isinstance(decide_permit(who.policy, frozenset(), identity, "10B", terms, MONDAY_TEN), Permit)
    assert open_lesson(who, name="", group="10B", now=MONDAY_TEN).name == "10B"


def test_an_ordinary_end_keeps_to_closing_time(who: SignedIn) -> None:
    half_past_five = MONDAY_TEN + 7.5 * 3600
    assert open_lesson(who, name="Maths", group="10B", now=half_past_five).ends_at == half_past_five + 30 * MINUTE


def why(who: SignedIn, *, now: float = MONDAY_TEN, **terms: object) -> tuple[Reason, str]:
    with pytest.raises(LessonRefused) as error:
        open_lesson(who, **{"name": "Maths", "group": "10B", "now": now} | terms)  # type: ignore[arg-type]
    return error.value.reason, str(error.value)


def test_a_refusal_says_which_hours(who: SignedIn) -> None:
    sunday = MONDAY_TEN - 86400
    assert why(who, now=sunday) == (
        Reason.OUTSIDE_HOURS,
        "College hours on Sunday: closed. Monday 08:00–18:00.",
    )


def test_other_refusals(college: College, who: SignedIn, tmp_path: Path) -> None:
    assert why(who, ends_at=MONDAY_TEN + 4 * 3600) == (Reason.TOO_LONG, "A lesson may last 180 minutes at most.")
    assert why(who, ends_at=MONDAY_TEN - 1)[0] is Reason.OVER
    assert why(who, group="9Z") == (Reason.OTHER_GROUP, "The register has no group “9Z”. Its groups are: 10B, 11C.")
    dsl = sign_in(files(college, tmp_path, Role.DSL, "dsl"), None, PASSPHRASE, MONDAY_TEN)
    assert why(dsl)[0] is Reason.ROLE


def test_a_college_without_laptops_is_told_what_to_do(tmp_path: Path) -> None:
    empty = make_college(tmp_path / "empty")
    who = sign_in(files(empty, tmp_path), None, PASSPHRASE, MONDAY_TEN)
    assert why(who)[1] == "The register has no group “10B”. It lists no laptop at all: ask the network manager."


@pytest.mark.parametrize(
    ("now", "hour", "minute", "later"),
    [(10.0, 10, 50, 50), (10.0, 9, 0, -60), (23.5, 0, 15, 45), (23.5, 9, 0, -870)],
)
def test_a_time_on_the_clock(who: SignedIn, now: float, hour: int, minute: int, later: float) -> None:
    at = datetime(2026, 1, 5, tzinfo=UTC).timestamp() + now * 3600
    assert clock_today(who.policy, hour, minute, at) == at + later * MINUTE


# ── a newer college file ────────────────────────────────────────────────────────────────────────────────────────────


def test_a_newer_college_file_takes_the_place_of_the_one_in_force(tmp_path: Path) -> None:
    college = make_college(tmp_path / "college")
    identity = files(college, tmp_path)
    who = sign_in(identity, None, PASSPHRASE, MONDAY_TEN)
    file = identity.with_name("college.bundle")
    assert with_newest(who, file, MONDAY_TEN) == (who, "")
    college.add_device("LAPTOP-07", group="12D", now=MADE)
    file.write_bytes(college.staff_bundle)
    newer, problem = with_newest(who, file, MONDAY_TEN)
    assert (newer.groups, problem) == (("12D",), "")
    assert newer.credentials is who.credentials


def test_whoever_was_revoked_meanwhile_opens_no_lesson(tmp_path: Path) -> None:
    college = make_college(tmp_path / "college")
    identity = files(college, tmp_path)
    college.add_device("LAPTOP-07", group="12D", now=MADE)
    who = sign_in(identity, None, PASSPHRASE, MONDAY_TEN)
    college.revoke("maths", now=MADE)
    file = identity.with_name("college.bundle")
    file.write_bytes(college.staff_bundle)
    newer, _ = with_newest(who, file, MONDAY_TEN)
    with pytest.raises(LessonRefused) as refused:
        open_lesson(newer, name="Maths", group="12D", now=MONDAY_TEN)
    assert refused.value.reason is Reason.REVOKED


@pytest.mark.parametrize("fault", ["missing", "damaged", "older"])
def test_a_college_file_that_cannot_be_used_leaves_the_one_in_force_and_says_so(tmp_path: Path, fault: str) -> None:
    college = make_college(tmp_path / "college")
    identity = files(college, tmp_path)
    file = identity.with_name("college.bundle")
    older = file.read_bytes()
    college.add_device("LAPTOP-07", group="12D", now=MADE)
    file.write_bytes(college.staff_bundle)
    who = sign_in(identity, None, PASSPHRASE, MONDAY_TEN)
    if fault == "missing":
        file.unlink()
    else:
        file.write_bytes(older if fault == "older" else b"scrambled")
    kept, problem = with_newest(who, file, MONDAY_TEN)
    assert kept is who
    assert str(file) in problem
    assert "stays in force" in problem
