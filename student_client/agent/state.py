"""The agent's own folder: identity, policy, leases, receipts, the last time seen. Only its owner may look inside.

Every file is replaced whole (written beside, synced, renamed), so that a power cut leaves the old one or the new one.
"""

import contextlib
import fcntl
import os
import pwd
import tempfile
import threading
from pathlib import Path
from typing import Final

from platformdirs import user_state_path

from protocol.enrolment import JoinFile
from protocol.identity import Credentials, make_credentials

CERTIFICATE: Final = "identity/device.pem"
KEY: Final = "identity/device.key"
ROOT: Final = "identity/root.pem"
STAFF_CA: Final = "identity/staff-ca.pem"
POLICY: Final = "policy.bundle"
RECEIPTS: Final = "receipts.jsonl"
LEASES: Final = "leases.json"
LESSONS: Final = "lessons.json"
ASSESSMENT: Final = "assessment.json"
RELEASE: Final = "release.json"
BREACHES: Final = "breaches.json"
INCIDENTS: Final = "incidents.json"
HAND: Final = "hand.json"
STATUS: Final = "status.json"
CLOCK: Final = "clock.json"
JOURNAL: Final = "journal.json"
GUARD: Final = "agent.lock"
OF_A_COLLEGE: Final = (LEASES, LESSONS, ASSESSMENT, RELEASE, BREACHES, INCIDENTS, HAND)  # ends with its identity


class StateError(Exception):
    """The state folder cannot be used; the text says which, why and what to do."""


class AlreadyRunning(Exception):
    """Another agent holds this state folder; the text says so."""


def default_state() -> Path:
    """Return where this user's client keeps its state."""
    return user_state_path("lessonlight")


class StateFolder:
    """One client's state on disk."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()

    def __truediv__(self, name: str) -> Path:
        return self.path / name

    def open(self) -> None:
        """Make the folder where it is missing and check that it is ours and writable; raises StateError."""
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.check_owner()
            self.path.chmod(0o700)
            with tempfile.TemporaryFile(dir=self.path):
                pass
        except OSError as error:
            raise StateError(f"The state folder {self.path} cannot be used: {error.strerror}.") from error

    def check_owner(self) -> None:
        """Raise StateError where the folder is somebody else's."""
        try:
            owner = self.path.stat().st_uid
        except FileNotFoundError:
            return
        except OSError as error:
            raise StateError(f"The state folder {self.path} cannot be read: {error.strerror}.") from error
        if owner != os.getuid():
            raise StateError(
                f"The state folder {self.path} belongs to the user {_user_name(owner)}, not to "
                f"{_user_name(os.getuid())}. Each user's client needs its own folder (--state)."
            )

    def read(self, name: str) -> bytes | None:
        """Return a file's content, None where there is none; raises StateError."""
        try:
            return (self.path / name).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StateError(f"{self.path / name} cannot be read: {error.strerror}.") from error

    def write(self, name: str, data: bytes, durable: bool = True) -> None:
        """Replace a file at once and whole, for its owner only; raises StateError."""
        target = self.path / name
        # Nobody else writes in this folder, and a thread's name is its own: what a crash left is written over.
        beside = target.with_name(f".{target.name}.{threading.get_native_id()}")
        try:
            target.parent.mkdir(mode=0o700, exist_ok=True)
            descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(data)
                    file.flush()
                    if durable:
                        os.fsync(file.fileno())
                beside.replace(target)
            except BaseException:
                beside.unlink(missing_ok=True)
                raise
            if durable:
                sync_folder(target.parent)
        except OSError as error:
            raise StateError(f"{target} cannot be written: {error.strerror}.") from error

    def remove(self, name: str) -> None:
        """Remove a file; one that is not there is fine. Raises StateError."""
        try:
            (self.path / name).unlink(missing_ok=True)
        except OSError as error:
            raise StateError(f"{self.path / name} cannot be removed: {error.strerror}.") from error

    def remove_identity(self) -> None:
        """Forget identity and policy, the certificate first; receipts and locks stay. Raises StateError."""
        try:
            for name in (CERTIFICATE, KEY, STAFF_CA, ROOT, POLICY):
                (self.path / name).unlink(missing_ok=True)
        except OSError as error:
            raise StateError(f"The identity in {self.path} cannot be removed: {error.strerror}.") from error

    def append(self, name: str, data: bytes) -> int:
        """Add to a file, durably, and return its size; a torn last line is ended first. Raises StateError."""
        target = self.path / name
        try:
            descriptor = os.open(target, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "r+b", buffering=0) as file:
                size = file.seek(0, os.SEEK_END)
                torn = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
                file.write(b"\n" + data if torn else data)
                os.fsync(descriptor)
                return size + len(data)
        except OSError as error:
            raise StateError(f"{target} cannot be written: {error.strerror}.") from error

    @property
    def enrolled(self) -> bool:
        """Whether an identity is stored here; raises StateError where nobody may look."""
        try:
            return (self.path / CERTIFICATE).exists()
        except OSError as error:
            raise StateError(f"The state folder {self.path} cannot be read: {error.strerror}.") from error

    def credentials(self) -> Credentials:
        """Return the stored identity; raises StateError or IdentityError."""
        parts = [self.read(name) for name in (CERTIFICATE, KEY, STAFF_CA, ROOT)]
        if any(part is None for part in parts):
            raise StateError(f"The identity in {self.path} is incomplete. Enrol this computer again.")
        certificate, key, staff_ca, root = (part or b"" for part in parts)
        return make_credentials(certificate, key, staff_ca, root)

    def store_enrolment(self, join: JoinFile) -> None:
        """Store identity and policy; the certificate last, because its presence is what "enrolled" means."""
        (self.path / CERTIFICATE).unlink(missing_ok=True)
        for name in (CLOCK, *OF_A_COLLEGE):  # a wrong clock's future, and what an old college held this laptop to
            (self.path / name).unlink(missing_ok=True)
        self.write(POLICY, join.bundle)
        self.write(ROOT, join.root)
        self.write(STAFF_CA, join.staff_ca)
        self.write(KEY, join.key)
        self.write(CERTIFICATE, join.certificate)

    def identity_stamp(self) -> tuple[int, int]:
        """Return what changes when somebody enrols again."""
        try:
            facts = (self.path / CERTIFICATE).stat()
        except OSError:
            return (0, 0)
        return (facts.st_mtime_ns, facts.st_ino)

    def guard(self) -> "Guard":
        """Take the folder for this process; raises AlreadyRunning or StateError."""
        return Guard(self.path / GUARD)

    def in_use(self) -> bool:
        """Whether an agent is at work on this folder."""
        try:
            with contextlib.closing(Guard(self.path / GUARD, create=False)):
                return False
        except AlreadyRunning:
            return True
        except StateError:
            return False


class Guard:
    """An exclusive lock on a file, which ends with the process that holds it."""

    def __init__(self, path: Path, create: bool = True) -> None:
        try:
            self._descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC | (os.O_CREAT if create else 0), 0o600)
        except OSError as error:
            raise StateError(f"{path} cannot be opened: {error.strerror}.") from error
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._descriptor)
            raise AlreadyRunning(f"Another Lessonlight client is at work on {path.parent} already.") from None

    def close(self) -> None:
        """Give the folder back."""
        os.close(self._descriptor)


def sync_folder(path: Path) -> None:
    """Make a rename or a new file durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"number {uid}"
