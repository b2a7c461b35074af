# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A hierarchy of SMS sites and what follows from it: pure values, no input or output.

Read top to bottom: :mod:`.products` says what each product requires, :mod:`.model` holds sites and
their addresses, :mod:`.description` reads them from the ``sms_sites`` variable (and :mod:`.custom_products` products of
one's own from ``sms_products``) and reports every mistake at once, :mod:`.grants` derives which account needs access
on which site server, and :mod:`.findings` says what in it is not as it should be.
"""

from __future__ import annotations

from .accounts import account_key, account_problem
from .custom_products import find_product
from .description import read_hierarchy
from .fields import HierarchyError, Problem
from .findings import Finding, hierarchy_findings
from .grants import Grant, required_grants
from .model import Address, Hierarchy, Route, Site
from .products import PRODUCTS, Product

__all__ = [
    "PRODUCTS",
    "Address",
    "Finding",
    "Grant",
    "Hierarchy",
    "HierarchyError",
    "Problem",
    "Product",
    "Route",
    "Site",
    "account_key",
    "account_problem",
    "find_product",
    "hierarchy_findings",
    "read_hierarchy",
    "required_grants",
]
