"""What a profile file says becomes a profile that judges: each kind of requirement, its days, and its stored form."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from checks.kit.strict import ConfigError
from collector import config
from collector.readiness import duration, profile_file
from collector.readiness.model import Verdict
from collector.readiness.profile import Band, Kind, Profile, Requirement
from collector.readiness.text import ZONE
from tests.collector.readiness.test_profile_layers import BASE
from tests.configs.loading import MEASURES

SHIPPED = sorted((config.SHIPPED / "profiles").glob("*.yaml"))
MINUTE = 60_000_000


def load(folder: Path, text: str) -> Profile:
    file = folder / "base.yaml"
    file.write_text(text, "utf-8")
    return profile_file.read(file, MEASURES)


def line(folder: Path, text: str, bands: str = 'ready: ">= 1"', scope: str = "unit") -> Requirement:
    """The one requirement of `text`."""
    head = BASE[: BASE.index("  - id: age")]
    about = f"    title: {{vi: Tiêu chí, en: Line}}\n    source: {{vi: thử, en: test}}\n    scope: {scope}\n"
    return load(folder, f"{head}  - id: line\n{about}    bands: {{{bands}}}\n{text}").requirements[0]


def test_a_number_of_the_roster(tmp_path: Path) -> None:
    found = line(tmp_path, "    roster: contracted_down_mbps\n    unit: Mbps\n", 'ready: ">= 200", at_risk: ">= 100"')
    assert (found.kind, found.check, found.name, found.scale) == (Kind.ROSTER, "", "contracted_down_mbps", 1.0)
    assert [found.judge(value) for value in (200.0, 199.0, 99.0)] == [
        Verdict.READY,
        Verdict.AT_RISK,
        Verdict.NOT_READY,
    ]


def test_devices_for_each_official(tmp_path: Path) -> None:
    found = line(tmp_path, "    roles: [pc]\n    devices: reporting\n    aggregate: count\n    per: staff\n")
    assert (found.kind, found.aggregate, found.per, found.unit) == (Kind.DEVICES, "count", "staff", "")


def test_what_is_divided_may_be_shown_in_percent(tmp_path: Path) -> None:
    found = line(tmp_path, '    runs: signing_token\n    aggregate: count\n    per: signers\n    unit: "%"\n')
    assert (found.kind, found.scale, found.per) == (Kind.RUNS, 100.0, "signers")


def test_a_count_of_values_is_taken_in_their_own_unit(tmp_path: Path) -> None:
    found = line(tmp_path, '    fact: device.disk_free_ratio\n    aggregate: count\n    where: ">= 0.1"\n')
    assert (found.where, found.scale, found.unit) == (Band(">=", 0.1), 1.0, "")


def test_a_share_of_words(tmp_path: Path) -> None:
    text = '    fact: device.disk_kind\n    aggregate: ratio\n    where: "== ssd"\n    unit: "%"\n'
    assert (line(tmp_path, text).where, line(tmp_path, text).scale) == (Band("==", "ssd"), 100.0)


def test_several_parts(tmp_path: Path) -> None:
    text = (
        "    parts:\n"
        '      - {id: tsa, title: {vi: Dấu thời gian, en: Stamp}, fact: signing_service.tsa_link, where: "== ok"}\n'
        "      - {id: line, title: {vi: Đường, en: Line}, runs: uplink}\n"
        "      - {id: v6, title: {vi: IPv6, en: IPv6}, metric: connectivity_family_up, labels: {family: ipv6},"
        ' where: "== 1"}\n'
        "    aggregate: all\n"
    )
    found = line(tmp_path, text, 'ready: "<= 0", at_risk: "<= 1"')
    assert found.kind is Kind.PARTS
    assert [(part.id, part.kind, part.check, part.where) for part in found.parts] == [
        ("tsa", Kind.FACT, "signing_service", Band("==", "ok")),
        ("line", Kind.RUNS, "uplink", Band(">=", 1.0)),
        ("v6", Kind.METRIC, "connectivity", Band("==", 1.0)),
    ]


@pytest.mark.parametrize("aggregate", ["median", "p95", "max", "min"])
def test_quantiles_over_the_devices_of_each_role(tmp_path: Path, aggregate: str) -> None:
    text = f"    fact: device.age_years\n    aggregate: {aggregate}\n    unit: years\n"
    found = line(tmp_path, text, 'ready: "<= 5"', scope="role")
    assert (found.aggregate, found.scope) == (aggregate, "role")


@pytest.mark.parametrize(("written", "minutes"), [("15m", 15), ("24h", 1440), ("7d", 10080)])
def test_windows_of_a_quarter_of_an_hour_a_day_and_a_week(tmp_path: Path, written: str, minutes: int) -> None:
    text = (
        f'    runs: connectivity\n    targets: mandatory\n    aggregate: ratio\n    window: {written}\n    unit: "%"\n'
    )
    found = line(tmp_path, text, 'ready: ">= 99"')
    assert found.window == minutes * MINUTE
    assert duration.shown(found.window) == ("1d" if written == "24h" else written)


def test_some_systems_of_one_network(tmp_path: Path) -> None:
    text = "    runs: connectivity\n    targets: all\n    systems: [gate]\n    network: tslcd\n    aggregate: ratio\n"
    found = line(tmp_path, text + '    unit: "%"\n')
    assert (found.systems, found.network) == (("gate",), "tslcd")


def test_days_begin_at_midnight_in_viet_nam(tmp_path: Path) -> None:
    text = BASE.replace("    roles: [pc]\n", "    mandatory: false\n    mandatory_from: 2027-03-01\n")
    profile = load(tmp_path, text + "valid_from: 2027-01-01\n")
    first = datetime.fromtimestamp(profile.valid_from / 1e6, UTC)
    assert first == datetime(2026, 12, 31, 17, tzinfo=UTC)
    begins = profile.requirements[0].mandatory_from
    assert begins is not None
    assert datetime.fromtimestamp(begins / 1e6, ZONE) == datetime(2027, 3, 1, tzinfo=ZONE)


def test_a_line_that_will_be_mandatory_is_duty_enough(tmp_path: Path) -> None:
    text = BASE.replace("    roles: [pc]\n", "    mandatory: false\n    mandatory_from: 2027-03-01\n")
    assert not any(line.mandatory for line in load(tmp_path, text).requirements)


def test_a_profile_of_tomorrow_is_refused_today_and_can_be_looked_at(tmp_path: Path) -> None:
    """To the microsecond."""
    profile = load(tmp_path, BASE + "valid_from: 2099-01-01\n")
    file = tmp_path / "base.yaml"
    assert profile_file.load(file, MEASURES, now=profile.valid_from) == profile
    with pytest.raises(ConfigError) as why:
        profile_file.load(file, MEASURES, now=profile.valid_from - 1)
    told = "valid_from: not in force yet: base@4 is valid from 2099-01-01 on"
    assert str(why.value) == f"{file}:22:1: {told}"


def test_being_late_comes_before_being_lost(tmp_path: Path) -> None:
    late = "freshness:\n  late: {after: 10m, source: test}\n"
    assert load(tmp_path, BASE.replace("freshness:\n", late)).freshness.late == 10 * MINUTE
    assert load(tmp_path, BASE).freshness.late == 15 * MINUTE
    assert load(tmp_path, BASE.replace("30m", "5m")).freshness.late == 5 * MINUTE, "never later than lost"


def test_a_kind_of_office_may_be_named_where_there_is_one(tmp_path: Path) -> None:
    text = BASE.replace("    roles: [pc]\n", '    kinds: ["Sở, ban, ngành"]\n')
    with pytest.raises(ConfigError, match="no unit is a 'Sở, ban, ngành'; known are Phường, Xã, Đặc khu"):
        load(tmp_path, text)
    profile = profile_file.load(tmp_path / "base.yaml", MEASURES, kinds=("Phường", "Sở, ban, ngành"))
    assert profile.requirements[0].kinds == ("Sở, ban, ngành",)


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_a_stored_profile_comes_back_as_it_was(file: Path) -> None:
    """Whatever is in it, and always as the same text."""
    profile = profile_file.load(file, MEASURES)
    text = profile_file.stored(profile)
    assert profile_file.restored(text) == profile
    assert profile_file.stored(profile_file.restored(text)) == text


def test_what_was_stored_before_a_field_was_added_can_still_be_restored() -> None:
    profile = profile_file.load(config.SHIPPED / "profiles" / "default.yaml", MEASURES)
    raw = msgspec.json.decode(profile_file.stored(profile))
    for name in ("systems", "network", "kinds", "where", "parts", "per", "mandatory_from"):
        for each in raw["requirements"]:
            del each[name]
    old = profile_file.restored(msgspec.json.encode(raw).decode())
    assert [line.id for line in old.requirements] == [line.id for line in profile.requirements]


@pytest.mark.parametrize("text", ["", "null", "{}", '{"id": "x"}'])
def test_other_text_is_no_stored_profile(text: str) -> None:
    with pytest.raises(msgspec.DecodeError):
        profile_file.restored(text)
