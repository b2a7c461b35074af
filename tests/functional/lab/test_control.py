# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control API over HTTP, with the lab's own standard-library client and without it; and the command line."""

from __future__ import annotations

import base64
import json
import os
import signal
import stat
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from pypsrp.exceptions import WSManFaultError

from tests.functional.lab.support import connect, get, query
from tests.lab.client import LabClient, LabClientError
from tests.lab.inventory import inventory
from tests.lab.testing import RunningLab, running_lab
from tests.waiting import PATIENCE

CHECKOUT = Path(__file__).resolve().parents[3]
RECEIVE = "D:\\SMS\\Site.srv\\Despoolr.box\\Receive"
EVERYONE = "S-1-1-0"


@pytest.fixture
def client(lab: RunningLab) -> LabClient:
    return LabClient(lab.lab.control.url, lab.lab.control.token)


def masks(descriptor: dict[str, object], sid: str) -> list[object]:
    entries = descriptor["entries"]
    assert isinstance(entries, list)
    return [entry["mask"] for entry in entries if entry["sid"] == sid]


def test_nothing_without_the_token(lab: RunningLab) -> None:
    for token in ("", "wrong", lab.lab.control.token[:-1]):
        with pytest.raises(LabClientError, match="token"):
            LabClient(lab.lab.control.url, token).host_names()
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with pytest.raises(urllib.error.HTTPError) as error:
        opener.open(f"{lab.lab.control.url}/hosts")
    assert error.value.code == 401
    error.value.close()


def test_hosts_are_found_by_either_name(client: LabClient) -> None:
    assert client.host_names() == ["c01.corp.example", "p01.corp.example", "p02.corp.example"]
    for name in ("c01", "C01", "c01.corp.example"):
        assert client.get(name, "share-descriptor", share="sms_site")["entries"]
    with pytest.raises(LabClientError, match="no host X99"):
        client.get("X99", "counters")


def test_share_descriptors(client: LabClient) -> None:
    before = client.get("C01", "share-descriptor", share="SMS_SITE")
    entry = {"principal": "CORP\\smssend", "type": "deny", "access": "change"}
    client.put("C01", "share-descriptor", share="SMS_SITE", entries=[entry, {"principal": EVERYONE, "mask": 1}])
    after = client.get("C01", "share-descriptor", share="SMS_SITE")
    assert [(e["type"], e["name"], e["mask"], e["flags"]) for e in after["entries"]] == [
        ("deny", "CORP\\smssend", 0x1301BF, 0),
        ("allow", "Everyone", 1, 0),
    ]
    client.put("C01", "share-descriptor", share="SMS_SITE", base64=before["base64"])
    assert client.get("C01", "share-descriptor", share="SMS_SITE") == before
    client.put("C01", "share-descriptor", share="SMS_SITE", null_dacl=True)
    null = client.get("C01", "share-descriptor", share="SMS_SITE")
    assert (null["dacl_present"], null["entries"]) == (True, None)
    client.put("C01", "share-descriptor", share="SMS_SITE")
    assert client.get("C01", "share-descriptor", share="SMS_SITE") is None


def test_file_descriptors_and_paths(client: LabClient) -> None:
    client.post("C01", "directories", path=f"{RECEIVE}\\New")
    client.post("C01", "files", path=f"{RECEIVE}\\New\\x.txt")
    entry = {"principal": EVERYONE, "access": "read", "flags": "OI CI"}
    client.put("C01", "file-descriptor", path=RECEIVE, entries=[entry])
    assert masks(client.get("C01", "file-descriptor", path=f"{RECEIVE}\\New\\x.txt"), EVERYONE) == [0x1200A9]
    raw = client.get("C01", "file-descriptor", path=RECEIVE)["base64"]
    client.put("C01", "file-descriptor", path=f"{RECEIVE}\\New", base64=raw)
    assert client.get("C01", "file-descriptor", path=f"{RECEIVE}\\New")["base64"] == raw
    client.put("C01", "file-descriptor", path=f"{RECEIVE}\\New", entries=[], protected=True)
    assert client.get("C01", "file-descriptor", path=f"{RECEIVE}\\New\\x.txt")["entries"] == []
    client.delete("C01", "paths", path=f"{RECEIVE}\\New")
    with pytest.raises(LabClientError, match="New"):
        client.get("C01", "file-descriptor", path=f"{RECEIVE}\\New")


def test_accounts(client: LabClient, lab: RunningLab) -> None:
    added = client.post("C01", "accounts", name="CORP\\latecomer", rid=4242)
    assert added["sid"].endswith("-4242")
    with connect(lab["C01"]) as wsman:
        assert get(wsman, "Win32_UserAccount", Domain="CORP", Name="latecomer")["SID"] == added["sid"]
    client.delete("C01", "accounts", name="CORP\\smssend")
    names = [account["name"] for account in client.get("C01", "accounts")]
    assert "CORP\\smssend" not in names
    assert "CORP\\latecomer" in names
    assert "CORP\\smssend" in [account["name"] for account in client.get("P01", "accounts")]


def test_members_of_a_local_group(client: LabClient, lab: RunningLab) -> None:
    client.post("C01", "accounts", name=".\\Senders", type="group")
    client.put("C01", "members", group=".\\Senders", members=["CORP\\smssend", "CORP\\smssvc"])
    assert client.get("C01", "members", group=".\\Senders") == ["CORP\\smssend", "CORP\\smssvc"]
    with connect(lab["C01"]) as wsman:
        group = 'Win32_Group.Domain="C01",Name="Senders"'
        found = query(wsman, f"SELECT * FROM Win32_GroupUser WHERE GroupComponent='{group}'")
    assert len(found) == 2
    with pytest.raises(LabClientError, match="has no account CORP"):
        client.put("C01", "members", group=".\\Senders", members=["CORP\\nobody"])


def test_states_of_users_and_rights_of_group_policy(client: LabClient, lab: RunningLab) -> None:
    client.post("C01", "accounts", name=".\\courier")
    client.put("C01", "user", name=".\\courier", lockout=True)
    rights = [{"right": "SeNetworkLogonRight", "accounts": ["Administrators"]}]
    client.put("C01", "group-policy", rights=rights)
    wql = "SELECT UserRight FROM RSOP_UserPrivilegeRight"
    with connect(lab["C01"]) as wsman:
        assert get(wsman, "Win32_UserAccount", Domain="C01", Name="courier")["Lockout"] == "true"
        assert len(query(wsman, wql, namespace="rsop/computer")) == 1
    client.put("C01", "group-policy", rights=None)
    with connect(lab["C01"]) as wsman, pytest.raises(WSManFaultError):
        query(wsman, wql, namespace="rsop/computer")
    for path, body in (
        ("user", {"name": ".\\courier", "asleep": True}),
        ("user", {"name": ".\\nobody"}),
        ("group-policy", {"rights": [{"accounts": []}]}),
        ("group-policy", {"rights": [{"right": "SeNetworkLogonRight", "colour": 1}]}),
        ("group-policy", {}),
    ):
        with pytest.raises(LabClientError):
            client.put("C01", path, **body)


def test_a_scenario_may_have_two_domains_and_leave_the_sites_to_others() -> None:
    accounts = [{"name": "smssend"}, {"name": "smssend", "domain": "EAST"}]
    hosts = [{"name": "C01"}, {"name": "E01", "domain": "EAST"}]
    with running_lab({"accounts": accounts, "hosts": hosts}) as lab:
        known = {account["name"]: account["sid"] for account in lab["C01"].controls.accounts()}
        assert {"CORP\\smssend", "EAST\\smssend", "CORP\\C01$", "EAST\\E01$"} <= set(known)
        assert not {"CORP\\E01$", "EAST\\C01$"} & set(known)
        assert known["CORP\\smssend"].rpartition("-")[0] != known["EAST\\smssend"].rpartition("-")[0]
        assert "sms_sites" not in inventory(lab.lab)["sms_sites"]["vars"]


def test_shares(client: LabClient, lab: RunningLab) -> None:
    client.put("C01", "share-path", share="SMS_SITE", path="D:\\SMS")
    with connect(lab["C01"]) as wsman:
        assert get(wsman, "Win32_Share", Name="SMS_SITE")["Path"] == "D:\\SMS"
    client.delete("C01", "shares", share="SMS_SITE")
    with pytest.raises(LabClientError, match="no share"):
        client.get("C01", "share-descriptor", share="SMS_SITE")


def test_counters_misbehaviour_and_ports(client: LabClient, lab: RunningLab) -> None:
    with connect(lab["C01"]) as wsman:
        get(wsman, "Win32_OperatingSystem")
    counters = client.get("C01", "counters")
    assert [e["operation"] for e in counters["exchanges"]] == ["Win32_OperatingSystem.Get"]
    client.delete("C01", "counters")
    assert client.get("C01", "counters")["http_requests"] == 0
    client.post("C01", "misbehaviour", delay_ms=5, rules=[{"kind": "garbage", "times": 1}])
    assert lab["C01"].endpoint.host.misbehaviour.delay_ms == 5
    client.delete("C01", "misbehaviour")
    assert lab["C01"].endpoint.host.misbehaviour.rules == []
    for listening in (False, True):
        assert client.put("C01", "listening", listening=listening) == {"changed": True}


@pytest.mark.parametrize(
    ("what", "body", "words"),
    [
        ("share-descriptor", {}, "share is missing"),
        ("share-descriptor", {"share": "SMS_SITE", "colour": 1}, "no colour"),
        ("share-descriptor", {"share": "SMS_SITE", "base64": "AAAA"}, "cannot be a security descriptor"),
        ("share-descriptor", {"share": "SMS_SITE", "base64": "*"}, "base64"),
        (
            "share-descriptor",
            {"share": "SMS_SITE", "entries": [{"principal": "CORP\\nobody", "access": "read"}]},
            "nobody",
        ),
        (
            "share-descriptor",
            {"share": "SMS_SITE", "entries": [{"principal": EVERYONE, "access": "some"}]},
            "some",
        ),
        ("listening", {"listening": "no"}, "true or false"),
    ],
)
def test_what_makes_no_sense_is_refused(client: LabClient, what: str, body: dict[str, object], words: str) -> None:
    before = client.get("C01", "share-descriptor", share="SMS_SITE")
    with pytest.raises(LabClientError, match=words):
        client.put("C01", what, **body)
    assert client.get("C01", "share-descriptor", share="SMS_SITE") == before


# -- the command line


@pytest.fixture
def started(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """``python -m tests.lab`` with its files in the test's directory, once it says that it is ready."""
    process = start(tmp_path, "--hosts", "4")
    try:
        assert process.stdout
        assert process.stdout.readline().startswith("lab ready: 4 hosts")
        yield process
    finally:
        process.kill()
        process.communicate(timeout=PATIENCE)


def start(build: Path, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.lab", "--build", str(build), *arguments]
    environment = os.environ | {"PYTHONUNBUFFERED": "1"}
    return subprocess.Popen(
        command,
        cwd=CHECKOUT,
        env=environment,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def test_a_lab_ends_with_the_process_that_has_started_it(tmp_path: Path) -> None:
    process = start(tmp_path, "--hosts", "1", "--end-with-stdin", "--ports")
    try:
        # Its standard input is closed after that, as it is when that process has ended, however.
        output, errors = process.communicate("not its end\n", timeout=PATIENCE)
    finally:
        process.kill()
        process.communicate()
    assert (process.returncode, errors) == (0, "")
    assert output.startswith("lab ready: 1 hosts")
    assert not (tmp_path / "endpoints.json").exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_lab_of_its_own(started: subprocess.Popen[str], tmp_path: Path, number: signal.Signals) -> None:
    inventory, endpoints = tmp_path / "inventory.yml", tmp_path / "endpoints.json"
    for file in (inventory, endpoints):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    data = json.loads(endpoints.read_text())
    assert LabClient.from_file(endpoints).host_names() == [host["name"] for host in data["hosts"]]
    group = yaml.safe_load(inventory.read_text())["sms_sites"]
    assert list(group["hosts"]) == [
        "c01.corp.example",
        "p01.corp.example",
        "p02.corp.example",
        "s01.corp.example",
    ]
    assert group["hosts"]["c01.corp.example"]["ansible_password"] == data["hosts"][0]["password"]
    started.send_signal(number)
    output, errors = started.communicate(timeout=PATIENCE)
    assert (started.returncode, errors) == (0, "")
    assert data["hosts"][0]["password"] not in output
    assert sorted(file.name for file in tmp_path.iterdir()) == ["ca.pem"]


def test_a_lab_ends_after_its_time(tmp_path: Path) -> None:
    process = start(tmp_path, "--hosts", "1", "--seconds", "0.5", "--ports")
    output, errors = process.communicate(timeout=PATIENCE)
    assert (process.returncode, errors) == (0, "")
    assert "http://127.0.0.1:" in output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--hosts", "0"], "at least one site"),
        (["--scenario", "nowhere.yml"], "nowhere.yml"),
    ],
)
def test_a_lab_that_cannot_start_says_why(tmp_path: Path, arguments: list[str], words: str) -> None:
    output, errors = start(tmp_path, *arguments).communicate(timeout=PATIENCE)
    assert output == ""
    assert words in errors
    assert "Traceback" not in errors


def test_ansible_reads_the_inventory(started: subprocess.Popen[str], tmp_path: Path) -> None:
    command = [
        str(Path(sys.executable).with_name("ansible-inventory")),
        "-i",
        str(tmp_path / "inventory.yml"),
        "--list",
    ]
    environment = os.environ | {
        "ANSIBLE_LOCAL_TEMP": str(tmp_path / "ansible"),
        "ANSIBLE_HOME": str(tmp_path / "home"),
    }
    done = subprocess.run(command, env=environment, text=True, capture_output=True, timeout=PATIENCE, check=True)
    found = json.loads(done.stdout)
    assert started.poll() is None
    assert len(found["sms_sites"]["hosts"]) == 4
    variables = found["_meta"]["hostvars"]["p01.corp.example"]
    assert variables["ansible_connection"] == "winrm"
    assert [site["code"] for site in variables["sms_sites"]] == ["C01", "P01", "P02", "S01"]


def test_base64_is_what_the_descriptor_is_made_of(client: LabClient) -> None:
    data = base64.b64decode(client.get("C01", "file-descriptor", path=RECEIVE)["base64"])
    assert data[0] == 1
    assert int.from_bytes(data[2:4], "little") == client.get("C01", "file-descriptor", path=RECEIVE)["control"]


def test_what_is_held_is_shown_and_released(client: LabClient) -> None:
    assert client.get("C01", "held") == []
    assert client.post("C01", "release", execute=False) == {"released": 0}
