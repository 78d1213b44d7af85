"""Colours of the student's windows (docs: LOOK.md's tokens), light and dark, and the style sheet made of them."""

from dataclasses import asdict, dataclass
from string import Template

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QPalette

from protocol.resource import resource_text


@dataclass(frozen=True, slots=True)
class Tokens:
    """Every colour a window may use, as ``#rrggbb``."""

    paper: str
    surface: str
    line: str
    ink: str
    soft: str
    accent: str
    on_accent: str
    live: str
    warn: str
    danger: str
    locked: str


LIGHT = Tokens(
    paper="#F3F5F8",
    surface="#FFFFFF",
    line="#D8DEE6",
    ink="#18212B",
    soft="#5A6775",
    accent="#1F5FBF",
    on_accent="#FFFFFF",
    live="#1B7F4F",
    warn="#9A6200",
    danger="#B3261E",
    locked="#5A3DB8",
)
DARK = Tokens(
    paper="#0F1419",
    surface="#182029",
    line="#2A3541",
    ink="#E7EDF3",
    soft="#9BA8B5",
    accent="#7DB2FF",
    on_accent="#0F1419",
    live="#5CC796",
    warn="#E7B45A",
    danger="#FF8A80",
    locked="#B7A2FF",
)


@dataclass(frozen=True, slots=True)
class LockTokens:
    """The lock window's own colours, the same in light and dark."""

    ground: str = "#1A1433"
    box: str = "#2B2643"
    title: str = "#FFFFFF"
    line: str = "#D6CFF5"
    small: str = "#B9AFE8"


LOCK = LockTokens()


def is_dark() -> bool:
    """Whether the desktop asks for dark windows; where it does not say, its palette decides."""
    scheme = QGuiApplication.styleHints().colorScheme()
    if scheme != Qt.ColorScheme.Unknown:
        return scheme == Qt.ColorScheme.Dark
    palette = QGuiApplication.palette()
    ground, text = palette.color(QPalette.ColorRole.Window), palette.color(QPalette.ColorRole.WindowText)
    return ground.lightness() < text.lightness()


def tokens() -> Tokens:
    """Return the colours for the desktop's light or dark of this moment."""
    return DARK if is_dark() else LIGHT


def style_sheet() -> str:
    """Return the application's style sheet for the desktop's light or dark of this moment."""
    colours = asdict(tokens()) | {f"lock_{name}": value for name, value in asdict(LOCK).items()}
    return Template(resource_text("styles/student.qss")).substitute(colours)
