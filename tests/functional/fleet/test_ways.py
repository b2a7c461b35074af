# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""fleet_audit over every connection: SMB to real servers beside winrm and psrp, Kerberos, and servers that are slow."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.functional.fleet.test_fleet_audit import EVERYONE, HIERARCHY, Fleet, statuses
from tests.functional.smb.between import between
from tests.functional.smb.kdc import Realm, new_realm
from tests.functional.smb.kdc import missing as kdc_missing
from tests.lab.hierarchy import SENDER
from tests.lab.samba import missing as samba_missing
from tests.lab.testing import RunningHost, RunningLab, default_hierarchy, running_lab
from tests.waiting import PATIENCE, wait_until

INSTALL = "as root on Debian, `make test` installs what it needs"
SAMBA_MISSING = samba_missing()
MISSING = "; ".join(filter(None, (SAMBA_MISSING, kdc_missing())))
on_samba = pytest.mark.skipif(bool(SAMBA_MISSING), reason=f"{SAMBA_MISSING}; {INSTALL}")
with_kdc = pytest.mark.skipif(bool(MISSING), reason=f"{MISSING}; {INSTALL}")

SMB = "sitekeeper.sms.smb"
WRONG = "Not-The-Passw0rd"
C01, P01, P02, S01, S02, S03 = EVERYONE
READ = ("share", "directory", "group", "senders", "edits", "after", "status", "message")
"""What a line says of the server, not of how it was asked."""


@pytest.fixture(scope="module")
def servers() -> Iterator[RunningLab]:
    """Site servers that are only read."""
    with running_lab(HIERARCHY, backend="samba") as running:
        yield running


@pytest.fixture
def fleet(servers: RunningLab, tmp_path: Path) -> Fleet:
    return Fleet(servers, tmp_path)


def by_smb(fleet: Fleet, *names: str, **variables: Any) -> None:
    """Let these hosts be reached by SMB."""
    for name in names:
        # The port of WinRM stays, as in an inventory that was made for it.
        fleet.hosts[name] |= {"way": SMB, **variables}


def of(lab: RunningLab, dns_name: str) -> RunningHost:
    return lab[dns_name.partition(".")[0].upper()]


class Refusals:
    """Passes messages of an SMB server on, and counts the logons that it refuses for a wrong name or password."""

    count = 0

    def __call__(self, message: bytes) -> bytes:
        # [MS-SMB2] 2.2.1: Status is at 8, Command at 12, and 1 is SESSION_SETUP. [MS-CIFS] 2.2.3.1: Command is at 4,
        # and 0x73 is SMB_COM_SESSION_SETUP_ANDX, Status at 5. [MS-ERREF] 2.3.1: the status is STATUS_LOGON_FAILURE.
        wrong = (0xC000006D).to_bytes(4, "little")
        if message[:4] == b"\xfeSMB":
            self.count += message[12:14] == b"\1\0" and message[8:12] == wrong
        else:
            self.count += message[4:5] == b"\x73" and message[5:9] == wrong
        return message


# -- SMB beside the others


@on_samba
def test_one_audit_by_smb_winrm_and_psrp(servers: RunningLab, fleet: Fleet) -> None:
    by_smb(fleet, C01)
    by_smb(fleet, P01, ansible_smb_dialect="nt1")
    fleet.hosts[S01]["way"] = "psrp"
    by_smb(fleet, S02, ansible_smb_port=1)
    for host in servers.values():
        host.controls.reset_counters()
    result = fleet.audit()
    assert statuses(result) == {
        C01: "drifted",
        P01: "in_desired_state",
        P02: "drifted",
        S01: "drifted",
        S02: "unreachable",
        S03: "drifted",
    }
    assert "no connection to" in result["hosts"][S02]["message"]
    asked = {host for host in EVERYONE if of(servers, host).controls.counters()["wsman_requests"]}
    assert asked == {P02, S01, S03}
    # What is counted is WS-Management's.
    assert {host for host, line in fleet.lines().items() if line["requests"] is None} == {C01, P01, S02}


@on_samba
def test_smb_tells_what_winrm_tells(fleet: Fleet) -> None:
    fleet.audit()
    winrm = fleet.lines()
    by_smb(fleet, *EVERYONE)
    fleet.audit()
    smb = fleet.lines()
    assert {line["status"] for line in smb.values()} == {"drifted", "in_desired_state"}
    for host in EVERYONE:
        assert {key: smb[host][key] for key in READ} == {key: winrm[host][key] for key in READ}


@on_samba
@pytest.mark.parametrize("dialect", ["auto", "nt1"])
def test_a_wrong_password_is_tried_once(servers: RunningLab, fleet: Fleet, dialect: str) -> None:
    refusals = Refusals()
    with between(of(servers, S02).address, refusals) as port:
        by_smb(
            fleet,
            S02,
            ansible_host="127.0.0.1",
            ansible_smb_port=port,
            ansible_smb_dialect=dialect,
            ansible_password=WRONG,
        )
        fleet.hosts[S03]["ansible_password"] = WRONG
        of(servers, S03).controls.reset_counters()
        result = fleet.audit(retries=3)
    told = statuses(result)
    assert {host for host in EVERYONE if told[host] == "unreachable"} == {S02, S03}
    assert "could not log on as CORP\\ansible" in result["hosts"][S02]["message"]
    assert WRONG not in str(result) + fleet.file.read_text()
    assert refusals.count == 1
    # The first 401 asks for a logon, the second refuses it.
    assert of(servers, S03).controls.counters()["refused"] == 1


@on_samba
def test_a_dead_port_is_asked_again(servers: RunningLab, fleet: Fleet) -> None:
    fleet.hosts = {P01: fleet.hosts[P01], C01: fleet.hosts[C01]}
    # A Samba that is being started may take a connection and never answer on its pipes: then it is asked once more.
    by_smb(fleet, P01, ansible_smb_timeout=30)
    found: list[dict[str, Any]] = []
    of(servers, P01).set_listening(False)
    try:
        # One at a time: once the second has its line, the first was asked for the first time.
        audit = threading.Thread(target=lambda: found.append(fleet.audit(retries=5, at_once=1, processes=1)))
        audit.start()
        wait_until(lambda: fleet.file.exists() and C01 in fleet.file.read_text(), "the second one is read")
        assert P01 not in fleet.file.read_text()
    finally:
        of(servers, P01).set_listening(True)
    audit.join()
    assert statuses(found[0]) == {P01: "in_desired_state", C01: "drifted"}


@on_samba
def test_a_server_that_says_nothing_more_is_given_up(servers: RunningLab, fleet: Fleet) -> None:
    over = threading.Event()

    def silent(message: bytes) -> bytes | None:
        over.wait(PATIENCE)
        return None

    try:
        with between(of(servers, S02).address, silent) as port:
            # As few others as there are ways: they have the same time, however slow the machine is.
            fleet.hosts = {name: fleet.hosts[name] for name in (C01, P01, S01, S02)}
            by_smb(fleet, C01)
            fleet.hosts[S01]["way"] = "psrp"
            by_smb(fleet, S02, ansible_host="127.0.0.1", ansible_smb_port=port)
            result = fleet.audit(timeout=25)
            over.set()
    finally:
        over.set()
    told = statuses(result)
    assert [host for host in told if told[host] == "unreachable"] == [S02]
    assert "no whole answer within 25 seconds" in result["hosts"][S02]["message"]
    assert list(fleet.lines())[-1] == S02


@on_samba
def test_the_playbook_corrects_by_smb_too(tmp_path: Path) -> None:
    with running_lab(HIERARCHY, backend="samba") as lab:
        fleet = Fleet(lab, tmp_path)
        by_smb(fleet, C01, P01)
        by_smb(fleet, S01, ansible_smb_dialect="nt1")
        fleet.hosts[S02]["way"] = "psrp"
        fleet.play(playbook="sitekeeper.sms.fleet")
        # Each by the other way.
        for host in fleet.hosts.values():
            host["way"] = "winrm" if host.pop("way", None) == SMB else SMB
        assert statuses(fleet.audit()) == dict.fromkeys(EVERYONE, "in_desired_state")
        written = {host for host in EVERYONE if of(lab, host).controls.counters()["writes"]}
    assert written == {P02, S02, S03}


@pytest.mark.parametrize("way", ["winrm", "psrp"])
def test_a_password_is_of_its_own_host(tmp_path: Path, way: str) -> None:
    with running_lab(HIERARCHY) as lab:
        fleet = Fleet(lab, tmp_path)
        fleet.hosts = {P01: fleet.hosts[P01], S01: {**fleet.hosts[S01], "way": way}}
        del fleet.hosts[S01]["ansible_password"]
        result = fleet.audit()
    assert statuses(result) == {P01: "in_desired_state", S01: "unreachable"}


# -- Kerberos

REALM = "CORP.EXAMPLE"
PASSWORD = "Tick3t pläse"
KINIT = """#!/bin/sh
: > "$0.runs"
case "$1" in
slower*) until [ "$(wc -l < "${0%/*}/fleet.jsonl")" -ge 4 ]; do sleep 0.1; done;;
slow*) sleep 4;;
esac
test -e "${KRB5CCNAME#FILE:}" || echo missing >> "$0.log"
echo "$1 $KRB5CCNAME" >> "$0.log"
cat > /dev/null
echo 'kinit: Password incorrect while getting initial credentials' >&2
exit 1
"""


@pytest.fixture
def kinit(tmp_path: Path) -> Path:
    """A kinit that refuses everybody, takes its time for some, and writes down who asked for a ticket where to.

    Its time is 4 seconds, or until the audit file has three hosts below its first line.
    """
    command = tmp_path / "kinit"
    command.write_text(KINIT, encoding="utf-8")
    command.chmod(0o700)
    return command


def by_ticket(fleet: Fleet, kinit: Path, name: str, user: str) -> None:
    """Let a host be reached by winrm with Kerberos and a password."""
    fleet.hosts[name] |= {
        "way": "winrm",
        "ansible_winrm_transport": "kerberos",
        "ansible_winrm_kinit_cmd": str(kinit),
        "ansible_user": f"{user}@{REALM}",
        "ansible_password": WRONG,
    }


def test_a_ticket_that_is_refused_is_of_one_host(tmp_path: Path, kinit: Path) -> None:
    with running_lab(HIERARCHY) as lab:
        fleet = Fleet(lab, tmp_path)
        for name, user in ((C01, "slower"), (P02, "quick2"), (S03, "quick3")):
            by_ticket(fleet, kinit, name, user)
        result = fleet.audit(retries=2, processes=1, at_once=2)
    told = statuses(result)
    assert {host: told[host] for host in (P01, S01, S02)} == {P01: "in_desired_state", S01: "drifted", S02: "drifted"}
    for host in (C01, P02, S03):
        assert told[host] == "unreachable"
        assert "kinit: Password incorrect" in result["hosts"][host]["message"]
        assert WRONG not in str(result["hosts"][host])
    said = kinit.with_name("kinit.log").read_text(encoding="utf-8").splitlines()
    caches = dict(line.split() for line in said)
    assert "missing" not in caches
    # Once each, and each a cache of its own, that is gone afterwards.
    assert sorted(line.split()[0] for line in said) == [f"{user}@{REALM}" for user in ("quick2", "quick3", "slower")]
    assert len(set(caches.values())) == 3
    assert not [cache for cache in caches.values() if Path(cache.partition(":")[2]).exists()]
    # Those without a ticket waited for none of them, and those with one waited for each other.
    order = list(fleet.lines())
    assert {*order[:3]} == {P01, S01, S02}
    assert order[3] == C01


@pytest.fixture(scope="module")
def realm(servers: RunningLab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Realm]:
    """A realm whose tickets two of the servers take."""
    made = new_realm(REALM, tmp_path_factory.mktemp("realm"))
    names = [f"cifs/{name}" for name in (C01, P01)]
    made.administer(
        f'addprinc +requires_preauth -pw "{PASSWORD}" ansible',
        *(f"addprinc -randkey {name}" for name in names),
        f"ktadd -k {made.base}/keytab {' '.join(names)}",
    )
    # As domain controllers, they would want what only a KDC of their own domain puts into a ticket.
    changed = {
        "server role": "standalone server",
        "realm": REALM,
        "kerberos method": "dedicated keytab",
        "dedicated keytab file": f"{made.base}/keytab",
    }
    with made.kdc() as port, taking(servers, changed):
        made.write_krb5_conf(port)
        yield made


@contextmanager
def taking(servers: RunningLab, parameters: dict[str, str]) -> Iterator[None]:
    """Two of the servers with other parameters."""
    every = [host.smb for host in (of(servers, C01), of(servers, P01)) if host.smb]
    before = [{name: smb.server.sections["global"].get(name) for name in parameters} for smb in every]
    for smb in every:
        smb.set_parameters(parameters, restart=True)
    yield
    for smb, held in zip(every, before, strict=True):
        smb.set_parameters(held, restart=True)


def sid_of(servers: RunningLab, account: str) -> str:
    """The SID of an account in the share's list of the one server where it has all that it needs."""
    held = of(servers, P01).controls.share_descriptor("SMS_SITE")
    assert held is not None
    return next(str(entry["sid"]) for entry in held["entries"] if entry["name"] == account)


@with_kdc
def test_kerberos_by_smb(servers: RunningLab, realm: Realm, fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KRB5_CONFIG", str(realm.base / "krb5.conf"))
    monkeypatch.delenv("KRB5CCNAME", raising=False)
    fleet.hosts = {name: fleet.hosts[name] for name in (C01, P01, P02)} | {"x01": dict(fleet.hosts[C01])}
    fleet.hosts["x01"]["sms_site_code"] = "C01"
    for name, override, password in ((C01, C01, PASSWORD), (P01, P01, PASSWORD), ("x01", C01, WRONG)):
        by_smb(
            fleet,
            name,
            ansible_smb_auth="kerberos",
            ansible_smb_kerberos_hostname_override=override,
            ansible_user=f"ansible@{REALM}",
            ansible_password=password,
        )
    # As the realm's members, they know no names of their own domain.
    result = fleet.audit(retries=2, sms_sites="{{ omit }}", senders=[sid_of(servers, SENDER)])
    assert statuses(result) == {C01: "drifted", P01: "in_desired_state", P02: "drifted", "x01": "unreachable"}, result[
        "hosts"
    ]
    assert "the password is wrong" in result["hosts"]["x01"]["message"]


@contextmanager
def by_operators_ticket(
    servers: RunningLab, realm: Realm, fleet: Fleet, monkeypatch: pytest.MonkeyPatch, happened: Callable[[], bool]
) -> Iterator[None]:
    """Let P01 be reached by SMB with the ticket that the operator has, and answer only once something has happened."""
    monkeypatch.setenv("KRB5_CONFIG", str(realm.base / "krb5.conf"))
    monkeypatch.setenv("KRB5CCNAME", f"FILE:{realm.kinit('ansible', PASSWORD)}")

    def later(message: bytes) -> bytes:
        # [MS-SMB2] 2.2.1: Command is at 12, and 0 is NEGOTIATE. The ticket is looked for after it.
        if message[:4] == b"\xfeSMB" and message[12:14] == b"\0\0":
            wait_until(happened, "the moment to answer")
        return message

    with between(of(servers, P01).address, later) as port:
        by_smb(
            fleet,
            P01,
            ansible_host="127.0.0.1",
            ansible_smb_port=port,
            ansible_smb_auth="kerberos",
            ansible_smb_kerberos_hostname_override=P01,
            ansible_user=f"ansible@{REALM}",
            # Not left out, so that it is no question whose password counts for a host without one.
            ansible_password="",
        )
        yield


@with_kdc
def test_the_operators_ticket_counts_while_winrm_names_another(
    servers: RunningLab, realm: Realm, kinit: Path, fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    fleet.hosts = {name: fleet.hosts[name] for name in (C01, P01)}
    by_ticket(fleet, kinit, C01, "slow")
    with by_operators_ticket(servers, realm, fleet, monkeypatch, kinit.with_name("kinit.runs").exists):
        result = fleet.audit(processes=1, sms_sites="{{ omit }}", senders=[sid_of(servers, SENDER)])
    assert statuses(result) == {C01: "unreachable", P01: "in_desired_state"}, result["hosts"][P01]


@with_kdc
def test_the_operators_ticket_counts_after_winrm_named_another(
    servers: RunningLab, realm: Realm, kinit: Path, fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    # P02 has nothing to do with Kerberos. It begins after S01, while C01's ticket is got, and ends later.
    fleet.hosts = {name: fleet.hosts[name] for name in (C01, S01, P02, P01)}
    by_ticket(fleet, kinit, C01, "slow")
    slow = of(servers, P02).controls
    slow.misbehave(delay_ms=2_500)
    try:
        done = (C01, P02)
        with by_operators_ticket(
            servers, realm, fleet, monkeypatch, lambda: fleet.file.exists() and all(map(fleet.lines().get, done))
        ):
            result = fleet.audit(processes=1, at_once=2, sms_sites="{{ omit }}", senders=[sid_of(servers, SENDER)])
    finally:
        slow.behave()
    assert statuses(result)[C01] == "unreachable"
    assert statuses(result)[P01] == "in_desired_state", result["hosts"][P01]


# -- a slow server among many


def test_a_slow_server_holds_up_no_other(tmp_path: Path) -> None:
    scenario = default_hierarchy(20)
    with running_lab(scenario) as lab:
        fleet = Fleet(lab, tmp_path)
        fleet.variables |= {"sms_sites": scenario["sites"], "ansible_winrm_connection_timeout": 3 * PATIENCE}
        slow = next(iter(fleet.hosts))
        # Longer than anybody here is patient, so that nobody can have waited for an answer of it.
        of(lab, slow).controls.misbehave(delay_ms=2000 * PATIENCE)
        result = fleet.audit(timeout=20, processes=1, at_once=2, retries=3)
        lines = fleet.lines()
        assert of(lab, slow).controls.counters()["connections"] == 1
    told = statuses(result)
    assert [host for host in told if told[host] not in ("in_desired_state", "drifted")] == [slow]
    assert told[slow] == "unreachable"
    assert "no whole answer within 20 seconds" in result["hosts"][slow]["message"]
    assert lines[slow]["seconds"] == 20
    # It was asked first, and others had the second place one after the other while it had the first.
    assert list(lines).index(slow) > 1
    assert len(lines) == 20
