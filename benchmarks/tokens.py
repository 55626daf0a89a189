"""What reading a token costs beside PyKCS11: CPU and memory of the child that does it, median of many runs.

Both read the same SoftHSM2 token with three certificates in a process like those of the agent's checks, by turns.
PyKCS11 is where the variable PYKCS11 says (a folder), or installed; without it, there is no peer. It is
GPL-2.0-or-later and offers what presents a PIN, so that it is compared with here and is no part of ours.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from pathlib import Path

from msgspec import structs

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # run as a file, its folder is on the path and the repository is not

from benchmarks.table import Row, arguments, report  # noqa: E402
from benchmarks.tokens_read import Used  # noqa: E402
from checks.kit import child  # noqa: E402
from checks.kit.child import ChildError  # noqa: E402
from tests.lab import softhsm  # noqa: E402
from tests.lab.authorities import G2_ISSUING, G2_ROOT, Authority  # noqa: E402
from tests.lab.softhsm import MODULE  # noqa: E402

MIB = 1024.0 * 1024.0
PEER = "PyKCS11"


def measure(runs: int) -> dict[str, list[Used]]:
    """What each reader used, run by run; a peer that is not there has none."""
    found: dict[str, list[Used]] = {"nothing": [], "ours": [], "peer": []}
    with tempfile.TemporaryDirectory(prefix="tokens-") as folder:
        root = Authority.root(G2_ROOT)
        issuing = root.issuing(G2_ISSUING)
        hsm = softhsm.one_token(Path(folder))
        ders = [one.der for one in (issuing.signer(), issuing, root)]
        for number, der in enumerate(ders, 1):
            hsm.certificate(der, number=number)
        os.environ.update(hsm.environment, PYTHONPATH=str(ROOT))
        for _ in range(runs):
            for reader in list(found):
                if used := _run(reader):
                    found[reader].append(used)
                else:
                    del found[reader]
    size = sum(map(len, ders))
    wrong = [used for reader in found if reader != "nothing" for used in found[reader] if used.size != size]
    if wrong:
        raise AssertionError(f"not what the token holds: {wrong[0]}")
    return found


def _run(reader: str) -> Used | None:
    try:
        used: Used = child.call(f"benchmarks.tokens_read:{reader}", MODULE, answer=Used, timeout=60)
    except ChildError as why:
        if reader == "peer" and "No module named" in why.detail:
            return None
        raise
    return used


def rows(found: dict[str, list[Used]]) -> list[Row]:
    """Whole children, and what reading adds to a child that reads nothing."""
    kinds = {
        "CPU of the child": ("ms", lambda used: used.cpu * 1e3),
        "memory of the child": ("MiB", lambda used: used.memory / MIB),
        "loading the binding and reading": ("ms", lambda used: used.reading),
    }
    made = []
    for name, (unit, figure) in kinds.items():
        middle = {reader: statistics.median(map(figure, several)) for reader, several in found.items()}
        ours, peer, empty = middle["ours"], middle.get("peer"), middle["nothing"]
        made.append(_row(name, unit, ours, peer, goal=not name.startswith("loading")))
        if not name.startswith("loading"):
            made.append(_row(f"{name}, above an empty one", unit, ours - empty, None if peer is None else peer - empty))
    return made


def _row(name: str, unit: str, ours: float, peer: float | None, *, goal: bool = False) -> Row:
    """The goal is that the whole child costs what the peer's does; a tenth more is noise."""
    row = Row(name=name, unit=unit, ours=ours, peer=peer, peer_name="" if peer is None else PEER)
    if not goal or peer is None:
        return row
    return structs.replace(row, goal=peer * 1.1, met=ours <= peer * 1.1)


def main() -> None:
    told = arguments(__doc__ or "")
    found = measure(10 if told.short else 100)
    report("Reading a token with three certificates", rows(found), as_json=told.json)


if __name__ == "__main__":
    main()
