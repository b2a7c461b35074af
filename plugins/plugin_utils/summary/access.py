# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of the role `sms_sender_perms`: one line for each Sender account of each site server."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from ..enforcement import GROUPS_OF_ACCOUNT, membership_task
from ..hierarchy import NoSite
from .uncertain import is_uncertain

Result = Mapping[str, Any]
"""What a task returned for one host, as Ansible registers it."""

_ACCESS_WIDTH = 48
_NAMED = 20
"""Characters of one access, and hosts or findings of one kind, that are shown."""

_ADD_MEMBERS = "With sms_sender_perms_add_group_members, and the collection ansible.windows, the role adds members."
_NO_RESULT = "The task that grants access has no result in this play"
_HEADINGS = ("Site", "Server", "Result", "Share", "Directory", "Sender account")
_SEVERITIES = ("error", "warning", "info")


class HostOutcome(str, Enum):
    """The outcome of one host, by the word that `sender_access_summary` returns."""

    UNCHANGED = "unchanged"
    IN_ORDER = "in order"
    CHANGED = "changed"
    WOULD_CHANGE = "would change"
    DRIFT = "drift"
    NOTHING_OWED = "nothing owed"
    FAILED = "failed"
    UNCERTAIN = "UNCERTAIN"
    UNREACHABLE = "unreachable"
    NOT_RUN = "not run"

    @property
    def shown(self) -> str:
        """The outcome as the table and other summaries show it."""
        return _SHOWN.get(self, self.value)


_SHOWN = {HostOutcome.IN_ORDER: "in desired state", HostOutcome.NOTHING_OWED: "none required"}
"""Outcomes for which the table has another word than the value that is returned."""

_FINE = frozenset(
    {
        HostOutcome.UNCHANGED,
        HostOutcome.IN_ORDER,
        HostOutcome.CHANGED,
        HostOutcome.WOULD_CHANGE,
        HostOutcome.NOTHING_OWED,
    }
)


@dataclass(frozen=True, slots=True)
class HostRun:
    """What the role has registered for one host in this play.

    Attributes:
        host: its inventory name.
        code: its site code in upper case, "-" if it has none.
        first: the result of the access task; empty if that has not run.
        again: the result of the reading after members were added; empty if there was none.
        joined: the accounts that have become members, or would in check mode, see `joined_members`.
        membership: the result of the task that adds members; empty if that has not run.
        check_mode: nothing was changed, so that the second reading does not show what the access task would change.
    """

    host: str
    code: str
    first: Result = field(default_factory=dict)
    again: Result = field(default_factory=dict)
    joined: Sequence[str] = ()
    membership: Result = field(default_factory=dict)
    check_mode: bool = False

    @property
    def result(self) -> Result:
        """The result that counts: the second reading if that failed."""
        return self.again if self.again.get("failed") or self.again.get("unreachable") else self.first

    @property
    def senders(self) -> Sequence[Result]:
        """The Sender accounts that were read."""
        return self.result.get("senders") or ()

    @property
    def second(self) -> Result:
        """The second reading, if it shows what the host holds after the access task; else empty."""
        return {} if self.check_mode else self.again

    @property
    def lacking_group(self) -> str | None:
        """The name of the group that lacks rights itself, if it does."""
        return _lacking_group(self.result, self.second)

    @property
    def logon_problems(self) -> list[tuple[str, str]]:
        """Why accounts cannot log on over the network: the kind of finding, and the account with the reason."""
        return _logon_problems(self.result, self.second)

    @property
    def lacking(self) -> list[str]:
        """The accounts, and the group, that lack required access."""
        return self._lacking_in(self.result, self.second)

    def _lacking_in(self, *readings: Result) -> list[str]:
        """The accounts, and the group, that lack access in these readings. Of each, the last one counts."""
        accounts = [
            str(sender["account"])
            for name, sender in _last_senders(*readings).items()
            if _lacks_access(sender) and name not in self.joined
        ]
        group = _lacking_group(*readings)
        return [*accounts, group] if group else accounts

    def outcome(self, *, audit: bool, check_mode: bool) -> HostOutcome:
        """Return the outcome of the host; ``check_mode`` in check mode. Only what a reading shows is good."""
        result = self.result
        if self.first.get("uncertain") or (is_uncertain(self.first) and not audit and not check_mode):
            return HostOutcome.UNCERTAIN
        if result.get("unreachable"):
            return HostOutcome.UNREACHABLE
        if result.get("skipped"):
            # Only the access task itself names the site. The result of a task that Ansible skips names none.
            return HostOutcome.NOTHING_OWED if result.get("site_code") else HostOutcome.NOT_RUN
        if not result:
            return HostOutcome.NOT_RUN
        if (result.get("failed") and not self.joined) or not self.senders:
            return HostOutcome.FAILED
        if self.lacking or self.logon_problems:
            return HostOutcome.DRIFT if audit else HostOutcome.FAILED
        if audit:
            return HostOutcome.IN_ORDER
        if not result.get("changed") and not self.joined:
            return HostOutcome.UNCHANGED
        return HostOutcome.WOULD_CHANGE if check_mode else HostOutcome.CHANGED

    @property
    def reason(self) -> str | None:
        """The first line of what failed, without the host in front."""
        message = _message(self.result)
        if not message or self.joined:
            return None
        return message.strip().partition("\n")[0].removeprefix(f"{self.host}: ")

    def failure(self, *, add_members: bool) -> str | None:
        """Return why the host fails a converge whose access task has failed; None if added members have settled it.

        Args:
            add_members: whether the role adds members by `ansible.windows`.
        """
        missing = _missing(self.first)
        if not (add_members and missing):
            advice = f". {_ADD_MEMBERS}" if missing else ""
            return f"{_message(self.first) or _NO_RESULT}{advice}"
        # What the access task has found, less those that have joined. A second reading that failed shows nothing.
        lacking = self._lacking_in(self.first, self.second)
        problems = _logon_problems(self.first, self.second)
        if not lacking and not problems and not self.first.get("uncertain"):
            return None
        last = _last_senders(self.first, self.second)
        # One that has joined and only cannot log on has its permissions.
        without = [
            name for name in missing if name not in self.joined and (name not in last or _lacks_access(last[name]))
        ]
        lines = [_message(self.first)] if self.first.get("uncertain") else []
        if lacking:
            lines.append(f"Site {self.code}: required access is still missing for {', '.join(lacking)}.")
        if problems:
            lines.append(_cannot_log_on(self.code, problems))
        if without:
            group = str(self.first["group"]["name"])
            lines.append(
                f"This connection cannot add members to {group}. Run on {self.host}: "
                f"{membership_task(group, without, 'present')}"
            )
            if self.membership and not _has_run(self.membership):
                lines[-1] += f" (the role has tried: {self.membership.get('msg') or 'no reason given'})"
        return " ".join(lines)


def joined_members(first: Result, membership: Result, again: Result, *, check_mode: bool) -> tuple[str, ...]:
    """Return the missing members that have become members by a task of the role; in check mode, that would.

    Args:
        first: the result of the access task.
        membership: the result of the task that adds members; empty if that has not run.
        again: the result of the reading after it.
        check_mode: the task has added nobody.
    """
    missing = _missing(first)
    if not _has_run(membership):
        return ()
    if check_mode:
        return tuple(missing)
    read = again.get("senders") or ()
    return tuple(str(sender["name"]) for sender in read if sender["in_desired_state"] and sender["name"] in missing)


def _has_run(task: Result) -> bool:
    """Whether a task has run on its host, and has not failed."""
    return bool(task) and not any(task.get(key) for key in ("failed", "unreachable", "skipped"))


def _lacks_access(sender: Result) -> bool:
    """Whether a sender lacks permissions or a membership; not if it only cannot log on."""
    if sender["in_desired_state"]:
        return False
    held = sender.get("after") or sender.get("current") or {}
    both = held.get("share"), held.get("directory")
    return not sender.get("logon_problems") or not all(each and each["satisfied"] for each in both)


def _last_senders(*readings: Result) -> dict[str, Result]:
    """The senders by their names, each by the last of these readings that has it."""
    return {str(sender["name"]): sender for reading in readings for sender in reading.get("senders") or ()}


def _logon_problems(*readings: Result) -> list[tuple[str, str]]:
    """Why accounts cannot log on, by the last of these readings that has each account."""
    return [
        (str(problem["finding"]), f"{sender['account']}: {problem['reason']}")
        for sender in _last_senders(*readings).values()
        for problem in sender.get("logon_problems") or ()
    ]


def _cannot_log_on(code: str, problems: Iterable[tuple[str, str]]) -> str:
    named = "; ".join(reason for _finding, reason in problems)
    return f"Site {code}: accounts cannot log on: {named}. Permissions do not help them."


def _lacking_group(*readings: Result) -> str | None:
    """The name of the group if it lacks rights itself by the last of these readings that has it."""
    group = next((reading["group"] for reading in reversed(readings) if reading.get("group")), None)
    return str(group["name"]) if group and not group["in_desired_state"] else None


def _missing(first: Result) -> Sequence[str]:
    """The accounts that are no members of the group, and that the connection could not add."""
    return (first.get("group") or {}).get("missing") or ()


def _message(result: Result) -> str:
    """The message of a task that failed, without what Ansible puts around that of a host without a site."""
    message = str(result.get("msg") or "")
    return NoSite.message_in(message) or message


@dataclass(frozen=True, slots=True)
class AccessSummary:
    """The outcome of the hosts of a play.

    Attributes:
        runs: the hosts in the order of the play.
        audit: nothing was to be changed.
        check_mode: nothing was changed, since Ansible ran in check mode.
        accounts: by site codes, the accounts that need access on the site's server.
        absent: site code and server of the sites without a host in the inventory.
        findings: those of the hierarchy, as the filter `hierarchy_findings` returns them.
    """

    runs: Sequence[HostRun]
    audit: bool = False
    check_mode: bool = False
    accounts: Mapping[str, Sequence[str]] = field(default_factory=dict)
    absent: Sequence[tuple[str, str]] = ()
    findings: Sequence[Result] = ()

    def outcome(self, run: HostRun) -> HostOutcome:
        """Return the outcome of one of the hosts."""
        return run.outcome(audit=self.audit, check_mode=self.check_mode)

    @property
    def fine(self) -> list[str]:
        """The hosts that a reading shows in their desired state; in check mode, also those that would be."""
        return [run.host for run in self.runs if self.outcome(run) in _FINE]

    def lines(self) -> list[str]:
        """Return the table, the counts, and the lines about single hosts and about the hierarchy."""
        problems = list(self._problems())
        return [
            *_aligned([_HEADINGS, *(row for run in self.runs for row in self._rows(run))]),
            self._counts(),
            *not_in_inventory(self.absent),
            *problems,
            *self.unknown(),
            *_role_options(problems),
            *_finding_lines(self.findings),
        ]

    def faults(self, *, fail_on_drift: bool, fail_on_findings: Iterable[str]) -> dict[str, str]:
        """Return why hosts fail an audit, by their names. A host that is not in it was read, and passes."""
        refused = set(fail_on_findings)
        faults = {}
        for run in self.runs:
            outcome = self.outcome(run)
            reasons = []
            if outcome is HostOutcome.DRIFT:
                if fail_on_drift and run.lacking:
                    reasons.append(
                        f"Site {run.code} has drifted: access that a Sender needs is missing for "
                        f"{', '.join(run.lacking)}. Run the playbook sitekeeper.sms.converge: it restores the "
                        "access, or fails with the reason."
                    )
                if fail_on_drift and run.logon_problems:
                    reasons.append(_cannot_log_on(run.code, run.logon_problems))
            elif outcome not in (HostOutcome.IN_ORDER, HostOutcome.NOTHING_OWED):
                reasons.append(
                    f"The access on {run.host} was not read ({': '.join(filter(None, (outcome.value, run.reason)))}). "
                    "It may have drifted. Run the audit for this host again."
                )
            found = {
                str(each["id"])
                for each in self.findings
                if each["site"] == run.code and refused & {each["id"], each["severity"]}
            }
            if found:
                reasons.append(
                    f"Site {run.code} has findings that sms_sender_perms_fail_on_findings names: "
                    f"{', '.join(sorted(found))}. What was seen and what to do is below the table."
                )
            if reasons:
                faults[run.host] = "\n".join(reasons)
        return faults

    def _counts(self) -> str:
        outcomes = [self.outcome(run) for run in self.runs]
        counts = [f"{outcomes.count(outcome)} {outcome.shown}" for outcome in HostOutcome if outcome in outcomes]
        return f"{len(outcomes)} site server{'' if len(outcomes) == 1 else 's'}: {', '.join(counts)}"

    def _problems(self) -> Iterator[str]:
        for run in self.runs:
            outcome = self.outcome(run)
            if outcome in (HostOutcome.FAILED, HostOutcome.UNREACHABLE, HostOutcome.UNCERTAIN) and run.reason:
                yield f"{run.code} ({run.host}): {run.reason}"
            if run.lacking_group:
                yield f"{run.code} ({run.host}): group {run.lacking_group} itself lacks required rights"

    def unknown(self) -> Iterator[str]:
        """Yield why groups of accounts are unknown, if access through them would count. A reason is shown once."""
        hosts: dict[str, list[str]] = {}
        for run in self.runs:
            for sender in run.senders:
                before = sender.get("before") or sender.get("current") or {}
                for reason in _groups_unknown(before, chosen=self.audit):
                    named = hosts.setdefault(reason, [])
                    if run.code not in named:
                        named.append(run.code)
        for reason, codes in hosts.items():
            more = f" and {len(codes) - _NAMED} more" if len(codes) > _NAMED else ""
            yield f"Unknown, so it does not count as access ({', '.join(codes[:_NAMED])}{more}): {reason}"

    def _rows(self, run: HostRun) -> Iterator[tuple[str, ...]]:
        start: tuple[str, ...] = (run.code, run.host, self.outcome(run).shown)
        for sender in run.senders:
            before, after = self._states(run, sender)
            yield (
                *start,
                _access(before["share"], after["share"]),
                _access(before["directory"], after["directory"]),
                # The account comes last, since Ansible doubles its backslash.
                f"{sender['account']}{self._membership(run, sender, after)}",
            )
            start = ("", "", "")
        if not run.senders:
            for account in self.accounts.get(run.code) or ["-"]:
                yield (*start, "-", "-", account)
                start = ("", "", "")

    def _states(self, run: HostRun, sender: Result) -> tuple[Result, Result]:
        """The access of a sender before and after."""
        if self.audit or "before" not in sender:
            return sender["current"], sender["current"]
        for again in run.second.get("senders") or ():
            if again["name"] == sender["name"]:
                return sender["before"], again["current"]
        return sender["before"], sender["after"]

    @staticmethod
    def _membership(run: HostRun, sender: Result, after: Result) -> str:
        if after.get("member") or sender["name"] not in _missing(run.result):
            return ""
        if sender["name"] in run.joined:
            return " (would become a member)"
        return " (no member of the group)" if "member" in after else " (not known to be a member of the group)"


def not_in_inventory(absent: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Yield a line about the sites without a host in the inventory, by code and server, if there are any."""
    if absent:
        named = ", ".join(f"{code} ({server})" for code, server in absent[:_NAMED])
        more = f" and {len(absent) - _NAMED} more" if len(absent) > _NAMED else ""
        yield f"Not in the inventory, so neither read nor changed: {named}{more}"


def _groups_unknown(state: Result, *, chosen: bool) -> list[str]:
    """Why the groups of an account are unknown, if it lacks access and they may give it.

    Args:
        state: its access.
        chosen: whether a missing `sms_directory` is a reason too.
    """
    if state.get("answer") != "unknown" or all(state[place]["satisfied"] for place in ("share", "directory")):
        return []
    lines = [*state.get("because", ()), *(state.get("not_looked_at", ()) if chosen else ())]
    return [line for line in lines if line.startswith(GROUPS_OF_ACCOUNT)]


def _access(before: Result, after: Result) -> str:
    shown = after["access"] if before["access"] == after["access"] else f"{before['access']} -> {after['access']}"
    if len(shown) > _ACCESS_WIDTH:
        shown = f"{shown[: _ACCESS_WIDTH - 3]}..."
    return shown if after["satisfied"] else f"{shown} (not enough)"


def _aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield the rows, the first underlined; the last column is as wide as it happens to be."""
    widths = [max(map(len, column)) for column in list(zip(*rows, strict=True))[:-1]]
    for number, row in enumerate(rows):
        yield "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]])
        if not number:
            yield "  ".join("-" * width for width in [*widths, len(row[-1])])


def _role_options(problems: Iterable[str]) -> Iterator[str]:
    if any(option in problem for problem in problems for option in ("remove_blocking_denies", "allow_unexpected_path")):
        yield (
            "In the role these options are sms_sender_perms_remove_blocking_denies and "
            "sms_sender_perms_allow_unexpected_path."
        )


def _finding_lines(findings: Sequence[Result]) -> Iterator[str]:
    """Yield the findings by severity and kind, each kind with its advice."""
    if not findings:
        return
    severities = [each["severity"] for each in findings]
    counts = [
        f"{count} {severity}{'s' if count != 1 and severity != 'info' else ''}"
        for severity in _SEVERITIES
        if (count := severities.count(severity))
    ]
    yield ""
    yield f"Findings: {', '.join(counts)}"
    for severity in _SEVERITIES:
        by_kind: dict[str, list[Result]] = {}
        for each in findings:
            if each["severity"] == severity:
                by_kind.setdefault(each["id"], []).append(each)
        for kind, found in sorted(by_kind.items()):
            yield f"{severity}: {kind}"
            yield from (f"  {each['site']}: {each['evidence']}" for each in found[:_NAMED])
            if len(found) > _NAMED:
                yield f"  and {len(found) - _NAMED} more"
            yield f"  => {found[0]['advice']} ({found[0]['source']})"
