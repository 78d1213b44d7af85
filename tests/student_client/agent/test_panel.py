"""What the student's panel is told."""

import pytest

from protocol.policy.rules import Decisions
from student_client.agent.panel import Standing, panel_state
from student_client.agent.receipts import Receipts

from .conftest import Campus, DialTutor, Laptop, terms


@pytest.mark.parametrize(("rules", "begins"), [("independent", "You choose what to work on"), ("lesson", "Use this")])
async def test_the_rules_of_the_lesson_are_what_is_read(
    campus: Campus, laptop: Laptop, visit: DialTutor, rules: str, begins: str
) -> None:
    tutor = await visit(campus.staff("maths-tutor"), laptop)
    await tutor.enter(terms(rules=rules))
    assert any(sentence.startswith(begins) for sentence in laptop.agent.device.enforcement.decisions.sentences)


async def test_it_shows_what_stands(laptop: Laptop) -> None:
    standing = Standing(
        lesson="Maths 10B",
        tutor="Maths tutor",
        ends_at=1000.0,
        decisions=Decisions(sentences=("No games.",), allowed=("bbc.co.uk",)),
        can_call=True,
        hand=True,
    )
    panel = panel_state(laptop.agent.device.gate, standing, (), Receipts(laptop.state), "")
    assert (panel.lesson, panel.tutor, panel.ends_at) == ("Maths 10B", "Maths tutor", 1000.0)
    assert (panel.rules, panel.allowed) == (("No games.",), ("bbc.co.uk",))
    assert (panel.can_call, panel.hand, panel.is_break, panel.assessment) == (True, True, False, None)
    assert panel.report_abuse_url.startswith("https://")
    nothing = panel_state(laptop.agent.device.gate, Standing(), (), Receipts(laptop.state), "")
    assert (nothing.lesson, nothing.rules) == ("", ())
