import pytest
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

from student_client.desktop import theme


def luminance(colour: str) -> float:
    def linear(value: float) -> float:
        return value / 12.92 if value <= 0.03928 else ((value + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(byte / 255) for byte in bytes.fromhex(colour[1:]))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("tokens", [theme.LIGHT, theme.DARK], ids=["light", "dark"])
@pytest.mark.parametrize("name", ["ink", "soft", "accent", "warn", "danger", "live", "locked"])
def test_every_text_colour_can_be_read_on_a_card(tokens: theme.Tokens, name: str) -> None:
    assert contrast(getattr(tokens, name), tokens.surface) >= 4.5
    assert contrast(tokens.on_accent, tokens.accent) >= 4.5


@pytest.mark.parametrize("name", ["title", "line", "small"])
def test_the_lock_can_be_read(name: str) -> None:
    assert contrast(getattr(theme.LOCK, name), theme.LOCK.ground) >= 7
    assert contrast(getattr(theme.LOCK, name), theme.LOCK.box) >= 4.5


def test_follows_the_desktops_light_or_dark(qapp: QApplication) -> None:
    before = qapp.palette()
    try:
        for ground, expected in (("#202020", theme.DARK), ("#f0f0f0", theme.LIGHT)):
            qapp.setPalette(QPalette(QColor(ground)))
            assert theme.tokens() == expected
            assert expected.surface in theme.style_sheet()
    finally:
        qapp.setPalette(before)


def test_no_name_in_the_style_sheet_is_left_over(qapp: QApplication) -> None:
    assert "$" not in theme.style_sheet()
