"""The line of every key, in every way TOML lets one be written."""

import tomllib

from hypothesis import given
from hypothesis import strategies as st

from protocol.policy.lines import key_lines

TEXT = '''# a comment [not.a.table]

[plain]   # with a comment
one = 1
two = [
  "# not a comment",
  "[not.a.table]",
]
three = """
four = 4
[nor.this]
"""
"quoted key" = 'x'
dotted.inner.key = 5
inline = { a = 1, b = { c = 2 } }

[plain."sub.table"]
one = 1
[[list]]
six = 6
[[list]]
six = 7
'''


def test_every_way_of_writing() -> None:
    tomllib.loads(TEXT)
    lines = key_lines(TEXT)
    assert lines == {
        ("plain",): 3,
        ("plain", "one"): 4,
        ("plain", "two"): 5,
        ("plain", "three"): 9,
        ("plain", "quoted key"): 13,
        ("plain", "dotted"): 14,
        ("plain", "dotted", "inner"): 14,
        ("plain", "dotted", "inner", "key"): 14,
        ("plain", "inline"): 15,
        ("plain", "inline", "a"): 15,
        ("plain", "inline", "b"): 15,
        ("plain", "inline", "b", "c"): 15,
        ("plain", "sub.table"): 17,
        ("plain", "sub.table", "one"): 18,
        ("list",): 19,
        ("list", "[1]"): 19,
        ("list", "[1]", "six"): 20,
        ("list", "[2]"): 21,
        ("list", "[2]", "six"): 22,
    }


@given(
    st.lists(st.sampled_from(["", "# x", "k{} = 1", 'k{} = """\n[x]\n"""', "k{} = [\n1,\n\n2]", "[t{}]"]), max_size=12)
)
def test_any_order_and_any_gaps(parts: list[str]) -> None:
    statements = [part.format(number) for number, part in enumerate(parts)]
    expected, line, table = {}, 1, ()
    for number, statement in enumerate(statements):
        if statement.startswith("["):
            table = (f"t{number}",)
            expected[table] = line
        elif statement.startswith("k"):
            expected[(*table, f"k{number}")] = line
        line += statement.count("\n") + 1
    assert key_lines("\n".join(statements)) == expected
