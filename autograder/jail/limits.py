"""What a jailed process may use."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Limits of one jailed child and of all that it starts.

    `wall_seconds` counts from its start, `cpu_seconds` for each of its processes. `memory_mib` is what each process may allocate beyond the libraries that are there from the beginning,
    `total_mib` what all of them together may hold. `processes` counts threads too. `files` are open descriptors of a process, `file_mib` is the largest file, `tmp_mib` the size of each of the
    two temporary folders (`/tmp` and `/dev/shm`), which are memory too and come on top.
    """

    wall_seconds: float = 60
    memory_mib: int = 2048
    total_mib: int = 3072
    processes: int = 24
    files: int = 256
    file_mib: int = 64
    tmp_mib: int = 128
    cpu_seconds: int = 120
