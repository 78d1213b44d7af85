"""Records to write, places to write them to (SQLite, and PostgreSQL where it is installed), and ears for problems."""

import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import pytest

from tutor_app.records.place import Place, place_of
from tutor_app.records.store import Store, open_store
from tutor_app.records.values import Attendance, CommandAnswered, CommandAsked, Flagged, FlagWithdrawn, LessonStarted


@pytest.fixture
def a() -> SimpleNamespace:
    """Builders of records with everything filled in: a.lesson(), a.flag(note="…"), …"""
    return SimpleNamespace(
        lesson=partial(
            LessonStarted, id="l1", name="Maths", group="10B", room="R4", tutor_id="maths-tutor",
            tutor_name="Maths tutor", started_at=1000.0, ends_at=4600.0,
        ),
        attendance=partial(Attendance, lesson="l1", device="d1", name="Amy", expected=True, recorded_at=1001.0),
        flag=partial(
            Flagged, id="f1", lesson="l1", device="d1", student="Amy", user="amy", host="laptop-07",
            category="phone", note="On the desk", by_id="maths-tutor", by_name="Maths tutor", at=1100.0,
        ),
        withdrawal=partial(
            FlagWithdrawn, flag="f1", at=1200.0, by_id="maths-tutor", by_name="Maths tutor", reason="A calculator"
        ),
        command=partial(
            CommandAsked, lesson="l1", device="d1", id="c1", action="lock", text="Eyes up", asked_at=1300.0
        ),
        answer=partial(CommandAnswered, lesson="l1", device="d1", id="c1", result="ok", answered_at=1301.0),
    )  # fmt: skip


@dataclass
class Problems:
    """An `on_problem` that remembers, and on which thread it was called."""

    sentences: list[str] = field(default_factory=list)
    threads: set[str] = field(default_factory=set)
    heard: threading.Condition = field(default_factory=threading.Condition)

    def __call__(self, sentence: str) -> None:
        with self.heard:
            self.sentences.append(sentence)
            self.threads.add(threading.current_thread().name)
            self.heard.notify_all()

    def wait_for(self, part: str, seconds: float = 10) -> str:
        def found() -> str | None:
            return next((s for s in self.sentences if part in s and (part or not s)), None)

        with self.heard:
            assert self.heard.wait_for(lambda: found() is not None, seconds), (part, self.sentences)
            return found() or ""


@pytest.fixture
def problems() -> Problems:
    return Problems()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "records.db"


@pytest.fixture
def ordinary_folder() -> Iterator[Path]:
    """A folder for a test that runs as somebody without root's rights, who could not enter root's tmp_path."""
    folder = Path(tempfile.mkdtemp(prefix="lessonlight-test-"))
    folder.chmod(0o777)
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    yield folder
    if root:
        os.seteuid(0)
    folder.chmod(0o700)
    shutil.rmtree(folder)


@dataclass
class PostgreSQL:
    """A server of this test run's own, reached through a socket in its folder."""

    folder: Path
    names: Iterator[int] = field(default_factory=lambda: count(1))

    def new_database(self) -> str:
        """A URL of an empty schema: it takes a tenth of the time of a database and looks the same from inside."""
        name = f"records{next(self.names)}"
        self._run(f"CREATE SCHEMA {name}")
        return f"postgresql://postgres@/postgres?host={self.folder}&options=-csearch_path%3D{name}"

    def end_all_connections(self) -> None:
        self._run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'lessonlight'")

    def _run(self, statement: str) -> None:
        import psycopg  # noqa: PLC0415 - an extra, not everywhere

        with psycopg.connect(f"postgresql://postgres@/postgres?host={self.folder}", autocommit=True) as connection:
            connection.execute(statement)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if not binaries:
        pytest.skip("no PostgreSQL server in /usr/lib/postgresql")
    if not find_spec("psycopg"):
        pytest.skip("psycopg is not installed: pip install 'lessonlight[postgresql]'")
    # PostgreSQL refuses to run as root; and a socket's path may have 107 bytes only.
    user = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
    folder = Path(tempfile.mkdtemp(prefix="ll-pg-"))
    if user:
        shutil.chown(folder, "postgres", "postgres")
    programs, data = binaries[-1].parent, folder / "data"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": "/"} | user
    subprocess.run(
        [programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "--no-sync", "--locale=C.UTF-8"],
        check=True,
        **quiet,
    )
    options = ["-c", "listen_addresses=", "-c", f"unix_socket_directories={folder}", "-c", "fsync=off"]
    server = subprocess.Popen([programs / "postgres", "-D", data, *options], **quiet)
    eventually(lambda: subprocess.run([programs / "pg_isready", "-h", folder], check=False, **quiet).returncode == 0)
    yield PostgreSQL(folder)
    server.terminate()
    server.wait(10)
    shutil.rmtree(folder)


def eventually(condition: Callable[[], object], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.02)


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, file: Path) -> Place:
    """An empty place of each kind; what is asked of one has to hold for the other."""
    if request.param == "sqlite":
        return place_of(file)
    return place_of(request.getfixturevalue("postgresql").new_database())


@pytest.fixture
def store(place: Place) -> Iterator[Store]:
    opened = open_store(place)
    yield opened
    opened.close()
