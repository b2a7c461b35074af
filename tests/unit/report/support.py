# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Audit files and hierarchies of any size, as the format describes them, made without the collection."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice, product
from string import ascii_uppercase, digits
from typing import Any

RECEIVE = "D:\\SMS\\Site.srv\\Despoolr.box\\Receive"
CHILDREN = 18
"""Sites below each site."""

HEADER = {
    "type": "header",
    "format": "sitekeeper.sms/audit",
    "version": 1,
    "collection": "0.1.0",
    "ansible": "2.19.4",
    "started": "2026-03-02T08:00:00Z",
}
SHARE_SDDL = "O:BAG:SYD:(A;;FA;;;BA)(A;;0x1301bf;;;S-1-5-21-1-2-3-1104)"
DIRECTORY_SDDL = "O:BAG:SYD:AI(A;OICIID;FA;;;SY)(A;OICIID;FA;;;BA)"

# What turns up in names, and must not do anything: markup, quotes, templates, direction, controls, half characters.
HOSTILE = (
    "<script>window.pwned=1</script>",
    "<img src=x onerror=window.pwned=1>",
    "</script><script>window.pwned=1</script>",
    "</style></title></textarea><svg onload=window.pwned=1>",
    "\"'><a href=javascript:window.pwned=1>x</a>",
    "' onmouseover='window.pwned=1",
    "{{ 7 * 7 }}{% raw %}${7*7}",
    "abc\u202edlrow\u2066x\u2069\u200f",
    "a\x00b\x07c\x1b[31md\x7f\x85",
    "line one\nline two\r\nthree\u2028four\ttab",
    "half \ud800 and \udfff, none \ufffe",
    "]]><!-- --><!DOCTYPE x [<!ENTITY e 'x'>]>&e;&amp;",
    "=cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "long-" + "x" * 30_000,
    "שלום עולם",
)


def codes(count: int) -> list[str]:
    """Different site codes."""
    letters = (a + b + c for a, b, c in product("GHIJK", digits + ascii_uppercase, digits + ascii_uppercase))
    return list(islice(letters, count))


def server(code: str) -> str:
    return f"sms-{code.lower()}.corp.example"


def description(count: int) -> list[dict[str, Any]]:
    """The value of ``sms_sites``: a tree in which every site has up to 18 below it."""
    names = codes(count)
    return [
        {
            "code": code,
            "server": server(code),
            "name": f"Site number {place}",
            "domain": "CORP",
            "forest": "corp.example",
            "service_account": "CORP\\smssvc",
            **({"parent": names[(place - 1) // CHILDREN]} if place else {}),
        }
        for place, code in enumerate(names)
    ]


def access(*, satisfied: bool) -> dict[str, Any]:
    if satisfied:
        words, mask, decided = "Full Control", "0x001F01FF", ["entry 2 allows CORP\\smssend Full Control"]
    else:
        words, mask, decided = "none", "0x00000000", ["no entry grants Full Control"]
    return {"access": words, "mask": mask, "satisfied": satisfied, "decided_by": decided, "may_be_denied_by": []}


def sender(account: str, *, share: bool = True, directory: bool = True, **values: Any) -> dict[str, Any]:
    both = access(satisfied=share and directory)
    return {
        "account": account,
        "name": account,
        "sid": "S-1-5-21-1004336348-1177238915-682003330-1104",
        "in_desired_state": share and directory,
        "reasons": [f"C01 sends here as {account}"],
        "share": access(satisfied=share),
        "directory": access(satisfied=directory),
        "combined": {"access": both["access"], "mask": both["mask"]},
        **values,
    }


def host(name: str, site: str | None, status: str = "in_desired_state", **values: Any) -> dict[str, Any]:
    """The line of one host. What does not fit the status can be given."""
    read = status in ("in_desired_state", "drifted")
    drifted = status == "drifted"
    return {
        "type": "host",
        "host": name,
        "site": site,
        "product": "sms_1_2",
        "status": status,
        "message": None if read else f"{name}: no answer on port 5985 within 30 seconds. Is WinRM running there?",
        "share": {"name": "SMS_SITE", "path": RECEIVE, "sddl": SHARE_SDDL} if read else None,
        "directory": {"path": RECEIVE, "sddl": DIRECTORY_SDDL} if read else None,
        "group": None,
        "senders": [sender("CORP\\smssend", share=not drifted), sender("CORP\\smssvc")] if read else [],
        "edits": {"share": ["+ allow CORP\\smssend  Full Control"] if drifted else [], "directory": []},
        "after": {"share_sddl": f"{SHARE_SDDL}(A;;FA;;;S-1-5-21-1-2-3-1105)", "directory_sddl": DIRECTORY_SDDL}
        if drifted
        else None,
        "findings": [],
        "seconds": 0.12,
        "requests": 3 if read else 0,
        **values,
    }


def finding(site: str, kind: str = "no_way_back", severity: str = "warning", **values: str) -> dict[str, str]:
    return {
        "id": kind,
        "severity": severity,
        "site": site,
        "evidence": f"{site}: C01 sends to it, it has no address to C01",
        "advice": "Describe the address, or create it.",
        "source": "its documentation",
        **values,
    }


def lines(*records: dict[str, Any], header: dict[str, Any] | None = None, finished: bool = True) -> list[bytes]:
    """The lines of an audit file with these hosts."""
    hosts = [record for record in records if record["type"] == "host"]
    end = {"type": "end", "finished": "2026-03-02T08:04:00Z", "hosts": len(hosts)}
    every = [HEADER if header is None else header, *records, *([end] if finished else [])]
    return [json.dumps(record).encode() + b"\n" for record in every]


def status_of(place: int) -> str:
    """Of a hundred sites, three drifted, one is unreachable, one is in error."""
    return {7: "drifted", 33: "drifted", 58: "drifted", 71: "unreachable", 90: "error"}.get(
        place % 100, "in_desired_state"
    )


def fleet_lines(count: int) -> Iterator[bytes]:
    """An audit file of ``count`` hosts, a line at a time."""
    records = (
        host(server(code), code, status_of(place), findings=[finding(code)] if place % 20 == 3 else [])
        for place, code in enumerate(codes(count))
    )
    yield json.dumps(HEADER).encode() + b"\n"
    for record in records:
        yield json.dumps(record).encode() + b"\n"
    yield json.dumps({"type": "end", "finished": "2026-03-02T08:04:00Z", "hosts": count}).encode() + b"\n"


def hostile_lines() -> list[bytes]:
    """Every hostile text in every place that takes text."""
    records = []
    for place, text in enumerate(HOSTILE):
        bad = {
            "access": text,
            "mask": text,
            "satisfied": False,
            "decided_by": [text],
            "may_be_denied_by": [text],
        }
        records.append(
            host(
                f"{text} {place}",
                text,
                "drifted" if place % 2 else "error",
                product=text,
                message=text,
                share={"name": text, "path": text, "sddl": text},
                directory={"path": text, "sddl": text},
                group={"name": text, "sid": text, "in_desired_state": False, "members": [text], "missing": [text]},
                senders=[
                    sender(text, share=False, sid=text, reasons=[text], directory=False)
                    | {"name": text, "share": bad, "directory": bad, "combined": {"access": text, "mask": text}}
                ],
                edits={"share": [text], "directory": [text]},
                after={"share_sddl": f"{text}2", "directory_sddl": text},
                findings=[finding(text, text, text, evidence=text, advice=text, source=text)],
            )
        )
    return lines(*records, header={**HEADER, "collection": HOSTILE[0], "ansible": HOSTILE[1], "started": HOSTILE[7]})
