# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked of each host: the accounts that must have access there, and why."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from ..audit import AuditedFinding, findings_by_site
from ..hierarchy import Hierarchy, codes_by_server, required_grants, site_code_of


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of one site server.

    Attributes:
        site: code of its site; None if the accounts were given without a hierarchy.
        product: name of its product.
        senders: the Sender accounts that need access there.
        reasons: for each of them, one sentence for each site that sends as it.
        findings: the findings of its site.
    """

    site: str | None
    product: str
    senders: tuple[str, ...]
    reasons: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    findings: tuple[AuditedFinding, ...] = ()


@dataclass(frozen=True, slots=True)
class Questions:
    """What is asked of the hosts of a fleet.

    Attributes:
        by_code: the question for each site.
        codes: the site of each site server, by its name in lower case.
        everyone: the question for every host, where there is no hierarchy.
        terms: what else the answers depend on, as JSON: the operator's own products, and variables of the role
            that are given for all hosts.
    """

    by_code: Mapping[str, Question] = field(default_factory=lambda: MappingProxyType({}))
    codes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    everyone: Question | None = None
    terms: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    def of(self, host: str, variables: Mapping[str, Any]) -> Question | None:
        """The question for a host, found as the role `sms_sender_perms` finds a host's site; None if it has none."""
        if self.everyone is not None:
            return self.everyone
        return self.by_code.get(site_code_of(host, variables, self.codes))

    @property
    def digest(self) -> str:
        """A digest of all that is asked: answers to other questions are of no use."""
        everything = {
            "everyone": _plain(self.everyone) if self.everyone else None,
            "sites": {code: _plain(question) for code, question in sorted(self.by_code.items())},
            "servers": dict(sorted(self.codes.items())),
            "terms": dict(self.terms),
        }
        return hashlib.sha256(json.dumps(everything, sort_keys=True, default=str).encode()).hexdigest()


def questions_of(hierarchy: Hierarchy, *, findings: bool) -> Questions:
    """What a hierarchy asks of its site servers.

    Args:
        hierarchy: the sites.
        findings: whether to add the findings of each.
    """
    found = findings_by_site(hierarchy) if findings else {}
    grants = required_grants(hierarchy)
    return Questions(
        by_code={
            site.code: Question(
                site=site.code,
                product=site.product.name,
                senders=tuple(grant.account for grant in grants[site.code]),
                reasons={grant.account: grant.reasons for grant in grants[site.code]},
                findings=found.get(site.code, ()),
            )
            for site in hierarchy.sites
        },
        codes=codes_by_server(hierarchy),
    )


def _plain(question: Question) -> list[Any]:
    return [question.site, question.product, question.senders, {k: list(v) for k, v in question.reasons.items()}]
