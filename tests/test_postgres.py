"""The databases the suite runs on are real, empty and apart from each other."""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import sys

import psycopg
import pytest
import sqlalchemy as sa

from tests.postgres import Cluster

PARENT = """
from tests.postgres import Cluster
cluster = Cluster()
cluster.start()
print(cluster._process.pid, cluster._root, flush=True)
input()
"""


def test_each_test_gets_an_empty_database(database_url: str) -> None:
    """Both databases accept a table, and nobody's is there yet."""
    engine = sa.create_engine(database_url)
    with engine.begin() as connection:
        assert sa.inspect(connection).get_table_names() == []
        connection.execute(sa.text("CREATE TABLE trace (id integer)"))
    with engine.connect() as connection:
        assert sa.inspect(connection).get_table_names() == ["trace"]
    engine.dispose()


def test_two_databases_of_one_cluster_do_not_see_each_other(postgres: Cluster) -> None:
    """What one test writes is not there for the next."""
    with postgres.database() as one, postgres.database() as other:
        engine = sa.create_engine(one)
        with engine.begin() as connection:
            connection.execute(sa.text("CREATE TABLE trace (id integer)"))
        engine.dispose()
        assert sa.inspect(sa.create_engine(other)).get_table_names() == []


def test_committed_rows_outlive_a_crash_of_the_server(postgres: Cluster) -> None:
    """fsync is on: SIGQUIT, which skips the checkpoint, loses nothing that was committed."""
    with postgres.database() as url:
        name = url.rpartition("/")[2]
        with postgres.connect(name) as connection:
            connection.execute("CREATE TABLE trace AS SELECT 7 AS id")
        postgres.stop(signal.SIGQUIT)
        with pytest.raises(psycopg.OperationalError):
            postgres.connect(name)
        postgres.start()
        with postgres.connect(name) as connection:
            assert connection.execute("SELECT id FROM trace").fetchall() == [(7,)]


def test_the_server_dies_with_the_process_that_started_it() -> None:
    """A test run that is killed leaves no server behind."""
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert parent.stdout
    assert parent.stdin
    pid, root = parent.stdout.readline().split()
    server = os.pidfd_open(int(pid))
    parent.kill()
    parent.wait()
    parent.stdin.close()
    parent.stdout.close()
    readable, _, _ = select.select([server], [], [], 15)
    os.close(server)
    shutil.rmtree(root, ignore_errors=True)
    assert readable
