# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Times of every product."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.logs.stamp import parse_stamp, stamp_at_end

from . import samples
from .reading import read


def test_times_of_configuration_manager_have_the_bias_of_windows() -> None:
    report, _found = read(samples.PKGXFERMGR)
    # The log itself says 06:56:25 is half an hour later, in British Summer Time, which is UTC+1.
    assert report.entries == 2
    assert report.first.local + timedelta(minutes=30) == datetime(2018, 6, 14, 6, 56, 25, 828000)
    assert str(report.first) == "2018-06-14T06:26:25.828+01:00"
    assert datetime.fromisoformat(str(report.first)) == datetime(2018, 6, 14, 5, 26, 25, 828000, timezone.utc)


def test_times_of_sms_1_x_and_2_0() -> None:
    assert str(read(samples.Q159201)[0].first) == "1996-11-06T08:49:37"
    assert str(read(samples.Q236052)[0].last) == "2000-01-04T15:19:28.663"
    last = samples.NETWARE.splitlines()[-1]
    assert stamp_at_end(last).local == datetime(1997, 6, 1, 15, 25, 15)


@pytest.mark.parametrize(
    ("told", "hour"), [("12:00:00 AM", 0), ("1:00:00 AM", 1), ("12:00:00 PM", 12), ("11:00:00 PM", 23)]
)
def test_midnight_and_noon(told: str, hour: int) -> None:
    assert stamp_at_end(f"done 12/31/1999 {told}").local == datetime(1999, 12, 31, hour)
    assert stamp_at_end(f"done 12/31/04 {told}").local == datetime(2004, 12, 31, hour)


@pytest.mark.parametrize(
    "written",
    ["", "Wed May 32 17:09:02 1997~", "13-14-2018 06:26:25.828-60", "06-14-2018 24:00:00.000+0", "06-14-2018", "Wed"],
)
def test_what_is_no_time(written: str) -> None:
    assert parse_stamp(written) is None


@pytest.mark.parametrize("rest", ["+-420", " 600", "", "+1440", "x"])
def test_a_bias_that_is_none_is_left_out(rest: str) -> None:
    # Scripts write "+-420" (MSEndpointMgr/ConfigMgr#121) and " 600" (maurice-daly/DriverAutomationTool#781).
    assert str(parse_stamp(f"04-01-2019 13:51:24.650{rest}")) == "2019-04-01T13:51:24.650"
