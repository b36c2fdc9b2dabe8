"""The walls: what a forked child does to itself, in this order, before it runs a learner's code."""

from __future__ import annotations

import fcntl
import os
import resource
import signal
import sys

from . import kernel, seccomp
from .limits import Limits

MIB = 2**20
TEMPORARY = ("/tmp", "/dev/shm")
INODES = 8192
DATA = 3
"""The descriptor of the connection to the suite: the only one that stays open besides the standard three, which lead to /dev/null."""

_NAMESPACES = kernel.CLONE_NEWNS | kernel.CLONE_NEWNET | kernel.CLONE_NEWIPC | kernel.CLONE_NEWUTS


def own_the_pid_namespace() -> None:
    """Goes on as the first process of a new pid namespace, with its /proc.

    The one that bubblewrap made belongs to a user namespace outside, and a process may only go back and forth between pid namespaces that belong to its own.
    """
    kernel.unshare(kernel.CLONE_NEWPID | kernel.CLONE_NEWNS)
    if child := os.fork():
        os.wait4(child, 0)
        os._exit(0)
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
    _mount_proc()


def shut(limits: Limits, neighbours: int) -> None:
    """In the first process of a new pid namespace: mounts, network and ipc of its own, fresh temporary folders and /proc, limits, no capabilities, no forbidden system calls.

    `neighbours` are the threads in the sandbox that the kernel counts together with this process's.
    """
    os.setsid()  # the scheduler shares the processors out by session, so a busy child can't starve its supervisor
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
    kernel.unshare(_NAMESPACES)
    kernel.mount(None, "/", kernel.MS_REC | kernel.MS_PRIVATE)
    for folder in TEMPORARY:
        kernel.mount("tmpfs", folder, kernel.MS_NOSUID | kernel.MS_NODEV, f"size={limits.tmp_mib}m,nr_inodes={INODES},mode=1777")
    _mount_proc()
    with open("/proc/self/oom_score_adj", "w") as first_to_go:
        first_to_go.write("1000")
    _limit_resources(limits)
    _limit(resource.RLIMIT_NPROC, limits.processes + neighbours)
    kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
    kernel.drop_capabilities()
    seccomp.install()


def fence(limits: Limits) -> None:
    """What there is without walls: a session of its own, and limits."""
    os.setsid()
    if sys.platform == "linux":
        kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
    _limit_resources(limits)


def _limit_resources(limits: Limits) -> None:
    """Memory counts on top of what this process has already."""
    _limit(resource.RLIMIT_DATA, _data_bytes() + limits.memory_mib * MIB)
    _limit(resource.RLIMIT_CPU, limits.cpu_seconds)
    _limit(resource.RLIMIT_NOFILE, limits.files)
    _limit(resource.RLIMIT_FSIZE, limits.file_mib * MIB)
    _limit(resource.RLIMIT_CORE, 0)


def _mount_proc() -> None:
    kernel.mount("proc", "/proc", kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC)


def _limit(which: int, value: int) -> None:
    hard = resource.getrlimit(which)[1]
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(which, (value, value))


def _data_bytes() -> int:
    if sys.platform != "linux":
        return 0
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmData:"))


def keep_only(data: int, report: int) -> int:
    """Moves the connection to descriptor DATA, points the standard three at /dev/null and closes all others but `report`; its new number."""
    data, report = (fcntl.fcntl(fd, fcntl.F_DUPFD, DATA + 2) for fd in (data, report))
    null = os.open("/dev/null", os.O_RDWR)
    for standard in range(3):
        os.dup2(null, standard)
    os.dup2(data, DATA)
    os.dup2(report, DATA + 1)
    os.closerange(DATA + 2, max(os.sysconf("SC_OPEN_MAX"), 2**16))
    return DATA + 1
