"""Faults are read from the command line and from files, and put where they were asked to be."""

from __future__ import annotations

from pathlib import Path

import pytest

from checks.kit.strict import ConfigError
from collector.readiness import duration
from collector.simulate import city, faults
from collector.simulate.faults import FaultError, Place
from collector.simulate.model import OF_DEVICES, TOKENS, Fault, Kind
from collector.simulate.words import FAULTS, catalogue

NOW = 1_795_228_200
MINUTE = 60_000_000
CODES = ["26526", "26542", "27259", "27265", "27316"]
PLACE = Place(
    {code: city.office(code, 1) for code in CODES},
    {code: city.desks(code, ["router", "kiosk", *["pc"] * 4], 1, NOW) for code in CODES},
    {"portal": "internet", "gateway": "tslcd"},
)
KINDS = (
    "provider_outage, system_down, certificate_expired, line_cut, slow_line, power_cut, captive_portal, clock_wrong, "
    "disk_full, disk_failing, token_absent, pin_last_try, pin_locked, signing_expired, agent_silent"
)


def test_a_fault_is_typed() -> None:
    """With everything it may have."""
    typed = "line_cut:start=-2h,length=10m,units=27259+27265,network=tslcd,silent"
    assert faults.parse(typed) == Fault(
        kind=Kind.LINE_CUT, start=-120 * MINUTE, length=10 * MINUTE, units=("27259", "27265"), network="tslcd",
        silent=True,
    )  # fmt: skip
    assert faults.parse("agent_silent:units=3,share=0.5") == Fault(kind=Kind.AGENT_SILENT, many=3, share=0.5)
    assert faults.parse("provider_outage: provider=Nhà mạng A, start=2m").provider == "Nhà mạng A"


KEYS = "expected KIND:key=value,… with the keys start, length, units, provider, target, network, share, silent"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("flood", f"there is no fault 'flood'; there are {KINDS}"),
        ("line_cut:until=2m", f"{KEYS}, got 'until=2m'"),
        ("line_cut:start", f"{KEYS}, got 'start'"),
        ("line_cut:start=2", 'start: expected a length of time such as "30s", "5m", "24h" or "7d"'),
        ("line_cut:length=0", 'length: expected a length of time such as "30s", "5m", "24h" or "7d"'),
        ("line_cut:network=wan", "network: expected internet or tslcd, got 'wan'"),
        ("disk_full:share=2", "share: expected a number above 0, at most 1, got '2'"),
        ("disk_full:share=x", "share: expected a number above 0, at most 1, got 'x'"),
    ],
)
def test_what_cannot_be_meant_is_refused(typed: str, said: str) -> None:
    """With what was expected."""
    with pytest.raises(FaultError) as why:
        faults.parse(typed)
    assert str(why.value) == f"{typed}: {said}"


def test_faults_are_read_from_a_file(tmp_path: Path) -> None:
    """As they are typed."""
    file = tmp_path / "faults.yaml"
    file.write_text(
        "faults:\n- {kind: line_cut, start: -2h, length: 10m, units: ['27259'], silent: true}\n- {kind: disk_full}\n"
    )
    assert faults.read(file) == [
        faults.parse("line_cut:start=-2h,length=10m,units=27259,silent"),
        Fault(kind=Kind.DISK_FULL),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("kind: flood", f"1:10: faults[0]: there is no fault 'flood'; there are {KINDS}"),
        ("kind: line_cut, begin: 2m", "1:27: faults[0].begin: unknown key 'begin'"),
        ("kind: line_cut, start: soon", f"1:10: faults[0]: start: {duration.EXPECTED}"),
        ("kind: disk_full, share: 2", "1:28: faults[0].share: expected a number <= 1.0, got 2"),
    ],
)
def test_a_file_is_refused_with_the_line(tmp_path: Path, text: str, said: str) -> None:
    """And the key."""
    file = tmp_path / "faults.yaml"
    file.write_text(f"faults: [{{{text}}}]")
    with pytest.raises(ConfigError) as why:
        faults.read(file)
    assert str(why.value) == f"{file}:{said}"


def test_every_kind_can_be_had() -> None:
    """By its name alone: it begins at the present, lasts, and befalls somebody."""
    for kind in Kind:
        (trouble,) = faults.settle([Fault(kind=kind)], PLACE, 1, NOW)
        assert (trouble.begin, trouble.end, trouble.is_on(NOW), trouble.is_on(NOW - 1)) == (NOW, None, True, False)
        hit = [desk for desks in PLACE.desks.values() for desk in desks if trouble.befalls(desk)]
        assert hit
        assert kind not in OF_DEVICES or len(hit) == 1
        assert kind not in TOKENS or hit[0].signs_until is not None


def test_a_share_of_the_devices_has_it() -> None:
    """Of each unit, rounded up; a router has no disk."""
    (half,) = faults.settle([faults.parse("disk_full:units=27259+27265,share=0.5")], PLACE, 1, NOW)
    assert half.subject == "27259+27265"
    assert {unit: len(found) for unit, found in half.devices.items()} == {"27259": 3, "27265": 3}
    assert not any("R01" in found for found in half.devices.values())


def test_a_provider_s_outage_befalls_its_units() -> None:
    """All that it serves, by the seed's choice or by name; the dedicated network serves all."""
    provider = PLACE.offices["27259"].provider
    (named,) = faults.settle([Fault(kind=Kind.PROVIDER_OUTAGE, provider=provider)], PLACE, 1, NOW)
    assert named.units == {code for code, office in PLACE.offices.items() if office.provider == provider}
    (wide,) = faults.settle([faults.parse("provider_outage:network=tslcd")], PLACE, 1, NOW)
    assert (wide.subject, wide.units) == ("tslcd", frozenset(CODES))


def test_a_fault_ends_after_its_length() -> None:
    """And the same seed chooses the same place."""
    asked = [faults.parse("line_cut:start=1m,length=2m,units=2")]
    (first,), (again,) = (faults.settle(asked, PLACE, 3, NOW) for _ in range(2))
    assert first == again
    assert len(first.units) == 2
    assert [first.is_on(NOW + at * MINUTE) for at in (0, 1, 2, 3)] == [False, True, True, False]


def test_faults_stand_beside_each_other() -> None:
    """In units of their own, those that are named included, as long as there are any."""
    asked = [
        faults.parse(typed) for typed in ("line_cut", "power_cut:units=26526", "disk_full", "captive_portal:units=2")
    ]
    struck = [unit for trouble in faults.settle(asked, PLACE, 1, NOW) for unit in trouble.units]
    assert sorted(struck) == CODES
    assert len(faults.settle([*asked, Fault(kind=Kind.SLOW_LINE)], PLACE, 1, NOW)[-1].units) == 1


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("line_cut:units=99999", f"line_cut: unit '99999' is not in the simulated city: {', '.join(CODES)}"),
        ("system_down:target=fax", "system_down: no system 'fax' is asked here: gateway, portal"),
        ("provider_outage:provider=X", "provider_outage: no provider is called 'X': "),
    ],
)
def test_a_place_that_is_not_there_is_refused(typed: str, said: str) -> None:
    """With those that are."""
    with pytest.raises(FaultError) as why:
        faults.settle([faults.parse(typed)], PLACE, 1, NOW)
    assert str(why.value).startswith(said)


def test_a_city_without_tokens_has_none_to_lose() -> None:
    """It is said, and nothing is made up."""
    place = Place({"27259": PLACE.offices["27259"]}, {"27259": city.desks("27259", ["router"], 1, NOW)}, {})
    for typed in ("token_absent", "token_absent:units=27259"):
        with pytest.raises(FaultError, match=r"^token_absent: no device of .* can have it: none has a token$"):
            faults.settle([faults.parse(typed)], place, 1, NOW)


def test_every_fault_has_words_in_both_languages() -> None:
    """One line each, after one that says how they are written."""
    assert FAULTS.keys() == {*Kind}
    for lang in ("vi", "en"):
        shown = catalogue(lang)
        assert len(shown) == len(Kind) + 1
        assert all(len(line) <= 160 for line in shown)
    assert catalogue("en")[0] == (
        "--fault KIND[:key=value,…]; keys of all: start=2m (before the present: -2h), length=10m, "
        "units=27259+27262 or units=3"
    )
    assert "Nhà cung cấp ngừng" in catalogue("vi")[1]
