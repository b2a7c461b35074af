# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Security identifiers (SIDs, [MS-DTYP] 2.4.2) and those that are the same on every Windows host."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass

from .errors import SecurityDescriptorError

_TEXT = re.compile(r"S-1-(0X[0-9A-F]{1,12}|[0-9]{1,15})((?:-(?:0X[0-9A-F]{1,8}|[0-9]{1,10})){0,15})", re.ASCII)
_MAX_SUBAUTHORITIES = 15
_MAX_AUTHORITY = 2**48 - 1
_MAX_SUBAUTHORITY = 2**32 - 1


@dataclass(frozen=True, slots=True, order=True)
class Sid:
    """A security identifier.

    Equal SIDs are the same account. Names can be localized or changed; SIDs cannot.

    Attributes:
        authority: the 48-bit identifier authority.
        subauthorities: up to 15 values of 32 bits; the last one is the relative identifier.

    Raises:
        SecurityDescriptorError: a value is out of range ([MS-DTYP] 2.4.2.2).
    """

    authority: int
    subauthorities: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.authority <= _MAX_AUTHORITY:
            raise SecurityDescriptorError(f"SID authority {self.authority} is larger than 48 bits")
        if len(self.subauthorities) > _MAX_SUBAUTHORITIES:
            raise SecurityDescriptorError(
                f"a SID has at most {_MAX_SUBAUTHORITIES} subauthorities, not {len(self.subauthorities)}"
            )
        for value in self.subauthorities:
            if not 0 <= value <= _MAX_SUBAUTHORITY:
                raise SecurityDescriptorError(f"SID subauthority {value} is larger than 32 bits")

    @classmethod
    def parse(cls, text: str) -> Sid:
        """Read the string form, `S-1-5-32-544` ([MS-DTYP] 2.4.2.1). Like Windows, it accepts hexadecimal numbers.

        Raises:
            SecurityDescriptorError: the text is not a SID.
        """
        match = _TEXT.fullmatch(text.strip().upper())
        if match is None:
            raise SecurityDescriptorError(f"{text[:80]!r} is not a SID of the form S-1-5-21-…")
        authority, *subauthorities = (
            int(part, 16 if part.startswith("0X") else 10) for part in "".join(match.groups()).split("-")
        )
        return cls(authority, tuple(subauthorities))

    @classmethod
    def from_bytes(cls, data: bytes) -> Sid:
        """Read the binary form at the start of `data`. `size` is its length.

        Raises:
            SecurityDescriptorError: the data is too short, or the revision is not 1.
        """
        if len(data) < 8:
            raise SecurityDescriptorError(f"a SID has at least 8 bytes, not {len(data)}")
        revision, count = data[0], data[1]
        if revision != 1:
            raise SecurityDescriptorError(f"SID revision {revision} is unknown; the only revision is 1")
        if count > _MAX_SUBAUTHORITIES:
            raise SecurityDescriptorError(f"a SID has at most {_MAX_SUBAUTHORITIES} subauthorities, not {count}")
        if len(data) < 8 + 4 * count:
            raise SecurityDescriptorError(f"a SID with {count} subauthorities has more than {len(data)} bytes")
        return cls(int.from_bytes(data[2:8], "big"), struct.unpack_from(f"<{count}I", data, 8))

    @property
    def domain(self) -> Sid | None:
        """The domain or computer that gave it away, if it has the form S-1-5-21-a-b-c-rid ([MS-DTYP] 2.4.2.4)."""
        if self.authority == 5 and len(self.subauthorities) == 5 and self.subauthorities[0] == 21:
            return Sid(5, self.subauthorities[:4])
        return None

    @property
    def is_builtin(self) -> bool:
        """Whether it is a group of BUILTIN, S-1-5-32-rid, which each computer has for itself ([MS-DTYP] 2.4.2.4)."""
        return self.authority == 5 and len(self.subauthorities) == 2 and self.subauthorities[0] == 32

    @property
    def size(self) -> int:
        """Length of the binary form in bytes."""
        return 8 + 4 * len(self.subauthorities)

    def to_bytes(self) -> bytes:
        """Return the binary form ([MS-DTYP] 2.4.2.2)."""
        count = len(self.subauthorities)
        head = bytes((1, count)) + self.authority.to_bytes(6, "big")
        return head + struct.pack(f"<{count}I", *self.subauthorities)

    def __str__(self) -> str:
        authority = str(self.authority) if self.authority < 2**32 else f"0x{self.authority:012X}"
        return "-".join(("S-1", authority, *map(str, self.subauthorities)))


EVERYONE = Sid(1, (0,))
CREATOR_OWNER = Sid(3, (0,))
CREATOR_GROUP = Sid(3, (1,))
OWNER_RIGHTS = Sid(3, (4,))
NETWORK = Sid(5, (2,))
AUTHENTICATED_USERS = Sid(5, (11,))
THIS_ORGANIZATION = Sid(5, (15,))
SYSTEM = Sid(5, (18,))
ADMINISTRATORS = Sid(5, (32, 544))

ANY_NETWORK_LOGON = frozenset({EVERYONE, NETWORK, AUTHENTICATED_USERS})
"""Groups in the token of every account that logs on over the network with a password or a ticket (Microsoft,
"Well-known SIDs"). Any other group counts only if the membership was read."""
