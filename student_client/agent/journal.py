"""Everything this client changes on a machine outside its own folder, and how it is taken back, byte for byte.

What a file holds without us and what it shall hold are on the disk before the file is touched. A journal that was
killed at any step finds out from the files how far it came: each holds what it held, or what it should hold, or what
somebody else has written since, and that is never lost. One thread uses it; it waits for the disk.
"""

import contextlib
import os
import stat
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from msgspec import MsgspecError, Struct, json, structs

from student_client.agent.merging import without_ours
from student_client.agent.state import JOURNAL, StateError, StateFolder, sync_folder
from student_client.backends.machine import FileChange


class JournalError(Exception):
    """Some files could not be changed or given back; the text says which and why. All others were."""


class Image(Struct, frozen=True, kw_only=True):
    """A file as it is: content, permission bits, owner and group."""

    content: bytes
    mode: int
    uid: int
    gid: int


class Entry(Struct, frozen=True, kw_only=True):
    """One file we have changed or are about to: without us, as it was when we last looked, and as it shall be."""

    path: str
    before: Image | None
    was: Image | None
    goal: Image | None
    in_place: bool = False

    @property
    def leaving(self) -> bool:
        """Whether it is being given back."""
        return self.goal == self.before


class _Record(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What stands in the file; `folders` are those made for the entries, the outermost first."""

    entries: tuple[Entry, ...] = ()
    folders: tuple[str, ...] = ()


class Journal:
    """The journal of one state folder. Raises StateError where it cannot be kept: then nothing was changed."""

    def __init__(self, state: StateFolder) -> None:
        self._state = state
        self._record = _read(state)

    @property
    def holds(self) -> bool:
        """Whether anything on this machine is changed, or half given back."""
        return bool(self._record.entries)

    def replay(self) -> tuple[str, ...]:
        """Finish what was begun before this process: every file is then as the last `hold` or `restore` wanted it.

        Returns sentences about what others had changed meanwhile, which was kept. Raises JournalError.
        """
        return self._carry_out([_finished(entry) for entry in self._record.entries])

    def hold(self, changes: Sequence[FileChange]) -> tuple[str, ...]:
        """Make the machine hold exactly these; what is so already is not touched. Returns and raises as `replay`."""
        wanted = {str(change.path.resolve()): change for change in changes}
        known = {entry.path: entry for entry in self._record.entries}
        planned = [_given_back(entry) for path, entry in known.items() if path not in wanted]
        failed: dict[str, OSError] = {}
        for path, change in wanted.items():
            try:
                entry = _planned(path, change, known.get(path))
            except OSError as error:
                failed[path], entry = error, known.get(path)
            planned += [entry] if entry else []
        return self._carry_out(planned, failed)

    def restore(self) -> tuple[str, ...]:
        """Give back everything; returns and raises as `replay`."""
        return self.hold(())

    def _carry_out(
        self, planned: Sequence[Entry], failed: Mapping[str, OSError] = MappingProxyType({})
    ) -> tuple[str, ...]:
        """Write down, do, verify, write down what is still ours."""
        known = {entry.path: entry for entry in self._record.entries}
        notes = tuple(_note(entry) for entry in planned if _has_others_work(entry, known.get(entry.path)))
        self._write(planned, (*self._record.folders, *_missing_folders(planned)))
        failed, kept = dict(failed), []
        for entry in planned:
            try:
                _make(entry)
            except OSError as error:
                failed[entry.path] = error
            if entry.path in failed or not entry.leaving:
                kept.append(entry if entry.path in failed else structs.replace(entry, was=entry.goal))
        self._write(kept, _still_needed(self._record.folders, kept))
        if failed:
            raise JournalError(" ".join(_failure(path, error) for path, error in failed.items()))
        return notes

    def _write(self, entries: Sequence[Entry], folders: Sequence[str]) -> None:
        """Make it durable, where it is other than what is on the disk."""
        record = _Record(entries=tuple(entries), folders=tuple(dict.fromkeys(folders)))
        if record != self._record:
            self._state.write(JOURNAL, json.encode(record))
            self._record = record


def _read(state: StateFolder) -> _Record:
    data = state.read(JOURNAL)
    try:
        return _Record() if data is None else json.decode(data, type=_Record)
    except MsgspecError as error:
        where = state / JOURNAL
        raise StateError(f"{where} is damaged ({error}), so what was changed cannot be given back.") from error


def _look(path: Path) -> Image | None:
    """Return the file as it is now, None where there is none; raises OSError."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        facts = os.fstat(descriptor)
        return Image(content=file.read(), mode=stat.S_IMODE(facts.st_mode), uid=facts.st_uid, gid=facts.st_gid)


# ── what is to be done ──────────────────────────────────────────────────────────────────────────────────────────────


def _planned(path: str, change: FileChange, known: Entry | None) -> Entry | None:
    """Return what is to be done about a file; None where it is so without us, or its device has gone."""
    now = _look(Path(path))
    if change.in_place and now is None:
        return None
    before = _without_us(known, now) if known else _normal(change, now)
    content = change.merge(_content(before)) if change.merge else change.content
    goal = _with_content(content, now or before, change.mode)
    if known is None and goal == now == before:
        return None
    return Entry(path=path, before=before, was=now, goal=goal, in_place=change.in_place)


def _given_back(entry: Entry) -> Entry:
    """Return the entry on its way out; where the file cannot be looked at, by what is known of it."""
    try:
        now = _look(Path(entry.path))
    except OSError:
        return structs.replace(entry, goal=entry.before)
    before = None if entry.in_place and now is None else _without_us(entry, now)
    return structs.replace(entry, before=before, was=now, goal=before)


def _finished(entry: Entry) -> Entry:
    """Return the entry with what others have done since it was written down."""
    back = _given_back(entry)
    if entry.leaving or (entry.in_place and back.was is None):
        return back
    return structs.replace(back, goal=_with_content(_content(entry.goal), back.was or entry.goal, 0))


def _without_us(entry: Entry, now: Image | None) -> Image | None:
    """Return the file as it would be had we never touched it: as before, or with what others wrote since."""
    left, before = _content(now), _content(entry.before)
    for ours in dict.fromkeys((_content(entry.goal), _content(entry.was))):
        left = without_ours(before, ours, left)
    return _with_content(left, now or entry.before, 0)


def _normal(change: FileChange, now: Image | None) -> Image | None:
    if now is None or change.normal is None:
        return now
    return structs.replace(now, content=change.normal)


def _with_content(content: bytes | None, like: Image | None, mode: int) -> Image | None:
    """Return a file of that content with the owner and mode of another, or those of a new one."""
    if content is None:
        return None
    if like is not None:
        return structs.replace(like, content=content)
    return Image(content=content, mode=mode, uid=os.geteuid(), gid=os.getegid())


def _content(image: Image | None) -> bytes | None:
    return image.content if image else None


def _missing_folders(entries: Sequence[Entry]) -> Iterable[str]:
    for entry in entries:
        if entry.goal is not None:
            yield from (str(folder) for folder in reversed(Path(entry.path).parents) if not folder.exists())


# ── doing it ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _make(entry: Entry) -> None:
    """Bring one file to its goal and look whether it is there; raises OSError."""
    path = Path(entry.path)
    if not entry.in_place:
        _beside(path).unlink(missing_ok=True)
    if _look(path) == entry.goal:
        return
    if entry.goal is None:
        path.unlink()
        sync_folder(path.parent)
    elif entry.in_place:
        _write_into(path, entry.goal.content)
    else:
        _replace(path, entry.goal)
    if (now := _look(path)) != entry.goal and not (entry.in_place and now is None):
        raise OSError("it does not hold what was written into it")


def _write_into(path: Path, content: bytes) -> None:
    with contextlib.suppress(FileNotFoundError), path.open("r+b", buffering=0) as file:
        file.write(content)


def _replace(path: Path, goal: Image) -> None:
    """Write it beside, whole and durable, and let it take the place; a new folder is for everybody to read."""
    for folder in reversed(path.parents):
        if not folder.exists():
            folder.mkdir()
            folder.chmod(0o755)
            sync_folder(folder.parent)
    beside = _beside(path)
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as file:
        file.write(goal.content)
        file.flush()
        facts = os.fstat(file.fileno())
        if (facts.st_uid, facts.st_gid) != (goal.uid, goal.gid):
            os.fchown(file.fileno(), goal.uid, goal.gid)
        os.fchmod(file.fileno(), goal.mode)
        os.fsync(file.fileno())
    beside.replace(path)
    sync_folder(path.parent)


def _beside(path: Path) -> Path:
    """Return the one name under which new content may stand beside a file: a replay finds and removes it."""
    return path.with_name(f".{path.name}.lessonlight")


def _still_needed(folders: Sequence[str], entries: Sequence[Entry]) -> tuple[str, ...]:
    """Return the folders of ours that entries stand in; the others are removed, unless others put something there."""
    needed = tuple(each for each in folders if any(Path(entry.path).is_relative_to(each) for entry in entries))
    for folder in reversed(folders):
        if folder not in needed:
            with contextlib.suppress(OSError):  # it is not empty: then it is theirs now
                Path(folder).rmdir()
                sync_folder(Path(folder).parent)
    return needed


def _has_others_work(entry: Entry, known: Entry | None) -> bool:
    return known is not None and not entry.in_place and _content(known.before) != _content(entry.before)


def _note(entry: Entry) -> str:
    return f"{entry.path} was changed by somebody else while rules held; what they wrote is kept."


def _failure(path: str, error: OSError) -> str:
    return f"{path} cannot be changed: {error.strerror or error}."
