# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The adapter over SMB, as far as it needs no server."""

from __future__ import annotations

import struct

import pytest

from ansible_collections.sitekeeper.sms.plugins.module_utils.smb_errors import SmbError
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server import (
    local_path,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.smb.smb import _ways
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.smb import ShareInfo
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.smb.files import _check_size, _entries


def share(name: str, path: str, kind: int = 0) -> ShareInfo:
    return ShareInfo(name, path, kind, "", 0xFFFFFFFF)


SPECIAL = 0x80000000


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("D:\\SMS\\Site.srv", [("D$", "SMS\\Site.srv"), ("Hidden$", "Site.srv"), ("SMS", "Site.srv")]),
        ("D:\\", [("D$", "")]),
        ("d:\\sms", [("D$", "sms"), ("Hidden$", ""), ("SMS", "")]),
        ("D:\\SMSX", [("D$", "SMSX")]),
        ("C:\\Windows\\Temp", [("C$", "Windows\\Temp"), ("ADMIN$", "Temp")]),
        ("E:\\", []),
    ],
)
def test_a_path_is_reached_by_administrative_shares_first(path: str, expected: list[tuple[str, str]]) -> None:
    shares = (
        share("SMS", "D:\\SMS"),
        share("Hidden$", "D:\\SMS\\"),
        share("ADMIN$", "C:\\Windows", SPECIAL),
        share("D$", "D:\\", SPECIAL),
        share("C$", "C:\\", SPECIAL),
        share("IPC$", "", SPECIAL | 3),
        share("print", "D:\\SMS,LocalsplOnly", 1),
    )
    assert [way[-2:] for way in sorted(_ways(local_path(path), shares))] == expected


def entry(name: bytes, following: int = 0) -> bytes:
    return struct.pack("<LLQQQQQQLL", following, 0, 0, 0, 0, 0, 0, 0, 0x80, len(name)) + name


@pytest.mark.parametrize(
    "page",
    [
        b"",
        entry("a".encode("utf-16-le"))[:-1],
        entry(b"\0"),
        entry("..\\x".encode("utf-16-le")),
        entry("a/b".encode("utf-16-le")),
        entry("a\0".encode("utf-16-le")),
        entry(b""),
        entry(b"\x00\xd8"),
        entry("x".encode("utf-16-le") * 256),
        entry("a".encode("utf-16-le"), 1),
        entry("a".encode("utf-16-le"), 0xFFFFFFF0),
    ],
)
def test_a_listing_that_makes_no_sense_is_no_listing(page: bytes) -> None:
    with pytest.raises(SmbError) as caught:
        list(_entries(page, "D"))
    assert caught.value.kind == "garbled"


def test_a_listing_is_read() -> None:
    first, second = entry("..".encode("utf-16-le")), entry("Ä☃.1S1".encode("utf-16-le"))
    first = struct.pack("<L", 72) + first[4:] + bytes(72 - len(first))
    assert [found.name for found in _entries(first + second, "D")] == ["Ä☃.1S1"]


def test_a_descriptor_that_does_not_fit_is_not_sent() -> None:
    with pytest.raises(SmbError, match="takes 65537 bytes, and 65536 fit") as caught:
        _check_size(bytes(65537), 65536)
    assert "Shorten" in caught.value.advice
