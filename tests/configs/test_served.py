"""What the shipped localities serve is what agents take: the two sides share no code for it, only the wire."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec import Struct, field

from agent import remote
from agent.timetable import Timetable
from benchmarks.traffic import pushes_a_day, regimes
from checks.kit import registry
from checks.kit.model import Job
from collector.catalog import Catalog
from collector.locality_file import ROLES
from tests.configs.test_shipped import LOCALITIES, loaded

ASKING = 2000
"""Bytes that asking for a lease sends: a TLS handshake (checks.kit.traffic.HANDSHAKE), a head, 300 bytes of body. The
test itself is the lease's, of one device a unit and period, and its result is pushed by that device alone."""
SENT = {
    "connectivity": 2520, "dns": 2900, "lan": 620, "path": 4700, "signing_service": 3800, "bandwidth": ASKING,
    "realtime": ASKING,
}  # fmt: skip
"""Bytes that a run sends, by benchmarks/traffic.py; a new revocation list, once a day, is in the last. Checks that are
not named send nothing. Whoever makes one larger has that benchmark's goal to meet."""
SENT_A_RESULT = {
    "clock": 160, "connectivity": 330, "device": 450, "dns": 260, "lan": 420, "path": 310, "peripherals": 130,
    "power": 250, "signing_service": 260, "signing_token": 510, "storage": 210, "support": 370,
}  # fmt: skip
"""Bytes by which a result makes a push longer, by the same benchmark."""
SENT_A_PUSH = 850
LEASED = ("bandwidth", "realtime")
UNIT = {"hcmc": "27259", "ha-noi": "00004", "quang-ninh": "06652", "can-tho": "31120", "demo": "27259"}


class OlderConfig(Struct, kw_only=True):
    """As the first release's agents read it."""

    etag: str
    unit: str = ""
    jobs: list[Job] = field(default_factory=list)
    push: dict[str, Any] = field(default_factory=dict)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("name", [*LOCALITIES, "demo"])
def test_an_agent_takes_what_the_collector_serves(name: str, role: str) -> None:
    """Every job with its intervals, office hours to the minute, and limits."""
    served = loaded(name).device_config(UNIT[name], role)
    taken = remote.decode(msgspec.json.encode(served), registry.names(), registry.load)
    assert [(job.key, job.every, job.off_hours_every, job.params) for job in taken.jobs] == [
        (job.key, job.every, job.off_hours_every, job.params) for job in served.jobs
    ]
    assert msgspec.json.encode(taken.hours) == msgspec.json.encode(served.hours)
    assert msgspec.to_builtins(taken.limits) == {
        "slots": served.limits.slots,
        "per_check": served.limits.per_check,
        "sockets_per_hour": served.limits.sockets_per_hour,
        "bytes_per_hour": served.limits.bytes_per_hour,
    }


@pytest.mark.parametrize("name", LOCALITIES)
def test_a_pc_sends_less_than_a_megabyte_a_day(name: str) -> None:
    """By what the benchmark found a run to send: a shorter interval than these shows here first."""
    assert 500_000 < sent_a_day(loaded(name), UNIT[name], "pc") < 1_000_000


def sent_a_day(found: Catalog, unit: str, role: str) -> float:
    """Bytes that such a device sends, never turned off."""
    total = 0.0
    for part in regimes(msgspec.to_builtins(found.device_config(unit, role))):
        runs = [(str(job["check"]), part.seconds / job["every"]) for job in part.jobs]
        pushes = sum(pushes_a_day(part, found.locality.linger)) * part.seconds / 86_400
        total += sum(
            number * (SENT.get(check, 0) + (0 if check in LEASED else SENT_A_RESULT[check])) for check, number in runs
        )
        total += pushes * SENT_A_PUSH
    return total


@pytest.mark.parametrize("name", LOCALITIES)
def test_tokens_are_compared_with_the_name_of_their_own_unit(name: str) -> None:
    """Each unit's PCs are told what their unit is called, and no other's."""
    found = loaded(name)
    code = UNIT[name]
    job = next(job for job in found.device_config(code, "pc").jobs if job.check == "signing_token")
    assert job.params["unit_names"] == [found.units[code].name]
    other = next(unit for unit in found.units if unit != code)
    assert found.etag(other, "pc") != found.etag(code, "pc")


@pytest.mark.parametrize("name", LOCALITIES)
def test_an_older_agent_takes_it_too(name: str) -> None:
    """It measures as often at night as by day, and passes over what it does not know."""
    served = loaded(name).device_config(UNIT[name], "pc")
    taken = msgspec.json.decode(msgspec.json.encode(served), type=OlderConfig)
    assert [job.every for job in taken.jobs] == [job.every for job in served.jobs]


@pytest.mark.parametrize("name", LOCALITIES)
def test_office_hours_mean_the_same_on_both_sides(name: str) -> None:
    """Every half-hour of a week, judged by the collector and worked by the agent."""
    found = loaded(name)
    taken = remote.decode(msgspec.json.encode(found.device_config(UNIT[name], "pc")), registry.names(), registry.load)
    table = Timetable(taken.hours)
    monday = 1_795_366_800  # 23 November 2026, 0:00 in Vietnam
    hours = [found.office(monday + number * 1800) for number in range(336)]
    assert [table.is_open(monday + number * 1800) for number in range(336)] == hours
    assert sum(hours) == 2 * 44


@pytest.mark.parametrize("name", LOCALITIES)
def test_a_reporting_device_is_never_taken_for_a_silent_one(name: str) -> None:
    """Outside office hours too something comes in time: the next run is at most an interval and a half away."""
    found = loaded(name)
    lost = found.profile.freshness.lost_contact / 1e6
    for role in ROLES:
        shortest = min(job.off_hours_every or job.every for job in found.jobs_for(UNIT[name], role))
        assert 1.5 * shortest + 1.1 * found.locality.linger + 60 < lost


@pytest.mark.parametrize("name", LOCALITIES)
def test_a_result_speaks_for_the_present_until_the_next_one(name: str) -> None:
    """Requirements about now outlast the longest pause of the jobs they look at."""
    found = loaded(name)
    jobs = found.jobs_for(UNIT[name], "pc")
    mandatory = {target.id for target in found.targets if target.mandatory}
    for line in found.profile.requirements:
        if line.window or not line.mandatory or line.check == "agent":
            continue
        ours = [
            job for job in jobs if job.check == line.check and (line.targets != "mandatory" or job.target in mandatory)
        ]
        longest = max(1.5 * max(job.every, job.off_hours_every or 0) for job in ours)
        assert line.max_age / 1e6 >= longest + 1.1 * found.locality.linger, line.id
