# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The differential test: our answer about an account's access against what the account really gets from a server.

A run is one account, one share DACL, one DACL for the folder and one for each file, at random, in a world of random
group memberships. Our answer comes the product's own way: permissions and groups are read from the running servers.
The account then tries each operation with smbclient. Where the two differ, either we are wrong or `differences` has the
reason.

`python -m tests.oracle --runs 2000` or `make oracle RUNS=2000`; a run is repeated by `make oracle SEED=… RUNS=1`.
"""
