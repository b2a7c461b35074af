# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The transports on Ansible's own connection plugins, against the lab."""

from __future__ import annotations

import dataclasses
import gc
import os
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible import constants as C  # noqa: N812
from ansible.playbook.play_context import PlayContext
from ansible.plugins.loader import connection_loader

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server import AuthenticationFailed, Unreachable
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.errors import NoAnswer, Rejected, ServerFault
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.wires import (
    site_server,
)
from tests.lab.misbehaviour import Kind, Rule
from tests.lab.testing import RunningHost, RunningLab, default_hierarchy, running_lab
from tests.waiting import PATIENT

WRONG = "Not-The-Passw0rd"
SHARE_GET = "MSFT_SmbShare.Get"
LIMIT = 4 * 1024 * 1024

WINRM_HTTP = {"ansible_winrm_transport": "ntlm"}
PSRP_HTTP = {"ansible_psrp_auth": "ntlm"}


@pytest.fixture(scope="module")
def lab() -> Iterator[RunningLab]:
    with running_lab(default_hierarchy(1)) as running:
        yield running


@pytest.fixture
def host(lab: RunningLab) -> Iterator[RunningHost]:
    """The lab's host, well-behaved and with its counters at zero."""
    found = lab["C01"]
    found.controls.reset_counters()
    yield found
    found.controls.host.misbehaviour.clear()
    found.set_listening(True)


def connection(kind: str, host: RunningHost, *, tls: bool = False, **variables: Any) -> Any:
    """The connection plugin of a host whose inventory says so, as a task gets it."""
    endpoint = host.endpoint
    made = connection_loader.get(kind, PlayContext())
    inventory = {
        "ansible_host": endpoint.address,
        "ansible_port": endpoint.https_port if tls else endpoint.port,
        "ansible_user": host.user,
        "ansible_password": host.password,
        "ansible_winrm_scheme": "https" if tls else "http",
        "ansible_psrp_protocol": "https" if tls else "http",
        **PATIENT,
    } | variables
    # As Ansible's task executor does it: what no option of the plugin takes is for the library behind it.
    taken = C.config.get_plugin_vars("connection", kind)
    extras = {key: inventory[key] for key in inventory if key.startswith(f"ansible_{kind}_") and key not in taken}
    made.set_options(var_options=inventory | {"_extras": extras})
    return made


@pytest.fixture(params=[("winrm", WINRM_HTTP), ("psrp", PSRP_HTTP)], ids=["winrm", "psrp"])
def way(request: pytest.FixtureRequest) -> tuple[str, dict[str, str]]:
    """A kind of connection and its variables for NTLM over HTTP."""
    return request.param


EACH_WAY = [
    ("winrm", False, WINRM_HTTP),
    ("winrm", True, WINRM_HTTP | {"ansible_winrm_ca_trust_path": "CA"}),
    ("winrm", True, {"ansible_winrm_transport": "basic", "ansible_winrm_ca_trust_path": "CA"}),
    ("psrp", False, PSRP_HTTP),
    ("psrp", True, PSRP_HTTP | {"ansible_psrp_ca_cert": "CA"}),
    ("psrp", True, {"ansible_psrp_auth": "basic", "ansible_psrp_ca_cert": "CA"}),
]


@pytest.mark.parametrize(("kind", "tls", "variables"), EACH_WAY)
def test_reconnecting_opens_a_connection_and_logs_on_again(
    lab: RunningLab, host: RunningHost, kind: str, tls: bool, variables: dict[str, str]
) -> None:
    variables = {key: str(lab.ca_file) if value == "CA" else value for key, value in variables.items()}
    with site_server("site", connection(kind, host, tls=tls, **variables)) as server:
        server.reconnect()  # nothing is open yet
        server.share("SMS_SITE")
        before = host.controls.counters()
        server.reconnect()
        server.reconnect()
        server.share("SMS_SITE")
        after = host.controls.counters()
    assert (before["connections"], after["connections"]) == (1, 2)
    # Basic is in each request, and shakes no hands.
    assert after["handshakes"] == 2 * before["handshakes"]
    assert (before["handshakes"] > 0) == ("basic" not in variables.values())
    assert after["wsman_requests"] == 2


@pytest.mark.parametrize(("kind", "tls", "variables"), EACH_WAY)
def test_a_request_goes_through_over_one_connection_and_no_shell(
    lab: RunningLab, host: RunningHost, kind: str, tls: bool, variables: dict[str, str]
) -> None:
    variables = {key: str(lab.ca_file) if value == "CA" else value for key, value in variables.items()}
    with site_server("site", connection(kind, host, tls=tls, **variables)) as server:
        paths = [server.share("SMS_SITE").path, server.share("SMS_SHR").path]
        assert server.operator == host.user
    assert paths == [share["path"] for share in host.controls.shares()]
    counters = host.controls.counters()
    assert counters["wsman_requests"] == 2
    assert counters["connections"] == 1
    assert counters["shells_opened"] == 0


def test_what_goes_over_http_is_sealed(host: RunningHost, way: tuple[str, dict[str, str]]) -> None:
    # The lab, as Windows does, answers what is not sealed with HTTP 500 and nothing else.
    kind, variables = way
    never = {"ansible_winrm_message_encryption": "never", "ansible_psrp_message_encryption": "never"}
    with site_server("site", connection(kind, host, **variables)) as server:
        server.share("SMS_SITE")
    with (
        site_server("site", connection(kind, host, **variables, **never)) as server,
        pytest.raises(ServerFault, match="HTTP 500 with an empty body, which is how Windows refuses unencrypted"),
    ):
        server.share("SMS_SITE")


def test_a_kind_that_the_server_refuses_is_tried_once(host: RunningHost) -> None:
    # Basic is not offered over HTTP. The second time, the connection has to be made anew.
    made = connection("winrm", host, ansible_winrm_transport=["basic", "ntlm"])
    with site_server("site", made) as server:
        server.share("SMS_SITE")
        refused = host.controls.counters()["refused"]
        host.controls.host.misbehaviour.rules.append(Rule(Kind.DROP, SHARE_GET, times=1))
        with pytest.raises(Unreachable):
            server.share("SMS_SITE")
        assert server.share("SMS_SITE").name == "SMS_SITE"
    assert refused == 1
    assert host.controls.counters()["refused"] == refused


def test_a_kind_that_seals_follows_one_that_does_not(host: RunningHost, monkeypatch: pytest.MonkeyPatch) -> None:
    # Basic is offered, but what comes with it is not sealed, and is refused for that.
    lax = dataclasses.replace(host.controls.host.settings, basic_over_http=True)
    monkeypatch.setattr(host.controls.host, "settings", lax)
    with site_server("site", connection("winrm", host, ansible_winrm_transport=["basic", "ntlm"])) as server:
        assert server.share("SMS_SITE").name == "SMS_SITE"


def test_wrong_password(host: RunningHost, way: tuple[str, dict[str, str]]) -> None:
    kind, variables = way
    with (
        site_server("site", connection(kind, host, **variables, ansible_password=WRONG)) as server,
        pytest.raises(AuthenticationFailed) as caught,
    ):
        server.share("SMS_SITE")
    assert f"could not log on as {host.user}: " in str(caught.value)
    assert "Check ansible_user and ansible_password" in str(caught.value)
    assert WRONG not in str(caught.value)
    assert host.controls.counters()["wsman_requests"] == 0


def test_every_kind_that_was_refused_is_named(host: RunningHost) -> None:
    made = connection("winrm", host, ansible_winrm_transport=["basic", "ntlm"], ansible_password=WRONG)
    with site_server("site", made) as server, pytest.raises(AuthenticationFailed, match=r"basic: .*; ntlm: ") as caught:
        server.share("SMS_SITE")
    assert WRONG not in str(caught.value)


def test_no_password_at_all(
    host: RunningHost, way: tuple[str, dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    kind, variables = way
    monkeypatch.delenv("NTLM_USER_FILE", raising=False)
    with (
        site_server("site", connection(kind, host, **variables, ansible_password=None)) as server,
        pytest.raises(AuthenticationFailed, match=r"site: could not log on as .*ansible_password"),
    ):
        server.share("SMS_SITE")
    # pypsrp lets go of the socket of an answer that it gives up on only when the answer is collected.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


def test_closed_port(host: RunningHost, way: tuple[str, dict[str, str]]) -> None:
    kind, variables = way
    host.set_listening(False)
    variables = variables | {"ansible_psrp_reconnection_retries": 0}
    with (
        site_server("site", connection(kind, host, **variables)) as server,
        pytest.raises(Unreachable, match=r"site: could not read share SMS_SITE: \w+: [^()]*refused.*and the firewall"),
    ):
        server.share("SMS_SITE")


def test_an_untrusted_certificate(host: RunningHost) -> None:
    made = connection("winrm", host, tls=True, ansible_winrm_transport="basic")
    with site_server("site", made) as server, pytest.raises(Unreachable, match="ansible_winrm_ca_trust_path"):
        server.share("SMS_SITE")
    assert host.controls.counters()["http_requests"] == 0


def test_a_missing_ca_file_is_the_controllers_affair(host: RunningHost) -> None:
    variables = {"ansible_winrm_transport": "basic", "ansible_winrm_ca_trust_path": "/nowhere/ca.pem"}
    made = connection("winrm", host, tls=True, **variables)
    with site_server("site", made) as server, pytest.raises(ServerFault, match="about the controller"):
        server.share("SMS_SITE")


def test_an_account_that_cannot_be_sent(host: RunningHost) -> None:
    with (
        site_server("site", connection("winrm", host)) as server,
        pytest.raises(Rejected, match=r"look up account CORP.*it cannot be sent"),
    ):
        server.resolve("CORP\\bell\a")
    assert host.controls.counters()["wsman_requests"] == 0


def test_an_oversized_answer_is_not_read_to_its_end(host: RunningHost, way: tuple[str, dict[str, str]]) -> None:
    kind, variables = way
    host.controls.host.misbehaviour.rules.append(Rule(Kind.OVERSIZED, SHARE_GET, times=1, value=LIMIT))
    with site_server("site", connection(kind, host, **variables)) as server:
        with pytest.raises(NoAnswer, match=f"the answer is longer than {LIMIT} bytes"):
            server.share("SMS_SITE")
        assert server.share("SMS_SITE").name == "SMS_SITE"


def test_a_dropped_connection_is_made_anew(host: RunningHost, way: tuple[str, dict[str, str]]) -> None:
    kind, variables = way
    with site_server("site", connection(kind, host, **variables)) as server:
        server.share("SMS_SITE")
        host.controls.host.misbehaviour.rules.append(Rule(Kind.DROP, SHARE_GET, times=1))
        with pytest.raises(Unreachable, match="site: could not "):
            server.share("SMS_SITE")
        assert server.share("SMS_SITE").name == "SMS_SITE"
    assert host.controls.counters()["connections"] == 2
    assert host.controls.counters()["shells_opened"] == 0


# -- Kerberos, as far as it goes without a domain: the tickets that ansible.builtin.winrm gets with kinit

PRINCIPAL = "ansible@CORP.EXAMPLE"
KINIT = """#!/bin/sh
here=$(dirname "$0")
printf '%s' "$*" > "$here/arguments"
printf '%s' "$KRB5CCNAME" > "$here/cache"
test -e "${KRB5CCNAME#FILE:}" && : > "$here/existed"
cat > "$here/input"
echo 'kinit: Password incorrect while getting initial credentials' >&2
exit 1
"""


@pytest.fixture
def kinit(tmp_path: Path) -> Path:
    """A kinit that refuses, and writes down what it was given."""
    command = tmp_path / "kinit"
    command.write_text(KINIT)
    command.chmod(0o700)
    return command


@pytest.fixture
def kerberos(host: RunningHost, kinit: Path) -> Callable[..., Any]:
    """Makes connections of a host that uses Kerberos."""

    def make(**variables: Any) -> Any:
        kept = {
            "ansible_winrm_transport": "kerberos",
            "ansible_winrm_kinit_cmd": str(kinit),
            "ansible_user": PRINCIPAL,
            "ansible_password": WRONG,
        }
        return connection("winrm", host, **kept | variables)

    return make


def test_kinit_gets_the_password_on_its_input_and_its_refusal_is_told(
    host: RunningHost, kinit: Path, kerberos: Callable[..., Any]
) -> None:
    with (
        site_server("site", kerberos()) as server,
        pytest.raises(AuthenticationFailed) as caught,
    ):
        server.share("SMS_SITE")
    told = str(caught.value)
    assert told.startswith(f"site: could not log on as {PRINCIPAL}: ")
    assert "kinit: Password incorrect while getting initial credentials" in told
    assert "klist" in told
    assert WRONG not in told
    assert (kinit.parent / "input").read_text() == f"{WRONG}\n"
    assert (kinit.parent / "arguments").read_text() == PRINCIPAL
    assert host.controls.counters()["http_requests"] == 0


def test_without_kinit(kerberos: Callable[..., Any], tmp_path: Path) -> None:
    with (
        site_server("site", kerberos(ansible_winrm_kinit_cmd=str(tmp_path / "missing"))) as server,
        pytest.raises(AuthenticationFailed, match=r"site: could not log on as .*No such file"),
    ):
        server.share("SMS_SITE")


def test_ntlm_follows_where_kerberos_fails(host: RunningHost, kerberos: Callable[..., Any]) -> None:
    variables = {"ansible_winrm_transport": ["kerberos", "ntlm"], "ansible_password": host.password}
    with site_server("site", kerberos(**variables)) as server:
        assert server.share("SMS_SITE").name == "SMS_SITE"
        assert server.share("SMS_SITE").name == "SMS_SITE"
    assert host.controls.counters()["wsman_requests"] == 2


@pytest.mark.parametrize("outer", ["FILE:/outer/cache", None])
def test_a_hosts_ticket_cache_is_not_left_to_the_next(
    kerberos: Callable[..., Any], kinit: Path, monkeypatch: pytest.MonkeyPatch, outer: str | None
) -> None:
    monkeypatch.setenv("KRB5CCNAME", outer or "")
    if outer is None:
        monkeypatch.delenv("KRB5CCNAME")
    with site_server("site", kerberos()) as server, pytest.raises(AuthenticationFailed):
        server.share("SMS_SITE")
    kind, _unused, path = (kinit.parent / "cache").read_text().partition(":")
    assert kind == "FILE"
    assert (kinit.parent / "existed").exists()
    assert not Path(path).exists()
    assert os.environ.get("KRB5CCNAME") == outer
