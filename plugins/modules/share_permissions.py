# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: share_permissions
short_description: Set the permissions of a Windows share
description:
  - Gives permissions on a share to accounts (O(state=present)), removes them (O(state=absent)), or makes the given
    entries the only ones (O(state=exact)).
  - Idempotent. Existing access of an account through its own entries counts, in any form (a wider right, several
    entries that add up, generic rights). Entries of all other accounts stay unchanged and in their order.
  - All entries of a task are applied in one write, which is read back and compared.
version_added: 0.1.0
author:
  - sitekeeper.sms contributors (!UNKNOWN)
options:
  share:
    description:
      - Name of the share. The share must exist.
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
          - The account or group, as V(DOMAIN\\name), V(name@dns.domain), V(DOMAIN\\COMPUTER$), or a SID.
          - For a local account, V(.\\name) or V(COMPUTER\\name).
          - For a built-in account, its English name such as V(BUILTIN\\Administrators), V(SYSTEM) or V(Everyone). This
            works on a server of any language.
        type: str
        required: true
      access:
        description:
          - The permission, with its name in the share dialog of Windows.
          - May be omitted with O(state=absent). Then all entries of the account and O(entries[].type) are removed.
        type: str
        choices: [full_control, change, read]
      type:
        description:
          - Whether the entry allows or denies the permission.
          - V(deny) with V(change) or V(read) does not deny SYNCHRONIZE, because that would deny every access.
            V(full_control) denies it too.
        type: str
        choices: [allow, deny]
        default: allow
  state:
    description:
      - V(present) gives each account the permission. Other entries stay.
      - V(absent) removes the permission from the account's own entries.
      - V(exact) gives the share exactly the given entries and no others.
    type: str
    choices: [present, absent, exact]
    default: present
  allow_lockout:
    description:
      - Whether to permit a change after which SYSTEM, Administrators or the connected account could not read over the
        share.
      - With V(false), such a change is refused. Deny entries count for groups that these accounts may be in, such as
        Everyone, NETWORK or Users.
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
  - A share that has no security descriptor of its own has the server's default, Everyone Read. It keeps that entry when
    others are added.
seealso:
  - module: sitekeeper.sms.ntfs_permissions
  - module: sitekeeper.sms.sender_access
  - module: ansible.windows.win_share
"""

EXAMPLES = r"""
- name: Give the Sender account full control of the site share
  sitekeeper.sms.share_permissions:
    share: SMS_SITE
    entries:
      - principal: CORP\smssend
        access: full_control

- name: Give only these two accounts access to the package share
  sitekeeper.sms.share_permissions:
    share: SMSPKGD
    state: exact
    entries:
      - principal: BUILTIN\Administrators
        access: full_control
      - principal: CORP\smssend
        access: change

- name: Remove a retired account from the site share
  sitekeeper.sms.share_permissions:
    share: SMS_SITE
    state: absent
    entries:
      - principal: CORP\smsold
"""

RETURN = r"""
before_sddl:
  description: Security descriptor of the share before the task, in SDDL.
  returned: success
  type: str
  sample: "D:(A;;FA;;;BA)"
after_sddl:
  description:
    - Security descriptor of the share after the task, as read back. In check mode, as it would be.
  returned: success
  type: str
  sample: "D:(A;;FA;;;BA)(A;;FA;;;S-1-5-21-1004336348-1177238915-682003330-1104)"
edits:
  description: The changes, one entry on each line. C(+) is added, C(-) is removed, C(~) is moved.
  returned: success
  type: list
  elements: str
  sample: ["+ allow CORP\\smssend  Full Control"]
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
