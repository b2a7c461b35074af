# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the result of a logon or a search means."""

from __future__ import annotations

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.directory.ldap.messages import LdapResult
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.directory.ldap.refusals import (
    refused,
    refused_logon,
    refused_password,
)

WINDOWS = "80090308: LdapErr: DSID-0C090439, comment: AcceptSecurityContext error, data {}, v4563\0"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("525", "the user name does not exist (525)"),
        ("52e", "the user name or the password is wrong (52e)"),
        ("533", "the account is disabled (533)"),
        ("701", "the account has expired (701)"),
        ("773", "the account's password must be changed before the first logon (773)"),
        ("775", "the account is locked out (775)"),
    ],
)
def test_codes_of_windows(data: str, reason: str):
    assert refused_logon(LdapResult(49, WINDOWS.format(data)), kerberos=False)[0] == reason


@pytest.mark.parametrize("status", ["NT_STATUS_LOGON_FAILURE", "NT_STATUS_WRONG_PASSWORD"])
def test_a_ticket_that_is_not_accepted_has_no_wrong_password(status: str):
    reason, advice = refused_logon(LdapResult(49, f"SASL:[GSS-SPNEGO]: {status}"), kerberos=True)
    assert reason == f"it does not accept the ticket ({status})"
    assert "clock" in advice
    assert "password" in refused_logon(LdapResult(49, f"SASL:[GSS-SPNEGO]: {status}"), kerberos=False)[0]


@pytest.mark.parametrize(
    ("text", "password"),
    [
        (WINDOWS.format("52e"), True),
        (WINDOWS.format("775"), True),
        ("SASL:[GSS-SPNEGO]: NT_STATUS_LOGON_FAILURE", True),
        ("SASL:[GSS-SPNEGO]: NT_STATUS_ACCOUNT_LOCKED_OUT", True),
        (WINDOWS.format("525"), False),
        (WINDOWS.format("80090346"), False),
        ("", False),
    ],
)
def test_passwords_that_must_not_be_tried_again(text: str, password: bool):
    assert refused_password(LdapResult(49, text)) is password


def test_a_code_that_is_unknown_is_shown_whole():
    reason, advice = refused_logon(LdapResult(49, WINDOWS.format("999")), kerberos=False)
    assert reason.startswith("invalidCredentials: 80090308: LdapErr")
    assert "data 999" in reason
    assert advice == "Check the account's name, domain and password."


def test_channel_binding_and_signing_have_their_own_advice():
    binding = LdapResult(49, WINDOWS.format("80090346"))
    assert refused_logon(binding, kerberos=False)[0].startswith("the domain controller demands channel binding")
    assert "LDAP server signing" in refused_logon(LdapResult(8, "text"), kerberos=False)[1]


def test_searches():
    assert refused(LdapResult(50, "")) == ("insufficientAccessRights", "Let the account read the directory.")
    assert refused(LdapResult(10, "", ("ldap://other",)))[0] == "it refers to ldap://other"
    assert refused(LdapResult(99, " words.\0"))[0] == "LDAP result 99: words"
