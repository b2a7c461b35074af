# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: sender_access_summary
short_description: Summarize the access on the site servers of a play
description:
  - Makes the table of the role P(sitekeeper.sms.sms_sender_perms#role) from the results that the role has registered, and
    returns why hosts fail an audit. Run it once.
  - A host without a result in this play is C(not run). A host whose result has C(uncertain) is C(UNCERTAIN). Only a reading
    that shows the access makes a host C(in order), C(unchanged) or C(changed).
version_added: 0.1.0
author:
  - sitekeeper.sms contributors (!UNKNOWN)
options:
  audit:
    description: Whether the hosts were only read.
    type: bool
    default: false
  show:
    description: Whether to return the table. If not, sites without a host in the inventory are a warning.
    type: bool
    default: true
  sms_sites:
    description:
      - The hierarchy, as the role P(sitekeeper.sms.sms_sender_perms#role) takes it, to find out what in the sites that were
        read is not as it should be. Without it, there are no findings.
    type: raw
  fail_on_drift:
    description: Whether drift makes a host fail an audit.
    type: bool
    default: true
  fail_on_findings:
    description: The ids and severities of findings that make the host of their site fail an audit.
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
- name: Work out what was found on every site server
  sitekeeper.sms.sender_access_summary:
    scope: "{{ scope }}"
    audit: true
  run_once: true
  register: summary
"""

RETURN = r"""
last:
  description: Whether no batch of the play comes after this one.
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
  description: What the filter P(sitekeeper.sms.hierarchy_findings#filter) finds in the sites that were read.
  returned: success
  type: list
  elements: dict
  sample: []
fine:
  description: The hosts that a reading shows to be as they have to be. Before the last batch, those of the batch only.
  returned: success
  type: list
  elements: str
  sample: ["p01.corp.example"]
outcomes:
  description: By host, what came of it. Before the last batch, those of the batch only.
  returned: success
  type: dict
  sample: {"p01.corp.example": "in order"}
faults:
  description: By host, why it fails an audit. A host that is not in it was read, and is as the options require.
  returned: success
  type: dict
  sample: {}
"""
