# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What follows from a hierarchy: the access that each site server owes.

A Sender writes to its destination, so it is the destination's site server that owes the Sender account
its access (Microsoft KB Q179118, RESOLUTION). A site's address to itself counts like any other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .accounts import account_key
from .model import Hierarchy


@dataclass(frozen=True, slots=True)
class Grant:
    """Access that ``server``, the site server of ``site``, owes to ``account``.

    ``senders`` are the codes of the sites that send to ``site`` as that account, sorted, each once.
    """

    server: str
    site: str
    account: str
    senders: tuple[str, ...]

    @property
    def reasons(self) -> tuple[str, ...]:
        r"""One sentence for each sender, for example ``C01 sends to P01 as CORP\smssend``."""
        return tuple(
            f"{sender} sends to {'itself' if sender == self.site else self.site} as {self.account}"
            for sender in self.senders
        )


def required_grants(hierarchy: Hierarchy) -> Mapping[str, tuple[Grant, ...]]:
    """Return, for every site code in order, the grants that its site server owes; none is an empty tuple.

    An account that several sites use, in whatever case, is one grant, spelled as by the first of them. The
    result depends on what the sites say and not on the order in which they were described.
    """
    sites = sorted(hierarchy.sites, key=lambda site: site.code)
    senders: dict[str, dict[str, list[tuple[str, str]]]] = {site.code: {} for site in sites}
    for site in sites:
        for address in sorted(site.addresses, key=lambda address: (address.to, address.type)):
            uses = senders[address.to].setdefault(account_key(address.sender_account), [])
            uses.append((site.code, address.sender_account))
    return {
        site.code: tuple(
            Grant(
                server=site.server,
                site=site.code,
                account=uses[0][1],
                senders=tuple(dict.fromkeys(code for code, _account in uses)),
            )
            for _key, uses in sorted(senders[site.code].items())
        )
        for site in sites
    }
