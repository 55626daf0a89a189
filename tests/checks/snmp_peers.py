"""Routers to ask: Debian's snmpd with a configuration of the test's own, and one that answers what it is told to."""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pyasn1.codec.ber import decoder, encoder  # type: ignore[import-untyped]
from pysnmp.proto import api, rfc1902, rfc1905

from tests.checks.datagrams import Datagrams

V2C = api.PROTOCOL_MODULES[api.SNMP_VERSION_2C]
COMMUNITY, USER, AUTH_KEY, PRIVACY_KEY = "doc-so-lieu", "giamsat", "khoa-xac-thuc-1", "khoa-ma-hoa-22"
SNMPD = f"""\
agentaddress {{listen}}
rocommunity {COMMUNITY} 127.0.0.1
rocommunity {COMMUNITY} 192.0.2.0/24
rocommunity6 {COMMUNITY} ::1
rocommunity6 {COMMUNITY} 2001:db8:1::/64
createUser {USER} SHA-256 {AUTH_KEY} AES {PRIVACY_KEY}
rouser {USER} authpriv
createUser signer SHA {AUTH_KEY}
rouser signer authnopriv
"""
TICK, C32, C64, TEXT, WHOLE = (
    rfc1902.TimeTicks, rfc1902.Counter32, rfc1902.Counter64, rfc1902.OctetString, rfc1902.Integer32,
)  # fmt: skip
IF, IFX = "1.3.6.1.2.1.2.2.1.", "1.3.6.1.2.1.31.1.1.1."


@contextlib.contextmanager
def snmpd(
    folder: Path, listen: str, more: str = "", start: Callable[..., subprocess.Popen[Any]] = subprocess.Popen
) -> Iterator[None]:
    """Debian's snmpd on the address `listen`, ended at the end; its persistent files are in `folder`."""
    configuration, log = folder / "snmpd.conf", folder / "snmpd.log"
    configuration.write_text(SNMPD.format(listen=listen) + more, "utf-8")
    log.unlink(missing_ok=True)
    state = ["env", f"SNMP_PERSISTENT_DIR={folder / 'state'}", "MIBS="]
    command = [*state, "snmpd", "-f", "-Lf", str(log), "-C", "-c", str(configuration)]
    process = start(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 20
        while not (log.exists() and "NET-SNMP version" in log.read_text("utf-8", "replace")):
            assert process.poll() is None, log.read_text("utf-8") if log.exists() else "snmpd ended"
            assert time.monotonic() < until, "snmpd does not start"
            time.sleep(0.02)
        yield
    finally:
        process.terminate()
        process.wait(10)


def router(**changes: Any) -> dict[str, Any]:
    """What a small router holds: interface 2 ``wan`` has the default route, 1 ``lan`` has not."""
    values: dict[str, Any] = {
        "1.3.6.1.2.1.1.1.0": TEXT("RouterOS RB750Gr3"),
        "1.3.6.1.2.1.1.2.0": rfc1902.ObjectIdentifier("1.3.6.1.4.1.14988.1"),
        "1.3.6.1.2.1.1.3.0": TICK(500_000),
        "1.3.6.1.4.1.14988.1.1.4.4.0": TEXT("7.15.3"),
        "1.3.6.1.2.1.4.21.1.2.0.0.0.0": WHOLE(2),
        "1.3.6.1.2.1.4.25.0": WHOLE(1),
    }
    for index, name in ((1, "lan"), (2, "wan")):
        values |= {
            f"{IFX}1.{index}": TEXT(name), f"{IF}2.{index}": TEXT(f"ether{index}"), f"{IF}3.{index}": WHOLE(6),
            f"{IFX}18.{index}": TEXT(f"alias of {name}"), f"{IF}8.{index}": WHOLE(1),
            f"{IFX}6.{index}": C64(1_000 * index), f"{IFX}10.{index}": C64(2_000 * index),
            f"{IFX}15.{index}": rfc1902.Gauge32(1000), f"{IFX}19.{index}": TICK(0),
            f"{IF}14.{index}": C32(3), f"{IF}20.{index}": C32(4), f"{IF}13.{index}": C32(5), f"{IF}19.{index}": C32(6),
        }  # fmt: skip
    return values | changes


class Responder(Datagrams):
    """A router on loopback that answers SNMP v2c from ``values``; ``spoil`` changes each answer's bytes, or drops it.

    ``largest`` is the most bindings an answer may have before it is tooBig, ``circle`` makes every walk endless.
    """

    def __init__(self, values: dict[str, Any], spoil: Callable[[bytes], bytes | None] = lambda answer: answer) -> None:
        self.values, self.spoil = values, spoil
        self.largest, self.circle, self.status = 100, False, 0
        super().__init__(self._say)

    def _say(self, question: bytes) -> bytes | None:
        return self.spoil(self._answer(question))

    def _answer(self, data: bytes) -> bytes:
        message, _ = decoder.decode(data, asn1Spec=V2C.Message())
        reply = V2C.apiMessage.get_response(message)
        asked, pdu = V2C.apiMessage.get_pdu(message), V2C.apiMessage.get_pdu(reply)
        if asked.isSameTypeWith(V2C.GetBulkRequestPDU()):
            count = int(V2C.apiBulkPDU.get_max_repetitions(asked))
            bindings = self._after(str(V2C.apiBulkPDU.get_varbinds(asked)[0][0]), count)
        else:
            names = [str(name) for name, _ in V2C.apiPDU.get_varbinds(asked)]
            bindings = [(name, self.values.get(name, rfc1905.noSuchInstance)) for name in names]
            if len(names) > self.largest:
                bindings = []
                V2C.apiPDU.set_error_status(pdu, 1)
        if self.status:
            V2C.apiPDU.set_error_status(pdu, self.status)
        V2C.apiPDU.set_varbinds(pdu, [(rfc1902.ObjectName(name), value) for name, value in bindings])
        return bytes(encoder.encode(reply))

    def _after(self, name: str, count: int) -> list[tuple[str, Any]]:
        if self.circle:
            column = next((oid for oid in (f"{IFX}1", f"{IF}2", f"{IFX}18", f"{IF}3") if name.startswith(oid)), name)
            return [(f"{column}.1", TEXT("again"))] * count
        ordered = sorted(self.values, key=_numbers)
        later = [(found, self.values[found]) for found in ordered if _numbers(found) > _numbers(name)][:count]
        return later or [(name, rfc1905.endOfMibView)]


def _numbers(name: str) -> tuple[int, ...]:
    return tuple(map(int, name.split(".")))
