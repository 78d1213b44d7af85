import dataclasses

import pytest

from tutor_app.records.values import FlagWithdrawn


def test_text_becomes_plain_and_keeps_its_lines(a):
    flag = a.flag(note="Zoe\u0308 said\r\n\u202eolleh\x00", host="a\x1b[31mb")
    assert flag.note == "Zoë said\nolleh"
    assert flag.host == "a[31mb"


def test_what_no_database_can_store_is_removed(a):
    assert a.flag(note="\ud800lone").note == "lone"


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_a_time_is_a_number(a, number):
    with pytest.raises(ValueError, match=r"Flagged\.at"):
        a.flag(at=number)


def test_records_do_not_change_and_have_names_for_all_they_hold(a):
    with pytest.raises(dataclasses.FrozenInstanceError):
        a.flag().note = "else"
    with pytest.raises(TypeError):
        FlagWithdrawn("f1", 1.0, "x", "y")
