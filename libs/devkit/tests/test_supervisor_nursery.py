"""Processes born by a fork: to everyone else they are as if started by themselves."""

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from common.testing import PATIENCE
from devkit import nursery as nursery_module
from devkit.embedded.ports import free
from devkit.errors import CannotStart
from devkit.nursery import Nursery
from devkit.processes import PythonProcess
from devkit.supervisor import Supervisor

pytestmark = pytest.mark.skipif(not nursery_module.available(), reason="services are forked on Linux alone")

BABY = """
import http.server, os, random, signal, sys

class Ready(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
    def log_message(self, *_):
        pass

if __name__ == "__main__":
    if os.environ.get("FAIL"):
        raise SystemExit("cannot begin")
    print(os.environ["GREETING"], "HOME" in os.environ, random.random(), os.getsid(0) == os.getpid(), flush=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    http.server.HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Ready).serve_forever()
"""


class Baby(PythonProcess):
    def __init__(self, folder: Path, nursery: Nursery, name: str, **environment: str) -> None:
        port = free(1)[0]
        told = {"PORT": str(port), "GREETING": f"I am {name}", **environment}
        log = folder / f"{name}.log"
        super().__init__(name, "vinculo_baby.app", port=port, log=log, environment=told, nursery=nursery)


async def eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        await asyncio.sleep(0.02)


def runs(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "vinculo_baby").mkdir()
    (tmp_path / "vinculo_baby" / "__init__.py").touch()
    (tmp_path / "vinculo_baby" / "app.py").write_text(BABY)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return tmp_path


@pytest.fixture
def said():
    return []


@pytest.fixture
async def supervisor(said):
    supervisor = Supervisor(say=said.append, patience=PATIENCE, grace=2)
    yield supervisor
    await supervisor.stop()
    assert not [program.name for program in supervisor.programs if program.alive]


async def test_each_child_has_its_own_environment_log_and_name(supervisor, folder):
    nursery = Nursery(folder / "nursery.log")
    one, two = Baby(folder, nursery, "one"), Baby(folder, nursery, "two")
    await supervisor.start([nursery])
    await supervisor.start([one, two])

    told = [baby.log.read_text().split() for baby in (one, two)]

    assert [words[:4] for words in told] == [["I", "am", "one", "True"], ["I", "am", "two", "True"]]
    assert [words[5] for words in told] == ["True", "True"]
    assert told[0][4] != told[1][4], "two processes must not draw the same random numbers"
    line = [part for part in psutil.Process(one.pid).cmdline() if part]
    assert line == [sys.executable, "-m", "vinculo_baby.app"]
    assert (folder / "nursery.log").read_text() == ""


async def test_whoever_works_behind_the_scenes_lets_others_go_first(supervisor, folder):
    nursery = Nursery(folder / "nursery.log")
    await supervisor.start([nursery])
    behind, before = Baby(folder, nursery, "recall"), Baby(folder, nursery, "gateway")
    await supervisor.start([behind, before])
    assert [psutil.Process(one.pid).nice() for one in (behind, before)] == [5, 0]


async def test_a_killed_child_is_born_again(supervisor, said, folder):
    nursery = Nursery(folder / "nursery.log")
    baby = Baby(folder, nursery, "baby")
    await supervisor.start([nursery])
    await supervisor.start([baby])
    killed = baby.pid

    os.kill(killed, signal.SIGKILL)
    await eventually(lambda: baby.alive and baby.pid != killed and baby.ready())

    assert [line.split(";")[0] for line in said] == ["baby was ended by signal 9"]


async def test_a_child_that_cannot_begin_is_refused_with_its_last_words(supervisor, folder):
    nursery = Nursery(folder / "nursery.log")
    await supervisor.start([nursery])

    with pytest.raises(CannotStart, match="baby ended with code 1: cannot begin"):
        await supervisor.start([Baby(folder, nursery, "baby", FAIL="1")])


async def test_a_killed_nursery_takes_its_children_along_and_all_come_back(supervisor, folder):
    nursery = Nursery(folder / "nursery.log")
    babies = [Baby(folder, nursery, "one"), Baby(folder, nursery, "two")]
    await supervisor.start([nursery])
    await supervisor.start(babies)
    killed = [nursery.pid, *(baby.pid for baby in babies)]

    os.kill(nursery.pid, signal.SIGKILL)
    await eventually(lambda: all(baby.alive and baby.pid not in killed and baby.ready() for baby in babies))
    await eventually(lambda: not any(map(runs, killed)))


def test_a_child_is_not_taken_for_an_earlier_one_of_the_same_number(tmp_path):
    said = '{"born": 7}\n{"ended": 7, "status": 1}\n{"born": 7}\n'
    nursery = Nursery(tmp_path / "nursery.log")
    with subprocess.Popen(["printf", "%s", said], stdout=subprocess.PIPE) as mother:
        mother.wait()
        nursery._popen = mother
        assert nursery.status_of(7) is None


def test_children_die_with_the_supervisor(folder):
    code = textwrap.dedent("""
        import asyncio, sys
        from pathlib import Path
        from devkit.nursery import Nursery
        from devkit.processes import PythonProcess
        from devkit.supervisor import Supervisor

        async def main(folder, port):
            nursery = Nursery(folder / "nursery.log")
            baby = PythonProcess("baby", "vinculo_baby.app", port=port, log=folder / "baby.log",
                                 environment={"PORT": str(port), "GREETING": "here"}, nursery=nursery)
            supervisor = Supervisor()
            await supervisor.start([nursery])
            await supervisor.start([baby])
            print(nursery.pid, baby.pid, flush=True)
            await asyncio.sleep(60)

        asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
    """)
    line = [sys.executable, "-c", code, str(folder), str(free(1)[0])]
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as supervisor:
        assert supervisor.stdout is not None
        pids = [int(pid) for pid in supervisor.stdout.readline().split()]
        supervisor.kill()
    assert len(pids) == 2

    asyncio.run(eventually(lambda: not any(map(runs, pids))))
