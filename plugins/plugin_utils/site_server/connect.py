# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a host's Ansible connection to its `SiteServer`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ..wsman import Session
from .port import SiteServer
from .transport_psrp import PYPSRP_MISSING, PsrpTransport
from .transport_winrm import PYWINRM_MISSING, WinrmTransport
from .wsman import WsmanSiteServer

MAX_ANSWER = 4 * 1024 * 1024
"""Longest answer that is read, in bytes; a descriptor of 64 KiB takes about 1.5 MB as XML."""


class ConnectionUnsupported(Exception):
    """The host's connection leads to no site server, or its library is missing on the controller."""


@contextmanager
def site_server(host: str, connection: Any) -> Iterator[SiteServer]:
    """The site server behind an Ansible connection, for the time of a task.

    Args:
        host: the host as the inventory calls it, for messages.
        connection: the connection plugin that Ansible made for the task, options set, not connected.

    Raises:
        ConnectionUnsupported: neither winrm nor psrp, or pywinrm or pypsrp is not installed.
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
            f"{host}: a site server is reached by ansible_connection: winrm or psrp, not by {kind!r}"
        )
    session = Session(to=transport.url, operation_timeout=transport.timeout, max_envelope_size=MAX_ANSWER)
    try:
        yield WsmanSiteServer(host, transport, session, transport.user)
    finally:
        transport.close()


def _require(host: str, kind: str, library: str, missing: str | None) -> None:
    if missing is not None:
        raise ConnectionUnsupported(
            f"{host}: ansible_connection: {kind} needs the Python package {library} on the controller ({missing}). "
            f"Install it into the Python environment that runs Ansible"
        )
