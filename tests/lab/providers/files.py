# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Win32_Directory, CIM_DataFile and Win32_LogicalFileSecuritySetting."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from .. import ntfs
from ..backend import Missing, split_path
from ..cim import Instance, Parameters
from ..descriptors import SE_DACL_AUTO_INHERIT_REQ, parse
from ..host import Host
from . import security
from .wmi_class import INVALID_PARAMETER, SUCCESS, Method, Output, WmiClass

_FILE_PROPERTIES = (
    "Caption",
    "CreationClassName",
    "CSName",
    "Description",
    "Drive",
    "Extension",
    "FileName",
    "FileType",
    "Name",
    "Path",
    "Status",
)


def _walk(host: Host) -> Iterator[str]:
    """Every path of the host, drives first."""
    pending = [f"{letter}:\\" for letter in "CDEFGHIJKLMNOPQRSTUVWXYZ"]
    for path in pending:
        try:
            yield host.backend.canonical_path(path)
            if host.backend.is_directory(path):
                pending.extend(host.backend.children(path))
        except Missing:
            continue


def _file(host: Host, path: str) -> Instance:
    """A file or directory. Windows shows the names of CIM_LogicalFile in lower case."""
    shown = path.lower()
    drive, *names = split_path(shown)
    parents, name = names[:-1], names[-1] if names else ""
    directory = host.backend.is_directory(path)
    stem, _unused, extension = (name, "", "") if directory else name.partition(".")
    class_name = "Win32_Directory" if directory else "CIM_DataFile"
    return Instance(
        class_name,
        {
            "Caption": shown,
            "CreationClassName": "CIM_LogicalFile",
            "CSName": host.name,
            "Description": shown,
            "Drive": drive,
            "Extension": extension,
            "FileName": stem,
            "FileType": "File Folder" if directory else "File",
            "Name": shown,
            "Path": "\\" + "".join(f"{parent}\\" for parent in parents),
            "Status": "OK",
        },
    )


def _files(host: Host, *, directories: bool) -> Iterator[Instance]:
    return (_file(host, path) for path in _walk(host) if host.backend.is_directory(path) is directories)


def _children(host: Host, conditions: Mapping[str, str]) -> Iterator[Instance] | None:
    """What stands directly in a directory that Drive and Path name."""
    drive, path = conditions.get("drive"), conditions.get("path")
    if drive is None or path is None:
        return None
    try:
        children = host.backend.children(host.backend.canonical_path(f"{drive}{path}"))
    except Missing:
        return iter(())
    return (_file(host, child) for child in children)


def _get_either(host: Host, keys: Mapping[str, str]) -> Instance | None:
    return _get_file(host, keys, directory=True) or _get_file(host, keys, directory=False)


def _get_file(host: Host, keys: Mapping[str, str], *, directory: bool) -> Instance | None:
    try:
        path = host.backend.canonical_path(keys["Name"])
    except Missing:
        return None
    return _file(host, path) if host.backend.is_directory(path) is directory else None


def _setting(host: Host, path: str) -> Instance:
    return Instance(
        "Win32_LogicalFileSecuritySetting",
        {
            "Caption": f"Security settings of {path}",
            "ControlFlags": parse(host.backend.file_descriptor(path)).control,
            "Description": f"Security settings of {path}",
            "OwnerPermissions": True,
            "Path": path,
            "SettingID": None,
        },
    )


def _get_setting(host: Host, keys: Mapping[str, str]) -> Instance | None:
    try:
        return _setting(host, host.backend.canonical_path(keys["Path"]))
    except Missing:
        return None


def _get_descriptor(host: Host, keys: Mapping[str, str], _unused: Parameters) -> Output:
    return SUCCESS, {"Descriptor": security.to_instance(host, parse(host.backend.file_descriptor(keys["Path"])))}


def _set_descriptor(host: Host, keys: Mapping[str, str], parameters: Parameters) -> Output:
    element = parameters.element("Descriptor")
    if element is None:
        return INVALID_PARAMETER, {}
    try:
        new = security.from_element(host, element)
        asked = bool(new.control & SE_DACL_AUTO_INHERIT_REQ)
        follow = {"always": True, "asked": asked, "never": False}[host.settings.children_follow]
        ntfs.write(host.backend, keys["Path"], new, children_follow=follow)
    except security.Invalid:
        return INVALID_PARAMETER, {}
    return SUCCESS, {}


def _delete(host: Host, keys: Mapping[str, str], _unused: Parameters) -> Output:
    """0 is success (learn.microsoft.com, "Delete method of the CIM_DataFile class")."""
    host.backend.remove(keys["Name"])
    return SUCCESS, {}


CLASSES = (
    # The class above the two below; a query on it tells of both.
    WmiClass(
        "CIM_LogicalFile",
        ("Name",),
        _FILE_PROPERTIES,
        lambda host: (_file(host, path) for path in _walk(host)),
        _get_either,
        narrowed=_children,
    ),
    WmiClass(
        "Win32_Directory",
        ("Name",),
        _FILE_PROPERTIES,
        lambda host: _files(host, directories=True),
        lambda host, keys: _get_file(host, keys, directory=True),
    ),
    WmiClass(
        "CIM_DataFile",
        ("Name",),
        _FILE_PROPERTIES,
        lambda host: _files(host, directories=False),
        lambda host, keys: _get_file(host, keys, directory=False),
        {"Delete": Method((), _delete, writes=True)},
    ),
    WmiClass(
        "Win32_LogicalFileSecuritySetting",
        ("Path",),
        ("Caption", "ControlFlags", "Description", "OwnerPermissions", "Path", "SettingID"),
        lambda host: (_setting(host, path) for path in _walk(host)),
        _get_setting,
        {
            "GetSecurityDescriptor": Method((), _get_descriptor),
            "SetSecurityDescriptor": Method(("Descriptor",), _set_descriptor, writes=True),
        },
    ),
)
