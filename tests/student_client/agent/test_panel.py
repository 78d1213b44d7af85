"""What the student's panel is told."""

import pytest

from student_client.agent.panel import LessonNow, panel_state
from student_client.agent.receipts import Receipts

from .conftest import Laptop, terms


@pytest.mark.parametrize(
    ("rules", "begins"), [("assessment", "Your phone and any"), ("nobody-knows", "Use this laptop")]
)
async def test_a_lesson_always_has_rules(laptop: Laptop, rules: str, begins: str) -> None:
    lesson = LessonNow(terms(rules=rules), "Maths tutor", 1_000.0)
    panel = panel_state(laptop.agent.device.gate, [lesson], (), Receipts(laptop.state), "")
    assert panel.rules[0].startswith(begins)
    assert panel_state(laptop.agent.device.gate, [], (), Receipts(laptop.state), "").rules == ()
