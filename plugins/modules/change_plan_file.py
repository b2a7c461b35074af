# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: change_plan_file
short_description: Write the plan of a change for all site servers
description:
  - Writes one plan file from the results of M(sitekeeper.sms.change_plan) for all site servers, with a digest, and
    pages for approval. Run it once, on the controller.
  - The digest is the SHA-256 of the plan's C(head), as JSON with sorted keys, without white space, in UTF-8.
    C(jq -cSj .head PLAN | sha256sum) computes the same. C(head) has the digests of the sections of all hosts.
version_added: 0.1.0
author:
  - sitekeeper.sms contributors (!UNKNOWN)
options:
  path:
    description:
      - The plan file, on the controller. It has no secrets, and only its owner can read it.
      - The file is written completely or not at all.
    type: path
    required: true
  change_id:
    description:
      - The number of the change, for example from your change system. Files are named after it. It may have letters (A
        to Z), digits, spaces, full stops, colons, C(_), C(-) and C(#), at most 100 characters, with a letter or digit
        at both ends.
    type: str
    required: true
  results:
    description:
      - The registered results of M(sitekeeper.sms.change_plan), by host. The plan also lists hosts that failed or were
        unreachable. Nothing is planned for them.
      - One of O(results) and O(registered) is required.
    type: dict
  registered:
    description:
      - The name of the variable that the task with M(sitekeeper.sms.change_plan) registers. Then the plan has all hosts
        of the play, with their site codes.
    type: str
  sites:
    description:
      - The site code by host, for hosts that could not be read.
    type: dict
  findings:
    description:
      - The findings of the filter P(sitekeeper.sms.hierarchy_findings#filter). Each finding is shown at the host of its
        site.
    type: list
    elements: dict
  markdown:
    description:
      - A file for the plan as Markdown.
    type: path
  html:
    description:
      - A file for the plan as one HTML page, without scripts, that needs no network.
    type: path
extends_documentation_fragment:
  - sitekeeper.sms.attributes
  - sitekeeper.sms.attributes.controller
seealso:
  - module: sitekeeper.sms.change_plan
  - module: sitekeeper.sms.change_plan_info
  - module: sitekeeper.sms.change_apply
"""

EXAMPLES = r"""
- name: Write the plan
  sitekeeper.sms.change_plan_file:
    path: CHG0012345.plan.json
    html: CHG0012345.plan.html
    change_id: CHG0012345
    registered: planned
  run_once: true
"""

RETURN = r"""
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
lines:
  description: The summary of the plan to show for approval.
  returned: success
  type: list
  elements: str
  sample: ["Plan: CHG0012345.plan.json", "To change: p01.corp.example"]
failures:
  description: The reason why nothing is planned for a host that could not be read, by host.
  returned: success
  type: dict
  sample: {}
path:
  description: The file.
  returned: success
  type: str
  sample: CHG0012345.plan.json
"""
