"""Becomes another program that dies with its parent and, when root, runs as an unprivileged user.

Run as a script (`python -I -S launch.py …`), so that nothing has to happen between fork and exec of a larger,
possibly threaded process. Imports the standard library alone.
"""

import argparse
import contextlib
import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
PR_SET_SECUREBITS = 28
SECBIT_NO_SETUID_FIXUP = 1 << 2
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
CAP_DAC_OVERRIDE = 1
CAP_DAC_READ_SEARCH = 2
CAPABILITY_VERSION_3 = 0x20080522


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Data(ctypes.Structure):
    _fields_ = (
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    )


def die_with(parent: int, death_signal: int) -> None:
    """Ask the kernel for a signal when the parent ends; leave at once if it already has."""
    if not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(1)


def give_way(niceness: int) -> None:
    """Let others go first where there is too little processor time for all.

    A scheduler that divides time between sessions first asks the session's group, whatever its processes say.
    """
    os.nice(niceness)
    with contextlib.suppress(OSError), open("/proc/self/autogroup", "w") as group:  # noqa: PTH123 - as small as can be
        group.write(str(niceness))


def _keep(libc: ctypes.CDLL, capability: int) -> bool:
    """Hold this one capability across the coming exec; False where the kernel or container refuses."""
    header = _Header(CAPABILITY_VERSION_3, 0)
    bit = 1 << capability
    data = (_Data * 2)(_Data(bit, bit, bit), _Data(0, 0, 0))
    if libc.capset(ctypes.byref(header), ctypes.byref(data)) != 0:
        return False
    return bool(libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0) == 0)


def demote(uid: int, gid: int, *, reach: bool) -> None:
    """Become this user; with `reach`, still able to walk through folders closed to it.

    PostgreSQL refuses to run as root, yet a home or an environment under /root (mode 700) is reachable by root
    only. One capability bridges that: read and search, or, where a container lacks it, the wider override.
    """
    if not (reach and sys.platform.startswith("linux")):
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
        return
    libc = ctypes.CDLL(None, use_errno=True)
    # Without the fix-up a change of user keeps capabilities, and access(2), by which PostgreSQL looks for its own
    # binary, heeds them.
    libc.prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0)
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    if not _keep(libc, CAP_DAC_READ_SEARCH):
        _keep(libc, CAP_DAC_OVERRIDE)


def main() -> None:
    """Apply what the options say and exec the rest of the line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--parent", type=int, required=True)
    parser.add_argument("--death-signal", type=int, default=int(signal.SIGKILL))
    parser.add_argument("--niceness", type=int, default=0)
    parser.add_argument("--user", type=int)
    parser.add_argument("--group", type=int)
    parser.add_argument("--reach", action="store_true")
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()
    if options.niceness:
        give_way(options.niceness)
    if options.user is not None:
        demote(options.user, options.group, reach=options.reach)
    # Last, because a change of user clears it.
    die_with(options.parent, options.death_signal)
    try:
        os.execv(options.command[0], options.command)  # noqa: S606 - the whole point, and no shell is involved
    except OSError as error:
        sys.exit(f"cannot run {options.command[0]}: {error.strerror}")


if __name__ == "__main__":
    main()
