# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Authentication as WinRM does it: Basic, and Negotiate (NTLM, alone or inside SPNEGO) for each TCP connection."""

from __future__ import annotations

import base64
import binascii
import hmac
import os
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import spnego
from impacket.ntlm import compute_nthash  # type: ignore[import-untyped, unused-ignore]

from .host import Host
from .model import Logon

_environment = threading.Lock()
_MAX_TOKEN = 64 * 1024


class Rejected(Exception):
    """The credentials or tokens are no good."""


def write_user_file(path: Path, hosts: Iterable[Host]) -> None:
    """Write the accounts that may log on, readable by nobody else, in the format of smbpasswd (hashes only).

    Clients name an account in several ways; NTLM hashes the name as the client wrote it, so each gets a line.
    """
    lines: dict[str, str] = {}
    for host in hosts:
        for logon in host.logons:
            nt_hash = compute_nthash(logon.password).hex().upper()
            for name in spellings(host, logon):
                lines.setdefault(name.casefold(), f"{name}:1000:{'0' * 32}:{nt_hash}:[U          ]:LCT-00000000")
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write("".join(f"{line}\n" for line in lines.values()))


def spellings(host: Host, logon: Logon) -> tuple[str, ...]:
    """The names under which a logon account may present itself to a host."""
    domain, _unused, name = logon.user.rpartition("\\")
    if domain in (".", ""):
        return (f".\\{name}", f"{host.name}\\{name}", name)
    return (
        f"{domain}\\{name}",
        f"{host.dns_domain}\\{name}",
        f"{name}@{host.dns_domain}",
        f"{name}@{domain}",
    )


def find_logon(host: Host, principal: str) -> Logon | None:
    """The logon account that a principal name means on this host."""
    for logon in host.logons:
        if principal.casefold() in (name.casefold() for name in spellings(host, logon)):
            return logon
    return None


def check_basic(host: Host, value: str) -> Logon:
    """Check the value of an ``Authorization: Basic`` header; raises Rejected."""
    try:
        user, separator, password = base64.b64decode(value, validate=True).decode("utf-8").partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise Rejected("malformed Basic credentials") from None
    logon = find_logon(host, user)
    if not separator or logon is None or not hmac.compare_digest(logon.password.encode(), password.encode()):
        raise Rejected("wrong user or password")
    return logon


@dataclass(slots=True)
class Negotiation:
    """One connection's security context."""

    user_file: Path
    context: spnego.ContextProxy | None = None

    def step(self, value: str) -> str:
        """Take the base64 token of an Authorization header, return the one to answer with (maybe empty).

        Channel bindings are not asked for, as with Windows' default CbtHardeningLevel "Relaxed".
        Raises Rejected.
        """
        try:
            token = base64.b64decode(value, validate=True)
        except binascii.Error:
            raise Rejected("malformed token") from None
        if not token or len(token) > _MAX_TOKEN:
            raise Rejected("malformed token")
        # pyspnego's acceptor finds its accounts through this variable alone, and labs may share a process.
        with _environment:
            before = os.environ.get("NTLM_USER_FILE")
            os.environ["NTLM_USER_FILE"] = str(self.user_file)
            try:
                if self.context is None or self.context.complete:
                    self.context = spnego.server(
                        protocol="negotiate",
                        options=spnego.NegotiateOptions.use_negotiate,
                        context_req=spnego.ContextReq.integrity | spnego.ContextReq.confidentiality,
                    )
                answer = self.context.step(token)
            except Exception as error:  # the acceptor raises whatever a malformed token makes its parser raise
                self.context = None
                raise Rejected(str(error)) from None
            finally:
                if before is None:
                    del os.environ["NTLM_USER_FILE"]
                else:
                    os.environ["NTLM_USER_FILE"] = before
        return base64.b64encode(answer).decode() if answer else ""

    @property
    def principal(self) -> str | None:
        """Who logged on, once the exchange is complete."""
        return self.context.client_principal if self.context and self.context.complete else None
