# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One child after the write of a folder: hosts of the lab that bring children in line, and that do not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.enforcement.children import stale_child
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import SecurityDescriptor, parse_sddl
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.wmi.wsman import WsmanSiteServer
from tests.functional.site_server.reaching import lab_wmi, operations
from tests.lab.misbehaviour import Kind, Rule
from tests.lab.testing import RunningHost, RunningLab, running_lab

FOLDER, CHILD, SUBFOLDER = "D:\\SMS", "D:\\SMS\\job.txt", "D:\\SMS\\Inbox"
ADMINISTRATORS = {"principal": "S-1-5-32-544", "access": "full_control", "flags": "OI CI"}
SENDER = "S-1-5-21-1-2-3-1104"
READ, QUERY = "Win32_LogicalFileSecuritySetting.GetSecurityDescriptor", "CIM_LogicalFile.Query"
RELEASE = "CIM_LogicalFile.Release"


def scenario(*files: str, folders: tuple[str, ...] = (), protected: bool = False) -> dict[str, object]:
    return {
        "accounts": [{"name": "smssend"}],
        "hosts": [
            {
                "name": "C01",
                "directories": [
                    {"path": "D:\\"},
                    {"path": FOLDER, "protected": True, "dacl": [ADMINISTRATORS]},
                    *({"path": path, "protected": protected} for path in folders),
                ],
                "files": [{"path": path} for path in files],
            }
        ],
    }


@pytest.fixture(scope="module")
def labs() -> Iterator[dict[str, RunningLab]]:
    """One folder with a file, one with a folder, one with both, one with nothing."""
    with (
        running_lab(scenario(CHILD)) as file,
        running_lab(scenario(folders=(SUBFOLDER,))) as folder,
        running_lab(scenario(CHILD, folders=(SUBFOLDER,))) as both,
        running_lab(scenario()) as nothing,
        running_lab(scenario(folders=(SUBFOLDER,), protected=True)) as protected,
    ):
        yield {"file": file, "folder": folder, "both": both, "nothing": nothing, "protected": protected}


@pytest.fixture
def host(labs: dict[str, RunningLab], request: pytest.FixtureRequest) -> Iterator[RunningHost]:
    found = labs[getattr(request, "param", "file")]["C01"]
    settings = found.controls.host.settings
    paths = [FOLDER, *found.controls.host.backend.children(FOLDER)]
    held = {path: found.controls.file_descriptor(path)["base64"] for path in paths}
    yield found
    found.controls.behave()
    found.controls.host.settings = settings
    for path, descriptor in held.items():
        found.controls.set_file_descriptor(path, {"base64": descriptor})


def write(host: RunningHost, sddl: str, follow: str) -> tuple[str | None, list[str]]:
    """Write the folder where children follow in that way; the warning, and what looking for it costs."""
    host.controls.host.settings = replace(host.controls.host.settings, children_follow=follow)
    with lab_wmi(host) as wmi:
        server = WsmanSiteServer(wmi)
        server.path_descriptor(FOLDER)
        server.set_path_descriptor(FOLDER, parse_sddl(sddl))
        now = server.path_descriptor(FOLDER).descriptor
        before = len(operations(host))
        return stale_child(server, FOLDER, now), operations(host)[before:]


# What is written; SY is SYSTEM.
WANTED = f"D:PAI(A;OICI;FA;;;SY)(A;OICI;0x12019f;;;{SENDER})"


@pytest.mark.parametrize(
    ("host", "costs"),
    [("file", [QUERY, READ]), ("folder", [QUERY, READ]), ("both", [QUERY, RELEASE, READ]), ("nothing", [QUERY])],
    indirect=["host"],
)
@pytest.mark.parametrize("follow", ["always", "asked"])
def test_children_that_follow(host: RunningHost, follow: str, costs: list[str]) -> None:
    assert write(host, WANTED, follow) == (None, costs)


@pytest.mark.parametrize("sddl", [WANTED, WANTED.replace("PAI", "AI")], ids=["protected", "not protected"])
def test_a_server_that_waits_to_be_asked_is_asked(host: RunningHost, sddl: str) -> None:
    assert write(host, sddl, "asked")[0] is None
    assert SENDER in [entry["sid"] for entry in host.controls.file_descriptor(CHILD)["entries"]]


@pytest.mark.parametrize(("host", "child"), [("file", "job.txt"), ("folder", "inbox")], indirect=["host"])
def test_a_child_that_was_left_alone(host: RunningHost, child: str) -> None:
    warning, _costs = write(host, WANTED, "never")
    assert warning is not None
    assert warning.startswith(
        f"C01: folder {FOLDER}: the server did not propagate the new permissions to its files and folders: "
        f'{FOLDER}\\{child} lacks "allow NT AUTHORITY\\SYSTEM  Full control'
    )
    assert f'"allow {SENDER}  Read, Write' in warning
    assert 'still holds "allow BUILTIN\\Administrators  Full control' in warning
    assert warning.count("[inherited]") == 3
    assert warning.endswith(f'run on the server: icacls "{FOLDER}" /inheritance:d')


def test_the_warning_names_accounts_and_is_bounded(host: RunningHost) -> None:
    added = "".join(f"(A;OICI;FR;;;{SENDER}{number})" for number in range(10))
    host.controls.host.settings = replace(host.controls.host.settings, children_follow="never")
    with lab_wmi(host) as wmi:
        server = WsmanSiteServer(wmi)
        parent = parse_sddl(f"D:AI(A;OICI;FA;;;BA)(A;OICI;FA;;;{SENDER}){added}")
        (sender,) = (ace.sid for ace in parent.dacl or () if str(getattr(ace, "sid", "")) == SENDER)
        warning = stale_child(server, FOLDER, parent, {sender: "CORP\\smssend"})
    assert warning is not None
    assert 'lacks "allow CORP\\smssend  Full control' in warning
    assert "and 8 more" in warning
    assert "still holds" not in warning
    assert warning.endswith("/inheritance:e")


@pytest.mark.parametrize("host", ["protected"], indirect=True)
def test_a_child_that_keeps_entries_out_is_in_line(host: RunningHost) -> None:
    assert write(host, WANTED, "never")[0] is None


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (Rule(Kind.FAULT, QUERY, value=0x80041001), "The lab was told to answer with this fault"),
        (Rule(Kind.FAULT, QUERY, value=2150858778), "The lab was told to answer with this fault"),
        (Rule(Kind.TIMED_OUT, QUERY), "within the time specified"),
        (Rule(Kind.GARBAGE, QUERY), "not well-formed"),
        (Rule(Kind.FAULT, READ), "Access is denied"),
        (Rule(Kind.RETURN_VALUE, READ, value=2), "Access is denied"),
    ],
    ids=["fails", "class missing", "slow", "garbage", "denied", "not for this account"],
)
def test_a_look_that_fails_is_a_warning(host: RunningHost, rule: Rule, said: str) -> None:
    host.controls.host.misbehaviour.rules.append(rule)
    with lab_wmi(host) as wmi:
        warning = stale_child(WsmanSiteServer(wmi), FOLDER, parse_sddl(WANTED))
    assert warning is not None
    assert warning.startswith(
        f"C01: folder {FOLDER}: could not check whether its files and folders inherit the new permissions: "
    )
    assert said in warning


def test_a_child_that_goes_while_it_is_looked_at(host: RunningHost) -> None:
    host.controls.host.misbehaviour.rules.append(Rule(Kind.FAULT, READ, value=2150858752))
    with lab_wmi(host) as wmi:
        assert stale_child(WsmanSiteServer(wmi), FOLDER, SecurityDescriptor()) is None
