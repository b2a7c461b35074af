# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ground: a lab, its hosts in the state that a cell starts from, and what they hold when it has ended."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.lab.client import LabClient
from tests.lab.hierarchy import OWN_SENDER, RECEIVE, SENDER, default_hierarchy

from .controllers import CHECKOUT

SHARE = "SMS_SITE"
DIRECTORY = f"D:\\{RECEIVE}"
SENDERS = (SENDER, OWN_SENDER)
OBJECTS = ("share", "directory")
WRITES = {
    "share": "Win32_LogicalShareSecuritySetting.SetSecurityDescriptor",
    "directory": "Win32_LogicalFileSecuritySetting.SetSecurityDescriptor",
}
READS = {
    "share": "Win32_LogicalShareSecuritySetting.GetSecurityDescriptor",
    "directory": "Win32_LogicalFileSecuritySetting.GetSecurityDescriptor",
}
FIRST_READ = {
    **{(operation, kind): READS[kind] for operation in ("converge", "apply", "rollback") for kind in OBJECTS},
    # One class shows a share's settings and its permissions, and what is to be written follows from these.
    ("converge", "share"): "MSFT_SmbShare.Get",
}
"""What is read to work out, or to compare, what is to be written. Another reading comes right before the write."""
_CHILDREN = ("\\Incoming", "\\W_M02000.1S1", "\\Incoming\\W_M02001.1S1")
_INHERITED = 0x10
_START_SECONDS = 120

View = Mapping[str, str]
"""What a host holds: for the share and the directory, a text that is the same if the permissions are the same."""


@dataclass(frozen=True, slots=True)
class Host:
    """A host of the lab, seen and handled through the lab's control API alone.

    Attributes:
        lab: its client.
        about: its entry in the lab's ``endpoints.json``.
    """

    lab: LabClient
    about: Mapping[str, Any]

    @property
    def name(self) -> str:
        return str(self.about["name"])

    @property
    def password(self) -> str:
        return str(self.about["password"])

    @property
    def smb_address(self) -> tuple[str, int]:
        """Where its SMB server listens."""
        return str(self.about["address"]), int(self.about["smb_port"])

    def address(self, scheme: str) -> tuple[str, int]:
        """Where its WinRM listens."""
        url = str(self.about["https_url" if scheme == "https" else "url"])
        host, _colon, port = url.partition("//")[2].partition("/")[0].rpartition(":")
        return host, int(port)

    # -- what it holds

    def view(self) -> View:
        """What the share and the directory hold: explicit entries in order, and whether the list is protected."""
        return {
            "share": _essence(self.lab.get(self.name, "share-descriptor", share=SHARE)),
            "directory": _essence(self.lab.get(self.name, "file-descriptor", path=DIRECTORY)),
        }

    def snapshot(self) -> Mapping[str, str]:
        """Everything that a cell may change, to be put back by `restore`."""
        found = {"": self.lab.get(self.name, "share-descriptor", share=SHARE)["base64"]}
        for path in (DIRECTORY, *(f"{DIRECTORY}{child}" for child in _CHILDREN)):
            found[path] = self.lab.get(self.name, "file-descriptor", path=path)["base64"]
        return found

    def restore(self, snapshot: Mapping[str, str]) -> None:
        """Behave, hold what it held then, and count from zero."""
        self.lab.delete(self.name, "misbehaviour")
        for path, data in snapshot.items():
            if path:
                self.lab.put(self.name, "file-descriptor", path=path, base64=data)
            else:
                self.lab.put(self.name, "share-descriptor", share=SHARE, base64=data)
        self.lab.delete(self.name, "counters")

    def written(self) -> Mapping[str, int]:
        """How many writes it has executed on each object."""
        count = dict.fromkeys(OBJECTS, 0)
        for write in self.lab.get(self.name, "counters")["written"]:
            for kind in OBJECTS:
                count[kind] += write["operation"] == WRITES[kind] and not write["return_value"]
        return count

    def give_stranger(self, kind: str) -> None:
        """Somebody lets everyone read one of its objects."""
        what, key, name = {
            "share": ("share-descriptor", "share", SHARE),
            "directory": ("file-descriptor", "path", DIRECTORY),
        }[kind]
        held = [each for each in self.lab.get(self.name, what, **{key: name})["entries"] if not each["flags"] & 0x10]
        entries = [{"principal": each["sid"], **{k: each[k] for k in ("type", "flags", "mask")}} for each in held]
        entries.append({"principal": "S-1-1-0", "access": "read"})
        self.lab.put(self.name, what, **{key: name}, entries=entries)

    # -- how it behaves

    def misbehave(self, **rule: Any) -> None:
        """Add a rule of the lab."""
        self.lab.post(self.name, "misbehaviour", rules=[rule])

    def behave(self) -> None:
        """Remove all rules."""
        self.lab.delete(self.name, "misbehaviour")

    def held(self) -> bool:
        """Whether it keeps an operation waiting."""
        return bool(self.lab.get(self.name, "held"))

    def release(self, *, execute: bool) -> None:
        """Let what waits be carried out, or end."""
        self.lab.post(self.name, "release", execute=execute)


def _essence(held: Mapping[str, Any] | None) -> str:
    if held is None:
        return "none"
    entries = held["entries"]
    if entries is not None:
        entries = [[e["type"], e["sid"], e["mask"], e["flags"]] for e in entries if not e["flags"] & _INHERITED]
    return json.dumps({"protected": held["protected"], "entries": entries})


class Ground:
    """A lab of so many hosts, all with the article's fault: no sender may use the share or the directory."""

    def __init__(self, build: Path, hosts: int, backend: str = "memory") -> None:
        self.build = build
        build.mkdir(parents=True, exist_ok=True)
        scenario = build / "scenario.yml"
        scenario.write_text(yaml.safe_dump(_scenario(hosts, provider=backend == "memory")), encoding="utf-8")
        self._log = (build / "lab.log").open("wb")
        options = ["--scenario", str(scenario), "--build", str(build / "lab"), "--backend", backend, "--end-with-stdin"]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.lab", *options],
            cwd=CHECKOUT,
            stdin=subprocess.PIPE,
            stdout=self._log,
            stderr=self._log,
            # An interrupt is for this process, which ends the lab.
            start_new_session=True,
        )
        endpoints = build / "lab" / "endpoints.json"
        give_up = time.monotonic() + _START_SECONDS
        while not endpoints.exists():
            if self._process.poll() is not None or time.monotonic() > give_up:
                self._process.kill()
                self.close()
                raise RuntimeError(f"the lab did not start: {(build / 'lab.log').read_text(errors='replace')}")
            time.sleep(0.05)
        client = LabClient.from_file(endpoints)
        self.hosts = tuple(Host(client, about) for about in client.hosts)
        self.ca_file = build / "lab" / "ca.pem"

    def close(self) -> None:
        """Stop the lab."""
        with self._process:
            self._process.terminate()
            try:
                self._process.wait(_START_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
        self._log.close()


def _provided(code: str) -> list[dict[str, Any]]:
    """The sites that the SMS Provider of a site shows."""
    sites: list[dict[str, Any]] = [
        {"code": code, "server": f"{code.lower()}.corp.example", "product": "configmgr", "addresses": []}
    ]
    for number in range(1, 4):
        child = {"code": f"S0{number}", "server": f"s0{number}.corp.example", "product": "configmgr", "parent": code}
        sites.append(child | {"addresses": [{"to": code}]})
        sites[0]["addresses"].append({"to": child["code"]})
    return sites


def _scenario(count: int, *, provider: bool) -> dict[str, Any]:
    scenario = default_hierarchy(1)
    first = scenario["hosts"][0]
    scenario["sites"] = []
    scenario["hosts"] = []
    for number in range(1, count + 1):
        name = f"F{number:02}"
        host = copy.deepcopy(first) | {"name": name, "site": name, "dns_name": f"{name.lower()}.corp.example"}
        if provider:
            host["sms_provider"] = {"site": name, "administrators": ["CORP\\ansible"], "sites": _provided(name)}
        scenario["hosts"].append(host)
    return scenario
