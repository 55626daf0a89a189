"""``sansang-collector simulate`` against a collector that runs, and what it refuses."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

import pytest

from collector.store import devices
from tests.collector.commanding import call, run, running, town
from tests.collector.standing import Client
from tests.ports import free_port

COMMON = ("--lang", "en", "--units", "3", "--devices", "4", "--yes-simulated-data")


def metric(text: str, line: str) -> float:
    return next(float(row.rpartition(" ")[2]) for row in text.splitlines() if row.startswith(line + " "))


async def scraped(client: Client) -> str:
    async with client.session.get(client.server.url + "/metrics") as reply:
        return await reply.text()


async def simulated(client: Client, file: str, *words: str) -> tuple[int, dict[str, object], str]:
    """Exit code, the sums, and what was said."""
    url = ("--url", client.server.url)
    code, out, err = await call("simulate", "--config", file, *url, *COMMON, *words, "--json")
    return code, json.loads(out) if out else {}, err


async def test_a_city_is_let_in_and_heard(tmp_path: Path) -> None:
    """By real tokens with a note, at stations of a roster; every result is taken, none is strange; each device says
    that it is simulated."""
    file = town(tmp_path)
    async with running(file) as client:
        parts = client.server.parts
        code, sums, err = await simulated(client, file, "--minutes", "30", "--once")
        await parts.sweep.once()
        text = await scraped(client)
        tokens = await parts.store.read(devices.list_tokens)
        known = [one for unit in parts.directory.units for one in parts.live.devices_of(unit)]
    assert code == 0, err
    assert (sums["unsent"], sums["refused"]) == (0, {})
    assert metric(text, "sansang_collector_results_total") == sums["results"]
    assert metric(text, "sansang_collector_pushes_total") == sums["pushes"]
    for strange in ("unknown_samples", "unlisted_results", "duplicates"):
        assert metric(text, f"sansang_collector_{strange}_total") == 0
    assert {(one.note, one.seats, one.used) for one in tokens} == {("simulated", 4, 4)}
    assert {(one.version, one.status, bool(one.station)) for one in known} == {("simulated", "active", True)}
    assert sorted({one.role for one in known}) == ["kiosk", "pc"]
    assert len(known) == 12


async def test_a_second_run_goes_on_with_the_same_devices(tmp_path: Path) -> None:
    """Of the same seed: nobody is enrolled anew, and no hour is told twice."""
    file = town(tmp_path)
    async with running(file) as client:
        first = await simulated(client, file, "--minutes", "60", "--once")
        await client.server.parts.sweep.once()
        second = await simulated(client, file, "--minutes", "60", "--once")
        text = await scraped(client)
        many = len(client.server.parts.directory.of_unit(next(iter(client.server.parts.directory.units))))
    assert (first[0], second[0], many) == (0, 0, 4)
    assert int(str(second[1]["results"])) < int(str(first[1]["results"])) / 2
    assert metric(text, "sansang_collector_duplicates_total") == 0


async def test_faults_are_told_as_they_are(tmp_path: Path) -> None:
    """To people, and to programs in a file; and the collector sees them."""
    file, truth = town(tmp_path), tmp_path / "truth.json"
    async with running(file) as client:
        code, _, err = await simulated(
            client, file, "--minutes", "10", "--once", "--fault", "system_down:target=mail,start=-5m,length=1h",
            "--truth", str(truth),
        )  # fmt: skip
        await client.server.parts.sweep.once()
        found = {(one.segment, one.subject) for one in client.server.parts.live.findings}
    assert code == 0, err
    (told,) = json.loads(truth.read_text("utf-8"))
    assert (told["kind"], told["subject"], len(told["units"]), told["devices"]) == ("system_down", "mail", 3, {})
    assert told["end"] - told["begin"] == 3600
    assert re.search(r"^Fault: system_down · mail · from [\d:]{8} \S+ until [\d:]{8} \S+ · units: 3$", err, re.M)
    assert ("destination", "mail") in found


async def test_the_present_lasts_as_long_as_it_was_asked_to(tmp_path: Path) -> None:
    """It sends while it lasts, and says what it came to."""
    file = town(tmp_path)
    async with running(file) as client:
        code, sums, err = await simulated(client, file, "--for", "0.05", "--speed", "300")
    assert code == 0, err
    assert int(str(sums["results"])) > 12
    assert re.search(r"^Done: \d+ results, \d+ pushes, unsent \d+, refused 0$", err, re.M)


async def test_a_collector_that_refuses_is_asked_again(tmp_path: Path) -> None:
    """What is refused for a while is counted by its code and arrives afterwards."""
    file = town(tmp_path)
    async with running(file) as client:
        api = client.server.parts.api
        task = asyncio.create_task(simulated(client, file, "--minutes", "5", "--once"))
        while not client.server.parts.directory.units:
            await asyncio.sleep(0.01)
        api.closing = True
        while not task.done() and api.closing:
            await asyncio.sleep(0.2)
            api.closing = False
        code, sums, err = await task
    assert code == 0, err
    assert sums["unsent"] == 0


def refused(tmp_path: Path, *words: str) -> str:
    """What is said on standard error, in one line, with exit code 1."""
    code, out, err = run("simulate", "--config", town(tmp_path), *words)
    assert (code, out) == (1, "")
    return err.removeprefix("sansang-collector: ").rstrip("\n")


def test_real_units_are_not_mixed_with_simulated_ones(tmp_path: Path) -> None:
    """Unless somebody says so."""
    assert refused(tmp_path, "--lang", "en") == (
        "locality town: simulated results would mix with real ones; if you mean it, add --yes-simulated-data"
    )
    assert refused(tmp_path, "--lang", "vi").startswith("locality town: dữ liệu mô phỏng sẽ lẫn với dữ liệu thật")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--units", "7"), "this locality has 6 units, not 7"),
        (("--fault", "system_down:target=fax"), "system_down: no system 'fax' is asked here: mail, map, portal"),
        (("--fault", "line_cut:start=soon"), "line_cut:start=soon: start: expected a length of time such as"),
    ],
)
def test_what_cannot_be_simulated_is_said_first(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    """Before anything is asked of the collector."""
    url = f"http://127.0.0.1:{free_port()}"
    assert refused(tmp_path, *COMMON[:2], "--yes-simulated-data", "--units", "3", "--url", url, *words).startswith(said)


def test_a_collector_that_is_not_there_is_named(tmp_path: Path) -> None:
    """With what to do."""
    url = f"http://127.0.0.1:{free_port()}"
    told = refused(tmp_path, *COMMON, "--url", url)
    assert told.startswith(f"{url}: cannot be reached: ")
    assert told.endswith("; start it with `sansang-collector run`")


async def test_another_collector_than_the_configuration_s_is_not_filled(tmp_path: Path) -> None:
    """It does not know the token, and nothing is sent."""
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
    here, there = town(tmp_path / "here"), town(tmp_path / "there")
    async with running(there) as client:
        code, _, err = await simulated(client, here, "--once")
        text = await scraped(client)
    assert code == 1
    assert err.splitlines()[-1] == (
        f"sansang-collector: {client.server.url}: this is not the collector of this configuration: no such enrolment "
        "token; compare --url and --config"
    )
    assert metric(text, "sansang_collector_results_total") == 0


def test_the_faults_are_listed(tmp_path: Path) -> None:
    """In both languages, without a collector."""
    for lang, word in (("en", "A provider is down"), ("vi", "Nhà cung cấp ngừng")):
        code, out, _ = run("simulate", "--config", town(tmp_path), "--list-faults", "--lang", lang)
        assert code == 0
        assert word in out
        assert "provider_outage" in out
