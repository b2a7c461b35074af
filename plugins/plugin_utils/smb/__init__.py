# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SMB and the remote procedure calls over it: the requests to a site server, message by message, on impacket.

Over a session of `module_utils/smb_session.py`, `files` reads and writes what has a path, `pipes` what has none.
Whatever goes wrong is an `SmbError` of `module_utils/smb_errors.py`.
"""

from __future__ import annotations

from .files import DirectoryEntry, FileClient, Found, file_client
from .pipes import MAX_NAMES, NO_LIMIT, Named, PipeClient, ShareInfo
from .sam import SamClient, UserInfo

__all__ = [
    "MAX_NAMES",
    "NO_LIMIT",
    "DirectoryEntry",
    "FileClient",
    "Found",
    "Named",
    "PipeClient",
    "SamClient",
    "ShareInfo",
    "UserInfo",
    "file_client",
]
