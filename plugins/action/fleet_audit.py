# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""fleet_audit: the access of the Sender accounts on all site servers of the play."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import Any, ClassVar

from ansible import constants as C  # noqa: N812 - Ansible's own name for it
from ansible.errors import AnsibleActionFail
from ansible.release import __version__ as ansible_version
from ansible.utils.vars import load_extra_vars

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.memory import before_forks, freeze_heap

with before_forks():
    from ansible_collections.sitekeeper.sms.plugins.modules.fleet_audit import DOCUMENTATION
    from ansible_collections.sitekeeper.sms.plugins.plugin_utils.audit import AuditFile, AuditFileError, HostStatus
    from ansible_collections.sitekeeper.sms.plugins.plugin_utils.collection import collection_version
    from ansible_collections.sitekeeper.sms.plugins.plugin_utils.controller_action import ControllerAction, TaskFailed
    from ansible_collections.sitekeeper.sms.plugins.plugin_utils.directory.entry import (
        DirectoryEntriesError,
        directory_entries,
        entries_error,
    )
    from ansible_collections.sitekeeper.sms.plugins.plugin_utils.documentation import argument_spec
    from ansible_collections.sitekeeper.sms.plugins.plugin_utils.domain_controllers import (
        load_directories,
        open_directories,
    )
    from ansible_collections.sitekeeper.sms.plugins.plugin_utils.fleet import (
        HOST_VARIABLES,
        HostConnections,
        Limits,
        OpenDirectories,
        Question,
        Questions,
        preparation,
        questions_of,
        sweep,
    )
    from ansible_collections.sitekeeper.sms.plugins.plugin_utils.hierarchy import find_product


class ActionModule(ControllerAction):
    """The action of the module `fleet_audit`."""

    BYPASS_HOST_LOOP = True

    spec = argument_spec(DOCUMENTATION)
    rules: ClassVar[dict[str, Any]] = {
        "required_one_of": [("sms_sites", "senders")],
        "mutually_exclusive": [("sms_sites", "senders")],
    }
    unchecked = ("sms_sites",)
    failures = (AuditFileError, DirectoryEntriesError)

    def _checked_arguments(self) -> dict[str, Any]:
        try:
            return super()._checked_arguments()
        except AnsibleActionFail:
            # Ansible's own message does not name the option and the entry.
            if reason := entries_error(self._task.args.get("sms_directory")):
                raise AnsibleActionFail(reason) from None
            raise

    def run_task(self, arguments: dict[str, Any], variables: Mapping[str, Any]) -> dict[str, Any]:
        """Read all hosts into the audit file."""
        freeze_heap()
        directory_entries(arguments["sms_directory"])  # a wrong one is an error of the task, not of each host
        if arguments["sms_directory"]:
            load_directories()
        hosts = list(dict.fromkeys(map(str, arguments["hosts"] or variables.get("ansible_play_hosts_all", ()))))
        questions = replace(self._questions(arguments), terms=_terms(arguments, self._loader))
        path = Path(arguments["path"])
        about = {"collection": collection_version(), "ansible": ansible_version}
        file = AuditFile(path, questions.digest, about, max_age=arguments["max_age"])
        try:
            if file.warning:
                self._display.warning(file.warning)
            return {**self._audit(file, hosts, questions, arguments, variables), "path": str(path.absolute())}
        finally:
            file.close()

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
        prepare = preparation(connections, questions, arguments["sms_products"], _directories(arguments))
        for answer in sweep(ask, prepare, limits):
            if answer is not None:
                host, status, message, line = answer
                file.add(line)
                found[host] = (status, message)
                progress.count(status)
            progress.show()
        tally = Counter(status for status, _message in found.values())
        counts = {"hosts": len(hosts), **{status.value: tally[status.value] for status in HostStatus}}
        file.end(counts)
        return {
            "counts": counts,
            "resumed": resumed,
            "drifted": [host for host in hosts if found[host][0] == HostStatus.DRIFTED.value],
            "hosts": {host: _short(*found[host]) for host in hosts},
        }

    def _questions(self, arguments: Mapping[str, Any]) -> Questions:
        products = arguments["sms_products"]
        if not arguments["senders"]:
            hierarchy = self.read_sites(arguments["sms_sites"], products, "Nothing was read.")
            return questions_of(hierarchy, findings=arguments["findings"])
        try:
            product = find_product(arguments["product"], products)
        except ValueError as error:
            raise TaskFailed(str(error)) from None
        return Questions(everyone=Question(None, product.name, tuple(map(str, arguments["senders"]))))


def _directories(arguments: Mapping[str, Any]) -> OpenDirectories:
    """Opens the directories for each host, with its own account where no other is given."""
    memory = Path(C.DEFAULT_LOCAL_TMP)
    return lambda host, connection: open_directories(arguments["sms_directory"], connection, host, memory)


class _Progress:
    """Shows how many hosts were read, at most once in `every` seconds."""

    def __init__(self, display: Any, hosts: int, resumed: int, every: int) -> None:
        self._display = display
        self._hosts = hosts
        self._read = self._resumed = resumed
        self._every = every
        self._counts: Counter[str] = Counter()
        self._begun = self._shown = monotonic()

    def count(self, status: str) -> None:
        """Count one more host."""
        self._read += 1
        self._counts[status] += 1

    def show(self) -> None:
        """Show a line, if it is time for one."""
        now = monotonic()
        if not self._every or now - self._shown < self._every or self._read == self._resumed:
            return
        self._shown = now
        left = (self._hosts - self._read) * (now - self._begun) / (self._read - self._resumed)
        counts = ", ".join(f"{self._counts[status.value]} {status.value}" for status in HostStatus)
        self._display(f"fleet_audit: {self._read} of {self._hosts} hosts read ({counts}), about {left:.0f} s left")


def _terms(arguments: Mapping[str, Any], loader: Any) -> dict[str, Any]:
    """What the answers depend on besides the hierarchy: products, directories, variables of the role for all hosts."""
    extra = load_extra_vars(loader)
    given = {name: str(extra[name]) for name in HOST_VARIABLES if name in extra}
    # Another account, or another way to the domain controller, can see what the first one did not.
    directories = [
        {key: value for key, value in entry.items() if key not in ("password", "timeout")}
        for entry in arguments["sms_directory"] or ()
    ]
    return {"products": arguments["sms_products"] or {}, "variables": given, "directories": directories}


def _short(status: str, message: str | None) -> dict[str, str]:
    return {"status": status, "message": message} if message else {"status": status}
