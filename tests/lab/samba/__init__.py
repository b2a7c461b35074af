# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's second back end: a real smbd for each host, whose own access checks decide what a Sender may do.

It needs root and Debian's samba packages (``missing`` says what is lacking). Everything is kept below the lab's build
directory and answers on the loopback; the accounts exist for these smbds alone (nss_wrapper), not on the system.
"""

from .controls import SmbControls
from .hosts import SambaHost, SambaHosts
from .tools import missing

__all__ = ["SambaHost", "SambaHosts", "SmbControls", "missing"]
