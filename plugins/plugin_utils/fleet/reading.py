# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks one site server, and puts the answer into the words of the audit file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import Enum
from functools import partial
from time import monotonic
from typing import Any

from ...module_utils.smb_settings import SMB
from ..enforcement import EnforcementError, assess_sender_access, enforce_sender_access
from ..enforcement.arguments import sender_request
from ..enforcement.assess import Assessment, SenderRequest
from ..enforcement.report import assessment_result, sender_outcome_result
from ..enforcement.sender_access import SenderOutcome
from ..security import format_sddl
from ..site_server import (
    AuthenticationFailed,
    ConnectionUnsupported,
    NoAnswer,
    SiteServer,
    SiteServerError,
    Unreachable,
)
from ..site_server.connect import site_server, wmi_connection
from ..site_server.wmi import Transport
from ..site_server.wsman import WsmanSiteServer
from .connections import HostConnections
from .question import Question, Questions


class HostStatus(str, Enum):
    """What became of a host."""

    IN_DESIRED_STATE = "in_desired_state"
    DRIFTED = "drifted"
    UNREACHABLE = "unreachable"
    ERROR = "error"


class TicketUse(Enum):
    """What a job has to do with the Kerberos ticket that the environment of its process names."""

    NAMED = "named"
    """It names one of its own there while it runs, so that no other job with a ticket can run in the process."""
    FOUND = "found"
    """It takes what is named there."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found out about one host.

    Attributes:
        host: the host as the inventory calls it.
        status: what became of it.
        message: what there is to say; None if nothing.
        line: all of it, as the audit file holds it.
        again: whether asking again may help and does no harm.
    """

    host: str
    status: HostStatus
    message: str | None
    line: Mapping[str, Any]
    again: bool = False


@dataclass(frozen=True, slots=True)
class Job:
    """One host, ready to be asked.

    Attributes:
        question: what is asked; None if there is nothing to ask.
        ask: asks it.
        ticket: what it has to do with the process's Kerberos ticket.
    """

    question: Question | None
    ask: Callable[[], Answer]
    ticket: TicketUse | None = None

    def can_run_beside(self, other: Job) -> bool:
        """Whether both can run in one process at the same time."""
        return TicketUse.NAMED not in (self.ticket, other.ticket) or None in (self.ticket, other.ticket)


@dataclass(slots=True)
class _Counted:
    """A transport that counts what goes through it."""

    transport: Transport
    requests: int = 0

    def send(self, envelope: bytes) -> bytes:
        """Post one request."""
        self.requests += 1
        return self.transport.send(envelope)

    def close(self) -> None:
        """Close the connection."""
        self.transport.close()


def read_host(
    host: str,
    connection: Any,
    question: Question,
    variables: Mapping[str, Any],
    products: Mapping[str, Any] | None = None,
) -> Answer:
    """Ask one host. Nothing is written there; every foreseeable failure is an answer too.

    Args:
        host: the host as the inventory calls it.
        connection: its connection plugin, options set, not connected.
        question: what is asked.
        variables: the host's variables of the role `sms_sender_perms`.
        products: the operator's own products, as described.
    """
    if not question.senders:
        message = "no site sends to it"
        return answer(host, HostStatus.IN_DESIRED_STATE, message, question)
    begun = monotonic()
    counted: list[_Counted] = []
    again = False
    found: dict[str, Any] = {}
    said: str | None
    try:
        request = sender_request(host, _arguments(question, variables, products))
        with _server(host, connection, counted) as server:
            status, said, found = _read(server, request, question)
    except NoAnswer as failure:
        status = HostStatus.UNREACHABLE if isinstance(failure, Unreachable) else HostStatus.ERROR
        said, again = str(failure), True
    except AuthenticationFailed as failure:
        # Not again: a wrong password that is tried often enough locks the account.
        status, said = HostStatus.UNREACHABLE, str(failure)
    except (SiteServerError, EnforcementError, ConnectionUnsupported) as failure:
        status, said = HostStatus.ERROR, str(failure)
    requests = counted[0].requests if counted else None
    return answer(host, status, said, question, found, monotonic() - begun, requests, again=again)


def answer(
    host: str,
    status: HostStatus,
    message: str | None,
    question: Question | None,
    found: Mapping[str, Any] | None = None,
    seconds: float = 0.0,
    requests: int | None = 0,
    *,
    again: bool = False,
) -> Answer:
    """An answer, with the line of the audit file."""
    line = {
        "type": "host",
        "host": host,
        "site": question.site if question else None,
        "product": question.product if question else None,
        "status": status.value,
        "message": message,
        "share": None,
        "directory": None,
        "group": None,
        "senders": [],
        "edits": {"share": [], "directory": []},
        "after": None,
        **(found or {}),
        "findings": [dict(finding) for finding in question.findings] if question else [],
        "seconds": round(seconds, 3),
        "requests": requests,
    }
    return Answer(host, status, message, line, again)


def preparation(
    connections: HostConnections, questions: Questions, products: Mapping[str, Any] | None
) -> Callable[[str], Job]:
    """What makes ready to ask a host.

    Args:
        connections: makes their connections.
        questions: what is asked of each.
        products: the operator's own products, as described.
    """

    def prepare(host: str) -> Job:
        connection, variables = connections.make(host)
        question = questions.of(host, variables)
        if question is None:
            said = answer(host, HostStatus.ERROR, f"{host}: no site in sms_sites has this server", None)
            return Job(None, lambda: said)
        ask = partial(read_host, host, connection, question, variables, products)
        return Job(question, ask, ticket=_ticket(connection))

    return prepare


def _arguments(question: Question, variables: Mapping[str, Any], products: Mapping[str, Any] | None) -> dict[str, Any]:
    """What the role would give to the module `sender_access` for this host."""
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
        "group_members": "report",
    }


def _true(value: object) -> bool:
    return str(value).strip().lower() in ("true", "yes", "on", "1", "y", "t")


def _ticket(connection: Any) -> TicketUse | None:
    """What the connection has to do with the process's ticket: winrm names that of a password, others make none."""
    kind = str(connection.transport)
    option = connection.get_option
    if kind == "winrm":
        kinds = option("transport")
        if "kerberos" not in kinds if kinds else "@" not in (option("remote_user") or ""):
            return None
        managed = option("kerberos_mode") or ("managed" if option("remote_password") else "manual")
        return TicketUse.NAMED if managed == "managed" else TicketUse.FOUND
    if kind == SMB:
        return TicketUse.FOUND if option("auth") == "kerberos" and not option("password") else None
    if kind == "psrp":
        by_ticket = option("auth") in ("kerberos", "negotiate") and not option("remote_password")
        return TicketUse.FOUND if by_ticket else None
    return None


@contextmanager
def _server(host: str, connection: Any, counted: list[_Counted]) -> Iterator[SiteServer]:
    if str(connection.transport) == SMB:
        with site_server(host, connection) as server:
            yield server
        return
    with wmi_connection(host, connection) as (wmi, user):
        counted.append(_Counted(wmi.transport))
        yield WsmanSiteServer(replace(wmi, transport=counted[0]), user)


def _read(
    server: SiteServer, request: SenderRequest, question: Question
) -> tuple[HostStatus, str | None, dict[str, Any]]:
    """What the host has, and what would be done about it."""
    try:
        outcome = enforce_sender_access(server, request, check_mode=True)
    except EnforcementError as refusal:
        # It has drifted so that nothing can be planned; what it holds can still be told, or is refused likewise.
        found = assess_sender_access(server, request)
        return HostStatus.DRIFTED, str(refusal), _assessed(found, question)
    drifted = outcome.changed or bool(outcome.missing)
    # Nothing is written here, so what a write may lose is no news.
    cautions = {*outcome.share_plan.before.cautions, *outcome.directory_plan.before.cautions}
    warnings = [warning for warning in outcome.warnings if warning not in cautions]
    message = "; ".join(warnings) if drifted and warnings else None
    return HostStatus.DRIFTED if drifted else HostStatus.IN_DESIRED_STATE, message, _planned(outcome, question, drifted)


def _planned(outcome: SenderOutcome, question: Question, drifted: bool) -> dict[str, Any]:
    told = sender_outcome_result(outcome)
    share, directory = told["share"], told["directory"]
    after = {"share_sddl": share["after_sddl"], "directory_sddl": directory["after_sddl"]}
    senders = []
    for sender, said in zip(outcome.senders, told["senders"], strict=True):
        senders.append(_sender(said, said["before"], sender.before.satisfied, question))
    return {
        "share": {"name": share["name"], "path": share["path"], "sddl": share["before_sddl"]},
        "directory": {"path": directory["path"], "sddl": directory["before_sddl"]},
        "group": _group(told.get("group"), outcome),
        "senders": senders,
        "edits": {"share": share["edits"], "directory": directory["edits"]},
        "after": after if drifted else None,
    }


def _group(told: dict[str, Any] | None, outcome: SenderOutcome) -> dict[str, Any] | None:
    """The group as it is now. It lacks its rights if an entry for it is to be added."""
    if told is None or outcome.group is None:
        return None
    sid = outcome.group.account.sid
    edits = (*outcome.share_plan.edits, *outcome.directory_plan.edits)
    lacking = any(edit.action == "add" and getattr(edit.ace, "sid", None) == sid for edit in edits)
    return {**{key: told[key] for key in ("name", "sid", "members", "missing")}, "in_desired_state": not lacking}


def _assessed(found: Assessment, question: Question) -> dict[str, Any]:
    told = assessment_result(found)
    group = told.get("group")
    return {
        "share": {
            "name": found.share.name,
            "path": found.share.path,
            "sddl": format_sddl(found.share_reading.descriptor),
        },
        "directory": {"path": found.directory, "sddl": format_sddl(found.directory_reading.descriptor)},
        "group": group,
        "senders": [_sender(said, said["current"], said["in_desired_state"], question) for said in told["senders"]],
    }


def _sender(said: Mapping[str, Any], access: Mapping[str, Any], satisfied: bool, question: Question) -> dict[str, Any]:
    return {
        "account": said["account"],
        "name": said["name"],
        "sid": said["sid"],
        "in_desired_state": satisfied,
        "reasons": list(question.reasons.get(said["account"], ())),
        **access,
    }
