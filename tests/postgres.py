"""A real PostgreSQL for the tests: one cluster for the session, one empty database for each test."""

from __future__ import annotations

import contextlib
import getpass
import itertools
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg

from tests.ports import free_port

START_SECONDS = 30.0
STOP_SECONDS = 15.0
MISSING = "PostgreSQL's server is not installed: `apt-get install postgresql` (make test does it when it runs as root)"


def bin_dir() -> Path:
    """Where initdb and postgres are: the newest of Debian's, else the PATH's. Raises RuntimeError without one."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda file: int(file.parts[-3]))
    if debian:
        return debian[-1].parent
    found = shutil.which("postgres")
    if not found:
        raise RuntimeError(MISSING)
    return Path(found).resolve().parent


class Cluster:
    """A PostgreSQL server on a free loopback port, with fsync on, as it would be in service.

    It runs as the user ``postgres`` when the tests run as root (the server refuses root), and dies with the
    process that started it, however that ends.
    """

    def __init__(self) -> None:
        self._bin = bin_dir()
        self._root = Path(tempfile.mkdtemp(prefix="sansang-pg-"))
        self._names = (f"t{number}" for number in itertools.count(1))
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()
        if os.geteuid() == 0:
            shutil.chown(self._root, "postgres", "postgres")
        self._initdb()

    def _as_server(self, *command: str) -> list[str]:
        user = ["--reuid=postgres", "--regid=postgres", "--init-groups"] if os.geteuid() == 0 else []
        return ["setpriv", *user, "--pdeathsig=QUIT", "--", *command]

    def _initdb(self) -> None:
        options = ["--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--username=postgres", "--no-sync"]
        command = self._as_server(str(self._bin / "initdb"), *options, "-D", str(self._root / "data"))
        done = subprocess.run(command, cwd="/", capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"initdb failed as {getpass.getuser()}: {done.stderr.strip()}")

    def start(self) -> None:
        """Start the server and wait until it answers. Raises RuntimeError with its log when it does not."""
        settings = [
            "listen_addresses=127.0.0.1", f"port={self.port}", f"unix_socket_directories={self._root}",
            "fsync=on", "synchronous_commit=on", "max_connections=60", "shared_buffers=64MB",
        ]  # fmt: skip
        options = [part for setting in settings for part in ("-c", setting)]
        command = self._as_server(str(self._bin / "postgres"), "-D", str(self._root / "data"), *options)
        with (self._root / "log").open("ab") as log:
            self._process = subprocess.Popen(command, cwd="/", stdout=log, stderr=log, start_new_session=True)
        until = time.monotonic() + START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"PostgreSQL did not start: {(self._root / 'log').read_text()[-2000:]}")
            time.sleep(0.02)

    def _answers(self) -> bool:
        try:
            self.connect("postgres").close()
        except psycopg.OperationalError:
            return False
        return True

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop the server: SIGINT drops its clients, SIGQUIT is a crash. `start` brings the same data back."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(how)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(STOP_SECONDS)
        self._process = None

    def remove(self) -> None:
        """Stop the server and delete its data."""
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self._root, ignore_errors=True)

    def connect(self, database: str) -> psycopg.Connection:
        """An autocommitting connection of the superuser."""
        where = f"host=127.0.0.1 port={self.port} user=postgres dbname={database} connect_timeout=5"
        return psycopg.connect(where, autocommit=True)

    def url(self, database: str) -> str:
        """The database as an SQLAlchemy URL."""
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/{database}"

    @contextlib.contextmanager
    def database(self) -> Iterator[str]:
        """The URL of a new, empty database, dropped afterwards with whoever still uses it."""
        name = next(self._names)
        with self.connect("postgres") as connection:
            connection.execute(f'CREATE DATABASE "{name}"'.encode())
        try:
            yield self.url(name)
        finally:
            if self._process is None:
                self.start()
            with self.connect("postgres") as connection:
                connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())
