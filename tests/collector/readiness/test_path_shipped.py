"""A ward judged by the shipped profile, and the path that the shipped price list gives it."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from checks.kit.model import Outcome, Sample
from checks.kit.segment import Segment
from checks.kit.token_links import LINKS
from collector import config
from collector.attribution.model import Cause, Finding
from collector.readiness import prices, profile_file
from collector.readiness.evaluate import evaluate
from collector.readiness.model import DeviceFacts, UnitFacts
from collector.readiness.path import shortest
from collector.readiness.pathwords import sentence
from tests.collector.readiness.cities import NOW, PORTAL, failed, pc, ran
from tests.configs.loading import MEASURES

GB = 1_000_000_000
PROFILES = {
    file.stem: profile_file.load(file, MEASURES) for file in sorted((config.SHIPPED / "profiles").glob("*.yaml"))
}
PRICES = prices.load(config.SHIPPED / "prices.yaml", prices.keys(PROFILES.values()))


def counter(
    name: str, *, memory: float = 8.6, age: float = 2.0, token_days: int = 400, offset: float = 0.0
) -> DeviceFacts:
    """A PC at a counter that is well but for what is said."""
    return pc(
        name,
        ran(
            "device",
            facts={"memory_bytes": int(memory * GB), "disk_free_ratio": 0.4, "disk_kind": "ssd", "age_years": age},
        ),
        ran("support", facts={"days_left": 700}),
        ran("storage"),
        ran("connectivity", "portal"),
        ran("signing_token", facts={"days_left": token_days, "middleware_link": "ok", "issuer_link": "ok"}),
        ran("signing_service", facts={"service_link": "ok", "tsa_link": "ok"}),
        offset=offset,
    )


def ward(*devices: DeviceFacts) -> UnitFacts:
    """Ten officials, eight of them signing, on a line of 120 Mbps."""
    return UnitFacts(
        unit="27259",
        expected=len(devices),
        devices=list(devices),
        targets=[PORTAL],
        needs={"staff": 10.0, "signers": 8.0, "counters": 5.0, "contracted_down_mbps": 120.0},
    )


def told(facts: UnitFacts, lang: str, *, advice: bool) -> str:
    """The sentence, without what is not known of a ward that was measured once."""
    path = shortest(PROFILES["default"], facts, evaluate(PROFILES["default"], facts, NOW, None), PRICES, advice=advice)
    assert path.exact
    assert not path.unmet
    return sentence(replace(path, unknown=()), lang)


WARD = ward(
    counter("q1", memory=2.1, age=9.0),
    counter("q2", memory=4.2),
    counter("q3", token_days=9),
    counter("q4", offset=75.0),
    *[counter(f"q{index}") for index in range(5, 9)],
)


def test_what_a_ward_must_mend_and_what_it_should() -> None:
    """The old PC gets memory where age is only advice, and is replaced where advice counts."""
    assert (
        told(WARD, "vi", advice=False) == "Bật đồng bộ thời gian trên 1 máy, lắp thêm RAM cho 2 máy — 1,8 triệu đồng."
    )
    assert told(WARD, "en", advice=True) == (
        "Raise the line to 200 Mbps, turn on time synchronisation on 1 PC, add memory to 1 PC, replace 1 PC, add "
        "2 PCs, renew 1 signing certificate: 57.9 million dong."
    )


def test_a_system_that_no_pc_reaches_is_reported_and_one_that_one_pc_misses_is_looked_at() -> None:
    down = ward(*[_missing(counter(f"q{index}")) for index in range(1, 9)])
    assert told(down, "en", advice=False) == "Report 1 system that cannot be reached to its operator: at no cost."
    one = ward(_missing(counter("q1")), *[counter(f"q{index}") for index in range(2, 9)])
    assert told(one, "en", advice=False) == "Check the cable, Wi-Fi and DNS of 1 PC: at no cost."


def test_a_signature_that_fails_is_set_up_again_before_a_token_is_bought() -> None:
    broken = counter("q1")
    broken.results["signing_token", ""] = ran("signing_token", outcome=Outcome.FAILED, reason="issuer_missing")
    assert "set up the driver" in told(
        ward(broken, *[counter(f"q{index}") for index in range(2, 11)]), "en", advice=True
    )


@pytest.mark.parametrize(
    ("reason", "thing"),
    [
        ("cert_expired", "renew_certificate"),
        ("cert_former_unit", "renew_certificate"),
        ("pin_locked", "unlock_token"),
        ("issuer_missing", "repair_signing"),
        ("module_missing", "repair_signing"),
        ("token_absent", "repair_signing"),
    ],
)
def test_what_has_ended_is_renewed_and_what_is_broken_is_set_up_again(reason: str, thing: str) -> None:
    """Quảng Ninh asks for one PC that can sign; this is the only one with a token."""
    broken = counter("q1")
    broken.results["signing_token", ""] = ran("signing_token", outcome=Outcome.FAILED, reason=reason)
    found = fixes("quang-ninh", ward(broken))
    assert found["can_sign"] == (thing, ("q1",))


def test_every_reason_that_a_token_fails_with_has_something_that_mends_it() -> None:
    for reason in sorted({str(one) for reasons in LINKS.values() for one in reasons}):
        for name in ("can_sign", "signing_tokens", "signers_certified"):
            assert [one.id for one in PRICES.meeting(name) if one.per == "device" and one.is_for(reason)], reason


def test_a_revoked_certificate_is_renewed_and_a_service_that_stopped_is_the_pcs_own() -> None:
    """Though no other PC of the ward succeeds: the service's operator mends neither."""
    for reason, thing in (
        ("cert_revoked", "renew_certificate"),
        ("service_stopped", "repair_signing"),
        ("tsa_unreachable", "report_signing_service"),
    ):
        lone = counter("q1")
        lone.results["signing_service", ""] = ran("signing_service", outcome=Outcome.FAILED, reason=reason)
        assert fixes("quang-ninh", ward(lone))["signing_services"][0] == thing


@pytest.mark.parametrize("name", ["speed_down", "speed_up", "call_jitter", "call_loss"])
def test_a_slow_line_is_its_providers_to_mend(name: str) -> None:
    """With what was signed, at no cost."""
    assert [(one.id, one.price) for one in PRICES.meeting(name)] == [("report_speed", 0)]


def test_a_queue_under_load_is_the_routers() -> None:
    measured = counter("q1")
    sample = Sample("bandwidth_latency", 0.3, {"load": "upload"})
    measured.results["bandwidth", ""] = ran("bandwidth", samples=(sample,))
    assert fixes("default", ward(measured), advice=True)["loaded_rtt"][0] == "manage_queue"


def test_a_full_disk_is_cleared_and_a_failing_one_replaced() -> None:
    for reason, thing in (("disk_full", "clear_disk"), ("disk_failing", "new_ssd"), ("disk_read_only", "new_ssd")):
        bad = counter("q1")
        bad.results["storage", ""] = ran("storage", outcome=Outcome.FAILED, reason=reason)
        assert fixes("default", ward(bad, counter("q2")), advice=True)["disks_healthy"] == (thing, ("q1",))


def test_one_pc_that_is_cut_off_is_looked_at_and_no_second_line_is_rented() -> None:
    """One of five misses all systems of the city's rehearsal."""
    city = [replace(PORTAL, id=name) for name in ("dvc-tphcm", "cong-1022", "van-ban", "hop-truc-tuyen")]
    pcs = [counter(f"q{index}") for index in range(5)]
    for device in pcs:
        for system in city:
            cut_off = device is pcs[0]
            device.results["connectivity", system.id] = (
                failed(system.id, "captive_portal") if cut_off else ran("connectivity", system.id)
            )
    facts = ward(*pcs)
    facts.targets = city
    found = fixes("hcmc", facts)
    assert {name: thing for name, (thing, _) in found.items()} == {
        "systems_now": "check_pc_network",
        "rehearsed_systems": "check_pc_network",
    }


def test_no_finding_leaves_a_now_line_without_anything_to_do() -> None:
    """Whatever segment is named, the shipped list has someone for it: nobody else is called."""
    called = {
        Segment.DEVICE: "check_pc_network",
        Segment.LAN: "check_office_network",
        Segment.ACCESS: "report_provider",
        Segment.PROVIDER: "report_provider",
        Segment.DESTINATION: "report_operator",
    }
    facts = ward(_missing(counter("q1")), _missing(counter("q2")))
    names = ("q1", "q2")
    for segment, thing in called.items():
        finding = Finding(segment=segment, subject="x", cause=Cause.UNREACHABLE, devices=names, targets=(PORTAL.id,))
        assert fixes("default", facts, finding)["systems_now"][0] == thing


def fixes(
    name: str, facts: UnitFacts, *findings: Finding, advice: bool = False
) -> dict[str, tuple[str, tuple[str, ...]]]:
    """What is done for each requirement, and to which devices; nothing is left unmet."""
    verdict = evaluate(PROFILES[name], facts, NOW, None)
    path = shortest(PROFILES[name], facts, verdict, PRICES, advice=advice, findings=findings)
    assert path.exact
    assert not path.unmet
    return {one: (fix.item, fix.devices) for fix in path.fixes for one in fix.meets}


def _missing(device: DeviceFacts) -> DeviceFacts:
    device.results["connectivity", PORTAL.id] = failed(PORTAL.id, "tcp_timeout")
    return device
