# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The answer, and the lines that decide it, for accounts whose groups are known, not known, or in between."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.enforcement.effective import (
    Group,
    SenderAccess,
    access_of,
    group_satisfied,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.hierarchy.products import PRODUCTS
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import AccessAnswer, Sid, parse_sddl
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server import Account, DescriptorReading
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.tokens import (
    AccountFacts,
    LocalGroup,
    LogonAnswer,
    LogonProblem,
    Tokens,
)
from tests.unit.tokens.accounts import ACCOUNT, ADMINISTRATORS, CONNECTION, DOMAIN, OTHERS, SERVERS

NAMES = {
    SERVERS: r"CORP\SCCM Servers",
    OTHERS: r"CORP\No Access",
    ADMINISTRATORS: r"BUILTIN\Administrators",
    CONNECTION: r"P01\SMS_SiteToSiteConnection_P01",
}
SMS_12, CONFIGMGR = PRODUCTS["sms_1_2"], PRODUCTS["configmgr"]
KNOWN = Tokens(
    {ACCOUNT.sid: AccountFacts(ACCOUNT, DOMAIN)},
    {ADMINISTRATORS: LocalGroup((Account(SERVERS, NAMES[SERVERS], is_group=True),)), CONNECTION: LocalGroup(())},
)
UNKNOWN = Tokens({}, {CONNECTION: LocalGroup(())})


def entry(sid: Sid, *, mask: str = "FA", deny: bool = False, flags: str = "") -> str:
    return f"({'D' if deny else 'A'};{flags};{mask};;;{sid})"


def access(
    tokens: Tokens, *entries: str, product: Any = SMS_12, group: Group | None = None, **options: Any
) -> SenderAccess:
    """The same entries on both objects, on the folder for all below it."""
    share = DescriptorReading(parse_sddl("D:" + "".join(entries)))
    folder = DescriptorReading(parse_sddl("D:" + "".join(each.replace(";;", ";OICI;", 1) for each in entries)))
    return access_of(ACCOUNT, product, share, folder, NAMES, tokens, group, **options)


def test_the_chain_of_groups_is_the_reason() -> None:
    found = access(KNOWN, entry(ADMINISTRATORS))
    assert (found.answer, found.satisfied) == (AccessAnswer.GRANTED, True)
    assert found.because == (
        r"share: CORP\P01$ → CORP\SCCM Servers → BUILTIN\Administrators: allow Full Control",
        r"folder: CORP\P01$ → CORP\SCCM Servers → BUILTIN\Administrators: allow Full control"
        "  (this folder, subfolders and files)",
    )


def test_a_deny_entry_of_a_group_of_the_account_denies() -> None:
    found = access(KNOWN, entry(SERVERS, mask="FW", deny=True), entry(ACCOUNT.sid))
    assert (found.answer, found.satisfied, found.share.may_be_denied_by) == (AccessAnswer.DENIED, False, ())
    assert any(r"CORP\P01$ → CORP\SCCM Servers: deny" in line for line in found.because)


def test_a_deny_entry_of_another_group_does_not() -> None:
    found = access(KNOWN, entry(OTHERS, deny=True), entry(ACCOUNT.sid))
    assert (found.answer, found.share.may_be_denied_by) == (AccessAnswer.GRANTED, ())


def test_a_deny_entry_of_a_group_that_is_not_known_leaves_the_answer_unknown() -> None:
    found = access(UNKNOWN, entry(OTHERS, deny=True), entry(ACCOUNT.sid))
    assert (found.answer, found.satisfied) == (AccessAnswer.UNKNOWN, True)
    assert found.share.may_be_denied_by == (r"deny CORP\No Access  Full Control",)
    assert found.because[0] == (
        r"share: it is not known whether this entry is for the account: deny CORP\No Access  Full Control"
    )


def test_an_allow_entry_of_a_group_that_is_not_known_is_no_access_and_no_denial() -> None:
    found = access(UNKNOWN, entry(SERVERS))
    assert (found.answer, found.satisfied) == (AccessAnswer.UNKNOWN, False)
    assert any(r"allow CORP\SCCM Servers  Full Control" in line for line in found.because)


def test_no_entry_is_a_denial() -> None:
    found = access(KNOWN, entry(OTHERS))
    assert found.answer is AccessAnswer.DENIED
    assert found.because == ("share: no entry grants Full Control", "folder: no entry grants Read, Write")


@pytest.mark.parametrize(
    ("logon", "answer", "line"),
    [
        (LogonAnswer((LogonProblem("account_locked", "account locked"),)), AccessAnswer.DENIED, "account locked"),
        (LogonAnswer(unknown=("account locked: not read",)), AccessAnswer.UNKNOWN, "account locked: not read"),
    ],
)
def test_what_keeps_an_account_from_logging_on_decides(logon: LogonAnswer, answer: AccessAnswer, line: str) -> None:
    found = access(KNOWN, entry(ACCOUNT.sid), logon=logon)
    assert (found.answer, found.because[0], found.permitted) == (answer, line, True)
    assert found.satisfied is (answer is AccessAnswer.UNKNOWN)


def test_a_denial_is_one_whatever_else_is_not_known() -> None:
    found = access(UNKNOWN, entry(ACCOUNT.sid, mask="FR"), logon=LogonAnswer(unknown=("not read",)))
    assert found.answer is AccessAnswer.DENIED
    assert "not read" not in found.because


# -- products whose rights hang on a group

GROUP = Group(Account(CONNECTION, NAMES[CONNECTION]), ())
BY_GROUP = entry(CONNECTION)


@pytest.mark.parametrize("own_entry", [False, True])
def test_who_gets_in_otherwise_needs_no_membership_unless_it_is_asked_for(own_entry: bool) -> None:
    found = access(KNOWN, BY_GROUP, entry(ADMINISTRATORS), product=CONFIGMGR, group=GROUP, own_entry=own_entry)
    assert (found.answer, found.member) == (AccessAnswer.GRANTED, False)
    assert (found.lacks_membership, found.lacks_own_entry, found.satisfied) == (own_entry, own_entry, not own_entry)


@pytest.mark.parametrize(
    ("inside", "own_entry", "lacks"),
    [
        (ACCOUNT, False, False), (ACCOUNT, True, False),
        (Account(SERVERS, NAMES[SERVERS], is_group=True), False, False),
        (Account(SERVERS, NAMES[SERVERS], is_group=True), True, True),
        (Account(OTHERS, NAMES[OTHERS], is_group=True), False, True),
    ],
)  # fmt: skip
def test_a_member_group_counts_unless_the_account_itself_is_asked_for(
    inside: Account, own_entry: bool, lacks: bool
) -> None:
    tokens = KNOWN.with_members(CONNECTION, (inside,))
    group = Group(GROUP.account, (inside,))
    found = access(tokens, BY_GROUP, product=CONFIGMGR, group=group, own_entry=own_entry)
    assert found.lacks_membership is lacks


def test_membership_that_is_not_known_is_none() -> None:
    inside = Account(SERVERS, NAMES[SERVERS], is_group=True)
    found = access(
        UNKNOWN.with_members(CONNECTION, (inside,)), BY_GROUP, product=CONFIGMGR, group=Group(GROUP.account, (inside,))
    )
    assert (found.member, found.answer, found.lacks_membership) == (None, AccessAnswer.UNKNOWN, True)


def test_own_entries_are_those_of_the_account_alone() -> None:
    everyone = entry(Sid.parse("S-1-1-0"))
    assert access(KNOWN, everyone, entry(ADMINISTRATORS), own_entry=True).lacks_own_entry
    assert not access(KNOWN, everyone, entry(ACCOUNT.sid), own_entry=True).lacks_own_entry


def test_the_group_must_have_its_rights_itself() -> None:
    held, without = DescriptorReading(parse_sddl(f"D:{BY_GROUP}")), DescriptorReading(parse_sddl("D:(A;;FA;;;BA)"))
    folder = DescriptorReading(parse_sddl(f"D:{entry(CONNECTION, flags='OICI')}"))
    assert group_satisfied(GROUP, CONFIGMGR, held, folder, NAMES) is True
    assert group_satisfied(GROUP, CONFIGMGR, without, folder, NAMES) is False
    assert group_satisfied(None, SMS_12, held, folder, NAMES) is None


@pytest.mark.parametrize(("entries", "answer"), [("", AccessAnswer.GRANTED), ("(A;;0x1;;;OW)", AccessAnswer.DENIED)])
def test_the_owner_of_an_object_may_read_its_permissions_unless_an_entry_limits_owners(
    entries: str, answer: AccessAnswer
) -> None:
    """[MS-DTYP] 2.5.3.2: READ_CONTROL, which the product requires, needs no entry for the owner."""
    without_read_control = f"(A;;0x1d01ff;;;{ACCOUNT.sid})"
    share = DescriptorReading(parse_sddl(f"O:{ACCOUNT.sid}D:{entries}{without_read_control}"))
    folder = DescriptorReading(parse_sddl(f"D:(A;OICI;FA;;;{ACCOUNT.sid})"))
    assert access_of(ACCOUNT, SMS_12, share, folder, NAMES, KNOWN).answer is answer


def test_a_direct_member_lacks_no_membership_even_if_its_token_may_lack_the_group() -> None:
    """A local account in Administrators, as the group of a product: User Account Control may filter that group."""
    local = Account(Sid.parse("S-1-5-21-7-7-7-1004"), r"P01\localsend")
    group = Group(Account(ADMINISTRATORS, NAMES[ADMINISTRATORS]), (local,))
    tokens = Tokens({local.sid: AccountFacts(local, is_local=True)}, {ADMINISTRATORS: LocalGroup((local,))})
    share = DescriptorReading(parse_sddl(f"D:{entry(ADMINISTRATORS)}"))
    folder = DescriptorReading(parse_sddl(f"D:{entry(ADMINISTRATORS, flags='OICI')}"))
    found = access_of(local, CONFIGMGR, share, folder, NAMES, tokens, group)
    assert (found.member, found.answer, found.lacks_membership) == (None, AccessAnswer.UNKNOWN, False)
