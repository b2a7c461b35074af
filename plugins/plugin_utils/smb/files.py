# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files and directories over SMB: security descriptors, listings, and whole files.

SMB 2 and 3: [MS-SMB2] 2.2.13 to 2.2.40; what is done to one file goes in one message. SMB 1: [MS-CIFS] 2.2.4.62, 2.2.6
and 2.2.7 with the additions of [MS-SMB]; information levels and access rights: [MS-FSCC] 2.4, [MS-SMB2] 2.2.13.1.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

from ...module_utils.smb_errors import SmbError, answered
from ...module_utils.smb_session import SmbSession

with suppress(ImportError):  # smb_session keeps the reason
    from impacket import smb

MAX_DESCRIPTOR = 64 * 1024
"""Longest security descriptor that is read or written, in bytes."""

MAX_FILE = 4 * 1024 * 1024 * 1024
"""Most bytes of a file that are read, so that reading ends. The logs of a site take a few MB each."""
MAX_PAGES = 100_000
"""Most pages of a directory's listing. One of 64 KiB holds about 600 names."""

READ_DATA = 0x00000001
WRITE_DATA = 0x00000002
READ_CONTROL = 0x00020000
WRITE_DAC = 0x00040000
READ_ATTRIBUTES = 0x00000080
LIST_DIRECTORY = 0x00000001
DELETE = 0x00010000

DIRECTORY = 0x10
REPARSE_POINT = 0x400

STATUS_NO_MORE_FILES = 0x80000006
STATUS_NO_SUCH_FILE = 0xC000000F
STATUS_BUFFER_TOO_SMALL = 0xC0000023

_OWNER_GROUP_DACL = 0x7
_DACL = 0x4
_SECURITY = 3
_OPEN = 1
_OVERWRITE_IF = 5
_SHARE_READ = 1
_SHARE_ALL = 7
_DELETE_ON_CLOSE = 0x1000
_DIRECTORY_FILE = 0x1
_NON_DIRECTORY_FILE = 0x40
_OPEN_REPARSE_POINT = 0x200000
_DIRECTORY_INFORMATION = 1
_PAGE = 64 * 1024
_PIECE = 64 * 1024
_SAME_FILE = b"\xff" * 16
_CREATE, _CLOSE, _QUERY_INFO, _SET_INFO = 5, 6, 16, 17

# FileDirectoryInformation ([MS-FSCC] 2.4.10): next, index, created, accessed, written, changed, end, size, attributes,
# length of the name.
_ENTRY = struct.Struct("<LLQQQQQQLL")
_MAX_NAME = 255 * 2


@dataclass(frozen=True, slots=True)
class DirectoryEntry:
    """One child in the listing of a directory.

    Attributes:
        name: its name.
        attributes: FILE_ATTRIBUTE_* ([MS-FSCC] 2.6).
        created: when it was made, as a FILETIME by the server's clock.
    """

    name: str
    attributes: int
    created: int

    @property
    def is_directory(self) -> bool:
        """Whether it is a directory, or a link to one."""
        return bool(self.attributes & DIRECTORY)

    @property
    def leads_elsewhere(self) -> bool:
        """Whether it is a junction, a mount point or a link."""
        return bool(self.attributes & REPARSE_POINT)


@dataclass(frozen=True, slots=True)
class Found:
    """A file or directory.

    Attributes:
        attributes: FILE_ATTRIBUTE_*.
        security: owner, group and DACL, self-relative.
    """

    attributes: int
    security: bytes

    @property
    def is_directory(self) -> bool:
        """Whether it is a directory."""
        return bool(self.attributes & DIRECTORY)


class FileClient(Protocol):
    """Files over one session. Paths go from the share down, without a leading backslash; the share itself is ""."""

    def attributes(self, share: str, path: str) -> int:
        """FILE_ATTRIBUTE_* of a file or directory."""

    def security(self, share: str, path: str) -> Found:
        """Read owner, group and DACL; those of a link itself, not of its target."""

    def set_dacl(self, share: str, path: str, descriptor: bytes) -> None:
        """Write the DACL, with the control bits that concern it, of a self-relative descriptor."""

    def may_write(self, share: str, path: str) -> None:
        """Open for writing the DACL and close again. It is refused if a write of the DACL is refused."""

    def entries(self, share: str, path: str) -> Iterator[DirectoryEntry]:
        """List a directory without `.` and `..`, a page at a time."""

    def content(self, share: str, path: str) -> Iterator[bytes]:
        """Read a file from its beginning to its end, a piece at a time, even while others write to it."""

    def write(self, share: str, path: str, read: Callable[[int], bytes]) -> None:
        """Write a file, or overwrite it, with the pieces that `read` returns until one is empty."""

    def delete(self, share: str, path: str) -> None:
        """Delete a file."""

    def connect(self, share: str) -> None:
        """Connect to a share. The other methods do it too, if it is not connected yet."""


def file_client(session: SmbSession) -> FileClient:
    """The client for the session's dialect."""
    return _Smb1Files(session) if session.is_smb1 else _Smb2Files(session)


def _pieces(session: SmbSession, tree: int, handle: Any) -> Iterator[bytes]:
    offset = 0
    while True:
        with session.exchange():
            piece = bytes(session.connection.readFile(tree, handle, offset, _PIECE))
        if not piece:
            return
        offset += len(piece)
        if offset > MAX_FILE:
            raise SmbError("garbled", f"the file has more than {MAX_FILE} bytes")
        yield piece


def _put(session: SmbSession, tree: int, handle: Any, read: Callable[[int], bytes]) -> None:
    offset = 0
    while piece := read(_PIECE):
        with session.exchange():
            # impacket returns the size under SMB 2 and the end under SMB 1.
            written = session.connection.writeFile(tree, handle, piece, offset)
        if written not in (len(piece), offset + len(piece)):
            raise SmbError("garbled", f"the server wrote less than the {len(piece)} bytes that it was given")
        offset += len(piece)


class _Listing:
    """Ends a listing, whatever the server answers."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._seen: set[int] = set()

    def add(self, page: bytes) -> None:
        """Take a page into account.

        Raises:
            SmbError: it was there before, or there are too many. Pages hold names, so no two are the same.
        """
        mark = hash(page)
        if mark in self._seen:
            raise SmbError("garbled", f"the listing of {self._path} repeats itself")
        if len(self._seen) == MAX_PAGES:
            raise SmbError("garbled", f"the listing of {self._path} has more than {MAX_PAGES} pages")
        self._seen.add(mark)


class _Files:
    """What `FileClient` needs in every dialect: the connection, and the shares that it is connected to."""

    def __init__(self, session: SmbSession) -> None:
        self._session = session
        self._connection = session.connection
        self._server = session.connection.getSMBServer()
        self._trees: dict[str, int] = {}

    def connect(self, share: str) -> None:
        self._tree(share)

    def _tree(self, share: str) -> int:
        if share not in self._trees:
            with self._session.exchange():
                self._trees[share] = self._connection.connectTree(share)
        return self._trees[share]


class _Smb2Files(_Files):
    """`FileClient` on SMB 2 and 3."""

    def attributes(self, share: str, path: str) -> int:
        (opened, _closed) = self._on_one(share, path, READ_ATTRIBUTES)
        return _attributes(opened)

    def security(self, share: str, path: str) -> Found:
        query = struct.pack(
            "<HBBLHHLLL16s", 41, _SECURITY, 0, MAX_DESCRIPTOR, 0, 0, 0, _OWNER_GROUP_DACL, 0, _SAME_FILE
        )
        options = _OPEN_REPARSE_POINT
        opened, answer, _closed = self._on_one(
            share, path, READ_CONTROL | READ_ATTRIBUTES, (_QUERY_INFO, query + b"\0"), options=options
        )
        with self._session.exchange():
            offset, size = struct.unpack_from("<HL", answer, 66)
            descriptor = answer[offset : offset + size]
            if offset < 72 or len(descriptor) != size or size > MAX_DESCRIPTOR:
                raise SmbError("garbled", f"the security descriptor of {size} bytes does not fit in its answer")
            return Found(_attributes(opened), descriptor)

    def set_dacl(self, share: str, path: str, descriptor: bytes) -> None:
        _check_size(descriptor, MAX_DESCRIPTOR)
        body = struct.pack("<HBBLHHL16s", 33, _SECURITY, 0, len(descriptor), 96, 0, _DACL, _SAME_FILE) + descriptor
        self._on_one(share, path, WRITE_DAC, (_SET_INFO, body), options=_OPEN_REPARSE_POINT)

    def may_write(self, share: str, path: str) -> None:
        self._on_one(share, path, WRITE_DAC, options=_OPEN_REPARSE_POINT)

    def content(self, share: str, path: str) -> Iterator[bytes]:
        with self._session.exchange():
            tree = self._tree(share)
            handle = self._server.create(tree, path, READ_DATA, _SHARE_ALL, _NON_DIRECTORY_FILE, _OPEN, 0)
        try:
            yield from _pieces(self._session, tree, handle)
        finally:
            # A connection that broke has closed it already.
            with suppress(SmbError), self._session.exchange():
                self._server.close(tree, handle)

    def write(self, share: str, path: str, read: Callable[[int], bytes]) -> None:
        with self._session.exchange():
            tree = self._tree(share)
            handle = self._server.create(tree, path, WRITE_DATA, _SHARE_READ, _NON_DIRECTORY_FILE, _OVERWRITE_IF, 0)
        try:
            _put(self._session, tree, handle, read)
        except BaseException:
            with suppress(SmbError), self._session.exchange():
                self._server.close(tree, handle)
            raise
        with self._session.exchange():
            self._server.close(tree, handle)

    def delete(self, share: str, path: str) -> None:
        options = _DELETE_ON_CLOSE | _NON_DIRECTORY_FILE | _OPEN_REPARSE_POINT
        self._on_one(share, path, DELETE, options=options)

    def entries(self, share: str, path: str) -> Iterator[DirectoryEntry]:
        with self._session.exchange():
            tree = self._tree(share)
            handle = self._server.create(
                tree, path, LIST_DIRECTORY | READ_ATTRIBUTES, _SHARE_ALL, _DIRECTORY_FILE, _OPEN, 0
            )
        listing = _Listing(path)
        try:
            while True:
                try:
                    with self._session.exchange():
                        page = bytes(
                            self._server.queryDirectory(
                                tree, handle, "*", informationClass=_DIRECTORY_INFORMATION, maxBufferSize=_PAGE
                            )
                        )
                except SmbError as error:
                    if error.status in (STATUS_NO_MORE_FILES, STATUS_NO_SUCH_FILE):
                        return
                    raise
                listing.add(page)
                yield from _entries(page, path)
        finally:
            # A connection that broke has closed it already.
            with suppress(SmbError), self._session.exchange():
                self._server.close(tree, handle)

    def _on_one(
        self, share: str, path: str, access: int, *requests: tuple[int, bytes], options: int = 0
    ) -> tuple[bytes, ...]:
        """Open, do, close; the answers. The first that fails is raised.

        What was done is done, so a failure to close counts only where closing is what does it.
        """
        tree = self._tree(share)
        name = path.encode("utf-16-le")
        fixed = (57, 0, 0, 2, 0, 0, access, 0, _SHARE_ALL, _OPEN, options, 120, len(name), 0, 0)
        create = struct.pack("<HBBLQQLLLLLHHLL", *fixed) + (name or b"\0")
        close = struct.pack("<HHL16s", 24, 0, 0, _SAME_FILE)
        with self._session.exchange():
            answers = self._server.related(tree, [(_CREATE, create), *requests, (_CLOSE, close)])
        for status, _message in answers[:-1] if requests else answers:
            if status:
                raise answered(status)
        return tuple(message for _status, message in answers)


class _Smb1Files(_Files):
    """`FileClient` on SMB 1."""

    def attributes(self, share: str, path: str) -> int:
        handle, attributes = self._open(share, path, READ_ATTRIBUTES)
        self._close(share, handle)
        return attributes

    def security(self, share: str, path: str) -> Found:
        handle, attributes = self._open(share, path, READ_CONTROL | READ_ATTRIBUTES, _OPEN_REPARSE_POINT)
        try:
            with self._session.exchange():
                parameters = struct.pack("<HHL", handle, 0, _OWNER_GROUP_DACL)
                answer = self._nt_transact(share, 6, parameters, b"")
            return Found(attributes, answer)
        finally:
            self._close(share, handle)

    def set_dacl(self, share: str, path: str, descriptor: bytes) -> None:
        # A longer one needs secondary requests, which impacket does not have.
        _check_size(descriptor, self._server._dialects_parameters["MaxBufferSize"] - 128)
        handle, _attributes = self._open(share, path, WRITE_DAC, _OPEN_REPARSE_POINT)
        try:
            with self._session.exchange():
                self._nt_transact(share, 3, struct.pack("<HHL", handle, 0, _DACL), descriptor)
        finally:
            self._close(share, handle)

    def may_write(self, share: str, path: str) -> None:
        handle, _attributes = self._open(share, path, WRITE_DAC, _OPEN_REPARSE_POINT)
        self._close(share, handle)

    def content(self, share: str, path: str) -> Iterator[bytes]:
        handle, _attributes = self._open(share, path, READ_DATA, _NON_DIRECTORY_FILE)
        try:
            yield from _pieces(self._session, self._tree(share), handle)
        finally:
            self._close(share, handle)

    def write(self, share: str, path: str, read: Callable[[int], bytes]) -> None:
        handle, _attributes = self._open(share, path, WRITE_DATA, _NON_DIRECTORY_FILE, _OVERWRITE_IF)
        try:
            _put(self._session, self._tree(share), handle, read)
        except BaseException:
            self._close(share, handle)
            raise
        self._close(share, handle, must=True)

    def delete(self, share: str, path: str) -> None:
        handle, _attributes = self._open(share, path, DELETE, _DELETE_ON_CLOSE | _NON_DIRECTORY_FILE)
        self._close(share, handle, must=True)

    def entries(self, share: str, path: str) -> Iterator[DirectoryEntry]:
        tree = self._tree(share)
        pattern = f"{path}\\*" if path else "*"
        first = struct.pack("<HHHHL", 0x16, 512, 0x0006, 0x101, 0)
        try:
            with self._session.exchange():
                head, page = self._find(tree, 1, first + self._name(f"\\{pattern}"))
                search, count, ended = struct.unpack_from("<HHH", head)
        except SmbError as error:
            if error.status in (STATUS_NO_MORE_FILES, STATUS_NO_SUCH_FILE):
                return
            raise
        listing = _Listing(path)
        while True:
            listing.add(page)
            last, resume = "", 0
            for name, key, entry in _entries_of_smb1(page, path, count):
                last, resume = name, key
                if entry is not None:
                    yield entry
            if ended or not count:
                return
            with self._session.exchange():
                more = struct.pack("<HHHLH", search, 512, 0x101, resume, 0x000E)
                head, page = self._find(tree, 2, more + self._name(last))
                count, ended = struct.unpack_from("<HH", head)

    def _name(self, text: str) -> bytes:
        return f"{text}\0".encode("utf-16-le")

    def _open(self, share: str, path: str, access: int, options: int = 0, disposition: int = _OPEN) -> tuple[int, int]:
        tree = self._tree(share)
        with self._session.exchange():
            command = smb.SMBCommand(smb.SMB.SMB_COM_NT_CREATE_ANDX)
            command["Parameters"] = smb.SMBNtCreateAndX_Parameters()
            command["Data"] = smb.SMBNtCreateAndX_Data(flags=self._server.get_flags()[1])
            name = self._name(f"\\{path}")
            parameters = command["Parameters"]
            parameters["FileNameLength"] = len(name) - 2
            parameters["CreateFlags"] = 0
            parameters["AccessMask"] = access
            parameters["ShareAccess"] = _SHARE_ALL
            parameters["Disposition"] = disposition
            parameters["CreateOptions"] = options
            command["Data"]["FileName"] = name
            command["Data"]["Pad"] = 0
            packet = smb.NewSMBPacket()
            packet["Tid"] = tree
            packet.addCommand(command)
            self._server.sendSMB(packet)
            answer = self._server.recvSMB()
            answer.isValidAnswer(smb.SMB.SMB_COM_NT_CREATE_ANDX)
            # Words of the answer: AndX, oplock, file, action, four times, attributes ([MS-CIFS] 2.2.4.64.2).
            words = bytes(smb.SMBCommand(answer["Data"][0])["Parameters"])
            (handle,) = struct.unpack_from("<H", words, 5)
            (attributes,) = struct.unpack_from("<L", words, 43)
            return handle, attributes

    def _close(self, share: str, handle: int, *, must: bool = False) -> None:
        try:
            with self._session.exchange():
                self._server.close(self._trees[share], handle)
        except SmbError:
            if must:
                raise

    def _nt_transact(self, share: str, function: int, parameters: bytes, data: bytes) -> bytes:
        """A transaction's data, put together from as many answers as it comes in."""
        known = self._server._dialects_parameters
        limit = known["MaxBufferSize"]
        known["MaxBufferSize"] = MAX_DESCRIPTOR
        try:
            self._server.send_nt_trans(self._trees[share], function, 4, param=parameters, data=data)
        finally:
            known["MaxBufferSize"] = limit
        return self._collect(smb.SMB.SMB_COM_NT_TRANSACT, struct.Struct("<3x8L"))[1]

    def _find(self, tree: int, subcommand: int, parameters: bytes) -> tuple[bytes, bytes]:
        self._server.send_trans2(tree, subcommand, "\0", parameters, "")
        return self._collect(smb.SMB.SMB_COM_TRANSACTION2, struct.Struct("<2H2x6H"))

    def _collect(self, command: int, layout: struct.Struct) -> tuple[bytes, bytes]:
        """Parameters and data of a transaction's answers."""
        parameters, data = b"", b""
        while True:
            answer = self._server.recvSMB()
            answer.isValidAnswer(command)
            raw = bytes(answer.rawData)
            if raw[32] == 0:  # no words: the answer to a transaction that returns nothing
                return parameters, data
            total_parameters, total, count, at, before, size, offset, displacement = layout.unpack_from(raw, 33)
            if total > MAX_DESCRIPTOR or (before, displacement) != (len(parameters), len(data)) or not (count or size):
                if total or total_parameters:
                    raise SmbError("garbled", "the parts of an answer do not fit together")
                return parameters, data
            parameters += raw[at : at + count]
            data += raw[offset : offset + size]
            if len(parameters) >= total_parameters and len(data) >= total:
                return parameters, data


def _attributes(opened: bytes) -> int:
    if len(opened) < 124:
        raise SmbError("garbled", "the answer about an open file ends early")
    (attributes,) = struct.unpack_from("<L", opened, 120)
    return int(attributes)


def _check_size(descriptor: bytes, limit: int) -> None:
    if len(descriptor) > limit:
        reason = f"the security descriptor takes {len(descriptor)} bytes, and {limit} fit into a request"
        raise SmbError("refused", reason, "Shorten its list of entries.", STATUS_BUFFER_TOO_SMALL)


def _entries(raw: bytes, path: str) -> Iterator[DirectoryEntry]:
    """The entries of one page of FileDirectoryInformation."""
    at = 0
    while True:
        if len(raw) < at + _ENTRY.size:
            raise SmbError("garbled", f"the listing of {path} ends early")
        following, _index, created, _used, _written, _changed, _end, _size, attributes, length = _ENTRY.unpack_from(
            raw, at
        )
        name = raw[at + _ENTRY.size : at + _ENTRY.size + length]
        if len(name) != length:
            raise SmbError("garbled", f"the listing of {path} ends early")
        text = _child_name(name, path)
        if text is not None:
            yield DirectoryEntry(text, attributes, created)
        if not following:
            return
        if following < _ENTRY.size:
            raise SmbError("garbled", f"the listing of {path} runs in a circle")
        at += following


def _entries_of_smb1(raw: bytes, path: str, count: int) -> Iterator[tuple[str, int, DirectoryEntry | None]]:
    """Name and resume key of each entry of SMB_FIND_FILE_DIRECTORY_INFO, and the entry unless it is `.` or `..`."""
    at = 0
    for _number in range(count):
        if len(raw) < at + _ENTRY.size:
            raise SmbError("garbled", f"the listing of {path} ends early")
        following, index, created, _used, _written, _changed, _end, _size, attributes, length = _ENTRY.unpack_from(
            raw, at
        )
        name = raw[at + _ENTRY.size : at + _ENTRY.size + length]
        if name.endswith(b"\0\0"):
            name = name[:-2]
        text = _child_name(name, path)
        yield name.decode("utf-16-le"), index, None if text is None else DirectoryEntry(text, attributes, created)
        if not following:
            return
        if following < _ENTRY.size:
            raise SmbError("garbled", f"the listing of {path} runs in a circle")
        at += following


def _child_name(raw: bytes, path: str) -> str | None:
    """The name of a child, or None for `.` and `..`; a name that leads out of its directory is refused."""
    if not 0 < len(raw) <= _MAX_NAME or len(raw) % 2:
        raise SmbError("garbled", f"the listing of {path} holds a name of {len(raw)} bytes")
    try:
        name = raw.decode("utf-16-le")
    except UnicodeDecodeError:
        raise SmbError("garbled", f"the listing of {path} holds a name that is no text") from None
    if name in (".", ".."):
        return None
    if any(character in "\\/\0" for character in name):
        raise SmbError("garbled", f"the listing of {path} holds the name {name!r}")
    return name
