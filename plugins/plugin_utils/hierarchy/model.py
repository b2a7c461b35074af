# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sites, their addresses, and the hierarchy they form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from .accounts import computer_account, is_local_system
from .products import DefaultSender, Product

# Address types by Microsoft's names for them: SMS 2.0 SDK and Configuration Manager 2007 SDK,
# SMS_SCI_Address.AddressType. MS_MAPI is not known to log on with an account at all and is left out.
ADDRESS_TYPES = (
    "MS_LAN",
    "MS_ASYNC_RAS",
    "MS_ISDN_RAS",
    "MS_X25_RAS",
    "MS_SNA_RAS",
    "MS_BATCH_SNA",
    "MS_INTER_SNA",
    "MS_COURIER",
)

# Packages of Courier Sender travel on a disk, so it logs on nowhere: SMS 2.0 Help, "Courier Sender Overview".
COURIER = "MS_COURIER"

CENTRAL, PRIMARY, SECONDARY = SITE_TYPES = ("central", "primary", "secondary")


@dataclass(frozen=True, slots=True)
class Address:
    """How a site sends to another: the destination's code and the account that its Sender uses there.

    ``sender_account`` is None if the address names none; then it is the product's default.
    """

    to: str
    sender_account: str | None
    type: str = ADDRESS_TYPES[0]


@dataclass(frozen=True, slots=True)
class Site:
    r"""One site.

    Attributes:
        code: its 3-character code in upper case.
        server: the inventory host name of its site server.
        product: what runs there.
        parent: code of the site it reports to.
        service_account: the account that its services are said to log on as.
        name: what people call it.
        addresses: where it sends to; None if that is not described.
        type: central, primary or secondary, if it is described.
        server_account: the site server's computer account, ``DOMAIN\COMPUTER$``, if it is described.
        domain: the site server's domain.
        forest: the forest of that domain.
        trusted_domains: the domains that this domain trusts; None if that is not described.
    """

    code: str
    server: str
    product: Product
    parent: str | None = None
    service_account: str | None = None
    name: str | None = None
    addresses: tuple[Address, ...] | None = None
    type: str | None = None
    server_account: str | None = None
    domain: str | None = None
    forest: str | None = None
    trusted_domains: tuple[str, ...] | None = None

    @property
    def computer_account(self) -> str | None:
        """The site server's computer account, as described, or by the server's name if its domain is described."""
        return self.server_account or computer_account(self.domain, self.server)

    @property
    def default_sender(self) -> str | None:
        """The account that its Senders use where no address names one; None if it is not known."""
        for kind in self.product.default_senders:
            account = self.service_account if kind is DefaultSender.SERVICE_ACCOUNT else self.computer_account
            # LocalSystem is nobody to another computer but the computer account, which has its own turn.
            if account and not is_local_system(account):
                return account
        return None


@dataclass(frozen=True, slots=True)
class Route:
    """One address in effect: who sends to whom, and as whom.

    ``is_default`` tells that no address is described, and that the product's default is taken for it.
    """

    source: Site
    to: str
    account: str
    type: str = ADDRESS_TYPES[0]
    is_default: bool = False


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """The sites of one or more hierarchies, in the order in which they were described.

    Site codes and servers are unique and every code that a site refers to exists;
    :func:`.description.read_hierarchy` sees to that.
    """

    sites: tuple[Site, ...]
    _codes: Mapping[str, Site] = field(init=False, repr=False, compare=False)
    _servers: Mapping[str, Site] = field(init=False, repr=False, compare=False)
    _children: Mapping[str, tuple[Site, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        children: dict[str, list[Site]] = {}
        for site in self.sites:
            if site.parent is not None:
                children.setdefault(site.parent, []).append(site)
        # A frozen dataclass sets what it derives from its own fields this way.
        for name, index in (
            ("_codes", {site.code: site for site in self.sites}),
            ("_servers", {site.server.lower(): site for site in self.sites}),
            ("_children", {code: tuple(sites) for code, sites in children.items()}),
        ):
            object.__setattr__(self, name, MappingProxyType(index))

    def by_code(self, code: str) -> Site | None:
        """Return the site with that code, in any case, or None."""
        return self._codes.get(code.upper())

    def by_server(self, server: str) -> Site | None:
        """Return the site whose site server has that name, in any case, or None."""
        return self._servers.get(server.lower())

    def children(self, code: str) -> tuple[Site, ...]:
        """Return the sites that report directly to the site with that code, in the order described."""
        return self._children.get(code.upper(), ())

    def type_of(self, site: Site) -> str | None:
        """Return whether the site is central, primary or secondary.

        What is not described follows from its place: the top of a hierarchy is the central site, and only a primary
        site has sites below it. A site with a parent and without children may be either, so it is None.
        """
        if site.type:
            return site.type
        if site.parent is None:
            return CENTRAL
        return PRIMARY if self.children(site.code) else None

    def routes(self, site: Site) -> Iterator[Route]:
        """Yield how the site sends: by its addresses, or if none are described, to its parent and its children.

        An address whose account is not known leads nowhere yet, and neither does one of Courier Sender.
        """
        default = site.default_sender
        if site.addresses is None:
            if default is None:
                return
            own = [site.code] if site.product.self_address else []
            parent = [site.parent] if site.parent else []
            for to in (*own, *parent, *(child.code for child in self.children(site.code))):
                yield Route(site, to, default, is_default=True)
            return
        for address in site.addresses:
            account = address.sender_account or default
            if account and address.type != COURIER:
                yield Route(site, address.to, account, address.type)
