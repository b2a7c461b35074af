# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a Samba server decides something else than Windows, and why Windows' answer is ours.

This is the whole list. `answers` takes the set of differences to count with, so each run is compared twice: with none,
which is our answer, and with all, which has to be what Samba did. Each is tested to be one still, so that a line whose
reason is gone gets noticed (tests/functional/oracle/test_differences.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference.

    Attributes:
        about: what it is about, in a few words.
        source: what says that ours is right, and where Samba's answer comes from. Its files are those of 4.17.
    """

    about: str
    source: str


class Samba(Enum):
    """The differences."""

    READ_ATTRIBUTES = Difference(
        "everybody may read attributes",
        "[MS-FSA] 2.1.5.1.2.1 grants FILE_READ_ATTRIBUTES by an entry, or by FILE_LIST_DIRECTORY on the parent; Samba "
        "never asks for it on disk (source3/smbd/open.c, smbd_check_access_rights_fsp, do_not_check_mask)",
    )
    READ_ONLY_CONNECTION = Difference(
        "a share that does not grant FILE_WRITE_DATA",
        "[MS-SMB2] 3.3.5.7 and 3.3.5.9 compare what is requested with the maximal access bit by bit, and neither a new "
        "name nor a deletion requests FILE_WRITE_DATA; to Samba the whole connection is read-only, or is refused if "
        "FILE_READ_DATA is missing too (source3/smbd/uid.c, check_user_share_access)",
    )
    DELETE_CHILD_THROUGH_A_SHARE = Difference(
        "FILE_DELETE_CHILD on the folder, through a share that does not grant it",
        "[MS-SMB2] 3.3.5.9 compares the share with what is requested, which is DELETE; Samba also wants the right of "
        "the folder that stands in for it (source3/smbd/file_access.c, can_delete_file_in_directory)",
    )
    NULL_SHARE_DACL = Difference(
        "a NULL DACL on a share",
        "[MS-DTYP] 2.5.3.2: any access check succeeds; Samba asks for the maximal access, which for a NULL DACL is at "
        "most that of an owner (libcli/security/access_check.c, access_check_max_allowed)",
    )
    OWNER_OF_THE_FOLDER = Difference(
        "OWNER RIGHTS of a folder in which a file gets a name",
        '[MS-DTYP] 2.5.3.2 and Microsoft, "Well-known SIDs"; where Samba looks whether a file may be added, it reads '
        "the folder's descriptor without its owner (source3/smbd/open.c, check_parent_access_fsp)",
    )
    SID_HISTORY = Difference(
        "the SID history of an account",
        "[MS-ADTS] 3.1.1.4.5.19 and [MS-KILE] 3.3.5.6.3.1 have it in the token; Samba's domain controller leaves it "
        "out (tests/functional/lab/test_domain.py)",
    )
    NESTED_LOCAL_GROUPS = Difference(
        "local groups in local groups",
        "no member server of Windows takes them (ERROR_INVALID_MEMBER), so we follow those that we know to be the "
        "server's own, and no others; Samba takes them, and adds to a token its own local groups and then those of "
        "BUILTIN, once (source3/auth/token_util.c, finalize_local_nt_token)",
    )


ALL = frozenset(Samba)
NONE: frozenset[Samba] = frozenset()
OF_TOKENS = frozenset({Samba.SID_HISTORY, Samba.NESTED_LOCAL_GROUPS})
