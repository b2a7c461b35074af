# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The settings of krb5.conf about realms and tickets; the format is MIT's, as in its krb5.conf(5).

impacket does not read it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

_PORT = 88
_SYSTEM_FILE = "/etc/krb5.conf"
_DEFAULT_CACHE = "FILE:/tmp/krb5cc_%{uid}"
_LARGEST_FILE = 1 << 20
_MOST_FILES = 100


@dataclass(frozen=True)
class Configuration:
    """The settings of krb5.conf.

    Attributes:
        default_realm: the realm of an account without one; may be empty.
        cache: where kinit leaves tickets, `KIND:name`.
        kdcs: host and port of each realm's key distribution centres, in the order in which to ask them.
        host_realms: the realm of each host and each domain (with or without a dot in front) of [domain_realm].
        realms: all realms that it names.
    """

    default_realm: str
    cache: str
    kdcs: Mapping[str, Sequence[tuple[str, int]]]
    host_realms: Mapping[str, str] = field(default_factory=dict)
    realms: tuple[str, ...] = ()

    def kdcs_of(self, realm: str) -> Sequence[tuple[str, int]]:
        """The KDCs of a realm. A realm without an entry is a domain, whose name resolves to its controllers."""
        return self.kdcs.get(realm) or [(realm, _PORT)]

    def realm_of(self, host: str) -> str:
        """The realm of a host by [domain_realm]: the most specific entry decides. Empty if there is none."""
        name = host.lower().rstrip(".")
        while name and name not in self.host_realms:
            name = name[1:] if name[0] == "." else name[len(name.partition(".")[0]) :]
        return self.host_realms.get(name, "")


def read_configuration() -> Configuration:
    """The settings in the files that KRB5_CONFIG names, or in the system's. A file that cannot be read is skipped."""
    sections: dict[str, dict[str, list[str]]] = {}
    names = os.environ.get("KRB5_CONFIG") or _SYSTEM_FILE
    left = [_MOST_FILES]
    for name in names.split(os.pathsep):
        _read_into(sections, Path(name), left)
    defaults = sections.get("libdefaults", {})
    cache = _first(defaults, "default_ccache_name") or _DEFAULT_CACHE
    for parameter, value in {"uid": os.getuid(), "euid": os.geteuid()}.items():
        cache = cache.replace(f"%{{{parameter}}}", str(value))
    kdcs: dict[str, list[tuple[str, int]]] = {}
    default_realm = _first(defaults, "default_realm")
    realms = dict.fromkeys([default_realm] if default_realm else [])
    for key, values in sections.get("realms", {}).items():
        realm, _space, relation = key.partition(" ")
        if relation:
            realms[realm] = None
        if relation == "kdc":
            kdcs[realm] = [place for value in values for place in _place(value)]
    host_realms = {name.lower(): values[0] for name, values in sections.get("domain_realm", {}).items() if values[0]}
    realms.update(dict.fromkeys(host_realms.values()))
    return Configuration(default_realm, cache, kdcs, host_realms, tuple(realms))


def _first(section: Mapping[str, Sequence[str]], key: str) -> str:
    return section[key][0] if key in section else ""


def _read_into(sections: dict[str, dict[str, list[str]]], path: Path, left: list[int]) -> None:
    """Add a file's relations to those that are there: a relation in braces is called `REALM relation`."""
    left[0] -= 1
    if left[0] < 0:
        return
    try:
        text = read_file(path).decode("utf-8", "replace")
    except OSError:
        return
    section: dict[str, list[str]] = {}
    outer: list[str] = []
    for line in (each.strip() for each in text.splitlines()):
        directive, _space, argument = line.partition(" ")
        heading = re.fullmatch(r"\[(.+)\]\*?", line)
        relation = re.fullmatch(r"([^=\s]+)\s*=\s*(.*)", line)
        if not line or line[0] in "#;":
            continue
        if heading:
            section, outer = sections.setdefault(heading[1].strip(), {}), []
        elif directive == "include":
            _read_into(sections, Path(argument.strip()), left)
        elif directive == "includedir":
            for each in _included(Path(argument.strip())):
                _read_into(sections, each, left)
        elif line.startswith("}"):
            outer = outer[:-1]
        elif relation and relation[2].startswith("{"):
            outer = [*outer, relation[1]]
        elif relation:
            value = relation[2]
            if value.startswith('"'):
                value = value[1:].partition('"')[0]
            section.setdefault(" ".join([*outer, relation[1].rstrip("*")]), []).append(value)


def _included(directory: Path) -> list[Path]:
    """The files of a directory that are configuration by their names."""
    with suppress(OSError):
        return sorted(each for each in directory.iterdir() if re.fullmatch(r"[\w-]+|[^.].*\.conf", each.name))
    return []


def _place(kdc: str) -> Iterator[tuple[str, int]]:
    """Host and port of `host`, `host:port`, `[address]:port`; one behind a proxy (a URL), or a socket, is left out."""
    found = re.fullmatch(r"(?:\[([\da-fA-F:.]+)\]|([^\s/:\[\]]+))(?::(\d{1,5}))?", kdc.strip())
    if found and int(found[3] or _PORT) < 1 << 16:
        yield found[1] or found[2], int(found[3] or _PORT)


def read_file(path: Path) -> bytes:
    """A file's content; of the kinds of files that are read here, none is longer."""
    with path.open("rb") as file:
        return file.read(_LARGEST_FILE)
