# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Security descriptors as text ([MS-DTYP] 2.5.1, SDDL).

SDDL cannot express every ACE, for example one of an unknown type, or of a callback type whose data is not a condition.
Such an ACE is written with its type or data in hexadecimal: `(0x4;CI;;;;;#0f00…)`. No Windows tool reads this form. It
keeps the ACE visible and complete.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from . import ace as _ace
from . import rights as _rights
from .ace import (
    OBJECT_TYPES,
    Ace,
    AnyAce,
    CompoundAce,
    ConditionalAce,
    ObjectAce,
    OpaqueAce,
    ResourceAttributeAce,
)
from .acl import ACL_REVISION, ACL_REVISION_DS, Acl
from .conditional import (
    ResourceAttribute,
    closing_parenthesis,
    format_condition,
    format_resource_attribute,
    parse_condition,
    parse_condition_text,
    parse_resource_attribute_text,
)
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
from .well_known import ALIAS_OF, sid_of

MAX_SDDL = 1_000_000
"""Maximum length of a text in characters: much longer than the text of two ACLs of 64 KiB each."""

_TYPES = {
    "A": _ace.ACCESS_ALLOWED,
    "D": _ace.ACCESS_DENIED,
    "AU": _ace.SYSTEM_AUDIT,
    "AL": _ace.SYSTEM_ALARM,
    "OA": _ace.ACCESS_ALLOWED_OBJECT,
    "OD": _ace.ACCESS_DENIED_OBJECT,
    "OU": _ace.SYSTEM_AUDIT_OBJECT,
    "OL": _ace.SYSTEM_ALARM_OBJECT,
    "XA": _ace.ACCESS_ALLOWED_CALLBACK,
    "XD": _ace.ACCESS_DENIED_CALLBACK,
    "XU": _ace.SYSTEM_AUDIT_CALLBACK,
    "ZA": _ace.ACCESS_ALLOWED_CALLBACK_OBJECT,
    "ML": _ace.SYSTEM_MANDATORY_LABEL,
    "RA": _ace.SYSTEM_RESOURCE_ATTRIBUTE,
    "SP": _ace.SYSTEM_SCOPED_POLICY_ID,
    "TL": _ace.SYSTEM_PROCESS_TRUST_LABEL,
    "FL": _ace.SYSTEM_ACCESS_FILTER,
}
_TYPE_LETTERS = {value: letters for letters, value in _TYPES.items()}
_FLAGS = {
    "OI": _ace.OBJECT_INHERIT,
    "CI": _ace.CONTAINER_INHERIT,
    "NP": _ace.NO_PROPAGATE,
    "IO": _ace.INHERIT_ONLY,
    "ID": _ace.INHERITED,
    "CR": 0x20,
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
_LABEL_RIGHTS = {"NW": 0x1, "NR": 0x2, "NX": 0x4}
# Masks that Windows writes as letters for a file. Other masks are easier to read in hexadecimal.
_WHOLE_RIGHTS = {_RIGHTS[letters]: letters for letters in ("GA", "GX", "GW", "GR", "FA", "FR", "FW", "FX")}

_DACL_FLAGS = (("P", SE_DACL_PROTECTED), ("AR", SE_DACL_AUTO_INHERIT_REQ), ("AI", SE_DACL_AUTO_INHERITED))
_SACL_FLAGS = (("P", SE_SACL_PROTECTED), ("AR", SE_SACL_AUTO_INHERIT_REQ), ("AI", SE_SACL_AUTO_INHERITED))
_NULL = "NO_ACCESS_CONTROL"

_PART = re.compile(r"\s*([OGDS])\s*:", re.ASCII)
# A D before a colon starts the next part; it is not a digit of a hexadecimal number.
_SID = re.compile(
    r"\s*(S-1-(?:0x[0-9A-F]{1,12}|[0-9]{1,15})(?:-(?:0x[0-9A-F]{1,8}|[0-9]{1,10})){0,15}|[A-Z]{2})\s*(?=[OGDS]\s*:|$)",
    re.ASCII | re.IGNORECASE,
)
_ACL_FLAG = re.compile(rf"\s*(P|AR|AI|{_NULL})", re.ASCII | re.IGNORECASE)
_NOT_BLANK = re.compile(r"\S", re.ASCII)
_NUMBER = re.compile(r"0x[0-9a-f]{1,18}|[0-9]{1,12}", re.ASCII | re.IGNORECASE)
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)


@lru_cache(maxsize=64)  # one result contains a descriptor several times, and many sites have the same one
def format_sddl(descriptor: SecurityDescriptor) -> str:
    """Return SDDL. An absent DACL is left out, a NULL DACL is `D:NO_ACCESS_CONTROL`, an empty DACL is `D:`."""
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


def parse_sddl(text: str, *, domain: Sid | None = None, forest_root: Sid | None = None) -> SecurityDescriptor:
    """Read SDDL.

    Args:
        text: the SDDL.
        domain: SID of the domain for aliases like DA (Domain Admins).
        forest_root: SID of the forest's root domain, for EA, SA, RO and EK. The default is `domain`.

    Raises:
        SecurityDescriptorError: the text is malformed or too long, or it contains an alias whose domain is not given.
    """
    if len(text) > MAX_SDDL:
        raise SecurityDescriptorError(f"SDDL of {len(text)} characters is too long")
    return _Reader(text, domain, forest_root).descriptor()


def _format_sid(sid: Sid) -> str:
    return ALIAS_OF.get(sid) or str(sid)


def _format_ace(ace: AnyAce) -> str:
    flags = "".join(word for word, bit in _FLAGS.items() if ace.flags & bit)
    letters = _TYPE_LETTERS.get(ace.ace_type)
    if letters is None or isinstance(ace, OpaqueAce | CompoundAce) or (isinstance(ace, ObjectAce) and ace.other_flags):
        return f"(0x{ace.ace_type:x};{flags};;;;;#{ace.to_bytes()[4:].hex()})"
    kinds = [ace.object_type, ace.inherited_object_type] if isinstance(ace, ObjectAce) else [None, None]
    fields = (letters, flags, _format_mask(ace), *(str(kind or "") for kind in kinds), _format_sid(ace.sid))
    return f"({';'.join(fields)}{_format_data(ace)})"


def _format_mask(ace: Ace | ConditionalAce | ResourceAttributeAce | ObjectAce) -> str:
    if ace.ace_type == _ace.SYSTEM_MANDATORY_LABEL and not ace.mask & ~0x7:
        return "".join(word for word, bit in _LABEL_RIGHTS.items() if ace.mask & bit)
    return _WHOLE_RIGHTS.get(ace.mask) or (f"0x{ace.mask:x}" if ace.mask else "")


def _format_data(ace: Ace | ConditionalAce | ResourceAttributeAce | ObjectAce) -> str:
    """Return the seventh field: a condition, a resource attribute, or other bytes in hexadecimal."""
    if not ace.data:
        return ""
    try:
        if isinstance(ace, ResourceAttributeAce):
            return f";{format_resource_attribute(ResourceAttribute.from_bytes(ace.data))}"
        if not isinstance(ace, Ace):
            return f";{format_condition(parse_condition(ace.data))}"
    except SecurityDescriptorError:
        pass
    return f";#{ace.data.hex()}"


@dataclass(slots=True)
class _Reader:
    """Reads a text from left to right. Every step moves forward or raises an error, so time is linear."""

    text: str
    domain: Sid | None
    forest_root: Sid | None
    position: int = 0

    def descriptor(self) -> SecurityDescriptor:
        control = 0
        sids: dict[str, Sid] = {}
        acls: dict[str, Acl | None] = {}
        while self._more():
            match = _PART.match(self.text, self.position)
            if match is None:
                raise self._refuse("expected O:, G:, D: or S:")
            letter = match[1]
            if letter in sids or letter in acls:
                raise self._refuse(f"{letter}: is given twice")
            self.position = match.end()
            if letter in "OG":
                sids[letter] = self._owner()
            else:
                bits, acls[letter] = self._acl(letter)
                control |= bits
        return SecurityDescriptor(control, sids.get("O"), sids.get("G"), acls.get("D"), acls.get("S"))

    def _more(self) -> bool:
        """Skip white space; return whether text remains."""
        found = _NOT_BLANK.search(self.text, self.position)
        self.position = found.start() if found else len(self.text)
        return found is not None

    def _refuse(self, why: str) -> SecurityDescriptorError:
        return SecurityDescriptorError(f"{why} at {self.text[self.position : self.position + 20]!r}")

    def _owner(self) -> Sid:
        match = _SID.match(self.text, self.position)
        if match is None:
            raise self._refuse("expected a SID")
        self.position = match.end()
        return self._sid(match[1].upper())

    def _sid(self, word: str) -> Sid:
        return sid_of(word, self.domain, self.forest_root)

    def _acl(self, letter: str) -> tuple[int, Acl | None]:
        control, flags = (SE_DACL_PRESENT, _DACL_FLAGS) if letter == "D" else (SE_SACL_PRESENT, _SACL_FLAGS)
        words = set()
        while match := _ACL_FLAG.match(self.text, self.position):
            words.add(match[1].upper())
            self.position = match.end()
        null = _NULL in words
        for word, bit in flags:
            control |= bit if word in words else 0
        aces: list[AnyAce] = []
        while self._more() and self.text[self.position] == "(":
            aces.append(self._ace(self._in_parentheses()))
        if null and aces:
            raise SecurityDescriptorError(f"{letter}:{_NULL} cannot have entries")
        revision = ACL_REVISION_DS if any(ace.ace_type in OBJECT_TYPES for ace in aces) else ACL_REVISION
        return control, None if null else Acl(tuple(aces), revision)

    def _in_parentheses(self) -> str:
        """Return the text from here to the matching parenthesis."""
        start, end = self.position + 1, closing_parenthesis(self.text, self.position)
        self.position = end + 1
        return self.text[start:end]

    def _ace(self, text: str) -> AnyAce:
        fields = text.split(";", 6)
        if len(fields) < 6:
            raise SecurityDescriptorError(f"the entry ({text[:80]}) has {len(fields)} fields instead of 6")
        if not all(field.isascii() for field in fields[:6]):  # upper() would make an S of 'ſ'
            raise SecurityDescriptorError(f"the entry ({text[:80]}) contains a character that SDDL does not allow")
        kind, flags_text, mask_text, object_text, inherited_text, sid_text = (field.strip() for field in fields[:6])
        extra = fields[6].strip() if len(fields) == 7 else ""
        flags = _read_words(flags_text, _FLAGS, "flag")
        if kind[:2].lower() == "0x":
            if mask_text or object_text or inherited_text or sid_text:
                raise SecurityDescriptorError(f"the entry ({text[:80]}) has a hexadecimal body and other fields")
            return self._opaque(_read_words(kind, {}, "type"), flags, _read_hex(extra))
        ace_type = _TYPES.get(kind.upper())
        if ace_type is None:
            raise SecurityDescriptorError(f"entries of type {kind!r} are unknown")
        known = _RIGHTS | _LABEL_RIGHTS if ace_type == _ace.SYSTEM_MANDATORY_LABEL else _RIGHTS
        mask = _read_words(mask_text, known, "right")
        sid = self._sid(sid_text.upper())
        object_type, inherited_type = _read_guid(object_text), _read_guid(inherited_text)
        if ace_type in OBJECT_TYPES:
            return ObjectAce(ace_type, flags, mask, sid, object_type, inherited_type, self._condition(extra))
        if object_type or inherited_type:
            raise SecurityDescriptorError(f"the entry ({text[:80]}) has an object type, but its ACE type has none")
        if ace_type == _ace.SYSTEM_RESOURCE_ATTRIBUTE:
            return ResourceAttributeAce(ace_type, flags, mask, sid, self._attribute(extra))
        if ace_type in (
            _ace.ACCESS_ALLOWED_CALLBACK,
            _ace.ACCESS_DENIED_CALLBACK,
            _ace.SYSTEM_AUDIT_CALLBACK,
            _ace.SYSTEM_ACCESS_FILTER,
        ):
            return ConditionalAce(ace_type, flags, mask, sid, self._condition(extra))
        return Ace(ace_type, flags, mask, sid, _read_hex(extra) if extra else b"")

    def _opaque(self, ace_type: int, flags: int, body: bytes) -> AnyAce:
        size = 4 + len(body)
        if ace_type > 0xFF or flags > 0xFF or size > 0xFFFF:
            raise SecurityDescriptorError("the type and flags of an ACE have 8 bits each, its size 16")
        return _ace.ace_from_bytes(bytes((ace_type, flags)) + size.to_bytes(2, "little") + body)

    def _condition(self, text: str) -> bytes:
        if not text:
            return b""
        if text.startswith("#"):
            return _read_hex(text)
        return parse_condition_text(text, self._sid).to_bytes()

    def _attribute(self, text: str) -> bytes:
        if not text:
            return b""
        return _read_hex(text) if text.startswith("#") else parse_resource_attribute_text(text, self._sid).to_bytes()


def _read_words(text: str, known: Mapping[str, int], what: str) -> int:
    """Read a number (decimal, hexadecimal, or octal with a leading 0) or two-letter words."""
    if _NUMBER.fullmatch(text):
        octal = len(text) > 1 and text[0] == "0" and text[1].isdigit()
        try:
            return int(text, 8 if octal else 0)
        except ValueError:
            raise SecurityDescriptorError(f"{text!r} is not an octal number") from None
    value = 0
    words = re.sub(r"\s", "", text.upper())
    for index in range(0, len(words), 2):
        word = words[index : index + 2]
        if word not in known:
            raise SecurityDescriptorError(f"unknown {what} {word!r} in {text[:80]!r}")
        value |= known[word]
    return value


def _read_guid(text: str) -> UUID | None:
    if not text:
        return None
    if not _GUID.fullmatch(text):
        raise SecurityDescriptorError(f"{text[:80]!r} is not an object type, which is a GUID")
    return UUID(text)


def _read_hex(text: str) -> bytes:
    if not re.fullmatch(r"#(?:[0-9a-fA-F]{2})*", text):
        raise SecurityDescriptorError(f"{text[:80]!r} is not a hexadecimal body")
    return bytes.fromhex(text[1:])
