# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: share_permissions
short_description: Assert the permissions of a Windows share
description:
  - Makes sure that accounts have, have not, or exactly have given permissions on a share of a Windows host.
  - Access that an account already has through entries of its own, in whatever form (a wider right, several entries that
    add up, generic rights), counts and is not changed again. Entries of all others stay untouched and in their order.
  - All entries of a task are applied in one write, which is read back and compared.
version_added: 0.1.0
author:
  - sitekeeper.sms contributors (!UNKNOWN)
options:
  share:
    description:
      - Name of the share. It has to exist.
    type: str
    required: true
  entries:
    description:
      - The accounts and their permissions.
    type: list
    elements: dict
    required: true
    suboptions:
      principal:
        description:
          - The account or group, as V(DOMAIN\\name), V(name@dns.domain), V(.\\name) or V(COMPUTER\\name) for a local
            account, V(DOMAIN\\COMPUTER$), an English built-in name such as V(BUILTIN\\Administrators), V(SYSTEM) or
            V(Everyone) (whatever the language of the server), or a SID.
        type: str
        required: true
      access:
        description:
          - The permission, as the share's dialog in Windows calls it.
          - May be left out with O(state=absent), which then removes all entries of the account and O(entries[].type).
        type: str
        choices: [full_control, change, read]
      type:
        description:
          - Whether the entry allows or denies.
          - V(deny) with V(change) or V(read) leaves SYNCHRONIZE out, because denying it denies everything. V(full_control)
            denies it too.
        type: str
        choices: [allow, deny]
        default: allow
  state:
    description:
      - V(present) makes sure that each account has the permission. Other entries stay.
      - V(absent) takes the permission away from the account's own entries.
      - V(exact) makes sure that the share has the given entries and no other.
    type: str
    choices: [present, absent, exact]
    default: present
  allow_lockout:
    description:
      - A change is refused if SYSTEM, Administrators or the connected account could not read over the share any more.
        Entries that deny count for groups that these accounts may be in, such as Everyone, NETWORK or Users.
      - V(true) permits the change.
    type: bool
    default: false
extends_documentation_fragment:
  - sitekeeper.sms.permissions
  - sitekeeper.sms.attributes
  - sitekeeper.sms.attributes.site_server
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
notes:
  - A share that has no security descriptor of its own has the server's default, Everyone Read. It keeps that entry
    beside the ones that are added.
seealso:
  - module: sitekeeper.sms.ntfs_permissions
  - module: sitekeeper.sms.sender_access
  - module: ansible.windows.win_share
"""

EXAMPLES = r"""
- name: The Sender account has full control of the site share
  sitekeeper.sms.share_permissions:
    share: SMS_SITE
    entries:
      - principal: CORP\smssend
        access: full_control

- name: Nobody but these two can reach the package share
  sitekeeper.sms.share_permissions:
    share: SMSPKGD
    state: exact
    entries:
      - principal: BUILTIN\Administrators
        access: full_control
      - principal: CORP\smssend
        access: change

- name: An account of old times has nothing left on the site share
  sitekeeper.sms.share_permissions:
    share: SMS_SITE
    state: absent
    entries:
      - principal: CORP\smsold
"""

RETURN = r"""
before_sddl:
  description: Security descriptor of the share before, in SDDL.
  returned: success
  type: str
  sample: "D:(A;;FA;;;BA)"
after_sddl:
  description:
    - Security descriptor of the share afterwards, as it was read back; in check mode as it would be.
  returned: success
  type: str
  sample: "D:(A;;FA;;;BA)(A;;FA;;;S-1-5-21-1004336348-1177238915-682003330-1104)"
edits:
  description: What was changed, an entry a line; C(+) added, C(-) removed, C(~) moved.
  returned: success
  type: list
  elements: str
  sample: ["+ allow CORP\\smssend  Full Control"]
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
