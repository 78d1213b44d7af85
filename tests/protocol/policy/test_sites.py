"""Sites: as people type them, which covers which, and what two lists have in common."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from protocol.policy.sites import category_of, covers, in_both, site_of


@pytest.mark.parametrize(
    ("typed", "site"),
    [
        ("bbc.co.uk", "bbc.co.uk"),
        (" https://www.BBC.co.uk/ ", "bbc.co.uk"),
        ("http://bbc.co.uk/Bitesize/?page=2#top", "bbc.co.uk/Bitesize"),
        ("*.example.com/*", "example.com"),
        ("user:word@example.com:8443/a", "example.com:8443/a"),
        ("localhost", "localhost"),
        ("not a site", ""),
        ("https://", ""),
        ("", ""),
    ],
)
def test_as_people_type_them(typed: str, site: str) -> None:
    assert site_of(typed) == site


@pytest.mark.parametrize(
    ("wide", "narrow", "is_so"),
    [
        ("bbc.co.uk", "bbc.co.uk", True),
        ("bbc.co.uk", "news.bbc.co.uk/a", True),
        ("news.bbc.co.uk", "bbc.co.uk", False),
        ("bbc.co.uk", "notbbc.co.uk", False),
        ("bbc.co.uk/a", "bbc.co.uk/a/b", True),
        ("bbc.co.uk/a", "bbc.co.uk/ab", False),
        ("bbc.co.uk/a", "bbc.co.uk", False),
    ],
)
def test_which_covers_which(wide: str, narrow: str, is_so: bool) -> None:
    assert covers(wide, narrow) is is_so


def test_in_both() -> None:
    assert in_both(("bbc.co.uk", "a.example"), ("news.bbc.co.uk", "bbc.co.uk/x", "b.example")) == (
        "news.bbc.co.uk",
        "bbc.co.uk/x",
    )


def test_in_both_where_one_is_narrower_by_host_and_the_other_by_path() -> None:
    assert in_both(("bbc.co.uk/sport",), ("news.bbc.co.uk",)) == ("news.bbc.co.uk/sport",)


hosts = st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map(".".join)
sites = st.builds(lambda host, path: f"{host}/{path}" if path else host, hosts, st.sampled_from(["", "x", "x/y"]))


@given(st.lists(sites), st.lists(sites), sites)
@example(["a/x"], ["b.a"], "b.a/x")
def test_in_both_is_in_each(one: list[str], other: list[str], site: str) -> None:
    def within(of: object) -> bool:
        return any(covers(wide, site) for wide in of)

    assert within(in_both(one, other)) == (within(one) and within(other))


@given(st.text())
def test_a_site_stays_what_it_is(text: str) -> None:
    assert site_of(site_of(text)) in {site_of(text), ""}


def test_categories() -> None:
    assert category_of(" Category:Gambling ") == "gambling"
    assert category_of("gambling.example") == ""
