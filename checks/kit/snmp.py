"""Asks a router over SNMP v2c or v3: :func:`ask`, in a child of its own.

pysnmp is imported here only, inside that child. Nothing of what was asked with, and nothing that an exception of the
library says, gets into an answer: both may hold a community or a key.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from checks.kit import router
from checks.kit.clock import SystemClock
from checks.kit.model import Reason
from checks.kit.survey import Access, Answer, Question, Snapshot, Survey, Value

EXTRA = "pysnmp is not installed: it comes with sansang[snmp]"
MAX_ROWS = 512
_DEPTH = 16
_AUTH = {
    "UnknownUserName", "UnknownSecurityName", "WrongDigest", "AuthenticationFailure", "AuthenticationError",
    "UnsupportedSecurityLevel", "DecryptionError", "NotInTimeWindow", "UnknownCommunityName",
}  # fmt: skip
_TOO_BIG, _NO_ACCESS, _AUTHORIZATION = 1, 6, 16  # error-status of RFC 3416 §3


def ask(argument: Any) -> Answer:
    """The child's function."""
    import asyncio

    question, answer = msgspec.convert(argument, Question), Answer()
    try:
        asyncio.run(asyncio.wait_for(_ask(question, answer), question.left))
    except ImportError:
        answer.problem, answer.detail = Reason.UNSUPPORTED, EXTRA
    except TimeoutError:
        answer.problem, answer.detail = Reason.SNMP_TIMEOUT, "the router's answers took too long"
    except Trouble as why:
        answer.problem, answer.detail = why.reason, why.detail
    except Exception as why:
        answer.problem, answer.detail = Reason.INTERNAL, f"the SNMP library raised {type(why).__name__}"
    return answer


class Trouble(Exception):
    """Why there is no answer, in words that are ours."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason, self.detail = reason, detail


def well_formed(datagram: bytes) -> bool:
    """Whether `datagram` is one whole BER element (X.690, definite lengths, as SNMP has), and so is all in it."""
    return _elements(datagram, 0) == 1


def _elements(data: bytes, depth: int) -> int:
    count = at = 0
    while at < len(data):
        if len(data) - at < 2 or depth > _DEPTH:
            return -1
        length, start = data[at + 1], at + 2
        if length & 0x80:
            start += length & 0x7F
            length = int.from_bytes(data[at + 2 : start], "big") if 0 < length & 0x7F <= 4 else len(data)
        inside = data[start : start + length]
        if start > len(data) or len(inside) != length or (data[at] & 0x20 and _elements(inside, depth + 1) < 0):
            return -1
        at, count = start + length, count + 1
    return count


async def _ask(question: Question, answer: Answer) -> None:
    for place, host in enumerate(question.hosts):
        session = await _Session.open(question, host, answer)
        try:
            answer.host = place
            await _read(session, question, answer)
            return
        except Trouble as why:
            if why.reason is not Reason.SNMP_TIMEOUT or answer.snapshots or place == len(question.hosts) - 1:
                raise
        finally:
            session.close()


async def _read(session: _Session, question: Question, answer: Answer) -> None:
    import asyncio

    known = question.survey
    if known is not None:
        answer.survey = known
        first = await session.counters(known)
        if router.clean(first.text("name") or first.text("descr")) == known.interface:
            answer.snapshots.append(first)
    if not answer.snapshots:
        answer.survey = await session.survey(question.interface)
        answer.snapshots.append(await session.counters(answer.survey))
    if question.settle and not answer.snapshots[0].down:
        await asyncio.sleep(question.settle)
        answer.snapshots.append(await session.counters(answer.survey or Survey()))


class _Session:
    """One router, asked with one access. ``damaged`` counts its datagrams that are no BER, ``whole`` the others."""

    def __init__(self, access: Access, target: Any) -> None:
        from pysnmp.hlapi.v3arch import asyncio as api

        self._api, self._engine, self._context = api, api.SnmpEngine(), api.ContextData()
        self._credentials, self._target = _credentials(api, access), target
        self._hidden, self._answered = access.level == "encrypted", False
        self.damaged = self.whole = 0

    @classmethod
    async def open(cls, question: Question, host: str, answer: Answer) -> _Session:
        from pysnmp.hlapi.v3arch import asyncio as api

        kind = api.Udp6TransportTarget if ":" in host else api.UdpTransportTarget
        target = await kind.create((host, question.port), timeout=question.timeout, retries=question.retries)
        session = cls(question.access, target)
        target.PROTO_TRANSPORT = _counting(kind.PROTO_TRANSPORT, session, answer)
        return session

    def close(self) -> None:
        self._engine.close_dispatcher()

    async def survey(self, wanted: str) -> Survey:
        """Finds the line's interface. Raises Trouble INTERFACE_MISSING."""
        system = await self.get(router.SYSTEM)
        columns = {name: await self._column(oid) for name, oid in router.COLUMNS.items() if wanted or name != "alias"}
        interfaces = router.rows(columns)
        if not interfaces:
            raise Trouble(Reason.SNMP_MISSING, "the router shows this account no interfaces")
        row, by = router.choose(interfaces, wanted, None if wanted else await self._default(system))
        if row is None:
            raise Trouble(Reason.INTERFACE_MISSING, _MISSING[by])
        ups = await self.get(router.UPS)
        addresses = [await self._walk(oid) for oid in router.ADDRESSES_6]
        told = {name: str(system.get(name, "")) for name in ("descr", "object_id", "mikrotik_version")}
        vendor, model, firmware = router.identify(*told.values())
        return Survey(
            index=row.index, interface=row.shown, chosen_by=by, vendor=vendor, model=model, firmware=firmware,
            ipv6=router.has_ipv6([oid for found in addresses for oid in found] if any(addresses) else None),
            ipv6_forwarding={1: "yes", 2: "no"}.get(_number(system, "ipv6_forwarding"), "unknown"),
            vlan=router.has_vlan(interfaces, system.get("vlans")), ups="yes" if "battery" in ups else "no",
        )  # fmt: skip

    async def counters(self, survey: Survey) -> Snapshot:
        """The interface's counters now. What the router lacks is absent."""
        values = await self.get(_of(router.COUNTERS, survey.index))
        mono = SystemClock().mono()  # not the middle of question and answer: the question may have been lost once
        values |= await self.get(_of(router.MORE, survey.index))
        if survey.ups == "yes":
            values |= await self.get(router.UPS)
        for name in (*router.COUNTERS, *router.MORE, *router.UPS):
            if name not in ("name", "descr") and isinstance(values.get(name), str):
                raise Trouble(Reason.SNMP_MALFORMED, "the router answered with text where a number belongs")
        return Snapshot(mono=mono, values=values)

    async def get(self, names: Mapping[str, str]) -> dict[str, Value]:
        """What the router has of `names`; in halves when it says that this is too much for one answer."""
        found = await self._send(self._api.get_cmd, list(names.values()))
        if found is None and len(names) > 1:
            parts = list(names.items())
            half = len(parts) // 2
            return await self.get(dict(parts[:half])) | await self.get(dict(parts[half:]))
        values = dict(found or [])
        if found is not None and set(values) - set(names.values()):
            raise Trouble(Reason.SNMP_MALFORMED, "the router answered what was not asked")
        return {name: value for name, oid in names.items() if (value := values.get(oid)) is not None}

    async def _column(self, oid: str) -> dict[int, Value]:
        return {rest[0]: value for rest, value in (await self._walk(oid)).items() if len(rest) == 1}

    async def _walk(self, oid: str) -> dict[tuple[int, ...], Value]:
        """Everything below `oid`, by what follows it; MAX_ROWS at most. A router that goes in circles ends it."""
        found: dict[tuple[int, ...], Value] = {}
        last, base = oid, oid + "."
        while len(found) < MAX_ROWS:
            got = await self._send(self._api.bulk_cmd, [last], 0, 24)
            for name, value in got or []:
                rest = tuple(map(int, name[len(base) :].split("."))) if name.startswith(base) else ()
                if not rest or value is None or rest in found:
                    return found
                found[rest], last = value, name
            if not got:
                break
        return found

    async def _default(self, system: Mapping[str, Value]) -> int | None:
        index = system.get("default_index")
        if isinstance(index, int) and index:
            return index
        for oid in (*router.DEFAULT_ROUTES, router.DEFAULT_ROUTE_6):
            for value in (await self._walk(oid)).values():
                if isinstance(value, int) and value:
                    return value
        return None

    async def _send(self, command: Any, oids: list[str], *how: int) -> list[tuple[str, Value | None]] | None:
        """(OID, value or None) for each binding; None when the router says that the answer were too big."""
        api = self._api
        bindings = [api.ObjectType(api.ObjectIdentity(oid)) for oid in oids]
        wrong, status, _, answered = await command(
            self._engine, self._credentials, self._target, self._context, *how, *bindings, lookupMib=False
        )
        if wrong:
            raise self._trouble(type(wrong).__name__)
        self._answered = True
        if int(status) == _TOO_BIG:
            return None
        if int(status) in (_NO_ACCESS, _AUTHORIZATION):
            raise Trouble(Reason.SNMP_AUTH, "the router does not let this account read")
        if int(status):
            raise Trouble(Reason.SNMP_MISSING, f"the router answered with the error status {int(status)}")
        return [(str(name), _value(value)) for name, value in answered]

    def _trouble(self, wrong: str) -> Trouble:
        if wrong == "RequestTimedOut" and self.damaged:
            return Trouble(Reason.SNMP_MALFORMED, "the router's answers are cut off or no SNMP")
        if wrong == "RequestTimedOut" and self._hidden and self.whole and not self._answered:
            # it told its engine id, then was silent: what it cannot decrypt it drops without a word (net-snmp)
            return Trouble(
                Reason.SNMP_AUTH, "the router leaves encrypted questions unanswered: the privacy key is wrong"
            )
        if wrong == "RequestTimedOut":
            return Trouble(Reason.SNMP_TIMEOUT, "no answer in time: SNMP is off, or closed to this device")
        if wrong in _AUTH:
            return Trouble(Reason.SNMP_AUTH, f"the router refuses the account: {wrong}")
        return Trouble(Reason.SNMP_MALFORMED, f"the router's answer cannot be understood: {wrong}")


_MISSING = {
    "declared": "the router has no interface of the declared name",
    "several": "several interfaces of the router have the declared name",
    "default_route": "the router does not say which interface its default route takes: declare it",
}


def _of(names: Mapping[str, str], index: int) -> dict[str, str]:
    return {name: oid.replace("{i}", str(index)) for name, oid in names.items()}


def _number(values: Mapping[str, Value], name: str) -> int:
    found = values.get(name)
    return found if isinstance(found, int) else 0


def _value(value: Any) -> Value | None:
    """A number, a text or a dotted OID; None for what is not there, or of another kind."""
    from pysnmp.proto import rfc1902

    if isinstance(value, rfc1902.IpAddress | rfc1902.Opaque):
        return None
    if isinstance(value, rfc1902.OctetString):
        return bytes(value).decode("utf-8", "replace")
    if isinstance(value, rfc1902.ObjectIdentifier):
        return str(value)
    numbers = (rfc1902.Integer32, rfc1902.Integer, rfc1902.Unsigned32, rfc1902.Counter32, rfc1902.Counter64)
    return int(value) if isinstance(value, (*numbers, rfc1902.Gauge32, rfc1902.TimeTicks)) else None


def _credentials(api: Any, access: Access) -> Any:
    if access.version != "3":
        return api.CommunityData(access.community, mpModel=1)
    signing = {
        "SHA": api.USM_AUTH_HMAC96_SHA, "SHA-224": api.USM_AUTH_HMAC128_SHA224, "SHA-256": api.USM_AUTH_HMAC192_SHA256,
        "SHA-384": api.USM_AUTH_HMAC256_SHA384, "SHA-512": api.USM_AUTH_HMAC384_SHA512, "MD5": api.USM_AUTH_HMAC96_MD5,
    }  # fmt: skip
    hiding = {
        "AES": api.USM_PRIV_CFB128_AES, "AES-192": api.USM_PRIV_CFB192_AES, "AES-256": api.USM_PRIV_CFB256_AES,
        "DES": api.USM_PRIV_CBC56_DES,
    }  # fmt: skip
    given: dict[str, Any] = {}
    if access.auth_key:
        given |= {"authKey": access.auth_key, "authProtocol": signing[access.auth_protocol]}
    if access.auth_key and access.privacy_key:
        given |= {"privKey": access.privacy_key, "privProtocol": hiding[access.privacy_protocol]}
    return api.UsmUserData(access.user, **given)


def _counting(base: Any, session: _Session, answer: Answer) -> Any:
    """`base`, a transport of pysnmp, with a meter."""

    class Counting(base):  # type: ignore[misc]
        def datagram_received(self, datagram: bytes, transportAddress: Any) -> None:  # noqa: N803 - pysnmp's own
            answer.received += len(datagram)
            whole = well_formed(datagram)
            session.whole, session.damaged = session.whole + whole, session.damaged + (not whole)
            super().datagram_received(datagram, transportAddress)

        def send_message(self, outgoingMessage: bytes, transportAddress: Any) -> None:  # noqa: N803
            answer.sent += len(outgoingMessage)
            super().send_message(outgoingMessage, transportAddress)

    return Counting
