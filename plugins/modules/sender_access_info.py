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
extends_documentation_fragment:
  - sitekeeper.sms.sender_access
  - sitekeeper.sms.sender_access.services
  - sitekeeper.sms.product
  - sitekeeper.sms.attributes
  - sitekeeper.sms.attributes.site_server
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
site_code:
  description: As it was given.
  returned: always, if it was given
  type: str
  sample: P01
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
