# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a server has brought the children of a folder in line with the permissions that were written to it.

Over WMI the server does that, if it does it: SE_DACL_AUTO_INHERIT_REQ asks for it, and no answer says that it was done.
So one child is looked at.
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
"""Entries of a kind that a warning names."""


def stale_child(
    server: SiteServer,
    path: str,
    descriptor: SecurityDescriptor,
    names: Mapping[Sid, str] = MappingProxyType({}),
) -> str | None:
    """Look at one child of a folder; a warning if it does not inherit what the folder passes on.

    A child that keeps its parent's entries out is in line whatever it holds.

    Args:
        server: the server.
        path: the folder.
        descriptor: what the folder holds now.
        names: names of accounts, beside those that the child is read with.

    Returns:
        The warning, which begins with the host and the folder. None if the child is in line, if there is none, or if
        the connection brings children in line itself. Nothing is raised: the folder's own permissions are written.
    """
    label = f"{server.host}: folder {path}"
    try:
        child = server.a_child(path)
        reading = None if child is None else server.path_descriptor(child)
    except NotFound:
        return None  # gone while it was looked at
    except SiteServerError as error:
        return (
            f"{label}: whether its files and folders inherit the new permissions could not be checked: "
            f"{error.said.rstrip('. ')}. Look at one of them on the server (icacls)"
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
    # Either leaves the folder as it is, and writes it with Windows' own tool.
    switch = "d" if descriptor.dacl_protected else "e"
    return (
        f"{label}: the server has not brought its files and folders in line with the new permissions: {child} "
        f"{' and '.join(parts)}. What is created there from now on inherits them. For what exists, run on the server: "
        f'icacls "{path}" /inheritance:{switch}'
    )


def _differences(parent: SecurityDescriptor, child: SecurityDescriptor) -> tuple[list[Ace], list[Ace]]:
    """Inherited entries that a child lacks and that it has too much.

    The port does not tell whether a child is a file or a folder. Both inherit different entries from the same parent
    as soon as any is passed on, so a child that fits one of them is that; of one that fits neither, the nearer counts.
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
    """Inherited entries of the types that every wire shows in full."""
    return [replace(ace, mask=ace.rights) for ace in aces if isinstance(ace, Ace) and ace.inherited]


def _described(aces: list[Ace], names: Mapping[Sid, str]) -> str:
    listed = [f'"{describe_ace(ace, names, share=False)}"' for ace in aces[:_LISTED]]
    more = len(aces) - _LISTED
    return ", ".join(listed) + (f" and {more} more" if more > 0 else "")
