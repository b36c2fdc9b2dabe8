"""Attacks on the sandbox from inside: none reaches the zygote, the next child or the machine, and none costs more than its own limits."""

import platform
import re
import time
from pathlib import Path

import pytest

from autograder.course import ROOT
from autograder.jail import seccomp
from tests.jailed import inside, sandbox
from tunelab.learner import LearnerError

GONE = (EOFError, OSError)


def attack(source: str, *arguments, **limits):
    """What the function `attack` of a cell returns from inside a fresh child."""
    with inside(source, **limits) as one:
        return one.learner.attack(*arguments)


@pytest.fixture(autouse=True)
def the_next_child_is_well():
    """After every attack: the same zygote answers, and its next child works as if nothing had been."""
    before = sandbox("bubblewrap")._zygote.process.pid
    yield
    assert sandbox("bubblewrap").alive(), "the attack killed the zygote"
    assert sandbox("bubblewrap")._zygote.process.pid == before, "the zygote had to be started again"
    source = "import os\ndef attack(x):\n    return x + 1, os.listdir('/tmp'), os.listdir('/dev/shm'), [p for p in os.listdir('/proc') if p.isdigit()]"
    assert attack(source, 1) == (2, [], [], ["1"]), "the attack left something behind"


# ---------------------------------------------------------------- system calls

CALL = """
    import ctypes, errno
    libc = ctypes.CDLL(None, use_errno=True)

    def syscall(number, *arguments):
        ctypes.set_errno(0)
        result = libc.syscall(ctypes.c_long(number), *(ctypes.c_long(a) for a in (*arguments, 0, 0, 0, 0, 0, 0)[:6]))
        return errno.errorcode.get(ctypes.get_errno(), "") if result == -1 else result
"""


def test_refused_calls_are_refused():
    column = ("x86_64", "aarch64").index(platform.machine())
    numbers = {name: pair[column] for name, pair in seccomp.REFUSED.items() if pair[column] is not None}
    source = CALL + "\n    def attack(numbers):\n        return {name: syscall(number) for name, number in numbers.items()}"
    answers = attack(source, numbers)
    assert answers == dict.fromkeys(numbers, "EPERM"), {name: answer for name, answer in answers.items() if answer != "EPERM"}


def test_namespaces_sockets_and_hidden_memory_are_refused():
    source = (
        CALL
        + """
    def attack(clone, socket, mmap):
        flags = [0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000]
        return {
            "namespaces": {syscall(clone, flag | 17) for flag in flags},
            "clone3": syscall(435),
            "calls of the future": syscall(500),
            "calls of another machine": syscall(0x40000000 + 39),
            "netlink, packet, crypto and virtual sockets": {syscall(socket, family, 3) for family in (16, 17, 38, 40)},
            "shared memory without a file": syscall(mmap, 0, 4096, 3, 0x21, -1, 0),
        }
    """
    )
    machine = seccomp._MACHINES[platform.machine()]
    assert attack(source, machine.clone, machine.socket, machine.mmap) == {
        "namespaces": {"EPERM"},
        "clone3": "ENOSYS",
        "calls of the future": "ENOSYS",
        "calls of another machine": "ENOSYS",
        "netlink, packet, crypto and virtual sockets": {"EAFNOSUPPORT"},
        "shared memory without a file": "EPERM",
    }


def test_calls_of_a_32_bit_program_end_it():
    """int 0x80 uses other numbers than the filter knows."""
    source = """
        import ctypes, mmap

        def attack():
            code = mmap.mmap(-1, 4096, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
            code.write(bytes.fromhex("b814000000cd80c3"))
            return ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))()
    """
    with inside(source) as one:
        with pytest.raises(GONE):
            one.learner.attack()
        assert one.jailed.wait(5) in ("crashed", "killed")


def test_limits_cannot_be_raised():
    source = """
        import resource

        def attack():
            raised = []
            for name in ("DATA", "CPU", "NPROC", "NOFILE", "FSIZE", "CORE"):
                which = getattr(resource, "RLIMIT_" + name)
                try:
                    resource.setrlimit(which, (resource.getrlimit(which)[1] + 1,) * 2)
                    raised.append(name)
                except ValueError:
                    pass
            return raised
    """
    assert attack(source) == []


# ---------------------------------------------------------------- other processes


def test_signals_reach_nobody_else():
    source = """
        import os, signal

        def attack():
            for number in (signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM):
                for pid in (-1, *range(2, 3000)):
                    try:
                        os.kill(pid, number)
                    except ProcessLookupError:
                        pass
            return sorted(name for name in os.listdir("/proc") if name.isdigit())
    """
    with inside("def attack():\n    return 1") as other:
        assert attack(source) == ["1"], "other processes can be seen"
        assert other.learner.attack() == 1, "a signal reached another child"


def test_daemons_end_with_the_child():
    """A daemon that forked twice, left the session and ignores signals keeps the connection; the far end sees it closed."""
    source = """
        import os, signal, time

        def attack():
            if os.fork() == 0:
                os.setsid()
                if os.fork() == 0:
                    for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
                        signal.signal(number, signal.SIG_IGN)
                    while True:
                        time.sleep(1)
                os._exit(0)
            return "started"

        def leave():
            os._exit(0)
    """
    with inside(source, seconds=5) as one:
        assert one.learner.attack() == "started"
        with pytest.raises(EOFError):
            one.learner.leave()
        assert one.jailed.wait(5) == "exited"


def test_a_fork_bomb_stays_small():
    source = """
        import os, time

        def attack():
            started = 0
            try:
                while True:
                    if os.fork() == 0:
                        time.sleep(60)
                        os._exit(0)
                    started += 1
            except BlockingIOError:
                return started
    """
    assert 8 <= attack(source, processes=16) <= 16, "the limit on processes is off"


def test_an_endless_fork_bomb_is_ended_by_the_clock():
    source = """
        import os

        def attack():
            while True:
                try:
                    os.fork()
                except OSError:
                    pass
    """
    with inside(source, wall_seconds=4, processes=16) as one:
        start = time.monotonic()
        with pytest.raises((*GONE, ValueError)):
            one.learner.attack()
            one.wire.read(1, time.monotonic() + 10)
        assert one.jailed.wait(10) in ("time", "processes"), "a fork bomb wasn't ended"
        assert time.monotonic() - start < 12, "a fork bomb outlives its time"


def test_threads_are_limited():
    source = """
        import threading, time

        def attack():
            started = 0
            try:
                while True:
                    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
                    started += 1
            except RuntimeError:
                return started
    """
    assert 8 <= attack(source, processes=16) <= 16, "the limit on threads is off"


def test_a_stopped_child_is_killed():
    source = """
        import os, signal, time

        def attack():
            worker = os.getpid()
            if os.fork() == 0:
                os.kill(worker, signal.SIGSTOP)
                os.kill(os.getpid(), signal.SIGSTOP)
            os.kill(0, signal.SIGSTOP)
            while True:
                time.sleep(1)
    """
    with inside(source, seconds=1) as one:
        with pytest.raises(TimeoutError):
            one.learner.attack()
        one.jailed.kill()
        assert one.jailed.wait(5) == "killed", "a stopped child can't be killed"


# ---------------------------------------------------------------- memory and disk


def test_a_memory_bomb_is_a_memory_error():
    source = """
        def attack():
            hold = []
            try:
                while True:
                    hold.append(bytearray(2**24))
            except MemoryError:
                return len(hold) * 16
    """
    assert 300 <= attack(source, memory_mib=512) <= 520, "the limit of a process's memory is off"


def test_one_huge_array_is_a_memory_error():
    source = """
        def attack():
            import torch
            try:
                return torch.zeros(2**40).sum()
            except RuntimeError as error:
                return "memory" in str(error)
    """
    assert attack(source) is True


HIDING = {
    "forks": "hold.append(b'x' * 2**23)",
    "private maps": "m = mmap.mmap(-1, 2**23, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS); m.write(b'x' * 2**23); hold.append(m)",
    "ended first threads": """
                    def fill():
                        while True:
                            try:
                                hold.append(b'x' * 2**23)
                            except MemoryError:
                                time.sleep(0.01)
                    threading.Thread(target=fill).start()
                    ctypes.CDLL(None).syscall(60 if os.uname().machine == 'x86_64' else 93, 0)
    """,
}


@pytest.mark.parametrize("way", HIDING)
def test_memory_of_all_processes_is_counted_together(way):
    source = f"""
        import ctypes, mmap, os, threading, time

        def attack():
            for _ in range(5):
                if os.fork() == 0:
                    break
            hold = []
            while True:
                try:
                    {HIDING[way]}
                except (MemoryError, OSError):
                    time.sleep(0.01)
    """
    with inside(source, memory_mib=256, total_mib=900) as one:
        with pytest.raises(GONE):
            one.learner.attack()
        assert one.jailed.wait(5) == "memory", "memory was hidden from the watch"


def test_shared_pages_count_once():
    """Forks that hold little of their own may be many: their sum is large only on paper."""
    source = """
        import os, time

        def attack():
            for _ in range(10):
                if os.fork() == 0:
                    time.sleep(60)
            time.sleep(1)
            return "well"
    """
    assert attack(source, total_mib=1024) == "well"


@pytest.mark.parametrize("folder", ["/tmp", "/dev/shm"])
def test_a_disk_bomb_fills_its_own_folder_only(folder):
    source = """
        import errno, os

        def attack(folder):
            written, number = 0, 0
            try:
                while True:
                    with open(f"{folder}/{number}", "wb") as file:
                        number += 1
                        for _ in range(4):
                            written += file.write(b"x" * 2**20)
            except OSError as error:
                return errno.errorcode[error.errno], written >> 20
    """
    code, written = attack(source, folder, tmp_mib=16)
    assert (code, 10 <= written <= 16) == ("ENOSPC", True), f"{written} MiB were written, then {code}"


def test_files_are_limited_in_size_and_number():
    source = """
        import errno, os

        def attack():
            try:
                with open("/tmp/large", "wb") as file:
                    for _ in range(12):
                        file.write(b"x" * 2**20)
                        file.flush()
                large = "none"
            except OSError as error:
                large = errno.errorcode[error.errno]
            os.unlink("/tmp/large")
            try:
                for number in range(10**5):
                    os.mkdir(f"/tmp/{number}")
                many = "none"
            except OSError as error:
                many = errno.errorcode[error.errno]
            return large, many
    """
    assert attack(source, file_mib=8) == ("EFBIG", "ENOSPC")


def test_deep_recursion_costs_the_call():
    source = """
        import sys

        def attack(limit):
            sys.setrecursionlimit(limit)

            def deeper(f):
                return [deeper(f)]

            return deeper(0)
    """
    with pytest.raises(RecursionError):
        attack(source, 3000)
    endless = """
        import sys

        sys.setrecursionlimit(10**9)

        class Deep:
            def __getattr__(self, name):
                return repr(self)

            def __repr__(self):
                return self.name

        def attack():
            return repr(Deep())
    """
    with inside(endless) as one, pytest.raises((*GONE, MemoryError, RecursionError)):
        one.learner.attack()


# ---------------------------------------------------------------- descriptors and the connection


def test_closing_every_descriptor_costs_the_call():
    with inside("import os\ndef attack():\n    os.closerange(0, 1024)\n    return 1") as one:
        with pytest.raises(GONE):
            one.learner.attack()
        assert one.jailed.wait(5) == "exited"


def test_flooding_every_descriptor_reaches_only_the_own_connection():
    source = """
        import os

        def attack():
            written = []
            for fd in range(1024):
                try:
                    os.write(fd, b"\\x00\\x00\\x00\\x04junk" * 10)
                    written.append(fd)
                except OSError:
                    pass
            return written
    """
    with inside(source) as one, pytest.raises(Exception, match=r"can't be read|malformed|impossible|EOF|unpack|reply"):
        one.learner.attack()


def test_a_flood_of_descriptors_ends_at_the_limit():
    source = """
        import errno, os

        def attack():
            opened = 0
            try:
                while True:
                    os.open("/dev/null", os.O_RDONLY)
                    opened += 1
            except OSError as error:
                return errno.errorcode[error.errno], opened
    """
    code, opened = attack(source, files=64)
    assert (code, opened <= 64) == ("EMFILE", True), (code, opened)


def test_a_flood_of_output_goes_nowhere():
    source = """
        import os, sys

        def attack():
            for _ in range(64):
                print("x" * 2**20)
                sys.stderr.write("x" * 2**20)
                os.write(1, b"x" * 2**20)
            return "done"
    """
    assert attack(source) == "done"


def test_a_reply_that_never_ends_runs_into_the_deadline():
    source = "import os, time\ndef attack():\n    os.write(3, (1000).to_bytes(4, 'big') + b'half')\n    time.sleep(60)"
    with inside(source, seconds=1) as one, pytest.raises(TimeoutError):
        one.learner.attack()


def test_a_reply_of_impossible_size_is_refused_before_it_is_read():
    source = "import os\ndef attack():\n    os.write(3, (-1).to_bytes(4, 'big', signed=True) + (2**50).to_bytes(8, 'big'))\n    os._exit(0)"
    with inside(source) as one, pytest.raises(LearnerError, match="impossible size"):
        one.learner.attack()


# ---------------------------------------------------------------- files, network, neighbours


def test_files_left_behind_are_gone():
    source = """
        import os

        def attack():
            made = []
            for folder in ("/tmp", "/dev/shm", "/", "/dev", "/cache", "/kit", "/kit/tunelab", "/kit/jail", "/proc", "/usr/lib", os.path.dirname(os.__file__)):
                try:
                    open(folder + "/sitecustomize.py", "w").close()
                    made.append(folder)
                except OSError:
                    pass
            return made
    """
    assert attack(source) == ["/tmp", "/dev/shm"]


def test_there_are_no_ways_around_through_proc():
    source = """
        import os

        def attack():
            found = []
            for link in ("/proc/self/root", "/proc/1/root", "/proc/1/cwd", "/proc/thread-self/root"):
                for path in ("/etc/passwd", "/etc/shadow", SUITES, "/home", "/var"):
                    if os.path.exists(link + path):
                        found.append(link + path)
            for path in ("/proc/sysrq-trigger", "/proc/sys/kernel/core_pattern", "/proc/sys/kernel/hostname", "/proc/self/uid_map", "/proc/self/setgroups"):
                try:
                    with open(path, "w") as file:
                        file.write("1")
                    found.append(path)
                except OSError:
                    pass
            for path in ("/proc/kcore", "/proc/kmsg", "/proc/1/mem"):
                try:
                    with open(path, "rb") as file:
                        file.read(1)
                    found.append(path)
                except (OSError, ValueError):
                    pass
            return found
    """
    assert attack(source.replace("SUITES", repr(str(ROOT / "autograder" / "suites")))) == []


def test_there_is_no_network():
    source = """
        import socket

        def attack():
            reached = []
            for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET, "1.1.1.1"), (socket.AF_INET6, "::1")):
                for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                    try:
                        with socket.socket(family, kind) as s:
                            s.settimeout(2)
                            s.connect((address, 53))
                            s.send(b"hello")
                        reached.append(address)
                    except OSError:
                        pass
            try:
                reached.append(socket.gethostbyname("example.org"))
            except OSError:
                pass
            with open("/proc/net/route") as routes:
                return reached, len(routes.readlines())
    """
    reached, routes = attack(source)
    assert reached == [], f"reached {reached}"
    assert routes <= 1, "there are routes to elsewhere"


def test_nobody_becomes_somebody_else():
    source = """
        import os

        def attack():
            became = []
            for change, to in ((os.setuid, 0), (os.setgid, 0), (os.setgroups, [0]), (os.seteuid, 0), (os.setresuid, (0, 0, 0))):
                try:
                    change(*to) if isinstance(to, tuple) else change(to)
                    became.append(change.__name__)
                except OSError:
                    pass
            return became
    """
    assert attack(source) == []


def test_the_grader_and_its_libraries_are_not_there():
    source = """
        import importlib

        def attack():
            found = []
            for name in ("autograder", "autograder.suites_runner", "autograder.engine", "solutions", "nbgrader_config"):
                try:
                    importlib.import_module(name)
                    found.append(name)
                except ImportError:
                    pass
            return found
    """
    assert attack(source) == []


def test_a_storm_of_dying_children_leaves_the_zygote_well():
    start = time.monotonic()
    for _ in range(20):
        jailed = sandbox("bubblewrap").spawn()
        jailed.kill()
        jailed.close()
    assert time.monotonic() - start < 40, "twenty children take too long"


def test_the_zygote_keeps_nothing_of_dead_children():
    zygote = _zygote_under(sandbox("bubblewrap")._zygote.process.pid)

    def descriptors_when_childless() -> int:
        deadline = time.monotonic() + 20
        while (children := _children(zygote)) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not children, "a jailed process outlives its call"
        return len(list(Path(f"/proc/{zygote}/fd").iterdir()))

    attack("def attack():\n    return 1")
    before = descriptors_when_childless()
    for _ in range(3):
        attack("def attack():\n    return 1")
    assert descriptors_when_childless() <= before, "descriptors pile up in the zygote"


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _zygote_under(pid: int) -> int:
    """The zygote: in the line of processes that began with bubblewrap, the Python that is the first process of its namespace. Those under it are jailed."""
    while not ((status := Path(f"/proc/{pid}/status").read_text()).startswith("Name:\tpython") and re.search(r"NSpid:.*\t1\n", status)):
        pid = _children(pid)[0]
    return pid
