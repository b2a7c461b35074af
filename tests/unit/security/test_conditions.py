# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Conditions of entries: bytes, text, and what they evaluate to."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import SecurityDescriptorError, Sid
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security.claims import Claims, ClaimValue, ValueType
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security.condition_text import (
    closing_parenthesis,
    format_condition,
    parse_condition_text,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security.condition_tokens import (
    EXISTENCE,
    LOGICAL,
    MEMBERSHIP,
    ORDER,
    Attribute,
    Base,
    Integer,
    Operator,
    Sign,
    Source,
    Token,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security.conditions import (
    MAX_DEPTH,
    Condition,
    parse_condition,
)

ADMINISTRATORS = Sid(5, (32, 544))
EVERYONE = Sid(1, (0,))
SYSTEM = Sid(5, (18,))


def utf16(text: str) -> bytes:
    return text.encode("utf-16-le")


def user(name: str) -> Attribute:
    return Attribute(Source.USER, name)


# ---- bytes ----

DOCUMENTED = bytes.fromhex("61727478f80a0000005400690074006c006500100400000056005000 80 000000")


def test_the_documented_bytes() -> None:
    # [MS-DTYP] 2.4.4.17.9, example 1: (Title=="VP"), with three bytes of padding.
    condition = Condition((Attribute(Source.LOCAL, "Title"), "VP", Operator.EQUAL))
    assert parse_condition(DOCUMENTED) == condition
    assert condition.to_bytes() == DOCUMENTED
    assert parse_condition_text('(Title=="VP")') == condition
    assert format_condition(condition) == '(Title == "VP")'


def test_the_documented_number() -> None:
    # [MS-DTYP] 2.4.4.17.5: -1 as a signed int64, byte-code, QWORD, sign, base.
    condition = Condition((user("a"), Integer(-1, Sign.MINUS), Operator.EQUAL))
    assert bytes.fromhex("04 FFFFFFFFFFFFFFFF 02 02") in condition.to_bytes()
    assert parse_condition(condition.to_bytes()) == condition


@pytest.mark.parametrize(
    ("text", "tokens", "written"),
    [
        (
            '(@User.smartcard==1 || @Device.managed==1) && (@Resource.dept Any_of{"Sales","HR"})',
            (
                user("smartcard"),
                Integer(1),
                Operator.EQUAL,
                Attribute(Source.DEVICE, "managed"),
                Integer(1),
                Operator.EQUAL,
                Operator.OR,
                Attribute(Source.RESOURCE, "dept"),
                ("Sales", "HR"),
                Operator.ANY_OF,
                Operator.AND,
            ),
            '(((@USER.smartcard == 1) || (@DEVICE.managed == 1)) && (@RESOURCE.dept Any_of {"Sales", "HR"}))',
        ),
        (
            "(@User.clearanceLevel>=@Resource.requiredClearance) || (Member_of{SID(BA)})",
            (
                user("clearanceLevel"),
                Attribute(Source.RESOURCE, "requiredClearance"),
                Operator.GREATER_OR_EQUAL,
                (ADMINISTRATORS,),
                Operator.MEMBER_OF,
                Operator.OR,
            ),
            "((@USER.clearanceLevel >= @RESOURCE.requiredClearance) || (Member_of {SID(BA)}))",
        ),
    ],
)
def test_the_documented_postfix_order(text: str, tokens: tuple[Token, ...], written: str) -> None:
    # [MS-DTYP] 2.4.4.17.9, examples 2 and 3.
    condition = parse_condition_text(text)
    assert condition.tokens == tokens
    assert format_condition(condition) == written


# SDDL, the bytes and the SDDL that Windows Server 2022 makes of it, as published with Samba's tests
# (libcli/security/tests); padding is left out here.
FROM_WINDOWS = [
    (
        '(@User.Title == "")',
        b"\xf9\x0a\0\0\0" + utf16("Title") + b"\x10\0\0\0\0\x80",
        '(@USER.Title == "")',
    ),
    (
        "(Member_of {SID(S-1-999-777-7-7), SID(BO)} && @Device.Bitlocker)",
        b"\x50\x2e\0\0\0"
        b"\x51\x14\0\0\0\x01\x03\0\0\0\0\x03\xe7\x09\x03\0\0\x07\0\0\0\x07\0\0\0"
        b"\x51\x10\0\0\0\x01\x02\0\0\0\0\0\x05\x20\0\0\0\x27\x02\0\0"
        b"\x89\xfb\x12\0\0\0" + utf16("Bitlocker") + b"\xa0",
        "((Member_of {SID(S-1-999-777-7-7), SID(BO)}) && (@DEVICE.Bitlocker))",
    ),
    (
        "(Member_Of SID(S-1-1-0))",
        b"\x51\x0c\0\0\0\x01\x01\0\0\0\0\0\x01\0\0\0\0\x89",
        "(Member_of SID(WD))",
    ),
    (
        "(Member_of_Any(SID(S-1-1-0)))",
        b"\x51\x0c\0\0\0\x01\x01\0\0\0\0\0\x01\0\0\0\0\x8b",
        "(Member_of_any SID(WD))",
    ),
    (
        "(!(! (Member_of{SID(AA)})))",
        b"\x50\x15\0\0\0\x51\x10\0\0\0\x01\x02\0\0\0\0\0\x05\x20\0\0\0\x43\x02\0\0\x89\xa2\xa2",
        "(!(!(Member_of {SID(AA)})))",
    ),
    (
        "(@Device.bb == 0x7fffffffffffffff)",
        b"\xfb\x04\0\0\0" + utf16("bb") + b"\x04\xff\xff\xff\xff\xff\xff\xff\x7f\x03\x03\x80",
        "(@DEVICE.bb == 0x7fffffffffffffff)",
    ),
    (
        "(@Device.legs >= 1)",
        b"\xfb\x08\0\0\0" + utf16("legs") + b"\x04\x01\0\0\0\0\0\0\0\x03\x02\x85",
        "(@DEVICE.legs >= 1)",
    ),
    (
        "(OctetStringType==##1#2#3##)",
        b"\xf8\x1e\0\0\0" + utf16("OctetStringType") + b"\x18\x04\0\0\0\x01\x02\x03\0\x80",
        "(OctetStringType == #01020300)",
    ),
    (
        '(@Device.colour == {"orange", "blue"})',
        b"\xfb\x0c\0\0\0" + utf16("colour") + b"\x50\x1e\0\0\0"
        b"\x10\x0c\0\0\0" + utf16("orange") + b"\x10\x08\0\0\0" + utf16("blue") + b"\x80",
        '(@DEVICE.colour == {"orange", "blue"})',
    ),
    (
        "(!(@USER.Project Not_Any_of 1))",
        b"\xf9\x0e\0\0\0" + utf16("Project") + b"\x04\x01\0\0\0\0\0\0\0\x03\x02\x8f\xa2",
        "(!(@USER.Project Not_Any_of 1))",
    ),
    (
        "(@USER.A && @Device.B && @USER.C)",
        b"\xf9\x02\0\0\0A\0\xfb\x02\0\0\0B\0\xa0\xf9\x02\0\0\0C\0\xa0",
        "(((@USER.A) && (@DEVICE.B)) && (@USER.C))",
    ),
    (
        "(@USER.A || @Device.B || @USER.C)",
        b"\xf9\x02\0\0\0A\0\xfb\x02\0\0\0B\0\xa1\xf9\x02\0\0\0C\0\xa1",
        "(((@USER.A) || (@DEVICE.B)) || (@USER.C))",
    ),
    (
        "(@USER.A || @Device.B && @USER.C)",
        b"\xf9\x02\0\0\0A\0\xfb\x02\0\0\0B\0\xf9\x02\0\0\0C\0\xa0\xa1",
        "((@USER.A) || ((@DEVICE.B) && (@USER.C)))",
    ),
    (
        "(@USER.A && @Device.B || @USER.C)",
        b"\xf9\x02\0\0\0A\0\xfb\x02\0\0\0B\0\xa0\xf9\x02\0\0\0C\0\xa1",
        "(((@USER.A) && (@DEVICE.B)) || (@USER.C))",
    ),
    (
        "(@Device.colour Contains @Resource.colour)",
        b"\xfb\x0c\0\0\0" + utf16("colour") + b"\xfa\x0c\0\0\0" + utf16("colour") + b"\x86",
        "(@DEVICE.colour Contains @RESOURCE.colour)",
    ),
    (
        '(@USER.ad://ext/AuthenticationSilo == "siloname")',
        b"\xf9\x36\0\0\0" + utf16("ad://ext/AuthenticationSilo") + b"\x10\x10\0\0\0" + utf16("siloname") + b"\x80",
        '(@USER.ad://ext/AuthenticationSilo == "siloname")',
    ),
    ("(@RESOURCE.c)", b"\xfa\x02\0\0\0c\0", "(@RESOURCE.c)"),
]


@pytest.mark.parametrize(("text", "tokens", "written"), FROM_WINDOWS)
def test_as_windows_encodes_and_writes_it(text: str, tokens: bytes, written: str) -> None:
    data = b"artx" + tokens
    data += bytes(-len(data) % 4)
    assert parse_condition_text(text).to_bytes() == data
    assert parse_condition(data).to_bytes() == data
    assert format_condition(parse_condition(data)) == written


@pytest.mark.parametrize("padding", [0, 4])
def test_other_padding_is_refused(padding: int) -> None:
    with pytest.raises(SecurityDescriptorError, match=r"does not take|type 0"):
        parse_condition(DOCUMENTED.rstrip(b"\0") + bytes(padding))


@pytest.mark.parametrize(
    ("tokens", "problem"),
    [
        (b"", "one operation or attribute"),
        (b"\x80", "EQUAL of a condition lacks an operand"),
        (b"\xf8\x02\0\0\0a\0\x80", "EQUAL of a condition lacks an operand"),
        (b"\xa2", "NOT of a condition lacks an operand"),
        (b"\x87", "EXISTS of a condition lacks an operand"),
        (b"\xf8\x02\0\0\0a\0\xf8\x02\0\0\0b\0", "one operation or attribute"),
        (b"\x10\x02\0\0\0a\0", "one operation or attribute"),
        (b"\x10\x02\0\0\0a\0\xa2", "NOT of a condition has an operand of a wrong type"),
        (b"\xf8\x02\0\0\0a\0\xf8\x02\0\0\0b\0\x80", "EQUAL of a condition has an operand of a wrong type"),
        (b"\x10\x02\0\0\0a\0\xf9\x02\0\0\0b\0\x80", "EQUAL of a condition has an operand of a wrong type"),
        (b"\xf8\x02\0\0\0a\0\x89", "MEMBER_OF of a condition has an operand of a wrong type"),
        (b"\x10\x02\0\0\0a\0\x87", "EXISTS of a condition has an operand of a wrong type"),
        (b"\xf8\x02\0\0\0a\0\x50\x05\0\0\0\x18\0\0\0\0\x82", "LESS of a condition has an operand of a wrong type"),
        (b"\xf8\x02\0\0\0a\0\x50\0\0\0\0\x80", "cannot stand in a condition"),
        (b"\xf8\x02\0\0\0a\0\x50\x05\0\0\0\x50\0\0\0\0\x80", "type 0x50"),
        (b"\xf8\x02\0\0\0a\0\x50\x07\0\0\0\xf9\x02\0\0\0a\0\x80", "type 0xf9"),
        # Elements that are longer than what is left of their composite.
        (b"\xf9\x02\0\0\0a\0\x50\x0a\0\0\0\x04\x80\0\0\0\0\0\0\0\x03\x02\x80", "number at byte 16"),
        (b"\xf9\x02\0\0\0a\0\x50\x07\0\0\0\x10\x04\0\0\0a\0\x80\0\x80", "token at byte 16"),
        (b"\xf9\x02\0\0\0a\0\x50\x04\0\0\0\x18\0\0\0\0\x80", "token at byte 16"),
        (b"\xf8\x03\0\0\0a\0b", "odd number"),
        (b"\xf8\x02\0\0\0\0\0", "NUL"),
        (b"\xf8\0\0\0\0", "empty"),
        (b"\xf8\xff\xff\xff\xffa\0", "ends in the token at byte 4"),
        (b"\xf8\x02", "ends in the token at byte 4"),
        (b"\x04\x01\0\0", "ends in the number at byte 4"),
        (b"\x04\x01\0\0\0\0\0\0\0\x04\x02", "sign or base"),
        (b"\x04\x01\0\0\0\0\0\0\0\x03\0", "sign or base"),
        (b"\x04\x01\0\0\0\0\0\0\0\x02\x02", "does not fit its sign"),
        (b"\x01\x80\0\0\0\0\0\0\0\x03\x02", "does not fit its sign"),
        (b"\x03\xff\xff\xff\xff\xff\xff\xff\xff\x03\x02", "does not fit its sign"),
        (b"\x51\x04\0\0\0\x01\x01\0\0", "at least 8 bytes"),
        (b"\x51\x0c\0\0\0\x01\0\0\0\0\0\0\x01\0\0\0\0\x89", "behind the SID"),
        (b"\x83\x00\x00\x00\x00\x00\x00\x00", "type 0 stands"),
        (b"\xf8\x02\0\0\0a\0\x87\0\0\0\0", "type 0 stands at byte 12"),  # complete without padding
        (b"\xf8\x02\0\0\0a\0\xa2\xa2\0\0\1", "type 0 stands at byte 13"),
        (b"\x05", "type 0x05"),
        (b"\xff", "type 0xff"),
    ],
)
def test_malformed_bytes(tokens: bytes, problem: str) -> None:
    data = b"artx" + tokens
    with pytest.raises(SecurityDescriptorError, match=problem):
        parse_condition(data + bytes(-len(data) % 4))


@pytest.mark.parametrize("item", [user("b"), Operator.NOT, ("x",)])
def test_composites_hold_scalars_only(item: Token) -> None:
    with pytest.raises(SecurityDescriptorError, match="cannot stand in a condition"):
        Condition((user("a"), ("x", item), Operator.EQUAL))  # type: ignore[arg-type]


def test_a_number_may_stand_last_in_a_composite() -> None:
    tokens = b"\xf9\x02\0\0\0a\0\x50\x16\0\0\0" + 2 * b"\x04\x01\0\0\0\0\0\0\0\x03\x02" + b"\x80\0"
    condition = Condition((user("a"), (Integer(1), Integer(1)), Operator.EQUAL))
    assert parse_condition(b"artx" + tokens) == condition
    assert condition.to_bytes() == b"artx" + tokens


def test_what_is_no_condition() -> None:
    with pytest.raises(SecurityDescriptorError, match="no condition"):
        parse_condition(b"arty")
    with pytest.raises(SecurityDescriptorError, match="at most 65535 bytes"):
        Condition((user("a"), "x" * 40_000, Operator.EQUAL))
    with pytest.raises(SecurityDescriptorError, match="does not take"):
        parse_condition(b"artx" * 20_000)


@pytest.mark.parametrize(
    ("width", "code", "sign", "value"),
    [
        (1, 0x01, Sign.MINUS, -128),
        (1, 0x01, Sign.PLUS, 127),
        (2, 0x02, Sign.MINUS, -32768),
        (4, 0x03, Sign.NONE, 2**31 - 1),
        (8, 0x04, Sign.MINUS, -(2**63)),
        (8, 0x04, Sign.NONE, 2**64 - 1),
        (8, 0x04, Sign.MINUS, 0),
    ],
)
def test_numbers_of_every_width(width: int, code: int, sign: Sign, value: int) -> None:
    condition = Condition((user("a"), Integer(value, sign, Base.DECIMAL, width), Operator.EQUAL))
    number = (value & (2**64 - 1)).to_bytes(8, "little")
    assert bytes((code,)) + number + bytes((sign.value, 2)) in condition.to_bytes()
    assert parse_condition(condition.to_bytes()) == condition


def test_the_documented_codes_of_sign_and_base() -> None:
    # [MS-DTYP] 2.4.4.17.5.
    assert {sign.name: sign.value for sign in Sign} == {"PLUS": 1, "MINUS": 2, "NONE": 3}
    assert {base.name: base.value for base in Base} == {"OCTAL": 1, "DECIMAL": 2, "HEXADECIMAL": 3}


@pytest.mark.parametrize("width", [1, 2, 4, 8])
def test_numbers_that_do_not_fit(width: int) -> None:
    # Signed, but with all of 64 bits where there is no minus: FROM_WINDOWS and test_numbers have such.
    half = 2 ** (8 * width - 1)
    largest = 2 * half - 1 if width == 8 else half - 1
    for value, sign in (
        (-1, Sign.NONE),
        (-1, Sign.PLUS),
        (1, Sign.MINUS),
        (-half - 1, Sign.MINUS),
        (largest + 1, Sign.NONE),
        (largest + 1, Sign.PLUS),
    ):
        with pytest.raises(SecurityDescriptorError, match="does not fit its sign and width"):
            Integer(value, sign, Base.DECIMAL, width)


@pytest.mark.parametrize("width", [-1, 0, 3, 5, 16])
def test_widths_that_do_not_exist(width: int) -> None:
    with pytest.raises(SecurityDescriptorError, match="bytes wide"):
        Integer(0, width=width)


@pytest.mark.parametrize("name", ["", "\0", "a\0"])
def test_names_that_bytes_cannot_tell(name: str) -> None:
    with pytest.raises(SecurityDescriptorError, match="name of an attribute"):
        Attribute(Source.USER, name)


# ---- text ----


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
def test_what_has_no_text_is_refused(tokens: tuple[Token, ...]) -> None:
    condition = Condition(tokens)
    assert parse_condition(condition.to_bytes()) == condition
    with pytest.raises(SecurityDescriptorError, match="no text"):
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


# ---- random conditions ----

words = st.sampled_from(["a", "A", "b", "Titel", "x y", "é%\U0001f600", 'q"'])
local_names = st.sampled_from(["a", "A", "b", "WIN://SYSAPPID", "7"])
numbers = st.one_of(
    st.builds(Integer, st.integers(0, 2**64 - 1), st.sampled_from([Sign.NONE, Sign.PLUS]), st.sampled_from(Base)),
    st.builds(Integer, st.integers(-(2**63), 0), st.just(Sign.MINUS), st.sampled_from(Base)),
    st.builds(Integer, st.integers(0, 2)),
)
sids = st.sampled_from([ADMINISTRATORS, EVERYONE, SYSTEM])
strings = st.sampled_from(["", "x", "X", "ß", "é", "\ud800"])
ordered = numbers | strings | st.binary(max_size=3)
scalars = ordered | sids
composites = st.lists(scalars, min_size=1, max_size=4).map(tuple)
prefixed = st.builds(Attribute, st.sampled_from([Source.USER, Source.DEVICE, Source.RESOURCE]), words)
any_attribute = prefixed | st.builds(Attribute, st.just(Source.LOCAL), local_names)


def in_order(operators: Iterable[Operator]) -> list[Operator]:
    return sorted(operators, key=lambda found: found.value)


SETS = [found for found in Operator if found not in LOGICAL | EXISTENCE | MEMBERSHIP | ORDER]
terms = st.one_of(
    st.tuples(any_attribute),
    st.tuples(any_attribute, st.sampled_from(in_order(EXISTENCE))),
    st.tuples(
        sids | st.lists(sids, min_size=1, max_size=3).map(tuple),
        st.sampled_from(in_order(MEMBERSHIP)),
    ),
    st.tuples(any_attribute, ordered | prefixed, st.sampled_from(in_order(ORDER))),
    st.tuples(any_attribute, scalars | composites | prefixed, st.sampled_from(SETS)),
)
conditions = st.recursive(
    terms,
    lambda inner: (
        inner.map(lambda tokens: (*tokens, Operator.NOT))
        | st.builds(
            lambda one, two, found: (*one, *two, found), inner, inner, st.sampled_from([Operator.AND, Operator.OR])
        )
    ),
    max_leaves=8,
).map(Condition)
claim_values = st.one_of(
    st.builds(ClaimValue, st.just(ValueType.INT64), st.lists(st.integers(-1, 2), max_size=2).map(tuple)),
    st.builds(ClaimValue, st.just(ValueType.UINT64), st.just((2**64 - 1,))),
    st.builds(ClaimValue, st.just(ValueType.BOOLEAN), st.tuples(st.booleans())),
    st.builds(ClaimValue, st.just(ValueType.SID), st.lists(sids, max_size=2).map(tuple)),
    st.builds(ClaimValue, st.just(ValueType.OCTET_STRING), st.tuples(st.binary(max_size=3))),
    st.builds(ClaimValue, st.just(ValueType.STRING), st.lists(strings, max_size=2).map(tuple), st.booleans()),
)
claim_sets = st.dictionaries(words | local_names, claim_values, max_size=4)
full_claims = st.builds(
    Claims,
    claim_sets,
    claim_sets,
    claim_sets,
    claim_sets,
    st.frozensets(sids),
    st.just(True),
    st.frozensets(sids),
    st.just(True),
)


@given(conditions)
def test_bytes_and_text_hold_the_same(condition: Condition) -> None:
    assert parse_condition(condition.to_bytes()) == condition
    assert parse_condition_text(format_condition(condition)) == condition


@given(st.binary(max_size=60) | conditions.map(lambda condition: condition.to_bytes()[4:]), st.randoms())
def test_noise_in_bytes(tokens: bytes, random) -> None:
    noisy = bytearray(b"artx" + tokens + bytes(-len(tokens) % 4))
    noisy[random.randrange(4, len(noisy) + 1) : len(noisy)] = random.randbytes(random.randrange(4))
    try:
        condition = parse_condition(bytes(noisy))
    except SecurityDescriptorError:
        return
    assert condition.to_bytes() == noisy


@given(st.text('(a@user.SID){}&|!=<>#"%09- \t,é', max_size=30) | conditions.map(format_condition), st.randoms())
def test_noise_in_text(text: str, random) -> None:
    cut = random.randrange(len(text) + 1)
    try:
        condition = parse_condition_text(text[:cut] + random.choice(["", "(", ")", "!", "=", '"']) + text[cut + 1 :])
    except SecurityDescriptorError:
        return
    assert parse_condition_text(format_condition(condition)) == condition


@given(conditions, full_claims, st.sets(st.sampled_from(["user", "device", "local", "resource"])), st.data())
def test_knowing_more_never_changes_an_answer(
    condition: Condition, claims: Claims, unread: set[str], data: st.DataObject
) -> None:
    known = data.draw(st.frozensets(sids).map(lambda some: some & claims.sids))
    less = replace(claims, **dict.fromkeys(unread), sids=known, sids_complete=known == claims.sids)
    outcomes = condition.outcomes(claims)
    assert len(outcomes) == 1
    assert outcomes <= condition.outcomes(less) <= condition.outcomes(Claims())
    if condition.evaluate(less) is not None:
        assert condition.evaluate(less) == condition.evaluate(claims)


# ---- what they evaluate to ----

T, F, U = True, False, None


def say(*values: int | str | bytes | Sid, kind: ValueType | None = None, exact: bool = False) -> ClaimValue:
    kinds = {int: ValueType.INT64, bool: ValueType.BOOLEAN, str: ValueType.STRING, bytes: ValueType.OCTET_STRING}
    return ClaimValue(kind or kinds.get(type(values[0]), ValueType.SID), values, exact)


CLAIMS = Claims(
    user={
        "one": say(1),
        "zero": say(0),
        "big": say(2**64 - 1, kind=ValueType.UINT64),
        "yes": say(True),
        "no": say(False),
        "Title": say("PM"),
        "exact": say("PM", exact=True),
        "small": say("pm", exact=True),
        "macron": say("Ā"),
        "empty": say(""),
        "nothing": say(kind=ValueType.STRING),
        "colours": say("orange", "blue"),
        "numbers": say(1, 2),
        "octets": say(b"\1\2"),
        "group": say(ADMINISTRATORS),
        "eszett": say("straße"),
    },
    device={"managed": say(1)},
    local={"Title": say("VP"), "nothing": say(kind=ValueType.INT64)},
    resource={"colour": say("BLUE"), "level": say(3)},
    sids=frozenset({EVERYONE, ADMINISTRATORS}),
    sids_complete=True,
    device_sids=frozenset({SYSTEM}),
    device_sids_complete=True,
)
# An expression for each truth value.
WORTH = {T: "@user.one", F: "@user.zero", U: "@user.absent"}


@pytest.mark.parametrize("left", WORTH)
@pytest.mark.parametrize("right", WORTH)
def test_logical_operators(left: bool | None, right: bool | None) -> None:
    # [MS-DTYP] 2.4.4.17.7.
    both = F if F in (left, right) else U if U in (left, right) else T
    either = T if T in (left, right) else U if U in (left, right) else F
    assert parse_condition_text(f"{WORTH[left]} && {WORTH[right]}").outcomes(CLAIMS) == {both}
    assert parse_condition_text(f"{WORTH[left]} || {WORTH[right]}").outcomes(CLAIMS) == {either}
    assert parse_condition_text(f"!{WORTH[left]}").outcomes(CLAIMS) == {U if left is U else not left}


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        # Logical values of attributes: a number is true unless it is zero, a string unless it is empty.
        ("@user.big", T),
        ("@user.yes", T),
        ("@user.no", F),
        ("@user.title", T),
        ("@user.empty", F),
        ("@user.nothing", U),
        ("@user.numbers", U),
        ("@user.octets", U),
        ("@user.group", U),
        # Which set of claims an attribute is looked up in; letter case does not matter.
        ('TITLE == "VP"', T),
        ('@user.title == "VP"', F),
        ("@resource.level == 3", T),
        ("@device.level == 3", U),
        # Equality, of one value and of sets; strings without regard to case unless the claim is case-sensitive.
        ("@user.one == 1", T),
        ("@user.one != 1", F),
        ('@user.title == "pm"', T),
        ('@user.exact == "pm"', F),
        ('@user.exact == "PM"', T),
        ("@user.title == @user.exact", T),
        ("@user.title == @user.small", F),
        ('@user.eszett == "STRAßE"', T),
        ('@user.eszett == "STRASSE"', F),
        ('@user.colours == {"blue", "ORANGE", "blue"}', T),
        ('@user.colours != {"blue", "orange"}', F),
        ('@user.colours == {"blue", "orange", "red"}', F),
        ('@user.colours == "blue"', F),
        ('@user.title == {"PM"}', T),
        ("@user.group == SID(BA)", T),
        ("@user.octets == #0102", T),
        ("@user.big == 0xffffffffffffffff", T),
        ("@user.big == -1", F),
        # A missing attribute makes the operation UNKNOWN, and only that.
        ("@user.absent == 1", U),
        ('@user.nothing != "x"', U),
        ("@user.one == @user.absent", U),
        ("@user.absent == 1 || @user.one", T),
        ("@user.absent == 1 && @user.zero", F),
        # Another type makes everything UNKNOWN.
        ('@user.one == "1"', U),
        ('@user.one == "1" || @user.one', U),
        ('@user.one == "1" && @user.zero', U),
        ("@user.colours == {1}", U),
        ('@user.colours Contains {"blue", 1}', U),
        ("@user.one == @user.title || @user.one", U),
        # TRUE and FALSE compare to the literals 1 and 0, by == and != only.
        ("@user.yes == 1", T),
        ("@user.no != 1", T),
        ("@user.no == 0", T),
        ("@user.yes == 0", F),
        ("@user.yes == 2", U),
        ("@user.no == -1", U),
        ("@user.yes >= 1", U),
        ("@user.yes Contains 1", U),
        ("@user.yes == @user.one", U),
        ("@user.yes == @user.yes", T),
        ("@user.yes > @user.no", U),
        # Order: a prefix is less than what it is a prefix of.
        ("@user.one < 2", T),
        ("@user.one <= 1", T),
        ("@user.one > 1", F),
        ("@user.one >= -9223372036854775808", T),
        ("@user.big > 9223372036854775807", T),
        ('@user.title < "PMs"', T),
        ('@user.title < "ab"', F),
        ('@user.title >= "pm"', T),
        ('@user.macron > "b"', T),  # by code units, 0x100 and 0x42, not by bytes
        ("@user.octets > #01", T),
        ("@user.octets < #02", T),
        ("@user.numbers < 3", U),
        ("@user.one < @user.numbers", U),
        ("@user.numbers < 3 || @user.one", T),
        ("@user.group < @user.group", U),
        ("@user.group < @user.group || @user.one", U),
        ("@user.yes > @user.no || @user.one", U),
        # Contains: all of the right side; Any_of: one of it.
        ('@user.colours Contains "BLUE"', T),
        ('@user.colours Contains {"blue", "orange"}', T),
        ('@user.colours Contains {"blue", "red"}', F),
        ('@user.colours Not_Contains {"blue", "red"}', T),
        ("@user.colours Contains @resource.colour", T),
        ('@user.title Contains {"PM", "pm"}', T),
        ('@user.colours Any_of {"blue", "red"}', T),
        ('@user.colours Any_of "red"', F),
        ('@user.colours Not_Any_of "red"', T),
        ('@user.colours Not_Any_of "blue"', F),
        ("@resource.colour Any_of @user.colours", T),
        ("@user.absent Not_Any_of 1", U),
        # Exists has a rule for local and resource attributes.
        ("Exists title", T),
        ("Exists absent", F),
        ("Exists nothing", F),
        ("Not_Exists absent", T),
        ("Exists @resource.level", T),
        ("Not_Exists @resource.absent", T),
        ("Exists @user.one", U),
        ("Exists @user.one || @user.one", U),
        # Members.
        ("Member_of {SID(WD), SID(BA)}", T),
        ("Member_of {SID(WD), SID(SY)}", F),
        ("Not_Member_of {SID(WD), SID(SY)}", T),
        ("Member_of_Any {SID(WD), SID(SY)}", T),
        ("Member_of_Any SID(SY)", F),
        ("Not_Member_of_Any SID(SY)", T),
        ("Device_Member_of SID(SY)", T),
        ("Device_Member_of {SID(SY), SID(WD)}", F),
        ("Device_Member_of_Any {SID(SY), SID(WD)}", T),
        ("Not_Device_Member_of SID(SY)", F),
        ("Not_Device_Member_of_Any SID(WD)", T),
    ],
)
def test_evaluation(text: str, answer: bool | None) -> None:
    condition = parse_condition_text(text)
    assert condition.outcomes(CLAIMS) == {answer}
    assert condition.evaluate(CLAIMS) is answer


@pytest.mark.parametrize(
    ("text", "outcomes"),
    [
        ("@user.a", {T, F, U}),
        ("@user.a && @device.zero", {F}),
        ("@user.a || @device.one", {T}),
        ("@user.a == 1", {T, F, U}),
        ("@device.one == @user.a", {T, F, U}),
        ("@user.a < @device.one", {T, F, U}),
        ("@device.absent == @user.a", {U}),
        # The claim can be of another type, which would make the whole UNKNOWN.
        ("@user.a == 1 && @device.zero", {F, U}),
        ("Exists a", {T, F}),
        ("Exists a && @device.zero", {F}),
        ("Member_of SID(WD)", {T}),
        ("Member_of {SID(WD), SID(BA)}", {T, F}),
        ("Member_of_Any {SID(WD), SID(BA)}", {T}),
        ("Not_Member_of SID(BA)", {T, F}),
        ("Device_Member_of SID(BA)", {T, F}),
    ],
)
def test_what_was_not_read_stays_open(text: str, outcomes: set[bool | None]) -> None:
    claims = Claims(device={"one": say(1), "zero": say(0)}, sids=frozenset({EVERYONE}))
    assert parse_condition_text(text).outcomes(claims) == outcomes
    expected = next(iter(outcomes)) if len(outcomes) == 1 else None
    assert parse_condition_text(text).evaluate(claims) is expected


def test_of_one_name_the_first_counts() -> None:
    claims = Claims(resource={"a": say(1), "A": say(2)})
    assert parse_condition_text("@resource.A == 1").evaluate(claims) is True


# ---- bounds ----


def test_depth_is_bounded() -> None:
    deepest = Condition((user("a"), *[Operator.NOT] * MAX_DEPTH))
    assert parse_condition_text(format_condition(deepest)) == deepest
    assert deepest.evaluate(Claims(user={"a": say(1)})) is True
    right = Condition((*[user("a")] * (MAX_DEPTH + 1), *[Operator.AND] * MAX_DEPTH))
    assert parse_condition_text(format_condition(right)) == right
    left = Condition((user("a"), *[user("a"), Operator.OR] * MAX_DEPTH))
    assert parse_condition_text(format_condition(left)) == left
    for tokens in ((*deepest.tokens, Operator.NOT), (*left.tokens, user("a"), Operator.OR)):
        with pytest.raises(SecurityDescriptorError, match="nested deeper"):
            Condition(tokens)
    for text in ("!" * 100_000 + "a", "(" * 100_000 + "a", "a" + "||a" * 8_000):
        with pytest.raises(SecurityDescriptorError, match="nested deeper"):
            parse_condition_text(text)
    with pytest.raises(SecurityDescriptorError, match="nested deeper"):
        parse_condition(b"artx\xf9\x02\0\0\0a\0" + b"\xa2" * 60_001)
    assert format_condition(parse_condition_text("Member_of" + "(" * 9000 + "SID(BA)" + ")" * 9000)) == (
        "(Member_of SID(BA))"
    )


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


def steps(work: Callable[[Condition], object], condition: Condition) -> int:
    """How many calls, of Python and of C, the work takes."""
    count = 0

    def counted(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(counted)
    try:
        work(condition)
    finally:
        sys.setprofile(None)
    return count


def balanced(leaves: int) -> Condition:
    level: list[tuple[Token, ...]] = [(user("a"), ("x", Integer(1)), Operator.ANY_OF)] * leaves
    while len(level) > 1:
        level = [(*one, *two, Operator.AND) for one, two in zip(level[::2], level[1::2], strict=True)]
    return Condition(level[0])


def wide(items: int) -> Condition:
    return Condition((user("a"), tuple(Integer(number) for number in range(items)), Operator.EQUAL))


@pytest.mark.parametrize(("make", "size"), [(balanced, 512), (wide, 2900)])
def test_work_is_linear(make: Callable[[int], Condition], size: int) -> None:
    small, large = make(size), make(2 * size)
    assert len(large.to_bytes()) > 32_000
    claims = Claims(user={"a": say(*range(5000))})
    for work in (
        lambda condition: parse_condition(condition.to_bytes()),
        format_condition,
        lambda condition: condition.evaluate(claims),
    ):
        assert steps(work, large) < 2.5 * steps(work, small)
    # Every value of the claim once, not once for each of the operations: that would be five million.
    assert steps(lambda condition: condition.evaluate(claims), large) < 500_000


def test_every_operator_is_written_and_read() -> None:
    seen = set()
    for found in Operator:
        tokens: tuple[Token, ...] = (user("a"), Integer(1))
        if found in MEMBERSHIP:
            tokens = ((ADMINISTRATORS,),)
        elif found in LOGICAL | EXISTENCE:
            tokens = (user("a"),) if found.is_unary else (user("a"), user("b"))
        condition = Condition((*tokens, found))
        assert parse_condition_text(format_condition(condition)) == condition
        seen.add(condition.to_bytes().rstrip(b"\0")[-1])
    # The byte-codes of [MS-DTYP] 2.4.4.17.6 and 2.4.4.17.7.
    assert seen == {*range(0x80, 0x94), 0xA0, 0xA1, 0xA2}
