# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: sender_access_info
short_description: Tell what access Sender accounts have to a site server
description:
  - Reads the site share of a site server, its permissions and those of the directory behind it, and tells for each
    Sender account what it has, whether that is what the O(product) requires, and which entry decided. Changes nothing.
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
  services:
    description:
      - Whether to read the accounts that the product's services log on as, which takes one more request each.
    type: bool
    default: false
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
extends_documentation_fragment:
  - sitekeeper.sms.attributes
  - sitekeeper.sms.attributes.info
seealso:
  - module: sitekeeper.sms.sender_access
"""

EXAMPLES = r"""
- name: What may the senders do here?
  sitekeeper.sms.sender_access_info:
    senders:
      - CORP\smssend
  register: access

- name: Say it in one line
  ansible.builtin.debug:
    msg: "{{ access.senders[0].name }} has {{ access.senders[0].current.combined.access }}"
"""

RETURN = r"""
product:
  description: The product whose requirements were compared with.
  returned: success
  type: str
  sample: sms_1_2
in_desired_state:
  description: Whether every Sender account has what the product requires.
  returned: success
  type: bool
  sample: false
share:
  description: The site share.
  returned: success
  type: dict
  contains:
    name:
      description: Name of the share.
      type: str
      sample: SMS_SITE
    path:
      description: Where it points to.
      type: str
      sample: "D:\\SMS\\Site.srv\\Despoolr.box\\Receive"
    sddl:
      description: Its security descriptor, in SDDL.
      type: str
      sample: "D:(A;;FA;;;BA)"
    is_default:
      description: Whether the share has no security descriptor of its own, so that the server's default applies.
      type: bool
      sample: false
    entries:
      description: Its permissions, an entry a line.
      type: list
      elements: str
      sample: ["allow BUILTIN\\Administrators  Full Control"]
directory:
  description: The directory.
  returned: success
  type: dict
  contains:
    path:
      description: Its path.
      type: str
      sample: "D:\\SMS\\Site.srv\\Despoolr.box\\Receive"
    sddl:
      description: Its security descriptor, in SDDL.
      type: str
      sample: "O:BAG:SYD:AI(A;OICIID;FA;;;SY)(A;OICIID;FA;;;BA)"
    entries:
      description: Its permissions, an entry a line.
      type: list
      elements: str
      sample: ["allow NT AUTHORITY\\SYSTEM  Full control  (this folder, subfolders and files)  [inherited]"]
group:
  description: The local group that holds rights for the Sender accounts.
  returned: success, for products that have one
  type: dict
  contains:
    name:
      description: Its name.
      type: str
      sample: "P01\\SMS_SiteToSiteConnection_P01"
    sid:
      description: Its SID.
      type: str
      sample: S-1-5-21-2857422465-1465058494-1690550294-1012
    in_desired_state:
      description: Whether it has the rights itself that it has to hold.
      type: bool
      sample: true
    members:
      description: Its direct members. One that is a group itself is not looked into.
      type: list
      elements: str
      sample: ["CORP\\smssend"]
    missing:
      description: Sender accounts that are no direct members.
      type: list
      elements: str
      sample: []
services:
  description: The account that each of the product's services logs on as; V(null) where there is no such service.
  returned: success, with O(services=true)
  type: dict
  sample:
    SMS_EXECUTIVE: "CORP\\smssvc"
senders:
  description: The Sender accounts; one given in two spellings is listed once.
  returned: success
  type: list
  elements: dict
  contains:
    account:
      description: The account as it was given.
      type: str
      sample: "CORP\\smssend"
    name:
      description: The account as the server calls it.
      type: str
      sample: "CORP\\smssend"
    sid:
      description: Its security identifier.
      type: str
      sample: S-1-5-21-1004336348-1177238915-682003330-1104
    in_desired_state:
      description: Whether it has what the product requires.
      type: bool
      sample: false
    current:
      description: Its access.
      type: dict
      contains:
        share: &object
          description: What these permissions give it.
          type: dict
          contains:
            access:
              description: Its rights in Windows' words.
              type: str
              sample: none
            mask:
              description: Its rights as an access mask.
              type: str
              sample: "0x00000000"
            satisfied:
              description: Whether that is what the product requires.
              type: bool
              sample: false
            decided_by:
              description: The entries that granted or denied the required rights, and what no entry grants.
              type: list
              elements: str
              sample: ["no entry grants Full Control"]
            may_be_denied_by:
              description: Deny entries of others that would count if the account were a member of them.
              type: list
              elements: str
              sample: []
        directory: *object
        combined:
          description: What it has over the network, which is what both grant.
          type: dict
          contains:
            access:
              description: Its rights in Windows' words.
              type: str
              sample: none
            mask:
              description: Its rights as an access mask.
              type: str
              sample: "0x00000000"
        member:
          description: Whether it is a member of the group.
          returned: for products that have a group
          type: bool
          sample: false
"""
