"""Devices' series in shards, for Prometheus to scrape apart: each unit is in one of them, by its code."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from collector.ingest import Refusal

MOST = 1024
SERIES = 50_000
"""Most series of a shard when the collector chooses how many there are: 0.6 MB with gzip, and parsed in a fraction of
a second."""
FEW = 0.7  # part of SERIES below which half as many shards do: their number does not swing
_HOST = re.compile(r"(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?", re.IGNORECASE)


class Shard(Struct, frozen=True):
    """The ``index``-th of ``count``, from 0."""

    index: int
    count: int

    def holds(self, unit: str) -> bool:
        return zlib.crc32(unit.encode()) % self.count == self.index

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"


def read(text: str) -> Shard:
    """``i/n``. Raises Refusal."""
    found = re.fullmatch(r"([0-9]{1,4})/([0-9]{1,4})", text)
    shard = Shard(int(found[1]), int(found[2])) if found else Shard(0, 0)
    if not 0 <= shard.index < shard.count <= MOST:
        raise Refusal(400, "bad_shard", f"a shard is i/n with 0 <= i < n <= {MOST}, such as 0/4; got {text[:40]!r}")
    return shard


def read_count(text: str) -> int:
    """Raises Refusal."""
    if not re.fullmatch(r"[0-9]{1,4}", text) or not 1 <= int(text) <= MOST:
        raise Refusal(400, "bad_shards", f"shards is a whole number from 1 to {MOST}; got {text[:40]!r}")
    return int(text)


def enough(series: Mapping[str, int], before: int = 1) -> int:
    """How many shards keep each to SERIES, given the `series` of each unit: a power of two, so that a growing city
    splits its shards and does not shuffle them. `before` is how many there were."""
    count = before
    while count > 1 and _largest(series, count // 2) <= FEW * SERIES:
        count //= 2
    while count < MOST and count < len(series) and _largest(series, count) > SERIES:
        count *= 2
    return count


def _largest(series: Mapping[str, int], count: int) -> int:
    sizes = [0] * count
    for unit, size in series.items():
        sizes[zlib.crc32(unit.encode()) % count] += size
    return max(sizes)


def targets(count: int, url: str) -> list[dict[str, Any]]:
    """Prometheus' HTTP service discovery (prometheus.io/docs/prometheus/latest/http_sd) of `count` shards at `url`.

    The label ``shard`` tells the targets apart: without it their ``up`` would be one series. Drop it from the samples
    (``metric_relabel_configs``), or series change their names with the number of shards.
    """
    parts = urlsplit(url)
    port = "" if parts.port else f":{443 if parts.scheme == 'https' else 80}"
    labels = {"__scheme__": parts.scheme, "__metrics_path__": f"{parts.path.rstrip('/')}/metrics/devices"}
    shards = (str(Shard(index, count)) for index in range(count))
    return [
        {"targets": [parts.netloc.rpartition("@")[2] + port], "labels": labels | {"__param_shard": text, "shard": text}}
        for text in shards
    ]


def here(scheme: str, host: str) -> str:
    """The address that a client used, by its ``Host``. Raises Refusal."""
    if not _HOST.fullmatch(host):
        raise Refusal(400, "bad_host", "the Host header names no address; set public_url in collector.yaml")
    return f"{scheme}://{host}"
