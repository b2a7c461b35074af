# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: sender_access_summary
short_description: Summarize the access on the site servers of a play
description:
  - Returns the table of the role P(sitekeeper.sms.sms_sender_perms#role) from the results that the role registered, and
    the reasons why hosts fail an audit. Run it once.
  - A host without a result in this play is C(not run). A host whose result has C(uncertain) is C(UNCERTAIN). A host is
    C(in desired state), C(unchanged) or C(changed) only if a reading shows the access.
version_added: 0.1.0
author:
  - sitekeeper.sms contributors (!UNKNOWN)
options:
  audit:
    description: Whether the hosts were only read.
    type: bool
    default: false
  show:
    description: Whether to return the table. If not, a warning lists the sites without a host in the inventory.
    type: bool
    default: true
  sms_sites:
    description:
      - The hierarchy, as in the role P(sitekeeper.sms.sms_sender_perms#role), to derive the findings of the sites that
        were read. Without it, there are no findings.
    type: raw
  fail_on_drift:
    description: Whether drift makes a host fail an audit.
    type: bool
    default: true
  fail_on_findings:
    description: The ids and severities of findings that fail an audit for the host of their site.
    type: list
    elements: str
    default: []
extends_documentation_fragment:
  - sitekeeper.sms.scope
  - sitekeeper.sms.attributes
  - sitekeeper.sms.attributes.controller
seealso:
  - module: sitekeeper.sms.hierarchy_scope
"""

EXAMPLES = r"""
- name: Summarize the audit
  sitekeeper.sms.sender_access_summary:
    scope: "{{ scope }}"
    audit: true
  run_once: true
  register: summary
"""

RETURN = r"""
last:
  description: Whether this is the last batch of the play.
  returned: success
  type: bool
  sample: true
lines:
  description: The table, the counts and the reasons. Empty before the last batch, and with O(show=false).
  returned: success
  type: list
  elements: str
  sample: ["1 site server: 1 in desired state"]
findings:
  description: The findings of the filter P(sitekeeper.sms.hierarchy_findings#filter) for the sites that were read.
  returned: success
  type: list
  elements: dict
  sample: []
fine:
  description: The hosts in the desired state, as a reading shows. Before the last batch, those of the batch only.
  returned: success
  type: list
  elements: str
  sample: ["p01.corp.example"]
outcomes:
  description: The outcome by host. Before the last batch, those of the batch only.
  returned: success
  type: dict
  sample: {"p01.corp.example": "in order"}
faults:
  description: The reason why a host fails an audit, by host. A host that is not listed was read and meets the options.
  returned: success
  type: dict
  sample: {}
"""
