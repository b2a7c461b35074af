# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What comes down to a child, and the descriptor of a new object, as Windows and Samba make them.

"Listing 6-n" is from J. Forshaw, "Windows Security Internals", 2024, which shows what Windows answers; the full access
of its objects is that of a file here. RAW-ACLS is Samba's torture test of that name, which Windows passes.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import (
    Ace,
    Acl,
    AnyAce,
    OpaqueAce,
    Scope,
    SecurityDescriptor,
    Sid,
    check_access,
    format_sddl,
    parse_sddl,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security.ace import (
    ConditionalAce,
    ObjectAce,
    ResourceAttributeAce,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security.inheritance import inherited_aces

from . import samba_inheritance
from .new_objects import AutoInherit, child_descriptor
from .strategies import ACCOUNTS, accounts, dacls, file_masks

USER, OWNER, GROUP = ACCOUNTS[0], Sid.parse("S-1-5-21-1-2-3-500"), Sid.parse("S-1-5-21-1-2-3-513")
CREATOR_OWNER, CREATOR_GROUP = Sid.parse("S-1-3-0"), Sid.parse("S-1-3-1")
ID = 0x10
USERS_CLASS, GROUPS_CLASS, PROPERTY = UUID(int=1), UUID(int=2), UUID(int=3)
SAMBA = samba_inheritance.library()
with_samba = pytest.mark.skipif(
    SAMBA is None, reason="Samba's libraries are not installed; on Debian: apt-get install python3-samba"
)


def child(*aces: AnyAce, is_folder: bool, object_types: frozenset[UUID] = frozenset()) -> tuple[AnyAce, ...]:
    return inherited_aces(Acl(aces), is_folder=is_folder, owner=OWNER, group=GROUP, object_types=object_types)


def new(
    parent: str | None, creator: str | None = None, *, is_folder: bool = False, flags: AutoInherit | None = None
) -> str:
    """SDDL of a new object without owner and group, which the cases below are not about."""
    made = child_descriptor(
        None if parent is None else parse_sddl(parent),
        None if creator is None else parse_sddl(creator),
        is_folder=is_folder,
        owner=None,
        group=None,
        default_dacl=parse_sddl("D:(A;;GA;;;SY)").dacl,
        flags=flags,
    )
    return format_sddl(made)


@pytest.mark.parametrize(
    ("flags", "folder", "file"),
    [
        (0x0, None, None),
        (0x8, None, None),
        (0x4, None, None),
        (0x1, 0x1 | 0x8 | ID, ID),
        (0x2, 0x2 | ID, None),
        (0x3, 0x3 | ID, ID),
        (0xB, 0x3 | ID, ID),
        (0x9, 0x1 | 0x8 | ID, ID),
        (0xA, 0x2 | ID, None),
        (0x7, ID, ID),
        (0xF, ID, ID),
        (0x5, None, ID),
        (0x6, ID, None),
        (0x13, 0x3 | ID, ID),
    ],
)
def test_flags_of_the_child(flags: int, folder: int | None, file: int | None) -> None:
    for is_folder, expected in ((True, folder), (False, file)):
        found = child(Ace(0, flags, 0x1200A9, USER), is_folder=is_folder)
        assert found == (() if expected is None else (Ace(0, expected, 0x1200A9, USER),))


def test_creator_owner_stands_for_the_owner_and_goes_on() -> None:
    assert child(Ace(0, 0xB, 0x10000000, CREATOR_OWNER), is_folder=True) == (
        Ace(0, ID, 0x1F01FF, OWNER),
        Ace(0, 0xB | ID, 0x10000000, CREATOR_OWNER),
    )
    assert child(Ace(0, 0xB, 0x1301BF, CREATOR_GROUP), is_folder=False) == (Ace(0, ID, 0x1301BF, GROUP),)


def test_creator_owner_stays_where_the_owner_is_not_known() -> None:
    template = Ace(0, 0xB, 0x1F01FF, CREATOR_OWNER)
    found = inherited_aces(Acl((template,)), is_folder=True, owner=None, group=None)
    assert found == (Ace(0, 0x3 | ID, 0x1F01FF, CREATOR_OWNER),)


def test_generic_rights_are_mapped_where_they_take_effect_and_go_on_as_they_are() -> None:
    assert child(Ace(0, 0x3, 0x80000000, USER), is_folder=True) == (
        Ace(0, ID, 0x120089, USER),
        Ace(0, 0xB | ID, 0x80000000, USER),
    )


def test_types_that_are_not_understood_come_down_whole() -> None:
    assert child(OpaqueAce(0x77, 0x3, b"abcd"), is_folder=False) == (OpaqueAce(0x77, ID, b"abcd"),)


def test_conditions_and_audit_flags_come_down_with_their_entry() -> None:
    conditional = ConditionalAce(0x9, 0x3, 0x10000000, CREATOR_OWNER, b"artx")
    assert child(conditional, is_folder=False) == (ConditionalAce(0x9, ID, 0x1F01FF, OWNER, b"artx"),)
    assert child(Ace(2, 0xC3, 0x10000, USER), is_folder=True) == (Ace(2, 0xC3 | ID, 0x10000, USER),)


@given(dacls, file_masks)
def test_the_child_grants_what_the_parent_says_for_its_place(dacl: Acl, mask: int) -> None:
    token = frozenset(ACCOUNTS)
    for scope, is_folder in ((Scope.CHILD_FOLDERS, True), (Scope.CHILD_FILES, False)):
        below = Acl(inherited_aces(dacl, is_folder=is_folder, owner=OWNER, group=GROUP))
        assert check_access(below, token, mask).granted == check_access(dacl, token, mask, scope).granted
        if is_folder:
            deep = Acl(inherited_aces(below, is_folder=False, owner=OWNER, group=GROUP))
            predicted = check_access(dacl, token, mask, Scope.DEEP_FILES)
            assert check_access(deep, token, mask).granted == predicted.granted


# Object types ([MS-DTYP] 2.4.4.3; Microsoft, "ACE Inheritance Rules")


def test_an_object_entry_takes_effect_on_its_type_and_travels_through_others() -> None:
    entry = ObjectAce(5, 0xA, 0x10, USER, PROPERTY, USERS_CLASS)
    through = (ObjectAce(5, 0xA | ID, 0x10, USER, PROPERTY, USERS_CLASS),)
    effective = (ObjectAce(5, 0x2 | ID, 0x10, USER, PROPERTY, USERS_CLASS),)
    assert child(entry, is_folder=True, object_types=frozenset({GROUPS_CLASS})) == through
    assert child(entry, is_folder=True) == through
    assert child(entry, is_folder=True, object_types=frozenset({GROUPS_CLASS, USERS_CLASS})) == effective
    assert child(entry, is_folder=False, object_types=frozenset({USERS_CLASS})) == ()


@pytest.mark.parametrize(
    ("object_ace", "plain"), [(5, 0), (6, 1), (7, 2), (8, 3), (11, 9), (12, 10), (15, 13), (16, 14)]
)
def test_an_object_entry_that_names_no_type_any_more_becomes_a_plain_one(object_ace: int, plain: int) -> None:
    entry = ObjectAce(object_ace, 0x6, 0x10, USER, None, USERS_CLASS, b"artx")
    (found,) = child(entry, is_folder=True, object_types=frozenset({USERS_CLASS}))
    assert not isinstance(found, ObjectAce)
    assert found.to_bytes()[:2] == bytes((plain, ID))
    assert found.to_bytes()[4:] == (0x10).to_bytes(4, "little") + USER.to_bytes() + b"artx"


def test_an_object_entry_keeps_what_its_rights_are_for() -> None:
    entry = ObjectAce(5, 0x6, 0x10, USER, PROPERTY, USERS_CLASS)
    found = child(entry, is_folder=True, object_types=frozenset({USERS_CLASS}))
    assert found == (ObjectAce(5, ID, 0x10, USER, PROPERTY),)


# New objects


@pytest.mark.parametrize(
    ("is_folder", "expected"),
    [
        (
            True,
            "D:AI(A;OICIID;FA;;;BA)(A;OICIID;FA;;;SY)(A;OICIID;0x1200a9;;;BU)(A;ID;0x1301bf;;;AU)"
            "(A;OICIIOID;SDGXGWGR;;;AU)",
        ),
        (False, "D:AI(A;ID;FA;;;BA)(A;ID;FA;;;SY)(A;ID;0x1200a9;;;BU)(A;ID;0x1301bf;;;AU)"),
    ],
)
def test_a_directory_and_a_file_in_the_root_of_the_system_drive(is_folder: bool, expected: str) -> None:
    """What `(Get-Acl C:\\x).Sddl` says on Windows Vista and later."""
    root = (
        "D:PAI(A;OICI;FA;;;BA)(A;OICI;FA;;;SY)(A;OICI;0x1200a9;;;BU)(A;OICIIO;SDGXGWGR;;;AU)(A;;LC;;;AU)"
        "S:P(ML;OINPIO;NW;;;HI)"
    )
    made = child_descriptor(parse_sddl(root.partition("S:")[0]), is_folder=is_folder, owner=OWNER, group=GROUP)
    assert made == parse_sddl(f"O:{OWNER}G:{GROUP}{expected}")


def test_a_directory_in_the_root_of_a_formatted_volume() -> None:
    root = (
        "D:(A;;FA;;;BA)(A;OICIIO;GA;;;BA)(A;;FA;;;SY)(A;OICIIO;GA;;;SY)(A;;0x1301bf;;;AU)(A;OICIIO;SDGXGWGR;;;AU)"
        "(A;;0x1200a9;;;BU)(A;OICIIO;GXGR;;;BU)"
    )
    below = (
        "D:AI(A;ID;FA;;;BA)(A;OICIIOID;GA;;;BA)(A;ID;FA;;;SY)(A;OICIIOID;GA;;;SY)(A;ID;0x1301bf;;;AU)"
        "(A;OICIIOID;SDGXGWGR;;;AU)(A;ID;0x1200a9;;;BU)(A;OICIIOID;GXGR;;;BU)"
    )
    for parent in (root, below):  # and a directory in that directory has the same entries
        made = child_descriptor(parse_sddl(parent), is_folder=True, owner=None, group=None, flags=AutoInherit.DACL)
        assert made == parse_sddl(below)


PLAIN, INHERITABLE = "D:(A;;FA;;;WD)(A;;FA;;;BU)", "D:(A;;FA;;;WD)(A;OIIO;GA;;;BU)"
FOLLOWING = "D:AI(A;;FA;;;WD)(A;OIIO;GA;;;BU)"


@pytest.mark.parametrize(
    ("parent", "creator", "flags", "expected"),
    [
        pytest.param(FOLLOWING, None, None, "D:AI(A;ID;FA;;;BU)", id="listing 6-21"),
        pytest.param(INHERITABLE, "", None, "D:(A;;FA;;;BU)", id="listing 6-23"),
        pytest.param(INHERITABLE, "D:(A;;FA;;;NU)(A;;FA;;;IU)", None, "D:(A;;FA;;;NU)(A;;FA;;;IU)", id="listing 6-24"),
        pytest.param(
            FOLLOWING,
            "D:(A;;FA;;;NU)(A;ID;FA;;;IU)",
            AutoInherit.DACL,
            "D:AI(A;;FA;;;NU)(A;ID;FA;;;BU)",
            id="listing 6-25",
        ),
        pytest.param(
            FOLLOWING,
            "D:P(A;;FA;;;NU)(A;ID;FA;;;IU)",
            AutoInherit.DACL,
            "D:PAI(A;;FA;;;NU)(A;;FA;;;IU)",
            id="listing 6-26",
        ),
        # "Normal operations in the kernel do not set the DaclAutoInherit flag" where the creator gives a DACL.
        pytest.param(FOLLOWING, "D:(A;;FA;;;NU)", None, "D:(A;;FA;;;NU)", id="the creator's own"),
        # "Even an empty or NULL DACL will override the inheritance from the parent."
        pytest.param(INHERITABLE, "D:", None, "D:", id="empty"),
        pytest.param(INHERITABLE, "D:NO_ACCESS_CONTROL", None, "D:NO_ACCESS_CONTROL", id="NULL"),
        # Microsoft, "DACL for a New Object", steps 3 and 4.
        pytest.param(PLAIN, None, None, "D:(A;;FA;;;SY)", id="the token's default"),
        pytest.param(None, None, None, "D:(A;;FA;;;SY)", id="no parent"),
        # Microsoft, "Automatic Propagation of Inheritable ACEs".
        pytest.param(FOLLOWING, "D:NO_ACCESS_CONTROL", AutoInherit.DACL, "D:AI(A;ID;FA;;;BU)", id="NULL follows"),
        pytest.param(
            FOLLOWING, "D:PNO_ACCESS_CONTROL", AutoInherit.DACL, "D:PAINO_ACCESS_CONTROL", id="NULL, protected"
        ),
        pytest.param(
            PLAIN, "D:NO_ACCESS_CONTROL", AutoInherit.DACL, "D:AINO_ACCESS_CONTROL", id="NULL, nothing to inherit"
        ),
        pytest.param(FOLLOWING, "D:P", None, "D:P", id="protected and empty"),
    ],
)
def test_dacl_of_a_new_file(parent: str | None, creator: str | None, flags: AutoInherit | None, expected: str) -> None:
    assert new(parent, creator, flags=flags) == expected


@pytest.mark.parametrize(("parent", "expected"), [(INHERITABLE, "D:(A;;FA;;;BU)"), (PLAIN, "D:(A;;FA;;;NU)")])
def test_a_defaulted_dacl_gives_way(parent: str, expected: str) -> None:
    """Listing 6-27: only where the parent passes nothing on does it count; the mark itself is not kept."""
    creator = parse_sddl("D:(A;;FA;;;NU)")
    defaulted = SecurityDescriptor(creator.control | 0x0008, dacl=creator.dacl)
    made = child_descriptor(parse_sddl(parent), defaulted, is_folder=False, owner=None, group=None)
    assert made == parse_sddl(expected)


def test_a_defaulted_dacl_stays_where_the_parents_entries_merge_into_it() -> None:
    """CreatePrivateObjectSecurityEx, SEF_DACL_AUTO_INHERIT: "as well as any explicit ACEs specified"."""
    creator = parse_sddl("D:(A;;FA;;;NU)")
    defaulted = SecurityDescriptor(creator.control | 0x0008, dacl=creator.dacl)
    made = child_descriptor(
        parse_sddl(FOLLOWING), defaulted, is_folder=False, owner=None, group=None, flags=AutoInherit.DACL
    )
    assert made == parse_sddl("D:AI(A;;FA;;;NU)(A;ID;FA;;;BU)")


def test_each_list_gives_way_by_its_own_mark() -> None:
    """[MS-DTYP] 2.4.6: SE_DACL_DEFAULTED is 0x0008, SE_SACL_DEFAULTED 0x0020; none of the marks is kept."""
    own = replace(sacl(Ace(2, 0x80, 0x20000, USER)), control=0x0014, dacl=parse_sddl("D:(A;;FA;;;NU)").dacl)
    parent = replace(sacl(AUDIT), control=0x0014, dacl=parse_sddl(INHERITABLE).dacl)
    dacls = {False: own.dacl, True: parse_sddl("D:(A;;FA;;;BU)").dacl}
    sacls = {False: own.sacl, True: Acl((Ace(2, 0x40, 0x10000, USER),))}
    for mark in (0, 0x1, 0x2, 0x3, 0x8, 0x20, 0x28):
        creator = replace(own, control=0x0014 | mark)
        made = child_descriptor(parent, creator, is_folder=False, owner=None, group=None)
        expected = SecurityDescriptor(0x0014, dacl=dacls[bool(mark & 0x8)], sacl=sacls[bool(mark & 0x20)])
        assert made == expected


def test_the_flags_are_those_of_windows() -> None:
    # winnt.h, SEF_*; CreatePrivateObjectSecurityEx.
    assert {name: flag.value for name, flag in AutoInherit.__members__.items()} == {
        "DACL": 0x01,
        "SACL": 0x02,
        "DEFAULT_DESCRIPTOR_FOR_OBJECT": 0x04,
        "DEFAULT_OWNER_FROM_PARENT": 0x20,
        "DEFAULT_GROUP_FROM_PARENT": 0x40,
    }


@pytest.mark.parametrize("flags", range(16))
def test_raw_acls_inheritance(flags: int) -> None:
    """RAW-ACLS, "inheritance": CREATOR OWNER with every combination of flags, and the default DACL where none goes."""
    parent = SecurityDescriptor(0x0004, dacl=Acl((Ace(0, flags, 0x2, CREATOR_OWNER), Ace(0, 0, 0x1F01FF, USER))))
    default = Acl((Ace(0, 0, 0x1F01FF, OWNER), Ace(0, 0, 0x1F01FF, Sid.parse("S-1-5-18"))))
    files, folders, one_level = flags & 0x1, flags & 0x2, flags & 0x4
    of_owner, template = Ace(0, 0, 0x2, OWNER), Ace(0, flags & 0x3 | 0x8, 0x2, CREATOR_OWNER)
    expected_file = (of_owner,) if files else default.aces
    if folders:
        expected_folder = (of_owner,) if one_level else (of_owner, template)
    else:
        expected_folder = (template,) if files and not one_level else default.aces
    for is_folder, expected in ((False, expected_file), (True, expected_folder)):
        made = child_descriptor(parent, is_folder=is_folder, owner=OWNER, group=GROUP, default_dacl=default)
        assert made == SecurityDescriptor(0x0004, OWNER, GROUP, Acl(expected))


@pytest.mark.parametrize("protected", ["", "P"])
@pytest.mark.parametrize("inherited", ["", "ID"])
@pytest.mark.parametrize(("follows", "mark"), [("", ""), ("AI", "ID")])
def test_raw_acls_inheritance_flags(protected: str, inherited: str, follows: str, mark: str) -> None:
    """RAW-ACLS, "inheritance_flags": that the parent follows its own parent decides alone how the child is marked."""
    parent = f"D:{protected}{follows}(A;OICI{inherited};0x40002;;;AU)(A;;FA;;;WD)"
    assert new(parent) == f"D:{follows}(A;{mark};0x40002;;;AU)"


def test_owner_and_group_of_a_new_object() -> None:
    parent, token = parse_sddl("O:SYG:SY"), {"owner": OWNER, "group": GROUP}
    from_parent = AutoInherit.DEFAULT_OWNER_FROM_PARENT | AutoInherit.DEFAULT_GROUP_FROM_PARENT
    for creator, flags, expected in (
        (None, None, f"O:{OWNER}G:{GROUP}"),
        (None, from_parent, "O:SYG:SY"),
        (None, AutoInherit.DEFAULT_GROUP_FROM_PARENT, f"O:{OWNER}G:SY"),
        (parse_sddl("O:BAG:BU"), from_parent, "O:BAG:BU"),
        (parse_sddl("O:BA"), None, f"O:BAG:{GROUP}"),
    ):
        assert child_descriptor(parent, creator, is_folder=True, flags=flags, **token) == parse_sddl(expected)


def test_creator_owner_stands_for_the_owner_that_the_creator_names() -> None:
    made = child_descriptor(
        parse_sddl("D:(A;CIOI;FA;;;CO)"), parse_sddl("O:BAG:BU"), is_folder=False, owner=OWNER, group=GROUP
    )
    assert made == parse_sddl("O:BAG:BUD:(A;;FA;;;BA)")


def test_generic_entries_of_the_creator_are_made_concrete() -> None:
    creator = "D:(A;OICI;GA;;;CO)(A;OICIIO;GR;;;BU)(A;;GR;;;WD)(A;CI;FR;;;SY)"
    folder = "D:(A;;FA;;;BA)(A;OICIIO;GA;;;CO)(A;OICIIO;GR;;;BU)(A;;FR;;;WD)(A;CI;FR;;;SY)"
    made = child_descriptor(None, parse_sddl("O:BAG:BU" + creator), is_folder=True, owner=None, group=None)
    assert format_sddl(made) == "O:BAG:BU" + folder
    made = child_descriptor(None, parse_sddl("O:BAD:(A;OICI;GA;;;CO)"), is_folder=False, owner=None, group=None)
    assert made.dacl is not None
    assert [(ace.mask, ace.sid) for ace in made.dacl if isinstance(ace, Ace)] == [(0x1F01FF, Sid(5, (32, 544)))]


def test_the_resource_manager_byte_stays_the_creators() -> None:
    made = child_descriptor(
        None, SecurityDescriptor(0x4000, resource_manager_control=7), is_folder=True, owner=None, group=None
    )
    assert made == SecurityDescriptor(0x4000, resource_manager_control=7)


ATTRIBUTE = ResourceAttributeAce(0x12, 0x3, 0, Sid.parse("S-1-1-0"), b"abcd")
AUDIT = Ace(2, 0x43, 0x10000, USER)


def sacl(*aces: AnyAce, control: int = 0) -> SecurityDescriptor:
    return SecurityDescriptor(0x0010 | control, sacl=Acl(aces))


def test_sacl_of_a_new_object() -> None:
    """Microsoft, "SACL for a New Object": like the DACL, but without a default."""
    made = child_descriptor(sacl(AUDIT, control=0x0800), is_folder=False, owner=None, group=None)
    assert made == sacl(Ace(2, 0x40 | ID, 0x10000, USER), control=0x0800)
    assert child_descriptor(sacl(), is_folder=False, owner=None, group=None) == SecurityDescriptor()
    own = Ace(2, 0x80, 0x20000, USER)
    made = child_descriptor(sacl(AUDIT), sacl(own), is_folder=False, owner=None, group=None, flags=AutoInherit.SACL)
    assert made == sacl(own, Ace(2, 0x40 | ID, 0x10000, USER), control=0x0800)


def test_protection_does_not_stop_resource_attributes() -> None:
    """Microsoft, "SACL for a New Object", step 1."""
    own = Ace(2, 0x80, 0x20000, USER)
    made = child_descriptor(
        sacl(AUDIT, ATTRIBUTE),
        sacl(own, control=0x2000),
        is_folder=False,
        owner=None,
        group=None,
        flags=AutoInherit.SACL,
    )
    come = ResourceAttributeAce(0x12, ID, 0, Sid.parse("S-1-1-0"), b"abcd")
    assert made == sacl(own, come, control=0x2800)


@pytest.mark.parametrize("kind", [USERS_CLASS, GROUPS_CLASS])
def test_an_object_entry_takes_the_place_of_the_default_for_its_type(kind: UUID) -> None:
    """CreatePrivateObjectSecurityEx, SEF_DEFAULT_DESCRIPTOR_FOR_OBJECT."""
    parent = SecurityDescriptor(0x0004, dacl=Acl((ObjectAce(5, 0x6, 0x10, USER, PROPERTY, USERS_CLASS),), 4))
    default = SecurityDescriptor(0x0004, dacl=Acl((Ace(0, 0, 0x20, USER),)))
    made = child_descriptor(
        parent,
        default,
        is_folder=True,
        owner=None,
        group=None,
        object_types=frozenset({kind}),
        flags=AutoInherit.DACL | AutoInherit.DEFAULT_DESCRIPTOR_FOR_OBJECT,
    )
    come = Acl((ObjectAce(5, ID, 0x10, USER, PROPERTY),), 4)
    assert made.control == 0x0404
    assert made.dacl == (come if kind == USERS_CLASS else default.dacl)


def test_without_that_flag_the_creators_entries_stay_before_it() -> None:
    """CreatePrivateObjectSecurityEx, SEF_DACL_AUTO_INHERIT: "as well as any explicit ACEs specified"."""
    parent = SecurityDescriptor(0x0004, dacl=Acl((ObjectAce(5, 0x6, 0x10, USER, PROPERTY, USERS_CLASS),), 4))
    own, come = Ace(0, 0, 0x20, USER), ObjectAce(5, ID, 0x10, USER, PROPERTY)
    made = child_descriptor(
        parent,
        SecurityDescriptor(0x0004, dacl=Acl((own,))),
        is_folder=True,
        owner=None,
        group=None,
        object_types=frozenset({USERS_CLASS}),
        flags=AutoInherit.DACL,
    )
    assert made == SecurityDescriptor(0x0404, dacl=Acl((own, come), 4))


@pytest.mark.parametrize(
    ("flags", "kind", "is_folder"),
    [
        (0, USERS_CLASS, True),
        (0x5, USERS_CLASS, True),
        (0x2, USERS_CLASS, False),
        (0x6, GROUPS_CLASS, True),
    ],
    ids=["not inherited", "by files", "by folders", "by another type"],
)
def test_only_an_object_entry_that_is_inherited_takes_the_place_of_the_default(
    flags: int, kind: UUID, is_folder: bool
) -> None:
    for_others = ObjectAce(5, flags, 0x10, USER, PROPERTY, kind)
    parent = SecurityDescriptor(0x0004, dacl=Acl((for_others, Ace(0, 0x7, 0x1, USER)), 4))
    made = child_descriptor(
        parent,
        parse_sddl("D:(A;;0x2;;;BU)"),
        is_folder=is_folder,
        owner=None,
        group=None,
        object_types=frozenset({USERS_CLASS}),
        flags=AutoInherit.DACL | AutoInherit.DEFAULT_DESCRIPTOR_FOR_OBJECT,
    )
    assert made == parse_sddl(f"D:AI(A;;0x2;;;BU)(A;ID;0x1;;;{USER})")


# Samba's implementations, which nobody here wrote


Ask = Callable[..., SecurityDescriptor]


@pytest.fixture(scope="module")
def samba() -> Iterator[Ask]:
    program = [sys.executable, str(Path(samba_inheritance.__file__))]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:

        def ask(function: str, parent: SecurityDescriptor, **given: Any) -> SecurityDescriptor:
            request = {"function": function, "owner": str(OWNER), "group": str(GROUP), **given}
            request["parent"] = parent.to_bytes().hex()
            assert process.stdin
            assert process.stdout
            process.stdin.write(json.dumps(request) + "\n")
            process.stdin.flush()
            answer = json.loads(process.stdout.readline())
            return SecurityDescriptor.from_bytes(bytes.fromhex(answer["child"]))

        yield ask
        assert process.stdin
        process.stdin.close()


trustees = accounts | st.sampled_from([CREATOR_OWNER, CREATOR_GROUP])
origins = st.sampled_from([0, ID])
specific_masks = st.integers(1, 0x1F01FF)
plain_entries = st.builds(
    lambda kind, flags, origin, mask, sid: Ace(kind, flags | origin, mask, sid),
    st.sampled_from([0, 1]),
    st.integers(0, 15),
    origins,
    specific_masks,
    trustees,
)
classes = st.sampled_from([USERS_CLASS, GROUPS_CLASS])
object_entries = st.builds(
    ObjectAce,
    st.sampled_from([5, 6]),
    st.integers(0, 15),
    specific_masks,
    trustees,
    st.sampled_from([None, PROPERTY]),
    st.none() | classes,
)


@with_samba
@settings(max_examples=1000)
@given(st.lists(plain_entries, min_size=1, max_size=8), st.booleans(), st.booleans())
def test_a_file_servers_child_is_sambas(samba: Ask, entries: list[Ace], follows: bool, is_folder: bool) -> None:
    """se_create_child_secdesc makes the descriptors of new files and directories on Samba's file server.

    It leaves generic rights unmapped, so none are given here, and where nothing comes down its caller takes the
    default instead of the empty list. Entries that come out equal it writes once.
    """
    parent = SecurityDescriptor(0x0404 if follows else 0x0004, OWNER, GROUP, Acl(tuple(entries)))
    ours = child_descriptor(parent, is_folder=is_folder, owner=OWNER, group=GROUP, default_dacl=Acl())
    theirs = samba("se_create_child_secdesc", parent, is_folder=is_folder)
    assert ours.dacl is not None
    assert tuple(dict.fromkeys(ours.dacl)) == (theirs.dacl.aces if theirs.dacl else ())
    assert ours.control == theirs.control


@with_samba
@settings(max_examples=1000)
@given(
    st.lists(plain_entries | object_entries, min_size=1, max_size=8),
    st.none() | st.lists(plain_entries.filter(lambda ace: ace.flags & 0x2 or not ace.flags & 0xF), max_size=3),
    st.booleans(),
    st.frozensets(classes, max_size=2),
)
def test_a_directorys_child_is_sambas(
    samba: Ask, entries: list[AnyAce], own: list[Ace] | None, protected: bool, object_types: frozenset[UUID]
) -> None:
    """create_security_descriptor makes the descriptors of new objects in Samba's Active Directory.

    All objects there are containers and automatic inheritance is always on. Generic rights mean others there than on
    files, so none are given. Where an entry of the creator becomes two, Samba writes the one that goes on first
    (process_user_acl) and we the one in effect, as both do for the parent's. Of entries that do not go on to containers
    it loses the flags, so of the creator's own none such are given but those without any.
    """
    parent = SecurityDescriptor(0x0004, OWNER, GROUP, Acl(tuple(entries), 4))
    creator = None
    if own is not None:
        creator = SecurityDescriptor(0x1004 if protected else 0x0004, OWNER, GROUP, Acl(tuple(own)))
    ours = child_descriptor(
        parent,
        creator,
        is_folder=True,
        owner=OWNER,
        group=GROUP,
        object_types=object_types,
        flags=AutoInherit.DACL,
    )
    theirs = samba(
        "create_security_descriptor",
        parent,
        creator=creator and creator.to_bytes().hex(),
        is_folder=True,
        object_types=[str(kind) for kind in object_types],
        flags=1,
    )
    for aces in zip(_split(ours), _split(theirs), strict=True):
        assert aces[0] == aces[1]
    assert ours.control & 0x1004 == theirs.control & 0x1004


def _split(descriptor: SecurityDescriptor) -> tuple[list[bytes], list[bytes]]:
    """The explicit entries in any order and the inherited ones in theirs."""
    aces = descriptor.dacl.aces if descriptor.dacl else ()
    explicit = sorted(ace.to_bytes() for ace in aces if not ace.inherited)
    return explicit, [ace.to_bytes() for ace in aces if ace.inherited]
