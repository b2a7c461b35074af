# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which faults strike which operations over which transports, and why not the others.

A fault on the wire is the proxy's; one inside a message, which may be sealed, is the lab's own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from . import http_answers as http
from . import smb_answers as smb
from .http_answers import Answer
from .wire import Fate

READING = ("audit", "plan", "fleet")
"""Operations that only read: a fault strikes whatever they ask first."""
WRITING = ("converge", "apply", "rollback")
"""Operations that write: a fault strikes one of the two writes."""

HTTP = ("winrm_https_basic", "winrm_http_ntlm", "psrp_https")
SMB = ("smb_3", "smb_1")
"""SMB 3 signs every message, so that no answer can be forged; SMB 1, as Windows NT 4.0 speaks it, signs nothing."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault.

    Attributes:
        name: its name.
        answer: what the proxy gives the client; None if the lab misbehaves instead.
        rule: how the lab misbehaves: a rule of ``tests.lab.misbehaviour`` without its operation.
        says: a pattern that a message about it has to match, in any case: what the server answered.
        refuses: whether the answer means that nothing was done, so that reading the old state settles it.
        fates: what may become of a write that it strikes.
    """

    name: str
    answer: Answer | None = None
    rule: Mapping[str, Any] = field(default_factory=dict)
    says: str = ""
    refuses: bool = False
    fates: tuple[Fate, ...] = (Fate.LOST, Fate.DONE)


_ENVELOPE = (
    '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" '
    'xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"><s:Header><a:Action>x</a:Action>'
    "<a:RelatesTo>{message_id}</a:RelatesTo></s:Header><s:Body>%s</s:Body></s:Envelope>"
)
_DEEP = _ENVELOPE % ("<d>" * 20_000 + "</d>" * 20_000)
_ENTITIES = "".join(f'<!ENTITY e{number} "{f"&e{number - 1};" * 10 if number else "lol"}">' for number in range(10))
_BILLION = f"<!DOCTYPE x [{_ENTITIES}]>" + _ENVELOPE % "&e9;"
_ODD_FAULT = _ENVELOPE % (
    "<s:Fault><s:Code><s:Value>s:Receiver</s:Value></s:Code><s:Reason><s:Text xml:lang='en'>"
    "Odd\x1b[31m\u202ereason</s:Text></s:Reason></s:Fault>"
).replace("\x1b", "&#x9b;")

_LATE = (Fate.LOST, Fate.DONE, Fate.LATE)

ON_THE_WIRE = (
    Fault("reset", http.reset, says="reset|abort|closed|connection|no answer", fates=_LATE),
    Fault("close", http.close, says="closed|connection|no answer|ended|remote end", fates=_LATE),
    Fault("never", http.never, says="time|no answer", fates=_LATE),
    Fault("header_drip", http.header_drip, says="time|seconds|too (long|slow|many)", fates=_LATE),
    Fault("body_drip", http.body_drip, says="time|seconds|too (long|slow)", fates=_LATE),
    Fault("endless_continue", http.endless_continue, says="time|seconds|100|continue"),
    Fault("truncated", http.truncated, says="incomplete|truncat|cut|broken|closed|ended|shorter|end"),
    Fault("mid_body", http.mid_body, says="reset|incomplete|broken|connection|cut|abort"),
    Fault("huge", http.huge, says="longer|large|limit|too|bytes"),
    Fault("gzip_bomb", http.gzip_bomb, says="longer|large|limit|too|bytes|compress|encod|gzip|seal"),
    Fault("garbage", http.garbage, says="."),
    Fault("garbage_body", http.garbage_body, says="XML|not|under"),
    Fault("replay", http.replay, says="."),
    *(Fault(f"redirect_{code}", http.redirect(code), says=f"redirect|{code}") for code in (301, 302, 307, 308)),
    *(
        Fault(
            f"http_{code}{'_body' if body else ''}",
            http.status(code, body=body),
            says=f"{code}|reject|credential" if code == 401 else str(code),
            fates=_LATE if code == 503 else (Fate.LOST, Fate.DONE),
        )
        for code in (401, 403, 500, 503)
        for body in (False, True)
    ),
)

IN_THE_MESSAGE = (
    Fault("fault_denied", rule={"kind": "fault", "value": 5}, says="denied", refuses=True),
    Fault("fault_internal", rule={"kind": "fault", "value": 1359}, says="told to answer"),
    # ERROR_WSMAN_QUOTA_MAX_OPERATIONS (wsmerror.h): too many at once, so that this one was not begun.
    Fault("fault_quota", rule={"kind": "fault", "value": 0x803381A6}, says="told to answer", refuses=True),
    Fault("fault_timed_out", rule={"kind": "timed_out"}, says="time"),
    Fault("fault_odd", rule={"kind": "answer", "value": 500, "body": _ODD_FAULT}, says="odd"),
    Fault("message_garbage", rule={"kind": "garbage"}, says="XML|not|under"),
    Fault("message_empty", rule={"kind": "answer", "body": _ENVELOPE % ""}, says="."),
    Fault("deep_xml", rule={"kind": "answer", "body": _DEEP}, says="deep|nest|level|many|limit|XML"),
    Fault("entity_bomb", rule={"kind": "answer", "body": _BILLION}, says="DTD|DOCTYPE|entit|XML|declaration"),
    Fault(
        "wrong_relates_to", rule={"kind": "wrong_relates_to"}, says="other|another|relat|message", fates=(Fate.DONE,)
    ),
    Fault(
        "oversized",
        rule={"kind": "oversized", "value": 4_300_000},
        says="longer|large|limit|too|bytes",
        fates=(Fate.DONE,),
    ),
    Fault("cut", rule={"kind": "drop"}, says="closed|connection|reset|no answer|abort|remote end"),
)
ENDLESS = Fault("endless_pull", rule={"kind": "endless"}, says="end|too many|limit|long|more than")
"""An enumeration without an end. A provider is asked for lists; the others ask for few things."""
RETURNED = tuple(
    Fault(f"returned_{value}", rule={"kind": "return_value", "value": value}, says=f"{value}|denied|privilege|inval",
          refuses=True)
    for value in (2, 8, 9, 21, 4711)
)  # fmt: skip
"""ReturnValues other than 0, of either kind: what the documentation lists, and what it does not."""

OVER_SMB = (
    Fault("reset", smb.reset, says="reset|closed|broke|connection|abort", fates=_LATE),
    Fault("close", smb.close, says="closed|broke|connection|reset|end", fates=_LATE),
    Fault("never", smb.never, says="no answer|time|seconds", fates=_LATE),
    Fault("zero_length", smb.zero_length, says="."),
    Fault("keep_alive", smb.keep_alive, says="no answer|time|seconds|keep"),
    Fault("drip", smb.drip, says="no answer|time|seconds|slow", fates=_LATE),
    Fault("huge", smb.huge, says="."),
    Fault("truncated", smb.truncated, says="."),
    Fault("garbage", smb.garbage, says="."),
    Fault("replay", smb.replay, says="."),
)
OVER_SMB_3 = (Fault("pending", smb.pending, says="pending|no answer|time|seconds"),)
FORGED = (
    Fault("denied", smb.denied, says="denied|sign", fates=(Fate.DONE,)),
    Fault("call_failed", smb.call_failed, says="6be|fail|sign|call|answer", fates=(Fate.DONE,)),
)
"""Answers that the proxy alters. With signatures they are no answers."""
LOGONS = (
    Fault("logon_failure", smb.logon_refused(smb.LOGON_FAILURE), says="logon|password|credential|sign"),
    Fault("locked_out", smb.logon_refused(smb.LOCKED_OUT), says="lock|sign"),
)

SPECIAL: Mapping[str, str] = {
    "none": "No fault: what the others are compared with.",
    "acknowledged_not_done": "The server returns success and changes nothing.",
    "altered": "The server returns success and stores something else.",
    "dies": "The server is gone after the folder's write, for good.",
    "dies_undone": "The server is gone before the share's write is carried out, and comes back for the rollback.",
    "dies_done": "The server carries the share's write out and is gone, and comes back for the rollback.",
    "changed_meanwhile": "Somebody changes an object after it was first read and before it is written.",
    "refuse": "Connections are refused.",
    "killed": "The controller is killed while the share's write is on its way, and the write is carried out.",
    "disk_full": "The record cannot be written any more, from some event on.",
    "twice": "Two controllers do the same at the same time.",
}


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of the matrix.

    Attributes:
        operation: what the operator runs.
        transport: how the host is reached.
        fault: the fault's name.
        target: `any`, or the object whose write is struck.
        fate: what becomes of that write.
        playbook: whether ansible-playbook itself runs it.
    """

    operation: str
    transport: str
    fault: str
    target: str = "any"
    fate: Fate | None = None
    playbook: bool = False

    @property
    def corrects(self) -> bool:
        """Whether hosts without a fault are corrected on the way: the playbook of the fleet does so."""
        return self.operation == "fleet" and self.playbook

    @property
    def name(self) -> str:
        operation = f"{self.operation}-playbook" if self.playbook else self.operation
        parts = [operation, self.transport, self.fault]
        if self.target != "any":
            parts.append(self.target)
        if self.fate:
            parts.append(self.fate.value)
        return "/".join(parts)


HTTP_FAULTS = {fault.name: fault for fault in (*ON_THE_WIRE, *IN_THE_MESSAGE, *RETURNED, ENDLESS)}
SMB_FAULTS = {fault.name: fault for fault in (*OVER_SMB, *OVER_SMB_3, *FORGED, *LOGONS)}


def fault_of(cell: Cell) -> Fault | None:
    """A cell's fault; None for the special ones."""
    return (SMB_FAULTS if cell.transport in SMB else HTTP_FAULTS).get(cell.fault)


LEFT_OUT = (
    ("reading operations x fates", "nothing is written: what becomes of the request is of no account"),
    ("endless_pull x all but inventory", "they ask for single objects, not for lists"),
    ("lab faults x late", "the lab's own misbehaviour answers once; the proxy holds a write and answers for it"),
    ("probe x winrm, psrp", "the probe speaks SMB; WinRM carries its cleaning up alone"),
    ("HTTP statuses, redirects, SOAP and XML faults x SMB", "there is no HTTP and no SOAP"),
    ("STATUS_PENDING x SMB 1", "SMB 1 has no interim answers"),
    ("wrong_relates_to, oversized x LOST", "the lab makes these of the genuine answer"),
    ("forged answers x LOST or LATE", "an answer is forged from the genuine one"),
    ("the lab's acknowledged_not_done, altered, ReturnValues x SMB", "a real Samba answers, which does what it says"),
    ("inventory x SMB", "an SMS Provider is asked over WinRM"),
)
"""What makes no sense, and why; printed with the matrix."""


def http_cells() -> Iterator[Cell]:
    """All cells over WinRM."""
    for transport in HTTP:
        for operation in (*READING, *WRITING, "inventory"):
            yield Cell(operation, transport, "none")
        for operation in (*READING, "inventory"):
            yield Cell(operation, transport, "refuse")
            for fault in (*ON_THE_WIRE, *IN_THE_MESSAGE):
                yield Cell(operation, transport, fault.name)
        yield Cell("inventory", transport, ENDLESS.name)
        for operation in READING:
            for fault in RETURNED:
                yield Cell(operation, transport, fault.name)
        for operation in WRITING:
            yield Cell(operation, transport, "refuse")
            yield Cell(operation, transport, "killed", "share")
            for target in ("directory", "share"):
                for fault in (*ON_THE_WIRE, *IN_THE_MESSAGE, *RETURNED):
                    for fate in fault.fates:
                        yield Cell(operation, transport, fault.name, target, fate)
                for special in ("acknowledged_not_done", "altered", "changed_meanwhile"):
                    yield Cell(operation, transport, special, target)
            yield Cell(operation, transport, "dies")
            for special in ("dies_undone", "dies_done"):
                yield Cell(operation, transport, special, "share")
        for operation in ("apply", "rollback"):
            yield Cell(operation, transport, "twice")
            for number in range(4):
                yield Cell(operation, transport, "disk_full", f"event{number}")


def smb_cells() -> Iterator[Cell]:
    """All cells over SMB."""
    for transport in SMB:
        faults = (*OVER_SMB, *(OVER_SMB_3 if transport == "smb_3" else ()))
        for operation in (*READING, *WRITING, "probe"):
            yield Cell(operation, transport, "none")
        for operation in (*READING, "probe"):
            yield Cell(operation, transport, "refuse")
            for fault in (*faults, *LOGONS):
                yield Cell(operation, transport, fault.name)
        for operation in WRITING:
            yield Cell(operation, transport, "refuse")
            yield Cell(operation, transport, "killed", "share")
            for target in ("directory", "share"):
                for fault in (*faults, *FORGED):
                    if fault.name == "call_failed" and target == "directory":
                        continue  # the folder is not written by a procedure call
                    for fate in fault.fates:
                        yield Cell(operation, transport, fault.name, target, fate)
                yield Cell(operation, transport, "changed_meanwhile", target)
            yield Cell(operation, transport, "dies")
            for special in ("dies_undone", "dies_done"):
                yield Cell(operation, transport, special, "share")
        for operation in ("apply", "rollback"):
            yield Cell(operation, transport, "twice")


def playbook_cells() -> Iterator[Cell]:
    """Cells that ansible-playbook plays: a few of each kind, since each costs seconds of processor time."""
    basic, ntlm, psrp = HTTP
    for operation in (*READING, *WRITING):
        yield Cell(operation, basic, "none", playbook=True)
    for operation in READING:
        for transport in HTTP:
            for fault in ("redirect_307", "body_drip", "http_503"):
                yield Cell(operation, transport, fault, playbook=True)
    for operation in WRITING:
        for transport, fault, fate in (
            (basic, "redirect_307", Fate.LOST),
            (psrp, "redirect_307", Fate.LOST),
            (psrp, "redirect_308", Fate.DONE),
            (basic, "body_drip", Fate.LOST),
            (psrp, "header_drip", Fate.DONE),
            (basic, "endless_continue", Fate.LOST),
            (basic, "http_500", Fate.DONE),
            (psrp, "http_403", Fate.DONE),
            (ntlm, "http_401", Fate.DONE),
            (ntlm, "reset", Fate.DONE),
            (ntlm, "reset", Fate.LATE),
            (basic, "never", Fate.LATE),
            (ntlm, "fault_denied", Fate.DONE),
            (ntlm, "fault_denied", Fate.LOST),
            (basic, "returned_21", Fate.DONE),
            (psrp, "wrong_relates_to", Fate.DONE),
        ):
            yield Cell(operation, transport, fault, "share", fate, playbook=True)
        for special in ("acknowledged_not_done", "changed_meanwhile", "dies_done", "killed"):
            yield Cell(operation, ntlm, special, "share", playbook=True)
        yield Cell(operation, basic, "dies", playbook=True)
    for operation in ("apply", "rollback"):
        yield Cell(operation, ntlm, "twice", playbook=True)
        yield Cell(operation, ntlm, "disk_full", playbook=True)
