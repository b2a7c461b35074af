# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs WMI operations at one host over WS-Management, and translates their errors."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from ...security import SecurityDescriptorError
from ...wsman import EnvelopeSettings, Instance, Operation, WSManError, WSManFault, WSManValueError
from ..errors import (
    NO_ADMINISTRATOR,
    AccessDenied,
    InvalidRequest,
    NoAnswer,
    NotFound,
    Rejected,
    ServerFault,
    SiteServerError,
)

T = TypeVar("T")

TALKING = "talk to WinRM"
"""The operation in the errors of a transport. `Wmi` replaces it by the operation of the request."""

LONGEST_OPERATION = 600.0
"""Seconds for all requests of one operation: a query whose answer comes in parts takes several. Each request also has a
deadline of its own (`exchange.TIMES_READ_TIMEOUT`)."""

# MaxEnvelopeSizekb bounds requests and answers; 500 since Windows Server 2012, 150 before (MS-WSMV 2.2.4.10). The
# largest descriptor, of 64 KiB, takes about 2 MB in a server's answer.
TOO_LONG = (
    "The list of entries is too long for the server's limit (MaxEnvelopeSizekb, 500 or 150 by default). Raise it on "
    "the server, in PowerShell: winrm set winrm/config '@{MaxEnvelopeSizekb=\"4096\"}'. Or shorten the list, or "
    "connect by ansible_connection: sitekeeper.sms.smb, which has no such limit."
)


class Transport(Protocol):
    """Sends envelopes, each at most once. Raises `SiteServerError` and its subclasses only."""

    def send(self, envelope: bytes) -> bytes:
        """Post one request; the answer's body, that of a fault (HTTP 500) included."""

    def close(self) -> None:
        """Close the connection to the server. The next request opens and authenticates a new one."""


@dataclass(slots=True)
class WmiTraffic:
    """Counts what a host's WMI was asked: requests, and the bytes of their envelopes and of the answers."""

    requests: int = 0
    sent: int = 0
    received: int = 0


@dataclass(frozen=True, slots=True)
class Wmi:
    """The WMI of one host.

    Attributes:
        host: the host as the inventory names it, for messages.
        transport: sends the envelopes.
        settings: settings of the envelopes.
        denied: advice if access is denied.
        missing: advice if a class or its namespace does not exist.
        longest: seconds that one operation may take with all its requests.
        traffic: counts the requests.
    """

    host: str
    transport: Transport
    settings: EnvelopeSettings
    denied: str = NO_ADMINISTRATOR
    missing: str = "Check that this is a Windows server; it lacks the WMI class."
    longest: float = LONGEST_OPERATION
    traffic: WmiTraffic = field(default_factory=WmiTraffic)

    def run(self, operation: str, steps: Operation[T], advice: str) -> T:
        """Run a sans-IO operation over the transport.

        Args:
            operation: what is tried, for messages.
            steps: the operation.
            advice: advice if the instance does not exist.

        Raises:
            SiteServerError: or a subclass of it.
        """
        try:
            return self._drive(operation, steps)
        except WSManFault as fault:
            raise self._translate(operation, fault, advice) from None

    def attempt(self, operation: str, steps: Operation[T]) -> T | None:
        """As `run`, for what not every server can do: None if the server answers with a fault.

        Raises:
            SiteServerError: there was no answer in time, or none that can be used.
        """
        try:
            return self._drive(operation, steps)
        except WSManFault as fault:
            if fault.timed_out:
                raise self._translate(operation, fault, "") from None
            return None

    def _drive(self, operation: str, steps: Operation[T]) -> T:
        end = time.monotonic() + self.longest
        try:
            request = next(steps)
            while True:
                request = steps.send(self._send(operation, request))
                if time.monotonic() > end:
                    reason = f"the server has not finished within {self.longest:g} seconds"
                    raise NoAnswer(self.host, operation, reason, "Check the load of the server.")
        except StopIteration as finished:
            result: T = finished.value
            return result
        except WSManFault:
            raise
        except WSManValueError as error:
            raise Rejected(self.host, operation, f"it cannot be sent: {error}", "Correct the value.") from None
        except WSManError as error:
            reason = f"the answer cannot be used: {error}"
            raise NoAnswer(self.host, operation, reason, "Check that WinRM listens at this address and port.") from None

    def _send(self, operation: str, request: bytes) -> bytes:
        self.traffic.requests += 1
        self.traffic.sent += len(request)
        try:
            answer = self.transport.send(request)
        except SiteServerError as error:
            if error.operation != TALKING:
                raise
            raise error.__class__(error.host, operation, error.reason, error.advice) from None
        self.traffic.received += len(answer)
        return answer

    @contextmanager
    def translate_bad_answers(self, operation: str) -> Iterator[None]:
        """Translate an answer of the wrong shape into an error with host and operation."""
        try:
            yield
        except (WSManError, SecurityDescriptorError) as error:
            reason = f"the answer cannot be used: {error}"
            raise NoAnswer(self.host, operation, reason, "Check that this is a Windows server.") from None

    def _translate(self, operation: str, fault: WSManFault, advice: str) -> SiteServerError:
        reason = str(fault)
        if fault.timed_out:
            return NoAnswer(self.host, operation, reason, "The server is slow; raise the connection's time-out.")
        kind = Rejected if fault.refused else ServerFault
        if fault.too_large:
            return kind(self.host, operation, reason, TOO_LONG)
        if fault.class_missing:
            return Rejected(self.host, operation, reason, self.missing)
        if fault.not_found:
            return NotFound(self.host, operation, f"not found ({reason})", advice)
        if fault.access_denied:
            return AccessDenied(self.host, operation, reason, self.denied)
        if fault.invalid_request:
            kind = InvalidRequest
        return kind(self.host, operation, reason, "Look the code up, and look into the server's WinRM event log.")


def netbios_domain(found: Iterable[Instance], dns: str) -> str | None:
    """The NetBIOS name of a DNS domain, from the instances of Win32_NTDomain; None if they do not have it.

    They have the NetBIOS name of a domain and the DNS name of its forest, not the DNS name of the domain. So a domain
    counts only if its NetBIOS name is the first label of the DNS name, and the DNS name lies in its forest.
    """
    wanted = dns.casefold().rstrip(".")
    for item in found:
        netbios = item.text("DomainName") or ""
        forest = (item.text("DnsForestName") or "").casefold()
        in_forest = bool(forest) and f".{wanted}".endswith(f".{forest}")
        if in_forest and netbios.casefold() == wanted.partition(".")[0]:
            return netbios
    return None
