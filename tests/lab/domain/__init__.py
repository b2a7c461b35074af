# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's third back end: a real Active Directory domain of Samba, with member servers as site servers.

It needs root and Debian's packages (``missing`` names what is lacking). Everything is kept below the build directory
and listens on loopback addresses, so a test or a controller only connects.
"""

from .description import SITES, DomainDescription
from .lab import DomainLab
from .requirements import missing

__all__ = ["SITES", "DomainDescription", "DomainLab", "missing"]
