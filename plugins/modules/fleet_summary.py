# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: fleet_summary
short_description: Summarize what the playbook fleet found and corrected
description:
  - Compares the two readings of the playbook C(sitekeeper.sms.fleet) with what the role P(sitekeeper.sms.sms_sender_perms#role)
    has registered in between. Run it once.
  - A host that had drifted is corrected only if the role did not fail there and the second reading shows it.
version_added: 0.1.0
author:
  - sitekeeper.sms contributors (!UNKNOWN)
options:
  found:
    description: What M(sitekeeper.sms.fleet_audit) returned first.
    type: dict
    required: true
  again:
    description: What it returned for the hosts that had drifted, after the correction. A skipped task has no second reading.
    type: dict
  sms_sites:
    description: The hierarchy, as M(sitekeeper.sms.fleet_audit) takes it, to name sites without a host in the inventory.
    type: raw
    required: true
extends_documentation_fragment:
  - sitekeeper.sms.attributes
  - sitekeeper.sms.attributes.controller
seealso:
  - module: sitekeeper.sms.fleet_audit
"""

EXAMPLES = r"""
- name: Work out what came of all of them
  sitekeeper.sms.fleet_summary:
    found: "{{ fleet }}"
    again: "{{ fleet_again }}"
    sms_sites: "{{ sms_sites }}"
  run_once: true
  register: summary
"""

RETURN = r"""
lines:
  description: The counts, the reasons, and the sites without a host in the inventory.
  returned: success
  type: list
  elements: str
  sample: ["6 site servers: 5 in desired state, 1 remediated"]
reasons:
  description: A line for each host that is not in its desired state, or not known to be; 20 at most.
  returned: success
  type: list
  elements: str
  sample: []
"""
