"""Writes records as CSV that a spreadsheet can open without running anything that is in it."""

import csv
import io
import os
import tempfile
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from tutor_app.records.problems import RecordsError

if TYPE_CHECKING:
    from _typeshed import SupportsWrite

# What makes a spreadsheet take a text for a formula or a command (OWASP, "CSV Injection"), full-width forms included.
_FORMULA: Final = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")

Cell = str | float | bool | None


def neutral(text: str) -> str:
    """Return a text that a spreadsheet shows as text: one that could be a formula gets an apostrophe in front."""
    return f"'{text}" if text.startswith(_FORMULA) or text.lstrip().startswith(_FORMULA) else text


def local(at: float | None) -> str:
    """Return a time as this computer's clock shows it, with the seconds; "" for None."""
    return "" if at is None else datetime.fromtimestamp(at).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def write_csv(file: Path, header: Sequence[str], rows: Iterable[Sequence[Cell]], *, bom: bool = False) -> int:
    """Write all rows or nothing, readable by this user alone; return how many rows. Raises RecordsError.

    Numbers are written as they are, texts are neutralised. `bom`: Excel takes UTF-8 for Windows-1252 without one.
    """
    if file.exists() and not file.is_file():
        raise RecordsError(f"{file} is not a file that can be replaced. Choose another name for the CSV file.")
    try:
        return _write_aside(file, header, rows, "utf-8-sig" if bom else "utf-8")
    except OSError as error:
        raise RecordsError(f"{file} could not be written ({error.strerror}); nothing was changed.") from error


def put_csv(out: BinaryIO, header: Sequence[str], rows: Iterable[Sequence[Cell]], *, bom: bool = False) -> int:
    """Write all rows, as `write_csv` would, into a stream that stays open; return how many rows."""
    text = io.TextIOWrapper(out, encoding="utf-8-sig" if bom else "utf-8", newline="")
    try:
        return _write_rows(text, header, rows)
    finally:
        text.flush()
        text.detach()


def _write_aside(file: Path, header: Sequence[str], rows: Iterable[Sequence[Cell]], encoding: str) -> int:
    with tempfile.NamedTemporaryFile(
        "w", encoding=encoding, newline="", prefix=f".{file.name}.", dir=file.parent, delete=False
    ) as out:
        aside = Path(out.name)
        try:
            count = _write_rows(out, header, rows)
            out.flush()
            os.fsync(out.fileno())
        except BaseException:
            aside.unlink()
            raise
    aside.replace(file)
    return count


def _write_rows(out: "SupportsWrite[str]", header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> int:
    writer = csv.writer(out)
    writer.writerow(header)
    count = 0
    for row in rows:
        writer.writerow([neutral(cell) if isinstance(cell, str) else cell for cell in row])
        count += 1
    return count
