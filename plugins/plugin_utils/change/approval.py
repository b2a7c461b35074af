# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check that a plan is the approved one."""

from __future__ import annotations

import hmac
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from ..hierarchy.fields import quoted
from ..text import one_line
from .document import ChangeError, PlanDocument

NAMESPACE = "sitekeeper.sms"
"""The namespace of a signature (`ssh-keygen -Y sign -n`). A signature with another namespace is not accepted."""

_DIGEST = re.compile(r"(?:sha256:)?([0-9a-f]{64})")
_KEY = re.compile(r" key (SHA256:[A-Za-z0-9+/=]+)\s*$")
_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Approval:
    """How a plan was approved.

    Attributes:
        digest: whether the approved digest was given.
        signer: the principal who signed it, as in the file of allowed signers; None without a signature, or if the file
            does not show one name.
        key: the fingerprint of the key that signed.
        approver: who approved it, as the operator entered it. Nothing verifies this.
    """

    digest: bool
    signer: str | None = None
    key: str | None = None
    approver: str | None = None

    def as_dict(self) -> dict[str, str | bool | None]:
        """The approval as a record has it."""
        return {"digest": self.digest, "signer": self.signer, "key": self.key, "approver": self.approver}


def approve(
    plan: PlanDocument,
    *,
    approved_digest: str | None = None,
    signature: Path | None = None,
    allowed_signers: Path | None = None,
    signer: str | None = None,
    approver: str | None = None,
) -> Approval:
    """Check the approval of a plan: its digest, a signature over it, or both.

    A signature is over the digest as text: `sha256:…` and a newline. The digest covers the whole plan, and only the
    head must be read to check it.

    Args:
        plan: the plan.
        approved_digest: the approved digest, with or without `sha256:`.
        signature: file with a detached signature over the digest, made by `ssh-keygen -Y sign -n sitekeeper.sms`.
        allowed_signers: file of the people who may approve, in the format of ssh-keygen(1), ALLOWED SIGNERS.
        signer: the principal who must have signed; anybody in that file if None.
        approver: who approved it, as the operator entered it.

    Raises:
        ChangeError: there is no approval, or it is not an approval of this plan.
    """
    if not approved_digest and not signature:
        raise ChangeError(
            f"{plan.path}: this plan is not approved. Set approved_digest to the approved digest, or signature to the "
            "file of a signature (playbook: -e sms_change_approved_digest=sha256:… or -e sms_change_signature=FILE)"
        )
    if approved_digest:
        _check_digest(plan, approved_digest)
    key = None
    if signature:
        if signer is not None and not _is_name(signer):
            raise ChangeError(
                f"signer: {quoted(signer)} is not the name of one signer. Give one principal, without * ? ! and ,"
            )
        if allowed_signers is None:
            raise ChangeError(f"{signature}: allowed_signers is missing. Give the file of the people who may approve")
        signer, key = _check_signature(plan, signature, allowed_signers, signer)
    return Approval(bool(approved_digest), signer if signature else None, key, approver or None)


def _check_digest(plan: PlanDocument, approved: str) -> None:
    given = _DIGEST.fullmatch(approved.strip().lower())
    if not given:
        raise ChangeError(
            f"approved_digest: '{approved.strip()[:80]}' is not a whole digest. A digest is sha256: and 64 hexadecimal "
            "digits"
        )
    if not hmac.compare_digest(f"sha256:{given[1]}", plan.digest):
        raise ChangeError(
            f"{plan.path} is not the plan that was approved: the approved digest is sha256:{given[1]}, and the digest "
            f"of this plan is {plan.digest}"
        )


def _check_signature(
    plan: PlanDocument, signature: Path, allowed_signers: Path, signer: str | None
) -> tuple[str | None, str | None]:
    """The principal who signed, None if the file does not show one name, and the fingerprint of the key."""
    for what, path in (("signature", signature), ("allowed_signers", allowed_signers)):
        if not path.is_file():
            raise ChangeError(f"{what}: there is no file {path} on the controller")
    files = ["-s", str(signature), "-f", str(allowed_signers)]
    principals = [signer] if signer is not None else _principals(signature, allowed_signers, files)
    for principal in principals:
        done = _ssh_keygen(["-Y", "verify", *files, "-I", principal, "-n", NAMESPACE], f"{plan.digest}\n".encode())
        if not done.returncode:
            break
    name = principals[0] if len(principals) == 1 and _is_name(principals[0]) else None
    if done.returncode:
        raise ChangeError(
            f"{signature} is not a signature of {name or f'anybody in {allowed_signers}'} over the digest of "
            f"{plan.path}, made for {NAMESPACE} ({_message(done)}). If this is the approved plan, have it signed: "
            f"echo {plan.digest} | ssh-keygen -Y sign -n {NAMESPACE} -f KEY >{signature}"
        )
    key = _KEY.search(done.stdout)
    return name, key[1] if key else None


def _principals(signature: Path, allowed_signers: Path, files: list[str]) -> list[str]:
    """The principals of the first line with the key, as ssh-keygen prints them: names, or patterns of names.

    A pattern that is verified like a name matches itself. So ssh-keygen checks the signature and the options of the
    line, and a pattern is never recorded as the signer.
    """
    found = _ssh_keygen(["-Y", "find-principals", *files], b"")
    principals = [line for line in found.stdout.splitlines() if line.strip()]
    if found.returncode or not principals:
        raise ChangeError(
            f"{signature}: nobody in {allowed_signers} has the key of this signature, or the file is not a signature "
            f"({_message(found)}). Have it signed by a person who may approve"
        )
    return principals


def _is_name(principal: str) -> bool:
    """Whether it is one principal, not a pattern and not a list: ssh_config(5), PATTERNS."""
    return bool(principal.strip()) and principal.isprintable() and not set(principal) & set("*?!,")


def _ssh_keygen(arguments: list[str], content: bytes) -> subprocess.CompletedProcess[str]:
    program = shutil.which("ssh-keygen")
    if program is None:
        raise ChangeError(
            "signatures are checked by ssh-keygen of OpenSSH 8.2 or newer, which is not installed on the controller"
        )
    try:
        done = subprocess.run(  # noqa: S603 - no shell, and each file follows the option that takes a file
            [program, *arguments], input=content, capture_output=True, timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ChangeError(f"ssh-keygen could not check the signature: {error}") from None
    return subprocess.CompletedProcess(
        done.args, done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
    )


def _message(done: subprocess.CompletedProcess[str]) -> str:
    lines = (done.stderr + "\n" + done.stdout).strip().splitlines()
    return one_line(lines[0], 200) if lines else f"ssh-keygen failed with return code {done.returncode}"
