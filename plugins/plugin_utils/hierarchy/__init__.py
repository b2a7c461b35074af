# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A hierarchy of SMS or ConfigMgr sites and the access that it requires: pure values, no input or output.

- :mod:`.products`: what each product requires.
- :mod:`.model`: sites and their addresses.
- :mod:`.description`: reads the variable ``sms_sites`` and reports all mistakes together. :mod:`.custom_products` reads
  your own products from ``sms_products``.
- :mod:`.grants`: which account needs access to which site server.
- :mod:`.host_site`: which site a host of the inventory serves.
- :mod:`.findings`: problems in the description, and accounts that cannot log on to a destination.
"""

from __future__ import annotations

from .accounts import account_key, account_problem
from .custom_products import find_product
from .description import read_hierarchy
from .fields import HierarchyError, Problem, quoted
from .findings import LOGON_KINDS, Finding, hierarchy_findings, logon_findings
from .grants import Grant, required_grants
from .host_site import (
    INVENTORY_SITE_CODE,
    ROLE_SITE_CODE,
    NoSite,
    codes_by_server,
    site_code_of,
)
from .model import Address, Hierarchy, Route, Site
from .products import PRODUCTS, Product

__all__ = [
    "INVENTORY_SITE_CODE",
    "LOGON_KINDS",
    "PRODUCTS",
    "ROLE_SITE_CODE",
    "Address",
    "Finding",
    "Grant",
    "Hierarchy",
    "HierarchyError",
    "NoSite",
    "Problem",
    "Product",
    "Route",
    "Site",
    "account_key",
    "account_problem",
    "codes_by_server",
    "find_product",
    "hierarchy_findings",
    "logon_findings",
    "quoted",
    "read_hierarchy",
    "required_grants",
    "site_code_of",
]
