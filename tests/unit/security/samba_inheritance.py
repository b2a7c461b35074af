# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Samba's own inheritance as a program: one JSON object a line in, one a line out.

Samba's Python bindings leave these functions out, so they are called in the library that the bindings stand on. That
happens in a process of its own, because a wrong pointer would take the tests along. Descriptors are hexadecimal, in
self-relative form; Samba reads and writes them itself.
"""

from __future__ import annotations

import ctypes
import json
import sys
import uuid
from pathlib import Path
from typing import Any

_P = ctypes.c_void_p


def library() -> Path | None:
    """The library of Debian's samba-libs, which python3-samba depends on; None if it is not installed."""
    found = sorted(Path("/usr/lib").glob("*/samba/libsamba-security-samba4.so.0"))
    return found[0] if found else None


class _Samba:
    def __init__(self, path: Path) -> None:
        self.lib = ctypes.CDLL(str(path))
        talloc = ctypes.CDLL("libtalloc.so.2")
        self.new_context = talloc.talloc_named_const
        self.new_context.restype, self.new_context.argtypes = _P, [_P, ctypes.c_size_t, ctypes.c_char_p]
        self.free = talloc._talloc_free
        self.free.argtypes = [_P, ctypes.c_char_p]
        self.lib.unmarshall_sec_desc.argtypes = [_P, ctypes.c_char_p, ctypes.c_size_t, ctypes.POINTER(_P)]
        self.lib.marshall_sec_desc.argtypes = [
            _P,
            _P,
            ctypes.POINTER(ctypes.POINTER(ctypes.c_uint8)),
            ctypes.POINTER(ctypes.c_size_t),
        ]
        self.lib.dom_sid_parse_talloc.restype, self.lib.dom_sid_parse_talloc.argtypes = _P, [_P, ctypes.c_char_p]
        self.lib.create_security_descriptor.restype = _P
        self.lib.create_security_descriptor.argtypes = [
            *(_P, _P, _P, ctypes.c_bool, ctypes.c_char_p, ctypes.c_uint32),
            *(_P, _P, _P, _P),
        ]
        self.lib.se_create_child_secdesc.argtypes = [
            *(_P, ctypes.POINTER(_P), ctypes.POINTER(ctypes.c_size_t)),
            *(_P, _P, _P, ctypes.c_bool),
        ]

    def answer(self, asked: dict[str, Any]) -> str:
        context = self.new_context(None, 0, b"inheritance")
        try:
            return self._child(context, asked).hex()
        finally:
            self.free(context, b"inheritance")

    def _child(self, context: int, asked: dict[str, Any]) -> bytes:
        parent, creator = (self._read(context, asked.get(name)) for name in ("parent", "creator"))
        owner, group = (self.lib.dom_sid_parse_talloc(context, asked[name].encode()) for name in ("owner", "group"))
        if asked["function"] == "create_security_descriptor":  # libcli/security/create_descriptor.c
            kinds = b"".join(uuid.UUID(kind).bytes_le for kind in asked["object_types"]) + bytes(16)
            flags = asked["flags"]
            child = self.lib.create_security_descriptor(
                context, parent, creator, asked["is_folder"], kinds, flags, None, owner, group, None
            )
        else:  # libcli/security/secdesc.c
            made, size = _P(), ctypes.c_size_t()
            status = self.lib.se_create_child_secdesc(
                context, ctypes.byref(made), ctypes.byref(size), parent, owner, group, asked["is_folder"]
            )
            child = None if status else made.value
        if not child:
            raise RuntimeError(f"Samba makes no descriptor of {asked}")
        return self._write(context, child)

    def _read(self, context: int, text: str | None) -> int | None:
        if text is None:
            return None
        data, found = bytes.fromhex(text), _P()
        if self.lib.unmarshall_sec_desc(context, data, len(data), ctypes.byref(found)):
            raise RuntimeError(f"Samba does not read {text}")
        return found.value

    def _write(self, context: int, descriptor: int) -> bytes:
        data, size = ctypes.POINTER(ctypes.c_uint8)(), ctypes.c_size_t()
        if self.lib.marshall_sec_desc(context, descriptor, ctypes.byref(data), ctypes.byref(size)):
            raise RuntimeError("Samba does not write the descriptor that it made")
        return ctypes.string_at(data, size.value)


def main() -> None:
    """Answer until standard input ends."""
    path = library()
    if path is None:
        sys.exit("Samba's library is not installed")
    samba = _Samba(path)
    for line in sys.stdin:
        sys.stdout.write(json.dumps({"child": samba.answer(json.loads(line))}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
