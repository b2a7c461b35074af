# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Descriptors as the SDDL that Windows writes ([MS-DTYP] 2.5.1), as far as the lab's shares need it.

Entries of other types than allow, deny, their object kinds and their callback kinds without a condition have no words
here: the whole descriptor is then not shown, which Windows would do.
"""

from __future__ import annotations

import struct
from uuid import UUID

from .descriptors import SE_DACL_AUTO_INHERITED, Ace, Descriptor, sid_string

# [MS-DTYP] 2.5.1.1; of the many aliases those of accounts that shares are given to.
_ALIASES = {
    "S-1-1-0": "WD",
    "S-1-3-0": "CO",
    "S-1-5-2": "NU",
    "S-1-5-4": "IU",
    "S-1-5-11": "AU",
    "S-1-5-18": "SY",
    "S-1-5-32-544": "BA",
    "S-1-5-32-545": "BU",
    "S-1-5-32-551": "BO",
}
_DOMAIN_ALIASES = {"500": "LA", "512": "DA", "513": "DU"}
_LETTERS = {0: "A", 1: "D", 5: "OA", 6: "OD", 9: "XA", 10: "XD"}
_RIGHTS = {0x1F01FF: "FA", 0x120089: "FR", 0x120116: "FW", 0x1200A0: "FX", 0x10000000: "GA"}
_FLAGS = ((0x1, "OI"), (0x2, "CI"), (0x4, "NP"), (0x8, "IO"), (0x10, "ID"))


def to_sddl(descriptor: Descriptor) -> str | None:
    """Owner, group and DACL as SDDL; None if there are no words for an entry."""
    text = ""
    if descriptor.owner:
        text += f"O:{_sid(descriptor.owner)}"
    if descriptor.group:
        text += f"G:{_sid(descriptor.group)}"
    if not descriptor.dacl_present:
        return text
    marks = "P" * descriptor.protected + "AI" * bool(descriptor.control & SE_DACL_AUTO_INHERITED)
    if descriptor.dacl is None:
        return f"{text}D:{marks}NO_ACCESS_CONTROL"
    entries = [_entry(ace) for ace in descriptor.dacl]
    return None if None in entries else f"{text}D:{marks}{''.join(map(str, entries))}"


def _sid(sid: str) -> str:
    domain, _dash, relative = sid.rpartition("-")
    if domain.startswith("S-1-5-21-") and relative in _DOMAIN_ALIASES:
        return _DOMAIN_ALIASES[relative]
    return _ALIASES.get(sid, sid)


def _entry(ace: Ace) -> str | None:
    letters = _LETTERS.get(ace.type)
    if letters is None:
        return None
    body = ace.body[4:]
    kinds = ["", ""]
    if ace.type in (5, 6):
        (present,) = struct.unpack_from("<L", body)
        body = body[4:]
        for place, bit in enumerate((1, 2)):
            if present & bit:
                kinds[place] = str(UUID(bytes_le=body[:16]))
                body = body[16:]
    size = 8 + 4 * body[1]
    if len(body) > size:
        return None
    flags = "".join(word for bit, word in _FLAGS if ace.flags & bit)
    rights = _RIGHTS.get(ace.mask, f"0x{ace.mask:x}")
    return f"({letters};{flags};{rights};{kinds[0]};{kinds[1]};{_sid(sid_string(body))})"
