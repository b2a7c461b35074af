# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An account from its attributes: what counts as a group, what is unknown, what is refused."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.directory import account_from, account_state
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.directory.account import ContradictoryAttributesError
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import AccountState, Sid
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security.account_state import filetime
from tests.unit.directory.entries import DOMAIN, NEVER, SENDER, attributes, raw

NOW = datetime(2026, 12, 1, tzinfo=timezone.utc).timestamp()
GROUP, PRIMARY = Sid.parse(f"{DOMAIN}-2001"), Sid.parse(f"{DOMAIN}-515")
ELSEWHERE = Sid.parse("S-1-5-21-7-8-9-2001")
ADMINISTRATORS = Sid.parse("S-1-5-32-544")
USERS = Sid.parse("S-1-5-32-545")


def state(**changed: list[bytes]) -> AccountState:
    return account_state(attributes(**changed), NOW)


# -- groups


def test_groups_of_the_domain_are_in_the_token():
    account = account_from(SENDER, attributes(str(GROUP)), NOW)
    assert (account.sid, account.name, account.groups) == (SENDER, "P01$", {GROUP, PRIMARY})


def test_groups_that_are_not_shown_are_unknown():
    for shown in ([], [raw(USERS)], [raw(ELSEWHERE)]):
        account = account_from(SENDER, attributes(tokengroups=shown), NOW)
        assert account.groups is None


def test_a_builtin_group_is_one_of_the_domain_controllers():
    """On any other server, its members are those of that server's own group."""
    account = account_from(SENDER, attributes("S-1-5-32-544"), NOW)
    assert account.groups == {PRIMARY}
    assert account.builtin_groups == {ADMINISTRATORS}


def test_only_builtin_groups_that_are_listed_are_shown():
    """BUILTIN\\Users holds Authenticated Users, which tokenGroups does not resolve: what is not listed is no proof."""
    assert account_from(SENDER, attributes(), NOW).builtin_groups == set()


@pytest.mark.parametrize("listed", [True, False])
def test_another_domains_group_is_neither_a_yes_nor_a_no(listed: bool):
    account = account_from(SENDER, attributes(*([str(ELSEWHERE)] if listed else [])), NOW)
    assert account.foreign == ({ELSEWHERE} if listed else set())
    assert account.groups == {PRIMARY}


@pytest.mark.parametrize("lie", ["S-1-1-0", "S-1-5-18", "S-1-5-21-1-2-3", "S-1-5-32", "S-1-5-32-544-1", "S-1-22-2-0"])
def test_a_sid_that_no_domain_gives_away_is_refused(lie: str):
    with pytest.raises(ContradictoryAttributesError, match="no group of a domain"):
        account_from(SENDER, attributes(lie), NOW)


def test_an_answer_about_another_account_is_refused():
    with pytest.raises(ContradictoryAttributesError, match=f"the answer is about {GROUP}"):
        account_from(SENDER, attributes(objectsid=[raw(GROUP)]), NOW)


@pytest.mark.parametrize("sids", [[], [raw(SENDER), raw(GROUP)], [raw("S-1-5-18")], [b"x"], [raw(SENDER) + b"x"]])
def test_an_account_has_one_sid_of_a_domain(sids: list[bytes]):
    with pytest.raises(ContradictoryAttributesError):
        account_from(SENDER, attributes(objectsid=sids), NOW)


def test_the_sid_history_of_the_account_is_apart():
    account = account_from(SENDER, attributes(sidhistory=[raw(ELSEWHERE)]), NOW)
    assert (account.history, account.groups) == ({ELSEWHERE}, {PRIMARY})
    with pytest.raises(ContradictoryAttributesError, match="SID history"):
        account_from(SENDER, attributes(sidhistory=[raw("S-1-5-32-544")]), NOW)


def test_ten_thousand_groups():
    many = [f"{DOMAIN}-{number}" for number in range(5000, 15000)]
    groups = account_from(SENDER, attributes(*many), NOW).groups
    assert groups == {Sid.parse(each) for each in many} | {PRIMARY}


def test_the_name_is_visible_and_the_one_with_the_domain_comes_first():
    shown = attributes(**{"msds-principalname": ["CORP\\a\u202e".encode()]})
    assert account_from(SENDER, shown, NOW).name == "CORP\\a<U+202E>"
    assert account_from(SENDER, attributes(samaccountname=[]), NOW).name == str(SENDER)


# -- state


def test_an_account_that_may_log_on():
    assert state() == AccountState(disabled=False, locked=False, expired=False, password_expired=False)


def test_nothing_that_is_not_shown_is_a_yes_or_a_no():
    assert account_state({}, NOW) == AccountState(None, None, None, None)


@pytest.mark.parametrize("value", [b"", b"x", b"0x2", b"1" * 30, b" 2", "²".encode()])
def test_what_is_no_number_is_unknown(value: bytes):
    found = state(useraccountcontrol=[value], accountexpires=[value], **{"msds-user-account-control-computed": [value]})
    assert found == AccountState(None, None, None, None)


def test_disabled_is_in_user_account_control():
    """[MS-ADTS] 2.2.16."""
    assert state(useraccountcontrol=[b"514"]).disabled is True


def test_locked_and_password_expired_are_in_the_computed_attribute_alone():
    """[MS-ADTS] 3.1.1.4.5.17."""
    assert state(useraccountcontrol=[str(0x800010).encode()]) == state()
    found = state(**{"msds-user-account-control-computed": [str(0x10).encode()]})
    assert (found.locked, found.password_expired) == (True, False)
    found = state(**{"msds-user-account-control-computed": [str(0x800000).encode()]})
    assert (found.locked, found.password_expired) == (False, True)


def test_a_negative_number_has_its_bits():
    """LDAP shows 32 bits as a signed number."""
    assert state(**{"msds-user-account-control-computed": [str(0x80000010 - (1 << 32)).encode()]}).locked is True


@pytest.mark.parametrize(
    ("seconds", "expired"), [(-301, True), (-299, None), (0, None), (299, None), (301, False), (86400, False)]
)
def test_the_clocks_may_differ_by_five_minutes(seconds: int, expired: bool | None):
    assert state(accountexpires=[str(filetime(NOW + seconds)).encode()]).expired is expired


@pytest.mark.parametrize(("value", "expired"), [(0, False), (NEVER, False), (1, True), (-1, None)])
def test_accounts_that_never_expire(value: int, expired: bool | None):
    assert state(accountexpires=[str(value).encode()]).expired is expired


@given(
    st.dictionaries(
        st.sampled_from([*attributes(), "sidhistory", "msds-principalname"]),
        st.lists(st.binary(max_size=40) | st.sampled_from([raw(SENDER), raw(GROUP), b"2"]), max_size=3),
    )
)
def test_any_bytes_are_an_account_or_a_refusal(changed: dict[str, list[bytes]]):
    try:
        account = account_from(SENDER, {**attributes(), **changed}, NOW)
    except ContradictoryAttributesError:
        return
    assert account.sid == SENDER
    assert account.name.isprintable()


def test_groups_that_are_not_shown_as_global_or_universal_may_be_domain_local() -> None:
    one, other = f"{DOMAIN}-1300", f"{DOMAIN}-1301"
    shown = attributes(one, other)
    assert account_from(SENDER, shown, NOW).domain_local == {*map(Sid.parse, (one, other, f"{DOMAIN}-515"))}
    shown = {**shown, "tokengroupsglobalanduniversal": [raw(f"{DOMAIN}-515"), raw(other)]}
    assert account_from(SENDER, shown, NOW).domain_local == {Sid.parse(one)}
