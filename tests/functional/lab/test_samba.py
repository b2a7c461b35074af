# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Samba back end, looked at with Samba's own clients: the article's fault, one truth behind two transports."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from impacket.dcerpc.v5 import scmr, transport
from impacket.smb import SMB_DIALECT
from impacket.smbconnection import SMBConnection
from pypsrp.exceptions import WSManFaultError

from tests.functional.lab.support import call, connect, descriptor_parameter, get, return_value, shown_entries
from tests.lab.client import LabClient, LabClientError
from tests.lab.descriptors import parse
from tests.lab.errors import LabError
from tests.lab.hierarchy import default_hierarchy
from tests.lab.samba import missing
from tests.lab.scenario import build
from tests.lab.testing import RunningHost, RunningLab, running_lab
from tests.waiting import PATIENCE, wait_until

_CLIENTS = ("smbclient", "smbcacls", "rpcclient")
_LACKING = missing() or ", ".join(f"{name} is missing" for name in _CLIENTS if not shutil.which(name))
pytestmark = pytest.mark.skipif(
    bool(_LACKING),
    reason=f"{_LACKING}. `make test` as root on Debian installs samba, samba-vfs-modules, smbclient, python3-samba "
    "and libnss-wrapper",
)

SENDER, BYSTANDER, OPERATOR = "CORP\\smssend", "CORP\\bystander", "CORP\\operator"
RECEIVE = "D:\\SMS\\Site.srv\\Despoolr.box\\Receive"
ADMINISTRATORS, SYSTEM = "S-1-5-32-544", "S-1-5-18"
FULL = 0x1F01FF


@pytest.fixture(scope="module")
def samba() -> Iterator[RunningLab]:
    """C01, P01 and P02; a test leaves a host as it found it."""
    with running_lab(3, backend="samba") as lab:
        yield lab


@pytest.fixture
def directory() -> Iterator[Path]:
    """A directory that senders may pass through; pytest's own are closed to them."""
    made = Path(tempfile.mkdtemp(prefix="lab-test-"))
    made.chmod(0o711)
    yield made
    shutil.rmtree(made)


def run(host: RunningHost, program: str, *arguments: str, user: str = "", password: str = "") -> str:
    """Run a client of Samba as an account of the lab; what it printed."""
    user = user or host.user
    environment = {
        "PATH": os.environ["PATH"],
        "LC_ALL": "C.UTF-8",
        "PASSWD": password or host.credentials[user].password,
    }
    command = [program, "-s", os.devnull, "-U", user.replace("\\", "/"), *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False)
    return done.stdout + done.stderr


def smbclient(host: RunningHost, commands: str, *options: str, share: str = "SMS_SITE", **who: str) -> str:
    return run(host, "smbclient", f"//{host.address}/{share}", "-c", commands, *options, **who)


def rpcclient(host: RunningHost, command: str, *options: str) -> str:
    return run(host, "rpcclient", host.address, "-c", command, *options)


def status(output: str) -> str:
    """The first NT status in what a client printed; empty if all went well."""
    found = re.search(r"NT_STATUS_\w+", output)
    return found.group() if found else ""


def entries(described: dict[str, Any]) -> list[tuple[str, str, int, int]]:
    return [(entry["type"], entry["sid"], entry["mask"], entry["flags"]) for entry in described["entries"]]


# -- the article


@pytest.mark.parametrize(
    ("site", "user", "expected"),
    [
        ("P01", SENDER, ""),
        ("P01", BYSTANDER, "NT_STATUS_ACCESS_DENIED"),
        ("C01", SENDER, "NT_STATUS_ACCESS_DENIED"),
        ("C01", BYSTANDER, ""),
        ("P02", SENDER, "NT_STATUS_ACCESS_DENIED"),
    ],
)
def test_smbd_decides_as_the_scenario_says(samba: RunningLab, tmp_path: Path, site: str, user: str, expected: str):
    package = tmp_path / "package"
    package.write_bytes(b"a package")
    output = smbclient(samba[site], f"put {package} P.PKG; get P.PKG {tmp_path}/back", user=user)
    assert status(output) == expected, output
    if not expected:
        assert (tmp_path / "back").read_bytes() == b"a package"
        assert samba[site].smb.read_file(f"{RECEIVE}\\P.PKG") == b"a package"
        samba[site].controls.remove_path(f"{RECEIVE}\\P.PKG")


def test_read_and_write_do_not_allow_a_rename_nor_a_deletion(samba: RunningLab):
    host = samba["P01"]
    host.smb.write_file(f"{RECEIVE}\\OLD.PKG", b"old")
    assert status(smbclient(host, "rename OLD.PKG NEW.PKG", user=SENDER)) == "NT_STATUS_ACCESS_DENIED"
    assert status(smbclient(host, "del OLD.PKG", user=SENDER)) == "NT_STATUS_ACCESS_DENIED"
    assert host.smb.read_file(f"{RECEIVE}\\OLD.PKG") == b"old"
    host.controls.remove_path(f"{RECEIVE}\\OLD.PKG")


def test_every_object_holds_what_it_holds_in_memory(samba: RunningLab):
    """The same scenario, in memory and on Samba: every path and every share, entry by entry."""
    for host in samba.values():
        memory = next(made for made in build(default_hierarchy(3)).hosts if made.name == host.endpoint.host.name)
        letters = "E" if memory.name == "P02" else "D"
        pending = [f"{letters}:\\"]
        for path in pending:
            there = host.controls.file_descriptor(path)
            expected = parse(memory.backend.file_descriptor(path))
            shown = [(a.type, a.sid, a.mask, a.flags) for a in expected.dacl or ()]
            types = {"allow": 0, "deny": 1}
            assert [(types[t], sid, mask, flags) for t, sid, mask, flags in entries(there)] == shown
            assert (there["control"], there["owner"], there["group"]) == (
                expected.control,
                expected.owner,
                expected.group,
            )
            if memory.backend.is_directory(path):
                pending += memory.backend.children(path)
        assert len(pending) == 8
        for share in memory.backend.shares():
            there = host.controls.share_descriptor(share.name)
            stored = parse(memory.backend.share_descriptor(share.name) or b"")
            assert [(sid, mask) for _unused, sid, mask, _unused2 in entries(there)] == [
                (a.sid, a.mask) for a in stored.dacl or ()
            ]


# -- one truth


def test_a_share_written_over_winrm_is_seen_by_rpc_and_the_reverse(samba: RunningLab):
    host = samba["C01"]
    before = host.controls.share_descriptor("SMS_SITE")
    sid = host.endpoint.host.find_account(SENDER).sid
    setting, keys = "Win32_LogicalShareSecuritySetting", {"Name": "SMS_SITE"}
    new = [(0, 0, FULL, ADMINISTRATORS), (0, 0, 0x1301BF, sid)]
    with connect(host) as wsman:
        written = call(wsman, setting, "SetSecurityDescriptor", keys, descriptor_parameter(setting, new))
        assert return_value(written) == 0
        shown = rpcclient(host, "netsharegetinfo SMS_SITE 502")
        found = re.findall(r"Permissions: (0x[0-9a-f]+):.*?SID: (S-[\d-]+)", shown, re.DOTALL)
        assert found == [("0x1f01ff", ADMINISTRATORS), ("0x1301bf", sid)]
        host.controls.set_share_descriptor("SMS_SITE", {"base64": before["base64"]})
        read = call(wsman, setting, "GetSecurityDescriptor", keys)
    assert [(mask, who) for _type, _flags, mask, who in shown_entries(read)] == [
        (entry["mask"], entry["sid"]) for entry in before["entries"]
    ]


def test_a_directory_written_over_winrm_is_seen_over_smb_with_its_children(samba: RunningLab):
    host = samba["C01"]
    before = host.controls.file_descriptor(RECEIVE)
    path, sid = host.path(RECEIVE), host.endpoint.host.find_account(SENDER).sid
    setting = "Win32_LogicalFileSecuritySetting"
    with connect(host) as wsman:
        new = descriptor_parameter(setting, [(0, 3, 0x1301BF, sid)])
        assert return_value(call(wsman, setting, "SetSecurityDescriptor", {"Path": path}, new)) == 0
    # To smbcacls, 0x1301bf is R(ead), W(rite), (e)X(ecute), D(elete).
    shown = run(host, "smbcacls", f"//{host.address}/C$", "D/SMS/Site.srv/Despoolr.box/Receive")
    assert f"ACL:{SENDER}:ALLOWED/OI|CI/RWXD" in shown
    child = run(host, "smbcacls", f"//{host.address}/C$", "D/SMS/Site.srv/Despoolr.box/Receive/W_M02000.1S1")
    assert f"ACL:{SENDER}:ALLOWED/I/RWXD" in child
    host.controls.set_file_descriptor(RECEIVE, {"base64": before["base64"]})
    explicit = [entry for entry in entries(before) if not entry[3] & 0x10]
    host.controls.set_file_descriptor(
        RECEIVE,
        {"entries": [{"principal": s, "mask": m, "type": t, "flags": f} for t, s, m, f in explicit]},
    )
    assert host.controls.file_descriptor(RECEIVE) == before


def test_a_directory_written_over_smb_is_seen_over_winrm(samba: RunningLab):
    host = samba["P01"]
    before = host.controls.file_descriptor(RECEIVE)
    path, sid = host.path(RECEIVE), host.endpoint.host.find_account(BYSTANDER).sid
    target = "D/SMS/Site.srv/Despoolr.box/Receive"
    run(host, "smbcacls", f"//{host.address}/C$", target, "--add", f"ACL:{BYSTANDER}:ALLOWED/0/READ")
    with connect(host) as wsman:
        read = call(wsman, "Win32_LogicalFileSecuritySetting", "GetSecurityDescriptor", {"Path": path})
        assert (0, 0, 0x1200A9, sid) in shown_entries(read)
        assert get(wsman, "Win32_Share", Name="SMS_SITE")["Path"] == path
        assert get(wsman, "Win32_Directory", Name=path)["Name"] == path.lower()
    host.controls.set_file_descriptor(RECEIVE, {"base64": before["base64"]})
    assert entries(host.controls.file_descriptor(RECEIVE)) == entries(before)


def test_rpc_names_accounts_shares_and_services_as_the_scenario_does(samba: RunningLab):
    host = samba["P01"]
    for name in (SENDER, "CORP\\smssvc", "CORP\\Domain Admins", "CORP\\P02$", "BUILTIN\\Administrators"):
        sid = host.endpoint.host.find_account(name).sid
        assert f"{name} {sid} " in rpcclient(host, f'lookupnames "{name}"')
        assert f"{sid} {name} " in rpcclient(host, f"lookupsids {sid}")
    shares = rpcclient(host, "netshareenum 2")
    assert f"path:\t{host.path(RECEIVE)}" in shares


def test_the_service_control_manager_tells_the_logon_account(samba: RunningLab):
    host = samba["P02"]
    for round_ in range(2):
        domain, _unused, user = host.user.rpartition("\\")
        pipe = transport.SMBTransport(host.address, 445, r"\svcctl", user, host.password, domain)
        rpc = pipe.get_dce_rpc()
        rpc.connect()
        rpc.bind(scmr.MSRPC_UUID_SCMR)
        manager = scmr.hROpenSCManagerW(rpc)["lpScHandle"]
        service = scmr.hROpenServiceW(rpc, manager, "SMS_EXECUTIVE\0")["lpServiceHandle"]
        config = scmr.hRQueryServiceConfigW(rpc, service)["lpServiceConfig"]
        assert config["lpServiceStartName"] == "CORP\\smssvc\0"
        rpc.disconnect()
        if not round_:
            host.smb.stop()
            host.smb.start()


def test_local_groups_have_the_members_of_the_scenario(samba: RunningLab):
    host = samba["P01"]
    shown = rpcclient(host, "queryaliasmem builtin 544")
    assert set(re.findall(r"sid:\[(S-[\d-]+)\]", shown)) == {
        host.endpoint.host.find_account(name).sid for name in ("CORP\\Domain Admins", "CORP\\ansible")
    }


def test_smb_1_is_spoken(samba: RunningLab):
    options = ("-m", "NT1", "--option=client min protocol=NT1")
    assert status(smbclient(samba["P01"], "ls", *options, user=SENDER)) == ""
    assert status(smbclient(samba["P02"], "ls", *options, user=SENDER)) == "NT_STATUS_ACCESS_DENIED"


def test_c_dollar_is_for_administrators(samba: RunningLab):
    assert "Receive" in smbclient(samba["P01"], "ls D\\SMS\\Site.srv\\Despoolr.box\\*", share="C$")
    assert status(smbclient(samba["P01"], "ls", share="C$", user=OPERATOR)) == "NT_STATUS_ACCESS_DENIED"


# -- what tests do behind a host's back


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("disabled", "NT_STATUS_ACCOUNT_DISABLED"),
        ("locked_out", "NT_STATUS_ACCOUNT_LOCKED_OUT"),
        ("password_expired", "NT_STATUS_PASSWORD_EXPIRED"),
        ("must_change", "NT_STATUS_PASSWORD_MUST_CHANGE"),
        ("account_expired", "NT_STATUS_ACCOUNT_EXPIRED"),
        ("wrong_workstation", "NT_STATUS_INVALID_WORKSTATION"),
        ("ok", ""),
    ],
)
def test_account_states(samba: RunningLab, state: str, expected: str):
    host = samba["P01"]
    host.smb.set_account_state(SENDER, state)
    try:
        assert status(smbclient(host, "ls", user=SENDER)) == expected
        assert status(smbclient(host, "ls", user="CORP\\smssvc")) == ""
    finally:
        host.smb.set_account_state(SENDER, "ok")
    assert status(smbclient(host, "ls", user=SENDER)) == ""


def test_a_wrong_password_and_a_new_one(samba: RunningLab):
    host = samba["P01"]
    old = host.credentials[SENDER].password
    assert status(smbclient(host, "ls", user=SENDER, password="not it")) == "NT_STATUS_LOGON_FAILURE"
    host.smb.set_password(SENDER, "another-1")
    assert status(smbclient(host, "ls", user=SENDER, password=old)) == "NT_STATUS_LOGON_FAILURE"
    assert status(smbclient(host, "ls", user=SENDER)) == ""
    host.smb.set_password(SENDER, old)
    assert host.credentials[SENDER].password == old


def test_parameters_take_effect(samba: RunningLab):
    host = samba["P01"]
    nt1 = ("-m", "NT1", "--option=client min protocol=NT1")
    host.smb.set_parameters({"server min protocol": "SMB2"})
    assert status(smbclient(host, "ls")) == ""
    assert status(smbclient(host, "ls", *nt1)) != ""
    host.smb.set_parameters({"server min protocol": "NT1"})
    assert status(smbclient(host, "ls", *nt1)) == ""
    host.smb.set_parameters({"server signing": "disabled"}, restart=True)
    assert not _offers_signatures(host)
    host.smb.set_parameters({"server signing": "auto"}, restart=True)
    assert _offers_signatures(host)
    host.smb.set_parameters({"valid users": BYSTANDER}, share="SMS_SITE")
    assert status(smbclient(host, "ls", user=SENDER)) == "NT_STATUS_ACCESS_DENIED"
    host.smb.set_parameters({"valid users": None}, share="SMS_SITE")
    assert status(smbclient(host, "ls", user=SENDER)) == ""


def _offers_signatures(host: RunningHost) -> bool:
    """NEGOTIATE_SECURITY_SIGNATURES_ENABLED in an SMB 1 server's SecurityMode ([MS-CIFS] 2.2.4.52.2)."""
    connection = SMBConnection(host.address, host.address, preferredDialect=SMB_DIALECT)
    mode: int = connection.getSMBServer()._dialects_parameters["SecurityMode"]
    connection.close()
    return bool(mode & 0x4)


def test_a_host_can_go_down_and_come_back(samba: RunningLab):
    host = samba["C01"]
    before = host.controls.share_descriptor("SMS_SITE")
    host.set_listening(False)
    for port in (445, host.endpoint.port):
        with socket.socket() as probe:
            assert probe.connect_ex((host.address, port)) != 0
    assert _processes(str(host.smb.server.layout.base)) == []
    host.set_listening(True)
    assert host.controls.share_descriptor("SMS_SITE") == before


def test_while_smbd_is_down_winrm_answers_with_a_provider_failure(samba: RunningLab):
    host = samba["C01"]
    host.smb.stop()
    with connect(host) as wsman, pytest.raises(WSManFaultError) as raised:
        get(wsman, "Win32_Share", Name="SMS_SITE")
    assert raised.value.code == 0x80041004
    host.smb.start()
    with connect(host) as wsman:
        assert get(wsman, "Win32_Share", Name="SMS_SITE")["Name"] == "SMS_SITE"
        with pytest.raises(WSManFaultError, match="cannot find the resource"):
            get(wsman, "Win32_Share", Name="NO_SUCH")


def test_shares_can_be_moved_and_removed(samba: RunningLab):
    host = samba["P02"]
    controls = host.controls
    old = next(share["path"] for share in controls.shares() if share["name"] == "SMS_SHR")
    controls.set_share_path("SMS_SHR", "E:\\SMS\\Site.srv")
    moved = host.path("E:\\SMS\\Site.srv")
    assert f"path:\t{moved}\n" in rpcclient(host, "netsharegetinfo SMS_SHR 2")
    controls.set_share_path("SMS_SHR", old)
    controls.remove_share("SMS_SHR")
    assert "SMS_SHR" not in [share["name"] for share in controls.shares()]
    assert status(smbclient(host, "ls", share="SMS_SHR")) == "NT_STATUS_BAD_NETWORK_NAME"


def test_many_files_inherit_as_they_would_on_windows(samba: RunningLab):
    host = samba["P01"]
    directory = "D:\\SMS\\many"
    host.controls.make_directory(directory)
    sid = host.endpoint.host.find_account(SENDER).sid
    host.controls.set_file_descriptor(
        directory, {"entries": [{"principal": sid, "mask": 0x1200A9, "flags": "OI CI"}], "protected": True}
    )
    host.smb.make_files(directory, 10_000)
    assert smbclient(host, "ls D\\SMS\\many\\*", share="C$").count(".TMP ") == 10_000
    shown = run(host, "smbcacls", f"//{host.address}/C$", "D/SMS/many/W_009999.TMP")
    assert f"ACL:{SENDER}:ALLOWED/I/READ" in shown
    assert len(list(host.smb.disk_path(directory).iterdir())) == 10_000
    host.controls.remove_path(directory)
    assert not host.smb.disk_path(directory).exists()


def test_what_a_sender_makes_inherits_and_is_its_own(samba: RunningLab):
    host = samba["P01"]
    sid = host.endpoint.host.find_account(SENDER).sid
    assert status(smbclient(host, "mkdir made", user=SENDER)) == ""
    made = host.controls.file_descriptor(f"{RECEIVE}\\made")
    assert made["owner"] == sid
    assert ("allow", sid, 0x12019F, 0x13) in entries(made)
    host.controls.remove_path(f"{RECEIVE}\\made")


def test_all_of_it_over_http(samba: RunningLab):
    host = samba["P01"]
    control = samba.lab.control
    client = LabClient(control.url, control.token)
    client.put("P01", "file-content", path=f"{RECEIVE}\\X.PKG", base64="aGVsbG8=")
    assert client.get("P01", "file-content", path=f"{RECEIVE}\\X.PKG") == {"base64": "aGVsbG8="}
    client.post("P01", "many-files", path="D:\\SMS", count=3)
    for path in (f"{RECEIVE}\\X.PKG", *(f"D:\\SMS\\W_00000{number}.TMP" for number in range(3))):
        client.delete("P01", "paths", path=path)
    with pytest.raises(LabClientError, match="P01 has no file"):
        client.get("P01", "file-content", path=f"{RECEIVE}\\X.PKG")
    old = host.credentials[SENDER].password
    client.put("P01", "account-state", name=SENDER, state="disabled")
    assert status(smbclient(host, "ls", user=SENDER)) == "NT_STATUS_ACCOUNT_DISABLED"
    client.put("P01", "account-state", name=SENDER, state="ok")
    client.put("P01", "password", name=SENDER, password="another-2")
    assert status(smbclient(host, "ls", user=SENDER, password="another-2")) == ""
    client.put("P01", "password", name=SENDER, password=old)
    with pytest.raises(LabClientError, match="is not one of ok, disabled"):
        client.put("P01", "account-state", name=SENDER, state="asleep")
    client.put("P01", "smb-parameters", parameters={"server max protocol": "SMB2"})
    client.put("P01", "smb-parameters", parameters={"server max protocol": None})
    client.put("P01", "smb-running", running=False)
    with pytest.raises(LabClientError, match="refused"):
        client.get("P01", "share-descriptor", share="SMS_SITE")
    client.put("P01", "smb-running", running=True)
    assert client.get("P01", "share-descriptor", share="SMS_SITE")["entries"]


def test_what_samba_cannot_be(directory: Path, monkeypatch: pytest.MonkeyPatch):
    german = default_hierarchy(1)
    german["hosts"][0]["settings"] = {"language": "de"}
    local = default_hierarchy(1)
    local["hosts"][0]["local_accounts"] = [{"name": "someone"}]
    for description, words in ((german, "English only"), (local, "no local account someone")):
        with pytest.raises(LabError, match=words), running_lab(description, backend="samba"):
            pass
    closed = directory / "closed"
    closed.mkdir(mode=0o700)
    monkeypatch.setattr(tempfile, "tempdir", str(closed))
    with pytest.raises(LabError, match=r"closed is closed to all users"), running_lab(1, backend="samba"):
        pass


# -- start and stop


def _processes(text: str) -> list[str]:
    """The command lines of processes that name ``text``."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if text in line:
                found.append(line)
    return found


def test_nothing_is_left_when_a_lab_stops():
    with running_lab(1, backend="samba") as lab:
        host = lab["C01"]
        base = host.smb.server.layout.base
        assert rpcclient(host, "netshareenum")
        running = _processes(str(base))
        assert any("samba-dcerpcd" in line for line in running)
    assert _processes(str(base)) == []
    assert not base.exists()


def test_nothing_is_left_when_a_lab_cannot_start(directory: Path, monkeypatch: pytest.MonkeyPatch):
    """The first host runs when the second fails: its share has a name that [MS-SRVS] does not allow."""
    monkeypatch.setattr(tempfile, "tempdir", str(directory))
    description = default_hierarchy(2)
    description["hosts"][1]["shares"].append({"name": "bad]name", "path": "D:\\SMS", "dacl": []})
    with pytest.raises(LabError, match=r"P01: share .bad]name"), running_lab(description, backend="samba"):
        pass
    assert _processes(str(directory)) == []
    assert list(directory.iterdir()) == []


def test_nothing_is_left_when_a_lab_is_killed(directory: Path):
    command = [sys.executable, "-m", "tests.lab", "--backend", "samba", "--hosts", "1", "--build", str(directory)]
    lab = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        assert lab.stdout is not None
        assert "lab ready" in lab.stdout.readline()
        endpoints = json.loads((directory / "endpoints.json").read_text())
        assert (directory / "endpoints.json").stat().st_mode & 0o777 == 0o600
        assert endpoints["hosts"][0]["smb_port"] == 445
        assert set(endpoints["hosts"][0]["credentials"]) > {SENDER, BYSTANDER, OPERATOR}
        inventory = yaml.safe_load((directory / "inventory.yml").read_text())
        assert inventory["sms_sites"]["vars"]["lab_passwords"] == endpoints["hosts"][0]["credentials"]
        assert any("samba-dcerpcd" in line for line in _processes(f"{directory}/smb"))
    finally:
        lab.send_signal(signal.SIGKILL)
        lab.communicate()
    wait_until(lambda: _processes(f"{directory}/smb") == [], "the lab's processes have ended")


def test_below_a_directory_that_is_closed_to_senders(directory: Path):
    """As a checkout in a home directory is: the disks are elsewhere, and what a killed lab leaves there is found."""
    build = directory / "home" / "lab"
    build.mkdir(parents=True)
    build.parent.chmod(0o700)
    command = [sys.executable, "-m", "tests.lab", "--backend", "samba", "--hosts", "1", "--build", str(build)]
    for end in (signal.SIGKILL, signal.SIGTERM):
        lab = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "TMPDIR": str(directory)},
        )
        try:
            assert lab.stdout is not None
            assert "lab ready" in lab.stdout.readline()
            host = json.loads((build / "endpoints.json").read_text())["hosts"][0]
            # On C01 the bystander has access, by the scenario.
            listed = subprocess.run(
                ["smbclient", "-s", os.devnull, "-U", "CORP/bystander", f"//{host['address']}/SMS_SITE", "-c", "ls"],
                env={**os.environ, "PASSWD": host["credentials"][BYSTANDER]},
                capture_output=True,
                text=True,
                check=False,
            )
            assert "blocks of size" in listed.stdout, listed
        finally:
            lab.send_signal(end)
            lab.communicate()
    assert [path.name for path in directory.iterdir()] == ["home"]
