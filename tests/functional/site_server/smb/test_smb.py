# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What only the SMB adapter does: shares that lead to paths, propagation and its bad days, whole files, groups."""

from __future__ import annotations

import base64
import re
import struct
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible import constants as C  # noqa: N812
from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible.playbook.play_context import PlayContext

from ansible_collections.sitekeeper.sms.plugins.connection.smb import DOCUMENTATION, Connection
from ansible_collections.sitekeeper.sms.plugins.module_utils.smb_session import open_session
from ansible_collections.sitekeeper.sms.plugins.module_utils.smb_settings import SMB, SmbSettings
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.enforcement import SenderRequest, enforce_sender_access
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.hierarchy.products import PRODUCTS
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import (
    AccountState,
    SecurityDescriptor,
    Sid,
    parse_sddl,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server import (
    AccessDenied,
    Interrupted,
    JoinedDomain,
    NoAnswer,
    NotFound,
    SiteServerError,
    Unreachable,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.smb.connect import smb_site_server
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.smb.smb import SmbSiteServer
from tests.functional.smb.between import between
from tests.lab.samba import missing
from tests.lab.testing import RunningHost, RunningLab, default_hierarchy, running_lab
from tests.waiting import PATIENCE

SAMBA_MISSING = missing()
on_samba = pytest.mark.skipif(
    bool(SAMBA_MISSING), reason=f"{SAMBA_MISSING}; as root on Debian, `make test` installs what it needs"
)
RECEIVE = "D:\\SMS\\Site.srv\\Despoolr.box\\Receive"
INCOMING = f"{RECEIVE}\\Incoming"
EVERYONE_READS = parse_sddl("D:(A;OICI;0x1200a9;;;WD)(A;OICI;FA;;;BA)").dacl
FILES = 300


@pytest.fixture(scope="module")
def lab() -> Iterator[RunningLab]:
    with running_lab(default_hierarchy(1), backend="samba") as running:
        yield running


@pytest.fixture
def host(lab: RunningLab) -> Iterator[RunningHost]:
    found = lab["C01"]
    before = {path: found.controls.file_descriptor(path)["base64"] for path in (RECEIVE, INCOMING)}
    yield found
    for path, held in before.items():
        found.controls.set_file_descriptor(path, {"base64": held})


@pytest.fixture
def crowd(host: RunningHost) -> Iterator[str]:
    """A directory of many files and a few folders, by its path on the host."""
    directory = f"{RECEIVE}\\Crowd"
    host.controls.make_directory(directory)
    for name in ("A", "A\\B"):
        host.controls.make_directory(f"{directory}\\{name}")
    assert host.smb is not None
    host.smb.make_files(directory, FILES - 2)
    host.controls.make_file(f"{directory}\\A\\B\\deep.1S1")
    host.controls.make_file(f"{directory}\\A\\shallow.1S1")
    yield host.path(directory)
    host.controls.remove_path(directory)


def settings(host: RunningHost, **changes: Any) -> SmbSettings:
    values = {"address": host.address, "port": 445, "timeout": PATIENCE, **changes}
    return SmbSettings("C01", domain="CORP", user="ansible", password=host.password, **values)


@pytest.fixture
def server(host: RunningHost) -> Iterator[SmbSiteServer]:
    made = SmbSiteServer(settings(host), "CORP\\ansible")
    yield made
    made.close()


def dacl_of(host: RunningHost, path: str) -> Any:
    return SecurityDescriptor.from_bytes(base64.b64decode(host.controls.file_descriptor(path)["base64"])).dacl


def reads_everywhere(host: RunningHost, path: str) -> bool:
    """Whether Everyone's entry has come down to a file or folder."""
    return any(str(ace.sid) == "S-1-1-0" and ace.inherited for ace in dacl_of(host, path))


# -- what it costs


@on_samba
def test_a_server_in_its_desired_state_costs_few_round_trips(host: RunningHost) -> None:
    request = SenderRequest(PRODUCTS["sms_1_2"], ("CORP\\smssend",))
    costs = []
    for _again in range(2):
        server = SmbSiteServer(settings(host), "CORP\\ansible")
        outcome = enforce_sender_access(server, request)
        server.close()
        costs.append((outcome.changed, server.traffic))
    assert [changed for changed, _traffic in costs] == [True, False]
    assert costs[1][1].requests <= 25
    assert costs[1][1].sent + costs[1][1].received < 12_000


# -- ways to a path


@on_samba
def test_a_closed_share_is_passed_by(host: RunningHost, server: SmbSiteServer) -> None:
    assert host.smb is not None
    host.smb.set_parameters({"valid users": "root"}, share="SMS_SITE", restart=True)
    try:
        # With no administrative share, the longest way is tried first, which is closed.
        server._shares = tuple(info for info in server._all_shares() if not info.name.endswith("$"))
        assert server.is_directory(host.path(RECEIVE))
        server._shares = tuple(info for info in server._all_shares() if info.name == "SMS_SITE")
        with pytest.raises(AccessDenied, match="may not use the shares"):
            server.is_directory(host.path(RECEIVE))
    finally:
        host.smb.set_parameters({"valid users": None}, share="SMS_SITE")


@on_samba
def test_a_file_that_appears_meanwhile_is_brought_in_line(host: RunningHost, crowd: str) -> None:
    assert host.smb is not None
    late = f"{RECEIVE}\\Crowd\\late.1S1"

    def slowly(message: bytes) -> bytes:
        # The whole listing is in the first page, so that this file is in none.
        nonlocal answers
        answers += 1
        if answers == 200:
            host.controls.make_file(late)
        return message

    answers = 0
    with between(host.address, slowly) as port:
        server = SmbSiteServer(settings(host, address="127.0.0.1", port=port), "CORP\\ansible", connections=1)
        before = server.path_descriptor(crowd).descriptor
        done = server.set_path_descriptor(crowd, before.with_dacl(EVERYONE_READS))
        server.close()
    assert done is not None
    assert done.updated == FILES + 3
    assert reads_everywhere(host, late)


@on_samba
def test_a_path_that_no_share_leads_to(server: SmbSiteServer) -> None:
    with pytest.raises(NotFound, match=r"no share of the server leads there") as caught:
        server.path_descriptor("Q:\\SMS")
    assert "D$ for drive D" in str(caught.value)


@on_samba
def test_a_share_whose_directory_is_gone(lab: RunningLab, host: RunningHost, server: SmbSiteServer) -> None:
    host.controls.set_share_path("SMS_SHR", "D:\\Gone")
    try:
        request = SenderRequest(PRODUCTS["sms_1_2"], ("CORP\\smssend",), share="SMS_SHR", allow_unexpected_path=True)
        with pytest.raises(NotFound, match=r"could not read the permissions of .*Gone: not found"):
            enforce_sender_access(server, request)
    finally:
        host.controls.set_share_path("SMS_SHR", "D:\\SMS")


# -- propagation


@on_samba
@pytest.mark.parametrize("connections", [1, 4])
def test_children_are_counted_and_looked_at_again(host: RunningHost, crowd: str, connections: int) -> None:
    server = SmbSiteServer(settings(host), "CORP\\ansible", connections=connections)
    before = server.path_descriptor(crowd).descriptor
    done = server.set_path_descriptor(crowd, before.with_dacl(EVERYONE_READS))
    assert done is not None
    assert (done.updated, done.refused) == (FILES + 2, 0)
    # Samba gives a creation time that is up to some seconds too late, so that a file may look like a new one.
    assert done.examined >= FILES + 2
    for name in ("", "\\A", "\\A\\B", "\\A\\B\\deep.1S1", "\\A\\shallow.1S1", "\\W_000000.TMP"):
        inherited = reads_everywhere(host, f"{RECEIVE}\\Crowd{name}")
        assert inherited == bool(name), name
    again = server.set_path_descriptor(crowd, before.with_dacl(EVERYONE_READS))
    assert again is not None
    assert again.updated == 0
    server.close()


@on_samba
@pytest.mark.parametrize("connections", [1, 4])
def test_a_propagation_that_breaks_is_taken_up_again(host: RunningHost, crowd: str, connections: int) -> None:
    left = 120

    def breaks(message: bytes) -> bytes | None:
        nonlocal left
        left -= 1
        return message if left > 0 else None

    with between(host.address, breaks) as port:
        server = SmbSiteServer(settings(host, address="127.0.0.1", port=port), "CORP\\ansible", connections=connections)
        before = server.path_descriptor(crowd).descriptor
        with pytest.raises(Interrupted, match=r"bring the files and folders below .*Crowd in line") as caught:
            server.set_path_descriptor(crowd, before.with_dacl(EVERYONE_READS))
        server.close()
    counted = re.search(r", after (\d+) were(?:, and (\d+) more may have been)?\.", str(caught.value))
    assert counted is not None
    updated, uncertain = (int(number or 0) for number in counted.groups())
    assert 0 < updated < FILES
    assert uncertain <= connections
    assert caught.value.updated == updated + uncertain
    assert "The folder itself has its old permissions, so run it again" in str(caught.value)
    assert dacl_of(host, f"{RECEIVE}\\Crowd") == before.dacl

    server = SmbSiteServer(settings(host), "CORP\\ansible")
    done = server.set_path_descriptor(crowd, before.with_dacl(EVERYONE_READS))
    server.close()
    assert done is not None
    # None is written twice, and none is counted that was not written.
    assert FILES + 2 - updated - uncertain <= done.updated <= FILES + 2 - updated
    assert reads_everywhere(host, f"{RECEIVE}\\Crowd\\A\\B\\deep.1S1")


def descriptors_written(message: bytes) -> int:
    """How many answers to SET_INFO a message of the server holds ([MS-SMB2] 2.2.1.2)."""
    number, at = 0, 0
    while True:
        (command,), (following,) = (
            struct.unpack_from("<H", message, at + 12),
            struct.unpack_from("<L", message, at + 20),
        )
        number += command == 17
        if not following:
            return number
        at += following


@on_samba
@pytest.mark.parametrize(
    ("answers", "kind", "said"),
    [
        # The children come first, FILES + 2 of them; then the directory itself.
        (99, Interrupted, "after 99 were, and 1 more may have been. The folder itself has its old permissions"),
        (FILES + 2, Unreachable, f"may have its new permissions; {FILES + 2} files and folders below it were updated"),
        (
            FILES + 3,
            NoAnswer,
            "It has its new permissions, and so has everything that was in it; newer files may lack them",
        ),
    ],
)
def test_a_lost_answer_leaves_no_doubt_about_more_than_its_own_object(
    host: RunningHost, crowd: str, answers: int, kind: type[SiteServerError], said: str
) -> None:
    written = 0

    def breaks(message: bytes) -> bytes | None:
        nonlocal written
        if written == FILES + 3:
            return None
        written += descriptors_written(message)
        return message if written <= answers else None

    with between(host.address, breaks) as port:
        server = SmbSiteServer(settings(host, address="127.0.0.1", port=port), "CORP\\ansible", connections=1)
        before = server.path_descriptor(crowd).descriptor
        with pytest.raises(SiteServerError, match=re.escape(said)) as caught:
            server.set_path_descriptor(crowd, before.with_dacl(EVERYONE_READS))
        server.close()
    assert caught.value.__class__ is kind
    # The server has done what it was asked, though its answer was lost.
    is_written = dacl_of(host, f"{RECEIVE}\\Crowd") != before.dacl
    assert is_written is (answers > FILES)
    updated = sum(reads_everywhere(host, f"{RECEIVE}\\Crowd\\W_{number:06}.TMP") for number in range(FILES - 2))
    assert updated == FILES - 2 if is_written else 96 <= updated <= 100


@on_samba
def test_children_that_the_operator_may_not_change_are_named(lab: RunningLab, host: RunningHost, crowd: str) -> None:
    # For administrators Samba decides nothing, so this is about another account, which owns the directory's list.
    allowed = [{"principal": "CORP\\operator", "access": "full_control", "flags": "OI CI"}]
    host.controls.set_file_descriptor(f"{RECEIVE}\\Crowd", {"protected": True, "entries": allowed})
    strangers = [f"{RECEIVE}\\Crowd\\W_{number:06}.TMP" for number in range(30)]
    for path in strangers:
        host.controls.set_file_descriptor(
            path, {"protected": True, "entries": [{"principal": "S-1-5-18", "access": "full_control"}]}
        )
    share_entries = [{"principal": "S-1-1-0", "access": "full_control"}]
    host.controls.set_share_descriptor("SMS_SITE", {"entries": share_entries})
    who = SmbSettings(
        "C01", host.address, domain="CORP", user="operator", password=host.credentials["CORP\\operator"].password
    )
    server = SmbSiteServer(who, "CORP\\operator")
    before = server.path_descriptor(crowd).descriptor
    wanted = before.with_dacl(
        parse_sddl(f"D:(A;OICI;FA;;;{before.dacl.aces[0].sid})(A;OICI;0x1200a9;;;WD)").dacl  # type: ignore[union-attr]
    )
    done = server.set_path_descriptor(crowd, wanted)
    server.close()
    assert done is not None
    assert done.refused == 30
    assert len(done.refusals) == 20
    assert all("STATUS_ACCESS_DENIED" in refusal and refusal.startswith("W_0000") for refusal in done.refusals)
    assert done.updated == FILES + 2 - 30


@on_samba
def test_a_link_is_changed_and_not_followed(host: RunningHost, server: SmbSiteServer, crowd: str) -> None:
    assert host.smb is not None
    outside = host.smb.disk_path(INCOMING)
    link = host.smb.disk_path(f"{RECEIVE}\\Crowd") / "link"
    link.symlink_to(outside)
    try:
        held = dacl_of(host, f"{INCOMING}\\W_M02001.1S1")
        before = server.path_descriptor(crowd).descriptor
        server.set_path_descriptor(crowd, before.with_dacl(EVERYONE_READS))
        assert dacl_of(host, f"{INCOMING}\\W_M02001.1S1") == held
    finally:
        link.unlink()


# -- groups


@on_samba
def test_members_of_a_local_group(host: RunningHost, server: SmbSiteServer) -> None:
    administrators = Sid.parse("S-1-5-32-544")
    members = {account.name for account in server.group_members(administrators)}
    assert {"CORP\\Domain Admins", "CORP\\ansible"} <= members
    with pytest.raises(NotFound, match="group S-1-5-32-999"):
        server.group_members(Sid.parse("S-1-5-32-999"))


# -- accounts


@on_samba
@pytest.mark.parametrize(
    ("state", "fact", "value"),
    [
        ("ok", "disabled", False),
        ("disabled", "disabled", True),
        ("locked_out", "locked", True),
        ("account_expired", "expired", True),
        # It expired seconds ago, so the clocks decide.
        ("password_expired", "password_expired", None),
        ("wrong_workstation", "disabled", False),
        # The last one: Samba forgets when the password was set.
        ("must_change", "password_expired", True),
    ],
)
def test_the_state_of_an_account(host: RunningHost, server: SmbSiteServer, state: str, fact: str, value: bool | None):
    """The host is a domain controller of before Active Directory: the accounts of its domain are its own."""
    assert host.smb is not None
    sender = server.resolve("CORP\\smssend").sid
    host.smb.set_account_state("CORP\\smssend", state)
    try:
        found = server.local_account_state(sender)
    finally:
        host.smb.set_account_state("CORP\\smssend", "ok")
    good = {"disabled": False, "locked": False, "expired": False, "password_expired": False}
    assert found == AccountState(**{**good, fact: value})


@on_samba
def test_a_controller_of_before_active_directory(server: SmbSiteServer):
    found = server.joined_domain()
    assert found == JoinedDomain("CORP", is_controller=True)
    assert found.sid == server.resolve("CORP\\smssend").sid.domain


# -- the connection plugin


def connection(host: RunningHost, **variables: Any) -> Any:
    C.config.initialize_plugin_configuration_definitions("connection", SMB, yaml.safe_load(DOCUMENTATION)["options"])
    made = Connection(PlayContext())
    made._load_name = SMB
    inventory = {"ansible_host": host.address, "ansible_user": host.user, "ansible_password": host.password}
    made.set_options(var_options={**inventory, **variables})
    return made


@on_samba
@pytest.mark.parametrize("dialect", ["auto", "nt1"])
def test_files_go_there_and_back(host: RunningHost, tmp_path: Path, dialect: str) -> None:
    # More than goes in one answer, and no multiple of that.
    content = bytes(range(256)) * 5000 + b"end"
    (tmp_path / "there").write_bytes(content)
    path = host.path(f"{RECEIVE}\\there.bin")
    made = connection(host, ansible_smb_dialect=dialect)
    try:
        made.put_file(str(tmp_path / "there"), path)
        assert host.smb is not None
        assert host.smb.read_file(f"{RECEIVE}\\there.bin") == content
        made.fetch_file(path, str(tmp_path / "back"))
        with pytest.raises(AnsibleError, match=r"could not read .*nothing\.bin: not found"):
            made.fetch_file(host.path(f"{RECEIVE}\\nothing.bin"), str(tmp_path / "nothing"))
        with pytest.raises(AnsibleError, match="is not a local path"):
            made.fetch_file("..\\boot.ini", str(tmp_path / "nothing"))
    finally:
        made.close()
        host.controls.remove_path(f"{RECEIVE}\\there.bin")
    assert (tmp_path / "back").read_bytes() == content


@on_samba
@pytest.mark.parametrize("dialect", [None, "nt1"])
def test_a_log_is_read_while_its_program_has_it_open(host: RunningHost, dialect: str | None) -> None:
    # The writer has asked for write access, and lets others do all, as the logging of a service does.
    assert host.smb is not None
    path = f"{RECEIVE}\\live.log"
    host.smb.write_file(path, b"a line\r\n")
    try:
        with open_session(settings(host)) as writer, closing(SmbSiteServer(settings(host, dialect=dialect))) as server:
            tree = writer.connection.connectTree("SMS_SITE")
            handle = writer.connection.openFile(tree, "live.log", desiredAccess=0x6, shareMode=7)
            writer.connection.writeFile(tree, handle, b"another\r\n", 8)
            assert b"".join(server.open_file(host.path(path))) == b"a line\r\nanother\r\n"
    finally:
        host.controls.remove_path(path)


@on_samba
def test_commands_are_refused_with_words(host: RunningHost) -> None:
    made = connection(host)
    with pytest.raises(AnsibleError, match=r"No commands can be run over ansible_connection: sitekeeper\.sms\.smb"):
        made.exec_command("whoami")
    made.close()


@on_samba
def test_a_host_that_is_down_is_unreachable_for_files_too(host: RunningHost, tmp_path: Path) -> None:
    made = connection(host, ansible_smb_port=1)
    with pytest.raises(AnsibleConnectionFailure, match="refused"):
        made.fetch_file(host.path(f"{RECEIVE}\\W_M02000.1S1"), str(tmp_path / "back"))
    made.close()


# -- hostile answers


def test_a_server_has_half_a_minute_to_answer_whatever_ansibles_own_timeout_is() -> None:
    C.config.initialize_plugin_configuration_definitions("connection", SMB, yaml.safe_load(DOCUMENTATION)["options"])
    made = Connection(PlayContext())
    made._load_name = SMB
    # As the task executor gives them: the keyword `timeout`, which every task has.
    for variables, expected in (({}, 30), ({"ansible_smb_timeout": 60}, 60)):
        made.set_options(task_keys={"timeout": 10}, var_options={"ansible_host": "127.0.0.1", **variables})
        assert smb_site_server("C01", made)._settings.timeout == expected
