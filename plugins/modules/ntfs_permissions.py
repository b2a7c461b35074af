# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: ntfs_permissions
short_description: Set the NTFS permissions of a directory or file on a Windows host
description:
  - Gives rights on a directory or file to accounts (O(state=present)), removes them (O(state=absent)), or makes the
    given entries the only explicit ones (O(state=exact)). Also enables or disables inheritance from the parent folder.
  - Idempotent. Existing access of an account through its own entries counts, in any form (a wider right, inherited,
    several entries that add up, generic rights). Entries of all other accounts stay unchanged and in their order.
  - All entries of a task are applied in one write, which is read back and compared.
version_added: 0.1.0
author:
  - sitekeeper.sms contributors (!UNKNOWN)
options:
  path:
    description:
      - Local path of the directory or file on the host. It must exist.
    type: str
    required: true
  entries:
    description:
      - The accounts and their rights. May be empty to set O(inheritance) only.
    type: list
    elements: dict
    default: []
    suboptions:
      principal:
        description:
          - The account or group, as V(DOMAIN\\name), V(name@dns.domain), V(DOMAIN\\COMPUTER$), or a SID.
          - For a local account, V(.\\name) or V(COMPUTER\\name).
          - For a built-in account, its English name such as V(BUILTIN\\Administrators), V(SYSTEM) or V(Everyone). This
            works on a server of any language.
        type: str
        required: true
      rights:
        description:
          - The rights, one or several.
          - "The names of the Security tab in Windows: V(full_control), V(modify), V(read_and_execute), V(read),
            V(write)."
          - "Or single rights: V(list_directory) or V(read_data), V(create_files) or V(write_data),
            V(create_directories) or V(append_data), V(read_extended_attributes), V(write_extended_attributes),
            V(traverse) or V(execute), V(delete_subfolders_and_files), V(read_attributes), V(write_attributes),
            V(delete), V(read_permissions), V(change_permissions), V(take_ownership), V(synchronize)."
          - Or as an access mask, such as V(0x12019F).
          - An allow entry always includes SYNCHRONIZE (V(0x100000)), because no file or folder can be opened without
            it. A deny entry includes it only with V(synchronize), V(full_control) or a mask that contains it, because
            to deny it denies every access. The dialogs of Windows do the same.
          - May be omitted with O(state=absent). Then all entries of the account and O(entries[].type) are removed.
        type: list
        elements: str
      type:
        description:
          - Whether the entry allows or denies the rights.
        type: str
        choices: [allow, deny]
        default: allow
      applies_to:
        description:
          - What the entry applies to, with the names that Windows shows.
          - The default for a directory is V(this folder, subfolders and files). Omit this option for a file.
          - Ignored with O(state=absent), which removes the rights wherever they apply.
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
      - V(present) gives each account the rights. Other entries stay.
      - V(absent) removes the rights from the account's own entries. An inherited entry cannot be removed on this
        object, so it is an error if an inherited entry still grants such a right.
      - With V(absent), an allow entry keeps SYNCHRONIZE as long as it allows another right. A deny entry
        keeps it unless the rights contain it.
      - V(exact) makes the given entries the only explicit ones of the object. Inherited entries stay
        unless O(inheritance=disabled).
    type: str
    choices: [present, absent, exact]
    default: present
  inheritance:
    description:
      - Whether the object inherits permissions from its parent folder. V(unchanged) keeps the current setting.
      - V(enabled) enables inheritance.
      - V(disabled) disables it. Entries that were inherited before become explicit entries of the object, except with
        O(state=exact).
    type: str
    choices: [unchanged, enabled, disabled]
    default: unchanged
  allow_lockout:
    description:
      - Whether to permit a change that locks out SYSTEM, Administrators or the connected account.
      - With V(false), such a change is refused. This is checked for the folder, its subfolders and its files, before
        and after the change.
      - SYSTEM and Administrators must keep the rights to list and enter folders, to create files and folders, and to
        read, write and delete files, because the site's components run as SYSTEM or as a member of Administrators.
      - The connected account must keep the rights to read files and list folders. All three must keep SYNCHRONIZE, and
        the rights to read and change permissions.
      - Deny entries count for groups that these accounts may be in, such as Everyone, Authenticated Users, NETWORK,
        Users, Domain Users or CREATOR OWNER.
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
  - Over WMI only allow and deny entries can be written. If WMI shows an entry of another type, such as a conditional
    one, the object is not changed, because the entry would be lost.
seealso:
  - module: sitekeeper.sms.share_permissions
  - module: sitekeeper.sms.sender_access
  - module: ansible.windows.win_acl
"""

EXAMPLES = r"""
- name: Give the Sender account Read and Write on the receive directory
  sitekeeper.sms.ntfs_permissions:
    path: D:\SMS\Site.srv\Despoolr.box\Receive
    entries:
      - principal: CORP\smssend
        rights: [read, write]

- name: Give only these accounts access to a folder
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

- name: Let the Sender account read and write, and deny it to delete
  sitekeeper.sms.ntfs_permissions:
    path: D:\SMS\Site.srv\Despoolr.box\Receive
    entries:
      - principal: CORP\smssend
        rights: [read, write]
      - principal: CORP\smssend
        rights: [delete, delete_subfolders_and_files]
        type: deny

- name: Remove a retired account from the directory
  sitekeeper.sms.ntfs_permissions:
    path: D:\SMS\Site.srv\Despoolr.box\Receive
    state: absent
    entries:
      - principal: CORP\smsold
"""

RETURN = r"""
before_sddl:
  description: Security descriptor of the object before the task, in SDDL.
  returned: success
  type: str
  sample: "O:BAG:SYD:AI(A;OICIID;FA;;;SY)(A;OICIID;FA;;;BA)"
after_sddl:
  description:
    - Security descriptor of the object after the task, as read back. In check mode, as it would be.
  returned: success
  type: str
  sample: "O:BAG:SYD:AI(A;OICI;0x12019f;;;S-1-5-21-1004336348-1177238915-682003330-1104)(A;OICIID;FA;;;SY)(A;OICIID;FA;;;BA)"
edits:
  description: The changes, one entry on each line. C(+) is added, C(-) is removed, C(~) is moved.
  returned: success
  type: list
  elements: str
  sample: ["+ allow CORP\\smssend  Read, Write  (this folder, subfolders and files)"]
children:
  description:
    - The number of files and folders below the folder that were examined, that were updated with the permissions that
      they inherit now, and that the connected account cannot read or change.
  returned: if a folder was changed over P(sitekeeper.sms.smb#connection). Over WinRM the server updates them
  type: dict
  sample: {"examined": 10003, "updated": 10003, "refused": 0}
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
