"""Fan-out: grades submissions on a Dask cluster, local by default or reached by address."""

from __future__ import annotations

import contextlib
import ipaddress
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dask
from distributed import Client, LocalCluster, Security, WorkerPlugin, as_completed, get_worker

from autograder.course import load_course
from autograder.engine import Budget, Engine
from autograder.sandbox import Limits
from autograder.tasks import TRIES, Done, Task

PLUGIN = "tunelab-engine"


class ClusterError(RuntimeError):
    """A cluster that can't be used, with the reason and the cure."""


class EnginePlugin(WorkerPlugin):
    """Starts an engine with each Dask worker, on the worker's main thread, and ends it with the worker."""

    name = PLUGIN

    def __init__(self, root: str, mode: str, limits: Limits, budget: Budget):
        self.root, self.mode, self.limits, self.budget = root, mode, limits, budget

    def setup(self, worker: Any) -> None:
        worker.tunelab_course = load_course(Path(self.root))
        worker.tunelab_engine = Engine(self.mode, self.limits, Path(self.root), self.budget)
        worker.tunelab_engine.start()

    def teardown(self, worker: Any) -> None:
        worker.tunelab_engine.close()


def grade_task(task: Task) -> dict[str, Any]:
    """Runs on a Dask worker: one clean submission in, one result out."""
    worker = get_worker()
    return worker.tunelab_engine.grade(task.clean, worker.tunelab_course.assignment(task.clean.assignment), task.seed, task.known)


@contextlib.contextmanager
def connect(address: str | None, workers: int, mode: str, limits: Limits, budget: Budget, root: Path) -> Iterator[Client]:
    """A client of a local cluster, with TLS and certificates made for this run, or of the scheduler at `address`."""
    with contextlib.ExitStack() as stack:
        if address is None:
            security = Security.temporary()
            stack.enter_context(dask.config.set({"distributed.worker.daemon": False, "distributed.admin.log-length": 0}))
            cluster = stack.enter_context(
                LocalCluster(
                    n_workers=workers,
                    threads_per_worker=1,
                    processes=True,
                    protocol="tls://",
                    host="127.0.0.1",
                    security=security,
                    dashboard_address=None,
                    memory_limit=None,
                    silence_logs="ERROR",
                )
            )
            client = stack.enter_context(Client(cluster, security=security))
        else:
            client = stack.enter_context(
                Client(check_address(address), security=Security() if address.startswith("tls://") else None, timeout=30)
            )
        client.register_plugin(EnginePlugin(str(root), mode, limits, budget))
        yield client


def check_address(address: str) -> str:
    """An address that may be used: `tls://`, or a loopback one. Raises ClusterError for an open scheduler, which anyone on its network could make run code as the instructor."""
    parts = urlsplit(address)
    if parts.scheme == "tls":
        return address
    try:
        loopback = parts.hostname == "localhost" or ipaddress.ip_address(parts.hostname or "").is_loopback
    except ValueError:
        loopback = False
    if parts.scheme != "tcp" or not loopback:
        raise ClusterError(
            f"{address} is not a safe cluster address: whoever reaches an open scheduler can run code as you. "
            "Use tls://host:port (certificates from Dask's own configuration, distributed.comm.tls), or a loopback address."
        )
    return address


def run(client: Client, tasks: Sequence[Task], done: Done) -> None:
    """Grades all tasks and calls `done` for each as it ends, in whatever order they end."""
    futures = {
        client.submit(grade_task, task, key=f"{task.clean.assignment}-{task.key}", retries=TRIES - 1, pure=True): task for task in tasks
    }
    for future in as_completed(futures):
        task = futures[future]
        try:
            outcome: dict[str, Any] | Exception = future.result()
        except Exception as error:
            outcome = error
        done(task, outcome)
        future.release()
