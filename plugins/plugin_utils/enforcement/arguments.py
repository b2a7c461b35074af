# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Turns module arguments, whose types are already checked, into desired states and requests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..hierarchy import find_product
from ..security import ACCESS_ALLOWED, ACCESS_DENIED, SecurityDescriptorError
from ..security.ace import APPLIES_TO
from ..security.rights import SHARE_ACCESS, denied_mask, parse_ntfs_rights
from ..site_server import local_path
from .assess import MissingMembers, SenderRequest
from .desired import DesiredEntry, DesiredState, Inheritance, Presence
from .errors import Refused

_TYPES = {"allow": ACCESS_ALLOWED, "deny": ACCESS_DENIED}
_MISSING_MEMBERS = {
    "add": MissingMembers.ADD,
    "add_or_report": MissingMembers.ADD_WHERE_POSSIBLE,
    "add_or_require": MissingMembers.ADD_WHERE_POSSIBLE,
    "report": MissingMembers.REPORT,
    "require": MissingMembers.REPORT,
}
_DEFAULT_APPLIES_TO = "this folder, subfolders and files"


def desired_share(host: str, arguments: Mapping[str, Any]) -> DesiredState:
    """The desired state that the arguments of `share_permissions` describe.

    Raises:
        Refused: an entry lacks its access.
    """

    def mask(entry: Mapping[str, Any]) -> int | None:
        access = entry.get("access")
        if access:
            return denied_mask(SHARE_ACCESS[access]) if entry["type"] == "deny" else SHARE_ACCESS[access]
        _refuse_unless_absent(host, arguments, entry, "access")
        return None

    entries = tuple(
        DesiredEntry(str(entry["principal"]), _TYPES[entry["type"]], mask(entry)) for entry in arguments["entries"]
    )
    return _desired(arguments, entries)


def desired_path(host: str, arguments: Mapping[str, Any], *, is_directory: bool) -> DesiredState:
    """The desired state that the arguments of `ntfs_permissions` describe.

    Raises:
        Refused: an entry lacks its rights, names unknown rights, or is inheritable on a file.
    """

    def mask(entry: Mapping[str, Any]) -> int | None:
        if not entry.get("rights"):
            _refuse_unless_absent(host, arguments, entry, "rights")
            return None
        try:
            return parse_ntfs_rights(entry["rights"], denied=entry["type"] == "deny")
        except SecurityDescriptorError as error:
            raise Refused(f"{host}: entry for {entry['principal']}: {error}") from None

    def flags(entry: Mapping[str, Any]) -> int:
        words = entry.get("applies_to")
        if is_directory:
            return APPLIES_TO[words or _DEFAULT_APPLIES_TO]
        if words and APPLIES_TO[words]:
            raise Refused(
                f"{host}: file {arguments['path']}: the entry for {entry['principal']} applies to {words!r}, but a "
                "file has nothing below it. Leave applies_to out"
            )
        return 0

    entries = tuple(
        DesiredEntry(str(entry["principal"]), _TYPES[entry["type"]], mask(entry), flags(entry))
        for entry in arguments["entries"]
    )
    return _desired(arguments, entries, Inheritance(str(arguments["inheritance"])))


def sender_request(host: str, arguments: Mapping[str, Any]) -> SenderRequest:
    """The request that the arguments of `sender_access` and `sender_access_info` describe.

    Raises:
        Refused: no sender is given, the product is unknown, the directory is no local path, or the group's name is
            unknown.
    """
    senders = tuple(str(sender).strip() for sender in arguments["senders"])
    if not senders or not all(senders):
        raise Refused(f"{host}: senders: give at least one Sender account, and no empty name")
    directory = arguments.get("directory")
    try:
        wanted = find_product(str(arguments["product"]), arguments.get("products"))
    except ValueError as error:
        raise Refused(f"{host}: {error}") from None
    group = arguments.get("group")
    if wanted.held_by_group and not group:
        code = arguments.get("site_code")
        if not code:
            raise Refused(
                f"{host}: in {wanted.title} the local group {wanted.group} holds rights for the Sender "
                "accounts. Give the site's site_code, or the group itself"
            )
        group = wanted.group_on(str(code))
    group_members = arguments.get("group_members", "report")
    return SenderRequest(
        product=wanted,
        senders=senders,
        group=str(group) if group and wanted.held_by_group else None,
        share=arguments.get("share"),
        directory=local_path_of(host, "directory", directory) if directory else None,
        allow_unexpected_path=arguments["allow_unexpected_path"],
        remove_blocking_denies=arguments.get("remove_blocking_denies", False),
        missing_members=_MISSING_MEMBERS[group_members],
        members_required=group_members in ("require", "add_or_require"),
        services=bool(arguments.get("services")),
        own_entry=bool(arguments.get("own_entry")),
        logon=bool(arguments.get("logon")),
    )


def local_path_of(host: str, option: str, text: str) -> str:
    """A path given as an option, in one spelling.

    Raises:
        Refused: it is no local path.
    """
    try:
        return local_path(text)
    except ValueError as error:
        raise Refused(f"{host}: {option}: {error}") from None


def _desired(
    arguments: Mapping[str, Any], entries: tuple[DesiredEntry, ...], inheritance: Inheritance = Inheritance.UNCHANGED
) -> DesiredState:
    return DesiredState(
        entries,
        Presence(str(arguments["state"])),
        inheritance,
        remove_blocking_denies=arguments["remove_blocking_denies"],
        allow_lockout=arguments["allow_lockout"],
        narrow_null_dacl=arguments["narrow_null_dacl"],
    )


def _refuse_unless_absent(host: str, arguments: Mapping[str, Any], entry: Mapping[str, Any], option: str) -> None:
    if arguments["state"] != Presence.ABSENT.value:
        raise Refused(f"{host}: entry for {entry['principal']}: {option} is required with state={arguments['state']}")
