"""Does this PC have power: its battery, the UPS behind it, and when it was off before this boot.

Power is lost before the line is: a commune that is silent may only be dark. The PC cannot tell while it is off; after
it booted, the first run says from when to when that was, in the times of then, and whether it had been shut down.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta, Struct

from checks.kit import battery, nut, outage
from checks.kit.battery import Power
from checks.kit.datagram import endpoint
from checks.kit.failure import UNMEASURED, NetError
from checks.kit.model import Boot, Check, Env, Fact, Metric, Reading, Reason, Sample, Scalar, error, failed, ok, sample
from checks.kit.nut import NutError, Ups
from checks.kit.outage import Off

HERE = "127.0.0.1"
_CONNECTED = {"0": {"vi": "không có điện lưới", "en": "none"}, "1": {"vi": "có điện lưới", "en": "there"}}

MAINS = Metric(
    name="power_mains", title={"vi": "Điện lưới", "en": "Mains power"}, unit="",
    help="Whether the mains give power, by the UPS, else by the adapter: 1, or 0 while a battery does.",
    words=_CONNECTED,
)  # fmt: skip
CHARGE = Metric(
    name="power_battery_charge", title={"vi": "Mức pin", "en": "Battery charge"}, unit="ratio",
    help="What the PC's own batteries hold, of what they can.",
)  # fmt: skip
HEALTH = Metric(
    name="power_battery_health", title={"vi": "Độ tốt của pin", "en": "Battery health"}, unit="ratio",
    help="What the PC's own batteries can hold, of what they could when new (Linux).",
)  # fmt: skip
CYCLES = Metric(
    name="power_battery_cycles", title={"vi": "Số chu kỳ sạc", "en": "Charge cycles"}, unit="",
    help="How often the most used of the PC's own batteries was charged, in full charges (Linux).",
)  # fmt: skip
UPS_CHARGE = Metric(
    name="power_ups_charge", title={"vi": "Mức pin UPS", "en": "UPS battery charge"}, unit="ratio",
    help="What the battery of the UPS holds, of what it can; of several, the UPS in the gravest state.",
)  # fmt: skip
UPS_RUNTIME = Metric(
    name="power_ups_runtime", title={"vi": "UPS còn chạy được", "en": "UPS time left"}, unit="seconds",
    help="How long the UPS says it can run on its battery with the present load.",
)  # fmt: skip
UPS_LOAD = Metric(
    name="power_ups_load", title={"vi": "Tải của UPS", "en": "UPS load"}, unit="ratio",
    help="What is drawn from the UPS, of what it can give.",
)  # fmt: skip
UPS_VOLTAGE = Metric(
    name="power_ups_input_volts", title={"vi": "Điện áp vào UPS (V)", "en": "UPS input voltage (V)"}, unit="",
    help="Voltage of the mains at the UPS.",
)  # fmt: skip
UNCLEAN = Metric(
    name="power_unclean_shutdowns", title={"vi": "Số lần tắt đột ngột", "en": "Unclean shutdowns"}, unit="",
    help="How many of the boots that the agent remembers, the last 32, ended without a shutdown.",
)  # fmt: skip
BOOTS = Metric(
    name="power_boots", title={"vi": "Số lần khởi động đã ghi", "en": "Boots remembered"}, unit="",
    help="Boots that the agent remembers, the present one included; at most 32.",
)  # fmt: skip
OFF = Metric(
    name="power_off", title={"vi": "Thời gian tắt máy gần nhất", "en": "Last time off"}, unit="seconds",
    help="How long this PC was off, the last time of each kind that is remembered.", labels=("kind",),
    words={"clean": {"vi": "tắt đúng cách", "en": "shut down"}, "unclean": {"vi": "tắt đột ngột", "en": "cut off"}},
)  # fmt: skip

_UPS_STATES = {
    "low_battery": {"vi": "pin sắp hết", "en": "battery nearly empty"},
    "on_battery": {"vi": "đang chạy pin", "en": "on battery"},
    "overload": {"vi": "quá tải", "en": "overloaded"},
    "replace_battery": {"vi": "cần thay pin", "en": "needs a new battery"},
    "unreachable": {"vi": "không đọc được", "en": "cannot be read"},
    "bypass": {"vi": "chạy thẳng, không bảo vệ", "en": "bypassed, protects nothing"},
    "off": {"vi": "đang tắt", "en": "switched off"},
    "calibrating": {"vi": "đang tự kiểm tra pin", "en": "testing its battery"},
    "trim": {"vi": "điện cao, đang hạ áp", "en": "mains high, trimming"},
    "boost": {"vi": "điện yếu, đang nâng áp", "en": "mains low, boosting"},
    "charging": {"vi": "đang sạc", "en": "charging"},
    "online": {"vi": "bình thường", "en": "online"},
    "other": {"vi": "khác", "en": "other"},
}
_STATUSES = {
    "discharging": {"vi": "đang dùng pin", "en": "discharging"},
    "charging": {"vi": "đang sạc", "en": "charging"},
    "full": {"vi": "đầy", "en": "full"},
    "not_charging": {"vi": "cắm điện, không sạc", "en": "plugged in, not charging"},
}
FACTS = (
    Fact(name="battery", title={"vi": "Có pin", "en": "Has a battery"},
         help="Whether the PC itself has a battery, as a laptop does."),
    Fact(name="battery_status", title={"vi": "Pin đang", "en": "Battery is"},
         help="discharging, charging, full or not_charging; of several batteries, the first of these that one is.",
         words=_STATUSES),
    Fact(name="ups", title={"vi": "Đọc được UPS qua NUT", "en": "A UPS is read through NUT"},
         help="Whether a UPS is there for NUT (upsd), here or on the server that is configured."),
    Fact(name="ups_state", title={"vi": "UPS đang", "en": "UPS is"},
         help="The gravest of what the UPS says of itself; of several, that of the one in the gravest state.",
         words=_UPS_STATES),
    Fact(name="ups_model", title={"vi": "Kiểu UPS", "en": "UPS model"},
         help="Maker and model, as the UPS says."),
    Fact(name="ups_battery_date", title={"vi": "Ngày của pin UPS", "en": "UPS battery date"},
         help="Day the battery of the UPS was put in, YYYY-MM-DD, as the UPS says; factory placeholders are unknown."),
    Fact(name="last_outage_began", title={"vi": "Tắt lần cuối từ", "en": "Last off from"}, unit="timestamp",
         help="When this PC was last alive before this boot; right to 90 s."),
    Fact(name="last_outage_ended", title={"vi": "Tắt lần cuối đến", "en": "Last off until"}, unit="timestamp",
         help="When this boot began."),
    Fact(name="last_outage_seconds", title={"vi": "Tắt lần cuối trong", "en": "Last off for"}, unit="seconds",
         help="How long this PC was off before this boot; unknown where its clock was wrong at either end."),
    Fact(name="last_outage_clean", title={"vi": "Lần cuối tắt đúng cách", "en": "Last time was shut down"},
         help="Whether this PC had been shut down in order before this boot."),
    Fact(name="last_unclean_began", title={"vi": "Lần tắt đột ngột cuối", "en": "Last cut off"}, unit="timestamp",
         help="When this PC was last cut off without a shutdown, of the boots remembered."),
    Fact(name="boots_since", title={"vi": "Ghi các lần khởi động từ", "en": "Boots remembered since"},
         unit="timestamp", help="When the oldest boot began that is remembered."),
)  # fmt: skip
_REASONS = {
    "low_battery": Reason.BATTERY_LOW,
    "on_battery": Reason.ON_BATTERY,
    "overload": Reason.UPS_OVERLOAD,
    "replace_battery": Reason.BATTERY_REPLACE,
    "unreachable": Reason.UPS_UNREACHABLE,
}
_WHY = {
    "silent": "the UPS server does not answer in time",
    "closed": "the UPS server ended the connection",
    "malformed": "the answer is not that of a UPS server",
    "unknown-ups": "the UPS server has no UPS of this name",
    "access-denied": "the UPS server refuses this PC",
    "data-stale": "the UPS server hears nothing new from the UPS",
    "driver-not-connected": "the driver of the UPS does not run",
    "no-status": "the UPS has not said its state yet",
}


class Params(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the UPS is read. Without any of it, this PC's own server is asked if there is one."""

    nut: Annotated[
        str, Meta(max_length=253, description="NUT server (upsd), with a port if not 3493; empty: this PC, if it has.")
    ] = ""
    ups: Annotated[
        str,
        Meta(max_length=64, pattern="^[!-~]*$", description="Name of the UPS there; empty: all, the gravest counts."),
    ] = ""
    timeout: Annotated[float, Meta(gt=0, le=10, description="Seconds for the server to answer.")] = 3.0

    def __post_init__(self) -> None:
        if self.nut:
            try:
                endpoint(self.nut, nut.PORT)
            except ValueError as why:
                raise ValueError(f"nut: {why}") from None


class Asked(Struct, frozen=True):
    """What asking for a UPS gave. ``there`` is None when nobody knows whether there is one; ``unmeasured`` says that
    the fault is this PC's."""

    there: bool | None
    ups: Ups | None = None
    detail: str = ""
    unmeasured: Reason | None = None


def run(params: Params, env: Env) -> Reading:
    """Reads the battery, asks the UPS, and looks back at the boots."""
    system = env.host.system().name
    power = battery.linux(env.host) if system == "linux" else battery.windows() or Power()
    return summarise(power, ask(params, env), look_back(env, system), env)


def summarise(power: Power, asked: Asked, gaps: tuple[Off, ...], env: Env) -> Reading:
    """The reading of what was found. A PC on its own battery works; one on that of a UPS will soon not."""
    samples = tuple(_samples(power, asked.ups, gaps, len(env.boots)))
    facts = _state(power, asked) | _past(gaps, env)
    if asked.unmeasured:
        return error(asked.unmeasured, asked.detail, facts)
    reason = _REASONS.get(asked.ups.state) if asked.ups else None
    return failed(reason, samples, facts, asked.detail or _left(asked.ups)) if reason else ok(samples, facts)


def _left(ups: Ups | None) -> str:
    """``charge 45 %, 12 min left, load 80 %``, as far as the UPS tells."""
    if ups is None:
        return ""
    told = (
        ("charge {:.0f} %", ups.charge, 100),
        ("{:.0f} min left", ups.runtime, 1 / 60),
        ("load {:.0f} %", ups.load, 100),
    )
    return ", ".join(text.format(value * scale) for text, value, scale in told if value is not None)


def ask(params: Params, env: Env) -> Asked:
    """The UPS in the gravest state. What only may be there, and does not answer, is unknown; what is configured, or is
    listed by its server, and cannot be read, is unreachable."""
    server = endpoint(params.nut or HERE, nut.PORT)
    until = time.monotonic() + env.left(params.timeout)
    try:
        addresses = env.net.resolve(server.host, server.port, until - time.monotonic()).addresses
        sock = env.net.connect(addresses, until - time.monotonic()).sock
    except NetError as why:
        if why.reason in UNMEASURED and (params.nut or params.ups):
            return Asked(None, unmeasured=why.reason, detail=f"the UPS server cannot be asked: {why.detail}")
        return _unanswered(params, why.reason is Reason.TCP_REFUSED, f"the UPS server cannot be reached: {why.detail}")
    try:
        found = nut.gravest(nut.ask(sock, params.ups, lambda: until - time.monotonic()))
    except NutError as why:
        return _unanswered(params, False, _WHY.get(why.why, "the UPS server refuses the question"))
    finally:
        env.net.close(sock)
    if found is None:
        return _unanswered(params, True, "the UPS server has no UPS")
    return Asked(True, found, _WHY.get(found.why, "the UPS server refuses the question") if found.why else "")


def _unanswered(params: Params, absent: bool, detail: str) -> Asked:
    if params.nut or params.ups:
        return Asked(None, Ups("unreachable"), detail)
    return Asked(False if absent else None)


def look_back(env: Env, system: str) -> tuple[Off, ...]:
    """The times this PC was off. What the system says of how the last boot ended is asked once and kept."""
    if len(env.boots) < 2:
        return ()
    kept = env.lasting.get("clean")
    known = {boot.id for boot in env.boots}
    found = kept.items() if isinstance(kept, dict) else ()
    told = {name: how for name, how in found if name in known and isinstance(how, bool)}
    before, present = env.boots[-2], env.boots[-1].id
    if before.id not in told and env.memory.get("looked") != present:
        env.memory["looked"] = present
        how = _ended(env, system, before)
        if how is not None:
            told[before.id] = how
    env.lasting["clean"] = told
    return outage.gaps(env.boots, told, False if system == "linux" else None)


def _ended(env: Env, system: str, before: Boot) -> bool | None:
    if system == "linux":
        return outage.in_order(outage.wtmp(), (env.clock.wall() - env.clock.mono()) / 1e6)
    return outage.after_shutdown(outage.windows_shutdown(), before)


def _state(power: Power, asked: Asked) -> dict[str, Scalar]:
    facts: dict[str, Scalar] = {"battery": power.battery, "ups": asked.there}
    if power.battery:
        facts["battery_status"] = power.status
    if asked.ups:
        facts["ups_state"] = asked.ups.state
        facts.update(ups_model=asked.ups.model, ups_battery_date=asked.ups.dated)
    return facts


def _past(gaps: tuple[Off, ...], env: Env) -> dict[str, Scalar]:
    """Nothing is said of a PC whose first boot this is, as far as anybody remembers."""
    if not gaps:
        return {}
    last = gaps[-1]
    cut = [gap.began for gap in gaps if gap.clean is False and gap.began is not None]
    return {
        "last_outage_began": last.began,
        "last_outage_ended": last.ended,
        "last_outage_seconds": None if last.seconds is None else round(last.seconds),
        "last_outage_clean": last.clean,
        "last_unclean_began": cut[-1] if cut else None,
        "boots_since": outage.booted(env.boots[0]),
    }


def _samples(power: Power, ups: Ups | None, gaps: tuple[Off, ...], boots: int) -> Iterator[Sample]:
    on_battery = ups.on_battery if ups else None
    mains = power.mains if on_battery is None else not on_battery
    values: list[tuple[Metric, float | None]] = [
        (MAINS, mains),
        (CHARGE, power.charge),
        (HEALTH, power.health),
        (CYCLES, power.cycles),
    ]
    if ups:
        told = (UPS_CHARGE, ups.charge), (UPS_RUNTIME, ups.runtime), (UPS_LOAD, ups.load), (UPS_VOLTAGE, ups.voltage)
        values += told
    yield from (sample(metric, round(value, 4)) for metric, value in values if value is not None)
    if gaps:
        yield sample(BOOTS, boots)
        yield sample(UNCLEAN, sum(gap.clean is False for gap in gaps))
    for kind, clean in (("clean", True), ("unclean", False)):
        lengths = [gap.seconds for gap in gaps if gap.clean is clean and gap.seconds is not None]
        if lengths:
            yield sample(OFF, round(lengths[-1]), kind=kind)


CHECK = Check(
    name="power",
    title={"vi": "Nguồn điện", "en": "Power"},
    params=Params,
    metrics=(MAINS, CHARGE, HEALTH, CYCLES, UPS_CHARGE, UPS_RUNTIME, UPS_LOAD, UPS_VOLTAGE, BOOTS, UNCLEAN, OFF),
    facts=FACTS,
    run=run,
    every=900.0,
    timeout=15.0,
)
