# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where Samba or impacket say something else than the collection, and why that is no mistake of the collection.

This is the whole list. Each difference is tested to be one still, so that a line whose reason is gone gets noticed.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from impacket.ldap import ldaptypes

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import (
    Ace,
    Acl,
    OpaqueAce,
    SecurityDescriptor,
    Sid,
    Token,
    check_access,
    format_sddl,
    parse_sddl,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security.ace import ConditionalAce, ObjectAce
from tests.functional.security.oracle import Samba
from tests.unit.security.strategies import DOMAIN

USER, OWNER = Sid.parse("S-1-5-21-1-2-3-1001"), Sid.parse("S-1-5-21-1-2-3-500")
EVERYONE = bytes.fromhex("010100000000000100000000")
MASK = struct.pack("<I", 0x1F01FF)
KIND = UUID("bf967aba-0de6-11d0-a285-00aa003049e2")
REFUSED = "refused"
SAME = object()


@dataclass(frozen=True, slots=True)
class Difference:
    """One question and its two answers.

    Attributes:
        about: what it is about, in a few words.
        source: what says that ours is right, and where theirs comes from.
        ours: asks the collection.
        theirs: asks the other implementation, which is given to it.
        our_answer: what the collection says.
        their_answer: what the other implementation says.
        since_4_20: what Samba says since that version, if something else.
    """

    about: str
    source: str
    ours: Callable[[], object]
    theirs: Callable[[Any], object]
    our_answer: object
    their_answer: object
    since_4_20: object = SAME

    @property
    def differs(self) -> bool:
        """Whether the answers differ, of any version."""
        return any(theirs not in (self.our_answer, SAME) for theirs in (self.their_answer, self.since_4_20))

    def expected(self, version: tuple[int, int]) -> object:
        """What this version of Samba says."""
        return self.their_answer if self.since_4_20 is SAME or version < (4, 20) else self.since_4_20


def entry(ace_type: int, body: bytes) -> bytes:
    """An entry from what stands behind its header."""
    return struct.pack("<BBH", ace_type, 0, 4 + len(body)) + body


def with_dacl(*entries: bytes, control: int = 0x8004, manager: int = 0) -> bytes:
    """A descriptor that holds nothing but these entries."""
    body = b"".join(entries)
    acl = struct.pack("<BBHHH", 2, 0, 8 + len(body), len(entries), 0) + body
    return struct.pack("<BBHIIII", 1, manager, control, 0, 0, 0, 20) + acl


def read(data: bytes) -> SecurityDescriptor:
    """What we read."""
    return SecurityDescriptor.from_bytes(data)


def first_sid(data: bytes) -> str:
    """Whom we take the first entry to be about."""
    (ace,) = read(data).dacl or ()
    return str(ace.sid) if not isinstance(ace, OpaqueAce) else REFUSED


def in_text(text: str) -> str:
    """A text as we write what we read in it."""
    return format_sddl(parse_sddl(text, domain=Sid.parse(DOMAIN)))


def samba_lists(data: bytes) -> Callable[[Samba], list[Any]]:
    """The entries that Samba reads."""
    return lambda samba: list(samba.ask("read", data.hex())["dacl"]["aces"])


def carried(about: str, source: str, data: bytes, theirs: bytes, *, until_4_20: bool = False) -> Difference:
    """Bytes that we write as we read them, and Samba does not."""
    return Difference(
        about,
        source,
        lambda: read(data).to_bytes().hex(),
        lambda samba: samba.ask("read", data.hex())["bytes"],
        data.hex(),
        theirs.hex(),
        data.hex() if until_4_20 else SAME,
    )


def granted(
    about: str,
    source: str,
    dacl: Acl | None,
    request: int,
    answers: tuple[int, int | None],
    *,
    control: int = 0x0004,
    since_4_20: object = SAME,
) -> Difference:
    """What is granted to USER of an object of somebody else, where conditions hold; None: the request is denied."""
    question = SecurityDescriptor(control, OWNER, dacl=dacl).to_bytes().hex()
    token = Token(frozenset({USER}))
    return Difference(
        about,
        source,
        lambda: check_access(dacl, token, request).granted,
        lambda samba: samba.ask("check", question, [str(USER)], [request])[0],
        *answers,
        since_4_20,
    )


_BEHIND_THE_SID = (
    "[MS-DTYP] 2.4.4.1 lets AceSize be larger than the fields; Samba's ndr_pull_security_ace skips the rest"
)
_SINCE_420 = "Samba's security.idl has the fields of these types since 4.20"
_CALLBACK_OBJECT = with_dacl(entry(0x0B, MASK + bytes(4) + EVERYONE))
_ALARM_CALLBACK_OBJECT = with_dacl(entry(0x10, MASK + bytes(4) + EVERYONE))
_COMPOUND = with_dacl(entry(0x04, MASK + struct.pack("<HH", 1, 0) + EVERYONE + EVERYONE))
# Member_of {SID(USER)} ([MS-DTYP] 2.4.4.17.4 and .6), with the zeros that fill it up to four bytes.
_IS_USER = b"artx" + b"\x51" + struct.pack("<I", USER.size) + USER.to_bytes() + b"\x89" + bytes(2)
_LABEL = with_dacl(entry(0x11, MASK + EVERYONE))

_WINDOWS = "Windows takes it, say Samba's own tests (python/samba/tests/sddl.py, SddlWindowsIsLessFussy)"
_ALLOWS = "(A;;FR;;;WD)"

TEXTS: list[tuple[str, str, str, object, object, object]] = [
    (
        "the text of a NULL DACL",
        'Microsoft, "Security Descriptor String Format"; Samba has no word for it',
        "D:NO_ACCESS_CONTROL",
        "D:NO_ACCESS_CONTROL",
        REFUSED,
        SAME,
    ),
    ("letter case", _WINDOWS, "O:baD:(a;oi;fr;;;wd)", "O:BAD:(A;OI;FR;;;WD)", REFUSED, SAME),
    ("blanks", _WINDOWS, " O:BA G:BA D: P (A;;FR;;; WD) ", f"O:BAG:BAD:P{_ALLOWS}", REFUSED, SAME),
    ("full control of a file", "[MS-DTYP] 2.5.1.1; FA of old Sambas has no standard rights", "D:(A;;FA;;;WD)",
     "D:(A;;FA;;;WD)", "D:(A;;0x1ff;;;WD)", "D:(A;;FA;;;WD)"),
    ("decimal rights", "[MS-DTYP] 2.5.1.1; an old Samba skips what is no letter", "D:(A;;1179785;;;WD)",
     f"D:{_ALLOWS}", "D:(A;;;;;WD)", f"D:{_ALLOWS}"),
    ("octal rights", "[MS-DTYP] 2.5.1.1; an old Samba skips what is no letter", "D:(A;;04400211;;;WD)",
     f"D:{_ALLOWS}", "D:(A;;;;;WD)", f"D:{_ALLOWS}"),
    ("rights of a registry key", "[MS-DTYP] 2.5.1.1; Samba lacks them", "D:(A;;KA;;;WD)",
     "D:(A;;0xf003f;;;WD)", REFUSED, SAME),
    ("a critical entry", "winnt.h, CRITICAL_ACE_FLAG, and sddl.h, SDDL_CRITICAL; Samba lacks it", "D:(A;CR;FR;;;WD)",
     "D:(A;CR;FR;;;WD)", REFUSED, SAME),
    ("an object type in an entry that has none", "[MS-DTYP] 2.4.4.2; Samba leaves it out", f"D:(A;;FR;{KIND};;WD)",
     REFUSED, f"D:{_ALLOWS}", SAME),
    ("flags of an empty list that another one follows", "[MS-DTYP] 2.5.1.1; an old Samba takes its letter for a flag",
     "D:PS:", "D:PS:", REFUSED, "D:PS:"),
    ("a large authority in hexadecimal", "[MS-DTYP] 2.4.2.1; an old Samba reads digits only", "O:S-1-0x123456789ABC-1",
     "O:S-1-0x123456789ABC-1", REFUSED, "O:S-1-0x123456789ABC-1"),
    *(
        (f"the text of entries of type {letters}", "[MS-DTYP] 2.5.1.1; Samba lacks the type", f"S:({letters};;;;;LW)",
         f"S:({letters};;;;;LW)", REFUSED, SAME)
        for letters in ("ML", "SP", "TL")
    ),
    ("the text of a condition", f"[MS-DTYP] 2.5.1.1; {_SINCE_420}", "D:(XA;;FR;;;WD;(Member_of SID(BA)))",
     "D:(XA;;FR;;;WD;(Member_of SID(BA)))", REFUSED, "D:(XA;;FR;;;WD;(Member_of SID(BA)))"),
    ("a number of a condition that takes 64 bits", "[MS-DTYP] 2.4.4.17.5: the sign stands beside the eight bytes",
     "D:(XA;;FR;;;WD;(x == 9223372036854775808))", "D:(XA;;FR;;;WD;(x == 9223372036854775808))", REFUSED, REFUSED),
    ("half of a character", "[MS-DTYP] 2.4.4.17.5 has strings of UTF-16; Samba's are of UTF-8, which has no such half",
     'D:(XA;;FR;;;WD;(x == "\ud800"))', 'D:(XA;;FR;;;WD;(x == "\ud800"))', REFUSED, REFUSED),
    *(
        (f"resource attributes of type {kind}", f"[MS-DTYP] 2.4.10.1; {_SINCE_420}, and makes an unsigned one of it",
         f'S:(RA;;;;;WD;("a",{kind},0x0,1))', f'S:(RA;;;;;WD;("a",{kind},0x0,1))', REFUSED,
         'S:(RA;;;;;WD;("a",TU,0x0,1))')
        for kind in ("TI", "TB")
    ),
]  # fmt: skip

SAMBA = [
    carried(
        "the control byte of a resource manager",
        "[MS-DTYP] 2.4.6, Sbz1 and the RM bit; to Samba's security.idl it is there for alignment",
        with_dacl(control=0xC004, manager=0x5A),
        with_dacl(control=0xC004),
    ),
    carried(
        "bytes behind the SID of a plain entry",
        _BEHIND_THE_SID,
        with_dacl(entry(0x00, MASK + EVERYONE + b"abcd")),
        with_dacl(entry(0x00, MASK + EVERYONE)),
    ),
    carried(
        "bytes behind the SID of an object entry",
        _BEHIND_THE_SID,
        with_dacl(entry(0x05, MASK + bytes(4) + EVERYONE + b"abcd")),
        with_dacl(entry(0x05, MASK + bytes(4) + EVERYONE)),
    ),
    carried(
        "the condition of an entry",
        f"[MS-DTYP] 2.4.4.6; {_SINCE_420}",
        with_dacl(entry(0x09, MASK + EVERYONE + _IS_USER)),
        with_dacl(entry(0x09, MASK + EVERYONE)),
        until_4_20=True,
    ),
    Difference(
        "an object entry with a condition",
        f"[MS-DTYP] 2.4.4.8; {_SINCE_420}, before it takes the object flags for a SID",
        lambda: first_sid(_CALLBACK_OBJECT),
        lambda samba: samba_lists(_CALLBACK_OBJECT)(samba)[0][3],
        "S-1-1-0",
        "S-0-16842752",
        "S-1-1-0",
    ),
    Difference(
        "an alarm entry for an object, with a condition",
        "winnt.h, SYSTEM_ALARM_CALLBACK_OBJECT_ACE; Samba takes the object flags for a SID",
        lambda: first_sid(_ALARM_CALLBACK_OBJECT),
        lambda samba: samba_lists(_ALARM_CALLBACK_OBJECT)(samba)[0][3],
        "S-1-1-0",
        "S-0-16842752",
    ),
    Difference(
        "a compound entry",
        "ntseapi.h, COMPOUND_ACCESS_ALLOWED_ACE; Samba takes what stands before its SIDs for a SID",
        lambda: first_sid(_COMPOUND),
        lambda samba: samba_lists(_COMPOUND)(samba)[0][3],
        "S-1-1-0",
        "S-1-16842752",
    ),
    Difference(
        "a list that the control bits call absent",
        "[MS-DTYP] 2.4.6, the DP bit; Samba goes by the offset alone",
        lambda: read(with_dacl(control=0x8000)).dacl,
        samba_lists(with_dacl(control=0x8000)),
        None,
        [],
    ),
    Difference(
        "a SID of another revision than 1",
        "[MS-DTYP] 2.4.2.2: the revision must be 1",
        lambda: first_sid(with_dacl(entry(0x00, MASK + b"\2" + EVERYONE[1:]))),
        lambda samba: samba_lists(with_dacl(entry(0x00, MASK + b"\2" + EVERYONE[1:])))(samba)[0][3],
        REFUSED,
        "S-2-1-0",
    ),
    Difference(
        "a descriptor that is not self-relative",
        "[MS-DTYP] 2.4.6, the SR bit: without it the offsets are pointers",
        lambda: read(with_dacl(control=0x0004)).control,
        lambda samba: samba.ask("read", with_dacl(control=0x0004).hex())["control"],
        REFUSED,
        0x0004,
    ),
    granted(
        "an absent DACL",
        "[MS-DTYP] 2.5.3.2: without a DACL any access check succeeds; Samba's se_access_check denies",
        None,
        0x1,
        (0x1, None),
        control=0,
    ),
    granted(
        "an allowing object entry that names no object type",
        "[MS-DTYP] 2.4.4.3: it means what an ACCESS_ALLOWED_ACE means; Samba's se_access_check leaves it out",
        Acl((ObjectAce(0x05, 0, 0x1, USER),), 4),
        0x1,
        (0x1, None),
    ),
    granted(
        "a denying object entry that names an object type",
        "[MS-DTYP] 2.5.3.2 looks the type up in the object tree, which no file has; Samba's se_access_check denies",
        Acl((ObjectAce(0x06, 0, 0x1, USER, KIND), Ace(0x00, 0, 0x1, USER)), 4),
        0x1,
        (0x1, None),
    ),
    granted(
        "an entry whose condition holds",
        f"the controller does not evaluate conditions: the right is unknown, not granted; {_SINCE_420}",
        Acl((ConditionalAce(0x09, 0, 0x1, USER, _IS_USER),)),
        0x1,
        (0, None),
        since_4_20=0x1,
    ),
    *(
        Difference(
            about,
            source,
            lambda text=text: in_text(text),
            lambda samba, text=text: format_sddl(read(bytes.fromhex(samba.ask("from_sddl", text, DOMAIN)))),
            ours,
            theirs,
            since_4_20,
        )
        for about, source, text, ours, theirs, since_4_20 in TEXTS
    ),
]


def impacket_reads(data: bytes) -> Any:
    """What impacket reads."""
    return ldaptypes.SR_SECURITY_DESCRIPTOR(data=data)


def impacket_carries(about: str, source: str, data: bytes, theirs: bytes) -> Difference:
    """Bytes that we write as we read them, and impacket does not."""
    return Difference(
        about,
        source,
        lambda: read(data).to_bytes().hex(),
        lambda _unused: impacket_reads(data).getData().hex(),
        data.hex(),
        theirs.hex(),
    )


_WITH_SACL = struct.pack("<BBHIIII", 1, 0, 0x8010, 0, 0, 20, 0) + _LABEL[20:]

IMPACKET = [
    impacket_carries(
        "a SACL without a DACL",
        "[MS-DTYP] 2.4.6: either may be there alone; ldaptypes clears the SACL where it finds no DACL",
        _WITH_SACL,
        struct.pack("<BBHIIII", 1, 0, 0x8010, 0, 0, 0, 0),
    ),
    impacket_carries(
        "bytes behind the SID of a plain entry",
        "[MS-DTYP] 2.4.4.1; ldaptypes writes entries without them on purpose (RECALC_ACE_SIZE)",
        with_dacl(entry(0x00, MASK + EVERYONE + b"abcd")),
        with_dacl(entry(0x00, MASK + EVERYONE)),
    ),
    Difference(
        "the text of a SID whose authority takes more than a byte",
        "[MS-DTYP] 2.4.2.1; ldaptypes goes by the last of the six bytes",
        lambda: str(Sid.parse("S-1-4660-1")),
        lambda _unused: ldaptypes.LDAP_SID(data=bytes.fromhex("010100000000123401000000")).formatCanonical(),
        "S-1-4660-1",
        "S-1-52-1",
    ),
    *(
        Difference(
            f"entries of type 0x{ace_type:02x}",
            "[MS-DTYP] 2.4.4.1 and winnt.h; ldaptypes does not know the type",
            lambda ace_type=ace_type: read(with_dacl(entry(ace_type, MASK + EVERYONE))).to_bytes().hex(),
            lambda _unused, ace_type=ace_type: impacket_reads(with_dacl(entry(ace_type, MASK + EVERYONE))),
            with_dacl(entry(ace_type, MASK + EVERYONE)).hex(),
            REFUSED,
        )
        for ace_type in (0x03, 0x04, 0x08, 0x0E, 0x10, 0x14, 0x15, 0x16)
    ),
]
