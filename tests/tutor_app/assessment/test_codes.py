import re

from tutor_app.assessment.codes import grouped, new_secret, release_code


def test_codes_are_those_of_rfc_4226():
    """Appendix D: this secret's value at counter 0 is 1284755224, of which 8 digits are shown."""
    assert release_code(b"12345678901234567890") == "84755224"


def test_every_secret_is_fresh_and_long_enough():
    made = {new_secret() for _ in range(100)}
    assert len(made) == 100
    assert {len(one) for one in made} == {20}
    assert all(re.fullmatch(r"\d{8}", release_code(one)) for one in made)


def test_a_code_is_read_out_in_two_groups():
    assert grouped("84755224") == "8475 5224"
