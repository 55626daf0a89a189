"""Two localities in one Prometheus: each keeps its own titles and limits, and no join fails on both."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from msgspec.structs import replace

from dashboards.boards import expressions, promql
from dashboards.boards.build import replaced
from tests.dashboards.boards.small_city import Series, Time, ask, prometheus, series

NOW = 1_700_000_000.0
OTHER = "b:8420"
FLIPPED = {"true": "false", "false": "true"}


def elsewhere(one: Series) -> Series:
    """The same from the collector of another locality, which has other units, titles, limits and duties."""
    labels = {**one.labels, "instance": OTHER}
    for name, first, second in (("unit", "267", "013"), ("device", "d", "e"), ("id", "f-", "g-")):
        labels |= {name: labels[name].replace(first, second)} if name in labels else {}
    labels |= {name: f"{text} 2" for name, text in labels.items() if name.startswith("title_")}
    labels |= {"mandatory": FLIPPED[labels["mandatory"]]} if "mandatory" in labels else {}
    labels |= {"locality": "ha-noi"} if "locality" in labels else {}
    twice = one.name == "sansang_requirement_threshold"
    return replace(one, labels=labels, value=lambda at: (2 if twice else 1) * one.value(at))


def both(time: Time) -> Iterator[Series]:
    """What rules record stands there once: it has no collector."""
    for one in series(time):
        yield one if ":" in one.name else replace(one, labels={"instance": "a:8420", **one.labels})
        if ":" not in one.name:
            yield elsewhere(one)


class Country:
    """The Prometheus to ask."""

    def __init__(self, port: int) -> None:
        self.port = port

    def ask(self, expr: str, **chosen: str) -> list[dict[str, Any]]:
        return ask(self.port, replaced(expr, chosen), NOW)


@pytest.fixture(scope="module")
def country(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Country]:
    time = Time([NOW - 86_400, *(NOW - 60 * place for place in range(6, -1, -1))])
    with prometheus(tmp_path_factory.mktemp("country"), time, held=both) as port:
        yield Country(port)


def test_every_query_is_answered(country: Country) -> None:
    """None finds two titles where it joins one: with all localities chosen, and with a unit of the second."""
    asked = {expr for _, _, expr in expressions()} | {
        expr for _, _, expr in expressions(unit="01300", requirement="pc_age", locality="ha-noi")
    }
    for expr in asked:
        country.ask(expr)


def test_a_requirement_is_called_as_its_own_locality_calls_it(country: Country) -> None:
    """And is mandatory where it is."""
    unmet = promql.titled(promql.unmet('unit=~"26700|01300", requirement="systems_now"'), "en", labels="mandatory")
    told = {one["metric"]["unit"]: one["metric"] for one in country.ask(unmet)}
    assert {unit: (one["title_en"], one["mandatory"]) for unit, one in told.items()} == {
        "26700": ("Systems answer", "true"), "01300": ("Systems answer 2", "false"),
    }  # fmt: skip


def test_a_device_is_held_to_the_limit_of_its_own_locality(country: Country) -> None:
    """PCs of up to eight years: the first locality allows seven, the second fourteen."""
    age = "max by (unit, device) (sansang_device_age_seconds)"
    old = country.ask(promql.compared(age, ">", "pc_age", "at_risk"))
    assert {one["metric"]["device"][0] for one in old} == {"d"}
    assert {one["value"][1] for one in country.ask(promql.limit("pc_age", "at_risk"), locality="hcmc")} == {"220898664"}
    twice = country.ask(promql.limit("pc_age", "at_risk", promql.UNIT_HERE), unit="01300")
    assert [one["value"][1] for one in twice] == ["441797328"]


def test_a_system_is_called_by_one_name(country: Country) -> None:
    """By that of the chosen locality; where several are chosen, by one of theirs."""
    share = promql.system("avg by (target) (sansang_connectivity_up)", "en")
    titles = {one["metric"]["title_en"] for one in country.ask(share, locality="ha-noi")}
    assert titles == {"Public service portal 2", "Portal 1022 2"}
    assert len(country.ask(share)) == 2


def test_a_failing_check_is_called_by_its_title_and_its_system(country: Country) -> None:
    """What has no title is shown all the same."""
    asked = {name: expr for board, name, expr in expressions(unit="26700") if board == "sansang-ward-vi"}
    (found,) = country.ask(asked["failing:A"])
    assert {name: found["metric"][name] for name in ("said", "title_vi", "reason")} == {
        "said": "Kết nối tới hệ thống", "title_vi": "Cổng dịch vụ công", "reason": "tcp_timeout",
    }  # fmt: skip
    unknown = asked["failing:A"].replace("sansang_check_info", "sansang_none_info")
    (found,) = country.ask(unknown.replace("sansang_target_info", "sansang_none_info"))
    assert {name: found["metric"].get(name) for name in ("said", "title_vi")} == {
        "said": "connectivity",
        "title_vi": None,
    }


def test_a_device_is_called_by_its_station(country: Country) -> None:
    """As in alerts; by its id where the roster has none for it."""
    clocks = promql.placed("max by (device) (sansang_device_clock_offset_seconds)", '{unit="26700"}')
    assert {one["metric"]["place"] for one in country.ask(clocks)} == {"quay-1", "quay-2"}
    loose = clocks.replace('"station", "(.+)"', '"none", "(.+)"')
    assert {one["metric"]["place"] for one in country.ask(loose)} == {"d000", "d001"}
