"""The same seed draws the same city, and a larger one only adds to it."""

from __future__ import annotations

from msgspec import structs

from checks.kit import registry
from collector import catalog, config
from collector.simulate import city
from collector.simulate.model import Desk

NOW = 1_795_228_200
CODES = [f"{number:05}" for number in range(100)]


def told(desk: Desk) -> dict[str, object]:
    return {name: value for name, value in structs.asdict(desk).items() if name != "chance"}


def test_the_same_seed_draws_the_same_city() -> None:
    """Units, offices, devices and keys; another seed draws another."""
    for seed, same in ((4, True), (5, False)):
        assert (city.chosen(CODES, 10, 4) == city.chosen(CODES[::-1], 10, seed)) is same
        assert (city.office("27259", 4) == city.office("27259", seed)) is same
        assert (city.key_seed(4, "27259", "M01") == city.key_seed(seed, "27259", "M01")) is same
        one, other = (city.desks("27259", ["pc"] * 3, each, NOW) for each in (4, seed))
        assert (list(map(told, one)) == list(map(told, other))) is same


def test_a_larger_city_holds_the_smaller() -> None:
    """So that a longer trial goes on with the devices that are enrolled."""
    assert city.chosen(CODES, 10, 1) == city.chosen(CODES, 20, 1)[:10]
    few, many = (city.desks("27259", ["pc"] * count, 1, NOW) for count in (3, 6))
    assert list(map(told, few)) == list(map(told, many[:3]))


def test_no_two_devices_share_a_key() -> None:
    """In 50 units of 50."""
    keys = {city.key_seed(1, unit, f"M{number}") for unit in CODES[:50] for number in range(50)}
    assert len(keys) == 2500


def test_devices_are_of_the_roles_that_jobs_are_for() -> None:
    """A router where one is asked for alone, a kiosk where kiosks are, PCs; two devices are PCs."""
    made = catalog.load(config.load(config.SHIPPED / "collector.yaml"), catalog.Measures(registry.find()))
    assert city.roles(made.locality, 5) == ["router", "kiosk", "pc", "pc", "pc"]
    assert city.roles(made.locality, 2) == ["pc", "pc"]


def test_a_city_is_old_and_new_small_and_large() -> None:
    """Some PCs are past seven years, some have too little memory, some a token; most are well."""
    found = [desk for code in CODES for desk in city.desks(code, ["pc"] * 5, 1, NOW)]
    share = {
        "old": sum(NOW - desk.born > 7 * 365.25 * 86_400 for desk in found),
        "small": sum(desk.memory < 7.5e9 for desk in found),
        "signs": sum(desk.signs_until is not None for desk in found),
        "laptop": sum(desk.laptop for desk in found),
    }
    assert all(0.05 < many / len(found) < 0.6 for many in share.values()), share
