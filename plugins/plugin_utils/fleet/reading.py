# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks one site server, and makes the line of the audit file from the answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import Any, TypeAlias

from ..audit import AuditedHost, HostStatus, audited_host
from ..directory.directories import Directories
from ..enforcement import (
    Assessment,
    EnforcementError,
    GroupsUnread,
    SenderOutcome,
    SenderRequest,
    assess_sender_access,
    enforce_sender_access,
    sender_request,
)
from ..hierarchy import NoSite, site_code_of
from ..site_server import (
    AuthenticationFailed,
    ConnectionUnsupported,
    NoAnswer,
    SiteServer,
    SiteServerError,
    Unreachable,
)
from ..site_server.wires import TicketUse, site_server, ticket_use
from .connections import HostConnections
from .question import Question, Questions

OpenDirectories: TypeAlias = Callable[[str, Any], Directories]
"""Opens the directories of the domains for a host, by its name and its connection plugin."""


def _no_directories(_host: str, _connection: Any) -> Directories:
    return Directories()


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer of one host.

    Attributes:
        line: the line of the audit file.
        again: whether another try may help and does no harm.
    """

    line: AuditedHost
    again: bool = False


@dataclass(frozen=True, slots=True)
class Job:
    """One host that is prepared to be asked.

    Attributes:
        question: what is asked; None if there is nothing to ask.
        ask: asks it.
        ticket: how it uses the process's Kerberos ticket; None if it uses none.
    """

    question: Question | None
    ask: Callable[[], Answer]
    ticket: TicketUse | None = None

    def can_run_beside(self, other: Job) -> bool:
        """Whether both can run in one process at the same time."""
        return TicketUse.NAMED not in (self.ticket, other.ticket) or None in (self.ticket, other.ticket)


def read_host(
    host: str,
    connection: Any,
    question: Question,
    variables: Mapping[str, Any],
    products: Mapping[str, Any] | None = None,
    directories: Directories | None = None,
) -> Answer:
    """Ask one host. Nothing is written there. Every foreseeable failure is an answer too.

    Args:
        host: the host as the inventory names it.
        connection: its connection plugin, options set, not connected.
        question: what is asked.
        variables: the host's variables of the role `sms_sender_perms`.
        products: the operator's own products, as described.
        directories: the directories of the domains.
    """
    if not question.senders:
        return answer(host, HostStatus.IN_DESIRED_STATE, "no site sends to it", question)
    begun = monotonic()
    server: SiteServer | None = None
    again = False
    found: SenderOutcome | Assessment | None = None
    message: str | None
    try:
        request = sender_request(host, _arguments(question, variables, products))
        with site_server(host, connection) as server:
            status, message, found = _read(server, request, directories)
    except NoAnswer as failure:
        status = HostStatus.UNREACHABLE if isinstance(failure, Unreachable) else HostStatus.ERROR
        message, again = str(failure), True
    except AuthenticationFailed as failure:
        # No other try: repeated wrong passwords lock the account.
        status, message = HostStatus.UNREACHABLE, str(failure)
    except (SiteServerError, EnforcementError, ConnectionUnsupported) as failure:
        status, message = HostStatus.ERROR, str(failure)
    requests = server.traffic.requests if server is not None and server.counts_requests else None
    return answer(host, status, message, question, found, monotonic() - begun, requests, again=again)


def answer(
    host: str,
    status: HostStatus,
    message: str | None,
    question: Question | None,
    found: SenderOutcome | Assessment | None = None,
    seconds: float = 0.0,
    requests: int | None = 0,
    *,
    again: bool = False,
) -> Answer:
    """An answer with the line of the audit file."""
    line = audited_host(
        host,
        status,
        message,
        found,
        site=question.site if question else None,
        product=question.product if question else None,
        reasons=question.reasons if question else {},
        findings=question.findings if question else (),
        seconds=seconds,
        requests=requests,
    )
    return Answer(line, again)


def preparation(
    connections: HostConnections,
    questions: Questions,
    products: Mapping[str, Any] | None,
    open_directories: OpenDirectories = _no_directories,
) -> Callable[[str], Job]:
    """A function that prepares the job of a host.

    Args:
        connections: makes the connections.
        questions: what is asked of each.
        products: the operator's own products, as described.
        open_directories: opens the directories of the domains, from a host's name and connection.
    """

    def prepare(host: str) -> Job:
        connection, variables = connections.make(host)
        question = questions.of(host, variables)
        if question is None:
            missing = NoSite(host, site_code_of(host, variables, questions.codes))
            unknown = answer(host, HostStatus.ERROR, f"{host}: {missing}", None)
            return Job(None, lambda: unknown)
        ask = partial(read_host, host, connection, question, variables, products, open_directories(host, connection))
        return Job(question, ask, ticket=ticket_use(connection))

    return prepare


def _arguments(question: Question, variables: Mapping[str, Any], products: Mapping[str, Any] | None) -> dict[str, Any]:
    """The arguments that the role would give to the module `sender_access` for this host."""
    return {
        "senders": question.senders,
        "product": question.product,
        "products": products,
        "site_code": question.site,
        "group": variables.get("sms_sender_perms_group"),
        "share": variables.get("sms_sender_perms_share"),
        "directory": variables.get("sms_sender_perms_directory"),
        "allow_unexpected_path": _true(variables.get("sms_sender_perms_allow_unexpected_path")),
        "remove_blocking_denies": _true(variables.get("sms_sender_perms_remove_blocking_denies")),
        "own_entry": _true(variables.get("sms_sender_perms_own_entry")),
        "logon": _true(variables.get("sms_sender_perms_logon")),
        "group_members": "report",
    }


def _true(value: object) -> bool:
    return str(value).strip().lower() in ("true", "yes", "on", "1", "y", "t")


def _read(
    server: SiteServer, request: SenderRequest, directories: Directories | None
) -> tuple[HostStatus, str | None, SenderOutcome | Assessment]:
    """The state of the host, and what a run would do."""
    try:
        outcome = enforce_sender_access(server, request, directories, check_mode=True)
    except GroupsUnread:
        raise  # not known is no drift
    except EnforcementError as refusal:
        # The drift is such that nothing can be planned. The host is still assessed, unless that is refused as well.
        return HostStatus.DRIFTED, str(refusal), assess_sender_access(server, request, directories)
    if not outcome.changed and not outcome.missing and not outcome.logon_problems:
        return HostStatus.IN_DESIRED_STATE, None, outcome
    # Nothing is written here, so warnings about losses by a write do not apply.
    cautions = {*outcome.share_plan.before.cautions, *outcome.directory_plan.before.cautions}
    problems = (f"{server.host}: {line}" for line in outcome.logon_problems)
    warnings = [*problems, *(warning for warning in outcome.warnings if warning not in cautions)]
    return HostStatus.DRIFTED, "; ".join(warnings) or None, outcome
