# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fields of a line: of the type that they must have, or an error that names the place."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.audit.errors import AuditError
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.audit.fields import LineFields


def fields(values: dict[str, Any]) -> LineFields:
    return LineFields(values, "fleet.jsonl, line 7", {})


GOOD = {"text": "a", "texts": ["a", "b"], "flag": True, "number": 1.5, "record": {"text": "b"}, "records": [{}, {}]}


def test_what_has_its_type_is_read() -> None:
    found = fields(GOOD)
    assert (found.text("text"), found.texts("texts"), found.flag("flag"), found.number("number")) == (
        "a", ("a", "b"), True, 1.5
    )  # fmt: skip
    assert found.record("record").text("text") == "b"
    assert len(found.records("records")) == 2


def test_what_is_not_there_is_none_zero_or_empty() -> None:
    found = fields({"text": None})
    assert (found.optional_text("text"), found.flag("flag"), found.optional_number("number")) == (None, None, None)
    assert (found.number("number"), found.texts("texts"), found.records("records")) == (0, (), [])
    assert found.optional_record("record") is None
    for read in (found.text, found.record):
        with pytest.raises(AuditError, match=r"^fleet\.jsonl, line 7: x "):
            read("x")


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("text", 5),
        ("optional_text", ["a"]),
        ("texts", "a"),
        ("texts", ["a", 5]),
        ("flag", "true"),
        ("flag", 1),
        ("number", "5"),
        ("number", True),
        ("number", -1),
        ("number", float("inf")),
        ("record", []),
        ("records", {}),
        ("records", [5]),
    ],
)
def test_what_has_another_type_names_the_place(kind: str, value: Any) -> None:
    with pytest.raises(AuditError, match=r"^fleet\.jsonl, line 7: x ") as caught:
        getattr(fields({"x": value}), kind)("x")
    assert isinstance(caught.value, ValueError)


def test_equal_texts_are_kept_once() -> None:
    texts: dict[str, str] = {}
    one, other = (LineFields({"x": "".join(["long ", "text"])}, "here", texts).text("x") for _again in range(2))
    assert one is other
