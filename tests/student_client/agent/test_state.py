import os
import stat
from pathlib import Path

import pytest

from protocol.enrolment import read_join
from student_client.agent.state import CERTIFICATE, KEY, LEASES, AlreadyRunning, StateError, StateFolder

from .conftest import Campus


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_folder_and_everything_in_it_is_its_owners_only(state: StateFolder) -> None:
    assert mode(state.path) == 0o700
    state.write("new.json", b"{}")
    state.append("lines.jsonl", b"{}\n")
    files = [path for path in state.path.rglob("*") if path.is_file()]
    assert len(files) >= 6
    assert {mode(path) for path in files} == {0o600}
    assert mode(state / "identity") == 0o700


def test_a_folder_left_open_is_closed(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir(mode=0o755)
    StateFolder(tmp_path / "state").open()
    assert mode(tmp_path / "state") == 0o700


def test_the_stored_identity_comes_back(state: StateFolder) -> None:
    identity = state.credentials().identity
    assert (identity.id, identity.group) == ("LAPTOP-07", "10B")


def test_enrolling_again_replaces_everything_and_shows(campus: Campus, state: StateFolder) -> None:
    before = state.identity_stamp()
    state.write(LEASES, b"old")
    state.store_enrolment(read_join(campus.device("LAPTOP-08", group="11C")))
    assert state.identity_stamp() != before
    assert state.credentials().identity.group == "11C"
    assert state.read(LEASES) is None


def test_half_an_identity_is_said(state: StateFolder) -> None:
    (state / KEY).unlink()
    with pytest.raises(StateError, match=r"incomplete.*Enrol"):
        state.credentials()
    assert state.enrolled
    (state / CERTIFICATE).unlink()
    assert not state.enrolled


def test_a_failed_write_leaves_the_old_file_and_nothing_else(
    state: StateFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    state.write("clock.json", b"old")

    def broken(_descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(StateError, match="Input/output"):
        state.write("clock.json", b"new")
    assert state.read("clock.json") == b"old"
    assert [path.name for path in state.path.glob(".*")] == []


def test_another_users_folder_is_refused_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state = StateFolder(tmp_path / "state")
    state.open()
    monkeypatch.setattr(os, "getuid", lambda: 4_000_000)
    with pytest.raises(StateError, match=r"belongs to the user .+, not to number 4000000"):
        state.open()


def test_a_file_in_the_way_is_said(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("not a folder")
    with pytest.raises(StateError, match="cannot be used"):
        StateFolder(tmp_path / "state").open()


def test_one_agent_a_folder(state: StateFolder) -> None:
    assert not state.in_use()
    guard = state.guard()
    assert state.in_use()
    with pytest.raises(AlreadyRunning, match=r"at work on .*state already"):
        state.guard()
    guard.close()
    assert not state.in_use()
    state.guard().close()
