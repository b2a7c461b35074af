# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The directory of the lab's domain: LDAP as a domain controller speaks it, and counts of what it was asked.

It has what a client needs to look at accounts: a logon by NTLM after which all is sealed, the root, the domain, an
account by its SID with ``tokenGroups``, and searches by ``sAMAccountName`` and ``member``. For all else there is a real
one (tests.lab.domain). RFC 4511; [MS-ADTS] 3.1.1.3 and 5.1.1.1.

It runs in a process of its own, ``python -m tests.lab.directory``, so that it takes no time from its clients: a line of
JSON on standard input describes it, then come ``counters``, ``reset`` and ``quit``. `running_directory` starts it.
"""

from __future__ import annotations

import base64
import json
import socket
import socketserver
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from ..waiting import PATIENCE
from .descriptors import sid_bytes
from .host import Host
from .model import Account, Logon
from .ntlm import Negotiation, Rejected, write_user_file
from .scenario import domain_sid, new_account

CHECKOUT = Path(__file__).resolve().parents[2]
QUERIES = ("root", "domain", "account", "by_name", "by_member", "other")
"""Kinds of searches."""

_SUCCESS, _SASL_IN_PROGRESS, _NO_SUCH_OBJECT, _WRONG_PASSWORD, _STRONGER_LOGON = 0, 14, 32, 49, 8
_WRONG = "80090308: LdapErr: DSID-0C090439, comment: AcceptSecurityContext error, data 52e, v4563"
_UNSEALED = "00002028: LdapErr: DSID-0C090259, comment: The server requires binds to turn on integrity checking"
_NEVER = str((1 << 63) - 1)
_DOMAIN_USERS, _DOMAIN_COMPUTERS = 513, 515
_LONGEST = 1 << 20


@dataclass(frozen=True, slots=True)
class DirectoryAccount:
    """An account of the domain: its name without the domain, and the groups of the domain that it is in, nested ones
    included."""

    name: str
    groups: tuple[str, ...] = ()


class _Ended(Exception):
    """The client has closed the connection, or sends no LDAP."""


def ber(tag: int, *contents: bytes) -> bytes:
    """An element."""
    content = b"".join(contents)
    if len(content) < 0x80:
        return bytes((tag, len(content))) + content
    return bytes((tag, 0x84)) + len(content).to_bytes(4, "big") + content


def _parts(data: bytes) -> list[tuple[int, bytes]]:
    """The elements in a row of them."""
    found = []
    while data:
        try:
            size, begin = data[1], 2
            if size & 0x80:
                begin += size & 0x7F
                size = int.from_bytes(data[2:begin], "big")
            found.append((data[0], data[begin : begin + size]))
        except IndexError:
            raise _Ended from None
        data = data[begin + size :]
    return found


def _text(value: str) -> bytes:
    return ber(0x04, value.encode())


def _integer(value: int) -> bytes:
    return value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True)


def _result(kind: int, code: int, text: str = "", *more: bytes) -> bytes:
    return ber(kind, ber(0x0A, _integer(code)), _text(""), _text(text), *more)


class Directory:
    """What the domain holds, and what was asked of it.

    Args:
        domain: its NetBIOS name.
        dns_domain: its DNS name.
        accounts: its accounts.
    """

    def __init__(self, domain: str, dns_domain: str, accounts: Iterable[DirectoryAccount]) -> None:
        self._domain = domain
        self.base = ",".join(f"DC={label}" for label in dns_domain.split("."))
        self.sid = domain_sid(domain)
        made = [(new_account(domain, account.name, local=False), account) for account in accounts]
        self._by_sid = {found.sid: self._entry(found, account) for found, account in made}
        self._by_name = {found.name.casefold(): found.sid for found, _account in made}
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def counters(self) -> dict[str, int]:
        """Connections, logons, refused logons, and searches by their kinds."""
        with self._lock:
            return {name: self._counts[name] for name in ("connections", "logons", "refused", *QUERIES)}

    def reset(self) -> None:
        """Start from zero."""
        with self._lock:
            self._counts.clear()

    def count(self, name: str) -> None:
        """Count one more."""
        with self._lock:
            self._counts[name] += 1

    def search(self, base: str, condition: tuple[int, bytes], wanted: Sequence[str]) -> tuple[int, list[bytes]]:
        """The result code and the entries of a search."""
        folded = base.casefold()
        if not base:
            self.count("root")
            values = {"defaultNamingContext": [self.base.encode()], "supportedSASLMechanisms": [b"GSS-SPNEGO"]}
            return _SUCCESS, [_shown("", values, wanted)]
        if folded.startswith("<sid="):
            self.count("account")
            return self._found(base[5:-1], wanted)
        if folded != self.base.casefold():
            self.count("other")
            return _NO_SUCH_OBJECT, []
        conditions = _equalities(condition)
        names = {name for name, _value in conditions}
        if names == {"samaccountname"}:
            self.count("by_name")
            sids = [self._by_name.get(value.decode().casefold()) for _name, value in conditions]
            return _SUCCESS, [_shown(sid, self._by_sid[sid], wanted) for sid in sids if sid]
        if names == {"member"}:
            self.count("by_member")
            return _SUCCESS, []  # no group has a well-known SID or one of another domain for a member
        self.count("domain")
        return _SUCCESS, [_shown(self.base, {"objectSid": [sid_bytes(self.sid)]}, wanted)]

    def _found(self, sid: str, wanted: Sequence[str]) -> tuple[int, list[bytes]]:
        entry = self._by_sid.get(sid)
        return (_SUCCESS, [_shown(sid, entry, wanted)]) if entry else (_NO_SUCH_OBJECT, [])

    def _entry(self, found: Account, account: DirectoryAccount) -> dict[str, list[bytes]]:
        computer = account.name.endswith("$")
        primary = f"{self.sid}-{_DOMAIN_COMPUTERS if computer else _DOMAIN_USERS}"
        groups = [new_account(self._domain, name, local=False, type_="group").sid for name in account.groups]
        return {
            "objectSid": [sid_bytes(found.sid)],
            "sAMAccountName": [account.name.encode()],
            "msDS-PrincipalName": [f"{self._domain}\\{account.name}".encode()],
            "tokenGroups": [sid_bytes(sid) for sid in (primary, *groups)],
            "tokenGroupsGlobalAndUniversal": [sid_bytes(sid) for sid in (primary, *groups)],
            # WORKSTATION_TRUST_ACCOUNT or NORMAL_ACCOUNT, [MS-ADTS] 2.2.16
            "userAccountControl": [b"4096" if computer else b"512"],
            "msDS-User-Account-Control-Computed": [b"0"],
            "accountExpires": [_NEVER.encode()],
        }


def _shown(name: str, values: Mapping[str, Sequence[bytes]], wanted: Sequence[str]) -> bytes:
    asked = {attribute.casefold() for attribute in wanted}
    shown = [
        ber(0x30, _text(attribute), ber(0x31, *(ber(0x04, value) for value in held)))
        for attribute, held in values.items()
        if not asked or attribute.casefold() in asked
    ]
    return ber(0x64, _text(name), ber(0x30, *shown))


def _equalities(condition: tuple[int, bytes]) -> list[tuple[str, bytes]]:
    """Attribute and value of each equality in a filter of them; none for another kind of filter."""
    tag, content = condition
    if tag in (0xA0, 0xA1):  # and, or
        return [pair for part in _parts(content) for pair in _equalities(part)]
    if tag != 0xA3:
        return []
    (_tag, name), (_other, value) = _parts(content)
    return [(name.decode().casefold(), value)]


class _Connection(socketserver.BaseRequestHandler):
    """One client."""

    server: _Server
    request: socket.socket

    def setup(self) -> None:
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._negotiation = Negotiation(self.server.user_file)
        self._sealed = False
        self._plain = b""

    def handle(self) -> None:
        self.server.directory.count("connections")
        with suppress(_Ended, OSError):
            while True:
                (_tag, number), (kind, content), *_controls = _parts(self._element())
                answers = self._answers(kind, content)
                self._send(b"".join(ber(0x30, ber(0x02, number), answer) for answer in answers))
                # All that follows the answer to the logon is sealed.
                self._sealed = bool(self._negotiation.principal)

    def _answers(self, kind: int, content: bytes) -> list[bytes]:
        if kind == 0x60:
            return [self._bind(content)]
        if kind != 0x63:
            raise _Ended
        base, _scope, _aliases, _limit, _seconds, _types, condition, attributes = _parts(content)
        if base[1] and not self._sealed:
            return [_result(0x65, 1, "In order to perform this operation a successful bind must be completed")]
        wanted = [name.decode() for _tag, name in _parts(attributes[1])]
        code, entries = self.server.directory.search(base[1].decode(), condition, wanted)
        return [*entries, _result(0x65, code)]

    def _bind(self, content: bytes) -> bytes:
        _version, _name, (mechanism, credentials) = _parts(content)
        if mechanism != 0xA3 or _parts(credentials)[0][1] != b"GSS-SPNEGO":
            return _result(0x61, _STRONGER_LOGON, _UNSEALED)
        try:
            token = self._negotiation.step(base64.b64encode(_parts(credentials)[1][1]).decode())
        except Rejected:
            self.server.directory.count("refused")
            return _result(0x61, _WRONG_PASSWORD, _WRONG)
        answer = [ber(0x87, base64.b64decode(token))] if token else []
        if not self._negotiation.principal:
            return _result(0x61, _SASL_IN_PROGRESS, "", *answer)
        self.server.directory.count("logons")
        return _result(0x61, _SUCCESS, "", *answer)

    def _element(self) -> bytes:
        """The content of the next outer sequence."""
        while True:
            if len(self._plain) >= 2:
                size, begin = self._plain[1], 2
                if size & 0x80:
                    begin += size & 0x7F
                    size = int.from_bytes(self._plain[2:begin], "big")
                if size > _LONGEST:
                    raise _Ended
                if len(self._plain) >= begin + size:
                    content, self._plain = self._plain[begin : begin + size], self._plain[begin + size :]
                    return content
            self._plain += self._more()

    def _more(self) -> bytes:
        if not self._sealed:
            received = self.request.recv(1 << 16)
            if not received:
                raise _Ended
            return received
        size = int.from_bytes(self._exactly(4), "big")
        if size > _LONGEST:
            raise _Ended
        return bytes(self._context.unwrap(self._exactly(size)).data)

    def _exactly(self, size: int) -> bytes:
        found = b""
        while len(found) < size:
            received = self.request.recv(size - len(found))
            if not received:
                raise _Ended
            found += received
        return found

    def _send(self, data: bytes) -> None:
        if self._sealed:
            sealed = bytes(self._context.wrap(data).data)
            data = len(sealed).to_bytes(4, "big") + sealed
        self.request.sendall(data)

    @property
    def _context(self) -> Any:
        return self._negotiation.context


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, directory: Directory, user_file: Path) -> None:
        self.directory = directory
        self.user_file = user_file
        super().__init__(("127.0.0.1", 0), _Connection)


@dataclass(frozen=True, slots=True)
class RunningDirectory:
    """A directory in its process.

    Attributes:
        port: its TCP port at 127.0.0.1.
    """

    port: int
    _process: subprocess.Popen[str] = field(repr=False)

    def counters(self) -> dict[str, int]:
        """Connections, logons, refused logons, and searches by their kinds."""
        return self._told("counters")

    def reset(self) -> None:
        """Start from zero."""
        self._told("reset")

    def _told(self, command: str) -> dict[str, int]:
        if self._process.stdin is None or self._process.stdout is None:
            raise AssertionError("the directory has no pipes")
        self._process.stdin.write(f"{command}\n")
        self._process.stdin.flush()
        counters: dict[str, int] = json.loads(self._process.stdout.readline())
        return counters


@contextmanager
def running_directory(
    logon: tuple[str, str], accounts: Iterable[DirectoryAccount], domain: str = "CORP", dns_domain: str = "corp.example"
) -> Iterator[RunningDirectory]:
    r"""Run a directory, in which one account may log on: ``CORP\name`` and its password."""
    described = {
        "domain": domain,
        "dns_domain": dns_domain,
        "logon": logon,
        "accounts": [(account.name, account.groups) for account in accounts],
    }
    command = [sys.executable, "-m", "tests.lab.directory"]
    with subprocess.Popen(command, cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            if process.stdin is None or process.stdout is None:
                raise AssertionError("the directory has no pipes")
            process.stdin.write(json.dumps(described) + "\n")
            process.stdin.flush()
            yield RunningDirectory(int(process.stdout.readline()), process)
        finally:
            with suppress(BrokenPipeError):
                process.communicate("quit\n", timeout=PATIENCE)


def main() -> None:
    """Serve until told to quit, or until standard input ends."""
    described = json.loads(sys.stdin.readline())
    accounts = [DirectoryAccount(name, tuple(groups)) for name, groups in described["accounts"]]
    directory = Directory(described["domain"], described["dns_domain"], accounts)
    user, password = described["logon"]
    with tempfile.TemporaryDirectory(prefix="directory-") as name:
        users = Path(name) / "users"
        # What the file is made from: who may log on, and the domain's DNS name.
        controller = SimpleNamespace(logons=(Logon(user, password),), dns_domain=described["dns_domain"], name="DC01")
        write_user_file(users, [cast(Host, controller)])
        with _Server(directory, users) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            print(server.server_address[1], flush=True)
            for line in sys.stdin:
                command = line.strip()
                if command == "quit":
                    break
                if command == "reset":
                    directory.reset()
                print(json.dumps(directory.counters()), flush=True)
            server.shutdown()


if __name__ == "__main__":
    main()
