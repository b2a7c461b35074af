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
from dataclasses import replace
from itertools import product
from random import Random
from string import ascii_uppercase
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from impacket.ldap import ldaptypes

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import (
    MAXIMUM_ALLOWED,
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
    ResourceAttributeAce,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security.claims import (
    Claims,
    ClaimValue,
    ResourceAttribute,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security.condition_tokens import (
    EXISTENCE,
    Attribute,
    Integer,
    Source,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security.conditions import Condition
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security.rights import FULL_CONTROL, map_generic
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security.well_known import (
    DOMAIN_ALIASES,
    FOREST_ALIASES,
    SDDL_ALIASES,
)

from .differences import IMPACKET, REFUSED, SAMBA, Difference, read
from .oracle import Refused, Samba, SambaIsMissing
from .strategies import (
    ACCOUNTS,
    CALLBACK_TYPES,
    DOMAIN,
    MASK_AND_SID_TYPES,
    OBJECT_TYPES,
    descriptor_bytes,
    file_masks,
    fillings,
    random_sid,
)
from .test_conditions import claim_values, conditions, words
from .test_conditions import sids as condition_sids

BATCH, BATCHES = 10, 210
"""How many random cases are compared in one go, and how often, for each kind of comparison."""


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


Compare = Callable[[st.SearchStrategy[Any], Callable[[list[Any]], None]], None]


@pytest.fixture
def compare(request: pytest.FixtureRequest, record_property: Callable[[str, object], None]) -> Compare:
    """Runs a comparison on thousands of random cases, and says how many there were."""

    def run(strategy: st.SearchStrategy[Any], check: Callable[[list[Any]], None]) -> None:
        compared = 0

        @settings(max_examples=BATCHES, deadline=None, suppress_health_check=list(HealthCheck))
        @given(st.lists(strategy, min_size=BATCH, max_size=BATCH))
        def compare_batch(cases: list[Any]) -> None:
            nonlocal compared
            check(cases)
            compared += len(cases)

        compare_batch()
        record_property("compared", compared)
        print(f"{request.node.name}: {compared} cases compared")
        assert compared > 2000

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
    def check(cases: list[bytes]) -> None:
        answers = samba.ask_all("read", [(data.hex(),) for data in cases])
        for data, theirs in zip(cases, answers, strict=True):
            ours, written = read(data), bytes.fromhex(theirs["bytes"])
            assert fields(ours) == samba_fields(theirs)
            assert parts(ours.to_bytes()) == parts(written) == parts(data)
            assert read(written) == replace(ours, resource_manager_control=0)

    types: tuple[int, ...] = MASK_AND_SID_TYPES + OBJECT_TYPES + CALLBACK_TYPES
    with_data: tuple[int, ...] = ()
    if samba.version >= (4, 20):  # knows what stands behind the SID of these types
        with_data = (0x09, 0x0A, 0x0D, 0x0B, 0x0C, 0x0F)
        types = tuple({*types, *with_data})
    compare(descriptor_bytes(types, with_data), check)


def test_samba_reads_and_writes_the_same_sids(samba: Samba, compare: Compare) -> None:
    def check(cases: list[bytes]) -> None:
        ours = [Sid.from_bytes(data) for data in cases]
        answers = samba.ask_all("sid", [(str(sid),) for sid in ours])
        assert [written for written, _text in answers] == [data.hex() for data in cases]
        assert [Sid.parse(text) for _written, text in answers] == ours

    compare(fillings.map(random_sid), check)


def test_impacket_reads_and_writes_the_same(compare: Compare) -> None:
    def check(cases: list[bytes]) -> None:
        for data in cases:
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
    def check(cases: list[int]) -> None:
        assert samba.ask_all("map_generic", [(mask,) for mask in cases]) == list(map(map_generic, cases))

    compare(st.integers(0, 2**32 - 1), check)


OWNER = Sid.parse("S-1-5-21-1-2-3-500")
PARTIES = [*ACCOUNTS, OWNER, Sid.parse("S-1-3-4")]
RIGHTS = [1 << number for number in range(21) if FULL_CONTROL >> number & 1]
# Without ACCESS_SYSTEM_SECURITY and MAXIMUM_ALLOWED, which no entry of a DACL can give.
masks = file_masks | st.integers(0, 2**32 - 1).map(lambda mask: mask & ~0x0F000000)
entries_of_parties = st.builds(
    Ace,
    st.sampled_from([0x00, 0x00, 0x00, 0x01, 0x01, 0x02, 0x03, 0x11]),
    st.sampled_from([0x00, 0x00, 0x03, 0x08, 0x0B, 0x13]),
    masks,
    st.sampled_from(PARTIES),
)
questions = st.tuples(
    st.none() | st.lists(entries_of_parties, max_size=6),
    st.none() | st.just(OWNER) | st.sampled_from(ACCOUNTS),
    st.frozensets(st.sampled_from([*ACCOUNTS, OWNER]), max_size=5),
    st.lists(masks, max_size=2),
)


def test_samba_grants_the_same(samba: Samba, compare: Compare) -> None:
    def check(cases: list[tuple[list[Ace] | None, Sid | None, frozenset[Sid], list[int]]]) -> None:
        questions = []
        for entries, owner, members, drawn in cases:
            descriptor = SecurityDescriptor(0x0004, owner, dacl=None if entries is None else Acl(tuple(entries)))
            questions.append((descriptor.to_bytes().hex(), [*map(str, members)], [*RIGHTS, MAXIMUM_ALLOWED, *drawn]))
        answers = samba.ask_all("check", questions)
        for (entries, owner, members, drawn), granted in zip(cases, answers, strict=True):
            dacl = None if entries is None else Acl(tuple(entries))
            rights, everything, requested = granted[: len(RIGHTS)], granted[len(RIGHTS)], granted[len(RIGHTS) + 1 :]
            ours = check_access(dacl, members, MAXIMUM_ALLOWED, owner=owner).granted
            assert ours == sum(right for right, found in zip(RIGHTS, rights, strict=True) if found is not None)
            if dacl is not None:
                assert ours == everything & FULL_CONTROL
            for request, found in zip(drawn, requested, strict=True):
                assert check_access(dacl, members, request, owner=owner).satisfied == (found is not None)

    compare(questions, check)


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
    def check(cases: list[bytes]) -> None:
        descriptors = [told(read(data)) for data in cases]
        if samba.version < (4, 20):
            descriptors = [told(simplified(descriptor)) for descriptor in descriptors]
        ours = [(format_sddl(descriptor), DOMAIN) for descriptor in descriptors]
        assert [told(read(bytes.fromhex(found))) for found in samba.ask_all("from_sddl", ours)] == descriptors
        theirs = samba.ask_all("as_sddl", [(descriptor.to_bytes().hex(), DOMAIN) for descriptor in descriptors])
        assert [told(parse_sddl(text, domain=Sid.parse(DOMAIN))) for text in theirs] == descriptors

    compare(descriptor_bytes((0x00, 0x01, 0x02, 0x03, 0x05, 0x06, 0x07, 0x08)), check)


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
    def check(cases: list[str]) -> None:
        theirs = samba.ask_all("from_sddl", [(text, DOMAIN) for text in cases])
        for text, found in zip(cases, theirs, strict=True):
            assert told(parse_sddl(text, domain=Sid.parse(DOMAIN))) == told(read(bytes.fromhex(found)))

    compare(texts(old=samba.version < (4, 20)), check)


EVERYONE = Sid.parse("S-1-1-0")


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
        pytest.skip("Samba knows conditions since 4.20 (Debian 13 has a later one, Debian 12 an earlier one)")

    def check(cases: list[Condition]) -> None:
        aces = [ConditionalAce(0x09, 0, 0x1, EVERYONE, condition.to_bytes()) for condition in cases]
        descriptors = [SecurityDescriptor(0x0004, dacl=Acl((ace,), 4)) for ace in aces]
        ours = [(format_sddl(descriptor), DOMAIN) for descriptor in descriptors]
        assert [told(read(bytes.fromhex(found))) for found in samba.ask_all("from_sddl", ours)] == descriptors
        theirs = samba.ask_all("as_sddl", [(descriptor.to_bytes().hex(), DOMAIN) for descriptor in descriptors])
        assert [told(parse_sddl(text)) for text in theirs] == descriptors

    compare(conditions.filter(samba_has_it), check)


def test_samba_evaluates_conditions_to_nothing_else(samba: Samba, compare: Compare) -> None:
    """Where both come to TRUE or FALSE it is the same; where one has UNKNOWN, see differences.py."""
    if samba.version < (4, 20):
        pytest.skip("Samba knows conditions since 4.20 (Debian 13 has a later one, Debian 12 an earlier one)")
    decided = 0

    def check(cases: list[tuple[Condition, frozenset[Sid], dict[str, ClaimValue]]]) -> None:
        nonlocal decided
        questions = []
        for condition, members, resource in cases:
            sacl = Acl(tuple(resource_attribute(name, value) for name, value in resource.items()))
            allows, denies = (ConditionalAce(kind, 0, 0x1, EVERYONE, condition.to_bytes()) for kind in (0x09, 0x0A))
            for aces in ((allows,), (denies, Ace(0x00, 0, 0x1, EVERYONE))):
                descriptor = SecurityDescriptor(0x0014, OWNER, dacl=Acl(aces), sacl=sacl)
                questions.append((descriptor.to_bytes().hex(), [*map(str, members | {EVERYONE})], [0x1]))
        answers = samba.ask_all("check", questions)
        for number, (condition, members, resource) in enumerate(cases):
            (allowed,), (not_denied,) = answers[2 * number : 2 * number + 2]
            theirs = True if allowed else False if not_denied else None
            sids = members | {EVERYONE}
            ours = condition.evaluate(Claims({}, {}, {}, resource, sids, sids_complete=True, device_sids_complete=True))
            assert {ours, theirs} != {True, False}
            decided += ours is not None and ours == theirs

    values = claim_values.filter(lambda value: "\ud800" not in value.values)
    compare(
        st.tuples(
            conditions.filter(samba_has_it),
            st.frozensets(condition_sids),
            st.dictionaries(words, values, max_size=3).filter(
                lambda found: len({*map(str.lower, found)}) == len(found)
            ),
        ),
        check,
    )
    assert decided > 200


def resource_attribute(name: str, value: ClaimValue) -> ResourceAttributeAce:
    attribute = ResourceAttribute(name, value.value_type, 0x2 if value.case_sensitive else 0, value.values)
    return ResourceAttributeAce(0x12, 0, 0, EVERYONE, attribute.to_bytes())


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
