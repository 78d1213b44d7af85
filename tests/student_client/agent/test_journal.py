"""The journal on real files: killed by SIGKILL in a child at every call that touches the disk, and beside an admin."""

import io
import json
import os
import posix
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from student_client.agent.journal import Journal, JournalError
from student_client.agent.state import JOURNAL, StateError, StateFolder
from student_client.backends.machine import FileChange

TOUCHES_DISK = {
    "open", "write", "flush", "fsync", "fchmod", "fchown", "replace", "unlink", "mkdir", "chmod", "rmdir", "close",
}  # fmt: skip

Shape = dict[str, tuple[bytes, int] | int]


def shape(root: Path) -> Shape:
    """Everything below a folder: files by content and mode, folders by mode."""
    found: Shape = {}
    for path in sorted(root.rglob("*")):
        mode = path.stat().st_mode & 0o7777
        found[path.relative_to(root).as_posix()] = (path.read_bytes(), mode) if path.is_file() else mode
    return found


@dataclass
class Room:
    """A machine in a folder, and the state folder of one client."""

    path: Path

    def __post_init__(self) -> None:
        self.machine = self.path / "machine"
        self.machine.mkdir()
        self.state = StateFolder(self.path / "state")
        self.state.open()

    def hold(self, changes: Sequence[FileChange]) -> tuple[str, ...]:
        """As a process of its own would, which knows only what is on the disk; so are the next two."""
        return Journal(self.state).hold(changes)

    def restore(self) -> tuple[str, ...]:
        return Journal(self.state).restore()

    def replay(self) -> tuple[str, ...]:
        return Journal(self.state).replay()

    @property
    def held(self) -> bool:
        return Journal(self.state).holds

    def write(self, name: str, content: bytes, mode: int = 0o644) -> Path:
        path = self.machine / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        path.chmod(mode)
        return path

    def change(self, name: str, content: bytes | None, **how: Any) -> FileChange:
        return FileChange(self.machine / name, content, **how)

    @property
    def shape(self) -> Shape:
        return shape(self.machine)


@pytest.fixture
def room() -> Iterator[Room]:
    """In memory where there is such a place: what the tests prove is order, and thousands of syncs take minutes."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as folder:
        yield Room(Path(folder))


@dataclass(frozen=True)
class AddSites:
    """A merge as a browser's: our sites beside theirs."""

    sites: tuple[str, ...]

    def __call__(self, theirs: bytes | None) -> bytes:
        document = json.loads(theirs or b"{}")
        return json.dumps(document | {"Block": [*document.get("Block", []), *self.sites]}).encode()


def touches_disk(function: Any) -> bool:
    return function.__name__ in TOUCHES_DISK and (
        function.__self__ is posix or isinstance(function.__self__, io.IOBase)
    )


def in_a_child(work: Callable[[], object], killed_at: int) -> bool:
    """Do it in a child that kills itself after the n-th call that touches the disk; whether it got so far."""
    child = os.fork()
    if child == 0:
        calls = 0

        def watch(_frame: object, event: str, function: Any) -> None:
            nonlocal calls
            if event == "c_return" and touches_disk(function):
                calls += 1
                if calls == killed_at:
                    os.kill(os.getpid(), signal.SIGKILL)

        try:
            sys.setprofile(watch)
            work()
        except BaseException:  # a forked child must not go on as pytest
            os._exit(3)
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, "the work itself failed"
    return os.WIFSIGNALED(status)


def killed_everywhere(work: Callable[[], object], reset: Callable[[], None]) -> Iterator[int]:
    """Yield after each kill; ends when the work got through."""
    for killed_at in range(1, 1000):
        reset()
        if not in_a_child(work, killed_at):
            return
        yield killed_at
    raise AssertionError("it never got through")


def test_it_holds_exactly_what_is_asked_and_gives_it_back(room: Room) -> None:
    room.write("etc/policies.json", b"{}", 0o640)
    room.write("etc/hated", b"gone while it holds", 0o600)
    before = room.shape
    room.hold([room.change("etc/policies.json", b'{"a": 1}'), room.change("etc/hated", None)])
    assert room.shape == {"etc": 0o755, "etc/policies.json": (b'{"a": 1}', 0o640)}
    room.hold([room.change("etc/policies.json", b'{"a": 2}'), room.change("opt/deep/er/new", b"x", mode=0o604)])
    assert room.shape == before | {
        "etc/policies.json": (b'{"a": 2}', 0o640),
        "opt": 0o755, "opt/deep": 0o755, "opt/deep/er": 0o755, "opt/deep/er/new": (b"x", 0o604),
    }  # fmt: skip
    assert room.restore() == ()
    assert room.shape == before
    assert not room.held


def test_what_is_so_already_is_not_touched(room: Room) -> None:
    path = room.write("a", b"as wanted")
    stamp, state = path.stat(), room.state / JOURNAL
    room.hold([room.change("a", b"as wanted"), room.change("absent/one", None)])
    assert path.stat() == stamp
    assert not state.exists()
    room.hold([room.change("a", b"other")])
    stamp, written = path.stat(), state.stat()
    room.hold([room.change("a", b"other")])
    assert (path.stat(), state.stat()) == (stamp, written), "not even the journal is written again"


def test_folders_made_go_with_the_last_file_in_them(room: Room) -> None:
    room.hold([room.change("etc/one", b"1")])
    room.hold([room.change("etc/two", b"2")])
    assert set(room.shape) == {"etc", "etc/two"}
    room.restore()
    assert room.shape == {}
    room.hold([room.change("etc/one", b"1")])
    room.write("etc/theirs", b"3")
    room.restore()
    assert set(room.shape) == {"etc", "etc/theirs"}


def test_folders_are_for_everybody_whatever_the_umask(room: Room) -> None:
    mask = os.umask(0o077)
    try:
        room.hold([room.change("etc/one", b"1")])
    finally:
        os.umask(mask)
    assert room.shape == {"etc": 0o755, "etc/one": (b"1", 0o644)}


def test_a_link_stays_a_link(room: Room) -> None:
    room.write("real/file", b"real")
    (room.machine / "link").symlink_to("real")
    room.hold([room.change("link/file", b"ours")])
    assert (room.machine / "real/file").read_bytes() == b"ours"
    assert (room.machine / "link").is_symlink()
    room.restore()
    assert (room.machine / "real/file").read_bytes() == b"real"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_the_owner_stays(room: Room) -> None:
    path = room.write("a", b"theirs")
    os.chown(path, 65534, 65534)
    room.hold([room.change("a", b"ours")])
    assert (path.stat().st_uid, path.stat().st_gid) == (65534, 65534)
    room.hold([room.change("a", None)])
    room.restore()
    assert (path.stat().st_uid, path.stat().st_gid, path.read_bytes()) == (65534, 65534, b"theirs")


FIRST = {"etc/a": b"{}", "etc/b": b"old b", "etc/d": b"to be taken away"}


def empty(room: Room) -> None:
    """A fresh machine and no journal."""
    for folder in (room.machine, room.state.path):
        for path in sorted(folder.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()


def begin(room: Room) -> None:
    empty(room)
    for name, content in FIRST.items():
        room.write(name, content)


def rules(room: Room) -> Sequence[FileChange]:
    return [
        room.change("etc/a", None, merge=AddSites(("x",))),
        room.change("etc/c", b"new"),
        room.change("etc/d", None),
        room.change("opt/e/f", b"deep"),
    ]


def other_rules(room: Room) -> Sequence[FileChange]:
    return [room.change("etc/a", None, merge=AddSites(("y",))), room.change("etc/b", b"b"), room.change("opt/e/g", b"")]


def clean(room: Room) -> Shape:
    begin(room)
    return room.shape


def held(room: Room, changes: Sequence[FileChange]) -> Shape:
    begin(room)
    room.hold(changes)
    return room.shape


def test_killed_at_any_step_of_holding_the_machine_is_whole(room: Room) -> None:
    before, after = clean(room), held(room, rules(room))
    ends = set()
    kills = 0
    for at in killed_everywhere(lambda: room.hold(rules(room)), lambda: begin(room)):
        kills += 1
        assert room.replay() == ()
        assert room.shape in (before, after), f"killed at {at}"
        ends.add(room.shape == after)
        assert room.restore() == ()
        assert room.shape == before, f"killed at {at}"
    assert ends == {True, False}
    assert kills > 25


def test_killed_at_any_step_of_changing_rules(room: Room) -> None:
    before, first, second = clean(room), held(room, rules(room)), held(room, other_rules(room))

    def reset() -> None:
        begin(room)
        room.hold(rules(room))

    for at in killed_everywhere(lambda: room.hold(other_rules(room)), reset):
        room.replay()
        assert room.shape in (first, second), f"killed at {at}"
        room.hold(other_rules(room))
        assert room.shape == second, f"killed at {at}"
        room.restore()
        assert room.shape == before, f"killed at {at}"


def test_killed_at_any_step_of_giving_back(room: Room) -> None:
    before, after = clean(room), held(room, rules(room))

    def reset() -> None:
        begin(room)
        room.hold(rules(room))

    for at in killed_everywhere(room.restore, reset):
        room.replay()
        assert room.shape in (before, after), f"killed at {at}"
        room.restore()
        assert room.shape == before, f"killed at {at}"
        assert not room.held


def test_killed_at_any_step_of_a_replay(room: Room) -> None:
    before, after = clean(room), held(room, rules(room))
    for half in (12, 30):

        def reset(half: int = half) -> None:
            begin(room)
            assert in_a_child(lambda: room.hold(rules(room)), half)

        for at in killed_everywhere(room.replay, reset):
            room.replay()
            assert room.shape in (before, after), f"killed at {half}, and again at {at}"
            room.restore()
            assert room.shape == before


names = st.sampled_from(["a", "b", "new/c", "new/deep/d"])
contents = st.none() | st.sampled_from([b"", b"1", b'{"k": 1}', b'{"k": 2, "l": [1]}'])
wishes = st.dictionaries(names, contents, max_size=3)
steps = st.tuples(st.sampled_from(["hold", "restore", "replay"]), wishes, st.integers(0, 45))


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=st.dictionaries(st.sampled_from(["a", "b"]), contents, max_size=2), course=st.lists(steps, max_size=4))
def test_any_course_of_kills_ends_as_it_began(room: Room, first: dict[str, bytes | None], course: list[Any]) -> None:
    empty(room)
    for name, content in first.items():
        if content is not None:
            room.write(name, content)
    before = room.shape
    for deed, wish, killed_at in course:
        changes = [room.change(name, content) for name, content in wish.items()]
        works = {"hold": lambda changes=changes: room.hold(changes), "restore": room.restore}
        in_a_child(works.get(deed, room.replay), killed_at)
        if killed_at == 0 and deed == "hold":
            files = {name: value[0] for name, value in room.shape.items() if isinstance(value, tuple)}
            for name, content in {**first, **wish}.items():
                assert files.get(name) == content, "what nobody asked for is as before, what was asked for is so"
    assert room.restore() == ()
    assert room.shape == before
    assert not room.held


def test_the_before_image_is_durable_before_the_change(room: Room) -> None:
    room.write("a", b"before")
    order: list[str] = []

    def watch(_frame: object, event: str, function: Any) -> None:
        if event == "c_call" and touches_disk(function) and function.__name__ in {"fsync", "replace"}:
            order.append(function.__name__)

    sys.setprofile(watch)
    try:
        room.hold([room.change("a", b"after")])
    finally:
        sys.setprofile(None)
    durable = ["fsync", "replace", "fsync"]  # the new content, its place, the folder
    assert order == [*durable, *durable, *durable], "journal, file, journal"


# ── others at work on the same files ────────────────────────────────────────────────────────────────────────────────


def test_an_admins_edit_while_rules_hold_is_kept_and_told(room: Room) -> None:
    path = room.write("p.json", b'{"Block": ["a"], "Home": "x"}')
    room.hold([room.change("p.json", None, merge=AddSites(("ours",)))])
    path.write_bytes(path.read_bytes().replace(b'"x"', b'"y"'))
    (said,) = room.restore()
    assert str(path) in said
    assert json.loads(path.read_bytes()) == {"Block": ["a"], "Home": "y"}
    assert not room.held


def test_an_admins_edit_is_merged_into_the_next_rules_and_outlives_them(room: Room) -> None:
    path = room.write("p.json", b'{"Block": ["a"]}')
    room.hold([room.change("p.json", None, merge=AddSites(("one",)))])
    path.write_bytes(b'{"Block": ["a", "one", "theirs"]}')
    path.chmod(0o600)
    (said,) = room.hold([room.change("p.json", None, merge=AddSites(("two",)))])
    assert "kept" in said
    assert json.loads(path.read_bytes()) == {"Block": ["a", "theirs", "two"]}
    assert room.hold([room.change("p.json", None, merge=AddSites(("two",)))]) == (), "told once"
    assert room.restore() == ()
    assert json.loads(path.read_bytes()) == {"Block": ["a", "theirs"]}
    assert path.stat().st_mode & 0o777 == 0o600


def test_an_edit_between_a_kill_and_the_replay_is_kept(room: Room) -> None:
    def reset() -> None:
        begin(room)
        room.hold(rules(room))

    for at in killed_everywhere(lambda: room.hold(other_rules(room)), reset):
        path = room.machine / "etc/a"
        path.write_bytes(json.dumps(json.loads(path.read_bytes()) | {"theirs": 1}).encode())
        room.replay()
        room.restore()
        assert json.loads(path.read_bytes()) == {"theirs": 1}, f"killed at {at}"


def test_a_file_they_replaced_by_something_else_is_theirs(room: Room) -> None:
    path = room.write("a.conf", b"before")
    room.hold([room.change("a.conf", b"ours")])
    path.write_bytes(b"theirs")
    room.hold([room.change("a.conf", b"ours")])
    assert path.read_bytes() == b"ours", "the rule holds"
    room.restore()
    assert path.read_bytes() == b"theirs", "and their file comes back"


def test_a_file_they_took_away_stays_away(room: Room) -> None:
    path = room.write("a", b"before")
    room.hold([room.change("a", b"ours")])
    path.unlink()
    assert len(room.restore()) == 1
    assert not path.exists()


# ── the kernel's files ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_kernels_file_is_written_into(room: Room) -> None:
    path = room.write("authorized", b"1\n")
    number = path.stat().st_ino
    change = room.change("authorized", b"0\n", in_place=True)
    room.hold([change])
    assert (path.read_bytes(), path.stat().st_ino) == (b"0\n", number)
    room.restore()
    assert (path.read_bytes(), path.stat().st_ino) == (b"1\n", number)
    assert set(room.shape) == {"authorized"}


def test_a_device_that_goes_and_comes(room: Room) -> None:
    path = room.write("authorized", b"1\n")
    change = room.change("authorized", b"0\n", in_place=True)
    room.hold([change])
    path.unlink()
    assert room.hold([change]) == ()
    assert not path.exists(), "nothing is made in the kernel's tree"
    path.write_bytes(b"1\n")
    room.hold([change])
    assert path.read_bytes() == b"0\n"
    path.unlink()
    assert room.restore() == ()
    assert room.shape == {}
    assert not room.held


def test_what_a_rule_of_udevs_has_done_already_is_given_back_as_normal(room: Room) -> None:
    path = room.write("authorized", b"0\n")
    room.hold([room.change("authorized", b"0\n", in_place=True, normal=b"1\n")])
    assert path.read_bytes() == b"0\n"
    room.restore()
    assert path.read_bytes() == b"1\n"


# ── what goes wrong ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_one_file_that_cannot_be_changed_keeps_no_other_from_it(room: Room) -> None:
    room.write("file", b"not a folder")
    before = room.shape
    changes = [room.change("file/below", b"x"), room.change("other", b"y")]
    with pytest.raises(JournalError, match="file/below cannot be changed: Not a directory"):
        room.hold(changes)
    assert (room.machine / "other").read_bytes() == b"y"
    room.restore()
    assert room.shape == before


def test_what_cannot_be_given_back_is_tried_again(room: Room) -> None:
    path = room.write("etc/a", b"before")
    before = room.shape
    room.hold([room.change("etc/a", b"ours")])
    path.unlink()
    path.mkdir()
    with pytest.raises(JournalError, match="etc/a"):
        room.restore()
    assert room.held
    path.rmdir()
    path.write_bytes(b"ours")
    room.restore()
    assert room.shape == before


def test_without_a_journal_nothing_is_changed(room: Room) -> None:
    room.write("a", b"before")
    (room.state / JOURNAL).mkdir()
    with pytest.raises(StateError):
        room.hold([room.change("a", b"ours")])
    assert (room.machine / "a").read_bytes() == b"before"


def test_a_damaged_journal_says_so(room: Room) -> None:
    room.state.write(JOURNAL, b'{"entries": [{"path": 1}]}')
    with pytest.raises(StateError, match="damaged"):
        room.replay()
