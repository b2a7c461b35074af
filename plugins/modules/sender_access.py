# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: sender_access
short_description: Give site-to-site accounts the access that they need on a site server
description:
  - Gives each account in O(senders) the share and NTFS permissions that the O(product) requires on the site share and
    on the directory behind it. This is the resolution of Microsoft KB article Q179118 for one site server.
  - Sites of SMS and Configuration Manager write packages and jobs into the site share of the destination. Without
    access to the share and the directory, the Scheduler and the Despooler stop.
  - Idempotent. Existing effective access counts, whichever entry grants it. Entries of the account itself count, and
    entries of its groups. Entries of all other accounts stay unchanged and in their order.
  - The groups of an account are those that contain every network logon (Everyone, Authenticated Users, NETWORK), local
    groups of the server, and with O(sms_directory) the groups of its domain. A group is looked at only if it can change
    the answer.
  - The directory is written before the share. Each is written once, read back and compared. If the share cannot be
    written, the directory is restored.
  - Each object is read again right before it is written. If it has changed, it is planned again once, with a warning.
  - If the server does not acknowledge a write, the object is read over a new connection. If that does not settle it,
    the result is RV(uncertain), and never written or not written.
  - List the accounts that I(other) sites use to send to this site, and the account of this site's address to itself.
version_added: 0.1.0
author:
  - sitekeeper.sms contributors (!UNKNOWN)
options:
  group_members:
    description:
      - What to do if an account is not a member of the group.
      - V(add) adds it. This needs P(sitekeeper.sms.smb#connection). WMI has no method for it, so over WinRM the task
        fails, nothing is written, and the error has the task of C(ansible.windows) that adds it.
      - V(report) warns and lists it in RV(group.missing). Everything else is done.
      - V(require) does everything else, and then fails. The results are returned anyway.
      - V(add_or_require) is V(add) if the connection supports it, and V(require) if not.
    type: str
    choices: [add, report, require, add_or_require]
    default: add
  remove_blocking_denies:
    description:
      - Whether to remove a deny entry of an account in O(senders) that blocks a required right.
      - With V(false), such an entry is an error, and nothing is written. Deny entries of groups and of other accounts
        are never removed.
    type: bool
    default: false
extends_documentation_fragment:
  - sitekeeper.sms.sender_access
  - sitekeeper.sms.sender_access.own_entry
  - sitekeeper.sms.sender_access.services
  - sitekeeper.sms.directory
  - sitekeeper.sms.product
  - sitekeeper.sms.attributes
  - sitekeeper.sms.attributes.site_server
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
notes:
  - A site server in its desired state costs two requests over WinRM. One more is needed if O(directory) is set, or if
    the share has entries of accounts that are not well known and have no entry on the directory. Before Windows Server
    2012, two more are needed.
  - A DACL that is not in canonical order is reordered, with a warning.
  - A local group that has to be looked at costs one to three more requests over WinRM, however many members it has.
    Without O(sms_directory), groups of the
    domain are not looked at. Their deny entries are listed in C(may_be_denied_by), and the answer is V(unknown).
  - With O(sms_directory) or O(logon), the task fails if an account cannot log on. The permissions are set anyway.
seealso:
  - module: sitekeeper.sms.sender_access_info
  - module: sitekeeper.sms.share_permissions
  - module: sitekeeper.sms.ntfs_permissions
"""

EXAMPLES = r"""
- name: Give the accounts of the parent and child sites access
  sitekeeper.sms.sender_access:
    senders:
      - CORP\smssend
      - CORP\smssend-p02

- name: Remove a deny entry, and use a share on another drive
  sitekeeper.sms.sender_access:
    senders:
      - CORP\smssend
    directory: E:\Sites\Receive
    remove_blocking_denies: true

- name: Write an entry only for an account that gets no access through its domain groups
  sitekeeper.sms.sender_access:
    senders:
      - CORP\smssend
    sms_directory:
      - server: dc1.corp.example
"""

RETURN = r"""
services:
  description: The logon account of each of the product's services. V(null) if the service does not exist.
  returned: success, with O(services=true)
  type: dict
  sample:
    SMS_EXECUTIVE: "CORP\\smssvc"
site_code:
  description: The value of O(site_code).
  returned: if O(site_code) is set
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
      description: The path of the share on the server.
      type: str
      sample: "D:\\SMS\\Site.srv\\Despoolr.box\\Receive"
    before_sddl:
      description: Its security descriptor before the task, in SDDL.
      type: str
      sample: "D:(A;;FA;;;BA)"
    after_sddl:
      description: Its security descriptor after the task, as read back. In check mode, as it would be.
      type: str
      sample: "D:(A;;FA;;;BA)(A;;FA;;;S-1-5-21-1004336348-1177238915-682003330-1104)"
    edits:
      description: The changes, one entry on each line. C(+) is added, C(-) is removed, C(~) is moved.
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
      description: Its security descriptor before the task, in SDDL.
      type: str
      sample: "O:BAG:SYD:AI(A;OICIID;FA;;;SY)(A;OICIID;FA;;;BA)"
    after_sddl:
      description: Its security descriptor after the task, as read back. In check mode, as it would be.
      type: str
      sample: "O:BAG:SYD:AI(A;OICI;0x12019f;;;S-1-5-21-1004336348-1177238915-682003330-1104)(A;OICIID;FA;;;SY)(A;OICIID;FA;;;BA)"
    edits:
      description: The changes, one entry on each line. C(+) is added, C(-) is removed, C(~) is moved.
      type: list
      elements: str
      sample: ["+ allow CORP\\smssend  Read, Write  (this folder, subfolders and files)"]
    children:
      description:
        - The number of files and folders below the directory that were examined, that were updated with the permissions
          that they inherit now, and that the connected account cannot read or change.
      returned: if the directory was changed over P(sitekeeper.sms.smb#connection). Over WinRM the server updates them
      type: dict
      sample: {"examined": 10003, "updated": 10003, "refused": 0}
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
      description: Whether the group has the rights that it must have, after the task. In check mode, whether it would.
      type: bool
      sample: true
    members:
      description: Its direct members after the task. In check mode, as they would be.
      type: list
      elements: str
      sample: ["CORP\\smssend"]
    missing:
      description: Site-to-site accounts that must become members. Accounts that get in through another group are not listed.
      type: list
      elements: str
      sample: []
    added:
      description: Site-to-site accounts that were added. In check mode, that would be added.
      type: list
      elements: str
      sample: ["CORP\\smssend"]
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
      description: Whether it has the required access after the task. In check mode, whether it would.
      type: bool
      sample: true
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
    before:
      description: Its access before the task.
      type: dict
      contains: &access
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
    after:
      description: Its access after the task. In check mode, as it would be.
      type: dict
      contains: *access
uncertain:
  description:
    - V(true) if an object may or may not have been written. The server did not acknowledge the write, and reading the
      object again did not settle it. The write may still arrive. Run the task again. It reads the object first.
  returned: failure, if a write is uncertain
  type: bool
  sample: true
steps:
  description: The result of each step that was run.
  returned: failure, if something was or may have been written
  type: list
  elements: dict
  contains:
    object:
      description: The share, folder or file, or the account and the group.
      type: str
      sample: share SMS_SITE
    status:
      description:
        - V(unchanged), no change was needed. V(done), the object holds the goal. V(not_done), nothing was written.
        - V(undone), the object was written and then restored. V(uncertain), see RV(uncertain).
      type: str
      sample: uncertain
"""
