# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A callback that keeps what the collection's modules returned, one JSON object a line, for the laws of the matrix."""

from __future__ import annotations

import json
import os
from pathlib import Path

from ansible.executor.task_result import CallbackTaskResult
from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: faults_results
type: notification
short_description: Keep results of the collection's modules for the fault matrix
description:
  - Writes them to the file that the environment variable E(FAULTS_RESULTS) names.
"""


class CallbackModule(CallbackBase):  # type: ignore[misc]
    """Beside the callback that prints."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "faults_results"
    CALLBACK_NEEDS_ENABLED = True

    def v2_runner_on_ok(self, result: CallbackTaskResult) -> None:
        self._keep(result)

    def v2_runner_on_failed(self, result: CallbackTaskResult, ignore_errors: bool = False) -> None:
        self._keep(result, failed=True)

    def v2_runner_on_unreachable(self, result: CallbackTaskResult) -> None:
        self._keep(result, unreachable=True)

    @staticmethod
    def _keep(result: CallbackTaskResult, **how: bool) -> None:
        action = str(result.task.resolved_action)
        if action.startswith("sitekeeper.sms."):
            line = {"action": action, "host": result.host.get_name(), **result.result, **how}
            with Path(os.environ["FAULTS_RESULTS"]).open("a", encoding="utf-8") as file:
                file.write(json.dumps(line, default=str) + "\n")
