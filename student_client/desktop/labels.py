"""Labels and links of the student's windows for text from outside: plain, wrapped, and to the web alone."""

import re

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QLabel, QPushButton


LONGEST_WORD = 24  # letters; a longer one, such as an address, may be broken anywhere after so many


class PlainLabel(QLabel):
    """A label for text from outside: plain, wrapped, and never wider than its window for the sake of a long word."""

    def __init__(self, name: str, content: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(True)
        self.setText(content)

    def setText(self, content: str) -> None:
        """Show another text."""
        super().setText(_LONG_WORD.sub("\\g<0>\u200b", content))


_LONG_WORD = re.compile(rf"\S{{{LONGEST_WORD}}}(?=\S)")


def text(name: str, content: str) -> QLabel:
    """Return a label of the style sheet's `name` for text from outside."""
    return PlainLabel(name, content)


def web_address(address: str) -> QUrl | None:
    """Return the address if it is one of the web; anything else could start a program."""
    url = QUrl(address, QUrl.ParsingMode.StrictMode)
    return url if url.scheme() in ("https", "http") else None


def link(words: str, url: QUrl) -> QPushButton:
    """Return a button that looks like a link and opens the address in the student's browser."""
    button = QPushButton(words)
    button.setObjectName("link")
    button.setCursor(Qt.CursorShape.PointingHandCursor)
    button.setToolTip(url.toDisplayString())
    button.setAccessibleDescription(f"Opens {url.toDisplayString()} in your browser.")
    button.clicked.connect(lambda: QDesktopServices.openUrl(url))
    return button
