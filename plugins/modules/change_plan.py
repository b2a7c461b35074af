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
  senders:
    description:
      - The Sender accounts, as V(DOMAIN\\name), V(name@dns.domain), V(.\\name) or V(COMPUTER\\name) for a local account,
        V(DOMAIN\\COMPUTER$), or a SID.
    type: list
    elements: str
    required: true
  product:
    description:
      - What runs on the site server, which says what its share and directory are and which rights are required.
      - "V(sms_1_2), Systems Management Server 1.2: Full Control of the share C(SMS_SITE), Read and Write on the directory
        C(Site.srv\\Despoolr.box\\Receive), its subfolders and files (Q179118)."
      - "V(sms_2_0), Systems Management Server 2.0: Change on the share C(SMS_SITE), Modify on the directory
        C(inboxes\\despoolr.box\\receive), its subfolders and files."
      - "V(sms_2003) and V(configmgr_2007): Change on that share for the members of the local group
        C(SMS_SiteToSiteConnection_<code>); Modify on that directory, its subfolders and files, for each account itself."
      - "V(configmgr), 2012 to current branch: the group has Change on the share and Full Control of the directory."
      - Or one of O(products).
    type: str
    default: sms_1_2
  products:
    description:
      - Products of your own by their names, as in the variable C(sms_products) of the inventory plugin
        P(sitekeeper.sms.hierarchy#inventory).
    type: dict
  site_code:
    description:
      - Code of the site, from which the name of the local group follows that holds rights for the Sender accounts, with
        V(sms_2003), V(configmgr_2007) and V(configmgr).
    type: str
  group:
    description:
      - That local group, if its name is not the product's own.
    type: str
  group_members:
    description:
      - What to do about Sender accounts that are not members of the group.
      - V(add) plans to make them members. Applying that takes P(sitekeeper.sms.smb#connection), since WMI has no method
        for it.
      - V(report) lists them in the plan, with a warning that says how to add them. Everything else is planned.
    type: str
    choices: [add, report]
    default: add
  share:
    description:
      - Name of the site share, if it is not the product's own.
    type: str
  directory:
    description:
      - Local path of the directory, if it is not where the product expects it.
      - The default is the path that the share points to.
    type: str
  allow_unexpected_path:
    description:
      - A share that points somewhere else than to the directory of the O(product), or to the given O(directory), is an
        error.
      - With V(true) it is accepted.
    type: bool
    default: false
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
  services:
    description:
      - Whether to read the accounts that the product's services log on as, which takes one more request each.
    type: bool
    default: false
extends_documentation_fragment:
  - sitekeeper.sms.attributes
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
