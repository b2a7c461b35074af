# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: ntfs_permissions
short_description: Assert the NTFS permissions of a directory or file on a Windows host
description:
  - Makes sure that accounts have, have not, or exactly have given permissions on a directory or file of a Windows host,
    and that it inherits permissions from its parent folder or does not.
  - Access that an account already has through entries of its own, in whatever form (a wider right, inherited, several
    entries that add up, generic rights), counts and is not changed again. Entries of all others stay untouched and in
    their order.
  - All entries of a task are applied in one write, which is read back and compared.
version_added: 0.1.0
author:
  - sitekeeper.sms contributors (!UNKNOWN)
options:
  path:
    description:
      - Local path of the directory or file on the host. It has to exist.
    type: str
    required: true
  entries:
    description:
      - The accounts and their permissions. May be empty to set O(inheritance) only.
    type: list
    elements: dict
    default: []
    suboptions:
      principal:
        description:
          - The account or group, as V(DOMAIN\\name), V(name@dns.domain), V(.\\name) or V(COMPUTER\\name) for a local
            account, V(DOMAIN\\COMPUTER$), an English built-in name such as V(BUILTIN\\Administrators), V(SYSTEM) or
            V(Everyone) (whatever the language of the server), or a SID.
        type: str
        required: true
      rights:
        description:
          - The rights, one or several, which are added up.
          - "By the names of Windows' Security tab: V(full_control), V(modify), V(read_and_execute), V(read), V(write)."
          - "Or single ones: V(list_directory) or V(read_data), V(create_files) or V(write_data), V(create_directories)
            or V(append_data), V(read_extended_attributes), V(write_extended_attributes), V(traverse) or V(execute),
            V(delete_subfolders_and_files), V(read_attributes), V(write_attributes), V(delete), V(read_permissions),
            V(change_permissions), V(take_ownership), V(synchronize)."
          - Or as an access mask, such as V(0x12019F).
          - An entry that allows always gets SYNCHRONIZE (V(0x100000)) too, because no file or folder can be opened without
            it. An entry that denies gets it only with V(synchronize), V(full_control) or a mask that holds it, because
            denying it denies everything. Windows' dialogs do the same.
          - May be left out with O(state=absent), which then removes all entries of the account and O(entries[].type).
        type: list
        elements: str
      type:
        description:
          - Whether the entry allows or denies.
        type: str
        choices: [allow, deny]
        default: allow
      applies_to:
        description:
          - What the entry applies to, in Windows' own words.
          - The default is V(this folder, subfolders and files) for a directory. A file has only itself, so there this
            option can be left out only.
          - Ignored with O(state=absent), which takes the rights away wherever they apply.
        type: str
        choices:
          - this folder only
          - this folder, subfolders and files
          - this folder and subfolders
          - this folder and files
          - subfolders and files only
          - subfolders only
          - files only
  state:
    description:
      - V(present) makes sure that each account has the rights. Other entries stay.
      - V(absent) takes the rights away from the account's own entries. An inherited entry cannot be removed where it is
        inherited, so if one still gives such a right, that is an error.
      - With V(absent), an entry that allows keeps SYNCHRONIZE as long as it allows another right. An entry that denies
        keeps it unless the rights hold it.
      - V(exact) makes sure that the given entries are the only ones set on the object itself. What it inherits stays
        unless O(inheritance=disabled).
    type: str
    choices: [present, absent, exact]
    default: present
  inheritance:
    description:
      - V(unchanged) leaves it as it is.
      - V(enabled) lets the permissions of the parent folder come down.
      - V(disabled) keeps them out. Those that came down before stay as entries of the object's own, except with
        O(state=exact).
    type: str
    choices: [unchanged, enabled, disabled]
    default: unchanged
  allow_lockout:
    description:
      - A change is refused if SYSTEM, Administrators or the connected account could not work any more. This is checked
        for the folder, its subfolders and its files, before and after the change.
      - SYSTEM and Administrators must keep listing and entering folders, creating files and folders, and reading, writing
        and deleting files, because the site's components run as SYSTEM or as a member of Administrators.
      - The connected account must keep reading files and listing folders. All three must keep SYNCHRONIZE, and reading and
        changing permissions.
      - Entries that deny count for groups that these accounts may be in, such as Everyone, Authenticated Users, NETWORK,
        Users, Domain Users or CREATOR OWNER.
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
  - WMI shows entries that allow and deny. An object with an entry of another type, such as a conditional one, is not
    changed if WMI shows it, since it would be lost.
seealso:
  - module: sitekeeper.sms.share_permissions
  - module: sitekeeper.sms.sender_access
  - module: ansible.windows.win_acl
"""

EXAMPLES = r"""
- name: The Sender account may read and write what is received
  sitekeeper.sms.ntfs_permissions:
    path: D:\SMS\Site.srv\Despoolr.box\Receive
    entries:
      - principal: CORP\smssend
        rights: [read, write]

- name: A folder of its own, closed to everyone else
  sitekeeper.sms.ntfs_permissions:
    path: D:\SMS\Site.srv
    state: exact
    inheritance: disabled
    entries:
      - principal: SYSTEM
        rights: full_control
      - principal: BUILTIN\Administrators
        rights: full_control
      - principal: CORP\smssend
        rights: traverse
        applies_to: this folder only

- name: The Sender account reads and writes, but deletes nothing
  sitekeeper.sms.ntfs_permissions:
    path: D:\SMS\Site.srv\Despoolr.box\Receive
    entries:
      - principal: CORP\smssend
        rights: [read, write]
      - principal: CORP\smssend
        rights: [delete, delete_subfolders_and_files]
        type: deny

- name: An account of old times has nothing left there
  sitekeeper.sms.ntfs_permissions:
    path: D:\SMS\Site.srv\Despoolr.box\Receive
    state: absent
    entries:
      - principal: CORP\smsold
"""

RETURN = r"""
before_sddl:
  description: Security descriptor of the object before, in SDDL.
  returned: success
  type: str
  sample: "O:BAG:SYD:AI(A;OICIID;FA;;;SY)(A;OICIID;FA;;;BA)"
after_sddl:
  description:
    - Security descriptor of the object afterwards, as it was read back; in check mode as it would be.
  returned: success
  type: str
  sample: "O:BAG:SYD:AI(A;OICI;0x12019f;;;S-1-5-21-1004336348-1177238915-682003330-1104)(A;OICIID;FA;;;SY)(A;OICIID;FA;;;BA)"
edits:
  description: What was changed, an entry a line; C(+) added, C(-) removed, C(~) moved.
  returned: success
  type: list
  elements: str
  sample: ["+ allow CORP\\smssend  Read, Write  (this folder, subfolders and files)"]
children:
  description:
    - How many files and folders below it were looked at, how many of them were brought in line with what they inherit now,
      and how many the operator may not read or change.
  returned: when a folder was changed over P(sitekeeper.sms.smb#connection); servers reached by WinRM do it themselves
  type: dict
  sample: {"examined": 10003, "updated": 10003, "refused": 0}
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
