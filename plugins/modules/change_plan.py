# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: change_plan
short_description: Plan the access of site-to-site accounts on a site server
description:
  - Returns the changes that M(sitekeeper.sms.sender_access) would make, with the security descriptors before and after,
    and the reasons. Changes nothing.
  - M(sitekeeper.sms.change_plan_file) combines the results of all site servers into one plan. The playbook
    C(sitekeeper.sms.plan) does both for a whole hierarchy.
version_added: 0.1.0
author:
  - sitekeeper.sms contributors (!UNKNOWN)
options:
  group_members:
    description:
      - What to plan if an account is not a member of the group.
      - V(add) plans to add it. This needs P(sitekeeper.sms.smb#connection). WMI has no method for it, so over WinRM the
        task fails, nothing is planned, and the error has the task of C(ansible.windows) that adds it.
      - V(report) lists it in the warnings of the plan, with the task that adds it. Everything else is planned.
      - V(add_or_report) is V(add) if the connection supports it, and V(report) if not.
    type: str
    choices: [add, report, add_or_report]
    default: add
  remove_blocking_denies:
    description:
      - Whether to plan the removal of a deny entry of an account in O(senders) that blocks a required right.
      - With V(false), such an entry is an error, and nothing is planned. Deny entries of groups and of other accounts
        are never removed.
    type: bool
    default: false
  reasons:
    description:
      - The reasons why each account needs access, for the plan. A list of sentences for each of O(senders).
      - The filter P(sitekeeper.sms.required_grants#filter) returns them.
    type: dict
extends_documentation_fragment:
  - sitekeeper.sms.sender_access
  - sitekeeper.sms.sender_access.own_entry
  - sitekeeper.sms.sender_access.services
  - sitekeeper.sms.directory
  - sitekeeper.sms.product
  - sitekeeper.sms.attributes
  - sitekeeper.sms.attributes.site_server
  - sitekeeper.sms.attributes.info
seealso:
  - module: sitekeeper.sms.change_plan_file
  - module: sitekeeper.sms.change_apply
"""

EXAMPLES = r"""
- name: Plan the access of the account
  sitekeeper.sms.change_plan:
    senders:
      - CORP\smssend
    reasons:
      CORP\smssend:
        - C01 sends to P01 as CORP\smssend
  register: planned

- name: Show the planned edits
  ansible.builtin.debug:
    msg: "{{ planned.planned.directory.edits + planned.planned.share.edits }}"
"""

RETURN = r"""
site_code:
  description: The value of O(site_code).
  returned: if O(site_code) is set
  type: str
  sample: P01
would_change:
  description: Whether the plan changes something.
  returned: success
  type: bool
  sample: true
planned:
  description:
    - The host's section of the plan, as C(plan.schema.json) in C(plugins/plugin_utils/change) of this collection
      describes it.
  returned: success
  type: dict
  sample:
    status: planned
    directory:
      path: "D:\\SMS\\Site.srv\\Despoolr.box\\Receive"
      before: "O:BAG:SYD:AI(A;OICIID;FA;;;SY)(A;OICIID;FA;;;BA)"
      after: "O:BAG:SYD:AI(A;OICI;0x12019f;;;S-1-5-21-1004336348-1177238915-682003330-1104)(A;OICIID;FA;;;SY)(A;OICIID;FA;;;BA)"
      edits: ["+ allow CORP\\smssend  Read, Write  (this folder, subfolders and files)"]
services:
  description: The logon account of each of the product's services. V(null) if the service does not exist.
  returned: success, with O(services=true)
  type: dict
  sample:
    SMS_EXECUTIVE: "CORP\\smssvc"
"""
