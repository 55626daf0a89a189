"""A real pcscd with vpcd's two virtual readers, private to a test, and cards of twenty lines to put into them.

pcscd's socket has one path on the whole machine, and vpcd listens on every address: the daemon therefore runs in a
network and a mount namespace of its own. Its socket lies in a folder that is bound over ``/run/pcscd`` there, so that
clients find it by ``PCSCLITE_CSOCK_NAME``. Needs root.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import struct
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from tests.lab.namespaces import Namespace

ETOKEN = "3BD518008131FE7D8073C82110F4"
"""The answer to reset of a SafeNet eToken 5110, which the catalogue knows."""
STRANGE = "3B041122 3344".replace(" ", "")
"""One that no catalogue knows."""
_PORT = 0x4E20
_DRIVER = "/usr/lib/pcsc/drivers/serial/libifdvpcd.so"
_ON, _RESET, _ATR = 1, 2, 4
_TOO_LONG = b"\xff" * 40
"""Longer than any answer to reset: the driver then reports that the card cannot be powered."""
_SCRIPT = """
mount -t tmpfs tmpfs /run && mkdir /run/pcscd && mount --bind "$1/run" /run/pcscd &&
exec pcscd --foreground --config "$1/conf"
"""


class Card:
    """What is plugged into a reader: it answers a reset with `atr` and everything else with 90 00.

    A `mute` one is seen, and gives no answer that could be one when it is powered. ``asked`` are the commands that it
    was sent: none, as long as nobody does more than look."""

    def __init__(self, connection: socket.socket, atr: str, mute: bool = False) -> None:
        self._connection, self._atr, self._mute = connection, bytes.fromhex(atr), mute
        self.asked: list[bytes] = []
        self._thread = threading.Thread(target=self._serve, name="card", daemon=True)
        self._thread.start()

    def pull(self) -> None:
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)
        self._thread.join(5)
        self._connection.close()

    def _serve(self) -> None:
        powered = False
        with contextlib.suppress(OSError):
            while (head := self._connection.recv(2, socket.MSG_WAITALL)) and len(head) == 2:
                said = self._connection.recv(struct.unpack(">H", head)[0], socket.MSG_WAITALL)
                if len(said) != 1:
                    self.asked.append(said)
                    self._say(b"\x90\x00")
                elif said[0] == _ATR:
                    self._say(_TOO_LONG if self._mute and powered else self._atr)
                    powered = False
                else:
                    powered = said[0] in (_ON, _RESET)

    def _say(self, data: bytes) -> None:
        self._connection.sendall(struct.pack(">H", len(data)) + data)


class Daemon:
    """A running pcscd. ``socket`` is what ``PCSCLITE_CSOCK_NAME`` must hold for its clients."""

    def __init__(self, folder: Path, space: Namespace) -> None:
        self._space = space
        self.socket = str(folder / "run" / "pcscd.comm")

    def plug(self, atr: str = ETOKEN, *, reader: int = 0, mute: bool = False) -> Card:
        """Puts a card into a reader; comes back when pcscd has taken notice (it looks twice a second)."""
        address = ("127.0.0.1", _PORT + reader)
        connection = self._space.call(lambda: socket.create_connection(address, timeout=10))
        connection.settimeout(None)
        card = Card(connection, atr, mute)
        self._until(("mute",) if mute else ("present",), reader)
        return card

    def pull(self, card: Card, *, reader: int = 0) -> None:
        """Takes it out; comes back when pcscd has taken notice."""
        card.pull()
        self._until(("empty",), reader)

    def states(self) -> list[str]:
        """What is in each reader, as :mod:`checks.kit.pcsc` says it in a process of its own."""
        from checks.kit import child
        from checks.kit.pcsc import FUNCTION, Readers

        with environment(PCSCLITE_CSOCK_NAME=self.socket):
            seen: Readers = child.call(FUNCTION, None, answer=Readers, timeout=20)
        assert not seen.trouble, seen.trouble
        return [reader.state for reader in seen.readers]

    def _until(self, wanted: tuple[str, ...], reader: int) -> None:
        end = time.monotonic() + 20
        while (states := self.states())[reader] not in wanted:
            assert time.monotonic() < end, f"{states}, not {wanted}"
            time.sleep(0.1)


@contextlib.contextmanager
def environment(**names: str) -> Iterator[None]:
    """These variables, for what is started meanwhile."""
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(names)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextlib.contextmanager
def running(*, readers: bool = True) -> Iterator[Daemon]:
    """A pcscd with two empty readers, or with none, until the end of the block. Its folder has a short name: sockets
    ask for that."""
    folder, space = Path(tempfile.mkdtemp(prefix="pcsc", dir="/tmp")), Namespace("pcsc")
    for name in ("conf", "run"):
        (folder / name).mkdir()
    if readers:
        (folder / "conf" / "vpcd").write_text(
            f'FRIENDLYNAME "Virtual PCD"\nLIBPATH {_DRIVER}\nDEVICENAME /dev/null:{_PORT:#x}\nCHANNELID {_PORT:#x}\n'
        )
    with (folder / "log").open("wb") as log:
        process = space.start("unshare", "--mount", "sh", "-c", _SCRIPT, "sh", str(folder), stdout=log, stderr=log)
    daemon = Daemon(folder, space)
    try:
        _started(daemon, process, folder / "log", 2 * readers)
        yield daemon
    finally:
        process.terminate()
        process.wait(10)
        space.remove()
        shutil.rmtree(folder)


def _started(daemon: Daemon, process: subprocess.Popen[bytes], log: Path, readers: int) -> None:
    end = time.monotonic() + 20
    while not Path(daemon.socket).exists() or len(daemon.states()) < readers:
        assert process.poll() is None, log.read_text("utf-8", "replace")
        assert time.monotonic() < end, "pcscd does not start"
        time.sleep(0.02)
