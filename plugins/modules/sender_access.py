# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: sender_access
short_description: Give Sender accounts the access to a site server that their senders need
description:
  - Applies the resolution of Microsoft KB article Q179118 to one site server. Sites of Systems Management Server write
    packages and jobs into the destination's site share as a Sender account. Without permission on the share and on the
    directory behind it, the Scheduler and the Despooler stop.
  - Makes sure that each Sender account has what the O(product) requires on the share and on the directory. Access that
    is already there in any form counts, through entries of the account itself and of the groups that every network
    logon is in (Everyone, Authenticated Users, NETWORK). Entries of all others stay untouched and in their order.
  - The directory is written before the share, each in one write that is read back and compared. If the share cannot be
    written, the directory is restored. Each is read again right before it is written. If it has changed since it was
    planned, it is planned anew once, with a warning.
  - If the server does not acknowledge a write, the object is read over a new connection. What that does not settle is
    reported as RV(uncertain), and never as written or not written.
  - The account needed is the one that I(other) sites use to send to this site, and that of its address to itself.
version_added: 0.1.0
author:
  - sitekeeper.sms contributors (!UNKNOWN)
options:
  group_members:
    description:
      - What to do about Sender accounts that are not members of the group.
      - V(add) makes them members. That takes P(sitekeeper.sms.smb#connection). WMI has no method for it, so that over
        WinRM nothing is written, and the error says which task of C(ansible.windows) adds them.
      - V(report) warns and lists them in RV(group.missing). Everything else is done.
      - V(require) does the same, and then fails. The results are there nevertheless.
      - V(add_or_require) is V(add) where the connection can do that, and V(require) elsewhere.
    type: str
    choices: [add, report, require, add_or_require]
    default: add
  remove_blocking_denies:
    description:
      - A deny entry of a Sender account that blocks a required right is an error, and nothing is written.
      - With V(true) it is removed instead. Deny entries of groups and other accounts are never removed.
    type: bool
    default: false
extends_documentation_fragment:
  - sitekeeper.sms.sender_access
  - sitekeeper.sms.sender_access.services
  - sitekeeper.sms.product
  - sitekeeper.sms.attributes
  - sitekeeper.sms.attributes.site_server
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
notes:
  - A site server in its desired state costs two requests over WinRM. One more if O(directory) is given, if the share has
    entries of accounts that neither are well known nor have one on the directory, and before Windows Server 2012 two.
  - A DACL that is not in canonical order is put in order, with a warning.
  - The groups that an account is a member of are not read, but for O(group). What it has through others does not count,
    and deny entries that could reach it through them are listed in C(may_be_denied_by).
seealso:
  - module: sitekeeper.sms.sender_access_info
  - module: sitekeeper.sms.share_permissions
  - module: sitekeeper.sms.ntfs_permissions
"""

EXAMPLES = r"""
- name: The senders of the sites above and below get in
  sitekeeper.sms.sender_access:
    senders:
      - CORP\smssend
      - CORP\smssend-p02

- name: A deny entry from the last clean-up goes, and the share is on another drive than usual
  sitekeeper.sms.sender_access:
    senders:
      - CORP\smssend
    directory: E:\Sites\Receive
    remove_blocking_denies: true
"""

RETURN = r"""
services:
  description: The account that each of the product's services logs on as; V(null) where there is no such service.
  returned: success, with O(services=true)
  type: dict
  sample:
    SMS_EXECUTIVE: "CORP\\smssvc"
site_code:
  description: As it was given.
  returned: always, if it was given
  type: str
  sample: P01
product:
  description: The product whose requirements were applied.
  returned: success
  type: str
  sample: sms_1_2
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
    before_sddl:
      description: Its security descriptor before, in SDDL.
      type: str
      sample: "D:(A;;FA;;;BA)"
    after_sddl:
      description: Its security descriptor afterwards, as it was read back; in check mode as it would be.
      type: str
      sample: "D:(A;;FA;;;BA)(A;;FA;;;S-1-5-21-1004336348-1177238915-682003330-1104)"
    edits:
      description: What was changed, an entry a line; C(+) added, C(-) removed, C(~) moved.
      type: list
      elements: str
      sample: ["+ allow CORP\\smssend  Full Control"]
directory:
  description: The directory.
  returned: success
  type: dict
  contains:
    path:
      description: Its path.
      type: str
      sample: "D:\\SMS\\Site.srv\\Despoolr.box\\Receive"
    before_sddl:
      description: Its security descriptor before, in SDDL.
      type: str
      sample: "O:BAG:SYD:AI(A;OICIID;FA;;;SY)(A;OICIID;FA;;;BA)"
    after_sddl:
      description: Its security descriptor afterwards, as it was read back; in check mode as it would be.
      type: str
      sample: "O:BAG:SYD:AI(A;OICI;0x12019f;;;S-1-5-21-1004336348-1177238915-682003330-1104)(A;OICIID;FA;;;SY)(A;OICIID;FA;;;BA)"
    edits:
      description: What was changed, an entry a line; C(+) added, C(-) removed, C(~) moved.
      type: list
      elements: str
      sample: ["+ allow CORP\\smssend  Read, Write  (this folder, subfolders and files)"]
    children:
      description:
        - How many files and folders below it were looked at, how many of them were brought in line with what they
          inherit now, and how many the operator may not read or change.
      returned: when it was changed over P(sitekeeper.sms.smb#connection); servers reached by WinRM do it themselves
      type: dict
      sample: {"examined": 10003, "updated": 10003, "refused": 0}
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
      description: Whether it has the rights itself that it has to hold, after the run; in check mode as it would be.
      type: bool
      sample: true
    members:
      description: Its direct members, after the run; in check mode as it would be. One that is a group itself is not looked into.
      type: list
      elements: str
      sample: ["CORP\\smssend"]
    missing:
      description: Sender accounts that are no direct members.
      type: list
      elements: str
      sample: []
    added:
      description: Sender accounts that became members; in check mode that would.
      type: list
      elements: str
      sample: ["CORP\\smssend"]
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
      description: Whether it has what the product requires, afterwards; in check mode whether it would.
      type: bool
      sample: true
    before:
      description: Its access before.
      type: dict
      contains: &access
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
    after:
      description: Its access afterwards; in check mode as it would be.
      type: dict
      contains: *access
uncertain:
  description:
    - V(true) if an object may or may not have been written, since the server did not acknowledge the write and reading the
      object again does not settle it. The write may still arrive. Run the task again, which reads what the object holds.
  returned: failure, if it is so
  type: bool
  sample: true
steps:
  description: How each step ended that was run.
  returned: failure, if something was or may have been written
  type: list
  elements: dict
  contains:
    object:
      description: The share, folder or file, or the account and its group.
      type: str
      sample: share SMS_SITE
    status:
      description:
        - V(unchanged), it held the goal already. V(done), it holds the goal. V(not_done), nothing was written.
        - V(undone), it was written and restored. V(uncertain), see RV(uncertain).
      type: str
      sample: uncertain
"""
