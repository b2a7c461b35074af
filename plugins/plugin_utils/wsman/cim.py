# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CIM instances as WMI's WS-Management plug-in writes them, in and out.

Sources: DSP0230 (WS-CIM mapping), section 7, for how properties, arrays (7.2.2), nulls, datetimes, references
and embedded objects become XML; DSP0227 (CIM binding) for class URIs, selectors and ``Method_INPUT`` and
``Method_OUTPUT``; MS-WSMV and MS-WSMAN (Windows Server 2003) for where Windows differs. WMI's plug-in uses the
URI of the class itself as the namespace of the class's properties.

What arrives has no types but the shape of its XML, so numbers and booleans stay text until the accessor of
`Instance` that has the type is asked.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from types import MappingProxyType
from typing import TypeAlias, TypeVar
from xml.etree.ElementTree import Element

from ..text import one_line
from . import namespaces as ns
from .errors import WSManProtocolError, WSManValueError
from .namespaces import DEFAULT_NAMESPACE, class_uri, identifier, split_class_uri
from .xml import TYPE, child_of, escape, is_nil, local, qname, split, tag, text_of

_DIGITS = 20  # of a uint64
_INTEGER = re.compile(rf"[+-]?[0-9]{{1,{_DIGITS}}}", re.ASCII)
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}  # XML Schema part 2, 3.2.2
_WORTH_A_DECLARATION = 30
_TYPE = "_Type"  # DSP0230: the complex type of class X is X_Type
_CIM = (ns.CIM, ns.CIM_2003)
# The instance's own address, not a property (MS-WSMAN 3.1.4.1.27).
_LOCATIONS = frozenset(qname(uri, "Location") for uri in _CIM)
_ADDRESSING = qname(ns.ADDRESSING, "")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class CimDatetime:
    """A CIM datetime, kept as it was written; `value` reads it strictly.

    Attributes:
        text: the characters between the tags.
        form: the element of DSP0230's ``cimDateTime`` that holds them: ``Datetime`` (xs:dateTime),
            ``Interval`` (xs:duration), ``CIM_DateTime`` (DSP0004's 25 characters), ``Date`` or ``Time``.
    """

    text: str
    form: str = "Datetime"

    @property
    def value(self) -> datetime | timedelta:
        """A point in time or an interval. Digits of a second beyond the sixth are cut; no zone given: naive.

        Raises:
            WSManProtocolError: it is neither, or malformed, or a wildcard (``*``) or only a part of a moment.
        """
        read = _DATETIME_READERS.get(self.form)
        try:
            found = read(self.text.strip()) if read else None
        except (ValueError, OverflowError):
            found = None
        if found is None:
            shown = one_line(self.text, 80)
            raise WSManProtocolError(f"{shown!r} can't be read as a CIM datetime ({self.form})")
        return found


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference to an instance: its class and its key values. In XML it is an endpoint reference."""

    class_name: str
    selectors: Mapping[str, str]
    namespace: str = DEFAULT_NAMESPACE

    def __post_init__(self) -> None:
        object.__setattr__(self, "selectors", MappingProxyType(dict(self.selectors)))


@dataclass(frozen=True, slots=True)
class Instance:
    """An instance of a WMI class, embedded or not, or the parameters that a method returned.

    Property names are WMI's: their case doesn't matter. The accessors return None for what is null or absent,
    and raise `WSManProtocolError` (naming class and property) for a value of another shape.

    In WS-CIM an empty array looks like an absent one, and an array of one like its element; a null array is
    one element with ``xsi:nil`` (DSP0230 7.2.2, MS-WSMAN 3.1.4.1.26). So `array` gives ``()`` for absent, empty
    and null alike, and `is_null` distinguishes null from the other two.
    """

    class_name: str
    properties: Mapping[str, Value]
    namespace: str = DEFAULT_NAMESPACE
    _by_name: Mapping[str, Value] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_name = {name.lower(): value for name, value in self.properties.items()}
        if len(by_name) != len(self.properties):
            raise WSManValueError(f"{one_line(self.class_name, 80)}: two properties differ in case only")
        object.__setattr__(self, "properties", MappingProxyType(dict(self.properties)))
        object.__setattr__(self, "_by_name", by_name)

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._by_name

    def is_null(self, name: str) -> bool:
        """Whether the property is there, and null."""
        return name in self and self._value(name) is None

    def text(self, name: str) -> str | None:
        """A string."""
        value = self._value(name)
        if value is None or isinstance(value, str):
            return value
        raise self._wrong(name, "text")

    def integer(self, name: str) -> int | None:
        """A number, written in decimal with at most 20 digits."""
        value = self._value(name)
        if value is None:
            return None
        number = _integer(value)
        if number is None:
            raise self._wrong(name, "an integer")
        return number

    def boolean(self, name: str) -> bool | None:
        """A boolean, written ``true``, ``false``, ``1`` or ``0``."""
        value = self._value(name)
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, str) and value.strip() in _BOOLEANS:
            return _BOOLEANS[value.strip()]
        raise self._wrong(name, "true or false")

    def array(self, name: str) -> tuple[Value, ...]:
        """An array's elements; one value is an array of one, since the XML of both is the same."""
        value = self._value(name)
        if value is None:
            return ()
        return value if isinstance(value, tuple) else (value,)

    def integers(self, name: str) -> tuple[int, ...]:
        """An array of numbers, such as the uint8[] of a SID."""
        return self._each(name, _integer, "an array of integers")

    def instance(self, name: str) -> Instance | None:
        """An embedded instance."""
        value = self._value(name)
        if value is None or isinstance(value, Instance):
            return value
        raise self._wrong(name, "an embedded instance")

    def instances(self, name: str) -> tuple[Instance, ...]:
        """An array of embedded instances."""
        return self._each(name, lambda value: value if isinstance(value, Instance) else None, "instances")

    def reference(self, name: str) -> Reference:
        """A reference to an instance: one end of an association, which is never null."""
        value = self._value(name)
        if isinstance(value, Reference):
            return value
        raise self._wrong(name, "a reference")

    def _value(self, name: str) -> Value:
        return self._by_name.get(name.lower())

    def _each(self, name: str, read: Callable[[Value], T | None], what: str) -> tuple[T, ...]:
        found = []
        for value in self.array(name):
            item = read(value)
            if item is None:
                raise self._wrong(name, what)
            found.append(item)
        return tuple(found)

    def _wrong(self, name: str, what: str) -> WSManProtocolError:
        value = self._value(name)
        shown = f"{value[:80]!r}" if isinstance(value, str) else type(value).__name__
        return WSManProtocolError(f"{one_line(self.class_name, 80)}.{name} should be {what} but is {shown}")


Value: TypeAlias = "str | int | bool | Instance | Reference | CimDatetime | tuple[Value, ...] | None"


def _integer(value: Value) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, str) and _INTEGER.fullmatch(value.strip()):
        return int(value)
    return None


def parse_instance(element: Element) -> Instance:
    """An instance, or a method's ``_OUTPUT``, that is an element of its own and so is named after the class.

    Raises:
        WSManProtocolError: the element holds no properties but something else.
    """
    uri, class_name = split(element.tag)
    return _instance(element, class_name, split_class_uri(uri)[1])


def parse_fragment(element: Element) -> Instance:
    """A ``w:XmlFragment``: the chosen properties of an instance.

    WMI may answer a projection (``SELECT Name FROM …``) with it: by MS-WSMV 3.1.4.1.13 the results of WQL look
    like those of CQL in DSP0227 section 8.1. The properties may be in no namespace, and the class may be named
    nowhere: then ``class_name`` is empty.
    """
    return _instance(element, *_embedded_class(element))


def _instance(element: Element, class_name: str, namespace: str) -> Instance:
    if text_of(element).strip():
        where = one_line(class_name or local(element), 80)
        raise WSManProtocolError(f"the answer has text where properties of {where} belong")
    names: dict[str, str] = {}
    values: dict[str, list[Value]] = {}
    found: list[Value] = []
    last = ""
    for child in element:
        expanded = child.tag
        if expanded != last:  # an array repeats it
            if expanded in _LOCATIONS:
                continue
            last, name = expanded, local(child)
            found = values.setdefault(names.setdefault(name.lower(), name), [])
        found.append(_value(child))
    return Instance(
        class_name,
        {name: found[0] if len(found) == 1 else tuple(found) for name, found in values.items()},
        namespace,
    )


def _value(element: Element) -> Value:
    if not element.keys() and not len(element):
        return element.text or ""
    if is_nil(element):
        return None
    if not len(element):
        if element.text or _embedded_type(element) is None:
            return element.text or ""
        return _instance(element, *_embedded_class(element))
    first = element[0]
    if first.tag.startswith(_ADDRESSING):
        return _reference(element)
    if first.tag in _DATETIME_TAGS and len(element) == 1:
        return CimDatetime(text_of(first), local(first))
    return _instance(element, *_embedded_class(element))


def _embedded_type(element: Element) -> str | None:
    """Class of an embedded instance by its xsi:type. The prefix is not used: the properties have the same one."""
    name = (element.get(TYPE) or "").strip().rpartition(":")[2]
    return name.removesuffix(_TYPE) if name.endswith(_TYPE) else None


def _embedded_class(element: Element) -> tuple[str, str]:
    """Class and namespace of an embedded instance: those that its properties are in (DSP0230).

    Its xsi:type, where it has one, names the class first.
    """
    name, namespace = split_class_uri(split(element[0].tag)[0]) if len(element) else ("", DEFAULT_NAMESPACE)
    return _embedded_type(element) or name, namespace


def _reference(element: Element) -> Reference:
    parameters = child_of(element, ns.ADDRESSING, "ReferenceParameters")
    uri = None if parameters is None else child_of(parameters, ns.WSMAN, "ResourceURI")
    if parameters is None or uri is None or len(uri):
        raise WSManProtocolError(f"the reference in {local(element)} has no resource URI")
    class_name, namespace = split_class_uri(text_of(uri).strip())
    selectors: dict[str, str] = {}
    selector_set = child_of(parameters, ns.WSMAN, "SelectorSet")
    for selector in () if selector_set is None else selector_set.findall(qname(ns.WSMAN, "Selector")):
        name = selector.get("Name")
        if name is None or len(selector):
            raise WSManProtocolError(f"the reference in {local(element)} has a selector that can't be read")
        if name.lower() == "__cimnamespace":  # DSP0227, "Selectors": the namespace, not a key
            namespace = text_of(selector)
        else:
            selectors[name] = text_of(selector)
    return Reference(class_name, selectors, namespace)


def method_input(uri: str, method: str, parameters: Mapping[str, Value], *, prefixed: bool = False) -> str:
    """``<p:Method_INPUT>`` with the parameters in the order given, None as ``xsi:nil`` (DSP0227, "Invoke").

    An embedded instance is written as DSP0230 has it for embedded objects, and as Windows accepts it: the
    parameter's element is in the namespace of the class that has the method and carries an ``xsi:type`` of
    ``<its class>_Type``; its properties are in the namespace of *its own* class. An array repeats its element
    and has no null elements (MS-WSMAN 3.2.4.1.12); an empty one leaves no element at all.

    Args:
        uri: URI of the class that has the method.
        method: the method's name.
        parameters: the input parameters.
        prefixed: every element has a prefix, as other clients write it (``<t:SID>``). Otherwise the namespace that is
            used most has none. Both are the same XML information set; the second takes a quarter less.

    Raises:
        WSManValueError: a name or a value can't be sent.
    """
    writer = _Writer(uri)
    content = writer.properties(uri, parameters)
    if not prefixed and (plain := writer.most_used()):
        writer = _Writer(uri, plain)
        content = writer.properties(uri, parameters)
    return tag(f"p:{identifier(method, 'WMI method name')}_INPUT", content, writer.declarations())


def selector_set(selectors: Mapping[str, str]) -> str:
    """``w:SelectorSet`` (DSP0226, "SelectorSet"); nothing at all without selectors."""
    listed = "".join(
        tag("w:Selector", escape(value), {"Name": identifier(name, "key property")})
        for name, value in selectors.items()
    )
    return tag("w:SelectorSet", listed) if listed else ""


class _Writer:
    """Writes values, and collects the namespaces that they need. These are declared once, on the outermost element.

    Elements of the namespace ``plain`` are written without a prefix. A security descriptor is mostly SIDs, an element
    for each octet, so that saves a quarter of its size.
    """

    def __init__(self, uri: str, plain: str | None = None) -> None:
        self._prefixes = {uri: "p"}
        self._plain = plain
        self._uses: Counter[str] = Counter()

    def declarations(self) -> dict[str, str]:
        plain = {"xmlns": self._plain} if self._plain else {}
        return plain | {f"xmlns:{prefix}": uri for uri, prefix in self._prefixes.items()}

    def most_used(self) -> str | None:
        """The namespace to write without a prefix: a second declaration costs about as much as 30 prefixes."""
        return next((uri for uri, uses in self._uses.most_common(1) if uses > _WORTH_A_DECLARATION), None)

    def properties(self, uri: str, values: Mapping[str, Value]) -> str:
        written = []
        for name, value in values.items():
            qualified = identifier(name, "WMI property name")
            if uri != self._plain:
                qualified = f"{self._prefix(uri)}:{qualified}"
            self._uses[uri] += len(value) if isinstance(value, tuple) else 1
            if isinstance(value, tuple):
                if None in value:
                    raise WSManValueError(f"{name}: an array can't have null elements in WS-Management")
                written += [self._element(qualified, item) for item in value]
            else:
                written.append(self._element(qualified, value))
        return "".join(written)

    def _element(self, name: str, value: Value) -> str:
        if value is None:
            return tag(name, "", {f"{self._prefix(ns.XSI, 'xsi')}:nil": "true"})
        if isinstance(value, bool):
            return tag(name, "true" if value else "false")
        if isinstance(value, int):
            return tag(name, str(value))
        if isinstance(value, str):
            return tag(name, escape(value))
        if isinstance(value, CimDatetime):
            if value.form not in _DATETIME_FORMS:
                raise WSManValueError(f"{value.form!r} is no form of a CIM datetime")
            return tag(name, tag(f"{self._prefix(ns.CIM, 'cim')}:{value.form}", escape(value.text)))
        if isinstance(value, Reference):
            return tag(name, self._reference(value))
        if isinstance(value, Instance):
            uri = class_uri(value.class_name, value.namespace)
            its_type = f"{self._prefix(uri)}:{value.class_name}{_TYPE}"
            content = self.properties(uri, value.properties)
            return tag(name, content, {f"{self._prefix(ns.XSI, 'xsi')}:type": its_type})
        raise WSManValueError(f"{name.rpartition(':')[2]}: a {type(value).__name__} is no CIM value")

    def _reference(self, value: Reference) -> str:
        # The prefixes a and w are the envelope's.
        uri = tag("w:ResourceURI", class_uri(value.class_name, value.namespace))
        parameters = tag("a:ReferenceParameters", uri + selector_set(value.selectors))
        return tag("a:Address", ns.ANONYMOUS) + parameters

    def _prefix(self, uri: str, wanted: str | None = None) -> str:
        # Short ones, since a list of entries repeats them; a, s and w are the envelope's.
        short = "pqrtuvxyz"[len(self._prefixes) :][:1] or f"p{len(self._prefixes)}"
        return self._prefixes.setdefault(uri, wanted or short)


_XS_DATETIME = re.compile(  # XML Schema part 2, 3.2.7
    r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)?", re.ASCII
)
_XS_DURATION = re.compile(  # 3.2.6 without years and months, whose length is not defined
    r"(-)?P(?=.)(?:(\d{1,8})D)?"
    r"(?:T(?=.)(?:(\d{1,8})H)?(?:(\d{1,8})M)?(?:(\d{1,8})(?:\.(\d{1,9}))?S)?)?",
    re.ASCII,
)
_DMTF_MOMENT = re.compile(r"(\d{14})\.(\d{6})([+-])(\d{3})", re.ASCII)  # DSP0004, "Datetime type"
_DMTF_INTERVAL = re.compile(r"(\d{8})(\d\d)(\d\d)(\d\d)\.(\d{6}):000", re.ASCII)


def _microseconds(fraction: str | None) -> int:
    return int((fraction or "").ljust(6, "0")[:6])


def _xs_datetime(text: str) -> datetime | None:
    if not (found := _XS_DATETIME.fullmatch(text)):
        return None
    zone = {None: "", "Z": "+00:00"}.get(found[3], found[3])
    return datetime.fromisoformat(found[1] + zone).replace(microsecond=_microseconds(found[2]))


def _xs_duration(text: str) -> timedelta | None:
    if not (found := _XS_DURATION.fullmatch(text)):
        return None
    days, hours, minutes, seconds = (int(found[n] or 0) for n in (2, 3, 4, 5))
    length = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds, microseconds=_microseconds(found[6]))
    return -length if found[1] else length


def _dmtf(text: str) -> datetime | timedelta | None:
    if found := _DMTF_INTERVAL.fullmatch(text):
        days, hours, minutes, seconds, micro = (int(part) for part in found.groups())
        return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds, microseconds=micro)
    if not (found := _DMTF_MOMENT.fullmatch(text)):
        return None
    offset = timedelta(minutes=int(found[4]) if found[3] == "+" else -int(found[4]))
    moment = datetime.strptime(found[1], "%Y%m%d%H%M%S")
    return moment.replace(microsecond=int(found[2]), tzinfo=timezone(offset))


_DATETIME_READERS: dict[str, Callable[[str], datetime | timedelta | None]] = {
    "Datetime": _xs_datetime,
    "Interval": _xs_duration,
    "CIM_DateTime": _dmtf,
}
_DATETIME_FORMS = frozenset({*_DATETIME_READERS, "Date", "Time"})
_DATETIME_TAGS = _DATETIME_FORMS | {qname(uri, form) for uri in _CIM for form in _DATETIME_FORMS}
