# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controllers: tasks of the collection, run by Ansible's own task executor, without the cost of ansible-playbook.

A process of its own (``python -m tests.faults.driver``) that has imported Ansible and the collection forks one child
for each job. A child that does not end by itself is killed when its time is over. Jobs come as JSON lines on standard
input; a line goes back when a child has started, and one when it has ended. The results are in the job's directory.
"""

from __future__ import annotations

import json
import os
import resource
import select
import signal
import sys
import traceback
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from .controllers import OUTPUT, RESULTS

_TICK_SECONDS = 0.02
_ADDRESS_SPACE = 4 << 30


def _load() -> SimpleNamespace:
    """Ansible, and all of the collection that its tasks need: once, before any fork."""
    from ansible import context  # noqa: PLC0415
    from ansible.cli.playbook import PlaybookCLI  # noqa: PLC0415
    from ansible.plugins import loader as plugins  # noqa: PLC0415

    cli = PlaybookCLI(["ansible-playbook", "none.yml"])
    cli.parse()
    plugins.init_plugin_loader([])
    from ansible._internal import _task  # type: ignore[import-not-found,unused-ignore] # noqa: PLC0415
    from ansible.executor.task_executor import TaskExecutor  # noqa: PLC0415
    from ansible.inventory.manager import InventoryManager  # noqa: PLC0415
    from ansible.parsing.dataloader import DataLoader  # noqa: PLC0415
    from ansible.playbook.play import Play  # noqa: PLC0415
    from ansible.playbook.play_context import PlayContext  # noqa: PLC0415
    from ansible.vars.manager import VariableManager  # noqa: PLC0415

    for name in (
        "change_apply", "change_plan", "change_plan_file", "change_rollback", "fleet_audit", "sender_access",
        "sender_access_info", "sender_probe",
    ):  # fmt: skip
        plugins.action_loader.get(f"sitekeeper.sms.{name}", class_only=True)
        plugins.module_loader.find_plugin(f"sitekeeper.sms.{name}")
    from ansible_collections.sitekeeper.sms.plugins.inventory import hierarchy  # noqa: PLC0415

    return SimpleNamespace(
        context=context, plugins=plugins, task=_task, TaskExecutor=TaskExecutor, InventoryManager=InventoryManager,
        DataLoader=DataLoader, Play=Play, PlayContext=PlayContext, VariableManager=VariableManager, hierarchy=hierarchy,
    )  # fmt: skip


def main() -> int:
    """Serve until standard input ends. SIGTERM ends the jobs too."""
    ansible = _load()
    running: dict[int, int] = {}
    signal.signal(signal.SIGTERM, lambda *_unused: sys.exit(1))
    try:
        _serve(ansible, running)
    finally:
        for process in running:
            _end_group(process)
    return 0


def _serve(ansible: SimpleNamespace, running: dict[int, int]) -> None:
    """Run the jobs that come. `running` has the number of the job of each process."""
    pending = b""
    open_ = True
    _say({"ready": True})
    while open_ or running:
        if open_ and select.select([0], [], [], _TICK_SECONDS)[0]:
            received = os.read(0, 1 << 20)
            open_ = bool(received)
            *lines, pending = (pending + received).split(b"\n")
            for line in lines:
                job = json.loads(line)
                process = os.fork()
                if not process:
                    _child(ansible, job)
                running[process] = job["id"]
                _say({"id": job["id"], "process": process})
        elif not open_:
            select.select([], [], [], _TICK_SECONDS)
        for process in list(running):
            ended, status, used = os.wait4(process, os.WNOHANG)
            if ended:
                _end_group(process)
                _say({"id": running.pop(process), "status": status, "memory": used.ru_maxrss * 1024})


def _end_group(process: int) -> None:
    """What a job has started ends with it; what is left is in the job's own process group."""
    try:
        os.killpg(process, signal.SIGKILL)
    except ProcessLookupError:
        return


def _say(line: dict[str, Any]) -> None:
    os.write(1, json.dumps(line).encode() + b"\n")


def _child(ansible: SimpleNamespace, job: dict[str, Any]) -> None:
    """Run a job and end."""
    status = 1
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.setsid()
        signal.setitimer(signal.ITIMER_REAL, job["limit"])
        resource.setrlimit(resource.RLIMIT_AS, (_ADDRESS_SPACE, _ADDRESS_SPACE))
        os.chdir(job["directory"])
        null = os.open(os.devnull, os.O_RDONLY)
        output = os.open(OUTPUT, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(null, 0)
        os.dup2(output, 1)
        os.dup2(output, 2)
        results = _inventory(ansible, job) if job.get("inventory_plugin") else _tasks(ansible, job)
        temporary = Path(RESULTS + ".new")
        temporary.write_text(json.dumps(results, default=str), encoding="utf-8")
        temporary.rename(RESULTS)
        sys.stdout.flush()
        status = 0
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(status)


def _tasks(ansible: SimpleNamespace, job: dict[str, Any]) -> list[dict[str, Any]]:
    """Run tasks one after the other; each names its host, its action and its arguments."""
    loader = ansible.DataLoader()
    loader.set_basedir(job["directory"])
    inventory = ansible.InventoryManager(loader=loader, sources=[job["inventory"]])
    variables = ansible.VariableManager(loader=loader, inventory=inventory)
    results = []
    for step in job["tasks"]:
        described = {
            "name": "faults",
            "hosts": "all",
            "gather_facts": False,
            "check_mode": step.get("check", False),
            "tasks": [{"name": "task", step["action"]: step["args"]}],
        }
        play = ansible.Play.load(described, variable_manager=variables, loader=loader)
        task = next(each for block in play.compile() for each in block.block if each.action == step["action"])
        host = inventory.get_host(step["host"])
        names = [each.name for each in inventory.get_hosts()]
        known = variables.get_vars(play=play, host=host, task=task, _hosts=names, _hosts_all=names)
        if "file_size" in step:
            # What is written beyond it fails, as on a full disk but for the number of the error (EFBIG).
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (step["file_size"], resource.RLIM_INFINITY))
        with ansible.task.TaskContext(task):
            result = ansible.TaskExecutor(
                host, task, known, ansible.PlayContext(play=play), loader, ansible.plugins, None, variables
            ).run()
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        results.append({"host": step["host"], **_plain(result)})
    return results


def _inventory(ansible: SimpleNamespace, job: dict[str, Any]) -> list[dict[str, Any]]:
    """Let the inventory plugin read a file: which hosts it gives, or why it does not."""
    from ansible.errors import AnsibleError  # noqa: PLC0415
    from ansible.inventory.data import InventoryData  # noqa: PLC0415

    data = InventoryData()
    plugin = ansible.plugins.inventory_loader.get("sitekeeper.sms.hierarchy")
    try:
        plugin.parse(data, ansible.DataLoader(), job["inventory"], cache=False)
    except AnsibleError as error:
        return [{"failed": True, "msg": str(error)}]
    return [{"hosts": sorted(data.hosts)}]


def _plain(result: Any) -> dict[str, Any]:
    """The result as JSON holds it. Of an exception, the traceback counts: the rest of it shows the task with its
    secrets, which Ansible itself does not print."""
    event = getattr(result.pop("exception", None), "event", None)
    found: dict[str, Any] = json.loads(json.dumps(result, default=str))
    trace = getattr(event, "formatted_traceback", None)
    return {**found, "exception": trace} if trace else found


if __name__ == "__main__":
    sys.exit(main())
