"""Pages being read, scrolled and changed."""

from typing import Any, Final

from PySide6.QtCore import QRect, Qt, QTimer
from PySide6.QtGui import (
    QColor,
    QPainter,
    QPaintEvent,
    QPixmap,
)
from PySide6.QtWidgets import QLabel, QWidget

from tutor_app.demo.programs.chrome import (
    SOFT,
    TITLE_BAR,
    Program,
    font,
    write,
)
from tutor_app.demo.programs.pictures import landscape, tint


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
