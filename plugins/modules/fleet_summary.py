# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: fleet_summary
short_description: Summarize a run of the playbook fleet
description:
  - Compares the two readings of the playbook C(sitekeeper.sms.fleet) with the results that the role
    P(sitekeeper.sms.sms_sender_perms#role) registered between them. Run it once.
  - A host with drift counts as remediated only if the role did not fail there and the second reading shows it.
version_added: 0.1.0
author:
  - sitekeeper.sms contributors (!UNKNOWN)
options:
  found:
    description: The result of the first M(sitekeeper.sms.fleet_audit).
    type: dict
    required: true
  again:
    description: The result of the second one, for the hosts with drift, after the remediation. May be the result of a skipped task.
    type: dict
  sms_sites:
    description: The hierarchy, as in M(sitekeeper.sms.fleet_audit), to list sites without a host in the inventory.
    type: raw
    required: true
extends_documentation_fragment:
  - sitekeeper.sms.attributes
  - sitekeeper.sms.attributes.controller
seealso:
  - module: sitekeeper.sms.fleet_audit
"""

EXAMPLES = r"""
- name: Summarize the run
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
  description: One line for each host that is not in its desired state, or whose state is not known. At most 20.
  returned: success
  type: list
  elements: str
  sample: []
"""
