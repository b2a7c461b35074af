# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters that answer questions about a hierarchy of sites; each is documented in the file of its name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.sitekeeper.sms.plugins.plugin_utils import hierarchy


def hierarchy_errors(sms_sites: object) -> list[str]:
    """Return what is wrong with the description, one sentence for each thing to correct."""
    try:
        hierarchy.read_hierarchy(sms_sites)
    except hierarchy.HierarchyError as error:
        return list(error.errors)
    return []


def required_grants(sms_sites: object) -> dict[str, list[dict[str, Any]]]:
    """Return for each site code the accounts to which its site server owes access, and why."""
    try:
        sites = hierarchy.read_hierarchy(sms_sites)
    except hierarchy.HierarchyError as error:
        raise AnsibleFilterError(f"The description of the hierarchy can't be used:\n{error}") from None
    return {
        code: [{"account": grant.account, "reasons": list(grant.reasons)} for grant in grants]
        for code, grants in hierarchy.required_grants(sites).items()
    }


class FilterModule:
    """The filters by the names that playbooks use."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters of this file."""
        return {"hierarchy_errors": hierarchy_errors, "required_grants": required_grants}
