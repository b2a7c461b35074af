# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Refusals and failures of the use cases, in words that an operator can act on."""

from __future__ import annotations


class EnforcementError(Exception):
    """What was asked for will not or could not be done; the message names host and object and says what to do."""


class Refused(EnforcementError):
    """Nothing was written: doing it would be wrong, dangerous or impossible."""


class NotWritten(EnforcementError):
    """A write got no answer, and the server holds what it held before."""


class WriteFailed(EnforcementError):
    """Something was written and is not as planned; the message says what the server holds now."""
