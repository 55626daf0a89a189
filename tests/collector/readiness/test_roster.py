"""What the roster adds to the facts: how many devices there should be, and when a PC was bought."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from collector.readiness.evaluate import evaluate
from collector.readiness.judge import judge
from collector.readiness.model import UnitFacts, Verdict
from collector.readiness.scene import Scene
from tests.collector.readiness.cities import FRESHNESS, HOUR, NOW, line, pc, profile, reach, states, unit

AGE = line("pc_age", name="age_years", unit="years", roles=("pc",))
YEAR = 365.2425 * 86400
NOW_SECONDS = NOW // 1_000_000


def bought(years: float) -> int:
    return int(NOW_SECONDS - years * YEAR)


def scene(facts: UnitFacts) -> Scene:
    return Scene(facts, FRESHNESS, NOW)


def test_the_purchase_date_decides_over_what_the_pc_shows() -> None:
    """A firmware update makes an old PC look young."""
    judged = judge(AGE, scene(unit(pc("a", states(age_years=2.0), purchased=bought(9.04)))))
    assert (judged.state, judged.value, judged.evidence[0].basis) == (Verdict.NOT_READY, 9.0, "purchase_date")


def test_the_purchase_date_tells_an_age_that_the_pc_cannot() -> None:
    """Most firmware is silent or wrong."""
    for results in ((), (states(age_years=None),)):
        judged = judge(AGE, scene(unit(pc("a", *results, purchased=bought(4.0)))))
        assert (judged.state, judged.value, judged.coverage) == (Verdict.READY, 4.0, 1.0)


def test_without_a_purchase_date_the_pc_itself_is_asked() -> None:
    """As before there was a roster."""
    judged = judge(AGE, scene(unit(pc("a", states(age_years=6.0)))))
    assert (judged.state, judged.value, judged.evidence[0].basis) == (Verdict.AT_RISK, 6.0, "")


def test_a_silent_pc_is_no_younger_for_its_purchase_date() -> None:
    """Whether it still stands there, nobody knows."""
    judged = judge(AGE, scene(unit(pc("a", seen=NOW - HOUR, purchased=bought(1.0)))))
    assert (judged.state, judged.reason) == (Verdict.UNKNOWN, "lost_contact")


def test_a_date_that_lies_ahead_is_no_negative_age() -> None:
    """A clock or a typing error."""
    judged = judge(AGE, scene(unit(pc("a", purchased=bought(-1.0)))))
    assert judged.value == 0.0


def test_stations_that_never_reported_are_missed() -> None:
    """Of eight PCs in the roster five report: 62 %."""
    facts = replace(unit(*(pc(str(number), states(x=1)) for number in range(5))), stations={"pc": 8})
    found = evaluate(profile(line("x", roles=("pc",))), facts, NOW, None)
    assert (found.verdict, found.expected, found.reporting) == (Verdict.UNKNOWN, 8, 5)
    assert found.requirements[0].coverage == 5 / 8


def test_devices_beyond_the_roster_do_not_stand_in_for_another_role() -> None:
    """Nine PCs where eight are named, and the router that is named is not there."""
    facts = replace(unit(*(pc(str(number)) for number in range(9))), stations={"pc": 8, "router": 1})
    assert scene(facts).expected == 10
    assert scene(facts).of_roles(("router",)) == ([], 1)


@given(
    st.integers(0, 6), st.integers(0, 6), st.integers(1, 5), st.sampled_from(["pc", "kiosk", "router"]), st.booleans()
)
def test_a_station_more_never_improves_a_verdict(here: int, silent: int, more: int, role: str, good: bool) -> None:
    """What is expected and never seen can only take away."""
    devices = [pc(str(number), states(x=1 if good else 9)) for number in range(here)]
    devices += [pc(f"s{number}", states(x=1), seen=NOW - HOUR) for number in range(silent)]
    facts = replace(unit(*devices), stations={"pc": here})
    rules = profile(line("x", roles=("pc",)), reach(coverage=0.0, mandatory=False))
    before = evaluate(rules, facts, NOW, None)
    stations = {**facts.stations, role: facts.stations.get(role, 0) + more}
    after = evaluate(rules, replace(facts, stations=stations), NOW, None)
    assert after.expected >= before.expected
    assert after.verdict in (before.verdict, Verdict.UNKNOWN)
