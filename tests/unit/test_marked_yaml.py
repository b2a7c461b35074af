# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""YAML with its lines: what it reads is what PyYAML reads. What it refuses is in ``bad``, each with its message."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.marked_yaml import MarkedYamlError, read_document


# The two parsers of PyYAML do not agree on everything; ours uses the one in C where it is there, as Ansible does.
class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """PyYAML's, with what it lacks: `=` has a tag of YAML 1.1 that it cannot construct. To YAML 1.2 it is text."""


Loader.add_constructor("tag:yaml.org,2002:value", Loader.construct_yaml_str)

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20)
KEYS = st.text(max_size=10).filter(lambda key: key != "<<")
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=20
)


class Plain(yaml.SafeDumper):
    """Writes everything out, as the reader wants it."""

    def ignore_aliases(self, data):
        return True


@given(VALUES, st.booleans())
def test_what_is_written_is_read_back(value, flow):
    text = yaml.dump(value, Dumper=Plain, default_flow_style=flow)
    assert read_document(text.encode()).value == value


@given(st.binary(max_size=200) | st.text(alphabet="ab:-[]{}&*!|>'\"#%@\t \n?,", max_size=60).map(str.encode))
def test_noise_is_read_as_pyyaml_does_or_refused(data):
    problem = document = None
    try:
        document = read_document(data)
    except MarkedYamlError as error:
        problem = error
    if problem:
        assert 0 <= problem.line <= data.count(b"\n") + data.count(b"\r") + 2
        assert str(problem).isprintable()
    else:
        assert document.value == yaml.load(data.decode("utf-8-sig"), Loader=Loader)


def test_every_part_knows_its_line():
    marks = read_document(b"# a comment\na:\n  - b: 1\n    c:\n      d\n  - {e: 2,\n     f: 3}\ng: |\n  text\n").marks
    lines = {
        (): 2,
        ("a",): 2,
        ("a", 0): 3,
        ("a", 0, "b"): 3,
        # A value stands where its key does.
        ("a", 0, "c"): 4,
        ("a", 1): 6,
        ("a", 1, "f"): 7,
        ("g",): 8,
    }
    assert {path: marks.line_of(path) for path in lines} == lines


def test_what_is_not_there_is_where_it_would_belong():
    marks = read_document(b"a:\n  - b: 1\n").marks
    assert marks.line_of(("a", 0, "missing")) == 2
    assert marks.line_of(("a", 7, "b")) == 1


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b"", None),
        (b"\xef\xbb\xbfa: 1", {"a": 1}),
        # As PyYAML, but for these: dates stay text, and so does what only looks like a number.
        (b"2024-02-30", "2024-02-30"),
        (b"0b2", "0b2"),
        (b"08", "08"),
        (b"9" * 5000, "9" * 5000),
    ],
)
def test_values_that_are_read_in_a_way_of_its_own(text, value):
    assert read_document(text).value == value
