# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks whether a server has propagated the permissions of a folder to the children of the folder.

Over WMI the server has to do that: SE_DACL_AUTO_INHERIT_REQ asks for it, and the answer does not show whether it was
done. So one child is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType

from ..security import Ace, AnyAce, SecurityDescriptor, Sid
from ..security.describe import describe_ace
from ..security.inheritance import inherited_aces
from ..site_server import NotFound, SiteServer, SiteServerError

_LISTED = 3
"""How many entries of a kind a warning names."""


def stale_child(
    server: SiteServer,
    path: str,
    descriptor: SecurityDescriptor,
    names: Mapping[Sid, str] = MappingProxyType({}),
) -> str | None:
    """Read one child of a folder; return a warning if it lacks inheritable entries of the folder.

    A child with a protected DACL needs none of them.

    Args:
        server: the server.
        path: the folder.
        descriptor: what the folder holds now.
        names: names of accounts, in addition to those that come with the child.

    Returns:
        The warning, which begins with the host and the folder. None if the child inherits the entries, if there is no
        child, or if the connection propagates inheritance itself. Nothing is raised: the folder's own permissions
        are written.
    """
    label = f"{server.host}: folder {path}"
    try:
        child = server.a_child(path)
        reading = None if child is None else server.path_descriptor(child)
    except NotFound:
        return None  # deleted meanwhile
    except SiteServerError as error:
        return (
            f"{label}: could not check whether its files and folders inherit the new permissions: "
            f"{error.reason.rstrip('. ')}. Check one of them on the server with icacls"
        )
    if child is None or reading is None:
        return None
    lacks, extra = _differences(descriptor, reading.descriptor)
    known = {**names, **reading.names}
    parts = [
        f"{verb} {_described(entries, known)}"
        for verb, entries in (("lacks", lacks), ("still holds", extra))
        if entries
    ]
    if not parts:
        return None
    # Both switches leave the folder as it is: icacls writes the same permissions again.
    switch = "d" if descriptor.dacl_protected else "e"
    return (
        f"{label}: the server did not propagate the new permissions to its files and folders: {child} "
        f"{' and '.join(parts)}. New files and folders inherit them. To update the existing ones, run on the server: "
        f'icacls "{path}" /inheritance:{switch}'
    )


def _differences(parent: SecurityDescriptor, child: SecurityDescriptor) -> tuple[list[Ace], list[Ace]]:
    """Inherited entries that a child lacks, and those that it has and should not have.

    The port does not show whether a child is a file or a folder, and the two inherit different entries from the same
    parent. So both are compared, and the one with fewer differences counts.
    """
    if parent.dacl is None or child.dacl_protected:
        return [], []
    has = _inherited(child.dacl or ())
    found = []
    for is_folder in (False, True):
        due = _inherited(inherited_aces(parent.dacl, is_folder=is_folder, owner=child.owner, group=child.group))
        found.append(([ace for ace in due if ace not in has], [ace for ace in has if ace not in due]))
    return min(found, key=lambda pair: len(pair[0]) + len(pair[1]))


def _inherited(aces: Iterable[AnyAce]) -> list[Ace]:
    """Inherited entries of the types that every connection shows in full."""
    return [replace(ace, mask=ace.rights) for ace in aces if isinstance(ace, Ace) and ace.inherited]


def _described(aces: list[Ace], names: Mapping[Sid, str]) -> str:
    listed = [f'"{describe_ace(ace, names, share=False)}"' for ace in aces[:_LISTED]]
    more = len(aces) - _LISTED
    return ", ".join(listed) + (f" and {more} more" if more > 0 else "")
