import pytest

from protocol.messages import AssessmentTerms
from tutor_app.assessment.codes import new_secret, release_code
from tutor_app.assessment.sheet import Sheet, SheetError, SheetStore

ID = "ab" * 16
KEY, OTHER_KEY = b"-----BEGIN PRIVATE KEY-----\nida\n", b"-----BEGIN PRIVATE KEY-----\njo\n"
NOW = 1_000_000.0


def made(ends_at: float = NOW + 3600) -> Sheet:
    terms = AssessmentTerms(id=ID, name="Mock", rules="assessment", starts_at=NOW, ends_at=ends_at, secret=new_secret())
    return Sheet(assessment=ID, name="Mock", group="10B", length=3600, names={"A": "Amy"}, terms={"A": terms})


@pytest.fixture
def store(tmp_path):
    return SheetStore(KEY, tmp_path / "assessments")


def test_a_sheet_is_there_again_after_a_restart(store, tmp_path):
    sheet = made()
    store.keep(sheet)
    assert SheetStore(KEY, tmp_path / "assessments").find(ID) == sheet


def test_the_file_is_sealed_and_for_its_owner_alone(store, tmp_path):
    sheet = made()
    store.keep(sheet)
    (file,) = (tmp_path / "assessments").iterdir()
    data = file.read_bytes()
    secret = sheet.terms["A"].secret
    for clear in (secret, release_code(secret).encode(), b"Amy", b"Mock", KEY):
        assert clear not in data
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700


def test_only_the_invigilator_who_kept_it_can_open_it(store, tmp_path):
    store.keep(made())
    with pytest.raises(SheetError, match="somebody else"):
        SheetStore(OTHER_KEY, tmp_path / "assessments").find(ID)


@pytest.mark.parametrize("spoil", [lambda data: data[:-1] + bytes([data[-1] ^ 1]), lambda _: b"", lambda _: b"x" * 90])
def test_a_damaged_file_is_said_to_be(store, tmp_path, spoil):
    store.keep(made())
    (file,) = (tmp_path / "assessments").iterdir()
    file.write_bytes(spoil(file.read_bytes()))
    with pytest.raises(SheetError, match="damaged"):
        store.find(ID)


def test_a_sheet_does_not_open_under_another_assessments_name(store, tmp_path):
    store.keep(made())
    (tmp_path / "assessments" / f"{ID}.sheet").rename(tmp_path / "assessments" / f"{'cd' * 16}.sheet")
    with pytest.raises(SheetError):
        store.find("cd" * 16)


def test_it_is_gone_when_the_assessment_is_over(store, tmp_path):
    store.keep(made())
    store.forget(ID)
    store.forget(ID)
    assert store.find(ID) is None
    assert list((tmp_path / "assessments").iterdir()) == []


def test_forgotten_sheets_are_tidied_away_and_others_peoples_left(store, tmp_path):
    store.keep(made(ends_at=NOW))
    store.tidy(NOW + 86_000)
    assert store.find(ID)
    SheetStore(OTHER_KEY, tmp_path / "assessments").tidy(NOW + 10 * 86_400)
    assert store.find(ID)
    store.tidy(NOW + 87_000)
    assert store.find(ID) is None


def test_a_file_in_the_folders_place_is_said_with_what_to_do(tmp_path):
    (tmp_path / "assessments").write_text("")
    with pytest.raises(SheetError, match="Print the sheet now"):
        SheetStore(KEY, tmp_path / "assessments").keep(made())


def test_nothing_of_it_is_printed(store):
    sheet = made()
    printed = f"{sheet!r} {store!r}"
    assert repr(sheet.terms["A"].secret)[2:-1] not in printed
    assert release_code(sheet.terms["A"].secret) not in printed
