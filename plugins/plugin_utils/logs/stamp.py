# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Times in logs: local times of the server, with its offset from UTC in newer products."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_CLOCK = r"(?P<hour>\d{1,2}):(?P<minute>\d\d):(?P<second>\d\d)(?:\.(?P<fraction>\d{1,7}))?"
# SMS 1.x: "Wed May 21 17:09:02 1997~" (Q169491); SMS 2.0: "Tue Jan 04 15:19:23.375 2000" (Q236052).
_NAMED = re.compile(
    rf"[A-Z][a-z]{{2}} (?P<name>[A-Z][a-z]{{2}}) {{1,2}}(?P<day>\d{{1,2}}) {_CLOCK} (?P<year>\d{{4}})~?"
)
# Since SMS 2003: "06-14-2018 06:26:25.828-60".
_NUMBERED = re.compile(rf"(?P<month>\d{{1,2}})-(?P<day>\d{{1,2}})-(?P<year>\d{{4}}) {_CLOCK}(?P<rest>.{{0,8}})")
# As articles quote logs of SMS 1.x: "Failed to set permission on ... 6/01/97 3:25:15 PM".
_AT_END = re.compile(
    r"(?P<month>\d{1,2})/(?P<day>\d{1,2})/(?P<year>\d{2}|\d{4})"
    r" (?P<half>\d{1,2}):(?P<minute>\d\d):(?P<second>\d\d) (?P<noon>[AP])M$"
)
_BIAS = re.compile(r"[+-]\d{1,4}")
_LONGEST_AT_END = 24


@dataclass(frozen=True, slots=True, order=True)
class Stamp:
    """The time of a log entry.

    Attributes:
        local: the server's local time, without a time zone.
        bias: minutes to add to the local time to get UTC, or None if the log does not contain them. This is the bias of
            Windows, the negative of the offset from UTC: British Summer Time is -60 (a log line at 06:26:25.828-60
            announces the next attempt for 06:56:25 "GMT Daylight Time").
    """

    local: datetime
    bias: int | None = None

    def __str__(self) -> str:
        """Return ISO 8601, with the offset from UTC if it is known."""
        zone = None if self.bias is None else timezone(timedelta(minutes=-self.bias))
        return self.local.replace(tzinfo=zone).isoformat(
            timespec="milliseconds" if self.local.microsecond else "seconds"
        )


def parse_stamp(written: str) -> Stamp | None:
    """Read the time of an entry; None if it is malformed.

    The time of a CMTrace entry is its `date` (`MM-DD-YYYY`) and its `time`, separated by a space.
    """
    match = _NAMED.fullmatch(written) or _NUMBERED.fullmatch(written)
    return _stamp(match) if match else None


def stamp_at_end(line: str) -> Stamp | None:
    """Read the time at the end of a line without fields; None if there is none."""
    match = _AT_END.search(line, max(0, len(line) - _LONGEST_AT_END))
    return _stamp(match) if match else None


def _stamp(match: re.Match[str]) -> Stamp | None:
    found = match.groupdict()
    try:
        month = _MONTHS.index(found["name"]) + 1 if "name" in found else int(found["month"])
        year = int(found["year"])
        if len(found["year"]) == 2:  # the first of these logs are from 1994
            year += 1900 if year >= 90 else 2000
        hour = int(found["half"]) % 12 + 12 * (found["noon"] == "P") if "half" in found else int(found["hour"])
        micro = int((found.get("fraction") or "0").ljust(6, "0")[:6])
        local = datetime(year, month, int(found["day"]), hour, int(found["minute"]), int(found["second"]), micro)
    except ValueError:
        return None
    rest = found.get("rest") or ""
    bias = int(rest) if _BIAS.fullmatch(rest) else None
    return Stamp(local, bias if bias is None or abs(bias) < 24 * 60 else None)
