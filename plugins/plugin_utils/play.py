# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The play of an action that runs once for it: how it runs, which hosts it has, what they returned."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.playbook.task import Task
from ansible.plugins.loader import strategy_loader
from ansible.utils.vars import load_extra_vars

from .hierarchy import site_code_of

_INTERNAL = ("_sms_sender_perms_", "_sms_change_", "_sms_fleet_")
"""How the names of variables begin that the role and the playbooks set themselves."""


def refusal(task: Task, loader: Any) -> str | None:
    """Return why results of this play could be false, if they could; else None.

    The role works out some things once for all hosts, which only strategies do that bring all hosts to a task before
    the next task. These are `linear` and those made from it, as `debug` is: ansible-core, plugins/strategy.
    """
    strategy = str(task.get_play().strategy)
    if not _keeps_hosts_together(strategy):
        return (
            f"The role does not run with the strategy {strategy}: it needs all hosts to finish a task before the next "
            "one. Set `strategy: ansible.builtin.linear` in this play."
        )
    if task.delegate_to:
        return (
            f"The role does not run with delegate_to ({task.delegate_to}): it reads each host over the host's own "
            "connection. Remove delegate_to."
        )
    given = sorted(name for name in load_extra_vars(loader) if str(name).startswith(_INTERNAL))
    if given:
        return f"Extra variables would replace results of the hosts: {', '.join(given)}. Remove them."
    return None


def _keeps_hosts_together(strategy: str) -> bool:
    found = strategy_loader.get(strategy, class_only=True)
    return found is not None and issubclass(found, strategy_loader.get("linear", class_only=True))


def play_id(task: Task) -> str:
    """Return what identifies this play within the run; the same for all of its batches."""
    return str(task.get_play()._uuid)


def registered(variables: Mapping[str, Any], host: str, name: str) -> Any:
    """Return what a task has registered for a host, None if nothing. A result is data, so it is not templated."""
    return variables["hostvars"].raw_get(host).get(name)


def is_last_batch(task: Task, variables: Mapping[str, Any]) -> bool:
    """Return whether no batch of the play comes after this one; True in every batch if that cannot be worked out.

    Ansible runs no further batch after one whose hosts have all failed.
    """
    batch, hosts = variables["ansible_play_batch"], variables["ansible_play_hosts"]
    # Ansible lists the hosts of a play in the order of the inventory, and makes batches in the order of the play.
    order = task.get_play().order or "inventory"
    last = {
        "inventory": lambda: hosts[-1],
        "reverse_inventory": lambda: hosts[0],
        "sorted": lambda: max(hosts),
        "reverse_sorted": lambda: min(hosts),
    }.get(order)
    return not batch or last is None or last() in batch


def absent_sites(variables: Mapping[str, Any], sites: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return code and server of the sites without a host in the inventory; ``sites`` has the codes by servers."""
    present = {host.lower() for host in (*variables["ansible_play_hosts_all"], *variables["groups"]["all"])}
    absent = [(code, server) for server, code in sites.items() if server not in present]
    # Ansible makes all variables of a host for this, so only where it matters.
    hosts = variables["groups"]["all"] if absent else ()
    served = {site_code_of(host, variables["hostvars"][host], sites) for host in hosts}
    return [(code, server) for code, server in absent if code not in served]
