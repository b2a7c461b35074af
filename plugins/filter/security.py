# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters that make security descriptors and SIDs readable; each is documented in the file of its name."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.hierarchy import quoted
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import (
    SecurityDescriptorError,
    Sid,
    describe_dacl,
    name_of,
    parse_sddl,
    well_known_sid,
)

_HEX = re.compile("(0x)?((?:[0-9a-f]{2})+)", re.IGNORECASE | re.ASCII)

# A SID is at most 68 bytes ([MS-DTYP] 2.4.2.2), and names are shorter than this too.
_MAX_LENGTH = 1024

_KINDS = ("directory", "share")
_FORMS: dict[str, Callable[[Sid], str]] = {
    "string": str,
    "base64": lambda sid: base64.b64encode(sid.to_bytes()).decode(),
    "hex": lambda sid: sid.to_bytes().hex(),
    "name": lambda sid: name_of(sid, {}),
}


def sddl_describe(
    sddl: object, kind: str = "directory", names: Mapping[str, str] | None = None, domain_sid: str | None = None
) -> dict[str, Any]:
    """Return the owner, the group and the DACL in words."""
    if not isinstance(sddl, str):
        raise AnsibleFilterError("sddl_describe takes text, a security descriptor in SDDL")
    if kind not in _KINDS:
        raise AnsibleFilterError(f"kind is one of {', '.join(_KINDS)}, not {quoted(kind)}")
    if names is not None and not isinstance(names, Mapping):
        raise AnsibleFilterError("names must be a dictionary of names by SIDs")
    try:
        descriptor = parse_sddl(sddl, domain=Sid.parse(str(domain_sid)) if domain_sid else None)
        known = {Sid.parse(str(sid)): str(name) for sid, name in (names or {}).items()}
    except SecurityDescriptorError as error:
        raise AnsibleFilterError(f"sddl_describe: {error}") from None
    return {
        "owner": name_of(descriptor.owner, known) if descriptor.owner else None,
        "group": name_of(descriptor.group, known) if descriptor.group else None,
        "dacl": describe_dacl(descriptor, known, share=kind == "share"),
    }


def sid(value: object, form: str = "string") -> str:
    """Return the SID that the value stands for, in another form."""
    if not isinstance(value, str) or not value.strip() or len(value) > _MAX_LENGTH:
        raise AnsibleFilterError("sid takes text: a SID as a string, in hexadecimal or in base64, or a well-known name")
    if form not in _FORMS:
        raise AnsibleFilterError(f"form is one of {', '.join(_FORMS)}, not {quoted(form)}")
    try:
        return _FORMS[form](_read(value.strip()))
    except SecurityDescriptorError as error:
        raise AnsibleFilterError(f"sid: {error}") from None


def _read(text: str) -> Sid:
    if text[:2].upper() == "S-":
        return Sid.parse(text)
    if (known := well_known_sid(text)) is not None:
        return known
    # A binary SID starts with the byte 1: 01 in hexadecimal, AQ in base64. So no text is both.
    if (match := _HEX.fullmatch(text)) and match[2].startswith("01"):
        return _whole(bytes.fromhex(match[2]))
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise SecurityDescriptorError(
            f"{quoted(text)} is no SID, neither as a string nor in hexadecimal or base64, and no well-known name; the "
            "SID of any other account must be looked up on a server of its domain"
        ) from None
    return _whole(data)


def _whole(data: bytes) -> Sid:
    found = Sid.from_bytes(data)
    if found.size != len(data):
        raise SecurityDescriptorError(f"the SID {found} takes {found.size} bytes, here are {len(data)}")
    return found


class FilterModule:
    """The filters by the names that playbooks use."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters of this file."""
        return {"sddl_describe": sddl_describe, "sid": sid}
