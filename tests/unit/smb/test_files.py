# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Listings and files that never end."""

from __future__ import annotations

import struct
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from impacket.smb3structs import SMB2_QUERY_DIRECTORY, SMB2_READ, SMB2QueryDirectory_Response, SMB2Read_Response

from ansible_collections.sitekeeper.sms.plugins.module_utils.sender_probe import STEPS, ProbeRequest, probe
from ansible_collections.sitekeeper.sms.plugins.module_utils.smb_errors import SmbError
from ansible_collections.sitekeeper.sms.plugins.module_utils.smb_session import open_session
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.smb import file_client, files
from tests.unit.smb.scripted import PASSWORD, USER, Command, scripted


def page(name: str) -> bytes:
    """FileDirectoryInformation of one file ([MS-FSCC] 2.4.10)."""
    encoded = name.encode("utf-16-le")
    return struct.pack("<LLQQQQQQLL", 0, 0, 0, 0, 0, 0, 0, 0, 0x80, len(encoded)) + encoded


def listing(pages: Callable[[], bytes]) -> Command:
    def answer(_connection: Any, _server: Any, _request: Any) -> tuple[list[Any], None, int]:
        made = SMB2QueryDirectory_Response()
        made["OutputBufferOffset"] = 0x48
        made["Buffer"] = pages()
        made["OutputBufferLength"] = len(made["Buffer"])
        return [made], None, 0

    return answer


@pytest.mark.parametrize("length", [1, 3])
def test_a_listing_that_repeats_itself_ends(length: int, tmp_path: Path) -> None:
    numbers = count()
    commands = {SMB2_QUERY_DIRECTORY: listing(lambda: page(f"W_{next(numbers) % length}.TMP"))}
    with scripted({}, directory=tmp_path, commands=commands) as settings, open_session(settings) as session:
        seen = file_client(session).entries("SMS_SITE", "")
        assert [next(seen).name for _unused in range(length)] == [f"W_{number}.TMP" for number in range(length)]
        with pytest.raises(SmbError, match="repeats itself") as caught:
            next(seen)
    assert caught.value.kind == "garbled"


def test_a_listing_that_goes_on_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_PAGES", 10)
    numbers = count()
    commands = {SMB2_QUERY_DIRECTORY: listing(lambda: page(f"W_{next(numbers)}.TMP"))}
    with scripted({}, directory=tmp_path, commands=commands) as settings, open_session(settings) as session:
        with pytest.raises(SmbError, match="has more than 10 pages") as caught:
            list(file_client(session).entries("SMS_SITE", ""))
        assert caught.value.kind == "garbled"


def test_a_file_without_end_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_FILE", 1_000_000)
    (tmp_path / "despool.log").write_bytes(b"a line")

    def more(_connection: Any, _server: Any, _request: Any) -> tuple[list[Any], None, int]:
        made = SMB2Read_Response()
        made["DataOffset"] = 0x50
        made["Buffer"] = bytes(60_000)
        made["DataLength"] = len(made["Buffer"])
        return [made], None, 0

    read: list[bytes] = []
    with scripted({}, directory=tmp_path, commands={SMB2_READ: more}) as settings, open_session(settings) as session:
        content = file_client(session).content("SMS_SITE", "despool.log")
        with pytest.raises(SmbError, match="has more than 1000000 bytes"):
            read.extend(content)
    assert sum(map(len, read)) == 960_000


def test_a_probe_does_not_list_for_ever(tmp_path: Path) -> None:
    commands = {SMB2_QUERY_DIRECTORY: listing(lambda: page("sitekeeper-probe.tmp") + bytes(60_000))}
    with scripted({}, directory=tmp_path, commands=commands) as settings:
        arguments = {
            "server": settings.address,
            "port": settings.port,
            "share": "SMS_SITE",
            "account": USER,
            "password": PASSWORD,
            "auth": "ntlm",
            "domains": {},
            "dialect": "auto",
            "signing": "required",
            "encryption": False,
            "timeout": settings.timeout,
            "required_steps": list(STEPS),
        }
        outcome = probe(ProbeRequest.from_arguments(arguments, reading_only=True))
    (failed,) = [step for step in outcome.steps if step.ok is False]
    assert failed.step == "list"
    assert failed.detail.startswith(("the answer is longer than", "no whole answer within"))
