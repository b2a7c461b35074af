# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The meaning of error codes in log messages, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType


class CodeKind(str, Enum):
    """The likely kind of failure.

    ACCESS_DENIED: permissions. LOGON: the account. NAME: the server or its share is not found. PATH: a file or
    directory is not found. OTHER: none of these.
    """

    ACCESS_DENIED = "access_denied"
    LOGON = "logon"
    NAME = "name"
    PATH = "path"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Code:
    """The meaning of one code.

    Attributes:
        name: its name; may be empty.
        meaning: its meaning in plain words.
        kind: the likely kind of failure.
        source: the document with this meaning.
    """

    name: str
    meaning: str
    kind: CodeKind
    source: str


def _win32(page: str, *codes: tuple[int, str, str, CodeKind]) -> dict[str, Code]:
    source = f"Microsoft, Windows API, System Error Codes ({page})"
    return {str(number): Code(name, meaning, kind, source) for number, name, meaning, kind in codes}


WIN32: Mapping[str, Code] = MappingProxyType(
    {
        **_win32(
            "0-499",
            (2, "ERROR_FILE_NOT_FOUND", "the file does not exist", CodeKind.PATH),
            (3, "ERROR_PATH_NOT_FOUND", "the path does not exist", CodeKind.PATH),
            (5, "ERROR_ACCESS_DENIED", "access is denied", CodeKind.ACCESS_DENIED),
            (32, "ERROR_SHARING_VIOLATION", "the file is in use by another process", CodeKind.OTHER),
            (53, "ERROR_BAD_NETPATH", "the network path is not found: the server does not respond", CodeKind.NAME),
            (64, "ERROR_NETNAME_DELETED", "the network name is no longer available", CodeKind.NAME),
            (65, "ERROR_NETWORK_ACCESS_DENIED", "network access is denied", CodeKind.ACCESS_DENIED),
            (67, "ERROR_BAD_NET_NAME", "the network name is not found: the server has no such share", CodeKind.NAME),
            (71, "ERROR_REQ_NOT_ACCEP", "the server accepts no more connections", CodeKind.OTHER),
            (86, "ERROR_INVALID_PASSWORD", "the password is wrong", CodeKind.LOGON),
            (112, "ERROR_DISK_FULL", "the disk is full", CodeKind.OTHER),
            (487, "ERROR_INVALID_ADDRESS", "an invalid address was used", CodeKind.OTHER),
        ),
        **_win32(
            "1000-1299",
            (1203, "ERROR_NO_NET_OR_BAD_PATH", "no network provider accepts the path: check the name", CodeKind.NAME),
            (
                1219,
                "ERROR_SESSION_CREDENTIAL_CONFLICT",
                "a connection to this server with another account exists already",
                CodeKind.LOGON,
            ),
            (1231, "ERROR_NETWORK_UNREACHABLE", "the network cannot be reached", CodeKind.NAME),
            (1240, "ERROR_LOGIN_WKSTA_RESTRICTION", "the account may not log on from this computer", CodeKind.LOGON),
        ),
        **_win32(
            "1300-1699",
            (1311, "ERROR_NO_LOGON_SERVERS", "no logon server is available", CodeKind.LOGON),
            (1317, "ERROR_NO_SUCH_USER", "the account does not exist", CodeKind.LOGON),
            (1326, "ERROR_LOGON_FAILURE", "the user name or password is wrong", CodeKind.LOGON),
            (1327, "ERROR_ACCOUNT_RESTRICTION", "restrictions of the account prevent the logon", CodeKind.LOGON),
            (1328, "ERROR_INVALID_LOGON_HOURS", "the account may not log on at this hour", CodeKind.LOGON),
            (1329, "ERROR_INVALID_WORKSTATION", "the account may not log on to this computer", CodeKind.LOGON),
            (1330, "ERROR_PASSWORD_EXPIRED", "the password has expired", CodeKind.LOGON),
            (1331, "ERROR_ACCOUNT_DISABLED", "the account is disabled", CodeKind.LOGON),
            (
                1385,
                "ERROR_LOGON_TYPE_NOT_GRANTED",
                "the account does not have the right for this type of logon on the server",
                CodeKind.LOGON,
            ),
        ),
        **_win32(
            "1700-3999",
            (1788, "ERROR_TRUSTED_DOMAIN_FAILURE", "the trust between the two domains failed", CodeKind.LOGON),
            (
                1789,
                "ERROR_TRUSTED_RELATIONSHIP_FAILURE",
                "the trust between the computer and its domain failed",
                CodeKind.LOGON,
            ),
            (
                1907,
                "ERROR_PASSWORD_MUST_CHANGE",
                "the password must be changed before the first logon",
                CodeKind.LOGON,
            ),
            (1908, "ERROR_DOMAIN_CONTROLLER_NOT_FOUND", "no domain controller was found", CodeKind.LOGON),
            (1909, "ERROR_ACCOUNT_LOCKED_OUT", "the account is locked out", CodeKind.LOGON),
        ),
    }
)

PACKAGE_ACTIONS = (
    "Microsoft Learn, Configuration Manager troubleshooting, 'Package actions in content distribution', step 7"
)

DESPOOLER: Mapping[str, Code] = MappingProxyType(
    {
        "c000000b": Code(
            "",
            "the Sender account has no access to the files of the instruction",
            CodeKind.ACCESS_DENIED,
            "Q179118",
        ),
        "38a": Code(
            "",
            "a job that was canceled, deleted or has expired was not found; this is not a failure",
            CodeKind.OTHER,
            "Q264945, Q168130",
        ),
        "cb": Code("", "a status MIF was malformed or had no description", CodeKind.OTHER, "Q190135, Q169491"),
        "12": Code(
            "",
            "the description of the package has not arrived yet; the Despooler tries again after 5 minutes",
            CodeKind.OTHER,
            PACKAGE_ACTIONS,
        ),
    }
)
"""Hexadecimal codes of "Despooler failed to execute the instruction"."""
