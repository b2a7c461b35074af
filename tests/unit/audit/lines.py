# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The schema of the audit file, and the line of a drifted host as version 0.1.0 of the collection wrote it."""

from __future__ import annotations

import importlib.resources
import json
from typing import Any

import jsonschema

from ansible_collections.sitekeeper.sms.plugins.plugin_utils import audit

SENDER, OTHER, GROUP = "S-1-5-21-1-2-3-1104", "S-1-5-21-1-2-3-1105", "S-1-5-32-1012"
RECEIVE = r"D:\ConfigMgr\inboxes\despoolr.box\receive"

WRITTEN = (
    rb'{"type":"host","host":"p01","site":"P01","product":"configmgr","status":"drifted",'
    rb'"message":"a member is missing",'
    rb'"share":{"name":"SMS_SITE","path":"D:\\ConfigMgr\\inboxes\\despoolr.box\\receive","sddl":"D:(A;;FA;;;BA)"},'
    rb'"directory":{"path":"D:\\ConfigMgr\\inboxes\\despoolr.box\\receive",'
    rb'"sddl":"O:BAG:SYD:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)"},'
    rb'"group":{"name":"S-1-5-32-1012","sid":"S-1-5-32-1012","members":["S-1-5-21-1-2-3-1105"],'
    rb'"missing":["S-1-5-21-1-2-3-1104"],"in_desired_state":false},'
    rb'"senders":[{"account":"S-1-5-21-1-2-3-1104","name":"S-1-5-21-1-2-3-1104","sid":"S-1-5-21-1-2-3-1104",'
    rb'"in_desired_state":false,"reasons":["C01 sends"],'
    rb'"share":{"access":"none","mask":"0x00000000","satisfied":false,"decided_by":["no entry grants Change"],'
    rb'"may_be_denied_by":[]},'
    rb'"directory":{"access":"none","mask":"0x00000000","satisfied":false,'
    rb'"decided_by":["no entry grants Full control"],"may_be_denied_by":[]},'
    rb'"combined":{"access":"none","mask":"0x00000000"},"member":false},'
    rb'{"account":"S-1-5-21-1-2-3-1105","name":"S-1-5-21-1-2-3-1105","sid":"S-1-5-21-1-2-3-1105",'
    rb'"in_desired_state":false,"reasons":[],'
    rb'"share":{"access":"none","mask":"0x00000000","satisfied":false,"decided_by":["no entry grants Change"],'
    rb'"may_be_denied_by":[]},'
    rb'"directory":{"access":"none","mask":"0x00000000","satisfied":false,'
    rb'"decided_by":["no entry grants Full control"],"may_be_denied_by":[]},'
    rb'"combined":{"access":"none","mask":"0x00000000"},"member":true}],'
    rb'"edits":{"share":["+ allow S-1-5-32-1012  Change"],'
    rb'"directory":["+ allow S-1-5-32-1012  Full control  (this folder, subfolders and files)"]},'
    rb'"after":{"share_sddl":"D:(A;;FA;;;BA)(A;;0x1301bf;;;S-1-5-32-1012)",'
    rb'"directory_sddl":"O:BAG:SYD:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;FA;;;S-1-5-32-1012)"},'
    rb'"findings":[{"id":"no_way_back","severity":"warning","site":"P01","evidence":"e","advice":"a","source":"s"}],'
    rb'"seconds":0.123,"requests":null}'
)


def schema() -> Any:
    """The schema of a line."""
    text = importlib.resources.files(audit).joinpath("audit.schema.json").read_text(encoding="utf-8")
    made = jsonschema.Draft202012Validator(json.loads(text))
    made.check_schema(made.schema)
    return made
