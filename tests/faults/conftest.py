"""What the fault tests share: a nursery of processes, and a collector that can be killed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.nursery import Nursery
from tests.faults.rig import Rig, rig


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    with Nursery() as started:
        yield started


@pytest.fixture
def collector(tmp_path: Path, nursery: Nursery) -> Iterator[Rig]:
    """A collector on the embedded database, not started yet."""
    with rig(tmp_path, nursery) as made:
        yield made
