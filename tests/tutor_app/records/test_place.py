from pathlib import Path

import pytest

from tutor_app.records.place import default_file, place_of
from tutor_app.records.problems import RecordsError


def test_a_path_is_a_file_wherever_it_comes_from(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert place_of("records.db").file == tmp_path / "records.db"
    assert place_of(tmp_path / "a?b%c.db").file == tmp_path / "a?b%c.db"
    assert place_of("sqlite:////srv/records.db").file == Path("/srv/records.db")


def test_without_a_word_it_is_this_users_own(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert place_of(None).file == default_file() == tmp_path / "lessonlight" / "records.db"


def test_postgresql_is_reached_through_psycopg_and_shown_without_its_password():
    place = place_of("postgresql://lessonlight:hunter2@db.key.ac.uk/records")
    assert place.file is None
    assert place.url.drivername == "postgresql+psycopg"
    assert str(place) == "postgresql+psycopg://lessonlight:***@db.key.ac.uk/records"


@pytest.mark.parametrize(
    "address", ["mysql://h/d", "sqlite://", "sqlite:///:memory:", "sqlite:///x?mode=ro", "://", "x://"]
)
def test_other_places_are_refused(address):
    with pytest.raises(RecordsError):
        place_of(address)
