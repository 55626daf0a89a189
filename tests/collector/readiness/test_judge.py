"""One requirement: over devices, over targets, over a window."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from checks.kit.model import Outcome
from collector.readiness.judge import judge
from collector.readiness.judged import Judged
from collector.readiness.model import Target, UnitFacts, Verdict
from collector.readiness.profile import Band, Kind, Requirement
from collector.readiness.scene import Scene
from tests.collector.readiness.cities import (
    DAY,
    FRESHNESS,
    HOUR,
    MINUTE,
    NOW,
    failed,
    half_hour,
    line,
    median,
    numbers,
    pc,
    ran,
    reach,
    reached,
    states,
    unit,
)

READY, AT_RISK, NOT_READY, UNKNOWN = Verdict.READY, Verdict.AT_RISK, Verdict.NOT_READY, Verdict.UNKNOWN
GONE = NOW - HOUR


def judged(requirement: Requirement, facts: UnitFacts) -> Judged:
    return judge(requirement, Scene(facts, FRESHNESS, NOW))


def test_the_worst_device_decides_and_what_is_not_ready_is_evidence_with_the_worst_that_is() -> None:
    facts = unit(pc("a", states(x=2)), pc("b", states(x=6)), pc("c", states(x=4)))
    found = judged(line("x"), facts)
    assert (found.state, found.value, found.reason, found.samples) == (AT_RISK, 6.0, "threshold", 3)
    assert [(part.subject, part.state, part.value) for part in found.evidence] == [
        ("b", AT_RISK, 6.0), ("c", READY, 4.0),
    ]  # fmt: skip
    assert found.counts == {AT_RISK: 1, READY: 2}


def test_where_more_is_better_the_least_is_the_worst() -> None:
    least = line("x", ready=Band(">=", 8.0), at_risk=Band(">=", 4.0))
    found = judged(least, unit(pc("a", states(x=16)), pc("b", states(x=9))))
    assert (found.state, found.value) == (READY, 9.0)


def test_where_no_device_is_needed_a_system_without_the_number_keeps_nobody_waiting() -> None:
    """A system reached over plain HTTP has no certificate whose days could be counted; the others' are."""
    facts = unit(
        pc("a", numbers("connectivity", "portal", left=20.0), ran("connectivity", "mail")),
        pc("b", numbers("connectivity", "portal", left=30.0), ran("connectivity", "mail")),
    )
    some = line("left", kind=Kind.METRIC, check="connectivity", targets="all", ready=Band(">", 14.0), coverage=0.0)
    found = judged(some, facts)
    assert (found.state, found.value, found.samples, found.coverage) == (READY, 20.0, 2, 0.0)
    assert found.counts == {UNKNOWN: 2, READY: 2}
    assert [(one.subject, one.target, one.state) for one in found.evidence] == [
        ("a", "mail", UNKNOWN), ("b", "mail", UNKNOWN), ("a", "portal", READY),
    ]  # fmt: skip
    assert judged(replace(some, coverage=0.8), facts).state is UNKNOWN
    assert judged(some, unit(pc("a", ran("connectivity", "portal"), ran("connectivity", "mail")))).state is UNKNOWN


def test_of_several_systems_the_first_device_by_id_is_named_where_all_say_the_same() -> None:
    facts = unit(
        pc("b", numbers("connectivity", "portal", left=20.0), numbers("connectivity", "mail", left=20.0)),
        pc("a", numbers("connectivity", "portal", left=20.0), numbers("connectivity", "mail", left=25.0)),
    )
    found = judged(line("left", kind=Kind.METRIC, check="connectivity", targets="all", ready=Band(">", 14.0)), facts)
    assert [(one.subject, one.target, one.value) for one in found.evidence] == [("a", "portal", 20.0)]


@pytest.mark.parametrize(("kind", "state"), [("ssd", READY), ("hdd", AT_RISK), ("tape", NOT_READY), (None, UNKNOWN)])
def test_a_word_falls_in_its_band(kind: str | None, state: Verdict) -> None:
    found = judged(line("x", ready=Band("==", "ssd"), at_risk=Band("==", "hdd")), unit(pc("a", states(x=kind))))
    assert found.state is state
    assert found.reason == {READY: "", UNKNOWN: "unknown_value"}.get(state, "threshold")


def test_one_device_in_five_may_be_unable_to_tell() -> None:
    four = [pc(name, states(x=1)) for name in "abcd"]
    assert judged(line("x"), unit(*four, pc("e", states(x=None)))).state is READY
    three = judged(line("x"), unit(*four[:3], pc("d", states(x=None)), pc("e", states(x=None))))
    assert (three.state, three.reason, three.coverage) == (UNKNOWN, "unknown_value", 0.6)


def test_a_device_that_falls_silent_bad_is_not_forgotten() -> None:
    """Four of five report and are well; what the fifth last said was not, and nobody has seen it mended."""
    four = [pc(name, states(x=1)) for name in "abcd"]
    assert judged(line("x"), unit(*four, pc("e", states(x=1), seen=GONE))).state is READY
    found = judged(line("x"), unit(*four, pc("e", states(x=9), seen=GONE)))
    assert (found.state, found.reason) == (UNKNOWN, "lost_contact")
    assert [(part.subject, part.value) for part in found.evidence if part.reason == "lost_contact"] == [("e", 9.0)]


def test_an_old_result_does_not_speak_for_the_present() -> None:
    found = judged(line("x", max_age=HOUR), unit(pc("a", ran("device", at=NOW - HOUR - 1, facts={"x": 1}))))
    assert (found.state, found.reason) == (UNKNOWN, "too_old")
    assert judged(line("x", max_age=HOUR), unit(pc("a", ran("device", at=NOW - HOUR, facts={"x": 1})))).state is READY


def test_other_roles_are_not_asked() -> None:
    facts = unit(pc("a", states(x=1)), pc("r", states(x=9), role="router"))
    assert judged(line("x", roles=("pc",)), facts).state is READY
    assert judged(line("x", roles=("kiosk",)), facts).state is UNKNOWN


def test_what_no_device_has_is_not_held_against_the_unit() -> None:
    absent = pc("a", ran("device", outcome=Outcome.NOT_APPLICABLE))
    assert (judged(line("x"), unit(absent)).state, judged(line("x"), unit(absent)).reason) == (READY, "not_applicable")
    assert judged(line("x"), unit(absent, pc("b", states(x=9)))).state is NOT_READY
    silent = pc("a", ran("device", outcome=Outcome.NOT_APPLICABLE), seen=GONE)
    assert judged(line("x"), unit(silent)).state is UNKNOWN


@pytest.mark.parametrize(("offset", "state"), [(-4.0, READY), (30.0, AT_RISK), (-120.0, NOT_READY), (None, UNKNOWN)])
def test_a_clock_may_be_wrong_either_way(offset: float | None, state: Verdict) -> None:
    clock = line("clock", check="agent", name="clock_offset", at_risk=Band("<=", 60.0))
    assert judged(clock, unit(pc("a", offset=offset))).state is state


def test_a_metric_is_judged_per_target_in_the_unit_people_read() -> None:
    days = line(
        "tls", kind=Kind.METRIC, check="connectivity", name="left", targets="all", scale=1 / 86400,
        ready=Band(">", 14.0), at_risk=Band(">", 3.0), unit="days", coverage=0.0,
    )  # fmt: skip
    facts = unit(
        pc("a", numbers("connectivity", "portal", left=86400 * 90), numbers("connectivity", "mail", left=86400))
    )
    found = judged(days, facts)
    assert (found.state, found.value, found.evidence[0].target) == (NOT_READY, 1.0, "mail")


def test_each_mandatory_target_must_be_reached_now() -> None:
    """Optional systems, here mail, are not asked for."""
    good = [pc(name, ran("connectivity", "portal"), failed("mail", "dns_timeout")) for name in "abcdefghi"]
    assert judged(reach(), unit(*good)).state is READY
    found = judged(reach(), unit(*good, pc("j", failed("portal", "tcp_timeout"))))
    assert (found.state, found.value, found.samples) == (READY, 90.0, 10)
    found = judged(reach(), unit(*good[:4], pc("j", failed("portal", "tcp_timeout"))))
    assert (found.state, found.value, found.reason) == (AT_RISK, 80.0, "tcp_timeout")
    assert [(part.subject, part.target, part.reason) for part in found.evidence] == [
        ("", "portal", "tcp_timeout"), ("j", "portal", "tcp_timeout"),
    ]  # fmt: skip


def test_missing_devices_leave_a_share_open_unless_they_could_not_save_it() -> None:
    one = pc("a", failed("portal", "tcp_timeout"))
    assert judged(reach(), unit(one, expected=2)).state is UNKNOWN
    assert judged(reach(at_risk=Band(">=", 60.0)), unit(one, expected=2)).state is NOT_READY


def test_runs_that_measured_nothing_count_neither_way() -> None:
    odd = pc("j", ran("connectivity", "portal", Outcome.ERROR, reason="child_hung"))
    found = judged(reach(), unit(*[pc(name, ran("connectivity", "portal")) for name in "abcd"], odd))
    assert (found.state, found.value, found.samples) == (READY, 100.0, 4)
    found = judged(reached(), unit(pc("a"), buckets=(half_hour(HOUR, 99, {"tcp_reset": 1, "internal": 50}),)))
    assert (found.state, found.value, found.samples) == (READY, 99.0, 100)


def test_the_ratio_of_a_window_gives_its_commonest_cause() -> None:
    buckets = (half_hour(2 * DAY, 47, {"dns_timeout": 2}), half_hour(HOUR, 49, {"tcp_refused": 2}))
    found = judged(reached(), unit(pc("a"), buckets=buckets))
    assert (found.state, found.value, found.samples, found.reason) == (AT_RISK, 96.0, 100, "dns_timeout")


def test_office_hours_alone_count_where_it_says_so() -> None:
    buckets = (half_hour(HOUR, 10), half_hour(9 * HOUR, 0, {"own_link_down": 90}, office=False))
    assert judged(reached(office_hours=True), unit(pc("a"), buckets=buckets)).state is READY
    assert judged(reached(), unit(pc("a"), buckets=buckets)).state is NOT_READY


def test_too_few_samples_are_no_verdict() -> None:
    facts = unit(pc("a"), buckets=(half_hour(HOUR, 2),))
    found = judged(reached(minimum_samples=3), facts)
    assert (found.state, found.reason, found.samples) == (UNKNOWN, "too_few_samples", 2)
    assert judged(reached(), unit(pc("a"))).reason == "no_samples"


def test_a_window_ends_with_the_newest_result() -> None:
    """A failure seven days before the last result still counts while the unit is quiet: silence mends nothing."""
    buckets = (half_hour(7 * DAY + 30 * MINUTE, 0, {"tcp_timeout": 9}), half_hour(HOUR, 9))
    assert judged(reached(), unit(pc("a", seen=NOW - 20 * MINUTE), buckets=buckets)).state is NOT_READY
    assert judged(reached(), unit(pc("a", seen=NOW), buckets=buckets)).state is READY


def test_the_median_is_that_of_all_half_hours_together() -> None:
    buckets = (half_hour(DAY, 3, rtt=(0.02, 0.02, 0.02)), half_hour(HOUR, 2, rtt=(0.4, 0.4)))
    found = judged(median(), unit(pc("a"), buckets=buckets))
    assert found.state is READY
    assert found.value == pytest.approx(20.0, rel=0.01)
    assert judged(median(aggregate="p95"), unit(pc("a"), buckets=buckets)).state is NOT_READY


def test_a_system_without_address_is_not_judged() -> None:
    facts = unit(pc("a", ran("connectivity", "portal")))
    facts.targets.append(Target(id="docs", title={}, mandatory=True, declared=False))
    assert judged(reach(), facts).state is READY
    facts.targets = facts.targets[1:]
    assert (judged(reach(), facts).state, judged(reach(), facts).reason) == (UNKNOWN, "no_targets")


def test_one_target_never_measured_leaves_the_line_unknown_but_not_a_known_fault() -> None:
    docs = Target(id="docs", title={}, mandatory=True)
    facts = unit(pc("a", ran("connectivity", "portal")))
    facts.targets.append(docs)
    assert judged(reach(), facts).state is UNKNOWN
    facts = unit(pc("a", failed("portal", "tcp_timeout")))
    facts.targets.append(docs)
    assert judged(reach(), facts).state is NOT_READY
