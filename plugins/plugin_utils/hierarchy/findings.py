# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What in a hierarchy is not as it should be, though it can be worked with. What is not known is never a fault.

Every kind of finding has a page in ``docs/findings``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType

from .accounts import account_key, is_computer_account, is_local_system, same_account, same_domain, split_account
from .fields import listed
from .model import SECONDARY, Hierarchy, Route, Site
from .products import PRODUCTS, DefaultSender


class Severity(Enum):
    """How bad it is."""

    ERROR = "error"
    """Something can't work."""
    WARNING = "warning"
    """Something goes against what the product's documentation says, or will stop working unnoticed."""
    INFO = "info"
    """Something to know, or something that could not be found out."""


@dataclass(frozen=True, slots=True)
class FindingKind:
    """One kind of finding.

    Attributes:
        id: its name, which is also that of its page.
        severity: how bad it is.
        title: what is the matter, in a line.
        advice: what to do.
        source: what it rests on; a product of one's own may name another document.
    """

    id: str
    severity: Severity
    title: str
    advice: str
    source: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding: its kind, the code of the site to look at, and what was seen there."""

    kind: FindingKind
    site: str
    evidence: str
    source: str

    def as_dict(self) -> dict[str, str]:
        """The finding as a playbook gets it."""
        return {
            "id": self.kind.id,
            "severity": self.kind.severity.value,
            "site": self.site,
            "evidence": self.evidence,
            "advice": self.kind.advice,
            "source": self.source,
        }


_ARTICLE = "Microsoft KB Q179118, MORE INFORMATION"
_PLAIN = "follows from the description"
_1_2 = PRODUCTS["sms_1_2"].sources
_2007 = PRODUCTS["configmgr_2007"].sources
_LATER = PRODUCTS["configmgr"].sources
_TRUST = 'Microsoft Learn, "Understanding Trust Transitivity" (cc754612)'
_NEIGHBOURS = (
    "Configuration Manager 2007 documentation library, the page with the section "
    '"Windows Server 2003 and Site Communications across Forest Trusts"'
)

KINDS: Mapping[str, FindingKind] = MappingProxyType(
    {
        kind.id: kind
        for kind in (
            FindingKind(
                "self_address_account",
                Severity.WARNING,
                "A site sends to itself as another account than its services log on as",
                "Usually the Sender account of a site's address to itself is the SMS service account. Change it in the "
                "properties of that address, or make sure that the account has its access on the site's own server, "
                "since other services use it too. Another account for the addresses to other sites is fine.",
                _ARTICLE,
            ),
            FindingKind(
                "service_account_changed",
                Severity.WARNING,
                "SMS_EXECUTIVE logs on as another account than is described",
                "If the service account was changed by Setup, the Sender accounts were not: change them by hand in the "
                "properties of the site's addresses where they should follow. Then correct service_account.",
                _ARTICLE,
            ),
            FindingKind(
                "service_account_unknown",
                Severity.INFO,
                "Whether the accounts of a site agree is not known",
                "Read the logon account of SMS_EXECUTIVE on the site's server, and write accounts as DOMAIN\\name.",
                _ARTICLE,
            ),
            FindingKind(
                "untrusted_domain",
                Severity.ERROR,
                "A Sender account is of a domain that the destination's domain does not trust",
                "Use an account of the destination's domain, or of one that it trusts, or let the destination's domain "
                "trust the account's.",
                _TRUST,
            ),
            FindingKind(
                "trust_unknown",
                Severity.INFO,
                "Whether the destination's domain trusts the Sender account's is not described",
                "Give the destination's trusted_domains, or the forest of both sites.",
                _TRUST,
            ),
            FindingKind(
                "service_account_lockout",
                Severity.WARNING,
                "A child site may lock out its parent's service account",
                "Give the service accounts different names or the same password, or let the parent's domain trust the "
                "child's: SMS 1.2 tries its service account first, whatever the address says.",
                _1_2["tries_service_account_first"],
            ),
            FindingKind(
                "secondary_account",
                Severity.WARNING,
                "A secondary site is described with another Sender account than its computer account",
                "A secondary site of this product always sends as its server's computer account. Leave sender_account "
                "out, so that the right account gets the access.",
                _LATER["secondary_uses_computer_account"],
            ),
            FindingKind(
                "secondary_in_other_forest",
                Severity.WARNING,
                "A secondary site is in another forest than its parent",
                "This product does not support it. Correct the forest, or plan a primary site in its place.",
                _2007["secondary_stays_in_forest"],
            ),
            FindingKind(
                "computer_account_across_forests",
                Severity.WARNING,
                "A computer account is to send to another forest",
                "Use a domain user account as the Sender account of this address. With this product a computer account "
                "does not reach a site server of another forest.",
                _2007["computer_account_stays_in_forest"],
            ),
            FindingKind(
                "several_routes",
                Severity.WARNING,
                "A site is described with several addresses to one destination",
                "This product has one file replication route to a destination. Keep the address that exists.",
                _LATER["single_route"],
            ),
            FindingKind(
                "group_membership",
                Severity.INFO,
                "A Sender account has to be made a member of the destination's group by hand",
                "Setup adds the computer accounts only. Make sure that the account is a member of the group.",
                _LATER["group"],
            ),
            FindingKind(
                "no_way_back",
                Severity.WARNING,
                "A site has no address to its neighbour that sends to it",
                "Describe the address, or create it if it does not exist: inventory and status go up, packages and "
                "collections go down.",
                _NEIGHBOURS,
            ),
            FindingKind(
                "not_connected",
                Severity.WARNING,
                "Neither a site nor its parent has an address to the other",
                "Describe the addresses, or leave addresses out of both to take the product's default.",
                _NEIGHBOURS,
            ),
            FindingKind(
                "default_account_unknown",
                Severity.WARNING,
                "A site has no addresses described, and as whom it sends is not known",
                "Describe its addresses, or what its default account follows from: service_account, server_account, or "
                "the server's domain.",
                _PLAIN,
            ),
            FindingKind(
                "account_across_products",
                Severity.INFO,
                "One Sender account needs access on sites of several products",
                "The products require different rights, and one retired site's password opens the others. In a "
                "migration, give the new sites an account of their own.",
                _PLAIN,
            ),
        )
    }
)


def hierarchy_findings(hierarchy: Hierarchy, logons: Mapping[str, str | None] | None = None) -> tuple[Finding, ...]:
    """Return what is to be said of the hierarchy, by the code of the site and then in the order of :data:`KINDS`.

    Args:
        hierarchy: the sites.
        logons: as which account SMS_EXECUTIVE logs on, by site code in upper case, as read from the site servers;
            None if none were read.
    """
    order = {kind: number for number, kind in enumerate(KINDS)}
    routes = {site.code: tuple(hierarchy.routes(site)) for site in hierarchy.sites}
    findings = [
        *_of_service_accounts(hierarchy, routes, logons),
        *_of_trust(hierarchy, routes),
        *_of_secondary_sites(hierarchy),
        *_of_routes(hierarchy, routes),
        *_of_neighbours(hierarchy, routes),
        *_of_accounts(hierarchy, routes),
    ]
    return tuple(sorted(findings, key=lambda finding: (finding.site, order[finding.kind.id], finding.evidence)))


_Routes = Mapping[str, tuple[Route, ...]]


def _finding(kind: str, site: Site, evidence: str, source: str | None = None) -> Finding:
    return Finding(KINDS[kind], site.code, evidence, source or KINDS[kind].source)


def _of_service_accounts(
    hierarchy: Hierarchy, routes: _Routes, logons: Mapping[str, str | None] | None
) -> Iterator[Finding]:
    for site in hierarchy.sites:
        # A default is taken from the description of the service account, so it says nothing about the address.
        to_itself = (route for route in routes[site.code] if route.to == site.code and not route.is_default)
        own = tuple(dict.fromkeys(route.account for route in to_itself))
        described = site.service_account
        logon = (logons or {}).get(site.code) or None
        if logon and described:
            yield from _compared(
                "service_account_changed",
                site,
                same_account(described, logon),
                f"service_account says {described}, SMS_EXECUTIVE logs on as {logon}",
            )
        elif logons is not None and not logon and (own or described):
            yield _finding("service_account_unknown", site, "the logon account of SMS_EXECUTIVE was not read")
        account = logon or described
        if account is None:
            continue
        said = f"SMS_EXECUTIVE logs on as {account}" if logon else f"service_account says {account}"
        acting = site.computer_account if is_local_system(account) else account
        for sender in own:
            yield from _compared(
                "self_address_account",
                site,
                same_account(sender, acting or account),
                f"it sends to itself as {sender}, {said}",
            )


def _compared(kind: str, site: Site, same: bool | None, evidence: str) -> Iterator[Finding]:
    if same is False:
        yield _finding(kind, site, evidence)
    elif same is None:
        yield _finding("service_account_unknown", site, f"{evidence}; by their names they can't be compared")


def _of_trust(hierarchy: Hierarchy, routes: _Routes) -> Iterator[Finding]:
    forests = {site.domain.lower(): site.forest.lower() for site in hierarchy.sites if site.domain and site.forest}
    seen: set[tuple[str, str]] = set()
    for site in hierarchy.sites:
        for route in routes[site.code]:
            destination = hierarchy.by_code(route.to)
            key = (route.to, account_key(route.account))
            if destination is None or not destination.domain or key in seen:
                continue
            seen.add(key)
            domain = (split_account(route.account) or (None,))[0]
            if domain is None or domain in ("nt authority", "builtin", destination.server.partition(".")[0].lower()):
                continue
            trusted = _trusts(destination, domain, forests)
            evidence = f"{site.code} sends to it as {route.account}; its server's domain {destination.domain}"
            if trusted is False:
                others = listed(destination.trusted_domains or ()) or "no other domain"
                yield _finding("untrusted_domain", destination, f"{evidence} trusts {others}")
            elif trusted is None:
                yield _finding("trust_unknown", destination, f"{evidence} is another, or spelled in another way")
        parent = hierarchy.by_code(site.parent) if site.parent else None
        if parent is not None:
            yield from _lockout(site, parent, forests)


def _trusts(site: Site, domain: str, forests: Mapping[str, str]) -> bool | None:
    """Tell whether the domain of the site's server lets accounts of that domain in; None if that is not known."""
    if same_domain(site.domain, domain):
        return True
    forest = forests.get(domain)
    # Domains of one forest trust each other.
    if forest is not None and site.forest is not None and forest == site.forest.lower():
        return True
    if site.trusted_domains is None:
        return None
    answers = [same_domain(site.domain, domain), *(same_domain(trusted, domain) for trusted in site.trusted_domains)]
    if True in answers:
        return True
    return None if None in answers else False


def _lockout(child: Site, parent: Site, forests: Mapping[str, str]) -> Iterator[Finding]:
    product = child.product
    if not (product.tries_service_account_first and child.domain and child.service_account and parent.service_account):
        return
    accounts = split_account(child.service_account), split_account(parent.service_account)
    if accounts[0] is None or accounts[1] is None or accounts[0][1] != accounts[1][1]:
        return
    if (
        same_account(child.service_account, parent.service_account) is False
        and _trusts(parent, child.domain.lower(), forests) is False
    ):
        yield _finding(
            "service_account_lockout",
            parent,
            f"its service account {parent.service_account} has the name of {child.service_account}, that of "
            f"{child.code} below it, whose domain {child.domain} it does not trust",
            product.sources.get("tries_service_account_first"),
        )


def _of_secondary_sites(hierarchy: Hierarchy) -> Iterator[Finding]:
    for site in hierarchy.sites:
        if hierarchy.type_of(site) != SECONDARY:
            continue
        product = site.product
        if product.secondary_uses_computer_account:
            for address in site.addresses or ():
                account = address.sender_account
                if account and _is_computer_account_of(site, account) is False:
                    yield _finding(
                        "secondary_account",
                        site,
                        f"its address to {address.to} says {account}"
                        + (f", its computer account is {site.computer_account}" if site.computer_account else ""),
                        product.sources.get("secondary_uses_computer_account"),
                    )
        parent = hierarchy.by_code(site.parent) if site.parent else None
        if product.secondary_stays_in_forest and parent is not None and _other_forest(site, parent):
            yield _finding(
                "secondary_in_other_forest",
                site,
                f"it is in {site.forest}, its parent {parent.code} in {parent.forest}",
                product.sources.get("secondary_stays_in_forest"),
            )


def _is_computer_account_of(site: Site, account: str) -> bool | None:
    """Tell whether that is the computer account of the site's server; None if that is not known."""
    if not is_computer_account(account):
        # A SID does not tell.
        return None if split_account(account) is None and "@" not in account else False
    return same_account(account, site.computer_account) if site.computer_account else None


def _other_forest(first: Site, second: Site) -> bool:
    return bool(first.forest and second.forest and first.forest.lower() != second.forest.lower())


def _of_routes(hierarchy: Hierarchy, routes: _Routes) -> Iterator[Finding]:
    for site in hierarchy.sites:
        product = site.product
        counted: dict[str, int] = {}
        for address in site.addresses or ():
            counted[address.to] = counted.get(address.to, 0) + 1
        for to, count in counted.items():
            if product.single_route and count > 1:
                evidence = f"it has {count} addresses to {to}"
                yield _finding("several_routes", site, evidence, product.sources.get("single_route"))
        joined: set[tuple[str, str]] = set()
        for route in routes[site.code]:
            destination = hierarchy.by_code(route.to)
            if destination is None or (key := (route.to, account_key(route.account))) in joined:
                continue
            joined.add(key)
            if (
                product.computer_account_stays_in_forest
                and is_computer_account(route.account)
                and _other_forest(site, destination)
            ):
                yield _finding(
                    "computer_account_across_forests",
                    site,
                    f"it sends to {route.to} in {destination.forest} as {route.account} of {site.forest}",
                    product.sources.get("computer_account_stays_in_forest"),
                )
            if destination.product.held_by_group and _is_computer_account_of(site, route.account) is False:
                yield _finding(
                    "group_membership",
                    destination,
                    f"{site.code} sends to it as {route.account}, which must be a member of "
                    f"{destination.product.group_on(route.to)}",
                    destination.product.sources.get("group"),
                )


def _of_neighbours(hierarchy: Hierarchy, routes: _Routes) -> Iterator[Finding]:
    sends = {(code, route.to) for code, going in routes.items() for route in going}
    for site in hierarchy.sites:
        parent = hierarchy.by_code(site.parent) if site.parent else None
        if _is_silent(site) and (parent is not None or hierarchy.children(site.code)):
            kinds = " or ".join(_WORDS[kind] for kind in site.product.default_senders) or "account"
            yield _finding("default_account_unknown", site, f"the {kinds} that it sends as by default is not described")
        if parent is None:
            continue
        up, down = (site.code, parent.code) in sends, (parent.code, site.code) in sends
        if up and not down and not _is_silent(parent):
            yield _finding("no_way_back", parent, f"{site.code} sends to it, it has no address to {site.code}")
        elif down and not up and not _is_silent(site):
            yield _finding("no_way_back", site, f"{parent.code} sends to it, it has no address to {parent.code}")
        elif not up and not down and not _is_silent(site) and not _is_silent(parent):
            yield _finding("not_connected", site, f"its parent is {parent.code}")


_WORDS = {
    DefaultSender.SERVICE_ACCOUNT: "service account",
    DefaultSender.COMPUTER_ACCOUNT: "computer account",
}


def _is_silent(site: Site) -> bool:
    """Whether nothing is known of how the site sends."""
    return site.addresses is None and site.default_sender is None


def _of_accounts(hierarchy: Hierarchy, routes: _Routes) -> Iterator[Finding]:
    uses: dict[str, tuple[str, dict[str, dict[str, Site]]]] = {}
    for site in sorted(hierarchy.sites, key=lambda site: site.code):
        for route in routes[site.code]:
            destination = hierarchy.by_code(route.to)
            if destination is not None:
                _spelling, products = uses.setdefault(account_key(route.account), (route.account, {}))
                products.setdefault(destination.product.name, {})[route.to] = destination
    for account, products in uses.values():
        # A computer account has to be the same everywhere.
        if len(products) > 1 and not is_computer_account(account):
            sites = {code: site for reached in products.values() for code, site in reached.items()}
            shown = "; ".join(
                f"{reached[min(reached)].product.title} ({listed(sorted(reached))})"
                for _name, reached in sorted(products.items())
            )
            yield _finding("account_across_products", sites[min(sites)], f"{account} is used on {shown}")
