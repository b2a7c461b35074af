# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Access control lists ([MS-DTYP] 2.4.5)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from .ace import AnyAce, ace_from_bytes
from .errors import SecurityDescriptorError

ACL_REVISION = 2
ACL_REVISION_DS = 4
_HEADER = struct.Struct("<BBHHH")


@dataclass(frozen=True, slots=True)
class Acl:
    """An ordered list of ACEs. The order matters.

    Attributes:
        aces: the ACEs in order.
        revision: 2; 3 with compound ACEs (winnt.h, ACL_REVISION3); 4 with object ACEs.
    """

    aces: tuple[AnyAce, ...] = ()
    revision: int = ACL_REVISION

    def __post_init__(self) -> None:
        if not ACL_REVISION <= self.revision <= ACL_REVISION_DS:
            raise SecurityDescriptorError(f"ACL revision {self.revision} is unknown; the revisions are 2 to 4")

    def __iter__(self) -> Iterator[AnyAce]:
        return iter(self.aces)

    def __len__(self) -> int:
        return len(self.aces)

    def __bool__(self) -> bool:
        """Always true: an empty DACL and a NULL DACL are opposites, and `if dacl` must distinguish them."""
        return True

    @property
    def explicit(self) -> tuple[AnyAce, ...]:
        """The ACEs that are set on the object itself."""
        return tuple(ace for ace in self.aces if not ace.inherited)

    @property
    def inherited(self) -> tuple[AnyAce, ...]:
        """The ACEs that are inherited from a parent."""
        return tuple(ace for ace in self.aces if ace.inherited)

    @property
    def is_canonical(self) -> bool:
        """Whether explicit deny ACEs come first, then explicit allow ACEs, then inherited ACEs.

        The order of inherited ACEs is not checked: it depends on the ancestor that each comes from, which the ACL does
        not contain (Microsoft, "Order of ACEs in a DACL").
        """
        ranks = [_rank(ace) for ace in self.aces]
        return ranks == sorted(ranks)

    def canonical(self) -> Acl:
        """Return the ACEs in canonical order. ACEs of equal rank keep their order."""
        return Acl(tuple(sorted(self.aces, key=_rank)), self.revision)

    @classmethod
    def from_bytes(cls, data: bytes) -> Acl:
        """Read an ACL at the start of `data`. Unused bytes after the last ACE, which Windows allows, are dropped.

        Raises:
            SecurityDescriptorError: a size or count is wrong.
        """
        if len(data) < _HEADER.size:
            raise SecurityDescriptorError(f"an ACL has at least {_HEADER.size} bytes, not {len(data)}")
        revision, _sbz1, size, count, _sbz2 = _HEADER.unpack_from(data)
        if not _HEADER.size <= size <= len(data):
            raise SecurityDescriptorError(f"the size field of the ACL is {size}, but {len(data)} bytes follow")
        aces = []
        offset = _HEADER.size
        for index in range(count):
            if offset + 4 > size:
                raise SecurityDescriptorError(f"the ACL ends before entry {index + 1} of {count}")
            length = struct.unpack_from("<H", data, offset + 2)[0]
            if length < 4 or offset + length > size:
                raise SecurityDescriptorError(f"entry {index + 1} of {count} is longer than its ACL")
            aces.append(ace_from_bytes(data[offset : offset + length]))
            offset += length
        return cls(tuple(aces), revision)

    def to_bytes(self) -> bytes:
        """Return the binary form.

        Raises:
            SecurityDescriptorError: the ACL is longer than 65535 bytes.
        """
        body = b"".join(ace.to_bytes() for ace in self.aces)
        size = _HEADER.size + len(body)
        if size > 0xFFFF:
            raise SecurityDescriptorError(f"an ACL has at most 65535 bytes, not {size}")
        return _HEADER.pack(self.revision, 0, size, len(self.aces), 0) + body


def _rank(ace: AnyAce) -> int:
    if ace.inherited:
        return 2
    return 0 if ace.denies else 1
