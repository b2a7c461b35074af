# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the products require, and which paths they expect."""

from __future__ import annotations

from dataclasses import MISSING, fields

import pytest

from ansible_collections.sitekeeper.sms.plugins.plugin_utils.hierarchy import PRODUCTS, Product, find_product
from ansible_collections.sitekeeper.sms.plugins.plugin_utils.hierarchy.products import (
    DefaultSender,
    Holder,
    Requirement,
)


def test_sms_1_2_is_what_the_article_says():
    # Q179118, RESOLUTION. Full Control: FILE_ALL_ACCESS of winnt.h. Read and Write, as NT 4.0 shows it: generic read
    # and write of a file, [MS-SMB2] 2.2.13.1.1.
    sms = PRODUCTS["sms_1_2"]
    file_all_access = 0x000F0000 | 0x00100000 | 0x1FF
    read_control_and_synchronize = 0x00020000 | 0x00100000
    generic_read = 0x01 | 0x08 | 0x80 | read_control_and_synchronize
    generic_write = 0x02 | 0x04 | 0x10 | 0x100 | read_control_and_synchronize
    assert sms.share == "SMS_SITE"
    assert sms.directory == r"Site.srv\Despoolr.box\Receive"
    assert sms.share_mask == file_all_access
    assert sms.directory_mask == generic_read | generic_write
    assert sms.source == "Microsoft KB Q179118"


def test_later_products_are_what_their_documents_say():
    # "About the Site Address Account": Read, Write, Execute and Delete on the directory, the share by the group.
    read_write_execute_delete = 0x120089 | 0x120116 | 0x1200A0 | 0x10000
    for name in ("sms_2_0", "sms_2003", "configmgr_2007"):
        assert PRODUCTS[name].directory_access == Requirement(Holder.ACCOUNT, read_write_execute_delete)
    assert PRODUCTS["configmgr_2007"].share_access.holder is Holder.GROUP
    # "Accounts used in Configuration Manager", SMS_SiteToSiteConnection_<sitecode>: Full control on the directory.
    later = PRODUCTS["configmgr"]
    assert later.directory_access == Requirement(Holder.GROUP, 0x1F01FF)
    assert later.group_on("p01") == "SMS_SiteToSiteConnection_P01"
    assert later.expects(r"C:\Program Files\Microsoft Configuration Manager\inboxes\despoolr.box\receive")
    assert later.default_senders == (DefaultSender.COMPUTER_ACCOUNT,)
    # Administrator's Companion, table 17-5: by default the service account, in advanced security the computer account.
    assert PRODUCTS["sms_2003"].default_senders == (DefaultSender.SERVICE_ACCOUNT, DefaultSender.COMPUTER_ACCOUNT)


def test_only_what_accounts_hold_needs_no_group():
    held = {name: known.held_by_group for name, known in PRODUCTS.items()}
    assert held == {
        "sms_1_2": False,
        "sms_2_0": False,
        "sms_2003": True,
        "configmgr_2007": True,
        "configmgr": True,
    }
    assert all((known.group_on("P01") is not None) == held[name] for name, known in PRODUCTS.items())


def test_whatever_the_directory_must_grant_the_share_lets_through():
    assert all(known.directory_mask & ~known.share_mask in (0, 0xC0040) for known in PRODUCTS.values())


@pytest.mark.parametrize("name", PRODUCTS)
def test_every_fact_has_its_source(name):
    known, bare = PRODUCTS[name], fields(Product)
    facts = {
        field.name
        for field in bare
        if field.name not in ("name", "title", "sources", "gaps")
        and getattr(known, field.name) != (field.default if field.default is not MISSING else None)
    }
    assert set(known.sources) == facts
    assert set(known.gaps) <= facts
    assert all(text.strip() for text in (*known.sources.values(), *known.gaps.values()))


def test_products_are_listed_by_name():
    assert all(name == known.name for name, known in PRODUCTS.items())


def test_an_unknown_product_names_the_known_ones():
    with pytest.raises(ValueError, match=rf"^unknown product 'systems'; known: {', '.join(PRODUCTS)}$"):
        find_product("systems")


@pytest.mark.parametrize(
    "path",
    [
        r"D:\SMS\Site.srv\Despoolr.box\Receive",
        r"D:\Site.srv\Despoolr.box\Receive",
        "d:\\sms\\SITE.SRV\\despoolr.BOX\\receive\\",
        "D:/SMS/Site.srv/Despoolr.box/Receive/",
        r"D:\SMS\Site.srv\\Despoolr.box\Receive",
        r"\\?\D:\SMS\Site.srv\Despoolr.box\Receive",
    ],
)
def test_expected_paths(path):
    assert PRODUCTS["sms_1_2"].expects(path)


@pytest.mark.parametrize(
    "path",
    [
        "",
        r"D:\SMS",
        r"D:\SMS\Site.srv\Despoolr.box",
        r"D:\SMS\Site.srv\Despoolr.box\Receive\Old",
        r"D:\SMS\MySite.srv\Despoolr.box\Receive",
        r"D:\SMS\Site.srv\Despoolr.box\Receive2",
        r"Despoolr.box\Receive",
        r"E:\inboxes\despoolr.box\receive",
    ],
)
def test_unexpected_paths(path):
    assert not PRODUCTS["sms_1_2"].expects(path)
