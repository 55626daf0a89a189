"""A desk whose tokens are described by the real code, and the check of services at it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from checks import signing_service
from checks.kit import token
from checks.kit.host import Host, System
from checks.kit.model import Env, Reading, decode_params
from checks.kit.net import Lookup, Net
from checks.kit.token import Ask, Module, TokenSeen
from tests.checks.conftest import FixedClock, always, but_loopback, environment
from tests.lab.authorities import Signer
from tests.lab.desk import SECRET


class Place(Host):
    """A device of a kind that is not known to have a signing service of its own."""

    def __init__(self, name: str = "unknown") -> None:
        super().__init__()
        self._name = name

    def system(self) -> System:
        return System(self._name, "", "")


class Tokens:
    """Stands for the children that read modules: one token with these certificates, described by the real code."""

    def __init__(self, *signers: Signer) -> None:
        self._ders = [signer.der for signer in signers]

    def call(self, function: str, argument: Any, *, answer: type[Any], alone: bool = False, **_: Any) -> Any:
        assert (function, answer, alone) == (token.FUNCTION, Module, True)
        ask = msgspec.convert(msgspec.json.decode(msgspec.json.encode(argument)), Ask)
        certificates, malformed = token.Describer(ask).all(self._ders)
        seen = TokenSeen(
            manufacturer="", model="", initialised=True, hardware=True, pin="ok", unreadable=False,
            malformed=malformed, certificates=certificates,
        )  # fmt: skip
        return Module(name="here.so", tokens=[seen])


def desk(
    *signers: Signer,
    child: Any = None,
    lookup: Lookup | None = None,
    lasting: dict[str, Any] | None = None,
    wall: float | None = None,
    seconds: float = 60.0,
    system: str = "unknown",
) -> Env:
    """The check's environment: names lead to loopback, `wall` is the PC's clock in epoch seconds."""
    clock = FixedClock(None if wall is None else int(wall * 1e6))
    net = Net(lookup or always(), forbidden=but_loopback)
    found = environment(net, Place(system), seconds, clock, child or Tokens(*signers))
    kept = {} if lasting is None else lasting
    return msgspec.structs.replace(found, secret=SECRET, lasting=kept, meter=net._meter)


def check(env: Env, authorities: Sequence[Signer] = (), **params: Any) -> Reading:
    """One run, without a proxy; `authorities` are what the PC knows of issuers."""
    pems = [one.pem.decode() for one in authorities]
    given = {"proxy": "none", "modules": [__file__], "authorities": pems, **params}
    return signing_service.run(decode_params(signing_service.CHECK, given), env)


def links(reading: Reading) -> dict[str, tuple[float, str]]:
    """What the samples say of each link: whether it holds, and the reason."""
    return {
        sample.labels["link"]: (sample.value, sample.labels["reason"])
        for sample in reading.samples
        if sample.name == signing_service.HOLDS.name
    }
