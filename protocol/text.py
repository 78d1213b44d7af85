"""Text from a peer, a certificate or a file, made fit to be shown: plain, in one Unicode form, bounded."""

import unicodedata

# Persian, Hindi, Sinhala and joined emoji are misspelt without these two; every other format control
# (bidirectional overrides, zero-width spaces, tags) only serves to make text look like something it is not.
JOINERS = "\u200c\u200d"

_REMOVED = frozenset({"Cc", "Cf", "Cs", "Co"})
_BREAKS = "\n\r\v\f\x85\u2028\u2029"
_SPACES_FOR_BREAKS = str.maketrans(dict.fromkeys(_BREAKS + "\t", " "))
_LINES_FOR_BREAKS = str.maketrans(dict.fromkeys(_BREAKS, "\n") | {"\t": " "})


def plain(text: str, limit: int, multiline: bool = False) -> str:
    """Return `text` in NFC, without control and format characters, at most `limit` code points.

    Line ends and tabs become spaces; with `multiline` line ends become ``\\n``.
    """
    return _cleaned(text, multiline)[:limit]


def is_plain(text: str, multiline: bool = False) -> bool:
    """Whether `plain` would leave `text` as it is, its length aside."""
    return _cleaned(text, multiline) == text


def _cleaned(text: str, multiline: bool) -> str:
    if (text.replace("\n", "") if multiline else text).isprintable():
        return text if text.isascii() else unicodedata.normalize("NFC", text)
    text = text.replace("\r\n", "\n").translate(_LINES_FOR_BREAKS if multiline else _SPACES_FOR_BREAKS)
    return unicodedata.normalize("NFC", "".join(filter(_kept, text)))


def _kept(char: str) -> bool:
    return char == "\n" or char in JOINERS or unicodedata.category(char) not in _REMOVED
