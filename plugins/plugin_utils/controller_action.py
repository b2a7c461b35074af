# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The base of actions that run on the controller and connect to no host: arguments checked, failures as results."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from ansible.plugins.action import ActionBase

from .hierarchy import Hierarchy, HierarchyError, read_hierarchy
from .play import refusal


class TaskFailed(Exception):
    """The task fails; the text is its message."""


class ControllerAction(ActionBase):  # type: ignore[misc]
    """An action plugin that works on the controller. Subclasses implement `run_task`.

    Attributes:
        spec: the argument spec.
        rules: further arguments of Ansible's `validate_argument_spec`, such as `required_one_of`.
        unchecked: options that the use case checks itself. Ansible copies what it checks, each item of each site, which
            takes longer than all that is done with them.
        failures: exceptions of the use case whose text is a complete message.
    """

    _supports_check_mode = True
    _supports_async = False
    _requires_connection = False

    spec: ClassVar[dict[str, Any]]
    rules: ClassVar[dict[str, Any]] = {}
    unchecked: ClassVar[tuple[str, ...]] = ()
    failures: ClassVar[tuple[type[Exception], ...]] = ()

    def run_task(self, arguments: dict[str, Any], variables: Mapping[str, Any]) -> dict[str, Any]:
        """Do the task's work and return its results; `variables` are those of the task's host."""
        raise NotImplementedError

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Ansible's entry point."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        del tmp
        arguments = self._checked_arguments()
        try:
            result.update({"changed": False, **self.run_task(arguments, task_vars or {})})
        except TaskFailed as error:
            result.update(failed=True, changed=False, msg=str(error))
        except self.failures as error:
            result.update(failed=True, changed=False, msg=str(error))
        return result

    def check_play(self, state: str = "") -> None:
        """Refuse a play whose results could be false; `state` is a sentence about what was done until then.

        Raises:
            TaskFailed: see `play.refusal`.
        """
        if refused := refusal(self._task, self._loader):
            raise TaskFailed(f"{refused} {state}".rstrip())

    @staticmethod
    def read_sites(sites: object, products: object, state: str = "") -> Hierarchy:
        """Read the hierarchy that the options `sms_sites` and `sms_products` describe; `state` as in `check_play`.

        Raises:
            TaskFailed: with all that is to be corrected.
        """
        try:
            return read_hierarchy(sites, products)
        except HierarchyError as error:
            lines = [f"- {problem}" for problem in error.errors]
            head = " ".join(filter(None, ("sms_sites describes no usable hierarchy.", state, "Correct it:")))
            raise TaskFailed("\n".join([head, *lines])) from None

    @property
    def check_mode(self) -> bool:
        """Check mode: write nothing."""
        return bool(self._task.check_mode)

    def _checked_arguments(self) -> dict[str, Any]:
        given = self._task.args
        aside = {name: given[name] for name in self.unchecked if given.get(name)}
        self._task.args = {**given, **{name: [] for name in aside}}
        try:
            _checked, arguments = self.validate_argument_spec(argument_spec=self.spec, **self.rules)
        finally:
            self._task.args = given  # a task with `until` runs again with them
        return {**arguments, **aside}
