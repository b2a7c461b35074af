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
# SMS_SCI_Address.AddressType. MS_MAPI is left out: no source mentions a logon account for it.
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

# Courier Sender sends packages on a disk and does not log on: SMS 2.0 Help, "Courier Sender Overview".
COURIER = "MS_COURIER"

CENTRAL, PRIMARY, SECONDARY = SITE_TYPES = ("central", "primary", "secondary")


@dataclass(frozen=True, slots=True)
class Address:
    """An address: the code of the destination and the account that the Sender uses there.

    ``sender_account`` is None if the address has none. Then the product's default account applies.
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
        product: the installed product.
        parent: code of the site that it reports to.
        service_account: described logon account of its services.
        name: display name.
        addresses: its addresses; None if they are not described.
        type: central, primary or secondary, if described.
        server_account: the site server's computer account, ``DOMAIN\COMPUTER$``, if described.
        domain: the site server's domain.
        forest: the forest of that domain.
        trusted_domains: the domains that this domain trusts; None if they are not described.
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
        """The site server's computer account: as described, or derived from the server's name and domain."""
        return self.server_account or computer_account(self.domain, self.server)

    @property
    def default_sender(self) -> str | None:
        """The account that its Senders use for an address without an account; None if it is not known."""
        for kind in self.product.default_senders:
            account = self.service_account if kind is DefaultSender.SERVICE_ACCOUNT else self.computer_account
            # On the network, LocalSystem is the computer account, which is a default sender of its own.
            if account and not is_local_system(account):
                return account
        return None


@dataclass(frozen=True, slots=True)
class Route:
    """One effective address: the source, the destination and the account.

    ``is_default`` is true if no address is described and the product's default is used.
    """

    source: Site
    to: str
    account: str
    type: str = ADDRESS_TYPES[0]
    is_default: bool = False


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """The sites of one or more hierarchies, in the order of the description.

    :func:`.description.read_hierarchy` ensures that site codes and servers are unique and that every code that a site
    refers to exists.
    """

    sites: tuple[Site, ...]
    _codes: Mapping[str, Site] = field(init=False, repr=False, compare=False)
    _children: Mapping[str, tuple[Site, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        children: dict[str, list[Site]] = {}
        for site in self.sites:
            if site.parent is not None:
                children.setdefault(site.parent, []).append(site)
        # A frozen dataclass must set derived fields in this way.
        for name, index in (
            ("_codes", {site.code: site for site in self.sites}),
            ("_children", {code: tuple(sites) for code, sites in children.items()}),
        ):
            object.__setattr__(self, name, MappingProxyType(index))

    def by_code(self, code: str) -> Site | None:
        """Return the site with that code, or None. Case does not matter."""
        return self._codes.get(code.upper())

    def children(self, code: str) -> tuple[Site, ...]:
        """Return the sites that report directly to the site with that code, in the order of the description."""
        return self._children.get(code.upper(), ())

    def type_of(self, site: Site) -> str | None:
        """Return the type of the site: central, primary or secondary; None if it is not known.

        A type that is not described is derived: the site at the top is the central site, and only a primary site has
        sites below it. A site with a parent and without children can be primary or secondary.
        """
        if site.type:
            return site.type
        if site.parent is None:
            return CENTRAL
        return PRIMARY if self.children(site.code) else None

    def routes(self, site: Site) -> Iterator[Route]:
        """Yield the site's routes: its addresses or, if none are described, routes to its parent and its children.

        An address without a known account has no route. An address of Courier Sender has none either.
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
