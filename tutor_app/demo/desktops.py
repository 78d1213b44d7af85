"""What the demo's students are doing: an essay being typed, pages browsed, a video, an idle table.

Each is one process that fills its display: ``python -m tutor_app.demo.desktops essay --variation 2``. Drawn with Qt
alone; reads resources/demo/desktops.toml and nothing else.
"""

import argparse
import sys
import time
import tomllib
from collections.abc import Callable
from typing import Any, Final

from PySide6.QtCore import QDateTime, QRect, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import (
    QColor,
    QFont,
    QLinearGradient,
    QPainter,
    QPaintEvent,
    QPixmap,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
)
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QLabel, QTextEdit, QVBoxLayout, QWidget

from protocol.resource import resource_text
from tutor_app.demo.pictures import VIDEO, landscape, scene, tint

ACTIVITIES: Final = ("essay", "browsing", "video", "idle")
TASKBAR: Final = 44
TITLE_BAR: Final = 40
TEXT: Final = Qt.TextFlag.TextWordWrap
INK, SOFT, LINE, PAPER = QColor("#1f2933"), QColor("#5b6876"), QColor("#d7dde4"), QColor("#eef1f5")


def font(size: int, *, bold: bool = False, serif: bool = False) -> QFont:
    """Return a font in pixels; the families are what Debian and the desktops on it have."""
    chosen = QFont(["Liberation Serif", "DejaVu Serif"] if serif else ["Inter", "Cantarell", "DejaVu Sans"])
    chosen.setPixelSize(size)
    chosen.setBold(bold)
    return chosen


def write(
    painter: QPainter,
    area: QRect,
    text: str,
    size: int,
    colour: QColor = INK,
    *,
    bold: bool = False,
    serif: bool = False,
) -> int:
    """Write wrapped text from the top of `area`; return where it ends below."""
    painter.setFont(font(size, bold=bold, serif=serif))
    painter.setPen(colour)
    return painter.drawText(area, TEXT, text).bottom()  # type: ignore[no-any-return, attr-defined, unused-ignore]


class Taskbar(QWidget):
    """The bar at the bottom of a desktop: a few programs and the time, which changes once a minute."""

    def __init__(self, area: QRect, hue: int) -> None:
        super().__init__(None, Qt.WindowType.FramelessWindowHint | Qt.WindowType.WindowDoesNotAcceptFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_X11NetWmWindowTypeDock)
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        self.setGeometry(area)
        self._hue = hue
        self._tick()

    def _tick(self) -> None:
        self._clock = QDateTime.currentDateTime().toString("ddd d MMM   HH:mm")
        self.update()
        QTimer.singleShot(60_500 - int(time.time() * 1000) % 60_000, self._tick)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw programs and clock."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), tint(self._hue, 60, 40))
        painter.setPen(Qt.PenStyle.NoPen)
        for number in range(6):
            painter.setBrush(tint(self._hue + 53 * number, 150, 150 if number else 220))
            painter.drawRoundedRect(QRectF(16 + 46 * number, 9, 26, 26), 7, 7)
        painter.setPen(QColor("white"))
        painter.setFont(font(15))
        painter.drawText(
            self.rect().adjusted(0, 0, -20, 0), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, self._clock
        )
        painter.end()


class Program(QWidget):
    """A window over the whole desktop but the taskbar, with a title bar of its own."""

    def __init__(self, title: str, hue: int, shade: int = 234) -> None:
        # Not full-screen: window managers put full-screen windows above everything, the student's badge included.
        super().__init__(None, Qt.WindowType.FramelessWindowHint)
        self.setWindowTitle(title)
        self._hue = hue
        self._shade = shade
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(0, TITLE_BAR, 0, 0)
        self.body.setSpacing(0)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the title bar."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        bar = QRect(0, 0, self.width(), TITLE_BAR)
        dark = self._shade < 128
        painter.fillRect(bar, tint(self._hue, 60, self._shade))
        painter.setPen(QColor("#e8ecf0") if dark else INK)
        painter.setFont(font(15, bold=True))
        painter.drawText(bar, Qt.AlignmentFlag.AlignCenter, f"{self.windowTitle()} — {QApplication.applicationName()}")
        painter.setPen(Qt.PenStyle.NoPen)
        for number, name in enumerate(("#d9534f", "#9aa5b1", "#9aa5b1")):
            painter.setBrush(QColor(name))
            painter.drawEllipse(self.width() - 30 - 26 * number, 13, 14, 14)
        painter.end()


class Bar(QWidget):
    """A program's tool bar: words and marks that look as they should and do nothing."""

    def __init__(self, words: tuple[str, ...], *, height: int = 46) -> None:
        super().__init__()
        self.setFixedHeight(height)
        self._words = words

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw words and marks."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), QColor("#f8fafb"))
        painter.setPen(LINE)
        painter.drawLine(0, self.height() - 1, self.width(), self.height() - 1)
        x = 24
        for word in self._words:
            painter.setFont(font(15, bold=word in "BIU"))
            width = painter.fontMetrics().horizontalAdvance(word) + 20
            if len(word) > 1:
                painter.setPen(LINE)
                painter.setBrush(QColor("white"))
                painter.drawRoundedRect(QRectF(x + 0.5, 8.5, width, self.height() - 18), 6, 6)
            painter.setPen(SOFT)
            painter.drawText(QRect(x, 0, width, self.height()), Qt.AlignmentFlag.AlignCenter, word)
            x += width + 12
        painter.end()


class Writer(Program):
    """A word processor in which an essay is being typed, with a writer's pauses."""

    def __init__(self, essay: dict[str, Any], hue: int) -> None:
        super().__init__(essay["title"], hue)
        self._words = QLabel()
        self._words.setFont(font(13))
        self._words.setContentsMargins(24, 6, 24, 6)
        self._words.setStyleSheet("background: #f8fafb; color: #5b6876")
        self._page = self._empty_page()
        desk = QFrame()
        desk.setStyleSheet("QFrame { background: #dfe4ea }")
        column = QHBoxLayout(desk)
        column.setContentsMargins(0, 26, 0, 0)
        column.addWidget(self._page, 0, Qt.AlignmentFlag.AlignHCenter)
        self.body.addWidget(Bar(("Liberation Serif", "14", "B", "I", "U", "Heading", "¶", "• —", "Page 1", "100 %")))
        self.body.addWidget(desk, 1)
        self.body.addWidget(self._words)
        self._paragraph(essay["heading"], 34, bold=True)
        for text in essay["written"]:
            self._paragraph(text, 23)
        self._paragraph("", 23)
        self._beginning = self._page.textCursor().position()
        self._typing = "\n".join(essay["typing"])
        self._typed = len(self._typing) // 5
        self._page.insertPlainText(self._typing[: self._typed])
        self._page.setFocus()
        self._type()

    def _empty_page(self) -> QTextEdit:
        page = QTextEdit()
        page.setFixedWidth(980)
        page.setMinimumHeight(880)
        page.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        page.setStyleSheet(
            "QTextEdit { background: white; color: #1f2933; border: 1px solid #c9d1da; padding: 54px 88px }"
        )
        return page

    def _paragraph(self, text: str, size: int, *, bold: bool = False) -> None:
        cursor = self._page.textCursor()
        if cursor.position():
            cursor.insertBlock()
        shape, letters = QTextBlockFormat(), QTextCharFormat()
        shape.setLineHeight(136, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        shape.setBottomMargin(16)
        letters.setFont(font(size, bold=bold, serif=True))
        cursor.setBlockFormat(shape)
        cursor.setCharFormat(letters)
        cursor.insertText(text, letters)
        self._page.setTextCursor(cursor)

    def _type(self) -> None:
        if self._typed == len(self._typing):
            self._start_over()
        letter = self._typing[self._typed]
        self._typed += 1
        self._page.insertPlainText(letter)
        self._page.ensureCursorVisible()
        if letter in " \n":
            self._words.setText(f"Page 1 of 1      {len(self._page.toPlainText().split())} words      English (UK)")
        pause = {".": 900, ",": 320, "\n": 1500}.get(letter, 70 + 60 * (self._typed % 3))
        QTimer.singleShot(pause, self._type)

    def _start_over(self) -> None:
        cursor = self._page.textCursor()
        cursor.setPosition(self._beginning, QTextCursor.MoveMode.KeepAnchor)
        cursor.removeSelectedText()
        self._typed = 0


class Page(QWidget):
    """The browser's view: one long page, painted once and then moved."""

    HEIGHT: Final = 2120

    def __init__(self) -> None:
        super().__init__()
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.offset = 0
        self._picture = QPixmap()

    def open(self, page: dict[str, Any]) -> None:
        """Show a page from its top."""
        self._picture = QPixmap(self.width(), self.HEIGHT)
        self._picture.fill(QColor("#fbfcfd"))
        painter = QPainter(self._picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        left = (self.width() - 1180) // 2
        self._head(painter, page, left)
        self._cards(painter, page, left, 60 + self._article(painter, page, left, 640))
        painter.end()
        self.offset = 0
        self.update()

    @property
    def furthest(self) -> int:
        """How far the page can be scrolled."""
        return max(0, self.HEIGHT - self.height())

    def _head(self, painter: QPainter, page: dict[str, Any], left: int) -> None:
        hue: int = page["hue"]
        painter.fillRect(0, 0, self.width(), 72, QColor("white"))
        write(painter, QRect(left, 18, 500, 50), page["site"], 26, tint(hue, 140, 90), bold=True)
        for number, word in enumerate(("Lessons", "Pictures", "Teachers", "About")):
            write(painter, QRect(left + 760 + 110 * number, 26, 110, 30), word, 17, SOFT)
        painter.drawPixmap(left, 96, landscape(1180, 440, hue, hue))
        write(painter, QRect(left, 560, 1180, 70), page["title"], 48, bold=True)

    def _article(self, painter: QPainter, page: dict[str, Any], left: int, top: int) -> int:
        write(painter, QRect(left, top, 740, 30), "Year 10 · 6 minutes to read", 17, SOFT)
        below = top + 50
        for number, paragraph in enumerate(page["paragraphs"]):
            below = 30 + write(painter, QRect(left, below, 740, 600), paragraph, 23, serif=True)
            painter.drawPixmap(left, below, landscape(740, 320, page["hue"] + 25 + 50 * number, 7 + number))
            below += 356
        box = QRect(left + 800, top, 380, 300)
        painter.fillRect(box, tint(page["hue"], 110, 240))
        write(painter, box.adjusted(24, 22, -24, 0), "In this unit", 22, tint(page["hue"], 140, 80), bold=True)
        for number, card in enumerate((page["title"], *page["cards"])):
            write(painter, box.adjusted(24, 76 + 52 * number, -24, 0), f"{number + 1}   {card}", 19)
        return below

    @staticmethod
    def _cards(painter: QPainter, page: dict[str, Any], left: int, top: int) -> None:
        for number, card in enumerate(page["cards"]):
            x = left + 400 * number
            painter.drawPixmap(x, top, landscape(380, 220, page["hue"] + 40 * number, 3 * number))
            write(painter, QRect(x, top + 236, 380, 60), card, 22, bold=True)
            write(painter, QRect(x, top + 272, 380, 60), "Read, answer three questions, keep the notes.", 17, SOFT)

    def scroll_to(self, offset: int) -> None:
        """Show the page from `offset` down."""
        self.offset = offset
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the part of the page in view."""
        painter = QPainter(self)
        painter.drawPixmap(0, -self.offset, self._picture)
        painter.end()


class Browser(Program):
    """A web browser whose reader scrolls, reads, and opens the next page."""

    def __init__(self, pages: list[dict[str, Any]], hue: int) -> None:
        super().__init__(pages[0]["title"], hue, 222)
        self._pages = pages
        self._address = QLabel()
        self._address.setFont(font(16))
        self._address.setFixedHeight(50)
        self._address.setStyleSheet("background: #f3f5f8; color: #35414d; padding-left: 130px")
        self._page = Page()
        self.body.addWidget(self._address)
        self.body.addWidget(self._page, 1)
        self._target = 0
        self._motion = QTimer(self, interval=40)
        self._motion.timeout.connect(self._move)

    def begin(self) -> None:
        """Open the first page; the window has its size by now."""
        self._open()
        timer = QTimer(self, interval=2400)
        timer.timeout.connect(self._read_on)
        timer.start()

    def _open(self) -> None:
        page = self._pages[0]
        self._pages = [*self._pages[1:], page]
        self.setWindowTitle(page["title"])
        self._address.setText(f"←    →    ⟳        https://{page['address']}")
        self._page.open(page)
        self.update(0, 0, self.width(), TITLE_BAR)

    def _read_on(self) -> None:
        if self._page.offset >= self._page.furthest:
            self._open()
            return
        self._target = min(self._page.offset + 430, self._page.furthest)
        self._motion.start()

    def _move(self) -> None:
        left = self._target - self._page.offset
        self._page.scroll_to(self._page.offset + max(1, left // 4))
        if left <= 1:
            self._motion.stop()


class Screen(QWidget):
    """The video's picture, 25 a second."""

    def __init__(self, name: str, captions: list[str], hue: int) -> None:
        super().__init__()
        self.setFixedSize(VIDEO)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self._scene = scene(name, hue)
        self._captions = captions
        self._began = time.monotonic()
        timer = QTimer(self, interval=40, timerType=Qt.TimerType.PreciseTimer)
        timer.timeout.connect(self.update)
        timer.start()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw this moment's picture and its caption."""
        at = time.monotonic() - self._began
        painter = QPainter(self)
        self._scene.paint(painter, at + 4)
        painter.resetTransform()
        painter.setFont(font(22, bold=True))
        caption = self._captions[int(at / 5) % len(self._captions)]
        box = QRect(0, VIDEO.height() - 62, VIDEO.width(), 40)
        painter.setPen(QColor(0, 0, 0, 190))
        painter.drawText(box.translated(2, 2), Qt.AlignmentFlag.AlignCenter, caption)
        painter.setPen(QColor("white"))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, caption)
        painter.end()


class Player(Program):
    """A video player: the moving picture, its progress, and what comes next."""

    LENGTH: Final = 300.0  # seconds

    def __init__(self, video: dict[str, Any], hue: int) -> None:
        super().__init__(video["title"], hue + 220, 36)
        self._video = video
        self._screen = Screen(video["scene"], video["captions"], hue)
        self._screen.setParent(self)
        self._screen.move(120, 110)
        self._began = time.monotonic()
        timer = QTimer(self, interval=1000)
        timer.timeout.connect(lambda: self.update(120, 660, VIDEO.width(), 60))
        timer.start()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw what stands around the picture."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(event.rect(), QColor("#12161b"))
        self._progress(painter, (time.monotonic() - self._began + 42) % self.LENGTH)
        white, grey = QColor("#f2f5f7"), QColor("#9aa7b4")
        write(painter, QRect(120, 740, 960, 50), self._video["title"], 34, white, bold=True)
        write(painter, QRect(120, 800, 960, 90), "Geography and science in five minutes. With captions.", 20, grey)
        write(painter, QRect(1180, 110, 600, 40), "Up next", 24, white, bold=True)
        for number, title in enumerate(self._video["next"][1:]):
            top = 170 + 170 * number
            painter.drawPixmap(1180, top, landscape(260, 146, self._hue + 60 * number, number))
            write(painter, QRect(1464, top + 12, 340, 80), title, 22, white)
            write(painter, QRect(1464, top + 84, 340, 40), f"{4 + number} minutes", 18, grey)
        painter.end()
        super().paintEvent(event)

    def _progress(self, painter: QPainter, at: float) -> None:
        painter.fillRect(120, 672, VIDEO.width(), 5, QColor("#39434d"))
        painter.fillRect(120, 672, int(VIDEO.width() * at / self.LENGTH), 5, QColor("#e5533d"))
        clock = f"❚❚    {int(at) // 60}:{int(at) % 60:02} / {int(self.LENGTH) // 60}:00"
        write(painter, QRect(120, 690, 500, 30), clock, 18, QColor("#c9d2da"))


class Calc(Program):
    """A spreadsheet that its reader has left alone."""

    COLUMN, ROW, LEFT, TOP = 170, 34, 60, 96

    def __init__(self, sheet: dict[str, Any], hue: int) -> None:
        super().__init__(sheet["title"], hue + 130)
        self._sheet = sheet
        self.body.addWidget(Bar(("DejaVu Sans", "12", "B", "I", "U", "£ %", "∑", "Sort", "Chart")))
        self.body.addStretch(1)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the table and its chart."""
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(0, self.TOP - 10, self.width(), self.height(), QColor("white"))
        self._grid(painter)
        self._cell(painter, 1, 1, self._sheet["heading"], bold=True, columns=4)
        for row, cells in enumerate([self._sheet["columns"], *self._sheet["rows"]]):
            for column, value in enumerate(cells):
                self._cell(painter, column + 1, row + 3, str(value), bold=row == 0)
        self._chart(painter, QRect(1180, 170, 620, 460))
        painter.end()

    def _grid(self, painter: QPainter) -> None:
        painter.fillRect(0, self.TOP - 10, self.width(), self.ROW, PAPER)
        painter.fillRect(0, self.TOP - 10, self.LEFT, self.height(), PAPER)
        for column in range(12):
            x = self.LEFT + self.COLUMN * column
            painter.setPen(LINE)
            painter.drawLine(x, self.TOP - 10, x, self.height())
            write(painter, QRect(x + 78, self.TOP - 4, 40, 30), "ABCDEFGHIJKL"[column], 15, SOFT)
        for row in range(30):
            y = self.TOP - 10 + self.ROW * (row + 1)
            painter.setPen(LINE)
            painter.drawLine(0, y, self.width(), y)
            write(painter, QRect(20, y + 7, 40, 30), str(row + 1), 15, SOFT)

    def _cell(
        self, painter: QPainter, column: int, row: int, text: str, *, bold: bool = False, columns: int = 1
    ) -> None:
        x, y = self.LEFT + self.COLUMN * (column - 1), self.TOP - 10 + self.ROW * row
        write(painter, QRect(x + 10, y + 7, self.COLUMN * columns - 12, self.ROW), text, 17, bold=bold)

    def _chart(self, painter: QPainter, area: QRect) -> None:
        painter.setPen(LINE)
        painter.setBrush(QColor("white"))
        painter.drawRoundedRect(area, 10, 10)
        write(painter, area.adjusted(28, 22, 0, 0), self._sheet["heading"], 20, bold=True)
        rows = self._sheet["rows"]
        most, step = max(row[-1] for row in rows), (area.width() - 80) // len(rows)
        for number, row in enumerate(rows):
            height = int((area.height() - 150) * row[-1] / most)
            bar = QRect(area.x() + 40 + step * number, area.bottom() - 60 - height, step - 18, height)
            shade = QLinearGradient(bar.topLeft(), bar.bottomLeft())
            shade.setColorAt(0, tint(self._hue, 130, 140))
            shade.setColorAt(1, tint(self._hue, 130, 100))
            painter.fillRect(bar, shade)
            write(painter, QRect(bar.x(), area.bottom() - 48, step, 30), str(row[0]), 16, SOFT)


def _essay(content: dict[str, Any], variation: int) -> Program:
    return Writer(content["essay"][variation % len(content["essay"])], 215 + 40 * variation)


def _browsing(content: dict[str, Any], variation: int) -> Program:
    pages = content["page"]
    start = variation % len(pages)
    return Browser(pages[start:] + pages[:start], 210 + 30 * variation)


def _video(content: dict[str, Any], variation: int) -> Program:
    return Player(content["video"][variation % len(content["video"])], 70 * (variation // 2))


def _idle(content: dict[str, Any], variation: int) -> Program:
    return Calc(content["sheet"][variation % len(content["sheet"])], 50 * variation)


PROGRAMS: Final[dict[str, tuple[str, Callable[[dict[str, Any], int], Program]]]] = {
    "essay": ("Writer", _essay),
    "browsing": ("Browser", _browsing),
    "video": ("Video player", _video),
    "idle": ("Calc", _idle),
}


def show(activity: str, variation: int) -> tuple[Program, Taskbar]:
    """Fill the screen with one desktop and return its windows; an application must be there."""
    area = QApplication.primaryScreen().geometry()
    content = tomllib.loads(resource_text("demo/desktops.toml"))
    program = PROGRAMS[activity][1](content, variation)
    program.setGeometry(QRect(area.topLeft(), QSize(area.width(), area.height() - TASKBAR)))
    taskbar = Taskbar(QRect(0, area.height() - TASKBAR, area.width(), TASKBAR), 215 + 47 * variation)
    taskbar.show()
    program.show()
    if isinstance(program, Browser):
        program.begin()
    return program, taskbar


def main() -> int:
    """Run one desktop until its display goes."""
    parser = argparse.ArgumentParser(prog="python -m tutor_app.demo.desktops")
    parser.add_argument("activity", choices=ACTIVITIES)
    parser.add_argument("--variation", type=int, default=0)
    options = parser.parse_args()
    name = PROGRAMS[options.activity][0]
    QApplication.setApplicationName(name)  # the class of its windows, which the tile shows
    application = QApplication([name.lower().replace(" ", "-")])
    windows = show(options.activity, options.variation)
    application.exec()
    del windows
    return 0


if __name__ == "__main__":
    sys.exit(main())
