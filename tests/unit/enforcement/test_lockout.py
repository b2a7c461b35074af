# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who cannot work any more: every right that counts, everywhere, for whatever a token holds, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.enforcement.lockout import (
    FILE,
    FOLDER,
    SHARE,
    Loss,
    ObjectKind,
    losses,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import Ace, Acl, Scope, Sid, parse_sddl

from ..security.strategies import ACCOUNTS, aces, canonical_dacls

SYSTEM, ADMINISTRATORS, EVERYONE = "S-1-5-18", "S-1-5-32-544", "S-1-1-0"
OPERATOR, SENDER = Sid.parse("S-1-5-21-1-2-3-1002"), "S-1-5-21-1-2-3-1001"
ALLOWED = "(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)"

# [MS-SMB2] 2.2.13.1.1 and 2.2.13.1.2, by name.
LIST, ADD_FILE, ADD_FOLDER, READ_EA, WRITE_EA, TRAVERSE, DELETE_CHILD = 0x1, 0x2, 0x4, 0x8, 0x10, 0x20, 0x40
READ_ATTRIBUTES, WRITE_ATTRIBUTES, DELETE, READ_CONTROL = 0x80, 0x100, 0x10000, 0x20000
WRITE_DAC, WRITE_OWNER, SYNCHRONIZE = 0x40000, 0x80000, 0x100000

# What GENERIC_READ and GENERIC_WRITE stand for with files (the Windows SDK's FILE_GENERIC_READ and _WRITE).
GENERIC_READ = LIST | READ_EA | READ_ATTRIBUTES | READ_CONTROL | SYNCHRONIZE
GENERIC_WRITE = ADD_FILE | ADD_FOLDER | WRITE_EA | WRITE_ATTRIBUTES | READ_CONTROL | SYNCHRONIZE
IN_FOLDERS = GENERIC_READ | WRITE_DAC | ADD_FILE | ADD_FOLDER | TRAVERSE
IN_FILES = GENERIC_READ | GENERIC_WRITE | WRITE_DAC

# Inheritance flags of an entry that applies to one place only, as far as Windows can say that.
ONLY = {
    0x0: {Scope.THIS},
    0xA | 0x4: {Scope.CHILD_FOLDERS},
    0xA: {Scope.CHILD_FOLDERS, Scope.DEEP_FOLDERS},
    0x9 | 0x4: {Scope.CHILD_FILES},
    0x9: {Scope.CHILD_FILES, Scope.DEEP_FILES},
}
FOLDERS = {Scope.THIS, Scope.CHILD_FOLDERS, Scope.DEEP_FOLDERS}


def bits(mask: int) -> list[int]:
    return [1 << number for number in range(21) if mask >> number & 1]


def dacl(sddl: str) -> Acl:
    found = parse_sddl(f"D:{sddl}").dacl
    assert found is not None
    return found


def lost(
    before: str, after: str, kind: ObjectKind = FOLDER, operators: tuple[Sid, ...] = ()
) -> dict[str, dict[Scope, int]]:
    """Who loses what where."""
    found = list(losses(dacl(before), dacl(after), kind, operators))
    assert len({loss.who for loss in found}) == len(found), "each is named once"
    return {str(loss.who): {scope: rights for rights, scopes in loss.lost for scope in scopes} for loss in found}


def both(lost: dict[Scope, int]) -> dict[str, dict[Scope, int]]:
    return {SYSTEM: lost, ADMINISTRATORS: lost}


def denying(sid: str, mask: int, flags: int = 3) -> str:
    words = "".join(word for bit, word in ((1, "OI"), (2, "CI"), (4, "NP"), (8, "IO")) if flags & bit)
    return f"(D;{words};0x{mask:x};;;{sid})"


@pytest.mark.parametrize("flags", list(ONLY), ids=["this", "child folders", "folders", "child files", "files"])
@pytest.mark.parametrize("bit", bits(0x1F01FF), ids=hex)
def test_each_right_counts_where_it_is_needed(bit: int, flags: int) -> None:
    found = lost(ALLOWED, denying(EVERYONE, bit, flags) + ALLOWED)
    places = {scope for scope in ONLY[flags] if bit & (IN_FOLDERS if scope in FOLDERS else IN_FILES)}
    if bit == READ_ATTRIBUTES:
        # Who may list the folder may read the attributes of what is in it ([MS-FSA] 2.1.5.1.2.1).
        places &= {Scope.THIS}
    expected = dict.fromkeys(places, bit)
    assert found == (both(expected) if expected else {})


@pytest.mark.parametrize("bit", bits(0x1F01FF), ids=hex)
def test_each_right_of_a_file_and_of_a_share_counts_where_it_is_needed(bit: int) -> None:
    for kind, needed in ((FILE, IN_FILES), (SHARE, GENERIC_READ)):
        found = lost("(A;;FA;;;SY)(A;;FA;;;BA)", denying(EVERYONE, bit, 0) + "(A;;FA;;;SY)(A;;FA;;;BA)", kind)
        assert found == (both({Scope.THIS: bit}) if bit & needed else {})


@pytest.mark.parametrize("bit", bits(0x1F01FF), ids=hex)
def test_the_operator_keeps_what_a_repair_takes(bit: int) -> None:
    found = lost(ALLOWED, denying(str(OPERATOR), bit) + ALLOWED, operators=(OPERATOR,))
    expected = dict.fromkeys(Scope, bit) if bit & (GENERIC_READ | WRITE_DAC) else {}
    if bit == READ_ATTRIBUTES:
        expected = {Scope.THIS: bit}
    assert found == ({str(OPERATOR): expected} if expected else {})


@pytest.mark.parametrize(
    ("sid", "who"),
    [
        ("S-1-1-0", {SYSTEM, ADMINISTRATORS}),  # Everyone
        ("S-1-5-11", {SYSTEM, ADMINISTRATORS}),  # Authenticated Users
        ("S-1-5-2", {ADMINISTRATORS}),  # NETWORK, which is not in the token of a local service
        ("S-1-5-32-544", {SYSTEM, ADMINISTRATORS}),  # Administrators, of which SYSTEM is one
        ("S-1-5-18", {SYSTEM}),
        ("S-1-5-32-545", {SYSTEM, ADMINISTRATORS}),  # Users
        ("S-1-5-4", {ADMINISTRATORS}),  # INTERACTIVE
        ("S-1-5-14", {ADMINISTRATORS}),  # REMOTE INTERACTIVE LOGON
        ("S-1-5-3", {SYSTEM, ADMINISTRATORS}),  # BATCH
        ("S-1-5-6", {SYSTEM, ADMINISTRATORS}),  # SERVICE
        ("S-1-5-80-0", {SYSTEM, ADMINISTRATORS}),  # ALL SERVICES
        ("S-1-5-15", {SYSTEM, ADMINISTRATORS}),  # This Organization
        ("S-1-5-64-10", {ADMINISTRATORS}),  # NTLM Authentication
        ("S-1-5-113", {ADMINISTRATORS}),  # Local account
        ("S-1-5-114", {ADMINISTRATORS}),  # Local account and member of Administrators group
        ("S-1-2-0", {SYSTEM, ADMINISTRATORS}),  # LOCAL
        ("S-1-2-1", {SYSTEM, ADMINISTRATORS}),  # CONSOLE LOGON
        ("S-1-3-0", {SYSTEM, ADMINISTRATORS}),  # CREATOR OWNER
        ("S-1-3-1", {SYSTEM, ADMINISTRATORS}),  # CREATOR GROUP
        ("S-1-3-4", {SYSTEM, ADMINISTRATORS}),  # OWNER RIGHTS
        ("S-1-5-21-9-8-7-512", {ADMINISTRATORS}),  # Domain Admins
        ("S-1-5-21-9-8-7-513", {ADMINISTRATORS}),  # Domain Users
        ("S-1-5-21-9-8-7-514", set()),  # Domain Guests
        ("S-1-5-21-513", set()),
        ("S-1-5-80-9-8-7-513", set()),  # not of a domain
        ("S-1-15-21-9-8-7-513", set()),
        ("S-1-5-32-546", set()),  # Guests
        ("S-1-5-7", set()),  # ANONYMOUS LOGON
        (SENDER, set()),
    ],
)
def test_a_deny_counts_for_whoever_holds_its_sid(sid: str, who: set[str]) -> None:
    found = losses(dacl(ALLOWED), dacl(denying(sid, SYNCHRONIZE, 0) + ALLOWED), FOLDER, ())
    assert {str(loss.who) for loss in found} == who


def test_deleting_takes_one_right_of_two() -> None:
    """DELETE on the file, or FILE_DELETE_CHILD on its folder, is enough ([MS-FSA] 2.1.5.1.2.1)."""
    for mask in (DELETE, DELETE_CHILD):
        assert lost(ALLOWED, denying(EVERYONE, mask) + ALLOWED) == {}
    # As icacls /deny Everyone:(DE,DC) does it: the folder cannot be deleted, what is in it can.
    assert lost(ALLOWED, denying(EVERYONE, DELETE | DELETE_CHILD, 0) + ALLOWED) == {}
    assert lost(ALLOWED, denying(EVERYONE, DELETE | DELETE_CHILD) + ALLOWED) == both(
        {Scope.CHILD_FILES: DELETE, Scope.DEEP_FILES: DELETE}
    )
    # In the subfolders of one level alone it is gone for the files in these.
    split = denying(EVERYONE, DELETE, 0x9) + denying(EVERYONE, DELETE_CHILD, 0xA | 0x4) + ALLOWED
    assert lost(ALLOWED, split) == both({Scope.DEEP_FILES: DELETE})
    # It is gone there too if it is left in the subfolders of one level (NP) and not in those further down.
    without = "(A;OICI;0x1f01bf;;;SY)(A;OICI;0x1f01bf;;;BA)"
    split = denying(EVERYONE, DELETE, 0x9) + "(A;OICINP;FA;;;SY)(A;OICINP;FA;;;BA)" + without
    assert lost(ALLOWED, split) == both({Scope.DEEP_FILES: DELETE})
    # Who could not delete before loses nothing.
    before = denying(EVERYONE, DELETE | DELETE_CHILD) + ALLOWED
    assert lost(before, before + "(A;;FA;;;WD)") == {}
    # A file's folder is not seen, so it may be what permits deleting.
    assert lost("(A;;FA;;;BA)", "(D;;0x10000;;;WD)(A;;FA;;;BA)", FILE) == {}


def test_an_operator_who_is_no_administrator_keeps_what_his_own_entries_gave() -> None:
    own = f"(A;OICI;FA;;;{OPERATOR})"
    assert lost(ALLOWED + own, ALLOWED, operators=(OPERATOR,)) == {
        str(OPERATOR): dict.fromkeys(Scope, GENERIC_READ | WRITE_DAC)
    }
    # What he has through Everyone as well he does not lose.
    everyone = "(A;OICI;FA;;;WD)"
    assert lost(ALLOWED + own + everyone, ALLOWED + everyone, operators=(OPERATOR,)) == {}
    # Entries of others are not his, so that an administrator may take Everyone out.
    reading = f"(A;OICI;FR;;;{OPERATOR})"
    assert lost(ALLOWED + reading + everyone, ALLOWED + reading, operators=(OPERATOR,)) == {}


def test_an_entry_of_everyone_that_was_all_there_is_must_not_go() -> None:
    found = lost("(A;OICI;FA;;;WD)", f"(A;OICI;FA;;;{SENDER})")
    assert set(found) == {SYSTEM, ADMINISTRATORS}
    assert found[SYSTEM] == {scope: IN_FOLDERS if scope in FOLDERS else IN_FILES | DELETE for scope in Scope}


def test_a_group_that_may_be_held_counts_for_what_it_had() -> None:
    assert set(lost("(A;OICI;FA;;;SY)(A;OICI;FA;;;S-1-5-21-9-8-7-512)", "(A;OICI;FA;;;SY)")) == {ADMINISTRATORS}


def test_each_group_counts_whatever_is_denied_to_others() -> None:
    """Which of them a token holds is not known. It may be in Users and not in SERVICE, in both, or in neither."""
    before = denying("S-1-5-32-545", SYNCHRONIZE) + ALLOWED
    assert set(lost(before, denying("S-1-5-6", SYNCHRONIZE) + before)) == {SYSTEM, ADMINISTRATORS}
    assert set(lost(before, denying("S-1-5-21-9-8-7-513", SYNCHRONIZE) + before)) == {ADMINISTRATORS}
    assert set(lost(before, denying("S-1-5-32-545", SYNCHRONIZE))) == {SYSTEM, ADMINISTRATORS}
    # What Users may do is denied to SERVICE, so who is in both loses it.
    users = "(A;OICI;FA;;;S-1-5-32-545)"
    assert set(lost(users, denying("S-1-5-6", SYNCHRONIZE) + users)) == {SYSTEM, ADMINISTRATORS}
    assert set(lost(users, denying("S-1-5-21-9-8-7-513", SYNCHRONIZE) + users)) == {ADMINISTRATORS}


def test_a_null_dacl_gave_everything() -> None:
    found = {str(loss.who) for loss in losses(None, dacl("(A;OICI;FA;;;SY)"), FOLDER, ())}
    assert found == {ADMINISTRATORS}
    assert list(losses(dacl("(A;;FR;;;SY)"), None, FOLDER, ())) == []
    # An operator without an entry of his own had what everyone had; administrators keep it.
    assert list(losses(None, dacl(ALLOWED + f"(A;;FR;;;{OPERATOR})"), FOLDER, (OPERATOR,))) == []


def test_a_late_deny_that_moves_to_the_front_takes_effect() -> None:
    deny = denying(EVERYONE, SYNCHRONIZE)
    assert lost(ALLOWED + deny, ALLOWED + deny) == {}
    assert set(lost(ALLOWED + deny, deny + ALLOWED)) == {SYSTEM, ADMINISTRATORS}


def test_the_entries_that_deny_are_named_in_order() -> None:
    first, second, other = denying(EVERYONE, LIST), denying("BA", SYNCHRONIZE, 0x9), denying(SENDER, 0x1F01FF)
    found: list[Loss] = list(losses(dacl(ALLOWED), dacl(other + first + second + ALLOWED), FOLDER, ()))
    assert found[0].denied_by == dacl(first + second).aces
    assert found[0].lost == (
        (LIST, (Scope.THIS, Scope.CHILD_FOLDERS, Scope.DEEP_FOLDERS)),
        (LIST | SYNCHRONIZE, (Scope.CHILD_FILES, Scope.DEEP_FILES)),
    )
    taken = list(losses(dacl(ALLOWED), dacl("(A;OICI;FA;;;SY)"), FOLDER, ()))
    assert [loss.denied_by for loss in taken] == [()]


@given(canonical_dacls, st.sampled_from([FOLDER, FILE, SHARE]), st.sampled_from(ACCOUNTS))
def test_what_stays_as_it_is_takes_nothing_away(acl: Acl, kind: ObjectKind, operator: Sid) -> None:
    assert list(losses(acl, acl, kind, (operator,))) == []


@given(canonical_dacls, aces(inherited=False), st.sampled_from(ACCOUNTS))
def test_an_entry_that_allows_takes_nothing_away(acl: Acl, ace: Ace, operator: Sid) -> None:
    more = Acl((*acl.aces, Ace(0, ace.flags, ace.mask, ace.sid)))
    assert list(losses(acl, more, FOLDER, (operator,))) == []


def reaches(flags: int, scope: Scope) -> bool:
    """[MS-DTYP] 2.4.4.1: OBJECT_INHERIT 1, CONTAINER_INHERIT 2, NO_PROPAGATE_INHERIT 4, INHERIT_ONLY 8."""
    if scope is Scope.THIS:
        return not flags & 8
    kind = 2 if scope in FOLDERS else 1
    return bool(flags & kind) and not (flags & 4 and scope in (Scope.DEEP_FOLDERS, Scope.DEEP_FILES))


def first_words(acl: Acl, sids: set[str], scope: Scope) -> int:
    """The walk of [MS-DTYP] 2.5.3.2, bit by bit: the first entry that names a right decides it."""
    generic = {0x80000000: 0x120089, 0x40000000: 0x120116, 0x20000000: 0x1200A0, 0x10000000: 0x1F01FF}
    granted = decided = 0
    for ace in acl:
        assert isinstance(ace, Ace)
        if str(ace.sid) in sids and reaches(ace.flags, scope):
            mask = ace.mask
            for bit, rights in generic.items():
                mask |= rights if ace.mask & bit else 0
            granted |= mask & ~decided if ace.ace_type == 0 else 0
            decided |= mask
    return granted


@given(canonical_dacls, canonical_dacls)
def test_no_loss_of_system_goes_unseen(before: Acl, after: Acl) -> None:
    token = {SYSTEM, ADMINISTRATORS, EVERYONE, "S-1-5-11"}
    for scope in Scope:
        needed = (IN_FOLDERS if scope in FOLDERS else IN_FILES) & ~READ_ATTRIBUTES
        if needed & first_words(before, token, scope) & ~first_words(after, token, scope):
            assert SYSTEM in {str(loss.who) for loss in losses(before, after, FOLDER, ())}
