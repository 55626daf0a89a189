"""Debian's own cupsd with queues that print to nowhere, on a private socket."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

_FILES = """FileDevice Yes
ServerRoot {0}/etc
StateDir {0}/state
CacheDir {0}/cache
RequestRoot {0}/spool
TempDir {0}/tmp
DataDir /usr/share/cups
ServerBin /usr/lib/cups
ErrorLog {0}/error_log
AccessLog {0}/access_log
PageLog {0}/page_log
User lp
Group lp
"""
_SERVER = """LogLevel error
Listen {0}/cups.sock
Browsing No
DefaultAuthType None
WebInterface No
<Location />
  Order allow,deny
  Allow all
</Location>
"""


class Queue:
    """One entry of printers.conf: what cupsd starts with."""

    def __init__(self, name: str, state: str = "Idle", accepting: bool = True, reasons: tuple[str, ...] = ()) -> None:
        self.name, self.state, self.accepting, self.reasons = name, state, accepting, reasons

    def lines(self) -> str:
        reasons = "".join(f"Reason {reason}\n" for reason in self.reasons)
        return (
            f"<Printer {self.name}>\nInfo Phòng của ông Nguyễn Văn A\nDeviceURI file:/dev/null\nState {self.state}\n"
            f"{reasons}Accepting {'Yes' if self.accepting else 'No'}\n</Printer>\n"
        )


@contextlib.contextmanager
def cupsd(*queues: Queue) -> Iterator[str]:
    """The socket of a cupsd that has these queues."""
    # cupsd gives its rights up: its folder must be open to lp, which the folders of pytest are not
    folder = Path(tempfile.mkdtemp(prefix="sansang-cups-", dir="/tmp"))
    folder.chmod(0o755)
    try:
        for name in ("etc", "state", "cache", "spool", "tmp"):
            (folder / name).mkdir()
        (folder / "files.conf").write_text(_FILES.format(folder))
        (folder / "server.conf").write_text(_SERVER.format(folder))
        (folder / "etc" / "printers.conf").write_text("".join(queue.lines() for queue in queues))
        command = ["/usr/sbin/cupsd", "-f", "-c", str(folder / "server.conf"), "-s", str(folder / "files.conf")]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            _wait(str(folder / "cups.sock"), process)
            yield str(folder / "cups.sock")
        finally:
            process.terminate()
            process.wait(20)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _wait(path: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        assert process.poll() is None, "cupsd ended"
        with socket.socket(socket.AF_UNIX) as sock, contextlib.suppress(OSError):
            sock.connect(path)
            return
        time.sleep(0.02)
    raise AssertionError("cupsd does not listen")
