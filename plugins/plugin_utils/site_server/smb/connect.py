# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The SMB adapter: a host's `SiteServer`, from its connection `sitekeeper.sms.smb`."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from typing import Any

from ....module_utils.smb_session import IMPACKET_IMPORT_ERROR
from ....module_utils.smb_settings import SmbSettings, netbios_names, split_account
from ..port import SiteServer
from ..wires import Adapter
from .smb import SmbSiteServer


def smb_site_server(host: str, connection: Any, *, progress: Callable[[str], None] | None = None) -> SmbSiteServer:
    """The site server behind the connection plugin, not connected yet."""
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
        domains=netbios_names(option("domains")),
        dialect=None if option("dialect") == "auto" else option("dialect"),
        signing=option("signing"),
        encryption=option("encryption"),
        timeout=option("answer_timeout"),
    )
    return SmbSiteServer(settings, operator, connections=option("parallel"), progress=progress)


def _open(
    host: str, connection: Any, *, progress: Callable[[str], None] | None = None
) -> AbstractContextManager[SiteServer]:
    return closing(smb_site_server(host, connection, progress=progress))


ADAPTER = Adapter(_open, IMPACKET_IMPORT_ERROR.strip().rpartition("\n")[2] if IMPACKET_IMPORT_ERROR else None)
