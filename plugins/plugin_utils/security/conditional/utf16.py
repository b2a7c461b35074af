# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""UTF-16 as conditions and resource attributes hold it: least significant byte first, any code unit except NUL."""

from __future__ import annotations

from ..errors import SecurityDescriptorError


def encode_utf16(text: str) -> bytes:
    """Encode text. A surrogate without a partner, which Windows allows, is kept."""
    return text.encode("utf-16-le", "surrogatepass")


def decode_utf16(data: bytes) -> str:
    """Decode what `encode_utf16` returns.

    Raises:
        SecurityDescriptorError: the number of bytes is odd, or the text contains a NUL.
    """
    if len(data) % 2:
        raise SecurityDescriptorError("UTF-16 text has an odd number of bytes")
    text = data.decode("utf-16-le", "surrogatepass")
    if "\0" in text:
        raise SecurityDescriptorError("UTF-16 text contains a NUL")
    return text
