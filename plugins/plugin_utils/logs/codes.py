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
    directory is not found. CONNECTION: the server is found, and the connection to it is refused or breaks. OTHER: none
    of these.
    """

    ACCESS_DENIED = "access_denied"
    LOGON = "logon"
    NAME = "name"
    PATH = "path"
    CONNECTION = "connection"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Advice:
    """What to do about a failure.

    Attributes:
        text: the next step, without a full stop at the end.
        source: the document that it comes from; empty if the meaning of the code is enough.
    """

    text: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class Code:
    """The meaning of one code.

    Attributes:
        name: its name; may be empty.
        meaning: its meaning in plain words.
        kind: the likely kind of failure.
        source: the document with this meaning.
        advice: what to do about this code; None for the advice of its kind.
        state: how a line of `because` of `sender_access_info` begins if an account cannot log on now for this reason;
            empty if it has no such line.
    """

    name: str
    meaning: str
    kind: CodeKind
    source: str
    advice: Advice | None = None
    state: str = ""


_NOT_PERMISSIONS = "Permissions are not the cause. "
_ADDRESS = "in the address of the site"

_SET_PASSWORD = Advice(
    f"{_NOT_PERMISSIONS}Set a new password for the account in its domain, then the same one {_ADDRESS}"
)
_FIND_CONTROLLER = Advice(
    f"{_NOT_PERMISSIONS}Check that a domain controller of the account's domain is up, and that both site servers find"
    " it: nltest /dsgetdc:DOMAIN",
    "Microsoft Learn, 'Nltest'",
)
_NETWORK_BREAKS = (
    "Check firewalls, VPN and network hardware between the two servers, and the System log of the destination for a"
    " restart at that time"
)

ADVICE: Mapping[int, Advice] = MappingProxyType(
    {
        64: Advice(f"{_NOT_PERMISSIONS}The connection to the server ended after it was made. {_NETWORK_BREAKS}"),
        71: Advice(
            f"{_NOT_PERMISSIONS}Raise the user limit of the share on the destination, or end sessions that nobody uses:"
            " net session"
        ),
        112: Advice("Free space on the drive of the share on the destination", "Q137610"),
        121: Advice(f"{_NOT_PERMISSIONS}The server did not answer in time. {_NETWORK_BREAKS}"),
        384: Advice(
            f"{_NOT_PERMISSIONS}The destination offers SMB 1 only, and the site server that sends has no SMB 1. Enable"
            " SMB 2 on the destination, or replace it. Windows older than Windows Server 2008 has SMB 1 only",
            "Microsoft Learn, 'SMBv1 is not installed by default in Windows'",
        ),
        1219: Advice(
            f"{_NOT_PERMISSIONS}Windows allows one account for all connections of a logon session to a server. Find the"
            " other connection (net use) and end it, or let both use the same account. Components of the site also"
            " connect to that server",
            "Q303725; Microsoft, Windows API, WNetAddConnection2",
        ),
        1240: Advice(
            f"{_NOT_PERMISSIONS}Check the computers that the account may log on from, and compare SMB signing and the"
            " LAN Manager authentication level of both servers",
            "Microsoft KB 823659",
        ),
        1272: Advice(
            f"{_NOT_PERMISSIONS}The destination accepted the account only as guest, because it does not have the"
            f" account or the password is wrong. Set an account that the destination has, with its password,"
            f" {_ADDRESS}. Disable the account Guest on the destination",
            "Microsoft KB 4046019",
        ),
        1311: _FIND_CONTROLLER,
        1317: Advice(f"{_NOT_PERMISSIONS}Create the account, or correct its name {_ADDRESS}"),
        1327: Advice(
            f"{_NOT_PERMISSIONS}Check the account: an empty password is not accepted over the network, and logon hours"
            " or a policy can prevent the logon"
        ),
        1328: Advice(
            f"{_NOT_PERMISSIONS}Allow all hours at which the site sends in Logon Hours of the account, or change the"
            " schedule of the address",
            "Microsoft Learn, 'Logon-Hours attribute'",
        ),
        1329: Advice(
            f"{_NOT_PERMISSIONS}Add the site server that sends to Log On To of the account, or allow all computers",
            "Microsoft Learn, 'User-Workstations attribute'",
        ),
        1330: _SET_PASSWORD,
        1331: Advice(f"{_NOT_PERMISSIONS}Enable the account in its domain, or set another one {_ADDRESS}"),
        1385: Advice(
            "Share and NTFS permissions are not the cause. Give the account, or a group that it is a member of, the"
            " user right 'Access this computer from the network' on the destination, and remove it from 'Deny"
            " access to this computer from the network'. Look for the group policy that sets them: gpresult /scope"
            " computer /h rights.html",
            "Microsoft Learn, 'Access this computer from the network' and 'Deny access to this computer from the"
            " network'; Configuration Manager 2007, 'About the Site Address Account' (bb693785)",
        ),
        1396: Advice(
            f"{_NOT_PERMISSIONS}The name leads to another computer than the one that the domain has for it. Check that"
            " DNS has one address for the name, and that only this server has its service principal name: setspn -Q"
            " HOST/NAME. This happens after a server was renamed, rebuilt or restored",
            "Microsoft KB 2183411; Microsoft Learn, 'Setspn'",
        ),
        1398: Advice(
            f"{_NOT_PERMISSIONS}Set the clocks of both site servers and of the domain controllers by one source: w32tm"
            " /query /status. Kerberos accepts a difference of five minutes by default",
            "Microsoft Learn, 'Maximum tolerance for computer clock synchronization'",
        ),
        1788: Advice(
            f"{_NOT_PERMISSIONS}Verify the trust between the domains of the account and of the destination: netdom"
            " trust TRUSTING /domain:TRUSTED /verify",
            "Microsoft Learn, 'Netdom trust'",
        ),
        1789: Advice(
            f"{_NOT_PERMISSIONS}Repair the secure channel of the destination with its domain:"
            " Test-ComputerSecureChannel -Repair",
            "Microsoft Learn, 'Test-ComputerSecureChannel'",
        ),
        1793: Advice(f"{_NOT_PERMISSIONS}Change the date at which the account expires, or set another one {_ADDRESS}"),
        1907: _SET_PASSWORD,
        1908: _FIND_CONTROLLER,
        1909: Advice(
            f"{_NOT_PERMISSIONS}First correct the password {_ADDRESS}, or the Sender locks the account again. Then"
            " unlock the account. Event 4740 on the domain controller names the computer that locked it",
            "Microsoft Learn, '4740(S): A user account was locked out' and 'Account lockout threshold'",
        ),
        1935: Advice(
            "The trust uses selective authentication. Give the account 'Allowed to authenticate' on the computer object"
            " of the destination",
            "Microsoft Learn, 'Security Considerations for Trusts', selective authentication",
        ),
    }
)
"""What to do about a Win32 code. The advice of its kind is for all others."""

STATES: Mapping[int, str] = MappingProxyType(
    {
        1330: "password expired",
        1331: "account disabled",
        1385: "right to log on from the network:",
        1793: "account expired",
        1907: "password expired",
        1909: "account locked",
    }
)
"""The reason of a Win32 code, as `sender_access_info` returns it. UF_PASSWORD_EXPIRED is set for 1330 and for 1907
([MS-ADTS] 3.1.1.4.5.17)."""


def _win32(page: str, *codes: tuple[int, str, str, CodeKind]) -> dict[str, Code]:
    source = f"Microsoft, Windows API, System Error Codes ({page})"
    return {
        str(number): Code(name, meaning, kind, source, ADVICE.get(number), STATES.get(number, ""))
        for number, name, meaning, kind in codes
    }


WIN32: Mapping[str, Code] = MappingProxyType(
    {
        **_win32(
            "0-499",
            (2, "ERROR_FILE_NOT_FOUND", "the file does not exist", CodeKind.PATH),
            (3, "ERROR_PATH_NOT_FOUND", "the path does not exist", CodeKind.PATH),
            (5, "ERROR_ACCESS_DENIED", "access is denied", CodeKind.ACCESS_DENIED),
            (32, "ERROR_SHARING_VIOLATION", "the file is in use by another process", CodeKind.OTHER),
            (53, "ERROR_BAD_NETPATH", "the network path is not found: the server does not respond", CodeKind.NAME),
            (64, "ERROR_NETNAME_DELETED", "the network name is no longer available", CodeKind.CONNECTION),
            (65, "ERROR_NETWORK_ACCESS_DENIED", "network access is denied", CodeKind.ACCESS_DENIED),
            (67, "ERROR_BAD_NET_NAME", "the network name is not found: the server has no such share", CodeKind.NAME),
            (71, "ERROR_REQ_NOT_ACCEP", "the server accepts no more connections", CodeKind.CONNECTION),
            (86, "ERROR_INVALID_PASSWORD", "the password is wrong", CodeKind.LOGON),
            (112, "ERROR_DISK_FULL", "the disk is full", CodeKind.OTHER),
            (121, "ERROR_SEM_TIMEOUT", "the time for an answer has expired", CodeKind.CONNECTION),
            (
                384,
                "ERROR_SMB1_NOT_AVAILABLE",
                "the share needs SMB 1, which is not available here",
                CodeKind.CONNECTION,
            ),
            (487, "ERROR_INVALID_ADDRESS", "an invalid address was used", CodeKind.OTHER),
        ),
        **_win32(
            "1000-1299",
            (1203, "ERROR_NO_NET_OR_BAD_PATH", "no network provider accepts the path: check the name", CodeKind.NAME),
            (
                1219,
                "ERROR_SESSION_CREDENTIAL_CONFLICT",
                "a connection to this server with another account exists already",
                CodeKind.CONNECTION,
            ),
            (1231, "ERROR_NETWORK_UNREACHABLE", "the network cannot be reached", CodeKind.NAME),
            (1240, "ERROR_LOGIN_WKSTA_RESTRICTION", "the account may not log on from this computer", CodeKind.LOGON),
            (
                1272,
                "ERROR_SMB_GUEST_LOGON_BLOCKED",
                "the logon became a guest logon, and a policy blocks those",
                CodeKind.LOGON,
            ),
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
            (
                1396,
                "ERROR_WRONG_TARGET_NAME",
                "the name of the server belongs to another computer in the domain",
                CodeKind.NAME,
            ),
            (1398, "ERROR_TIME_SKEW", "the clocks of the two servers differ too much", CodeKind.LOGON),
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
            (1793, "ERROR_ACCOUNT_EXPIRED", "the account has expired", CodeKind.LOGON),
            (
                1907,
                "ERROR_PASSWORD_MUST_CHANGE",
                "the password must be changed before the first logon",
                CodeKind.LOGON,
            ),
            (1908, "ERROR_DOMAIN_CONTROLLER_NOT_FOUND", "no domain controller was found", CodeKind.LOGON),
            (1909, "ERROR_ACCOUNT_LOCKED_OUT", "the account is locked out", CodeKind.LOGON),
            (
                1935,
                "ERROR_AUTHENTICATION_FIREWALL_FAILED",
                "the account may not authenticate to this server over the trust",
                CodeKind.LOGON,
            ),
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
