# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Samba's security descriptors as a program: a question a line in, an answer a line out, both JSON.

It runs in the interpreter that Debian's python3-samba is built for, needs nothing besides, and says first which Samba
it is. A question is the name of a function below and its arguments; an answer is `[what it returned]`, or why Samba
refused. Descriptors travel as the hexadecimal digits of their self-relative form.
"""

from __future__ import annotations

import ctypes
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import samba  # type: ignore[import-not-found]
from samba import NTSTATUSError
from samba.dcerpc import security  # type: ignore[import-not-found]
from samba.ndr import ndr_pack, ndr_unpack  # type: ignore[import-not-found]
from samba.security import access_check  # type: ignore[import-not-found]

NT_STATUS_ACCESS_DENIED = 0xC0000022
# What the bindings raise; the last one exists in later versions.
_REFUSALS = (RuntimeError, TypeError, ValueError, NTSTATUSError, getattr(security, "SDDLValueError", ValueError))


class _GenericMapping(ctypes.Structure):
    """What `struct generic_mapping` of Samba's security.idl holds."""

    _fields_ = [(name, ctypes.c_uint32) for name in ("read", "write", "execute", "all")]


# Samba's own names for the rights of a file that stand behind generic ones.
_FILE_RIGHTS = _GenericMapping(
    security.SEC_RIGHTS_FILE_READ,
    security.SEC_RIGHTS_FILE_WRITE,
    security.SEC_RIGHTS_FILE_EXECUTE,
    security.SEC_RIGHTS_FILE_ALL,
)


def _library() -> ctypes.CDLL:
    """The library that the bindings stand on; they leave out its `se_map_generic`."""
    return ctypes.CDLL(str(next(Path("/usr/lib").glob("*/samba/libsamba-security-*.so.0"))))


_SECURITY = _library()


def map_generic(mask: int) -> int:
    """The mask with the generic rights of a file replaced."""
    value = ctypes.c_uint32(mask)
    _SECURITY.se_map_generic(ctypes.byref(value), ctypes.byref(_FILE_RIGHTS))
    return int(value.value)


def sid(text: str) -> list[str]:
    """Bytes and canonical text of a SID."""
    found = security.dom_sid(text)
    return [ndr_pack(found).hex(), str(found)]


def read(text: str) -> dict[str, Any]:
    """What Samba sees in a descriptor, and how it writes that."""
    found = ndr_unpack(security.descriptor, bytes.fromhex(text), allow_remaining=True)
    return {
        "control": found.type,
        "owner": found.owner_sid and str(found.owner_sid),
        "group": found.group_sid and str(found.group_sid),
        "dacl": _acl(found.dacl),
        "sacl": _acl(found.sacl),
        "bytes": ndr_pack(found).hex(),
    }


def _acl(acl: Any) -> Any:
    return acl and {"revision": acl.revision, "aces": [_ace(ace) for ace in acl.aces]}


def _ace(ace: Any) -> list[Any]:
    object_type = inherited_type = None
    if ace.object is not None:  # only types that have one
        if ace.object.flags & security.SEC_ACE_OBJECT_TYPE_PRESENT:
            object_type = str(ace.object.type)
        if ace.object.flags & security.SEC_ACE_INHERITED_OBJECT_TYPE_PRESENT:
            inherited_type = str(ace.object.inherited_type)
    return [ace.type, ace.flags, ace.access_mask, str(ace.trustee), object_type, inherited_type]


def from_sddl(text: str, domain: str) -> str:
    """The descriptor that a text describes."""
    found: bytes = ndr_pack(security.descriptor.from_sddl(text, security.dom_sid(domain)))
    return found.hex()


def as_sddl(text: str, domain: str) -> str:
    """The text of a descriptor."""
    found: str = ndr_unpack(security.descriptor, bytes.fromhex(text)).as_sddl(security.dom_sid(domain))
    return found


def check(text: str, members: list[str], requests: list[int]) -> list[int | None]:
    """What the access check grants for each of the requested masks, None where it denies.

    Generic rights are mapped first in entries and requests, as Samba's file server does.
    """
    descriptor = ndr_unpack(security.descriptor, bytes.fromhex(text), allow_remaining=True)
    if descriptor.dacl is not None:
        aces = descriptor.dacl.aces
        for ace in aces:
            ace.access_mask = map_generic(ace.access_mask)
        descriptor.dacl.aces = aces
    token = security.token()
    token.sids = [security.dom_sid(member) for member in members]
    token.num_sids = len(members)
    if hasattr(security, "CLAIMS_EVALUATION_ALWAYS"):
        token.evaluate_claims = security.CLAIMS_EVALUATION_ALWAYS
    return [_granted(descriptor, token, map_generic(request)) for request in requests]


def _granted(descriptor: Any, token: Any, request: int) -> int | None:
    try:
        granted: int = access_check(descriptor, token, request)
    except NTSTATUSError as error:
        if error.args[0] != NT_STATUS_ACCESS_DENIED:
            raise
        return None
    return granted


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    function.__name__: function for function in (map_generic, sid, read, from_sddl, as_sddl, check)
}


def main() -> None:
    """Answer until standard input ends."""
    print(json.dumps(samba.version), flush=True)
    for line in sys.stdin:
        name, *arguments = json.loads(line)
        try:
            answer: Any = [_FUNCTIONS[name](*arguments)]
        except _REFUSALS as error:
            answer = f"{type(error).__name__}: {error}"
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
