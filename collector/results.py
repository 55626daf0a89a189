"""Devices' newest results, decoded once and kept until newer ones come."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from msgspec import Struct

from checks.kit.model import Result, Sample
from collector.readiness.model import Results
from collector.store.devices import Device
from collector.store.states import Latest, State

KEPT = 10_000
"""Devices whose results are kept decoded, those that changed last: 40 kB each where a device measures 14 systems. Of
more the rest is decoded whenever it is asked for."""
WORDS = 65_536
OF_ITS_PLACE = frozenset({"connectivity", "dns", "lan", "path", "uplink"})
"""Checks that speak of where a device stands: what they found before it was moved says nothing of its new unit."""
NOTHING = Results({})
_decode = msgspec.json.Decoder(Result).decode


class Held(Struct, frozen=True, gc=False):
    """What one state of a device came to."""

    state: State
    moved_at: int | None
    results: Results


class Decoded:
    """Asked by the sweep's thread and by pages at once. What it hands out nobody changes."""

    def __init__(self, kept: int = KEPT) -> None:
        self._kept, self._lock = kept, threading.Lock()
        self._held: dict[str, Held] = {}
        self._names: dict[str, str] = {}
        self._labels: dict[tuple[tuple[str, str], ...], dict[str, str]] = {}

    def of(self, device: Device, state: State) -> Results:
        """The newest results of `device` by (check, target), with their times on the collector's clock; of a device
        that was moved, those that say something of where it is now."""
        if not state.results:
            return NOTHING
        held = self._held.get(device.id)
        if held is not None and held.state is state and held.moved_at == device.moved_at:
            return held.results
        found = Results(dict(self._results(device, state, held)))
        with self._lock:
            self._held.pop(device.id, None)
            if len(self._held) >= self._kept:
                del self._held[next(iter(self._held))]
            self._held[device.id] = Held(state, device.moved_at, found)
        return found

    def _results(self, device: Device, state: State, held: Held | None) -> Iterator[tuple[tuple[str, str], Result]]:
        before = held.state.results if held is not None else {}
        for name, latest in state.results.items():
            key = _key(name)
            if device.moved_at is not None and latest.at < device.moved_at and key[0] in OF_ITS_PLACE:
                continue
            same = held.results.get(key) if held is not None and before.get(name) == latest else None
            yield key, same or self._decoded(latest)

    def _decoded(self, latest: Latest) -> Result:
        """The result as it was sent, with its time on the collector's clock. Names and labels, which thousands of
        devices have alike, are there once."""
        result = _decode(latest.raw)
        result.at = latest.at
        result.check, result.boot = self._name(result.check), self._name(result.boot)
        result.samples = tuple(self._samples(result.samples))
        result.facts = {self._name(name): value for name, value in result.facts.items()}
        return result

    def _samples(self, samples: Iterable[Sample]) -> Iterator[Sample]:
        for sample in samples:
            key = tuple(sample.labels.items())
            labels = self._labels.get(key)
            if labels is None:
                labels = shared(self._labels, key, sample.labels)
            yield Sample(self._name(sample.name), sample.value, labels)

    def _name(self, name: str) -> str:
        return self._names.get(name) or shared(self._names, name, name)


def shared(words: dict[Any, Any], key: Any, word: Any) -> Any:
    """Keeps and returns `word`. An agent may make up names: they are forgotten before they are too many."""
    if len(words) >= WORDS:
        words.clear()
    words[key] = word
    return word


def _key(key: str) -> tuple[str, str]:
    check, _, target = key.partition("|")
    return check, target
