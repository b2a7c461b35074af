# Copyright: (c) 2026, sitekeeper.sms contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Kerberos ticket for a service, from a password or from the ticket that kinit left, with the realms of krb5.conf.

impacket has the messages and the ciphers. The exchanges are here, after RFC 4120. impacket's own exchanges do not read
krb5.conf: they connect to a host with the name of the realm, on port 88, without a time-out. They do not check that an
answer belongs to their request. They lack what protects a request, and what KDCs other than Windows require.

Needs impacket and the standard library only, as `smb_session` does.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import socket
import struct
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from ansible_collections.sitekeeper.sms.plugins.module_utils.krb5_conf import (
    Configuration,
    read_configuration,
    read_file,
)
from ansible_collections.sitekeeper.sms.plugins.module_utils.realms import domains_of_host, realm_of_domain
from ansible_collections.sitekeeper.sms.plugins.module_utils.smb_stream import receive

with suppress(ImportError):  # only smb_session imports this, and it reports what is missing.
    from impacket.krb5 import types
    from impacket.krb5.asn1 import (
        AP_REQ,
        AS_REP,
        AS_REQ,
        ETYPE_INFO2,
        KDC_REQ_BODY,
        KRB_ERROR,
        METHOD_DATA,
        PA_ENC_TS_ENC,
        TGS_REP,
        TGS_REQ,
        Authenticator,
        EncASRepPart,
        EncryptedData,
        EncTGSRepPart,
        seq_set,
        seq_set_iter,
    )
    from impacket.krb5.ccache import CCache
    from impacket.krb5.constants import (
        ERROR_MESSAGES,
        ApplicationTagNumbers,
        KDCOptions,
        PrincipalNameType,
        encodeFlags,
    )
    from impacket.krb5.crypto import (
        InvalidChecksum,
        Key,
        _enctype_table,
        decrypt,
        make_checksum,
        string_to_key,
    )
    from impacket.krb5.kerberosv5 import KerberosError
    from pyasn1.codec.der import decoder, encoder
    from pyasn1.type.univ import noValue

_LONGEST_ANSWER = 1 << 20
_MOST_REFERRALS = 10
_MOST_ITERATIONS = 1 << 20
_RC4 = 23  # RFC 4757
_ETYPES = (18, 17, _RC4)  # AES of 256 and of 128 bits (RFC 3962)
_CHECKSUMS = {18: 16, 17: 15, _RC4: -138}
_ITERATIONS = b"\0\0\x10\0"  # if the KDC sends none
_KRB_ERROR = b"\x7e"  # [APPLICATION 30], RFC 4120, 5.9.1
_ENC_TGS_REP_PART = b"\x7a"  # [APPLICATION 26], RFC 4120, 5.4.2
_NO_SUCH_SERVICE = 7
_PREAUTHENTICATION_FAILED = 24
_PREAUTHENTICATION_REQUIRED = 25
_PA_TGS_REQ, _PA_ENC_TIMESTAMP, _PA_ETYPE_INFO2 = 1, 2, 19

_CLOCK = "Set the clocks here and there by the same source; Kerberos bears a difference of five minutes."
_REFUSALS = {  # RFC 4120, 7.5.9
    6: ("the realm {realm} has no account {user}", "Check the account's name and realm."),
    7: (
        "the realm {realm} has no service {service}",
        "Reach the host by the full name that it has in the domain, or give that name as "
        "ansible_smb_kerberos_hostname_override.",
    ),
    12: (
        "the policy of the realm {realm} forbids it",
        "Check the account's logon hours and the computers that it is limited to. Over a trust with selective "
        "authentication, it needs 'Allowed to authenticate' on the server.",
    ),
    14: (
        "account, service and this client have no type of encryption in common",
        "Let the account have AES keys (256 bits); setting its password again makes them.",
    ),
    18: ("the account is disabled, locked out or expired", "Check the account."),
    23: ("the account's password has expired", "Set a new password."),
    24: ("the password is wrong", "Check the password."),
    31: ("the ticket is damaged", "Get a new one with kinit."),
    32: ("the ticket has expired", "Run kinit again."),
    33: ("the ticket is not valid yet", _CLOCK),
    37: ("the clocks differ too much", _CLOCK),
    68: ("{realm} is not the account's realm", "Give the account as name@REALM."),
}


class TicketError(Exception):
    """There is no ticket.

    Attributes:
        reason: without a full stop.
        advice: what the operator can do about it.
        wrong_password: whether it is the password. Further attempts could lock the account.
    """

    def __init__(self, reason: str, advice: str = "", *, wrong_password: bool = False) -> None:
        self.reason = reason
        self.advice = advice
        self.wrong_password = wrong_password
        super().__init__(f"{reason}. {advice}".strip())


class _NoController(TicketError):
    """No KDC of a realm answers."""


@dataclass(frozen=True)
class Ticket:
    """A ticket for a service.

    Attributes:
        user: whose it is, without the realm.
        realm: the realm of its owner.
        reply: the ticket and its session key, as impacket takes them.
    """

    user: str
    realm: str
    reply: Mapping[str, Any] = field(repr=False)


def service_ticket(
    user: str, domain: str, password: str, service: str, timeout: float, domains: Mapping[str, str] | None = None
) -> Ticket:
    """A ticket for a service.

    Args:
        user: the account's name; may be empty without a password.
        domain: its realm, or the DNS or NetBIOS name of its domain; if empty, the realm of the ticket, or the default
            one.
        password: its password. If empty, the ticket is used that kinit left.
        service: the service's principal without its realm, such as `cifs/p01.corp.example`.
        timeout: longest wait for each answer, in seconds.
        domains: NetBIOS names of domains, by DNS name.

    Raises:
        TicketError: there is none.
    """
    configuration = read_configuration()
    domains = domains or {}
    if not password:
        return _by_ticket(user, domain, domains, service, configuration, timeout)
    found = _realm_of(domain, domains, service, configuration) if domain else configuration.default_realm.upper()
    # A domain can have a DNS name of one label.
    realm = found or domain.upper()
    if not user or not realm:
        raise TicketError("the account is given without its realm", "Give it as name@REALM.")
    try:
        with _kerberos_errors(user, realm, service):
            return _Client(user, realm, configuration, timeout).by_password(password, service)
    except _NoController as error:
        raise error if found else TicketError(error.reason, _map_the_name(domain)) from None


def _realm_of(
    domain: str, domains: Mapping[str, str], service: str, configuration: Configuration, owner_realm: str = ""
) -> str:
    """The realm of an account's domain; empty if it is not known."""
    near = (owner_realm, *domains_of_host(_host(service)))
    return realm_of_domain(domain, domains, near, configuration.realms)


def _map_the_name(domain: str) -> str:
    return (
        f"Map the NetBIOS name to the DNS name of the domain, ansible_smb_domains: {{corp.example: {domain.upper()}}}, "
        "or give the account as name@REALM."
    )


def _host(service: str) -> str:
    return service.partition("/")[2]


def _by_ticket(
    user: str, domain: str, domains: Mapping[str, str], service: str, configuration: Configuration, timeout: float
) -> Ticket:
    """Use the cache of kinit: a ticket for the service itself, or one for the realm's tickets."""
    where, cache = _read_cache(configuration)
    owner, owner_realm = _names(cache.principal)
    realm = _realm_of(domain, domains, service, configuration, owner_realm) if domain else owner_realm
    if (user and user.casefold() != owner.casefold()) or realm.casefold() != owner_realm.casefold():
        reason = f"the ticket in {where} is {owner}@{owner_realm}'s"
        advice = "Run kinit for the account, give its password, or leave the account out."
        raise TicketError(reason, advice if realm else f"{advice} {_map_the_name(domain)}")
    with _kerberos_errors(owner, owner_realm, service):
        held = {_names(each["server"])[0].casefold(): each for each in cache.credentials}
        found = [held[name] for name in (service.casefold(), f"krbtgt/{owner_realm}".casefold()) if name in held]
        if not found:
            raise TicketError(f"{where} holds no ticket for {service}, nor one to ask with", "Run kinit.")
        ends = max(each["time"]["endtime"] for each in found)
        valid = [each for each in found if each["time"]["endtime"] > time.time()]
        if not valid:
            ended = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(ends))
            raise TicketError(f"the ticket in {where} expired at {ended}", "Run kinit again.")
        best = valid[0]
        if _names(best["server"])[0].casefold() == service.casefold():
            return Ticket(owner, owner_realm, best.toTGS())
        granting = types.Ticket().from_asn1(best.ticket["data"])
        key = Key(best["key"]["keytype"], best["key"]["keyvalue"])
        return _Client(owner, owner_realm, configuration, timeout).by_ticket(granting, key, service)


class _Client:
    """One account's exchanges with key distribution centres (RFC 4120, 3.1 and 3.3)."""

    def __init__(self, user: str, realm: str, configuration: Configuration, timeout: float) -> None:
        self._name = types.Principal(user, type=PrincipalNameType.NT_PRINCIPAL.value)
        self._realm = realm
        self._configuration = configuration
        self._timeout = timeout

    def by_password(self, password: str, service: str) -> Ticket:
        """Get a ticket to ask with, then the one for the service."""
        request = _Request(AS_REQ(), self._realm, f"krbtgt/{self._realm}", self._name)
        salt = self._realm + "".join(self._name.components)
        key = None
        try:
            answer = self._ask(self._realm, request.encoded())
        except KerberosError as error:
            if error.getErrorCode() != _PREAUTHENTICATION_REQUIRED:
                raise
            key = _key(password, salt, decoder.decode(error.getErrorPacket()["e-data"], asn1Spec=METHOD_DATA())[0])
            stamp = PA_ENC_TS_ENC()
            stamp["patimestamp"], stamp["pausec"] = _now()
            answer = self._ask(self._realm, request.encoded(_PA_ENC_TIMESTAMP, _sealed(key, 1, stamp)))
        reply = decoder.decode(answer, asn1Spec=AS_REP())[0]
        etype = int(reply["enc-part"]["etype"])
        if key is None or key.enctype != etype:
            key = _key(password, salt, reply["padata"], etype)
        # The account as the KDC spells it; from here on this spelling is compared.
        self._name = types.Principal().from_asn1(reply, "crealm", "cname")
        self._realm = str(reply["crealm"])
        return self.by_ticket(types.Ticket().from_asn1(reply["ticket"]), request.opened(reply, key, 3), service)

    def by_ticket(self, granting: Any, key: Any, service: str) -> Ticket:
        """Get the service's ticket for one that grants tickets, from realm to realm.

        A KDC refers to the next realm if it can (RFC 6806, 8). Over an external trust it does not. Then the service's
        realm follows from its name, as in MIT's Kerberos: by [domain_realm], or else by its DNS domain.
        """
        realm = self._realm
        target = ""
        for _unused in range(_MOST_REFERRALS):
            request = _Request(TGS_REQ(), realm, f"krbtgt/{target}" if target else service)
            proof = _sealed(key, 7, self._authenticator(_checksum(key, 6, request.body)))
            try:
                answer = self._ask(realm, request.encoded(_PA_TGS_REQ, _ap_request(granting, proof)))
            except KerberosError as error:
                if int(error.getErrorCode()) != _NO_SUCH_SERVICE:
                    raise
                if target:
                    raise _no_trust(realm, target, service) from None
                if realm != self._realm or not (target := self._realm_of_host(_host(service))):
                    raise
                continue
            reply = decoder.decode(answer, asn1Spec=TGS_REP())[0]
            key = request.opened(reply, key, 8)
            granting = types.Ticket().from_asn1(reply["ticket"])
            kind, *names = granting.service_principal.components
            if kind != "krbtgt":
                user = "/".join(self._name.components)
                cipher = _enctype_table[key.enctype]
                return Ticket(user, self._realm, {"KDC_REP": answer, "cipher": cipher, "sessionKey": key})
            (realm,) = names
            if realm.casefold() == target.casefold():
                target = ""
        raise TicketError(f"the realms refer from one to the other for {service}", "Check the trusts between them.")

    def _realm_of_host(self, host: str) -> str:
        """The realm of a host by its name; empty if that is the account's own."""
        realm = self._configuration.realm_of(host) or "".join(domains_of_host(host)[:1])
        return "" if realm.casefold() == self._realm.casefold() else realm

    def _authenticator(self, checksum: tuple[int, bytes]) -> Any:
        made = Authenticator()
        made["authenticator-vno"] = 5
        made["crealm"] = self._realm
        seq_set(made, "cname", self._name.components_to_asn1)
        made["cksum"] = noValue
        made["cksum"]["cksumtype"], made["cksum"]["checksum"] = checksum
        made["ctime"], made["cusec"] = _now()
        return made

    def _ask(self, realm: str, request: bytes) -> bytes:
        answer = _ask(realm, self._configuration.kdcs_of(realm), request, self._timeout)
        if answer.startswith(_KRB_ERROR):
            error = KerberosError(packet=decoder.decode(answer, asn1Spec=KRB_ERROR())[0])
            error.asked_realm = realm  # The realm in the packet is optional for some KDCs.
            raise error
        return answer


def _no_trust(realm: str, target: str, service: str) -> TicketError:
    name = ERROR_MESSAGES[_NO_SUCH_SERVICE][0]
    host = _host(service)
    return TicketError(
        f"the realm {realm} has no service {service}, and no trust with {target}, the realm of that name ({name})",
        f"Reach the host by the full name that it has in the domain. Check that {target} trusts {realm}. If {host} is "
        f"in another realm, name that in krb5.conf ([domain_realm] {host} = REALM).",
    )


class _Request:
    """A request for a ticket (RFC 4120, 5.4.1)."""

    def __init__(self, message: Any, realm: str, service: str, client: Any = None) -> None:
        self._message = message
        self._nonce = secrets.randbits(31)
        self._till = types.KerberosTime.to_asn1(datetime.now(timezone.utc) + timedelta(days=1))
        self._message["pvno"] = 5
        number = ApplicationTagNumbers.AS_REQ if client else ApplicationTagNumbers.TGS_REQ
        self._message["msg-type"] = int(number.value)
        names = (client, realm, types.Principal(service, type=PrincipalNameType.NT_SRV_INST.value))
        self._fill(seq_set(self._message, "req-body"), *names)
        # Its checksum is taken without the tag that it has as a part of the message.
        body = KDC_REQ_BODY()
        self._fill(body, *names)
        self.body: bytes = encoder.encode(body)

    def _fill(self, body: Any, client: Any, realm: str, service: Any) -> None:
        body["kdc-options"] = encodeFlags([KDCOptions.canonicalize.value])
        if client is not None:
            seq_set(body, "cname", client.components_to_asn1)
        body["realm"] = realm
        seq_set(body, "sname", service.components_to_asn1)
        body["till"] = self._till
        body["nonce"] = self._nonce
        seq_set_iter(body, "etype", _ETYPES)

    def encoded(self, kind: int | None = None, value: bytes = b"") -> bytes:
        """The message, with something that proves who asks."""
        if kind is not None:
            self._message["padata"] = noValue
            self._message["padata"][0] = noValue
            self._message["padata"][0]["padata-type"] = kind
            self._message["padata"][0]["padata-value"] = value
        return bytes(encoder.encode(self._message))

    def opened(self, reply: Any, key: Any, usage: int) -> Any:
        """The session key in the answer."""
        sealed = reply["enc-part"]
        if int(sealed["etype"]) != key.enctype:
            raise ValueError("another type of encryption than asked for")
        plain = decrypt(key, usage, sealed["cipher"].asOctets())
        # Some call both kinds by the tag of one, as MIT's does (RFC 4120, 5.4.2).
        part = decoder.decode(plain, asn1Spec=EncTGSRepPart() if plain[:1] == _ENC_TGS_REP_PART else EncASRepPart())[0]
        if int(part["nonce"]) != self._nonce:
            raise ValueError("it answers another question")
        ticket = reply["ticket"]
        # The names in the ticket are not sealed, and the next realm to ask follows from them.
        if _service_of(part, "srealm") != _service_of(ticket, "realm"):
            raise ValueError("its ticket is for another service")
        return Key(int(part["key"]["keytype"]), part["key"]["keyvalue"].asOctets())


def _service_of(value: Any, realm: str) -> tuple[str, ...]:
    return (str(value[realm]), *(str(part) for part in value["sname"]["name-string"]))


def _key(password: str, salt: str, hints: Any, etype: int | None = None) -> Any:
    """The key that a password makes, of the type that the KDC prefers or has used (RFC 4120, 5.2.7.5)."""
    for hint in hints:
        if int(hint["padata-type"]) != _PA_ETYPE_INFO2:
            continue
        for entry in decoder.decode(hint["padata-value"], asn1Spec=ETYPE_INFO2())[0]:
            kind = int(entry["etype"])
            if kind not in _ETYPES or etype not in (None, kind):
                continue
            given = bytes(entry["salt"]) if entry["salt"].hasValue() else salt.encode()
            parameters = entry["s2kparams"].asOctets() if entry["s2kparams"].hasValue() else _ITERATIONS
            return _made_key(kind, password, given, int.from_bytes(parameters, "big"))
    if etype not in _ETYPES:
        raise ValueError("no type of encryption that is known here")
    return _made_key(etype, password, salt.encode(), int.from_bytes(_ITERATIONS, "big"))


def _made_key(etype: int, password: str, salt: bytes, iterations: int) -> Any:
    if etype == _RC4:
        return string_to_key(etype, password, salt)
    if iterations > _MOST_ITERATIONS:
        raise ValueError("a key that takes too long to make")
    # RFC 3962, 4. impacket's own is written in Python and slow.
    cipher = _enctype_table[etype]
    seed = hashlib.pbkdf2_hmac("sha1", password.encode(), salt, iterations, cipher.seedsize)
    return cipher.derive(cipher.random_to_key(seed), b"kerberos")


def _sealed(key: Any, usage: int, value: Any) -> bytes:
    sealed = EncryptedData()
    sealed["etype"] = key.enctype
    sealed["cipher"] = _enctype_table[key.enctype].encrypt(key, usage, encoder.encode(value), None)
    return bytes(encoder.encode(sealed))


def _ap_request(ticket: Any, proof: bytes) -> bytes:
    """A ticket with the proof that it is ours (RFC 4120, 5.5.1)."""
    made = AP_REQ()
    made["pvno"] = 5
    made["msg-type"] = int(ApplicationTagNumbers.AP_REQ.value)
    made["ap-options"] = encodeFlags([])
    seq_set(made, "ticket", ticket.to_asn1)
    sealed = decoder.decode(proof, asn1Spec=EncryptedData())[0]
    made["authenticator"] = noValue
    for name in ("etype", "cipher"):
        made["authenticator"][name] = sealed[name]
    return bytes(encoder.encode(made))


def _checksum(key: Any, usage: int, text: bytes) -> tuple[int, bytes]:
    kind = _CHECKSUMS[key.enctype]
    return kind, make_checksum(kind, key, usage, text)


def _now() -> tuple[str, int]:
    now = datetime.now(timezone.utc)
    return types.KerberosTime.to_asn1(now), now.microsecond


def _ask(realm: str, kdcs: Sequence[tuple[str, int]], request: bytes, timeout: float) -> bytes:
    """The answer of the first of a realm's KDCs that gives one (RFC 4120, 7.2.2)."""
    failures = []
    for host, port in kdcs:
        try:
            until = time.monotonic() + timeout
            with socket.create_connection((host, port), timeout) as connection:
                connection.sendall(struct.pack("!L", len(request)) + request)
                (length,) = struct.unpack("!L", receive(connection, 4, until))
                if length > _LONGEST_ANSWER:
                    raise OSError(f"an answer of {length} bytes")
                return receive(connection, length, until)
        except (OSError, UnicodeError) as error:  # the latter for a name that no host can have
            reason = (
                f"no answer in {timeout:g} seconds"
                if isinstance(error, TimeoutError)
                else getattr(error, "strerror", "") or error
            )
            failures.append(f"{host} port {port}: {reason}")
    raise _NoController(
        f"no domain controller of {realm} answers for Kerberos ({'; '.join(failures)})",
        f"Name them in krb5.conf ([realms] {realm} = {{ kdc = ... }}), or let the realm's name resolve to them.",
    )


@contextmanager
def _kerberos_errors(user: str, realm: str, service: str) -> Iterator[None]:
    try:
        yield
    except TicketError:
        raise
    except KerberosError as error:
        code = int(error.getErrorCode())
        name = ERROR_MESSAGES.get(code, (f"error {code}",))[0]
        realm = getattr(error, "asked_realm", realm)
        reason, advice = _REFUSALS.get(code, ("the realm {realm} gives no ticket for {service}", "Look the error up."))
        text = f"{reason.format(user=user, realm=realm, service=service)} ({name})"
        raise TicketError(text, advice, wrong_password=code == _PREAUTHENTICATION_FAILED) from None
    except InvalidChecksum:
        # A KDC without pre-authentication answers with data that only the password can decrypt.
        reason = "the password is wrong, or the KDC's answer was changed"
        raise TicketError(reason, "Check the password.", wrong_password=True) from None
    except Exception as error:
        # The parsers of impacket and pyasn1 raise exceptions of many kinds.
        reason = " ".join(str(error).split())[:300] or type(error).__name__
        advice = (
            "Check that krb5.conf names the realm's own KDCs; if it is kinit's ticket that is used, run kinit again."
        )
        raise TicketError(f"the KDC's answer, or the ticket, cannot be used ({reason})", advice) from None


# -- the ticket that kinit left


def _read_cache(configuration: Configuration) -> tuple[str, Any]:
    name = os.environ.get("KRB5CCNAME") or configuration.cache
    kind, colon, path = name.partition(":")
    if not colon:
        kind, path = "FILE", name
    if kind not in ("FILE", "WRFILE"):
        reason = f"tickets are kept in {name}, and only files can be read here"
        raise TicketError(reason, "Set KRB5CCNAME to the path of a file, and run kinit again.")
    try:
        content = read_file(Path(path))
    except OSError as error:
        raise TicketError(
            f"there is no Kerberos ticket ({path}: {error.strerror or error})",
            "Run kinit, let KRB5CCNAME name the file of the ticket, or give user@REALM and its password.",
        ) from None
    try:
        cache = CCache(content)
        _names(cache.principal)
    except Exception as error:
        # See _kerberos_errors.
        raise TicketError(f"{path} is no file of tickets ({type(error).__name__})", "Run kinit again.") from None
    return path, cache


def _names(principal: Any) -> tuple[str, str]:
    """A cached principal's name and realm."""
    parts = [part["data"].decode() for part in principal.components]
    return "/".join(parts), principal.realm["data"].decode()
