"""The offline release of an assessment: one-time codes of 8 digits, five tries, then ten minutes' wait. Pure.

HOTP (RFC 4226, SHA-1) by `cryptography`, which compares in constant time. The times come from a clock that never falls.
"""

from datetime import UTC, datetime
from typing import Annotated, Final
from uuid import uuid4

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor import InvalidToken
from cryptography.hazmat.primitives.twofactor.hotp import HOTP
from msgspec import DecodeError, Meta, json
from msgspec.structs import replace

from protocol.messages import Breach, Count, Id, Time, Value
from student_client.local import CODE_DIGITS, CodeAnswer

TRIES: Final = 5
WAIT: Final = 600.0  # seconds
RULE: Final = "released"
CATEGORY: Final = "needs-help"  # of the policy's categories the one that accuses nobody
RELEASED: Final = "The assessment was ended on this laptop with its release code."


class ReleaseKey(Value, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The secret of one assessment on this device, and what was tried of it."""

    assessment: Id
    secret: Annotated[bytes, Meta(min_length=20, max_length=32)]
    counter: Count = 0
    wrong: Annotated[int, Meta(ge=0, le=TRIES)] = 0
    wait_until: Time = 0.0

    def __repr__(self) -> str:
        """Return it without the secret: this may end up in a log."""
        return f"ReleaseKey(assessment={self.assessment!r}, counter={self.counter}, wrong={self.wrong})"


def tried(key: ReleaseKey, code: str, now: float) -> tuple[ReleaseKey, CodeAnswer]:
    """Look at a code unless there is a wait; return what to store before answering, and the answer."""
    if now < key.wait_until:
        return key, _waiting(key.wait_until)
    if _is_right(key, code):
        after = replace(key, counter=key.counter + 1, wrong=0, wait_until=0.0)
        return after, CodeAnswer(released=True, sentence="The code is right. The assessment is over on this laptop.")
    wrong = key.wrong + 1
    if wrong >= TRIES:
        after = replace(key, wrong=0, wait_until=now + WAIT)
        return after, _waiting(after.wait_until)
    left = TRIES - wrong
    tries = "One try is left." if left == 1 else f"{left} tries are left."
    return replace(key, wrong=wrong), CodeAnswer(released=False, sentence=f"That is not the code. {tries}")


def released_breach(now: float) -> Breach:
    """Return what the invigilator is told: not a breach, but an event that goes the same way."""
    return Breach(id=uuid4().hex, rule=RULE, category=CATEGORY, sentence=RELEASED, at=now)


def write_key(key: ReleaseKey) -> bytes:
    """Return what is stored of it."""
    return json.encode(key)


def read_key(data: bytes | None, assessment: str) -> ReleaseKey | None:
    """Return this assessment's key, or None where there is none or it is damaged: then no code releases."""
    try:
        key = json.decode(data, type=ReleaseKey) if data else None
    except (DecodeError, UnicodeDecodeError):
        return None
    return key if key and key.assessment == assessment else None


def _is_right(key: ReleaseKey, code: str) -> bool:
    try:
        HOTP(key.secret, CODE_DIGITS, SHA1()).verify(code.encode(), key.counter)  # noqa: S303 - RFC 4226
    except InvalidToken:
        return False
    return True


def _waiting(until: float) -> CodeAnswer:
    at = datetime.fromtimestamp(until, UTC).astimezone()
    sentence = f"Those were {TRIES} wrong codes. Wait until {at:%H:%M}, then try again."
    return CodeAnswer(released=False, sentence=sentence, wait_until=until)
