# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What has to change below a directory whose descriptor changed."""

from __future__ import annotations

import itertools
import tracemalloc
from collections.abc import Iterable, Iterator
from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security import (
    Ace,
    Acl,
    AnyAce,
    SecurityDescriptor,
    SecurityDescriptorError,
    Sid,
    format_sddl,
    parse_sddl,
)
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security.ace import ObjectAce, ResourceAttributeAce
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.security.propagation import MAX_DEPTH, Node, propagate

from .new_objects import AutoInherit, child_descriptor
from .strategies import accounts, aces, file_masks, inheritance_flags

PARENT = parse_sddl("D:(A;OICI;FA;;;BA)(A;OICI;0x1301bf;;;CO)")


def folder(name: str, sddl: str, *children: Node) -> Node:
    return Node(name, True, parse_sddl(sddl), children)


def file(name: str, sddl: str) -> Node:
    return Node(name, False, parse_sddl(sddl))


def changes(parent: SecurityDescriptor, *children: Node) -> dict[str, str]:
    found = [("/".join(path), format_sddl(descriptor)) for path, descriptor in propagate(parent, children)]
    assert len(dict(found)) == len(found)
    return dict(found)


def test_children_follow_with_their_own_owner_and_keep_their_own_entries() -> None:
    found = changes(
        PARENT,
        folder(
            "Despoolr.box",
            "O:SYG:SYD:AI(D;;FW;;;BG)(A;OICI;FR;;;BU)(A;OICIID;FR;;;WD)",
            file("old.job", "O:BUG:SYD:AI(A;ID;FR;;;WD)"),
        ),
        file("right.log", "O:BAG:SYD:AI(A;;FR;;;AU)(A;ID;FA;;;BA)(A;ID;0x1301bf;;;BA)"),
    )
    assert found == {
        "Despoolr.box": "O:SYG:SYD:AI(D;;FW;;;BG)(A;OICI;FR;;;BU)(A;OICIID;FA;;;BA)(A;ID;0x1301bf;;;SY)"
        "(A;OICIIOID;0x1301bf;;;CO)",
        "Despoolr.box/old.job": "O:BUG:SYD:AI(A;ID;FR;;;BU)(A;ID;FA;;;BA)(A;ID;0x1301bf;;;BU)",
    }


def test_objects_come_parent_before_child_in_the_order_of_the_tree() -> None:
    leaf = file("f", "D:")
    tree = [folder("a", "D:", folder("b", "D:", leaf), leaf), leaf, folder("c", "D:P", leaf), folder("d", "D:")]
    paths = [path for path, _descriptor in propagate(PARENT, tree)]
    assert paths == [("a",), ("a", "b"), ("a", "b", "f"), ("a", "f"), ("f",), ("d",)]


@pytest.mark.parametrize(
    ("parent", "child", "expected"),
    [
        # The four rules of Microsoft's page "Automatic Propagation of Inheritable ACEs", and its last paragraph.
        ("D:(A;OI;FR;;;BU)", "D:NO_ACCESS_CONTROL", "D:AI(A;ID;FR;;;BU)"),
        ("D:(A;OI;FR;;;BU)", "", "D:AI(A;ID;FR;;;BU)"),
        ("D:(A;OI;FR;;;BU)", "D:", "D:AI(A;ID;FR;;;BU)"),
        ("D:(A;;FR;;;BU)", "D:AI(A;;FR;;;WD)(A;ID;FR;;;BU)", "D:AI(A;;FR;;;WD)"),
        ("D:(A;;FR;;;BU)", "D:AI(A;ID;FR;;;BU)", "D:AI"),
        ("D:(A;OI;FR;;;BU)", "D:PNO_ACCESS_CONTROL", None),
        # A child that has no list and inherits nothing keeps having none.
        ("D:(A;CI;FR;;;BU)", "D:NO_ACCESS_CONTROL", None),
        ("D:(A;CI;FR;;;BU)", "", None),
        # The mark of the current inheritance model is part of it.
        ("D:(A;;FR;;;BU)", "D:(A;;FR;;;WD)", "D:AI(A;;FR;;;WD)"),
        # A NULL DACL passes nothing on; an absent one was not read.
        ("D:NO_ACCESS_CONTROL", "D:AI(A;ID;FR;;;BU)", "D:AI"),
        ("O:BA", "D:AI(A;ID;FR;;;BU)", None),
        # Entries that stand in the wrong order stay so among themselves; inherited ones go behind them.
        (
            "D:(D;OI;FW;;;BU)",
            "D:AI(A;ID;FR;;;BU)(A;;FR;;;WD)(D;;FW;;;AU)",
            "D:AI(A;;FR;;;WD)(D;;FW;;;AU)(D;ID;FW;;;BU)",
        ),
    ],
)
def test_one_file(parent: str, child: str, expected: str | None) -> None:
    assert changes(parse_sddl(parent), file("f", child)) == ({} if expected is None else {"f": expected})


def test_a_list_that_is_right_keeps_its_revision() -> None:
    entry = ObjectAce(5, 0, 0x1, Sid.parse("S-1-5-11"), UUID(int=1))
    child = SecurityDescriptor(0x0404, dacl=Acl((entry,), 2))  # object entries belong into lists of revision 4
    assert list(propagate(parse_sddl("D:(A;;FR;;;BU)"), [Node("f", False, child)])) == []
    ((_path, after),) = propagate(parse_sddl("D:(A;OI;FR;;;BU)"), [Node("f", False, child)])
    assert after.dacl == Acl((entry, Ace(0, 0x10, 0x120089, Sid.parse("S-1-5-32-545"))), 4)


def test_only_what_something_can_come_down_to_is_opened() -> None:
    def opened() -> Iterator[Node]:
        pytest.fail("nothing can come down here")
        yield

    kept_out = Node("protected", True, parse_sddl("D:PAI(A;;FA;;;BA)"), opened())
    not_read = Node("file", False, parse_sddl("D:P"), opened())
    assert changes(PARENT, kept_out, not_read) == {}
    assert changes(parse_sddl("D:(A;OI;FR;;;BU)"), replace(not_read, descriptor=parse_sddl("D:"))) == {
        "file": "D:AI(A;ID;FR;;;BU)"
    }
    assert changes(parse_sddl("O:BA"), Node("folder", True, parse_sddl("D:"), opened())) == {}


def test_a_list_that_was_not_read_changes_nowhere() -> None:
    """The SACL takes a privilege to read, so it is often absent, though the children have theirs."""
    audited = SecurityDescriptor(0x0814, dacl=Acl(), sacl=Acl((Ace(2, 0x50, 0x10000, Sid.parse("S-1-1-0")),)))
    ((_path, after),) = propagate(PARENT, [Node("f", False, audited)])
    assert after.sacl == audited.sacl
    assert after.dacl != audited.dacl
    only_sacl = SecurityDescriptor(0x0010, sacl=Acl())
    stale = Node("below", False, parse_sddl("D:AI(A;ID;FR;;;WD)"))
    ((path, after),) = propagate(only_sacl, [Node("f", True, audited, [stale])])
    assert (path, after) == (("f",), replace(audited, sacl=Acl()))


def test_resource_attributes_pass_protection_and_nothing_else_does() -> None:
    """Microsoft, "ACE Inheritance"."""
    world = Sid.parse("S-1-1-0")
    attribute, audit = ResourceAttributeAce(0x12, 0x3, 0, world, b"abcd"), Ace(2, 0x43, 0x10000, world)
    stale, own = replace(attribute, flags=0x10, data=b"old."), replace(audit, flags=0x40)
    protected = SecurityDescriptor(0x3014, dacl=Acl(), sacl=Acl((own, stale)))
    below = SecurityDescriptor(0x0814, dacl=Acl(), sacl=Acl((replace(audit, flags=0x53),)))
    parent = SecurityDescriptor(0x0014, dacl=PARENT.dacl, sacl=Acl((attribute, audit)))
    found = dict(propagate(parent, [Node("p", True, protected, [Node("f", False, below)])]))
    assert found == {
        ("p",): replace(protected, sacl=Acl((own, replace(attribute, flags=0x13)))),
        ("p", "f"): replace(below, sacl=Acl((*below.sacl.aces, replace(attribute, flags=0x10)))),  # type: ignore[union-attr]
    }


# Any tree


def _descriptor(control: int, owner: Sid, group: Sid, entries: list[AnyAce] | None) -> SecurityDescriptor:
    present = 0x0004 if entries is not None or control & 0x0004 else 0
    return SecurityDescriptor(
        control & ~0x0004 | present, owner, group, None if entries is None else Acl(tuple(entries))
    )


special = st.builds(
    Ace, st.just(0), inheritance_flags, file_masks, st.sampled_from(["S-1-3-0", "S-1-3-1"]).map(Sid.parse)
)
descriptors = st.builds(
    _descriptor,
    st.sampled_from([0, 0x0004, 0x0400, 0x0400, 0x0404, 0x1000, 0x1404]),
    accounts,
    accounts,
    st.none() | st.lists(aces() | special, max_size=4),
)
parents = st.lists(aces() | special, max_size=4).map(
    lambda entries: SecurityDescriptor(0x0404, dacl=Acl(tuple(entries)))
)


def _named(nodes: list[Node]) -> tuple[Node, ...]:
    return tuple(replace(node, name=str(index)) for index, node in enumerate(nodes))


trees = st.recursive(
    st.builds(Node, st.just(""), st.booleans(), descriptors),
    lambda below: st.builds(Node, st.just(""), st.just(True), descriptors, st.lists(below, max_size=3).map(_named)),
    max_leaves=12,
)
forests = st.lists(trees, max_size=3).map(_named)


def applied(nodes: Iterable[Node], new: dict[tuple[str, ...], SecurityDescriptor], *above: str) -> tuple[Node, ...]:
    """The tree after the changes are written."""
    return tuple(
        Node(
            node.name,
            node.is_folder,
            new.get((*above, node.name), node.descriptor),
            applied(node.children, new, *above, node.name),
        )
        for node in nodes
    )


def walk(nodes: Iterable[Node], *above: Node) -> Iterator[tuple[Node, ...]]:
    """Each node with those above it."""
    for node in nodes:
        yield *above, node
        yield from walk(node.children, *above, node)


@given(parents, forests)
def test_applied_and_asked_again_nothing_comes(parent: SecurityDescriptor, forest: tuple[Node, ...]) -> None:
    new = dict(propagate(parent, forest))
    assert list(propagate(parent, applied(forest, new))) == []


@given(parents, forests)
def test_only_changes_come_and_own_entries_stay(parent: SecurityDescriptor, forest: tuple[Node, ...]) -> None:
    new = dict(propagate(parent, forest))
    before = {tuple(node.name for node in line): line for line in walk(forest)}
    for path, descriptor in new.items():
        *above, old = before[path]
        assert descriptor != old.descriptor
        assert not any(node.descriptor.dacl_protected for node in (*above, old))
        assert (descriptor.owner, descriptor.group) == (old.descriptor.owner, old.descriptor.group)
        assert descriptor.dacl is not None
        assert descriptor.dacl.explicit == (old.descriptor.dacl.explicit if old.descriptor.dacl else ())


@given(parents, forests)
def test_the_result_is_what_each_child_would_be_made_with(parent: SecurityDescriptor, forest: tuple[Node, ...]) -> None:
    """Children without entries of their own, below a parent that follows its own, are as if made anew."""
    after = applied(forest, dict(propagate(parent, forest)))
    for line in walk(after):
        descriptors = [node.descriptor for node in line]
        if any(descriptor.dacl_protected for descriptor in descriptors):
            continue
        *above, child = descriptors
        if child.dacl is not None and not child.dacl.explicit:
            assert child == child_descriptor(
                above[-1] if above else parent,
                is_folder=line[-1].is_folder,
                owner=child.owner,
                group=child.group,
                default_dacl=Acl(),
                flags=AutoInherit.DACL,
            )


# Size


def test_it_reads_no_further_than_it_is_asked() -> None:
    endless = (file(str(number), "D:") for number in itertools.count())
    first = list(itertools.islice(propagate(PARENT, endless), 3))
    assert [path for path, _descriptor in first] == [("0",), ("1",), ("2",)]
    assert next(endless).name == "3"


def test_ten_thousand_files_take_the_memory_of_one() -> None:
    parsed = parse_sddl("O:BAG:SYD:AI(A;ID;FR;;;WD)")
    files = (Node(str(number), False, parsed) for number in range(10_000))
    tracemalloc.start()
    try:
        count = sum(1 for _change in propagate(PARENT, files))
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count == 10_000
    assert peak < 200_000  # bytes; the descriptors alone would take more than ten times that


def test_deep_trees_are_walked_and_circles_end() -> None:
    def circle() -> Iterator[Node]:
        yield Node("again", True, parsed, circle())

    parsed = parse_sddl("D:(A;;FR;;;BU)")
    walk_of_it = propagate(PARENT, circle())
    depths = [len(path) for path, _descriptor in itertools.islice(walk_of_it, MAX_DEPTH)]
    assert depths == list(range(1, MAX_DEPTH + 1))
    assert len(depths) == (32_767 + 1) / 2  # the characters of a path, two for each directory
    with pytest.raises(SecurityDescriptorError, match="loop"):
        next(walk_of_it)
