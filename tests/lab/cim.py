# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CIM instances as WinRM writes and reads them ([DSP0230], and the shapes seen from Windows)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from . import faults, xml
from .namespaces import ADDRESSING, ANONYMOUS, CIM, WMI, WSMAN, XSI

NAMESPACE = "root/cimv2"
_NIL = f"{{{XSI}}}nil"
_QUOTED = r"""(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')"""
_KEY = re.compile(rf"(?P<name>\w+)=(?P<value>{_QUOTED})")
_PATH = re.compile(rf"(?:\\\\[^\\]+\\root\\cimv2:)?(?P<class>\w+)\.(?P<keys>\w+={_QUOTED}(?:,\w+={_QUOTED})*)", re.I)


@dataclass(frozen=True, slots=True)
class DateTime:
    """An xs:dateTime."""

    value: str


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference to an instance: its class and keys."""

    class_name: str
    keys: Mapping[str, str]

    def is_at(self, path: str) -> bool:
        """Whether an object path (``Win32_Group.Domain="C01",Name="Users"``, maybe with its namespace) is the same."""
        found = object_path(path)
        return found is not None and found.is_of(self)

    def is_of(self, other: Reference) -> bool:
        """Whether both are to the same instance."""
        return self.class_name.casefold() == other.class_name.casefold() and _folded(self.keys) == _folded(other.keys)


def object_path(path: str) -> Reference | None:
    """An object path as a reference; None if it is none."""
    match = _PATH.fullmatch(path)
    if match is None:
        return None
    keys = {
        key["name"]: re.sub(r"\\(.)", r"\1", key["value"][1:-1], flags=re.DOTALL)
        for key in _KEY.finditer(match["keys"])
    }
    return Reference(match["class"], keys)


def _folded(keys: Mapping[str, str]) -> dict[str, str]:
    return {name.casefold(): value.casefold() for name, value in keys.items()}


@dataclass(frozen=True, slots=True)
class Instance:
    """An instance; its properties in the order of the class definition."""

    class_name: str
    properties: Mapping[str, Value]
    namespace: str = NAMESPACE

    def get(self, name: str) -> Value:
        """A property by name, in any case; KeyError if the class has no such property."""
        for key, value in self.properties.items():
            if key.casefold() == name.casefold():
                return value
        raise KeyError(name)


Value = None | bool | int | str | DateTime | Reference | Instance | tuple["Value", ...]


def class_uri(class_name: str, namespace: str = NAMESPACE) -> str:
    return f"{WMI}{namespace}/{class_name}"


def instance_xml(instance: Instance, *, tag: str | None = None, prefix: str = "p") -> str:
    """The instance's element, named ``tag`` or after its class."""
    uri = class_uri(instance.class_name, instance.namespace)
    name = tag or instance.class_name
    body = "".join(_property(prefix, key, value) for key, value in instance.properties.items())
    return (
        f'<{prefix}:{name} xmlns:{prefix}="{uri}" xsi:type="{prefix}:{name}_Type" xml:lang="en-US">'
        f"{body}</{prefix}:{name}>"
    )


def fragment_xml(instance: Instance, names: Iterable[str]) -> str:
    """Some properties of an instance: a projection is answered with w:XmlFragment, its elements unqualified."""
    body = "".join(_unqualified(name, instance.get(name)) for name in names)
    return f"<w:XmlFragment>{body}</w:XmlFragment>"


def output_xml(class_name: str, method: str, return_value: int, parameters: Mapping[str, Value]) -> str:
    """The ``Method_OUTPUT`` element."""
    body = "".join(_property("p", key, value) for key, value in parameters.items())
    name = f"{method}_OUTPUT"
    return (
        f'<p:{name} xmlns:p="{class_uri(class_name)}" xmlns:cim="{CIM}" xsi:type="p:{name}_Type" xml:lang="en-US">'
        f"{body}<p:ReturnValue>{return_value}</p:ReturnValue></p:{name}>"
    )


def _property(prefix: str, name: str, value: Value) -> str:
    opening = f"{prefix}:{name}"
    if value is None:
        return f'<{opening} xsi:nil="true"/>'
    if isinstance(value, tuple):
        return "".join(_property(prefix, name, item) for item in value)
    if isinstance(value, Instance):
        inner = f"{prefix}{len(prefix)}"
        body = "".join(_property(inner, key, item) for key, item in value.properties.items())
        type_ = f"{inner}:{value.class_name}_Type"
        uri = class_uri(value.class_name, value.namespace)
        return f'<{opening} xmlns:{inner}="{uri}" xsi:type="{type_}">{body}</{opening}>'
    if isinstance(value, DateTime):
        return f'<{opening}><cim:Datetime xmlns:cim="{CIM}">{xml.text(value.value)}</cim:Datetime></{opening}>'
    if isinstance(value, Reference):
        return f"<{opening}>{_reference(value)}</{opening}>"
    return f"<{opening}>{_scalar(value)}</{opening}>"


def _unqualified(name: str, value: Value) -> str:
    if value is None:
        return f'<{name} xsi:nil="true"/>'
    if isinstance(value, tuple):
        return "".join(_unqualified(name, item) for item in value)
    if isinstance(value, Instance):
        return f"<{name}>{''.join(_unqualified(k, v) for k, v in value.properties.items())}</{name}>"
    if isinstance(value, DateTime):
        return f"<{name}><Datetime>{xml.text(value.value)}</Datetime></{name}>"
    if isinstance(value, Reference):
        return f"<{name}>{_reference(value)}</{name}>"
    return f"<{name}>{_scalar(value)}</{name}>"


def _scalar(value: bool | int | str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return xml.text(value) if isinstance(value, str) else str(value)


def _reference(reference: Reference) -> str:
    selectors = "".join(
        f"<w:Selector Name={xml.attribute(key)}>{xml.text(value)}</w:Selector>"
        for key, value in {"__cimnamespace": NAMESPACE, **reference.keys}.items()
    )
    return (
        f'<a:Address xmlns:a="{ADDRESSING}">{ANONYMOUS}</a:Address><a:ReferenceParameters xmlns:a="{ADDRESSING}" '
        f'xmlns:w="{WSMAN}"><w:ResourceURI>{class_uri(reference.class_name)}</w:ResourceURI>'
        f"<w:SelectorSet>{selectors}</w:SelectorSet></a:ReferenceParameters>"
    )


class Parameters:
    """The properties of an instance, or the parameters of a method, that a client sent.

    Reading is strict: what Windows' schema check refuses raises a fault.
    """

    def __init__(self, element: Element, class_name: str, allowed: Iterable[str]) -> None:
        self._name = class_name
        self._values: dict[str, list[Element]] = {}
        known = {name.casefold() for name in allowed}
        uri = class_uri(class_name).casefold()
        for child in element:
            namespace, _unused, local = child.tag[1:].partition("}")
            if namespace.casefold() != uri:
                raise faults.invalid_parameter(f"{child.tag} is not in the namespace of {class_name}")
            if local.casefold() not in known:
                raise faults.invalid_parameter(f"{class_name} has no {local}")
            self._values.setdefault(local.casefold(), []).append(child)

    def __contains__(self, name: str) -> bool:
        return any(not _is_nil(element) for element in self._values.get(name.casefold(), ()))

    def is_null(self, name: str) -> bool:
        """Whether the value is there as xsi:nil (and not merely left out)."""
        elements = self._values.get(name.casefold(), ())
        return len(elements) == 1 and _is_nil(elements[0])

    def array(self, name: str) -> tuple[Element, ...] | None:
        """The elements of an array; None if it is absent or null. Null items are refused."""
        elements = self._values.get(name.casefold(), [])
        if not elements or (len(elements) == 1 and _is_nil(elements[0])):
            return None
        if any(_is_nil(element) for element in elements):
            raise faults.invalid_parameter(f"{self._name}.{name} holds a null")
        return tuple(elements)

    def element(self, name: str) -> Element | None:
        """The one element of that name; None if it is absent or null."""
        elements = self.array(name)
        if elements is None:
            return None
        if len(elements) > 1:
            raise faults.invalid_parameter(f"{self._name}.{name} is given {len(elements)} times")
        return elements[0]

    def text(self, name: str) -> str | None:
        element = self.element(name)
        return None if element is None else _text(element)

    def unsigned(self, name: str, bits: int) -> int | None:
        element = self.element(name)
        return None if element is None else unsigned(element, bits)

    def octets(self, name: str) -> bytes | None:
        """A uint8 array, one element a byte."""
        elements = self.array(name)
        return None if elements is None else bytes(unsigned(element, 8) for element in elements)


def unsigned(element: Element, bits: int) -> int:
    """An unsigned integer of so many bits, in decimal."""
    text = _text(element).strip()
    if not text.isascii() or not text.isdigit() or len(text) > 20 or int(text) >= 1 << bits:
        raise faults.invalid_parameter(f"{element.tag}: {text[:40]!r} is no uint{bits}")
    return int(text)


def _text(element: Element) -> str:
    if len(element):
        raise faults.invalid_parameter(f"{element.tag}: a value was expected, not elements")
    return element.text or ""


def _is_nil(element: Element) -> bool:
    return element.get(_NIL, "false").strip() in ("true", "1")
