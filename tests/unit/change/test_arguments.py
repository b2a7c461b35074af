# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From arguments of modules to plans, and from results to return values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.change import ChangeError, Result, write_document
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.change.arguments import (
    approved_plan,
    host_result,
    plan_of,
    refused,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.change.host_change import ObjectResult
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.enforcement import Refused
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import Sid, format_sddl, parse_sddl
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server import Account
from tests.unit.change.samples import document

BEFORE, AFTER = (parse_sddl(f"D:(A;;{mask};;;WD)") for mask in ("0x1", "0x2"))
JANE, JOHN = Account(Sid.parse("S-1-1-0"), "CORP\\jane"), Account(Sid.parse("S-1-5-7"), "CORP\\john")
NO_APPROVAL = dict.fromkeys(("approved_digest", "signature", "allowed_signers", "signer", "approver"))


@pytest.fixture
def arguments(tmp_path: Path) -> dict[str, Any]:
    write_document(tmp_path / "plan.json", document())
    return {"path": str(tmp_path / "plan.json"), **NO_APPROVAL}


@pytest.mark.parametrize("change_id", [None, "", "CHG0012345"])
def test_a_plan_is_read(arguments: dict[str, Any], change_id: str | None) -> None:
    assert plan_of({**arguments, "change_id": change_id}).digest == document()["digest"]
    assert plan_of(arguments).change_id == "CHG0012345"


def test_the_plan_of_another_change_is_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(ChangeError, match=r"plan.json is the plan of change CHG0012345, not of CHG2"):
        plan_of({**arguments, "change_id": "CHG2"})


def test_a_change_number_is_checked_before_any_path_is_used(arguments: dict[str, Any]) -> None:
    with pytest.raises(ChangeError, match="is not a valid change number"):
        plan_of({**arguments, "path": "/nowhere", "change_id": "../CHG1"})


def test_an_approved_plan_comes_with_its_approval(arguments: dict[str, Any]) -> None:
    given = {**arguments, "approved_digest": document()["digest"], "approver": "Change board"}
    plan, approval = approved_plan(given)
    assert plan.digest == document()["digest"]
    assert approval.as_dict() == {"digest": True, "signer": None, "key": None, "approver": "Change board"}


def test_a_plan_without_an_approval_is_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(ChangeError, match="-e sms_change_approved_digest=sha256:…"):
        approved_plan(arguments)
    with pytest.raises(ChangeError, match=r"signature: there is no file /nowhere"):
        approved_plan({**arguments, "signature": "/nowhere", "allowed_signers": "/nowhere"})


@pytest.mark.parametrize("done", ["applied", "restored"])
def test_the_result_of_a_host(done: str) -> None:
    written = ObjectResult("share", "SMS_SITE", True, BEFORE, AFTER)
    result = host_result(Result((written,), added=(JANE,), removed=(JOHN,), warnings=("careful",)), done)
    assert result == {
        "changed": True,
        "outcome": done,
        "objects": [
            {
                "kind": "share",
                "name": "SMS_SITE",
                "changed": True,
                "before_sddl": format_sddl(BEFORE),
                "after_sddl": format_sddl(AFTER),
            }
        ],
        **({"added": [JANE.name]} if done == "applied" else {"removed": [JOHN.name]}),
        "warnings": ["careful"],
    }


def test_a_host_that_needs_no_change_is_in_place() -> None:
    unchanged = ObjectResult("directory", "D:\\SMS", False, BEFORE, BEFORE)
    result = host_result(Result((unchanged,)), "applied")
    assert (result["changed"], result["outcome"], result["added"]) == (False, "in_place", [])
    assert "warnings" not in result


def test_a_host_that_has_changed_fails() -> None:
    assert refused(Refused("p01: it has changed")) == {
        "failed": True, "changed": False, "outcome": "refused", "msg": "p01: it has changed",
    }  # fmt: skip
