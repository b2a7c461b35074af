# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lines of an audit file as JSON, both ways. What is written here is read here."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from .fields import LineFields
from .model import (
    FORMAT,
    VERSION,
    AuditedAccess,
    AuditedFinding,
    AuditedGroup,
    AuditedHost,
    AuditedObject,
    AuditedSender,
    AuditEnd,
    AuditHeader,
    HostStatus,
)

NO_HEADER = f"an audit file begins with a header of format {FORMAT}"


def encode(line: Mapping[str, Any]) -> bytes:
    """A line of the file, without its line feed."""
    return json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "backslashreplace")


def header_to_json(header: AuditHeader) -> dict[str, Any]:
    """The header."""
    return {
        "type": "header",
        "format": FORMAT,
        "version": VERSION,
        "collection": header.collection,
        "ansible": header.ansible,
        "started": header.started,
        "question": header.question,
    }


def header_from_json(fields: LineFields) -> AuditHeader:
    """The header.

    Raises:
        AuditError: it is the header of another format or version.
    """
    if fields.optional_text("format") != FORMAT:
        raise fields.error(NO_HEADER)
    if fields.number("version") != VERSION:
        raise fields.error(f"this collection reads version {VERSION} of the format only; use the one that wrote it")
    return AuditHeader(
        fields.text("collection"),
        fields.text("ansible"),
        fields.text("started"),
        fields.optional_text("question") or "",
    )


def end_to_json(end: AuditEnd) -> dict[str, Any]:
    """The end."""
    return {"type": "end", "finished": end.finished, **end.counts}


def host_to_json(host: AuditedHost) -> dict[str, Any]:
    """The line of a host."""
    share, directory = host.share, host.directory
    after = None
    if share and directory and share.after is not None and directory.after is not None:
        after = {"share_sddl": share.after, "directory_sddl": directory.after}
    return {
        "type": "host",
        "host": host.host,
        "site": host.site,
        "product": host.product or None,
        "status": host.status.value,
        "message": host.message or None,
        "share": {"name": share.name, "path": share.path, "sddl": share.sddl} if share else None,
        "directory": {"path": directory.path, "sddl": directory.sddl} if directory else None,
        "group": _group_to_json(host.group) if host.group else None,
        "senders": [_sender_to_json(sender) for sender in host.senders],
        "edits": {
            "share": list(share.edits) if share else [],
            "directory": list(directory.edits) if directory else [],
        },
        "after": after,
        "findings": [asdict(finding) for finding in host.findings],
        "seconds": round(host.seconds, 3),
        "requests": host.requests,
    }


def host_from_json(fields: LineFields) -> AuditedHost:
    """The line of a host.

    Raises:
        AuditError: a field is missing or has another type.
    """
    host, status = fields.text("host"), fields.text("status")
    states = {state.value: state for state in HostStatus}
    if status not in states:
        raise fields.error(f"status is none of {', '.join(states)}")
    edits, after = fields.optional_record("edits"), fields.optional_record("after")
    group = fields.optional_record("group")
    requests = fields.optional_number("requests")
    return AuditedHost(
        host=host,
        site=fields.optional_text("site"),
        product=fields.optional_text("product") or "",
        status=states[status],
        message=fields.optional_text("message") or "",
        share=_object_from_json(fields, "share", edits, after),
        directory=_object_from_json(fields, "directory", edits, after),
        group=_group_from_json(group) if group else None,
        senders=tuple(_sender_from_json(sender) for sender in fields.records("senders")),
        findings=tuple(_finding_from_json(finding) for finding in fields.records("findings")),
        seconds=float(fields.number("seconds")),
        requests=None if requests is None else int(requests),
    )


def _object_from_json(
    fields: LineFields, key: str, edits: LineFields | None, after: LineFields | None
) -> AuditedObject | None:
    found = fields.optional_record(key)
    if found is None:
        return None
    return AuditedObject(
        path=found.text("path"),
        sddl=found.text("sddl"),
        name=found.optional_text("name") or "",
        edits=edits.texts(key) if edits else (),
        after=after.optional_text(f"{key}_sddl") if after else None,
    )


def _group_to_json(group: AuditedGroup) -> dict[str, Any]:
    return {
        "name": group.name,
        "sid": group.sid,
        "members": list(group.members),
        "missing": list(group.missing),
        "in_desired_state": group.in_desired_state,
    }


def _group_from_json(fields: LineFields) -> AuditedGroup:
    return AuditedGroup(
        name=fields.text("name"),
        sid=fields.text("sid"),
        in_desired_state=fields.flag("in_desired_state"),
        members=fields.texts("members"),
        missing=fields.texts("missing"),
    )


def _sender_to_json(sender: AuditedSender) -> dict[str, Any]:
    return {
        "account": sender.account,
        "name": sender.name,
        "sid": sender.sid,
        "in_desired_state": sender.in_desired_state,
        "reasons": list(sender.reasons),
        "share": _access_to_json(sender.share),
        "directory": _access_to_json(sender.directory),
        "combined": _access_to_json(sender.combined),
        **({} if sender.member is None else {"member": sender.member}),
        **_answer_to_json(sender),
    }


def _answer_to_json(sender: AuditedSender) -> dict[str, Any]:
    """The answer; nothing for a line that an earlier version wrote."""
    if not sender.answer:
        return {}
    return {
        "answer": sender.answer,
        "because": list(sender.because),
        "not_looked_at": list(sender.not_looked_at),
    }


def _sender_from_json(fields: LineFields) -> AuditedSender:
    return AuditedSender(
        account=fields.text("account"),
        name=fields.text("name"),
        sid=fields.text("sid"),
        in_desired_state=fields.flag("in_desired_state") is True,
        reasons=fields.texts("reasons"),
        share=_access_from_json(fields.record("share")),
        directory=_access_from_json(fields.record("directory")),
        combined=_access_from_json(fields.record("combined")),
        member=fields.flag("member"),
        answer=fields.optional_text("answer") or "",
        because=fields.texts("because"),
        not_looked_at=fields.texts("not_looked_at"),
    )


def _access_to_json(access: AuditedAccess) -> dict[str, Any]:
    both = {"access": access.access, "mask": access.mask}
    if access.satisfied is None:
        return both
    return {
        **both,
        "satisfied": access.satisfied,
        "decided_by": list(access.decided_by),
        "may_be_denied_by": list(access.may_be_denied_by),
    }


def _access_from_json(fields: LineFields) -> AuditedAccess:
    return AuditedAccess(
        access=fields.text("access"),
        mask=fields.text("mask"),
        satisfied=fields.flag("satisfied"),
        decided_by=fields.texts("decided_by"),
        may_be_denied_by=fields.texts("may_be_denied_by"),
    )


def _finding_from_json(fields: LineFields) -> AuditedFinding:
    return AuditedFinding(*(fields.text(key) for key in ("id", "severity", "site", "evidence", "advice", "source")))
