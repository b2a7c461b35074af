# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a directory's new descriptor changes below it, as Windows' SetNamedSecurityInfo works it out on the client.

A server changes the one object that it is told to change. Who writes over SMB has to bring the children in line
(Microsoft, "Automatic Propagation of Inheritable ACEs"); this says which of them, and how.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from uuid import UUID

from .descriptor import SE_DACL_PROTECTED, SE_SACL_PROTECTED, SecurityDescriptor
from .errors import SecurityDescriptorError
from .inheritance import DACL_BITS, SACL_BITS, with_inherited

MAX_DEPTH = 16_384
"""Directories below each other. A path takes at most 32,767 characters, two of them per directory (Microsoft,
"Maximum Path Length Limitation"), so that a deeper tree runs in a circle."""


@dataclass(frozen=True, slots=True)
class Node:
    """A file or directory as it is before the change.

    Attributes:
        name: within its directory.
        is_folder: whether it passes entries on.
        descriptor: what it holds, with owner and group if CREATOR OWNER or CREATOR GROUP may come down to it. Its SACL
            has to be read wherever the parent's is, and nowhere else.
        children: walked at most once and only if something can come down to them, so it may be an iterator that reads
            a directory when it is asked.
    """

    name: str
    is_folder: bool
    descriptor: SecurityDescriptor
    children: Iterable[Node] = ()


def propagate(
    parent: SecurityDescriptor, children: Iterable[Node], *, object_types: Collection[UUID] = frozenset()
) -> Iterator[tuple[tuple[str, ...], SecurityDescriptor]]:
    """Everything below a directory that has to change because its descriptor is now `parent`.

    Objects come parent before child, each with its path (names from the directory down) and its new descriptor; those
    that are right already do not come. Explicit entries are kept, in order. A protected list stops its kind of entry
    for its object and all below it; central policies and resource attributes alone are not stopped by it. A list that
    `parent` does not say anything about (absent, as where it was not read) changes nowhere. Applied and asked again,
    nothing comes.

    Memory is bounded by the depth of the tree, not by its size. Nothing is read ahead: the caller may write each
    object before it asks for the next.

    Args:
        parent: the directory's new descriptor.
        children: what stands in the directory.
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
        # Below a protected DACL only the SACL's unstoppable entries still come down.
        if node.is_folder and (SACL_BITS in lists or (DACL_BITS in lists and not stopped & SE_DACL_PROTECTED)):
            if len(path) >= MAX_DEPTH:
                raise SecurityDescriptorError(
                    f"below {path[0]!r}, directories stand more than {MAX_DEPTH} deep in each other; is there a loop?"
                )
            stack.append((after, stopped, iter(node.children)))
        else:
            path.pop()
