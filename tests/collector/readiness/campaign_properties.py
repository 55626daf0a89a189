"""What holds of every verdict, on many more examples than the suite tries: ``python -m`` this, with a number."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator

from hypothesis import HealthCheck, settings

from tests.collector import test_nights, test_replay
from tests.collector.readiness import test_hold, test_interval, test_properties, test_roster, test_values

LEAST = 10_000


def properties() -> Iterator[Callable[[], None]]:
    """Every property in the modules that judge, and in those that tell what was judged, in order."""
    for module in (test_values, test_properties, test_interval, test_hold, test_roster, test_replay, test_nights):
        for name, found in vars(module).items():
            if name.startswith("test_") and hasattr(found, "hypothesis"):
                yield found


def run(examples: int) -> None:
    """Tries each property on `examples`; AssertionError from the first that does not hold."""
    for prove in properties():
        given = prove._hypothesis_internal_use_settings  # type: ignore[attr-defined]
        prove._hypothesis_internal_use_settings = settings(  # type: ignore[attr-defined]
            given, max_examples=examples, database=None, deadline=None, suppress_health_check=list(HealthCheck)
        )
        began = time.monotonic()
        prove()
        print(f"{prove.__name__}: {examples} examples in {time.monotonic() - began:.0f} s", flush=True)


if __name__ == "__main__":
    run(int(sys.argv[1]) if len(sys.argv) > 1 else LEAST)
