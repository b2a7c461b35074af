# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options for products of your own and for the share."""

from __future__ import annotations


class ModuleDocFragment:
    """Fragment `sitekeeper.sms.product`."""

    DOCUMENTATION = r"""
options:
  products:
    description:
      - Your own products by name, as in the variable C(sms_products) of the inventory plugin
        P(sitekeeper.sms.hierarchy#inventory).
    type: dict
  share:
    description:
      - Name of the site share. The default is the product's.
    type: str
"""
