# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How to reach a domain controller, and by which account."""

from __future__ import annotations

from dataclasses import dataclass

from ....module_utils.smb_settings import ServerSettings


@dataclass(frozen=True)
class LdapSettings(ServerSettings):
    """The settings of LDAP at a domain controller. Messages are sealed on its port, so LDAPS is not needed.

    Without `kerberos_name`, the service principal is `ldap/` and `host`, the full name of the domain controller. The
    time is for a connection with its logon, and for each query.
    """

    port: int = 389
