# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a description (YAML, or the default hierarchy) to hosts.

The description is a mapping with ``domain``, ``dns_domain``, ``accounts``, ``logons``, ``hosts`` and ``sites``; see
``hierarchy.default_hierarchy`` for an example of nearly every key.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import yaml

from . import ntfs
from .backend import AccountTable, MemoryBackend, Missing
from .descriptors import (
    SE_DACL_AUTO_INHERITED,
    SE_DACL_PRESENT,
    SE_DACL_PROTECTED,
    SE_SACL_PRESENT,
    SE_SELF_RELATIVE,
    Ace,
    BadDescriptor,
    Descriptor,
    pack,
    sid_bytes,
)
from .host import Host
from .model import (
    LANGUAGES,
    Account,
    Logon,
    PolicyRight,
    Service,
    Settings,
    Share,
    SidType,
    SmsProvider,
    built_in_accounts,
)
from .providers import sms

MASKS = {
    "full_control": 0x1F01FF,
    "modify": 0x1301BF,
    "change": 0x1301BF,
    "read_execute": 0x1200A9,
    "read": 0x1200A9,
    "read_write": 0x12019F,
    "write": 0x100116,
}
"""Rights by name: of a share (Read is 0x1200A9) and of a directory; any other right is given as ``mask``."""

FLAGS = {"OI": 0x1, "CI": 0x2, "NP": 0x4, "IO": 0x8, "INHERITED": 0x10, "SA": 0x40, "FA": 0x80}
"""Of entries; SA and FA are of audit entries: successful and failed access."""

TYPES = {"allow": 0, "deny": 1, "audit": 2}


class BadScenario(ValueError):
    """A description that does not describe hosts; says where and why."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """Hosts, and the hierarchy of sites they serve (as the role takes it)."""

    hosts: tuple[Host, ...]
    sites: tuple[Mapping[str, Any], ...]


def load(path: Path) -> Scenario:
    """Read a scenario file; raises BadScenario."""
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise BadScenario(f"{path}: {error}") from None
    return build(data)


def build(data: Any) -> Scenario:
    """Make the hosts of a description; raises BadScenario."""
    top = _mapping(data, "the scenario", {"domain", "dns_domain", "accounts", "logons", "hosts", "sites"})
    domain, dns_domain = top.get("domain", "CORP"), top.get("dns_domain", "corp.example")
    logons = tuple(_logon(item) for item in _list(top.get("logons", [{"user": f"{domain}\\ansible"}]), "logons"))
    hosts = _list(top.get("hosts"), "hosts")
    domain_table = AccountTable(_domain_accounts(domain, top.get("accounts", ()), logons, hosts))
    tables = {language: AccountTable(built_in_accounts(language), domain_table) for language in LANGUAGES}
    built = tuple(_host(host, domain, dns_domain, tables, logons) for host in hosts)
    sites = tuple(_list(top.get("sites", []), "sites"))
    for host, item in zip(built, hosts, strict=True):
        if "sms_provider" in item:
            host.sms_provider = _sms_provider(host, item["sms_provider"], sites)
    names = [host.name.casefold() for host in built]
    if len(set(names)) != len(names):
        raise BadScenario("two hosts have one name")
    return Scenario(built, sites)


def entries(host: Host, items: Any, *, type_: str = "allow") -> tuple[Ace, ...]:
    """A list of described entries (principal, access or mask, type, flags) as ACEs; raises BadScenario."""
    return tuple(_entry(host, item, type_) for item in _list(items, "a list of entries"))


def described(descriptor: Descriptor, host: Host) -> dict[str, Any]:
    """A descriptor for people and playbooks: control flags and entries; ``entries`` is None without a DACL, and
    ``audit`` without a SACL."""
    return {
        "control": descriptor.control,
        "protected": descriptor.protected,
        "dacl_present": descriptor.dacl_present,
        "owner": descriptor.owner,
        "group": descriptor.group,
        "entries": _shown(descriptor.dacl, host),
        "audit": _shown(descriptor.sacl, host),
    }


def _shown(acl: tuple[Ace, ...] | None, host: Host) -> list[dict[str, Any]] | None:
    if acl is None:
        return None
    return [
        {
            "type": next((name for name, number in TYPES.items() if number == ace.type), str(ace.type)),
            "sid": ace.sid,
            "name": host.name_of(ace.sid) if ace.sid else None,
            "mask": ace.mask,
            "flags": ace.flags,
        }
        for ace in acl
    ]


def policy_rights(items: Any) -> tuple[PolicyRight, ...]:
    """User rights that group policy sets; raises BadScenario."""
    known = {field.name for field in fields(PolicyRight)}
    found = []
    for item in _list(items, "user rights"):
        data = _mapping(item, "a user right", known)
        accounts = tuple(_list(data.get("accounts", ()), "accounts of a user right"))
        found.append(PolicyRight(**{**data, "right": _text(data, "right", "a user right"), "accounts": accounts}))
    return tuple(found)


def domain_sid(name: str) -> str:
    """A domain's or computer's SID, made from its name: the same in every run."""
    digest = hashlib.sha256(name.casefold().encode()).digest()
    parts = (int.from_bytes(digest[at : at + 4], "big") for at in (0, 4, 8))
    return "S-1-5-21-" + "-".join(map(str, parts))


def new_account(domain: str, name: str, *, local: bool, type_: str = "user", rid: int | None = None) -> Account:
    """An account with a SID made from its name (or ending in ``rid``): the same in every run."""
    if rid is None:
        digest = hashlib.sha256(f"{domain}\\{name}".casefold().encode()).digest()
        rid = 1000 + int.from_bytes(digest[:3], "big")
    kind = {"user": SidType.USER, "group": SidType.ALIAS if local else SidType.GROUP}[type_]
    return Account(domain, name, f"{domain_sid(domain)}-{rid}", kind, local)


def _domain_accounts(domain: str, items: Any, logons: Iterable[Logon], hosts: Iterable[Any]) -> list[Account]:
    accounts = [_account(item, domain, local=False) for item in _list(items, "accounts")]
    known = {account.full_name.casefold() for account in accounts}
    names = [(domain, logon.user.partition("\\")[2]) for logon in logons if logon.user.startswith(f"{domain}\\")]
    names += [
        (host.get("domain", domain), f"{host['name']}$")
        for host in hosts
        if isinstance(host, Mapping) and "name" in host
    ]
    for of, name in names:
        account = new_account(of, name, local=False)
        if account.full_name.casefold() not in known:
            known.add(account.full_name.casefold())
            accounts.append(account)
    return accounts


def _host(
    item: Any, domain: str, dns_domain: str, tables: Mapping[str, AccountTable], logons: tuple[Logon, ...]
) -> Host:
    known = {
        *(
            "name",
            "site",
            "dns_name",
            "domain",
            "settings",
            "logons",
            "local_accounts",
            "directories",
            "files",
            "shares",
        ),
        *("services", "members", "sms_provider", "group_policy"),
    }
    data = _mapping(item, "a host", known)
    name = _text(data, "name", "a host")
    settings = _settings(data.get("settings", {}), name)
    of = data.get("domain", domain)
    owner = of if settings.domain_controller else name
    local = [_account(account, owner, local=True) for account in _list(data.get("local_accounts", ()), name)]
    own = tuple(_logon(logon) for logon in _list(data.get("logons", ()), name))
    host = Host(
        name=name,
        dns_name=data.get("dns_name", f"{name.lower()}.{dns_domain}"),
        domain=of,
        dns_domain=dns_domain,
        site=data.get("site", name),
        backend=MemoryBackend(AccountTable(local, tables[settings.language])),
        logons=logons + own,
        settings=settings,
        services=tuple(_service(service) for service in _list(data.get("services", ()), name)),
        group_policy=policy_rights(rights) if (rights := data.get("group_policy", ())) is not None else None,
    )
    for logon in own:
        _unused, _unused, user = logon.user.rpartition("\\")
        if logon.user.startswith(".\\") and not host.backend.account_by_name(owner, user):
            host.backend.add_account(new_account(owner, user, local=True))
    for directory in _list(data.get("directories", ()), name):
        _add_path(host, directory, directory=True)
    for file in _list(data.get("files", ()), name):
        _add_path(host, file, directory=False)
    for share in _list(data.get("shares", ()), name):
        _add_share(host, share)
    for group, members in data.get("members", {}).items():
        host.members[_resolve(host, group).sid] = [_resolve(host, member).sid for member in members]
    return host


def _settings(item: Any, host: str) -> Settings:
    data = _mapping(item, f"settings of {host}", {field.name for field in fields(Settings)})
    settings = Settings(**data)
    if settings.language not in LANGUAGES:
        raise BadScenario(f"{host}: language {settings.language!r} is not one of {', '.join(LANGUAGES)}")
    if settings.shows_lost_members not in ("never", "by_name", "by_sid"):
        raise BadScenario(
            f"{host}: shows_lost_members is never, by_name or by_sid, not {settings.shows_lost_members!r}"
        )
    if settings.children_follow not in ("always", "asked", "never"):
        raise BadScenario(f"{host}: children_follow is always, asked or never, not {settings.children_follow!r}")
    return settings


def _logon(item: Any) -> Logon:
    data = _mapping(item, "a logon", {"user", "password", "administrator"})
    password = data.get("password") or secrets.token_urlsafe(15)
    return Logon(_text(data, "user", "a logon"), password, bool(data.get("administrator", True)))


def _account(item: Any, domain: str, *, local: bool) -> Account:
    data = _mapping(item, "an account", {"name", "type", "rid"} | (set() if local else {"domain"}))
    type_ = data.get("type", "user")
    if type_ not in ("user", "group"):
        raise BadScenario(f"account type {type_!r} is neither user nor group")
    name = _text(data, "name", "an account")
    return new_account(data.get("domain", domain), name, local=local, type_=type_, rid=data.get("rid"))


def _sms_provider(host: Host, item: Any, sites: tuple[Mapping[str, Any], ...]) -> SmsProvider:
    """The Provider of the host's site and its data: the scenario's sites, unless it names its own."""
    name = f"sms_provider of {host.name}"
    data = _mapping(item, name, {"site", "machine", "administrators", "sites", "distribution_points", "others"})
    shown = tuple(_list(data.get("sites", sites), name))
    for site in shown:
        if site.get("product") not in sms.VERSIONS:
            raise BadScenario(f"{name}: site {site.get('code')} needs one of the products {', '.join(sms.VERSIONS)}")
    return SmsProvider(
        data.get("site", host.site),
        data.get("machine", host.dns_name),
        tuple(_list(data.get("administrators", [host.logons[0].user]), name)),
        shown,
        {code: tuple(servers) for code, servers in data.get("distribution_points", {}).items()},
        data.get("others", {}),
    )


def _service(item: Any) -> Service:
    data = _mapping(item, "a service", {"name", "display_name", "start_name", "state"})
    name = _text(data, "name", "a service")
    return Service(
        name,
        data.get("display_name", name),
        data.get("start_name", "LocalSystem"),
        data.get("state", "Running"),
    )


def _add_path(host: Host, item: Any, *, directory: bool) -> None:
    data = _mapping(item, "a path", {"path", "dacl", "protected", "owner", "null_dacl", "raw", "sacl"})
    path = _text(data, "path", "a path")
    try:
        ntfs.new_child(host.backend, path, directory=directory)
        if "raw" in data:
            host.backend.set_file_descriptor(path, pack(_descriptor(host, data)))
        elif set(data) > {"path"}:
            ntfs.write(host.backend, path, _descriptor(host, data))
    except (Missing, BadDescriptor) as error:
        raise BadScenario(f"{host.name}: {path}: {error}") from None


def _add_share(host: Host, item: Any) -> None:
    data = _mapping(item, "a share", {"name", "path", "description", "maximum_allowed", "dacl", "null_dacl", "sacl"})
    name = _text(data, "name", "a share")
    host.backend.put_share(
        Share(
            name,
            _text(data, "path", f"share {name}"),
            data.get("description", ""),
            maximum_allowed=data.get("maximum_allowed"),
        )
    )
    if "dacl" in data or data.get("null_dacl") or "sacl" in data:
        # As it stands: entries with raw generic bits may be planted this way.
        host.backend.set_share_descriptor(name, pack(_descriptor(host, data)))


def _descriptor(host: Host, data: Mapping[str, Any]) -> Descriptor:
    control = SE_SELF_RELATIVE | SE_DACL_PRESENT
    if data.get("protected"):
        control |= SE_DACL_PROTECTED
    if data.get("raw"):
        control |= SE_DACL_AUTO_INHERITED
    owner = _resolve(host, data["owner"]).sid if data.get("owner") else None
    dacl = None if data.get("null_dacl") else entries(host, data.get("dacl", ()))
    sacl = None
    if "sacl" in data:
        control |= SE_SACL_PRESENT
        sacl = entries(host, data["sacl"], type_="audit")
    return Descriptor(control, owner=owner, dacl=dacl, sacl=sacl)


def _entry(host: Host, item: Any, type_: str) -> Ace:
    data = _mapping(item, "an entry", {"principal", "access", "mask", "type", "flags", "body"})
    try:
        flags = _flags(data.get("flags", 0))
        if "body" in data:
            return Ace(int(data["type"]), flags, bytes.fromhex(data["body"]))
        mask = data["mask"] if "mask" in data else MASKS[data["access"]]
        principal = _text(data, "principal", "an entry")
        sid = principal if _is_sid(principal) else _resolve(host, principal).sid
        return Ace.basic(TYPES[data.get("type", type_)], flags, int(mask), sid)
    except (KeyError, TypeError, ValueError) as error:
        raise BadScenario(f"{host.name}: entry {dict(data)}: {error}") from None


def _flags(value: Any) -> int:
    if isinstance(value, int):
        return value
    return sum(FLAGS[name] for name in set(str(value).replace("|", " ").split()))


def _is_sid(text: str) -> bool:
    try:
        return bool(sid_bytes(text))
    except BadDescriptor:
        return False


def _resolve(host: Host, name: str) -> Account:
    account = host.find_account(name)
    if account is None:
        raise BadScenario(f"{host.name}: there is no account {name}")
    return account


def _mapping(item: Any, what: str, known: set[str]) -> Mapping[str, Any]:
    if not isinstance(item, Mapping):
        raise BadScenario(f"{what} is not a mapping")
    unknown = {str(key) for key in item} - known
    if unknown:
        raise BadScenario(f"{what} has no {', '.join(sorted(unknown))}")
    return item


def _list(item: Any, what: str) -> list[Any]:
    if not isinstance(item, (list, tuple)):
        raise BadScenario(f"{what}: a list was expected")
    return list(item)


def _text(data: Mapping[str, Any], key: str, what: str) -> str:
    value = data.get(key)
    if not isinstance(value, str) or not value:
        raise BadScenario(f"{what} needs {key}")
    return value
