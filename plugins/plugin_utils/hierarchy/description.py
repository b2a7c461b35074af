# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the variable ``sms_sites`` into a :class:`.model.Hierarchy`, or reports all its mistakes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from .accounts import is_computer_account
from .custom_products import read_products
from .fields import SHOWN_ITEMS, Fields, HierarchyError, Path, Problem, did_you_mean, is_list, kind_of, listed, quoted
from .model import ADDRESS_TYPES, CENTRAL, COURIER, SECONDARY, SITE_TYPES, Address, Hierarchy, Site
from .products import DEFAULT_PRODUCT, PRODUCTS, DefaultSender, Product

VARIABLE = "sms_sites"

# Far more than any real hierarchy; a larger number is a mistake.
MAX_SITES = 100_000

SITE_KEYS = (
    "code",
    "server",
    "name",
    "product",
    "parent",
    "service_account",
    "addresses",
    "type",
    "server_account",
    "domain",
    "forest",
    "trusted_domains",
)
ADDRESS_KEYS = ("to", "sender_account", "type")


def read_hierarchy(description: object, products: object = None) -> Hierarchy:
    """Return the hierarchy that ``description`` (the value of ``sms_sites``) describes.

    ``products`` is the value of ``sms_products``, your own products by name; None if there are none.

    Raises :class:`HierarchyError` with all errors. Errors within an entry come first, in the order of the description.
    The time is linear in the size of the description.
    """
    problems: list[Problem] = []
    known = read_products(products, problems)
    if not is_list(description):
        text = f"sms_sites must be a list of sites, but it is {kind_of(description)}."
        raise HierarchyError([*problems, Problem(text, (VARIABLE,))])
    if not description:
        text = "sms_sites is empty; describe at least one site."
        raise HierarchyError([*problems, Problem(text, (VARIABLE,))])
    if len(description) > MAX_SITES:
        text = f"sms_sites describes {len(description)} sites; the maximum is {MAX_SITES}."
        raise HierarchyError([*problems, Problem(text, (VARIABLE,))])
    entries = [_read_site(entry, number, known, problems) for number, entry in enumerate(description, start=1)]
    problems += _relations(entries)
    if problems:
        raise HierarchyError(problems)
    return Hierarchy(tuple(entry.site for entry in entries))


@dataclass(frozen=True, slots=True)
class _SiteItem:
    """One entry of the list, as far as it could be read.

    A value that could not be read is the empty string, and an error is reported. Such a site never leaves this module.
    ``number`` starts at 1.
    """

    site: Site
    number: int

    @property
    def place(self) -> str:
        return _place(self.site.code, self.number)

    def problem(self, text: str, *keys: str | int) -> Problem:
        return Problem(f"{self.place}: {text}.", (VARIABLE, self.number - 1, *keys))


def _place(code: str, number: int) -> str:
    return f"site {code}" if code else f"entry {number} of sms_sites"


def _read_site(values: object, number: int, products: Mapping[str, Product], problems: list[Problem]) -> _SiteItem:
    place, path = _place("", number), (VARIABLE, number - 1)
    if not isinstance(values, Mapping):
        text = f"{place} must be a dictionary that describes a site, but it is {kind_of(values)}."
        problems.append(Problem(text, path))
        return _SiteItem(Site("", "", PRODUCTS[DEFAULT_PRODUCT]), number)
    # The code comes first: later messages contain it.
    code = Fields(values, place, path, problems).code("code", "give the site's 3-character code")
    fields = Fields(values, _place(code, number), path, problems)
    fields.refuse_unknown(SITE_KEYS)
    site = Site(
        code=code,
        server=fields.server("server", "give the inventory host name of its site server"),
        name=fields.text("name") or None,
        product=_product(fields, products),
        parent=fields.parent("parent") or None,
        service_account=fields.account("service_account") or None,
        type=fields.choice("type", SITE_TYPES, "site type", "the types are") or None,
        server_account=_server_account(fields) or None,
        domain=fields.domain("domain") or None,
        forest=fields.domain("forest") or None,
        trusted_domains=fields.domains("trusted_domains"),
    )
    if (addresses := values.get("addresses")) is None:
        return _SiteItem(site, number)
    reader = _Addresses(site, fields.place, (*path, "addresses"), problems)
    return _SiteItem(replace(site, addresses=tuple(reader.read(addresses))), number)


def _product(fields: Fields, products: Mapping[str, Product]) -> Product:
    value = fields.text("product") or DEFAULT_PRODUCT
    if value not in products:
        hint = did_you_mean(value, products) or f"; known: {', '.join(products)}"
        fields.refuse(f"unknown product {quoted(value)}{hint}", "product")
    return products.get(value, PRODUCTS[DEFAULT_PRODUCT])


def _server_account(fields: Fields) -> str:
    account = fields.account("server_account")
    if account and not is_computer_account(account):
        fields.refuse(
            f"server_account {quoted(account)} is not a computer account; write DOMAIN\\COMPUTER$", "server_account"
        )
    return account


class _Addresses:
    """Reads the addresses of one site."""

    def __init__(self, site: Site, place: str, path: Path, problems: list[Problem]) -> None:
        self._site = site
        self._place = place
        self._path = path
        self._problems = problems

    def read(self, addresses: object) -> Iterator[Address]:
        if not is_list(addresses):
            text = f"{self._place}: addresses must be a list, but it is {kind_of(addresses)}."
            self._problems.append(Problem(text, self._path))
            return
        for number, entry in enumerate(addresses, start=1):
            here, path = f"{self._place}, address {number}", (*self._path, number - 1)
            if not isinstance(entry, Mapping):
                text = f"{here} must be a dictionary with to and sender_account, but it is {kind_of(entry)}."
                self._problems.append(Problem(text, path))
                continue
            to = Fields(entry, here, path, self._problems).code("to", "give the code of the destination site")
            place = f"{self._place}, address to {to}" if to else here
            fields = Fields(entry, place, path, self._problems)
            fields.refuse_unknown(ADDRESS_KEYS)
            account = self._account(fields, str(entry.get("type") or "").upper() == COURIER)
            yield Address(to, account or None, fields.address_type("type", ADDRESS_TYPES))

    def _account(self, fields: Fields, is_courier: bool) -> str:
        if is_courier:
            if fields.has("sender_account"):
                fields.refuse(f"an address of type {COURIER} has no account; remove sender_account", "sender_account")
            return ""
        advice = "give the account that the Sender uses there"
        if DefaultSender.COMPUTER_ACCOUNT in self._site.product.default_senders:
            if self._site.default_sender:
                advice = ""
            else:
                advice += ", or the site's server_account if the Sender uses that"
        return fields.account("sender_account", advice)


def _relations(entries: Sequence[_SiteItem]) -> Iterator[Problem]:
    """Yield the problems between sites, and between the addresses of a site."""
    described: dict[str, list[_SiteItem]] = {}
    children: dict[str, str] = {}
    for entry in entries:
        if entry.site.code:
            described.setdefault(entry.site.code, []).append(entry)
        if entry.site.parent and entry.site.parent != entry.site.code:
            children.setdefault(entry.site.parent, entry.place)
    for same in described.values():
        if len(same) > 1:
            yield _described_twice(same)
    yield from _shared_servers(entries)
    for entry in entries:
        yield from _parent_errors(entry, described)
        yield from _type_errors(entry, children)
        yield from _address_errors(entry, described)
    parents = {code: same[0].site.parent for code, same in described.items()}
    loops = _loops({code: parent for code, parent in parents.items() if parent and parent != code})
    for code, text in loops:
        yield described[code][0].problem(text, "parent")


def _described_twice(same: Sequence[_SiteItem]) -> Problem:
    places = listed([str(entry.number) for entry in same])
    parents = list(dict.fromkeys(entry.site.parent for entry in same if entry.site.parent))
    differing = f" and with {len(parents)} parents ({listed(parents)})" if len(parents) > 1 else ""
    return same[1].problem(f"described {len(same)} times (entries {places}){differing}; keep one description", "code")


def _shared_servers(entries: Sequence[_SiteItem]) -> Iterator[Problem]:
    # A dictionary of places: a site that is described twice is another error, not two sites on one server.
    sharing: dict[str, dict[str, _SiteItem]] = {}
    for entry in entries:
        if entry.site.server:
            sharing.setdefault(entry.site.server.lower(), {}).setdefault(entry.place, entry)
    for places in sharing.values():
        if len(places) > 1:
            first, second, *_others = places.values()
            yield Problem(
                f"{listed(list(places))}: all on server {quoted(first.site.server)}; "
                "a server is the site server of one site, so correct the others.",
                (VARIABLE, second.number - 1, "server"),
            )


def _parent_errors(entry: _SiteItem, described: Mapping[str, object]) -> Iterator[Problem]:
    parent = entry.site.parent
    if parent is None:
        return
    if parent == entry.site.code:
        yield entry.problem("it is its own parent; give the code of the site above it, or remove parent", "parent")
    elif parent not in described:
        yield entry.problem(
            f"its parent {parent} is not described; add site {parent} to sms_sites or correct the parent", "parent"
        )


def _type_errors(entry: _SiteItem, children: Mapping[str, str]) -> Iterator[Problem]:
    site = entry.site
    if site.type == CENTRAL and site.parent:
        yield entry.problem("a central site has no parent; correct its type, or remove parent", "type")
    if site.type == SECONDARY:
        if not site.parent:
            yield entry.problem(
                "a secondary site must have a parent; give the code of the site above it, or correct its type", "type"
            )
        if site.code in children:
            child = children[site.code]
            yield entry.problem(
                f"a secondary site cannot have sites below it, but {child} has it as its parent; correct one of them",
                "type",
            )


def _address_errors(entry: _SiteItem, described: Mapping[str, object]) -> Iterator[Problem]:
    addresses = entry.site.addresses or ()
    uses = Counter((address.to, address.type) for address in addresses if address.to)
    for (to, kind), count in uses.items():
        if count > 1:
            yield entry.problem(f"{count} addresses of type {kind} to {to}; keep one", "addresses")
    for to in dict.fromkeys(to for to, _kind in uses):
        if to not in described:
            yield entry.problem(
                f"it has an address to {to}, which is not described; add site {to} to sms_sites or correct the address",
                "addresses",
            )


def _loops(parents: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield each loop of parents once. Every site is visited once, at any depth of the hierarchy."""
    walked: set[str] = set()
    for start in parents:
        trail: dict[str, None] = {}
        code = start
        while code in parents and code not in walked and code not in trail:
            trail[code] = None
            code = parents[code]
        walked.update(trail)
        if code in trail:
            loop = list(trail)
            loop = loop[loop.index(code) :]
            first = loop.index(min(loop))
            loop = loop[first:] + loop[:first]
            shown = listed(loop, " under ")
            if len(loop) <= SHOWN_ITEMS:
                shown += f" under {loop[0]}"
            yield loop[0], f"the parents form a loop ({shown}); correct the parent of one of them"
