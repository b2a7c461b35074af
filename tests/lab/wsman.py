# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The WS-Management operations of one host: a checked request in, a response envelope out."""

from __future__ import annotations

import asyncio
import uuid
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from . import cim, faults, ntfs, shell, soap, wql
from .backend import Missing
from .cim import Instance, Parameters
from .descriptors import INHERITED, pack, parse
from .host import Host
from .misbehaviour import Kind, Rule
from .namespaces import ENUMERATE, ENUMERATION, GET, PULL, RELEASE, WMI, WQL_DIALECT, WSMAN
from .providers import Method, WmiClass, find
from .recording import Written

MAX_CONTEXTS = 100
_NOTHING: Mapping[str, cim.Value] = {}


@dataclass(slots=True)
class _Enumeration:
    class_name: str
    items: list[str]


@dataclass(frozen=True, slots=True)
class Operation:
    """What a request asks for: its name in the record (``Win32_Share.Get``) and its parts."""

    name: str
    request: soap.Request
    wmi_class: WmiClass | None = None
    method: tuple[str, Method] | None = None
    query: wql.Query | None = None
    associators: wql.Associators | None = None


@dataclass(slots=True)
class Service:
    """The WS-Management service of a host."""

    host: Host
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while a request is answered off the event loop: a host answers one at a time."""
    _enumerations: OrderedDict[str, _Enumeration] = field(default_factory=OrderedDict)
    _shells: shell.Shells = field(default_factory=shell.Shells)

    def recognise(self, request: soap.Request, user: str) -> Operation:
        """Say which operation a request of a user asks for; raises Fault for one that does not exist here."""
        of_shells = shell.operation_name(request)
        if of_shells == "Shell.Create" or (of_shells and self.host.settings.runs_modules):
            return Operation(of_shells, request)
        namespace, _unused, class_name = request.resource_uri[len(WMI) :].rpartition("/")
        if not request.resource_uri.casefold().startswith(WMI.casefold()) or not namespace:
            raise faults.invalid_resource_uri()
        if request.action in (PULL, RELEASE):
            return self._continued(request)
        if request.action == ENUMERATE:
            return self._enumerate(request, namespace, class_name, user)
        wmi_class = find(self.host, namespace, class_name, user)
        if request.action == GET:
            return Operation(f"{wmi_class.name}.Get", request, wmi_class)
        uri, _unused, method_name = request.action.rpartition("/")
        if uri.casefold() != request.resource_uri.casefold():
            raise faults.action_not_supported(request.action)
        method = wmi_class.method(method_name)
        if method is None:
            raise faults.method_missing(method_name)
        return Operation(f"{wmi_class.name}.{method[0]}", request, wmi_class, method)

    def answer(self, operation: Operation, rule: Rule | None) -> bytes:
        """Do it and return the response envelope; raises Fault."""
        request = operation.request
        if operation.name == "Shell.Create":
            self.host.record.count("shells_opened")
            if not self.host.settings.runs_modules:
                raise faults.access_denied()
        if operation.name.startswith("Shell."):
            body = self._shells.answer(operation.name, request)
        elif operation.method and operation.wmi_class:
            body = self._invoke(operation.wmi_class, *operation.method, request, rule)
        elif request.action == RELEASE:
            self._enumerations.pop(_context(request.body), None)
            body = ""
        elif request.action == PULL:
            body = self._pull(request, rule)
        elif operation.query and operation.wmi_class:
            found = _matching(self.host, operation.wmi_class, operation.query)
            items = [_item(instance, operation.query) for instance in found]
            body = self._first(operation.wmi_class, items, request, rule)
        elif operation.associators and operation.wmi_class:
            endpoints = _endpoints(self.host, operation.wmi_class, operation.associators)
            body = self._first(operation.wmi_class, list(map(cim.instance_xml, endpoints)), request, rule)
        elif operation.wmi_class:
            keys = _keys(operation.wmi_class, request.selectors)
            body = cim.instance_xml(self._instance(operation.wmi_class, keys))
        else:
            raise faults.action_not_supported(request.action)
        envelope = soap.response(request, body)
        if len(envelope) > request.max_envelope_size:
            raise faults.envelope_too_small(request.max_envelope_size)
        return envelope

    def _instance(self, wmi_class: WmiClass, keys: Mapping[str, str]) -> Instance:
        instance = wmi_class.get(self.host, keys)
        if instance is None:
            path = ",".join(f'{name}="{value}"' for name, value in keys.items())
            raise faults.not_found(f"{wmi_class.name}.{path}")
        return instance

    # -- methods

    def _invoke(self, wmi_class: WmiClass, name: str, method: Method, request: soap.Request, rule: Rule | None) -> str:
        keys = _keys(wmi_class, request.selectors)
        if self.host.settings.prefixed_instances and not request.prefixed:
            raise faults.invalid_body("an element without a prefix")
        parameters = _parameters(wmi_class, name, method, request.body)
        self._instance(wmi_class, keys)
        kind = rule.kind if rule else None
        if kind is Kind.RETURN_VALUE and rule and not rule.done:
            return_value, output = rule.value, _NOTHING
        elif kind is Kind.IGNORE_WRITE and method.writes:
            return_value, output = 0, _NOTHING
        else:
            if method.writes:
                self.host.record.count("writes")
            return_value, output = method.call(self.host, keys, parameters)
            if kind is Kind.ALTER_WRITE and method.writes:
                _lose_last_entry(self.host, keys)
            if method.writes:
                written = Written(f"{wmi_class.name}.{name}", ",".join(keys.values()), return_value)
                self.host.record.wrote(written)
            if kind is Kind.RETURN_VALUE and rule:
                return_value, output = rule.value, _NOTHING
        return cim.output_xml(wmi_class.name, name, return_value, output)

    # -- enumerations

    def _enumerate(self, request: soap.Request, namespace: str, class_name: str, user: str) -> Operation:
        body = _body(request, f"{{{ENUMERATION}}}Enumerate")
        filter_ = body.find(f"{{{WSMAN}}}Filter")
        if filter_ is None:
            if class_name == "*":
                raise faults.invalid_resource_uri()
            query: wql.Query | wql.Associators = wql.Query(class_name, None, ())
        else:
            if filter_.get("Dialect") != WQL_DIALECT:
                raise faults.unsupported_dialect()
            if class_name != "*" or request.selectors:
                raise faults.query_needs_all_classes()
            try:
                query = wql.statement(filter_.text or "")
            except wql.BadQuery as error:
                raise faults.invalid_query(str(error)) from None
        if isinstance(query, wql.Associators):
            return self._associators(request, namespace, query, user)
        wmi_class = find(self.host, namespace, query.class_name, user)
        for name in (*(query.properties or ()), *(name for name, _unused in query.conditions)):
            if name.casefold() not in (known.casefold() for known in wmi_class.properties):
                raise faults.invalid_query(f"{wmi_class.name} has no property {name}")
        return Operation(f"{wmi_class.name}.Query", request, wmi_class, query=query)

    def _associators(self, request: soap.Request, namespace: str, query: wql.Associators, user: str) -> Operation:
        """Of the keywords, AssocClass is needed: the lab does not look through all associations."""
        if not self.host.settings.associators or query.assoc_class is None:
            raise faults.invalid_query("ASSOCIATORS OF needs AssocClass here")
        association = find(self.host, namespace, query.assoc_class, user)
        for name in filter(None, (query.role, query.result_role)):
            if name.casefold() not in (known.casefold() for known in association.properties):
                raise faults.invalid_query(f"{association.name} has no property {name}")
        if query.result_class is not None:
            find(self.host, namespace, query.result_class, user)
        source = cim.object_path(query.source)
        if source is None:
            raise faults.invalid_query(f"{query.source[:80]} is no object path")
        wmi_class = find(self.host, namespace, source.class_name, user)
        if wmi_class.get(self.host, _keys(wmi_class, source.keys)) is None:
            raise faults.not_found(query.source, "ExecQuery")
        return Operation(f"{association.name}.Associators", request, association, associators=query)

    def _first(self, wmi_class: WmiClass, items: list[str], request: soap.Request, rule: Rule | None) -> str:
        """EnumerateResponse, with items if the client asked for OptimizeEnumeration ([DSP0226] 8.2.3)."""
        body = _body(request, f"{{{ENUMERATION}}}Enumerate")
        enumeration = _Enumeration(wmi_class.name, items)
        if body.find(f"{{{WSMAN}}}OptimizeEnumeration") is None:
            return f"<n:EnumerateResponse>{self._keep(enumeration)}</n:EnumerateResponse>"
        count = _go_on(enumeration, rule) or _max_elements(body, WSMAN)
        batch = _batch(enumeration, count, request.max_envelope_size)
        if enumeration.items:
            end, context = "", self._keep(enumeration)
        else:
            end, context = "<w:EndOfSequence/>", "<n:EnumerationContext/>"
        return f"<n:EnumerateResponse>{context}<w:Items>{batch}</w:Items>{end}</n:EnumerateResponse>"

    def _continued(self, request: soap.Request) -> Operation:
        context = _context(request.body)
        enumeration = self._enumerations.get(context)
        if enumeration is None:
            raise faults.invalid_context()
        verb = "Pull" if request.action == PULL else "Release"
        return Operation(f"{enumeration.class_name}.{verb}", request)

    def _pull(self, request: soap.Request, rule: Rule | None) -> str:
        body = _body(request, f"{{{ENUMERATION}}}Pull")
        enumeration = self._enumerations.pop(_context(body))
        count = _go_on(enumeration, rule) or _max_elements(body, ENUMERATION)
        batch = _batch(enumeration, count, request.max_envelope_size)
        if enumeration.items:
            return f"<n:PullResponse>{self._keep(enumeration)}<n:Items>{batch}</n:Items></n:PullResponse>"
        return f"<n:PullResponse><n:Items>{batch}</n:Items><n:EndOfSequence/></n:PullResponse>"

    def _keep(self, enumeration: _Enumeration) -> str:
        context = str(uuid.uuid4()).upper()
        self._enumerations[f"uuid:{context}"] = enumeration
        while len(self._enumerations) > MAX_CONTEXTS:
            self._enumerations.popitem(last=False)
        return f"<n:EnumerationContext>uuid:{context}</n:EnumerationContext>"


def _keys(wmi_class: WmiClass, selectors: Mapping[str, str]) -> dict[str, str]:
    """The values of the class's keys; every key must be given and nothing else."""
    given = {name.casefold(): value for name, value in selectors.items() if name.casefold() != "__cimnamespace"}
    keys = {name: given.pop(name.casefold()) for name in wmi_class.keys if name.casefold() in given}
    if given:
        raise faults.invalid_selectors()
    if len(keys) != len(wmi_class.keys):
        raise faults.insufficient_selectors()
    return keys


def _parameters(wmi_class: WmiClass, name: str, method: Method, body: Element | None) -> Parameters:
    if body is None:
        if method.parameters:
            raise faults.invalid_body(f"{name}_INPUT is missing")
        body = Element(f"{{{cim.class_uri(wmi_class.name)}}}{name}_INPUT")
    expected = f"{{{cim.class_uri(wmi_class.name)}}}{name}_INPUT"
    if body.tag.casefold() != expected.casefold():
        raise faults.invalid_body(f"{name}_INPUT was expected, not {body.tag}")
    return Parameters(body, wmi_class.name, method.parameters)


def _body(request: soap.Request, tag: str) -> Element:
    if request.body is None or request.body.tag != tag:
        raise faults.invalid_body(f"{tag} is missing")
    return request.body


def _context(body: Element | None) -> str:
    context = None if body is None else body.findtext(f"{{{ENUMERATION}}}EnumerationContext")
    return (context or "").strip()


def _max_elements(body: Element, namespace: str) -> int:
    """How many items a batch may hold: one, unless the client says otherwise ([DSP0226] 8.3)."""
    text = (body.findtext(f"{{{namespace}}}MaxElements") or "1").strip()
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:10]) <= 0xFFFFFFFF:
        raise faults.invalid_body("MaxElements")
    return int(text[:10])


def _go_on(enumeration: _Enumeration, rule: Rule | None) -> int:
    """Have no end, if the host is told so: one item comes at a time, and there is always one more. How many to take."""
    if not rule or rule.kind is not Kind.ENDLESS or not enumeration.items:
        return 0
    enumeration.items[1:] = enumeration.items[:1]
    return 1


def _batch(enumeration: _Enumeration, count: int, max_bytes: int) -> str:
    """Take the next items: as many as the client wants and as fit into its envelope."""
    taken: list[str] = []
    room = max_bytes - 2048  # headers of a response stay below this
    while enumeration.items and len(taken) < count:
        room -= len(enumeration.items[0].encode())
        if room < 0 and taken:
            break
        taken.append(enumeration.items.pop(0))
    return "".join(taken)


def _matching(host: Host, wmi_class: WmiClass, query: wql.Query) -> list[Instance]:
    """The instances that meet every condition. When the conditions name all keys, the instance is read directly."""
    if query.either:
        every = wmi_class.instances(host)
        return [i for i in every if any(_equal(i.get(name), value) for name, value in query.conditions)]
    given = {name.casefold(): value for name, value in query.conditions}
    keys = {name: given.get(name.casefold()) for name in wmi_class.keys}
    found: list[Instance]
    if keys and all(isinstance(value, str) for value in keys.values()):
        instance = wmi_class.get(host, {name: str(value) for name, value in keys.items()})
        found = [] if instance is None else [instance]
    else:
        texts = {name: value for name, value in given.items() if isinstance(value, str)}
        narrowed = wmi_class.narrowed(host, texts) if wmi_class.narrowed else None
        found = list(wmi_class.instances(host) if narrowed is None else narrowed)
    return [i for i in found if all(_equal(i.get(name), value) for name, value in query.conditions)]


def _endpoints(host: Host, association: WmiClass, query: wql.Associators) -> list[Instance]:
    """The other ends of the associations of an object. Windows leaves out an end that it cannot read."""
    source = cim.object_path(query.source)
    found = []
    for link in association.instances(host):
        ends = {name: end for name, end in link.properties.items() if isinstance(end, cim.Reference)}
        here = [name for name, end in ends.items() if source and end.is_of(source) and _is(name, query.role)]
        for other, end in ends.items():
            if not here or other == here[0] or not _is(other, query.result_role) or not _is_class(end, query):
                continue
            wmi_class = find(host, cim.NAMESPACE, end.class_name, "")
            instance = wmi_class.get(host, end.keys)
            if instance and instance.properties.get("SID") not in host.settings.unreadable_endpoints:
                found.append(instance)
    return found


def _is(name: str, wanted: str | None) -> bool:
    return wanted is None or name.casefold() == wanted.casefold()


def _is_class(end: cim.Reference, query: wql.Associators) -> bool:
    """Whether it is of ResultClass or of a class derived from it; the lab knows one such: Win32_Account."""
    wanted = (query.result_class or "Win32_Account").casefold()
    return wanted in ("win32_account", end.class_name.casefold())


def _equal(value: cim.Value, literal: wql.Literal) -> bool:
    if isinstance(value, str) and isinstance(literal, str):
        return value.casefold() == literal.casefold()
    if isinstance(value, bool) and isinstance(literal, str):
        return str(value).casefold() == literal.casefold()
    if isinstance(value, cim.Reference) and isinstance(literal, str):
        return value.is_at(literal)
    return value == literal


def _item(instance: Instance, query: wql.Query) -> str:
    """``*`` is answered with whole instances, a list of properties with fragments (seen from Windows 2003 to 2012)."""
    if query.properties is None:
        return cim.instance_xml(instance)
    return cim.fragment_xml(instance, query.properties)


def _lose_last_entry(host: Host, keys: Mapping[str, str]) -> None:
    """Drop the last explicit entry of the descriptor just written, so that reading it back differs."""
    path = keys.get("Path")
    try:
        stored = host.backend.file_descriptor(path) if path else host.backend.share_descriptor(keys["Name"])
    except Missing:
        return
    descriptor = parse(stored or b"")
    explicit = [ace for ace in descriptor.dacl or () if not ace.flags & INHERITED][:-1]
    altered = descriptor.with_dacl(explicit)
    if path:
        ntfs.write(host.backend, path, altered)
    else:
        host.backend.set_share_descriptor(keys["Name"], pack(altered))
