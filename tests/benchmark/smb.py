# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SMB: what a check costs, and how fast a directory's children are brought in line, beside Samba's own smbcacls."""

from __future__ import annotations

import base64
import os
import platform
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from typing import Any

from ansible_collections.sitekeeper.sms.plugins.module_utils.smb_settings import SmbSettings
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.enforcement import SenderRequest, enforce_sender_access
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.hierarchy.products import PRODUCTS
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.smb.smb import SmbSiteServer
from tests.lab.samba import missing
from tests.lab.testing import RunningHost, default_hierarchy, running_lab

FILES = 10_000
FILES_SMB1 = 1_000
RECEIVE = "D:\\SMS\\Site.srv\\Despoolr.box\\Receive"
SENDERS = ("CORP\\smssend", "CORP\\smssvc")
WAYS: dict[str, dict[str, Any]] = {
    "SMB 3, 1 connection": {"connections": 1},
    "SMB 3, 4 connections": {"connections": 4},
    "SMB 3 encrypted, 4 connections": {"connections": 4, "encryption": True},
}
SMB1 = {"connections": 4, "dialect": "nt1"}


def measure() -> dict[str, Any]:
    """Measure, print the table, and return the results: files a second, requests and bytes; empty without Samba."""
    if missing():
        print(f"smb: left out: {missing()}")
        return {}
    result: dict[str, Any] = {"python": platform.python_version()}
    with running_lab(default_hierarchy(2), backend="samba") as lab:
        host, old = lab["C01"], lab["P01"]
        assert host.smb is not None
        assert old.smb is not None
        host.smb.make_files(RECEIVE, FILES)
        old.smb.make_files(RECEIVE, FILES_SMB1)
        held = host.controls.file_descriptor(RECEIVE)["base64"]
        print(f"{'':34}{'first, files/s':>15}{'again, files/s':>15}{'a check: requests':>19}{'bytes':>8}{'ms':>7}")
        for name, way in WAYS.items():
            result[name] = _shown(name, _measure(host, way))
            _write(host, base64.b64decode(held))
        seconds = _smbcacls(host)
        result["smbcacls --propagate-inheritance"] = {"files": FILES, "first": FILES / seconds}
        print(f"{'smbcacls --propagate-inheritance':34}{FILES / seconds:15,.0f}")
        _clear(old)
        result["SMB 1, 4 connections"] = _shown("SMB 1, 4 connections", _measure(old, SMB1))
    return result


def _shown(name: str, figures: dict[str, Any]) -> dict[str, Any]:
    print("{:34}{first:15,.0f}{again:15,.0f}{requests:19}{bytes:8,}{ms:7.0f}".format(name, **figures))
    return figures


def _clear(host: RunningHost) -> None:
    """Take the senders' entries out: this host has them in the default hierarchy."""
    host.controls.set_file_descriptor(RECEIVE, {"entries": []})


def _measure(host: RunningHost, way: dict[str, Any]) -> dict[str, Any]:
    """The first propagation, one that finds all of it in line, and a check of what is in its desired state."""

    def enforce(server: SmbSiteServer) -> Any:
        return enforce_sender_access(server, SenderRequest(PRODUCTS["sms_1_2"], SENDERS)).propagated

    def again(server: SmbSiteServer) -> Any:
        path = host.path(RECEIVE)
        return server.set_path_descriptor(path, server.path_descriptor(path).descriptor)

    first, seconds, _traffic = _timed(host, way, enforce)
    second, seconds_again, _traffic = _timed(host, way, again)
    _nothing, checked, traffic = _timed(host, way, enforce)
    return {
        "files": first.examined,
        "first": first.examined / seconds,
        "updated": first.updated,
        "again": second.examined / seconds_again,
        "requests": traffic.requests,
        "bytes": traffic.sent + traffic.received,
        "ms": checked * 1000,
    }


def _timed(host: RunningHost, way: dict[str, Any], act: Callable[[SmbSiteServer], Any]) -> tuple[Any, float, Any]:
    options = {name: value for name, value in way.items() if name != "connections"}
    settings = SmbSettings("C01", host.address, domain="CORP", user="ansible", password=host.password, **options)
    with closing(SmbSiteServer(settings, connections=way["connections"])) as server:
        start = time.perf_counter()
        outcome = act(server)
        return outcome, time.perf_counter() - start, server.traffic


def _write(host: RunningHost, descriptor: bytes) -> None:
    """Put the directory and its children back."""
    host.controls.set_file_descriptor(RECEIVE, {"base64": base64.b64encode(descriptor).decode()})
    entries = host.controls.file_descriptor(RECEIVE)["entries"]
    explicit = [entry for entry in entries if not entry["flags"] & 0x10]
    wanted = [{"principal": e["sid"], "mask": e["mask"], "flags": e["flags"], "type": e["type"]} for e in explicit]
    host.controls.set_file_descriptor(RECEIVE, {"entries": wanted})


def _smbcacls(host: RunningHost) -> float:
    """Seconds that Samba's own tool takes for one of the two entries."""
    command = ["smbcacls", f"//{host.address}/SMS_SITE", "", "-U", host.user.replace("\\", "/")]
    entry = "ACL:CORP\\smssend:ALLOWED/OI|CI/0x12019f"
    start = time.perf_counter()
    subprocess.run(
        [*command, "--propagate-inheritance", "--add", entry],
        env={**os.environ, "PASSWD": host.password},
        check=True,
        stdout=subprocess.DEVNULL,
    )
    seconds = time.perf_counter() - start
    names = [entry["name"] for entry in host.controls.file_descriptor(f"{RECEIVE}\\W_M02000.1S1")["entries"]]
    assert "CORP\\smssend" in names, names
    return seconds
