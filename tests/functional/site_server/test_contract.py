# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One suite that every adapter of the port passes: WS-Management on memory and on Samba, SMB 2 and 3, SMB 1.

What the server holds is looked at behind the adapter's back, by the lab's control.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any

import pytest
import yaml
from ansible import constants as C  # noqa: N812
from ansible.playbook.play_context import PlayContext
from ansible.plugins.loader import connection_loader

from ansible_collections.sitekeeper.sms.plugins.connection.smb import DOCUMENTATION, Connection
from ansible_collections.sitekeeper.sms.plugins.module_utils.smb_settings import SMB
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.enforcement import SenderRequest, enforce_sender_access
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.hierarchy.products import PRODUCTS
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import SecurityDescriptor, Sid, parse_sddl
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server import (
    AccessDenied,
    AccountNotFound,
    AuthenticationFailed,
    NotFound,
    SiteServer,
    Traffic,
    Unreachable,
    Unsupported,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.wires import WIRES, site_server
from tests.connection_plugins import with_options
from tests.lab.samba import missing
from tests.lab.testing import RunningHost, RunningLab, default_hierarchy, running_lab

RECEIVE = "D:\\SMS\\Site.srv\\Despoolr.box\\Receive"
INCOMING = f"{RECEIVE}\\Incoming"
JOB = f"{RECEIVE}\\W_M02000.1S1"
DEEP_JOB = f"{INCOMING}\\W_M02001.1S1"
FULL = 0x1F01FF
READ_WRITE = 0x12019F
EXPLICIT_FOR_ALL = 0x03
INHERITED_BY_FOLDER = 0x13
INHERITED_BY_FILE = 0x10
WRONG = "Not-The-Passw0rd"

SAMBA_MISSING = missing()
ON_SAMBA = pytest.mark.skipif(
    bool(SAMBA_MISSING), reason=f"{SAMBA_MISSING}; as root on Debian, `make test` installs what it needs"
)


@dataclass(frozen=True)
class Way:
    """An adapter and what it is tried on."""

    name: str
    backend: str
    connection: str
    variables: dict[str, Any]

    def plugin(self, host: RunningHost, **overrides: Any) -> Any:
        """The connection plugin of a host whose inventory says so, as a task gets it."""
        variables = host.winrm(ansible_connection=self.connection, **self.variables, **overrides)
        return with_options(load(self.connection), self.connection, variables)

    def reach(self, host: RunningHost, **overrides: Any) -> AbstractContextManager[SiteServer]:
        """The host as a site server."""
        return site_server(host.endpoint.host.name, self.plugin(host, **overrides))


def load(name: str) -> Any:
    """A connection plugin; our own without Ansible's finder of collections, which would take over all imports."""
    if name != SMB:
        return connection_loader.get(name, PlayContext())
    C.config.initialize_plugin_configuration_definitions("connection", SMB, yaml.safe_load(DOCUMENTATION)["options"])
    made = Connection(PlayContext())
    made._load_name = SMB
    return made


WAYS = (
    pytest.param(Way("winrm", "memory", "winrm", {}), id="winrm-memory"),
    pytest.param(
        Way("psrp", "memory", "psrp", {"ansible_psrp_protocol": "http", "ansible_psrp_auth": "ntlm"}), id="psrp-memory"
    ),
    pytest.param(Way("winrm", "samba", "winrm", {}), id="winrm-samba", marks=ON_SAMBA),
    pytest.param(Way("smb", "samba", SMB, {}), id="smb-samba", marks=ON_SAMBA),
    pytest.param(Way("nt1", "samba", SMB, {"ansible_smb_dialect": "nt1"}), id="nt1-samba", marks=ON_SAMBA),
)


def test_each_wire_is_held_to_the_contract() -> None:
    assert {case.values[0].connection for case in WAYS} == {wire.connection for wire in WIRES}


@pytest.fixture(scope="module")
def memory() -> Iterator[RunningLab]:
    with running_lab(default_hierarchy(2)) as running:
        yield running


@pytest.fixture(scope="module")
def samba() -> Iterator[RunningLab]:
    with running_lab(default_hierarchy(2), backend="samba") as running:
        # Samba offers to sign SMB 1 only if it is told to, as Windows NT 4.0 and 2000 servers.
        for host in running.values():
            assert host.smb is not None
            host.smb.set_parameters({"server signing": "auto"}, restart=True)
        yield running


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> Way:
    return request.param


@pytest.fixture
def host(way: Way, request: pytest.FixtureRequest) -> Iterator[RunningHost]:
    """The central site's server with the article's fault, put back as it was after each test."""
    lab: RunningLab = request.getfixturevalue(way.backend)
    found = lab["C01"]
    controls = found.controls
    paths = (RECEIVE, INCOMING, JOB, DEEP_JOB)
    before = {path: controls.file_descriptor(path)["base64"] for path in paths}
    share = controls.share_descriptor("SMS_SITE")
    assert share is not None
    yield found
    found.set_listening(True)
    for path, held in before.items():
        controls.set_file_descriptor(path, {"base64": held})
    controls.set_share_descriptor("SMS_SITE", {"base64": share["base64"]})


@pytest.fixture
def server(way: Way, host: RunningHost) -> Iterator[SiteServer]:
    with way.reach(host) as reached:
        yield reached


def held_by(described: dict[str, Any] | None) -> SecurityDescriptor:
    """What the lab holds, parsed."""
    assert described is not None
    return SecurityDescriptor.from_bytes(base64.b64decode(described["base64"]))


def entries(described: dict[str, Any]) -> list[tuple[str, str, int, int]]:
    """Type, name, mask and flags of each entry, as the lab tells them."""
    return [(entry["type"], entry["name"], entry["mask"], entry["flags"]) for entry in described["entries"]]


def sid_in_lab(host: RunningHost, name: str) -> Sid:
    (found,) = (account["sid"] for account in host.controls.accounts() if account["name"] == name)
    return Sid.parse(found)


# -- shares


def test_a_share_tells_its_settings(host: RunningHost, server: SiteServer) -> None:
    share = server.share("sms_site")
    assert (share.name, share.path, share.is_disk) == ("SMS_SITE", host.path(RECEIVE), True)
    assert (share.description, share.maximum_allowed) == ("SMS Site C01", None)


def test_a_share_that_is_not_there(server: SiteServer) -> None:
    with pytest.raises(NotFound, match=r"^C01: could not read share NO_SUCH: not found") as caught:
        server.share("NO_SUCH")
    assert "this module does not share the directory" in str(caught.value)


def test_a_shares_permissions_are_read_with_names(host: RunningHost, server: SiteServer) -> None:
    reading = server.share_descriptor(server.share("SMS_SITE"))
    held = host.controls.share_descriptor("SMS_SITE")
    assert reading.descriptor.dacl == held_by(held).dacl
    assert not reading.is_default
    assert reading.unwritable == ()
    assert reading.names[sid_in_lab(host, "CORP\\bystander")] == "CORP\\bystander"
    assert reading.names[Sid.parse("S-1-5-32-544")] == "BUILTIN\\Administrators"


@pytest.mark.parametrize(
    "dacl",
    [
        "(A;;FA;;;BA)(A;;0x1301bf;;;WD)(A;;0x1200a9;;;AU)",
        "(D;;FA;;;BG)(D;;0x2;;;AN)(A;;FA;;;BA)",
        "(A;;FA;;;S-1-5-21-9-9-9-1234)",
        "(A;;0x1;;;WD)(A;;0x100000;;;BA)",
    ],
    ids=["allow", "deny", "a stranger's", "single rights"],
)
def test_a_shares_permissions_are_written_as_given(host: RunningHost, server: SiteServer, dacl: str) -> None:
    share = server.share("SMS_SITE")
    before = server.share_descriptor(share).descriptor
    wanted = before.with_dacl(parse_sddl(f"D:{dacl}").dacl)
    server.set_share_descriptor(share, wanted)
    assert held_by(host.controls.share_descriptor("SMS_SITE")).dacl == wanted.dacl
    assert server.share_descriptor(share).descriptor == wanted
    # What is not about access stays; and what is told along with it is what is held.
    again = server.share("SMS_SITE")
    assert replace(again, descriptor=None) == replace(share, descriptor=None)
    assert again.descriptor in (None, wanted)


# -- directories and files


def test_a_directorys_permissions_are_read_with_owner_and_group(host: RunningHost, server: SiteServer) -> None:
    reading = server.path_descriptor(host.path(RECEIVE))
    held = held_by(host.controls.file_descriptor(RECEIVE))
    assert reading.descriptor.dacl == held.dacl
    assert (reading.descriptor.owner, reading.descriptor.group) == (held.owner, held.group)
    assert reading.descriptor.dacl_protected == held.dacl_protected
    assert reading.names[sid_in_lab(host, "CORP\\bystander")] == "CORP\\bystander"


def test_directories_and_files_are_told_apart(host: RunningHost, server: SiteServer) -> None:
    assert server.is_directory(host.path(RECEIVE))
    assert not server.is_directory(host.path(JOB))
    with pytest.raises(NotFound, match="not found"):
        server.is_directory(host.path(f"{RECEIVE}\\nothing"))


@pytest.mark.parametrize("question", ["is_directory", "path_descriptor"])
def test_a_path_that_is_not_there(host: RunningHost, server: SiteServer, question: str) -> None:
    for path in (f"{RECEIVE}\\nothing", f"{RECEIVE}\\nothing\\below"):
        with pytest.raises(NotFound, match=r"^C01: could not .*nothing"):
            getattr(server, question)(host.path(path))


def test_children_follow_what_their_folder_passes_on(host: RunningHost, server: SiteServer) -> None:
    sender = str(sid_in_lab(host, "CORP\\smssend"))
    own = {"type": "allow", "principal": "CORP\\backup", "mask": 0x1200A9, "flags": ""}
    host.controls.set_file_descriptor(JOB, {"entries": [own]})
    path = host.path(RECEIVE)
    before = server.path_descriptor(path).descriptor
    server.set_path_descriptor(path, before.with_dacl(parse_sddl(f"D:(A;OICI;0x12019f;;;{sender})").dacl))

    top, folder = host.controls.file_descriptor(RECEIVE), host.controls.file_descriptor(INCOMING)
    job, deep = host.controls.file_descriptor(JOB), host.controls.file_descriptor(DEEP_JOB)
    assert entries(top)[0] == ("allow", "CORP\\smssend", READ_WRITE, EXPLICIT_FOR_ALL)
    # What the folder itself inherits comes from its parent, whatever was written.
    from_above = [
        ("allow", "NT AUTHORITY\\SYSTEM", FULL, INHERITED_BY_FOLDER),
        ("allow", "BUILTIN\\Administrators", FULL, INHERITED_BY_FOLDER),
    ]
    assert entries(top)[1:] == from_above
    assert entries(folder) == [("allow", "CORP\\smssend", READ_WRITE, INHERITED_BY_FOLDER), *from_above]
    passed = [
        ("allow", "CORP\\smssend", READ_WRITE, INHERITED_BY_FILE),
        ("allow", "NT AUTHORITY\\SYSTEM", FULL, INHERITED_BY_FILE),
        ("allow", "BUILTIN\\Administrators", FULL, INHERITED_BY_FILE),
    ]
    assert entries(deep) == passed
    assert entries(job) == [("allow", "CORP\\backup", 0x1200A9, 0), *passed]
    for described in (top, folder, job, deep):
        assert described["control"] & 0x0400, "SE_DACL_AUTO_INHERITED"
    assert top["owner"] == "S-1-5-32-544"


def test_a_protected_child_and_what_is_below_it_stay(host: RunningHost, server: SiteServer) -> None:
    host.controls.set_file_descriptor(
        INCOMING,
        {"protected": True, "entries": [{"principal": "S-1-5-32-544", "access": "full_control", "flags": "OI CI"}]},
    )
    protected, below = (host.controls.file_descriptor(path)["base64"] for path in (INCOMING, DEEP_JOB))
    path = host.path(RECEIVE)
    before = server.path_descriptor(path).descriptor
    server.set_path_descriptor(path, before.with_dacl(parse_sddl("D:(A;OICI;FA;;;BA)(A;OICI;0x1200a9;;;WD)").dacl))
    assert [host.controls.file_descriptor(path)["base64"] for path in (INCOMING, DEEP_JOB)] == [protected, below]
    assert ("allow", "Everyone", 0x1200A9, INHERITED_BY_FILE) in entries(host.controls.file_descriptor(JOB))


def test_a_folder_is_protected_and_follows_again(host: RunningHost, server: SiteServer) -> None:
    path = host.path(RECEIVE)
    before = server.path_descriptor(path).descriptor
    server.set_path_descriptor(path, before.with_dacl(parse_sddl("D:(A;OICI;FA;;;BA)").dacl, protected=True))
    held = host.controls.file_descriptor(RECEIVE)
    assert held["protected"]
    assert entries(held) == [("allow", "BUILTIN\\Administrators", FULL, EXPLICIT_FOR_ALL)]
    assert entries(host.controls.file_descriptor(JOB)) == [
        ("allow", "BUILTIN\\Administrators", FULL, INHERITED_BY_FILE)
    ]

    server.set_path_descriptor(path, before.with_dacl(parse_sddl("D:(A;OICI;FA;;;WD)").dacl, protected=False))
    held = host.controls.file_descriptor(RECEIVE)
    assert not held["protected"]
    assert ("allow", "NT AUTHORITY\\SYSTEM", FULL, INHERITED_BY_FOLDER) in entries(held)
    assert ("allow", "NT AUTHORITY\\SYSTEM", FULL, INHERITED_BY_FILE) in entries(host.controls.file_descriptor(JOB))


def test_deny_entries_go_down_too(host: RunningHost, server: SiteServer) -> None:
    path = host.path(RECEIVE)
    before = server.path_descriptor(path).descriptor
    denying = parse_sddl("D:(D;OICIIO;0x10000;;;WD)(A;OICI;FA;;;BA)").dacl
    server.set_path_descriptor(path, before.with_dacl(denying))
    assert ("deny", "Everyone", 0x10000, 0x0B) in entries(host.controls.file_descriptor(RECEIVE))
    assert ("deny", "Everyone", 0x10000, INHERITED_BY_FILE) in entries(host.controls.file_descriptor(DEEP_JOB))


def test_a_file_is_written_alone(host: RunningHost, server: SiteServer) -> None:
    path = host.path(JOB)
    before = server.path_descriptor(path).descriptor
    assert server.set_path_descriptor(path, before.with_dacl(parse_sddl("D:(A;;FA;;;WD)").dacl)) is None
    assert entries(host.controls.file_descriptor(JOB))[0] == ("allow", "Everyone", FULL, 0)


def test_a_child_is_found_where_the_server_has_to_bring_it_in_line(
    way: Way, host: RunningHost, server: SiteServer
) -> None:
    child = server.a_child(host.path(RECEIVE))
    if way.connection == SMB:
        assert child is None
        return
    assert child is not None
    assert child.casefold() in {host.path(path).casefold() for path in (INCOMING, JOB)}
    server.path_descriptor(child)
    assert server.a_child(host.path(INCOMING)) is not None


def test_a_file_is_deleted(host: RunningHost, server: SiteServer) -> None:
    host.controls.make_file(f"{RECEIVE}\\probe.tmp")
    path = host.path(f"{RECEIVE}\\probe.tmp")
    server.delete_file(path)
    with pytest.raises(NotFound):
        server.is_directory(path)
    with pytest.raises(NotFound, match=r"could not delete .*probe\.tmp"):
        server.delete_file(path)


# -- accounts and services


@pytest.mark.parametrize(
    "spelling", ["CORP\\smssend", "corp\\SMSSEND", " CORP\\smssend ", "smssend@corp.example", "SMSSEND@CORP.EXAMPLE"]
)
def test_an_account_is_found_in_every_spelling(host: RunningHost, server: SiteServer, spelling: str) -> None:
    found = server.resolve(spelling)
    assert found.sid == sid_in_lab(host, "CORP\\smssend")
    assert found.name == "CORP\\smssend"


@pytest.mark.parametrize(
    ("spelling", "sid", "name"),
    [
        ("Everyone", "S-1-1-0", "Everyone"),
        ("BUILTIN\\Administrators", "S-1-5-32-544", "BUILTIN\\Administrators"),
        ("SYSTEM", "S-1-5-18", "NT AUTHORITY\\SYSTEM"),
        ("S-1-5-21-9-9-9-1234", "S-1-5-21-9-9-9-1234", "S-1-5-21-9-9-9-1234"),
    ],
)
def test_what_is_the_same_everywhere_costs_nothing(
    way: Way, host: RunningHost, spelling: str, sid: str, name: str
) -> None:
    host.set_listening(False)
    with way.reach(host) as server:
        found = server.resolve(spelling)
    assert (found.sid, found.name) == (Sid.parse(sid), name)


@pytest.mark.parametrize("name", ["CORP\\nobody", "NOWHERE\\smssend", "nobody@corp.example", ".\\nobody", "CORP\\"])
def test_an_unknown_account(server: SiteServer, name: str) -> None:
    with pytest.raises(AccountNotFound, match=r"^C01: could not look up account ") as caught:
        server.resolve(name)
    assert name in str(caught.value)


def test_a_name_without_a_domain_is_not_guessed(server: SiteServer) -> None:
    with pytest.raises(AccountNotFound, match="the name has no domain"):
        server.resolve("smssend")


def test_a_services_account(server: SiteServer) -> None:
    assert server.service_account("SMS_EXECUTIVE").casefold() == "corp\\smssvc"
    with pytest.raises(NotFound, match="service NO_SUCH"):
        server.service_account("NO_SUCH")


# -- local groups

ADMINISTRATORS = Sid.parse("S-1-5-32-544")


def test_a_member_comes_and_goes(way: Way, host: RunningHost, server: SiteServer) -> None:
    assert server.changes_members is (way.connection == SMB)
    sender = sid_in_lab(host, "CORP\\smssend")
    before = set(server.group_members(ADMINISTRATORS))
    assert sender not in {account.sid for account in before}
    if not server.changes_members:
        for change in (server.add_group_member, server.remove_group_member):
            with pytest.raises(Unsupported, match=r"^C01: could not change the members of group .*Administrators"):
                change(ADMINISTRATORS, sender)
        assert set(server.group_members(ADMINISTRATORS)) == before
        return
    # What is so already is no error.
    server.remove_group_member(ADMINISTRATORS, sender)
    (member,) = (account for account in before if account.name == "CORP\\ansible")
    server.add_group_member(ADMINISTRATORS, member.sid)
    with way.reach(host) as another:
        server.add_group_member(ADMINISTRATORS, sender)
        assert {account.sid for account in another.group_members(ADMINISTRATORS)} - {
            account.sid for account in before
        } == {sender}
        server.remove_group_member(ADMINISTRATORS, sender)
        server.remove_group_member(ADMINISTRATORS, sender)
        assert set(another.group_members(ADMINISTRATORS)) == before


def test_a_group_that_is_not_there(server: SiteServer) -> None:
    nobody, group = Sid.parse("S-1-5-21-9-9-9-1234"), Sid.parse("S-1-5-32-999")
    for question in (server.add_group_member, server.remove_group_member):
        with pytest.raises(NotFound if server.changes_members else Unsupported, match="group S-1-5-32-999"):
            question(group, nobody)


def test_members_come_with_what_they_are(server: SiteServer) -> None:
    found = {account.name: account.is_group for account in server.group_members(ADMINISTRATORS)}
    assert found == {"CORP\\Domain Admins": True, "CORP\\ansible": False}


def test_what_is_not_the_servers_own_is_not_found(server: SiteServer) -> None:
    for sid in ("S-1-5-21-9-9-9-1234", "S-1-5-32-999", "S-1-5-11"):
        with pytest.raises(NotFound, match=f"account {sid}"):
            server.local_account_state(Sid.parse(sid))
    with pytest.raises(NotFound, match=r"group S-1-5-21-9-9-9-1234"):
        server.group_members(Sid.parse("S-1-5-21-9-9-9-1234"))


def test_the_domain_of_the_server(way: Way, server: SiteServer) -> None:
    found = server.joined_domain()
    assert found is not None
    # The Samba hosts are domain controllers of before Active Directory.
    assert found.name == ("CORP" if way.connection == SMB else "corp.example")


def test_both_rights_to_log_on_are_read_or_stay_open(server: SiteServer) -> None:
    found = server.network_logon()
    assert (found.allowed.name, found.denied.name) == ("SeNetworkLogonRight", "SeDenyNetworkLogonRight")
    for right in (found.allowed, found.denied):
        assert right.holders or right.unread


# -- bad days


def test_a_wrong_password_says_so_and_does_not_show_it(way: Way, host: RunningHost) -> None:
    with (
        way.reach(host, ansible_password=WRONG) as server,
        pytest.raises(AuthenticationFailed, match=r"^C01: could not .*log on as CORP\\ansible") as caught,
    ):
        server.share("SMS_SITE")
    assert WRONG not in f"{caught.value}{caught.value!r}{vars(caught.value)}"


def test_a_host_that_is_down(way: Way, host: RunningHost) -> None:
    host.set_listening(False)
    with way.reach(host) as server, pytest.raises(Unreachable, match=r"^C01: could not ") as caught:
        server.share("SMS_SITE")
    assert "refused" in str(caught.value)


def test_a_host_that_goes_down_in_mid_run_and_comes_back(host: RunningHost, server: SiteServer) -> None:
    share = server.share("SMS_SITE")
    host.set_listening(False)
    with pytest.raises(Unreachable):
        server.share_descriptor(share)
    host.set_listening(True)
    assert server.share_descriptor(share).descriptor.dacl is not None


@pytest.mark.parametrize("what", ["share", "directory"])
def test_who_is_no_administrator_may_not_write(way: Way, host: RunningHost, what: str) -> None:
    operator = host.credentials["CORP\\operator"]

    def write(server: SiteServer) -> None:
        if what == "share":
            share = server.share("SMS_SITE")
            server.set_share_descriptor(share, server.share_descriptor(share).descriptor)
        else:
            path = host.path(RECEIVE)
            server.set_path_descriptor(path, server.path_descriptor(path).descriptor)

    with (
        way.reach(host, ansible_user="CORP\\operator", ansible_password=operator.password) as server,
        pytest.raises(AccessDenied, match=r"Administrators group"),
    ):
        write(server)


# -- what went over the connection


def test_a_connection_counts_what_goes_over_it(way: Way, host: RunningHost) -> None:
    host.controls.reset_counters()
    with way.reach(host) as server:
        assert server.traffic == Traffic(0, 0, 0)
        assert server.counts_requests is (way.connection != SMB)
        server.share("SMS_SITE")
        first = server.traffic
        server.reconnect()
        server.path_descriptor(host.path(RECEIVE))
    # After the end, too: nobody has the figures before it.
    both = server.traffic
    assert 0 < first.requests < both.requests
    assert 0 < first.sent < both.sent
    assert 0 < first.received < both.received
    if server.counts_requests:
        assert both.requests == host.controls.counters()["wsman_requests"] == 2


# -- the use case


def test_the_articles_resolution_ends_the_same_on_every_way(
    host: RunningHost, server: SiteServer, request: pytest.FixtureRequest
) -> None:
    wanted = SenderRequest(PRODUCTS["sms_1_2"], ("CORP\\smssend", "smssvc@corp.example"))
    predicted = enforce_sender_access(server, wanted, check_mode=True)
    assert predicted.changed
    assert "CORP\\smssend" not in str(host.controls.share_descriptor("SMS_SITE"))
    done = enforce_sender_access(server, wanted)
    assert done.changed
    assert [access.satisfied for access in done.before.senders.values()] == [False, False]
    assert [access.satisfied for access in done.after.senders.values()] == [True, True]
    assert done.after.share_reading.descriptor.dacl == predicted.after.share_reading.descriptor.dacl
    assert done.after.directory_reading.descriptor.dacl == predicted.after.directory_reading.descriptor.dacl

    share = entries(host.controls.share_descriptor("SMS_SITE") or {})
    assert sorted(share) == [
        ("allow", "BUILTIN\\Administrators", FULL, 0),
        ("allow", "CORP\\backup", 0x1200A9, 0),
        ("allow", "CORP\\bystander", 0x1301BF, 0),
        ("allow", "CORP\\smssend", FULL, 0),
        ("allow", "CORP\\smssvc", FULL, 0),
    ]
    explicit = [
        ("allow", "CORP\\backup", 0x1200A9),
        ("allow", "CORP\\bystander", 0x1301BF),
        ("allow", "CORP\\smssend", READ_WRITE),
        ("allow", "CORP\\smssvc", READ_WRITE),
    ]
    inherited = [("allow", "BUILTIN\\Administrators", FULL), ("allow", "NT AUTHORITY\\SYSTEM", FULL)]
    directory = entries(host.controls.file_descriptor(RECEIVE))
    assert sorted(directory[:4]) == [(*entry, EXPLICIT_FOR_ALL) for entry in explicit]
    assert sorted(directory[4:]) == [(*entry, INHERITED_BY_FOLDER) for entry in inherited]
    for path in (JOB, DEEP_JOB):
        found = sorted(entries(host.controls.file_descriptor(path)))
        assert found == sorted((*entry, INHERITED_BY_FILE) for entry in (*explicit, *inherited))

    again = enforce_sender_access(server, wanted)
    assert not again.changed
    assert again.propagated is None


# -- members that are looked for


def test_a_member_that_is_looked_for_is_found_and_others_may_be_left_out(host: RunningHost, server: SiteServer) -> None:
    everyone = {account.sid for account in server.group_members(ADMINISTRATORS)}
    operator, sender = sid_in_lab(host, "CORP\\ansible"), sid_in_lab(host, "CORP\\smssend")
    found = {account.sid for account in server.group_members(ADMINISTRATORS, lambda sids: operator in sids)}
    assert operator in found
    assert found <= everyone
    # Nobody is left out if the account that is looked for is no member.
    found = {account.sid for account in server.group_members(ADMINISTRATORS, lambda sids: sender in sids)}
    assert found == everyone
