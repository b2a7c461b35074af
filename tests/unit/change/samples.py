# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan of many hosts, and site servers of the lab."""

from __future__ import annotations

import importlib.resources
import json
from pathlib import Path
from typing import Any

import jsonschema

from ansible_collections.sitekeeper.sms.plugins.plugin_utils import change
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.change import (
    Recorder,
    make_document,
    section_of,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.enforcement import SenderRequest, enforce_sender_access
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.hierarchy.products import PRODUCTS
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server import SiteServer

CREATED = "2026-11-23T08:00:00.000Z"
VERSIONS = {"collection": "0.1.0", "ansible": "2.19.0"}
DIRECTORY = "D:\\SMS\\Site.srv\\Despoolr.box\\Receive"
SENDER = "CORP\\smssend"
SENDER_SID = "S-1-5-21-1004336348-1177238915-682003330-1104"
ADMINISTRATORS = {"principal": "S-1-5-32-544", "access": "full_control"}


def section(**changes: Any) -> dict[str, Any]:
    """A host on which directory and share are to be changed."""
    access = {"share": "none", "directory": "none", "satisfied": False}
    before_directory = "O:BAG:SYD:AI(A;OICIID;FA;;;SY)(A;OICIID;FA;;;BA)"
    planned = {
        "status": "planned",
        "message": None,
        "site": "P01",
        "product": "sms_1_2",
        "directory": {
            "path": DIRECTORY,
            "before": before_directory,
            "after": before_directory.replace("D:AI", f"D:AI(A;OICI;0x12019f;;;{SENDER_SID})"),
            "edits": [f"+ allow {SENDER}  Read, Write  (this folder, subfolders and files)"],
        },
        "share": {
            "name": "SMS_SITE",
            "path": DIRECTORY,
            "before": "D:(A;;FA;;;BA)",
            "after": f"D:(A;;FA;;;BA)(A;;FA;;;{SENDER_SID})",
            "edits": [f"+ allow {SENDER}  Full Control"],
        },
        "group": None,
        "grants": [
            {
                "account": SENDER,
                "name": SENDER,
                "sid": SENDER_SID,
                "reasons": [f"C01 sends to P01 as {SENDER}"],
                "access_before": access,
                "access_after": {"share": "Full Control", "directory": "Read, Write", "satisfied": True},
            }
        ],
        "findings": [],
        "warnings": [],
    }
    return {**planned, **changes}


def document(hosts: dict[str, Any] | None = None) -> dict[str, Any]:
    """A plan."""
    return make_document("CHG0012345", CREATED, VERSIONS, hosts or {"p01.corp.example": section()})


def validator(name: str) -> Any:
    """The schema of plans (`plan`) or of the lines of a record (`record`)."""
    text = importlib.resources.files(change).joinpath(f"{name}.schema.json").read_text(encoding="utf-8")
    made = jsonschema.Draft202012Validator(json.loads(text))
    made.check_schema(made.schema)
    return made


def planned_section(server: SiteServer, *senders: str, **request: Any) -> dict[str, Any]:
    """What `change_plan` plans for a site server of SMS 1.2."""
    wanted = SenderRequest(PRODUCTS["sms_1_2"], senders or (SENDER,), **request)
    outcome = enforce_sender_access(server, wanted, check_mode=True)
    return section_of(outcome, site="C01", reasons={SENDER: ["P01 sends to C01"]})


def recorder(path: Path | None, host: str, **changes: Any) -> Recorder:
    """The recorder of a host."""
    about = {
        "action": "apply",
        "change_id": "CHG0012345",
        "digest": "sha256:" + "0" * 64,
        "approval": {"digest": True, "signer": None, "key": None, "approver": "Change board"},
    }
    return Recorder(path, host=host, **{**about, **changes})
