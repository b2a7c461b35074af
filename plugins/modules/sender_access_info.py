# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: sender_access_info
short_description: Read the access that site-to-site accounts have to a site server
description:
  - Returns the effective access of each account in O(senders) to the site share and to the directory behind it, whether
    it is what the O(product) requires, and which entry decided. Changes nothing.
version_added: 0.1.0
author:
  - sitekeeper.sms contributors (!UNKNOWN)
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
  - module: sitekeeper.sms.sender_access
"""

EXAMPLES = r"""
- name: Read the access of the account
  sitekeeper.sms.sender_access_info:
    senders:
      - CORP\smssend
  register: access

- name: Show it in one line
  ansible.builtin.debug:
    msg: "{{ access.senders[0].name }} has {{ access.senders[0].current.combined.access }}"

- name: Read whether the account gets in, with its domain groups and the right to log on
  sitekeeper.sms.sender_access_info:
    senders:
      - CORP\smssend
    logon: true
    sms_directory:
      - server: dc1.corp.example
  register: access

- name: Show the answer and what decides it
  ansible.builtin.debug:
    msg: "{{ access.senders[0].current.answer }}: {{ access.senders[0].current.because | join(', ') }}"
"""

RETURN = r"""
site_code:
  description: The value of O(site_code).
  returned: if O(site_code) is set
  type: str
  sample: P01
product:
  description: The product that the access was compared with.
  returned: success
  type: str
  sample: sms_1_2
in_desired_state:
  description: Whether every account has the access that the product requires.
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
      description: The path of the share on the server.
      type: str
      sample: "D:\\SMS\\Site.srv\\Despoolr.box\\Receive"
    sddl:
      description: Its security descriptor, in SDDL.
      type: str
      sample: "D:(A;;FA;;;BA)"
    is_default:
      description: Whether the share has no security descriptor of its own. Then the default of the server applies.
      type: bool
      sample: false
    entries:
      description: Its permissions, one entry on each line.
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
      description: Its permissions, one entry on each line.
      type: list
      elements: str
      sample: ["allow NT AUTHORITY\\SYSTEM  Full control  (this folder, subfolders and files)  [inherited]"]
group:
  description: The local group that holds rights for the site-to-site accounts.
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
      description: Whether the group has the rights that it must have.
      type: bool
      sample: true
    members:
      description: Its direct members.
      type: list
      elements: str
      sample: ["CORP\\smssend"]
    missing:
      description: Site-to-site accounts that must become members. Accounts that get in through another group are not listed.
      type: list
      elements: str
      sample: []
services:
  description: The logon account of each of the product's services. V(null) if the service does not exist.
  returned: success, with O(services=true)
  type: dict
  sample:
    SMS_EXECUTIVE: "CORP\\smssvc"
senders:
  description: The site-to-site accounts. An account in two spellings is listed once.
  returned: success
  type: list
  elements: dict
  contains:
    account:
      description: The account, as in O(senders).
      type: str
      sample: "CORP\\smssend"
    name:
      description: The name of the account on the server.
      type: str
      sample: "CORP\\smssend"
    sid:
      description: Its security identifier.
      type: str
      sample: S-1-5-21-1004336348-1177238915-682003330-1104
    in_desired_state:
      description: Whether it has the access that the product requires.
      type: bool
      sample: false
    logon_problems:
      description: Why the account cannot log on to the server over the network.
      returned: if it cannot, and O(logon) or O(sms_directory) looked at it
      type: list
      elements: dict
      contains:
        finding:
          description: The kind of finding.
          type: str
          sample: account_locked
        reason:
          description: The reason.
          type: str
          sample: account locked
    current:
      description: Its access.
      type: dict
      contains:
        share: &object
          description: The effective access through these permissions.
          type: dict
          contains:
            access:
              description:
                - Its rights, with the names that Windows shows. Groups that cannot change the answer are not looked at, and
                  their rights are not included.
              type: str
              sample: none
            mask:
              description: Its rights as an access mask.
              type: str
              sample: "0x00000000"
            satisfied:
              description: Whether it has the rights that the product requires.
              type: bool
              sample: false
            decided_by:
              description:
                - The entries that grant or deny the required rights, and the rights that no entry grants.
                - For an entry of a group that was looked at, the line names the groups that lead to it.
              type: list
              elements: str
              sample: ["no entry grants Full Control"]
            may_be_denied_by:
              description: Deny entries of groups that the account may be a member of. Its membership is not known.
              type: list
              elements: str
              sample: []
        directory: *object
        combined:
          description: Its effective access over the network, which is what both share and directory grant.
          type: dict
          contains:
            access:
              description: Its rights, with the names that Windows shows.
              type: str
              sample: none
            mask:
              description: Its rights as an access mask.
              type: str
              sample: "0x00000000"
        member:
          description:
            - Whether it is a member of the group, by other groups too. It is missing if that is not known.
          returned: for products that have a group
          type: bool
          sample: false
        answer:
          description:
            - Whether the account gets in. V(granted), everything that was looked at grants it. V(denied), something
              that was looked at denies it. V(unknown), something that could change the answer could not be read.
          type: str
          sample: denied
        because:
          description: What decides the answer, one line each. A chain names the groups that lead to an entry.
          type: list
          elements: str
          sample:
            - "share: CORP\\P01$ → CORP\\SCCM Servers → BUILTIN\\Administrators: allow Full Control"
            - "folder: no entry grants Read, Write"
        not_looked_at:
          description: What was not looked at, with the option that looks at it.
          type: list
          elements: str
          sample: ["the rights to log on from the network (logon: true)"]
"""
