"""The supervisor: forks jailed children, watches their time and memory, ends them with all that they started, and says why each ended.

It lives in the zygote's only thread, so that a child costs one fork. For each child it holds a leash, a socket to the engine: "up", or what went wrong, goes there first, the reason of the
end last, a line each. Whatever is read from it, or its end, kills the child.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import sys
import time
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from . import kernel, walls
from .limits import Limits

PAUSE = 0.05
"""Seconds between two looks at the children's memory."""
RESTRAINT = 4
"""Looking may take a fifth of the time at most."""

_LINUX = sys.platform == "linux"


@dataclass(eq=False)
class Child:
    """A jailed child: `reason` is why it was killed, `deadline` on the monotonic clock when it will be."""

    pid: int
    leash: int
    limits: Limits
    deadline: float
    reason: str = ""


class Supervisor:
    """Serves the engine at the other end of `control`. `serve` is called in each child, in its jail, with the descriptor of the connection to the suite."""

    def __init__(self, control: socket.socket, walled: bool, serve: Callable[[int], None]):
        self.control, self.walled, self.serve = control, walled, serve
        self.children: dict[int, Child] = {}
        self.pids_of_sandbox = os.open("/proc/self/ns/pid", os.O_RDONLY) if walled else -1
        self.death_heard, death_told = os.pipe()
        for end in (self.death_heard, death_told):
            os.set_blocking(end, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(death_told, warn_on_full_buffer=False)
        if _LINUX and not walled:
            kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, 1)

    def run(self, read_request: Callable[[], tuple[Limits, int, int] | None]) -> None:
        """Until `read_request` says that the engine is gone (None); it gives the limits of a new child, its leash and its connection."""
        look = 0.0
        while True:
            ready = self._wait(look)
            if self.control.fileno() in ready:
                if (request := read_request()) is None:
                    break
                self._start(*request)
            self._bury()
            for child in self._living():
                if child.leash in ready:
                    self._kill(child, "killed")
                elif time.monotonic() >= child.deadline:
                    self._kill(child, "time")
            if time.monotonic() >= look:
                look = self._look()
        for child in list(self.children.values()):
            self._kill(child, "killed")

    def _living(self) -> list[Child]:
        return [child for child in self.children.values() if not child.reason]

    def _wait(self, look: float) -> set[int]:
        """The descriptors that have news, or none when it is time to look again or a child's time is up."""
        living = self._living()
        poll = select.poll()
        for fd in (self.control.fileno(), self.death_heard, *(child.leash for child in living)):
            poll.register(fd, select.POLLIN)
        until = min([look, *(child.deadline for child in living)]) if self.children else None
        ready = {fd for fd, _ in poll.poll(until and 1000 * max(0.0, until - time.monotonic()))}
        if self.death_heard in ready:
            os.read(self.death_heard, 4096)
        return ready

    # ------------------------------------------------ beginning

    def _start(self, limits: Limits, leash: int, data: int) -> None:
        started = time.monotonic()
        try:
            neighbours = _threads_in_sandbox() if self.walled else 0
            if self.walled:
                kernel.unshare(kernel.CLONE_NEWPID)
            pid = os.fork()
        except OSError as error:
            _say(leash, f"{type(error).__name__}: {error}")
            os.close(leash)
            os.close(data)
            return
        if pid == 0:
            self._become_worker(limits, leash, data, neighbours)
        if self.walled:
            kernel.setns(self.pids_of_sandbox, kernel.CLONE_NEWPID)
        os.close(data)
        self.children[pid] = Child(pid, leash, limits, started + limits.wall_seconds)

    def _become_worker(self, limits: Limits, leash: int, data: int, neighbours: int) -> None:
        """In the child; never returns."""
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            self.control.detach()
            leash = walls.keep_only(data, leash)
            if self.walled:
                walls.shut(limits, neighbours)
            else:
                walls.fence(limits)
            os.chdir(os.environ["HOME"])
            sys.modules["__main__"] = types.ModuleType("__main__")
            _say(leash, "up")
            os.close(leash)
        except BaseException as error:
            _say(leash, f"{type(error).__name__}: {error}")
            os._exit(1)
        try:
            self.serve(walls.DATA)
        finally:
            os._exit(0)

    # ------------------------------------------------ watching

    def _look(self) -> float:
        """Kills the children that use more than they may; when to look again."""
        looked = time.monotonic()
        if not self.walled:
            self._kill_orphans()
        for child in self._living():
            if _LINUX and (excess := _excess(child)):
                self._kill(child, excess)
        now = time.monotonic()
        return now + max(PAUSE, RESTRAINT * (now - looked))

    # ------------------------------------------------ ending

    def _kill(self, child: Child, reason: str) -> None:
        """Kills the child and everything that it started; inside walls the kernel does the latter."""
        child.reason = child.reason or reason
        started = [] if self.walled else list(_descendants(child.pid))
        for pid in (child.pid, *started):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def _kill_orphans(self) -> None:
        """Without walls, what a child leaves behind becomes a child of this process."""
        for pid in _children(os.getpid()):
            if pid not in self.children:
                for one in (pid, *_descendants(pid)):
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(one, signal.SIGKILL)

    def _bury(self) -> None:
        """Takes note of the children that have ended, and says why."""
        while self.children:
            pid, status, usage = os.wait4(-1, os.WNOHANG)
            if pid == 0:
                return
            if child := self.children.pop(pid, None):
                _say(child.leash, child.reason or _own_end(status, usage.ru_utime + usage.ru_stime, child.limits))
                os.close(child.leash)


def _own_end(status: int, cpu: float, limits: Limits) -> str:
    if not os.WIFSIGNALED(status):
        return "exited"
    if os.WTERMSIG(status) == signal.SIGXCPU or (os.WTERMSIG(status) == signal.SIGKILL and cpu >= limits.cpu_seconds - 1):
        return "time"
    return "killed" if os.WTERMSIG(status) == signal.SIGKILL else "crashed"


def _say(leash: int, what: str) -> None:
    with contextlib.suppress(OSError):
        os.write(leash, what.encode() + b"\n")


# ---------------------------------------------------------------- /proc


def _excess(child: Child) -> str:
    """What the child and all that it started use too much of: "processes", "memory" or nothing.

    Resident pages are cheap to count, but a page that several forks share counts for each of them. Only when that sum is too large are shared pages divided among those who share them, which
    takes a walk through the page tables.
    """
    pids, most = [child.pid, *_descendants(child.pid)], child.limits.total_mib * walls.MIB
    if len(pids) > child.limits.processes:
        return "processes"
    return "memory" if sum(map(_resident, pids)) > most and sum(map(_share, pids)) > most else ""


def _descendants(pid: int) -> Iterator[int]:
    for child in _children(pid):
        yield child
        yield from _descendants(child)


def _children(pid: int) -> list[int]:
    found = []
    for thread in _threads(pid):
        with contextlib.suppress(OSError), open(f"/proc/{pid}/task/{thread}/children") as children:
            found += map(int, children.read().split())
    return found


def _threads(pid: int) -> list[int]:
    try:
        return [int(name) for name in os.listdir(f"/proc/{pid}/task")]
    except OSError:
        return []


def _resident(pid: int) -> int:
    """Bytes of a process's own memory. Each thread is asked: the first may have ended before the others, and then says nothing."""
    return max((_bytes(f"/proc/{pid}/task/{thread}/status", "RssAnon:") for thread in _threads(pid)), default=0)


def _share(pid: int) -> int:
    """Like `_resident`, with shared pages divided among those who share them. What can't be divided counts whole."""
    return max((_bytes(f"/proc/{thread}/smaps_rollup", "Pss_Anon:") for thread in _threads(pid)), default=0) or _resident(pid)


def _bytes(path: str, field: str) -> int:
    with contextlib.suppress(OSError), open(path) as lines:
        return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith(field))
    return 0


def _threads_in_sandbox() -> int:
    """How many threads the kernel will count together with a new child's: all that are in the sandbox now."""
    return sum(len(_threads(int(name))) for name in os.listdir("/proc") if name.isdigit())
