import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from student_client.agent.merging import without_ours

BEFORE = b'{"policies": {"Homepage": "college", "WebsiteFilter": {"Block": ["games.example"]}}}'
OURS = (
    b'{"policies": {"Homepage": "college", "WebsiteFilter": {"Block": ["games.example", "chat.example"]}, "Mine": 1}}'
)


def taken_back(theirs: str, before: bytes | None = BEFORE) -> object:
    left = without_ours(before, OURS, theirs.encode())
    return None if left is None else json.loads(left)


def test_what_they_added_stays_and_what_we_added_goes() -> None:
    theirs = OURS.decode().replace('"college"', '"library"').replace('"chat.example"', '"chat.example", "ads.example"')
    assert taken_back(theirs) == {
        "policies": {"Homepage": "library", "WebsiteFilter": {"Block": ["games.example", "ads.example"]}}
    }
    assert taken_back(theirs, before=None) == {
        "policies": {"Homepage": "library", "WebsiteFilter": {"Block": ["ads.example"]}}
    }


def test_what_they_took_out_stays_out() -> None:
    assert taken_back('{"policies": {"Mine": 1}}') == {"policies": {}}
    assert taken_back('{"policies": {"Mine": 2}}') == {"policies": {"Mine": 2}}


def test_what_we_took_out_comes_back() -> None:
    assert (
        without_ours(b'{"a": 1, "b": 2}', b'{"b": 2}', b'{"b": 2, "c": 3}') == b'{\n  "b": 2,\n  "c": 3,\n  "a": 1\n}\n'
    )


@pytest.mark.parametrize("before", [None, BEFORE, b"plain"])
def test_another_layout_of_ours_is_before_to_the_byte(before: bytes | None) -> None:
    assert without_ours(before, OURS, OURS) == before
    if before == BEFORE:
        assert without_ours(before, OURS, json.dumps(json.loads(OURS), indent=7).encode()) == before


@pytest.mark.parametrize("theirs", [b"", b"not json", b"[1]", b"\xff", b"[" * 100_000])
def test_what_cannot_be_taken_apart_is_theirs(theirs: bytes) -> None:
    assert without_ours(BEFORE, OURS, theirs) == theirs
    assert without_ours(theirs, OURS, OURS) == theirs
    assert without_ours(BEFORE, theirs, b'{"x": 1}') == b'{"x": 1}'


objects = st.recursive(
    st.integers(0, 3) | st.lists(st.integers(0, 3), max_size=3),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=6,
)
documents = st.dictionaries(st.sampled_from("abc"), objects, max_size=3).map(lambda value: json.dumps(value).encode())


@given(before=st.none() | documents, ours=documents, key=st.sampled_from("xyz"), value=objects)
def test_a_key_they_add_is_never_lost_and_ours_never_stays(
    before: bytes | None, ours: bytes, key: str, value: object
) -> None:
    theirs = json.loads(ours) | {key: value}
    left = json.loads(without_ours(before, ours, json.dumps(theirs).encode()) or b"{}")
    assert left == json.loads(before or b"{}") | {key: value}
