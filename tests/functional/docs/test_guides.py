# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The examples in the guides are true.

In a guide, a block of YAML whose first line is a comment with a path is a file, and a block of the kind ``console`` is
a command with all that it says, or the table if it runs a playbook. The site servers are the lab's.
"""

from __future__ import annotations

import doctest
import json
import re
import shlex
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.functional.ansible_runs import run_ansible
from tests.lab.inventory import inventory as lab_inventory
from tests.lab.testing import RunningLab, running_lab

CHECKOUT = Path(__file__).resolve().parents[3]
DOCS = CHECKOUT / "docs"


@pytest.mark.parametrize("guide", ["how_access_is_decided.md"])
def test_guide(guide: str) -> None:
    result = doctest.testfile(str(DOCS / guide), module_relative=False, encoding="utf-8")
    assert result.attempted > 10
    assert result.failed == 0


def blocks(guide: str, language: str) -> list[str]:
    text = (DOCS / guide).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def commands(guide: str) -> Iterator[tuple[str, str]]:
    for block in blocks(guide, "console"):
        command, _newline, said = block.partition("\n")
        yield command.removeprefix("$ "), said


INBOX = r"D:\SMS\inboxes\despoolr.box\receive"
RECEIVE = r"D:\SMS\Site.srv\Despoolr.box\Receive"


def server(
    code: str, path: str, share: Mapping[str, str], directory: Mapping[str, str], members: list[str] | None = None
) -> dict[str, Any]:
    """A site server: who has what on the share and on the directory, and who is in its group if it has one."""

    def entries(holders: Mapping[str, str], **more: str) -> list[dict[str, str]]:
        full = {"principal": "S-1-5-32-544", "access": "full_control"}
        return [full | more, *({"principal": name, "access": access, **more} for name, access in holders.items())]

    parts = path.split("\\")
    group = f"SMS_SiteToSiteConnection_{code}"
    return {
        "name": code,
        "dns_name": f"{code.lower()}.corp.example",
        "directories": [
            {"path": "D:\\", "protected": True, "dacl": entries({}, flags="OI CI")},
            *({"path": "\\".join(parts[:length])} for length in range(2, len(parts))),
            {"path": path, "dacl": entries(directory, flags="OI CI")},
        ],
        "shares": [{"name": "SMS_SITE", "path": path, "dacl": entries(share)}],
        "services": [{"name": "SMS_EXECUTIVE", "start_name": r"CORP\smssvc" if path == RECEIVE else "LocalSystem"}],
        **(
            {}
            if members is None
            else {"local_accounts": [{"name": group, "type": "group"}], "members": {f".\\{group}": members}}
        ),
    }


def modern(code: str, *members: str) -> dict[str, Any]:
    group = f".\\SMS_SiteToSiteConnection_{code}"
    return server(code, INBOX, {group: "change"}, {group: "full_control"}, list(members))


GROUP = r".\SMS_SiteToSiteConnection_C01"
SEND, SERVICE, COMPUTER = r"CORP\smssend", r"CORP\smssvc", r"CORP\P01$"
LABS = {
    # Nobody made CORP\cmrepl a member of P01's group; Setup made the computer accounts.
    "configuration_manager.md": [
        modern("C01", r"CORP\P01$"),
        modern("P01", r"CORP\C01$", r"CORP\S01$"),
        modern("S01", r"CORP\P01$"),
    ],
    "mixed_hierarchy.md": [
        server("C01", INBOX, {GROUP: "change"}, {SEND: "modify"}, [SEND, COMPUTER]),
        server("P01", INBOX, {SEND: "change"}, {SEND: "modify"}),
        server(
            "P02",
            RECEIVE,
            {SEND: "full_control", SERVICE: "full_control"},
            {SEND: "read_write", SERVICE: "read_write"},
        ),
    ],
}


def lab_of(guide: str) -> dict[str, Any]:
    accounts = [{"name": name} for name in ("smssend", "smssvc", "cmrepl")]
    return {"accounts": accounts, "hosts": LABS[guide]}


@pytest.fixture(params=LABS)
def guided(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A guide, and a directory with its files and the way to the lab."""
    for block in blocks(request.param, "yaml"):
        name = block.partition("\n")[0].removeprefix("# ")
        assert re.fullmatch(r"[a-z_0-9./]+\.yml", name), f"a block of YAML without its path: {block}"
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block)
    with running_lab(lab_of(request.param)) as lab:
        for directory in {path.parent for path in tmp_path.glob("*/*.sms_hierarchy.yml")}:
            write_ways(lab, directory)
        yield request.param, tmp_path


def write_ways(lab: RunningLab, directory: Path) -> None:
    # The hosts' groups are up to the guide. What it says of connections must not lead away from the lab.
    sites = lab_inventory(lab.lab)["sms_sites"]
    hosts = {name: sites["vars"] | variables for name, variables in sites["hosts"].items()}
    (directory / "lab.yml").write_text(yaml.safe_dump({"all": {"hosts": hosts}}))


def run(directory: Path, command: str) -> subprocess.CompletedProcess[str]:
    program, *arguments = shlex.split(command)
    return run_ansible(directory, program, *arguments, ANSIBLE_DEPRECATION_WARNINGS="0")


def table_of(finished: subprocess.CompletedProcess[str]) -> str:
    text = finished.stdout
    at = text.index("{", text.index('=> {\n    "msg"'))
    return "".join(f"{line}\n" for line in json.JSONDecoder().raw_decode(text[at:])[0]["msg"])


def by_host(text: str) -> list[str]:
    """What an ad hoc command says of each host, in the order of their names: the hosts are asked at the same time."""
    return sorted(re.split(r"^(?=\S+ \| )", text, flags=re.MULTILINE))


def test_what_is_shown_is_what_happens(guided: tuple[str, Path]) -> None:
    guide, directory = guided
    seen = []
    for command, said in commands(guide):
        finished = run(directory, command)
        is_playbook = command.startswith("ansible-playbook ")
        shown = table_of(finished) if is_playbook else finished.stdout
        assert by_host(shown) == by_host(said), finished.stderr
        fails = any(word in said for word in (" drift ", " failed "))
        assert finished.returncode == (2 if fails else 0), finished.stdout
        seen.append(finished.stdout)
    for told in blocks(guide, "text"):
        shown = "".join(seen).replace("\\\\", "\\")
        assert " ".join(told.split()) in shown
    assert len(seen) >= 3


@pytest.mark.parametrize("guide", LABS)
def test_every_file_of_a_guide_is_right(guide: str, tmp_path: Path) -> None:
    hierarchies = playbooks = 0
    for block in blocks(guide, "yaml"):
        name = block.partition("\n")[0].removeprefix("# ")
        path = tmp_path / Path(name).name
        path.write_text(block)
        contents = yaml.safe_load(block)
        if name.endswith(".sms_hierarchy.yml") and "sms_sites" in contents:
            finished = run(tmp_path, f"ansible-inventory -i {path.name} --list")
            codes = {site["code"] for site in contents["sms_sites"]}
            groups = json.loads(finished.stdout)
            assert {f"sms_site_{code}" for code in codes} <= set(groups), finished.stderr
            hierarchies += 1
        elif isinstance(contents, list):
            finished = run(tmp_path, f"ansible-playbook --syntax-check -i p, {path.name}")
            assert finished.returncode == 0, finished.stderr
            playbooks += 1
    assert hierarchies
    assert playbooks
