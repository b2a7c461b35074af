# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a group is in a token: what Windows documents about tokens, on facts made by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import Sid
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server import Account
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.tokens import AccountFacts, LocalGroup, Tokens
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.tokens.membership import (
    MOST_GROUPS,
    can_be_local,
    own_domains,
)
from tests.unit.tokens.accounts import ACCOUNT, ADMINISTRATORS, CONNECTION, CORP, DOMAIN, OTHERS, P01, PARTNER, SERVERS


def sid(text: str) -> Sid:
    return Sid.parse(text)


OLD = sid("S-1-5-21-4-4-4-1111")
USERS = sid("S-1-5-32-545")
LOCAL, INNER = CONNECTION, sid(f"{P01}-1013")
FOREIGN = sid(f"{PARTNER}-1400")


def group(member: Sid, *, is_group: bool | None = True) -> Account:
    return Account(member, str(member), is_group)


def tokens(local: dict[Sid, LocalGroup] | None = None, **facts: Any) -> Tokens:
    return Tokens({ACCOUNT.sid: AccountFacts(ACCOUNT, **{"domain": DOMAIN, **facts})}, local or {})


def members(*inside: Account) -> LocalGroup:
    return LocalGroup(inside)


def test_groups_of_the_domain_are_those_that_it_shows() -> None:
    found = tokens().membership(ACCOUNT, SERVERS)
    assert (found.member, found.path) == (True, (SERVERS,))
    assert tokens().membership(ACCOUNT, OTHERS).member is False


@pytest.mark.parametrize(
    "facts", [{"domain": None}, {"domain": replace(DOMAIN, groups=None)}, {"perhaps": frozenset({OTHERS})}]
)
def test_a_domain_that_shows_no_groups_leaves_them_unknown(facts: dict[str, Any]) -> None:
    found = tokens(**facts).membership(ACCOUNT, OTHERS)
    assert found.member is None
    assert len(found.why) == 1


def test_why_a_domain_was_not_read_is_the_reason() -> None:
    found = tokens({SERVERS: LocalGroup(None)}, domain=None, unread="dc1: connection refused").membership(
        ACCOUNT, SERVERS
    )
    assert found.why == ("dc1: connection refused",)


def test_a_local_group_leads_through_a_domain_group() -> None:
    found = tokens({ADMINISTRATORS: members(group(OTHERS), group(SERVERS))}).membership(ACCOUNT, ADMINISTRATORS)
    assert (found.member, found.path) == (True, (SERVERS, ADMINISTRATORS))


def test_a_local_group_can_hold_the_account_itself() -> None:
    found = tokens({LOCAL: members(group(ACCOUNT.sid, is_group=False))}, domain=None).membership(ACCOUNT, LOCAL)
    assert (found.member, found.path) == (True, (LOCAL,))


def test_groups_of_every_logon_count_as_members() -> None:
    users = members(group(sid("S-1-5-4")), group(sid("S-1-5-11")))
    assert tokens({USERS: users}).membership(ACCOUNT, USERS).path == (sid("S-1-5-11"), USERS)
    # INTERACTIVE alone is another kind of logon.
    assert tokens({USERS: members(group(sid("S-1-5-4")))}).membership(ACCOUNT, USERS).member is False


def test_local_groups_that_hold_each_other_have_an_end() -> None:
    loop = {LOCAL: members(group(INNER)), INNER: members(group(LOCAL))}
    assert tokens(loop).membership(ACCOUNT, LOCAL).member is False
    inside = {**loop, INNER: members(group(LOCAL), group(SERVERS))}
    assert tokens(inside).membership(ACCOUNT, LOCAL).path == (SERVERS, INNER, LOCAL)


def test_another_user_leads_nowhere() -> None:
    other = group(sid(f"{CORP}-1200"), is_group=False)
    assert tokens({LOCAL: members(other)}, domain=None).membership(ACCOUNT, LOCAL).member is False


def test_one_unknown_member_makes_a_no_unknown_and_no_yes() -> None:
    unknown = group(FOREIGN, is_group=None)
    assert tokens({LOCAL: members(unknown)}).membership(ACCOUNT, LOCAL).member is None
    assert tokens({LOCAL: members(unknown, group(SERVERS))}).membership(ACCOUNT, LOCAL).member is True


def test_members_that_cannot_be_read_are_unknown() -> None:
    found = tokens({ADMINISTRATORS: LocalGroup(None, "Access is denied")}).membership(ACCOUNT, ADMINISTRATORS)
    assert (found.member, found.why) == (None, ("Access is denied",))


def test_a_group_that_was_not_asked_for_is_unknown_and_one_that_is_not_there_has_nobody() -> None:
    assert tokens().membership(ACCOUNT, ADMINISTRATORS).member is None
    assert tokens({ADMINISTRATORS: LocalGroup(None)}).membership(ACCOUNT, ADMINISTRATORS).member is False


@pytest.mark.parametrize(
    ("text", "member"),
    [
        ("S-1-1-0", True), ("S-1-5-2", True), ("S-1-5-11", True),
        # Not a logon over the network; SYSTEM; a placeholder; a service; an application; an integrity level.
        ("S-1-5-4", False), ("S-1-5-7", False), ("S-1-5-18", False), ("S-1-3-0", False), ("S-1-5-80-1-2-3-4-5", False),
        ("S-1-15-2-1", False), ("S-1-16-12288", False),
        # These depend on the logon: NTLM, the same organization, a claim.
        ("S-1-5-64-10", None), ("S-1-5-15", None), ("S-1-18-1", None),
        # Every local account, which a domain account is not; the Guest account of a server, which is no group.
        ("S-1-5-113", False), ("S-1-5-114", False), (f"{P01}-501", False),
    ],
)  # fmt: skip
def test_well_known_sids(text: str, member: bool | None) -> None:
    """Microsoft, "Security identifiers", describes when each is in a token."""
    assert tokens().membership(ACCOUNT, sid(text)).member is member


@pytest.mark.parametrize(("same", "old", "other"), [(True, True, False), (False, None, None), (None, None, None)])
def test_old_sids_count_in_the_accounts_own_domain_and_a_trust_may_filter_them(
    same: bool | None, old: bool | None, other: bool | None
) -> None:
    for about in ({"history": frozenset({OLD})}, {"foreign": frozenset({OLD})}):
        known = tokens(
            {OLD: LocalGroup(None), FOREIGN: LocalGroup(None)}, domain=replace(DOMAIN, **about), same_domain=same
        )
        assert known.membership(ACCOUNT, OLD).member is old
        assert known.membership(ACCOUNT, FOREIGN).member is other


@pytest.mark.parametrize(("elsewhere", "member"), [(frozenset({FOREIGN}), True), (frozenset(), False), ("no", None)])
def test_groups_of_the_servers_domain(elsewhere: frozenset[Sid] | str, member: bool | None) -> None:
    known = tokens({FOREIGN: LocalGroup(None)}, same_domain=False, elsewhere={sid(PARTNER): elsewhere})
    assert known.membership(ACCOUNT, FOREIGN).member is member


def test_a_token_holds_what_is_known_and_names_what_is_absent() -> None:
    token = tokens().token(ACCOUNT, [SERVERS, OTHERS, ADMINISTRATORS])
    assert token.sids == {ACCOUNT.sid, SERVERS, *map(sid, ("S-1-1-0", "S-1-5-2", "S-1-5-11"))}
    assert token.absent == {OTHERS}
    assert not token.complete


def test_other_members_make_another_answer() -> None:
    known = tokens({LOCAL: members()})
    assert known.membership(ACCOUNT, LOCAL).member is False
    assert known.with_members(LOCAL, (ACCOUNT,)).membership(ACCOUNT, LOCAL).member is True


def chain(length: int) -> dict[Sid, LocalGroup]:
    """Local groups, each a member of the one before; the account is in the last."""
    groups = [sid(f"{P01}-{number}") for number in range(2000, 2000 + length)]
    inside = [*(members(group(each)) for each in groups[1:]), members(group(ACCOUNT.sid, is_group=False))]
    return dict(zip(groups, inside, strict=True))


@pytest.mark.parametrize(("length", "member"), [(MOST_GROUPS, True), (MOST_GROUPS + 1, None)])
def test_too_many_local_groups_are_unknown(length: int, member: bool | None) -> None:
    assert tokens(chain(length)).membership(ACCOUNT, sid(f"{P01}-2000")).member is member


def test_any_number_of_domain_groups_is_known() -> None:
    many = [group(sid(f"{CORP}-{number}")) for number in range(20_000, 21_001 + MOST_GROUPS)]
    assert tokens({LOCAL: members(*many)}).membership(ACCOUNT, LOCAL).member is False
    assert tokens({LOCAL: members(*many, group(SERVERS))}).membership(ACCOUNT, LOCAL).member is True


LOCAL_USER = Account(sid(f"{P01}-1004"), r"P01\localsend")


@pytest.mark.parametrize(
    ("group", "member"),
    [
        # The primary group of all users of a server, its like of a domain, and another global group of the server.
        (f"{P01}-513", True),
        (f"{CORP}-513", False),
        (f"{P01}-600", False),
        (f"{CORP}-1300", False),
    ],
)
def test_groups_of_an_account_of_the_server(group: str, member: bool) -> None:
    known = Tokens({LOCAL_USER.sid: AccountFacts(LOCAL_USER, is_local=True)}, {sid(group): LocalGroup(None)})
    assert known.membership(LOCAL_USER, sid(group)).member is member


def test_which_sids_can_be_local_groups() -> None:
    facts = AccountFacts(ACCOUNT, DOMAIN)
    own = own_domains({LOCAL: members(), ADMINISTRATORS: members(), OTHERS: LocalGroup(None)})
    assert own == {sid(P01)}
    for group, inside in ((ADMINISTRATORS, True), (INNER, True), (FOREIGN, False), (sid("S-1-5-64-10"), False)):
        assert can_be_local(group, facts, own, named=False) is inside
    assert can_be_local(FOREIGN, facts, own, named=True)
    for group in (ACCOUNT.sid, OTHERS, sid("S-1-4-32-544"), sid("S-1-5-33-1")):
        assert not can_be_local(group, facts, own, named=True)


@pytest.mark.parametrize(("same_domain", "member"), [(True, True), (False, None), (None, None)])
def test_a_domain_local_group_counts_on_servers_of_its_domain(same_domain: bool | None, member: bool | None) -> None:
    known = tokens(domain=replace(DOMAIN, domain_local=frozenset({SERVERS})), same_domain=same_domain)
    assert known.membership(ACCOUNT, SERVERS).member is member


@pytest.mark.parametrize(
    ("group", "member"),
    [
        (SERVERS, True),
        (OTHERS, False),
        # Of another domain, shown or not; of BUILTIN, which are those of the domain controllers, shown or not.
        (FOREIGN, None),
        (sid(f"{PARTNER}-1"), None),
        (ADMINISTRATORS, None),
        (USERS, None),
        (sid("S-1-1-0"), True),
    ],
)
def test_what_the_domain_alone_decides(group: Sid, member: bool | None) -> None:
    shown = replace(DOMAIN, builtin_groups=frozenset({ADMINISTRATORS}), foreign=frozenset({FOREIGN}))
    assert tokens(domain=shown).membership(ACCOUNT, group).member is member
