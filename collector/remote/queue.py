"""Puts what is to be sent beside what is committed, in the same transaction: what was acknowledged is not forgotten."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import cramjam
import msgspec
from sqlalchemy import Connection

from collector.evidence.model import Taken
from collector.remote.samples import Entry, count
from collector.remote.settings import NO_END, Endpoint
from collector.store import outbound

RESULTS, SAMPLES = 500, 5000
"""Results and samples after which a row is full: about one request."""
LEVEL = 1
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[Entry]).decode


class Outbound:
    """What of a commit goes to which of `endpoints`. ``least_age`` (µs) is the age on arrival from which any of them
    wants a result; NO_END where there are none."""

    def __init__(self, endpoints: Sequence[Endpoint]) -> None:
        self._endpoints = [(endpoint.name, endpoint.least_age) for endpoint in endpoints]
        self.least_age = min((age for _, age in self._endpoints), default=NO_END)

    def keep(self, connection: Connection, taken: Sequence[Taken], now: int) -> None:
        """Appends `taken`, none younger than ``least_age``, to the queues that want it. Raises SQLAlchemyError."""
        rows = [
            {"endpoint": name, "at": now, **row}
            for age in sorted({age for _, age in self._endpoints})
            for row in _rows([one for one in taken if now - one.at >= age])
            for name, wanted in self._endpoints
            if wanted == age
        ]
        if rows:
            outbound.add(connection, rows)


def _rows(taken: Iterable[Taken]) -> Iterator[dict[str, object]]:
    """Rows of at most RESULTS results, and of about SAMPLES samples."""
    part: list[Entry] = []
    samples = 0
    for one in taken:
        part.append(Entry(one.unit, one.device, one.at, one.raw))
        samples += count(one.result)
        if len(part) >= RESULTS or samples >= SAMPLES:
            yield _row(part, samples)
            part, samples = [], 0
    if part:
        yield _row(part, samples)


def _row(part: list[Entry], samples: int) -> dict[str, object]:
    body = bytes(cramjam.zstd.compress(_encode(part), LEVEL))
    return {"oldest": min(each.at for each in part), "samples": samples, "size": len(body), "body": body}


def unpack(body: bytes) -> list[Entry]:
    """The results of a row. Raises ValueError when it is damaged."""
    try:
        return _decode(bytes(cramjam.zstd.decompress(body)))
    except (cramjam.DecompressionError, msgspec.MsgspecError) as why:
        raise ValueError(f"a row cannot be read: {why}") from None
