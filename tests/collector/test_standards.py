"""The profile in force and the systems to be reached, in the text format."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from collector.readiness.profile import Band
from collector.readiness.text import CONVERSIONS
from collector.standards import BASES, exported, in_base
from tests.collector.readiness.cities import MAIL, NOW, PORTAL, line, median, profile, reach

CHECKS = {"device": {"vi": "Máy trạm này", "en": "This PC"}}


def test_what_is_in_force_can_be_scraped_whole() -> None:
    """Which profile, whether its files say the same, each line with its limits in base units, each system, each
    check."""
    words = line("disk", title={"vi": "Ổ SSD", "en": "SSD"}, ready=Band("==", "ssd"), at_risk=None, mandatory=False)
    told = exported(profile(median("rtt"), words), [PORTAL, replace(MAIL, network="tslcd")], CHECKS, NOW, loaded=False)
    assert [row for row in told.splitlines() if not row.startswith("#")] == [
        "sansang_profile_loaded 0",
        'sansang_profile_info{profile="test@3"} 1',
        (
            'sansang_requirement_info{requirement="rtt",title_vi="Tiêu chí rtt",title_en="Line rtt",mandatory="true",'
            'unit="seconds"} 1'
        ),
        'sansang_requirement_info{requirement="disk",title_vi="Ổ SSD",title_en="SSD",mandatory="false",unit="1"} 1',
        'sansang_requirement_threshold{requirement="rtt",band="ready"} 0.1',
        'sansang_requirement_threshold{requirement="rtt",band="at_risk"} 0.15',
        (
            'sansang_target_info{target="portal",title_vi="Cổng dịch vụ công",title_en="Service portal",'
            'network="internet",mandatory="true"} 1'
        ),
        (
            'sansang_target_info{target="mail",title_vi="Thư công vụ",title_en="Official mail",network="tslcd",'
            'mandatory="false"} 1'
        ),
        'sansang_check_info{check="device",title_vi="Máy trạm này",title_en="This PC"} 1',
    ]
    assert "sansang_profile_loaded 1\n" in exported(profile(reach()), [], {}, NOW, loaded=True)


def test_a_family_without_a_sample_has_no_head() -> None:
    """A locality without systems."""
    told = exported(profile(reach()), [], {}, NOW, loaded=True)
    assert "sansang_target_info" not in told
    assert "sansang_check_info" not in told


def test_a_line_is_called_mandatory_from_its_day_on() -> None:
    coming = profile(line("age", mandatory=False, mandatory_from=NOW + 1))
    assert 'mandatory="false"' in exported(coming, [], {}, NOW, loaded=True)
    assert 'mandatory="true"' in exported(coming, [], {}, NOW + 1, loaded=True)


def test_every_unit_that_a_profile_may_use_has_its_base_unit() -> None:
    """The same as the one that values are scaled from; years and days of facts become seconds."""
    for (base, shown), scale in CONVERSIONS.items():
        found, size = BASES[shown]
        if base != "years":
            assert found == base, shown
            assert size * scale == pytest.approx(1.0), shown


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (100.0, "ms", 0.1), (29.0, "%", 0.29), (200.0, "Mbps", 25_000_000.0), (14, "days", 1_209_600.0),
        (7.5, "GB", 7.5e9), (5.0, "years", 157_784_760.0), (3, "packets", 3.0), (True, "", 1.0), ("ssd", "", None),
        (None, "ms", None),
    ],
)  # fmt: skip
def test_values_are_told_in_base_units(value: float | str | None, unit: str, expected: float | None) -> None:
    """To twelve digits, so that a limit reads as it was written; a word is no number."""
    assert in_base(value, unit) == expected
