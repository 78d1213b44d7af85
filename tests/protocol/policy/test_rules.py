"""decide(): what holds, what breaks it, what lifts it; and what holds for every ground there is."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from protocol.policy.document import Adjustment, Exemption, exemption_key
from protocol.policy.facts import (
    BluetoothFacts,
    Facts,
    NetworkFacts,
    Place,
    Program,
    Signal,
    SignalSeen,
    UsbStorage,
)
from protocol.policy.rule import Do, Rule, Subject
from protocol.policy.rules import Decisions, Held, WebRules, decide
from protocol.policy.sites import covers

from .ground import (
    LONDON,
    NOW,
    allow_only,
    allow_sites,
    allowing,
    allowing_site,
    at,
    block_sites,
    blocking,
    blocking_site,
    broken,
    deny,
    lease,
    now,
    policy_of,
    rule,
    running,
)

STUDENT, DEVICE = exemption_key("student", "j.smith"), exemption_key("device", "LAPTOP-07")
STICK = UsbStorage("usb-1", "SanDisk", "Ultra", 32_000_000_000)
EVERYTHING = Facts(
    front=Program(101, "steam"),
    programs=(Program(101, "steam"), Program(102, "firefox"), Program(103, "orca")),
    usb_storage=(STICK,),
    network=NetworkFacts(Place.OFF_SITE, ("usb0",), tethered=True, mobile_modem=True, new_route=True),
    bluetooth=BluetoothFacts(on=True, visible=True, sending=True),
    monitors=2,
    monitors_at_start=1,
    signals=(SignalSeen(Signal.REMOTE_CONTROL, "AnyDesk"), SignalSeen(Signal.VIRTUAL_MACHINE, "KVM")),
)
EVERY_RULE = (
    deny("games", "steam*"),
    allow_only("only-office", "libreoffice*"),
    rule("usb", Subject.USB_STORAGE, Do.FLAG, Do.BLOCK),
    rule("network", Subject.NETWORK),
    rule("bluetooth", Subject.BLUETOOTH, Do.TELL, Do.BLOCK),
    rule("monitors", Subject.MONITORS),
    rule("signals", Subject.SIGNAL),
    block_sites("sites", "category:gambling", "example.com"),
)


def exemption(*rules: str, who: str = STUDENT, starts: float = NOW - 60, ends: float = NOW + 60) -> Exemption:
    return Exemption(who=who, rules=rules, starts_at=starts, ends_at=ends)


class TestApplications:
    def test_a_denied_program_wherever_it_runs(self) -> None:
        found = now(policy_of(deny("games", "steam*", grace=20)), facts=running("steam", "firefox", front="firefox"))
        (decision,) = found.broken
        assert decision.do == {Do.TELL, Do.CLOSE}
        assert (decision.rule, decision.key, decision.detail) == ("games", "games:steam", "steam")
        assert (decision.sentence, decision.grace, decision.pids) == ("The sentence of games.", 20, (100,))

    @pytest.mark.parametrize("pattern", ["Steam", "STEAM.EXE", "st?am", "*eam", "*"])
    def test_patterns(self, pattern: str) -> None:
        assert broken(now(policy_of(deny("games", pattern)), facts=running("steam.exe"))) == ["games:steam.exe"]

    @pytest.mark.parametrize("pattern", ["stea", "team", "st??am", "[s]team", "", "?"])
    def test_other_patterns(self, pattern: str) -> None:
        assert broken(now(policy_of(deny("games", pattern)), facts=running("steam"))) == []

    def test_by_the_window_s_class(self) -> None:
        facts = Facts(programs=(Program(7, "python3.11", window="Minecraft"),))
        assert now(policy_of(deny("games", "minecraft")), facts=facts).broken[0].pids == (7,)

    def test_processes_of_one_name_are_one_thing(self) -> None:
        found = now(policy_of(deny("games", "steam")), facts=running("steam", "steam", "firefox"))
        assert [decision.pids for decision in found.broken] == [(100, 101)]

    def test_a_process_that_is_not_known_is_not_closed(self) -> None:
        facts = Facts(front=Program(0, "steam"))
        assert [decision.pids for decision in now(policy_of(deny("games", "steam")), facts=facts).broken] == [()]

    def test_only_these_come_to_the_front(self) -> None:
        policy = policy_of(allow_only("office", "libreoffice*", "soffice*"))
        assert broken(now(policy, facts=running("soffice.bin", "steam", front="soffice.bin"))) == []
        assert broken(now(policy, facts=running("soffice.bin", "steam", front="steam"))) == ["office:steam"]
        assert broken(now(policy, facts=running("soffice.bin", "steam"))) == []

    def test_a_deny_list_with_exceptions_of_its_own(self) -> None:
        policy = policy_of(rule("chat", Subject.APPLICATION, is_=("*chat*",), is_not=("schoolchat",)))
        assert broken(now(policy, facts=running("wechat", "schoolchat"))) == ["chat:wechat"]

    @pytest.mark.parametrize("name", ["orca", "NVDA.exe", "onboard", "gnome-shell", "xfwm4", "lessonlight-student"])
    def test_assistive_tools_and_the_desktop_are_never_touched(self, name: str) -> None:
        policy = policy_of(deny("all", "*"), allow_only("none", "nothing"))
        strict = lease(blocking("*"), only="chromium")
        assert broken(decide(policy, strict, running(name, front=name), NOW)) == []
        assert len(broken(decide(policy, strict, running("steam", front="steam"), NOW))) == 4

    def test_a_window_s_class_spares_nobody_who_has_a_name(self) -> None:
        facts = Facts(programs=(Program(7, "steam", window="orca"),))
        assert broken(now(policy_of(deny("games", "steam")), facts=facts)) == ["games:steam"]

    @pytest.mark.parametrize(("window", "count"), [("Orca", 0), ("Lessonlight", 0), ("Supergame", 1), ("", 1)])
    def test_it_tells_what_an_interpreter_runs(self, window: str, count: int) -> None:
        facts = Facts(front=Program(7, "python3", window=window))
        assert len(broken(now(policy_of(allow_only("only-office", "libreoffice*")), facts=facts))) == count

    def test_locked_to_one_application(self) -> None:
        one = lease(only="chromium", rules="other")
        assert broken(decide(policy_of(), one, running("chromium", "steam", front="chromium"), NOW)) == []
        found = decide(policy_of(), one, running("chromium", "steam", front="steam"), NOW)
        assert broken(found) == ["one-application:steam"]
        assert found.broken[0].category == "academic-dishonesty"
        assert found.sentences[0] == "Only chromium may be used now."
        assert found.allowed == ("chromium",)
        with_calculator = lease(allowing("*calc*"), only="chromium")
        assert broken(decide(policy_of(), with_calculator, running("gnome-calc", front="gnome-calc"), NOW)) == []


class TestATutorsChanges:
    GAMES = policy_of(deny("games", "steam*"), allow_only("office", "soffice*"))

    def test_allowing_lifts_deny_and_allow_lists(self) -> None:
        facts = running("steam", front="steam")
        assert broken(now(self.GAMES, facts=facts)) == ["games:steam", "office:steam"]
        assert broken(now(self.GAMES, allowing("steam"), facts=facts)) == []

    def test_blocking_wins_over_what_the_set_allows(self) -> None:
        facts = running("soffice.bin", front="soffice.bin")
        assert broken(now(self.GAMES, facts=facts)) == []
        found = now(self.GAMES, blocking("soffice*"), facts=facts)
        assert broken(found) == ["blocked-by-tutor:soffice.bin"]
        assert found.broken[0].sentence == "Maths tutor has blocked soffice for now."
        assert found.broken[0].do == {Do.TELL, Do.CLOSE}

    def test_of_contradictory_ones_the_latest_wins(self) -> None:
        facts = running("steam", front="steam")
        assert broken(now(self.GAMES, allowing("steam"), blocking("st*"), facts=facts))[-1] == "blocked-by-tutor:steam"
        assert broken(now(self.GAMES, blocking("st*"), allowing("steam"), facts=facts)) == []

    def test_they_end_by_themselves(self) -> None:
        facts = running("steam", front="steam")
        ending = allowing("steam", until=NOW + 60)
        assert broken(now(self.GAMES, ending, facts=facts, moment=NOW + 59)) == []
        assert len(broken(now(self.GAMES, ending, facts=facts, moment=NOW + 60))) == 2

    def test_they_end_with_the_lease(self) -> None:
        over = lease(blocking("firefox"), blocking_site("example.com"), until=NOW)
        assert decide(self.GAMES, over, running("firefox"), NOW) == Decisions()

    def test_they_lift_nothing_that_always_holds(self) -> None:
        policy = policy_of(deny("games", "steam", always=True), block_sites("web", "bad.example", always=True))
        found = now(policy, allowing("steam"), allowing_site("bad.example"), facts=running("steam"))
        assert broken(found) == ["games:steam"]
        assert (found.web.blocked, found.web.allowed) == (("bad.example",), ())

    def test_the_student_reads_them(self) -> None:
        found = now(self.GAMES, blocking_site("youtube.com"), allowing("gimp"), allowing("gimp"))
        assert found.sentences[0] == "Maths tutor has blocked youtube.com for now."
        assert found.allowed == ("gimp", "soffice")


class TestSites:
    def web(self, *rules_and_changes: object) -> WebRules:
        rules = [one for one in rules_and_changes if isinstance(one, Rule)]
        return now(policy_of(*rules), *[one for one in rules_and_changes if not isinstance(one, Rule)]).web

    def test_deny_lists_and_categories(self) -> None:
        found = self.web(block_sites("one", "category:gambling", "Example.com"), block_sites("two", "category:games"))
        assert found == WebRules(blocked=("example.com",), categories=("gambling", "games"))

    def test_a_category_but_for_some_sites(self) -> None:
        found = self.web(block_sites("social", "category:social-networking", but=("linkedin.com",)))
        assert found == WebRules(categories=("social-networking",), allowed=("linkedin.com",))

    def test_another_rule_s_block_wins_over_such_a_site(self) -> None:
        social = block_sites("social", "category:social-networking", but=("linkedin.com",))
        assert self.web(social, block_sites("own", "linkedin.com/games")).allowed == ()

    def test_and_where_they_only_share_some_addresses(self) -> None:
        social = block_sites("social", "category:social-networking", but=("linkedin.com/learning",))
        assert self.web(social, block_sites("own", "uk.linkedin.com")).allowed == ()

    def test_an_allow_list(self) -> None:
        assert self.web(allow_sites("few", "bbc.co.uk")) == WebRules(only=("bbc.co.uk",))

    def test_two_allow_lists_leave_what_is_in_both(self) -> None:
        one, other = ("bbc.co.uk", "a.example"), ("bbc.co.uk/bitesize", "b.example")
        assert self.web(allow_sites("a", *one), allow_sites("b", *other)).only == ("bbc.co.uk/bitesize",)
        assert self.web(allow_sites("a", "a.example"), allow_sites("b", "b.example")).only == ()

    def test_a_rule_that_does_not_block(self) -> None:
        assert self.web(rule("told", Subject.SITE, Do.TELL, is_=("example.com",))).is_open

    def test_the_tutor_allows(self) -> None:
        rules = block_sites("some", "youtube.com", "category:games"), allow_sites("few", "bbc.co.uk")
        found = self.web(*rules, allowing_site("https://www.youtube.com/"), allowing_site("category:games"))
        assert found == WebRules(allowed=("youtube.com",), only=("bbc.co.uk", "youtube.com"))

    def test_the_tutor_blocks(self) -> None:
        social = block_sites("social", "category:social", but=("linkedin.com",))
        assert self.web(social, blocking_site("linkedin.com")) == WebRules(("linkedin.com",), ("social",))
        found = self.web(allow_sites("few", "bbc.co.uk", "a.example"), blocking_site("bbc.co.uk"))
        assert found == WebRules(blocked=("bbc.co.uk",), only=("a.example",))

    def test_the_latest_wins(self) -> None:
        assert self.web(allowing_site("a.example"), blocking_site("a.example")) == WebRules(("a.example",))
        assert self.web(blocking_site("a.example"), allowing_site("a.example")) == WebRules(allowed=("a.example",))

    def test_what_is_no_site_changes_nothing(self) -> None:
        assert self.web(blocking_site("not a site"), blocking_site("   "), allowing_site("//")).is_open


class TestTheRest:
    def test_usb_storage(self) -> None:
        policy = policy_of(rule("usb", Subject.USB_STORAGE, Do.FLAG, Do.BLOCK))
        found = now(policy, facts=Facts(usb_storage=(STICK,)))
        assert broken(found) == ["usb:usb-1"]
        assert found.broken[0].detail == "SanDisk Ultra, 32 GB"
        assert found.block_usb_storage
        assert now(policy).block_usb_storage  # before one is plugged in

    def test_telling_is_no_blocking(self) -> None:
        policy = policy_of(rule("usb", Subject.USB_STORAGE), rule("bluetooth", Subject.BLUETOOTH))
        found = now(policy, facts=EVERYTHING)
        assert not found.block_usb_storage
        assert not found.switch_bluetooth_off

    def test_networks(self) -> None:
        found = now(policy_of(rule("net", Subject.NETWORK, is_=("tethered", "off-site"))), facts=EVERYTHING)
        assert broken(found) == ["net:off-site", "net:tethered"]
        assert found.broken[1].detail == "Connected through a phone (usb0)"
        nowhere = Facts(network=NetworkFacts(Place.UNKNOWN))
        assert broken(now(policy_of(rule("net", Subject.NETWORK)), facts=nowhere)) == []

    def test_bluetooth(self) -> None:
        policy = policy_of(rule("bluetooth", Subject.BLUETOOTH, Do.TELL, Do.BLOCK, is_=("visible", "sending")))
        found = now(policy, facts=Facts(bluetooth=BluetoothFacts(on=True, visible=True)))
        assert broken(found) == ["bluetooth:visible"]
        assert found.switch_bluetooth_off

    def test_monitors(self) -> None:
        policy = policy_of(rule("monitors", Subject.MONITORS))
        assert broken(now(policy, facts=EVERYTHING)) == ["monitors:more-than-one", "monitors:changed"]
        assert broken(now(policy, facts=Facts(monitors=1, monitors_at_start=1))) == []
        assert broken(now(policy, facts=Facts(monitors=0, monitors_at_start=1))) == []  # not known is not changed

    def test_signals(self) -> None:
        policy = policy_of(rule("signals", Subject.SIGNAL, is_=("remote-control",)))
        found = now(policy, facts=EVERYTHING)
        assert [(one.key, one.detail) for one in found.broken] == [("signals:remote-control:AnyDesk", "AnyDesk")]

    def test_what_a_stick_says_of_itself_is_made_plain(self) -> None:
        facts = Facts(usb_storage=(UsbStorage("id\n", "Ev\u202eil", "x" * 900),))
        (decision,) = now(policy_of(rule("usb", Subject.USB_STORAGE)), facts=facts).broken
        assert decision.detail == f"Evil {'x' * 155}"
        assert decision.key == "usb:id "


class TestWhatLiftsARule:
    POLICY = policy_of(deny("games", "steam", plainly="No games."), rule("usb", Subject.USB_STORAGE, Do.BLOCK))

    def test_an_exception_by_student_or_device(self) -> None:
        facts = running("steam")
        for who in (STUDENT, DEVICE, exemption_key("student", " J.Smith ")):
            found = now(replace(self.POLICY, exceptions=(exemption("games", who=who),)), facts=facts)
            assert broken(found) == []
            assert found.held == (
                Held("games", "The sentence of games.", "An exception until 23 November 2026, 10:16."),
                Held("usb", "The sentence of usb."),
            )
            assert found.sentences == ("Work.", "The sentence of usb.")
        other = exemption("games", who=exemption_key("student", "a.other"))
        assert broken(now(replace(self.POLICY, exceptions=(other,)), facts=facts)) == ["games:steam"]

    def test_from_its_start_to_its_end(self) -> None:
        policy = replace(self.POLICY, exceptions=(exemption("games", starts=NOW, ends=NOW + 60),))
        moments = (NOW - 1, NOW, NOW + 59, NOW + 60)
        found = [bool(broken(now(policy, facts=running("steam"), moment=moment))) for moment in moments]
        assert found == [True, False, False, True]

    def test_of_all_rules(self) -> None:
        found = now(replace(self.POLICY, exceptions=(exemption(),)), facts=running("steam"))
        assert (found.broken, found.block_usb_storage) == ((), False)
        assert all(held.lifted_by for held in found.held)

    def test_an_adjustment(self) -> None:
        needs = Adjustment(who=STUDENT, exempt=("usb",), plain_language=True)
        found = now(replace(self.POLICY, adjustments=(needs,)), facts=running("steam"))
        assert found.held[1].lifted_by == "An adjustment for this student."
        assert not found.block_usb_storage
        assert found.sentences == ("Do the work.", "No games.")
        assert found.broken[0].sentence == "No games."

    def test_nobody_is_meant_by_an_empty_name(self) -> None:
        policy = replace(self.POLICY, exceptions=(exemption("games", who=exemption_key("student", "")),))
        assert broken(decide(policy, lease(user=""), running("steam"), NOW)) == ["games:steam"]

    def test_what_always_holds_can_be_lifted_outside_lessons_too(self) -> None:
        policy = policy_of(deny("games", "steam", always=True), exceptions=(exemption("games"),))
        assert broken(decide(policy, None, running("steam"), NOW)) == ["games:steam"]
        assert broken(decide(policy, None, running("steam"), NOW, user="j.smith")) == []
        over = lease(until=NOW - 10)
        assert broken(decide(policy, over, running("steam"), NOW)) == []


class TestWhichRulesHold:
    ALWAYS = policy_of(deny("games", "steam"), deny("remote", "anydesk", always=True))

    def test_without_a_lesson_only_what_always_holds(self) -> None:
        found = decide(self.ALWAYS, None, running("steam", "anydesk"), NOW)
        assert broken(found) == ["remote:anydesk"]
        assert found.sentences == ("The sentence of remote.",)
        assert decide(self.ALWAYS, lease(until=NOW), running("steam", "anydesk"), NOW) == found

    def test_what_always_holds_holds_in_every_set(self) -> None:
        found = decide(self.ALWAYS, lease(rules="other"), running("steam", "anydesk"), NOW)
        assert broken(found) == ["remote:anydesk"]
        assert found.sentences == ("Something else.", "The sentence of remote.")

    def test_a_set_that_is_not_known_is_a_lesson(self) -> None:
        assert len(broken(decide(self.ALWAYS, lease(rules="nothing"), running("steam", "anydesk"), NOW))) == 2


class TestClocks:
    """An exception of a school day holds through that day, whatever the clocks do."""

    @pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25", "2026-11-23"])
    def test_from_midnight_to_midnight(self, day: str) -> None:
        midnight = datetime.fromisoformat(day)
        starts, ends = at(day), (midnight + timedelta(days=1)).replace(tzinfo=LONDON).timestamp()
        policy = policy_of(deny("games", "steam"), exceptions=(exemption("games", starts=starts, ends=ends),))

        def holds(moment: float) -> bool:
            return bool(broken(decide(policy, lease(until=ends + 99), running("steam"), moment)))

        assert [holds(moment) for moment in (starts - 1, starts, ends - 1, ends)] == [True, False, False, True]
        assert [holds(moment) for moment in range(int(starts), int(ends), 900)] == [False] * int((ends - starts) // 900)

    def test_a_lesson_over_midnight(self) -> None:
        policy = policy_of(deny("games", "steam"))
        over = lease(until=at("2026-11-24 00:30"))
        moments = ("2026-11-23 23:59:59", "2026-11-24 00:00", "2026-11-24 00:29:59", "2026-11-24 00:30")
        found = [bool(broken(decide(policy, over, running("steam"), at(moment)))) for moment in moments]
        assert found == [True, True, True, False]

    def test_the_hour_that_comes_twice(self) -> None:
        policy = policy_of(deny("games", "steam"))
        first, second = at("2026-10-25 01:30"), at("2026-10-25 01:30", fold=1)
        assert second - first == 3600
        between = lease(until=at("2026-10-25 01:45"))
        assert broken(decide(policy, between, running("steam"), first))
        assert not broken(decide(policy, between, running("steam"), second))

    def test_a_clock_set_back_brings_back_what_held_then_and_no_more(self) -> None:
        policy = policy_of(deny("games", "steam"), exceptions=(exemption("games", starts=NOW, ends=NOW + 60),))
        before = [decide(policy, lease(), running("steam"), moment) for moment in (NOW - 60, NOW, NOW + 61)]
        again = [decide(policy, lease(), running("steam"), moment) for moment in (NOW + 61, NOW, NOW - 60)]
        assert again == before[::-1]


# ── for every ground there is ───────────────────────────────────────────────────────────────────────────────────────

anything = st.text(max_size=12)
names = st.sampled_from(["steam", "Steam.exe", "firefox", "orca", "anydesk", ""]) | anything
programs = st.builds(Program, pid=st.integers(-1, 2**31), name=names, window=names, title=anything)
all_facts = st.builds(
    Facts,
    front=st.none() | programs,
    programs=st.lists(programs, max_size=5).map(tuple),
    usb_storage=st.lists(st.builds(UsbStorage, anything, anything, anything, st.integers()), max_size=2).map(tuple),
    network=st.builds(NetworkFacts, place=st.sampled_from(Place), interfaces=st.lists(anything, max_size=2).map(tuple),
                      tethered=st.booleans(), mobile_modem=st.booleans(), new_route=st.booleans()),
    bluetooth=st.builds(BluetoothFacts, st.booleans(), st.booleans(), st.booleans()),
    monitors=st.integers(0, 3),
    monitors_at_start=st.integers(0, 3),
    signals=st.lists(st.builds(SignalSeen, st.sampled_from(Signal), anything), max_size=2).map(tuple),
)  # fmt: skip
plain_text = st.text(st.characters(codec="ascii", categories=("L", "N", "P", "S")), max_size=12)
values = (
    st.sampled_from(["steam*", "*", "anydesk", "bbc.co.uk", "category:games", "bbc.co.uk/x", "/", "a//b", "["])
    | plain_text
)
listed = st.lists(values, max_size=3).map(tuple)
any_rule = st.builds(
    Rule,
    name=st.sampled_from(["one", "two", "three", "four"]),
    subject=st.sampled_from(Subject),
    do=st.sets(st.sampled_from(Do), min_size=1).map(tuple),
    sentence=plain_text,
    is_=listed,
    is_not=listed,
    always=st.booleans(),
)
any_change = st.one_of(
    *(st.builds(one, values.filter(bool)) for one in (allowing, blocking, allowing_site, blocking_site))
)
any_exemption = st.builds(
    Exemption,
    who=st.sampled_from([STUDENT, DEVICE, exemption_key("student", "a.other")]),
    rules=st.lists(st.sampled_from(["one", "two", "three"]), max_size=2).map(tuple),
    starts_at=st.sampled_from([0.0, NOW - 1, NOW, NOW + 1]),
    ends_at=st.sampled_from([NOW - 1, NOW, NOW + 1, 253402300799.0]),
)
rules_lists = st.lists(any_rule, max_size=5).map(tuple)
leases = st.builds(
    lambda changes, rules, until, only: lease(*changes, rules=rules, until=until, only=only),
    st.lists(any_change, max_size=4),
    st.sampled_from(["lesson", "other", "none"]),
    st.sampled_from([NOW - 1, NOW, NOW + 1]),
    st.sampled_from(["", "", "firefox"]),
)


@given(rules_lists, st.none() | leases, all_facts, st.floats(), st.lists(any_exemption, max_size=3).map(tuple))
def test_it_decides_on_anything_and_explains_itself(rules, of, facts, moment, exceptions) -> None:
    found = decide(policy_of(*rules, exceptions=exceptions), of, facts, moment)
    explained = {held.rule for held in found.held if not held.lifted_by} | {"blocked-by-tutor", "one-application"}
    assert {decision.rule for decision in found.broken} <= explained
    assert len({decision.key for decision in found.broken}) <= len(found.broken)
    assert all(len(decision.detail) <= 280 and len(decision.sentence) <= 280 for decision in found.broken)


@given(rules_lists, all_facts, leases)
def test_without_a_lesson_nothing_but_what_always_holds(rules, facts, of) -> None:
    policy = policy_of(*rules)
    only_always = policy_of(*(rule for rule in rules if rule.always))
    over = replace(of, until=NOW)
    for nobody in (None, over):
        found = decide(policy, nobody, facts, NOW)
        assert found == decide(only_always, None, facts, NOW)
        assert {decision.rule for decision in found.broken} <= {rule.name for rule in rules if rule.always}
    if not any(rule.always for rule in rules):
        assert decide(policy, None, facts, NOW) == Decisions()


SITES = ("bbc.co.uk", "bbc.co.uk/x", "m.bbc.co.uk", "other.example")


def shut(web: WebRules) -> set[str]:
    """What of SITES, and which categories, these rules keep shut."""

    def within(site: str, of: tuple[str, ...]) -> bool:
        return any(covers(one, site) for one in of)

    closed = {site for site in SITES if web.only is not None and not within(site, web.only)}
    closed |= {site for site in SITES if within(site, web.blocked) and not within(site, web.allowed)}
    return closed | {f"category:{name}" for name in web.categories}


@given(rules_lists, leases, all_facts, st.lists(any_exemption, max_size=3).map(tuple), any_exemption)
def test_one_more_exception_never_breaks_or_blocks_anything(rules, of, facts, exceptions, more) -> None:
    before = decide(policy_of(*rules, exceptions=exceptions), of, facts, NOW)
    after = decide(policy_of(*rules, exceptions=(*exceptions, more)), of, facts, NOW)
    assert set(broken(after)) <= set(broken(before))
    assert after.block_usb_storage <= before.block_usb_storage
    assert after.switch_bluetooth_off <= before.switch_bluetooth_off
    assert shut(after.web) <= shut(before.web)


@given(rules_lists, leases, all_facts)
def test_what_a_tutor_has_changed_last_is_so(rules, of, facts) -> None:
    policy, live = policy_of(*rules), replace(of, until=NOW + 1)
    blocked = decide(policy, replace(live, changes=(*live.changes, blocking_site("bbc.co.uk"))), facts, NOW)
    assert {"bbc.co.uk", "m.bbc.co.uk"} <= shut(blocked.web)
    allowed = decide(policy, replace(live, changes=(*live.changes, allowing("steam"))), facts, NOW)
    always = {rule.name for rule in rules if rule.always}
    assert {one.rule for one in allowed.broken if one.detail == "steam" and one.pids} <= always
