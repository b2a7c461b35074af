# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The access that a hierarchy requires on each site server.

A Sender writes to its destination, so the Sender account needs access on the destination's site server (Microsoft KB
Q179118, RESOLUTION). A site's address to itself counts like any other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .accounts import account_key
from .model import Hierarchy, Route


@dataclass(frozen=True, slots=True)
class Grant:
    """Access that ``account`` needs on ``server``, the site server of ``site``.

    ``senders`` are the codes of the sites that send to ``site`` with that account, sorted and unique. ``by_default``
    are the senders without described addresses.
    """

    server: str
    site: str
    account: str
    senders: tuple[str, ...]
    by_default: tuple[str, ...] = ()

    @property
    def reasons(self) -> tuple[str, ...]:
        r"""One sentence for each sender, for example ``C01 sends to P01 as CORP\smssend``."""
        return tuple(
            f"{sender} sends to {'itself' if sender == self.site else self.site} as {self.account}"
            f"{' (default: no address is described)' if sender in self.by_default else ''}"
            for sender in self.senders
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the account and the reasons as filters and modules do."""
        return {"account": self.account, "reasons": list(self.reasons)}


def required_grants(hierarchy: Hierarchy) -> Mapping[str, tuple[Grant, ...]]:
    """Return the access that each site server must grant, by site code in order; an empty tuple if there is none.

    An account that several sites use is one grant, even if upper and lower case differ. It has the spelling of the
    first site. The result does not depend on the order of the description.
    """
    sites = sorted(hierarchy.sites, key=lambda site: site.code)
    arriving: dict[str, dict[str, list[Route]]] = {site.code: {} for site in sites}
    for site in sites:
        for route in sorted(hierarchy.routes(site), key=lambda route: (route.to, route.type)):
            arriving[route.to].setdefault(account_key(route.account), []).append(route)
    return {
        site.code: tuple(
            Grant(
                server=site.server,
                site=site.code,
                account=routes[0].account,
                senders=tuple(dict.fromkeys(route.source.code for route in routes)),
                by_default=tuple(dict.fromkeys(route.source.code for route in routes if route.is_default)),
            )
            for _key, routes in sorted(arriving[site.code].items())
        )
        for site in sites
    }
