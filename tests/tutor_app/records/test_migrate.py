import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from tutor_app.records import queries
from tutor_app.records.migrate import configuration
from tutor_app.records.place import place_of
from tutor_app.records.placing import place_all
from tutor_app.records.problems import RecordsError
from tutor_app.records.schema import metadata
from tutor_app.records.store import open_store

SCHEMA_0001 = (Path(__file__).parent / "0001.sql").read_text(encoding="utf-8")


def test_the_migrations_lead_to_the_schema_the_program_knows(store):
    with store.reading.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
        assert context.get_current_revision() == ScriptDirectory.from_config(configuration()).get_current_head()


def test_a_file_of_the_first_release_is_brought_up_to_date_with_all_that_is_in_it(file):
    with sqlite3.connect(file) as old:
        old.executescript(SCHEMA_0001)
    old.close()
    store = open_store(place_of(file))
    with store.reading.connect() as connection:
        assert MigrationContext.configure(connection).get_current_revision() == (
            ScriptDirectory.from_config(configuration()).get_current_head()
        )
        assert [lesson.name for lesson in queries.lessons(connection).rows] == ["Biology"]
        assert [row.name for row in queries.attendance(connection).rows] == ["Amélie"]
        assert [flag.note for flag in queries.flags(connection).rows] == ["Phone out; it's on the desk"]
        assert [command.result for command in queries.commands(connection).rows] == ["ok"]
    store.close()


def test_opening_up_to_date_records_again_changes_nothing(store, a):
    with store.writing.begin() as connection:
        place_all(connection, [a.lesson()])
    again = open_store(store.place)
    with again.reading.connect() as connection:
        assert queries.lessons(connection).total == 1
    again.close()


def test_a_newer_schema_is_refused_by_name_and_left_alone(file):
    open_store(place_of(file)).close()
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    before = file.read_bytes()
    with pytest.raises(RecordsError, match=r"newer Lessonlight \(schema 9999; this one knows 0003\)\. Update"):
        open_store(place_of(file))
    assert file.read_bytes() == before
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_the_database_of_another_program_is_not_touched(file):
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE cookies (name)")
    connection.close()
    with pytest.raises(RecordsError, match="another program"):
        open_store(place_of(file))
    with sqlite3.connect(file) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("cookies",)]
    connection.close()


OPENER = """
import sys
from tutor_app.records.place import place_of
from tutor_app.records.store import open_store
print("ready", flush=True)
for where in sys.stdin:
    open_store(place_of(where.strip())).close()
    print("opened", flush=True)
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def new_places(request, tmp_path):
    if request.param == "sqlite":
        return [str(tmp_path / f"{n}.db") for n in range(10)]
    server = request.getfixturevalue("postgresql")
    return [server.new_database() for _ in range(10)]


def test_programs_that_begin_the_same_records_at_the_same_moment_all_succeed(new_places):
    command = [sys.executable, "-c", OPENER]
    children = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    assert [child.stdout.readline() for child in children] == ["ready\n"] * 3
    for where in new_places:
        for child in children:
            print(where, file=child.stdin, flush=True)
        assert [child.stdout.readline() for child in children] == ["opened\n"] * 3
    for child in children:
        child.communicate()
        assert child.returncode == 0
