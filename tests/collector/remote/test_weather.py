"""A receiver that does everything receivers do, by a seed: what it can take arrives, and only that is dropped which it
never takes."""

from __future__ import annotations

import random

import pytest
from aiohttp import web

from tests.collector.pushing import Sender, enrolled, wall
from tests.collector.remote.conftest import Make
from tests.collector.remote.receiver import Fake, Sample, take
from tests.collector.remote.wire import MINUTE, SAMPLES

RESULTS = 120
LARGEST = 150
"""Samples of one request that it takes."""


class Weather:
    """Answers of a receiver on a bad day; ``poison`` are samples that it never takes."""

    def __init__(self, seed: int, poison: set[int]) -> None:
        self._chance, self._poison = random.Random(seed), poison
        self.lost_answers = 0
        self.shut = 5
        """After so many requests it takes nothing for a while."""

    def answer(self, fake: Fake, samples: list[Sample]) -> web.StreamResponse:
        if 0 < self.shut < len(fake.requests):
            return web.Response(status=503, headers={"Retry-After": "600"})
        if len(samples) > LARGEST:
            return web.Response(status=413)
        if any(when in self._poison and dict(labels).get("outcome") == "ok" for labels, when, _ in samples):
            return web.Response(status=400, text="duplicate sample for timestamp")
        mood = self._chance.random()
        if mood < 0.1:
            return web.Response(status=self._chance.choice([429, 500, 502, 503, 401, 404]))
        if mood < 0.2:
            fake.taken += samples
            self.lost_answers += 1
            return web.Response(status=504)
        return take(fake, samples)


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_in_any_weather_everything_good_arrives_and_only_the_bad_is_dropped(make: Make, seed: int) -> None:
    """Refusals, outages, answers that are lost, a sender that is stopped and started: each point at its time with its
    value, each poisoned one counted once."""
    wire = make(max_samples=400)
    pc, now = enrolled(wire.store, Sender()), wall()
    results = [pc.result(now - (60 + number) * MINUTE) for number in range(RESULTS)]
    wire.put(pc, *results)
    chance = random.Random(seed)
    poison = {each.at // 1000 for each in chance.sample(results, 4)}
    weather = Weather(seed, poison)
    wire.fake.answer = weather.answer
    async with wire.sending():
        await wire.until(lambda: len(wire.fake.requests) > weather.shut)
    weather.shut = 0
    dropped_before = wire.meter("dropped_samples_total", reason="duplicate")
    wire.sender = wire.new_sender()
    await wire.sent()
    taken = {(labels, when): value for labels, when, value in wire.fake.taken}
    assert len(taken) == len(set(wire.fake.taken)) == RESULTS * SAMPLES - len(poison)
    assert {when for _, when in taken} == {each.at // 1000 for each in results}
    assert wire.meter("dropped_samples_total", reason="duplicate") - dropped_before == len(poison)
    assert weather.lost_answers > 0
    assert wire.meter("dropped_samples_total", reason="refused") == 0
