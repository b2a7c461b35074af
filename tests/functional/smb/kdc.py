# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Kerberos realm for tests: MIT's KDC on ports of its own, with a database and a krb5.conf in one directory."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.waiting import PATIENCE, wait_until

_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/bin"
_PROGRAMS = {"krb5kdc": "krb5-kdc", "kdb5_util": "krb5-kdc", "kadmin.local": "krb5-admin-server", "kinit": "krb5-user"}

KDC_CONF = """
[realms]
    {realm} = {{
        database_name = {base}/principal
        key_stash_file = {base}/stash
        acl_file = {base}/acl
        kdc_listen = ""
        kdc_tcp_listen = 127.0.0.1:{port}
        disable_pac = true
    }}
[logging]
    kdc = FILE:{base}/kdc.log
[libdefaults]
    clockskew = {clockskew}
"""

KRB5_CONF = """
[libdefaults]
    default_realm = {realm}
    dns_lookup_kdc = false
    dns_canonicalize_hostname = false
    rdns = false
    default_ccache_name = FILE:{base}/cache_%{{uid}}
[realms]
    {realm} = {{
{kdcs}
    }}
"""


def missing() -> str:
    """What a KDC needs and is not here; empty if one can be run."""
    lacking = {package for program, package in _PROGRAMS.items() if not shutil.which(program, path=_PATH)}
    return f"needs the packages {', '.join(sorted(lacking))}" if lacking else ""


@dataclass
class Realm:
    """A realm with its database, without a KDC at first."""

    name: str
    base: Path

    def environment(self, kdc_conf: str = "kdc.conf") -> Mapping[str, str]:
        """What lets MIT's programs work on this realm alone."""
        return {
            "PATH": _PATH,
            "KRB5_CONFIG": str(self.base / "krb5.conf"),
            "KRB5_KDC_PROFILE": str(self.base / kdc_conf),
            "KRB5CCNAME": f"FILE:{self.base}/none",
        }

    def write_krb5_conf(self, *ports: int) -> None:
        """Name the KDCs to clients."""
        kdcs = "\n".join(f"        kdc = 127.0.0.1:{port}" for port in ports)
        text = KRB5_CONF.format(realm=self.name, base=self.base, kdcs=kdcs)
        (self.base / "krb5.conf").write_text(text, encoding="utf-8")

    @contextmanager
    def kdc(self, *, clockskew: int = 300) -> Iterator[int]:
        """Run a KDC that bears a difference of so many seconds between clocks; its port."""
        with held_port() as port, self._kdc_at(port, clockskew):
            yield port

    @contextmanager
    def _kdc_at(self, port: int, clockskew: int) -> Iterator[None]:
        text = KDC_CONF.format(realm=self.name, base=self.base, port=port, clockskew=clockskew)
        (self.base / f"kdc.conf.{port}").write_text(text, encoding="utf-8")
        with subprocess.Popen(
            [shutil.which("krb5kdc", path=_PATH) or "krb5kdc", "-n", "-r", self.name],
            env=self.environment(f"kdc.conf.{port}"),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as process:
            try:
                wait_until(lambda: process.poll() is not None or _answers(port), "krb5kdc answers or ends")
                assert process.poll() is None, "krb5kdc ended"
                yield
            finally:
                process.terminate()

    def administer(self, *commands: str) -> None:
        """Commands of kadmin.local."""
        text = "".join(f"{command}\n" for command in commands)
        said = self.run("kadmin.local", "-r", self.name, text=text)
        assert "kadmin.local: " not in said.replace("kadmin.local:  ", ""), said

    def kinit(self, principal: str, password: str, *options: str) -> Path:
        """Get a ticket as operators do; returns the file."""
        cache = self.base / f"tickets-{time.monotonic_ns()}"
        self.run("kinit", "-c", f"FILE:{cache}", *options, principal, text=f"{password}\n")
        return cache

    def run(self, program: str, *arguments: str, text: str = "") -> str:
        """Run one of MIT's programs on this realm; its output and its complaints."""
        done = subprocess.run(
            [shutil.which(program, path=_PATH) or program, *arguments],
            input=text,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
        assert done.returncode == 0, f"{program}: {done.stdout}"
        return done.stdout


def new_realm(name: str, base: Path) -> Realm:
    """A realm with an empty database in a directory."""
    realm = Realm(name, base)
    realm.write_krb5_conf()
    text = KDC_CONF.format(realm=name, base=base, port=0, clockskew=300)
    (base / "kdc.conf").write_text(text, encoding="utf-8")
    realm.run("kdb5_util", "create", "-r", name, "-s", "-P", os.urandom(12).hex())
    return realm


@contextmanager
def held_port() -> Iterator[int]:
    """A port of 127.0.0.1 that refuses connections, and that nobody else is given meanwhile.

    A server that sets SO_REUSEADDR can listen there all the same.
    """
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
