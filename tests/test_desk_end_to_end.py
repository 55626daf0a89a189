"""A desk from end to end: the installed programs measure it, a city sees it, and nothing of its owner leaves the PC."""

from __future__ import annotations

import base64
import contextlib
import json
import re
import subprocess
import time
from collections.abc import Iterator

import pytest

from checks import signing_service, signing_token
from checks.kit import registry, words
from checks.kit.model import Outcome
from tests.browser.chromium import chromium, screenshot
from tests.desk import canaries, tokens
from tests.desk.canaries import Piece
from tests.desk.place import DESK, UNIT, Pc, series
from tests.desk.whole import Whole
from tests.lab.authorities import G2_ISSUING

SHOWN_WITHIN = 60.0
WELL = ("power", "storage", "signing_token", "signing_service", "peripherals")
"""The checks whose subject is all there; how old this machine and its system are, is its own business."""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    """Two PCs that have told everything at least once."""
    with contextlib.ExitStack() as stack:
        made = Whole(tmp_path_factory.mktemp("desk"), stack)
        made.until_measured(2 * SHOWN_WITHIN)
        yield made


def test_the_roster_is_tried_before_it_is_taken(desk: Whole) -> None:
    """The same lines, then what became of them."""
    assert desk.dry.splitlines()[-1] == "chạy thử, chưa lưu gì: Đơn vị: 1 mới; Vị trí máy: 3 mới"
    assert desk.taken.splitlines()[-1] == "đã lưu: Đơn vị: 1 mới; Vị trí máy: 3 mới"


async def test_the_pages_show_the_desk_in_words_within_a_minute(desk: Whole) -> None:
    """The unit's roster with who stands where; each check of the device by its title, outcome and numbers."""
    assert desk.measured(desk.first) == set(DESK)
    async with chromium() as browser:
        context = await browser.new_context(java_script_enabled=False)
        page = await context.new_page()
        await page.goto(desk.collector.url + f"/units/{UNIT}")
        unit = await page.inner_text("body")
        assert time.monotonic() - desk.begun < SHOWN_WITHIN
        await screenshot(page, "desk-unit")
        await page.goto(f"{desk.collector.url}/devices/{desk.first.device}")
        device = await page.inner_text("body")
        await screenshot(page, "desk-device")
    roster = ("Q01 · Quầy 1 – Hộ tịch", "K01 · Kiosk tra cứu", "VNPT", "15/08/2023")
    assert [said for said in roster if said not in unit] == []
    well = words.outcome(Outcome.OK, "vi").word
    for name in DESK:
        assert registry.load(name).title["vi"] in device
    assert device.count(well) >= len(WELL)
    links = [title["vi"] for title in (signing_token.HOLDS.title, signing_service.HOLDS.title)]
    numbers = ("SafeNet", G2_ISSUING, "Santak Blazer 1000", "ổ dữ liệu 1")
    assert [said for said in (*links, *numbers) if said not in device] == []


def test_everything_that_is_there_is_found_to_be_well(desk: Whole) -> None:
    """On both PCs; every link of both chains holds."""
    for pc in desk.pcs:
        desk.until_ok(pc, set(WELL), SHOWN_WITHIN)
    text = desk.collector.devices_text()
    for chain, links in (("signing_token_link", 6), ("signing_service_link", 3)):
        held = series(text, f"sansang_{chain}", device=desk.first.device, reason="")
        assert held == [1.0] * links, chain
    assert series(text, "sansang_device_info", device=desk.first.device, station="Q01") == [1.0]
    assert series(text, "sansang_power_ups_charge_ratio", device=desk.first.device) == [0.97]


def test_every_number_that_a_desk_sends_is_exported(desk: Whole) -> None:
    """None is taken for one that this release does not know; when the certificate ends is among them."""
    unknown = re.findall(r"^sansang_collector_unknown_samples_total (\S+)$", desk.collector.page("/metrics"), re.M)
    left = series(desk.collector.devices_text(), "sansang_signing_token_certificate_left_seconds")
    assert [399 < seconds / 86400 <= 400 for seconds in left] == [True, True]
    assert unknown == ["0.0"]


def test_promtool_has_nothing_to_say_about_the_metrics(desk: Whole) -> None:
    """Units, with what the roster expects, and devices."""
    for path in ("/metrics", "/metrics/devices"):
        text = desk.collector.page(path)
        command = ["promtool", "check", "metrics"]
        done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout + done.stderr) == (0, ""), path
    text = desk.collector.page("/metrics")
    assert series(text, "sansang_unit_stations", unit=UNIT, role="counter") == [2.0]
    assert series(text, "sansang_unit_roster", unit=UNIT, kind="signers") == [2.0]


def test_a_certificate_bears_another_fingerprint_on_each_pc(desk: Whole) -> None:
    """The same on every run of one PC: both have the same token, and nobody can tell."""
    marks: dict[str, set[str]] = {pc.device: set() for pc in desk.pcs}
    for where, data in canaries.sent(list(desk.wire.requests)):
        if where.startswith("batch"):
            batch = json.loads(data)
            told = [one["facts"] for one in batch["results"] if one["check"] == "signing_token"]
            marks[batch["agent"]] |= {str(facts["fingerprint"]) for facts in told}
    first, second = (marks[pc.device] for pc in desk.pcs)
    assert (len(first), len(second)) == (1, 1)
    assert first != second


def shown(desk: Whole) -> Iterator[Piece]:
    """Every page about the unit and its devices, in both languages, and the metrics."""
    devices = (f"/devices/{pc.device}" for pc in desk.pcs)
    for path in ("/", f"/units/{UNIT}", *devices):
        for lang in ("vi", "en"):
            yield f"{path} {lang}", desk.collector.page(f"{path}?lang={lang}").encode()
    for path in ("/metrics", "/metrics/devices"):
        yield path, desk.collector.page(path).encode()


def kept(desk: Whole, pc: Pc) -> Iterator[Piece]:
    for where, data in canaries.kept(pc.state):
        yield f"{pc.folder.name}: {where}", data
    yield f"{pc.folder.name}: its log", desk.log(pc).read_bytes()


def test_nothing_of_the_pcs_owner_leaves_the_pc_or_stays_behind(desk: Whole) -> None:
    """Names, numbers and fingerprints in any dress: in what the agents keep, log and send, and in what the collector
    stores, logs and shows. Last in this file: it ends the agents, which writes what they keep."""
    pages = list(shown(desk))
    desk.end_agents()
    sent = list(canaries.sent(desk.wire.requests))
    replies = [(f"reply {number}", reply) for number, reply in enumerate(desk.wire.replies)]
    city = [*canaries.stored(desk.folder / "city" / "collector"), ("its log", desk.collector.log.read_bytes())]
    everything = [*pages, *sent, *replies, *city, *kept(desk, desk.first), *kept(desk, desk.second)]
    assert canaries.found(everything, desk.secrets()) == []
    control = {where for where, _ in canaries.found(everything, canaries.of_text(G2_ISSUING))}
    assert {"device_state", f"/devices/{desk.first.device} en"} <= control
    kinds = " ".join(where for where, _ in everything)
    for part in ("lasting.json", "boots.json", "status.json", "spooled result", "batch", "device_state", "/metrics"):
        assert part in kinds
    assert sum(where.startswith("batch") for where, _ in everything) >= 6


@pytest.mark.parametrize("dress", ["utf-8", "utf-16-le", "hex", "base64", "json"])
def test_a_name_that_did_leave_would_be_found(dress: str) -> None:
    """In the middle of something else."""
    raw = tokens.PERSON.encode()
    dressed = {
        "utf-8": raw, "utf-16-le": tokens.PERSON.encode("utf-16-le"), "hex": raw.hex().encode(),
        "base64": base64.b64encode(b"it is " + raw + b" who signs"), "json": json.dumps(tokens.PERSON).encode(),
    }  # fmt: skip
    assert canaries.found([("here", b"...." + dressed[dress] + b"....")], canaries.of_text(tokens.PERSON)) != []
