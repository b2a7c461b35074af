# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Computes what a directory's new descriptor changes below it, as SetNamedSecurityInfo does on a Windows client.

Over SMB, a server changes only the object of the request. The client must propagate inheritance to the children
(Microsoft, "Automatic Propagation of Inheritable ACEs").
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from uuid import UUID

from .descriptor import SE_DACL_PROTECTED, SE_SACL_PROTECTED, SecurityDescriptor
from .errors import SecurityDescriptorError
from .inheritance import DACL_BITS, SACL_BITS, with_inherited

MAX_DEPTH = 16_384
"""Maximum number of nested directories. A path has at most 32,767 characters, at least two for each directory
(Microsoft, "Maximum Path Length Limitation"). A deeper tree must be a loop."""


@dataclass(frozen=True, slots=True)
class Node:
    """A file or directory before the change.

    Attributes:
        name: within its directory.
        is_folder: whether it is a directory, which passes ACEs on.
        descriptor: its descriptor. It must have owner and group if it may inherit CREATOR OWNER or CREATOR GROUP, and a
            SACL exactly if the parent's SACL was read.
        children: read at most once, and only if they can inherit something. So it may be an iterator that lists a
            directory when it is used.
    """

    name: str
    is_folder: bool
    descriptor: SecurityDescriptor
    children: Iterable[Node] = ()


def propagate(
    parent: SecurityDescriptor, children: Iterable[Node], *, object_types: Collection[UUID] = frozenset()
) -> Iterator[tuple[tuple[str, ...], SecurityDescriptor]]:
    """Yield every object below a directory that must change because the directory's descriptor is now `parent`.

    Each object comes with its path (the names below the directory) and its new descriptor, a parent before its
    children. Explicit ACEs stay unchanged and in order. A protected list stops inheritance for its object and
    everything below, except for central policies and resource attributes. A list that is absent in `parent` (for
    example because it was not read) changes nowhere. If all changes are applied, the function yields nothing.

    Memory depends on the depth of the tree, not on its size. Nothing is read ahead: the caller may write each object
    before it takes the next one.

    Args:
        parent: the directory's new descriptor.
        children: the files and directories in the directory.
        object_types: see `inheritance.inherited_aces`.

    Raises:
        SecurityDescriptorError: directories are nested deeper than `MAX_DEPTH`.
    """
    lists = [bits for bits in (DACL_BITS, SACL_BITS) if parent.control & bits.present]
    path: list[str] = []
    stack = [(parent, 0, iter(children))]
    while stack:
        above, stopped, siblings = stack[-1]
        node = next(siblings, None)
        if node is None:
            stack.pop()
            if path:
                path.pop()
            continue
        stopped |= node.descriptor.control & (SE_DACL_PROTECTED | SE_SACL_PROTECTED)
        after = node.descriptor
        for bits in lists:
            after = with_inherited(
                bits,
                above,
                after,
                is_folder=node.is_folder,
                object_types=object_types,
                protected=bool(stopped & bits.protected),
            )
        path.append(node.name)
        if after != node.descriptor:
            yield tuple(path), after
        # Below a protected DACL, only the SACL can have ACEs that protection does not stop.
        if node.is_folder and (SACL_BITS in lists or (DACL_BITS in lists and not stopped & SE_DACL_PROTECTED)):
            if len(path) >= MAX_DEPTH:
                raise SecurityDescriptorError(
                    f"below {path[0]!r}, more than {MAX_DEPTH} directories are nested; check for a loop"
                )
            stack.append((after, stopped, iter(node.children)))
        else:
            path.pop()
