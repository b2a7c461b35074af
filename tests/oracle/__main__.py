# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compare our answers with a real server's: ``python -m tests.oracle --runs 2000 --seed 0``."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.directory import DirectoryError
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server import SiteServerError
from tests.lab.domain.testing import missing, running_domain
from tests.lab.errors import LabError

from .population import DOMAIN
from .runs import oracle_in


def main() -> int:
    """Play the runs and print the report; 1 if something differs that nothing explains, 2 if runs are not possible."""
    parser = argparse.ArgumentParser(prog="tests.oracle", description=__doc__)
    parser.add_argument("--runs", type=int, default=200, help="how many runs (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="the number of the first run (default: %(default)s)")
    arguments = parser.parse_args()
    reason = missing()
    if reason:
        print(f"{reason}. To run it: sudo make oracle RUNS={arguments.runs}", file=sys.stderr)
        return 2
    try:
        with (
            running_domain(DOMAIN) as domain,
            tempfile.TemporaryDirectory() as directory,
            oracle_in(domain, Path(directory)) as oracle,
        ):
            report = oracle.play(arguments.seed, arguments.runs)
    except (LabError, SiteServerError, DirectoryError) as error:
        print(f"a run could not take place: {error}", file=sys.stderr)
        return 2
    print(*report.lines(), sep="\n")
    return 1 if report.unexplained else 0


if __name__ == "__main__":
    sys.exit(main())
