# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Conditions in binary form."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import SecurityDescriptorError
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security.conditional.condition import (
    MAX_DEPTH,
    Condition,
    parse_condition,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security.conditional.text import (
    format_condition,
    parse_condition_text,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security.conditional.tokens import (
    EXISTENCE,
    LOGICAL,
    MEMBERSHIP,
    Attribute,
    Base,
    ConditionToken,
    Integer,
    Operator,
    Sign,
    Source,
)

from .strategies import ADMINISTRATORS, conditions, user


def utf16(text: str) -> bytes:
    return text.encode("utf-16-le")


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
def test_the_documented_postfix_order(text: str, tokens: tuple[ConditionToken, ...], written: str) -> None:
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
    with pytest.raises(SecurityDescriptorError, match=r"cannot have|type 0"):
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
        (b"\xf8\x02\0\0\0a\0\x50\0\0\0\0\x80", "a condition cannot contain"),
        (b"\xf8\x02\0\0\0a\0\x50\x05\0\0\0\x50\0\0\0\0\x80", "type 0x50"),
        (b"\xf8\x02\0\0\0a\0\x50\x07\0\0\0\xf9\x02\0\0\0a\0\x80", "type 0xf9"),
        # Elements that are longer than what is left of their composite.
        (b"\xf9\x02\0\0\0a\0\x50\x0a\0\0\0\x04\x80\0\0\0\0\0\0\0\x03\x02\x80", "number at byte 16"),
        (b"\xf9\x02\0\0\0a\0\x50\x07\0\0\0\x10\x04\0\0\0a\0\x80\0\x80", "token at byte 16"),
        (b"\xf9\x02\0\0\0a\0\x50\x04\0\0\0\x18\0\0\0\0\x80", "token at byte 16"),
        (b"\xf8\x03\0\0\0a\0b", "odd number"),
        (b"\xf8\x02\0\0\0\0\0", "NUL"),
        (b"\xf8\0\0\0\0", "empty"),
        (b"\xf8\xff\xff\xff\xffa\0", "ends inside the token at byte 4"),
        (b"\xf8\x02", "ends inside the token at byte 4"),
        (b"\x04\x01\0\0", "ends inside the number at byte 4"),
        (b"\x04\x01\0\0\0\0\0\0\0\x04\x02", "sign or base"),
        (b"\x04\x01\0\0\0\0\0\0\0\x03\0", "sign or base"),
        (b"\x04\x01\0\0\0\0\0\0\0\x02\x02", "does not fit its sign"),
        (b"\x01\x80\0\0\0\0\0\0\0\x03\x02", "does not fit its sign"),
        (b"\x03\xff\xff\xff\xff\xff\xff\xff\xff\x03\x02", "does not fit its sign"),
        (b"\x51\x04\0\0\0\x01\x01\0\0", "at least 8 bytes"),
        (b"\x51\x0c\0\0\0\x01\0\0\0\0\0\0\x01\0\0\0\0\x89", "after the SID"),
        (b"\x83\x00\x00\x00\x00\x00\x00\x00", "is a token of type 0"),
        (b"\xf8\x02\0\0\0a\0\x87\0\0\0\0", "byte 12 of a condition is a token of type 0"),  # complete without padding
        (b"\xf8\x02\0\0\0a\0\xa2\xa2\0\0\1", "byte 13 of a condition is a token of type 0"),
        (b"\x05", "type 0x05"),
        (b"\xff", "type 0xff"),
    ],
)
def test_malformed_bytes(tokens: bytes, problem: str) -> None:
    data = b"artx" + tokens
    with pytest.raises(SecurityDescriptorError, match=problem):
        parse_condition(data + bytes(-len(data) % 4))


@pytest.mark.parametrize("item", [user("b"), Operator.NOT, ("x",)])
def test_composites_hold_scalars_only(item: ConditionToken) -> None:
    with pytest.raises(SecurityDescriptorError, match="a condition cannot contain"):
        Condition((user("a"), ("x", item), Operator.EQUAL))  # type: ignore[arg-type]


def test_a_number_may_stand_last_in_a_composite() -> None:
    tokens = b"\xf9\x02\0\0\0a\0\x50\x16\0\0\0" + 2 * b"\x04\x01\0\0\0\0\0\0\0\x03\x02" + b"\x80\0"
    condition = Condition((user("a"), (Integer(1), Integer(1)), Operator.EQUAL))
    assert parse_condition(b"artx" + tokens) == condition
    assert condition.to_bytes() == b"artx" + tokens


def test_what_is_no_condition() -> None:
    with pytest.raises(SecurityDescriptorError, match="not a condition"):
        parse_condition(b"arty")
    with pytest.raises(SecurityDescriptorError, match="at most 65535 bytes"):
        Condition((user("a"), "x" * 40_000, Operator.EQUAL))
    with pytest.raises(SecurityDescriptorError, match="cannot have"):
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


def test_depth_is_bounded() -> None:
    deepest = Condition((user("a"), *[Operator.NOT] * MAX_DEPTH))
    assert parse_condition_text(format_condition(deepest)) == deepest
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
    level: list[tuple[ConditionToken, ...]] = [(user("a"), ("x", Integer(1)), Operator.ANY_OF)] * leaves
    while len(level) > 1:
        level = [(*one, *two, Operator.AND) for one, two in zip(level[::2], level[1::2], strict=True)]
    return Condition(level[0])


def wide(items: int) -> Condition:
    return Condition((user("a"), tuple(Integer(number) for number in range(items)), Operator.EQUAL))


@pytest.mark.parametrize(("make", "size"), [(balanced, 512), (wide, 2900)])
def test_work_is_linear(make: Callable[[int], Condition], size: int) -> None:
    small, large = make(size), make(2 * size)
    assert len(large.to_bytes()) > 32_000
    for work in (lambda condition: parse_condition(condition.to_bytes()), format_condition):
        assert steps(work, large) < 2.5 * steps(work, small)


def test_every_operator_is_written_and_read() -> None:
    seen = set()
    for found in Operator:
        tokens: tuple[ConditionToken, ...] = (user("a"), Integer(1))
        if found in MEMBERSHIP:
            tokens = ((ADMINISTRATORS,),)
        elif found in LOGICAL | EXISTENCE:
            tokens = (user("a"),) if found.is_unary else (user("a"), user("b"))
        condition = Condition((*tokens, found))
        assert parse_condition_text(format_condition(condition)) == condition
        seen.add(condition.to_bytes().rstrip(b"\0")[-1])
    # The byte-codes of [MS-DTYP] 2.4.4.17.6 and 2.4.4.17.7.
    assert seen == {*range(0x80, 0x94), 0xA0, 0xA1, 0xA2}
