# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""sender_probe: the steps of the sender, run as the Sender account from the controller or from the task's host."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.module_utils.basic import missing_required_lib
from ansible.plugins.action import ActionBase

from ansible_collections.sitekeeper.sms.plugins.module_utils.sender_probe import CleanUp, ProbeRequest, probe, result_of
from ansible_collections.sitekeeper.sms.plugins.module_utils.smb_session import IMPACKET_IMPORT_ERROR
from ansible_collections.sitekeeper.sms.plugins.modules.sender_probe import DOCUMENTATION
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.documentation import argument_spec
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.hierarchy import find_product
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server import (
    ConnectionUnsupported,
    NotFound,
    SiteServerError,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server.wires import find_wire, site_server

SMB_DEFAULTS: dict[str, Any] = {
    "domains": {},
    "port": 445,
    "dialect": "auto",
    "signing": "required",
    "encryption": False,
    "timeout": 30,
}

SPEC = argument_spec(DOCUMENTATION)


class ActionModule(ActionBase):  # type: ignore[misc]
    """The action of the module."""

    _supports_check_mode = True
    _supports_async = False
    _requires_connection = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Ansible's entry point."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        del tmp
        task_vars = task_vars or {}
        arguments = self._arguments(task_vars)
        if find_wire(self._connection) is None:  # a host on which a module can run
            result.update(
                self._execute_module("sitekeeper.sms.sender_probe", module_args=arguments, task_vars=task_vars)
            )
            return result
        if IMPACKET_IMPORT_ERROR:
            raise AnsibleActionFail(missing_required_lib("impacket"))
        request = ProbeRequest.from_arguments(arguments, reading_only=self._task.check_mode)
        troubles: list[str] = []
        result.update(result_of(request, probe(request, self._operator(task_vars, request, troubles))))
        result["product"] = arguments["product"]
        if troubles:
            result["warnings"] = [*result.get("warnings", []), *troubles]
        return result

    def _arguments(self, task_vars: dict[str, Any]) -> dict[str, Any]:
        """The task's arguments, checked, with the defaults of the product and the host's variables."""
        from_host = {
            option: self._templar.template(task_vars[variable])
            for option, variable in ((option, f"ansible_smb_{option}") for option in SMB_DEFAULTS)
            if variable in task_vars
        }
        self._task.args = {**from_host, **self._task.args}
        _checked, arguments = self.validate_argument_spec(argument_spec=SPEC)
        try:
            known = find_product(arguments["product"], arguments.pop("products", None))
        except ValueError as error:
            raise AnsibleActionFail(str(error)) from None
        defaults = {
            **SMB_DEFAULTS,
            "share": known.share,
            "required_steps": list(known.probe_steps),
            "server": self._address(task_vars),
        }
        given = {option: value for option, value in arguments.items() if value is not None}
        return {**arguments, **defaults, **given}

    def _address(self, task_vars: dict[str, Any]) -> str:
        """The address of the site server that the task is for."""
        wire = find_wire(self._connection)
        if wire is not None:
            return wire.address(self._connection)
        return str(self._templar.template(task_vars.get("ansible_host") or task_vars["inventory_hostname"]))

    def _operator(self, task_vars: dict[str, Any], request: ProbeRequest, troubles: list[str]) -> CleanUp:
        """A function that deletes files of the share over the task's connection, and collects its errors."""
        host = str(self._task.delegate_to or task_vars.get("inventory_hostname"))
        same_server = request.settings.address == self._address(task_vars)

        def clean_up(names: Sequence[str]) -> Sequence[str]:
            left = list(names)
            try:
                with site_server(host, self._connection) as server:
                    directory = server.share(request.share).path
                    for name in names:
                        try:
                            server.delete_file(f"{directory}\\{name}")
                        except NotFound:
                            # By another name this may be another server, which never had the file.
                            if not same_server:
                                continue
                        left.remove(name)
            except (SiteServerError, ConnectionUnsupported) as error:
                troubles.append(str(error))
            return left

        return clean_up
