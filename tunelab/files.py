"""Files that are handed in beside the notebook: plain ones of limited size, read as bytes. Nothing here looks inside them."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

MAX_FILE = 4 * 2**20
"""Bytes of one file."""
PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)+")
"""What a file that is handed in may be called."""


class FileError(ValueError):
    """A file that can't be taken, with a sentence that says why."""


def open_plain(path: Path) -> int:
    """A descriptor of a regular file, never of a link or of what has taken its place. Raises OSError."""
    flags = sum(getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY"))
    descriptor = os.open(path, os.O_RDONLY | flags)
    if path.is_symlink() or not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError("not a regular file")
    return descriptor


def read_file(path: Path) -> bytes:
    """The bytes of a file. Raises FileError for one that is missing, larger than MAX_FILE, a link or a folder."""
    if not os.path.lexists(path):
        raise FileError(f"`{path.name}` isn't there.")
    try:
        with open(open_plain(path), "rb") as file:
            content = file.read(MAX_FILE + 1)
    except OSError:
        raise FileError(f"`{path.name}` is no plain file that can be read, but a link, a folder or locked.") from None
    if len(content) > MAX_FILE:
        raise FileError(f"`{path.name}` is larger than {MAX_FILE // 2**20} MiB, which is the most that is taken.")
    return content
