# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the lines of an audit file hold. Pure values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType

from ..hierarchy import Finding, Hierarchy, hierarchy_findings

FORMAT = "sitekeeper.sms/audit"
VERSION = 1


class HostStatus(str, Enum):
    """The state of a host. A file holds these values."""

    IN_DESIRED_STATE = "in_desired_state"
    DRIFTED = "drifted"
    UNREACHABLE = "unreachable"
    ERROR = "error"

    @property
    def was_read(self) -> bool:
        """Whether the host was read, or needs no reading since no site sends to it."""
        return self in (HostStatus.IN_DESIRED_STATE, HostStatus.DRIFTED)


@dataclass(frozen=True, slots=True)
class AuditHeader:
    """The first line of a run.

    Attributes:
        collection: version of the collection.
        ansible: version of ansible-core.
        started: when the run began (UTC, ISO 8601).
        question: a digest of what was asked of all hosts; a run only continues a file with the same one.
    """

    collection: str
    ansible: str
    started: str
    question: str = ""


@dataclass(frozen=True, slots=True)
class AuditEnd:
    """The last line of a run that was not interrupted.

    Attributes:
        finished: when the run ended (UTC, ISO 8601).
        counts: the number of all hosts (`hosts`), and of those in each state.
    """

    finished: str
    counts: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class AuditedAccess:
    """The access that one object, or (without the last three) share and directory together, give an account.

    Attributes:
        access: its rights in Windows' words.
        mask: its rights as a mask.
        satisfied: whether that is what the product requires; None for both objects together.
        decided_by: the entries that decide it, and what no entry grants.
        may_be_denied_by: deny entries of groups that the account may be a member of.
    """

    access: str
    mask: str
    satisfied: bool | None = None
    decided_by: tuple[str, ...] = ()
    may_be_denied_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AuditedSender:
    """One site-to-site account on a site server.

    Attributes:
        account: the account as it was given.
        name: the account as the server names it.
        sid: its SID.
        in_desired_state: whether it has the access that the product requires.
        reasons: one sentence for each site that sends as it.
        share: its access to the share.
        directory: its access to the directory.
        combined: its access through both.
        member: whether it is in the local group; None if the product has none, or if that is not known.
        answer: `granted`, `denied` or `unknown`; empty in a file of an earlier version.
        because: what decides the answer, a line each.
        not_looked_at: what was not looked at.
    """

    account: str
    name: str
    sid: str
    in_desired_state: bool
    reasons: tuple[str, ...]
    share: AuditedAccess
    directory: AuditedAccess
    combined: AuditedAccess
    member: bool | None
    answer: str = ""
    because: tuple[str, ...] = ()
    not_looked_at: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AuditedObject:
    """A share or a directory.

    Attributes:
        path: the directory; for a share, the directory behind it.
        sddl: its security descriptor.
        name: the share's name; empty for a directory.
        edits: what a run would change, a line for each entry.
        after: the security descriptor that a run would leave; None if the host has not drifted or nothing is planned.
    """

    path: str
    sddl: str
    name: str = ""
    edits: tuple[str, ...] = ()
    after: str | None = None


@dataclass(frozen=True, slots=True)
class AuditedGroup:
    """The local group that holds rights for the site-to-site accounts.

    Attributes:
        name: its name.
        sid: its SID.
        in_desired_state: whether the group has these rights.
        members: names of its direct members.
        missing: names of the site-to-site accounts that are no direct members.
    """

    name: str
    sid: str
    in_desired_state: bool | None
    members: tuple[str, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AuditedFinding:
    """One finding of a site, as the filter `hierarchy_findings` returns it."""

    id: str
    severity: str
    site: str
    evidence: str
    advice: str
    source: str

    @classmethod
    def of(cls, finding: Finding) -> AuditedFinding:
        """The same finding as an audit file holds it."""
        return cls(**finding.as_dict())


def findings_by_site(hierarchy: Hierarchy) -> dict[str, tuple[AuditedFinding, ...]]:
    """Return the findings that follow from a hierarchy alone, by site code; a site without findings is not in it."""
    found: dict[str, list[AuditedFinding]] = {}
    for finding in hierarchy_findings(hierarchy):
        found.setdefault(finding.site, []).append(AuditedFinding.of(finding))
    return {code: tuple(findings) for code, findings in found.items()}


@dataclass(frozen=True, slots=True)
class AuditedHost:
    """The line of one host.

    Attributes:
        host: the host as the inventory names it.
        site: code of its site; None without a hierarchy.
        product: name of its product; empty if it is unknown.
        status: its state.
        message: the reason for its state, or a warning; may be empty.
        share: the share; None if the host was not read.
        directory: the directory; None likewise.
        group: the local group; None likewise, or if the product has none.
        senders: the site-to-site accounts.
        findings: the findings of its site.
        seconds: how long it took to read the host.
        requests: how many requests that took; None if they were not counted.
    """

    host: str
    site: str | None
    product: str
    status: HostStatus
    message: str
    share: AuditedObject | None
    directory: AuditedObject | None
    group: AuditedGroup | None
    senders: tuple[AuditedSender, ...]
    findings: tuple[AuditedFinding, ...]
    seconds: float
    requests: int | None

    @property
    def edits(self) -> tuple[str, ...]:
        """What a run would change, with the object in front of each line."""
        return tuple(
            f"{what}: {edit}"
            for what, where in (("share", self.share), ("directory", self.directory))
            if where
            for edit in where.edits
        )
