"""The installed agent as a process, enrolled without a collector's help, and what its spool holds afterwards."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from agent import frame, identity
from agent.identity import Identity
from checks.kit.model import Result
from tests.collector.pushing import XOM_CHIEU
from tests.faults.rig import BIN, PATIENCE

SETTINGS = """\
state_dir: {state}
push: {{linger: 1, timeout: 5, max_backoff: 1}}
"""


class Resident:
    """An agent in `folder` that sends to `url` as `device`."""

    def __init__(self, folder: Path, url: str, device: str) -> None:
        self.state, self.settings, self.log = folder / "state", folder / "agent.yaml", folder / "agent.log"
        folder.mkdir(exist_ok=True)
        self.settings.write_text(SETTINGS.format(state=self.state), "utf-8")
        self.key = identity.make_key(str(self.state))
        identity.store_identity(str(self.state), Identity(device=device, unit=XOM_CHIEU, collector=url))

    def command(self, name: str, *more: str) -> list[str]:
        return [str(BIN / "sansang-agent"), name, "--config", str(self.settings), *more]

    @contextmanager
    def running(self) -> Iterator[subprocess.Popen[bytes]]:
        """The agent while it runs; stopped as a service manager does."""
        with self.log.open("ab") as log:
            process = subprocess.Popen(self.command("run"), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            yield process
        finally:
            process.terminate()
            code = process.wait(PATIENCE)
        assert code == 0, self.log.read_text()

    def contact(self) -> dict[str, object]:
        """What the agent last said of its sending."""
        try:
            found: dict[str, object] = json.loads((self.state / "status.json").read_text())["contact"]
        except FileNotFoundError:
            return {}
        return found

    def health(self) -> dict[str, float]:
        try:
            found: dict[str, float] = json.loads((self.state / "status.json").read_text())["health"]
        except FileNotFoundError:
            return {}
        return found

    def spooled(self) -> list[Result]:
        """Every result in the spool's file, sent or not, in order. Once the agent has stopped."""
        with (self.state / "spool.db").open("rb") as file:
            found = {each.seq: frame.result(each) for each in frame.scan(file) if each.kind == frame.RESULT}
        return [found[seq] for seq in sorted(found)]
