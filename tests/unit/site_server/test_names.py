# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Accounts that no server has to look up."""

from __future__ import annotations

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server import AccountNotFound
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.names import known_account, no_account


@pytest.mark.parametrize(
    ("account", "sid", "name"),
    [
        (" S-1-5-21-1-2-3-1104 ", "S-1-5-21-1-2-3-1104", "S-1-5-21-1-2-3-1104"),
        ("s-1-5-32-544", "S-1-5-32-544", "BUILTIN\\Administrators"),
        ("BUILTIN\\administrators", "S-1-5-32-544", "BUILTIN\\Administrators"),
        ("Everyone", "S-1-1-0", "Everyone"),
    ],
)
def test_sids_and_built_in_names(account: str, sid: str, name: str) -> None:
    found = known_account("p01", account)
    assert found is not None
    assert (str(found.sid), found.name) == (sid, name)


@pytest.mark.parametrize("account", ["CORP\\smssend", ".\\smssend", "smssend@corp.example"])
def test_every_other_name_with_a_domain_is_the_servers(account: str) -> None:
    assert known_account("p01", account) is None


@pytest.mark.parametrize(("account", "words"), [("smssend", "no domain"), ("S-1-5-x", "S-1-5-x")])
def test_what_no_server_can_look_up_is_refused(account: str, words: str) -> None:
    with pytest.raises(AccountNotFound, match=words) as refusal:
        known_account("p01", account)
    assert str(refusal.value).startswith(f"p01: could not look up account {account}: ")


def test_an_account_that_is_not_there_leads_to_the_advice() -> None:
    error = no_account("p01", "CORP\\a", "None mapped")
    assert "None mapped" in str(error)
    assert "SID" in error.advice
