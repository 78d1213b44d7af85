"""Web rules as browsers' policies, beside what an admin has in them."""

import json
from typing import Any

import pytest

from student_client.backends.browser_policies import FirefoxPolicy, Sites, chromium_policy, covers, match_pattern

GAMES = Sites(("games.example",), ("chess.games.example",))
ONLY = Sites(blocked=("bbc.example/iplayer",), only=("bbc.example",))


def chromium(sites: Sites, *others: object) -> dict[str, Any]:
    return json.loads(chromium_policy(sites, [json.dumps(each).encode() for each in others]))  # type: ignore[no-any-return]


def firefox(sites: Sites, theirs: object = None, shadowed: object = None) -> dict[str, Any]:
    made = FirefoxPolicy(sites, json.dumps(shadowed).encode() if shadowed else None)
    return json.loads(made(json.dumps(theirs).encode() if theirs else None))["policies"]  # type: ignore[no-any-return]


class TestChromium:
    def test_sites_are_listed_as_they_are(self) -> None:
        made = chromium(GAMES)
        assert (made["URLBlocklist"], made["URLAllowlist"]) == (["games.example"], ["chess.games.example"])

    def test_what_was_open_comes_back_unless_an_admin_says_what_does(self) -> None:
        assert chromium(GAMES)["RestoreOnStartup"] == 1
        assert "RestoreOnStartup" not in chromium(GAMES, {"RestoreOnStartup": 5})

    def test_only_these_blocks_all_else_but_the_new_tab(self) -> None:
        made = chromium(ONLY, {"URLBlocklist": ["theirs.example"], "URLAllowlist": ["wide.example"]})
        assert made["URLBlocklist"] == ["*", "bbc.example/iplayer", "theirs.example"]
        assert made["URLAllowlist"][-1] == "bbc.example"
        assert "chrome://newtab" in made["URLAllowlist"]
        assert "wide.example" not in made["URLAllowlist"]

    def test_of_what_is_blocked_only_what_lies_within_is_named(self) -> None:
        sites = Sites(
            blocked=("news.bbc.example", "games.example", "pages.example"),
            only=("bbc.example/sport", "my.pages.example"),
        )
        assert chromium(sites)["URLBlocklist"] == ["*", "news.bbc.example/sport"]

    def test_an_admins_lists_stay_and_the_last_file_counts(self) -> None:
        first = {"URLBlocklist": ["hidden.example"], "URLAllowlist": ["kept.example"]}
        made = chromium(GAMES, first, {"URLBlocklist": ["theirs.example"], "HomepageLocation": "x"})
        assert made["URLBlocklist"] == ["games.example", "theirs.example"]
        assert made["URLAllowlist"] == ["chess.games.example", "kept.example"]
        assert "HomepageLocation" not in made, "it stands in theirs"

    @pytest.mark.parametrize("broken", [b"", b"{", b"[1]", b"\xff", b"[" * 100_000])
    def test_a_file_chromium_cannot_read_does_not_matter(self, broken: bytes) -> None:
        assert json.loads(chromium_policy(GAMES, [broken]))["URLBlocklist"] == ["games.example"]

    def test_wrong_types_in_an_admins_list_are_left_out(self) -> None:
        assert chromium(GAMES, {"URLBlocklist": ["a.example", 7, None]})["URLBlocklist"] == [
            "games.example",
            "a.example",
        ]
        assert chromium(GAMES, {"URLBlocklist": "a.example"})["URLBlocklist"] == ["games.example"]


class TestFirefox:
    def test_sites_are_patterns(self) -> None:
        made = firefox(GAMES)["WebsiteFilter"]
        assert made == {"Block": ["*://*.games.example/*"], "Exceptions": ["*://*.chess.games.example/*"]}

    def test_everything_else_of_an_admins_stays(self) -> None:
        theirs = {
            "comment": "ours",
            "policies": {
                "DisableTelemetry": True,
                "Preferences": {"x.y": {"Value": 1}},
                "WebsiteFilter": {"Block": ["*://*.theirs.example/*"], "Exceptions": ["*://*.kept.example/*"]},
            },
        }
        made = json.loads(FirefoxPolicy(GAMES)(json.dumps(theirs).encode()))
        assert made["comment"] == "ours"
        policies = made["policies"]
        assert policies["DisableTelemetry"] is True
        assert policies["Preferences"]["x.y"] == {"Value": 1}
        assert policies["WebsiteFilter"]["Block"] == ["*://*.games.example/*", "*://*.theirs.example/*"]
        assert policies["WebsiteFilter"]["Exceptions"][-1] == "*://*.kept.example/*"

    def test_only_these(self) -> None:
        theirs = {"policies": {"WebsiteFilter": {"Block": ["*://*.t.example/*"], "Exceptions": ["*://*.e.example/*"]}}}
        made = firefox(ONLY, theirs)["WebsiteFilter"]
        assert made["Block"][0] == "<all_urls>"
        assert made["Exceptions"] == ["*://*.bbc.example/*"]

    def test_a_file_it_would_hide_is_taken_over_only_where_there_is_none(self) -> None:
        shadowed = {"policies": {"DisablePocket": True}}
        assert firefox(GAMES, shadowed=shadowed)["DisablePocket"] is True
        assert "DisablePocket" not in firefox(GAMES, {"policies": {}}, shadowed)

    def test_the_session_comes_back(self) -> None:
        assert firefox(GAMES)["Preferences"]["browser.startup.page"] == {"Value": 3, "Status": "locked"}

    @pytest.mark.parametrize("broken", [b"", b"{", b"[1]", b'{"policies": []}', b'{"policies": {"WebsiteFilter": 1}}'])
    def test_a_broken_file_is_replaced(self, broken: bytes) -> None:
        assert json.loads(FirefoxPolicy(GAMES)(broken))["policies"]["WebsiteFilter"]["Block"]


def test_a_thousand_at_most_the_rules_own_first() -> None:
    many = Sites(tuple(f"s{number}.example" for number in range(1005)), ("a.example",))
    theirs = {"URLBlocklist": ["theirs.example"]}
    made = chromium(many, theirs)["URLBlocklist"]
    assert (len(made), made[0], made[-1]) == (1000, "s0.example", "s999.example")
    assert len(firefox(many)["WebsiteFilter"]["Block"]) == 1000
    assert many.left_out == 5
    assert GAMES.left_out == 0


@pytest.mark.parametrize(
    ("site", "pattern"),
    [
        ("bbc.co.uk", "*://*.bbc.co.uk/*"),
        ("bbc.co.uk/iplayer", "*://*.bbc.co.uk/iplayer*"),
        ("10.20.0.1", "*://10.20.0.1/*"),
        ("[2001:db8::1]", "*://[2001:db8::1]/*"),
    ],
)
def test_firefoxs_patterns(site: str, pattern: str) -> None:
    assert match_pattern(site) == pattern


@pytest.mark.parametrize(
    ("site", "address", "covered"),
    [
        ("bbc.co.uk", "bbc.co.uk", True),
        ("bbc.co.uk", "www.bbc.co.uk/news", True),
        ("bbc.co.uk", "notbbc.co.uk/", False),
        ("bbc.co.uk/iplayer", "bbc.co.uk/iplayer/live", True),
        ("bbc.co.uk/iplayer", "bbc.co.uk/news", False),
        ("bbc.co.uk", "bbc.co.uk:8080/x", True),
        ("bbc.co.uk", "BBC.co.uk/x", True),
        ("bbc.co.uk", "me:secret@bbc.co.uk/x", True),
        ("bbc.co.uk", "bbc.co.uk?q=1", True),
        ("bbc.co.uk", "bbc.co.uk@evil.example/", False),
        ("[2001:db8::1]", "[2001:db8::1]:80/x", True),
    ],
)
def test_what_a_site_covers(site: str, address: str, covered: bool) -> None:
    assert covers(site, address) is covered
