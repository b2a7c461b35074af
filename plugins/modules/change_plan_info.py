# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: change_plan_info
short_description: Check that the plan of a change is unmodified and approved
description:
  - Reads a plan, compares its digest with its content, and checks its approval. Fails if one of them is not right.
  - M(sitekeeper.sms.change_apply) checks the same for each host. This module checks it once, before any host is
    contacted.
version_added: 0.1.0
author:
  - sitekeeper.sms contributors (!UNKNOWN)
options:
  require_approval:
    description:
      - Whether to fail if the plan is not approved.
    type: bool
    default: true
extends_documentation_fragment:
  - sitekeeper.sms.approval
  - sitekeeper.sms.attributes
  - sitekeeper.sms.attributes.controller
seealso:
  - module: sitekeeper.sms.change_plan_file
  - module: sitekeeper.sms.change_apply
"""

EXAMPLES = r"""
- name: Check the approved digest
  sitekeeper.sms.change_plan_info:
    path: CHG0012345.plan.json
    approved_digest: "{{ approved_digest }}"
  run_once: true

- name: Check the signature
  sitekeeper.sms.change_plan_info:
    path: CHG0012345.plan.json
    signature: CHG0012345.plan.sig
    allowed_signers: /etc/sitekeeper/allowed_signers
  run_once: true
"""

RETURN = r"""
change_id:
  description: The number of the change.
  returned: success
  type: str
  sample: CHG0012345
created:
  description: When the plan was made, UTC.
  returned: success
  type: str
  sample: "2026-11-23T08:00:00.000Z"
approval:
  description: The approval. V(null) with O(require_approval=false).
  returned: success
  type: dict
  sample: {"digest": true, "signer": null, "key": null, "approver": "Change board"}
digest:
  description: The digest of the plan, which must be approved.
  returned: success
  type: str
  sample: sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
hosts:
  description: Number of hosts in the plan.
  returned: success
  type: int
  sample: 6
changing:
  description: The hosts that the plan changes.
  returned: success
  type: list
  elements: str
  sample: ["p01.corp.example"]
lacking_members:
  description:
    - Hosts where accounts are not members of the group, and the change does not add them. These accounts get no access.
  returned: success
  type: list
  elements: str
  sample: []
unchanged:
  description: Number of hosts in the desired state.
  returned: success
  type: int
  sample: 5
not_read:
  description: The hosts that could not be read. Nothing is planned for them.
  returned: success
  type: list
  elements: str
  sample: []
"""
