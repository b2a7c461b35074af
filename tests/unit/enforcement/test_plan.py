# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans: what is refused, what is warned of, what is written. Descriptors are given and expected as SDDL."""

from __future__ import annotations

import pytest
from hypothesis import given

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.enforcement import (
    DesiredEntry,
    DesiredState,
    Inheritance,
    Presence,
    Refused,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.enforcement.plan import Plan, Subject, make_plan
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import (
    ANY_NETWORK_LOGON,
    Sid,
    check_access,
    format_sddl,
    parse_sddl,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.site_server import Account, DescriptorReading

from ..security.strategies import ACCOUNTS, canonical_dacls

SENDER, OPERATOR, OLD = "S-1-5-21-1-2-3-1001", "S-1-5-21-1-2-3-1002", "S-1-5-21-1-2-3-1003"
NAMES = {
    Sid.parse(SENDER): "CORP\\smssend",
    Sid.parse(OPERATOR): "CORP\\ansible",
    Sid.parse(OLD): "CORP\\smsold",
}
ACCOUNTS_BY_NAME = {name: Account(sid, name) for sid, name in NAMES.items()} | {
    "Everyone": Account(Sid.parse("S-1-1-0"), "Everyone"),
    "Administrators": Account(Sid.parse("S-1-5-32-544"), "BUILTIN\\Administrators"),
    "SYSTEM": Account(Sid.parse("S-1-5-18"), "NT AUTHORITY\\SYSTEM"),
    "smssend@corp.example": Account(Sid.parse(SENDER), "CORP\\smssend"),
}
SHARE = Subject("p01", "share", "SMS_SITE")
FOLDER = Subject("p01", "folder", "D:\\Receive")
FULL, RW, READ = 0x1F01FF, 0x12019F, 0x120089
ADMINS = "(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)"


def allow(account: str, mask: int | None = RW, flags: int = 3) -> DesiredEntry:
    return DesiredEntry(account, 0, mask, flags)


def deny(account: str, mask: int | None = RW, flags: int = 3) -> DesiredEntry:
    return DesiredEntry(account, 1, mask, flags)


def plan(before: str, desired: DesiredState, *, subject: Subject = FOLDER, parent: str | None = None) -> Plan:
    return make_plan(
        subject,
        DescriptorReading(parse_sddl(before), NAMES),
        desired,
        ACCOUNTS_BY_NAME,
        NAMES,
        operator="ansible@CORP.EXAMPLE",
        parent=parse_sddl(parent) if parent else None,
    )


def after(before: str, desired: DesiredState, **options: object) -> str:
    return format_sddl(plan(before, desired, **options).after)  # type: ignore[arg-type]


def test_several_entries_are_one_plan() -> None:
    desired = DesiredState((allow("CORP\\smssend"), allow("CORP\\smsold", READ)))
    assert after(f"D:{ADMINS}", desired) == f"D:{ADMINS}(A;OICI;0x12019f;;;{SENDER})(A;OICI;FR;;;{OLD})"


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ((allow("CORP\\smssend"), allow("CORP\\smssend", READ)), "CORP\\smssend is the same account, given twice"),
        (
            (allow("CORP\\smssend"), allow("smssend@corp.example", FULL)),
            "CORP\\smssend and smssend@corp.example are the same account, given twice with different rights "
            "(Read, Write; Full control)",
        ),
        (
            (allow("CORP\\smssend"), deny("CORP\\smssend", 0x20089, 0)),
            "CORP\\smssend is allowed and denied the same rights (Read)",
        ),
        (
            (allow("CORP\\smssend"), deny("CORP\\smssend", 0x110000)),
            "CORP\\smssend is allowed and denied the same rights (Synchronize)",
        ),
        (
            (deny("CORP\\smssend", 0x10000), deny("CORP\\smssend", 0x110000)),
            "given twice with different rights (Delete; Delete, Synchronize)",
        ),
        (
            (deny("CORP\\smssend", 0x2019F), deny("CORP\\smssend", 0x12019F)),
            "given twice with different rights (Read, Write; Read, Write, Synchronize)",
        ),
    ],
)
@pytest.mark.parametrize("state", [Presence.PRESENT, Presence.EXACT])
def test_contradictions_are_refused(entries: tuple[DesiredEntry, ...], said: str, state: Presence) -> None:
    with pytest.raises(Refused) as refusal:
        plan(f"D:{ADMINS}", DesiredState(entries, state))
    assert str(refusal.value).startswith("p01: folder D:\\Receive: ")
    assert said in str(refusal.value)


def test_an_account_given_twice_with_the_same_rights_is_one() -> None:
    desired = DesiredState((allow("CORP\\smssend"), allow("smssend@corp.example")))
    assert after(f"D:{ADMINS}", desired) == f"D:{ADMINS}(A;OICI;0x12019f;;;{SENDER})"


class TestSynchronize:
    """SYNCHRONIZE (0x100000) belongs to entries that allow. CORP\\smssend is S-1-5-21-1-2-3-1001."""

    DENIED = f"D:(D;OICI;0x10000;;;{SENDER}){ADMINS}"
    WIDER = f"D:(D;OICI;0x110000;;;{SENDER}){ADMINS}"

    def test_a_deny_entry_denies_what_was_asked_for(self) -> None:
        found = plan(f"D:{ADMINS}", DesiredState((deny("CORP\\smssend", 0x10000),)))
        assert format_sddl(found.after) == f"D:(D;OICI;0x10000;;;{SENDER}){ADMINS}"
        assert lines(found) == ["add deny CORP\\smssend  Delete  (this folder, subfolders and files)"]

    @pytest.mark.parametrize("state", [Presence.PRESENT, Presence.EXACT])
    def test_a_deny_entry_without_it_is_in_desired_state(self, state: Presence) -> None:
        entries = [deny("CORP\\smssend", 0x10000)]
        if state is Presence.EXACT:
            entries += [allow("SYSTEM", FULL), allow("Administrators", FULL)]
        assert not plan(self.DENIED, DesiredState(tuple(entries), state)).changed

    def test_a_wider_deny_entry_is_left_alone_and_corrected_by_exact(self) -> None:
        entries = (deny("CORP\\smssend", 0x10000), allow("SYSTEM", FULL), allow("Administrators", FULL))
        assert not plan(self.WIDER, DesiredState(entries)).changed
        found = plan(self.WIDER, DesiredState(entries, Presence.EXACT))
        assert format_sddl(found.after) == f"D:(D;OICI;0x10000;;;{SENDER}){ADMINS}"
        assert lines(found) == [
            "remove deny CORP\\smssend  Delete, Synchronize  (this folder, subfolders and files)",
            "add deny CORP\\smssend  Delete  (this folder, subfolders and files)",
        ]

    def test_the_account_may_be_allowed_other_rights(self) -> None:
        desired = DesiredState((allow("CORP\\smssend", 0x1200A9), deny("CORP\\smssend", 0x10000)))
        expected = f"D:(D;OICI;0x10000;;;{SENDER}){ADMINS}(A;OICI;0x1200a9;;;{SENDER})"
        assert after(f"D:{ADMINS}", desired) == expected
        assert not plan(expected, desired).changed

    def test_a_wider_deny_entry_that_blocks_gives_way_to_the_wanted_one_on_demand(self) -> None:
        entries = (allow("CORP\\smssend", 0x1200A9), deny("CORP\\smssend", 0x10000))
        with pytest.raises(
            Refused, match=r'blocked by the entry "deny CORP.*Delete, Synchronize.*remove_blocking_denies'
        ):
            plan(self.WIDER, DesiredState(entries))
        desired = DesiredState(entries, remove_blocking_denies=True)
        expected = f"D:(D;OICI;0x10000;;;{SENDER}){ADMINS}(A;OICI;0x1200a9;;;{SENDER})"
        assert after(self.WIDER, desired) == expected
        assert not plan(expected, desired).changed

    def test_of_two_denied_rights_one_is_left(self) -> None:
        desired = DesiredState((deny("CORP\\smssend", 0x10000),), Presence.ABSENT)
        assert after(f"D:(D;OICI;0x10040;;;{SENDER}){ADMINS}", desired) == f"D:(D;OICI;0x40;;;{SENDER}){ADMINS}"
        assert after(self.DENIED, desired) == f"D:{ADMINS}"

    def test_a_denied_synchronize_goes_only_if_it_is_named(self) -> None:
        named = DesiredState((deny("CORP\\smssend", 0x110000),), Presence.ABSENT)
        assert after(self.WIDER, named) == f"D:{ADMINS}"
        other = DesiredState((deny("CORP\\smssend", 0x10000),), Presence.ABSENT)
        assert after(self.WIDER, other) == f"D:(D;OICI;0x100000;;;{SENDER}){ADMINS}"

    def test_an_inherited_deny_of_synchronize_cannot_be_taken_away_here(self) -> None:
        inherited = f"D:(D;OICIID;0x110000;;;{SENDER})(A;OICIID;FA;;;BA)"
        with pytest.raises(Refused, match=r"Delete, Synchronize.*comes from a parent folder"):
            plan(inherited, DesiredState((deny("CORP\\smssend", 0x100000),), Presence.ABSENT))
        assert not plan(inherited, DesiredState((deny("CORP\\smssend", 0x40),), Presence.ABSENT)).changed
        # An inherited entry that allows something else has it too, and does not stand in the way.
        allowed = f"D:(A;OICIID;0x100001;;;{SENDER})(A;OICIID;FA;;;BA)"
        assert not plan(allowed, DesiredState((allow("CORP\\smssend", 0x110000),), Presence.ABSENT)).changed

    def test_on_a_share(self) -> None:
        share = f"D:(D;;0x301bf;;;{SENDER})(A;;FA;;;BA)"
        desired = DesiredState((deny("CORP\\smssend", 0x301BF, 0),))
        assert after("D:(A;;FA;;;BA)", desired, subject=SHARE) == share
        assert not plan(share, desired, subject=SHARE).changed
        assert not plan(f"D:(D;;0x1301bf;;;{SENDER})(A;;FA;;;BA)", desired, subject=SHARE).changed


def lines(found: Plan) -> list[str]:
    """The edits, as an operator reads them."""
    return [f"{edit.action} {found.subject.describe(edit.ace, found.names)}" for edit in found.edits]


def test_a_blocking_deny_is_refused_and_removed_only_on_demand() -> None:
    before = f"D:(D;OICI;FA;;;{SENDER})(D;;FA;;;{OLD}){ADMINS}"
    desired = DesiredState((allow("CORP\\smssend"),))
    with pytest.raises(Refused, match="remove_blocking_denies: true") as refusal:
        plan(before, desired)
    assert '"deny CORP\\smssend  Full control  (this folder, subfolders and files)"' in str(refusal.value)
    desired = DesiredState((allow("CORP\\smssend"),), remove_blocking_denies=True)
    assert after(before, desired) == f"D:(D;;FA;;;{OLD}){ADMINS}(A;OICI;0x12019f;;;{SENDER})"


def test_a_deny_that_blocks_nothing_stays() -> None:
    before = f"D:(D;OICI;0x10000;;;{SENDER}){ADMINS}"
    desired = DesiredState((allow("CORP\\smssend"),), remove_blocking_denies=True)
    assert after(before, desired) == f"{before}(A;OICI;0x12019f;;;{SENDER})"


def test_a_deny_of_everyone_is_never_removed() -> None:
    before = f"D:(D;OICI;0x2;;;WD){ADMINS}"
    desired = DesiredState((allow("CORP\\smssend"),), groups=ANY_NETWORK_LOGON, remove_blocking_denies=True)
    with pytest.raises(Refused, match="is not this account's own and is not removed"):
        plan(before, desired)


def test_a_group_that_is_denied_what_its_member_is_allowed_is_refused() -> None:
    entries = (allow("CORP\\smssend"), deny("Everyone", 0x10))
    with pytest.raises(Refused, match=r'blocked by the entry "deny Everyone  Write extended attributes'):
        plan(f"D:{ADMINS}", DesiredState(entries, groups=ANY_NETWORK_LOGON))


def test_an_inherited_deny_gives_way_to_an_explicit_allow() -> None:
    before = f"D:(D;OICIID;0x2;;;{SENDER})(A;OICIID;FA;;;BA)"
    assert after(before, DesiredState((allow("CORP\\smssend"),))) == (
        f"D:(A;OICI;0x12019f;;;{SENDER})(D;OICIID;0x2;;;{SENDER})(A;OICIID;FA;;;BA)"
    )


def test_everyone_counts_where_groups_of_every_logon_do() -> None:
    before = f"D:{ADMINS}(A;OICI;FA;;;WD)"
    entries = (allow("CORP\\smssend"),)
    assert not plan(before, DesiredState(entries, groups=ANY_NETWORK_LOGON)).changed
    assert plan(before, DesiredState(entries)).changed


@pytest.mark.parametrize(
    "desired", [DesiredState((allow("CORP\\smssend"),)), DesiredState((allow("CORP\\smsold", None),), Presence.ABSENT)]
)
def test_a_list_out_of_order_is_put_in_order_with_a_warning(desired: DesiredState) -> None:
    found = plan(f"D:(A;OICI;0x12019f;;;{SENDER})(A;OICIID;FA;;;BA)(D;;0x40;;;{SENDER})", desired)
    assert format_sddl(found.after) == f"D:(D;;0x40;;;{SENDER})(A;OICI;0x12019f;;;{SENDER})(A;OICIID;FA;;;BA)"
    assert found.changed
    assert "canonical order" in found.warnings[0]


@pytest.mark.parametrize(
    ("before", "desired", "who"),
    [
        (f"D:{ADMINS}", DesiredState((allow("CORP\\smssend", FULL),), Presence.EXACT), "SYSTEM would lose"),
        (
            f"D:{ADMINS}",
            DesiredState((allow("SYSTEM", FULL),), Presence.EXACT),
            "Administrators would lose Read",
        ),
        (f"D:{ADMINS}", DesiredState((deny("Everyone", FULL),)), "would lose"),
        (f"D:{ADMINS}", DesiredState((deny("Administrators", 0x40000),)), "would lose Change permissions"),
        (
            f"D:{ADMINS}(A;;FA;;;{OPERATOR})",
            DesiredState((allow("CORP\\ansible", None),), Presence.ABSENT),
            "CORP\\\\ansible",
        ),
        (
            f"D:{ADMINS}",
            DesiredState((deny("CORP\\ansible", FULL),)),
            "the connected account CORP\\\\ansible would lose",
        ),
        (
            f"D:{ADMINS}",
            DesiredState((allow("Administrators", READ), allow("SYSTEM", FULL)), Presence.EXACT),
            "Change permissions",
        ),
    ],
)
def test_nobody_locks_himself_out(before: str, desired: DesiredState, who: str) -> None:
    with pytest.raises(Refused, match=who) as refusal:
        plan(before, desired)
    assert "allow_lockout: true" in str(refusal.value)
    permitted = DesiredState(desired.entries, desired.state, allow_lockout=True)
    assert plan(before, permitted).changed


def test_on_a_share_only_the_access_to_files_counts() -> None:
    desired = DesiredState((allow("Administrators", 0x1301BF, 0), allow("CORP\\smssend", FULL, 0)), Presence.EXACT)
    assert after("D:(A;;FA;;;BA)", desired, subject=SHARE) == f"D:(A;;0x1301bf;;;BA)(A;;FA;;;{SENDER})"
    with pytest.raises(Refused, match="would lose"):
        plan("D:(A;;FA;;;BA)", DesiredState((allow("CORP\\smssend", FULL, 0),), Presence.EXACT), subject=SHARE)


def test_on_a_file_running_it_does_not_count_and_entering_a_folder_does() -> None:
    desired = DesiredState((deny("Everyone", 0x20, 0),))
    file = Subject("p01", "file", "D:\\a.log")
    assert after("D:(A;;FA;;;BA)", desired, subject=file) == "D:(D;;0x20;;;WD)(A;;FA;;;BA)"
    with pytest.raises(Refused, match=r"SYSTEM would lose Write attributes and could not work there"):
        plan("D:(A;;FA;;;BA)", DesiredState((deny("Everyone", 0x100, 0),)), subject=file)
    with pytest.raises(Refused, match=r"SYSTEM would lose Traverse folder / execute file \(this folder\)"):
        plan("D:(A;;FA;;;BA)", desired)


def test_who_had_nothing_cannot_lose_it() -> None:
    desired = DesiredState((allow("CORP\\smssend", FULL, 0),), Presence.EXACT)
    assert after(f"D:(A;;0x1200a9;;;{OLD})", desired, subject=SHARE) == f"D:(A;;FA;;;{SENDER})"


def test_the_last_entry_is_never_taken_away() -> None:
    desired = DesiredState((allow("CORP\\smsold", None, 0),), Presence.ABSENT, allow_lockout=True)
    with pytest.raises(Refused, match="nobody would have any access"):
        plan(f"D:(A;;FA;;;{OLD})", desired, subject=SHARE)


@pytest.mark.parametrize("before", ["D:NO_ACCESS_CONTROL", "O:BA"])
def test_a_null_dacl_is_never_narrowed_by_accident(before: str) -> None:
    present = plan(before, DesiredState((allow("CORP\\smssend"),)))
    assert not present.changed
    assert "NULL DACL" in present.warnings[0]
    entries = (allow("CORP\\smssend"), allow("SYSTEM", FULL), allow("Administrators", FULL))
    for desired in (
        DesiredState(entries, Presence.EXACT),
        DesiredState((deny("CORP\\smssend"),)),
        DesiredState((), inheritance=Inheritance.ENABLED),
    ):
        with pytest.raises(Refused, match="narrow_null_dacl: true"):
            plan(before, desired)
    meant = DesiredState(entries, Presence.EXACT, narrow_null_dacl=True)
    owner = "O:BA" if before == "O:BA" else ""
    assert after(before, meant) == f"{owner}D:(A;OICI;0x12019f;;;{SENDER})(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)"


def test_an_empty_dacl_is_no_null_dacl() -> None:
    assert after("D:", DesiredState((allow("CORP\\smssend"),))) == f"D:(A;OICI;0x12019f;;;{SENDER})"


def test_what_the_wire_cannot_carry_is_not_written() -> None:
    reading = DescriptorReading(
        parse_sddl(f"D:{ADMINS}(0x9;;;;;;#00000000)"), NAMES, unwritable=("an entry of type 9",)
    )
    desired = DesiredState((allow("CORP\\smssend"),))
    with pytest.raises(Refused, match="an entry of type 9"):
        make_plan(FOLDER, reading, desired, ACCOUNTS_BY_NAME, NAMES)
    there = DesiredState((allow("Administrators"),))
    assert not make_plan(FOLDER, reading, there, ACCOUNTS_BY_NAME, NAMES).changed


def test_inherited_rights_cannot_be_taken_away_where_they_are_inherited() -> None:
    with pytest.raises(Refused, match="comes from a parent folder"):
        plan(
            f"D:(A;OICIID;FA;;;BA)(A;OICIID;FR;;;{OLD})", DesiredState((allow("CORP\\smsold", READ),), Presence.ABSENT)
        )


class TestInheritance:
    INHERITED = "D:AI(A;;FR;;;S-1-5-21-1-2-3-1003)(A;OICIID;FA;;;SY)(A;OICIID;FA;;;BA)"

    def test_disabled_keeps_what_came_down(self) -> None:
        desired = DesiredState((), inheritance=Inheritance.DISABLED)
        assert after(self.INHERITED, desired) == f"D:PAI(A;;FR;;;{OLD}){ADMINS}"
        assert not plan(f"D:PAI{ADMINS}", desired).changed

    def test_disabled_and_exact_keeps_nothing_else(self) -> None:
        entries = (allow("SYSTEM", FULL), allow("Administrators", FULL), allow("CORP\\smssend"))
        desired = DesiredState(entries, Presence.EXACT, Inheritance.DISABLED)
        assert after(self.INHERITED, desired) == f"D:PAI{ADMINS}(A;OICI;0x12019f;;;{SENDER})"

    def test_enabled_brings_the_parents_entries(self) -> None:
        desired = DesiredState((), inheritance=Inheritance.ENABLED)
        before = f"O:{OPERATOR}G:SYD:PAI(A;;FR;;;{OLD}){ADMINS}"
        parent = f"D:(A;OICI;FA;;;BA)(A;;FA;;;{SENDER})(A;OICIIO;GA;;;CO)"
        assert after(before, desired, parent=parent) == (
            f"O:{OPERATOR}G:SYD:AI(A;;FR;;;{OLD}){ADMINS}(A;OICIID;FA;;;BA)(A;ID;FA;;;{OPERATOR})(A;OICIIOID;GA;;;CO)"
        )
        assert not plan(self.INHERITED, desired, parent=parent).changed

    def test_a_file_inherits_what_is_meant_for_files(self) -> None:
        desired = DesiredState((), inheritance=Inheritance.ENABLED)
        file = Subject("p01", "file", "D:\\a.log")
        parent = f"D:(A;OICI;FA;;;BA)(A;CI;FA;;;{SENDER})(A;OIIO;FR;;;WD)"
        assert after("D:PAI(A;;FA;;;SY)", desired, subject=file, parent=parent) == (
            "D:AI(A;;FA;;;SY)(A;ID;FA;;;BA)(A;ID;FR;;;WD)"
        )

    @pytest.mark.parametrize("inheritance", [Inheritance.UNCHANGED, Inheritance.ENABLED])
    def test_a_null_dacl_that_becomes_a_list_inherits(self, inheritance: Inheritance) -> None:
        desired = DesiredState((allow("CORP\\smssend"),), Presence.EXACT, inheritance, narrow_null_dacl=True)
        assert after("D:NO_ACCESS_CONTROL", desired, parent=f"D:{ADMINS}") == (
            f"D:(A;OICI;0x12019f;;;{SENDER})(A;OICIID;FA;;;SY)(A;OICIID;FA;;;BA)"
        )


@given(canonical_dacls)
def test_a_plan_for_a_sender_only_ever_adds(dacl: object) -> None:
    before = parse_sddl("O:BAG:SYD:").with_dacl(dacl)  # type: ignore[arg-type]
    desired = DesiredState((allow("CORP\\smssend"),), groups=ANY_NETWORK_LOGON)
    try:
        found = make_plan(FOLDER, DescriptorReading(before), desired, ACCOUNTS_BY_NAME, NAMES)
    except Refused:
        return
    assert {edit.action for edit in found.edits} <= {"add", "remove"}
    for sid in ACCOUNTS:
        token = frozenset({sid})
        was = check_access(before.dacl, token, FULL).granted
        assert was & ~check_access(found.after.dacl, token, FULL).granted == 0
