# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters that answer questions about a hierarchy of sites; each is documented in the file of its name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.sitekeeper.sms.plugins.plugin_utils import hierarchy


def hierarchy_errors(sms_sites: object, sms_products: object = None) -> list[str]:
    """Return what is wrong with the description, one sentence for each thing to correct."""
    try:
        hierarchy.read_hierarchy(sms_sites, sms_products)
    except hierarchy.HierarchyError as error:
        return list(error.errors)
    return []


def required_grants(sms_sites: object, sms_products: object = None) -> dict[str, list[dict[str, Any]]]:
    """Return for each site code the accounts that need access on its site server, and why."""
    return {
        code: [grant.as_dict() for grant in grants]
        for code, grants in hierarchy.required_grants(_read(sms_sites, sms_products)).items()
    }


def hierarchy_findings(
    sms_sites: object, service_accounts: object = None, sms_products: object = None
) -> list[dict[str, str]]:
    """Return the findings of the hierarchy, one dictionary each."""
    sites = _read(sms_sites, sms_products)
    logons = None if service_accounts is None else _logons(sites, service_accounts)
    return [finding.as_dict() for finding in hierarchy.hierarchy_findings(sites, logons)]


def host_site(scope: object, host: str, role_code: object = None, inventory_code: object = None) -> dict[str, Any]:
    """Return the site that a host of the inventory serves, with what its site server must have."""
    if not isinstance(scope, Mapping) or not scope.keys() >= {"sites", "grants", "products"}:
        raise AnsibleFilterError("host_site takes what sitekeeper.sms.hierarchy_scope returned")
    variables = {hierarchy.ROLE_SITE_CODE: role_code, hierarchy.INVENTORY_SITE_CODE: inventory_code}
    code = hierarchy.site_code_of(host, variables, scope["sites"])
    if code not in scope["grants"]:
        raise AnsibleFilterError(str(hierarchy.NoSite(host, code)))
    grants = scope["grants"][code]
    return {
        "code": code,
        "product": scope["products"][code],
        "senders": [grant["account"] for grant in grants],
        "reasons": {grant["account"]: grant["reasons"] for grant in grants},
    }


def _read(sms_sites: object, sms_products: object) -> hierarchy.Hierarchy:
    try:
        return hierarchy.read_hierarchy(sms_sites, sms_products)
    except hierarchy.HierarchyError as error:
        raise AnsibleFilterError(f"The description of the hierarchy can't be used:\n{error}") from None


def _logons(sites: hierarchy.Hierarchy, service_accounts: object) -> dict[str, str | None]:
    """The accounts by site code in upper case, checked."""
    if not isinstance(service_accounts, Mapping):
        raise AnsibleFilterError("service_accounts must be a dictionary of accounts by site codes")
    logons: dict[str, str | None] = {}
    for code, account in service_accounts.items():
        if sites.by_code(str(code)) is None:
            raise AnsibleFilterError(
                f"service_accounts names site {hierarchy.quoted(code)}, which sms_sites does not describe"
            )
        if account is not None and not isinstance(account, str):
            raise AnsibleFilterError(
                f"service_accounts: the account of site {hierarchy.quoted(code)} must be text, or null if not known"
            )
        logons[str(code).upper()] = account
    return logons


class FilterModule:
    """The filters by the names that playbooks use."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters of this file."""
        return {
            "hierarchy_errors": hierarchy_errors,
            "hierarchy_findings": hierarchy_findings,
            "host_site": host_site,
            "required_grants": required_grants,
        }
