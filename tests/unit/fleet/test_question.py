# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked of a fleet: what makes it another question."""

from __future__ import annotations

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.fleet import Question, Questions


def test_other_products_are_another_question() -> None:
    question = Question("P01", "ours", ("CORP\\smssend",))
    asked = [
        Questions({"P01": question}, {"p01": "P01"}, terms={"products": {"ours": {"share_access": access}}}).digest
        for access in ("full_control", "change", "change")
    ]
    assert asked[0] != asked[1] == asked[2]
