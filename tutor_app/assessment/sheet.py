"""The release sheet: kept beside the records until the assessment's end, so that a restart of the app loses no code.

Why not in memory alone: a crash of this app would leave thirty locked laptops without their codes. Why sealed: the file
lies on a laptop that can be stolen or backed up, and each code opens a locked student's laptop. The key comes from the
invigilator's own private key, which is open only after their passphrase; no second secret has to be kept. The file is
deleted when the assessment is over, and at the next look once its last end has passed by more than a day.
"""

import os
import tempfile
from pathlib import Path
from typing import Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from platformdirs import user_data_path

from protocol.messages import AssessmentTerms

_MAGIC: Final = b"lessonlight release sheet 1\n"
_NONCE: Final = 12  # bytes, RFC 8439
_SALT: Final = 16
_KEPT: Final = 86_400.0  # seconds after the last end: a pause could have moved it


class SheetError(Exception):
    """The sheet cannot be kept or opened; the text says why, and holds no code."""


class Sheet(msgspec.Struct, frozen=True, kw_only=True):
    """Who sits the assessment under which terms, by device; the terms hold the secrets, so it is not printed."""

    assessment: str
    name: str
    group: str
    length: float
    names: dict[str, str]
    terms: dict[str, AssessmentTerms]

    def __repr__(self) -> str:
        return f"Sheet({self.name!r}, {len(self.terms)} laptops)"


class SheetStore:
    """The sheets of one invigilator. `key` is the private key of their identity, in PEM as `Credentials` has it."""

    def __init__(self, key: bytes, folder: Path | None = None) -> None:
        self._key = key
        self._folder = folder or user_data_path("lessonlight") / "assessments"

    def __repr__(self) -> str:
        return f"SheetStore({self._folder})"

    def keep(self, sheet: Sheet) -> None:
        """Write the sheet, whole or not at all, readable by this user alone; raises SheetError."""
        salt, nonce = os.urandom(_SALT), os.urandom(_NONCE)
        sealed = self._cipher(salt).encrypt(nonce, msgspec.msgpack.encode(sheet), _MAGIC + sheet.assessment.encode())
        file = self._file(sheet.assessment)
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=self._folder, prefix=".sheet-", delete=False) as out:  # made 0600
                out.write(_MAGIC + salt + nonce + sealed)
                out.flush()
                os.fsync(out.fileno())
            Path(out.name).replace(file)
        except OSError as error:
            raise SheetError(
                f"The release codes could not be kept in {self._folder} ({error.strerror}). Print the sheet now: "
                "they are lost when Lessonlight is closed."
            ) from error

    def find(self, assessment: str) -> Sheet | None:
        """Return a sheet that this invigilator kept, None where there is none; raises SheetError."""
        try:
            data = self._file(assessment).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise SheetError(f"The release codes in {self._folder} cannot be read: {error.strerror}.") from error
        return self._open(data, assessment)

    def forget(self, assessment: str) -> None:
        """Delete a sheet; nothing where there is none. Raises SheetError."""
        try:
            self._file(assessment).unlink(missing_ok=True)
        except OSError as error:
            raise SheetError(f"The release codes in {self._folder} cannot be deleted: {error.strerror}.") from error

    def tidy(self, now: float) -> None:
        """Delete the sheets whose assessments are long over; another invigilator's are left alone."""
        for file in sorted(self._folder.glob("*.sheet")):
            try:
                sheet = self.find(file.stem)
            except SheetError:
                continue  # not ours to open, so not ours to delete
            if sheet and max((one.ends_at for one in sheet.terms.values()), default=0) + _KEPT < now:
                self.forget(file.stem)

    def _open(self, data: bytes, assessment: str) -> Sheet:
        start = len(_MAGIC)
        salt, nonce = data[start : start + _SALT], data[start + _SALT : start + _SALT + _NONCE]
        try:
            if not data.startswith(_MAGIC):
                raise ValueError("another file")
            opened = self._cipher(salt).decrypt(nonce, data[start + _SALT + _NONCE :], _MAGIC + assessment.encode())
            return msgspec.msgpack.decode(opened, type=Sheet)
        except (InvalidTag, ValueError, msgspec.MsgspecError) as error:
            raise SheetError("The release codes on this computer belong to somebody else or are damaged.") from error

    def _cipher(self, salt: bytes) -> ChaCha20Poly1305:
        derived = HKDF(algorithm=SHA256(), length=32, salt=salt, info=_MAGIC).derive(self._key)
        return ChaCha20Poly1305(derived)

    def _file(self, assessment: str) -> Path:
        return self._folder / f"{assessment}.sheet"
