"""Offline release: each laptop's secret, and the code on the invigilator's sheet that ends the assessment there."""

import secrets
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.hotp import HOTP

DIGITS: Final = 8
_BYTES: Final = 20  # RFC 4226 §4: the length of the secret should be 160 bits
_COUNTER: Final = 0  # one code for one assessment on one laptop


def new_secret() -> bytes:
    """Return a secret for one laptop and one assessment."""
    return secrets.token_bytes(_BYTES)


def release_code(secret: bytes) -> str:
    """Return the 8 digits that a laptop with this secret accepts (RFC 4226, SHA-1 as there)."""
    return HOTP(secret, DIGITS, SHA1()).generate(_COUNTER).decode()  # noqa: S303 - HMAC-SHA-1 is what RFC 4226 prescribes


def grouped(code: str) -> str:
    """Return a code as people read it out: "1234 5678"."""
    return f"{code[:4]} {code[4:]}"
