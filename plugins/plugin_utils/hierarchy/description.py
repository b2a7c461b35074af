# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the ``sms_sites`` variable into a :class:`.model.Hierarchy`, or says all that is wrong with it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TypeGuard

from .accounts import account_problem
from .model import ADDRESS_TYPES, Address, Hierarchy, Site
from .products import PRODUCTS, Product

# Far above any real hierarchy; what is larger is a mistake, not a description.
MAX_SITES = 100_000

SITE_KEYS = ("code", "server", "name", "product", "parent", "service_account", "addresses")
ADDRESS_KEYS = ("to", "sender_account", "type")
DEFAULT_PRODUCT = "sms_1_2"

_SITE_CODE = re.compile("[A-Z0-9]{3}", re.IGNORECASE | re.ASCII)

# SMS names directories after site codes: Microsoft KB Q182420 (SMS 1.x, 2.0) and 279868 (later products).
_RESERVED_CODES = frozenset({"AUX", "CON", "NUL", "PRN"})

# How much of somebody's input one message repeats: characters of a text, items of a list.
_SHOWN_CHARACTERS = 60
_SHOWN_ITEMS = 10


class HierarchyError(ValueError):
    """A description that can't be used; ``errors`` holds one sentence for each thing to correct."""

    def __init__(self, errors: Iterable[str]) -> None:
        self.errors = tuple(errors)
        super().__init__("\n".join(self.errors))


def read_hierarchy(description: object) -> Hierarchy:
    """Return the hierarchy that ``description`` (the value of ``sms_sites``) describes.

    Raises :class:`HierarchyError` with every error found, those within an entry first, in the order of the
    description. The time it takes grows linearly with the size of the description.
    """
    if not _is_list(description):
        raise HierarchyError([f"sms_sites must be a list of sites, but it is {_kind(description)}."])
    if not description:
        raise HierarchyError(["sms_sites is empty; describe at least one site."])
    if len(description) > MAX_SITES:
        raise HierarchyError([f"sms_sites describes {len(description)} sites; more than {MAX_SITES} are not read."])
    errors: list[str] = []
    entries = [_read_site(entry, number, errors) for number, entry in enumerate(description, start=1)]
    errors += _relations(entries)
    if errors:
        raise HierarchyError(errors)
    return Hierarchy(tuple(entry.site for entry in entries))


@dataclass(frozen=True, slots=True)
class _Entry:
    """One entry of the list as far as it could be read.

    Where something could not be read, the site has the empty string in its place, and an error says so;
    such a site never leaves this module. ``number`` counts from 1, as the operator does.
    """

    site: Site
    number: int

    @property
    def place(self) -> str:
        return _place(self.site.code, self.number)


def _place(code: str, number: int) -> str:
    return f"site {code}" if code else f"entry {number} of sms_sites"


def _read_site(values: object, number: int, errors: list[str]) -> _Entry:
    place = _place("", number)
    if not isinstance(values, Mapping):
        errors.append(f"{place} must be a dictionary that describes a site, but it is {_kind(values)}.")
        return _Entry(Site("", "", PRODUCTS[DEFAULT_PRODUCT]), number)
    # The code comes first: everything after it names the site by its code.
    code = _Fields(values, place, errors).code("code", "give the site's 3-character code")
    fields = _Fields(values, _place(code, number), errors)
    fields.refuse_unknown(SITE_KEYS)
    site = Site(
        code=code,
        server=fields.text("server", "give the inventory host name of its site server"),
        name=fields.text("name") or None,
        product=fields.product("product"),
        parent=fields.parent("parent") or None,
        service_account=fields.account("service_account") or None,
        addresses=tuple(_read_addresses(values.get("addresses"), fields.place, errors)),
    )
    return _Entry(site, number)


def _read_addresses(addresses: object, place: str, errors: list[str]) -> Iterator[Address]:
    if addresses is None:
        return
    if not _is_list(addresses):
        errors.append(f"{place}: addresses must be a list, but it is {_kind(addresses)}.")
        return
    for number, entry in enumerate(addresses, start=1):
        here = f"{place}, address {number}"
        if not isinstance(entry, Mapping):
            errors.append(f"{here} must be a dictionary with to and sender_account, but it is {_kind(entry)}.")
            continue
        to = _Fields(entry, here, errors).code("to", "give the code of the site it leads to")
        fields = _Fields(entry, f"{place}, address to {to}" if to else here, errors)
        fields.refuse_unknown(ADDRESS_KEYS)
        yield Address(
            to=to,
            sender_account=fields.account("sender_account", "give the account that the Sender uses there"),
            type=fields.address_type("type"),
        )


class _Fields:
    """Reads the fields of one dictionary; what can't be read is reported and becomes the empty string.

    A field without a value (null) counts as missing. ``advice`` makes a field mandatory: it is what the error
    about a missing one tells the operator to do.
    """

    def __init__(self, values: Mapping[object, object], place: str, errors: list[str]) -> None:
        self._values = values
        self._errors = errors
        self.place = place

    def _refuse(self, problem: str) -> None:
        self._errors.append(f"{self.place}: {problem}.")

    def refuse_unknown(self, known: Sequence[str]) -> None:
        for key in self._values:
            if key not in known:
                hint = _did_you_mean(key, known) or f"; the keys are {', '.join(known)}"
                self._refuse(f"unknown key {_quoted(key)}{hint}")

    def text(self, key: str, advice: str = "") -> str:
        value = self._values.get(key)
        if value is None:
            if advice:
                self._refuse(f"{key} is missing; {advice}")
        elif not isinstance(value, str):
            quote = "; put it in quotes" if isinstance(value, (bool, int, float)) else ""
            self._refuse(f"{key} must be text, but it is {_kind(value)}{quote}")
        elif not value.strip():
            self._refuse(f"{key} is blank; {advice or 'leave it out or give it a value'}")
        elif value != value.strip() or not value.isprintable():
            self._refuse(f"{key} {_quoted(value)} starts or ends with a space or contains a control character")
        else:
            return value
        return ""

    def code(self, key: str, advice: str = "") -> str:
        value = self.text(key, advice)
        if value and not _SITE_CODE.fullmatch(value):
            self._refuse(f"{key} {_quoted(value)} is malformed; a site code is exactly 3 characters, A to Z and 0 to 9")
            return ""
        code = value.upper()
        if code in _RESERVED_CODES:
            self._refuse(f"{key} {_quoted(value)} is a device name that Windows reserves; it can't be a site code")
            return ""
        return code

    def parent(self, key: str) -> str:
        value = self._values.get(key)
        if not _is_list(value):
            return self.code(key)
        if len(value) > 1:
            parents = _listed([_quoted(item) for item in value])
            self._refuse(f"{len(value)} parents ({parents}); a site reports to one parent, so keep one")
        else:
            self._refuse(f"{key} must be one site code, not a list")
        return ""

    def account(self, key: str, advice: str = "") -> str:
        value = self._values.get(key)
        if not isinstance(value, str) or not value.strip():
            return self.text(key, advice)
        if problem := account_problem(value):
            self._refuse(f"{key} {_quoted(value)} {problem}")
            return ""
        return value

    def product(self, key: str) -> Product:
        value = self.text(key) or DEFAULT_PRODUCT
        if value not in PRODUCTS:
            hint = _did_you_mean(value, PRODUCTS) or f"; known: {', '.join(PRODUCTS)}"
            self._refuse(f"unknown product {_quoted(value)}{hint}")
        return PRODUCTS.get(value, PRODUCTS[DEFAULT_PRODUCT])

    def address_type(self, key: str) -> str:
        value = self.text(key).upper() or ADDRESS_TYPES[0]
        if value not in ADDRESS_TYPES:
            hint = _did_you_mean(value, ADDRESS_TYPES) or f"; the types are {', '.join(ADDRESS_TYPES)}"
            self._refuse(f"unknown address type {_quoted(value)}{hint}")
        return value


def _relations(entries: Sequence[_Entry]) -> Iterator[str]:
    """Yield what is wrong between sites, and between the addresses of one."""
    described: dict[str, list[_Entry]] = {}
    for entry in entries:
        if entry.site.code:
            described.setdefault(entry.site.code, []).append(entry)
    for same in described.values():
        if len(same) > 1:
            yield _described_twice(same)
    yield from _shared_servers(entries)
    for entry in entries:
        yield from _parent_errors(entry, described)
        yield from _address_errors(entry, described)
    parents = {code: same[0].site.parent for code, same in described.items()}
    yield from _loops({code: parent for code, parent in parents.items() if parent and parent != code})


def _described_twice(same: Sequence[_Entry]) -> str:
    places = _listed([str(entry.number) for entry in same])
    parents = list(dict.fromkeys(entry.site.parent for entry in same if entry.site.parent))
    differing = f" and with {len(parents)} parents ({_listed(parents)})" if len(parents) > 1 else ""
    return f"{same[0].place}: described {len(same)} times (entries {places}){differing}; keep one description."


def _shared_servers(entries: Sequence[_Entry]) -> Iterator[str]:
    # Places in a dictionary: a site that is described twice is another error, not two sites on one server.
    sharing: dict[str, dict[str, str]] = {}
    for entry in entries:
        if entry.site.server:
            sharing.setdefault(entry.site.server.lower(), {}).setdefault(entry.place, entry.site.server)
    for places in sharing.values():
        if len(places) > 1:
            server = list(places.values())[0]  # noqa: RUF015 - pylint takes next() in a generator for an error
            yield (
                f"{_listed(list(places))}: all on server {_quoted(server)}; "
                "a server is the site server of one site, so correct the others."
            )


def _parent_errors(entry: _Entry, described: Mapping[str, object]) -> Iterator[str]:
    parent = entry.site.parent
    if parent is None:
        return
    if parent == entry.site.code:
        yield f"{entry.place}: it is its own parent; name the site above it, or leave parent out."
    elif parent not in described:
        yield (
            f"{entry.place}: its parent {parent} is not described; "
            f"add site {parent} to sms_sites or correct the parent."
        )


def _address_errors(entry: _Entry, described: Mapping[str, object]) -> Iterator[str]:
    uses = Counter((address.to, address.type) for address in entry.site.addresses if address.to)
    for (to, kind), count in uses.items():
        if count > 1:
            yield f"{entry.place}: {count} addresses of type {kind} to {to}; keep one."
    for to in dict.fromkeys(to for to, _kind in uses):
        if to not in described:
            yield (
                f"{entry.place}: it has an address to {to}, which is not described; "
                f"add site {to} to sms_sites or correct the address."
            )


def _loops(parents: Mapping[str, str]) -> Iterator[str]:
    """Yield each loop among the parents once. Every site is walked over once, however deep the hierarchy."""
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
            shown = _listed(loop, " under ")
            if len(loop) <= _SHOWN_ITEMS:
                shown += f" under {loop[0]}"
            yield f"site {loop[0]}: the parents form a loop ({shown}); correct the parent of one of them."


def _is_list(value: object) -> TypeGuard[Sequence[object]]:
    return isinstance(value, (list, tuple))


def _listed(items: Sequence[str], separator: str = ", ") -> str:
    """Return the items as a message may list them: not too many."""
    if len(items) <= _SHOWN_ITEMS:
        return separator.join(items)
    return separator.join([*items[:_SHOWN_ITEMS], f"... {len(items)} in all"])


def _did_you_mean(value: object, known: Iterable[str]) -> str:
    """Return a hint at the known word nearest to ``value``, or nothing."""
    # Comparing is quadratic in the length, so a long value is cut first.
    words = {word.lower(): word for word in known}
    close = get_close_matches(str(value)[:_SHOWN_CHARACTERS].lower(), words, n=1)
    return f" (did you mean '{words[close[0]]}'?)" if close else ""


def _quoted(value: object) -> str:
    """Return somebody's input as a message may show it: on one line, in quotes, not too long."""
    text = str(value)
    shown = "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text[:_SHOWN_CHARACTERS])
    return f"'{shown}'" if len(text) <= _SHOWN_CHARACTERS else f"'{shown}...'"


def _kind(value: object) -> str:
    """Return what an operator calls a value of that type."""
    if value is None:
        return "empty"
    for types, name in (
        (str, "text"),
        (bool, "a truth value"),
        ((int, float), "a number"),
        (Mapping, "a dictionary"),
        ((list, tuple), "a list"),
    ):
        if isinstance(value, types):
            return name
    return f"a {type(value).__name__}"
