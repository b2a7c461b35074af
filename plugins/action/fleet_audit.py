# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""fleet_audit: what the Sender accounts have on all site servers of the play."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import Any, ClassVar

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.release import __version__ as ansible_version
from ansible.utils.vars import load_extra_vars

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.memory import before_forks, freeze_heap

with before_forks():
    from ansible_collections.sitekeeper.sms.plugins.modules.fleet_audit import DOCUMENTATION
    from ansible_collections.sitekeeper.sms.plugins.plugin_utils.audit import AuditFile, AuditFileError, HostStatus
    from ansible_collections.sitekeeper.sms.plugins.plugin_utils.collection import collection_version
    from ansible_collections.sitekeeper.sms.plugins.plugin_utils.documentation import argument_spec
    from ansible_collections.sitekeeper.sms.plugins.plugin_utils.fleet import (
        HOST_VARIABLES,
        HostConnections,
        Limits,
        Question,
        Questions,
        preparation,
        questions_of,
        sweep,
    )
    from ansible_collections.sitekeeper.sms.plugins.plugin_utils.hierarchy import (
        HierarchyError,
        find_product,
        read_hierarchy,
    )


class ActionModule(ActionBase):
    """Door of the module."""

    BYPASS_HOST_LOOP = True
    _supports_check_mode = True
    _supports_async = False
    _requires_connection = False

    spec: ClassVar[dict[str, Any]] = argument_spec(DOCUMENTATION)

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Ansible's entry point."""
        freeze_heap()
        result: dict[str, Any] = super().run(tmp, task_vars)
        variables = task_vars or {}
        # Ansible copies what it checks, each item of each site, which takes longer than all that is done with them.
        # read_hierarchy checks them itself.
        sites = self._task.args.get("sms_sites")
        if sites:
            self._task.args = {**self._task.args, "sms_sites": []}
        _checked, arguments = self.validate_argument_spec(
            argument_spec=self.spec,
            required_one_of=[("sms_sites", "senders")],
            mutually_exclusive=[("sms_sites", "senders")],
        )
        if sites:
            arguments["sms_sites"] = sites
        hosts = list(dict.fromkeys(map(str, arguments["hosts"] or variables.get("ansible_play_hosts_all", ()))))
        questions = replace(_questions(arguments), terms=_terms(arguments, self._loader))
        path = Path(arguments["path"])
        about = {"collection": collection_version(), "ansible": ansible_version}
        try:
            file = AuditFile(path, questions.digest, about, max_age=arguments["max_age"])
            try:
                if file.warning:
                    self._display.warning(file.warning)
                result.update(self._audit(file, hosts, questions, arguments, variables))
            finally:
                file.close()
        except AuditFileError as error:
            raise AnsibleActionFail(str(error)) from None
        result.update(changed=False, path=str(path.absolute()))
        return result

    def _audit(
        self,
        file: AuditFile,
        hosts: Sequence[str],
        questions: Questions,
        arguments: Mapping[str, Any],
        variables: Mapping[str, Any],
    ) -> dict[str, Any]:
        found = {host: file.kept[host] for host in hosts if host in file.kept}
        resumed = len(found)
        ask = [host for host in hosts if host not in found]
        connections = HostConnections(self._task, self._play_context, self._loader, variables)
        if ask:
            connections.load(ask[0])
        limits = Limits(
            processes=arguments["processes"] or len(os.sched_getaffinity(0)),
            at_once=arguments["at_once"],
            timeout=arguments["timeout"],
            retries=arguments["retries"],
        )
        progress = _Progress(self._display.display, len(hosts), resumed, arguments["progress"])
        for told in sweep(ask, preparation(connections, questions, arguments["sms_products"]), limits):
            if told is not None:
                host, status, message, line = told
                file.add(line)
                found[host] = (status, message)
                progress.count(status)
            progress.say()
        tally = Counter(status for status, _message in found.values())
        counts = {"hosts": len(hosts), **{status.value: tally[status.value] for status in HostStatus}}
        file.end(counts)
        return {
            "counts": counts,
            "resumed": resumed,
            "drifted": [host for host in hosts if found[host][0] == HostStatus.DRIFTED.value],
            "hosts": {host: _short(*found[host]) for host in hosts},
        }


class _Progress:
    """Says how far it is, now and then."""

    def __init__(self, display: Any, hosts: int, resumed: int, every: int) -> None:
        self._display = display
        self._hosts = hosts
        self._read = self._resumed = resumed
        self._every = every
        self._counts: Counter[str] = Counter()
        self._begun = self._said = monotonic()

    def count(self, status: str) -> None:
        """One host more."""
        self._read += 1
        self._counts[status] += 1

    def say(self) -> None:
        """A line, if it is time for one."""
        now = monotonic()
        if not self._every or now - self._said < self._every or self._read == self._resumed:
            return
        self._said = now
        left = (self._hosts - self._read) * (now - self._begun) / (self._read - self._resumed)
        said = ", ".join(f"{self._counts[status.value]} {status.value}" for status in HostStatus)
        self._display(f"fleet_audit: {self._read} of {self._hosts} hosts read ({said}), about {left:.0f} s left")


def _questions(arguments: Mapping[str, Any]) -> Questions:
    products = arguments["sms_products"]
    if arguments["senders"]:
        try:
            product = find_product(arguments["product"], products)
        except ValueError as error:
            raise AnsibleActionFail(str(error)) from None
        return Questions(everyone=Question(None, product.name, tuple(map(str, arguments["senders"]))))
    try:
        hierarchy = read_hierarchy(arguments["sms_sites"], products)
    except HierarchyError as error:
        raise AnsibleActionFail(
            f"sms_sites describes no usable hierarchy. Nothing was read. Correct it:\n{error}"
        ) from None
    return questions_of(hierarchy, findings=arguments["findings"])


def _terms(arguments: Mapping[str, Any], loader: Any) -> dict[str, Any]:
    """What decides about answers besides the hierarchy: with other products, or options, they are others."""
    extra = load_extra_vars(loader)
    given = {name: str(extra[name]) for name in HOST_VARIABLES if name in extra}
    return {"products": arguments["sms_products"] or {}, "variables": given}


def _short(status: str, message: str | None) -> dict[str, str]:
    return {"status": status, "message": message} if message else {"status": status}
