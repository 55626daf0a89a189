"""How a video call would fare on this line: packets as large and as many as a call's, to the collector's reflector and
back, under a lease. STAMP (RFC 8762), authenticated.

What is measured of two clocks is only ever how their difference changes: a clock that is wrong makes no jitter. Where a
clock is set in the middle, one-way figures of that call are left out; round trips stand on the monotonic clock.
"""

from __future__ import annotations

import base64
import binascii
import random
from collections.abc import Iterator
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from checks.kit import emodel, timekeeping
from checks.kit.callquality import WAYS, Direction, Rated, rate
from checks.kit.callwords import (
    BURST,
    CALLS,
    DELAY,
    DUPLICATED,
    FACTS,
    JITTER,
    LOSS,
    METRICS,
    MOS,
    REORDERED,
    VARIATION,
    Name,
    model,
)
from checks.kit.child import ChildError
from checks.kit.leasing import Grant, Want
from checks.kit.model import Check, Env, Reading, Reason, Sample, Scalar, error, failed, ok, sample
from checks.kit.net import NetError
from checks.kit.speed import Look
from checks.kit.stamp import AUTHENTICATED, BASE, WRAP, ErrorEstimate, estimate
from checks.kit.stamp_session import UNKNOWN
from checks.kit.url import WEB
from checks.kit.url import parse as web
from checks.kit.videocall import HEADERS, Ended, Held, Listener, Profile, Talk, Talker

_AROUND = 5.0
"""Seconds of a lease for the small packets around calls, and for waiting."""
_STARTING, _SPARE = 6.0, 1.0
_ROOM = 1.1
"""What is asked for over what is needed: a lease that is used up in the middle is a test for nothing."""
_WIDE = emodel.CODECS["amr_wb_23k05"]
_DETAILS = {
    "silent": (Reason.REFLECTOR_SILENT, "the reflector sent no answer"),
    "refused": (Reason.REFLECTOR_REFUSED, "what answered was not authenticated with the lease's key"),
}


class Params(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which calls, for how long, and how they are rated."""

    calls: Annotated[
        tuple[Name, ...],
        Meta(min_length=1, max_length=2, description="Calls to hold, of 1.5 and 3 Mbit/s each way."),
    ] = CALLS
    seconds: Annotated[float, Meta(ge=0.2, le=15, description="How long a call lasts.")] = 10.0
    frames: Annotated[
        float, Meta(ge=5, le=100, description="Frames a second; each is sent at once, in packets of 1,200 octets.")
    ] = 50.0
    ways: Annotated[
        tuple[Direction, ...],
        Meta(min_length=1, max_length=3, description="What is told. One way alone needs clocks that are not set."),
    ] = WAYS
    codec: Annotated[
        Literal["g711", "g711_plc", "g729a", "g7231", "gsm_efr"],
        Meta(description="Whose Ie and Bpl (ITU-T G.113 Appendix I) rate the call; `plc`: with loss concealment."),
    ] = "g711_plc"
    dscp: Annotated[int, Meta(ge=0, le=63, description="DSCP of the packets (46: expedited forwarding).")] = 0
    look: Annotated[float, Meta(ge=0, le=5, description="Seconds for which other traffic is watched before.")] = 1.0


def run(params: Params, env: Env) -> Reading:
    """Looks at the interface, asks for a lease, measures, gives the lease back. Raises
    :class:`checks.kit.leasing.Postponed` when it may not run now."""
    if env.leases is None:
        return error(Reason.LEASE_REFUSED, "no collector is known that could grant a lease")
    try:
        look = _look(params, env)
    except ChildError as why:
        return error(why.reason, f"the interface could not be looked at: {why.detail}")
    grant: Grant = env.leases.obtain(wanted(params, look))
    used: list[int] = []
    try:
        return _under(grant, params, env, used)
    finally:
        env.leases.release(grant, sum(used))


def _look(params: Params, env: Env) -> Look:
    try:
        url = web(env.leases.address, WEB)
    except ValueError:
        return Look()
    asked = {"host": url.host, "port": url.port, "seconds": params.look}
    wait = env.left(params.look + _STARTING)
    found: Look = env.child.call("checks.kit.crosstraffic:look", asked, answer=Look, timeout=wait)
    return found


def profiles(params: Params) -> list[Profile]:
    """The calls, the smaller first."""
    return [
        Profile(name, float(name[:-1]) * 1e3, params.frames, params.seconds)
        for name in CALLS
        if name in params.calls
    ]  # fmt: skip


def wanted(params: Params, look: Look) -> Want:
    """What is asked for."""
    calls = profiles(params)
    cross = None if look.receive is None else max(look.receive, look.transmit or 0.0)
    return Want(
        check="realtime",
        seconds=min(120.0, sum(one.seconds for one in calls) + _AROUND),
        bytes=round(_ROOM * sum(one.bytes for one in calls)),
        rate=max(_load(one) for one in calls),
        cross=cross,
        capacity=look.speed,
    )


def _load(call: Profile) -> float:
    """bit/s each way, headers too."""
    size = call.size(AUTHENTICATED)
    return _ROOM * call.frames * call.burst * (size + HEADERS) * 8


def allowed(calls: list[Profile], grant: Grant, left: float) -> list[Profile]:
    """Those of `calls` that the lease bears, one after the other, within `left` seconds."""
    found, octets, seconds = [], grant.bytes, min(grant.seconds, left) - _AROUND * 0.6
    for one in calls:
        if one.bytes <= octets and one.seconds <= seconds and one.rate <= grant.rate:
            found.append(one)
            octets, seconds = octets - one.bytes, seconds - one.seconds
    return found


def _under(grant: Grant, params: Params, env: Env, used: list[int]) -> Reading:
    """The reading of a test under `grant`; the octets that it used go into `used` too."""
    told = _of(grant)
    if not grant.server.host or not grant.server.port:
        return error(Reason.LEASE_REFUSED, "the lease names no reflector", told)
    calls = allowed(profiles(params), grant, env.left() - _SPARE)
    if not calls:
        return error(Reason.LEASE_REFUSED, "the lease is too small for a call", told)
    try:
        key = base64.b64decode(grant.key, validate=True)
        found = env.net.resolve(grant.server.host, grant.server.port, env.left(5.0))
        address = str(found.addresses[0].sockaddr[0])
        return _with(Link(address, grant.server.port, key, grant.session), calls, grant, params, env, used)
    except binascii.Error:
        return error(Reason.LEASE_REFUSED, "the lease's key is not base64", told)
    except NetError as why:
        return error(why.reason, why.detail, told)


class Link(Struct, frozen=True):
    """Where the session goes, and its secret."""

    address: str
    port: int
    key: bytes
    session: int


def _with(link: Link, calls: list[Profile], grant: Grant, params: Params, env: Env, used: list[int]) -> Reading:
    own, until, at = clock(), env.now() + min(grant.seconds, env.left() - _SPARE), env.clock.wall()

    def progress(share: float, loss: float, trip: float) -> bool:
        env.progress(share, {LOSS.name: loss, DELAY.name: trip})
        return env.now() < until

    # a first number of our own choosing: an answer that repeats it tells a stateless reflector
    first = random.SystemRandom().randrange(WRAP)
    with Listener(
        link.address, link.port, key=link.key, session=link.session, error=own, dscp=params.dscp, first=first
    ) as sender:
        talker = Talker(sender, base=AUTHENTICATED if link.key else BASE, progress=progress)
        try:
            talk = talker.hold(calls, error=own)
        except Ended as why:
            return _ended(why, _of(grant))
        finally:
            used.append(talker.bytes_sent + talker.bytes_received)
            env.meter.add(sockets=1, sent=talker.bytes_sent, received=talker.bytes_received)
    return summarise(params, grant, talk, at, used[0], env.leases.sign)


def clock() -> ErrorEstimate:
    """What is known of this device's clock."""
    kernel = timekeeping.kernel()
    return estimate(kernel.maximum_error, synchronised=True) if kernel and kernel.synchronised else UNKNOWN


def _ended(why: Ended, told: dict[str, Scalar]) -> Reading:
    told = told | {"foreign_packets": sum(why.foreign.values())}
    if why.why in _DETAILS:
        reason, detail = _DETAILS[why.why]
        return failed(reason, facts=told, detail=detail)
    return error(Reason.TEST_CUT, "the answers stopped, or began anew, in the middle of the test", told)


def summarise(params: Params, grant: Grant, talk: Talk, at: int, used: int, sign: Any) -> Reading:
    """The reading of a session that began `at` (µs) and used so many octets, its evidence signed by `sign`."""
    told = _of(grant) | _facts(params, talk, used)
    if any(one.session.stepped for one in talk.held) and "round_trip" not in params.ways:
        return error(Reason.CLOCK_STEPPED, "the clock was set while the test ran", told)
    rated = {one.profile.name: rate(one.call, emodel.CODECS[params.codec]) for one in talk.held if one.paced}
    for one in talk.held:
        told |= _rated(one, rated.get(one.profile.name))
    text = evidence(params, grant, talk, rated, at)
    told |= {"evidence": text, "signature": sign(text.encode("ascii"))}
    return ok(tuple(_samples(params, talk, rated)), told)


def _samples(params: Params, talk: Talk, rated: dict[str, Rated | None]) -> Iterator[Sample]:
    for one in talk.held:
        name = one.profile.name
        for way, found in one.call.ways.items():
            if way not in params.ways:
                continue
            lossy = found.loss is not None and one.paced
            for metric, value in (
                (DELAY, found.delay),
                (JITTER, found.jitter),
                (VARIATION, found.variation),
                (LOSS, found.loss if lossy else None),
                (REORDERED, found.reordered),
                (DUPLICATED, found.duplicated),
                (BURST, float(found.bursts.longest) if lossy and found.bursts else None),
            ):
                if value is not None:
                    yield sample(metric, value, call=name, way=way)
        opinion = rated.get(name)
        if opinion is not None:
            yield sample(MOS, opinion.mos, call=name)


def _of(grant: Grant) -> dict[str, Scalar]:
    return {
        "server": grant.server.name, "protocol": "stamp", "lease": grant.id,
        "mode": "authenticated" if grant.key else "unauthenticated",
    }  # fmt: skip


def _facts(params: Params, talk: Talk, used: int) -> dict[str, Scalar]:
    base = AUTHENTICATED
    held = [one.profile.name for one in talk.held]
    stepped = [one.session.stepped for one in talk.held if one.session.stepped]
    return {
        "profile": "; ".join(
            f"{one.name}: {one.frames:g}/s x {one.burst} x {one.size(base)} B, {one.seconds:g} s"
            for one in (found.profile for found in talk.held)
        ),
        "reflector": "stateful" if talk.stateful else "stateless",
        "stamped_by": talk.stamps,
        "clocks": "synchronised" if talk.synchronised else "unknown",
        "clock_stepped": stepped[0] if stepped else "no",
        "pace": "kept" if all(one.paced for one in talk.held) else "late",
        "latest": max(one.late for one in talk.held),
        "foreign_packets": sum(talk.foreign.values()),
        "unattributed": sum(one.call.unattributed for one in talk.held),
        "left_out": " ".join(name for name in params.calls if name not in held) or "none",
        "bytes_used": used,
        "mos_model": model(emodel.CODECS[params.codec]),
    }


def _rated(one: Held, opinion: Rated | None) -> dict[str, Scalar]:
    name = one.profile.name
    runs = [way.bursts for way in one.call.ways.values() if way.bursts]
    worst = max(runs, key=lambda found: found.mean, default=None)
    told: dict[str, Scalar] = {}
    if worst and one.paced:
        told |= {f"burst_mean_{name}": worst.mean, f"burst_density_{name}": worst.density}
    if opinion is not None:
        told[f"mos_inputs_{name}"] = (
            f"way {opinion.way}, Ta {opinion.delay:.1f}, Ppl {opinion.loss:.2f}, BurstR {opinion.burst:.2f}, "
            f"buffer {opinion.buffer:.1f}, R {opinion.rating:.1f}"
        )
        wide = rate(one.call, _WIDE)
        told[f"mos_wideband_{name}"] = round(wide.mos, 3) if wide else None
    return told


def evidence(params: Params, grant: Grant, talk: Talk, rated: dict[str, Rated | None], at: int) -> str:
    """The canonical text that is signed: JSON, keys sorted, whole numbers (µs, packets, octets, hundredths of MOS).
    ASCII, at most 1,024 characters."""
    told: dict[str, Any] = {
        "check": "realtime", "protocol": "stamp", "version": "RFC 8762", "at": at, "lease": grant.id[:64],
        "server": _ascii(grant.server.name[:64]), "host": _ascii(grant.server.host[:64]),
        "params": {"seconds": round(params.seconds * 1e6), "frames": round(params.frames * 1e3),
                   "codec": params.codec, "dscp": params.dscp},
    }  # fmt: skip
    for one in talk.held:
        opinion = rated.get(one.profile.name)
        told[one.profile.name] = {
            "size": one.profile.size(AUTHENTICATED),
            "stepped": one.session.stepped,
            "paced": one.paced,
            "mos": round(opinion.mos * 100) if opinion else None,
            **{
                way: [found.sent, found.lost, _micros(found.delay), _micros(found.jitter), _micros(found.variation)]
                for way, found in one.call.ways.items()
            },
        }
    return msgspec.json.encode(told, order="sorted").decode("ascii")[:1024]


def _micros(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * 1e6)


def _ascii(text: str) -> str:
    return text.encode("ascii", "replace").decode("ascii").replace('"', "?").replace("\\", "?")


CHECK = Check(
    name="realtime",
    title={"vi": "Chất lượng cuộc gọi", "en": "Call quality"},
    params=Params,
    metrics=METRICS,
    facts=FACTS,
    run=run,
    every=86400.0,
    timeout=60.0,
    headline=(LOSS.name, JITTER.name, MOS.name),
)
