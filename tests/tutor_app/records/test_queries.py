import pytest

from tutor_app.records import queries
from tutor_app.records.placing import place_all
from tutor_app.records.queries import Filter, Page
from tutor_app.records.values import LessonEnded


@pytest.fixture
def ask(store, a):
    """Two lessons with students, flags and commands; a function that asks a question about them."""
    records = [
        a.lesson(), a.lesson(id="l2", name="History", group="9A", tutor_id="hist", tutor_name="Élise Hart",
                             started_at=5000.0, ends_at=8600.0),
        LessonEnded(lesson="l1", ended_at=4500.0),
        a.attendance(first_seen_at=1000.5, last_seen_at=4500.0, seconds_live=3000.0),
        a.attendance(device="d2", name="ZOË 100%", missing="Not on the network"),
        a.attendance(device="d3", name="Guest", expected=False, first_seen_at=2000.0),
        a.attendance(lesson="l2", first_seen_at=5001.0),
        a.flag(), a.flag(id="f2", device="d2", student="ZOË 100%", category="off-task", at=1500.0),
        a.flag(id="f3", lesson="l2", at=5100.0), a.withdrawal(flag="f2"),
        a.command(), a.command(id="c2", lesson="l2", action="message", asked_at=5200.0), a.answer(),
    ]  # fmt: skip
    with store.writing.begin() as connection:
        assert place_all(connection, records) == []

    def run(question, *arguments, **where):
        with store.reading.connect() as connection:
            return question(connection, *([Filter(**where)] if where else []), *arguments)

    return run


def test_lessons_newest_first_with_what_happened_in_them(ask):
    history, maths = ask(queries.lessons).rows
    assert (history.name, history.ended_at, history.expected, history.seen, history.flags) == ("History", None, 1, 1, 1)
    assert (maths.name, maths.ended_at, maths.expected, maths.seen, maths.flags) == ("Maths", 4500.0, 2, 2, 1)


@pytest.mark.parametrize(
    ("where", "ids"),
    [
        ({"group": "9A"}, ["l2"]),
        ({"tutor": "élise"}, ["l2"]),
        ({"tutor": "maths-tutor"}, ["l1"]),
        ({"lesson": "l1"}, ["l1"]),
        ({"since": 1000.0, "until": 5000.0}, ["l1"]),
        ({"since": 1000.5}, ["l2"]),
        ({"group": "8C"}, []),
    ],
)
def test_lessons_filtered(ask, where, ids):
    assert [lesson.id for lesson in ask(queries.lessons, **where).rows] == ids


@pytest.mark.parametrize(
    ("where", "ids"),
    [
        ({}, ["f3", "f2", "f1"]),
        ({"lesson": "l1"}, ["f2", "f1"]),
        ({"group": "9A"}, ["f3"]),
        ({"device": "d2"}, ["f2"]),
        ({"student": "zoë"}, ["f2"]),
        ({"student": "%"}, ["f2"]),
        ({"student": "_"}, []),
        ({"category": "phone", "group": "10B"}, ["f1"]),
        ({"since": 1100.0, "until": 1500.0}, ["f1"]),
        ({"withdrawn": True}, ["f2"]),
        ({"withdrawn": False}, ["f3", "f1"]),
        ({"student": "' OR 1=1 --"}, []),
    ],
)
def test_flags_filtered(ask, where, ids):
    assert [flag.id for flag in ask(queries.flags, **where).rows] == ids


@pytest.mark.parametrize(
    ("where", "names"),
    [
        ({}, ["Amy", "Amy", "Guest", "ZOË 100%"]),
        ({"missing": True}, ["ZOË 100%"]),
        ({"missing": False, "lesson": "l1"}, ["Amy", "Guest"]),
        ({"device": "d1", "until": 4000.0}, ["Amy"]),
    ],
)
def test_attendance_filtered(ask, where, names):
    assert [row.name for row in ask(queries.attendance, **where).rows] == names


def test_attendance_says_why_somebody_is_missing(ask):
    (row,) = ask(queries.attendance, missing=True).rows
    assert (row.lesson_name, row.group, row.missing, row.expected) == ("Maths", "10B", "Not on the network", True)


def test_commands_with_their_answers(ask):
    assert [(row.action, row.result) for row in ask(queries.commands).rows] == [("message", None), ("lock", "ok")]
    assert ask(queries.commands, lesson="l1", device="d2").total == 0


def test_pages_cover_everything_once(ask):
    pages = [ask(queries.flags, Filter(), Page(limit=2, offset=offset)) for offset in (0, 2, 4)]
    assert [page.total for page in pages] == [3, 3, 3]
    assert [flag.id for page in pages for flag in page.rows] == ["f3", "f2", "f1"]
    assert [flag.id for flag in ask(queries.flags, Filter(), Page(offset=1)).rows] == ["f2", "f1"]


def test_what_can_be_chosen_from(ask):
    assert ask(queries.groups) == ("10B", "9A")
    assert ask(queries.categories) == ("off-task", "phone")
