"""Labels and links of the student's windows for text from outside: plain, wrapped, and to the web alone."""

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QLabel, QPushButton


def text(name: str, content: str) -> QLabel:
    """Return a label of the style sheet's `name` for text from outside: plain, wrapped."""
    label = QLabel(content)
    label.setObjectName(name)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    return label


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
