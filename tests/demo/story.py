# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The demonstration, step by step. Each step shows what happens and checks it; a step that does not hold ends it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..lab.client import LabClient
from .failure import Failure, check
from .page import Page
from .playbooks import Ansible, Run

SHARE = "SMS_SITE"
DRIFTING = "P01"
SENDER = "CORP\\smssend"
READ = 0x120089
"""FILE_GENERIC_READ (winnt.h): what Windows' dialog calls Read."""
INHERITED = 0x10
"""INHERITED_ACE (MS-DTYP 2.4.4.1)."""

FAILED_HOSTS = 2
"""Exit code of ansible-playbook if a task failed on a host."""

READS, REPAIR_REQUESTS, BYTES = 3, 16, 20_000
"""What a site server may cost: requests if nothing is wrong with it, requests of a repair (and one more for each
account that has to be looked up), bytes sent if nothing is wrong. Before a repair, the members of Administrators are
read, since an account among them would need no entry: four requests here, where no member is an account of the computer
that proves which computer has answered."""


class Story:
    """Raises Failure from the step that does not hold."""

    def __init__(self, lab: LabClient, ansible: Ansible, page: Page) -> None:
        self._lab, self._ansible, self._page = lab, ansible, page
        self._site = {host["name"]: host["site"] for host in lab.hosts}
        self._server = {site: server for server, site in self._site.items()}
        self._directory: dict[str, str] = {}
        self._cost: dict[str, Mapping[str, Counter[str]]] = {}
        self._words: dict[str, dict[str, str]] = {}

    def tell(self) -> None:
        """All of it, in order."""
        self._introduce()
        self._before()
        self._converge()
        self._again()
        self._drift()
        self._repair(self._preview())
        self._sum_up()

    # -- the steps

    def _introduce(self) -> None:
        self._page.heading("Sender accounts without access: Microsoft KB Q179118 in a hierarchy of six sites")
        self._page.text(
            """A site's Sender writes to another site's server with a Sender account. That account needs Full Control of
            the share SMS_SITE there, and Read and Write on the folder behind it, Site.srv\\Despoolr.box\\Receive. If it
            has not, the Scheduler and the Despooler stop. Here are one central site (C01), two primary sites (P01, P02)
            and three secondary sites (S01 to S03). Their servers are mocked by the lab on this machine; Ansible reaches
            them as it reaches Windows, by WinRM with NTLM, and starts neither PowerShell nor a shell on them."""
        )

    def _before(self) -> None:
        run = self._step("before", "Before: what may each Sender account do?", "audit")
        self._keep_directories(run)
        self._show_access(run)
        self._words["Before"] = denied = self._denied(run)
        wrong = [site for site, words in denied.items() if words != "OK"]
        self._page.text(f"The audit fails, as it should: at {_join(wrong)}, accounts are denied what they need.")
        check(wrong, "no Sender account is denied anything: there is nothing to repair")
        check(run.returncode == FAILED_HOSTS, f"the audit ended with {run.returncode} and not with {FAILED_HOSTS}")
        self._check_audit(run, wrong)

    def _converge(self) -> None:
        before = self._words["Before"]
        run = self._step("repair", "Repair: one playbook, all site servers", "converge")
        rows: list[Sequence[str] | str] = []
        for host, result in self._in_order(run):
            rows.append(f"{self._site[host]}  {host}: {'repaired' if result['changed'] else 'unchanged'}")
            for sender in result["senders"]:
                was, now = sender["before"], sender["after"]
                steps = [_arrow(was[place]["access"], now[place]["access"]) for place in ("share", "directory")]
                rows.append([f"     {sender['account']}", *steps, "OK" if sender["in_desired_state"] else "DENIED"])
        self._page.table(["Site, account", "Share", "Folder", "After"], rows)
        self._check_success(run)
        self._words["After"] = after = self._denied(run)
        check(set(after.values()) == {"OK"}, f"accounts are still denied something: {after}")
        for site, words in before.items():
            changed = site in self._changed(run)
            check(changed == (words != "OK"), f"{site}: {words} before, and {'a' if changed else 'no'} change now")

    def _again(self) -> None:
        state = self._state()
        run = self._step("again", "Again: the same playbook has nothing left to do", "converge")
        self._check_success(run)
        writes = self._total("again", "writes")
        self._page.text(
            f"Ansible counts {run.count('changed')} changes. The six site servers have counted "
            f"{self._total('again', 'wsman_requests')} requests, {writes} of them to write something."
        )
        changed = self._changed(run)
        check(not changed, f"the second run reports changes for {_join(changed)}")
        check(writes == 0, f"the second run wrote {writes} times")
        check(self._state() == state, "the second run changed permissions")
        self._words["Again"] = dict.fromkeys(self._server, "unchanged")

    def _drift(self) -> None:
        self._page.heading("Drift: somebody cleans up permissions on one site server")
        host = self._server[DRIFTING]
        self._page.text(
            f"On {host}, behind Ansible's back, the entry of {SENDER} is removed from the share, and on the "
            f"folder it is set back to Read. The audit finds it:"
        )
        path = self._directory[host]
        share = [e for e in self._entries(host, "share-descriptor", share=SHARE) if e["name"] != SENDER]
        folder = [e for e in self._entries(host, "file-descriptor", path=path) if not e["flags"] & INHERITED]
        folder = [e | {"mask": READ} if e["name"] == SENDER else e for e in folder]
        self._lab.put(host, "share-descriptor", share=SHARE, entries=_to_set(share))
        self._lab.put(host, "file-descriptor", path=path, entries=_to_set(folder))

        run = self._run("drift", "audit")
        self._show_access(run, only=host)
        self._words["Drift"] = self._denied(run)
        check(run.returncode == FAILED_HOSTS, f"the audit ended with {run.returncode} and not with {FAILED_HOSTS}")
        self._check_audit(run, [DRIFTING])

    def _preview(self) -> Run:
        state = self._state()
        options = ["--check", "--diff", "--limit", self._server[DRIFTING]]
        run = self._step("check", "Look first: what would a repair change?", "converge", *options)
        self._page.lines(run.output.partition("PLAY RECAP")[0])
        self._check_success(run)
        changed = self._changed(run)
        check(changed == [DRIFTING], f"check mode predicts changes for {_join(changed)} and not for {DRIFTING}")
        check(self._state() == state, "check mode changed permissions")
        check(self._total("check", "writes") == 0, "check mode wrote to a site server")
        self._page.text("Nothing was changed: the permissions of all six servers are what they were, byte for byte.")
        return run

    def _repair(self, preview: Run) -> None:
        host = self._server[DRIFTING]
        run = self._step("repair drift", "Repair it", "converge", "--limit", host)
        self._check_success(run)
        check(self._changed(run) == [DRIFTING], "the repair reports no change")
        for place in ("share", "directory"):
            for line in run.results[host][place]["edits"]:
                self._page.lines(f"{'share ' if place == 'share' else 'folder'}  {line}")
            now, predicted = (each.results[host][place]["after_sddl"] for each in (run, preview))
            check(now == predicted, f"{place}: check mode predicted {predicted}, and there is {now}")
        audit = self._run("last", "audit")
        self._words["Repaired"] = self._denied(audit)
        self._check_success(audit)
        check(set(self._words["Repaired"].values()) == {"OK"}, "accounts are still denied something")

    def _sum_up(self) -> None:
        self._page.heading("All together")
        rows = [
            [site, server, *(self._words[step][site] for step in self._words)] for site, server in self._server.items()
        ]
        self._page.table(["Site", "Server", *self._words], rows)
        self._page.text("")
        headings = ["Site", "Repair: requests", "bytes sent", "Again: requests", "bytes sent", "Shells opened, in all"]
        costs = []
        for site, server in self._server.items():
            repair, again = self._cost["repair"][server], self._cost["again"][server]
            shells = sum(cost[server]["shells_opened"] for cost in self._cost.values())
            costs.append(
                [
                    site,
                    *(str(cost[what]) for cost in (repair, again) for what in ("wsman_requests", "request_bytes")),
                    str(shells),
                ]
            )
            accounts = repair["accounts"]
            check(
                repair["wsman_requests"] <= REPAIR_REQUESTS + accounts,
                f"{site}: the repair took {repair['wsman_requests']} requests for {accounts} accounts",
            )
            check(again["wsman_requests"] <= READS, f"{site}: nothing to do took {again['wsman_requests']} requests")
            check(again["request_bytes"] < BYTES, f"{site}: nothing to do sent {again['request_bytes']} bytes")
            check(shells == 0, f"{site}: {shells} shells were opened")
        self._page.table(headings, costs)
        self._page.text("As the site servers counted them, after authentication.")

    # -- what the steps share

    def _step(self, name: str, title: str, playbook: str, *options: str) -> Run:
        self._page.heading(title)
        return self._run(name, playbook, *options)

    def _run(self, name: str, playbook: str, *options: str) -> Run:
        """Run a playbook, and keep what the site servers have counted meanwhile."""
        for host in self._site:
            self._lab.delete(host, "counters")
        run = self._ansible.run(playbook, *options)
        self._page.text(f"$ {run.command}   ({run.seconds:.1f} s)")
        counted = {host: self._lab.get(host, "counters") for host in self._site}
        self._cost[name] = {
            host: Counter({key: value for key, value in counters.items() if isinstance(value, int)})
            for host, counters in counted.items()
        }
        for host, result in run.results.items():
            if "senders" not in result:
                raise Failure(f"{host}: {result.get('msg', 'no result')}")
            self._cost[name][host]["accounts"] = len(result["senders"])
        check(run.results, f"ansible-playbook ended with {run.returncode}:\n{run.output}")
        return run

    def _check_success(self, run: Run) -> None:
        check(run.returncode == 0, f"ansible-playbook ended with {run.returncode}:\n{run.output}")

    def _check_audit(self, run: Run, wrong: Sequence[str]) -> None:
        """Only these sites fail, and nothing was written."""
        failed = sorted(self._site[host] for host, counts in run.recap.items() if counts["failures"])
        check(failed == sorted(wrong), f"the audit failed for {_join(failed)} and not for {_join(wrong)}")
        check(all(not cost["writes"] for cost in list(self._cost.values())[-1].values()), "the audit wrote something")

    def _show_access(self, run: Run, only: str | None = None) -> None:
        rows: list[Sequence[str] | str] = []
        for host, result in self._in_order(run):
            if only not in (None, host):
                continue
            rows.append(f"{self._site[host]}  {host}")
            for sender in result["senders"]:
                access = sender["current"]
                places = [access[place]["access"] for place in ("share", "directory", "combined")]
                word = "OK" if sender["in_desired_state"] else "DENIED"
                rows.append([f"     {sender['account']}", *places, word, _why(access)])
        self._page.table(["Site, account", "Share", "Folder", "Together", "Result", "Why"], rows)

    def _denied(self, run: Run) -> dict[str, str]:
        """For each site, how many of its accounts are denied something."""
        words = {}
        for host, result in self._in_order(run):
            senders = result["senders"]
            denied = sum(not sender["in_desired_state"] for sender in senders)
            words[self._site[host]] = f"{denied} of {len(senders)} DENIED" if denied else "OK"
        return words

    def _changed(self, run: Run) -> list[str]:
        """The sites that Ansible's recap counts changes for."""
        return sorted(self._site[host] for host, counts in run.recap.items() if counts["changed"])

    def _in_order(self, run: Run) -> Iterator[tuple[str, Mapping[str, Any]]]:
        for host in self._site:
            if host not in run.results:
                raise Failure(f"ansible-playbook has no result for {host}:\n{run.output}")
            yield host, run.results[host]

    def _keep_directories(self, run: Run) -> None:
        self._directory = {host: result["directory"]["path"] for host, result in self._in_order(run)}

    def _total(self, name: str, what: str) -> int:
        return sum(cost[what] for cost in self._cost[name].values())

    def _state(self) -> list[str]:
        """The permissions of all shares and folders, byte for byte, as the lab has them."""
        return [
            self._lab.get(host, what, **query)["base64"]
            for host, path in self._directory.items()
            for what, query in (("share-descriptor", {"share": SHARE}), ("file-descriptor", {"path": path}))
        ]

    def _entries(self, host: str, what: str, **query: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._lab.get(host, what, **query)["entries"]
        return found


def _to_set(entries: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Entries that the lab has shown, as it takes them."""
    return [{"principal": entry["sid"], **{key: entry[key] for key in ("type", "mask", "flags")}} for entry in entries]


def _why(access: Mapping[str, Any]) -> str:
    """The entries that decided: those in the way, or if there is nothing in the way, those that grant it."""
    places = [("share", access["share"]), ("folder", access["directory"])]
    denied = [place for place in places if not place[1]["satisfied"]]
    return "\n".join(f"{name}: {'; '.join(place['decided_by'])}" for name, place in denied or places)


def _arrow(was: str, now: str) -> str:
    return was if was == now else f"{was} -> {now}"


def _join(words: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]])) if words else "no site"
