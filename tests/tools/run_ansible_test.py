# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run ansible-test on a copy of this checkout: ``python -m tests.tools.run_ansible_test sanity``.

ansible-test wants three things that a checkout does not give it: a real directory named
``ansible_collections/<namespace>/<name>`` (it resolves symbolic links), a pip bootstrap script, which it
would download, and a home directory to keep its virtual environments in. All three are made under ``build/``;
nothing is left in the user's own home directory.
"""

from __future__ import annotations

import ast
import configparser
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import yaml
from ansible_test._internal.python_requirements import REQUIREMENTS_SCRIPT_PATH, get_venv_packages

CHECKOUT = Path(__file__).resolve().parents[2]
BUILD = CHECKOUT / "build"
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"


def bootstrap_path() -> Path:
    """Where, below the home directory, the installed ansible-test caches its pip bootstrap script."""
    source = Path(REQUIREMENTS_SCRIPT_PATH).read_text(encoding="utf-8")
    place = re.search(r"'~/([^']*get_pip_%s\.py)'", source)
    if not place:
        raise SystemExit(f"{REQUIREMENTS_SCRIPT_PATH} no longer says where get_pip is cached: adapt {__file__}")
    pip_version: str = get_venv_packages(SimpleNamespace(version=PYTHON))["pip"]
    return Path(place[1] % pip_version.replace(".", "_"))


def pip_settings() -> Iterator[tuple[str, str, str]]:
    """Pip's effective settings as (section, option, value), those of the environment last, for they win."""
    command = [sys.executable, "-m", "pip", "config", "list"]
    listing = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    settings = [line.split("=", 1) for line in listing.splitlines()]
    for key, value in sorted(settings, key=lambda setting: setting[0].startswith(":env:")):
        section, option = key.rsplit(".", 1)
        yield "global" if section == ":env:" else section, option, ast.literal_eval(value)


def prepare_home(home: Path) -> None:
    """Make the home directory for ansible-test, with the pip bootstrap and the user's pip settings in it."""
    bootstrap = home / bootstrap_path()
    bootstrap.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(Path(__file__).with_name("get_pip.py"), bootstrap)

    # ansible-test hides PIP_* variables from pip, and the user's own file is not in this home directory.
    config = configparser.RawConfigParser()
    for section, option, value in pip_settings():
        if not config.has_section(section):
            config.add_section(section)
        config.set(section, option, value)
    config_file = home / ".config" / "pip" / "pip.conf"
    config_file.parent.mkdir(parents=True, exist_ok=True)
    # Only for its owner: the address of a package index may hold a password.
    config_file.touch(mode=0o600)
    with config_file.open("w", encoding="utf-8") as stream:
        config.write(stream)


def copy_collection(root: Path) -> Path:
    """Copy what git tracks, or would track, to its place below root, and return that place."""
    galaxy = yaml.safe_load((CHECKOUT / "galaxy.yml").read_text(encoding="utf-8"))
    target = root.joinpath("ansible_collections", galaxy["namespace"], galaxy["name"])
    shutil.rmtree(root, ignore_errors=True)
    command = ["git", "-C", str(CHECKOUT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listing = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    for name in filter(None, listing.split("\0")):
        if (CHECKOUT / name).exists():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(CHECKOUT / name, target / name, follow_symlinks=False)
    # ansible-test asks git for the files. It would find the repository around the copy, which ignores build/.
    subprocess.run(["git", "-c", "init.defaultBranch=main", "init", "--quiet", str(target)], check=True)
    return target


def main(arguments: list[str]) -> int:
    """Run ansible-test with the arguments, on this Python, and return its exit code."""
    if not arguments:
        raise SystemExit(__doc__)
    home = BUILD / "home"
    prepare_home(home)
    collection = copy_collection(BUILD / "ansible-test" / arguments[0])
    ansible_test = Path(sys.executable).with_name("ansible-test")
    command = [str(ansible_test), *arguments, "--python", PYTHON, "--color", "no"]
    environment = {**os.environ, "HOME": str(home)}
    return subprocess.run(command, cwd=collection, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
