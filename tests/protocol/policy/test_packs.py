"""The policy packs: every one is whole, and does in each situation what the colleges' own policies demand."""

import pytest

from protocol.policy.document import DEFAULT_RULES, Policy
from protocol.policy.facts import BluetoothFacts, Facts, NetworkFacts, Place, Program, UsbStorage
from protocol.policy.parse import parse_policy
from protocol.policy.rule import Do
from protocol.policy.rules import Decisions, decide
from protocol.resource import resource_text
from tutor_app.admin.college import packs

from .ground import NOW, allowing_site, broken, lease, running

PACKS = {name: parse_policy(resource_text(f"policies/{name}.toml")) for name in packs()}
STICK = Facts(usb_storage=(UsbStorage("usb-1", "SanDisk", "Ultra"),))
HOTSPOT = Facts(network=NetworkFacts(Place.OFF_SITE, ("usb0",), tethered=True))
VISIBLE = Facts(bluetooth=BluetoothFacts(on=True, visible=True))
OUTSIDE = None


def held(policy: Policy, rules: str | None, facts: Facts) -> Decisions:
    return decide(policy, lease(rules=rules) if rules else None, facts, NOW)


def test_there_are_two() -> None:
    assert packs() == ("college", "school")


@pytest.mark.parametrize("name", PACKS)
def test_every_flag_category_a_rule_names_exists(name: str) -> None:
    policy = PACKS[name]
    rules = [rule for one in policy.rules.values() for rule in one.rules]
    assert {rule.category for rule in rules if Do.FLAG in rule.do} <= set(policy.flags)
    assert all(rule.plainly for rule in rules)
    assert {DEFAULT_RULES, "break", "assessment", "independent"} <= set(policy.rules)
    assert policy.rules["break"].is_break
    assert policy.rules["assessment"].is_assessment


SITUATIONS = [
    # what holds              what the laptop sees         what is broken
    ("lesson", running("steam"), ["games:steam"]),
    ("lesson", running("firefox", "soffice.bin"), []),
    ("lesson", running("Discord.exe"), ["chat:discord.exe"]),
    ("lesson", running("anydesk"), ["remote-control:anydesk"]),
    ("lesson", running("orca", "onboard"), []),
    ("lesson", STICK, ["usb-storage:usb-1"]),
    ("lesson", HOTSPOT, ["hotspot:tethered"]),
    ("lesson", VISIBLE, ["bluetooth:visible"]),
    ("break", running("steam"), []),
    ("break", STICK, ["usb-storage:usb-1"]),
    ("independent", running("steam", "discord"), ["games:steam"]),
    ("assessment", running("discord"), ["chat:discord"]),
    ("assessment", HOTSPOT, ["exam-network:off-site", "exam-network:tethered"]),
    ("assessment", Facts(monitors=2, monitors_at_start=2), ["exam-monitors:more-than-one"]),
    (OUTSIDE, running("steam", "discord"), []),
    (OUTSIDE, STICK, []),
]


@pytest.mark.parametrize("name", PACKS)
@pytest.mark.parametrize(("rules", "facts", "expected"), SITUATIONS)
def test_situations(name: str, rules: str | None, facts: Facts, expected: list[str]) -> None:
    assert broken(held(PACKS[name], rules, facts)) == expected


@pytest.mark.parametrize("name", PACKS)
def test_what_is_harmful_is_blocked_at_all_times(name: str) -> None:
    for rules in (*PACKS[name].rules, OUTSIDE):
        web = held(PACKS[name], rules, Facts()).web
        assert {"child-abuse", "terrorism", "pornography", "vpns-and-proxies", "gambling"} <= set(web.categories)
    outside = held(PACKS[name], OUTSIDE, Facts())
    assert "social-networking" not in outside.web.categories
    assert outside.held[0].rule == "filter"
    assert not outside.block_usb_storage


@pytest.mark.parametrize("name", PACKS)
def test_an_assessment_is_closed_further(name: str) -> None:
    found = held(PACKS[name], "assessment", Facts())
    assert found.switch_bluetooth_off
    assert found.block_usb_storage
    assert "academic-dishonesty" in found.web.categories
    assert "chatgpt.com" in found.web.blocked
    assert not held(PACKS[name], "lesson", Facts()).switch_bluetooth_off


def test_younger_years_open_what_their_teacher_has_chosen() -> None:
    school = PACKS["school"]
    assert "bbc.co.uk/bitesize" in (held(school, "lesson-junior", Facts()).web.only or ())
    more = decide(school, lease(allowing_site("nasa.gov"), rules="lesson-junior"), Facts(), NOW)
    assert "nasa.gov" in (more.web.only or ())
    assert held(school, "lesson", Facts()).web.only is None


def test_phones_are_handed_in_in_the_younger_years_only() -> None:
    school = PACKS["school"]
    assert any("handed in" in sentence for sentence in held(school, "lesson", Facts()).sentences)
    assert any("designated areas" in sentence for sentence in held(school, "lesson-upper", Facts()).sentences)


def test_a_front_window_of_a_game_is_named_by_its_class() -> None:
    facts = Facts(programs=(Program(9, "java", window="minecraft-launcher"),))
    assert [one.pids for one in held(PACKS["college"], "lesson", facts).broken] == [(9,)]
