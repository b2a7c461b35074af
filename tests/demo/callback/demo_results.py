# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A callback that keeps what the sender_access modules returned, and the recap, for the program that shows it.

It writes one JSON object a line to the file that the environment variable ``DEMO_RESULTS`` names.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from ansible.executor.stats import AggregateStats
from ansible.executor.task_result import CallbackTaskResult
from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: demo_results
type: notification
short_description: Keep results of the sender_access modules for the demonstration
description:
  - Writes them to the file that the environment variable E(DEMO_RESULTS) names.
"""

_MODULES = {"sitekeeper.sms.sender_access", "sitekeeper.sms.sender_access_info"}


class CallbackModule(CallbackBase):
    """Beside the callback that prints."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "demo_results"
    CALLBACK_NEEDS_ENABLED = True

    def v2_runner_on_ok(self, result: CallbackTaskResult) -> None:
        self._keep(result)

    def v2_runner_on_failed(self, result: CallbackTaskResult, ignore_errors: bool = False) -> None:
        self._keep(result)

    def v2_runner_on_unreachable(self, result: CallbackTaskResult) -> None:
        self._keep(result)

    def v2_playbook_on_stats(self, stats: AggregateStats) -> None:
        self._write({"recap": {host: stats.summarize(host) for host in stats.processed}})

    def _keep(self, result: CallbackTaskResult) -> None:
        if result.task.resolved_action in _MODULES:
            self._write({"host": result.host.get_name(), "result": dict(result.result)})

    @staticmethod
    def _write(line: dict[str, Any]) -> None:
        with Path(os.environ["DEMO_RESULTS"]).open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, default=str) + "\n")
