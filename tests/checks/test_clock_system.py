"""What is said of a system's own timekeeping, from recorded values, and which time servers are believed."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.clock import CHECK, Told, summarise
from checks.kit import timekeeping
from checks.kit.child import ChildError
from checks.kit.datagram import Used
from checks.kit.host import Host, System
from checks.kit.model import Outcome, Reason, decode_params
from checks.kit.ntp import STATES, Measured, Packet, Polled, measure, select, settle
from checks.kit.timekeeping import Kernel, Local, Moved
from tests.checks.conftest import FixedClock, environment

HOUR = 3_600_000_000
REGISTRY = {
    (r"SYSTEM\CurrentControlSet\Services\W32Time", "Start"): 3,
    (r"SYSTEM\CurrentControlSet\Services\W32Time\Parameters", "Type"): "NTP",
    (r"SYSTEM\CurrentControlSet\Control\TimeZoneInformation", "TimeZoneKeyName"): "SE Asia Standard Time",
    (r"SYSTEM\CurrentControlSet\Control\TimeZoneInformation", "ActiveTimeBias"): 4294966876,
}


class Windows(Host):
    """A PC of which only these registry values are known."""

    def __init__(self, values: dict[tuple[str, str], Any]) -> None:
        super().__init__("/nowhere")
        self._values = values

    def system(self) -> System:
        return System("windows", "10.0.19045", "amd64")

    def registry(self, key: str, value: str) -> str | int | None:
        found: str | int | None = self._values.get((key, value))
        return found


class Answers:
    """A child that found this."""

    def __init__(self, told: Told) -> None:
        self._told = told

    def call(self, function: str, argument: Any, *, answer: type[Any], timeout: float, **_: Any) -> Any:
        return self._told


def told(*polled: Polled, kernel: Kernel | None = None, zone: str | None = None, east: int | None = None) -> Told:
    return Told(polled, kernel, Local(zone, east), Used())


def test_the_kernels_word_is_read_as_adjtimex_gives_it() -> None:
    """Recorded: chrony at work; and nobody at work, where the return value or the status says so."""
    right = timekeeping.describe(0, 0x2001, 12_500, 180, -1_212_416)
    assert right == Kernel(True, 0.0125, 0.00018, -18.5e-6)
    assert not timekeeping.describe(5, 0x40, 16_000_000, 16_000_000, 0).synchronised
    assert not timekeeping.describe(0, 0x40, 0, 0, 0).synchronised


@pytest.mark.parametrize(
    ("trace", "name"),
    [("chrony/chronyd.pid", "chrony"), ("chronyd.pid", "chrony"), ("ntpd.pid", "ntpd"),
     ("systemd/timesync/synchronized", "timesyncd"), ("cron.pid", "none")],
)  # fmt: skip
def test_the_service_that_keeps_the_clock_is_found(trace: str, name: str, tmp_path: Path) -> None:
    """By what it leaves below /run."""
    (tmp_path / "run" / trace).parent.mkdir(parents=True)
    (tmp_path / "run" / trace).touch()
    assert timekeeping.service(Host(str(tmp_path))) == name


def test_the_zone_is_the_variable_or_where_the_link_leads(tmp_path: Path) -> None:
    """A copied file has no name."""
    link, copy = tmp_path / "localtime", tmp_path / "copied"
    link.symlink_to("/usr/share/zoneinfo/Asia/Ho_Chi_Minh")
    copy.write_bytes(b"TZif2")
    assert timekeeping.local(str(link), {}).zone == "Asia/Ho_Chi_Minh"
    assert timekeeping.local(str(link), {"TZ": ":Asia/Bangkok"}).zone == "Asia/Bangkok"
    assert timekeeping.local(str(copy), {}).zone is None
    assert timekeeping.local(str(tmp_path / "absent"), {"TZ": "x" * 65}).zone is None


def test_windows_is_described_from_its_registry() -> None:
    """Recorded values; not yet proven on a PC."""
    env = environment(host=Windows(REGISTRY), child=Answers(told()))
    facts = CHECK.run(decode_params(CHECK, {}), env).facts
    assert facts == {
        "synchronised": None, "service": "w32time", "zone": "SE Asia Standard Time", "utc_offset": 25200,
        "zone_vietnam": True, "steps": 0, "ntp_server": None, "ntp_stratum": None,
    }  # fmt: skip


@pytest.mark.parametrize(("name", "value"), [("Start", 4), ("Type", "NoSync"), ("Type", None)])
def test_windows_time_that_does_nothing_is_none(name: str, value: Any) -> None:
    """Turned off, or without a source."""
    values = {key: value if key[1] == name else kept for key, kept in REGISTRY.items()}
    assert timekeeping.windows_service(Windows(values)) == "none"


def test_an_unknown_zone_stays_unknown() -> None:
    """Not a wrong one."""
    env = environment(host=Windows({}), child=Answers(told()))
    facts = CHECK.run(decode_params(CHECK, {}), env).facts
    assert (facts["zone"], facts["utc_offset"], facts["zone_vietnam"]) == (None, None, None)


def test_a_zone_other_than_viet_nams_is_told() -> None:
    """By its hours, not by its name."""
    moved = Moved(None, 0)
    assert summarise(told(zone="Etc/UTC", east=0), "none", moved).facts["zone_vietnam"] is False
    assert summarise(told(zone="Asia/Bangkok", east=25200), "none", moved).facts["zone_vietnam"] is True


def test_a_clock_that_was_set_is_counted_and_measured() -> None:
    """Between two runs of the same job; what slewing explains is no step."""
    memory: dict[str, Any] = {}
    wall, moves = 10**15, []
    for number, push in enumerate([0, 0, 3_600_000_000, 1_000_000, -200_000_000]):
        wall += HOUR + push
        moves.append(timekeeping.moved(memory, wall, number * HOUR))
    assert [move.by for move in moves] == [None, 0.0, 3600.0, 1.0, -200.0]
    assert [move.steps for move in moves] == [0, 0, 1, 1, 2]


def test_the_job_remembers_between_its_runs() -> None:
    """The first run has nothing to compare with."""
    env = environment(child=Answers(told()), clock=FixedClock(10**15))
    first = CHECK.run(decode_params(CHECK, {}), env)
    later = msgspec.structs.replace(env, clock=Later(10**15 + 5_000_000))
    second = CHECK.run(decode_params(CHECK, {}), later)
    assert "clock_moved" not in {found.name for found in first.samples}
    assert [found.value for found in second.samples if found.name == "clock_moved"] == [4.0]
    assert second.facts["steps"] == 1


class Later(FixedClock):
    """One second after FixedClock by the time since boot."""

    def mono(self) -> int:
        return super().mono() + 1_000_000


def test_a_child_that_fails_leaves_the_clock_unjudged() -> None:
    """Not measured is not failing."""

    class Broken:
        def call(self, function: str, argument: Any, *, answer: type[Any], timeout: float, **_: Any) -> Any:
            raise ChildError(Reason.CHILD_HUNG, "no answer within 30 s")

    reading = CHECK.run(decode_params(CHECK, {}), environment(child=Broken()))
    assert (reading.outcome, reading.reason) == (Outcome.ERROR, Reason.CHILD_HUNG)


def test_parameters_that_cannot_work_are_refused() -> None:
    """With the field's name."""
    with pytest.raises(msgspec.ValidationError, match="servers: 'a b' is no server"):
        decode_params(CHECK, {"servers": ["a b"]})
    with pytest.raises(msgspec.ValidationError, match="length <= 6"):
        decode_params(CHECK, {"servers": ["a"] * 7})


def test_every_state_of_a_server_has_words() -> None:
    [servers] = [metric for metric in CHECK.metrics if metric.name == "clock_ntp_servers"]
    assert tuple(servers.words) == STATES


def packet(**changes: Any) -> Packet:
    values: dict[str, Any] = {
        "leap": 0, "mode": 4, "stratum": 2, "precision": -20, "root_delay": 0.02, "root_dispersion": 0.01,
        "received": 1000.06, "transmitted": 1000.07,
    }  # fmt: skip
    return Packet(**(values | changes))


def test_offset_delay_and_distance_follow_the_standard() -> None:
    """RFC 5905 §8 and §11.2: θ = ((T2−T1)+(T3−T4))/2, δ = (T4−T1)−(T3−T2), λ = (Δ+δ)/2 + E + ε."""
    found = measure(packet(), 1000.0, 0.03)
    assert isinstance(found, Measured)
    assert found.offset == pytest.approx(-((0.06) + (1000.07 - 1000.03)) / 2)
    assert found.delay == pytest.approx(0.02)
    assert found.distance == pytest.approx((0.02 + 0.02) / 2 + 0.01 + 2**-20 + 15e-6 * 0.03)


def test_an_answer_from_before_its_question_is_impossible() -> None:
    """The server held it for longer than the exchange took, or for less than no time."""
    assert measure(packet(transmitted=1000.16), 1000.0, 0.03) == "implausible"
    assert measure(packet(transmitted=1000.01), 1000.0, 0.03) == "implausible"


def test_a_new_era_is_no_leap_in_time() -> None:
    """On 7 February 2036 the seconds of NTP begin again at 0."""
    found = measure(packet(received=2.0, transmitted=2.0), 2.0**32 + 1.0, 0.0)
    assert isinstance(found, Measured)
    assert found.offset == -1.0


def test_a_kiss_after_good_answers_leaves_them_good() -> None:
    """It was only asked enough. What cannot be right spoils all."""
    good = Measured(0.5, 0.01, 0.02, 2)
    assert settle("a", [good, "unsynchronised"]).best == good
    assert settle("a", [good, "implausible"]).state == "implausible"
    assert settle("a", ["unsynchronised", "implausible"]).state == "implausible"


def polled(*offsets: float, distance: float = 0.05) -> list[Polled]:
    return [
        Polled(server=str(place), state="agreeing", best=Measured(offset, 0.01, distance, 2))
        for place, offset in enumerate(offsets)
    ]


@pytest.mark.parametrize(
    ("offsets", "states"),
    [
        ([9.0], "a"), ([0.0, 0.01], "aa"), ([0.0, 1.0], "dd"), ([0.0, 0.02, 5.0], "aad"), ([0.0, 1.0, 2.0], "ddd"),
        ([0.0, 0.0, 7.0, 7.0], "dddd"), ([0.0, 0.01, 0.02, 7.0, -7.0], "aaadd"), ([], ""),
    ],
)  # fmt: skip
def test_the_majority_is_believed(offsets: list[float], states: str) -> None:
    """As many as possible, more than half, or none."""
    selected = select(polled(*offsets))
    assert "".join(one.state[0] for one in selected.polled) == states
    assert (selected.chosen is None) == ("a" not in states)


@given(
    true=st.lists(st.floats(-0.04, 0.04), min_size=3, max_size=5),
    lies=st.lists(st.floats(1, 1e6) | st.floats(-1e6, -1), max_size=2),
    data=st.data(),
)
def test_a_minority_of_liars_never_wins(true: list[float], lies: list[float], data: st.DataObject) -> None:
    """Whatever they say, in whatever order, the time taken is a true server's and every liar is named."""
    mixed = data.draw(st.permutations([*true, *lies]))
    selected = select(polled(*mixed))
    assert selected.chosen is not None
    assert selected.chosen.best is not None
    assert abs(selected.chosen.best.offset) <= 0.04
    for one in selected.polled:
        assert one.best is not None
        assert (one.state == "disagreeing") == (not math.isclose(one.best.offset, 0.0, abs_tol=0.5))
