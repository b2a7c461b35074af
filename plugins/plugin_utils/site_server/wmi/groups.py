# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Members of local groups over WMI, which can read them and has no method to change them.

Microsoft, "Win32_GroupUser class" and "Win32_Group class": the first has no methods, and the second only Rename.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress

from ...security import SecurityDescriptorError, Sid
from ...security.well_known import NAME_OF
from ...wsman import Instance, Reference, WSManProtocolError, get, query, wql_string
from ..errors import AccessDenied, NotFound, Rejected, ServerFault, Unsupported
from ..port import Account, Enough
from .names_seen import Known, NamesSeen, Place
from .wmi import Wmi

_IS_GROUP = {"win32_useraccount": False, "win32_group": True, "win32_systemaccount": None}
"""Whether an account of the class is a group. Win32_SystemAccount has both kinds, such as SYSTEM and Everyone."""

_BRACES = frozenset("{}")
"""They end an object path in a query, and no page of Microsoft's shows how to quote them there."""

_OVER_SMB = "reach this host by ansible_connection: sitekeeper.sms.smb"


class LocalGroups:
    """The local groups of one server.

    One query returns the members that WMI finds, with their SIDs (Microsoft, "ASSOCIATORS OF Statement"). It leaves out
    those that it does not find, such as an account whose domain does not answer. So it proves who is a member, and not
    who is none. A second query, for the associations themselves, shows whether members are missing. Microsoft does not
    document whether Windows shows the association of an account that is deleted; such an account cannot log on.

    Args:
        wmi: the host's WMI.
        names: the names that the host showed.
    """

    def __init__(self, wmi: Wmi, names: NamesSeen) -> None:
        self._wmi = wmi
        self._names = names
        self._has_associators = True

    def members(self, group: Sid, enough: Enough) -> tuple[Account, ...]:
        """The accounts in a local group.

        One request, if the server showed the group's name before and the members are enough. One more for a group that
        has to be looked up by its SID, and one more if the members are not enough. A member that is shown without its
        SID is not left out.

        Args:
            group: the group's SID.
            enough: whether the caller needs no other members than these.

        Raises:
            NotFound: there is no local group with this SID.
            Unsupported: WMI shows members that it cannot find.
        """
        place, items = self._found(group)
        found = self._accounts(place, items)
        self._names.see({account.sid: account.name for account in found.values()})
        if enough(frozenset(account.sid for account in found.values())):
            return tuple(found.values())
        return self._completed(place, found)

    def _found(self, group: Sid) -> tuple[Place, Sequence[Instance]]:
        """Where the group is, and the members that WMI finds. It is looked up unless the answer proves the place."""
        place = self._names.place(group)
        items = self._ask(place) if place else None
        if place and self._proves(place, items):
            self._names.see_domain(place.domain)
            return place, items or ()
        confirmed = self._look_up(group)
        if place is None or items is None or not confirmed.is_same(place):
            items = self._ask(confirmed)
        return confirmed, items or ()

    def _proves(self, place: Place, items: Sequence[Instance] | None) -> bool:
        """Whether members that were read at a place are those of the group.

        The name of a host in the inventory can be that of a domain, and then WMI returns the members of a group of that
        domain. So a place that follows from the host's name must be proven, by a member that is an account of the
        computer itself. The group Administrators has one: the built-in Administrator cannot be removed from it
        (Microsoft, "Local accounts"). No members prove nothing, since WMI may return none for a group that is not
        there.
        """
        if place.known is Known.LOOKED_UP:
            return items is not None or not self._has_associators
        if place.known is Known.SHOWN or not items:
            return bool(items)
        with self._wmi.translate_bad_answers(_reading(place)):
            return any(
                item.boolean("LocalAccount")
                and Sid.parse(item.text("SID") or "").domain is not None
                and (item.text("Domain") or "").casefold() == place.domain.casefold()
                for item in items
            )

    def _ask(self, place: Place) -> Sequence[Instance] | None:
        """The members that WMI finds; None if there is no such group, or the server does not understand the query."""
        if not self._has_associators or _BRACES & set(place.domain + place.name):
            return None
        source = f"{{{_object_path(place)}}}"
        wql = f"ASSOCIATORS OF {source} WHERE AssocClass=Win32_GroupUser Role=GroupComponent"
        try:
            return self._wmi.run(_reading(place), query(self._wmi.settings, wql), "")
        except NotFound:
            return None
        except AccessDenied:
            raise
        except (Rejected, ServerFault):
            self._has_associators = False
            return None

    def _accounts(self, place: Place, items: Iterable[Instance]) -> dict[tuple[str, str], Account]:
        found: dict[tuple[str, str], Account] = {}
        with self._wmi.translate_bad_answers(_reading(place)):
            for item in items:
                domain, name = item.text("Domain") or "", item.text("Name") or ""
                found[_key(domain, name)] = Account(
                    Sid.parse(item.text("SID") or ""), f"{domain}\\{name}", _is_group(item.class_name)
                )
        return found

    def _look_up(self, group: Sid) -> Place:
        """Where WMI has the group.

        LocalAccount keeps the server from searching the whole domain. On a domain controller it is TRUE for the groups
        of the domain too.
        """
        operation = f"find local group {NAME_OF.get(group, group)}"
        wql = f"SELECT * FROM Win32_Group WHERE LocalAccount=TRUE AND SID='{group}'"  # noqa: S608 - a SID's own text
        found = self._wmi.run(operation, query(self._wmi.settings, wql), "")
        with self._wmi.translate_bad_answers(operation):
            for item in found:
                place = Place(item.text("Domain") or "", item.text("Name") or "", Known.LOOKED_UP)
                self._names.see_group(group, place)
                return place
        advice = "Check that it is a local group of this server, not one of the domain."
        raise NotFound(self._wmi.host, operation, "the server has no local group of this SID", advice)

    def _completed(self, place: Place, found: dict[tuple[str, str], Account]) -> tuple[Account, ...]:
        """All members: those found, and those that only the associations show."""
        operation = _reading(place)
        with self._wmi.translate_bad_answers(operation):
            wql = f"SELECT * FROM Win32_GroupUser WHERE GroupComponent={_path_literal(place)}"  # noqa: S608 - quoted
        items = self._wmi.run(operation, query(self._wmi.settings, wql), "")
        with self._wmi.translate_bad_answers(operation):
            references = [_checked(item.reference("PartComponent")) for item in items]
        everyone = list(found.values())
        lost: list[str] = []
        for reference in references:
            if _key(*_keys(reference)) in found:
                continue
            try:
                everyone.append(self._account(operation, reference))
            except NotFound:
                lost.append("\\".join(_keys(reference)))
        if lost:
            reason = f"WMI shows members that are no accounts any more, without their SIDs: {', '.join(sorted(lost))}"
            raise Unsupported(self._wmi.host, operation, reason, f"Remove them from the group, or {_OVER_SMB}.")
        return tuple(everyone)

    def _account(self, operation: str, reference: Reference) -> Account:
        domain, name = _keys(reference)
        is_group = _is_group(reference.class_name)
        with suppress(SecurityDescriptorError):
            sid = Sid.parse(name)
            return Account(sid, str(sid), is_group)
        request = get(self._wmi.settings, reference.class_name, {"Domain": domain, "Name": name})
        item = self._wmi.run(operation, request, "")
        with self._wmi.translate_bad_answers(operation):
            sid = Sid.parse(item.text("SID") or "")
            return Account(sid, f"{item.text('Domain')}\\{item.text('Name')}", is_group)


def unchangeable(host: str, group: Sid) -> Unsupported:
    """The error of an attempt to add or remove a member."""
    operation = f"change the members of group {NAME_OF.get(group, group)}"
    return Unsupported(host, operation, "WMI has no method for it", f"{_OVER_SMB.capitalize()}.")


def _reading(place: Place) -> str:
    return f"read the members of group {place.name}"


def _is_group(class_name: str) -> bool | None:
    try:
        return _IS_GROUP[class_name.casefold()]
    except KeyError:
        raise WSManProtocolError(f"a member of a group is a {class_name[:80]!r}") from None


def _checked(reference: Reference) -> Reference:
    keys = sorted(name.casefold() for name in reference.selectors)
    if reference.class_name.casefold() not in _IS_GROUP or keys != ["domain", "name"]:
        raise WSManProtocolError(f"a member of a group is a {reference.class_name[:80]!r} with the keys {keys}"[:400])
    return reference


def _keys(reference: Reference) -> tuple[str, str]:
    keys = {name.casefold(): value for name, value in reference.selectors.items()}
    return keys["domain"], keys["name"]


def _key(domain: str, name: str) -> tuple[str, str]:
    return domain.casefold(), name.casefold()


def _object_path(place: Place) -> str:
    return f'Win32_Group.Domain="{_in_path(place.domain)}",Name="{_in_path(place.name)}"'


def _path_literal(place: Place) -> str:
    """The group's object path as a literal of WQL.

    Microsoft's examples for Win32_GroupUser have single quotes inside double ones. Names with quotes or backslashes
    need the other form, in which all of these are escaped.
    """
    if not set("'\"\\") & set(place.domain + place.name):
        return f"\"Win32_Group.Domain='{place.domain}',Name='{place.name}'\""
    return wql_string(_object_path(place))


def _in_path(text: str) -> str:
    """A key's value, for between the quotes of an object path (Microsoft, "Describing an Instance Object Path")."""
    return text.replace("\\", "\\\\").replace('"', '\\"')
