# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a host's Ansible connection to its `SiteServer`.

What a kind of connection needs is imported with the first one of that kind: each is a library of its own, which takes
time and memory, and mostly all hosts are reached in one way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any, Protocol

from ...module_utils.smb_settings import SMB
from ..wsman import EnvelopeSettings
from .errors import ConnectionUnsupported, require
from .ntlm_warm_up import warm_up_ntlm
from .port import SiteServer
from .wmi import Transport, Wmi
from .wsman import WsmanSiteServer

MAX_ANSWER = 4 * 1024 * 1024
"""Longest answer that is read, in bytes; a DACL of 64 KiB takes about 2.4 MB as XML. The server's own limit is lower by
default, and requests leave it in force (`wsman.EnvelopeSettings`)."""


_WIRES = {"winrm": "transport_winrm", "psrp": "transport_psrp", SMB: "connect_smb"}


def load_wires(*kinds: str) -> None:
    """Import what connections of these kinds need, or of all: before a fork, so that not each process has to."""
    wanted = [kind for kind in kinds or _WIRES if kind in _WIRES]
    for kind in wanted:
        import_module(f".{_WIRES[kind]}", __package__)
    if any(kind != SMB for kind in wanted):
        warm_up_ntlm()


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
        from .connect_smb import smb_site_server  # noqa: PLC0415

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
    transport: _Closing
    if kind == "winrm":
        from .transport_winrm import PYWINRM_MISSING, WinrmTransport  # noqa: PLC0415

        require(host, kind, "pywinrm", PYWINRM_MISSING)
        transport = WinrmTransport(host, connection, MAX_ANSWER)
    elif kind == "psrp":
        from .transport_psrp import PYPSRP_MISSING, PsrpTransport  # noqa: PLC0415

        require(host, kind, "pypsrp", PYPSRP_MISSING)
        transport = PsrpTransport(host, connection, MAX_ANSWER)
    else:
        raise ConnectionUnsupported(
            f"{host}: a site server is reached by ansible_connection: winrm, psrp or {SMB}, not by {kind!r}"
        )
    session = EnvelopeSettings(to=transport.url, operation_timeout=transport.timeout, max_envelope_size=MAX_ANSWER)
    try:
        yield Wmi(host, transport, session), transport.user
    finally:
        transport.close()


class _Closing(Transport, Protocol):
    """What both transports over HTTP have."""

    url: str
    timeout: float
    user: str | None
