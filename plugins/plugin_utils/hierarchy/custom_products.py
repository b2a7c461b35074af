# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the ``sms_products`` variable: products of one's own, from scratch or based on a known one."""

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

# Far above any need; what is larger is a mistake.
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
_FACTS = KEYS[2:-1]

# Ansible makes a group of each name.
_NAME = re.compile("[a-z][a-z0-9_]{0,49}", re.ASCII)

# Not allowed in the name of a share: Microsoft Learn, NetShareAdd function, Remarks on shi2_netname.
_SHARE = re.compile(r'[^\x00-\x1f"/\\\[\]:|<>+=;,*?]{1,80}')

# Not allowed in the name of a file: Microsoft Learn, "Naming Files, Paths, and Namespaces".
_COMPONENT = re.compile(r'[^\x00-\x1f<>:"|?*\\/]+')

# Not allowed in the name of a group: Active Directory schema, SAM-Account-Name.
_GROUP = re.compile(r'[^\x00-\x1f"/\\\[\]:;|=,+*?<>]{1,256}')


def read_products(description: object, problems: list[Problem]) -> Mapping[str, Product]:
    """Return the known products and those that ``description`` (the value of ``sms_products``) adds.

    What is wrong is added to ``problems``. A product with mistakes is there nevertheless, so that the sites that name
    it are not wrong because of them.
    """
    if description is None:
        return PRODUCTS
    if not isinstance(description, Mapping):
        text = f"{VARIABLE} must be a dictionary of products by their names, but it is {kind_of(description)}."
        problems.append(Problem(text, (VARIABLE,)))
        return PRODUCTS
    if len(description) > MAX_PRODUCTS:
        text = f"{VARIABLE} describes {len(description)} products; more than {MAX_PRODUCTS} are not read."
        problems.append(Problem(text, (VARIABLE,)))
        return PRODUCTS
    products = dict(PRODUCTS)
    for name, values in description.items():
        path = (VARIABLE, str(name))
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            text = f"{VARIABLE}: name {quoted(name)} is malformed; use small letters, digits and _, a letter first."
            problems.append(Problem(text, path))
        elif name in PRODUCTS:
            text = f"{VARIABLE}: {quoted(name)} is known; give yours another name, based_on: {name}."
            problems.append(Problem(text, path))
        elif not isinstance(values, Mapping):
            text = f"product {name} must be a dictionary that describes it, but it is {kind_of(values)}."
            problems.append(Problem(text, path))
            products[name] = _unknown(name)
        else:
            products[name] = _Profile(name, Fields(values, f"product {name}", path, problems)).read(products)
    return products


def find_product(name: str, description: object = None) -> Product:
    """Return the product called ``name``: a known one, or one that ``description`` (see above) adds.

    Raises :class:`ValueError` if the description is wrong, or with the names that are known when there is none.
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


class _Profile:
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
            # Where somebody says otherwise, the base's source for it and its gap no longer count.
            sources={**base.sources, **dict.fromkeys(facts, source)},
            gaps={fact: gap for fact, gap in base.gaps.items() if fact not in facts},
            **facts,
        )
        if product.held_by_group and not product.group:
            given.refuse("a group holds rights, but group is missing; give its name, with {code} for the site code")
        return product

    def _require(self) -> None:
        """Without a base everything that decides about access has to be said."""
        for key, advice in (
            ("share", "give the name of the site share"),
            ("directory", "give the directory behind it, relative to the installation root"),
            ("share_access", "give its holder and access"),
            ("directory_access", "give its holder and rights"),
            ("source", "say where these facts are from"),
        ):
            if not self._given.has(key):
                self._given.refuse(f"{key} is missing; {advice}, or a product that this one is based_on")

    def _facts(self) -> Iterator[tuple[str, Any]]:
        """Yield what is given, by the attribute's name."""
        given = self._given
        for key, pattern, what in (
            ("share", _SHARE, "the name of a share"),
            ("group", _GROUP, "the name of a group"),
        ):
            if text := given.text(key):
                if not pattern.fullmatch(text):
                    given.refuse(f"{key} {quoted(text)} can't be {what}", key)
                yield key, text
        if directory := given.text("directory"):
            if not all(_COMPONENT.fullmatch(part) and part.strip(". ") for part in re.split(r"[\\/]", directory)):
                given.refuse(
                    f"directory {quoted(directory)} is no path relative to the installation root, such as "
                    r"inboxes\despoolr.box\receive",
                    "directory",
                )
            yield "directory", directory.replace("/", "\\")
        for key, mask in (("share_access", _share_mask), ("directory_access", _directory_mask)):
            if (requirement := given.mapping(key)) is not None:
                holder = requirement.choice(
                    "holder", [each.value for each in Holder], "holder", "it is one of", "give account or group"
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
                hint = did_you_mean(sender, known) or f"; they are {', '.join(known)}"
                self._given.refuse(f"unknown default sender {quoted(sender)}{hint}", "default_senders")


def _share_mask(requirement: Fields) -> int:
    requirement.refuse_unknown(("holder", "access"))
    access = requirement.choice("access", SHARE_ACCESS, "access", "it is one of", "give full_control, change or read")
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
