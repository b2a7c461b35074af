# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: hierarchy_scope
short_description: Derive the accounts that need access on each site server of a play
description:
  - Checks the description of a hierarchy and derives from it which accounts need access on which site server. Run it
    once.
  - The role P(sitekeeper.sms.sms_sender_perms#role) runs it before anything connects to a site server.
  - Fails in three cases, so that nothing is read or changed. The strategy of the play does not run each task on all
    hosts before the next task, such as P(ansible.builtin.free#strategy) and P(ansible.builtin.host_pinned#strategy).
    The task is delegated. Extra variables replace variables that the role sets itself.
version_added: 0.1.0
author:
  - sitekeeper.sms contributors (!UNKNOWN)
options:
  sms_sites:
    description: The hierarchy, as in the role P(sitekeeper.sms.sms_sender_perms#role).
    type: raw
    required: true
  sms_products:
    description: Products of your own, as in O(sitekeeper.sms.hierarchy#inventory:sms_products).
    type: raw
extends_documentation_fragment:
  - sitekeeper.sms.attributes
  - sitekeeper.sms.attributes.controller
seealso:
  - plugin: sitekeeper.sms.required_grants
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Derive the required accounts
  sitekeeper.sms.hierarchy_scope:
    sms_sites: "{{ sms_sites }}"
  run_once: true
  register: scope
"""

RETURN = r"""
play:
  description: The identifier of this play within the run.
  returned: success
  type: str
  sample: 0242ac11-0002-3c1d-9d4a-000000000006
check_mode:
  description: Whether the task ran in check mode, from the command line or a keyword of the play, the role or the task.
  returned: success
  type: bool
  sample: false
batch:
  description: The hosts of the play, or of its batch.
  returned: success
  type: list
  elements: str
  sample: ["p01.corp.example"]
grants:
  description: The accounts that need access on the server of each site, with the reasons, by site code.
  returned: success
  type: dict
  sample: {"P01": [{"account": "CORP\\smssend", "reasons": ["C01 sends to P01 as CORP\\smssend"]}]}
senders:
  description: The accounts without reasons, by site code.
  returned: success
  type: dict
  sample: {"P01": ["CORP\\smssend"]}
products:
  description: The name of the product, by site code.
  returned: success
  type: dict
  sample: {"P01": "sms_1_2"}
sms_products:
  description: The products of your own.
  returned: success
  type: dict
  sample: {}
sites:
  description: The site code, by site server in lower case.
  returned: success
  type: dict
  sample: {"p01.corp.example": "P01"}
"""
