"""What another profile would change, before it is applied."""

from __future__ import annotations

from msgspec.structs import replace

from collector.readiness.model import UnitFacts, Verdict
from collector.readiness.profile import Band, Hold, Profile
from collector.readiness.whatif import Differs, Row, would_change
from tests.collector.readiness.cities import HOUR, NOW, line, pc, profile, states, unit

OLD = profile(line("x"), line("y", mandatory=False))
READY, AT_RISK, NOT_READY, UNKNOWN = Verdict.READY, Verdict.AT_RISK, Verdict.NOT_READY, Verdict.UNKNOWN


def stricter(*lines: object, **changes: object) -> Profile:
    return replace(profile(*lines, **changes), version=4)  # type: ignore[arg-type]


def named(code: str, facts: UnitFacts) -> UnitFacts:
    return replace(facts, unit=code)


GOOD = named("1", unit(pc("a", states(x=1, y=1))))
FAIR = named("2", unit(pc("a", states(x=4, y=9))))
SILENT = named("3", unit(pc("a", states(x=4, y=9), seen=NOW - HOUR)))


def test_the_same_profile_changes_nothing() -> None:
    assert would_change([GOOD, FAIR, SILENT], OLD, OLD, NOW) == []


def test_units_whose_verdict_changes_come_first_with_what_differs() -> None:
    """A lower limit and a line that is mandatory now; who is silent is judged by neither."""
    new = stricter(line("x", ready=Band("<=", 0.5), at_risk=Band("<=", 2.0)), line("y", mandatory=False))
    mild = named("4", unit(pc("a", states(x=0.7, y=1), seen=NOW - HOUR), pc("b", states(x=0.2, y=1))))
    assert would_change([GOOD, FAIR, SILENT, mild], OLD, new, NOW) == [
        Row(unit="1", old=READY, new=AT_RISK,
            differs=(Differs(requirement="x", old=(READY, True), new=(AT_RISK, True)),)),
        Row(unit="2", old=READY, new=NOT_READY,
            differs=(Differs(requirement="x", old=(READY, True), new=(NOT_READY, True)),)),
    ]  # fmt: skip


def test_a_line_that_comes_goes_or_gets_weight_is_told_though_the_verdict_stays() -> None:
    new = stricter(line("z"), line("x", mandatory=False))
    facts = named("5", unit(pc("a", states(x=1, y=9, z=1))))
    assert would_change([facts, FAIR], OLD, new, NOW) == [
        Row(unit="2", old=READY, new=UNKNOWN, differs=(
            Differs(requirement="z", old=None, new=(UNKNOWN, True)),
            Differs(requirement="x", old=(READY, True), new=(READY, False)),
            Differs(requirement="y", old=(NOT_READY, False), new=None),
        )),
        Row(unit="5", old=READY, new=READY, differs=(
            Differs(requirement="z", old=None, new=(READY, True)),
            Differs(requirement="x", old=(READY, True), new=(READY, False)),
            Differs(requirement="y", old=(NOT_READY, False), new=None),
        )),
    ]  # fmt: skip


def test_what_will_be_shown_once_hold_times_are_over_is_told() -> None:
    new = stricter(line("x", ready=Band("<=", 3.0), hold=Hold(up=HOUR, down=HOUR)), line("y", mandatory=False))
    [row] = would_change([FAIR], OLD, new, NOW)
    assert (row.old, row.new) == (READY, AT_RISK)
