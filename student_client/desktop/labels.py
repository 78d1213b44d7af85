"""Labels and links of the student's windows for text from outside: plain, wrapped, and to the web alone."""

import re

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QLabel, QPushButton

_LONG_WORD = re.compile(r"\S{24}(?=\S)")  # such as an address; it may be broken after so many letters


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
