"""The list of what is exported."""

from __future__ import annotations

import tomllib

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from collector import VERSION
from collector.catalog import Measures, series
from collector.families import AGENT, FAMILIES, HEALTH, UNEXPORTED, Family, by_name, own
from collector.telemetry import Telemetry
from tests.tree import ROOT


def test_what_the_collector_says_of_itself_is_listed_as_prometheus_stores_it() -> None:
    """A counter with its ending, a histogram as its three parts, labels also where nothing was counted yet."""
    registry = CollectorRegistry()
    Counter("a_runs", "Runs.", ("reason",), registry=registry)
    Gauge("a_size_bytes", "Size.", registry=registry)
    Histogram("a_seconds", "Time.", ("page",), registry=registry)
    assert list(own(registry)) == [
        Family("a_runs_total", ("reason",), "Runs.", "counter"),
        Family("a_size_bytes", (), "Size.", "gauge"),
        Family("a_seconds_bucket", ("page", "le"), "Time.", "histogram"),
        Family("a_seconds_sum", ("page",), "Time.", "histogram"),
        Family("a_seconds_count", ("page",), "Time.", "histogram"),
    ]


def test_the_release_that_runs_is_told() -> None:
    """The one of the package."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    assert version == VERSION
    assert Telemetry().registry.get_sample_value("sansang_collector_info", {"version": VERSION, "url": ""}) == 1


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("https://sansang.example.vn", "https://sansang.example.vn"),
        ("https://an:secret@sansang.example.vn:8443/?key=secret#secret", "https://sansang.example.vn:8443"),
        ("http://[::1]:8420", "http://[::1]:8420"),
    ],
)
def test_the_address_of_the_pages_is_told_without_a_password(url: str, told: str) -> None:
    """In the place of the one before; whoever may scrape sees it, and so does every alert."""
    telemetry = Telemetry()
    telemetry.serves_at("http://127.0.0.1:1")
    telemetry.serves_at(url)
    (family,) = [one for one in telemetry.registry.collect() if one.name == "sansang_collector_info"]
    assert [one.labels for one in family.samples] == [{"version": VERSION, "url": told}]


def test_two_families_of_one_name_are_refused() -> None:
    """A check may be called so that its metric takes the name of a family."""
    with pytest.raises(ValueError, match=r"^sansang_unit_info is exported twice$"):
        by_name([*FAMILIES, Family("sansang_unit_info", (), "Again.")])


def test_everything_that_is_exported_is_listed_once_with_a_help() -> None:
    """Agents' numbers by a closed table, none of them both exported and not."""
    listed = series(Measures({}))
    assert {one.series for one in FAMILIES} <= listed.keys()
    assert [name for name, family in listed.items() if name != family.series or not family.help] == []
    assert not HEALTH.keys() & UNEXPORTED
    assert {one.series for one in AGENT if one.series.endswith("_total")} == {
        one.series for one in AGENT if one.kind == "counter"
    }
