"""OneRoster's files: what they become, and every mistake with its file and line."""

from pathlib import Path

import pytest

from tutor_app.admin.timetable_files import TimetableError, read_timetable

FILES = {
    "classes.csv": "sourcedId,status,title,courseSourcedId,classCode,location,termSourcedIds,periods\n"
    'c1,active,Maths set 2,k1,10B,Room 4,t1,"1,2"\nc2,tobedeleted,Old,k1,10A,,t1,9\n',
    "courses.csv": "sourcedId,title\nk1,Maths\n",
    "users.csv": "sourcedId,username,role\nu1,maths-tutor,teacher\nu2,j.smith,student\n",
    "enrollments.csv": "classSourcedId,userSourcedId,role\nc1,u1,teacher\nc1,u2,student\n",
    "academicSessions.csv": "sourcedId,startDate,endDate\nt1,2026-09-01,2026-12-18\n",
    "periods.csv": "period,weekday,start,end\n1,Monday,09:00,10:00\n1,Tuesday,09:00,10:00\n2,monday,10:05,11:05\n",
}


def written(folder: Path, **changes: tuple[str, str]) -> list[Path]:
    for name, text in FILES.items():
        old, new = changes.get(name.partition(".")[0], ("", ""))
        assert old in text
        (folder / name).write_text(text.replace(old, new) if old else text, encoding="utf-8")
    return [folder / name for name in FILES]


def problem(folder: Path, **changes: tuple[str, str]) -> str:
    with pytest.raises(TimetableError) as caught:
        read_timetable(written(folder, **changes))
    (only,) = caught.value.problems
    return only.removeprefix(f"{folder}/")


def test_a_week(tmp_path: Path) -> None:
    found = read_timetable(written(tmp_path))
    assert [(one.when, one.name, one.group, one.tutor, one.room) for one in found] == [
        ("Monday 09:00–10:00", "Maths", "10B", "maths-tutor", "Room 4"),
        ("Tuesday 09:00–10:00", "Maths", "10B", "maths-tutor", "Room 4"),
        ("Monday 10:05–11:05", "Maths", "10B", "maths-tutor", "Room 4"),
    ]
    assert {(one.first, one.last) for one in found} == {("2026-09-01", "2026-12-18")}


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("classes", '"1,2"', '"1,3"', "classes.csv:2: period “3” is not in periods.csv"),
        ("classes", "k1,10B", "k7,10B", "classes.csv:2: courseSourcedId “k7” is not in courses.csv"),
        ("classes", "Room 4,t1", "Room 4,t9", "classes.csv:2: termSourcedIds “t9” is not in academicSessions.csv"),
        ("classes", "Maths set 2,k1,10B", ",k1,", "classes.csv:2: has neither a classCode nor a title"),
        ("users", "username", "login", "users.csv:1: lacks the column username"),
        ("users", "maths-tutor", "", "users.csv:2: a teacher without a username; it is the id of their identity"),
        ("enrollments", "u1", "u9", "enrollments.csv:2: userSourcedId “u9” is not in users.csv"),
        ("academicSessions", "2026-09-01", "1/9/26",
         "academicSessions.csv:2: startDate and endDate are days such as 2026-09-01"),
        ("periods", "monday", "Mo", "periods.csv:4: “Mo” is no day of the week"),
        ("periods", "10:05", "12:05", "periods.csv:4: “12:05” to “11:05” is no stretch such as 09:00 to 10:00"),
    ],
)  # fmt: skip
def test_mistakes(tmp_path: Path, file: str, old: str, new: str, said: str) -> None:
    # A mistake in one place may show again where it is used: the first is the one to mend.
    with pytest.raises(TimetableError) as caught:
        read_timetable(written(tmp_path, **{file: (old, new)}))
    assert caught.value.problems[0].removeprefix(f"{tmp_path}/") == said


def test_files_that_are_missing_or_foreign(tmp_path: Path) -> None:
    paths = written(tmp_path)
    with pytest.raises(TimetableError) as caught:
        read_timetable([*paths[:-1], tmp_path / "other.csv"])
    assert caught.value.problems[0] == f"{tmp_path}/other.csv:1: is none of {', '.join(FILES)}"
    assert caught.value.problems[1] == f"periods.csv is missing: give all of {', '.join(FILES)}"
