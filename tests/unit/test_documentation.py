# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The argument spec that a module's documentation describes; ansible-doc's view of it stands in tests/functional."""

from __future__ import annotations

import pytest

from ansible_collections.sitekeeper.sms.plugins.doc_fragments import product
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.documentation import argument_spec

OPTIONS = """
options:
  path:
    description: Which one.
    type: path
    required: true
    aliases: [file]
  entries:
    description: Those.
    type: list
    elements: dict
    suboptions:
      access:
        description: How much.
        type: str
        choices: [read, change]
        default: read
  secret:
    description: The password.
    type: str
    no_log: true
"""


def test_an_option_is_an_argument() -> None:
    assert argument_spec(OPTIONS) == {
        "path": {"type": "path", "required": True, "aliases": ["file"]},
        "entries": {
            "type": "list",
            "elements": "dict",
            "options": {"access": {"type": "str", "choices": ["read", "change"], "default": "read"}},
        },
        "secret": {"type": "str", "no_log": True},
    }


def test_each_option_named_password_is_secret() -> None:
    spec = argument_spec("{options: {}, extends_documentation_fragment: [sitekeeper.sms.directory]}")
    assert spec["sms_directory"]["options"]["password"] == {"type": "str", "no_log": True}
    assert argument_spec("options: {password: {type: str}}") == {"password": {"type": "str", "no_log": True}}


def test_options_of_a_fragment_are_arguments_too_and_the_modules_own_words_add_to_them() -> None:
    own = argument_spec("{options: {}, extends_documentation_fragment: [sitekeeper.sms.product]}")
    assert own
    assert set(own) == set(argument_spec(product.ModuleDocFragment.DOCUMENTATION))
    name = next(iter(own))
    changed = argument_spec(
        f"{{options: {{{name}: {{required: true}}}}, extends_documentation_fragment: [sitekeeper.sms.product]}}"
    )
    assert changed[name] == {**own[name], "required": True}


def test_a_fragment_that_is_not_there_is_no_spec() -> None:
    with pytest.raises(ImportError):
        argument_spec("{options: {}, extends_documentation_fragment: [sitekeeper.sms.none]}")
