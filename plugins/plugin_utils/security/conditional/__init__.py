# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What only conditional ACEs and resource attribute ACEs need: their data in binary form and as SDDL.

Every other module carries this data as bytes and does not look into it. No condition is evaluated: the claims of an
account are not known to the controller, so the access check returns such an entry's rights as unknown.
"""

from __future__ import annotations

from .condition import Condition, parse_condition
from .resource_attribute import ResourceAttribute
from .text import (
    closing_parenthesis,
    format_condition,
    format_resource_attribute,
    parse_condition_text,
    parse_resource_attribute_text,
)

__all__ = [
    "Condition",
    "ResourceAttribute",
    "closing_parenthesis",
    "format_condition",
    "format_resource_attribute",
    "parse_condition",
    "parse_condition_text",
    "parse_resource_attribute_text",
]
