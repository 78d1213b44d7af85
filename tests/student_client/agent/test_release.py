"""Release codes: right once, five tries, ten minutes."""

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.hotp import HOTP
from msgspec import json

from student_client.agent.release import TRIES, WAIT, ReleaseKey, read_key, tried, write_key

SECRET = b"12345678901234567890"  # RFC 4226, appendix D
KEY = ReleaseKey(assessment="a" * 32, secret=SECRET)


def code(counter: int) -> str:
    return HOTP(SECRET, 8, SHA1()).generate(counter).decode()


def test_the_codes_are_those_of_the_rfc() -> None:
    assert [code(counter)[2:] for counter in range(3)] == ["755224", "287082", "359152"]


def test_a_code_releases_once() -> None:
    after, answer = tried(KEY, code(0), 1000.0)
    assert answer.released
    assert after.counter == 1
    assert not tried(after, code(0), 1000.0)[1].released
    assert tried(after, code(1), 1000.0)[1].released


def test_five_wrong_codes_and_then_not_even_the_right_one_for_ten_minutes() -> None:
    key = KEY
    for left in range(TRIES - 1, 0, -1):
        key, answer = tried(key, "00000000", 1000.0)
        assert not answer.released
        assert (str(left) if left > 1 else "One try") in answer.sentence
        assert answer.wait_until == 0
    key, answer = tried(key, "00000000", 1000.0)
    assert (answer.released, answer.wait_until) == (False, 1000.0 + WAIT)
    key = read_key(write_key(key), KEY.assessment) or KEY  # through a restart
    assert tried(key, code(0), 1000.0 + WAIT - 1) == (key, answer)
    again, released = tried(key, code(0), 1000.0 + WAIT)
    assert released.released
    assert again.counter == 1


def test_after_the_wait_there_are_five_tries_again() -> None:
    key = ReleaseKey(assessment="a" * 32, secret=SECRET, wait_until=1000.0)
    key, answer = tried(key, "00000000", 1000.0)
    assert "4 tries" in answer.sentence


def test_another_assessments_key_and_a_damaged_one_release_nothing() -> None:
    assert read_key(write_key(KEY), "b" * 32) is None
    assert read_key(write_key(KEY)[:-5], KEY.assessment) is None
    assert read_key(json.encode({"assessment": KEY.assessment}), KEY.assessment) is None
    assert read_key(None, KEY.assessment) is None


def test_the_secret_is_in_no_log() -> None:
    assert "1234" not in repr(KEY)
    assert "1234" not in f"{KEY}"
