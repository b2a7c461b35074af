# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The adapter over a kind of transport: a host's WMI and its `SiteServer`, from its Ansible connection."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from ...wsman import EnvelopeSettings
from ..port import SiteServer
from ..wires import Adapter
from .ntlm_warm_up import warm_up_ntlm
from .wmi import Transport, Wmi
from .wsman import WsmanSiteServer

MAX_ANSWER = 4 * 1024 * 1024
"""Longest answer that is read, in bytes; a DACL of 64 KiB takes about 2.4 MB as XML. The server's own limit is lower by
default, and requests leave it in force (`wsman.EnvelopeSettings`)."""


class HttpTransport(Transport, Protocol):
    """A transport with what it has read from the options of its connection plugin.

    Attributes:
        url: the address of WinRM.
        timeout: seconds that the server may take for one operation.
        user: the connected account, if it is known.
    """

    url: str
    timeout: float
    user: str | None


def adapter_over(transport: Callable[[str, Any, int], HttpTransport], missing: str | None) -> Adapter:
    """The adapter that sends its messages by one kind of transport.

    Args:
        transport: makes a transport from a host's name, its connection plugin and the longest answer in bytes.
        missing: Python's message if the library of the transport cannot be imported.
    """

    @contextmanager
    def open_wmi(host: str, connection: Any) -> Iterator[tuple[Wmi, str | None]]:
        made = transport(host, connection, MAX_ANSWER)
        settings = EnvelopeSettings(to=made.url, operation_timeout=made.timeout, max_envelope_size=MAX_ANSWER)
        try:
            yield Wmi(host, made, settings), made.user
        finally:
            made.close()

    @contextmanager
    def open_site_server(
        host: str, connection: Any, *, progress: Callable[[str], None] | None = None
    ) -> Iterator[SiteServer]:
        del progress  # each operation is one request
        with open_wmi(host, connection) as (wmi, user):
            yield WsmanSiteServer(wmi, user)

    return Adapter(open_site_server, missing, open_wmi, warm_up_ntlm)
