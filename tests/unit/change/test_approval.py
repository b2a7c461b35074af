# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Approvals: digests, and signatures that ssh-keygen makes and checks."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.change import (
    ChangeError,
    PlanDocument,
    approve,
    read_document,
    write_document,
)
from tests.unit.change.samples import document, section
from tests.waiting import PATIENCE


@pytest.fixture
def plan(tmp_path: Path) -> PlanDocument:
    write_document(tmp_path / "plan.json", document())
    return read_document(tmp_path / "plan.json")


@pytest.fixture
def signing(tmp_path: Path) -> Any:
    """Makes keys, and signs with them."""

    class Signing:
        allowed = tmp_path / "allowed_signers"

        def key(self, name: str, *, may_approve: bool = True, options: str = "") -> Path:
            path = tmp_path / name
            run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(path))
            self.allowed.touch()
            if may_approve:
                self.allow(f"{name}@corp.example", path, options)
            return path

        def allow(self, principals: str, key: Path, options: str = "") -> None:
            with self.allowed.open("a", encoding="utf-8") as stream:
                stream.write(f"{principals} {options}{key.with_suffix('.pub').read_text()}")

        def sign(self, key: Path, digest: str, namespace: str = "sitekeeper.sms") -> Path:
            signature = tmp_path / "signature"
            done = run("ssh-keygen", "-q", "-Y", "sign", "-n", namespace, "-f", str(key), given=f"{digest}\n")
            signature.write_bytes(done)
            return signature

    return Signing()


def run(*command: str, given: str = "") -> bytes:
    return subprocess.run(command, check=True, capture_output=True, timeout=PATIENCE, input=given.encode()).stdout


@pytest.mark.parametrize("spell", [str, str.upper, lambda digest: f" {digest}\n", lambda digest: digest[7:]])
def test_the_digest_that_a_person_gives_approves(plan: PlanDocument, spell: Any) -> None:
    approval = approve(plan, approved_digest=spell(plan.digest), approver="Change board")
    assert approval.as_dict() == {"digest": True, "signer": None, "key": None, "approver": "Change board"}


def test_without_an_approval_nothing_goes(plan: PlanDocument) -> None:
    with pytest.raises(ChangeError, match="this plan is not approved"):
        approve(plan)


def test_another_digest_is_of_another_plan(plan: PlanDocument) -> None:
    other = document({"p02": section()})["digest"]
    message = f"is not the plan that was approved: the approved digest is {other}, .*{plan.digest}"
    with pytest.raises(ChangeError, match=message):
        approve(plan, approved_digest=other)


@pytest.mark.parametrize("part", [slice(0, -1), slice(0, 20), slice(7, 40)])
def test_part_of_a_digest_is_none(plan: PlanDocument, part: slice) -> None:
    with pytest.raises(ChangeError, match=r"is not a whole digest\. A digest is sha256: and 64 hexadecimal digits"):
        approve(plan, approved_digest=plan.digest[part])


def test_a_signature_approves_and_names_who_signed(plan: PlanDocument, signing: Any) -> None:
    signing.key("deputy")
    signature = signing.sign(signing.key("board"), plan.digest)
    approval = approve(plan, signature=signature, allowed_signers=signing.allowed)
    assert approval.signer == "board@corp.example"
    assert str(approval.key).startswith("SHA256:")
    assert approval.digest is False
    again = approve(plan, signature=signature, allowed_signers=signing.allowed, signer="board@corp.example")
    assert again == approval


def test_a_signature_over_another_plan_does_not(plan: PlanDocument, signing: Any) -> None:
    signature = signing.sign(signing.key("board"), document({"p02": section()})["digest"])
    with pytest.raises(ChangeError, match=r"is not a signature of board@corp.example over the digest of .*plan.json"):
        approve(plan, signature=signature, allowed_signers=signing.allowed)


def test_a_signature_of_somebody_who_may_not_does_not(plan: PlanDocument, signing: Any) -> None:
    signing.key("board")
    signature = signing.sign(signing.key("stranger", may_approve=False), plan.digest)
    with pytest.raises(ChangeError, match=r"nobody in .*allowed_signers has the key of this signature"):
        approve(plan, signature=signature, allowed_signers=signing.allowed)


def test_a_signature_of_somebody_else_who_may_is_not_that_of_the_signer(plan: PlanDocument, signing: Any) -> None:
    signing.key("board")
    signature = signing.sign(signing.key("deputy"), plan.digest)
    with pytest.raises(ChangeError, match=r"is not a signature of board@corp.example"):
        approve(plan, signature=signature, allowed_signers=signing.allowed, signer="board@corp.example")


def test_a_signature_for_something_else_does_not(plan: PlanDocument, signing: Any) -> None:
    signature = signing.sign(signing.key("board"), plan.digest, namespace="git")
    with pytest.raises(ChangeError, match="is not a signature"):
        approve(plan, signature=signature, allowed_signers=signing.allowed)


def test_a_key_that_is_for_something_else_does_not(plan: PlanDocument, signing: Any) -> None:
    key = signing.key("board", options='namespaces="git" ')
    signature = signing.sign(key, plan.digest)
    with pytest.raises(ChangeError, match="signature"):
        approve(plan, signature=signature, allowed_signers=signing.allowed)


def test_what_is_no_signature_is_none(plan: PlanDocument, signing: Any, tmp_path: Path) -> None:
    signing.key("board")
    (tmp_path / "sig").write_text("approved, Change board\n", encoding="utf-8")
    with pytest.raises(ChangeError, match="or the file is not a signature"):
        approve(plan, signature=tmp_path / "sig", allowed_signers=signing.allowed)


def test_files_that_are_not_there_are_named(plan: PlanDocument, signing: Any, tmp_path: Path) -> None:
    signature = signing.sign(signing.key("board"), plan.digest)
    with pytest.raises(ChangeError, match="signature: there is no file"):
        approve(plan, signature=tmp_path / "none", allowed_signers=signing.allowed)
    with pytest.raises(ChangeError, match="allowed_signers: there is no file"):
        approve(plan, signature=signature, allowed_signers=tmp_path / "none")
    with pytest.raises(ChangeError, match="allowed_signers is missing"):
        approve(plan, signature=signature)


def test_where_both_are_given_both_have_to_be_right(plan: PlanDocument, signing: Any) -> None:
    signature = signing.sign(signing.key("board"), plan.digest)
    both = approve(plan, approved_digest=plan.digest, signature=signature, allowed_signers=signing.allowed)
    assert (both.digest, both.signer) == (True, "board@corp.example")
    with pytest.raises(ChangeError, match="is not the plan that was approved"):
        approve(plan, approved_digest="0" * 64, signature=signature, allowed_signers=signing.allowed)


def test_the_words_that_say_how_to_sign_lead_to_a_signature(plan: PlanDocument, signing: Any, tmp_path: Path) -> None:
    key = signing.key("board")
    signature = signing.sign(key, "sha256:" + "0" * 64)
    with pytest.raises(ChangeError) as refusal:
        approve(plan, signature=signature, allowed_signers=signing.allowed)
    command = str(refusal.value).rpartition("have it signed: ")[2].replace("KEY", str(key))
    run("sh", "-c", command)
    assert approve(plan, signature=signature, allowed_signers=signing.allowed).signer == "board@corp.example"


def fingerprint(key: Path) -> str:
    """As ssh-keygen -l shows it: bits, fingerprint, comment, type."""
    return run("ssh-keygen", "-l", "-f", str(key.with_suffix(".pub"))).decode().split()[1]


@pytest.mark.parametrize(
    ("principals", "signer"),
    [
        ("board@corp.example", "board@corp.example"),
        # A pattern is nobody's name, and of several names the signature does not show which one signed.
        ("*", None),
        ("*@corp.example", None),
        ("boar?@corp.example", None),
        ("!deputy@corp.example,*@corp.example", None),
        ("board@corp.example,*@corp.example", None),
        ("board@corp.example,chair@corp.example", None),
    ],
)
def test_only_a_name_that_the_allowed_signers_give_is_recorded(
    plan: PlanDocument, signing: Any, principals: str, signer: str | None
) -> None:
    key = signing.key("board", may_approve=False)
    signing.allow(principals, key)
    signature = signing.sign(key, plan.digest)
    approval = approve(plan, signature=signature, allowed_signers=signing.allowed)
    assert (approval.signer, approval.key) == (signer, fingerprint(key))
    # Whom the operator requires, the file has to let sign, and is recorded.
    approval = approve(plan, signature=signature, allowed_signers=signing.allowed, signer="board@corp.example")
    assert (approval.signer, approval.key) == ("board@corp.example", fingerprint(key))


def test_who_is_excluded_from_a_pattern_is_not_taken_for_the_signer(plan: PlanDocument, signing: Any) -> None:
    key = signing.key("deputy", may_approve=False)
    signing.allow("!deputy@corp.example,*@corp.example", key)
    with pytest.raises(ChangeError, match=r"is not a signature of deputy@corp.example"):
        approve(
            plan,
            signature=signing.sign(key, plan.digest),
            allowed_signers=signing.allowed,
            signer="deputy@corp.example",
        )


def test_a_pattern_that_may_not_sign_this_is_called_so(plan: PlanDocument, signing: Any) -> None:
    key = signing.key("board", may_approve=False)
    signing.allow("*", key, 'namespaces="git" ')
    with pytest.raises(ChangeError, match=r"is not a signature of anybody in .*allowed_signers over the digest"):
        approve(plan, signature=signing.sign(key, plan.digest), allowed_signers=signing.allowed)


@pytest.mark.parametrize("signer", ["*", "*@corp.example", "boar?", "!deputy", "a@x,b@x", "a@x\nb@x", " "])
def test_a_signer_is_named_and_not_described(plan: PlanDocument, signing: Any, signer: str) -> None:
    key = signing.key("board", may_approve=False)
    signing.allow("*", key)
    with pytest.raises(ChangeError, match=r"signer: .* is not the name of one signer"):
        approve(plan, signature=signing.sign(key, plan.digest), allowed_signers=signing.allowed, signer=signer)


def test_without_ssh_keygen_it_says_so(plan: PlanDocument, signing: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    signature = signing.sign(signing.key("board"), plan.digest)
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(ChangeError, match=r"ssh-keygen of OpenSSH 8\.2 or newer, which is not installed"):
        approve(plan, signature=signature, allowed_signers=signing.allowed)
