# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SDDL: what stands in Microsoft's documents, and what must never happen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import (
    Ace,
    Acl,
    OpaqueAce,
    SecurityDescriptor,
    SecurityDescriptorError,
    Sid,
    format_sddl,
    parse_sddl,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security.ace import ObjectAce, ResourceAttributeAce

from .strategies import descriptors

BA, SY, BU, CO, WD = (Sid.parse(s) for s in ("S-1-5-32-544", "S-1-5-18", "S-1-5-32-545", "S-1-3-0", "S-1-1-0"))


def test_the_example_of_ms_dtyp() -> None:
    # [MS-DTYP] 2.5.1.4, "SDDL String to Binary Example".
    text = "O:BAG:BAD:P(A;CIOI;GRGX;;;BU)(A;CIOI;GA;;;BA)(A;CIOI;GA;;;SY)(A;CIOI;GA;;;CO)S:P(AU;FA;GR;;;WD)"
    found = parse_sddl(text)
    assert (found.owner, found.group) == (BA, BA)
    # SE_SACL_PROTECTED | SE_DACL_PROTECTED | SE_SACL_PRESENT | SE_DACL_PRESENT
    assert found.control == 0x2000 | 0x1000 | 0x0010 | 0x0004
    assert found.dacl == Acl(
        (
            Ace(0, 0x03, 0xA0000000, BU),
            Ace(0, 0x03, 0x10000000, BA),
            Ace(0, 0x03, 0x10000000, SY),
            Ace(0, 0x03, 0x10000000, CO),
        )
    )
    assert found.sacl == Acl((Ace(2, 0x80, 0x80000000, WD),))


@given(descriptors())
def test_reading_what_was_written_gives_the_same(descriptor: SecurityDescriptor) -> None:
    known = descriptor.control & (0x0014 | (0x1500 if descriptor.has_dacl else 0))
    known |= descriptor.control & (0x2A00 if descriptor.control & 0x10 else 0)
    again = parse_sddl(format_sddl(descriptor))
    assert again.control == known
    assert (again.owner, again.group) == (descriptor.owner, descriptor.group)
    for ours, theirs in ((again.dacl, descriptor.dacl), (again.sacl, descriptor.sacl)):
        assert (None if ours is None else ours.aces) == (None if theirs is None else theirs.aces)


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("O:BA", SecurityDescriptor(0, owner=BA)),
        ("D:NO_ACCESS_CONTROL", SecurityDescriptor(4)),
        ("D:", SecurityDescriptor(4, dacl=Acl())),
        ("D:P", SecurityDescriptor(0x1004, dacl=Acl())),
        ("D:PARAI", SecurityDescriptor(0x1504, dacl=Acl())),
    ],
)
def test_the_states_of_a_dacl(text: str, state: SecurityDescriptor) -> None:
    assert parse_sddl(text) == state
    assert format_sddl(state) == text


@pytest.mark.parametrize(
    ("rights", "mask"),
    [
        ("FA", 0x1F01FF),
        ("0x1f01ff", 0x1F01FF),
        ("2032127", 0x1F01FF),
        ("07600777", 0x1F01FF),
        ("0X1F01FF", 0x1F01FF),
        ("07", 7),
        ("SDRCWDWO", 0xF0000),
        ("FRFW", 0x12019F),
        ("", 0),
    ],
)
def test_rights_in_letters_and_numbers(rights: str, mask: int) -> None:
    found = parse_sddl(f"D:(A;;{rights};;;BA)")
    assert found.dacl == Acl((Ace(0, 0, mask, BA),))


def test_unknown_types_stay_visible_and_whole() -> None:
    descriptor = SecurityDescriptor(4, dacl=Acl((OpaqueAce(9, 2, bytes.fromhex("ff011f00")), Ace(0, 0, 1, BA))))
    assert format_sddl(descriptor) == "D:(0x9;CI;;;;;#ff011f00)(A;;0x1;;;BA)"
    assert parse_sddl(format_sddl(descriptor)) == descriptor


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("X:BA", "expected O:, G:, D: or S:"),
        ("O:BAO:SY", "given twice"),
        ("O:DA", "relative to a domain"),
        ("D:(A;;FA;;;LA)", "relative to a domain"),
        ("D:(A;;QQ;;;BA)", "unknown right"),
        ("D:(A;ZZ;FA;;;BA)", "unknown flag"),
        ("D:(A;;FA;;BA)", "5 fields"),
        ("D:(A;;FA;;;BA", "parenthesis"),
        ("D:(ZZ;;FA;;;BA)", "are unknown"),
        ("D:(A;;0x1ffffffff;;;BA)", "32 bits"),
        ("D:(A;;99999999999;;;BA)", "32"),
        ("D:NO_ACCESS_CONTROL(A;;FA;;;BA)", "cannot have entries"),
        ("D:(A;;089;;;BA)", "octal"),
        ("D:(A;;FA;bf967aba-0de6-11d0-a285-00aa003049e2;;BA)", "object type"),
        ("D:(OA;;FA;bf967aba;;BA)", "GUID"),
        ("D:(XA;;FA;;;BA;(@User.Title == ))", "expected"),
        ('S:(RA;;;;;WD;("Project",TQ,0,"x"))', "expected"),
        ("D:(A;;NW;;;BA)", "unknown right"),
        ("O:EA", "relative to a domain"),
        ("D:(0x9;;FA;;;BA)", "body"),
        ("O:ZZ", "alias 'ZZ' is unknown"),
        ("D:D:", "D: is given twice"),
        ("S:S:", "S: is given twice"),
        ("D:(;;;;;;#00)", "are unknown"),
        ("D:(9;;;;;;#00)", "are unknown"),
        ("D:(0x9;;;;;;#0)", "not a hexadecimal body"),
        ("D:(0x9;;;;;;#0 0)", "not a hexadecimal body"),
        ("D:(0x9;;;;;;0000)", "not a hexadecimal body"),
        ("D:(A;;FA;;;BA;00)", "not a hexadecimal body"),
        ("D:(A;;FA;;bf967aba-0de6-11d0-a285-00aa003049e2;BA)", "object type"),
        ("S:(SP;;NW;;;S-1-17-1)", "unknown right"),
    ],
)
def test_malformed_text_is_refused_with_the_reason(text: str, said: str) -> None:
    with pytest.raises(SecurityDescriptorError, match=said):
        parse_sddl(text)


def test_text_of_any_length_is_bounded() -> None:
    with pytest.raises(SecurityDescriptorError, match="too long"):
        parse_sddl("D:" + "(A;;FA;;;BA)" * 100_000)
    assert parse_sddl("D:".ljust(1_000_000)) == SecurityDescriptor(4, dacl=Acl())
    with pytest.raises(SecurityDescriptorError, match="too long"):
        parse_sddl("D:".ljust(1_000_001))


def test_the_largest_entry() -> None:
    # [MS-DTYP] 2.4.4.1: 8 bits of type and of flags, 16 of size, a multiple of 4; the header takes 4 bytes of it.
    largest = Acl((OpaqueAce(0xFF, 0xFF, bytes(65528)),))
    assert parse_sddl(f"D:(0xff;0xff;;;;;#{'00' * 65528})") == SecurityDescriptor(4, dacl=largest)


@given(st.text(alphabet="OGDS:;()APIR0x12BAWDSYFX#-NO_ ", max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        descriptor = parse_sddl(text)
    except SecurityDescriptorError:
        return
    assert parse_sddl(format_sddl(descriptor)) == descriptor


DOMAIN, FOREST = Sid.parse("S-1-5-21-10-20-30"), Sid.parse("S-1-5-21-1-2-3")


@pytest.mark.parametrize(
    ("alias", "sid"),
    [("DA", "S-1-5-21-10-20-30-512"), ("LA", "S-1-5-21-10-20-30-500"), ("EA", "S-1-5-21-1-2-3-519")],
)
def test_aliases_of_a_domain_need_the_domain(alias: str, sid: str) -> None:
    found = parse_sddl(f"O:{alias}D:(A;;FA;;;{alias})", domain=DOMAIN, forest_root=FOREST)
    assert found.owner == Sid.parse(sid)
    assert found.dacl == Acl((Ace(0, 0, 0x1F01FF, Sid.parse(sid)),))
    assert format_sddl(found) == f"O:{sid}D:(A;;FA;;;{sid})"


def test_the_forest_is_the_domain_unless_it_is_given() -> None:
    assert parse_sddl("O:EA", domain=DOMAIN).owner == Sid.parse("S-1-5-21-10-20-30-519")
    with pytest.raises(SecurityDescriptorError, match="relative to a domain"):
        parse_sddl("O:DA", forest_root=FOREST)


# Microsoft, "Security Descriptor Definition Language for Conditional ACEs", and [MS-DTYP] 2.5.1.1.
CONDITIONAL = '(@User.Title=="PM" && (@User.Division=="Finance" || @User.Division =="Sales"))'
OF_EVERY_TYPE = [
    ("D", "(OA;CI;0x100;00299570-246d-11d0-a768-00aa006e0529;bf967aba-0de6-11d0-a285-00aa003049e2;BA)", 0x05),
    ("D", "(OD;;0x100;00299570-246d-11d0-a768-00aa006e0529;;BA)", 0x06),
    ("S", "(OU;SA;0x100;;bf967aba-0de6-11d0-a285-00aa003049e2;WD)", 0x07),
    ("S", "(AL;SA;FA;;;WD)", 0x03),
    ("D", f"(XA;;FX;;;S-1-1-0;{CONDITIONAL})", 0x09),
    ("D", "(XD;OICI;FA;;;WD;(Member_of {SID(BA)}))", 0x0A),
    ("S", "(XU;SAFA;FA;;;WD;(@Resource.Secret Any_of {1, 2}))", 0x0D),
    ("D", "(ZA;;0x100;00299570-246d-11d0-a768-00aa006e0529;;WD;(Exists @Device.Managed))", 0x0B),
    ("S", "(ML;;NWNR;;;HI)", 0x11),
    ("S", '(RA;CI;;;;S-1-1-0;("Project",TS,0,"Windows","SQL"))', 0x12),
    ("S", "(SP;;;;;S-1-17-1)", 0x13),
    ("S", "(TL;;0x1;;;S-1-19-512-4096)", 0x14),
    ("S", "(FL;;FR;;;WD;(Member_of {SID(BA)}))", 0x15),
]


@pytest.mark.parametrize(("letter", "text", "ace_type"), OF_EVERY_TYPE)
def test_entries_of_every_type(letter: str, text: str, ace_type: int) -> None:
    found = parse_sddl(f"{letter}:{text}")
    acl = found.dacl if letter == "D" else found.sacl
    assert acl is not None
    assert [ace.ace_type for ace in acl] == [ace_type]
    assert acl.revision == (4 if text[1] in "OZ" else 2)
    again = format_sddl(found)
    assert "#" not in again, "it has words"
    assert parse_sddl(again) == found == SecurityDescriptor.from_bytes(found.to_bytes())


def test_a_parenthesis_or_semicolon_in_a_string_ends_nothing() -> None:
    found = parse_sddl('D:(XA;;FX;;;WD;(@User.Title == "a);(b"))(A;;FA;;;BA)')
    assert found.dacl is not None
    assert len(found.dacl) == 2
    assert format_sddl(found) == 'D:(XA;;FX;;;WD;(@USER.Title == "a);(b"))(A;;FA;;;BA)'


def test_a_condition_may_hold_what_no_other_field_may() -> None:
    text = 'D:(XA;;FX;;;WD;(@USER.Title == "é"))'
    assert format_sddl(parse_sddl(text)) == text


def test_a_condition_counts_for_types_that_have_one() -> None:
    # (Title == "VP"), [MS-DTYP] 2.4.4.17.9, behind the SID of an entry without condition.
    data = bytes.fromhex("61727478f80a0000005400690074006c00650010040000005600500080000000")
    descriptor = SecurityDescriptor(4, dacl=Acl((Ace(0, 0, 0x1F01FF, WD, data),)))
    assert format_sddl(descriptor) == f"D:(A;;FA;;;WD;#{data.hex()})"
    assert parse_sddl(format_sddl(descriptor)) == descriptor


def test_object_flags_without_words_stay_visible_and_whole() -> None:
    entry = ObjectAce(5, 2, 0x100, BA, other_flags=4)
    body = "00010000 04000000 0102000000000005 20000000 20020000".replace(" ", "")
    descriptor = SecurityDescriptor(4, dacl=Acl((entry,)))
    assert format_sddl(descriptor) == f"D:(0x5;CI;;;;;#{body})"
    assert parse_sddl(format_sddl(descriptor)).dacl == Acl((entry,), 4)


def test_a_resource_attribute_may_be_left_out() -> None:
    found = parse_sddl("S:(RA;;;;;WD)")
    assert found.sacl == Acl((ResourceAttributeAce(0x12, 0, 0, WD),))
    assert format_sddl(found) == "S:(RA;;;;;WD)"


def test_data_that_is_no_condition_is_kept() -> None:
    found = parse_sddl("D:(XA;;FX;;;WD;#0102030405060708)")
    assert format_sddl(found) == "D:(XA;;FX;;;WD;#0102030405060708)"


def test_white_space_as_windows_takes_it() -> None:
    loose = parse_sddl(" O : BA\tG:SY D: P AI ( A ; OI CI ; FA ; ; ; WD ) \n( D ; ; FR ; ; ; BU ) ")
    assert loose == parse_sddl("O:BAG:SYD:PAI(A;OICI;FA;;;WD)(D;;FR;;;BU)")


# [MS-DTYP] 2.5.1.1, sddl-generic, -standard, -object, -file and -key access rights.
WORDS = {
    "GA": 0x10000000,
    "GX": 0x20000000,
    "GW": 0x40000000,
    "GR": 0x80000000,
    "SD": 0x10000,
    "RC": 0x20000,
    "WD": 0x40000,
    "WO": 0x80000,
    "CC": 0x1,
    "DC": 0x2,
    "LC": 0x4,
    "SW": 0x8,
    "RP": 0x10,
    "WP": 0x20,
    "DT": 0x40,
    "LO": 0x80,
    "CR": 0x100,
    "FA": 0x1F01FF,
    "FR": 0x120089,
    "FW": 0x120116,
    "FX": 0x1200A0,
    "KA": 0xF003F,
    "KR": 0x20019,
    "KW": 0x20006,
    "KX": 0x20019,
}
FLAG_WORDS = {"OI": 0x1, "CI": 0x2, "NP": 0x4, "IO": 0x8, "ID": 0x10, "CR": 0x20, "SA": 0x40, "FA": 0x80}


@pytest.mark.parametrize(("word", "mask"), WORDS.items())
def test_every_right_by_its_letters(word: str, mask: int) -> None:
    for text in (word, word.lower()):
        assert parse_sddl(f"D:(A;;{text};;;BA)").dacl == Acl((Ace(0, 0, mask, BA),))


@pytest.mark.parametrize(("word", "flag"), FLAG_WORDS.items())
def test_every_flag_by_its_letters(word: str, flag: int) -> None:
    found = parse_sddl(f"S:(AU;{word};FA;;;BA)")
    assert found.sacl == Acl((Ace(2, flag, 0x1F01FF, BA),))
    assert format_sddl(found) == f"S:(AU;{word};FA;;;BA)"


def test_lower_case_is_read() -> None:
    assert parse_sddl("O:baG:syD:pai(a;oici;fa;;;wd)") == parse_sddl("O:BAG:SYD:PAI(A;OICI;FA;;;WD)")
    assert parse_sddl("O:s-1-5-18") == SecurityDescriptor(0, owner=SY)
    kind = "bf967aba-0de6-11d0-a285-00aa003049e2"
    assert parse_sddl(f"D:(OA;;FA;{kind.upper()};;BA)") == parse_sddl(f"D:(OA;;FA;{kind};;BA)")


@pytest.mark.parametrize(
    ("mask", "words"), [("NW", "NW"), ("NR", "NR"), ("NX", "NX"), ("0x7", "NWNRNX"), ("0x9", "0x9"), ("0", "")]
)
def test_label_rights_are_letters_where_they_say_it_all(mask: str, words: str) -> None:
    assert format_sddl(parse_sddl(f"S:(ML;;{mask};;;HI)")) == f"S:(ML;;{words};;;HI)"


@pytest.mark.parametrize(
    "text", ["D:(0x100;;;;;;#00)", "D:(0x16;0x100;;;;;#00000000)", "D:(0x16;;;;;;#" + "00" * 65532]
)
def test_what_an_entry_cannot_hold_is_refused(text: str) -> None:
    with pytest.raises(SecurityDescriptorError):
        parse_sddl(text if text.endswith(")") else f"{text})")


@pytest.mark.parametrize("fields", ["0x16;;FA;;;", "0x16;;;{0};;", "0x16;;;;{0};", "0x16;;;;;BA"])
def test_an_entry_given_as_bytes_has_no_other_fields(fields: str) -> None:
    kind = "bf967aba-0de6-11d0-a285-00aa003049e2"
    with pytest.raises(SecurityDescriptorError, match="a hexadecimal body and other fields"):
        parse_sddl(f"D:({fields.format(kind)};#00000000)")


def test_errors_quote_where_they_are() -> None:
    with pytest.raises(SecurityDescriptorError) as refusal:
        parse_sddl("O:BA" + "?" * 50)
    assert str(refusal.value) == f"expected a SID at 'BA{'?' * 18}'"
