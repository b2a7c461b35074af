# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The LDAP adapter: a domain's `Directory`, from its domain controller."""

from __future__ import annotations

from .ldap import LdapDirectory
from .security import IMPORT_ERROR
from .settings import LdapSettings

__all__ = ["IMPORT_ERROR", "LdapDirectory", "LdapSettings"]
