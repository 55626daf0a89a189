"""What a new profile changes is said in words before it is applied."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from collector import config
from collector.readiness import profile_file
from collector.readiness.difference import _NAMES, difference
from collector.readiness.profile import Band, Freshness, Hold, Kind, Part, Profile, Requirement
from tests.collector.readiness.cities import DAY, MINUTE, line, profile, reached
from tests.configs.loading import MEASURES

MARCH = 1_803_834_000_000_000  # 1 March 2027, 0:00 in Viet Nam


def said(old: Profile, new: Profile) -> list[tuple[str, str]]:
    return [(change.words["vi"], change.words["en"]) for change in difference(old, new)]


def one(**changes: object) -> tuple[str, str]:
    """What is said when one line becomes another in these."""
    before = line("age", unit="years", title={"vi": "Tuổi máy", "en": "Age"})
    [words] = said(profile(before), profile(replace(before, **changes)))
    return words


def test_the_same_profile_differs_in_nothing() -> None:
    shipped = profile_file.load(config.SHIPPED / "profiles" / "default.yaml", MEASURES)
    assert difference(shipped, shipped) == []
    assert difference(shipped, replace(shipped, version=99)) == []


def test_limits_are_said_as_people_read_them() -> None:
    assert one(ready=Band("<=", 4.5)) == (
        "Tuổi máy: ngưỡng sẵn sàng từ ≤ 5 năm thành ≤ 4,5 năm",
        "Age: ready band from ≤ 5 years to ≤ 4.5 years",
    )
    assert one(at_risk=None) == (
        "Tuổi máy: ngưỡng có nguy cơ từ ≤ 7 năm thành không có",
        "Age: at-risk band from ≤ 7 years to none",
    )


@pytest.mark.parametrize(
    ("changes", "vi", "en"),
    [
        ({"mandatory": False}, "bắt buộc từ có thành không", "mandatory from yes to no"),
        ({"roles": ("pc",)}, "vai trò thiết bị từ tất cả thành pc", "roles from all to pc"),
        ({"coverage": 0.5}, "độ phủ tối thiểu từ 80 % thành 50 %", "coverage from 80 % to 50 %"),
        ({"window": 7 * DAY}, "khoảng thời gian từ hiện tại thành 7d", "window from now to 7d"),
        ({"max_age": 90 * MINUTE}, "tuổi tối đa của kết quả từ 1d thành 90m", "oldest result from 1d to 90m"),
        ({"scope": "role"}, "phạm vi từ từng thiết bị thành từng vai trò", "scope from each device to each role"),
        ({"aggregate": "ratio"}, "cách gộp từ giá trị mới nhất thành tỷ lệ", "aggregate from newest to share"),
        ({"labels": {"phase": "tcp"}}, "nhãn từ không có thành phase=tcp", "labels from none to phase=tcp"),
        (
            {"kinds": ("Phường", "Xã")},
            "loại đơn vị từ tất cả thành Phường, Xã",
            "kinds of units from all to Phường, Xã",
        ),
        ({"per": "staff"}, "số chia từ không có thành staff", "divisor from none to staff"),
        (
            {"mandatory_from": MARCH},
            "ngày bắt đầu bắt buộc từ không có thành 01/03/2027",
            "first mandatory day from none to 01/03/2027",
        ),
        (
            {"mandatory_without": "uplink_p95_in"},
            "bắt buộc khi chưa rõ từ không có thành uplink_p95_in",
            "mandatory while unknown from none to uplink_p95_in",
        ),
        (
            {"hold": Hold(up=10 * MINUTE, down=0)},
            "thời gian chờ từ tốt lên 0, xấu đi 0 thành tốt lên 10m, xấu đi 0",
            "hold times from up 0, down 0 to up 10m, down 0",
        ),
        (
            {"source": {"vi": "tỉnh", "en": "province"}},
            "căn cứ từ “thử” thành “tỉnh”",
            'source from "test" to "province"',
        ),
    ],
)
def test_each_key_has_its_own_words(changes: dict[str, object], vi: str, en: str) -> None:
    assert one(**changes) == (f"Tuổi máy: {vi}", f"Age: {en}")


def test_parts_are_said_with_what_they_need() -> None:
    part = Part(
        id="tsa", title={"vi": "Dấu thời gian", "en": "Stamp"}, kind=Kind.FACT, check="signing_service",
        name="tsa_link", labels={}, where=Band("==", "ok"),
    )  # fmt: skip
    found = one(parts=(part,))
    assert found == (
        "Tuổi máy: các mục từ không có thành Dấu thời gian (= ok)",
        "Age: parts from none to Stamp (= ok)",
    )


def test_lines_come_and_go_with_whether_they_decide() -> None:
    old = profile(line("age"), line("disk", mandatory=False))
    later = line("clock", mandatory=False, mandatory_from=MARCH)
    instead = line("speed", mandatory=False, mandatory_without="age")
    assert said(old, profile(line("age"), reached(), later, instead)) == [
        ("Bỏ: Tiêu chí disk (khuyến nghị)", "Dropped: Line disk (advice)"),
        ("Thêm: Tiêu chí week (bắt buộc)", "Added: Line week (mandatory)"),
        ("Thêm: Tiêu chí clock (bắt buộc từ 01/03/2027)", "Added: Line clock (mandatory from 01/03/2027)"),
        ("Thêm: Tiêu chí speed (bắt buộc khi chưa rõ age)", "Added: Line speed (mandatory while age is unknown)"),
    ]


def test_what_holds_for_all_lines_is_said_first() -> None:
    old = profile(line("age"), line("disk"))
    fresh = Freshness(20 * MINUTE, DAY, 10 * MINUTE)
    new = replace(profile(line("disk"), line("age"), coverage=0.9), freshness=fresh, valid_from=MARCH)
    assert said(old, new) == [
        ("Bộ tiêu chí: độ phủ tối thiểu từ 80 % thành 90 %", "The profile: coverage from 80 % to 90 %"),
        (
            "Bộ tiêu chí: ngày có hiệu lực từ không có thành 01/03/2027",
            "The profile: first day in force from none to 01/03/2027",
        ),
        ("Bộ tiêu chí: thời gian tới khi báo cáo trễ từ 15m thành 10m", "The profile: time until late from 15m to 10m"),
        (
            "Bộ tiêu chí: thời gian tới khi mất kết nối từ 30m thành 20m",
            "The profile: time until lost contact from 30m to 20m",
        ),
        ("Bộ tiêu chí: thứ tự từ age, disk thành disk, age", "The profile: order from age, disk to disk, age"),
    ]


def test_a_change_names_its_requirement_and_key() -> None:
    """Limits in another unit are others, too."""
    found = difference(profile(line("age")), profile(line("age", unit="years")))
    assert {(change.kind, change.requirement) for change in found} == {("changed", "age")}
    assert [change.key for change in found] == ["ready", "at_risk", "unit"]


def test_every_key_of_a_requirement_can_be_told() -> None:
    """A key that is added needs its words."""
    assert set(Requirement.__struct_fields__) - {"id"} <= set(_NAMES)
