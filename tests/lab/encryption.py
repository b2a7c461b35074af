# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Message encryption over HTTP: ``multipart/encrypted`` ([MS-WSMV] 2.2.9.1), sealed by the connection's context."""

from __future__ import annotations

import re
import struct

import spnego

PROTOCOL = "application/HTTP-SPNEGO-session-encrypted"
BOUNDARY = "Encrypted Boundary"
CONTENT_TYPE = f'multipart/encrypted;protocol="{PROTOCOL}";boundary="{BOUNDARY}"'

_MESSAGE = re.compile(
    rb"--Encrypted Boundary\r\n"
    rb"[\t ]*Content-Type: *application/HTTP-SPNEGO-session-encrypted\r\n"
    rb"[\t ]*OriginalContent: *type=application/soap\+xml;charset=UTF-8;Length=(\d{1,9})\r\n"
    rb"--Encrypted Boundary\r\n"
    rb"[\t ]*Content-Type: *application/octet-stream\r\n"
    rb"(.*)--Encrypted Boundary--(?:\r\n)?",
    re.DOTALL,
)


class BadMessage(ValueError):
    """Not a message that this connection's context unseals."""


def is_encrypted(content_type: str) -> bool:
    """Whether a Content-Type header announces an encrypted message."""
    return content_type.lower().startswith("multipart/encrypted")


def unseal(context: spnego.ContextProxy | None, body: bytes) -> bytes:
    """The SOAP message inside an encrypted body; raises BadMessage."""
    if context is None:
        raise BadMessage("this connection has no security context")
    match = _MESSAGE.fullmatch(body)
    if not match:
        raise BadMessage("not a multipart/encrypted message")
    length, sealed = int(match[1]), match[2]
    if len(sealed) < 4:
        raise BadMessage("no signature")
    (signature_length,) = struct.unpack_from("<i", sealed)
    if not 0 < signature_length <= len(sealed) - 4:
        raise BadMessage("the signature is longer than the message")
    signature, data = sealed[4 : 4 + signature_length], sealed[4 + signature_length :]
    try:
        message = context.unwrap_winrm(signature, data)
    except Exception as error:  # a bad seal surfaces as several types of the library
        raise BadMessage(f"the seal does not hold: {error}") from None
    if len(message) != length:
        raise BadMessage(f"{len(message)} bytes where {length} were announced")
    return message


def seal(context: spnego.ContextProxy, message: bytes) -> bytes:
    """The encrypted body that holds a SOAP message."""
    wrapped = context.wrap_winrm(message)
    head = (
        f"--{BOUNDARY}\r\n"
        f"\tContent-Type: {PROTOCOL}\r\n"
        f"\tOriginalContent: type=application/soap+xml;charset=UTF-8;Length={len(message) + wrapped.padding_length}\r\n"
        f"--{BOUNDARY}\r\n"
        "\tContent-Type: application/octet-stream\r\n"
    )
    length = struct.pack("<i", len(wrapped.header))
    return head.encode() + length + wrapped.header + wrapped.data + f"--{BOUNDARY}--\r\n".encode()
