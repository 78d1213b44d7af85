"""The longest status there can be, in letters of four bytes, is still a message."""

from protocol.codec import DEVICE
from protocol.messages import (
    AssessmentFacts,
    HandFacts,
    LockFacts,
    MonitorFacts,
    RulesFacts,
    ScreenState,
    Status,
    Unheld,
)
from protocol.session import CONTROL_LIMIT
from student_client.agent.brief import brief

LATE = 253402300799.0
WIDE = "\U00010348"  # four bytes


def status(letter: str, rules: int = 24, monitors: int = 16) -> Status:
    line, name, slug = 200 * letter, 80 * letter, 40 * "s"
    return Status(
        user=line,
        host=line,
        application=line,
        monitors=tuple(
            MonitorFacts(index=number, name=line, width=16384, height=16384) for number in range(1, monitors + 1)
        ),
        screen=ScreenState.INDICATOR_HIDDEN,
        reason=280 * letter,
        lock=LockFacts(id=32 * "a", by=name, until=LATE, covered=True),
        inputs=2**53,
        rules=RulesFacts(
            rules=slug, until=LATE, changes=64, unheld=(Unheld(rule=slug, why=280 * letter),) * rules
        ),
        assessment=AssessmentFacts(
            id=32 * "a", name=name, rules=slug, by=name, starts_at=LATE, ends_at=LATE, paused_at=LATE, released_at=LATE
        ),
        hand=HandFacts(since=LATE, text=line),
        covered=True,
    )  # fmt: skip


def test_the_longest_is_cut_short_and_fits() -> None:
    longest = status(WIDE)
    assert len(DEVICE.encode(longest)) > CONTROL_LIMIT
    short = brief(longest)
    assert len(DEVICE.encode(short)) <= CONTROL_LIMIT
    assert short.rules
    assert short.rules.unheld[-1].why == 69 * WIDE + "…"
    assert short.monitors[-1].name == 39 * WIDE + "…"
    assert (short.reason, short.lock, short.assessment, short.hand) == (
        longest.reason, longest.lock, longest.assessment, longest.hand,
    )  # fmt: skip


def test_what_fits_is_left_alone() -> None:
    for one in (status("x"), status(WIDE, rules=2, monitors=2), status("x", rules=0, monitors=0)):
        assert len(DEVICE.encode(one)) <= CONTROL_LIMIT
        assert brief(one) is one


def test_no_status_is_taken_for_short_that_is_not() -> None:
    for rules in range(25):
        for monitors in range(17):
            assert len(DEVICE.encode(brief(status(WIDE, rules, monitors)))) <= CONTROL_LIMIT
