# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sites, their addresses, and the hierarchy they form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from .products import Product

# Address types whose Sender logs on at the destination with an account, by Microsoft's names for them:
# SMS 2.0 SDK, SMS_SCI_Address.AddressType. MS_COURIER and MS_MAPI have no such account and are left out.
ADDRESS_TYPES = (
    "MS_LAN",
    "MS_ASYNC_RAS",
    "MS_ISDN_RAS",
    "MS_X25_RAS",
    "MS_SNA_RAS",
    "MS_BATCH_SNA",
    "MS_INTER_SNA",
)


@dataclass(frozen=True, slots=True)
class Address:
    """How a site sends to another: the destination's code and the account that its Sender uses there."""

    to: str
    sender_account: str
    type: str = ADDRESS_TYPES[0]


@dataclass(frozen=True, slots=True)
class Site:
    """One site: its 3-character code in upper case and the inventory host name of its site server."""

    code: str
    server: str
    product: Product
    parent: str | None = None
    service_account: str | None = None
    name: str | None = None
    addresses: tuple[Address, ...] = ()


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
