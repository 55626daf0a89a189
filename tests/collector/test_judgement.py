"""The office's calls about verdicts, as the command line and programs ask them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import sqlalchemy as sa

from collector.judgement import Judgement
from collector.readiness import profile_file
from collector.readiness.model import Verdict
from collector.store.devices import Refused
from collector.store.schema import profiles
from tests.collector.commanding import CON_DAO, GOOD, PROFILE, UNITS, XOM_CHIEU, Pc, town, troubled
from tests.collector.test_sweep import MINUTE, Hands

HARDER = PROFILE.replace("version: 1", "version: 2").replace('ready: ">= 8", at_risk: ">= 4"', 'ready: ">= 32"')
ALL_KINDS = PROFILE.replace("- id: age\n", '- id: age\n  kinds: ["Đặc khu"]\n')


class Asked:
    """A town of which the test holds the clock, and the calls on it."""

    def __init__(self, devices: list[Pc], hands: Hands) -> None:
        self.devices, self.hands, self.parts = devices, hands, devices[0].client.server.parts
        parts = self.parts
        self.calls = Judgement(parts.store, parts.live, parts.facts, parts.rules, parts.now).calls

    async def __call__(self, name: str, **arguments: Any) -> Any:
        return await self.calls[name](**arguments)

    async def refused(self, name: str, **arguments: Any) -> tuple[str, str]:
        with pytest.raises(Refused) as why:
            await self(name, **arguments)
        return why.value.code, str(why.value)

    async def mended(self) -> None:
        """A minute later every PC reaches everything."""
        self.hands.at += MINUTE
        for pc in self.devices:
            await pc.push(facts=GOOD)
        await self.parts.sweep.once()


@pytest_asyncio.fixture
async def asked(tmp_path: Path) -> AsyncIterator[Asked]:
    hands = Hands()
    async with troubled(town(tmp_path), now=hands) as devices:
        yield Asked(devices, hands)


def stamp(at: int) -> str:
    return datetime.fromtimestamp(at / 1e6, UTC).isoformat()


async def test_verdicts_are_those_of_the_board(asked: Asked) -> None:
    """Of one unit, even one that has no device, or of all that have one."""
    found = await asked("readiness")
    assert {verdict.unit for verdict in found} == set(UNITS)
    assert await asked("readiness", unit=XOM_CHIEU) == [asked.parts.live.verdicts[XOM_CHIEU]]


async def test_a_verdict_of_the_past_is_told_as_it_was(asked: Asked) -> None:
    """In the locality's time where no offset is said; to the part of a second."""
    then = asked.hands.at
    await asked.mended()
    now = await asked("readiness.at", unit=XOM_CHIEU, at=stamp(asked.hands.at))
    assert now.verdict is Verdict.READY
    past = await asked("readiness.at", unit=XOM_CHIEU, at=stamp(then))
    assert (past.verdict, past.at) == (Verdict.NOT_READY, then)
    assert {line.id: line.state for line in past.requirements} == dict.fromkeys(
        ("systems", "memory", "age"), Verdict.NOT_READY
    )
    local = datetime.fromtimestamp(then / 1e6, asked.parts.facts.zone).replace(tzinfo=None).isoformat()
    assert (await asked("readiness.at", unit=XOM_CHIEU, at=local)).at == then


async def test_a_time_that_is_none_or_yet_to_come_is_refused(asked: Asked) -> None:
    assert await asked.refused("readiness.at", unit=XOM_CHIEU, at="20/11/2026") == (
        "bad_time", "expected a time such as \"2026-11-20T08:00\", got '20/11/2026'",
    )  # fmt: skip
    later = stamp(asked.hands.at + MINUTE)
    assert await asked.refused("readiness.at", unit=XOM_CHIEU, at=later) == (
        "bad_time", f"expected a time that is past, {later} is to come",
    )  # fmt: skip
    for early in ("2020-01-01", "0001-01-01T00:00"):
        assert await asked.refused("readiness.at", unit=XOM_CHIEU, at=early) == (
            "no_verdict", f"the unit 27259 had no verdict yet at {early}",
        )  # fmt: skip


async def test_the_derivation_is_that_of_the_verdict_shown(asked: Asked) -> None:
    lines = await asked("readiness.explain", unit=XOM_CHIEU, lang="en")
    heads = [line for line in lines if " · mandatory · " in line or " · advice · " in line]
    assert [line.split("]")[0].split("[")[1] for line in heads] == ["systems", "memory", "age"]
    assert lines.count("") == 3
    one = await asked("readiness.explain", unit=XOM_CHIEU, lang="en", requirement="age")
    assert one[: one.index("")] == lines[: lines.index("")]
    assert one[one.index("") :] == lines[-len(one) + one.index("") :]


async def test_a_derivation_of_what_is_not_asked_is_refused(asked: Asked, tmp_path: Path) -> None:
    """What nobody asks of anybody, and what is not asked of units of this kind."""
    assert await asked.refused("readiness.explain", unit=XOM_CHIEU, lang="vi", requirement="memry") == (
        "unknown_requirement", "no requirement of small@1 is called 'memry'; did you mean memory?",
    )  # fmt: skip
    (tmp_path / "profiles/small.yaml").write_text(ALL_KINDS.replace("version: 1", "version: 2"), "utf-8")
    for _ in range(2):
        await asked.parts.sweep.once()
    assert await asked("readiness.explain", unit=CON_DAO, lang="vi", requirement="age")
    assert await asked.refused("readiness.explain", unit=XOM_CHIEU, lang="vi", requirement="age") == (
        "unknown_requirement", "age is not asked of units of this kind",
    )  # fmt: skip


async def test_history_sums_up_each_subject(asked: Asked) -> None:
    """How long it was what, since when it fails, and until when it was ready."""
    began = asked.hands.at
    await asked.mended()
    asked.hands.at += MINUTE
    found = await asked("readiness.history", unit=XOM_CHIEU, days=1)
    assert found.end == asked.hands.at
    verdict, memory = found.subjects["verdict"], found.subjects["requirement:memory"]
    assert (verdict.state, verdict.since, verdict.first_failed) == ("ready", began + MINUTE, None)
    assert verdict.last_ready == found.end
    assert verdict.times == {"not_ready": MINUTE, "ready": MINUTE}
    assert memory.times["not_ready"] == MINUTE
    for pc in asked.devices:
        await pc.push(down=True)
    await asked.parts.sweep.once()
    failed = asked.hands.at
    asked.hands.at += MINUTE
    again = (await asked("readiness.history", unit=XOM_CHIEU, days=1)).subjects["verdict"]
    assert (again.state, again.first_failed, again.last_ready) == ("not_ready", failed, failed)


async def test_paths_are_of_one_unit_or_of_all_that_are_known(asked: Asked) -> None:
    found = await asked("readiness.paths")
    assert {path.unit: path.cost for path in found if path.fixes} == {CON_DAO: 0, XOM_CHIEU: 900_000, "27265": 0}
    assert len(found) == len(UNITS)
    assert [path.cost for path in await asked("readiness.paths", unit=XOM_CHIEU)] == [900_000]


async def test_another_profile_is_tried_and_nothing_of_it_is_kept(asked: Asked, tmp_path: Path) -> None:
    """Neither in the store nor on the board, nor in the windows that the sweep looks through."""
    parts = asked.parts
    (tmp_path / "harder.yaml").write_text(HARDER, "utf-8")
    other = profile_file.stored(profile_file.read(tmp_path / "harder.yaml", parts.catalog))

    async def kept() -> list[str]:
        return await parts.store.read(lambda connection: list(connection.scalars(sa.select(profiles.c.name))))

    before, windows, generation = await kept(), parts.facts.windows, parts.live.generation
    found = await asked("profile.try", profile=other)
    assert {row.unit: (row.old, row.new) for row in found} == {
        unit: (Verdict.NOT_READY if unit in UNITS[:3] else Verdict.READY, Verdict.NOT_READY)
        for unit in UNITS
        if unit != XOM_CHIEU
    }
    assert {one.requirement for row in found for one in row.differs} == {"memory"}
    assert (await kept(), parts.facts.windows, parts.live.generation) == (before, windows, generation)
    assert parts.rules.profile.name == "small@1"


async def test_findings_are_of_a_unit_or_of_all_and_closed_ones_on_demand(asked: Asked) -> None:
    [found] = await asked("findings")
    assert found.subject == "VNPT"
    assert await asked("findings", unit=XOM_CHIEU) == [found]
    assert await asked("findings", unit="27316") == []
    await asked.mended()
    for _ in range(6):
        await asked.mended()
    assert await asked("findings") == []
    [closed] = await asked("findings", days=1)
    assert (closed.id, closed.closed_at is not None) == (found.id, True)
    [told] = await asked("findings.told", lang="en", days=1)
    assert (told["id"], told["title"], told["units"], told["state"]) == (
        found.id,
        "VNPT: no way through",
        "3",
        "closed",
    )


async def test_a_derivation_has_windows_of_its_own(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of the sweep are read by one thread at a time, and a technician asks whenever he likes."""

    def stolen(*_: Any) -> None:
        raise AssertionError("the sweep's windows were read")

    monkeypatch.setattr(asked.parts.facts.windows, "read", stolen)
    assert await asked("readiness.explain", unit=XOM_CHIEU, lang="en")
