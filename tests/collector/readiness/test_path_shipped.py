"""A ward judged by the shipped profile, and the path that the shipped price list gives it."""

from __future__ import annotations

from msgspec.structs import replace

from checks.kit.model import Outcome
from collector import config
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


def _missing(device: DeviceFacts) -> DeviceFacts:
    device.results["connectivity", PORTAL.id] = failed(PORTAL.id, "tcp_timeout")
    return device
