# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an account does to a share, and the rights that Windows asks for.

The masks are those of the client's requests. smbclient opens files for reading with FILE_GENERIC_READ and for writing
with FILE_GENERIC_READ and FILE_GENERIC_WRITE together, a folder for its list with FILE_LIST_DIRECTORY and
FILE_READ_ATTRIBUTES, and what it renames or deletes with DELETE (Samba, source3/lib/filename_util.c,
map_open_params_to_ntcreate, and source3/libsmb/cli_smb2_fnum.c). test_operations.py sees that each bit is asked for.

What the server checks:

- the share: each bit of the request ([MS-SMB2] 3.3.5.7, TreeConnect.MaximalAccess; Microsoft, "Share and NTFS
  Permissions on a File Server": the most restrictive permissions apply);
- an object that exists: each bit of the request. DELETE may come from FILE_DELETE_CHILD on the folder that holds it,
  FILE_READ_ATTRIBUTES from FILE_LIST_DIRECTORY there ([MS-FSA] 2.1.5.1.2.1). Which bits a file is overwritten with is
  in the request already ([MS-FSA] 2.1.5.1.2: FILE_WRITE_DATA, FILE_WRITE_EA, FILE_WRITE_ATTRIBUTES);
- a new file: FILE_ADD_FILE on its folder, and nothing of the file itself ([MS-FSA] 2.1.5.1.1);
- a new name: DELETE on the file ([MS-FSA] 2.1.5.15.11) and FILE_ADD_FILE on the folder (Microsoft, "Set File
  Information Processing": the I/O manager opens the parent directory of the target name to see whether the user may
  create a child there).

Folders on the way are not checked: everybody has the right to pass them (Microsoft, "Bypass traverse checking").
"""

from __future__ import annotations

from dataclasses import dataclass

LIST_DIRECTORY, ADD_FILE = 0x1, 0x2  # on a file READ_DATA and WRITE_DATA
DELETE_CHILD, READ_ATTRIBUTES, DELETE = 0x40, 0x80, 0x10000
GENERIC_READ, GENERIC_WRITE = 0x120089, 0x120116  # [MS-SMB2] 2.2.13.1.1

FROM_THE_FOLDER = {DELETE: DELETE_CHILD, READ_ATTRIBUTES: LIST_DIRECTORY}
"""Rights on an object that a right on the folder that holds it stands in for."""


@dataclass(frozen=True, slots=True)
class Operation:
    """What the account tries.

    Attributes:
        name: what it is called.
        command: smbclient's command, for `{file}` on the server and a local `{local}`.
        share: the mask that the share must grant.
        folder: the mask that the shared folder must grant.
        file: the mask that the file must grant.
    """

    name: str
    command: str
    share: int
    folder: int = 0
    file: int = 0


OPERATIONS = (
    Operation("list", "ls", LIST_DIRECTORY | READ_ATTRIBUTES, folder=LIST_DIRECTORY | READ_ATTRIBUTES),
    Operation("create", "put {local} {file}", GENERIC_READ | GENERIC_WRITE, folder=ADD_FILE),
    Operation("write", "put {local} {file}", GENERIC_READ | GENERIC_WRITE, file=GENERIC_READ | GENERIC_WRITE),
    Operation("read", "get {file} {local}", GENERIC_READ, file=GENERIC_READ),
    Operation("rename", "rename {file} {file}.new", DELETE, folder=ADD_FILE, file=DELETE),
    # `del` would read the folder's list first.
    Operation("delete", "wdel 0x16 {file}", DELETE, file=DELETE),
)
