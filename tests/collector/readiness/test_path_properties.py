"""The shortest path against every possible one, and the verdict after it was walked."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from checks.kit.model import Scalar
from collector.readiness.evaluate import evaluate
from collector.readiness.model import DeviceFacts, UnitFacts, Verdict
from collector.readiness.path import shortest
from collector.readiness.prices import Item
from collector.readiness.profile import Band
from tests.collector.readiness.cities import NOW, failed, line, pc, profile, ran, reach, states, unit
from tests.collector.readiness.pricelists import item, listed

GOOD: dict[str, Scalar] = {"age": 1, "memory": 8, "disk": 90, "fans": 1}
AT_LEAST_8 = Band(">=", 8.0)
HALF = line("disk", scope="unit", aggregate="ratio", where=Band(">=", 50.0), ready=Band(">=", 60.0),
            at_risk=Band(">=", 30.0), unit="%", scale=100.0)  # fmt: skip
SEVERAL = line("fans", scope="unit", aggregate="count", where=Band(">", 0.0), ready=Band(">=", 2.0), at_risk=None)
PROFILE = profile(line("age"), line("memory", ready=AT_LEAST_8, at_risk=None), HALF, SEVERAL)
NAMES = ("age", "memory", "disk", "fans")
facts = st.fixed_dictionaries(
    {
        "age": st.sampled_from([1, 6, 9]),
        "memory": st.sampled_from([2, 8]),
        "disk": st.sampled_from([10, 90]),
        "fans": st.sampled_from([0, 1]),
    }
)
met = st.lists(st.sampled_from(NAMES), min_size=1, unique=True)
costs = st.integers(0, 5)


def judged(devices: Iterable[DeviceFacts]) -> Verdict:
    return evaluate(PROFILE, unit(*devices), NOW, None).verdict


def mended(device: DeviceFacts, requirements: Iterable[str]) -> DeviceFacts:
    """The device once something that meets `requirements` was done to it."""
    told = dict(device.results["device", ""].facts)
    return pc(device.id, states(**{**told, **{name: GOOD[name] for name in requirements}}))


@st.composite
def offers(draw: st.DrawFn) -> list[Item]:
    """Up to two things for a device and one for the unit."""
    found = [item(f"d{index}", *draw(met), price=draw(costs)) for index in range(draw(st.integers(0, 2)))]
    return [*found, *[item("u", *draw(met), per="unit", price=draw(costs)) for _ in range(draw(st.integers(0, 1)))]]


def cheapest(devices: list[DeviceFacts], items: list[Item]) -> int | None:
    """The least cost that makes the unit ready, by judging it after everything that can be done."""
    choices = [(one, device.id) for one in items if one.per == "device" for device in devices]
    choices += [(one, "") for one in items if one.per == "unit"]
    best = None
    for taken in product([False, True], repeat=len(choices)):
        chosen = [choice for choice, did in zip(choices, taken, strict=True) if did]
        cost = sum(one.price or 0 for one, _ in chosen)
        if best is not None and cost >= best:
            continue
        after = [
            mended(device, [name for one, place in chosen if place in ("", device.id) for name in one.meets])
            for device in devices
        ]
        if judged(after) is Verdict.READY:
            best = cost
    return best


@settings(max_examples=60, deadline=None)
@given(st.lists(facts, min_size=2, max_size=3), offers())
def test_no_other_way_costs_less(values: list[dict[str, Scalar]], items: list[Item]) -> None:
    """A unit that something makes ready has a path of that cost; one that nothing does names what is unmet."""
    devices = [pc(f"p{index}", states(**each)) for index, each in enumerate(values)]
    path = shortest(PROFILE, unit(*devices), evaluate(PROFILE, unit(*devices), NOW, None), listed(*items))
    best = cheapest(devices, items)
    assert (best is None) == bool(path.unmet)
    assert path.exact
    if best is not None:
        assert path.cost == best


SHOP = [
    item("module", "memory", price=900),
    item("ssd", "disk", price=1200),
    item("fan", "fans", price=100),
    item("pc", *NAMES, price=15000, roles=("pc",)),
]


@settings(max_examples=60, deadline=None)
@given(st.lists(facts, min_size=2, max_size=12))
def test_whoever_walks_the_path_is_ready(values: list[dict[str, Scalar]]) -> None:
    """And every fix is needed: without any single one the unit is not."""
    devices = [pc(f"p{index:02}", states(**each)) for index, each in enumerate(values)]
    path = shortest(PROFILE, unit(*devices), evaluate(PROFILE, unit(*devices), NOW, None), listed(*SHOP))
    assert not path.unmet
    meets = {one.id: one.meets for one in SHOP}
    steps = [(fix.item, device) for fix in path.fixes for device in fix.devices]
    assert len(steps) == sum(fix.quantity for fix in path.fixes)
    assert judged(_after(devices, steps, meets)) is Verdict.READY
    for step in steps:
        assert judged(_after(devices, [one for one in steps if one != step], meets)) is not Verdict.READY


def _after(
    devices: list[DeviceFacts], steps: list[tuple[str, str]], meets: dict[str, frozenset[str]]
) -> list[DeviceFacts]:
    return [
        mended(device, [name for thing, place in steps if place == device.id for name in meets[thing]])
        for device in devices
    ]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=12))
def test_after_what_is_reported_and_looked_at_was_mended_all_systems_answer(runs: list[tuple[bool, bool]]) -> None:
    """Two systems, each reached or not by each PC."""
    both = profile(reach(targets="all"))
    names = ("portal", "mail")
    devices = [
        pc(f"p{index:02}", *[ran("connectivity", name) if ok else failed(name, "tcp_timeout")
                             for name, ok in zip(names, each, strict=True)])
        for index, each in enumerate(runs)
    ]  # fmt: skip
    outside = [
        item("operator", "now", per="target", when="all_devices", price=0),
        item("cable", "now", when="some_devices", price=0),
        item("provider", "now", per="unit", when="all_targets", price=0),
    ]
    before = unit(*devices)
    path = shortest(both, before, evaluate(both, before, NOW, None), listed(*outside))
    assert not path.unmet
    whole = any(fix.item == "provider" for fix in path.fixes)
    reported = {name for fix in path.fixes if fix.item == "operator" for name in fix.targets}
    looked = {device for fix in path.fixes for device in fix.devices}
    by_hand = {name for index, name in enumerate(names) if any(each[index] for each in runs)}
    after: UnitFacts = unit(*(_reaching(one, whole, reported, looked, by_hand) for one in devices))
    assert evaluate(both, after, NOW, None).verdict is Verdict.READY


def _reaching(device: DeviceFacts, whole: bool, reported: set[str], looked: set[str], by_hand: set[str]) -> DeviceFacts:
    """The device after: a system that no PC reached is mended by a report only, another one by looking at the PC."""
    results = {
        key: ran(*key) if whole or key[1] in reported or (device.id in looked and key[1] in by_hand) else result
        for key, result in device.results.items()
    }
    return replace(device, results=results)
