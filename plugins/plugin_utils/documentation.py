# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Derive the argument spec of a module from its documentation, so that nothing is written twice."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from ansible.module_utils.common.yaml import yaml_load

_SECRET = "password"  # noqa: S105 - a name
"""The name of each secret option. Documentation has no keyword for that."""

_SPEC_KEYS = ("type", "elements", "required", "default", "choices", "aliases", "no_log")


def argument_spec(documentation: str) -> dict[str, Any]:
    """Return the argument spec that a module's DOCUMENTATION and its fragments describe."""
    document = yaml_load(documentation)
    options = document.get("options", {})
    for fragment in document.get("extends_documentation_fragment", ()):
        # Keys of an option in the module override those in the fragment, as in ansible-doc.
        for name, option in _fragment_options(fragment).items():
            options[name] = {**option, **options.get(name, {})}
    return _spec_of(options)


def _fragment_options(fragment: str) -> Mapping[str, Any]:
    """Return the options of a fragment of this collection, named `sitekeeper.sms.<module>` or `….<module>.<variant>`.

    ansible-core's own `add_fragments` finds fragments in a running Ansible only.
    """
    module, variant = [*fragment.split("."), "DOCUMENTATION"][2:4]
    source = import_module(f"..doc_fragments.{module}", __package__).ModuleDocFragment
    options: Mapping[str, Any] = yaml_load(getattr(source, variant.upper())).get("options", {})
    return options


def _spec_of(options: Mapping[str, Any]) -> dict[str, Any]:
    spec = {}
    for name, option in options.items():
        spec[name] = {key: option[key] for key in _SPEC_KEYS if key in option}
        if name == _SECRET:
            spec[name]["no_log"] = True
        if "suboptions" in option:
            spec[name]["options"] = _spec_of(option["suboptions"])
    return spec
