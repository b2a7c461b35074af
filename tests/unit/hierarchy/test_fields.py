# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fields of a description, and the message for each mistake."""

from __future__ import annotations

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.hierarchy.fields import (
    SHOWN_ITEMS,
    Fields,
    HierarchyError,
    Problem,
    did_you_mean,
    kind_of,
    listed,
    quoted,
)


def read(method, value, *arguments):
    """What a method returns for a value, and the problems that it reports."""
    problems = []
    found = getattr(Fields({"key": value}, "site C01", ("sms_sites", 0), problems), method)("key", *arguments)
    return found, problems


@pytest.mark.parametrize(
    ("method", "value", "arguments", "expected"),
    [
        ("text", "Central site", (), "Central site"),
        ("text", None, (), ""),
        ("code", "c01", (), "C01"),
        ("parent", "c01", (), "C01"),
        ("account", "CORP\\smssend", (), "CORP\\smssend"),
        ("server", "c01.corp.example", (), "c01.corp.example"),
        ("domain", "corp.example", (), "corp.example"),
        ("domains", ["CORP", "corp.example"], (), ("CORP", "corp.example")),
        ("domains", None, (), None),
        ("texts", ["a", "b"], (), ("a", "b")),
        ("texts", [], (), ()),
        ("flag", False, (), False),
        ("flag", None, (), None),
        ("mapping", None, (), None),
        ("choice", "primary", (("central", "primary"), "type", "the types are"), "primary"),
        ("address_type", None, (("MS_LAN", "MS_COURIER"),), "MS_LAN"),
        ("address_type", "ms_courier", (("MS_LAN", "MS_COURIER"),), "MS_COURIER"),
    ],
)
def test_a_good_value_is_returned_without_a_problem(method, value, arguments, expected):
    assert read(method, value, *arguments) == (expected, [])


@pytest.mark.parametrize(
    ("method", "value", "arguments", "expected", "text"),
    [
        ("text", None, ("give one",), "", "key is missing; give one"),
        ("text", 7, (), "", "key must be text, but it is a number; put it in quotes"),
        ("text", ["a"], (), "", "key must be text, but it is a list"),
        ("text", " ", (), "", "key is blank; give it a value or remove it"),
        ("text", "a ", (), "", "key 'a ' starts or ends with a space or contains a control character"),
        ("code", "C-1", (), "", "key 'C-1' is malformed; a site code is exactly 3 characters, A to Z and 0 to 9"),
        ("parent", ["C01"], (), "", "key must be one site code, not a list"),
        ("parent", ["C01", "C02"], (), "", "2 parents ('C01', 'C02'); a site reports to one parent, so keep one"),
        ("domain", "a b", (), "", "key 'a b' is not a domain name; write CORP or corp.example"),
        ("texts", "a", (), (), "key must be a list, but it is text"),
        ("flag", "yes", (), None, "key must be true or false, but it is text"),
        ("mapping", [], (), None, "key must be a dictionary, but it is a list"),
        (
            "choice",
            "primry",
            (("primary",), "type", "the types are"),
            "",
            "unknown type 'primry' (did you mean 'primary'?)",
        ),
        ("choice", "x", (("primary",), "type", "the types are"), "", "unknown type 'x'; the types are primary"),
    ],
)
def test_a_mistake_is_reported_with_its_place(method, value, arguments, expected, text):
    found, problems = read(method, value, *arguments)
    assert found == expected
    (problem,) = problems
    assert problem.text == f"site C01: {text}."
    # A missing value has no place of its own.
    assert problem.path == (("sms_sites", 0) if value is None else ("sms_sites", 0, "key"))


def test_fields_of_a_nested_dictionary_have_its_place():
    found, problems = read("mapping", {"inner": 7})
    assert found.has("inner")
    assert found.text("inner") == ""
    assert problems == [
        Problem(
            "site C01, key: inner must be text, but it is a number; put it in quotes.", ("sms_sites", 0, "key", "inner")
        )
    ]


def test_unknown_keys_are_reported():
    problems = []
    Fields({"servr": "c01", "code": "C01", 7: 1}, "site C01", (), problems).refuse_unknown(("server", "code"))
    assert problems == [
        Problem("site C01: unknown key 'servr' (did you mean 'server'?).", ("servr",)),
        Problem("site C01: unknown key '7'; the keys are server, code.", (7,)),
    ]


def test_all_errors_are_in_one_exception():
    error = HierarchyError([Problem("one.", ("a",)), Problem("two.")])
    assert error.errors == ("one.", "two.")
    assert str(error) == "one.\ntwo."


def test_input_in_a_message_is_limited():
    assert quoted("a\x1b" + "b" * 80) == "'a\\x1b" + "b" * 58 + "...'"
    assert quoted("b" * 60) == f"'{'b' * 60}'"
    assert listed(["a"] * SHOWN_ITEMS) == ", ".join("a" * SHOWN_ITEMS)
    assert listed(["a"] * (SHOWN_ITEMS + 1), " under ").endswith("a under ... 11 in all")


def test_a_hint_ignores_case_and_is_given_for_similar_words_only():
    assert did_you_mean("SERVR", ["Server", "code"]) == " (did you mean 'Server'?)"
    assert did_you_mean("xyz", ["Server", "code"]) == ""


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (None, "empty"),
        ("", "text"),
        (True, "a truth value"),
        (1.5, "a number"),
        ({}, "a dictionary"),
        ((), "a list"),
        (b"", "a bytes"),
    ],
)
def test_a_value_is_called_what_a_user_calls_it(value, name):
    assert kind_of(value) == name
