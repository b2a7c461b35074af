# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import Sid, parse_sddl
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.tokens.question import named_in


def test_the_sids_that_a_dacl_names() -> None:
    dacl = parse_sddl("D:(D;;FR;;;BU)(A;;FA;;;BA)(A;OICIIO;FA;;;BA)(XA;;FX;;;WD;(@User.a == 1))").dacl
    assert named_in(dacl) == set(map(Sid.parse, ("S-1-5-32-545", "S-1-5-32-544", "S-1-1-0")))
    assert named_in(None) == set()
