# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Security descriptors: parse, check and edit, beside Samba and impacket on the same bytes in the same run."""

from __future__ import annotations

import json
import platform
import subprocess
from collections import Counter
from importlib.metadata import version
from pathlib import Path
from typing import Any

from impacket.ldap import ldaptypes

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import (
    ACCESS_ALLOWED,
    ACCESS_DENIED,
    Ace,
    Acl,
    SecurityDescriptor,
    Sid,
    check_access,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security.ace import (
    CONTAINER_INHERIT,
    INHERITED,
    OBJECT_INHERIT,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security.descriptor import SE_DACL_PRESENT
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security.edit import grant
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security.rights import MODIFY
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security.sid import ADMINISTRATORS, SYSTEM

from .measure import REPEATS, microseconds

CHECKOUT = Path(__file__).resolve().parents[2]
SAMBA_PYTHON = "/usr/bin/python3"
"""The interpreter that Debian's python3-samba is for."""

ENTRIES = (4, 40, 1000)
OPERATIONS = {
    "parse": "bytes to a descriptor",
    "check": "does the account of the last entry have Modify? (we return why, entry by entry; impacket cannot check)",
    "edit": "grant Modify to one more account (the others do not look whether it has it already)",
    "rewrite": "bytes to a descriptor, edit, and back to bytes",
}
_PEERS = ("samba", "impacket")
_FLAGS = OBJECT_INHERIT | CONTAINER_INHERIT


def _account(number: int) -> Sid:
    return Sid(5, (21, 1004336348, 1177238915, 682003330, 1000 + number))


def _case(entries: int) -> SecurityDescriptor:
    """A canonical list: a quarter denies, half allows, a quarter was inherited, each entry for another account."""
    denies, explicit = entries // 4, entries - entries // 4
    aces = [
        Ace(
            ACCESS_DENIED if number < denies else ACCESS_ALLOWED,
            _FLAGS | (INHERITED if number >= explicit else 0),
            MODIFY,
            _account(number),
        )
        for number in range(entries)
    ]
    return SecurityDescriptor(SE_DACL_PRESENT, SYSTEM, ADMINISTRATORS, Acl(tuple(aces)))


def _granted_to(descriptor: SecurityDescriptor, wanted: Ace) -> SecurityDescriptor:
    return descriptor.with_dacl(grant(descriptor.dacl or Acl(), wanted))


def _ours(data: bytes, last: Sid, wanted: Ace) -> tuple[dict[str, float], bytes]:
    descriptor = SecurityDescriptor.from_bytes(data)
    sids = frozenset({last})
    if not check_access(descriptor.dacl, sids, MODIFY).satisfied:
        raise SystemExit("the account of the last entry does not have the access that its entry grants")

    def rewrite(_unused: object = None) -> bytes:
        return _granted_to(SecurityDescriptor.from_bytes(data), wanted).to_bytes()

    taken = {
        "parse": microseconds(SecurityDescriptor.from_bytes, lambda: data),
        "check": microseconds(lambda dacl: check_access(dacl, sids, MODIFY), lambda: descriptor.dacl),
        "edit": microseconds(lambda given: _granted_to(given, wanted), lambda: descriptor),
        "rewrite": microseconds(rewrite, lambda: None),
    }
    return taken, rewrite()


def _impacket(data: bytes, wanted: Ace) -> tuple[dict[str, float], bytes]:
    def parse(_unused: object = None) -> Any:
        return ldaptypes.SR_SECURITY_DESCRIPTOR(data=data)

    def edit(descriptor: Any) -> None:
        entry = ldaptypes.ACCESS_ALLOWED_ACE()
        entry["Mask"] = ldaptypes.ACCESS_MASK()
        entry["Mask"]["Mask"] = wanted.mask
        entry["Sid"] = ldaptypes.LDAP_SID(data=wanted.sid.to_bytes())
        ace = ldaptypes.ACE()
        ace["AceType"], ace["AceFlags"], ace["Ace"] = entry.ACE_TYPE, wanted.flags, entry
        descriptor["Dacl"].aces.append(ace)

    def rewrite(_unused: object = None) -> bytes:
        descriptor = parse()
        edit(descriptor)
        return bytes(descriptor.getData())

    taken = {
        "parse": microseconds(parse, lambda: None),
        "edit": microseconds(edit, parse),
        "rewrite": microseconds(rewrite, lambda: None),
    }
    return taken, rewrite()


def _samba(data: bytes, last: Sid, wanted: Ace) -> dict[str, Any]:
    case = {
        "descriptor": data.hex(),
        "account": str(last),
        "new_account": str(wanted.sid),
        "mask": wanted.mask,
        "flags": wanted.flags,
    }
    run = subprocess.run(
        [SAMBA_PYTHON, "-m", "tests.benchmark.samba_security"],
        input=json.dumps(case),
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode:
        raise SystemExit(f"Samba could not be measured:\n{run.stderr}")
    result: dict[str, Any] = json.loads(run.stdout)
    if result["granted"] != MODIFY:
        raise SystemExit(f"Samba grants 0x{result['granted']:x} where we grant 0x{MODIFY:x}")
    return result


def _has_samba() -> bool:
    probe = [SAMBA_PYTHON, "-c", "import samba.dcerpc.security, samba.ndr, samba.security"]
    return Path(SAMBA_PYTHON).exists() and not subprocess.run(probe, capture_output=True, check=False).returncode


def _entries(data: bytes) -> Counter[bytes]:
    return Counter(ace.to_bytes() for ace in SecurityDescriptor.from_bytes(data).dacl or ())


def measure() -> dict[str, Any]:
    """Measure, print the table, and return the results: times in microseconds, and ours divided by each peer's."""
    result: dict[str, Any] = {
        "python": platform.python_version(),
        "impacket": version("impacket"),
        "samba": None,
        "samba_python": None,
        "repeats": REPEATS,
        "operations": OPERATIONS,
        "entries": {},
    }
    with_samba = _has_samba()
    for entries in ENTRIES:
        data = _case(entries).to_bytes()
        last, wanted = _account(entries - 1), Ace(ACCESS_ALLOWED, _FLAGS, MODIFY, _account(entries))
        ours, rewritten = _ours(data, last, wanted)
        taken = {"ours": ours}
        taken["impacket"], theirs = _impacket(data, wanted)
        written = {"impacket": theirs}
        if with_samba:
            samba = _samba(data, last, wanted)
            taken["samba"] = samba["microseconds"]
            written["samba"] = bytes.fromhex(samba["rewritten"])
            result.update(samba=samba["version"], samba_python=samba["python"])
        for name, their_bytes in written.items():
            if _entries(their_bytes) != _entries(rewritten):
                raise SystemExit(f"{name} makes other entries of the same input than we do: the times do not compare")
        result["entries"][str(entries)] = {operation: _row(operation, taken) for operation in OPERATIONS}
    print(*_table(result), sep="\n")
    return result


def _row(operation: str, taken: dict[str, dict[str, float]]) -> dict[str, float | None]:
    ours = taken["ours"][operation]
    row: dict[str, float | None] = {"microseconds": round(ours, 2)}
    for name in _PEERS:
        theirs = taken.get(name, {}).get(operation)
        row[f"{name}_microseconds"] = None if theirs is None else round(theirs, 2)
        row[f"ratio_to_{name}"] = None if theirs is None else round(ours / theirs, 2)
    return row


def _table(result: dict[str, Any]) -> list[str]:
    lines = [
        f"Security descriptors, median of {REPEATS} batches (Python {result['python']}; impacket {result['impacket']};"
        f" Samba {result['samba'] or 'missing'}{', in C' if result['samba'] else ''})",
        f"{'entries':>7} {'operation':<9}{'ours µs':>10}{'Samba µs':>10}{'ours/Samba':>12}"
        f"{'impacket µs':>13}{'ours/impacket':>15}",
    ]
    for entries, rows in result["entries"].items():
        for operation, row in rows.items():
            lines.append(
                f"{entries:>7} {operation:<9}{row['microseconds']:>10,.1f}{_cell(row['samba_microseconds']):>10}"
                f"{_cell(row['ratio_to_samba']):>12}{_cell(row['impacket_microseconds']):>13}"
                f"{_cell(row['ratio_to_impacket']):>15}"
            )
    lines += [f"{operation}: {what}" for operation, what in OPERATIONS.items()]
    if not result["samba"]:
        lines.append(f"Samba was not measured: {SAMBA_PYTHON} lacks it (Debian: apt-get install python3-samba)")
    return lines


def _cell(value: float | None) -> str:
    return "-" if value is None else f"{value:,.2f}" if value < 10 else f"{value:,.1f}"
