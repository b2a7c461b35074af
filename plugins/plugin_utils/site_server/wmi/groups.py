# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Members of a local group over WMI, which can read them and has no method to change them.

Microsoft, "Win32_GroupUser class" and "Win32_Group class": the first has no methods, and the second only Rename.
"""

from __future__ import annotations

from contextlib import suppress

from ...security import SecurityDescriptorError, Sid
from ...security.well_known import NAME_OF
from ...wsman import Reference, WSManProtocolError, get, query, wql_string
from ..errors import NotFound, Unsupported
from ..port import Account
from .wmi import Wmi

_ACCOUNT_CLASSES = frozenset({"win32_useraccount", "win32_group", "win32_systemaccount"})
_OVER_SMB = "reach this host by ansible_connection: sitekeeper.sms.smb"


def members(wmi: Wmi, group: Sid) -> tuple[Account, ...]:
    """The accounts in a local group: a request for its name, one for theirs, and then one each for its SID.

    Microsoft does not document whether Windows shows a member whose account is deleted. A member that is shown without
    its SID is not left out.

    Raises:
        NotFound: there is no local group with this SID.
        Unsupported: WMI shows members that it cannot find.
    """
    computer, name = _found(wmi, group)
    operation = f"read the members of group {name}"
    with wmi.translate_bad_answers(operation):
        wql = f"SELECT * FROM Win32_GroupUser WHERE GroupComponent={_path_literal(computer, name)}"  # noqa: S608
    items = wmi.run(operation, query(wmi.settings, wql), "")
    with wmi.translate_bad_answers(operation):
        references = [_checked(item.reference("PartComponent")) for item in items]
    found: list[Account] = []
    lost: list[str] = []
    for reference in references:
        try:
            found.append(_account(wmi, operation, reference))
        except NotFound:
            lost.append(_shown(reference))
    if lost:
        reason = f"WMI shows members that are no accounts any more, without their SIDs: {', '.join(sorted(lost))}"
        raise Unsupported(wmi.host, operation, reason, f"Remove them from the group, or {_OVER_SMB}.")
    return tuple(found)


def unchangeable(host: str, group: Sid) -> Unsupported:
    """The error of an attempt to add or remove a member."""
    operation = f"change the members of group {NAME_OF.get(group, group)}"
    return Unsupported(host, operation, "WMI has no method for it", f"{_OVER_SMB.capitalize()}.")


def _found(wmi: Wmi, sid: Sid) -> tuple[str, str]:
    """The computer, which is the domain of a local group in WMI, and the name of the group.

    LocalAccount keeps the server from searching the whole domain.
    """
    operation = f"find local group {NAME_OF.get(sid, sid)}"
    wql = f"SELECT * FROM Win32_Group WHERE LocalAccount=TRUE AND SID='{sid}'"  # noqa: S608 - a SID's own text
    found = wmi.run(operation, query(wmi.settings, wql), "")
    with wmi.translate_bad_answers(operation):
        for item in found:
            return item.text("Domain") or "", item.text("Name") or ""
    advice = "Check that it is a local group of this server, not one of the domain."
    raise NotFound(wmi.host, operation, "the server has no local group of this SID", advice)


def _checked(reference: Reference) -> Reference:
    keys = sorted(name.casefold() for name in reference.selectors)
    if reference.class_name.casefold() not in _ACCOUNT_CLASSES or keys != ["domain", "name"]:
        raise WSManProtocolError(f"a member of a group is a {reference.class_name[:80]!r} with the keys {keys}"[:400])
    return reference


def _keys(reference: Reference) -> tuple[str, str]:
    keys = {name.casefold(): value for name, value in reference.selectors.items()}
    return keys["domain"], keys["name"]


def _shown(reference: Reference) -> str:
    return "\\".join(_keys(reference))


def _account(wmi: Wmi, operation: str, reference: Reference) -> Account:
    domain, name = _keys(reference)
    with suppress(SecurityDescriptorError):
        sid = Sid.parse(name)
        return Account(sid, str(sid))
    item = wmi.run(operation, get(wmi.settings, reference.class_name, {"Domain": domain, "Name": name}), "")
    with wmi.translate_bad_answers(operation):
        return Account(Sid.parse(item.text("SID") or ""), f"{item.text('Domain')}\\{item.text('Name')}")


def _path_literal(computer: str, name: str) -> str:
    """The group's object path as a literal of WQL.

    Microsoft's examples for Win32_GroupUser have single quotes inside double ones. Names with quotes or backslashes
    need the other form, in which all of these are escaped.
    """
    if not set("'\"\\") & set(computer + name):
        return f"\"Win32_Group.Domain='{computer}',Name='{name}'\""
    return wql_string(f'Win32_Group.Domain="{_in_path(computer)}",Name="{_in_path(name)}"')


def _in_path(text: str) -> str:
    """A key's value, for between the quotes of an object path (Microsoft, "Describing an Instance Object Path")."""
    return text.replace("\\", "\\\\").replace('"', '\\"')
