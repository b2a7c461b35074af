# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
r"""The Kerberos realm of a domain that an account names by its NetBIOS name, as in `CORP\\name`.

The realm of an Active Directory domain is its DNS name in upper case ([MS-KILE] 3.1.5.6). The NetBIOS name is a name of
its own, often the first label of the DNS name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping


def realm_of_domain(domain: str, domains: Mapping[str, str], near: Iterable[str], others: Iterable[str]) -> str:
    """The realm of a domain; empty if it is not known.

    Args:
        domain: NetBIOS or DNS name of the domain, or its realm.
        domains: NetBIOS names of domains, by DNS name. They count first.
        near: realms to look at first; the first one that begins with the NetBIOS name is taken.
        others: more realms. One that begins with the NetBIOS name is taken if it is the only one.
    """
    wanted = domain.casefold().rstrip(".")
    given = {dns.rstrip(".").upper() for dns, netbios in domains.items() if netbios.casefold() == wanted}
    if given:
        return given.pop() if len(given) == 1 else ""
    if "." in wanted:
        return wanted.upper()
    others = tuple(others)
    by_label = [realm for realm in near if _label(realm) == wanted]
    exact = [realm for realm in others if realm.casefold() == wanted]
    candidates = by_label[:1] or exact[:1] or [*{realm.upper() for realm in others if _label(realm) == wanted}]
    return candidates[0] if len(candidates) == 1 else ""


def domains_of_host(host: str) -> tuple[str, ...]:
    """The realms that a host can be in by its name, the nearest first; none for an address."""
    labels = host.rstrip(".").upper().split(".")
    if ":" in host or labels[-1].isdigit():
        return ()
    return tuple(".".join(labels[start:]) for start in range(1, len(labels)))


def _label(realm: str) -> str:
    return realm.partition(".")[0].casefold()
