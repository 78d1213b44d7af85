"""Our starter lists, a college's own, and the names by which policies ask for them."""

import re
from pathlib import Path

import pytest

from protocol.policy.parse import parse_policy
from protocol.policy.sites import category_of, covers, site_of
from protocol.resource import resource, resource_text
from student_client.backends.site_lists import MOST, UT1_NAMES, Listed, SiteLists

DOMAIN = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")
CATEGORIES = sorted(each.name for each in resource("web").iterdir() if each.is_dir())
BY_LICENCE_ONLY = {"child-abuse", "terrorism"}
NOWHERE = Path("/nonexistent")
HEALTH = ("nhs.uk", "brook.org.uk", "sexwise.org.uk", "sh24.org.uk", "tht.org.uk", "fpa.org.uk", "samaritans.org")


def own(root: Path, name: str, file: str, *lines: str) -> Path:
    path = root / name / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines))
    return path


@pytest.mark.parametrize("category", CATEGORIES)
def test_every_line_of_ours_is_a_site_and_stands_once(category: str) -> None:
    lines = {file: resource_text(f"web/{category}/{file}").splitlines() for file in ("domains", "urls")}
    assert all(DOMAIN.fullmatch(line) for line in lines["domains"]), lines
    assert all("/" in line and DOMAIN.fullmatch(line.partition("/")[0]) for line in lines["urls"]), lines
    together = [*lines["domains"], *lines["urls"]]
    assert len(set(together)) == len(together)
    assert all(site_of(line) == line for line in together)
    assert SiteLists(NOWHERE).listed(category) == Listed(tuple(together))
    assert bool(together) is (category not in BY_LICENCE_ONLY)


@pytest.mark.parametrize("pack", ["college", "school"])
def test_every_category_a_policy_names_is_there(pack: str) -> None:
    policy = parse_policy(resource_text(f"policies/{pack}.toml"))
    rules = [rule for one in policy.rules.values() for rule in one.rules]
    named = {category_of(value) for rule in rules for value in (*rule.is_, *rule.is_not)} - {""}
    assert named
    assert named <= set(CATEGORIES)
    assert set(UT1_NAMES) <= set(CATEGORIES)


def test_sexual_health_services_stay_open(tmp_path: Path) -> None:
    own(tmp_path, "sexual_education", "domains", *HEALTH)
    lists = SiteLists(tmp_path)
    blocked = {site for category in CATEGORIES for site in lists.listed(category).sites}
    assert not [site for site in blocked if any(covers(site, service) for service in HEALTH)]


def test_a_colleges_own_lists_under_our_names_and_toulouses(tmp_path: Path) -> None:
    own(tmp_path, "gambling", "domains", "# bets", "WWW.Bets.example", "", "two words.example", "bets.example # again")
    own(tmp_path, "gambling", "urls", "news.example/Bets/", "café.example")
    own(tmp_path, "adult", "domains", "adult.example")
    own(tmp_path, "chess", "domains", "chess.example")
    lists = SiteLists(tmp_path)
    ours = resource_text("web/gambling/domains").splitlines()
    assert lists.listed("gambling").sites == (*ours, "bets.example", "news.example/Bets", "café.example")
    assert lists.listed("pornography").sites[-1] == "adult.example"
    assert lists.listed("chess") == Listed(("chess.example",))
    assert lists.listed("unheard-of") == Listed()


def test_a_long_list_is_cut_and_counted_and_read_again_when_it_changes(tmp_path: Path) -> None:
    path = own(tmp_path, "chess", "domains", *(f"c{number}.example" for number in range(MOST + 7)))
    lists = SiteLists(tmp_path)
    assert (len(lists.listed("chess").sites), lists.listed("chess").more) == (MOST, 7)
    path.write_text("one.example\n")
    assert lists.listed("chess") == Listed(("one.example",))
    path.unlink()
    assert lists.listed("chess") == Listed()
