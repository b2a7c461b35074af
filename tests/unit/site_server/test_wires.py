# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One record for each kind of connection: what is imported, which ticket is used, and a new kind in one place."""

from __future__ import annotations

import subprocess
import sys
from contextlib import nullcontext
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import tomllib
import yaml
from ansible.playbook.play_context import PlayContext
from ansible.plugins.loader import connection_loader

from ansible_collections.sitekeeper.sms.plugins.connection import smb
from ansible_collections.sitekeeper.sms.plugins.inventory import hierarchy as inventory
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.audit import host_to_json
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.credentials import Credentials, NoCredentials
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.fleet import Question, Questions, preparation
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server import wires as module
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.wires import (
    WIRES,
    Adapter,
    ConnectionUnsupported,
    TicketUse,
    Wire,
    credentials_of,
    find_wire,
    load_wires,
    site_server,
    ticket_use,
    wmi_connection,
    wmi_connections,
)
from tests.unit.fake_site_server import DIRECTORY, FakeSiteServer

SMB = "sitekeeper.sms.smb"
PACKAGE = "ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server"
CHECKOUT = Path(__file__).resolve().parents[3]
SENDER = "S-1-5-21-1-2-3-1001"
NAMED, FOUND = TicketUse.NAMED, TicketUse.FOUND


class Plugin:
    """A connection plugin: its name and its options."""

    def __init__(self, kind: str, /, **options: Any) -> None:
        self.transport = kind
        self.options = options

    def get_option(self, name: str) -> Any:
        return self.options.get(name)


# -- a kind of connection that is new


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> FakeSiteServer:
    """A server that a stub wire leads to: one module with an adapter, and one record."""
    server = FakeSiteServer()
    server.hold("D:(A;;0x1301bf;;;WD)", "D:(A;OICI;FA;;;BA)")
    server.log.clear()
    package = ModuleType("stub_adapter")
    package.ADAPTER = Adapter(lambda _host, _connection, *, progress=None: nullcontext(server))  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, package.__name__, package)
    record = Wire("stub", "stublib", package.__name__, "where", lambda option: option("ticket"))
    monkeypatch.setattr(module, "WIRES", (*WIRES, record))
    return server


def test_an_audit_reads_a_host_over_a_new_wire(stub: FakeSiteServer) -> None:
    class Connections:
        """As `HostConnections`, with the plugin of the new kind."""

        def make(self, _host: str) -> tuple[Any, dict[str, Any]]:
            return Plugin("stub", ticket=NAMED), {}

    questions = Questions(everyone=Question(None, "sms_1_2", (SENDER,)))
    job = preparation(Connections(), questions, None)(stub.host)  # type: ignore[arg-type]
    assert job.ticket is NAMED
    line = host_to_json(job.ask().line)
    assert (line["host"], line["status"], line["message"]) == ("p01", "drifted", None)
    assert line["directory"] == {"path": DIRECTORY, "sddl": "D:(A;OICI;FA;;;BA)"}
    assert line["after"]["directory_sddl"] == f"D:(A;OICI;FA;;;BA)(A;OICI;0x12019f;;;{SENDER})"
    assert line["requests"] == len(stub.log) > 0


def test_a_wire_that_does_not_count_requests_has_none_in_the_audit(stub: FakeSiteServer) -> None:
    stub.counts_requests = False
    questions = Questions(everyone=Question(None, "sms_1_2", (SENDER,)))

    class Connections:
        def make(self, _host: str) -> tuple[Any, dict[str, Any]]:
            return Plugin("stub"), {}

    job = preparation(Connections(), questions, None)(stub.host)  # type: ignore[arg-type]
    line = host_to_json(job.ask().line)
    assert line["status"] == "drifted"
    assert line["requests"] is None


def test_messages_name_a_new_wire_too(stub: FakeSiteServer) -> None:
    ways = f"winrm, psrp, {SMB} or stub, not by 'local'"
    with pytest.raises(ConnectionUnsupported, match=ways):
        site_server("p01", Plugin("local"))
    wire = find_wire(Plugin("stub"))
    assert wire is not None
    assert wire.address(Plugin("stub", where="10.0.0.1")) == "10.0.0.1"
    with site_server("p01", Plugin("stub")) as server:
        assert server is stub


def test_a_library_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    package = ModuleType("stub_adapter")
    package.ADAPTER = Adapter(lambda *_a, **_k: nullcontext(FakeSiteServer()), "No module named 'x'")  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, package.__name__, package)
    monkeypatch.setattr(module, "WIRES", (Wire("stub", "stublib", package.__name__, "host"),))
    with pytest.raises(ConnectionUnsupported) as caught:
        site_server("p01", Plugin("stub"))
    assert str(caught.value) == (
        "p01: ansible_connection: stub needs the Python package stublib on the controller (No module named 'x'). "
        "Install it into the Python environment that runs Ansible"
    )
    # It is no error before that: a host may be reached in another way.
    load_wires("stub")


# -- the records


@pytest.mark.parametrize("wire", WIRES, ids=lambda wire: wire.connection)
def test_a_record_fits_its_plugin_and_its_adapter(wire: Wire) -> None:
    plugin = smb if wire.connection == SMB else import_module(f"ansible.plugins.connection.{wire.connection}")
    assert find_wire(plugin.Connection) is wire
    assert wire.address_option in yaml.safe_load(plugin.DOCUMENTATION)["options"]
    adapter = wire.load()
    assert adapter.missing is None
    assert (adapter.open_wmi is not None) is wire.carries_wmi


def test_the_use_cases_may_import_no_adapter() -> None:
    settings = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())
    (contract,) = (each for each in settings["tool"]["importlinter"]["contracts"] if each["id"] == "wire")
    packages = {wire.module.split(".")[1] for wire in WIRES}
    assert {f"{PACKAGE}.{name}" for name in packages} <= set(contract["forbidden_modules"])


def test_the_inventory_documents_the_connections_that_carry_wmi() -> None:
    options = yaml.safe_load(inventory.DOCUMENTATION)["options"]
    connection = options["sms_provider"]["suboptions"]["connection"]
    assert connection["choices"] == list(wmi_connections()) == ["winrm", "psrp"]
    assert connection["default"] == wmi_connections()[0]


@pytest.mark.parametrize("name", [SMB, "local"])
def test_what_carries_no_wmi_says_so(name: str) -> None:
    with pytest.raises(ConnectionUnsupported, match=f"^c01: .*{name}"):
        wmi_connection("c01", Plugin(name))


IMPORTS = """
import sys
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.wires import load_wires, WIRES
assert not {"winrm", "pypsrp", "impacket", "requests", "spnego"} & sys.modules.keys()
load_wires(sys.argv[1])
print(*sorted({"winrm", "pypsrp", "impacket"} & sys.modules.keys()))
"""


@pytest.mark.parametrize(("name", "imported"), [("winrm", "winrm"), ("psrp", "pypsrp"), (SMB, "impacket")])
def test_one_kind_of_connection_does_not_import_the_library_of_another(name: str, imported: str) -> None:
    ended = subprocess.run([sys.executable, "-c", IMPORTS, name], capture_output=True, text=True, check=True)
    assert ended.stdout.split() == [imported]


# -- Kerberos tickets

WITH_PASSWORD = {"remote_user": "me@CORP.EXAMPLE", "remote_password": "secret", "password": "secret"}
WITHOUT = {"remote_user": "me@CORP.EXAMPLE"}


@pytest.mark.parametrize(
    ("plugin", "used"),
    [
        (Plugin("winrm", transport=["ntlm"], **WITH_PASSWORD), None),
        (Plugin("winrm", transport=["ntlm", "kerberos"], **WITH_PASSWORD), NAMED),
        (Plugin("winrm", transport=["kerberos"], **WITHOUT), FOUND),
        (Plugin("winrm", transport=["kerberos"], kerberos_mode="managed", **WITHOUT), NAMED),
        (Plugin("winrm", transport=["kerberos"], kerberos_mode="manual", **WITH_PASSWORD), FOUND),
        # Without kinds, Ansible tries Kerberos for an account with a realm.
        (Plugin("winrm", **WITH_PASSWORD), NAMED),
        (Plugin("winrm", remote_user="CORP\\me", remote_password="secret"), None),
        (Plugin("winrm"), None),
        (Plugin("psrp", auth="negotiate", **WITH_PASSWORD), None),
        (Plugin("psrp", auth="negotiate", **WITHOUT), FOUND),
        (Plugin("psrp", auth="kerberos", **WITHOUT), FOUND),
        (Plugin("psrp", auth="ntlm", **WITHOUT), None),
        (Plugin(SMB, auth="kerberos", **WITH_PASSWORD), None),
        (Plugin(SMB, auth="kerberos", **WITHOUT), FOUND),
        (Plugin(SMB, auth="ntlm", **WITHOUT), None),
        (Plugin("local"), None),
    ],
)
def test_which_ticket_a_connection_uses(plugin: Plugin, used: TicketUse | None) -> None:
    assert ticket_use(plugin) is used


# -- its account, for another server

KERBEROS = {"kerberos": True}


@pytest.mark.parametrize(
    ("plugin", "expected"),
    [
        (Plugin("winrm", transport=["ntlm"], **WITH_PASSWORD), Credentials("me@CORP.EXAMPLE", "secret")),
        (
            Plugin("winrm", transport=["kerberos"], **WITH_PASSWORD),
            Credentials("me@CORP.EXAMPLE", "secret", **KERBEROS),
        ),
        (Plugin("winrm", transport=["kerberos"], **WITHOUT), Credentials("me@CORP.EXAMPLE", **KERBEROS)),
        # The ticket is one that the operator got, perhaps of another account.
        (
            Plugin("winrm", transport=["kerberos"], kerberos_mode="manual", **WITH_PASSWORD),
            Credentials("me@CORP.EXAMPLE", **KERBEROS),
        ),
        (Plugin("winrm", transport=["ntlm", "kerberos"], **WITH_PASSWORD), Credentials("me@CORP.EXAMPLE", "secret")),
        # Without kinds, Ansible tries Kerberos for an account with a realm, and Basic for others.
        (Plugin("winrm", **WITH_PASSWORD), Credentials("me@CORP.EXAMPLE", "secret", **KERBEROS)),
        (Plugin("winrm", transport=[None], **WITH_PASSWORD), Credentials("me@CORP.EXAMPLE", "secret", **KERBEROS)),
        (Plugin("winrm", remote_user="CORP\\me", remote_password="secret"), Credentials("CORP\\me", "secret")),
        (Plugin("winrm", transport=["basic"], **WITH_PASSWORD), Credentials("me@CORP.EXAMPLE", "secret")),
        (Plugin("winrm", transport=["ssl"], **WITH_PASSWORD), Credentials("me@CORP.EXAMPLE", "secret")),
        (Plugin("winrm", transport=["credssp"], **WITH_PASSWORD), Credentials("me@CORP.EXAMPLE", "secret")),
        (
            Plugin(
                "winrm",
                transport=["credssp"],
                _extras={"ansible_winrm_credssp_auth_mechanism": "kerberos"},
                **WITH_PASSWORD,
            ),
            Credentials("me@CORP.EXAMPLE", "secret", **KERBEROS),
        ),
        (Plugin("psrp", auth="negotiate", **WITH_PASSWORD), Credentials("me@CORP.EXAMPLE", "secret", **KERBEROS)),
        (
            Plugin("psrp", auth="negotiate", remote_user="CORP\\me", remote_password="secret"),
            Credentials("CORP\\me", "secret"),
        ),
        (Plugin("psrp", auth="negotiate"), Credentials(**KERBEROS)),
        (Plugin("psrp", auth="kerberos", **WITHOUT), Credentials("me@CORP.EXAMPLE", **KERBEROS)),
        (Plugin("psrp", auth="basic", **WITH_PASSWORD), Credentials("me@CORP.EXAMPLE", "secret")),
        (Plugin("psrp", auth="credssp", **WITH_PASSWORD), Credentials("me@CORP.EXAMPLE", "secret")),
        (
            Plugin("psrp", auth="credssp", credssp_auth_mechanism="kerberos", **WITH_PASSWORD),
            Credentials("me@CORP.EXAMPLE", "secret", **KERBEROS),
        ),
        (Plugin(SMB, auth="ntlm", **WITH_PASSWORD), Credentials("me@CORP.EXAMPLE", "secret")),
        (
            Plugin(SMB, auth="kerberos", domains={"corp.example": "CORP"}, **WITHOUT),
            Credentials("me@CORP.EXAMPLE", "", True, {"corp.example": "CORP"}),
        ),
    ],
)
def test_the_account_of_a_connection(plugin: Plugin, expected: Credentials) -> None:
    assert credentials_of("p01", plugin) == expected


@pytest.mark.parametrize(
    ("plugin", "reason"),
    [
        (Plugin("winrm", transport=["certificate"]), "a certificate"),
        (
            Plugin("winrm", transport=["ssl"], _extras={"ansible_winrm_cert_pem": "a.pem"}, **WITH_PASSWORD),
            "a certificate",
        ),
        (Plugin("psrp", auth="certificate", **WITH_PASSWORD), "a certificate"),
        (Plugin("winrm", transport=["ntlm"], **WITHOUT), "no user and password"),
        (Plugin("winrm", remote_password="secret"), "no user and password"),
        (Plugin("psrp", auth="ntlm", **WITHOUT), "no user and password"),
        (Plugin(SMB, auth="ntlm", **WITHOUT), "no user and password"),
    ],
)
def test_a_connection_without_an_account_for_another_server(plugin: Plugin, reason: str) -> None:
    with pytest.raises(NoCredentials, match=reason):
        credentials_of("p01", plugin)


def test_a_new_wire_has_no_account_for_another_server(stub: FakeSiteServer) -> None:
    with pytest.raises(NoCredentials):
        credentials_of(stub.host, Plugin("stub"))


def test_a_plugin_of_ansible_without_variables() -> None:
    """It has no option for what it passes to its library."""
    made = connection_loader.get("winrm", PlayContext())
    made.set_options(direct={"remote_user": "CORP\\me", "remote_password": "secret"})
    assert credentials_of("p01", made) == Credentials("CORP\\me", "secret")


def test_a_connection_of_another_kind() -> None:
    made = connection_loader.get("local", PlayContext())
    with pytest.raises(ConnectionUnsupported, match=r"site: .*not by 'local'"), site_server("site", made):
        pass
