# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Change control: a plan that people approve, applied exactly, recorded, and rolled back if needed."""

from __future__ import annotations

from .approval import Approval, approve
from .arguments import approved_plan, host_result, plan_of, refused
from .changes import changed_hosts, changes_of
from .document import (
    ChangeError,
    PlanDocument,
    canonical,
    checked_change_id,
    digest_of,
    make_document,
    read_document,
    summary_of,
    write_document,
    write_file,
)
from .host_change import Result, apply_host_plan, roll_back
from .host_plan import HostPlan, read_host_plan, section_of, unread_section
from .journal import append, host_lock, read_journal, utc_now
from .record import Event, Recorder
from .render import as_html, as_markdown

__all__ = [
    "Approval",
    "ChangeError",
    "Event",
    "HostPlan",
    "PlanDocument",
    "Recorder",
    "Result",
    "append",
    "apply_host_plan",
    "approve",
    "approved_plan",
    "as_html",
    "as_markdown",
    "canonical",
    "changed_hosts",
    "changes_of",
    "checked_change_id",
    "digest_of",
    "host_lock",
    "host_result",
    "make_document",
    "plan_of",
    "read_document",
    "read_host_plan",
    "read_journal",
    "refused",
    "roll_back",
    "section_of",
    "summary_of",
    "unread_section",
    "utc_now",
    "write_document",
    "write_file",
]
