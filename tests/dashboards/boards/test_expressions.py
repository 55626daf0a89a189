"""What the dashboards ask: series that are exported, by labels that they have, answered by a real Prometheus."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec import Struct

from checks import signing_service, signing_token
from checks.kit import registry
from collector.catalog import Measures, series
from dashboards.boards import EXPECTED_EMPTY, expressions
from dashboards.boards.build import replaced
from dashboards.boards.devices import LONGEST
from dashboards.boards.words import CLOSED, LANGUAGES
from tests.dashboards.boards.small_city import Time, ask, prometheus

DAY = 86_400
NOW = 1_700_000_000.0
WELL = NOW - 7 * DAY
RECORDED = {
    "locality:sansang_unit_verdict:count": {"locality", "province", "verdict"},
    "unit:sansang_uplink_utilisation_ratio:p95_7d": {"unit", "direction"},
    "target:sansang_connectivity_up:ratio": {"target"},
    "provider:sansang_connectivity_up:ratio": {"provider", "target"},
    "provider:sansang_connectivity_duration_seconds:p95": {"provider", "target"},
}
"""What dashboards/rules records."""
SCRAPED = {
    "up": {"job", "instance"},
    "scrape_duration_seconds": {"job", "instance"},
    "process_cpu_seconds_total": {"job"},
}
"""What Prometheus itself adds, and any process."""


class City(Struct):
    """A Prometheus with the small city: well at WELL, in trouble at NOW."""

    port: int


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """Both times in one data directory."""
    folder: Path = tmp_path_factory.mktemp("city")
    well = Time([WELL - 60 * place for place in range(10, -1, -1)], well=True)
    trouble = [NOW - DAY - 300, NOW - DAY - 60, *(NOW - 60 * place for place in range(15, -1, -1))]
    with prometheus(folder, well, Time(trouble)) as port:
        yield City(port)


def test_every_query_is_answered_when_the_city_is_in_trouble(city: City) -> None:
    """Nothing is refused, and nothing is empty that could show something."""
    asked = {expr: (board, name) for board, name, expr in expressions(unit="267.*", requirement="system_rtt")}
    assert [f"{name}: {expr}" for expr, name in asked.items() if not ask(city.port, expr, NOW)] == []


def test_what_is_empty_when_all_is_well_is_listed_with_its_reason(city: City) -> None:
    """Exactly that, no more and no less."""
    empty = {(board, name) for board, name, expr in expressions() if not ask(city.port, expr, WELL)}
    assert empty == set(EXPECTED_EMPTY)
    assert all(why for why in EXPECTED_EMPTY.values())


def test_two_collectors_that_export_the_same_are_no_error(city: City) -> None:
    """While one takes over from the other: every side that is joined to is made unique."""
    joined = [expr for _, _, expr in expressions() if "group_left" in expr]
    unique = r"max |max\(|topk by|label_replace\(topk by"
    doubled = re.compile(rf"group_left \([^)]*\) (?!{unique})(\w+)")
    assert [found[1] for expr in joined if (found := doubled.search(expr))] == []


def test_the_worst_unit_comes_with_its_requirement_and_its_finding(city: City) -> None:
    """As the city's first table shows it."""
    asked = {name: expr for board, name, expr in expressions() if board == "sansang-city-vi"}
    ranks = {one["metric"]["name"]: one["value"][1] for one in ask(city.port, asked["worst:A"], NOW)}
    why = {one["metric"]["unit"]: one["metric"] for one in ask(city.port, asked["worst:B"], NOW)}
    blamed = {one["metric"]["unit"]: one["metric"]["finding"] for one in ask(city.port, asked["worst:E"], NOW)}
    assert ranks == {
        "Phường Xóm Chiếu": "3", "Phường Khánh Hội": "3", "Phường Vĩnh Hội": "2", "Phường Sài Gòn": "1",
    }  # fmt: skip
    assert why["26700"]["title_vi"] == "Hệ thống bắt buộc đang truy cập được"
    assert why["26703"]["reason"] == "low_coverage"
    assert why["26701"]["title_vi"] == "Ổ hệ thống còn trống", "a requirement that is waived is no reason"
    assert "reason" not in why["26701"]
    assert blamed["26700"] == "VNPT: không thông"


def test_a_change_shows_what_a_unit_was_and_what_it_is(city: City) -> None:
    """The rank of a day ago beside the present one."""
    asked = {name: expr for board, name, expr in expressions() if board == "sansang-city-vi"}
    before = {one["metric"]["unit"]: one["value"][1] for one in ask(city.port, asked["changes:B"], NOW)}
    after = {one["metric"]["unit"]: one["value"][1] for one in ask(city.port, asked["changes:C"], NOW)}
    assert before == dict.fromkeys(("26700", "26701", "26702", "26703"), "0")
    assert after == {"26700": "3", "26701": "3", "26702": "2", "26703": "1"}


def test_only_known_series_are_asked_for() -> None:
    """By their names and their labels, as the collector exports them and the rules record them."""
    measures = Measures(registry.find())
    known = {name: {*family.labels, "le"} for name, family in series(measures).items()} | RECORDED | SCRAPED
    found = re.compile(r'(?<![\w:$"])((?:\w+:)?(?:sansang_|up\b|scrape_|process_)\w*(?::\w+)?)(?:\{([^}]*)\})?')
    for board, name, expr in expressions():
        for series_name, matchers in found.findall(re.sub(r'"[^"]*"', '""', expr)):
            assert series_name in known, f"{board} {name}: {series_name}"
            labels = set(re.findall(r"(\w+)\s*[=!]", matchers))
            beyond = labels - known[series_name] - {"job"}
            assert not beyond, f"{board} {name}: {series_name} has no {beyond}"


def test_no_query_returns_every_device_of_a_city_unasked(city: City) -> None:
    """Of the city's 24 no more than 20 come at once: those that need somebody, or those of the chosen unit."""
    for board, name, expr in expressions(unit="26700", requirement="system_rtt"):
        devices = [one for one in ask(city.port, expr, NOW) if "device" in one["metric"]]
        assert len(devices) <= LONGEST, f"{board} {name}"
    assert len(ask(city.port, "sansang_device_info", NOW)) > LONGEST


def test_variables_are_replaced_by_what_is_chosen() -> None:
    """A label that label_replace refers to is no variable."""
    assert replaced('x{unit=~"$unit"}[$__rate_interval]', {"unit": "26734"}) == 'x{unit=~"26734"}[5m]'
    assert replaced('label_replace(x, "a", "$1", "b", "(.*)") / $locality', {}) == (
        'label_replace(x, "a", "$1", "b", "(.*)") / .*'
    )


@pytest.mark.parametrize(
    ("label", "check"), [("link", signing_token), ("link", signing_service), ("class", signing_token)]
)
def test_what_checks_call_their_labels_is_said_alike(label: str, check: object) -> None:
    """The table in dashboards/boards/words.py is theirs."""
    own = getattr(check, f"_{label.upper()}")
    for value, words in own.items():
        assert CLOSED[label][value] == tuple(words[lang] for lang in LANGUAGES)
