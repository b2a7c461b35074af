# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all doors have in common: arguments checked by the documentation, a site server, errors in words."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, ClassVar

from ansible.module_utils.common.yaml import yaml_load
from ansible.plugins.action import ActionBase

from .enforcement import EnforcementError
from .site_server import AuthenticationFailed, SiteServer, SiteServerError, Unreachable
from .site_server.connect import ConnectionUnsupported, site_server

_SPEC_KEYS = ("type", "elements", "required", "default", "choices", "aliases", "no_log")


def argument_spec(documentation: str) -> dict[str, Any]:
    """The argument spec that a module's DOCUMENTATION and its fragments describe, so that it is written only once."""
    document = yaml_load(documentation)
    options = document.get("options", {})
    for fragment in document.get("extends_documentation_fragment", ()):
        # What a module says of an option adds to the fragment's words, as in ansible-doc.
        for name, option in _fragment_options(fragment).items():
            options[name] = {**option, **options.get(name, {})}
    return _spec_of(options)


def _fragment_options(fragment: str) -> Mapping[str, Any]:
    """The options of one of this collection's fragments, named `sitekeeper.sms.<module>` or `….<module>.<variant>`.

    ansible-core's own `add_fragments` finds fragments in a running Ansible only, not where this is merely imported.
    """
    module, variant = [*fragment.split("."), "DOCUMENTATION"][2:4]
    source = import_module(f"..doc_fragments.{module}", __package__).ModuleDocFragment
    options: Mapping[str, Any] = yaml_load(getattr(source, variant.upper())).get("options", {})
    return options


def _spec_of(options: Mapping[str, Any]) -> dict[str, Any]:
    spec = {}
    for name, option in options.items():
        spec[name] = {key: option[key] for key in _SPEC_KEYS if key in option}
        if "suboptions" in option:
            spec[name]["options"] = _spec_of(option["suboptions"])
    return spec


class SiteServerAction(ActionBase):  # type: ignore[misc]
    """An action plugin that talks to the task's host as a site server. Subclasses say what is asked of it."""

    _supports_check_mode = True
    _supports_async = False
    _requires_connection = True

    spec: ClassVar[dict[str, Any]]

    def serve(self, server: SiteServer, arguments: dict[str, Any]) -> dict[str, Any]:
        """Do the task's work and return its results."""
        raise NotImplementedError

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Ansible's entry point."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        del tmp
        _checked, arguments = self.validate_argument_spec(argument_spec=self.spec)
        host = str(self._task.delegate_to or (task_vars or {}).get("inventory_hostname"))
        try:
            with site_server(host, self._connection, progress=self._display.display) as server:
                result.update(self.serve(server, arguments))
        except (Unreachable, AuthenticationFailed) as error:
            # As Ansible's own Windows modules do, so that `ignore_unreachable` and the recap mean the same.
            result.update(unreachable=True, changed=False, msg=str(error))
        except (SiteServerError, EnforcementError, ConnectionUnsupported) as error:
            result.update(failed=True, changed=False, msg=str(error))
        return result

    @property
    def predict(self) -> bool:
        """Check mode: plan, do not write."""
        return bool(self._task.check_mode)

    @property
    def wants_diff(self) -> bool:
        """Whether a diff will be shown."""
        return bool(self._task.diff)
