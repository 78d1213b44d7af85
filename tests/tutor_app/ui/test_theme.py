"""Colours that can be read, and one switch for all of them."""

import pytest
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

from tutor_app.classroom.phrases import Tone
from tutor_app.ui import theme as theme_module
from tutor_app.ui.theme import DARK, LIGHT, Scheme, Theme, Tokens


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    parts = (QColor(colour).redF(), QColor(colour).greenF(), QColor(colour).blueF())
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("name", ["ink", "soft", "accent", "live", "warn", "danger", "locked"])
@pytest.mark.parametrize("ground", ["surface", "paper"])
def test_every_text_colour_can_be_read(tokens: Tokens, name: str, ground: str) -> None:
    assert contrast(getattr(tokens, name), getattr(tokens, ground)) >= 4.5


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
def test_text_upon_colours_can_be_read(tokens: Tokens) -> None:
    assert contrast(tokens.on_accent, tokens.accent) >= 4.5
    assert contrast(tokens.on_veil, tokens.veil) >= 4.5
    assert contrast(tokens.soft, tokens.well) >= 4.5


def test_every_tone_has_a_colour() -> None:
    assert all(LIGHT.tone(tone).isValid() for tone in Tone)


def test_choosing_a_scheme_changes_palette_and_style_at_once(qapp: QApplication) -> None:
    theme = Theme(Scheme.LIGHT)
    heard: list[str] = []
    theme.changed.connect(lambda: heard.append(theme.tokens.paper))
    theme.choose(Scheme.DARK)
    assert heard == [DARK.paper]
    assert qapp.palette().color(QPalette.ColorRole.Window).name().upper() == DARK.paper
    assert DARK.surface in qapp.styleSheet()
    theme.choose(Scheme.LIGHT)
    assert LIGHT.surface in qapp.styleSheet()


@pytest.mark.parametrize("name", list(theme_module._ICONS))
def test_every_icon_exists(theme: Theme, name: str) -> None:
    image = theme.pixmap(name, QColor("#000000"), 16, 1.0).toImage()
    assert any(image.pixelColor(x, y).alpha() for x in range(16) for y in range(16))
