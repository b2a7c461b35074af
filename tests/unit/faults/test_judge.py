# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The laws of the fault matrix: each finds the lie that it is for, and none finds one in a true account."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.faults.cells import Cell, fault_of
from tests.faults.controllers import Run
from tests.faults.judge import Evidence, violations
from tests.faults.wire import Fate, Seen

HOST, OTHER = "f01.corp.example", "f02.corp.example"
OLD = {"share": "old", "directory": "old"}
NEW = {"share": "new", "directory": "new"}
UNCERTAIN = f"{HOST}: share SMS_SITE: it may or may not have been written (HTTP 503). Run again"
ONCE = {"share": 1, "directory": 1}


def ran(**result: Any) -> Run:
    return Run(({"host": HOST, **result}, {"host": OTHER, "changed": True}), "", 1.0, 0, 0)


def evidence(cell: Cell, run: Run, **known: Any) -> Evidence:
    given: dict[str, Any] = {"old": OLD, "goal": NEW, "before": OLD, "after": NEW, "landed": NEW, "written": ONCE}
    return Evidence(cell, fault_of(cell), HOST, (OTHER,), runs=[run], **(given | known))


def event(name: str, kind: str, action: str = "apply") -> dict[str, Any]:
    return {"event": name, "action": action, "host": HOST, "object": {"kind": kind, "name": "x"}}


def recorded(*last: tuple[str, str]) -> list[dict[str, Any]]:
    return [each for name, kind in last for each in (event("writing", kind), event(name, kind))]


WRITTEN = recorded(("written", "directory"), ("written", "share"))
DONE = Cell("apply", "winrm_http_ntlm", "http_503", "share", Fate.DONE)
LOST = Cell("apply", "winrm_http_ntlm", "http_503", "share", Fate.LOST)
HALF = {"share": "old", "directory": "new"}
UNKNOWN: dict[str, Any] = {
    "after": HALF,
    "landed": HALF,
    "written": {"share": 0, "directory": 1},
    "record": recorded(("written", "directory"), ("uncertain", "share")),
}
AUDIT = Cell("audit", "winrm_http_ntlm", "http_503")
READ: dict[str, Any] = {"after": OLD, "landed": OLD, "written": dict.fromkeys(ONCE, 0)}
FAILED = f"{HOST}: could not read share SMS_SITE: HTTP 503"
REDIRECTED = Cell("audit", "psrp_https", "redirect_307")


@pytest.mark.parametrize(
    "true",
    [
        evidence(DONE, ran(changed=True, warnings=["HTTP 503"]), record=WRITTEN),
        evidence(LOST, ran(failed=True, uncertain=True, msg=UNCERTAIN), **UNKNOWN),
        evidence(AUDIT, ran(failed=True, msg=FAILED), **READ),
    ],
)
def test_a_true_account_holds(true: Evidence) -> None:
    assert list(violations(true)) == []


@pytest.mark.parametrize(
    ("lie", "found"),
    [
        (evidence(DONE, ran(changed=True), record=WRITTEN), "there is no warning"),
        (evidence(DONE, ran(changed=False, warnings=["HTTP 503"]), record=WRITTEN), "changed is False"),
        (evidence(DONE, ran(changed=True, warnings=["x"]), record=WRITTEN, landed=HALF), "holds something else"),
        (
            evidence(DONE, ran(failed=True, msg=f"{HOST}: share SMS_SITE: nothing was written (HTTP 503)")),
            "share of the server hold something new",
        ),
        (evidence(DONE, ran(failed=True, msg="HTTP 503 SMS_SITE")), "does not name the host"),
        (evidence(DONE, ran(failed=True, msg=f"{HOST}: HTTP 503")), "does not name the share"),
        (evidence(DONE, ran(failed=True, msg=f"{HOST}: SMS_SITE: no idea")), "what the server answered"),
        (evidence(DONE, ran(failed=True, msg=f"{HOST}: SMS_SITE: HTTP 503 \x9b31m")), "control characters"),
        (evidence(LOST, ran(failed=True, msg=UNCERTAIN), **UNKNOWN), "no `uncertain: true`"),
        (
            evidence(LOST, ran(failed=True, uncertain=True, msg=f"{HOST}: SMS_SITE: HTTP 503"), **UNKNOWN),
            "may or may not",
        ),
        (
            evidence(
                LOST,
                ran(failed=True, uncertain=True, msg=UNCERTAIN),
                **(UNKNOWN | {"record": recorded(("written", "directory"), ("not_written", "share"))}),
            ),
            "the record says not_written",
        ),
        (
            evidence(DONE, ran(changed=True, warnings=["x"]), record=recorded(("written", "directory"))),
            "the share was written, and the record was not told before",
        ),
        (
            evidence(
                DONE,
                ran(changed=True, warnings=["x"]),
                record=recorded(("written", "directory"), ("not_written", "share")),
            ),
            "the server has written the share, and the record says not_written",
        ),
        (
            evidence(DONE, ran(changed=True, warnings=["x"]), record=WRITTEN, back=ran(changed=True), back_after=NEW),
            "the rollback ended well",
        ),
        (
            evidence(
                DONE,
                ran(changed=True, warnings=["x"]),
                record=WRITTEN,
                back=ran(failed=True, msg=f"{HOST}: folder D:\\Site.srv\\Despoolr.box\\Receive: no"),
                back_after=NEW,
            ),
            "does not name the share",
        ),
        (evidence(DONE, ran(changed=True, warnings=["x"]), record=WRITTEN, armed=True), "never gave the fault"),
        (evidence(AUDIT, ran(changed=False), **READ), "not reported as failed"),
        (evidence(AUDIT, ran(failed=True, msg=FAILED), **(READ | {"after": NEW})), "an operation that reads"),
        (evidence(REDIRECTED, ran(failed=True, msg=f"{HOST}: 307"), **READ, elsewhere=1), "another server"),
        (
            evidence(Cell("audit", "psrp_https", "http_401"), ran(failed=True, msg=f"{HOST}: 401"), **READ)
            , "one kind is configured",
        ),
        (evidence(AUDIT, ran(failed=True, msg=FAILED), **READ, others_hold=False), "a host that was not struck"),
        (
            evidence(AUDIT, replace(ran(failed=True, msg=FAILED), results=({"host": HOST, "failed": True},)), **READ),
            f"{OTHER} was not struck and failed",
        ),
        (evidence(AUDIT, replace(ran(failed=True, msg=FAILED), results=None), **READ), "did not end by itself"),
        (evidence(AUDIT, replace(ran(failed=True, msg=FAILED), memory=1 << 30), **READ), "MiB of memory"),
        (
            evidence(AUDIT, replace(ran(failed=True, msg=FAILED), output="the s3cret"), **READ, secrets=("s3cret",)),
            "a password",
        ),
        (
            evidence(
                AUDIT,
                replace(ran(failed=True, msg=FAILED), output="Traceback (most recent call last):\n"),
                **READ,
            ),
            "a traceback",
        ),
        (evidence(replace(DONE, playbook=True), ran(changed=True, warnings=["x"]), after=OLD), "exit code is 0"),
        (
            evidence(
                Cell("apply", "smb_3", "changed_meanwhile", "share"), ran(changed=True), record=WRITTEN
            ),
            "what somebody else wrote to the share meanwhile is lost",
        ),
    ],
)  # fmt: skip
def test_a_lie_is_found(lie: Evidence, found: str) -> None:
    lie.seen = Seen(logons=3)
    assert any(found in reason for reason in violations(lie)), list(violations(lie))
