# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each module of the collection has its own file of unit tests, at the place where one looks for it."""

from __future__ import annotations

from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[3]
PLUGINS = CHECKOUT / "plugins"
UNIT = CHECKOUT / "tests" / "unit"

WITHOUT_CODE = ("modules", "doc_fragments")
"""Folders of plugins/ whose files hold documentation; tests/functional/modules compares it with what the code does."""


def place_of_tests(module: Path) -> Path:
    """Where the unit tests of a module of plugins/ stand."""
    parts = module.relative_to(PLUGINS).parts
    folders = parts[1:-1] if parts[0] == "plugin_utils" else parts[:-1]
    return UNIT.joinpath(*folders, f"test_{module.name}")


def modules() -> list[Path]:
    """The modules that have code. A package's `__init__` only names what the package offers."""
    return [
        path
        for path in sorted(PLUGINS.rglob("*.py"))
        if path.name != "__init__.py" and path.relative_to(PLUGINS).parts[0] not in WITHOUT_CODE
    ]


def test_where_the_tests_of_a_module_stand() -> None:
    cases = {
        "plugin_utils/text.py": "test_text.py",
        "plugin_utils/fleet/sweep.py": "fleet/test_sweep.py",
        "plugin_utils/security/conditional/text.py": "security/conditional/test_text.py",
        "action/sender_access.py": "action/test_sender_access.py",
        "module_utils/smb_stream.py": "module_utils/test_smb_stream.py",
    }
    for module, tests in cases.items():
        assert place_of_tests(PLUGINS / module) == UNIT / tests


def test_each_module_has_its_file_of_unit_tests() -> None:
    found = modules()
    assert len(found) > 100
    missing = [
        str(place_of_tests(module).relative_to(CHECKOUT)) for module in found if not place_of_tests(module).exists()
    ]
    assert missing == []
