# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ways to reach a site server: one record for each kind of Ansible connection.

A new way to reach a server is one adapter package beside this module and one record in `WIRES`.

The module of an adapter is imported with the first connection of its kind. Each needs a library of its own, which takes
time and memory, and in most runs all hosts are reached in one way.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from enum import Enum
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from ...module_utils.smb_settings import SMB, netbios_names
from ..credentials import Credentials, NoCredentials
from .errors import ConnectionUnsupported
from .port import SiteServer

if TYPE_CHECKING:
    from .wmi.wmi import Wmi

Option: TypeAlias = Callable[[str], Any]
"""Returns the value of an option of a connection plugin, by the option's name."""


class TicketUse(Enum):
    """How a connection uses the Kerberos ticket cache that the environment of its process names."""

    NAMED = "named"
    """It names a cache of its own there while it is open, so no other connection with a ticket can be open too."""
    FOUND = "found"
    """It uses the cache that is named there."""


class OpenSiteServer(Protocol):
    """Opens the site server behind an Ansible connection, for the time of a `with` statement."""

    def __call__(
        self, host: str, connection: Any, *, progress: Callable[[str], None] | None = None
    ) -> AbstractContextManager[SiteServer]:
        """See `site_server`."""


OpenWmi: TypeAlias = "Callable[[str, Any], AbstractContextManager[tuple[Wmi, str | None]]]"
"""Opens the WMI behind an Ansible connection, see `wmi_connection`."""


def _nothing() -> None:
    """Nothing to warm up."""


@dataclass(frozen=True, slots=True)
class Adapter:
    """What the module of a wire offers, under the name `ADAPTER`.

    Attributes:
        open: opens a site server.
        missing: Python's message if the library that the wire needs cannot be imported; None if it can.
        open_wmi: opens WMI; None if the wire does not carry it.
        warm_up: does once what each forked process would otherwise do again.
    """

    open: OpenSiteServer
    missing: str | None = None
    open_wmi: OpenWmi | None = None
    warm_up: Callable[[], None] = _nothing


def _no_credentials(_option: Option) -> Credentials:
    raise NoCredentials("its account is unknown")


@dataclass(frozen=True, slots=True)
class Wire:
    """One way to reach a site server.

    Attributes:
        connection: the Ansible connection plugin, as its attribute `transport` names it.
        library: the Python package that it needs on the controller.
        module: the module that has its `ADAPTER`, relative to this package.
        address_option: the option of the plugin that holds the server's address.
        ticket_use: by the plugin's options: how it uses the process's Kerberos ticket; None if it uses none.
        carries_wmi: whether it carries WMI, which an SMS Provider is read by.
        credentials: by the plugin's options: the account that logs on, for use at another server. Raises
            `NoCredentials` if there is none.
    """

    connection: str
    library: str
    module: str
    address_option: str
    ticket_use: Callable[[Option], TicketUse | None] = lambda _option: None
    carries_wmi: bool = False
    credentials: Callable[[Option], Credentials] = _no_credentials

    def load(self) -> Adapter:
        """Import the adapter. It may lack its library."""
        adapter: Adapter = import_module(self.module, __package__).ADAPTER
        return adapter

    def address(self, connection: Any) -> str:
        """The address of the server that a connection plugin leads to."""
        return str(connection.get_option(self.address_option))


def _winrm_ticket(option: Option) -> TicketUse | None:
    """With a password the plugin gets a ticket by kinit, into a cache that it names in the environment."""
    kinds = option("transport")
    if "kerberos" not in kinds if kinds else "@" not in (option("remote_user") or ""):
        return None
    mode = option("kerberos_mode") or ("managed" if option("remote_password") else "manual")
    return TicketUse.NAMED if mode == "managed" else TicketUse.FOUND


def _psrp_ticket(option: Option) -> TicketUse | None:
    """With a password pyspnego gets a ticket into the memory of the process."""
    by_ticket = option("auth") in ("kerberos", "negotiate") and not option("remote_password")
    return TicketUse.FOUND if by_ticket else None


def _smb_ticket(option: Option) -> TicketUse | None:
    """With a password the ticket stays in memory (`module_utils/kerberos.py`)."""
    return TicketUse.FOUND if option("auth") == "kerberos" and not option("password") else None


_OF_A_CERTIFICATE = "it logs on with a certificate, which is no account for another server"


def _winrm_credentials(option: Option) -> Credentials:
    """Of several kinds of authentication, the first one counts, as in the connection."""
    user, password = option("remote_user") or "", option("remote_password") or ""
    extras: dict[str, Any] = {}
    with suppress(KeyError):  # where Ansible passes no variables
        extras = option("_extras") or {}
    kinds = [kind for kind in option("transport") or () if kind]
    kind = kinds[0] if kinds else "kerberos" if "@" in user else "ssl"
    if kind == "certificate" or (kind == "ssl" and extras.get("ansible_winrm_cert_pem")):
        raise NoCredentials(_OF_A_CERTIFICATE)
    if kind == "kerberos":
        return Credentials(user, "" if option("kerberos_mode") == "manual" else password, kerberos=True)
    by_kerberos = kind == "credssp" and extras.get("ansible_winrm_credssp_auth_mechanism") == "kerberos"
    return _with_password(user, password, kerberos=by_kerberos)


def _psrp_credentials(option: Option) -> Credentials:
    """Negotiate is Kerberos for an account with a realm, and for a ticket; otherwise the library decides."""
    user, password, kind = option("remote_user") or "", option("remote_password") or "", option("auth")
    if kind == "certificate":
        raise NoCredentials(_OF_A_CERTIFICATE)
    if kind == "kerberos" or (kind == "negotiate" and ("@" in user or not password)):
        return Credentials(user, password, kerberos=True)
    return _with_password(user, password, kerberos=kind == "credssp" and option("credssp_auth_mechanism") == "kerberos")


def _smb_credentials(option: Option) -> Credentials:
    user, password = option("remote_user") or "", option("password") or ""
    if option("auth") == "kerberos":
        return Credentials(user, password, kerberos=True, domains=netbios_names(option("domains")))
    return _with_password(user, password)


def _with_password(user: str, password: str, *, kerberos: bool = False) -> Credentials:
    if not user or not password:
        raise NoCredentials("it has no user and password")
    return Credentials(user, password, kerberos=kerberos)


WIRES: tuple[Wire, ...] = (
    Wire(
        connection="winrm",
        library="pywinrm",
        module=".wmi.transport_winrm",
        address_option="remote_addr",
        ticket_use=_winrm_ticket,
        carries_wmi=True,
        credentials=_winrm_credentials,
    ),
    Wire(
        connection="psrp",
        library="pypsrp",
        module=".wmi.transport_psrp",
        address_option="remote_addr",
        ticket_use=_psrp_ticket,
        carries_wmi=True,
        credentials=_psrp_credentials,
    ),
    Wire(
        connection=SMB,
        library="impacket",
        module=".smb.connect",
        address_option="host",
        ticket_use=_smb_ticket,
        credentials=_smb_credentials,
    ),
)


def find_wire(connection: Any) -> Wire | None:
    """The wire of a connection plugin; None if the plugin leads to no site server."""
    return next((wire for wire in WIRES if wire.connection == connection.transport), None)


def adapter_of(host: str, connection: Any) -> Adapter:
    """The adapter of a connection plugin, ready to open it.

    Args:
        host: the host as the inventory names it, for messages.
        connection: the connection plugin.

    Raises:
        ConnectionUnsupported: the connection leads to no site server, or the library that it needs is not installed.
    """
    wire = _wire_of(host, connection)
    adapter = wire.load()
    if adapter.missing is not None:
        raise ConnectionUnsupported(
            f"{host}: ansible_connection: {wire.connection} needs the Python package {wire.library} on the controller "
            f"({adapter.missing}). Install it into the Python environment that runs Ansible"
        )
    return adapter


def _wire_of(host: str, connection: Any) -> Wire:
    wire = find_wire(connection)
    if wire is None:
        *others, last = (wire.connection for wire in WIRES)
        raise ConnectionUnsupported(
            f"{host}: a site server is reached by ansible_connection: {', '.join(others)} or {last}, not by "
            f"{str(connection.transport)!r}"
        )
    return wire


def load_wires(*connections: str) -> None:
    """Import the adapters of these connection plugins, or of all: before a fork, so that no process does it again."""
    adapters = [wire.load() for wire in WIRES if not connections or wire.connection in connections]
    for warm_up in dict.fromkeys(adapter.warm_up for adapter in adapters):
        warm_up()


def credentials_of(host: str, connection: Any) -> Credentials:
    """The account of a connection plugin, to log on to another server with it.

    Args:
        host: the host as the inventory names it, for messages.
        connection: the connection plugin, options set.

    Raises:
        NoCredentials: the connection has no account that could log on elsewhere.
        ConnectionUnsupported: the connection leads to no site server.
    """
    return _wire_of(host, connection).credentials(connection.get_option)


def ticket_use(connection: Any) -> TicketUse | None:
    """How a connection plugin uses the process's Kerberos ticket; None if it uses none."""
    wire = find_wire(connection)
    return wire.ticket_use(connection.get_option) if wire is not None else None


def site_server(
    host: str, connection: Any, *, progress: Callable[[str], None] | None = None
) -> AbstractContextManager[SiteServer]:
    """Open the site server behind an Ansible connection, for the time of a task.

    Args:
        host: the host as the inventory names it, for messages.
        connection: the connection plugin that Ansible made for the task, options set, not connected.
        progress: called with a sentence about how far a long operation is.

    Raises:
        ConnectionUnsupported: the connection leads to no site server, or the library that it needs is not installed.
    """
    return adapter_of(host, connection).open(host, connection, progress=progress)


def wmi_connection(host: str, connection: Any) -> AbstractContextManager[tuple[Wmi, str | None]]:
    """Open the WMI behind an Ansible connection; with it comes the connected account, if it is known.

    Args:
        host: the host as the inventory names it, for messages.
        connection: the connection plugin, options set, not connected.

    Raises:
        ConnectionUnsupported: the connection carries no WMI, or the library that it needs is not installed.
    """
    open_wmi = adapter_of(host, connection).open_wmi
    if open_wmi is None:
        raise ConnectionUnsupported(f"{host}: ansible_connection: {connection.transport} carries no WMI")
    return open_wmi(host, connection)


def wmi_connections() -> tuple[str, ...]:
    """The connection plugins that carry WMI; the first one is the usual one."""
    return tuple(wire.connection for wire in WIRES if wire.carries_wmi)
