"""A release code, key by key."""

from student_client.desktop.lock_code import ASK, BLANK, LOOKING, LockCode
from student_client.local import CodeAnswer

WRONG = CodeAnswer(released=False, sentence="That is not the code. 4 tries are left.")
WAIT = CodeAnswer(released=False, sentence="Wait until 10:20, then try again.", wait_until=1600.0)


def test_eight_digits_are_a_code_and_nothing_is_taken_before_its_answer() -> None:
    code = LockCode()
    assert code.words == f"{ASK}  {4 * BLANK} {4 * BLANK}"
    assert code.press("123", 1000.0) == ""
    assert code.press("\b4567", 1000.0) == ""
    assert code.words == f"{ASK}  1245 67{2 * BLANK}"
    assert code.press("8899", 1000.0) == "12456788"
    assert code.words == LOOKING
    assert code.press("1", 1000.0) == ""
    code.answered(WRONG)
    assert code.words == f"{WRONG.sentence}  {4 * BLANK} {4 * BLANK}"
    code.press("\b1", 1000.0)
    assert code.words == f"{ASK}  1{3 * BLANK} {4 * BLANK}"


def test_while_there_is_a_wait_no_key_counts() -> None:
    code = LockCode()
    code.answered(WAIT)
    assert code.press("12345678", 1599.0) == ""
    assert code.words.startswith(WAIT.sentence)
    assert code.press("12345678", 1600.0) == "12345678"
