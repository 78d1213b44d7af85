"""A label of runs: plain text in several tones, wrapped or on one line. It never reads markup."""

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QTextCharFormat, QTextLayout, QTextOption
from PySide6.QtWidgets import QSizePolicy, QWidget

from tutor_app.classroom.phrases import Run, Tone, said
from tutor_app.ui.theme import Theme

_SIZES = 16  # remembered of one label: more widths come by only while a window's edge is pulled
_ENDLESS: Final = 100_000  # pixels; no line is that long


class RunsLabel(QWidget):
    """Shows runs. On one line (`wrap` False) the end is cut when there is no room."""

    def __init__(self, theme: Theme, runs: Sequence[Run] = (), *, wrap: bool = False, step: int = 0) -> None:
        super().__init__()
        self._theme, self._wrap, self._step = theme, wrap, step
        self._runs: tuple[Run, ...] = ()
        self._sizes: dict[int, tuple[int, int]] = {}
        upwards = QSizePolicy.Policy.Preferred if wrap else QSizePolicy.Policy.Fixed
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, upwards)
        policy.setHeightForWidth(wrap)
        self.setSizePolicy(policy)
        self.setAccessibleName("")
        theme.changed.connect(self._dress)
        self.set_runs(runs)

    def set_runs(self, runs: Sequence[Run]) -> None:
        """Show these runs instead."""
        if tuple(runs) != self._runs:
            self._runs = tuple(runs)
            self._sizes.clear()
            self.setAccessibleName(said(self._runs))
            self.updateGeometry()
            self.update()

    @property
    def text(self) -> str:
        """All runs as one text."""
        return said(self._runs)

    def sizeHint(self) -> QSize:
        """Return the size on one line, or at the present width."""
        width, height = self._size_at(self.width() if self._wrap else _ENDLESS)
        return QSize(width + 2, height + 1)

    def minimumSizeHint(self) -> QSize:
        """Return one line's height; the width may shrink."""
        return QSize(0, self.sizeHint().height())

    def hasHeightForWidth(self) -> bool:
        """Whether the height depends on the width."""
        return self._wrap

    def heightForWidth(self, width: int) -> int:
        """Return the height at a width."""
        return self._size_at(width)[1] + 1 if self._wrap else -1

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the runs, vertically in the middle."""
        painter = QPainter(self)
        layout = self._laid_out(self.width())
        top = (self.height() - layout.boundingRect().height()) / 2
        painter.setClipRect(self.rect())
        layout.draw(painter, QPointF(0, max(0.0, top)))
        painter.end()

    def _dress(self) -> None:
        self._sizes.clear()
        self.updateGeometry()
        self.update()

    def _size_at(self, width: int) -> tuple[int, int]:
        """Return what the runs take at a width, remembered: a column asks all its lines again when one changes."""
        if width not in self._sizes:
            if len(self._sizes) >= _SIZES:
                self._sizes.clear()
            layout = self._laid_out(width)
            self._sizes[width] = int(layout.maximumWidth()), int(layout.boundingRect().height())
        return self._sizes[width]

    def _laid_out(self, width: int) -> QTextLayout:
        return self._layout_of(self._runs if self._wrap else self._cut(width), width)

    def _layout_of(self, runs: tuple[Run, ...], width: int) -> QTextLayout:
        layout = QTextLayout(said(runs), self._theme.font(step=self._step))
        option = QTextOption()
        option.setWrapMode(
            QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere if self._wrap else QTextOption.WrapMode.NoWrap
        )
        layout.setTextOption(option)
        layout.setFormats(self._formats(runs))
        layout.beginLayout()
        height = 0.0
        while (line := layout.createLine()).isValid():
            line.setLineWidth(max(1, width))
            line.setPosition(QPointF(0, height))
            height += line.height()
        layout.endLayout()
        return layout

    def _cut(self, width: int) -> tuple[Run, ...]:
        """Return as much of the runs as fits on a line, with an ellipsis where something was left out."""
        if self._layout_of(self._runs, _ENDLESS).maximumWidth() <= width:
            return self._runs
        bold = any(run.tone is Tone.STRONG for run in self._runs)
        metrics = QFontMetrics(self._theme.font(step=self._step, bold=bold))
        whole = said(self._runs)
        kept = metrics.elidedText(whole, Qt.TextElideMode.ElideRight, width)
        if kept == whole:
            return self._runs
        runs, room = [], len(kept) - 1
        for run in self._runs:
            if room > 0:
                runs.append(Run(run.text[:room] + ("…" if len(run.text) >= room else ""), run.tone))
                room -= len(run.text)
        return tuple(runs)

    def _formats(self, runs: Sequence[Run]) -> list[QTextLayout.FormatRange]:
        ranges, start = [], 0
        for run in runs:
            length = len(run.text.encode("utf-16-le")) // 2  # Qt counts UTF-16 units
            piece = QTextLayout.FormatRange()
            piece.start, piece.length = start, length
            look = QTextCharFormat()
            look.setForeground(self._theme.tokens.tone(run.tone))
            if run.tone is Tone.STRONG:
                look.setFontWeight(700)
            piece.format = look
            ranges.append(piece)
            start += length
        return ranges


def single_line(text: str) -> str:
    """Return a text without its line ends, for one-line places."""
    return " ".join(text.split())
