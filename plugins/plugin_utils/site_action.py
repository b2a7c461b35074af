# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The base of the actions that need one host: it checks arguments, connects, and turns errors into results."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from ansible import constants as C  # noqa: N812 - Ansible's own name for it
from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.plugins.loader import filter_loader, test_loader

from .memory import before_forks

# Ansible imports this once, and then forks a process for each host: what they need is loaded here. With the first
# filter and the first test that a template has, Ansible loads all that there are.
with before_forks():
    from .directory.directories import Directories
    from .directory.entry import DirectoryEntriesError, entries_error
    from .domain_controllers import load_directories, open_directories
    from .enforcement import EnforcementError, failure_result
    from .site_server import AuthenticationFailed, ConnectionUnsupported, SiteServer, SiteServerError, Unreachable
    from .site_server.wires import load_wires, site_server

    load_wires()
    load_directories()
    filter_loader.get("default")
    test_loader.get("defined")


class SiteServerAction(ActionBase):  # type: ignore[misc]
    """An action plugin that reads or changes the task's host as a site server. Subclasses implement `run_task`."""

    _supports_check_mode = True
    _supports_async = False
    _requires_connection = True

    spec: ClassVar[dict[str, Any]]

    def run_task(self, server: SiteServer, arguments: dict[str, Any]) -> dict[str, Any]:
        """Do the task's work and return its results."""
        raise NotImplementedError

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Ansible's entry point."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        del tmp
        host = str(self._task.delegate_to or (task_vars or {}).get("inventory_hostname"))
        try:
            _checked, arguments = self.validate_argument_spec(argument_spec=self.spec)
        except AnsibleActionFail:
            # Ansible's own message does not name the option and the entry.
            if reason := entries_error(self._task.args.get("sms_directory")):
                raise AnsibleActionFail(f"{host}: {reason}") from None
            raise
        if arguments.get("site_code"):
            # Failed or not: a table of many hosts names them by it.
            result["site_code"] = arguments["site_code"]
        if arguments.get("senders") == []:
            result.update(skipped=True, msg="no Sender account needs access here")
            return result
        try:
            with site_server(host, self._connection, progress=self._display.display) as server:
                result.update(self.run_task(server, arguments))
        except (Unreachable, AuthenticationFailed) as error:
            # As Ansible's own Windows modules do, so that `ignore_unreachable` and the recap mean the same.
            result.update(unreachable=True, changed=False, msg=str(error))
        except EnforcementError as error:
            result.update(failure_result(error))
        except DirectoryEntriesError as error:
            result.update(failed=True, changed=False, msg=f"{host}: {error}")
        except (SiteServerError, ConnectionUnsupported) as error:
            result.update(failed=True, changed=False, msg=str(error))
        return result

    def directories(self, server: SiteServer, arguments: dict[str, Any]) -> Directories:
        """The directories of the option `sms_directory`. All processes of the run share what was read in them.

        Raises:
            DirectoryEntriesError: an entry is wrong.
        """
        run = Path(C.DEFAULT_LOCAL_TMP)
        return open_directories(arguments["sms_directory"], self._connection, server.host, run)

    @property
    def check_mode(self) -> bool:
        """Check mode: plan, do not write."""
        return bool(self._task.check_mode)

    @property
    def wants_diff(self) -> bool:
        """Whether a diff will be shown."""
        return bool(self._task.diff)
