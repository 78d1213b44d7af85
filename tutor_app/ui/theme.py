"""Colours, sizes and icons of the tutor's windows: light, dark, or as the system has it."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from string import Template
from typing import Final

import qtawesome  # type: ignore[import-untyped]  # publishes no types; used in this file only
from PySide6.QtCore import QObject, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontInfo, QIcon, QPalette, QPixmap
from PySide6.QtWidgets import QApplication

from protocol.resource import resource_text
from tutor_app.classroom.phrases import Tone


class Scheme(StrEnum):
    """What the View menu offers."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


@dataclass(frozen=True, kw_only=True)
class Tokens:
    """One scheme's colours, as #RRGGBB. `well` lies behind pictures; `on_*` is text upon that colour.

    `veil` covers locked screens: a whole wall of them must not outshine everything else in the dark.
    """

    paper: str
    surface: str
    line: str
    ink: str
    soft: str
    accent: str
    live: str
    warn: str
    danger: str
    locked: str
    well: str
    hover: str
    dim: str
    on_accent: str
    veil: str
    on_veil: str

    def tone(self, tone: Tone) -> QColor:
        """Return the colour of a run of text."""
        return QColor(self.ink if tone is Tone.STRONG else str(getattr(self, tone)))


LIGHT: Final = Tokens(
    paper="#F3F5F8", surface="#FFFFFF", line="#D8DEE6", ink="#18212B", soft="#5A6775", accent="#1F5FBF",
    live="#1B7F4F", warn="#9A6200", danger="#B3261E", locked="#5A3DB8",
    well="#E8ECF1", hover="#EEF2F7", dim="#A4ABB3", on_accent="#FFFFFF", veil="#5A3DB8", on_veil="#FFFFFF",
)  # fmt: skip
DARK: Final = Tokens(
    paper="#0F1419", surface="#182029", line="#2A3541", ink="#E7EDF3", soft="#9BA8B5", accent="#7DB2FF",
    live="#5CC796", warn="#E7B45A", danger="#FF8A80", locked="#B7A2FF",
    well="#222C36", hover="#212C37", dim="#606B76", on_accent="#0F1419", veil="#3E2F7A", on_veil="#F1EDFF",
)  # fmt: skip

# Our words for icons → Phosphor's regular set: one set, one stroke.
_ICONS: Final = {
    "lock": "lock-simple",
    "unlock": "lock-simple-open",
    "message": "chat-text",
    "flag": "flag",
    "find": "magnifying-glass",
    "close": "x",
    "warning": "warning-circle",
    "check": "check-circle",
    "clock": "clock",
    "monitor": "monitor",
    "no-picture": "eye-slash",
    "back": "arrow-left",
    "more": "caret-down",
    "previous": "caret-left",
    "next": "caret-right",
    "why": "question",
    "file": "identification-card",
    "folder": "folder-open",
    "end": "stop-circle",
    "panel": "list-dashes",
    "lamp": "lightbulb",
    "search": "wifi-high",
    "keyboard": "keyboard",
    "pause": "pause",
    "reconnecting": "arrows-clockwise",
    "actual": "frame-corners",
    "fit": "corners-in",
    "full": "corners-out",
    "export": "download-simple",
    "calendar": "calendar-blank",
    "people": "users-three",
    "missing": "wifi-slash",
    "size": "squares-four",
    "sort": "sort-ascending",
    "undo": "arrow-counter-clockwise",
    "live": "eye",
    "records": "list-bullets",
    "assess": "clipboard-text",
    "play": "play",
    "found": "device-mobile",
    "key": "key",
    "help": "hand-palm",
    "rules": "sliders-horizontal",
    "eyes": "chalkboard-teacher",
}


class Theme(QObject):
    """The scheme in force. Widgets that paint themselves read `tokens` when they paint; `changed` tells them to."""

    changed = Signal()

    def __init__(self, scheme: Scheme = Scheme.SYSTEM, reduce_motion: bool = False) -> None:
        super().__init__()
        self.scheme = scheme
        self.reduce_motion = reduce_motion
        self.tokens = LIGHT
        self._pixmaps: dict[tuple[str, str, int, float], QPixmap] = {}
        self._base = QFontInfo(QApplication.font()).pixelSize()
        QApplication.styleHints().colorSchemeChanged.connect(self._apply)
        self._apply()

    def choose(self, scheme: Scheme) -> None:
        """Switch to a scheme at once."""
        self.scheme = scheme
        self._apply()

    @property
    def text(self) -> int:
        """The ordinary text size in pixels: the system's own, 12 at least and 20 at most."""
        return min(20, max(13, self._base))

    def font(self, *, step: int = 0, bold: bool = False) -> QFont:
        """Return the system's typeface, `step` pixels larger than ordinary text."""
        font = QFont(QApplication.font())
        font.setPixelSize(self.text + step)
        font.setBold(bold)
        return font

    def icon(self, name: str, tone: str = "ink") -> QIcon:
        """Return one of our icons in a token's colour; dimmed where its control is off."""
        colour = str(getattr(self.tokens, tone))
        icon: QIcon = qtawesome.icon(f"ph.{_ICONS[name]}", color=colour, color_disabled=self.tokens.dim)
        return icon

    def pixmap(self, name: str, colour: QColor, size: int, ratio: float) -> QPixmap:
        """Return an icon as a picture of `size` logical pixels, for painting; kept for the next time."""
        key = (name, colour.name(), size, ratio)
        if key not in self._pixmaps:
            icon = qtawesome.icon(f"ph.{_ICONS[name]}", color=colour)
            self._pixmaps[key] = icon.pixmap(QSize(size, size), ratio)
        return self._pixmaps[key]

    def _apply(self) -> None:
        self.tokens = DARK if self._dark() else LIGHT
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.setPalette(_palette(self.tokens))
        application.setFont(self.font())
        application.setStyleSheet(_style_sheet(self.tokens, self.text))
        self.changed.emit()

    def _dark(self) -> bool:
        if self.scheme is Scheme.SYSTEM:
            return QApplication.styleHints().colorScheme() is Qt.ColorScheme.Dark
        return self.scheme is Scheme.DARK


def _style_sheet(tokens: Tokens, text: int) -> str:
    sizes = {"text": text, "small": text - 1, "title": text + 4, "large": text + 9}
    washes = {
        "accent_wash": _wash(tokens.accent, tokens.surface, 0.1),
        "accent_hover": _wash(tokens.ink, tokens.accent, 0.12),
        "locked_wash": _wash(tokens.locked, tokens.surface, 0.12),
        "danger_wash": _wash(tokens.danger, tokens.surface, 0.1),
    }
    return Template(resource_text("styles/tutor.qss")).substitute(asdict(tokens) | sizes | washes)


def _wash(colour: str, ground: str, share: float) -> str:
    """Return `share` of a colour laid over a ground, opaque."""
    top, bottom = QColor(colour), QColor(ground)
    parts = ((top.red(), bottom.red()), (top.green(), bottom.green()), (top.blue(), bottom.blue()))
    return QColor(*(round(a * share + b * (1 - share)) for a, b in parts)).name()


def _palette(tokens: Tokens) -> QPalette:
    palette = QPalette()
    roles = QPalette.ColorRole
    for role, colour in {
        roles.Window: tokens.paper,
        roles.WindowText: tokens.ink,
        roles.Base: tokens.surface,
        roles.Text: tokens.ink,
        roles.AlternateBase: tokens.paper,
        roles.Button: tokens.surface,
        roles.ButtonText: tokens.ink,
        roles.Link: tokens.accent,
        roles.Highlight: tokens.accent,
        roles.HighlightedText: tokens.on_accent,
        roles.ToolTipBase: tokens.surface,
        roles.ToolTipText: tokens.ink,
        roles.PlaceholderText: tokens.soft,
        roles.Mid: tokens.line,
        roles.Accent: tokens.accent,
    }.items():
        palette.setColor(role, QColor(colour))
    for role in (roles.WindowText, roles.Text, roles.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(tokens.dim))
    return palette
