# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Findings about the description of a hierarchy, and about accounts that cannot log on to a destination.

Missing information is never an error. Each kind of finding has a page in ``docs/findings``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType

from .accounts import account_key, is_computer_account, is_local_system, same_account, same_domain, split_account
from .fields import listed
from .model import SECONDARY, Hierarchy, Route, Site
from .products import DefaultSender, source_of


class Severity(Enum):
    """Severity of a finding."""

    ERROR = "error"
    """A transfer cannot work."""
    WARNING = "warning"
    """The description contradicts the product's documentation, or a transfer can stop without notice."""
    INFO = "info"
    """Information, or something that could not be determined."""


@dataclass(frozen=True, slots=True)
class FindingKind:
    """One kind of finding.

    Attributes:
        id: its name, which is also the name of its page.
        severity: its severity.
        title: summary in one line.
        advice: what to do.
        source: the document that it is based on. A custom product may have another document.
    """

    id: str
    severity: Severity
    title: str
    advice: str
    source: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding: its kind, the code of the site to check, and the evidence."""

    kind: FindingKind
    site: str
    evidence: str
    source: str

    def as_dict(self) -> dict[str, str]:
        """Return the finding as a playbook gets it."""
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
_TRUST = 'Microsoft Learn, "Understanding Trust Transitivity" (cc754612)'
_NEIGHBOURS = (
    "Configuration Manager 2007 documentation library, the page with the section "
    '"Windows Server 2003 and Site Communications across Forest Trusts"'
)
_LOGON_RIGHT = (
    'Configuration Manager 2007 documentation library, "About the Site Address Account" (bb693785); Microsoft Learn, '
    '"Access this computer from the network" and "Deny access to this computer from the network"'
)
_LOCKED = (
    '[MS-ADTS] 3.1.1.4.5.17, msDS-User-Account-Control-Computed; Microsoft Learn, "Account lockout threshold" and '
    '"4740(S): A user account was locked out"'
)
_DISABLED = (
    '[MS-ADTS] 2.2.16, userAccountControl Bits, ADS_UF_ACCOUNT_DISABLE; Microsoft Learn, "Enable-ADAccount" and '
    '"Net user"'
)
_EXPIRED = (
    "[MS-ADA1] 2.1, Attribute accountExpires; [MS-ADTS] 3.1.1.4.5.17, msDS-User-Account-Control-Computed; Microsoft "
    'Learn, "Clear-ADAccountExpiration" and "Net user"'
)

KINDS: Mapping[str, FindingKind] = MappingProxyType(
    {
        kind.id: kind
        for kind in (
            FindingKind(
                "self_address_account",
                Severity.WARNING,
                "A site's address to itself has another account than its services",
                "Use the SMS service account in the properties of the site's address to itself. If you keep another "
                "account, make sure that it has access to the site's own server: other services use it too. Addresses "
                "to other sites may have another account.",
                _ARTICLE,
            ),
            FindingKind(
                "service_account_changed",
                Severity.WARNING,
                "SMS_EXECUTIVE logs on with another account than described",
                "Correct service_account in the description. If Setup changed the service account, it did not change "
                "the Sender accounts. Change them manually in the properties of the site's addresses where necessary.",
                _ARTICLE,
            ),
            FindingKind(
                "service_account_unknown",
                Severity.INFO,
                "The accounts of a site cannot be compared",
                "Read the logon account of SMS_EXECUTIVE on the site's server. Write accounts as DOMAIN\\name.",
                _ARTICLE,
            ),
            FindingKind(
                "untrusted_domain",
                Severity.ERROR,
                "A Sender account is from a domain that the destination's domain does not trust",
                "Use an account of the destination's domain or of a domain that it trusts. Or create a trust: the "
                "destination's domain must trust the account's domain.",
                _TRUST,
            ),
            FindingKind(
                "trust_unknown",
                Severity.INFO,
                "It is not described whether the destination's domain trusts the Sender account's domain",
                "Describe trusted_domains of the destination, or forest of both sites.",
                _TRUST,
            ),
            FindingKind(
                "service_account_lockout",
                Severity.WARNING,
                "A child site may lock out its parent's service account",
                "Use different names or the same password for the two service accounts. Or create a trust: the "
                "parent's domain must trust the child's domain. The child always tries its service account first, "
                "whatever account its address has.",
                source_of("tries_service_account_first"),
            ),
            FindingKind(
                "secondary_account",
                Severity.WARNING,
                "A secondary site has another Sender account than its computer account",
                "Remove sender_account from the address, so that the computer account gets access. A secondary site "
                "of this product always uses the computer account of its site server.",
                source_of("secondary_uses_computer_account"),
            ),
            FindingKind(
                "secondary_in_other_forest",
                Severity.WARNING,
                "A secondary site is in another forest than its parent",
                "Correct forest, or use a primary site instead. This product does not support such a secondary site.",
                source_of("secondary_stays_in_forest"),
            ),
            FindingKind(
                "computer_account_across_forests",
                Severity.WARNING,
                "A computer account is the Sender account for another forest",
                "Use a domain user account as the Sender account of this address. With this product, a computer "
                "account cannot access a site server of another forest.",
                source_of("computer_account_stays_in_forest"),
            ),
            FindingKind(
                "several_routes",
                Severity.WARNING,
                "A site has several addresses to one destination",
                "Describe only the address that exists. This product has one file replication route to each "
                "destination.",
                source_of("single_route"),
            ),
            FindingKind(
                "group_membership",
                Severity.INFO,
                "A Sender account must be added to the destination's group manually",
                "Make sure that the account is a member of the group. Setup adds computer accounts only.",
                source_of("group"),
            ),
            FindingKind(
                "no_way_back",
                Severity.WARNING,
                "A site has no address to a neighbour that sends to it",
                "Describe the address, or create it if it does not exist. Inventory and status go up, packages and "
                "collections go down.",
                _NEIGHBOURS,
            ),
            FindingKind(
                "not_connected",
                Severity.WARNING,
                "Neither a site nor its parent has an address to the other",
                "Describe the addresses, or remove addresses from both sites to use the product's default.",
                _NEIGHBOURS,
            ),
            FindingKind(
                "default_account_unknown",
                Severity.WARNING,
                "No addresses described and no known default account",
                "Describe the addresses of the site. Or describe the default account: service_account, "
                "server_account, or the domain of the server.",
                _PLAIN,
            ),
            FindingKind(
                "account_across_products",
                Severity.INFO,
                "One Sender account needs access on sites of several products",
                "In a migration, use a separate account for the new sites. The products require different rights, and "
                "the password of a retired site gives access to the others.",
                _PLAIN,
            ),
            FindingKind(
                "logon_right_missing",
                Severity.ERROR,
                "A Sender account may not log on to the destination over the network",
                "Give the account, or a group that it is a member of, the user right 'Access this computer from the "
                "network' on the destination, and remove both from 'Deny access to this computer from the network'. "
                "If group policy sets the right, change the group policy. Share and NTFS permissions cannot fix this.",
                _LOGON_RIGHT,
            ),
            FindingKind(
                "account_locked",
                Severity.ERROR,
                "A Sender account is locked out",
                "First correct the password in the addresses that use the account, or the Sender locks the account "
                "again. Then unlock the account.",
                _LOCKED,
            ),
            FindingKind(
                "account_disabled",
                Severity.ERROR,
                "A Sender account is disabled",
                "Enable the account, or set another account in the addresses that use it.",
                _DISABLED,
            ),
            FindingKind(
                "account_expired",
                Severity.ERROR,
                "A Sender account or its password has expired",
                "If the account has expired, change its expiration date. If the password has expired, set a new one "
                "for the account, and then the same one in the addresses that use it.",
                _EXPIRED,
            ),
        )
    }
)

LOGON_KINDS = ("logon_right_missing", "account_locked", "account_disabled", "account_expired")
"""Kinds of findings about a logon to a destination. They follow from what was read, not from the description."""


def hierarchy_findings(hierarchy: Hierarchy, logons: Mapping[str, str | None] | None = None) -> tuple[Finding, ...]:
    """Return the findings, sorted by site code and then in the order of :data:`KINDS`.

    Args:
        hierarchy: the sites.
        logons: logon account of SMS_EXECUTIVE on the site servers, by site code in upper case; None if none was read.
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


def logon_findings(site: str, problems: Iterable[tuple[str, str]]) -> tuple[Finding, ...]:
    r"""Return the findings about accounts that cannot log on to a site's server, each once.

    They are sorted by the order of :data:`KINDS` and then by the evidence.

    Args:
        site: code of the site that the accounts send to.
        problems: for each problem, one of :data:`LOGON_KINDS` and the evidence, such as
            ``CORP\smssend: account locked``.

    Raises:
        ValueError: the kind of a problem is another one.
    """
    found = dict.fromkeys(problems)
    for kind, _evidence in found:
        if kind not in LOGON_KINDS:
            raise ValueError(f"{kind} is not a finding about a logon")
    order = {kind: number for number, kind in enumerate(LOGON_KINDS)}
    return tuple(
        Finding(KINDS[kind], site, evidence, KINDS[kind].source)
        for kind, evidence in sorted(found, key=lambda problem: (order[problem[0]], problem[1]))
    )


_Routes = Mapping[str, tuple[Route, ...]]


def _finding(kind: str, site: Site, evidence: str, source: str | None = None) -> Finding:
    return Finding(KINDS[kind], site.code, evidence, source or KINDS[kind].source)


def _of_service_accounts(
    hierarchy: Hierarchy, routes: _Routes, logons: Mapping[str, str | None] | None
) -> Iterator[Finding]:
    for site in hierarchy.sites:
        # A default account comes from the described service account, so a comparison would have no meaning.
        to_itself = (route for route in routes[site.code] if route.to == site.code and not route.is_default)
        own = tuple(dict.fromkeys(route.account for route in to_itself))
        described = site.service_account
        logon = (logons or {}).get(site.code) or None
        if logon and described:
            yield from _compared(
                "service_account_changed",
                site,
                same_account(described, logon),
                f"service_account is {described}, SMS_EXECUTIVE logs on as {logon}",
            )
        elif logons is not None and not logon and (own or described):
            yield _finding("service_account_unknown", site, "the logon account of SMS_EXECUTIVE was not read")
        account = logon or described
        if account is None:
            continue
        evidence = f"SMS_EXECUTIVE logs on as {account}" if logon else f"service_account is {account}"
        acting = site.computer_account if is_local_system(account) else account
        for sender in own:
            yield from _compared(
                "self_address_account",
                site,
                same_account(sender, acting or account),
                f"it sends to itself as {sender}, {evidence}",
            )


def _compared(kind: str, site: Site, same: bool | None, evidence: str) -> Iterator[Finding]:
    if same is False:
        yield _finding(kind, site, evidence)
    elif same is None:
        yield _finding("service_account_unknown", site, f"{evidence}; the two names cannot be compared")


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
                yield _finding("trust_unknown", destination, f"{evidence} is another domain or another spelling")
        parent = hierarchy.by_code(site.parent) if site.parent else None
        if parent is not None:
            yield from _lockout(site, parent, forests)


def _trusts(site: Site, domain: str, forests: Mapping[str, str]) -> bool | None:
    """Whether the domain of the site's server trusts that domain; None if that is not known."""
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
            f"its service account {parent.service_account} has the same name as {child.service_account}, the service "
            f"account of its child {child.code}; its domain does not trust {child.domain}",
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
                        f"its address to {address.to} has the account {account}"
                        + (f", its computer account is {site.computer_account}" if site.computer_account else ""),
                        product.sources.get("secondary_uses_computer_account"),
                    )
        parent = hierarchy.by_code(site.parent) if site.parent else None
        if product.secondary_stays_in_forest and parent is not None and _other_forest(site, parent):
            yield _finding(
                "secondary_in_other_forest",
                site,
                f"it is in the forest {site.forest}, its parent {parent.code} in {parent.forest}",
                product.sources.get("secondary_stays_in_forest"),
            )


def _is_computer_account_of(site: Site, account: str) -> bool | None:
    """Whether that is the computer account of the site's server; None if that is not known."""
    if not is_computer_account(account):
        # The kind of account is not visible in a SID.
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
            kinds = " or ".join(_WORDS[kind] for kind in site.product.default_senders) or "account of the product"
            yield _finding(
                "default_account_unknown", site, f"its default Sender account, the {kinds}, is not described"
            )
        if parent is None:
            continue
        up, down = (site.code, parent.code) in sends, (parent.code, site.code) in sends
        if up and not down and not _is_silent(parent):
            yield _finding("no_way_back", parent, f"{site.code} sends to it, but it has no address to {site.code}")
        elif down and not up and not _is_silent(site):
            yield _finding("no_way_back", site, f"{parent.code} sends to it, but it has no address to {parent.code}")
        elif not up and not down and not _is_silent(site) and not _is_silent(parent):
            yield _finding("not_connected", site, f"its parent is {parent.code}")


_WORDS = {
    DefaultSender.SERVICE_ACCOUNT: "service account",
    DefaultSender.COMPUTER_ACCOUNT: "computer account",
}


def _is_silent(site: Site) -> bool:
    """Whether neither the addresses nor the default account of the site are known."""
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
        # A computer account is the same everywhere.
        if len(products) > 1 and not is_computer_account(account):
            sites = {code: site for reached in products.values() for code, site in reached.items()}
            shown = "; ".join(
                f"{reached[min(reached)].product.title} ({listed(sorted(reached))})"
                for _name, reached in sorted(products.items())
            )
            yield _finding("account_across_products", sites[min(sites)], f"{account} is used on {shown}")
