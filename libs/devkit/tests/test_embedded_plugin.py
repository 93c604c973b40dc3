"""The pytest plugin: what a session of tests gets, and what it is told when it cannot have it."""

import os
import subprocess
import sys

import asyncpg
import nats
import pytest

from common.testing import PATIENCE

USES_BOTH = """
def test_both(postgres_server, nats_server):
    assert postgres_server.admin_url.startswith("postgresql://")
    assert nats_server.url.startswith("nats://")
"""


def session(folder, **environment):
    (folder / "test_it.py").write_text(USES_BOTH)
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "--rootdir",
            str(folder),
            str(folder),
        ],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
        cwd=folder,
    )


async def test_the_servers_are_real_and_come_back_with_their_data(postgres_server, nats_server):
    connection = await asyncpg.connect(postgres_server.admin_url)
    await connection.execute("CREATE TABLE of_the_plugin AS SELECT 42 AS answer")
    await connection.close()
    client = await nats.connect(nats_server.url)
    await client.jetstream(timeout=PATIENCE).add_stream(name="OF_THE_PLUGIN", subjects=["of-the-plugin.>"])
    await client.close()

    for server in (postgres_server, nats_server):
        server.kill()
        server.start()

    connection = await asyncpg.connect(postgres_server.admin_url)
    answer = await connection.fetchval("SELECT answer FROM of_the_plugin")
    await connection.execute("DROP TABLE of_the_plugin")
    await connection.close()
    client = await nats.connect(nats_server.url)
    assert await client.jetstream(timeout=PATIENCE).delete_stream("OF_THE_PLUGIN")
    await client.close()
    assert answer == 42


def test_the_summary_says_what_was_used(tmp_path):
    embedded = session(tmp_path)
    by_url = session(tmp_path, VINCULO_POSTGRES_URL="postgresql://db/", VINCULO_NATS_URL="nats://bus")

    assert "infrastructure: embedded PostgreSQL 1" in embedded.stdout
    assert ", embedded NATS 2." in embedded.stdout
    assert "infrastructure: PostgreSQL by VINCULO_POSTGRES_URL, NATS by VINCULO_NATS_URL" in by_url.stdout


@pytest.mark.parametrize(
    ("environment", "line"),
    [
        (
            {"TEST_INFRA": "containers", "DOCKER_HOST": "unix:///nonexistent.sock"},
            "TEST_INFRA=containers needs a Docker engine, and none answers: ",
        ),
        ({"TEST_INFRA": "cloud"}, "TEST_INFRA is embedded or containers, not cloud"),
    ],
)
def test_infrastructure_that_is_not_there_is_one_line(tmp_path, environment, line):
    done = session(tmp_path, **environment)

    said = [found for found in (done.stdout + done.stderr).splitlines() if "TEST_INFRA" in found]
    assert done.returncode == 4
    assert len(said) == 1
    assert line in said[0]
    assert "Traceback" not in done.stdout + done.stderr
