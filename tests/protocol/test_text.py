"""Plain text: what is taken out, what is kept, and that cleaning is stable."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.text import is_plain, plain

BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"


@pytest.mark.parametrize("char", [*BIDI, "\x00", "\x1b", "\x7f", "\x9b", "\u200b", "\ufeff", "\ud800", "\ue000"])
def test_controls_and_format_characters_are_removed(char: str) -> None:
    assert plain(f"Ali{char}ce", 99) == "Alice"
    assert plain(f"Ali{char}ce", 99, multiline=True) == "Alice"
    assert not is_plain(f"Ali{char}ce")
    assert not is_plain(f"Ali{char}ce", multiline=True)


def test_line_ends_stay_only_where_lines_are_wanted() -> None:
    assert plain("one\r\ntwo\rthree\u2028four\tfive", 99) == "one two three four five"
    assert plain("one\r\ntwo\rthree\u2028four\tfive", 99, multiline=True) == "one\ntwo\nthree\nfour five"
    assert not is_plain("one\ntwo")
    assert is_plain("one\ntwo", multiline=True)
    assert not is_plain("one\r\ntwo", multiline=True)


def test_one_unicode_form() -> None:
    assert plain("Zoe\u0308", 99) == "Zo\u00eb"
    assert not is_plain("Zoe\u0308")


@pytest.mark.parametrize("text", ["Siân O\u2019Neill", "می\u200cروم", "👩\u200d🏫 hello", "王芳", "x" * 5000, ""])
def test_people_s_names_and_emoji_stay(text: str) -> None:
    assert plain(text, 9999) == text
    assert is_plain(text)


def test_length_is_capped_in_code_points() -> None:
    assert plain("👋" * 10, 3) == "👋" * 3
    assert plain("abc", 0) == ""


@given(st.text(alphabet=st.characters(exclude_categories=[])), st.integers(0, 40), st.booleans())
def test_what_is_plain_stays_plain(text: str, limit: int, multiline: bool) -> None:
    once = plain(text, limit, multiline)
    assert len(once) <= limit
    assert is_plain(once, multiline)
    assert plain(once, limit, multiline) == once
    assert unicodedata.is_normalized("NFC", once)
    assert ("\n" not in once) or multiline
    once.encode()  # no lone surrogate is left
