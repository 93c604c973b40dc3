import stat
import subprocess
import sys

import pytest

from common.encoding import from_text
from devkit.errors import CannotStart
from devkit.home import Home, Running

RUNNING = Running(
    supervisor=1,
    gateway_url="http://127.0.0.1:8080",
    sandbox_url="http://127.0.0.1:8090",
    nats_url="nats://127.0.0.1:4222",
    admin_url="postgresql://127.0.0.1/postgres",
    processes={"booking": {"pid": 7, "port": 20001}},
)


@pytest.fixture
def home(tmp_path):
    home = Home(tmp_path / "a home")
    home.make()
    return home


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_secrets_stay_the_same_and_are_private(home):
    keys = (home.secrets.password("postgres"), home.secrets.key("link"), home.secrets.signing_key("booking"))

    assert keys == (
        home.secrets.password("postgres"),
        home.secrets.key("link"),
        home.secrets.signing_key("booking"),
    )
    assert len(set(keys)) == 3
    assert mode(home.path / "secrets.json") == 0o600
    assert mode(home.path) == 0o700


def test_what_the_private_key_signs_the_public_key_verifies(home):
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

    private = Ed25519PrivateKey.from_private_bytes(from_text(home.secrets.signing_key("recall")))
    public = Ed25519PublicKey.from_public_bytes(from_text(home.secrets.public_key("recall")))

    public.verify(private.sign(b"context"), b"context")


def test_a_damaged_secrets_file_is_refused_and_not_replaced(home):
    (home.path / "secrets.json").write_text("{")

    with pytest.raises(CannotStart, match="damaged"):
        home.secrets.password("postgres")
    assert (home.path / "secrets.json").read_text() == "{"


def test_a_home_in_use_is_refused_in_one_line(home):
    take = f"from devkit.home import Home\nfrom pathlib import Path\nwith Home(Path({str(home.path)!r})).locked(): pass"
    with home.locked():
        other = subprocess.run([sys.executable, "-c", take], capture_output=True, text=True, check=False)
    free = subprocess.run([sys.executable, "-c", take], capture_output=True, text=True, check=False)

    assert f"CannotStart: {home.path} is in use by process" in other.stderr.splitlines()[-1]
    assert free.returncode == 0


def test_what_runs_is_told_while_it_runs_and_not_after_a_kill(home):
    home.write_running(RUNNING)
    with home.locked():
        assert home.running() == RUNNING
        assert home.running().pid("booking") == 7
    assert mode(home.path / "run.json") == 0o600

    # The file is left behind, as after kill -9; the lock is not.
    with pytest.raises(CannotStart, match="nothing runs"):
        home.running()


def test_logs_are_rotated_and_only_some_are_kept(home):
    for run in range(6):
        home.rotate_logs(["booking", "patient_profile"])
        home.log("patient_profile").write_text(f"run {run}")

    assert sorted(log.name for log in home.logs.iterdir()) == [
        "patient-profile.log",
        "patient-profile.log.1",
        "patient-profile.log.2",
        "patient-profile.log.3",
    ]
    assert home.log("patient_profile").with_name("patient-profile.log.3").read_text() == "run 2"
