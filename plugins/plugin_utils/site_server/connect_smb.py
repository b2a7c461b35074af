# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a host's connection of our own kind to its `SiteServer`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...module_utils.smb_session import IMPACKET_IMPORT_ERROR
from ...module_utils.smb_settings import SMB, SmbSettings, split_account
from .errors import require
from .smb import SmbSiteServer


def smb_site_server(host: str, connection: Any, *, progress: Callable[[str], None] | None = None) -> SmbSiteServer:
    """The site server behind our own connection plugin, not connected yet.

    Raises:
        ConnectionUnsupported: impacket is not installed.
    """
    reason = IMPACKET_IMPORT_ERROR.strip().rpartition("\n")[2] if IMPACKET_IMPORT_ERROR else None
    require(host, SMB, "impacket", reason)
    option = connection.get_option
    operator = option("remote_user")
    kerberos = option("auth") == "kerberos"
    domain, user = split_account(operator or "", kerberos=kerberos)
    settings = SmbSettings(
        host=host,
        address=option("host"),
        port=option("port"),
        domain=domain,
        user=user,
        password=option("password") or "",
        kerberos=kerberos,
        kerberos_name=option("kerberos_hostname_override") or "",
        dialect=None if option("dialect") == "auto" else option("dialect"),
        signing=option("signing"),
        encryption=option("encryption"),
        timeout=option("answer_timeout"),
    )
    return SmbSiteServer(settings, operator, connections=option("parallel"), progress=progress)
