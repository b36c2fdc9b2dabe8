"""A gradebook in PostgreSQL instead of a file: its address, and a copy of it before each write."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

DRIVER = "postgresql+psycopg2"
CURE = "Write one line like postgresql://user:password@host/database, and let nobody else read the file (chmod 600)."


class GradebookError(RuntimeError):
    """A gradebook that can't be used, with the reason and the cure."""


def address(file: Path) -> str:
    """What `gradebook.url` says, as SQLAlchemy and nbgrader take it. Raises GradebookError for anything but an address of PostgreSQL's."""
    try:
        url = make_url(file.read_text(encoding="utf-8").strip())
    except (OSError, UnicodeDecodeError, ArgumentError, ValueError):
        raise GradebookError(f"{file} holds no database's address. {CURE}") from None
    if not url.drivername.startswith("postgres") or not url.database:
        raise GradebookError(f"{file} must hold the address of a PostgreSQL database with its name. {CURE}")
    if os.name == "posix" and file.stat().st_mode & 0o077:
        raise GradebookError(f"{file} holds a password and can be read by others: chmod 600 {file}")
    return url.set(drivername=DRIVER).render_as_string(hide_password=False)


def dump(database: str, target: Path) -> None:
    """Copies a gradebook to a file that pg_restore reads. Raises GradebookError: nothing is written to a gradebook of which there is no copy."""
    if shutil.which("pg_dump") is None:
        raise GradebookError(
            "The gradebook is copied before it is written to, and pg_dump isn't on this machine. Install PostgreSQL's client: apt-get install postgresql-client"
        )
    url = make_url(database)
    done = subprocess.run(
        ["pg_dump", "--format=custom", "--no-owner", f"--file={target}", f"--dbname={_without_password(url)}"],
        env=os.environ | ({"PGPASSWORD": url.password} if url.password else {}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
    )
    if done.returncode:
        target.unlink(missing_ok=True)
        lines = done.stderr.strip().splitlines() or ["no reason was given"]
        raise GradebookError(f"The gradebook could not be copied before writing to it. pg_dump says: {lines[-1]}")


def _without_password(url: URL) -> str:
    """The address as PostgreSQL's own programs take it, without the password, which every user of the machine could read in the list of processes."""
    return url.set(drivername="postgresql", password=None).render_as_string(hide_password=False)
