"""What holds of every window, whatever was seen in it."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from checks.kit.model import Reason
from checks.kit.segment import Segment
from collector.attribution.attribute import attribute
from collector.attribution.model import Observation
from tests.collector.attribution.attribute_small import NOW, TARGETS, TOPOLOGY, UNITS, round_of

DEVICES = [*sorted(TOPOLOGY.units), "stranger"]
ANY = st.builds(
    Observation,
    device=st.sampled_from(DEVICES),
    at=st.integers(NOW, NOW + 5).map(lambda at: NOW + (at - NOW) * 60_000_000),
    target=st.sampled_from([*TARGETS, "", "unheard-of"]),
    ok=st.sampled_from([True, True, False, False, None]),
    reason=st.sampled_from([*(reason.value for reason in Reason), "", "new_word"]),
    check=st.sampled_from(["connectivity", "lan", "dns", "power", "uplink", "storage", "signing_service"]),
    reach=st.sampled_from(list(Segment)),
)
WINDOWS = st.lists(ANY, max_size=60)
FAULTS = st.lists(
    st.one_of(
        st.tuples(st.just("unit"), st.sampled_from(UNITS)),
        st.tuples(st.just("device"), st.sampled_from(DEVICES[:-1])),
        st.tuples(st.just("target"), st.sampled_from(TARGETS)),
    ),
    max_size=1,
)


@settings(deadline=None)
@given(WINDOWS, st.randoms(use_true_random=False))
def test_the_order_and_repetition_of_observations_do_not_matter(
    window: list[Observation], chance: random.Random
) -> None:
    shuffled = [*window, *window[::2]]
    chance.shuffle(shuffled)
    assert attribute(shuffled, TOPOLOGY) == attribute(window, TOPOLOGY)


@settings(deadline=None)
@given(WINDOWS)
def test_no_failure_and_no_silence_is_no_finding(window: list[Observation]) -> None:
    assert attribute([one for one in window if one.ok], TOPOLOGY) == []


@settings(deadline=None)
@given(WINDOWS)
def test_every_finding_rests_on_observations_of_its_own(window: list[Observation]) -> None:
    """It explains at least one failure or silence, of a device that it names, at a time when one was seen."""
    findings = attribute(window, TOPOLOGY)
    bad = [one for one in window if not one.ok]
    for found in findings:
        assert found.failing >= 1
        assert 0 < found.confidence <= 1
        assert found.first <= found.last
        assert any(one.device in found.devices and one.at == found.last for one in bad)
        assert {TOPOLOGY.units[device] for device in found.devices} == set(found.units)
        assert found.segment not in found.also
    assert len({one.key for one in findings}) == len(findings)


@settings(deadline=None)
@given(FAULTS, st.sampled_from(DEVICES[:-1]), st.sampled_from(TARGETS))
def test_a_success_blames_no_part_of_its_way(faults: list[tuple[str, str]], device: str, target: str) -> None:
    """Where a way that one fault stops is seen to work all the same, nothing on it is newly named."""

    def window(spared: bool) -> list[Observation]:
        return round_of(
            lambda p: (
                any(getattr(p, kind) == subject for kind, subject in faults)
                and not (spared and (p.device, p.target) == (device, target))
            )
        )

    before = {one.key for one in attribute(window(False), TOPOLOGY)}
    network = TOPOLOGY.networks.get(target, "internet")
    unit = TOPOLOGY.units[device]
    way = {
        (Segment.DEVICE, "", device), (Segment.LAN, "", unit), (Segment.ACCESS, network, unit),
        (Segment.PROVIDER, network, TOPOLOGY.line(unit, network).provider), (Segment.DESTINATION, "", target),
    }  # fmt: skip
    assert not ({one.key for one in attribute(window(True), TOPOLOGY)} - before) & way
