# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of sender_probe needs no server."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.sitekeeper.sms.plugins.module_utils.sender_probe import (
    STEPS,
    ProbeOutcome,
    ProbeRequest,
    ProbeStepResult,
    probe,
    result_of,
)
from ansible_collections.sitekeeper.sms.plugins.module_utils.smb_settings import SmbSettings
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.documentation import argument_spec
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.hierarchy.products import PRODUCTS
from tests.waiting import PATIENCE

COLLECTION = "ansible_collections.sitekeeper.sms.plugins"
ARGUMENTS = {
    "account": "CORP\\smssend",
    "password": "Secret-1",
    "server": "127.0.0.1",
    "share": "SMS_SITE",
    "required_steps": ["connect"],
    "auth": "ntlm",
    "domains": {},
    "port": 445,
    "dialect": "auto",
    "signing": "required",
    "encryption": False,
    "timeout": 5,
}


def documentation() -> dict[str, Any]:
    return argument_spec(importlib.import_module(f"{COLLECTION}.modules.sender_probe").DOCUMENTATION)


def test_products_require_what_their_rights_allow() -> None:
    # Read and Write holds no DELETE (0x10000); Modify and Full Control do.
    assert PRODUCTS["sms_1_2"].probe_steps == STEPS[:7]
    assert PRODUCTS["sms_2_0"].probe_steps == STEPS
    assert PRODUCTS["configmgr"].probe_steps == STEPS


def test_the_steps_are_documented() -> None:
    assert documentation()["required_steps"]["choices"] == list(STEPS)


def test_the_module_takes_what_is_documented() -> None:
    """Run as Ansible runs it, with arguments on stdin, and no server at the other end."""
    arguments = {**ARGUMENTS, "port": 9, "product": "sms_1_2", "products": {}}
    assert set(arguments) == set(documentation())
    done = subprocess.run(
        [sys.executable, "-m", f"{COLLECTION}.modules.sender_probe"],
        input=json.dumps({"ANSIBLE_MODULE_ARGS": arguments}),
        env={"PYTHONPATH": ":".join(sys.path)},
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert "Secret-1" not in done.stdout + done.stderr
    result = json.loads(done.stdout)
    assert result["failed"]
    assert [step["ok"] for step in result["steps"]] == [False, *[None] * 8]
    assert "127.0.0.1 port 9" in result["msg"]


@pytest.mark.filterwarnings("ignore:Exception ignored in. <socket")  # impacket's own, of a connection that was refused
def test_a_refused_connection_is_told() -> None:
    outcome = probe(ProbeRequest.from_arguments({**ARGUMENTS, "port": 9}, reading_only=False))
    assert outcome.works is False
    assert "127.0.0.1 port 9" in outcome.steps[0].detail


@pytest.mark.parametrize(
    ("account", "auth", "domain", "user"),
    [
        ("CORP\\smssend", "ntlm", "CORP", "smssend"),
        ("smssend@corp.example", "ntlm", "", "smssend@corp.example"),
        ("smssend@corp.example", "kerberos", "CORP.EXAMPLE", "smssend"),
    ],
)
def test_accounts(account: str, auth: str, domain: str, user: str) -> None:
    settings = ProbeRequest.from_arguments({**ARGUMENTS, "account": account, "auth": auth}, reading_only=True).settings
    assert (settings.domain, settings.user, settings.kerberos) == (domain, user, auth == "kerberos")


def test_the_password_shows_nowhere() -> None:
    request = ProbeRequest.from_arguments(ARGUMENTS, reading_only=False)
    outcome = ProbeOutcome((ProbeStepResult("connect", True, True),))
    assert request.settings.password == "Secret-1"
    assert "Secret-1" not in f"{request!r} {outcome!r} {result_of(request, outcome)!r}"


@pytest.mark.parametrize(
    ("results", "works"),
    [
        ([(True, True), (False, False)], True),
        ([(True, False), (True, True)], False),
        ([(True, True), (True, None)], None),
        ([(True, False), (True, None)], False),
        ([(True, True), (False, None)], True),
    ],
)
def test_works_is_about_required_steps(results: list[tuple[bool, bool | None]], works: bool | None) -> None:
    outcome = ProbeOutcome(tuple(ProbeStepResult("list", required, ok) for required, ok in results))
    assert outcome.works is works


def test_what_is_left_behind_is_a_change() -> None:
    request = ProbeRequest(SmbSettings("C01", "127.0.0.1", user="smssend"), "SMS_SITE", STEPS)
    result = result_of(request, ProbeOutcome((ProbeStepResult("list", True, True),), left_behind=("one.tmp",)))
    assert result["changed"]
    assert "failed" not in result
    assert "one.tmp" in result["warnings"][0]
