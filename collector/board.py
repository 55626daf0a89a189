"""What the collector knows right now, as the pages, the exposition and the CLI read it. Nobody else judges."""

from __future__ import annotations

from typing import Protocol

from collector.attribution.model import Finding
from collector.attribution.silent import Silent
from collector.readiness.fixes import Path
from collector.readiness.model import DeviceFacts, Target, Transition, Unit, UnitVerdict, Waiver
from collector.roster.model import Station, UnitRoster


class Board(Protocol):
    """The judged present of one locality. Read on the loop's thread, never changed by readers."""

    @property
    def generation(self) -> int:
        """Grows whenever something a page shows has changed."""
        ...

    @property
    def units(self) -> dict[str, Unit]: ...

    @property
    def verdicts(self) -> dict[str, UnitVerdict]:
        """Every unit has one, enrolled devices or not."""
        ...

    @property
    def targets(self) -> list[Target]: ...

    def targets_of(self, unit: str) -> list[Target]:
        """Those that this unit is asked to reach."""
        ...

    def devices_of(self, unit: str) -> list[DeviceFacts]: ...

    def told(self, unit: str) -> UnitRoster | None:
        """What the roster says of the unit as a whole."""
        ...

    def stations_of(self, unit: str) -> list[Station]:
        """The stations that the roster names in the unit."""
        ...

    def device(self, device: str) -> DeviceFacts | None: ...

    @property
    def findings(self) -> list[Finding]:
        """Those that are not closed, of most units first."""
        ...

    def trouble(self, lang: str) -> str:
        """Why what is judged by is not what the files say: one line for people; empty when it is."""
        ...

    async def past_findings(self, since: int) -> list[Finding]:
        """Those that were open at `since` (µs) or later."""
        ...

    async def finding(self, key: str) -> Finding | None:
        """The one with the id `key`, open or closed, however long ago; None where there never was one."""
        ...

    async def expired_waivers(self, since: int) -> list[Waiver]:
        """Those that ran out after `since` (µs), or have yet to; none that was revoked."""
        ...

    def silence_of(self, unit: str, device: str = "") -> Silent | None:
        """Why the unit, or one of its devices, is not heard; None while it is."""
        ...

    def successors(self, code: str) -> list[str]:
        """Today's units of a former one's code; empty where it is none."""
        ...

    def missing(self, lang: str) -> str:
        """What the locality is known to have and nobody has listed yet; empty when all is listed."""
        ...

    def path(self, unit: str) -> Path | None:
        """The shortest path of `unit` to ready; None while nothing is known of it."""
        ...

    async def history(self, unit: str, since: int) -> list[Transition]:
        """The unit's transitions from `since` (µs) on, oldest first, with the newest older one of each subject before
        them, so that the state at `since` is known."""
        ...

    async def changes(self, since: int) -> list[Transition]:
        """Transitions of ``verdict`` of all units from `since` (µs) on, oldest first."""
        ...

    async def verdict_at(self, unit: str, at: int) -> UnitVerdict | None:
        """The unit's verdict at `at` (µs), from what is stored; None where it had none yet."""
        ...

    async def moves(self, device: str) -> list[tuple[int, str, str]]:
        """(when, from, to) of a device that was moved between units, oldest first."""
        ...

    async def changed(self, generation: int, timeout: float) -> int:
        """The generation once it is past `generation`, or the present one after `timeout` seconds."""
        ...
