"""The suite server: a warm, trusted process that forks a child for each exercise, which runs the hidden suite against a worker elsewhere.

For authors it also runs tests on answers that are trusted, such as the reference, in the child itself, as a learner's self-check does. The child is mortal: it has a deadline and a memory limit of its own, and holds no gradebook. It asks the engine for a worker, for a new one when that one died, and hands its results over.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import resource
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from multiprocessing import reduction
from multiprocessing.connection import Connection
from pathlib import Path

import msgpack

from autograder.jail import kernel
from tunelab.codec import MAX_REPLY
from tunelab.learner import Learner, WorkerDied, WorkerTimeout
from tunelab.notebook import Cell

GRACE_SECONDS = 20
"""What a suite may take on top of the time for the learner's code, before it is killed."""
SUITE_MEMORY = 6 * 2**30


@dataclass(frozen=True)
class Trial:
    """One run of a test file: the cells to run first, what its inputs are drawn from, the single test to run, if not all, and the files handed in beside the notebook."""

    cells: tuple[tuple[str, str], ...]
    seed: int
    only: str | None = None
    files: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class Job:
    """One exercise of one submission: its test file, what to run, and how long one call and one trial may take (seconds, wall clock).

    With `in_process` the cells run in the suite's own process: for an author's answers only. Then there can be several trials, one after another.
    """

    test_file: str
    exercise: str
    trials: tuple[Trial, ...]
    call_seconds: float
    exercise_seconds: float
    in_process: bool = False

    @classmethod
    def unpacked(cls, data: bytes) -> Job:
        """What `packed` has made bytes of."""
        request = msgpack.unpackb(data)
        trials = (Trial(**{**t, "cells": tuple((name, source) for name, source in t["cells"])}) for t in request["trials"])
        return cls(**{**request, "trials": tuple(trials)})

    def packed(self) -> bytes:
        return msgpack.packb(asdict(self))


class Wire:
    """Requests and replies on a socket, framed as `multiprocessing.connection` does, each with a deadline whatever the other end sends."""

    def __init__(self, fd: int):
        self.socket = socket.socket(fileno=fd)

    def exchange(self, data: bytes, seconds: float) -> bytes:
        """Raises TimeoutError past the deadline, OSError or EOFError when the other end is gone, ValueError when it asks for too much."""
        end = time.monotonic() + seconds
        self.socket.settimeout(max(seconds, 0.001))
        size = struct.pack("!i", len(data)) if len(data) <= 0x7FFFFFFF else struct.pack("!iQ", -1, len(data))
        self.socket.sendall(size)
        self.socket.sendall(data)
        (length,) = struct.unpack("!i", self.read(4, end))
        if length == -1:
            (length,) = struct.unpack("!Q", self.read(8, end))
        if not 0 <= length <= MAX_REPLY:
            raise ValueError("a reply of an impossible size")
        return self.read(length, end)

    def read(self, size: int, end: float) -> bytes:
        parts, missing = [], size
        while missing:
            left = end - time.monotonic()
            if left <= 0:
                raise TimeoutError
            self.socket.settimeout(left)
            part = self.socket.recv(min(missing, 2**20))
            if not part:
                raise EOFError
            parts.append(part)
            missing -= len(part)
        return b"".join(parts)

    def close(self) -> None:
        self.socket.close()


@dataclass
class SandboxBackend:
    """Gives tests a learner whose functions run in a worker that the engine supplies, and a new worker when one is gone."""

    job: Job
    trial: Trial
    broker: Connection
    wire: Wire | None = None
    started: float = field(default_factory=time.monotonic)

    @property
    def seed(self) -> int:
        return self.trial.seed

    def learner(self, test_file: Path) -> Learner:
        return Learner(self.exchange, self.seed)

    def file(self, test_file: Path, name: str) -> bytes | None:
        return self.trial.files.get(name)

    def left(self) -> float:
        return self.job.exercise_seconds - (time.monotonic() - self.started)

    def exchange(self, data: bytes) -> bytes:
        if self.left() <= 0:
            raise WorkerTimeout(f"The {self.job.exercise_seconds:.0f} seconds for this exercise were used up before this check.")
        if self.wire is None:
            self.connect()
        return self.call(data, min(self.job.call_seconds, self.left()))

    def connect(self) -> None:
        asked = time.monotonic()
        self.broker.send_bytes(b"worker")
        answer = json.loads(self.broker.recv_bytes())
        if "refused" in answer:
            raise WorkerDied(answer["refused"])
        self.wire = Wire(reduction.recv_handle(self.broker))
        self.started += time.monotonic() - asked  # waiting for a worker isn't the learner's time
        load = Learner(lambda data: self.call(data, min(3 * self.job.call_seconds, self.left())), self.seed)
        load.load(tuple(Cell(name, source) for name, source in self.trial.cells))

    def call(self, data: bytes, seconds: float) -> bytes:
        try:
            return self.wire.exchange(data, seconds)
        except TimeoutError:
            self.end_worker()
            raise WorkerTimeout(
                f"`{self.job.exercise}` was still running after {seconds:.0f} seconds and was stopped. Is there a loop that doesn't end?"
            ) from None
        except (EOFError, OSError, ValueError):
            raise WorkerDied(_why_ended(self.end_worker(), self.job.exercise)) from None

    def end_worker(self) -> str:
        self.wire.close()
        self.wire = None
        self.broker.send_bytes(b"kill")
        return json.loads(self.broker.recv_bytes()).get("ended", "")


def _why_ended(reason: str, exercise: str) -> str:
    match reason:
        case "memory":
            return f"`{exercise}` used more memory than it may and was stopped. Does it copy or keep more than it needs?"
        case "time":
            return f"The time for `{exercise}` was used up and it was stopped."
    return f"The process that ran `{exercise}` ended in the middle of a call (a crash, or a call that ends Python)."


# ---------------------------------------------------------------- the server


def run_job(job: Job, broker: Connection) -> None:
    """In the forked child: runs the trials, each with the deadline of its own, and sends the results of each, and the CPU seconds that they took."""
    from tunelab.checks import run_pytest, run_tests

    for number, trial in enumerate(job.trials):
        if number:
            gc.collect()  # models that a trial loaded are in cycles, and count against the next one's memory
        signal.setitimer(signal.ITIMER_REAL, job.exercise_seconds + GRACE_SECONDS)
        start = time.process_time()
        if job.in_process:
            cells = tuple(Cell(name, source) for name, source in trial.cells)
            report = run_tests(Path(job.test_file), job.exercise, cells, trial.seed, trial.only, trial.files)
        else:
            report = run_pytest(Path(job.test_file), job.exercise, SandboxBackend(job, trial, broker), trial.only)
        answer = {
            "note": report.note,
            "tests": [asdict(result) for result in report.results],
            "measures": [asdict(measured) for measured in report.measures],
            "flags": report.flags,
            "seconds": round(time.process_time() - start, 3),
        }
        broker.send_bytes(json.dumps(answer).encode())


def _child(job: Job, broker: Connection) -> None:
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_DATA, (SUITE_MEMORY, SUITE_MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.setsid()
    os.dup2(1, 2)  # what tests and answers print is for nobody
    run_job(job, broker)


def serve(control: Connection, libraries: Sequence[str]) -> None:
    """Forks a child per job until the engine closes the control connection. `libraries` are imported before the first one, beyond those that suites use."""
    _warm_up(libraries)
    control.send_bytes(b"ready")
    while True:
        try:
            request = control.recv_bytes()
        except (EOFError, OSError):
            return
        broker = Connection(reduction.recv_handle(control))
        _bury()
        if os.fork() == 0:
            code = 1
            try:
                control.close()
                _child(Job.unpacked(request), broker)
                code = 0
            finally:
                os._exit(code)
        broker.close()


def _bury() -> None:
    """Takes note of the children that have ended; one that ends last is left to the system."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _warm_up(libraries: Sequence[str]) -> None:
    import gc
    import importlib

    import datasets  # noqa: F401
    import safetensors.torch  # noqa: F401
    import sklearn.metrics  # noqa: F401
    import torch
    import transformers.models.bert.modeling_bert
    import transformers.models.llama.modeling_llama  # noqa: F401

    import tunelab.data
    import tunelab.expect
    import tunelab.models  # noqa: F401
    from tunelab.checks import run_pytest

    for name in libraries:
        importlib.import_module(name)
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        empty = Path(folder) / "test_nothing.py"
        empty.write_text("def test_nothing():\n    pass\n")
        run_pytest(empty, "nothing", None)  # pytest imports most of itself on its first run
    gc.collect()
    gc.freeze()
    if sys.platform == "linux":
        kernel.gather_pages()


class SuiteServerError(RuntimeError):
    """The suite server doesn't come up, with what to do."""


class SuiteServer:
    """The engine's end: starts the server, gives it jobs, ends it."""

    def __init__(self, root: Path, libraries: Sequence[str] = ()):
        ours, theirs = socket.socketpair()
        environment = {
            **os.environ,
            "OMP_NUM_THREADS": "1",
            "JE_ARROW_MALLOC_CONF": "background_thread:false",
            "TOKENIZERS_PARALLELISM": "false",
            "HF_HUB_OFFLINE": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "autograder.suites_runner", str(theirs.fileno()), *libraries],
            cwd=root,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
        )
        theirs.close()
        self.control = Connection(ours.detach())
        self.asking = threading.Lock()

    def wait_until_ready(self, seconds: float = 300) -> None:
        try:
            ready = self.control.poll(seconds) and self.control.recv_bytes() == b"ready"
        except (EOFError, OSError):
            raise SuiteServerError(
                "The suite server ended while it started; what it said is above. `make setup` repairs the environment."
            ) from None
        if not ready:
            raise SuiteServerError(
                f"The suite server wasn't ready after {seconds:.0f} seconds. Is the machine overloaded, or short of memory?"
            )

    def alive(self) -> bool:
        return self.process.poll() is None

    def start(self, job: Job) -> Connection:
        """Starts a job, from any thread; what comes back on the connection are its requests for workers, then its results."""
        ours, theirs = socket.socketpair()
        with self.asking:
            self.control.send_bytes(job.packed())
            reduction.send_handle(self.control, theirs.fileno(), self.process.pid)
        theirs.close()
        return Connection(ours.detach())

    def close(self) -> None:
        self.control.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


if __name__ == "__main__":
    serve(Connection(int(sys.argv[1])), sys.argv[2:])
