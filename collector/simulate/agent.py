"""A simulated device at work: what it measures, what it cannot, and what it says of itself."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence

from checks.kit.model import Check
from collector.served import DeviceConfig, ServedJob
from collector.simulate import readings, timetable
from collector.simulate.machine import WRONG
from collector.simulate.model import SECOND, Desk, Kind, Office, Trouble
from collector.simulate.outbox import Outbox, Sent
from collector.simulate.run import Run

LAST_WORDS = 3 * SECOND
"""µs after the mains fail in which a device with a battery still says so."""


EARLIER = 60 * 86_400 * SECOND
"""µs before a device's first start of which its history knows that it was started once more: longer than any."""


class Agent:
    """One device. Times are true ones, in µs since the epoch; what the device takes for the time may be wrong.
    ``networks`` tells by which network each system is reached."""

    def __init__(
        self,
        desk: Desk,
        office: Office,
        outbox: Outbox,
        config: DeviceConfig,
        checks: Mapping[str, Check],
        networks: Mapping[str, str],
        troubles: Sequence[Trouble],
    ) -> None:
        self.desk, self.outbox, self.config = desk, outbox, config
        self._office, self._checks, self._networks = office, checks, networks
        self._troubles = [trouble for trouble in troubles if trouble.befalls(desk)]
        self._cuts = [trouble for trouble in self._troubles if trouble.kind is Kind.POWER_CUT]
        self.jobs = [job for job in config.jobs if job.check in checks]
        self.parts = [timetable.share(outbox.device, job) for job in self.jobs]
        self._boots: dict[int, str] = {}
        self.is_sending = self.is_out = self.is_past = False
        self.not_before = 0.0

    def measure(self, job: ServedJob, at: int, *, dying: bool = False) -> bool:
        """Runs `job` at `at`; False where the device is off, or nothing comes of it. `dying`: on its battery."""
        if self.is_dark(at) and not dying:
            return False
        boot, booted, cut = self._boot(at)
        run = Run(
            desk=self.desk, office=self._office, check=job.check, target=job.target, at=at,
            network=self._networks.get(job.target, "internet"), troubles=self._now(at), cut=cut,
        )  # fmt: skip
        found = readings.result(self._checks[job.check], run, seq=self.outbox.number, boot=boot, booted=booted)
        if found is not None:
            found.at += self._ahead(at)
            self.outbox.put(found)
        return found is not None

    def history(self, begin: int, end: int) -> None:
        """Runs every job as it would have run from `begin` until `end`."""
        moments = [
            (moment, number, False)
            for number, (job, part) in enumerate(zip(self.jobs, self.parts, strict=True))
            for moment in timetable.times(self.config, job, part, begin / 1e6, end / 1e6)
        ]
        moments += [(at / 1e6, number, True) for at, number in self.last_words() if begin <= at < end]
        for moment, number, dying in sorted(moments):
            self.measure(self.jobs[number], round(moment * SECOND), dying=dying)

    def last_words(self) -> list[tuple[int, int]]:
        """When the mains fail under a device with a battery, and the job that tells so."""
        if not (self.desk.ups or self.desk.laptop):
            return []
        power = [number for number, job in enumerate(self.jobs) if job.check == "power"]
        return [(cut.begin, number) for cut in self._cuts for number in power]

    def sealed(self, at: int) -> Sent:
        """The next batch, as of now."""
        boot, booted, _ = self._boot(at)
        return self.outbox.sealed(
            boot=boot, at=at + self._ahead(at), mono=at - booted, health=self._health(at), config=self.config.etag
        )

    def is_dark(self, at: int) -> bool:
        """Whether it measures nothing: it is off, or its agent is."""
        return any(one.kind in (Kind.POWER_CUT, Kind.AGENT_SILENT) and one.is_on(at) for one in self._troubles)

    def is_mute(self, at: int) -> bool:
        """Whether nothing of it reaches the collector."""
        return any(
            one.is_on(at)
            and (
                one.kind is Kind.AGENT_SILENT
                or (one.kind is Kind.POWER_CUT and at >= one.begin + LAST_WORDS)
                or one.fault.silent
            )
            for one in self._troubles
        )

    def _now(self, at: int) -> tuple[Trouble, ...]:
        return tuple(trouble for trouble in self._troubles if trouble.is_on(at)) if self._troubles else ()

    def _ahead(self, at: int) -> int:
        wrong = any(one.kind is Kind.CLOCK_WRONG and one.is_on(at) for one in self._troubles)
        return round(WRONG * SECOND) if wrong else 0

    def _boot(self, at: int) -> tuple[str, int, Trouble | None]:
        """The name of the boot that `at` lies in, when (µs) it began, and the power cut before it."""
        over = [cut for cut in self._cuts if cut.end is not None and cut.end <= at] if self._cuts else []
        cut = max(over, key=lambda one: one.end or 0, default=None)
        booted = self.desk.booted * SECOND if cut is None or cut.end is None else cut.end
        if at < booted:
            booted -= EARLIER
        if booted not in self._boots:
            self._boots[booted] = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{self.outbox.device} {booted}"))
        return self._boots[booted], booted, cut

    def _health(self, at: int) -> dict[str, float]:
        """The agent's own numbers, by the names that the real one gives them. While its history is sent (``is_past``)
        they are what they were then: nothing waits."""
        held, oldest = (0, None) if self.is_past else (self.outbox.waiting, self.outbox.oldest)
        lost = dict.fromkeys(
            ("spool_dropped", "spool_thinned", "spool_quarantined", "spool_corrupt", "spool_rescues", "ring_records",
             "ring_dropped", "skipped_runs", "late_runs", "budget_deferred_runs", "dropped_samples", "lasting_lost",
             "config_refused"), 0.0,
        )  # fmt: skip
        return {
            **lost,
            "spool_records": float(held),
            "spool_bytes": 65_536.0 + 400 * held,
            "spool_age_seconds": (at - oldest.at) / 1e6 if oldest else 0.0,
            "push_failures": float(self.outbox.failures),
            "uptime_seconds": max(0.0, at / 1e6 - self.desk.booted),
        }
