# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a plan is the one that was approved."""

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
"""What a signature has to be for (`ssh-keygen -Y sign -n`), so that one made for something else does not count."""

_DIGEST = re.compile(r"(?:sha256:)?([0-9a-f]{64})")
_KEY = re.compile(r" key (SHA256:[A-Za-z0-9+/=]+)\s*$")
_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Approval:
    """By what a plan was approved.

    Attributes:
        digest: whether a person gave its digest.
        signer: who signed it, as the file of allowed signers calls him; None if no signature was given.
        key: the fingerprint of the key that signed.
        approver: who approved it, as the operator says; nothing verifies this.
    """

    digest: bool
    signer: str | None = None
    key: str | None = None
    approver: str | None = None

    def as_dict(self) -> dict[str, str | bool | None]:
        """The approval as records hold it."""
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

    What is signed is the digest as text, `sha256:…` and the end of the line. It is that of the whole plan, and whoever
    checks it needs to read no more than the head.

    Args:
        plan: the plan.
        approved_digest: the digest that a person approved, with or without `sha256:`.
        signature: file with a detached signature over the digest that `ssh-keygen -Y sign -n sitekeeper.sms` made.
        allowed_signers: file of those who may approve, in the format of ssh-keygen(1), ALLOWED SIGNERS.
        signer: who has to have signed; anybody in that file if None.
        approver: who approved it, as the operator says.

    Raises:
        ChangeError: there is no approval, or it is none of this plan.
    """
    if not approved_digest and not signature:
        raise ChangeError(
            f"{plan.path}: this plan is not approved. Give the digest that was approved (approved_digest), or a "
            "signature"
        )
    if approved_digest:
        _check_digest(plan, approved_digest)
    key = None
    if signature:
        if signer is not None and not _is_name(signer):
            raise ChangeError(
                f"signer: {quoted(signer)} is no name of one signer; give a principal, without * ? ! and ,"
            )
        if allowed_signers is None:
            raise ChangeError(f"{signature}: allowed_signers is missing; give the file of those who may approve")
        signer, key = _check_signature(plan, signature, allowed_signers, signer)
    return Approval(bool(approved_digest), signer if signature else None, key, approver or None)


def _check_digest(plan: PlanDocument, approved: str) -> None:
    given = _DIGEST.fullmatch(approved.strip().lower())
    if not given:
        raise ChangeError(
            f"approved_digest: '{approved.strip()[:80]}' is no digest; it is sha256: and 64 hexadecimal digits, all of "
            "them"
        )
    if not hmac.compare_digest(f"sha256:{given[1]}", plan.digest):
        raise ChangeError(
            f"{plan.path} is not the plan that was approved: approved is sha256:{given[1]}, this plan is {plan.digest}"
        )


def _check_signature(
    plan: PlanDocument, signature: Path, allowed_signers: Path, signer: str | None
) -> tuple[str | None, str | None]:
    """Who signed, as far as that is known, and the fingerprint of the key."""
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
            f"{signature} is no signature of {name or f'anybody in {allowed_signers}'} over the digest of {plan.path}, "
            f"made for {NAMESPACE} ({_said(done)}). If the plan is the one that was approved, have it signed: "
            f"echo {plan.digest} | ssh-keygen -Y sign -n {NAMESPACE} -f KEY >{signature}"
        )
    key = _KEY.search(done.stdout)
    return name, key[1] if key else None


def _principals(signature: Path, allowed_signers: Path, files: list[str]) -> list[str]:
    """The principals of the first line that has the key, as ssh-keygen prints them: names, or patterns of names.

    A pattern that is verified as if it were a name matches itself. So the signature and the line's options are checked,
    and no name is claimed.
    """
    found = _ssh_keygen(["-Y", "find-principals", *files], b"")
    principals = [line for line in found.stdout.splitlines() if line.strip()]
    if found.returncode or not principals:
        raise ChangeError(
            f"{signature}: nobody in {allowed_signers} has the key that made this signature, or it is no signature "
            f"({_said(found)}). Have somebody sign who may approve"
        )
    return principals


def _is_name(principal: str) -> bool:
    """Whether it is one principal, and no pattern or list of them: ssh_config(5), PATTERNS."""
    return bool(principal.strip()) and principal.isprintable() and not set(principal) & set("*?!,")


def _ssh_keygen(arguments: list[str], content: bytes) -> subprocess.CompletedProcess[str]:
    program = shutil.which("ssh-keygen")
    if program is None:
        raise ChangeError(
            "a signature is checked by ssh-keygen of OpenSSH 8.2 or newer, which is not installed on the controller"
        )
    try:
        done = subprocess.run(  # noqa: S603 - no shell, and every argument that is a file is said to be one
            [program, *arguments], input=content, capture_output=True, timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ChangeError(f"ssh-keygen, which checks signatures, did not work: {error}") from None
    return subprocess.CompletedProcess(
        done.args, done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
    )


def _said(done: subprocess.CompletedProcess[str]) -> str:
    lines = (done.stderr + "\n" + done.stdout).strip().splitlines()
    return one_line(lines[0], 200) if lines else f"ssh-keygen ended with {done.returncode}"
