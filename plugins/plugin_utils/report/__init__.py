# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The results of an audit as a page for people and as files for programs.

The package `audit` reads the audit file, :mod:`.fleet` joins it with the hierarchy, and each format has a module that
makes its text: :mod:`.page` (HTML), :mod:`.tables` (JSON and CSV), :mod:`.junit`. Nothing here writes files. The same
audit gives the same text, byte for byte.
"""

from __future__ import annotations

from .fleet import Fleet, SiteState, fleet_of
from .junit import junit_xml
from .page import html_page
from .tables import csv_table, json_summary

__all__ = [
    "Fleet",
    "SiteState",
    "csv_table",
    "fleet_of",
    "html_page",
    "json_summary",
    "junit_xml",
]
