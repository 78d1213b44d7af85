from protocol.text import is_plain
from tutor_app.assessment.checklist import items


def test_the_list_asks_for_what_the_policies_demand():
    listed = items()
    for word in ("phones", "smart watches", "seats", "wall", "identity"):
        assert any(word in item.casefold() for item in listed), word
    assert all(is_plain(item) and item.endswith(".") for item in listed)
    assert len(set(listed)) == len(listed)
