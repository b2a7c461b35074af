# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Callable

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import AccountState, Sid
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server import NetworkLogon, UserRight
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.tokens import LogonAnswer, Membership
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.tokens.logon import by_rights, by_state

EVERYONE, NO_NETWORK, USERS = (Sid.parse(text) for text in ("S-1-1-0", "S-1-5-21-1-2-3-1500", "S-1-5-32-545"))
NAMES = {EVERYONE: "Everyone", NO_NETWORK: r"CORP\No Network", USERS: r"BUILTIN\Users"}
FINE = {"disabled": False, "locked": False, "expired": False, "password_expired": False}


def right(*holders: Sid, unread: str = "") -> UserRight:
    return UserRight("Se", {sid: NAMES[sid] for sid in holders}, unread, "group policy")


def among(*groups: Sid, unknown: tuple[Sid, ...] = ()) -> Callable[[Sid], Membership]:
    return lambda sid: Membership(None if sid in unknown else sid in groups)


def answer(allowed: UserRight, denied: UserRight, decide: Callable[[Sid], Membership]) -> LogonAnswer:
    return by_rights(NetworkLogon(allowed, denied), decide)


def test_who_has_the_right_may_log_on() -> None:
    assert answer(right(EVERYONE), right(), among(EVERYONE)) == LogonAnswer()


def test_a_denied_right_takes_precedence() -> None:
    (problem,) = answer(right(EVERYONE), right(NO_NETWORK), among(EVERYONE, NO_NETWORK)).problems
    assert problem.finding == "logon_right_missing"
    assert problem.text == r"right to log on from the network: denied by CORP\No Network (group policy)"


@pytest.mark.parametrize("holders", [(), (USERS,)])
def test_who_has_no_right_may_not(holders: tuple[Sid, ...]) -> None:
    (problem,) = answer(right(*holders), right(), among(EVERYONE)).problems
    assert (NAMES[holders[0]] if holders else "nobody") in problem.text


@pytest.mark.parametrize(
    ("allowed", "denied", "unknown"),
    [
        (right(EVERYONE), right(unread="not shown"), ()),
        (right(EVERYONE), right(NO_NETWORK), (NO_NETWORK,)),
        (right(USERS), right(), (USERS,)),
        (right(unread="not shown"), right(), ()),
        # Somebody else may hold it too.
        (right(USERS, unread="not shown"), right(), ()),
    ],
)
def test_what_is_not_known_is_neither_a_yes_nor_a_no(
    allowed: UserRight, denied: UserRight, unknown: tuple[Sid, ...]
) -> None:
    found = answer(allowed, denied, among(EVERYONE, unknown=unknown))
    assert (found.problems, len(found.unknown)) == ((), 1)


def test_a_known_denial_needs_no_more() -> None:
    found = answer(right(unread="not shown"), right(NO_NETWORK, unread="not shown"), among(NO_NETWORK))
    assert len(found.problems) == 1
    assert found.unknown == ()


@pytest.mark.parametrize(
    ("fact", "finding", "text"),
    [
        ("disabled", "account_disabled", "account disabled"),
        ("locked", "account_locked", "account locked"),
        ("expired", "account_expired", "account expired"),
        ("password_expired", "account_expired", "password expired"),
    ],
)
def test_each_state(fact: str, finding: str, text: str) -> None:
    (problem,) = by_state(AccountState(**{**FINE, fact: True})).problems
    assert (problem.finding, problem.text) == (finding, text)
    found = by_state(AccountState(**{**FINE, fact: None}))
    assert (found.problems, len(found.unknown)) == ((), 1)
    assert by_state(AccountState(**FINE)) == LogonAnswer()
