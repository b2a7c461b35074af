# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of a change, and who approved it."""

from __future__ import annotations


class ModuleDocFragment:
    """Fragment `sitekeeper.sms.approval`."""

    DOCUMENTATION = r"""
options:
  path:
    description:
      - The plan, on the controller.
    type: path
    required: true
  change_id:
    description:
      - The number of the change. If given, the plan of another change is refused.
    type: str
  approved_digest:
    description:
      - The digest that was approved, with or without C(sha256:) in front, all of its 64 digits.
    type: str
  signature:
    description:
      - A file with a detached signature over the plan's digest, as C(ssh-keygen -Y sign -n sitekeeper.sms) makes it of
        the line C(sha256:...).
      - It is checked with C(ssh-keygen) of OpenSSH 8.2 or newer on the controller.
      - With O(approved_digest) as well, both have to be right.
    type: path
  allowed_signers:
    description:
      - The file of those who may approve, in the format of C(ssh-keygen), ALLOWED SIGNERS.
      - Required with O(signature).
    type: path
  signer:
    description:
      - Who must have signed, a principal that O(allowed_signers) lets sign with the key. By default anybody in that
        file.
      - The record names this principal. Without O(signer) it names the principal of the key's line only if that is one
        name. Where the line has a pattern (V(*@corp.example)) or several names, the record has the key's fingerprint
        alone.
    type: str
  approver:
    description:
      - Who approved the plan, for the record. Nothing checks it; only a signature proves who approved.
    type: str
"""
