# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: change_plan
short_description: Plan what Sender accounts need on a site server, without doing it
description:
  - Works out what M(sitekeeper.sms.sender_access) would do, with the security descriptors before and after, and why.
    Changes nothing.
  - M(sitekeeper.sms.change_plan_file) makes one plan for all site servers of it. The playbook C(sitekeeper.sms.plan) does
    both for a whole hierarchy.
version_added: 0.1.0
author:
  - sitekeeper.sms contributors (!UNKNOWN)
options:
  group_members:
    description:
      - What to do about Sender accounts that are not members of the group.
      - V(add) plans to make them members. That takes P(sitekeeper.sms.smb#connection). WMI has no method for it, so that
        over WinRM nothing is planned, and the error says which task of C(ansible.windows) adds them.
      - V(report) lists them in the plan, among its warnings, with the task that adds them. Everything else is planned.
      - V(add_or_report) is V(add) where the connection can do that, and V(report) elsewhere.
    type: str
    choices: [add, report, add_or_report]
    default: add
  remove_blocking_denies:
    description:
      - A deny entry of a Sender account that blocks a required right is an error, and nothing is planned.
      - With V(true) its removal is planned. Deny entries of groups and other accounts are never removed.
    type: bool
    default: false
  reasons:
    description:
      - Why each account is owed its access, a list of sentences for each of O(senders), for the plan.
      - The filter P(sitekeeper.sms.required_grants#filter) tells them.
    type: dict
extends_documentation_fragment:
  - sitekeeper.sms.sender_access
  - sitekeeper.sms.sender_access.services
  - sitekeeper.sms.product
  - sitekeeper.sms.attributes
  - sitekeeper.sms.attributes.site_server
  - sitekeeper.sms.attributes.info
seealso:
  - module: sitekeeper.sms.change_plan_file
  - module: sitekeeper.sms.change_apply
"""

EXAMPLES = r"""
- name: What would have to change here?
  sitekeeper.sms.change_plan:
    senders:
      - CORP\smssend
    reasons:
      CORP\smssend:
        - C01 sends to P01 as CORP\smssend
  register: planned

- name: Say it
  ansible.builtin.debug:
    msg: "{{ planned.planned.directory.edits + planned.planned.share.edits }}"
"""

RETURN = r"""
site_code:
  description: As it was given.
  returned: always, if it was given
  type: str
  sample: P01
would_change:
  description: Whether something is to be written.
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
  description: The account that each of the product's services logs on as; V(null) where there is no such service.
  returned: success, with O(services=true)
  type: dict
  sample:
    SMS_EXECUTIVE: "CORP\\smssvc"
"""
