# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An entry of the option `sms_directory`, as an operator writes it into a group variable. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..text import visible

LONGEST_TIMEOUT = 300
"""Seconds."""

_NAME = re.compile(r"[^\s/@\\\x00-\x1f\x7f]{1,255}")
"""A host's name or address; not a URL or an account."""
_ACCOUNT = re.compile(r"[^\\@\x00-\x1f\x7f]{1,255}(?:\\|@)[^\\@\x00-\x1f\x7f]{1,255}")
_AUTH = ("ntlm", "kerberos")
_NO_TEXT = "is no text"


class DirectoryEntriesError(ValueError):
    """The option is wrong. The text has all that is to be corrected, and no password."""


@dataclass(frozen=True, slots=True)
class ControllerEntry:
    r"""A domain controller, and how to log on there.

    Attributes:
        server: name or address of the domain controller; its full name with Kerberos.
        address: name or address to connect to, if that is another one.
        port: TCP port of LDAP.
        auth: `ntlm` or `kerberos`; empty: as the host's connection does.
        user: `DOMAIN\name` or `name@REALM`; empty: the account of the host's connection.
        password: of the user; may be empty with Kerberos.
        kerberos_hostname_override: the name in the service principal, if it is not `server`.
        domains: NetBIOS names of domains, by DNS name; None: as the host's connection has them.
        timeout: seconds for a connection with its logon, and for each query.
    """

    server: str
    address: str = ""
    port: int = 389
    auth: str = ""
    user: str = ""
    password: str = field(default="", repr=False)
    kerberos_hostname_override: str = ""
    domains: Mapping[str, str] | None = None
    timeout: int = 10


def directory_entries(value: object) -> tuple[ControllerEntry, ...]:
    """The entries of the option.

    Args:
        value: a list of mappings, as Ansible checked it. What is missing is None or absent.

    Raises:
        DirectoryEntriesError: something in it is wrong.
    """
    if value is None:
        return ()
    if not isinstance(value, Sequence) or isinstance(value, (str, bytes)):
        raise DirectoryEntriesError("sms_directory: it is no list of domain controllers. Write - server: NAME.")
    problems: list[str] = []
    entries = []
    for number, given in enumerate(value):
        if not isinstance(given, Mapping):
            problems.append(f"sms_directory[{number}]: it is no mapping. Write server: NAME.")
            continue
        found = list(_problems(given))
        problems += [f"sms_directory[{number}]: {problem}." for problem in found]
        if not found:
            entries.append(_entry(given))
    if problems:
        raise DirectoryEntriesError(" ".join(problems))
    return tuple(entries)


def entries_error(value: object) -> str | None:
    """What is wrong with the option, with all that is to be corrected; None if nothing is."""
    try:
        directory_entries(value)
    except DirectoryEntriesError as error:
        return str(error)
    return None


def _entry(given: Mapping[Any, Any]) -> ControllerEntry:
    values = {str(name): value for name, value in given.items() if value is not None and value != ""}
    texts = {name: str(value) for name, value in values.items() if name not in ("port", "timeout", "domains")}
    numbers = {name: int(values[name]) for name in ("port", "timeout") if name in values}
    domains = values.get("domains")
    names = None if domains is None else {str(dns): str(netbios) for dns, netbios in domains.items()}
    return ControllerEntry(**texts, **numbers, domains=names)  # type: ignore[arg-type]


def _problems(given: Mapping[Any, Any]) -> list[str]:
    """What is wrong with an entry, without full stops."""
    known = ControllerEntry.__dataclass_fields__
    unknown = sorted(_shown(name) for name in given if name not in known)
    problems = [f"{name} is no key; there are {', '.join(known)}" for name in unknown]
    if not given.get("server"):
        problems.append("server is missing. Give the name or address of a domain controller")
    for name in ("server", "address", "kerberos_hostname_override"):
        problems += _text_problem(given, name, _NAME, "is no name or address of a host")
    problems += _text_problem(given, "user", _ACCOUNT, "is not of the form DOMAIN\\name or name@REALM")
    problems += _number_problem(given, "port", 65535)
    problems += _number_problem(given, "timeout", LONGEST_TIMEOUT)
    if given.get("auth") not in (None, "", *_AUTH):
        problems.append(f"auth {_shown(given['auth'])} is neither ntlm nor kerberos")
    password = given.get("password")
    if password is not None and not isinstance(password, str):
        problems.append(f"password {_NO_TEXT}. Write it in quotation marks")
    elif password and not given.get("user"):
        problems.append("it has a password and no user. Give both, or neither")
    domains = given.get("domains")
    if domains is not None and not (isinstance(domains, Mapping) and all(map(_is_name, (*domains, *domains.values())))):
        problems.append("domains is no mapping of DNS names to NetBIOS names. Write corp.example: CORP")
    return problems


def _text_problem(given: Mapping[Any, Any], name: str, form: re.Pattern[str], problem: str) -> list[str]:
    value = given.get(name)
    if value is None or value == "":
        return []
    if not isinstance(value, str):
        return [f"{name} {_NO_TEXT}"]
    return [] if form.fullmatch(value) else [f"{name} {_shown(value)} {problem}"]


def _number_problem(given: Mapping[Any, Any], name: str, most: int) -> list[str]:
    value = given.get(name)
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= most):
        return []
    return [f"{name} {_shown(value)} is no number from 1 to {most}"]


def _is_name(value: object) -> bool:
    return isinstance(value, str) and bool(_NAME.fullmatch(value))


def _shown(value: object) -> str:
    return f"'{visible(str(value)[:100])}'"
