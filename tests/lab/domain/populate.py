# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the directory of a domain controller that does not run yet. A program of its own, for the system's Python.

Samba's Python bindings belong to Debian's Python, not to the one that runs the lab. Standard input is JSON (see
``controller.py``); the last line of standard output is JSON: the SID of every account and group, by name.
"""

from __future__ import annotations

import contextlib
import json
import logging
import sys
import time
from typing import Any

import ldb  # type: ignore[import-not-found]
import samba  # type: ignore[import-not-found]
import samba.dckeytab  # type: ignore[import-not-found]
from samba.auth import system_session  # type: ignore[import-not-found]
from samba.credentials import Credentials  # type: ignore[import-not-found]
from samba.dcerpc import dnsp, security  # type: ignore[import-not-found]
from samba.ndr import ndr_pack, ndr_unpack  # type: ignore[import-not-found]
from samba.net import Net  # type: ignore[import-not-found]
from samba.param import LoadParm  # type: ignore[import-not-found]
from samba.provision import provision  # type: ignore[import-not-found]
from samba.samdb import SamDB  # type: ignore[import-not-found]

FUNCTION_LEVEL_2008_R2 = 4
FUTURE, PAST = "9223372036854775807", "116444736010000000"  # in 100 ns since 1601: never, and a second of 1970
KEEP_LAST_SET = "local_oid:1.3.6.1.4.1.7165.4.3.20:0"
"""DSDB_CONTROL_PASSWORD_BYPASS_LAST_SET_OID of Samba: pwdLastSet may be any time, not only 0 and -1."""
_EPOCH = 116444736000000000
NORMAL, WORKSTATION, DISABLED, PASSWORD_NEVER_EXPIRES = 0x200, 0x1000, 0x2, 0x10000  # [MS-ADTS] 2.2.16
DISTORTING = ("SeBackupPrivilege", "SeRestorePrivilege")
"""As in ``member.py``: to Samba they open any share."""
CLASSES = {
    "USER": ("user", "CN=Users", NORMAL | PASSWORD_NEVER_EXPIRES),
    "COMPUTER": ("computer", "CN=Computers", WORKSTATION),
    "GROUP_MANAGED_SERVICE": ("msDS-GroupManagedServiceAccount", "CN=Managed Service Accounts", WORKSTATION),
}


def main() -> None:
    wanted: dict[str, Any] = json.load(sys.stdin)
    own = next(item for item in wanted["accounts"] if item["name"] == f"{wanted['controller']}$")
    parameters = LoadParm()
    logger = logging.getLogger("provision")
    logger.setLevel(logging.ERROR)
    with contextlib.redirect_stdout(sys.stderr):
        provision(
            logger,
            system_session(),
            smbconf=wanted["smb_conf"],
            lp=parameters,
            realm=wanted["realm"],
            domain=wanted["netbios"],
            hostname=wanted["controller"].lower(),
            hostip=wanted["address"],
            adminpass=wanted["administrator_password"],
            machinepass=own["password"],
            serverrole="active directory domain controller",
            dns_backend="SAMBA_INTERNAL",
            dom_for_fun_level=FUNCTION_LEVEL_2008_R2,
            batch_mode=True,
        )
    parameters.load(wanted["smb_conf"])
    directory = Directory(SamDB(session_info=system_session(), lp=parameters), wanted)
    directory.fill()
    sids = directory.sids()
    grant(parameters, wanted["rights"], sids)
    net = Net(Credentials(), parameters)
    for account in wanted["accounts"]:
        net.export_keytab(keytab=account["keytab"], principal=account["name"])
    print(json.dumps(sids))


def grant(parameters: LoadParm, rights: list[dict[str, Any]], sids: dict[str, str]) -> None:
    """Give principals rights on the controller, whose LSA keeps them in a database of their own."""
    path = f"{parameters.get('private dir')}/privilege.ldb"
    database = samba.Ldb(path, session_info=system_session(), lp=parameters)
    administrators = ldb.Message(ldb.Dn(database, "sid=S-1-5-32-544"))
    administrators["privilege"] = ldb.MessageElement(list(DISTORTING), ldb.FLAG_MOD_DELETE, "privilege")
    database.modify(administrators)
    for right in rights:
        for name in right["principals"]:
            sid = name if name.startswith("S-1-") else sids[name]
            dn = ldb.Dn(database, f"sid={sid}")
            if not database.search(expression=f"(objectSid={sid})"):
                database.add({"dn": dn, "objectClass": "privilege", "objectSid": ndr_pack(security.dom_sid(sid))})
            message = ldb.Message(dn)
            message["privilege"] = ldb.MessageElement(right["name"], ldb.FLAG_MOD_ADD, "privilege")
            database.modify(message)


class Directory:
    """The objects of the domain, in one transaction."""

    def __init__(self, database: SamDB, wanted: dict[str, Any]) -> None:
        self.database = database
        self.wanted = wanted
        self.base = str(database.domain_dn())

    def fill(self) -> None:
        self.database.transaction_start()
        try:
            self._set_policy()
            for account in self.wanted["accounts"]:
                if account["name"] != f"{self.wanted['controller']}$":
                    self._add_account(account)
            for group in self.wanted["groups"]:
                if group["type"] is not None:
                    self._add_group(group)
            for group in self.wanted["groups"]:
                self._add_members(group)
            for name, address in self.wanted["records"].items():
                self._add_address(name, address)
            self._add_service_names()
        except BaseException:
            self.database.transaction_cancel()
            raise
        self.database.transaction_commit()

    def sids(self) -> dict[str, str]:
        """The SID of everything that has one and a name."""
        found = self.database.search(
            self.base, ldb.SCOPE_SUBTREE, "(&(sAMAccountName=*)(objectSid=*))", attrs=["sAMAccountName", "objectSid"]
        )
        return {str(entry["sAMAccountName"]): str(_sid(entry)) for entry in found}

    def _set_policy(self) -> None:
        """Who is locked out stays so; wrong passwords lock nobody out."""
        self._replace(self.base, {"lockoutDuration": "-9223372036854775808", "lockoutThreshold": "0"})

    def _add_account(self, account: dict[str, Any]) -> None:
        name, state = account["name"], account["state"]
        object_class, container, control = CLASSES[account["kind"]]
        dn = self._dn(account["common_name"] or name.rstrip("$"), container)
        new = {"objectClass": object_class, "sAMAccountName": name, "clearTextPassword": _utf16(account["password"])}
        new["userAccountControl"] = str(control | (DISABLED if state == "DISABLED" else 0))
        if account["kind"] == "GROUP_MANAGED_SERVICE":
            new["msDS-ManagedPasswordInterval"] = "30"
        elif account["kind"] == "USER":
            new["userPrincipalName"] = f"{name.replace(' ', '_')}@{self.wanted['realm'].lower()}"
        self.database.add({"dn": dn} | new)
        if state == "LOCKED_OUT":
            self._replace(dn, {"lockoutTime": str(int(time.time()) * 10_000_000 + _EPOCH)})
        elif state == "EXPIRED":
            self._replace(dn, {"accountExpires": PAST})
        elif state == "PASSWORD_EXPIRED":
            self._replace(dn, {"userAccountControl": str(control & ~PASSWORD_NEVER_EXPIRES)})
            self._replace(dn, {"pwdLastSet": PAST}, KEEP_LAST_SET)
        elif state == "MUST_CHANGE":
            self._replace(dn, {"userAccountControl": str(control & ~PASSWORD_NEVER_EXPIRES), "pwdLastSet": "0"})
        elif state == "WRONG_WORKSTATION":
            self._replace(dn, {"userWorkstations": "ELSEWHERE"})
        elif state == "WRONG_HOURS":
            self._replace(dn, {"logonHours": bytes(21)})
        if account["sid_history"]:
            self._replace(dn, {"sIDHistory": [ndr_pack(security.dom_sid(sid)) for sid in account["sid_history"]]})

    def _add_group(self, group: dict[str, Any]) -> None:
        dn = self._dn(group["common_name"] or group["name"], "CN=Users")
        self.database.add(
            {
                "dn": dn,
                "objectClass": "group",
                "sAMAccountName": group["name"],
                "groupType": str(group["type"]),
            }
        )

    def _add_members(self, group: dict[str, Any]) -> None:
        message = ldb.Message(self._find(group["name"]))
        entry = self.database.search(message.dn, ldb.SCOPE_BASE, attrs=["member"])[0]
        present = {str(dn) for dn in entry.get("member", [])}
        members = [dn for dn in map(self._member, group["members"]) if dn not in present]
        if members:
            message["member"] = ldb.MessageElement(members, ldb.FLAG_MOD_ADD, "member")
            self.database.modify(message)

    def _member(self, name: str) -> str:
        """A member's DN. For a SID of another domain, Samba makes a foreign security principal."""
        return f"<SID={name}>" if name.startswith("S-1-") else str(self._find(name))

    def _add_address(self, name: str, address: str) -> None:
        """An A record of the domain's zone."""
        record = dnsp.DnssrvRpcRecord()
        record.wType, record.rank, record.data = dnsp.DNS_TYPE_A, dnsp.DNS_RANK_ZONE, address
        record.dwSerial, record.dwTtlSeconds = 1, 900
        zone = f"DC={self.wanted['realm'].lower()},CN=MicrosoftDNS,DC=DomainDnsZones,{self.base}"
        self.database.add({"dn": f"DC={name.lower()},{zone}", "objectClass": "dnsNode", "dnsRecord": ndr_pack(record)})

    def _add_service_names(self) -> None:
        """The controller's names for Kerberos, which samba_spnupdate would add after the start."""
        domain, netbios, server = self.wanted["realm"].lower(), self.wanted["netbios"], self.wanted["controller"]
        host = f"{server.lower()}.{domain}"
        message = ldb.Message(self._find(f"{server}$"))
        names = [f"ldap/{host}", f"ldap/{host}/{domain}", f"ldap/{host}/{netbios}", f"ldap/{server}"]
        names += [f"GC/{host}/{domain}", f"cifs/{host}", f"cifs/{server}"]
        message["servicePrincipalName"] = ldb.MessageElement(names, ldb.FLAG_MOD_ADD, "servicePrincipalName")
        self.database.modify(message)

    def _dn(self, name: str, container: str) -> ldb.Dn:
        dn = ldb.Dn(self.database, f"CN=x,{container},{self.base}")
        dn.set_component(0, "CN", name)
        return dn

    def _find(self, name: str) -> ldb.Dn:
        found = self.database.search(
            self.base, ldb.SCOPE_SUBTREE, f"(sAMAccountName={ldb.binary_encode(name)})", attrs=["1.1"]
        )
        if len(found) != 1:
            raise LookupError(f"{len(found)} objects have the name {name!r}")
        return found[0].dn

    def _replace(self, dn: Any, values: dict[str, Any], *controls: str) -> None:
        message = ldb.Message(ldb.Dn(self.database, str(dn)))
        for name, value in values.items():
            message[name] = ldb.MessageElement(value, ldb.FLAG_MOD_REPLACE, name)
        self.database.modify(message, list(controls))


def _sid(entry: Any) -> Any:
    return ndr_unpack(security.dom_sid, entry["objectSid"][0])


def _utf16(password: str) -> bytes:
    return password.encode("utf-16-le")


if __name__ == "__main__":
    main()
