"""The account of the device's boots: right to the minute after a power cut, and in true times where they are known."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.lifetime import KEPT, RENEW, Lifetime
from checks.kit.model import Boot

DAY = 1_790_000_000
"""A moment, epoch seconds."""


class PC:
    """A PC that is switched on and off, with a clock that may be wrong; ``true`` is the true time, seconds."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.true, self.booted, self.wrong = str(folder), float(DAY), float(DAY), 0.0
        self.boots, self.derived = 0, False
        self.notes: list[str] = []

    def wall(self) -> int:
        return round((self.true + self.wrong) * 1e6)

    def mono(self) -> int:
        return round((self.true - self.booted) * 1e6)

    def boot(self) -> str:
        if not self.derived:
            return f"boot-{self.boots}"
        return f"booted-{round((self.wall() - self.mono()) / 1e6 / 120) * 120}"

    def switch_on(self, off: float = 0.0) -> None:
        self.true += off
        self.booted, self.boots = self.true, self.boots + 1

    def agent(self, after: float = 30.0) -> Lifetime:
        """An agent that starts so many seconds from now."""
        self.true += after
        return Lifetime(self.folder, self, lambda event, **_: self.notes.append(event))

    def live(self, agent: Lifetime, seconds: float, *, contact: bool = False) -> None:
        """The agent works, a step every 10 s; with contact it knows the true time."""
        until = self.true + seconds
        while self.true < until:
            agent.renew(self.true, self.booted if contact else None)
            self.true += 10


@pytest.fixture
def pc(tmp_path: Path) -> PC:
    found = PC(tmp_path)
    found.switch_on()
    return found


def times(boots: tuple[Boot, ...]) -> list[tuple[str, float, float, float, bool]]:
    """Each boot with its times in seconds from DAY."""
    return [(boot.id, boot.first / 1e6 - DAY, boot.last / 1e6 - DAY, boot.after, boot.stopped) for boot in boots]


def test_a_power_cut_shows_as_two_boots(pc: PC) -> None:
    """The first was last alive at most a minute before, and was not stopped."""
    pc.live(pc.agent(), 600)
    pc.switch_on(off=1800)
    agent = pc.agent(after=45)
    assert times(agent.boots()) == [
        ("boot-1", 30, 570, 30, False),
        ("boot-2", 630 + 1800 + 45, 630 + 1800 + 45, 45, False),
    ]


def test_the_file_is_written_once_a_minute(pc: PC) -> None:
    """Between two writes it does not change."""
    agent, file = pc.agent(), Path(pc.folder) / "boots.json"
    assert not file.exists()
    seen = []
    for _ in range(30):
        pc.live(agent, 10)
        seen.append(json.loads(file.read_text())["boots"][-1]["last"])
    assert len(set(seen)) == 30 * 10 / RENEW
    assert file.stat().st_mode & 0o777 == 0o600
    assert agent.wait(pc.true - 10) == 10


def test_a_stop_in_order_is_marked_and_a_later_agent_of_the_same_boot_clears_it(pc: PC) -> None:
    """What the agent's own restart left says nothing of the device's end."""
    agent = pc.agent()
    pc.live(agent, 100)
    agent.renew(pc.true, None, stopped=True)
    assert json.loads((Path(pc.folder) / "boots.json").read_text())["boots"][0]["stopped"] is True
    second = pc.agent()
    pc.live(second, 100)
    assert times(second.boots()) == [("boot-1", 30, 260, 30, False)]
    second.renew(pc.true, None, stopped=True)
    pc.switch_on(off=600)
    assert [boot.stopped for boot in pc.agent().boots()] == [True, False]


def test_who_only_reads_changes_nothing(pc: PC) -> None:
    """An on-site check sees the account, the present boot included, and writes none."""
    pc.live(pc.agent(), 100)
    file = Path(pc.folder) / "boots.json"
    before = file.read_bytes()
    pc.switch_on(off=60)
    assert len(pc.agent().boots()) == 2
    assert file.read_bytes() == before


def test_a_clock_that_is_set_moves_the_whole_boot(pc: PC) -> None:
    """A PC whose clock lost its battery says 2000 until the time servers answer."""
    pc.wrong = -800_000_000.0
    agent = pc.agent()
    pc.live(agent, 120)
    assert times(agent.boots())[0][1] < -700_000_000
    pc.wrong = 0.0
    pc.live(agent, 120)
    assert times(agent.boots()) == [("boot-1", 30, 270, 30, False)]


def test_the_collectors_clock_places_a_boot_once_it_is_known(pc: PC) -> None:
    """And an agent that restarts in the same boot still knows; the next boot does not."""
    pc.wrong = 7200.0
    agent = pc.agent()
    pc.live(agent, 120)
    assert times(agent.boots())[0][1] == 30 + 7200
    pc.live(agent, 120, contact=True)
    pc.live(agent, 120)
    assert times(agent.boots()) == [("boot-1", 30, 390, 30, False)]
    restarted = pc.agent(after=5)
    assert times(restarted.boots()) == [("boot-1", 30, 395, 30, False)]
    pc.live(restarted, 60)
    pc.switch_on(off=60)
    assert times(pc.agent().boots())[1][1] == 395 + 60 + 60 + 30 + 7200


def test_sleep_belongs_to_its_boot(pc: PC) -> None:
    """The time since boot counts it: no second boot, and the first lasts until now."""
    agent = pc.agent()
    pc.live(agent, 60)
    pc.true += 8 * 3600
    pc.live(agent, 10)
    assert times(agent.boots()) == [("boot-1", 30, 100 + 8 * 3600, 30, False)]


def test_an_id_that_is_derived_from_the_time_may_waver(pc: PC) -> None:
    """Windows keeps none: an agent that restarts finds its boot again, and a quick restart of the PC is another."""
    pc.derived = True
    pc.booted = pc.true = DAY + 99.9  # just before its id changes
    pc.live(pc.agent(), 100)
    before, pc.wrong = pc.boot(), 0.2
    assert pc.boot() != before
    assert len(pc.agent().boots()) == 1
    pc.switch_on(off=5)
    assert len(pc.agent().boots()) == 2


def test_a_month_of_boots_is_kept(pc: PC) -> None:
    """The oldest go; the file stays small."""
    for _ in range(KEPT + 8):
        pc.live(pc.agent(), 60)
        pc.switch_on(off=60)
    pc.live(pc.agent(), 10)
    kept = json.loads((Path(pc.folder) / "boots.json").read_text())["boots"]
    assert [boot["id"] for boot in kept] == [f"boot-{number}" for number in range(10, KEPT + 10)]
    assert (Path(pc.folder) / "boots.json").stat().st_size < 6000


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'{"boots": [{"id": "", "first": 0, "last": 0, "after": 0}]}', b"\xff", b"\0" * 9000,
     b'{"boots": [{"id": "x", "first": 1e30, "last": 0, "after": 0}]}',
     b'{"boots": [{"id": "x", "first": 0, "last": 0, "after": -1}]}', b'{"boots":' + b"[" * 60_000],
)  # fmt: skip
def test_a_damaged_account_begins_anew(pc: PC, content: bytes) -> None:
    """Logged, and replaced with the first renewal."""
    file = Path(pc.folder) / "boots.json"
    file.write_bytes(content)
    agent = pc.agent()
    assert (times(agent.boots()), pc.notes) == ([("boot-1", 30, 30, 30, False)], ["boots_dropped"])
    pc.live(agent, 10)
    assert len(json.loads(file.read_text())["boots"]) == 1


def test_a_disk_that_refuses_stops_nothing(pc: PC) -> None:
    """Each refusal is logged."""
    (Path(pc.folder) / "boots.json.new").mkdir()
    agent = pc.agent()
    pc.live(agent, 130)
    assert set(pc.notes) == {"boots_not_written"}
    assert len(agent.boots()) == 1


@given(
    st.lists(
        st.tuples(
            st.floats(1, 300),  # seconds from the boot to the agent
            st.floats(70, 900),  # seconds that both live
            st.floats(1, 1e6),  # seconds off
            st.floats(-1e9, 1e9),  # how wrong the clock is
        ),
        min_size=1,
        max_size=5,
    )
)
def test_boots_with_contact_are_told_in_true_times(tmp_path_factory: Any, lives: list[tuple[float, ...]]) -> None:
    """Whatever the PC's own clock says, and however it changed from boot to boot."""
    pc = PC(tmp_path_factory.mktemp("pc"))
    truth = []
    for after, on, off, wrong in lives:
        pc.switch_on(off)
        pc.wrong = wrong
        agent = pc.agent(after)
        truth.append((pc.true, after))
        pc.live(agent, on, contact=True)
        truth[-1] = (*truth[-1], pc.true)  # type: ignore[assignment]
    for boot, (first, after, last) in zip(agent.boots(), truth, strict=True):  # type: ignore[misc]
        assert boot.first / 1e6 == pytest.approx(first, abs=0.01)
        assert boot.after == pytest.approx(after, abs=0.01)
        assert last - RENEW - 10.01 <= boot.last / 1e6 <= last + 0.01


def test_an_on_site_check_tells_of_the_last_outage_and_writes_nothing(tmp_path: Path) -> None:
    """``sansang-agent check power`` of a PC whose agent does not run, enrolled or not."""
    settings, state = tmp_path / "agent.yaml", tmp_path / "state"
    settings.write_text(f"state_dir: {state}\n")
    state.mkdir()
    boots = state / "boots.json"
    boots.write_text(json.dumps({"boots": [{"id": "old", "first": DAY * 10**6, "last": DAY * 10**6, "after": 9}]}))
    before = boots.read_bytes()
    command = [
        str(Path(sys.executable).parent / "sansang-agent"),
        "check",
        "power",
        "--json",
        "--config",
        str(settings),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    facts = json.loads(done.stdout)[0]["facts"]
    assert facts["last_outage_began"] == DAY
    assert DAY < facts["last_outage_ended"] < time.time()
    assert boots.read_bytes() == before
    assert [file.name for file in state.iterdir()] == ["boots.json"]
