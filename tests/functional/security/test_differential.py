# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Security descriptors against two implementations that nobody here wrote: Samba's and impacket's.

Random descriptors and tokens, thousands a run, must come out the same. Where they do not for a reason, the reason
stands in differences.py, and what is drawn here keeps clear of it.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import product
from random import Random
from string import ascii_uppercase
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from impacket.ldap import ldaptypes

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import (
    Ace,
    Acl,
    AnyAce,
    SecurityDescriptor,
    SecurityDescriptorError,
    Sid,
    check_access,
    format_sddl,
    parse_sddl,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security.ace import (
    ConditionalAce,
    ObjectAce,
    OpaqueAce,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security.conditional.condition import Condition
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security.conditional.tokens import (
    EXISTENCE,
    Attribute,
    Integer,
    Source,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security.rights import FULL_CONTROL, map_generic
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security.well_known import (
    DOMAIN_ALIASES,
    FOREST_ALIASES,
    SDDL_ALIASES,
)
from tests.functional.security.differences import IMPACKET, REFUSED, SAMBA, Difference, read
from tests.functional.security.oracle import Refused, Samba, SambaIsMissing
from tests.unit.security.conditional.strategies import conditions
from tests.unit.security.strategies import (
    ACCOUNTS,
    CALLBACK_TYPES,
    DOMAIN,
    MASK_AND_SID_TYPES,
    OBJECT_TYPES,
    descriptor_bytes,
    fillings,
    random_sid,
)

CASES = 2200
"""How many random cases are drawn in a run, for each kind of comparison; a few of them are the same."""


@pytest.fixture(scope="module")
def samba() -> Iterator[Samba]:
    try:
        found = Samba()
    except SambaIsMissing as missing:
        reason = (
            f"{missing}, so nothing can be compared with it: install it (Debian: apt-get install python3-samba), or "
            "name an interpreter that has it in SAMBA_PYTHON"
        )
        if os.environ.get("CI", "").lower() in ("1", "true"):
            pytest.fail(reason)
        pytest.skip(reason)
    with found:
        yield found


Compare = Callable[..., None]


@pytest.fixture
def compare(request: pytest.FixtureRequest, record_property: Callable[[str, object], None]) -> Compare:
    """Runs a comparison on thousands of random cases, no two of them the same, and says how many there were."""

    def run(strategy: st.SearchStrategy[Any], check: Callable[[Any], None], cases: int = CASES) -> None:
        compared = set()

        @settings(max_examples=cases)
        @given(strategy)
        def compare_one(case: Any) -> None:
            check(case)
            compared.add(repr(case))

        compare_one()
        record_property("compared", len(compared))
        print(f"{request.node.name}: {len(compared)} different cases compared")
        assert len(compared) > 2000

    return run


def parts(data: bytes) -> tuple[int, int, list[bytes | None]]:
    """Revision, control and the bytes of owner, group, SACL and DACL ([MS-DTYP] 2.4.6), wherever they stand."""
    revision, _manager, control, *offsets = struct.unpack_from("<BBHIIII", data)
    found: list[bytes | None] = []
    for index, offset in enumerate(offsets):
        size = 8 + 4 * data[offset + 1] if index < 2 else struct.unpack_from("<H", data, offset + 2)[0]
        found.append(data[offset : offset + size] if offset else None)
    return revision, control, found


def fields(descriptor: SecurityDescriptor) -> dict[str, Any]:
    """A descriptor in the words of the oracle's answer."""
    return {
        "control": descriptor.control | 0x8000,
        "owner": descriptor.owner,
        "group": descriptor.group,
        "dacl": _acl_fields(descriptor.dacl),
        "sacl": _acl_fields(descriptor.sacl),
    }


def _acl_fields(acl: Acl | None) -> object:
    return None if acl is None else (acl.revision, [_ace_fields(ace) for ace in acl])


def _ace_fields(ace: AnyAce) -> tuple[object, ...]:
    assert not isinstance(ace, OpaqueAce)
    kinds = (ace.object_type, ace.inherited_object_type) if isinstance(ace, ObjectAce) else (None, None)
    return (ace.ace_type, ace.flags, ace.mask, ace.sid, *kinds)


def samba_fields(answer: dict[str, Any]) -> dict[str, Any]:
    """The oracle's answer with its texts read."""

    def ace(kind: int, flags: int, mask: int, sid: str, *kinds: str | None) -> tuple[object, ...]:
        return (kind, flags, mask, Sid.parse(sid), *(found and UUID(found) for found in kinds))

    return {
        "control": answer["control"],
        **{name: answer[name] and Sid.parse(answer[name]) for name in ("owner", "group")},
        **{
            name: answer[name] and (answer[name]["revision"], [ace(*entry) for entry in answer[name]["aces"]])
            for name in ("dacl", "sacl")
        },
    }


def test_samba_reads_and_writes_the_same(samba: Samba, compare: Compare) -> None:
    def check(data: bytes) -> None:
        ours, theirs = read(data), samba.ask("read", data.hex())
        assert fields(ours) == samba_fields(theirs)
        written = bytes.fromhex(theirs["bytes"])
        assert parts(ours.to_bytes()) == parts(written) == parts(data)
        assert read(written) == replace(ours, resource_manager_control=0)

    types: tuple[int, ...] = MASK_AND_SID_TYPES + OBJECT_TYPES + CALLBACK_TYPES
    with_data: tuple[int, ...] = ()
    if samba.version >= (4, 20):  # knows what stands behind the SID of these types
        with_data = (0x09, 0x0A, 0x0D, 0x0B, 0x0C, 0x0F)
        types = tuple(sorted({*types, *with_data}))
    compare(descriptor_bytes(types, with_data), check)


def test_samba_reads_and_writes_the_same_sids(samba: Samba, compare: Compare) -> None:
    def check(data: bytes) -> None:
        ours = Sid.from_bytes(data)
        written, text = samba.ask("sid", str(ours))
        assert written == data.hex()
        assert Sid.parse(text) == ours

    compare(fillings.map(lambda filling: random_sid(filling, named=False)), check)


def test_impacket_reads_and_writes_the_same(compare: Compare) -> None:
    def check(data: bytes) -> None:
        ours, theirs = read(data), ldaptypes.SR_SECURITY_DESCRIPTOR(data=data)
        assert theirs["Control"] == ours.control | 0x8000
        for acl, name in ((ours.dacl, "Dacl"), (ours.sacl, "Sacl")):
            entries = [] if acl is None else theirs[name].aces
            assert [_ace_fields(ace) for ace in acl or ()] == [_impacket_fields(ace) for ace in entries]
        assert theirs.getData() == ours.to_bytes()

    with_data = (0x07, 0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x0F, 0x12)
    types = (0x00, 0x01, 0x02, 0x05, 0x06, 0x11, 0x13, *with_data)
    # Without a DACL, impacket drops the SACL.
    compare(descriptor_bytes(types, with_data, dacl_given=True), check)


def _impacket_fields(ace: Any) -> tuple[object, ...]:
    body = ace["Ace"]
    kinds = [
        UUID(bytes_le=body[name]) if name in body.fields and body[name] else None
        for name in ("ObjectType", "InheritedObjectType")
    ]
    return (ace["AceType"], ace["AceFlags"], body["Mask"]["Mask"], Sid.from_bytes(body["Sid"].getData()), *kinds)


def test_samba_maps_generic_rights_of_files_the_same(samba: Samba, compare: Compare) -> None:
    def check(mask: int) -> None:
        assert samba.ask("map_generic", mask) == map_generic(mask)

    compare(fillings.map(lambda filling: filling.getrandbits(32)), check)


OWNER = Sid.parse("S-1-5-21-1-2-3-500")
PARTIES = [*ACCOUNTS, OWNER, Sid.parse("S-1-3-4")]
SAMBAS_MAXIMUM_ALLOWED = 0x02000000
RIGHTS = [1 << number for number in range(21) if FULL_CONTROL >> number & 1]
# Those that files have in use, and any without ACCESS_SYSTEM_SECURITY and MAXIMUM_ALLOWED, which no entry can give.
MASKS = [0x1F01FF, 0x1301BF, 0x1200A9, 0x12019F, 0x10000, 0x60000, 0x2, 0x10000000, 0x20000000, 0x40000000, 0x80000000]


def random_mask(filling: Random) -> int:
    return filling.choice([filling.choice(MASKS), filling.getrandbits(32) & ~0x0F000000])


@dataclass(frozen=True)
class Question:
    """The access that these members have to an object with this DACL, of this owner."""

    dacl: Acl | None
    owner: Sid | None
    members: frozenset[Sid]
    requests: tuple[int, ...]


@st.composite
def questions(draw: st.DrawFn) -> Question:
    kinds = draw(st.lists(st.sampled_from([0x00, 0x01, 0x02, 0x03, 0x11]), max_size=7))
    filling = draw(fillings)

    def ace(kind: int) -> Ace:
        flags = filling.choice([0x00, 0x00, 0x00, 0x03, 0x08, 0x0B, 0x13])
        return Ace(kind, flags, random_mask(filling), filling.choice(PARTIES))

    return Question(
        None if filling.random() < 0.05 else Acl(tuple(map(ace, kinds))),
        filling.choice([None, OWNER]),
        frozenset(filling.sample([*ACCOUNTS, OWNER], filling.randrange(5))),
        (random_mask(filling), random_mask(filling)),
    )


def test_samba_grants_the_same(samba: Samba, compare: Compare) -> None:
    def check(case: Question) -> None:
        descriptor = SecurityDescriptor(0x0004, case.owner, dacl=case.dacl).to_bytes().hex()
        requests = [SAMBAS_MAXIMUM_ALLOWED, *RIGHTS, *case.requests]
        granted = samba.ask("check", descriptor, [*map(str, case.members)], requests)
        everything, rights, requested = granted[0], granted[1 : len(RIGHTS) + 1], granted[len(RIGHTS) + 1 :]
        ours = check_access(case.dacl, case.members, FULL_CONTROL, owner=case.owner).granted
        assert ours == sum(right for right, found in zip(RIGHTS, rights, strict=True) if found is not None)
        if case.dacl is not None:
            assert ours == everything & FULL_CONTROL
        for request, found in zip(case.requests, requested, strict=True):
            decision = check_access(case.dacl, case.members, request, owner=case.owner)
            assert decision.satisfied == (found is not None)

    compare(questions(), check)


def told(descriptor: SecurityDescriptor) -> SecurityDescriptor:
    """What text can say of a descriptor, and Samba too (see differences.py).

    That is no NULL list, no revision of a list, and no critical entry.
    """
    control, lists = 0, {}
    for name, acl, present, flags in (
        ("dacl", descriptor.dacl, 0x0004, 0x1500),
        ("sacl", descriptor.sacl, 0x0010, 0x2A00),
    ):
        control |= 0 if acl is None else present | descriptor.control & flags
        lists[name] = None if acl is None else Acl(tuple(replace(ace, flags=ace.flags & ~0x20) for ace in acl), 4)
    return SecurityDescriptor(control, descriptor.owner, descriptor.group, **lists)


def test_samba_reads_our_text_and_we_read_sambas(samba: Samba, compare: Compare) -> None:
    def check(data: bytes) -> None:
        descriptor = told(read(data))
        if samba.version < (4, 20):
            descriptor = told(simplified(descriptor))
        both_ways(samba, descriptor)

    compare(descriptor_bytes((0x00, 0x01, 0x02, 0x03, 0x05, 0x06, 0x07, 0x08)), check)


def both_ways(samba: Samba, descriptor: SecurityDescriptor) -> None:
    """Samba reads in our text what we read in Samba's."""
    theirs = samba.ask("from_sddl", format_sddl(descriptor), DOMAIN)
    assert told(read(bytes.fromhex(theirs))) == descriptor
    text = samba.ask("as_sddl", descriptor.to_bytes().hex(), DOMAIN)
    assert told(parse_sddl(text, domain=Sid.parse(DOMAIN))) == descriptor


def simplified(descriptor: SecurityDescriptor) -> SecurityDescriptor:
    """Without what an old Samba cannot read: large authorities, FA, and empty lists that something follows."""

    def sid(found: Sid | None) -> Sid | None:
        return found and replace(found, authority=found.authority % 2**32)

    def acl(found: Acl | None) -> Acl | None:
        aces = tuple(replace(ace, sid=sid(ace.sid), mask=ace.mask & ~0x1) for ace in found or ())
        return Acl(aces, 4) if aces else None

    return replace(
        descriptor,
        owner=sid(descriptor.owner),
        group=sid(descriptor.group),
        dacl=acl(descriptor.dacl),
        sacl=acl(descriptor.sacl),
    )


# SDDL as [MS-DTYP] 2.5.1.1 has it, as far as Samba has it too.
_ALIASES = [*SDDL_ALIASES, *DOMAIN_ALIASES, *FOREST_ALIASES]
_FLAGS = ["OI", "CI", "NP", "IO", "ID", "SA", "FA"]
_RIGHTS = ["GA", "GR", "GW", "GX", "SD", "RC", "WD", "WO", "CC", "DC", "LC", "SW", "RP", "WP", "DT", "LO", "CR"]
_FILE_RIGHTS = ["FR", "FW", "FX"]
_KINDS = ["", "bf967aba-0de6-11d0-a285-00aa003049e2", "00000000-0000-0000-0000-000000000000"]


def random_sid_text(filling: Random) -> str:
    subauthorities = [str(filling.getrandbits(32)) for _unused in range(filling.randrange(1, 5))]
    return filling.choice([filling.choice(_ALIASES), f"S-1-5-{'-'.join(subauthorities)}"])


def random_entry_text(filling: Random, kind: str, *, old: bool) -> str:
    mask, words = filling.getrandbits(32), _RIGHTS + _FILE_RIGHTS + ([] if old else ["FA"])
    rights = ["".join(filling.choices(words, k=filling.randrange(4))), hex(mask)]
    if not old:  # reads other numbers too
        rights += [str(mask), f"0{mask:o}"]
    kinds = filling.choices(_KINDS, k=2) if kind.startswith("O") else ["", ""]
    flags = "".join(filling.choices(_FLAGS, k=filling.randrange(4)))
    return f"({kind};{flags};{filling.choice(rights)};{kinds[0]};{kinds[1]};{random_sid_text(filling)})"


@st.composite
def texts(draw: st.DrawFn, *, old: bool) -> str:
    """Descriptors in text. An old Samba misreads what follows a list without entries."""
    filling, found = draw(fillings), []
    for letter in draw(st.sampled_from(["", "O", "G", "OG", "GO"])):
        found.append(f"{letter}:{random_sid_text(filling)}")
    for letter in draw(st.sampled_from(["D", "S", "DS", "SD"])):
        kinds = draw(
            st.lists(st.sampled_from(["A", "D", "AU", "AL", "OA", "OD", "OU", "OL"]), min_size=old, max_size=4)
        )
        flags = "".join(filling.choices(["P", "AR", "AI"], k=filling.randrange(4)))
        found.append(f"{letter}:{flags}{''.join(random_entry_text(filling, kind, old=old) for kind in kinds)}")
    return "".join(found)


def test_samba_reads_the_same_texts(samba: Samba, compare: Compare) -> None:
    def check(text: str) -> None:
        theirs = read(bytes.fromhex(samba.ask("from_sddl", text, DOMAIN)))
        assert told(parse_sddl(text, domain=Sid.parse(DOMAIN))) == told(theirs)

    compare(texts(old=samba.version < (4, 20)), check)


EVERYONE = Sid.parse("S-1-1-0")
NO_CONDITIONS = "Samba knows conditions since 4.20: Debian 13 has a later one, Debian 12 an earlier one"


def samba_has_it(condition: Condition) -> bool:
    """No half of a character, no number that needs 64 bits, no question for a local attribute (see differences.py)."""
    for token, following in zip(condition.tokens, (*condition.tokens[1:], None), strict=True):
        if isinstance(token, Attribute) and token.source is Source.LOCAL and following in EXISTENCE:
            return False
        for value in token if isinstance(token, tuple) else (token,):
            if value == "\ud800" or (isinstance(value, Integer) and value.value >= 2**63):
                return False
    return True


def test_samba_reads_and_writes_the_same_conditions(samba: Samba, compare: Compare) -> None:
    if samba.version < (4, 20):
        pytest.skip(NO_CONDITIONS)

    def check(condition: Condition) -> None:
        ace = ConditionalAce(0x09, 0, 0x1, EVERYONE, condition.to_bytes())
        both_ways(samba, SecurityDescriptor(0x0004, dacl=Acl((ace,), 4)))

    compare(conditions.filter(samba_has_it), check, cases=3000)


def test_every_two_letters_stand_for_the_same_sid(samba: Samba) -> None:
    texts = [f"O:{''.join(letters)}" for letters in product(ascii_uppercase, repeat=2)]
    ours = [answer(parse_sddl, text, domain=Sid.parse(DOMAIN)) for text in texts]
    theirs = [answer(samba.ask, "from_sddl", text, DOMAIN) for text in texts]
    assert ours == [found if found == REFUSED else read(bytes.fromhex(str(found))) for found in theirs]
    assert len(texts) - ours.count(REFUSED) > 50


# Windows takes each for the other, say Samba's own tests (python/samba/tests/sddl.py, SddlNonCanonical and
# SddlWindowsIsLessFussy), which their authors ran against Windows too.
@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("D:(A;;037777777777;;;WD)", "D:(A;;0xffffffff;;;WD)"),
        ("D:(A;;0x00000000000001;;;WD)", "D:(A;;0x1;;;WD)"),
        ("D:(A;;4294967295;;;WD)", "D:(A;;0xffffffff;;;WD)"),
        ("O:S-1-0x2540BE400-7-8", "O:S-1-10000000000-7-8"),
        ("O:S-1-0x5-32-0x220", "O:S-1-5-32-544"),
        ("O:S-1-5-32-0x220D:", "O:S-1-5-32-544D:"),
        ("D:ARPAI", "D:PARAI"),
        ("D:PP(A;; GA;;; WD )", "D:P(A;;GA;;;WD)"),
        ("S:D:P", "D:PS:"),
        ("  O:AA G:WD ", "O:AAG:WD"),
    ],
)
def test_texts_that_windows_takes(text: str, plain: str) -> None:
    assert parse_sddl(text) == parse_sddl(plain)


@pytest.mark.parametrize("revision", [2, 3, 4])
def test_samba_reads_and_writes_lists_of_every_revision(samba: Samba, revision: int) -> None:
    # winnt.h, MIN_ACL_REVISION to MAX_ACL_REVISION; 3 is for lists with compound entries.
    data = struct.pack("<BBHIIII", 1, 0, 0x8004, 0, 0, 0, 20) + struct.pack("<BBHHH", revision, 0, 8, 0, 0)
    assert samba.ask("read", data.hex())["bytes"] == data.hex() == read(data).to_bytes().hex()


def answer(ask: Callable[..., object], *arguments: object, **named: object) -> object:
    try:
        return ask(*arguments, **named)
    except (SecurityDescriptorError, Refused, KeyError):  # impacket refuses unknown types with a KeyError
        return REFUSED


@pytest.mark.parametrize("difference", SAMBA, ids=lambda difference: difference.about)
def test_a_difference_from_samba_is_still_one(samba: Samba, difference: Difference) -> None:
    assert answer(difference.ours) == difference.our_answer
    assert answer(difference.theirs, samba) == difference.expected(samba.version)
    assert difference.differs


@pytest.mark.parametrize("difference", IMPACKET, ids=lambda difference: difference.about)
def test_a_difference_from_impacket_is_still_one(difference: Difference) -> None:
    assert answer(difference.ours) == difference.our_answer != difference.their_answer
    assert answer(difference.theirs, None) == difference.their_answer
