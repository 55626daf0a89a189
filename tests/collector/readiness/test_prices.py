"""The price list: read from its file, and the shipped one against the shipped profiles."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from msgspec.structs import replace

from collector import config
from collector.readiness import prices, profile_file
from collector.readiness.prices import Prices
from collector.readiness.profile import Part, Profile
from tests.collector.readiness.cities import line, profile
from tests.collector.readiness.pricelists import item, listed
from tests.configs.loading import MEASURES

ITEM = """items:
  - id: raise_line
    title: {vi: Nâng băng thông, en: More bandwidth}
    words: {vi: "nâng lên {to} Mbps, {n} bước", en: "raise to {to} Mbps in {n} {step|steps}"}
    source: "[A] test"
    measure: {vi: bước, en: steps}
    owner: {vi: Phường, en: the ward}
    per: step
    step: {size: 50, of: [contracted_down_mbps]}
    meets: [uplink]
"""


@cache
def profiles() -> dict[str, Profile]:
    files = sorted((config.SHIPPED / "profiles").glob("*.yaml"))
    return {file.stem: profile_file.load(file, MEASURES) for file in files}


@cache
def shipped() -> Prices:
    return prices.load(config.SHIPPED / "prices.yaml", prices.keys(profiles().values()))


def test_an_item_is_read_as_it_is_written(tmp_path: Path) -> None:
    (tmp_path / "prices.yaml").write_text(ITEM, "utf-8")
    (found,) = prices.load(tmp_path / "prices.yaml", {"uplink"}).items
    assert (found.id, found.price, found.per, found.step, found.of) == (
        "raise_line", None, "step", 50.0, ("contracted_down_mbps",),
    )  # fmt: skip
    assert (found.meets, found.when, found.roles, found.network) == (frozenset({"uplink"}), "always", (), "")


def test_words_carry_how_many_and_what_is_reached(tmp_path: Path) -> None:
    (tmp_path / "prices.yaml").write_text(ITEM, "utf-8")
    (found,) = prices.load(tmp_path / "prices.yaml", {"uplink"}).items
    assert found.told(1, 150.0) == {"vi": "nâng lên 150 Mbps, 1 bước", "en": "raise to 150 Mbps in 1 step"}
    assert found.told(20, 1000.0) == {"vi": "nâng lên 1.000 Mbps, 20 bước", "en": "raise to 1,000 Mbps in 20 steps"}


def test_a_measure_carries_what_one_is_called(tmp_path: Path) -> None:
    """Written out, it is nothing that a program which reads the paths would have to know."""
    (tmp_path / "prices.yaml").write_text(ITEM.replace("en: steps}", 'en: "{step|steps} of 50"}'), "utf-8")
    (found,) = prices.load(tmp_path / "prices.yaml", {"uplink"}).items
    assert (found.measure, found.single) == (
        {"vi": "bước", "en": "steps of 50"}, {"vi": "bước", "en": "step of 50"},
    )  # fmt: skip


def test_only_calls_that_anybody_can_make_for_all_are_done_once_for_the_city() -> None:
    """What costs money is bought by each ward; a provider is asked for each line."""
    once = {one.id for one in shipped().items if one.once}
    assert once == {"report_operator", "renew_system_certificate", "report_signing_service"}
    assert {one.price for one in shipped().items if one.once} == {0}


def test_one_of_everything_shipped_is_told_in_the_singular() -> None:
    for one in shipped().items:
        assert one.single["en"] != one.measure["en"], one.id
        assert "{" not in one.single["en"] + one.measure["en"], one.id


def test_what_meets_a_requirement_is_found_in_the_files_order() -> None:
    found = listed(item("b", "x"), item("a", "x", "y"), item("part", "z.ups", per="unit"), item("all", "z"))
    assert [one.id for one in found.meeting("x")] == ["b", "a"]
    assert [one.id for one in found.meeting("z", "ups")] == ["all", "part"]
    assert [one.id for one in found.meeting("z", "vlan")] == ["all"]
    assert found.meeting("none") == ()


def test_an_item_may_meet_each_requirement_and_each_part_of_one() -> None:
    part = Part(
        id="ups", title={}, kind=line("x").kind, check="", name="", labels={}, where=line("x").ready
    )  # fmt: skip
    assert prices.keys([profile(line("x"), replace(line("y"), parts=(part,)))]) == {"x", "y", "y.ups"}


def test_every_shipped_item_says_where_its_price_comes_from_and_meets_a_shipped_requirement() -> None:
    """That it meets one was checked while it was read: every price is an assumption until an operator knows better."""
    assert len(shipped().items) >= 20
    for one in shipped().items:
        assert all(text.startswith("[A] ") for text in one.source.values()), one.id
        assert one.source["vi"] != one.source["en"], one.id
        for words in (one.title, one.words, one.measure, one.owner):
            assert set(words) == {"vi", "en"}
            assert words["en"].isascii(), one.id
        assert one.words["vi"][0].islower(), f"{one.id}: it stands inside a sentence"


@pytest.mark.parametrize("name", ["default", "hcmc", "ha-noi", "quang-ninh", "can-tho"])
def test_every_requirement_of_a_shipped_profile_has_something_that_meets_it(name: str) -> None:
    """Mandatory ones above all; of parts, each."""
    for requirement in profiles()[name].requirements:
        if not requirement.parts:
            assert shipped().meeting(requirement.id), requirement.id
        for part in requirement.parts:
            assert shipped().meeting(requirement.id, part.id), f"{requirement.id}.{part.id}"


def test_a_thing_for_a_device_meets_what_is_asked_of_devices_of_its_roles() -> None:
    """An item whose requirement no device of its roles is asked for would never be taken."""
    asked: dict[str, set[str]] = {}
    for found in profiles().values():
        for requirement in found.requirements:
            asked.setdefault(requirement.id, set()).update(requirement.roles or ("pc", "kiosk", "router"))
    for one in shipped().items:
        for name in one.meets:
            assert not one.roles or set(one.roles) & asked[name], f"{one.id}: {name}"
