"""What holds of every shortest path, on many more examples than the suite tries: ``python -m`` this, with a number."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from hypothesis import settings

from tests.collector.readiness import test_path_cover as cover
from tests.collector.readiness import test_path_properties as properties

PROPERTIES: tuple[Callable[[], None], ...] = (
    cover.test_small_problems_are_solved_at_the_least_weight,
    cover.test_a_search_of_one_state_still_meets_every_demand,
    cover.test_a_bounded_search_that_claims_to_be_exact_is,
    properties.test_no_other_way_costs_less,
    properties.test_whoever_walks_the_path_is_ready,
    properties.test_after_what_is_reported_and_looked_at_was_mended_all_systems_answer,
)


def run(examples: int) -> None:
    """Tries each property on `examples`; AssertionError from the first that does not hold."""
    for prove in PROPERTIES:
        given = prove._hypothesis_internal_use_settings  # type: ignore[attr-defined]
        prove._hypothesis_internal_use_settings = settings(given, max_examples=examples, database=None)  # type: ignore[attr-defined]
        began = time.monotonic()
        prove()
        print(f"{prove.__name__}: {examples} examples in {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    run(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
