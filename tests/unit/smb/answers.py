# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Results of remote procedure calls, byte by byte ([C706] chapter 14, IDL of [MS-LSAD] and [MS-SAMR])."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import Sid

QUERY_POLICY, OPEN_POLICY, ENUMERATE_ACCOUNTS, WITH_RIGHT, RIGHTS_OF = 7, 6, 11, 35, 36  # [MS-LSAD] 3.1.4
SAM_CONNECT, OPEN_DOMAIN, OPEN_ALIAS, MEMBERS, OPEN_USER, QUERY_USER = 0, 7, 27, 33, 34, 36  # [MS-SAMR] 3.1.5
OK = bytes(4)
HANDLE = bytes(20)
_POINTER = struct.pack("<L", 0x20000)


def status(code: int) -> bytes:
    """The end of a result."""
    return struct.pack("<L", code)


def accounts(*sids: Sid, announced: int | None = None) -> bytes:
    """An LSAPR_ACCOUNT_ENUM_BUFFER ([MS-LSAD] 2.2.5.2)."""
    count = len(sids)
    head = struct.pack("<L", count if announced is None else announced)
    if not sids:
        return head + bytes(4)
    return head + _POINTER + struct.pack("<L", count) + _POINTER * count + b"".join(map(_sid, sids))


def rights(*names: str) -> bytes:
    """An LSAPR_USER_RIGHT_SET ([MS-LSAD] 2.2.5.3)."""
    count = struct.pack("<L", len(names))
    return count + _POINTER + count + b"".join(map(_string, names)) + b"".join(map(_characters, names))


def dns_domain(name: str, dns_name: str, sid: Sid | None) -> bytes:
    """PolicyDnsDomainInformation ([MS-LSAD] 2.2.4.14)."""
    texts = (name, dns_name, dns_name)
    found = _POINTER + struct.pack("<HH", 12, 0) + b"".join(map(_string, texts)) + bytes(16)
    return found + (_POINTER if sid else bytes(4)) + b"".join(map(_characters, texts)) + (_sid(sid) if sid else b"")


def domain(kind: int, name: str, sid: Sid | None) -> bytes:
    """PolicyPrimaryDomainInformation (3) or PolicyAccountDomainInformation (5) ([MS-LSAD] 2.2.4.5 and 2.2.4.6)."""
    found = _POINTER + struct.pack("<HH", kind, 0) + _string(name) + (_POINTER if sid else bytes(4))
    return found + _characters(name) + (_sid(sid) if sid else b"")


def user(control: int = 0x10, expires: int = 0, must_change: int = 0, shown: int = 0x1A0000) -> bytes:
    """A SAMPR_USER_ALL_INFORMATION ([MS-SAMR] 2.2.6.6) without texts.

    Args:
        control: UserAccountControl.
        expires: AccountExpires.
        must_change: PasswordMustChange.
        shown: WhichFields.
    """
    times = struct.pack("<6q", 0, 0, 0, expires, 0, must_change)
    numbers = struct.pack("<4L", 1000, 513, control, shown)
    return _POINTER + struct.pack("<HH", 21, 0) + times + bytes(14 * 8) + numbers + bytes(8 + 8 + 4)


def members(*sids: Sid) -> bytes:
    """A SAMPR_PSID_ARRAY_OUT ([MS-SAMR] 2.2.3.7)."""
    return accounts(*sids)


class Answers:
    """Answers by the number of the call: each one its own, or a status; the last one is given again.

    Attributes:
        asked: the numbers of the calls that came.
    """

    def __init__(self, answers: Mapping[int, bytes | Sequence[bytes]]) -> None:
        self.asked: list[int] = []
        self._answers = {number: [made] if isinstance(made, bytes) else list(made) for number, made in answers.items()}

    def __call__(self, opnum: int, _stub: bytes) -> bytes:
        self.asked.append(opnum)
        left = self._answers.get(opnum, [HANDLE + OK])
        return left.pop(0) if len(left) > 1 else left[0]


def _sid(sid: Sid) -> bytes:
    return struct.pack("<L", len(sid.subauthorities)) + sid.to_bytes()


def _string(text: str) -> bytes:
    return struct.pack("<HH", 2 * len(text), 2 * len(text)) + _POINTER


def _characters(text: str) -> bytes:
    data = text.encode("utf-16-le")
    return struct.pack("<LLL", len(text), 0, len(text)) + data + bytes(-len(data) % 4)
