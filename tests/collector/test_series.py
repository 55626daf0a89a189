"""``sansang-collector series``: bounds, and what there is when a collector runs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from collector.catalog import Measures, series
from collector.census import Found, Row, counted
from collector.cli import series as command
from tests.collector.commanding import call, rows, run, town, troubled

NAME = "series"
TOLD: tuple[Callable[[dict[str, Any]], int], ...] = (
    lambda one: one["most"] or 0, lambda one: one["now"] or 0, lambda one: one["per_device"].get("pc", 0),
)  # fmt: skip


@pytest.fixture
def file(tmp_path: Path) -> str:
    return town(tmp_path)


def test_without_a_collector_there_are_bounds_only(file: str) -> None:
    """A unit's and a device's of each role; and it is said why there is no more."""
    code, out, err = run(NAME, "--config", file, "--lang", "en")
    assert (code, err) == (0, "")
    lines = rows(out)
    assert lines[0] == "series per unit per PC per kiosk per router at most now"
    assert "sansang_unit_verdict 4 — — — 24 —" in lines
    assert "sansang_check_outcome — 16 16 16 — —" in lines
    assert "sansang_connectivity_phase_seconds — 21 21 21 — —" in lines
    assert "group (collect[]) per PC per kiosk per router at most now" in lines
    assert "run 24 24 24 — —" in lines
    assert lines[-3].startswith("The collector does not run: bounds by the configuration only. At most ")
    assert re.fullmatch(
        r"The shipped dashboards and alerts need no more than (\d+ of \d+ a (PC|kiosk|router)(, )?){3} "
        r"\(\?collect\[\]=dashboards\)\.",
        lines[-2],
    ), lines[-2]
    assert lines[-1] == "Without a bound: findings (as many as there are faults) and the collector's own numbers."


async def test_a_collector_that_runs_says_how_many_there_are(file: str) -> None:
    """Six units with a PC each; as many as are scraped, and no family beyond its bound."""
    async with troubled(file) as devices:
        parts = devices[0].client.server.parts
        code, out, err = await call(NAME, "--config", file, "--lang", "vi")
        _, answer, _ = await call(NAME, "--config", file, "--json")
        scraped = parts.exposition.devices_text()
    assert (code, err) == (0, "")
    lines = rows(out)
    assert lines[0] == "chuỗi số liệu mỗi đơn vị mỗi máy trạm mỗi kiosk mỗi bộ định tuyến tối đa hiện có"
    assert "sansang_unit_verdict 4 — — — 24 24" in lines
    assert "sansang_check_outcome — 16 16 16 96 96" in lines
    assert "sansang_finding_unit — — — — — 3" in lines
    assert "nhóm (collect[]) mỗi máy trạm mỗi kiosk mỗi bộ định tuyến tối đa hiện có" in lines
    assert f"run 24 24 24 144 {96 + 9 + 24}" in lines
    assert lines[-3].startswith("6 đơn vị, 6 thiết bị. Hiện có ")
    assert lines[-2].startswith("Bảng theo dõi và cảnh báo đi kèm chỉ cần: mỗi máy trạm ")
    assert "CẢNH BÁO" not in out
    found = {row["series"]: row for row in json.loads(answer)["rows"]}
    assert found.keys() == series(Measures(parts.catalog.checks)).keys()
    assert found["sansang_connectivity_up"] == {
        "series": "sansang_connectivity_up", "labels": ["unit", "device", "check", "target"],
        "group": "connectivity", "watched": True, "per_unit": None,
        "per_device": {"pc": 3, "kiosk": 3, "router": 3}, "most": 18, "now": 9,
    }  # fmt: skip
    own = sum(found[row.partition("{")[0]]["now"] > 0 for row in scraped.splitlines() if not row.startswith("#"))
    assert own == sum(not row.startswith("#") for row in scraped.splitlines())
    assert all(row["now"] <= row["most"] for row in found.values() if row["most"] is not None)


async def test_programs_are_told_of_groups_what_their_families_have_together(file: str) -> None:
    """Every series of devices is in one; what dashboards need is a part of all of them."""
    async with troubled(file):
        _, answer, _ = await call(NAME, "--config", file, "--json")
    found = json.loads(answer)
    *groups, need = found["groups"]
    assert need["name"] == "dashboards"
    families = [row for row in found["rows"] if row["group"]]
    watched = [row for row in families if row["watched"]]
    for own, shares in ((families, groups), (watched, [need])):
        sums = [[sum(map(told, of)) for told in TOLD] for of in (own, shares)]
        assert sums[0] == sums[1]
        assert all(sums[0])
    assert need["now"] < sum(one["now"] for one in groups)
    assert all(row["group"] or not row["watched"] for row in found["rows"])


def test_a_family_beyond_its_bound_is_warned_of(capsys: pytest.CaptureFixture[str]) -> None:
    """In both languages, by name."""
    beyond = Row(series="sansang_x", labels=[], per_device={"pc": 2}, most=20, now=1234)
    found = Found(units=1, devices={"pc": 10}, rows=[beyond, Row(series="sansang_y", labels=[], now=0, most=0)])
    for lang, said in (
        ("vi", "CẢNH BÁO: sansang_x có 1.234 chuỗi, nhiều hơn giới hạn 20."),
        ("en", "WARNING: sansang_x has 1,234 series, more than its bound 20."),
    ):
        command._show(found, lang)
        assert rows(capsys.readouterr().out)[-1] == said


def test_samples_are_counted_in_whatever_pieces_they_come() -> None:
    """Heads are none of them."""
    texts = ['# HELP a A.\n# TYPE a gauge\na{x="b c{"} 1\na{x="2"} 1\n', 'a{x="3"} 1\nb 2\n', ""]
    assert counted(texts) == {"a": 3, "b": 1}
