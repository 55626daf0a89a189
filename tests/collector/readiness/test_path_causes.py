"""Why a run failed, who else succeeds and what the findings say: they decide what is done, and who is called."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from msgspec.structs import replace

from checks.kit.model import Outcome
from checks.kit.segment import Segment
from collector.attribution.model import Cause, Finding
from collector.readiness.evaluate import evaluate
from collector.readiness.fixes import Path
from collector.readiness.model import DeviceFacts, Target, UnitFacts
from collector.readiness.path import Paths, shortest
from collector.readiness.profile import Band, Profile
from tests.collector.readiness.cities import HOUR, NOW, failed, half_hour, line, pc, profile, ran, reach, reached, unit
from tests.collector.readiness.pricelists import done, fix_of, item, listed, path_of

SYSTEMS = [Target(id=name, title={}, mandatory=True) for name in ("a", "b", "c")]
HOME: tuple[Segment, ...] = (Segment.DEVICE, Segment.LAN)
OUTSIDE = [
    item("operator", "now", per="target", when="all_devices", price=0, segments=frozenset({Segment.DESTINATION})),
    item("pc_network", "now", when="some_devices", price=0, segments=frozenset(HOME)),
    item("office", "now", "week", per="unit", when="found", price=0, segments=frozenset({Segment.LAN})),
    item("provider", "now", "week", per="unit", when="all_targets", price=0,
         segments=frozenset({Segment.ACCESS, Segment.PROVIDER})),
]  # fmt: skip


def reaching(*failing: str, roles: tuple[str, ...] = ()) -> list[DeviceFacts]:
    """Devices: number i misses the systems in the i-th word, and has the i-th role."""
    found = []
    for index, missed in enumerate(failing):
        runs = [failed(one.id, "tcp_timeout") if one.id in missed else ran("connectivity", one.id) for one in SYSTEMS]
        found.append(pc(f"d{index}", *runs, role=roles[index] if roles else "pc"))
    return found


def ward(devices: list[DeviceFacts], **changes: Any) -> UnitFacts:
    return replace(unit(*devices), targets=SYSTEMS, **changes)


def located(segment: Segment, devices: str, targets: Iterable[str], **changes: Any) -> Finding:
    """A fault of the segment that stops the devices with these numbers on these systems."""
    given: dict[str, Any] = {"subject": "x", "cause": Cause.UNREACHABLE, "units": ("27259",), **changes}
    return Finding(segment=segment, devices=tuple(f"d{one}" for one in devices), targets=tuple(targets), **given)


def told(facts: UnitFacts, *findings: Finding, judged: Profile | None = None) -> Path:
    asked = judged or profile(reach())
    return shortest(asked, facts, evaluate(asked, facts, NOW, None), listed(*OUTSIDE), findings=findings)


# ---- Who else succeeds


def test_devices_of_one_role_that_miss_what_another_role_reaches_are_looked_at_themselves() -> None:
    """Both kiosks miss all, eight PCs reach all: neither the line nor a system is to blame."""
    by_role = profile(reach(scope="role", roles=("pc", "kiosk")))
    facts = ward(reaching(*[""] * 8, "abc", "abc", roles=("pc",) * 8 + ("kiosk",) * 2))
    path = path_of(by_role, facts, *OUTSIDE)
    assert (done(path), fix_of(path, "pc_network").devices) == ({"pc_network": 2}, ("d8", "d9"))


def test_of_a_role_alone_a_system_that_no_device_reaches_is_still_its_operators() -> None:
    by_role = profile(reach(scope="role", roles=("pc", "kiosk")))
    facts = ward(reaching(*["a"] * 3, "abc", roles=("pc",) * 3 + ("kiosk",)))
    path = path_of(by_role, facts, *OUTSIDE)
    assert (done(path), fix_of(path, "operator").targets) == ({"operator": 1, "pc_network": 1}, ("a",))


def test_a_success_of_a_role_that_is_not_asked_clears_the_line_too() -> None:
    asked = profile(reach(roles=("kiosk",)))
    facts = ward(reaching("", "abc", roles=("pc", "kiosk")))
    assert done(path_of(asked, facts, *OUTSIDE)) == {"pc_network": 1}


@pytest.mark.parametrize("change", ["stale", "silent", "retired"])
def test_a_success_that_speaks_for_the_present_no_more_clears_nobody(change: str) -> None:
    asked = profile(reach(roles=("kiosk",), max_age=HOUR))
    lone, kiosk = reaching("", "abc", roles=("pc", "kiosk"))
    if change == "stale":
        lone = pc("d0", *[ran("connectivity", one.id, at=NOW - 2 * HOUR) for one in SYSTEMS])
    elif change == "silent":
        lone = replace(lone, last_seen=NOW - 2 * HOUR)
    else:
        lone = replace(lone, status="retired")
    facts = ward([lone, kiosk])
    verdict = evaluate(asked, facts, NOW, None)
    assert done(shortest(asked, facts, verdict, listed(*OUTSIDE))) == {"provider": 1}


# ---- Why a run failed

TOKENS = line("tokens", kind=reach().kind, check="signing_token", name="runs", scope="unit", aggregate="ratio",
              ready=Band(">=", 100.0), at_risk=None, unit="%", scale=100.0, coverage=0.0)  # fmt: skip
RENEW = item("renew", "tokens", price=0, reasons=frozenset({"cert_expired"}))
REPAIR = item("repair", "tokens", price=0, except_reasons=frozenset({"cert_expired"}))


def signing(*reasons: str) -> UnitFacts:
    """PCs with a token; number i fails with the i-th reason."""
    runs = [ran("signing_token", outcome=Outcome.FAILED if one else Outcome.OK, reason=one) for one in reasons]
    return unit(*[pc(f"d{index}", run) for index, run in enumerate(runs)])


def test_what_is_meant_for_a_reason_is_used_where_a_run_failed_with_it_only() -> None:
    path = path_of(profile(TOKENS), signing("cert_expired", "issuer_missing", ""), REPAIR, RENEW)
    assert done(path) == {"repair": 1, "renew": 1}
    assert (fix_of(path, "renew").devices, fix_of(path, "repair").devices) == (("d0",), ("d1",))


def test_what_no_item_is_meant_for_is_unmet() -> None:
    assert path_of(profile(TOKENS), signing("pin_locked"), RENEW).unmet == ("tokens",)


def test_a_count_mends_the_devices_by_their_reasons_too() -> None:
    some = profile(replace(TOKENS, aggregate="count", ready=Band(">=", 1.0), unit="", scale=1.0))
    assert done(path_of(some, signing("cert_expired"), REPAIR, RENEW)) == {"renew": 1}


def test_a_value_out_of_its_band_asks_for_no_reason() -> None:
    """The certificate ends: its run may have failed for whatever reason."""
    left = line("left", check="signing_token", name="days_left", ready=Band(">", 60.0), at_risk=Band(">", 14.0))
    run = ran("signing_token", outcome=Outcome.FAILED, reason="issuer_missing", facts={"days_left": 9})
    renew = replace(RENEW, meets=frozenset({"left"}))
    assert done(path_of(profile(left), unit(pc("d0", run)), renew)) == {"renew": 1}


def test_what_is_done_once_has_to_be_meant_for_the_reason_of_every_device() -> None:
    report = item("report", "tokens", per="unit", price=0, except_reasons=frozenset({"cert_expired"}))
    asked = profile(TOKENS)
    assert done(path_of(asked, signing("pcsc_stopped", "issuer_missing"), report, REPAIR)) == {"report": 1}
    mixed = path_of(asked, signing("cert_expired", "issuer_missing"), report, REPAIR, RENEW)
    assert done(mixed) == {"repair": 1, "renew": 1}


# ---- What the findings say


def test_without_a_finding_the_line_is_asked_first_and_with_one_of_the_office_the_office() -> None:
    """Its own name server is dead: no provider can help."""
    facts = ward(reaching("abc", "abc"))
    assert done(told(facts)) == {"provider": 1}
    dns = located(Segment.LAN, "01", "abc", cause=Cause.DNS, also=(Segment.ACCESS,))
    path = told(facts, dns)
    assert (done(path), path.cost, path.exact) == ({"office": 1}, 0, True)


@pytest.mark.parametrize(
    ("segment", "called"),
    [
        (Segment.DEVICE, {"pc_network": 2}),
        (Segment.LAN, {"office": 1}),
        (Segment.ACCESS, {"provider": 1}),
        (Segment.PROVIDER, {"provider": 1}),
        (Segment.DESTINATION, {"operator": 3}),
    ],
)
def test_where_nobody_succeeds_a_finding_says_who_is_called(segment: Segment, called: dict[str, int]) -> None:
    assert done(told(ward(reaching("abc", "abc")), located(segment, "01", "abc"))) == called


@pytest.mark.parametrize(
    ("segment", "called"),
    [
        (Segment.DEVICE, {"pc_network": 2}),
        (Segment.LAN, {"pc_network": 2}),
        (Segment.PROVIDER, {"provider": 1}),
        (Segment.DESTINATION, {"operator": 1}),
    ],
)
def test_where_some_succeed_a_finding_says_so_too(segment: Segment, called: dict[str, int]) -> None:
    """Of the office only the devices that it stops."""
    assert done(told(ward(reaching("a", "a", "")), located(segment, "01", "a"))) == called


def test_a_finding_on_other_devices_or_systems_says_nothing() -> None:
    facts = ward(reaching("a", "a"))
    assert done(told(facts, located(Segment.LAN, "01", "bc"))) == {"operator": 1}
    assert done(told(facts, located(Segment.LAN, "789", "a"))) == {"operator": 1}
    assert done(told(facts, located(Segment.LAN, "01", ""))) == {"operator": 1}


def test_what_a_finding_leaves_unexplained_is_told_as_without_it() -> None:
    """A PC with a wrong clock beside two others that miss the same system."""
    assert done(told(ward(reaching("a", "a", "a")), located(Segment.DEVICE, "0", "a"))) == {"operator": 1}


def test_a_pc_with_a_fault_of_its_own_and_a_system_that_is_down_are_two_findings() -> None:
    facts = ward(reaching("ab", "a", "a"))
    path = told(facts, located(Segment.DESTINATION, "012", "a"), located(Segment.DEVICE, "0", "b"))
    assert (done(path), fix_of(path, "operator").targets) == ({"operator": 1, "pc_network": 1}, ("a",))


def test_where_nothing_in_the_price_list_mends_what_was_found_the_findings_are_passed_over() -> None:
    facts = ward(reaching("abc", "abc"))
    verdict = evaluate(profile(reach()), facts, NOW, None)
    only = listed(OUTSIDE[3])
    path = shortest(profile(reach()), facts, verdict, only, findings=[located(Segment.DEVICE, "01", "abc")])
    assert (done(path), path.unmet) == ({"provider": 1}, ())


def test_what_failed_over_a_week_is_explained_by_what_stops_every_device_that_reports() -> None:
    week, silent = profile(reached()), pc("d5", seen=NOW - 2 * HOUR)
    facts = unit(*reaching(*["abc"] * 5), silent, buckets=(half_hour(HOUR, 8, {"tcp_timeout": 2}),))
    assert done(told(facts, located(Segment.LAN, "01234", ("portal",)), judged=week)) == {"office": 1}
    assert done(told(facts, located(Segment.LAN, "0123", ("portal",)), judged=week)) == {"provider": 1}


def test_things_that_name_no_segment_are_used_whatever_is_found() -> None:
    facts = ward(reaching("abc", "abc"))
    verdict = evaluate(profile(reach()), facts, NOW, None)
    anything = listed(item("anything", "now", per="unit", price=0))
    for segment in Segment:
        path = shortest(profile(reach()), facts, verdict, anything, findings=[located(segment, "01", "abc")])
        assert done(path) == {"anything": 1}


def test_a_path_is_found_again_when_a_finding_a_reason_or_another_roles_success_has_changed() -> None:
    paths, asked = Paths(listed(*OUTSIDE)), profile(reach(roles=("kiosk",)))
    roles = ("pc", "kiosk", "kiosk")
    facts = ward(reaching("abc", "abc", "abc", roles=roles))

    def found(*findings: Finding) -> Path:
        return paths.of(asked, facts, evaluate(asked, facts, NOW, None), findings)

    first = found()
    assert (done(first), found()) == ({"provider": 1}, first)
    lan = located(Segment.LAN, "012", "abc")
    second = found(lan)
    assert done(second) == {"office": 1}
    assert found(replace(lan, devices=("d0", "d1", "d2", "elsewhere"), confidence=0.9)) is second
    facts = ward(reaching("", "abc", "abc", roles=roles))
    assert done(found()) == {"pc_network": 2}
    tokens, signed = Paths(listed(REPAIR, RENEW)), profile(TOKENS)
    for reason, thing in (("cert_expired", "renew"), ("issuer_missing", "repair")):
        facts = signing(reason)
        assert done(tokens.of(signed, facts, evaluate(signed, facts, NOW, None))) == {thing: 1}
