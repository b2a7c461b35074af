# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps of a site's sender at its destination, each done once, with a file that is removed again.

The file's name is random, and a file that is there already is never opened. The file is made with delete-on-close
([MS-SMB2] 2.2.13), and that handle, the guard, stays open to the end: the server deletes the file even if this process
is killed or its network goes. Samba grants that without looking at the permissions, since the file is new. What they
decide is done on handles of its own. Where a server refuses delete-on-close, the file is made without, and deleted by
the account at the end, or else by whoever can.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from typing import Any

from ansible_collections.sitekeeper.sms.plugins.module_utils.smb_errors import SmbError, smb_errors
from ansible_collections.sitekeeper.sms.plugins.module_utils.smb_session import SmbSession, open_session
from ansible_collections.sitekeeper.sms.plugins.module_utils.smb_settings import (
    SmbSettings,
    netbios_names,
    split_account,
)

with suppress(ImportError):  # smb_session reports what is missing
    from impacket import smb
    from impacket.smb3structs import FILE_RENAME_INFORMATION_TYPE_2, SMB2_FILE_RENAME_INFO

STEPS = ("connect", "log_on", "open_share", "list", "create", "write", "read", "rename", "delete")
READING_STEPS = STEPS[:4]

_NAME = re.compile(r"sitekeeper-probe-[0-9a-f]{32}(-renamed)?\.tmp")
_PATTERN = "sitekeeper-probe-*.tmp"
_OLD_SECONDS = 3600
_MOST_LEFTOVERS = 100
_SEES_END_SECONDS = 5.0
_LOOK_AGAIN_SECONDS = 0.2
_CONTENT_BYTES = 1024

# Access masks, [MS-SMB2] 2.2.13.1.1; shares, dispositions and options, [MS-SMB2] 2.2.13.
_DELETE = 0x00110000  # with SYNCHRONIZE
_GENERIC_READ = 0x00120089
_GENERIC_WRITE = 0x00120116
_SHARE_ALL = 0x7
_FILE_OPEN = 1
_FILE_CREATE = 2
_NON_DIRECTORY = 0x40
_DELETE_ON_CLOSE = 0x1000

_NO_SUCH_FILE = 0xC000000F
_ACCESS_DENIED = 0xC0000022
_NAME_NOT_FOUND = 0xC0000034
_SHARING_VIOLATION = 0xC0000043
_DELETE_PENDING = 0xC0000056
_BAD_NETWORK_NAME = 0xC00000CC
_GONE = (_NO_SUCH_FILE, _NAME_NOT_FOUND, _DELETE_PENDING)

_DENIED = {
    "open_share": "the share's permissions do not let the account in",
    "list": "the permissions of the share or of the directory do not let the account list the directory",
    "create": "the permissions of the share or of the directory do not let the account make files",
    "write": "the permissions that the new file inherited do not let the account write to it",
    "read": "the permissions that the new file inherited do not let the account read it",
    "rename": "the permissions do not let the account rename the file, which takes Delete",
    "delete": "the permissions do not let the account delete the file, which takes Delete",
}
_NO_DIRECTORY = "the directory behind the share is not there"

CleanUp = Callable[[Sequence[str]], Sequence[str]]
"""Deletes files of the share by name with someone else's rights; returns those that may still be there."""


@dataclass(frozen=True)
class ProbeStepResult:
    """How a step went.

    Attributes:
        step: one of STEPS.
        required: whether the sender's work depends on it.
        ok: whether it was done; None if it was not tried.
        status: name of the NT status that it ended with; empty if the server sent none.
        code: the same as a number in hexadecimal; empty likewise.
        detail: what happened, or why it was not tried.
        milliseconds: how long it took; None if it was not tried or not measured on its own.
    """

    step: str
    required: bool
    ok: bool | None
    status: str = ""
    code: str = ""
    detail: str = ""
    milliseconds: float | None = None


@dataclass(frozen=True)
class ProbeRequest:
    """What to probe.

    Attributes:
        settings: the server and the account.
        share: name of the share.
        required: the steps that have to succeed.
        reading_only: make no file.
    """

    settings: SmbSettings
    share: str
    required: Sequence[str]
    reading_only: bool = False

    @classmethod
    def from_arguments(cls, arguments: Mapping[str, Any], *, reading_only: bool) -> ProbeRequest:
        """The request that arguments of the module describe, defaults filled in."""
        kerberos = arguments["auth"] == "kerberos"
        domain, user = split_account(arguments["account"], kerberos=kerberos)
        settings = SmbSettings(
            host=arguments["server"],
            address=arguments["server"],
            port=arguments["port"],
            domain=domain,
            user=user,
            password=arguments["password"] or "",
            kerberos=kerberos,
            domains=netbios_names(arguments.get("domains")),
            dialect="nt1" if arguments["dialect"] == "nt1" else None,
            signing=arguments["signing"],
            encryption=arguments["encryption"],
            timeout=arguments["timeout"],
        )
        return cls(settings, arguments["share"], arguments["required_steps"], reading_only)

    @property
    def where(self) -> str:
        r"""The share as people write it, `\\server\share`."""
        return f"\\\\{self.settings.address}\\{self.share}"


@dataclass(frozen=True)
class ProbeOutcome:
    """The result of a probe.

    Attributes:
        steps: all of STEPS, in their order.
        dialect: what was spoken, such as `SMB 3.1.1`; empty without a connection.
        signed: whether messages were signed.
        encrypted: whether they were encrypted.
        left_behind: names of own files that the server has or may have after the probe.
        leftovers: names of files of earlier probes, older than an hour.
    """

    steps: tuple[ProbeStepResult, ...]
    dialect: str = ""
    signed: bool = False
    encrypted: bool = False
    left_behind: tuple[str, ...] = ()
    leftovers: tuple[str, ...] = ()

    @property
    def works(self) -> bool | None:
        """Whether the sender can do its work; None if a required step was not tried and none failed."""
        results = {step.ok for step in self.steps if step.required}
        return False if False in results else None if None in results else True


def probe(request: ProbeRequest, clean_up: CleanUp | None = None) -> ProbeOutcome:
    """Run the steps. The file is removed before this returns, also after an exception from outside.

    Args:
        request: what to probe.
        clean_up: removes the file where the account may not.
    """
    run = _Probe(request)
    try:
        run.steps()
    finally:
        run.remove_file(clean_up)
    return run.outcome()


def result_of(request: ProbeRequest, outcome: ProbeOutcome) -> dict[str, Any]:
    """The module's result. It fails if a required step failed."""
    result: dict[str, Any] = {
        "changed": bool(outcome.left_behind),
        "works": outcome.works,
        "server": request.settings.address,
        "share": request.share,
        "account": request.settings.account,
        "dialect": outcome.dialect,
        "signed": outcome.signed,
        "encrypted": outcome.encrypted,
        "steps": [asdict(step) for step in outcome.steps],
        "left_behind": list(outcome.left_behind),
        "leftovers": list(outcome.leftovers),
    }
    warnings = []
    if outcome.left_behind:
        names = ", ".join(outcome.left_behind)
        warnings.append(f"{request.where}: the server may still have these files, remove them by hand: {names}")
    if outcome.leftovers:
        names = ", ".join(outcome.leftovers)
        warnings.append(f"{request.where}: earlier probes left files behind; remove them by hand: {names}")
    if warnings:
        result["warnings"] = warnings
    if outcome.works is False:
        failed = [step for step in outcome.steps if step.required and step.ok is False]
        # The first has the reason; create, write and read may each have their own.
        reason = "; ".join(f"{step.step}: {step.detail.rstrip('.')}" for step in failed)
        result.update(failed=True, msg=f"{request.settings.account} cannot do its work at {request.where}: {reason}.")
    return result


class _NotTried(Exception):
    """The condition of a step is not met; the message names it."""


class _Probe:
    def __init__(self, request: ProbeRequest) -> None:
        self._request = request
        self._results: dict[str, ProbeStepResult] = {}
        self._session: SmbSession | None = None
        self._lost = False
        self._tree: Any = None
        self._guard: Any = None
        self._created = False
        self._leftovers: tuple[str, ...] = ()
        stem = f"sitekeeper-probe-{secrets.token_hex(16)}"
        self._name, self._new_name = f"{stem}.tmp", f"{stem}-renamed.tmp"
        self._may_exist: list[str] = []
        self._left_behind: tuple[str, ...] = ()
        self._content = b""
        self._about = ("", False, False)

    def steps(self) -> None:
        self._log_on()
        for step, act in (
            ("open_share", self._open_share),
            ("list", self._list),
            ("create", self._create),
            ("write", self._write),
            ("read", self._read),
            ("rename", self._rename),
            ("delete", self._delete),
        ):
            with self._step(step):
                if self._request.reading_only and step not in READING_STEPS:
                    raise _NotTried("not tried in check mode")
                if self._session is None:
                    raise _NotTried("not tried without a logon")
                if self._lost:
                    raise _NotTried("not tried, as the connection is lost")
                if step != "open_share" and self._tree is None:
                    raise _NotTried("not tried without the share")
                if STEPS.index(step) > STEPS.index("create") and not self._created:
                    raise _NotTried("not tried without a file")
                act()

    def outcome(self) -> ProbeOutcome:
        steps = tuple(self._results[step] for step in STEPS)
        return ProbeOutcome(steps, *self._about, left_behind=self._left_behind, leftovers=self._leftovers)

    def remove_file(self, clean_up: CleanUp | None) -> None:
        """Remove files that may be there, and end the session."""
        try:
            self._remove_as_account()
            if self._may_exist and clean_up is not None:
                self._may_exist = list(clean_up(tuple(self._may_exist)))
        finally:
            self._left_behind = tuple(self._may_exist)
            if self._session is not None:
                self._session.close()

    def _remove_as_account(self) -> None:
        """Close the guard and remove both names, over a new connection if the first one is lost."""
        with suppress(SmbError):
            if not self._lost:
                try:
                    self._remove_all()
                except SmbError as error:
                    self._lost = error.kind in SmbError.LOST
        if not self._lost:
            return
        # The server deletes the file when it sees that the first connection has ended. There may be a guard even if the
        # answer that brought it was lost. And whatever cut the first connection may cut the next.
        patience = time.monotonic() + _SEES_END_SECONDS
        while self._may_exist:
            with suppress(SmbError):
                if self._lost:
                    self._reconnect()
                    self._lost = False
                try:
                    self._remove_all()
                except SmbError as error:
                    self._lost = error.kind in SmbError.LOST
            if time.monotonic() > patience:
                return
            time.sleep(_LOOK_AGAIN_SECONDS)

    def _remove_all(self) -> None:
        self._drop_guard()
        for name in tuple(self._may_exist):
            try:
                self._close(self._open(name, _DELETE, options=_DELETE_ON_CLOSE))
            except SmbError as error:
                if error.kind in SmbError.LOST:
                    raise
                if error.status not in _GONE:
                    continue
            self._may_exist.remove(name)

    def _reconnect(self) -> None:
        if self._session is not None:
            self._session.abandon()
        self._guard = None
        self._session = open_session(self._request.settings)
        self._open_share()

    def _log_on(self) -> None:
        marks = [time.monotonic()]
        try:
            session = open_session(self._request.settings, connected=lambda: marks.append(time.monotonic()))
        except SmbError as error:
            if len(marks) == 1:
                self._failed("connect", error, _since(marks[0]))
                self._set("log_on", ok=None, detail="not tried without a connection")
            else:
                self._set("connect", ok=True, milliseconds=_milliseconds(marks[1] - marks[0]))
                self._failed("log_on", error, _since(marks[1]))
            return
        self._session = session
        self._about = (session.dialect, session.signed, session.encrypted)
        self._set("connect", ok=True, milliseconds=_milliseconds(marks[1] - marks[0]))
        self._set("log_on", ok=True, milliseconds=_since(marks[1]))

    def _open_share(self) -> None:
        with self._logged_on.exchange():
            self._tree = self._logged_on.connection.connectTree(self._request.share)

    def _list(self) -> None:
        """List the files that look like ours: it takes the same right as listing all, for any number of files.

        impacket asks for one page after the other until there is none; the exchange ends a listing that does not.
        """
        try:
            with self._logged_on.exchange():
                files = self._logged_on.connection.listPath(self._request.share, _PATTERN)
        except SmbError as error:
            if error.status != _NO_SUCH_FILE:
                raise
            files = []
        old = time.time() - _OLD_SECONDS
        found = (file.get_longname() for file in files if file.get_mtime_epoch() < old)
        self._leftovers = tuple(sorted(name for name in found if _NAME.fullmatch(name)))[:_MOST_LEFTOVERS]

    def _create(self) -> None:
        try:
            self._make(_GENERIC_READ | _GENERIC_WRITE | _DELETE, _DELETE_ON_CLOSE)
        except SmbError as error:
            if error.kind in SmbError.LOST:
                raise
            self._make(_GENERIC_READ | _GENERIC_WRITE)
        self._created = True

    def _make(self, access: int, options: int = 0) -> None:
        """Make the file; with delete-on-close its handle is kept."""
        self._may_exist = [self._name]
        try:
            handle = self._open(self._name, access, disposition=_FILE_CREATE, options=options)
        except SmbError as error:
            if error.kind not in SmbError.LOST:
                self._may_exist = []
            raise
        if options & _DELETE_ON_CLOSE:
            self._guard = handle
        else:
            self._close(handle)

    def _write(self) -> None:
        content = secrets.token_bytes(_CONTENT_BYTES)
        with self._opened(self._name, _GENERIC_WRITE) as handle:
            self._logged_on.connection.writeFile(self._tree, handle, content)
        self._content = content

    def _read(self) -> None:
        with self._opened(self._name, _GENERIC_READ) as handle:
            found = self._logged_on.connection.readFile(self._tree, handle, 0, 2 * _CONTENT_BYTES) or b""
        if found != self._content:
            raise SmbError("refused", f"read {len(found)} bytes, which are not the {len(self._content)} written")

    def _rename(self) -> None:
        try:
            self._rename_file()
        except SmbError as error:
            # SMB 1's rename fails while another handle has the file open with DELETE, as the guard has.
            if error.status != _SHARING_VIOLATION or self._guard is None:
                raise
            # Without the guard the file can be removed again only with the right that the rename takes too.
            self._close(self._open(self._name, _DELETE))
            self._drop_guard()
            self._make(_GENERIC_READ | _GENERIC_WRITE)
            self._rename_file()

    def _rename_file(self) -> None:
        before = list(self._may_exist)
        self._may_exist = [*before, self._new_name]
        try:
            with self._logged_on.exchange():
                if self._logged_on.is_smb1:
                    self._logged_on.connection.rename(self._request.share, self._name, self._new_name)
                else:
                    self._rename_by_handle()
        except SmbError as error:
            if error.kind not in SmbError.LOST:
                self._may_exist = before
            raise
        self._may_exist = [self._new_name]
        self._name = self._new_name

    def _rename_by_handle(self) -> None:
        request = FILE_RENAME_INFORMATION_TYPE_2()
        request["ReplaceIfExists"] = 0
        request["RootDirectory"] = b"\0" * 8
        request["FileName"] = self._new_name.encode("utf-16-le")
        request["FileNameLength"] = len(request["FileName"])
        with self._opened(self._name, _DELETE) as handle:
            self._logged_on.connection.setInfo(self._tree, handle, SMB2_FILE_RENAME_INFO, request)

    def _delete(self) -> None:
        """Delete it by a handle of its own; if the guard is still open the file goes with that."""
        self._close(self._open(self._name, _DELETE, options=_DELETE_ON_CLOSE))
        if self._guard is None:
            self._may_exist = []

    @property
    def _logged_on(self) -> SmbSession:
        if self._session is None:
            raise SmbError("unreachable", "there is no connection")
        return self._session

    def _drop_guard(self) -> None:
        """Close the first handle, with which the file goes."""
        if self._guard is not None:
            guard, self._guard = self._guard, None
            self._close(guard)

    @contextmanager
    def _opened(self, name: str, access: int) -> Iterator[Any]:
        handle = self._open(name, access)
        try:
            with self._logged_on.exchange():
                yield handle
        finally:
            with suppress(SmbError):
                self._close(handle)

    def _close(self, handle: Any) -> None:
        with self._logged_on.exchange():
            if not self._logged_on.is_smb1:
                # impacket counts on one handle a name, and fails when it closes a second one.
                server = self._logged_on.connection.getSMBServer()
                server.GlobalFileTable.setdefault(server._Session["OpenTable"][handle]["FileName"], None)
            self._logged_on.connection.closeFile(self._tree, handle)

    def _open(self, name: str, access: int, *, disposition: int = _FILE_OPEN, options: int = 0) -> Any:
        options |= _NON_DIRECTORY
        with self._logged_on.exchange():
            if not self._logged_on.is_smb1:
                return self._logged_on.connection.createFile(self._tree, name, access, _SHARE_ALL, options, disposition)
            # impacket asks for an oplock here, and takes its break for the answer to the next request.
            server = self._logged_on.connection.getSMBServer()
            flags = server.get_flags()[1]
            command = smb.SMBCommand(smb.SMB.SMB_COM_NT_CREATE_ANDX)
            command["Parameters"] = parameters = smb.SMBNtCreateAndX_Parameters()
            command["Data"] = data = smb.SMBNtCreateAndX_Data(flags=flags)
            encoded = name.encode("utf-16-le") if flags & smb.SMB.FLAGS2_UNICODE else name.encode("ascii")
            if flags & smb.SMB.FLAGS2_UNICODE:
                data["Pad"] = 0
            data["FileName"] = encoded
            parameters["FileNameLength"] = len(encoded)
            parameters["CreateFlags"] = 0
            parameters["AccessMask"] = access
            parameters["ShareAccess"] = _SHARE_ALL
            parameters["Disposition"] = disposition
            parameters["CreateOptions"] = options
            return server.nt_create_andx(self._tree, name, cmd=command)

    @contextmanager
    def _step(self, step: str) -> Iterator[None]:
        """Record how a step went."""
        start = time.monotonic()
        try:
            with smb_errors():
                try:
                    yield
                except _NotTried as reason:
                    self._set(step, ok=None, detail=str(reason))
                    return
        except SmbError as error:
            self._failed(step, error, _since(start))
            self._lost = self._lost or error.kind in SmbError.LOST
        else:
            self._set(step, ok=True, milliseconds=_since(start))

    def _failed(self, step: str, error: SmbError, milliseconds: float) -> None:
        detail = str(error)
        if error.status == _ACCESS_DENIED and step in _DENIED:
            detail = _DENIED[step]
        elif error.status == _BAD_NETWORK_NAME:
            detail = "there is no such share, or the directory behind it is not there"
        elif error.status in (_NAME_NOT_FOUND, _NO_SUCH_FILE) and step in ("open_share", "list", "create"):
            detail = _NO_DIRECTORY
        code = "" if error.status is None else f"0x{error.status:08X}"
        self._results[step] = ProbeStepResult(
            step, self._required(step), False, error.status_name, code, detail, milliseconds
        )

    def _set(self, step: str, *, ok: bool | None, detail: str = "", milliseconds: float | None = None) -> None:
        status, code = ("STATUS_SUCCESS", "0x00000000") if ok else ("", "")
        self._results[step] = ProbeStepResult(step, self._required(step), ok, status, code, detail, milliseconds)

    def _required(self, step: str) -> bool:
        return step in self._request.required


def _since(start: float) -> float:
    return _milliseconds(time.monotonic() - start)


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 1)
