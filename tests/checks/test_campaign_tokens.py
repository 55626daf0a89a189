"""The campaign that reads a token ten thousand times, in short: the token does not notice, and nothing stays behind."""

from __future__ import annotations

import msgspec
import pytest

from tests.checks import campaign_tokens
from tests.checks.campaign_tokens import Part

WELL = Part(
    name="module",
    runs=100,
    crashes=1,
    wrong=0,
    descriptors=(9, 9),
    processes=0,
    rss=0.0,
    slope=0.0,
    store_unchanged=True,
    pin=("count_low", "count_low"),
    wall=0.1,
    cpu=0.1,
)


@pytest.mark.parametrize("part", ["check", "module", "process"])
def test_many_readings_leave_the_token_and_the_agent_as_they_were(part: str) -> None:
    """Each form of reading, every fifth run of those in children with a module that crashes."""
    runs = {"check": 5, "module": 15, "process": 300}[part]
    (found,) = campaign_tokens.campaign([part], runs, every=5)
    assert found.faults() == []
    assert (found.runs, found.crashes) == (runs, 0 if part == "process" else runs // 5)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"wrong": 2}, "module: 2 readings were wrong"),
        ({"descriptors": (9, 10)}, "module: descriptors went from 9 to 10"),
        ({"processes": 1}, "module: 1 processes are left"),
        ({"rss": 3e6}, "module: memory rose by 2930 KiB"),
        ({"store_unchanged": False}, "module: SoftHSM's store changed"),
        ({"pin": ("count_low", "ok")}, "module: the state of the PIN went from count_low to ok"),
        ({"pin": ("ok", "ok")}, "module: the state of the PIN went from ok to ok"),
    ],
)
def test_the_campaign_would_say_so(changes: dict[str, object], words: str) -> None:
    """Each thing that must not be is a fault, and nothing else is."""
    assert WELL.faults() == []
    assert msgspec.structs.replace(WELL, **changes).faults() == [words]
