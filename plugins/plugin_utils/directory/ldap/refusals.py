# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the result of a logon or a search means, in words for operators (RFC 4511, appendix A; [MS-ERREF])."""

from __future__ import annotations

import re

from .messages import LdapResult

_DATA = re.compile(r"\bdata ([0-9a-f]{1,8})\b")
_STATUS = re.compile(r"\bNT_STATUS_\w{1,60}")

_BAD_PASSWORD = ("the user name or the password is wrong", "Check the account's name, domain and password.")
_CAUSES = {
    # Windows error codes in the text of Active Directory, "... AcceptSecurityContext error, data 52e, v4563", then
    # the NT statuses that Samba has there.
    "525": ("the user name does not exist", "Check the account's name and domain."),
    "52e": _BAD_PASSWORD,
    "52f": ("the account is restricted", "An account without a password cannot log on over the network."),
    "530": ("the account may not log on at this time", "Check its logon hours."),
    "531": ("the account may not log on from this computer", "Check the workstations that it is limited to."),
    "532": ("the account's password has expired", "Set a new password."),
    "533": ("the account is disabled", "Enable it."),
    "701": ("the account has expired", "Check the date on which it expires."),
    "773": ("the account's password must be changed before the first logon", "Change it."),
    "775": ("the account is locked out", "Unlock it, and find out what tries wrong passwords."),
    "NT_STATUS_LOGON_FAILURE": _BAD_PASSWORD,
    "NT_STATUS_WRONG_PASSWORD": _BAD_PASSWORD,
    "NT_STATUS_NO_SUCH_USER": ("the user name does not exist", "Check the account's name and domain."),
    "NT_STATUS_INVALID_LOGON_HOURS": ("the account may not log on at this time", "Check its logon hours."),
    "NT_STATUS_INVALID_WORKSTATION": (
        "the account may not log on from this computer",
        "Check the workstations that it is limited to.",
    ),
    "NT_STATUS_PASSWORD_EXPIRED": ("the account's password has expired", "Set a new password."),
    "NT_STATUS_ACCOUNT_DISABLED": ("the account is disabled", "Enable it."),
    "NT_STATUS_ACCOUNT_EXPIRED": ("the account has expired", "Check the date on which it expires."),
    "NT_STATUS_PASSWORD_MUST_CHANGE": (
        "the account's password must be changed before the first logon",
        "Change it.",
    ),
    "NT_STATUS_ACCOUNT_LOCKED_OUT": (
        "the account is locked out",
        "Unlock it, and find out what tries wrong passwords.",
    ),
}
_PASSWORD_CAUSES = ("52e", "775", "NT_STATUS_LOGON_FAILURE", "NT_STATUS_WRONG_PASSWORD", "NT_STATUS_ACCOUNT_LOCKED_OUT")
_BAD_BINDINGS = "80090346"  # SEC_E_BAD_BINDINGS, [MS-ERREF] 2.1.1
_RESULTS = {
    1: ("operationsError", "Check that the account may read the directory."),
    2: ("protocolError", "Check that this is a domain controller."),
    3: ("timeLimitExceeded", "The domain controller is slow: raise the timeout."),
    7: ("authMethodNotSupported", "Check that this is a domain controller of Active Directory."),
    8: (
        "strongerAuthRequired",
        "The domain controller demands more than a sealed connection. Check its policy 'LDAP server signing "
        "requirements', and that nothing between here and there changes messages.",
    ),
    10: ("referral", "Ask a domain controller of the account's own domain."),
    11: ("adminLimitExceeded", "Raise the limits of the domain controller's LDAP policy."),
    13: ("confidentialityRequired", "The domain controller accepts TLS only, which is not supported here."),
    32: ("noSuchObject", "Check that the account is in this domain, and that the account that asks may see it."),
    49: ("invalidCredentials", "Check the account's name, domain and password."),
    50: ("insufficientAccessRights", "Let the account read the directory."),
    51: ("busy", "Run it again, or ask another domain controller."),
    52: ("unavailable", "Run it again, or ask another domain controller."),
    53: ("unwillingToPerform", "Look up the domain controller's text."),
}
_TICKET = (
    "Check that this name leads to the domain controller that the service principal belongs to, and that its clock is "
    "right."
)


def refused_logon(result: LdapResult, *, kerberos: bool) -> tuple[str, str]:
    """Why a logon failed, and what to do."""
    text = result.diagnostic
    if text.startswith(_BAD_BINDINGS) or f"data {_BAD_BINDINGS}" in text:
        return (
            f"the domain controller demands channel binding ({text})",
            "Reach it by LDAP (port 389) without anything in between that ends TLS.",
        )
    cause = _cause(text)
    if cause in _CAUSES:
        reason, advice = _CAUSES[cause]
        if kerberos and _CAUSES[cause] is _BAD_PASSWORD:
            return f"it does not accept the ticket ({cause})", _TICKET
        return f"{reason} ({cause})", advice
    return refused(result)


def refused_password(result: LdapResult) -> bool:
    """Whether a logon by password failed because of it, so that further ones can lock the account."""
    return _cause(result.diagnostic) in _PASSWORD_CAUSES


def refused(result: LdapResult) -> tuple[str, str]:
    """Why a search failed, and what to do."""
    name, advice = _RESULTS.get(result.code, (f"LDAP result {result.code}", "Look the result up."))
    text = result.diagnostic.strip(" \0\n.")
    if result.referrals:
        name = f"it refers to {result.referrals[0]}"
    return f"{name}: {text}" if text else name, advice


def _cause(text: str) -> str:
    data, status = _DATA.search(text), _STATUS.search(text)
    return data[1] if data else status[0] if status else ""
