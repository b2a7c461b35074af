# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a host's Ansible connection to its `SiteServer`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ...module_utils.smb_session import IMPACKET_IMPORT_ERROR
from ...module_utils.smb_settings import SmbSettings, split_account
from ..wsman import Session
from .port import SiteServer
from .smb import SmbSiteServer
from .transport_psrp import PYPSRP_MISSING, PsrpTransport
from .transport_winrm import PYWINRM_MISSING, WinrmTransport
from .wmi import Wmi
from .wsman import WsmanSiteServer

MAX_ANSWER = 4 * 1024 * 1024
"""Longest answer that is read, in bytes; a descriptor of 64 KiB takes about 1.5 MB as XML."""


class ConnectionUnsupported(Exception):
    """The host's connection leads to no site server, or its library is missing on the controller."""


SMB = "sitekeeper.sms.smb"
"""What our own connection plugin is called."""


@contextmanager
def site_server(host: str, connection: Any, *, progress: Callable[[str], None] | None = None) -> Iterator[SiteServer]:
    """The site server behind an Ansible connection, for the time of a task.

    Args:
        host: the host as the inventory calls it, for messages.
        connection: the connection plugin that Ansible made for the task, options set, not connected.
        progress: told in a sentence how far a long operation is.

    Raises:
        ConnectionUnsupported: neither winrm nor psrp nor our own, or the library that it needs is not installed.
    """
    kind = str(connection.transport)
    if kind == SMB:
        server = smb_site_server(host, connection, progress=progress)
        try:
            yield server
        finally:
            server.close()
        return
    with wmi_connection(host, connection) as (wmi, user):
        yield WsmanSiteServer(wmi, user)


@contextmanager
def wmi_connection(host: str, connection: Any) -> Iterator[tuple[Wmi, str | None]]:
    """The WMI behind a winrm or psrp connection, and the connected account, if it is known.

    Args:
        host: the host as the inventory calls it, for messages.
        connection: the connection plugin, options set, not connected.

    Raises:
        ConnectionUnsupported: another connection, or the library that it needs is not installed.
    """
    kind = str(connection.transport)
    transport: WinrmTransport | PsrpTransport
    if kind == "winrm":
        _require(host, kind, "pywinrm", PYWINRM_MISSING)
        transport = WinrmTransport(host, connection, MAX_ANSWER)
    elif kind == "psrp":
        _require(host, kind, "pypsrp", PYPSRP_MISSING)
        transport = PsrpTransport(host, connection, MAX_ANSWER)
    else:
        raise ConnectionUnsupported(
            f"{host}: a site server is reached by ansible_connection: winrm, psrp or {SMB}, not by {kind!r}"
        )
    session = Session(to=transport.url, operation_timeout=transport.timeout, max_envelope_size=MAX_ANSWER)
    try:
        yield Wmi(host, transport, session), transport.user
    finally:
        transport.close()


def smb_site_server(host: str, connection: Any, *, progress: Callable[[str], None] | None = None) -> SmbSiteServer:
    """The site server behind our own connection plugin, not connected yet.

    Raises:
        ConnectionUnsupported: impacket is not installed.
    """
    reason = IMPACKET_IMPORT_ERROR.strip().rpartition("\n")[2] if IMPACKET_IMPORT_ERROR else None
    _require(host, SMB, "impacket", reason)
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
        timeout=option("timeout"),
    )
    return SmbSiteServer(settings, operator, connections=option("parallel"), progress=progress)


def _require(host: str, kind: str, library: str, missing: str | None) -> None:
    if missing is not None:
        raise ConnectionUnsupported(
            f"{host}: ansible_connection: {kind} needs the Python package {library} on the controller ({missing}). "
            f"Install it into the Python environment that runs Ansible"
        )
