# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The WQL subset: what is written comes back, everything else is refused."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.lab.wql import MAX_LENGTH, Associators, BadQuery, Query, parse, parse_associators, statement

names = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,12}", fullmatch=True)
texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=30)


def quoted(value: str, quote: str) -> str:
    """The escapes of Microsoft's WQL page: a backslash and the quote in use each get a backslash."""
    return quote + value.replace("\\", "\\\\").replace(quote, "\\" + quote) + quote


@given(
    names,
    st.none() | st.lists(names, min_size=1, max_size=4),
    st.lists(st.tuples(names, texts | st.integers(-(10**10), 10**10) | st.booleans() | st.none()), max_size=3),
    st.sampled_from("'\""),
    st.sampled_from([" ", "  ", "\n\t"]),
)
def test_round_trip(
    class_name: str,
    properties: list[str] | None,
    conditions: list[tuple[str, str | int | bool | None]],
    quote: str,
    space: str,
) -> None:
    def literal(value: str | bool | int | None) -> str:
        if isinstance(value, str):
            return quoted(value, quote)
        if value is None or isinstance(value, bool):
            return {None: "NULL", True: "true", False: "FALSE"}[value]
        return str(value)

    wanted = "*" if properties is None else ", ".join(properties)
    text = f"SELECT {wanted} from {class_name}".replace(" ", space)
    if conditions:
        text += f"{space}WHERE{space}" + f"{space}and{space}".join(
            f"{n}{space}={space}{literal(v)}" for n, v in conditions
        )
    expected = Query(class_name, None if properties is None else tuple(properties), tuple(conditions))
    assert parse(text) == expected
    assert [type(v) for _unused, v in parse(text).conditions] == [type(v) for _unused, v in conditions]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "SELECT",
        "SELECT * Win32_Share",
        "SELECT FROM Win32_Share",
        "SELECT *, Name FROM Win32_Share",
        "SELECT * FROM Win32_Share WHERE",
        "SELECT * FROM Win32_Share WHERE Name",
        "SELECT * FROM Win32_Share WHERE Name='x",
        "SELECT * FROM Win32_Share WHERE Name='x\\'",
        "SELECT * FROM Win32_Share WHERE Name LIKE 'x'",
        "SELECT * FROM Win32_Share WHERE Name<>'x'",
        "SELECT * FROM Win32_Share WHERE Name='x' OR Name='y' AND Type=0",
        "SELECT * FROM Win32_Share WHERE Name='x' AND Name='y' OR Type=0",
        "SELECT * FROM Win32_Share WHERE Name='x' OR",
        "SELECT * FROM Win32_Share WHERE Name='x' XOR Name='y'",
        "SELECT * FROM Win32_Share WHERE Name='x' AND",
        "SELECT * FROM Win32_Share WHERE (Name='x')",
        "SELECT * FROM Win32_Share; DROP",
        "SELECT * FROM Win32_Share WHERE Name=x",
        "DELETE FROM Win32_Share",
        "ASSOCIATORS OF {Win32_Share.Name='x'}",
        "SELECT * FROM Win32_Share WHERE Name='" + "x" * MAX_LENGTH + "'",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(BadQuery):
        parse(text)


@given(st.text(max_size=60) | st.text("SELECT*FROMWHERAND='\\\" ,ab1", max_size=60))
def test_no_text_breaks_the_parser(text: str) -> None:
    try:
        result = parse(text)
    except BadQuery:
        return
    assert result.class_name.isidentifier()


def test_one_of_several_conditions() -> None:
    found = parse("select * from Win32_Share where Name='x' or Name='y' OR Type=0")
    assert found == Query("Win32_Share", None, (("Name", "x"), ("Name", "y"), ("Type", 0)), either=True)
    assert not parse("SELECT * FROM Win32_Share WHERE Name='x'").either


GROUP = 'Win32_Group.Domain="P01",Name="Administrators"'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"ASSOCIATORS OF {{{GROUP}}}", Associators(GROUP)),
        (
            f"Associators of {{{GROUP}}} where Role=GroupComponent",
            Associators(GROUP, role="GroupComponent"),
        ),
        (
            f"ASSOCIATORS OF {{ {GROUP} }} WHERE AssocClass = Win32_GroupUser Role=GroupComponent\n"
            "ResultRole=PartComponent resultclass=Win32_Account",
            Associators(GROUP, "Win32_GroupUser", "GroupComponent", "PartComponent", "Win32_Account"),
        ),
        (
            "ASSOCIATORS OF {Win32_Group.Domain='P01',Name='Event Log }{ Readers'} WHERE AssocClass=Win32_GroupUser",
            Associators("Win32_Group.Domain='P01',Name='Event Log }{ Readers'", "Win32_GroupUser"),
        ),
        ('ASSOCIATORS OF {X.Name="a\\"}b"}', Associators('X.Name="a\\"}b"')),
    ],
)
def test_associators(text: str, expected: Associators) -> None:
    assert statement(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "ASSOCIATORS",
        f"ASSOCIATORS OF {GROUP}",
        f"ASSOCIATORS OF {{{GROUP}",
        f"ASSOCIATORS {{{GROUP}}}",
        f"ASSOCIATORS OF {{{GROUP}}} WHERE",
        f"ASSOCIATORS OF {{{GROUP}}} Role=GroupComponent",
        # Microsoft's page has both as examples of what is not valid.
        f"ASSOCIATORS OF {{{GROUP}}} WHERE Role=GroupComponent AND AssocClass=Win32_GroupUser",
        f"ASSOCIATORS OF {{{GROUP}}} WHERE Role<>GroupComponent",
        f"ASSOCIATORS OF {{{GROUP}}} WHERE Role=GroupComponent, AssocClass=Win32_GroupUser",
        f"ASSOCIATORS OF {{{GROUP}}} WHERE Role=A Role=B",
        f"ASSOCIATORS OF {{{GROUP}}} WHERE ClassDefsOnly",
        f"ASSOCIATORS OF {{{GROUP}}} WHERE Role='GroupComponent'",
        'ASSOCIATORS OF {X.Name="a}b}',
        "ASSOCIATORS OF {" + "x" * MAX_LENGTH + "}",
    ],
)
def test_other_associators_are_refused(text: str) -> None:
    with pytest.raises(BadQuery):
        statement(text)


@given(st.text(max_size=60) | st.text("ASSOCIATORSOFWHERE{}='\\\" .,ab1", max_size=60))
def test_no_text_breaks_the_parser_of_associators(text: str) -> None:
    for given_ in (text, f"ASSOCIATORS OF {{{text}}}", f"ASSOCIATORS OF {{{GROUP}}} WHERE {text}"):
        with suppress(BadQuery):
            assert isinstance(parse_associators(given_), Associators)
