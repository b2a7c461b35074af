# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The meaning of the ReturnValue of each WMI method: one table a method, since the numbers differ in meaning.

Sources: Microsoft, "GetSecurityDescriptor method" and "SetSecurityDescriptor method" of the classes
Win32_LogicalFileSecuritySetting and Win32_LogicalShareSecuritySetting, "SetShareInfo method of the Win32_Share class",
"Delete method of the CIM_DataFile class".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..errors import NO_ADMINISTRATOR, AccessDenied, InvalidRequest, NotFound, Rejected, ServerFault, SiteServerError

_EVENT_LOGS = "Look into the server's Application and System event logs."
_ON_THE_SERVER = "Set the share's permissions on the server itself (Computer Management)."


@dataclass(frozen=True, slots=True)
class Meaning:
    """The meaning of a ReturnValue.

    Attributes:
        text: Microsoft's words for it.
        advice: what the operator can do about it.
        error: the class of error. `Rejected` and its subclasses mean that nothing was done; `ServerFault` does not.
    """

    text: str
    advice: str
    error: type[SiteServerError] = Rejected


_ACCESS_DENIED = Meaning("Access is denied", NO_ADMINISTRATOR, AccessDenied)
_UNKNOWN_FAILURE = Meaning("Unknown failure", _EVENT_LOGS, ServerFault)
_INVALID_PARAMETER = Meaning(
    "Invalid parameter", "An account in the descriptor may not exist any more.", InvalidRequest
)

_SECURITY_SETTING = {
    2: _ACCESS_DENIED,
    8: _UNKNOWN_FAILURE,
    9: Meaning(
        "Privilege missing",
        "The account needs the privilege SeSecurityPrivilege (Manage auditing and security log), which members of the "
        "server's Administrators group have by default.",
        AccessDenied,
    ),
    21: _INVALID_PARAMETER,
}

_SET_SHARE_INFO = {
    2: _ACCESS_DENIED,
    8: _UNKNOWN_FAILURE,
    9: Meaning("Invalid name", "Check the share's name."),
    10: Meaning("Invalid level", _ON_THE_SERVER),
    21: _INVALID_PARAMETER,
    22: Meaning("Duplicate share", _ON_THE_SERVER),
    23: Meaning("Redirected path", "The share points to a redirected drive. Point it to a local directory."),
    24: Meaning("Unknown device or directory", "Check the directory behind the share.", NotFound),
    25: Meaning("Net name not found", "Check the share's name.", NotFound),
}

_DELETE = {
    2: _ACCESS_DENIED,
    8: Meaning("Unspecified failure", _EVENT_LOGS, ServerFault),
    9: Meaning("Invalid object", "Check the path."),
    10: Meaning("Object already exists", _EVENT_LOGS),
    11: Meaning("File system not NTFS", "Delete the file on the server itself."),
    12: Meaning("Platform not Windows", "Delete the file on the server itself."),
    13: Meaning("Drive not the same", "Check the path."),
    14: Meaning("Directory not empty", "Check the path: it is a directory."),
    15: Meaning("Sharing violation", "Close the file on the server; a process has it open."),
    16: Meaning("Invalid start file", "Check the path."),
    17: Meaning("Privilege not held", NO_ADMINISTRATOR, AccessDenied),
    21: Meaning("Invalid parameter", "Check the path."),
}

METHODS: Mapping[str, Mapping[int, Meaning]] = {
    "Win32_LogicalFileSecuritySetting.GetSecurityDescriptor": _SECURITY_SETTING,
    "Win32_LogicalFileSecuritySetting.SetSecurityDescriptor": _SECURITY_SETTING,
    "Win32_LogicalShareSecuritySetting.GetSecurityDescriptor": _SECURITY_SETTING,
    "Win32_LogicalShareSecuritySetting.SetSecurityDescriptor": _SECURITY_SETTING,
    "Win32_Share.SetShareInfo": _SET_SHARE_INFO,
    "CIM_DataFile.Delete": _DELETE,
}
"""By class and method. The pages list 0 as success and any value that is not in the table as another error."""


def failure(host: str, operation: str, method: str, value: int) -> SiteServerError:
    """The error for a ReturnValue other than 0.

    Args:
        host: the host as the inventory names it.
        operation: what was tried, for messages.
        method: class and method, one of `METHODS`.
        value: the ReturnValue.
    """
    meaning = METHODS[method].get(value)
    if meaning is None:
        reason = f"{method} failed with ReturnValue {value}, which Microsoft does not document"
        return ServerFault(host, operation, reason, _EVENT_LOGS)
    return meaning.error(host, operation, f"{meaning.text} (ReturnValue {value})", meaning.advice)
