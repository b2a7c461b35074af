# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""hierarchy_scope: what each site server of a play must have, before anything connects to one."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import ActionBase

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.memory import before_forks

with before_forks():
    from ansible_collections.sitekeeper.sms.plugins.modules.hierarchy_scope import DOCUMENTATION
    from ansible_collections.sitekeeper.sms.plugins.plugin_utils.documentation import argument_spec
    from ansible_collections.sitekeeper.sms.plugins.plugin_utils.hierarchy import (
        HierarchyError,
        read_hierarchy,
        required_grants,
    )
    from ansible_collections.sitekeeper.sms.plugins.plugin_utils.play import play_id, refusal

_SPEC = argument_spec(DOCUMENTATION)
_NOTHING = "Nothing was read or changed on any site server."


class ActionModule(ActionBase):  # type: ignore[misc]
    """Door of the module. Works on the controller and connects to nothing."""

    _supports_check_mode = True
    _supports_async = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Ansible's entry point."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        del tmp
        # Ansible copies what it checks, each item of each site; read_hierarchy checks them itself.
        sites = self._task.args.get("sms_sites")
        if sites:
            self._task.args = {**self._task.args, "sms_sites": []}
        _checked, arguments = self.validate_argument_spec(argument_spec=_SPEC)
        refused = refusal(self._task, self._loader)
        if refused:
            return {**result, "failed": True, "changed": False, "msg": f"{refused} {_NOTHING}"}
        products = arguments["sms_products"] or {}
        try:
            hierarchy = read_hierarchy(sites, products)
        except HierarchyError as error:
            problems = "\n".join(f"- {problem}" for problem in error.errors)
            message = f"sms_sites describes no usable hierarchy. {_NOTHING} Correct it:\n{problems}"
            return {**result, "failed": True, "changed": False, "msg": message}
        grants = required_grants(hierarchy)
        return {
            **result,
            "changed": False,
            "play": play_id(self._task),
            "check_mode": bool(self._task.check_mode),
            "batch": list((task_vars or {}).get("ansible_play_batch") or ()),
            "grants": {
                code: [{"account": grant.account, "reasons": list(grant.reasons)} for grant in of_site]
                for code, of_site in grants.items()
            },
            "senders": {code: [grant.account for grant in of_site] for code, of_site in grants.items()},
            "products": {site.code: site.product.name for site in hierarchy.sites},
            "sms_products": products,
            "sites": {site.server.lower(): site.code for site in hierarchy.sites},
        }
