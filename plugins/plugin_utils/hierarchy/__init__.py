# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A hierarchy of SMS sites and what follows from it: pure values, no input or output.

Read top to bottom: :mod:`.products` says what each product requires, :mod:`.model` holds sites and
their addresses, :mod:`.description` reads them from the ``sms_sites`` variable and reports every
mistake at once, and :mod:`.grants` derives which account needs access on which site server.
"""

from __future__ import annotations

from .accounts import account_key, account_problem
from .description import HierarchyError, read_hierarchy
from .grants import Grant, required_grants
from .model import Address, Hierarchy, Site
from .products import PRODUCTS, Product, product

__all__ = [
    "PRODUCTS",
    "Address",
    "Grant",
    "Hierarchy",
    "HierarchyError",
    "Product",
    "Site",
    "account_key",
    "account_problem",
    "product",
    "read_hierarchy",
    "required_grants",
]
