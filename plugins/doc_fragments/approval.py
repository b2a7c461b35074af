# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options for the plan of a change and its approval."""

from __future__ import annotations


class ModuleDocFragment:
    """Fragment `sitekeeper.sms.approval`."""

    DOCUMENTATION = r"""
options:
  path:
    description:
      - The plan file, on the controller.
    type: path
    required: true
  change_id:
    description:
      - The number of the change. If set, the plan of another change is refused.
    type: str
  approved_digest:
    description:
      - The approved digest, with or without C(sha256:), with all of its 64 digits.
    type: str
  signature:
    description:
      - A file with a detached signature of the digest line C(sha256:...), including its newline. Make it with
        C(ssh-keygen -Y sign -n sitekeeper.sms).
      - C(ssh-keygen) of OpenSSH 8.2 or newer on the controller checks it.
      - If O(approved_digest) is also set, both must be right.
    type: path
  allowed_signers:
    description:
      - The file of allowed signers, in the format of C(ssh-keygen), ALLOWED SIGNERS.
      - Required with O(signature).
    type: path
  signer:
    description:
      - The principal that must have signed, one that O(allowed_signers) has for the key. The default is anybody in that
        file.
      - The record has this principal. Without O(signer), the record has the principal from the line of the key only if
        it is a single name. If the line has a pattern (V(*@corp.example)) or several names, the record has only the
        fingerprint of the key.
    type: str
  approver:
    description:
      - Who approved the plan, for the record. Nothing checks it. Only a signature proves who approved.
    type: str
"""
