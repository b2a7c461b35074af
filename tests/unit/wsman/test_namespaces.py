# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of classes and their URIs."""

from __future__ import annotations

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.wsman import WSManValueError, class_uri
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.wsman.namespaces import identifier, split_class_uri


def test_class_uri() -> None:
    assert class_uri("Win32_Share") == "http://schemas.microsoft.com/wbem/wsman/1/wmi/root/cimv2/Win32_Share"
    assert class_uri("*", "root/sms/site_C01").endswith("/wmi/root/sms/site_C01/*")


@pytest.mark.parametrize(
    ("class_name", "namespace"),
    [
        ("Win32_Share/x", "root/cimv2"),
        ("", "root/cimv2"),
        ("Win32_Share", r"root\cimv2"),
        ("A", "root//x"),
        ("A?", "root"),
    ],
)
def test_a_malformed_class_is_refused(class_name: str, namespace: str) -> None:
    with pytest.raises(WSManValueError):
        class_uri(class_name, namespace)


@pytest.mark.parametrize(
    ("uri", "found"),
    [
        (class_uri("SMS_Site", "root/sms/site_C01"), ("SMS_Site", "root/sms/site_C01")),
        ("HTTP://schemas.microsoft.com/WBEM/wsman/1/wmi/root/cimv2/Win32_Share", ("Win32_Share", "root/cimv2")),
        ("http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_DataFile", ("CIM_DataFile", "root/cimv2")),
        ("", ("", "root/cimv2")),
    ],
)
def test_a_uri_names_class_and_namespace(uri: str, found: tuple[str, str]) -> None:
    assert split_class_uri(uri) == found


@pytest.mark.parametrize("name", ["", "1a", "a-b", "a b", "ä", "a" * 256, "a\n"])
def test_what_is_no_identifier_is_named(name: str) -> None:
    with pytest.raises(WSManValueError, match="is no property"):
        identifier(name, "property")


def test_an_identifier_is_itself() -> None:
    assert identifier("_Name1", "property") == "_Name1"
