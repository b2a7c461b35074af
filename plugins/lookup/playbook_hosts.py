# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""playbook_hosts: the hosts of a playbook of this collection, or the reason why there are none."""

from __future__ import annotations

DOCUMENTATION = r"""
name: playbook_hosts
author: sitekeeper.sms contributors (!UNKNOWN)
version_added: 0.1.0
short_description: Return the host pattern of this collection's playbooks, or fail if it matches no host
description:
  - Returns the variable C(sms_sender_perms_hosts), or C(sms_sites) if it is not set.
  - Without hosts, Ansible ends a play with return code 0. This lookup fails instead, before any task runs, if the
    inventory has no hosts, if a part of the pattern is neither a group nor a host, and if no host is left after
    C(--limit).
  - It also fails if a playbook of this collection is started directly and C(--tags), C(--skip-tags) or
    C(--start-at-task) leave out tasks of it.
  - With C(--syntax-check) and the options that only list, it returns the pattern without these checks.
options:
  _terms:
    description: None.
"""

EXAMPLES = r"""
- name: Audit the site servers
  hosts: "{{ lookup('sitekeeper.sms.playbook_hosts') }}"
  gather_facts: false
  strategy: ansible.builtin.linear
  tasks:
    - name: Audit access
      ansible.builtin.import_role:
        name: sitekeeper.sms.sms_sender_perms
        rolespec_validate: false
        tasks_from: audit
"""

RETURN = r"""
_raw:
  description: The host pattern.
  type: list
  elements: str
  sample: [sms_sites]
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ansible import context
from ansible.errors import AnsibleLookupError
from ansible.inventory.manager import InventoryManager, split_host_pattern
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.lookup import LookupBase

_DEFAULT = "sms_sites"
_VARIABLE = "sms_sender_perms_hosts"
_NOTHING_RUN = "Nothing was read or changed on any site server."
# Options with which Ansible shows a playbook and runs no task of it.
_SHOWING = ("syntax", "listhosts", "listtasks", "listtags")


class LookupModule(LookupBase):  # type: ignore[misc]
    """The lookup."""

    def run(self, terms: Sequence[str], variables: Mapping[str, Any] | None = None, **kwargs: Any) -> list[str]:
        """Ansible's entry point."""
        del terms, kwargs
        known = variables or {}
        pattern = self._templar.template(known.get(_VARIABLE, _DEFAULT))
        parts: list[str] = split_host_pattern(pattern)
        if any(context.CLIARGS.get(option) for option in _SHOWING):
            return parts
        reason = (
            _left_out(context.CLIARGS)
            or _no_hosts(parts, known.get("groups") or {}, context.CLIARGS.get("subset"), named=_VARIABLE in known)
        )  # fmt: skip
        if reason:
            raise AnsibleLookupError(f"{reason} {_NOTHING_RUN}")
        return parts


def _left_out(options: Mapping[str, Any]) -> str | None:
    """Return why a playbook of this collection would run in part only, if it would.

    A playbook that imports one of them may give it tags; all its tasks get them, so that all or none of them run.
    """
    if not all(str(playbook).startswith("sitekeeper.sms.") for playbook in options.get("args") or [""]):
        return None
    wanted, unwanted = set(options.get("tags") or ["all"]), set(options.get("skip_tags") or [])
    if not wanted & {"all", "untagged"} or unwanted & {"all", "untagged"}:
        return (
            f"Tags (--tags {','.join(sorted(wanted))} --skip-tags {','.join(sorted(unwanted)) or '-'}) leave out the "
            "tasks of this playbook, which have none. Run it without tags, also without those of ansible.cfg and of "
            "the environment; --limit selects hosts."
        )
    if options.get("start_at_task"):
        return (
            "--start-at-task leaves out tasks that the later ones depend on. Run the whole playbook; "
            "on servers in their desired state it changes nothing."
        )
    return None


def _no_hosts(
    parts: Sequence[str], groups: Mapping[str, Sequence[str]], limit: str | None, *, named: bool
) -> str | None:
    """Return why the pattern does not match what it is meant to match, if so."""
    inventory = InventoryManager(loader=DataLoader(), sources=None, parse=False)
    for group, hosts in groups.items():
        inventory.add_group(group)
        for host in hosts:
            inventory.add_host(host, group)
    if not inventory.hosts:
        return (
            "The inventory has no hosts. Name one with -i. If Ansible could not read the one that you named, a warning "
            "above has the reason."
        )
    for part in parts:
        name = part.lstrip("!&")
        if name not in groups and not inventory.list_hosts(name):
            cure = f"Correct {_VARIABLE}" if named else f"Put the site servers into that group, set {_VARIABLE}"
            return f"{name!r} is neither a group nor a host of the inventory. {cure}, or use another inventory (-i)."
    wanted = ",".join(parts)
    if not inventory.list_hosts(list(parts)):
        return f"{wanted} has no hosts. Put the site servers into it, or set {_VARIABLE}."
    inventory.subset(limit)
    if not inventory.list_hosts(list(parts)):
        return f"--limit {limit} leaves no host of {wanted}. Correct one of them."
    return None
