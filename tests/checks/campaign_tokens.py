"""Reads a token thousands of times, and shows that reading costs it nothing and leaves nothing behind.

``python -m tests.checks.campaign_tokens [--runs 10000] [--parts check,module,process] [--json]``: three parts, each as
many runs. *check* is the whole check ``signing_token`` as the agent runs it, in children, against SoftHSM2 and (as
root) a real pcscd with a card in its virtual reader; *module* is a PKCS#11 module read in a child; *process* reads it
in this process. The token has been given a wrong PIN before: one more, or the right one, would change what SoftHSM has
stored. Every hundredth run of the first two meets a module that crashes, and must cost exactly one reading.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import psutil
from msgspec import Struct, to_builtins

from checks.kit import child, pkcs11
from checks.kit.apart import Checks
from checks.kit.child import ChildError
from checks.kit.model import Outcome, Reason
from checks.kit.pkcs11 import Library
from tests.checks.conftest import environment
from tests.lab import modules, pcsc, softhsm
from tests.lab.authorities import G2_ISSUING, G2_ROOT, Authority
from tests.lab.softhsm import MODULE, SoftHsm

PARTS = ("check", "module", "process")
KIB, MIB = 1024, 1024 * 1024
_GROWTH = 1.0 * MIB
"""Bytes that a part may end above the slope's beginning: what an allocator keeps, not what ten thousand leaks hold."""
Once = Callable[[bool], bool]
"""One run, with the module that crashes or with the real one: whether the reading was what it must be."""


class Part(Struct, kw_only=True):
    """What many runs did. ``wrong`` are readings that were not what they must be, with the crashes (``crashes`` runs)
    among those asked; ``rss`` is how far the resident set rose, by the fitted line over all runs but the first tenth,
    ``slope`` the same in bytes a run; ``wall`` and ``cpu`` are seconds a run, children included."""

    name: str
    runs: int
    crashes: int
    wrong: int
    descriptors: tuple[int, int]
    processes: int
    rss: float
    slope: float
    store_unchanged: bool
    pin: tuple[str, str]
    wall: float
    cpu: float

    def faults(self) -> list[str]:
        """What must not be, one line each."""
        found = {
            f"{self.wrong} readings were wrong": self.wrong,
            f"descriptors went from {self.descriptors[0]} to {self.descriptors[1]}": len(set(self.descriptors)) > 1,
            f"{self.processes} processes are left": self.processes,
            f"memory rose by {self.rss / KIB:.0f} KiB": self.rss > _GROWTH,
            "SoftHSM's store changed": not self.store_unchanged,
            f"the state of the PIN went from {self.pin[0]} to {self.pin[1]}": self.pin != ("count_low", "count_low"),
        }
        return [f"{self.name}: {words}" for words, wrong in found.items() if wrong]


def campaign(
    parts: Sequence[str], runs: int, every: int = 100, say: Callable[[str], None] = lambda _: None
) -> list[Part]:
    """Runs the `parts`; every `every`-th run of a part with children meets the crash."""
    with prepared(card="check" in parts) as (hsm, authorities):
        made: dict[str, Once] = {"module": read_alone, "process": read_here}
        if "check" in parts:
            made["check"] = whole_check(authorities)
        return [_part(name, made[name], hsm, runs, 0 if name == "process" else every, say) for name in parts]


@contextlib.contextmanager
def prepared(*, card: bool) -> Iterator[tuple[SoftHsm, list[str]]]:
    """A token as an official has it, to which somebody has told a wrong PIN; children and this process see it in the
    environment, with a `card` in a reader where a pcscd can be had; and the authorities above it, PEM."""
    with tempfile.TemporaryDirectory(prefix="campaign-") as folder, contextlib.ExitStack() as ends:
        root = Authority.root(G2_ROOT)
        issuing = root.issuing(G2_ISSUING)
        signer = issuing.signer()
        hsm = softhsm.one_token(Path(folder))
        hsm.key(signer.key_pem)
        hsm.certificate(signer.der)
        hsm.wrong_pin()
        if card and os.geteuid() == 0:
            daemon = ends.enter_context(pcsc.running())
            ends.callback(daemon.plug().pull)
            ends.enter_context(pcsc.environment(PCSCLITE_CSOCK_NAME=daemon.socket))
        ends.enter_context(pcsc.environment(**hsm.environment, **modules.wrapping(slot_flags=0x6)))
        yield hsm, [one.pem.decode("ascii") for one in (issuing, root)]


def whole_check(authorities: list[str]) -> Once:
    """The check as the agent runs it; it must say every time what it says the first time."""
    checks, roots = Checks(child), [{"name": G2_ROOT, "generation": "g2"}]

    def read(path: str) -> tuple[Outcome, Reason | None, object]:
        params = {"modules": [path], "authorities": authorities, "roots": roots}
        seen = checks.run("signing_token", params, environment(child=child, seconds=60.0))
        return seen.outcome, seen.reason, seen.facts.get("modules")

    first = read(modules.wrapper())
    crashed = (Outcome.FAILED, Reason.MODULE_CRASHED) if first[0] == Outcome.OK else first[:2]
    if first[2] != "wrapper.so: read":
        raise AssertionError(f"the token cannot be read: {first}")

    def once(crash: bool) -> bool:
        if crash:
            return read(modules.hostile("crash_in_slots")) == (*crashed, "crash_in_slots.so: module_crashed")
        return read(modules.wrapper()) == first

    return once


def read_alone(crash: bool) -> bool:
    """A module in a process of its own: its token, or in a crash nothing."""
    path = modules.hostile("crash_in_slots") if crash else MODULE
    try:
        found: Library = child.call("checks.kit.pkcs11:read", path, answer=Library, timeout=60)
    except ChildError as why:
        return crash and why.reason == Reason.CHILD_CRASHED
    return not crash and _whole(found)


def read_here(_: bool) -> bool:
    return _whole(pkcs11.read(MODULE))


def _whole(found: Library) -> bool:
    return [(token.pin, len(token.certificates)) for token in found.tokens if token.initialised] == [("count_low", 1)]


def _part(name: str, once: Once, hsm: SoftHsm, runs: int, every: int, say: Callable[[str], None]) -> Part:
    me = psutil.Process()
    others = set(me.children(recursive=True))
    once(False)
    if every:
        once(True)
    gc.collect()
    store, pin, descriptors = hsm.state(), _pin(), me.num_fds()
    began, spent, crashes, wrong = time.monotonic(), _cpu(), 0, 0
    rss: dict[int, int] = {}  # a few hundred readings of it: they are to measure memory, not to use it
    for number in range(1, runs + 1):
        crash = every > 0 and number % every == 0
        crashes += crash
        wrong += not once(crash)
        if number % max(1, runs // 200) == 0:
            rss[number] = me.memory_info().rss
        if number % max(1, runs // 20) == 0:
            say(f"{name}: {number} of {runs}, {wrong} wrong, {time.monotonic() - began:.0f} s")
    wall, cpu = time.monotonic() - began, _cpu() - spent
    slope = _slope({number: size for number, size in rss.items() if number > runs // 10})
    return Part(
        name=name,
        runs=runs,
        crashes=crashes,
        wrong=wrong,
        descriptors=(descriptors, _settled(me.num_fds, descriptors)),
        processes=_settled(lambda: len(set(me.children(recursive=True)) - others), 0),
        rss=slope * (runs - runs // 10),
        slope=slope,
        store_unchanged=hsm.state() == store,
        pin=(pin, _pin()),
        wall=wall / runs,
        cpu=cpu / runs,
    )


def _settled(count: Callable[[], int], wanted: int) -> int:
    """The count once it is as wanted, or after ten seconds: a killed process takes a moment to be gone."""
    until = time.monotonic() + 10
    while (found := count()) != wanted and time.monotonic() < until:
        time.sleep(0.01)
    return found


def _pin() -> str:
    found: Library = child.call("checks.kit.pkcs11:read", MODULE, answer=Library, timeout=60)
    return next(token.pin for token in found.tokens if token.initialised)


def _cpu() -> float:
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def _slope(values: dict[int, int]) -> float:
    return statistics.linear_regression(list(values), list(values.values())).slope if len(values) > 1 else 0.0


def table(parts: Sequence[Part]) -> str:
    """A line for each part."""
    heads = (
        "",
        "runs",
        "crashes",
        "wrong",
        "fds",
        "left",
        "RSS KiB",
        "RSS B/run",
        "store",
        "PIN",
        "ms/run",
        "CPU ms/run",
    )
    rows = [
        (part.name, str(part.runs), str(part.crashes), str(part.wrong), "{}→{}".format(*part.descriptors),
         str(part.processes), f"{part.rss / KIB:+.0f}", f"{part.slope:+.1f}",
         "same" if part.store_unchanged else "CHANGED", "{}→{}".format(*part.pin),
         f"{part.wall * 1e3:.1f}", f"{part.cpu * 1e3:.1f}")
        for part in parts
    ]  # fmt: skip
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    return "\n".join("  ".join(map(str.rjust, row, widths)) for row in (heads, *rows))


def main() -> int:
    parser = argparse.ArgumentParser(description="Reads a token thousands of times; it must not notice.")
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--parts", default=",".join(PARTS))
    parser.add_argument("--json", action="store_true")
    told = parser.parse_args()
    parts = campaign(told.parts.split(","), told.runs, say=lambda words: print(words, file=sys.stderr, flush=True))
    if told.json:
        print(json.dumps([to_builtins(part) | {"faults": part.faults()} for part in parts], indent=2))
    else:
        print(table(parts))
    faults = [fault for part in parts for fault in part.faults()]
    print("\n".join(faults) or "nothing was left behind, nothing was changed", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
