"""A signer's desk for tests: the check of tokens in its real form, between a real PC/SC and real PKCS#11 modules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from checks import signing_token
from checks.kit import child, token
from checks.kit.model import Child, Env, Reading, decode_params
from checks.kit.token import Ask, Module
from tests.checks.conftest import environment
from tests.lab.authorities import G1_ISSUING, G1_ROOT, G2_ISSUING, G2_ROOT, NOW
from tests.lab.softhsm import MODULE

SECRET = b"the device's own secret, 32 bytes"[:32]
ROOTS = [
    {"name": G2_ROOT, "generation": "g2", "ends": "2048", "issuers": [G2_ISSUING]},
    {"name": G1_ROOT, "generation": "g1", "ends": "2030", "issuers": [G1_ISSUING]},
]
"""The government's names without fingerprints: the tests' roots bear the names, and cannot bear those."""


class Children:
    """Real processes. ``answers`` is the JSON of all that they answered, in order."""

    def __init__(self) -> None:
        self.answers: list[bytes] = []

    def call(self, function: str, argument: Any, *, answer: type[Any], timeout: float, **more: Any) -> Any:
        found = child.call(function, argument, answer=answer, timeout=timeout, **more)
        self.answers.append(msgspec.json.encode(found))
        return found


def env(children: Child | None = None, secret: bytes = SECRET) -> Env:
    """The check's environment, for half a minute."""
    return msgspec.structs.replace(environment(child=children or Children(), seconds=60), secret=secret)


def check(modules: Sequence[str] = (MODULE,), *, children: Child | None = None, **params: Any) -> Reading:
    """One run with these modules, and the roots above."""
    given = {"modules": list(modules), "roots": ROOTS, **params}
    return signing_token.run(decode_params(signing_token.CHECK, given), env(children))


def read(path: str = MODULE, **asked: Any) -> Module:
    """What one module shows, read in a process of its own."""
    roots = msgspec.convert(ROOTS, tuple[token.Root, ...])
    ask = Ask(**{"path": path, "now": int(NOW.timestamp()), "roots": roots, "secret": SECRET, **asked})
    found: Module = child.call(token.FUNCTION, ask, answer=Module, timeout=60)
    return found


def links(reading: Reading) -> dict[str, tuple[float, str]]:
    """What the samples say of each link: whether it holds, and the reason."""
    return {
        sample.labels["link"]: (sample.value, sample.labels["reason"])
        for sample in reading.samples
        if sample.name == signing_token.HOLDS.name
    }
