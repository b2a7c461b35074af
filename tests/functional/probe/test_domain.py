# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
r"""Kerberos for `CORP\name` in a real domain with a trusted one: sender_probe, and the connection sitekeeper.sms.smb.

Each test runs a program of its own, which resolves the names of the domain's computers.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.sitekeeper.sms.plugins.module_utils.kerberos import TicketError, service_ticket
from ansible_collections.sitekeeper.sms.plugins.module_utils.sender_probe import STEPS
from ansible_collections.sitekeeper.sms.plugins.modules.sender_probe import EXAMPLES
from tests.lab.domain.testing import RunningAccount, RunningComputer, RunningDomain, missing, running_domain
from tests.waiting import PATIENCE

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())

CHECKOUT = Path(__file__).resolve().parents[3]
MODULE = "ansible_collections.sitekeeper.sms.plugins.modules.sender_probe"
NO_REALMS_OF_HOSTS = "no realms of hosts"


@pytest.fixture(scope="module")
def domain() -> Iterator[RunningDomain]:
    """The site server P01 of CORP lets in CORP\\smssend and PARTNER\\smssend; the trust is external."""
    with running_domain() as running:
        yield running


@pytest.fixture
def environment(domain: RunningDomain, tmp_path: Path) -> dict[str, str]:
    """What a program of this checkout needs; its krb5.conf is a copy that a test may change."""
    (tmp_path / "krb5.conf").write_text(domain.krb5_conf.read_text(encoding="utf-8"), encoding="utf-8")
    return {
        "PYTHONPATH": ":".join(sys.path),
        "KRB5_CONFIG": str(tmp_path / "krb5.conf"),
        "KRB5CCNAME": f"FILE:{tmp_path}/cache",
    }


def without(environment: dict[str, str], section: str) -> None:
    """Remove a section from the copy of krb5.conf."""
    path = Path(environment["KRB5_CONFIG"])
    before, found, after = path.read_text(encoding="utf-8").partition(f"[{section}]")
    assert found
    path.write_text(before + "".join(after.partition("\n[")[1:]), encoding="utf-8")


def kinit(domain: RunningDomain, account: RunningAccount, environment: dict[str, str]) -> None:
    done = domain.run("kinit", account.principal, text=f"{account.password}\n", environment=environment)
    assert done.returncode == 0, done.stderr


def probe(
    domain: RunningDomain,
    account: str,
    password: str | None,
    environment: dict[str, str],
    server: RunningComputer | None = None,
    **options: Any,
) -> dict[str, Any]:
    """Run the module as Ansible runs it."""
    arguments = {
        "account": account,
        "password": password,
        "server": (server or domain.members["P01"]).dns_name,
        "share": "SMS_SITE",
        "required_steps": list(STEPS),
        "auth": "kerberos",
        "domains": {},
        "port": 445,
        "dialect": "auto",
        "signing": "required",
        "encryption": False,
        "timeout": 30,
        "product": "configmgr",
        **options,
    }
    text = json.dumps({"ANSIBLE_MODULE_ARGS": arguments})
    done = domain.run(sys.executable, "-m", MODULE, text=text, environment=environment)
    assert password is None or password not in done.stdout + done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


@pytest.mark.parametrize("server", ["P01", "S01", "C01"])
@pytest.mark.parametrize("given", [{}, {"domains": {"corp.example": "CORP"}}], ids=["first label", "domains"])
def test_a_password_is_enough(
    domain: RunningDomain, environment: dict[str, str], server: str, given: dict[str, Any]
) -> None:
    account = domain.accounts["smssend"]
    computer = domain.controller if server == "C01" else domain.members[server]
    result = probe(domain, account.user, account.password, environment, computer, **given)
    assert result["works"], result
    assert result["account"] == "CORP\\smssend"


def test_a_netbios_name_that_is_no_label_of_the_realm_is_mapped(
    domain: RunningDomain, environment: dict[str, str]
) -> None:
    account = domain.accounts["smssend"]
    mapped = {"domains": {"corp.example": "OLDCORP"}}
    assert probe(domain, "oldcorp\\smssend", account.password, environment, **mapped)["works"]
    refused = probe(domain, "OLDCORP\\smssend", account.password, environment)
    assert not refused["works"]
    assert "ansible_smb_domains: {corp.example: OLDCORP}" in refused["msg"]


def test_no_krb5_conf_is_needed_for_the_server_s_domain(domain: RunningDomain, environment: dict[str, str]) -> None:
    """The KDC is then where the name of the realm leads; here that is nowhere."""
    Path(environment["KRB5_CONFIG"]).write_text("", encoding="utf-8")
    account = domain.accounts["smssend"]
    result = probe(domain, account.user, account.password, environment)
    assert "no domain controller of CORP.EXAMPLE answers for Kerberos" in result["msg"]


@pytest.mark.parametrize("name", ["smssend", "P02$", "gmsa_sms$"])
def test_a_ticket_of_kinit_is_enough(domain: RunningDomain, environment: dict[str, str], name: str) -> None:
    account = domain.accounts[name]
    kinit(domain, account, environment)
    assert probe(domain, account.user, None, environment)["works"]
    assert probe(domain, f"OLDCORP\\{name}", None, environment, domains={"corp.example": "OLDCORP"})["works"]


def test_a_ticket_of_another_domain_is_refused(domain: RunningDomain, environment: dict[str, str]) -> None:
    kinit(domain, domain.accounts["smssend"], environment)
    for name, advised in (("PARTNER", False), ("OLDCORP", True)):
        result = probe(domain, f"{name}\\smssend", None, environment)
        assert not result["works"]
        assert "is smssend@CORP.EXAMPLE's" in result["msg"]
        assert ("ansible_smb_domains" in result["msg"]) is advised


# -- a trusted domain


@pytest.mark.parametrize("realms", ["of hosts", NO_REALMS_OF_HOSTS])
@pytest.mark.parametrize("ticket", [False, True], ids=["password", "ticket"])
@pytest.mark.parametrize("name", ["smssend", "X02$"])
def test_an_account_of_a_trusted_domain_gets_in(
    domain: RunningDomain, environment: dict[str, str], name: str, ticket: bool, realms: str
) -> None:
    """Its KDC has no ticket for the service and does not refer: the trust is external."""
    account = domain.trusted["PARTNER"].accounts[name]
    if realms == NO_REALMS_OF_HOSTS:
        without(environment, "domain_realm")
    if ticket:
        kinit(domain, account, environment)
    result = probe(domain, account.user, None if ticket else account.password, environment)
    assert result["works"], result
    assert result["account"] == account.user


def test_the_names_of_two_domains_lead_to_two_accounts(domain: RunningDomain, environment: dict[str, str]) -> None:
    """C01 lets in CORP\\smssend alone."""
    own, other = domain.accounts["smssend"], domain.trusted["PARTNER"].accounts["smssend"]
    assert probe(domain, own.user, own.password, environment, domain.controller)["works"]
    denied = probe(domain, other.user, other.password, environment, domain.controller)
    assert [step["status"] for step in denied["steps"] if step["ok"] is False][:1] == ["STATUS_ACCESS_DENIED"]
    assert "the password is wrong" in probe(domain, other.user, own.password, environment)["msg"]


def test_a_realm_of_the_server_that_is_not_trusted_is_named(domain: RunningDomain, environment: dict[str, str]) -> None:
    account = domain.trusted["PARTNER"].accounts["smssend"]
    hosts = Path(environment["KRB5_CONFIG"])
    text = hosts.read_text(encoding="utf-8").replace(".corp.example = CORP.EXAMPLE", ".corp.example = OTHER.EXAMPLE")
    hosts.write_text(text, encoding="utf-8")
    result = probe(domain, account.user, account.password, environment)
    assert "the realm PARTNER.EXAMPLE has no service cifs/p01.corp.example" in result["msg"]
    assert "no trust with OTHER.EXAMPLE" in result["msg"]
    assert "[domain_realm]" in result["msg"]


def test_a_service_that_no_realm_has_is_missing_in_the_realm_that_was_asked_last(
    domain: RunningDomain, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KRB5_CONFIG", environment["KRB5_CONFIG"])
    account = domain.trusted["PARTNER"].accounts["smssend"]
    with pytest.raises(TicketError, match=r"the realm CORP\.EXAMPLE has no service cifs/p99\."):
        service_ticket(account.name, account.domain, account.password, "cifs/p99.corp.example", PATIENCE)


# -- playbooks


def play(
    domain: RunningDomain,
    directory: Path,
    variables: dict[str, Any],
    tasks: list[dict[str, Any]],
    environment: dict[str, str],
) -> str:
    """Run the tasks for P01; all that was printed."""
    host = {domain.members["P01"].dns_name: variables}
    (directory / "inventory.yml").write_text(yaml.safe_dump({"all": {"hosts": host}}), encoding="utf-8")
    plays = [{"hosts": "all", "gather_facts": False, "tasks": tasks}]
    (directory / "play.yml").write_text(yaml.safe_dump(plays), encoding="utf-8")
    program = Path(sys.executable).with_name("ansible-playbook")
    settings = {
        "PATH": f"{program.parent}:{os.environ['PATH']}",
        "ANSIBLE_COLLECTIONS_PATH": f"{CHECKOUT}/build/collections",
        "ANSIBLE_HOME": str(directory / "ansible"),
        "ANSIBLE_REMOTE_TEMP": str(directory / "remote"),
    }
    files = ("-i", str(directory / "inventory.yml"), str(directory / "play.yml"))
    done = domain.run(str(program), *files, environment={**environment, **settings})
    return done.stdout + done.stderr


def test_the_connection_and_the_probe_use_kerberos(
    domain: RunningDomain, environment: dict[str, str], tmp_path: Path
) -> None:
    """The operator is CORP\\ansible by ticket; its domain is mapped. The Sender account is of the trusted domain."""
    sender = domain.trusted["PARTNER"].accounts["smssend"]
    kinit(domain, domain.accounts["ansible"], environment)
    password = "{{ lookup('ansible.builtin.env', 'SENDER_PASSWORD') }}"
    tasks = [
        {"sitekeeper.sms.sender_access_info": {"senders": ["CORP\\smssend"], "product": "sms_2_0"}},
        {
            "sitekeeper.sms.sender_probe": {
                "account": sender.user,
                "password": password,
                "auth": "kerberos",
                "product": "configmgr",
            }
        },
    ]
    variables = {
        "ansible_connection": "sitekeeper.sms.smb",
        "ansible_smb_auth": "kerberos",
        "ansible_user": "OLDCORP\\ansible",
        "ansible_smb_domains": {"corp.example": "OLDCORP"},
    }
    printed = play(domain, tmp_path, variables, tasks, {**environment, "SENDER_PASSWORD": sender.password})
    assert "ok=2" in printed, printed
    assert sender.password not in printed


def test_the_example_with_kerberos_runs_as_documented(
    domain: RunningDomain, environment: dict[str, str], tmp_path: Path
) -> None:
    kinit(domain, domain.accounts["smssend"], environment)
    (example,) = [task for task in yaml.safe_load(EXAMPLES) if task["sitekeeper.sms.sender_probe"].get("auth")]
    variables = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    printed = play(domain, tmp_path, variables, [example], environment)
    assert "ok=1" in printed, printed
