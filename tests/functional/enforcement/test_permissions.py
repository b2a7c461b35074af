# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an account can do afterwards, decided by a real smbd: a deny entry takes away what it names, and no more."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.sitekeeper.sms.plugins.module_utils.smb_settings import SmbSettings
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.enforcement import (
    DesiredState,
    Refused,
    set_path_permissions,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.enforcement.arguments import desired_path
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.smb.smb import SmbSiteServer
from tests.lab.samba import missing
from tests.lab.testing import RunningHost, default_hierarchy, running_lab
from tests.waiting import PATIENCE

LACKING = missing() or ("" if shutil.which("smbclient") else "smbclient is missing")
pytestmark = pytest.mark.skipif(
    bool(LACKING), reason=f"{LACKING}; as root on Debian, `make test` installs what it needs"
)
SENDER = r"CORP\smssend"
RECEIVE = r"D:\SMS\Site.srv\Despoolr.box\Receive"
PACKAGE = rf"{RECEIVE}\P.PKG"
FULL = 0x1F01FF
DENIED = "NT_STATUS_ACCESS_DENIED"


@pytest.fixture(scope="module")
def lab() -> Iterator[RunningHost]:
    with running_lab(default_hierarchy(2), backend="samba") as running:
        yield running["P01"]


@pytest.fixture
def host(lab: RunningHost) -> Iterator[RunningHost]:
    """A host whose Sender account has full control of the folder, and of a package in it."""
    before = lab.controls.file_descriptor(RECEIVE)["base64"]
    plant(lab, [])
    assert lab.smb is not None
    lab.smb.write_file(PACKAGE, b"a package")
    yield lab
    if lab.smb.disk_path(PACKAGE).exists():
        lab.controls.remove_path(PACKAGE)
    lab.controls.set_file_descriptor(RECEIVE, {"base64": before})


@pytest.fixture
def server(lab: RunningHost) -> Iterator[SmbSiteServer]:
    settings = SmbSettings("p01", lab.address, domain="CORP", user="ansible", password=lab.password)
    with closing(SmbSiteServer(settings)) as found:
        yield found


def plant(host: RunningHost, denied: list[tuple[str, int]]) -> None:
    """Set the folder's entries behind the collection's back."""
    allowed = [("S-1-5-18", FULL), ("S-1-5-32-544", FULL), (SENDER, FULL)]
    entries = [{"principal": who, "mask": mask, "type": "deny", "flags": "OI CI"} for who, mask in denied]
    entries += [{"principal": who, "mask": mask, "flags": "OI CI"} for who, mask in allowed]
    host.controls.set_file_descriptor(RECEIVE, {"entries": entries, "protected": True})


def deny(*rights: str, principal: str = SENDER, state: str = "present") -> Any:
    def desired(is_directory: bool) -> DesiredState:
        arguments = {
            "path": RECEIVE,
            "entries": [{"principal": principal, "rights": rights, "type": "deny"}],
            "state": state,
            "inheritance": "unchanged",
            "remove_blocking_denies": False,
            "allow_lockout": False,
            "narrow_null_dacl": False,
        }
        return desired_path("p01", arguments, is_directory=is_directory)

    return desired


def as_sender(host: RunningHost, commands: str) -> str:
    """Run commands of smbclient as the Sender account; the first NT status it printed, empty if all went well."""
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "PASSWD": host.credentials[SENDER].password}
    command = ["smbclient", "-s", os.devnull, "-U", SENDER.replace("\\", "/"), f"//{host.address}/SMS_SITE"]
    done = subprocess.run(
        [*command, "-c", commands], env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    found = re.search(r"NT_STATUS_\w+", done.stdout + done.stderr)
    return found.group() if found else ""


def denied_masks(host: RunningHost) -> list[int]:
    found = host.controls.file_descriptor(RECEIVE)
    return [entry["mask"] for entry in found["entries"] if entry["type"] == "deny"]


def test_an_account_that_must_not_delete_still_reads_and_writes(
    server: SmbSiteServer, host: RunningHost, tmp_path: Path
) -> None:
    new = tmp_path / "new"
    new.write_bytes(b"another")
    outcome = set_path_permissions(server, host.path(RECEIVE), deny("delete", "delete_subfolders_and_files"))
    assert outcome.changed
    assert denied_masks(host) == [0x10040]
    assert as_sender(host, f"get P.PKG {tmp_path}/read") == ""
    assert (tmp_path / "read").read_bytes() == b"a package"
    assert as_sender(host, f"put {new} P.PKG") == ""
    assert as_sender(host, "del P.PKG") == DENIED
    assert not set_path_permissions(server, host.path(RECEIVE), deny("delete", "delete_subfolders_and_files")).changed


def test_a_deny_entry_as_windows_writes_it_is_in_desired_state(
    server: SmbSiteServer, host: RunningHost, tmp_path: Path
) -> None:
    plant(host, [(SENDER, 0x10040)])
    assert as_sender(host, f"get P.PKG {tmp_path}/read") == ""
    assert not set_path_permissions(server, host.path(RECEIVE), deny("delete")).changed
    assert set_path_permissions(server, host.path(RECEIVE), deny("delete", state="absent")).changed
    assert denied_masks(host) == [0x40]
    # FILE_DELETE_CHILD is denied, and DELETE is not: one of the two is enough ([MS-FSA] 2.1.5.1.2.1).
    assert as_sender(host, "del P.PKG") == ""


def test_with_synchronize_in_it_a_deny_entry_takes_reading_too(host: RunningHost, tmp_path: Path) -> None:
    plant(host, [(SENDER, 0x110000)])
    assert as_sender(host, f"get P.PKG {tmp_path}/read") == DENIED


def test_deleting_takes_delete_or_the_folders_delete_child(server: SmbSiteServer, host: RunningHost) -> None:
    assert set_path_permissions(server, host.path(RECEIVE), deny("delete", principal="Everyone")).changed
    assert denied_masks(host) == [0x10000]
    assert as_sender(host, "del P.PKG") == ""


def test_what_would_lock_everyone_out_is_not_written(server: SmbSiteServer, host: RunningHost, tmp_path: Path) -> None:
    held = host.controls.file_descriptor(RECEIVE)
    for rights in (("0x110000",), ("synchronize",), ("delete", "delete_subfolders_and_files")):
        with pytest.raises(Refused, match=r"would lose .*allow_lockout: true"):
            set_path_permissions(server, host.path(RECEIVE), deny(*rights, principal="Everyone"))
    assert host.controls.file_descriptor(RECEIVE) == held
    assert as_sender(host, f"get P.PKG {tmp_path}/read; del P.PKG") == ""
