"""Prints reports and release sheets as PDF: tables of plain text, the college's name and page numbers on every page.

Texts go into the document as text, never as markup, so nothing a peer wrote can change how it looks.
"""

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from PySide6.QtCore import QMarginsF, QRectF, QSizeF, Qt
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFont,
    QGuiApplication,
    QPageLayout,
    QPageSize,
    QPainter,
    QPdfWriter,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFrameFormat,
    QTextLength,
    QTextTableFormat,
)

from tutor_app.assessment.report import Report, Section
from tutor_app.records.problems import RecordsError

_DOTS: Final = 150  # an inch; text stays text, so this only sets the unit
_MARGIN: Final = 16.0  # millimetres
_INK, _SOFT, _LINE = QColor("#18212B"), QColor("#5A6775"), QColor("#C9D0D8")
_TEXT: Final = 9.5  # points
_BAND: Final = 34  # points for the line above and the one below each page


class Paper:
    """A document that grows from top to bottom and is written as PDF. `foot` stands on every page."""

    def __init__(self, college: str, foot: str) -> None:
        self._college, self._foot = college, foot
        self._document = QTextDocument()
        self._document.setDefaultFont(_font(_TEXT))
        self._document.setDocumentMargin(0)
        self._cursor = QTextCursor(self._document)

    def title(self, text: str) -> None:
        """Write the title."""
        self._paragraph(text, 17, bold=True, below=6)

    def heading(self, text: str) -> None:
        """Write the heading of a part, which stays with what follows it."""
        self._paragraph(text, 11.5, bold=True, above=12, below=3, together=True)

    def words(self, text: str, *, soft: bool = False) -> None:
        """Write a paragraph."""
        self._paragraph(text, _TEXT, colour=_SOFT if soft else _INK, below=3)

    def table(
        self, header: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[int], *, large: int = -1
    ) -> None:
        """Write a table whose header is repeated on every page; `widths` are percents, `large` a column of codes."""
        shape = QTextTableFormat()
        shape.setBorder(0.5)
        shape.setBorderBrush(QBrush(_LINE))
        shape.setBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_Solid)
        shape.setBorderCollapse(True)
        shape.setCellPadding(3)
        shape.setWidth(QTextLength(QTextLength.Type.PercentageLength, 100))
        shape.setColumnWidthConstraints([QTextLength(QTextLength.Type.PercentageLength, one) for one in widths])
        shape.setHeaderRowCount(1 if header else 0)
        lines = [header, *rows] if header else list(rows)
        table = self._cursor.insertTable(len(lines), len(widths), shape)
        for row, cells in enumerate(lines):
            for column, text in enumerate(cells):
                head = bool(header) and row == 0
                look = _look(_TEXT - 0.5 if head else _TEXT, bold=head, colour=_SOFT if head else _INK)
                if column == large and not head:
                    look = _look(13, bold=True, fixed=True)
                table.cellAt(row, column).firstCursorPosition().insertText(text, look)
        self._cursor.movePosition(QTextCursor.MoveOperation.End)

    def save(self, file: Path) -> int:
        """Write the file, whole or not at all, readable by this user alone; returns the pages. Raises RecordsError."""
        try:
            handle, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)  # made 0600
            os.close(handle)
            try:
                pages = self._write(name)
                Path(name).replace(file)
            except BaseException:
                Path(name).unlink(missing_ok=True)
                raise
        except OSError as error:
            raise RecordsError(f"{file} could not be written ({error.strerror}); nothing was changed.") from error
        return pages

    def _write(self, name: str) -> int:
        writer = QPdfWriter(name)
        writer.setTitle(self._foot)
        writer.setCreator("Lessonlight")
        writer.setResolution(_DOTS)
        margins = QMarginsF(_MARGIN, _MARGIN, _MARGIN, _MARGIN)
        writer.setPageLayout(
            QPageLayout(
                QPageSize(QPageSize.PageSizeId.A4),
                QPageLayout.Orientation.Portrait,
                margins,
                QPageLayout.Unit.Millimeter,
            )
        )
        self._document.documentLayout().setPaintDevice(writer)
        band = _BAND * _DOTS / 72
        body = QRectF(0, band, writer.width(), writer.height() - 2 * band)
        self._document.setPageSize(QSizeF(body.size()))
        painter = QPainter()
        if not painter.begin(writer):
            raise OSError(0, "the printer of PDF files does not take the file", name)
        pages = self._document.pageCount()
        for page in range(pages):
            if page:
                writer.newPage()
            self._print(painter, body, page, pages)
        painter.end()
        return pages

    def _print(self, painter: QPainter, body: QRectF, page: int, pages: int) -> None:
        painter.save()
        painter.translate(0, body.top() - page * body.height())
        self._document.drawContents(painter, QRectF(0, page * body.height(), body.width(), body.height()))
        painter.restore()
        painter.setPen(_SOFT)
        painter.setFont(_font(8))
        above = QRectF(0, 0, body.width(), body.top() * 0.6)
        below = QRectF(0, body.bottom() + body.top() * 0.4, body.width(), body.top() * 0.6)
        left, right = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(above, left | middle, self._college)
        painter.drawText(above, right | middle, "Lessonlight")
        painter.drawText(below, left | middle, self._foot)
        painter.drawText(below, right | middle, f"Page {page + 1} of {pages}")

    def _paragraph(
        self,
        text: str,
        size: float,
        *,
        bold: bool = False,
        colour: QColor = _INK,
        above: float = 0,
        below: float = 0,
        together: bool = False,
    ) -> None:
        shape = QTextBlockFormat()
        shape.setTopMargin(above)
        shape.setBottomMargin(below)
        if together:
            shape.setPageBreakPolicy(QTextBlockFormat.PageBreakFlag.PageBreak_Auto)
        self._cursor.insertBlock(shape, _look(size, bold=bold, colour=colour))
        self._cursor.insertText(text)


def save_report(report: Report, file: Path) -> int:
    """Write a report as PDF; returns the number of pages."""
    paper = Paper(report.college, report.title)
    paper.title(report.title)
    paper.table((), report.facts, (30, 70))
    for section in report.sections:
        _section(paper, section)
    paper.words("")
    paper.words(
        "Staff do not search students or their devices. Times are the college's; extra time is in each end.", soft=True
    )
    return paper.save(file)


def save_report_headless(report: Report, file: Path) -> int:
    """Write a report as PDF from a command, where no window system need be there."""
    application = QGuiApplication.instance() or QGuiApplication(["lessonlight-tutor", "-platform", "offscreen"])
    pages = save_report(report, file)
    del application
    return pages


def _section(paper: Paper, section: Section) -> None:
    paper.heading(section.title)
    if section.rows:
        paper.table(section.header, section.rows, _WIDTHS[len(section.header), section.header[0]])
    else:
        paper.words(section.none)


# Percents of a page's width by the number of columns and the first one's title.
_WIDTHS: Final = {
    (8, "Student"): (21, 15, 9, 8, 15, 9, 10, 13),
    (5, "When"): (14, 19, 21, 20, 26),
    (4, "Item"): (50, 26, 10, 14),
}


def save_sheet(
    college: str, title: str, rows: Sequence[tuple[str, str, str]], facts: Sequence[tuple[str, str]], file: Path
) -> int:
    """Write the sheet of release codes (student, device, code) as PDF; returns the number of pages."""
    paper = Paper(college, f"{title} · release codes · confidential")
    paper.title(f"Release codes: {title}")
    paper.table((), facts, (30, 70))
    paper.words("")
    paper.words(
        "A code ends the assessment on one laptop, also without a network: type it into the laptop's assessment "
        "screen. After five wrong tries the laptop waits ten minutes. Keep this sheet out of students' sight, note who "
        "was released and why, and destroy it after the assessment."
    )
    paper.table(
        ("Student", "Device", "Code", "Released at, by"), [(*row, "") for row in rows], (34, 20, 22, 24), large=2
    )
    return paper.save(file)


def _font(size: float, *, bold: bool = False, fixed: bool = False) -> QFont:
    font = QFont()
    if fixed:
        font.setStyleHint(QFont.StyleHint.Monospace)
        font.setFamily("monospace")
    font.setPointSizeF(size)
    font.setBold(bold)
    return font


def _look(size: float, *, bold: bool = False, colour: QColor = _INK, fixed: bool = False) -> QTextCharFormat:
    look = QTextCharFormat()
    look.setFont(_font(size, bold=bold, fixed=fixed))
    look.setForeground(colour)
    return look
