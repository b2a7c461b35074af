# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the variable ``sms_products``: your own products, from scratch or based on another product."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from typing import Any

from ..security import SecurityDescriptorError
from ..security.rights import SHARE_ACCESS, parse_ntfs_rights
from .fields import Fields, Problem, did_you_mean, kind_of, quoted
from .products import PRODUCTS, DefaultSender, Holder, Logs, Product, Requirement

VARIABLE = "sms_products"

# Far more than necessary; a larger number is a mistake.
MAX_PRODUCTS = 1000

_FLAGS = (
    "self_address",
    "secondary_uses_computer_account",
    "computer_account_stays_in_forest",
    "secondary_stays_in_forest",
    "single_route",
    "tries_service_account_first",
)
_LOGS = tuple(field.name for field in fields(Logs))
KEYS = (
    "based_on",
    "title",
    "share",
    "directory",
    "share_access",
    "directory_access",
    "group",
    "default_senders",
    *_FLAGS,
    "services",
    "logs",
    "source",
)

# Each name becomes an Ansible group.
_NAME = re.compile("[a-z][a-z0-9_]{0,49}", re.ASCII)

# Not allowed in the name of a share: Microsoft Learn, NetShareAdd function, Remarks on shi2_netname.
_SHARE = re.compile(r'[^\x00-\x1f"/\\\[\]:|<>+=;,*?]{1,80}')

# Not allowed in the name of a file: Microsoft Learn, "Naming Files, Paths, and Namespaces".
_COMPONENT = re.compile(r'[^\x00-\x1f<>:"|?*\\/]+')

# Not allowed in the name of a group: Active Directory schema, SAM-Account-Name.
_GROUP = re.compile(r'[^\x00-\x1f"/\\\[\]:;|=,+*?<>]{1,256}')


def read_products(description: object, problems: list[Problem]) -> Mapping[str, Product]:
    """Return the built-in products and those of ``description``, the value of ``sms_products``.

    Mistakes are added to ``problems``. A product with mistakes is returned as well, so that the sites with this product
    are not reported too.
    """
    if description is None:
        return PRODUCTS
    if not isinstance(description, Mapping):
        text = f"{VARIABLE} must be a dictionary of products by name, but it is {kind_of(description)}."
        problems.append(Problem(text, (VARIABLE,)))
        return PRODUCTS
    if len(description) > MAX_PRODUCTS:
        text = f"{VARIABLE} describes {len(description)} products; the maximum is {MAX_PRODUCTS}."
        problems.append(Problem(text, (VARIABLE,)))
        return PRODUCTS
    products = dict(PRODUCTS)
    for name, values in description.items():
        path = (VARIABLE, str(name))
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            advice = "use lower-case letters, digits and _, and start with a letter"
            text = f"{VARIABLE}: name {quoted(name)} is malformed; {advice}."
            problems.append(Problem(text, path))
        elif name in PRODUCTS:
            text = f"{VARIABLE}: {quoted(name)} is a built-in product; use another name with based_on: {name}."
            problems.append(Problem(text, path))
        elif not isinstance(values, Mapping):
            text = f"product {name} must be a dictionary that describes it, but it is {kind_of(values)}."
            problems.append(Problem(text, path))
            products[name] = _unknown(name)
        else:
            products[name] = _ProductReader(name, Fields(values, f"product {name}", path, problems)).read(products)
    return products


def find_product(name: str, description: object = None) -> Product:
    """Return the product with that name: a built-in one, or one of ``description`` (see above).

    Raises :class:`ValueError` if the description has mistakes or no product has that name.
    """
    problems: list[Problem] = []
    products = read_products(description, problems)
    if problems:
        raise ValueError("; ".join(problem.text.rstrip(".") for problem in problems))
    if name not in products:
        hint = did_you_mean(name, products) or f"; known: {', '.join(products)}"
        raise ValueError(f"unknown product {quoted(name)}{hint}")
    return products[name]


def _unknown(name: str) -> Product:
    nothing = Requirement(Holder.ACCOUNT, 0)
    return Product(name, name, "", "", nothing, nothing)


class _ProductReader:
    """Reads one product."""

    def __init__(self, name: str, given: Fields) -> None:
        self._name = name
        self._given = given

    def read(self, known: Mapping[str, Product]) -> Product:
        given = self._given
        given.refuse_unknown(KEYS)
        base = _unknown(self._name)
        based_on = given.text("based_on")
        if based_on in known:
            base = known[based_on]
        elif based_on:
            hint = did_you_mean(based_on, known) or f"; known here: {', '.join(known)}"
            given.refuse(f"unknown product {quoted(based_on)}{hint}", "based_on")
        elif not given.has("based_on"):
            self._require()
        source = given.text("source") or f"{VARIABLE}, {self._name}"
        facts = dict(self._facts())
        product = replace(
            base,
            name=self._name,
            title=given.text("title") or (f"{self._name} (based on {base.title})" if based_on in known else self._name),
            # A given fact replaces the base's fact, so the base's source and gap for it are replaced too.
            sources={**base.sources, **dict.fromkeys(facts, source)},
            gaps={fact: gap for fact, gap in base.gaps.items() if fact not in facts},
            **facts,
        )
        if product.held_by_group and not product.group:
            given.refuse("the holder is a group, but group is missing; give its name, with {code} for the site code")
        return product

    def _require(self) -> None:
        """Without a base, every fact that access depends on is required."""
        for key, advice in (
            ("share", "give the name of the site share"),
            ("directory", "give the directory of the share, relative to the installation root"),
            ("share_access", "give its holder and access"),
            ("directory_access", "give its holder and rights"),
            ("source", "give the document that these facts are from"),
        ):
            if not self._given.has(key):
                self._given.refuse(f"{key} is missing; {advice}, or use based_on")

    def _facts(self) -> Iterator[tuple[str, Any]]:
        """Yield the given facts by attribute name."""
        given = self._given
        for key, pattern, what in (
            ("share", _SHARE, "the name of a share"),
            ("group", _GROUP, "the name of a group"),
        ):
            if text := given.text(key):
                if not pattern.fullmatch(text):
                    given.refuse(f"{key} {quoted(text)} cannot be {what}", key)
                yield key, text
        if directory := given.text("directory"):
            if not all(_COMPONENT.fullmatch(part) and part.strip(". ") for part in re.split(r"[\\/]", directory)):
                given.refuse(
                    f"directory {quoted(directory)} is not a path relative to the installation root, such as "
                    r"inboxes\despoolr.box\receive",
                    "directory",
                )
            yield "directory", directory.replace("/", "\\")
        for key, mask in (("share_access", _share_mask), ("directory_access", _directory_mask)):
            if (requirement := given.mapping(key)) is not None:
                holder = requirement.choice(
                    "holder", [each.value for each in Holder], "holder", "use one of", "give account or group"
                )
                yield key, Requirement(Holder(holder or Holder.ACCOUNT), mask(requirement))
        if (senders := given.texts("default_senders")) is not None:
            yield "default_senders", tuple(self._default_senders(senders))
        for key in _FLAGS:
            if (flag := given.flag(key)) is not None:
                yield key, flag
        if (services := given.texts("services")) is not None:
            yield "services", services
        if (logs := given.mapping("logs")) is not None:
            logs.refuse_unknown(_LOGS)
            yield "logs", Logs(**{name: logs.texts(name) or () for name in _LOGS})

    def _default_senders(self, senders: tuple[str, ...]) -> Iterator[DefaultSender]:
        known = [each.value for each in DefaultSender]
        for sender in senders:
            if sender in known:
                yield DefaultSender(sender)
            else:
                hint = did_you_mean(sender, known) or f"; use {', '.join(known)}"
                self._given.refuse(f"unknown default sender {quoted(sender)}{hint}", "default_senders")


def _share_mask(requirement: Fields) -> int:
    requirement.refuse_unknown(("holder", "access"))
    access = requirement.choice("access", SHARE_ACCESS, "access", "use one of", "give full_control, change or read")
    return SHARE_ACCESS.get(access, 0)


def _directory_mask(requirement: Fields) -> int:
    requirement.refuse_unknown(("holder", "rights"))
    if not requirement.has("rights"):
        requirement.refuse("rights is missing; give a list such as [read, write, delete]")
    rights = requirement.texts("rights")
    if not rights:
        return 0
    try:
        return parse_ntfs_rights(rights)
    except SecurityDescriptorError as error:
        requirement.refuse(str(error), "rights")
        return 0
