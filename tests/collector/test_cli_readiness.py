"""``sansang-collector readiness``, word for word: beside a collector that runs, and alone over what it stored."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from collector.app import wall
from tests.collector.commanding import CON_DAO, XOM_CHIEU, Pc, call, in_days, rows, running, town, troubled

REFUSED = "the server does not take the connection"
WORST = f"systems answer 0 % (needs ≥ 90 %) — Mail: {REFUSED}"
HELD = "máy chủ không phản hồi kết nối"


@pytest.fixture
def file(tmp_path: Path) -> str:
    return town(tmp_path)


@pytest_asyncio.fixture(params=["running", "alone"])
async def city(file: str, request: pytest.FixtureRequest) -> AsyncIterator[list[Pc]]:
    async with troubled(file, request.param) as found:
        yield found


async def said(*words: str, lang: str = "en") -> list[str]:
    """What a command that succeeds prints."""
    code, out, err = await call(*words, "--lang", lang)
    assert (code, err) == (0, "")
    return rows(out)


@pytest.mark.usefixtures("city")
async def test_units_are_listed_worst_first_with_the_one_reason(file: str) -> None:
    """A line each: a code, a name, a verdict, why, and how many devices speak for it."""
    assert await said("readiness", "--config", file) == [
        "code name verdict why devices",
        f"26732 Đặc khu Côn Đảo ✕ not ready {WORST} 1/1",
        f"27259 Phường Xóm Chiếu ✕ not ready {WORST} 1/1",
        f"27265 Phường Khánh Hội ✕ not ready {WORST} 1/1",
        "26878 Phường An Hội Đông ● ready 1/1",
        "26882 Phường An Hội Tây ● ready 1/1",
        "27316 Phường An Đông ● ready 1/1",
    ]
    assert (await said("readiness", "--config", file, lang="vi"))[:2] == [
        "mã tên kết luận lý do thiết bị",
        f"26732 Đặc khu Côn Đảo ✕ chưa sẵn sàng hệ thống truy cập được 0 % (cần ≥ 90 %) — Thư: {HELD} 1/1",
    ]


async def test_who_reports_late_and_what_is_waived_stands_in_the_list(file: str) -> None:
    """As the pages say it: neither changes the verdict's word."""
    ahead = 0
    async with troubled(file, now=lambda: wall() + ahead) as found:
        granted = ("--unit", "27316", "age", "--until", in_days(9), "--author", "An", "--reason", "Đã đặt máy mới")
        assert (await call("waivers", "grant", "--config", file, *granted))[0] == 0
        ahead = 20 * 60_000_000
        await found[0].client.server.parts.sweep.once()
        told = await said("readiness", "--config", file)
        assert told[-1] == "27316 Phường An Đông ● ready ◷ reports come late, the last one at HH:MM · ✎ waived 1/1"
        assert told[1] == (
            f"26732 Đặc khu Côn Đảo ✕ not ready {WORST} · ◷ reports come late, the last one at HH:MM 1/1"
        )
        told = await said("readiness", "--config", file, lang="vi")
        assert told[-1] == "27316 Phường An Đông ● sẵn sàng ◷ báo cáo trễ, lần cuối HH:MM · ✎ miễn trừ 1/1"


@pytest.mark.usefixtures("city")
async def test_one_unit_is_shown_with_every_requirement(file: str) -> None:
    assert await said("readiness", "--config", file, "--unit", XOM_CHIEU) == [
        "Phường Xóm Chiếu (27259)",
        f"✕ Not ready since HH:MM: {WORST}; and 1 other. Tell the operator.",
        "requirement verdict measured needed source",
        "Systems answer ✕ not ready 0 % ≥ 90 % [A] Test",
        "Memory of a PC ✕ not ready 2 GB ≥ 8 GB [A] Test",
        "Age of a PC ✕ not ready 9 years ≤ 5 years [A] Test",
    ]
    assert (await said("readiness", "--config", file, "--unit", XOM_CHIEU, lang="vi"))[2:4] == [
        "yêu cầu kết luận đo được cần căn cứ",
        "Hệ thống truy cập được ✕ chưa sẵn sàng 0 % ≥ 90 % [A] Thử",
    ]
    _, text, _ = await call("readiness", "--config", file, "--unit", XOM_CHIEU, "--json")
    [found] = json.loads(text)
    assert (found["unit"], found["deciding"]) == (XOM_CHIEU, ["systems", "memory"])


async def test_a_derivation_is_told_whole_or_of_one_requirement(file: str, city: list[Pc]) -> None:
    """With the unit's name, and every device that was looked at."""
    device = city[0].id[:8]
    whole = await said("readiness", "explain", "--config", file, "--unit", XOM_CHIEU)
    head = (
        "27259 Phường Xóm Chiếu · ✕ not ready · since HH:MM · profile small@1 · 1 of 1 devices report, "
        "at least 80 % must"
    )
    assert whole[:3] == [
        head,
        "decided by: Systems answer [systems]; Memory of a PC [memory]",
        "✕ Systems answer [systems] · mandatory · not ready since HH:MM",
    ]
    assert f"- {device} → Mail · ✕ · not ready ({REFUSED}) · HH:MM" in whole
    assert [line.split("[")[1].split("]")[0] for line in whole if " · advice" in line or " · mandatory" in line] == [
        "systems", "memory", "age",
    ]  # fmt: skip
    one = await said("readiness", "explain", "--config", file, "--unit", XOM_CHIEU, "memory")
    assert one[0] == head
    assert one[2] == "✕ Memory of a PC [memory] · mandatory · not ready since HH:MM"
    assert one[-1] == f"- {device} · ✕ · 2 GB · not ready (misses the threshold) · HH:MM"
    assert not [line for line in one if "Age of a PC" in line]


@pytest.mark.usefixtures("city")
async def test_history_says_since_when_in_the_profiles_order(file: str) -> None:
    told = await said("readiness", "history", "--config", file, "--unit", XOM_CHIEU)
    assert re.fullmatch(r"27259 Phường Xóm Chiếu, since \d\d/\d\d/\d{4} HH:MM", told[0])
    assert told[1:] == [
        "requirement state since first failed last ready time in state",
        "Verdict not ready HH:MM HH:MM — not ready 100 %",
        "Systems answer not ready HH:MM HH:MM — not ready 100 %",
        "Memory of a PC not ready HH:MM HH:MM — not ready 100 %",
        "Age of a PC not ready HH:MM HH:MM — not ready 100 %",
    ]
    assert (await said("readiness", "history", "--config", file, "--unit", "27316", lang="vi"))[1:3] == [
        "yêu cầu trạng thái từ hỏng từ sẵn sàng lần cuối thời gian",
        "Kết luận sẵn sàng HH:MM — nay sẵn sàng 100 %",
    ]


@pytest.mark.usefixtures("city")
async def test_the_way_to_ready_is_told_of_a_unit_and_of_all(file: str) -> None:
    """Cheapest first, what it adds up to, how far a budget goes, and what is to buy."""
    assert await said("readiness", "path", "--config", file, "--unit", XOM_CHIEU) == [
        "27259 Phường Xóm Chiếu",
        "Tell the operators of 3 systems: at no cost (the ward tells)",
        "Add memory to 1 PC: 900,000 dong (the ward buys)",
        "In all: 900,000 dong",
    ]
    assert await said("readiness", "path", "--config", file, "--unit", "27316", lang="vi") == [
        "27316 Phường An Đông",
        "Không cần làm gì.",
    ]
    assert await said("readiness", "path", "--config", file, "--budget", "500000") == [
        "code name to do in all",
        "26732 Đặc khu Côn Đảo Tell the operators of 3 systems: at no cost. at no cost",
        "27265 Phường Khánh Hội Tell the operators of 3 systems: at no cost. at no cost",
        "27259 Phường Xóm Chiếu Tell the operators of 3 systems, add memory to 1 PC: 900,000 dong. 900,000 dong",
        "3 units can be made ready: 900,000 dong.",
        "500,000 dong make 2 units ready (at no cost).",
        "To buy and to do:",
        "item quantity cost units",
        "Memory module 1 module 900,000 dong 1",
        "Tell the operator 3 systems at no cost 3",
    ]


@pytest.mark.usefixtures("city")
async def test_what_was_is_told_with_its_time(file: str) -> None:
    """And what cannot be told is one line."""
    past = datetime.datetime.now(datetime.UTC).isoformat()
    told = await said("readiness", "--config", file, "--unit", CON_DAO, "--at", past)
    assert told[0].startswith("Đặc khu Côn Đảo (26732) at ")
    assert told[1].startswith("✕ Not ready since HH:MM: systems answer")
    for at, why in (
        ("yesterday", "expected a time such as \"2026-11-20T08:00\", got 'yesterday'"),
        ("2999-11-20T08:00", "expected a time that is past, 2999-11-20T08:00 is to come"),
        ("2020-11-20", "the unit 26732 had no verdict yet at 2020-11-20"),
        ("0001-01-01", "the unit 26732 had no verdict yet at 0001-01-01"),
    ):
        found = await call("readiness", "--config", file, "--unit", CON_DAO, "--at", at)
        assert found == (1, "", f"sansang-collector: {why}\n")


@pytest.mark.usefixtures("city")
async def test_a_requirement_that_nobody_knows_is_one_line(file: str) -> None:
    found = await call("readiness", "explain", "--config", file, "--unit", XOM_CHIEU, "memry")
    why = "no requirement of small@1 is called 'memry'; did you mean memory?"
    assert found == (1, "", f"sansang-collector: {why}\n")


async def test_of_a_unit_that_was_never_heard_of_it_is_said_so(file: str) -> None:
    """Nothing is made up, and nothing printed is no answer."""
    async with running(file):
        assert await said("readiness", "--config", file) == [
            "No device yet. Make a token: sansang-collector tokens create --unit CODE --seats N"
        ]
        assert (await said("readiness", "path", "--config", file, "--unit", CON_DAO))[1:] == [
            "Nothing is heard of this unit, so what it needs is not known."
        ]
        assert await said("readiness", "path", "--config", file, "--budget", "500000") == [
            "Of the units that are heard of, none needs anything.",
            "Not in it: 6 units of which nothing is heard.",
        ]
        assert (await said("readiness", "path", "--config", file, lang="vi"))[1:] == [
            "Chưa gồm 6 đơn vị chưa có số liệu."
        ]
        [told] = await said("readiness", "history", "--config", file, "--unit", CON_DAO, lang="vi")
        assert told.startswith("26732 Đặc khu Côn Đảo, từ ")
        assert told.endswith(": chưa có gì được ghi lại.")
