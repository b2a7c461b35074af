# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Conditions as text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import SecurityDescriptorError, Sid
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security.conditional.condition import (
    Condition,
    parse_condition,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security.conditional.text import (
    closing_parenthesis,
    format_condition,
    parse_condition_text,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security.conditional.tokens import (
    Attribute,
    Base,
    ConditionToken,
    Integer,
    Operator,
    Sign,
    Source,
)

from .strategies import conditions, user


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", Integer(0)),
        ("-0", Integer(0, Sign.MINUS)),
        ("+7", Integer(7, Sign.PLUS)),
        ("00", Integer(0, Sign.NONE, Base.OCTAL)),
        ("-017", Integer(-15, Sign.MINUS, Base.OCTAL)),
        ("0x0", Integer(0, Sign.NONE, Base.HEXADECIMAL)),
        ("-0X1f", Integer(-31, Sign.MINUS, Base.HEXADECIMAL)),
        ("0xffffffffffffffff", Integer(2**64 - 1, Sign.NONE, Base.HEXADECIMAL)),
        ("-9223372036854775808", Integer(-(2**63), Sign.MINUS)),
    ],
)
def test_numbers(text: str, number: Integer) -> None:
    condition = parse_condition_text(f"(a=={text})")
    assert condition.tokens[1] == number
    assert format_condition(condition) == f"(a == {text.lower()})"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("a", "(a)"),
        ("\t( a )\n", "(a)"),
        ("((a) == 1)", "(a == 1)"),
        ("!a==1", "(!(a == 1))"),  # relations bind tighter than "!" ([MS-DTYP] 2.5.1.3)
        ("!a && b || c", "(((!(a)) && (b)) || (c))"),
        ("!(a && b) || !Exists c", "((!((a) && (b))) || (!(Exists c)))"),
        ("a || (b || c)", "((a) || ((b) || (c)))"),
        ("not_exists @resource.x", "(Not_Exists @RESOURCE.x)"),
        ('a CONTAINS{"x" ,1}', '(a Contains {"x", 1})'),
        ('a Any_of"x"', '(a Any_of "x")'),
        ("a Not_Contains SID(s-1-5-18)", "(a Not_Contains SID(SY))"),
        ("Not_Device_member_of_any({SID( BA )})", "(Not_Device_Member_of_Any {SID(BA)})"),
        ("@USER.a%0020%d83d%de00 != @device.é", "(@USER.a%0020%d83d%de00 != @DEVICE.%00e9)"),
        ("@user.x;y{z},-#", "(@USER.x;y{z},-#)"),
        ("0 > -0", "(0 > -0)"),
        ("17pq == 3", "(17pq == 3)"),
        ("APPID://PATH@x Contains 1", "(APPID://PATH@x Contains 1)"),
        ("a==#1#2#3##", "(a == #01020300)"),  # Microsoft, "SDDL for conditional ACEs"
        ("a==#", "(a == #)"),
    ],
)
def test_text_is_read(text: str, written: str) -> None:
    assert format_condition(parse_condition_text(text)) == written


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "expected an attribute, an operator or '\\(' at character 1, before the end"),
        ("()", "at character 2"),
        ("(a", "expected '\\)' at character 3"),
        ("a)", "a '\\)' without"),
        ("a b", "instead of 'b'"),
        ("a 'b", 'expected an operator at character 3, before "\'b"'),
        ("(a = 1)", "expected an operator at character 4"),
        ("(!)", "at character 3"),
        ("(a >)", "a number, string, #octets, SID\\(…\\) or @attribute at character 5"),
        ("(> 3)", "at character 2"),
        ("(a == b)", "at character 7"),
        ("(a == (@user.b < 6))", "expected '\\)' at character 16"),
        ('("x" == "x")', "at character 2"),
        ("(a == @user.b == 1)", "== has no attribute on its left"),
        ("((a && b) == 1)", "== has no attribute on its left"),
        ("(Contains 3)", "an attribute is missing before Contains"),
        ("(a Member_of {SID(BA)})", "instead of 'Member_of'"),
        ("(Member_of_AnySID(BA))", "instead of 'SID'|expected an operator"),
        ("(Member_of 3)", "Member_of has an operand of a wrong type"),
        ("(Member_of {1})", "Member_of has an operand of a wrong type"),
        ("(Member_of {})", "at character 13"),
        ("(Member_of {SID(BA),})", "at character 21"),
        ("(Member_of {SID(BA) SID(BG)})", "',' or '}'"),
        ("(Member_of {SID(ZZ)})", "'ZZ' is unknown"),
        ("(Member_of {SID(S-1-)})", "not a SID"),
        ("(a == {1,{2}})", "at character 10"),
        ("(a < {1})", "< has an operand of a wrong type"),
        ("(a < SID(BA))", "< has an operand of a wrong type"),
        ('(a == "x)', "at character 7"),
        ("(a == 08)", "at character 7"),
        ("(a == 17p)", "at character 7"),
        ("(a == 0x10000000000000000)", "does not fit"),
        ("(a == -9223372036854775809)", "does not fit"),
        ("(a == 1" + "0" * 100 + ")", "64 bits"),
        ("(@user. == 1)", "at character 2"),
        ("(@other.a == 1)", "at character 2"),
        ("(@user.%002e == 1)", "%002e must not be escaped"),
        ("(@user.%0000 == 1)", "%0000 must not be escaped"),
        ("(@user.a%12 == 1)", "expected an operator"),
        ("a" * 500_001, "too long"),
    ],
)
def test_malformed_text(text: str, problem: str) -> None:
    with pytest.raises(SecurityDescriptorError, match=problem):
        parse_condition_text(text)


@pytest.mark.parametrize(
    "tokens",
    [
        (user("a"), 'say "no"', Operator.EQUAL),
        (user("a"), Integer(1, width=4), Operator.EQUAL),
        (Attribute(Source.LOCAL, "Exists"),),
        (Attribute(Source.LOCAL, "a) || (b"),),
    ],
)
def test_what_has_no_text_is_refused(tokens: tuple[ConditionToken, ...]) -> None:
    condition = Condition(tokens)
    assert parse_condition(condition.to_bytes()) == condition
    with pytest.raises(SecurityDescriptorError, match="SDDL cannot express"):
        format_condition(condition)


def test_the_callers_aliases_are_used() -> None:
    admins = Sid.parse("S-1-5-21-1-2-3-512")
    condition = parse_condition_text("(Member_of{SID(da)})", lambda word: {"DA": admins}[word])
    assert condition.tokens[0] == (admins,)


def test_where_a_field_ends() -> None:
    entry = '(XA;;FR;;;WD;(a == "x)" && (b)))(A;;FA;;;SY)'
    assert closing_parenthesis(entry, 0) == entry.index("(A;;FA") - 1
    assert closing_parenthesis(entry, entry.index("(a")) == entry.index("(A;;FA") - 2
    for text, start in (("(a", 0), ('(")', 0), ("a)", 0), ("x(a)", 4), ("x(a)", 0)):
        with pytest.raises(SecurityDescriptorError, match="no closed"):
            closing_parenthesis(text, start)


@given(st.text('(a@user.SID){}&|!=<>#"%09- \t,é', max_size=30) | conditions.map(format_condition), st.randoms())
def test_noise_in_text(text: str, random) -> None:
    cut = random.randrange(len(text) + 1)
    try:
        condition = parse_condition_text(text[:cut] + random.choice(["", "(", ")", "!", "=", '"']) + text[cut + 1 :])
    except SecurityDescriptorError:
        return
    assert parse_condition_text(format_condition(condition)) == condition


def test_parentheses_are_bounded() -> None:
    # One for each of the thousand operations, which can be a "!" each, and one around all.
    assert parse_condition_text("(" * 2001 + "a" + ")" * 2001) == parse_condition_text("a")
    with pytest.raises(SecurityDescriptorError, match="nested deeper than 1000 operations at character 2003"):
        parse_condition_text("(" * 2002 + "a" + ")" * 2002)


def test_the_longest_text_and_number() -> None:
    assert parse_condition_text("a".ljust(500_000)) == parse_condition_text("a")
    with pytest.raises(SecurityDescriptorError, match="500001 characters are too long"):
        parse_condition_text("a".ljust(500_001))
    assert parse_condition_text("a == " + "7".zfill(100)) == parse_condition_text("a == 07")
    with pytest.raises(SecurityDescriptorError, match="64 bits"):
        parse_condition_text("a == " + "7".zfill(101))
