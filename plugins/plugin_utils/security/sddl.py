# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Security descriptors as text ([MS-DTYP] 2.5.1, SDDL).

Entries of types that this package carries as bytes are written as `(0x9;CI;;;;;#0f00…)`, type and body in
hexadecimal. No Windows tool reads that form; it keeps them visible and loses nothing.
"""

from __future__ import annotations

import re

from . import ace as _ace
from . import rights as _rights
from .ace import Ace, AnyAce, OpaqueAce
from .acl import ACL_REVISION, ACL_REVISION_DS, Acl
from .descriptor import (
    SE_DACL_AUTO_INHERIT_REQ,
    SE_DACL_AUTO_INHERITED,
    SE_DACL_PRESENT,
    SE_DACL_PROTECTED,
    SE_SACL_AUTO_INHERIT_REQ,
    SE_SACL_AUTO_INHERITED,
    SE_SACL_PRESENT,
    SE_SACL_PROTECTED,
    SecurityDescriptor,
)
from .errors import SecurityDescriptorError
from .sid import Sid
from .well_known import ALIAS_OF, SDDL_ALIASES

MAX_SDDL = 1_000_000
"""Longest text that is read, in characters: far more than the 64 KiB that two ACLs can say."""

_TYPES = {"A": _ace.ACCESS_ALLOWED, "D": _ace.ACCESS_DENIED, "AU": _ace.SYSTEM_AUDIT}
_TYPE_LETTERS = {value: letters for letters, value in _TYPES.items()}
_FLAGS = {
    "OI": _ace.OBJECT_INHERIT,
    "CI": _ace.CONTAINER_INHERIT,
    "NP": _ace.NO_PROPAGATE,
    "IO": _ace.INHERIT_ONLY,
    "ID": _ace.INHERITED,
    "SA": 0x40,
    "FA": 0x80,
}
_RIGHTS = {
    "GA": _rights.GENERIC_ALL,
    "GX": _rights.GENERIC_EXECUTE,
    "GW": _rights.GENERIC_WRITE,
    "GR": _rights.GENERIC_READ,
    "SD": 0x10000,
    "RC": 0x20000,
    "WD": 0x40000,
    "WO": 0x80000,
    "CC": 0x1,
    "DC": 0x2,
    "LC": 0x4,
    "SW": 0x8,
    "RP": 0x10,
    "WP": 0x20,
    "DT": 0x40,
    "LO": 0x80,
    "CR": 0x100,
    "FA": 0x1F01FF,
    "FR": 0x120089,
    "FW": 0x120116,
    "FX": 0x1200A0,
    "KA": 0xF003F,
    "KR": 0x20019,
    "KW": 0x20006,
    "KX": 0x20019,
}
# Rights that Windows writes as letters for a file; every other mask is clearer in hexadecimal.
_WHOLE_RIGHTS = {_RIGHTS[letters]: letters for letters in ("GA", "GX", "GW", "GR", "FA", "FR", "FW", "FX")}

_DACL_FLAGS = (("P", SE_DACL_PROTECTED), ("AR", SE_DACL_AUTO_INHERIT_REQ), ("AI", SE_DACL_AUTO_INHERITED))
_SACL_FLAGS = (("P", SE_SACL_PROTECTED), ("AR", SE_SACL_AUTO_INHERIT_REQ), ("AI", SE_SACL_AUTO_INHERITED))
_NULL = "NO_ACCESS_CONTROL"

_PART = re.compile(r"\s*([OGDS]):", re.ASCII)
_SID = re.compile(r"\s*(S-1-(?:0x[0-9A-F]{12}|[0-9]+)(?:-[0-9]+)*|[A-Z]{2})\s*", re.ASCII | re.IGNORECASE)
_ACL_FLAGS = re.compile(rf"\s*((?:P|AR|AI|{_NULL}|\s)*)", re.ASCII | re.IGNORECASE)
_ACE = re.compile(r"\(([^()]*)\)\s*", re.ASCII)
_NUMBER = re.compile(r"0x[0-9a-f]{1,8}|[0-9]{1,11}", re.ASCII | re.IGNORECASE)


def format_sddl(descriptor: SecurityDescriptor) -> str:
    """The descriptor as text; an absent DACL is left out, a NULL DACL is `D:NO_ACCESS_CONTROL`, an empty one `D:`."""
    parts = []
    if descriptor.owner is not None:
        parts.append(f"O:{_format_sid(descriptor.owner)}")
    if descriptor.group is not None:
        parts.append(f"G:{_format_sid(descriptor.group)}")
    for letter, acl, present, flags in (
        ("D", descriptor.dacl, SE_DACL_PRESENT, _DACL_FLAGS),
        ("S", descriptor.sacl, SE_SACL_PRESENT, _SACL_FLAGS),
    ):
        if descriptor.control & present:
            words = "".join(word for word, bit in flags if descriptor.control & bit)
            parts.append(f"{letter}:{words}{_NULL if acl is None else ''.join(map(_format_ace, acl))}")
    return "".join(parts)


def parse_sddl(text: str) -> SecurityDescriptor:
    """Read SDDL.

    Raises:
        SecurityDescriptorError: it is malformed, too long, or names an alias that only a domain can resolve.
    """
    if len(text) > MAX_SDDL:
        raise SecurityDescriptorError(f"SDDL of {len(text)} characters is too long")
    control = 0
    sids: dict[str, Sid] = {}
    acls: dict[str, Acl | None] = {}
    position = 0
    while position < len(text.rstrip()):
        match = _PART.match(text, position)
        if match is None:
            raise SecurityDescriptorError(f"expected O:, G:, D: or S: at {text[position : position + 20]!r}")
        letter = match[1]
        if letter in sids or letter in acls:
            raise SecurityDescriptorError(f"{letter}: is given twice")
        if letter in "OG":
            sids[letter], position = _read_sid(text, match.end())
        else:
            bits, acls[letter], position = _read_acl(text, match.end(), letter)
            control |= bits
    return SecurityDescriptor(control, sids.get("O"), sids.get("G"), acls.get("D"), acls.get("S"))


def _format_sid(sid: Sid) -> str:
    return ALIAS_OF.get(sid) or str(sid)


def _format_ace(ace: AnyAce) -> str:
    flags = "".join(word for word, bit in _FLAGS.items() if ace.flags & bit)
    if ace.flags & 0x20:  # no letters exist for this bit
        flags = f"0x{ace.flags:x}"
    if isinstance(ace, OpaqueAce):
        return f"(0x{ace.ace_type:x};{flags};;;;;#{ace.body.hex()})"
    mask = _WHOLE_RIGHTS.get(ace.mask) or f"0x{ace.mask:x}"
    rest = f";#{ace.data.hex()}" if ace.data else ""
    return f"({_TYPE_LETTERS[ace.ace_type]};{flags};{mask};;;{_format_sid(ace.sid)}{rest})"


def _read_sid(text: str, position: int) -> tuple[Sid, int]:
    match = _SID.match(text, position)
    if match is None:
        raise SecurityDescriptorError(f"expected a SID at {text[position : position + 20]!r}")
    word = match[1].upper()
    # "O:BAG:SY": the two letters of an alias end before the next part's letter.
    return _sid_of(word), match.end()


def _sid_of(word: str) -> Sid:
    if word.startswith("S-"):
        return Sid.parse(word)
    try:
        return SDDL_ALIASES[word]
    except KeyError:
        raise SecurityDescriptorError(
            f"the SID alias {word!r} is unknown or relative to a domain; write the SID itself"
        ) from None


def _read_acl(text: str, position: int, letter: str) -> tuple[int, Acl | None, int]:
    present, flags = (SE_DACL_PRESENT, _DACL_FLAGS) if letter == "D" else (SE_SACL_PRESENT, _SACL_FLAGS)
    control = present
    match = _ACL_FLAGS.match(text, position)
    words = re.sub(r"\s", "", match[1]).upper() if match else ""
    null = _NULL in words
    words = words.replace(_NULL, "", 1)
    bits = dict(flags)
    while words:
        word = words[:1] if words[0] == "P" else words[:2]
        if word not in bits:
            raise SecurityDescriptorError(f"unknown flag {word!r} of {letter}:")
        control |= bits[word]
        words = words[len(word) :]
    position = match.end() if match else position
    aces = []
    while (found := _ACE.match(text, position)) is not None:
        aces.append(_read_ace(found[1]))
        position = found.end()
    if null and aces:
        raise SecurityDescriptorError(f"{letter}:{_NULL} has no entries")
    revision = ACL_REVISION_DS if any(a.ace_type in (5, 6, 7, 8, 11, 12) for a in aces) else ACL_REVISION
    return control, None if null else Acl(tuple(aces), revision), position


def _read_ace(text: str) -> AnyAce:
    fields = [field.strip() for field in text.split(";")]
    if not 6 <= len(fields) <= 7:
        raise SecurityDescriptorError(f"the entry ({text[:80]}) has {len(fields)} fields instead of 6")
    kind, flags_text, mask_text, object_type, inherited_type, sid_text = fields[:6]
    data = _read_hex(fields[6]) if len(fields) == 7 else b""
    if object_type or inherited_type:
        raise SecurityDescriptorError(f"the entry ({text[:80]}) names an object type, which no file or share has")
    flags = _read_words(flags_text, _FLAGS, "flag")
    if kind[:2].lower() == "0x":
        if mask_text or sid_text:
            raise SecurityDescriptorError(f"the entry ({text[:80]}) gives its body and its fields")
        return OpaqueAce(_read_words(kind, {}, "type"), flags, data)
    if kind.upper() not in _TYPES:
        raise SecurityDescriptorError(f"entries of type {kind!r} are not read from text")
    sid = _sid_of(sid_text.upper())
    return Ace(_TYPES[kind.upper()], flags, _read_words(mask_text, _RIGHTS, "right"), sid, data)


def _read_words(text: str, known: dict[str, int], what: str) -> int:
    """A number (decimal, hexadecimal, octal with a leading 0) or two-letter words."""
    if _NUMBER.fullmatch(text):
        octal = len(text) > 1 and text[0] == "0" and text[1].isdigit()
        try:
            return int(text, 8 if octal else 0)
        except ValueError:
            raise SecurityDescriptorError(f"{text!r} is no octal number") from None
    value = 0
    words = re.sub(r"\s", "", text.upper())
    for index in range(0, len(words), 2):
        word = words[index : index + 2]
        if word not in known:
            raise SecurityDescriptorError(f"unknown {what} {word!r} in {text[:80]!r}")
        value |= known[word]
    return value


def _read_hex(text: str) -> bytes:
    if not re.fullmatch(r"#(?:[0-9a-fA-F]{2})*", text):
        raise SecurityDescriptorError(f"{text[:80]!r} is no hexadecimal body")
    return bytes.fromhex(text[1:])
