"""Who is heard of again tells why nothing was."""

from __future__ import annotations

from checks.kit.model import Result, Scalar
from collector.attribution.afterwards import why_was_silent
from collector.attribution.silent import Sign, Silent, Why
from collector.readiness.model import Bucket
from collector.tally import Tally
from tests.collector.attribution.faults import HOUR, MINUTE, NOW, SECOND
from tests.collector.readiness.cities import pc, ran, unit

SINCE, UNTIL = NOW - 2 * HOUR, NOW - 10 * MINUTE


def outage(clean: bool | None, began: int = SINCE, ended: int = UNTIL) -> Result:
    facts: dict[str, Scalar] = {
        "last_outage_began": began // SECOND, "last_outage_ended": ended // SECOND, "last_outage_clean": clean,
        "boots_since": 1,
    }  # fmt: skip
    return ran("power", facts=facts)


def half_hour(start: int, runs: int = 20) -> Bucket:
    return Bucket(start=start // SECOND, office=True, jobs={"lan|": Tally(runs, runs)})


def test_pcs_that_were_cut_off_had_no_power() -> None:
    """Two that say so are surer than one; when it began is the earliest that is told."""
    one = unit(pc("a", outage(clean=False)), pc("b"))
    both = unit(pc("a", outage(clean=False, began=SINCE + MINUTE)), pc("b", outage(clean=False)))
    assert why_was_silent(both, SINCE, UNTIL) == Silent(
        cause=Why.POWER_CUT, since=SINCE, signs=(Sign("cut", count=2, of=2, at=SINCE),), confidence=0.97
    )
    assert why_was_silent(one, SINCE, UNTIL).confidence == 0.8


def test_pcs_that_went_on_measuring_were_cut_off_from_us() -> None:
    """What they measured came later; half-hours that are only partly inside do not count."""
    inside, before = half_hour(NOW - 90 * MINUTE), half_hour(SINCE - MINUTE, 99)
    found = why_was_silent(unit(pc("a"), buckets=(before, inside)), SINCE, UNTIL)
    assert found == Silent(cause=Why.LINE_DOWN, since=SINCE, signs=(Sign("measured", count=20),), confidence=0.95)


def test_pcs_that_were_shut_down_in_order_were_simply_off() -> None:
    """Less sure where one does not know how it ended."""
    found = why_was_silent(unit(pc("a", outage(clean=True))), SINCE, UNTIL)
    assert (found.cause, found.confidence) == (Why.PC_OFF, 0.95)
    assert found.signs == (Sign("shut", count=1, of=1, at=SINCE),)
    assert why_was_silent(unit(pc("a", outage(clean=None))), SINCE, UNTIL).confidence == 0.6


def test_an_outage_at_another_time_explains_nothing() -> None:
    """The PC was on, and its agent measured nothing: that had stopped."""
    other = outage(clean=False, began=SINCE - 24 * HOUR, ended=SINCE - 12 * HOUR)
    found = why_was_silent(unit(pc("a", other)), SINCE, UNTIL)
    assert (found.cause, found.signs) == (Why.AGENT_STOPPED, (Sign("not_off", count=1),))


def test_without_any_account_nobody_knows() -> None:
    """No record of boots, nothing measured."""
    assert why_was_silent(unit(pc("a"), pc("b", ran("power"))), SINCE, UNTIL) == Silent(cause=Why.UNKNOWN, since=SINCE)
