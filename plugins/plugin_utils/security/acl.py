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
    """An ordered list of entries; the order decides.

    Attributes:
        aces: the entries, first to last.
        revision: 2, or 4 where object entries stand in it; 3 where compound ones do (winnt.h, ACL_REVISION3).
    """

    aces: tuple[AnyAce, ...] = ()
    revision: int = ACL_REVISION

    def __post_init__(self) -> None:
        if not ACL_REVISION <= self.revision <= ACL_REVISION_DS:
            raise SecurityDescriptorError(f"ACL revision {self.revision} is unknown; 2 to 4 exist")

    def __iter__(self) -> Iterator[AnyAce]:
        return iter(self.aces)

    def __len__(self) -> int:
        return len(self.aces)

    def __bool__(self) -> bool:
        """An empty list is a list, and the opposite of none: `if dacl` must not take one for the other."""
        return True

    @property
    def explicit(self) -> tuple[AnyAce, ...]:
        """The entries set on the object itself."""
        return tuple(ace for ace in self.aces if not ace.inherited)

    @property
    def inherited(self) -> tuple[AnyAce, ...]:
        """The entries that came down from a parent."""
        return tuple(ace for ace in self.aces if ace.inherited)

    @property
    def is_canonical(self) -> bool:
        """Whether explicit denies stand before explicit allows and both before inherited entries.

        Inherited entries keep the order in which they came down: which generation each is from cannot be seen
        any more (Microsoft, "Order of ACEs in a DACL").
        """
        ranks = [_rank(ace) for ace in self.aces]
        return ranks == sorted(ranks)

    def canonical(self) -> Acl:
        """The same entries in canonical order; entries of equal rank keep theirs."""
        return Acl(tuple(sorted(self.aces, key=_rank)), self.revision)

    @classmethod
    def from_bytes(cls, data: bytes) -> Acl:
        """Read an ACL at the start of `data`. Slack behind the last entry, which Windows allows, is dropped.

        Raises:
            SecurityDescriptorError: sizes or counts do not fit.
        """
        if len(data) < _HEADER.size:
            raise SecurityDescriptorError(f"an ACL takes at least {_HEADER.size} bytes, here are {len(data)}")
        revision, _sbz1, size, count, _sbz2 = _HEADER.unpack_from(data)
        if not _HEADER.size <= size <= len(data):
            raise SecurityDescriptorError(f"the ACL says it takes {size} bytes, there are {len(data)}")
        aces = []
        offset = _HEADER.size
        for index in range(count):
            if offset + 4 > size:
                raise SecurityDescriptorError(f"the ACL ends before entry {index + 1} of {count}")
            length = struct.unpack_from("<H", data, offset + 2)[0]
            if length < 4 or offset + length > size:
                raise SecurityDescriptorError(f"entry {index + 1} of {count} does not fit into its ACL")
            aces.append(ace_from_bytes(data[offset : offset + length]))
            offset += length
        return cls(tuple(aces), revision)

    def to_bytes(self) -> bytes:
        """The binary form.

        Raises:
            SecurityDescriptorError: it would take more than the 65,535 bytes that an ACL can have.
        """
        body = b"".join(ace.to_bytes() for ace in self.aces)
        size = _HEADER.size + len(body)
        if size > 0xFFFF:
            raise SecurityDescriptorError(f"an ACL takes at most 65535 bytes, not {size}")
        return _HEADER.pack(self.revision, 0, size, len(self.aces), 0) + body


def _rank(ace: AnyAce) -> int:
    if ace.inherited:
        return 2
    return 0 if ace.denies else 1
