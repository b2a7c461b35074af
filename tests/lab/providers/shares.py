# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Win32_Share and Win32_LogicalShareSecuritySetting, and in a namespace of its own MSFT_SmbShare."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from .. import faults, ntfs, sddl
from ..backend import Missing
from ..cim import Instance, Parameters
from ..descriptors import SE_DACL_PROTECTED, SE_SELF_RELATIVE, Descriptor, pack, parse
from ..host import Host
from ..model import Share
from . import security
from .wmi_class import INVALID_PARAMETER, SUCCESS, Method, Output, WmiClass

SMB_NAMESPACE = "root/microsoft/windows/smb"
_NO_SCOPE = "*"
_VOLUME = "\\\\?\\Volume{d2a6f3e1-7c55-4f0e-9a52-1f6f0c1f7b11}\\"


def _share(share: Share) -> Instance:
    return Instance(
        "Win32_Share",
        {
            "AccessMask": None,
            "AllowMaximum": share.maximum_allowed is None,
            "Caption": share.description,
            "Description": share.description,
            "InstallDate": None,
            "MaximumAllowed": share.maximum_allowed,
            "Name": share.name,
            "Path": share.path,
            "Status": "OK",
            "Type": share.type,
        },
    )


def _setting(share: Share, descriptor: Descriptor) -> Instance:
    return Instance(
        "Win32_LogicalShareSecuritySetting",
        {
            "Caption": f"Security settings of {share.name}",
            "ControlFlags": descriptor.control,
            "Description": f"Security settings of {share.name}",
            "Name": share.name,
            "SettingID": None,
        },
    )


def _get_share(host: Host, keys: Mapping[str, str]) -> Instance | None:
    try:
        return _share(host.backend.share(keys["Name"]))
    except Missing:
        return None


def _get_setting(host: Host, keys: Mapping[str, str]) -> Instance | None:
    try:
        share = host.backend.share(keys["Name"])
        descriptor = host.backend.share_descriptor(share.name)
    except Missing:
        return None
    # A share that was never given a descriptor has no instance: the server's default applies to it.
    return None if descriptor is None else _setting(share, parse(descriptor))


def _settings(host: Host) -> Iterator[Instance]:
    for share in host.backend.shares():
        setting = _get_setting(host, {"Name": share.name})
        if setting:
            yield setting


def _get_descriptor(host: Host, keys: Mapping[str, str], _unused: Parameters) -> Output:
    descriptor = parse(host.backend.share_descriptor(keys["Name"]) or b"")
    return SUCCESS, {"Descriptor": security.to_instance(host, descriptor)}


def _smb_share(host: Host, share: Share) -> Instance:
    """learn.microsoft.com, "MSFT_SmbShare class". A share without a descriptor of its own shows none."""
    stored = host.backend.share_descriptor(share.name)
    kind = share.type & 0xFFFF
    return Instance(
        "MSFT_SmbShare",
        {
            "AvailabilityType": 0,
            "CachingMode": 1,
            "CATimeout": 0,
            "ConcurrentUserLimit": share.maximum_allowed or 0,
            "ContinuouslyAvailable": False,
            "CurrentUsers": 0,
            "Description": share.description,
            "EncryptData": False,
            "FolderEnumerationMode": 1,
            "Name": share.name,
            "Path": share.path if kind == 0 else None,
            "Scoped": False,
            "ScopeName": _NO_SCOPE,
            "SecurityDescriptor": None if stored is None else sddl.to_sddl(parse(stored)),
            "ShadowCopy": False,
            "ShareState": 1,
            "ShareType": kind,
            "SmbInstance": 0,
            "Special": bool(share.type & 0x80000000),
            "Temporary": False,
            "Volume": _VOLUME if kind == 0 else None,
        },
        SMB_NAMESPACE,
    )


def _get_smb_share(host: Host, keys: Mapping[str, str]) -> Instance | None:
    if keys["ScopeName"].casefold() != _NO_SCOPE:
        return None
    try:
        return _smb_share(host, host.backend.share(keys["Name"]))
    except Missing:
        return None


def smb_classes(host: Host) -> Mapping[str, WmiClass]:
    """The classes of the SMB namespace by their names in lower case; raises Fault before Windows Server 2012 (6.2)."""
    if tuple(map(int, host.settings.os_version.split(".")[:2])) < (6, 2):
        raise faults.no_namespace(SMB_NAMESPACE)
    return {_SMB_SHARE.name.casefold(): _SMB_SHARE}


def _set_descriptor(host: Host, keys: Mapping[str, str], parameters: Parameters) -> Output:
    element = parameters.element("Descriptor")
    if element is None:
        return INVALID_PARAMETER, {}
    try:
        _store(host, keys["Name"], security.from_element(host, element))
    except security.Invalid:
        return INVALID_PARAMETER, {}
    return SUCCESS, {}


def _set_share_info(host: Host, keys: Mapping[str, str], parameters: Parameters) -> Output:
    share = host.backend.share(keys["Name"])
    access = parameters.element("Access")
    if "Description" in parameters:
        share = replace(share, description=parameters.text("Description") or "")
    if "MaximumAllowed" in parameters:
        share = replace(share, maximum_allowed=parameters.unsigned("MaximumAllowed", 32))
    try:
        descriptor = None if access is None else security.from_element(host, access)
    except security.Invalid:
        return INVALID_PARAMETER, {}
    host.backend.put_share(share)
    if descriptor is not None:
        _store(host, share.name, descriptor)
    return SUCCESS, {}


def _store(host: Host, name: str, new: Descriptor) -> None:
    """Store a share's descriptor: what is left out is kept, but for the SACL; nothing is inherited."""
    stored = host.backend.share_descriptor(name)
    old = Descriptor(SE_SELF_RELATIVE) if stored is None else parse(stored)
    result = replace(old, owner=new.owner or old.owner, group=new.group or old.group)
    if new.dacl_present:
        dacl = None if new.dacl is None else ntfs.mapped_for_share(new.dacl)
        result = result.with_dacl(dacl, set_bits=new.control & SE_DACL_PROTECTED)
    host.backend.set_share_descriptor(name, pack(result.with_sacl_of(new)))


_SMB_SHARE = WmiClass(
    "MSFT_SmbShare",
    ("Name", "ScopeName"),
    (
        "AvailabilityType",
        "CachingMode",
        "CATimeout",
        "ConcurrentUserLimit",
        "ContinuouslyAvailable",
        "CurrentUsers",
        "Description",
        "EncryptData",
        "FolderEnumerationMode",
        "Name",
        "Path",
        "Scoped",
        "ScopeName",
        "SecurityDescriptor",
        "ShadowCopy",
        "ShareState",
        "ShareType",
        "SmbInstance",
        "Special",
        "Temporary",
        "Volume",
    ),
    lambda host: (_smb_share(host, share) for share in host.backend.shares()),
    _get_smb_share,
)

CLASSES = (
    WmiClass(
        "Win32_Share",
        ("Name",),
        (
            "AccessMask",
            "AllowMaximum",
            "Caption",
            "Description",
            "InstallDate",
            "MaximumAllowed",
            "Name",
            "Path",
            "Status",
            "Type",
        ),
        lambda host: map(_share, host.backend.shares()),
        _get_share,
        {"SetShareInfo": Method(("MaximumAllowed", "Description", "Access"), _set_share_info, writes=True)},
    ),
    WmiClass(
        "Win32_LogicalShareSecuritySetting",
        ("Name",),
        ("Caption", "ControlFlags", "Description", "Name", "SettingID"),
        _settings,
        _get_setting,
        {
            "GetSecurityDescriptor": Method((), _get_descriptor),
            "SetSecurityDescriptor": Method(("Descriptor",), _set_descriptor, writes=True),
        },
    ),
)
