# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be wrong with an audit file."""

from __future__ import annotations


class AuditError(ValueError):
    """A file cannot be used as an audit; the message names the file and the line."""


class AuditFileError(Exception):
    """The file cannot be written."""
