"""The sandbox: starts bubblewrap with a warm zygote inside, and has it fork a jailed child whenever one is asked for."""

from __future__ import annotations

import contextlib
import json
import os
import select
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import weakref
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from autograder.jail.limits import Limits

ROOT = Path(__file__).resolve().parents[1]
KIT = {"/kit/tunelab": ROOT / "tunelab", "/kit/jail": ROOT / "autograder" / "jail"}
CACHE = "/cache"
MODES = ("bubblewrap", "process")
START_SECONDS = 180
SPAWN_SECONDS = 20
NOBODY = 65534
PROGRAMS = {"bwrap": "bubblewrap", "setpriv": "util-linux", "unshare": "util-linux"}
WITHOUT_WALLS = "If you trust the submissions, --sandbox process grades them without walls, and every result says so."


class SandboxError(RuntimeError):
    """Why there is no sandbox, and what to do about it."""


@dataclass(eq=False)
class Jailed:
    """A jailed child. `socket` is the suite's end of the connection to it; closing this object, or losing it, kills the child."""

    socket: socket.socket
    _leash: socket.socket
    _told: bytes = b""
    _reason: str | None = None

    def kill(self) -> None:
        """Kills the child and all that it started. Doesn't wait; does nothing when it has ended."""
        with contextlib.suppress(OSError):
            self._leash.send(b"k")

    def wait(self, timeout: float) -> str | None:
        """Why the child ended, None when it still runs after `timeout` seconds.

        "exited": by itself. "killed": from outside, or by the machine. "crashed": by a signal such as a segmentation fault. "memory", "time", "processes": it used more than it may.
        "lost": with the sandbox itself.
        """
        if self._reason is None:
            self._reason = self._line(timeout)
        return self._reason

    def _line(self, timeout: float) -> str | None:
        """The next line that the supervisor says, "lost" when it is gone."""
        end = time.monotonic() + timeout
        while b"\n" not in self._told:
            ready, _, _ = select.select([self._leash], [], [], max(0.0, end - time.monotonic()))
            if not ready:
                return None
            try:
                part = self._leash.recv(65536)
            except ConnectionResetError:
                part = b""
            if not part:
                return "lost"
            self._told += part
        line, _, self._told = self._told.partition(b"\n")
        return line.decode()

    def close(self) -> None:
        self.socket.close()
        if self._reason is None and self._leash.fileno() != -1:
            self.wait(0)
        self._leash.close()


@dataclass(eq=False)
class Sandbox:
    """A warm zygote in bubblewrap (or without walls), restarted once when it dies. Use it from one thread; `--die-with-parent` ends it with the thread that started it."""

    mode: str
    limits: Limits
    cache: Path
    _zygote: _Zygote | None = None
    _jailed: weakref.WeakSet[Jailed] = field(default_factory=weakref.WeakSet)

    def spawn(self, limits: Limits | None = None) -> Jailed:
        """A new child, ready to be called, with the sandbox's limits or other ones. Raises SandboxError when the sandbox has died and can't be started again."""
        words = ""
        for _ in range(2):
            if not self.alive():
                self._restart()
            with contextlib.suppress(OSError):
                jailed, trouble = self._ask(limits or self.limits)
                if trouble == "up":
                    self._jailed.add(jailed)
                    return jailed
                jailed.close()
                if trouble != "lost":
                    raise SandboxError(f"The sandbox couldn't shut a learner's process in ({trouble}).\n{_cure(trouble)}")
            words = self._zygote.last_words()
            self.close()
        raise SandboxError(f"The sandbox died twice while starting a learner's process. Is the machine short of memory?\n{words}".rstrip())

    def _ask(self, limits: Limits) -> tuple[Jailed, str]:
        """Sends one request to the zygote; the child, and what the supervisor says of it."""
        leash, leash_inside = socket.socketpair()
        ours, theirs = socket.socketpair()
        jailed = Jailed(ours, leash)
        with leash_inside, theirs:
            request = json.dumps(asdict(limits)).encode()
            socket.send_fds(self._zygote.control, [request], [leash_inside.fileno(), theirs.fileno()])
        return jailed, jailed._line(SPAWN_SECONDS) or f"it wasn't ready after {SPAWN_SECONDS} seconds"

    def alive(self) -> bool:
        return self._zygote is not None and self._zygote.process.poll() is None

    def _restart(self) -> None:
        self.close()
        self._zygote = _Zygote(self.mode, self.cache)

    def close(self) -> None:
        for jailed in list(self._jailed):
            jailed.close()
        if self._zygote is not None:
            self._zygote.end()
            self._zygote = None


def open_sandbox(mode: str, limits: Limits, cache: Path) -> Sandbox:
    """Starts a sandbox and proves that a child can be shut in. `mode` is "bubblewrap" or "process", which has no walls; neither stands in for the other.

    `cache` holds models and data; it is read-only inside, and an empty folder when there is none. Raises SandboxError, with the cure.
    """
    if mode not in MODES:
        raise SandboxError(f"There is no sandbox mode {mode!r}. Choose one of: {', '.join(MODES)}.")
    if not hasattr(os, "fork"):
        raise SandboxError("Grading needs Linux, or macOS without walls. On Windows, grade inside WSL.")
    if mode == "bubblewrap" and sys.platform != "linux":
        raise SandboxError(f"bubblewrap runs on Linux only. {WITHOUT_WALLS}")
    sandbox = Sandbox(mode, limits, Path(cache).absolute())
    try:
        trial = sandbox.spawn()
        trial.kill()
        trial.close()
    except BaseException:
        sandbox.close()
        raise
    return sandbox


# ---------------------------------------------------------------- the zygote, from outside


class _Zygote:
    """The process that holds the warm libraries. Raises SandboxError when it doesn't come up."""

    def __init__(self, mode: str, cache: Path):
        self.folder = tempfile.TemporaryDirectory(prefix="tunelab-") if mode == "process" else None
        self.complaints = tempfile.TemporaryFile()  # noqa: SIM115
        self.control, theirs = socket.socketpair()
        with theirs:
            if mode == "bubblewrap":
                command, environment = _walled(theirs.fileno(), cache)
            else:
                command, environment = _open(theirs.fileno(), cache, Path(self.folder.name))
            self.process = subprocess.Popen(
                command,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=self.complaints,
                stderr=self.complaints,
                pass_fds=[theirs.fileno()],
                cwd="/",
                start_new_session=True,
            )
        try:
            self._wait_until_ready()
        except BaseException:
            self.end()
            raise

    def _wait_until_ready(self) -> None:
        self.control.settimeout(START_SECONDS)
        try:
            answer = self.control.recv(65536)
        except TimeoutError:
            raise SandboxError(f"The sandbox wasn't ready after {START_SECONDS} seconds. Is the machine short of memory?") from None
        self.control.settimeout(None)
        if not answer:
            said = self.last_words()
            raise SandboxError(f"The sandbox didn't start: {said or 'it ended without a word'}\n{_cure(said)}")
        if trouble := json.loads(answer)["error"]:
            raise SandboxError(f"The sandbox started, but not the Python in it: {trouble}\n`make setup` repairs the environment.")

    def last_words(self) -> str:
        """What the process, which has ended, said last."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(5)
        self.complaints.seek(0)
        return self.complaints.read()[-2000:].decode(errors="replace").strip()

    def end(self) -> None:
        self.control.close()
        try:
            self.process.wait(2)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.complaints.close()
        if self.folder is not None:
            self.folder.cleanup()


def _environment(home: str, cache: str, kit: str) -> dict[str, str]:
    """All that a learner's code finds in its environment."""
    one_thread = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS", "ARROW_IO_THREADS")
    offline = ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_HUB_DISABLE_TELEMETRY", "HF_HUB_DISABLE_PROGRESS_BARS")
    return {
        "HOME": home,
        "USER": "learner",
        "LOGNAME": "learner",
        "PATH": str(Path(sys.executable).parent),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "TMPDIR": home,
        "PYTHONPATH": kit,
        "PYTHONDONTWRITEBYTECODE": "1",
        "TUNELAB_HOME": cache,
        "HF_HOME": f"{home}/huggingface",
        "MPLBACKEND": "agg",
        "TOKENIZERS_PARALLELISM": "false",
        "JE_ARROW_MALLOC_CONF": "background_thread:false",
        "TRANSFORMERS_VERBOSITY": "error",
        **dict.fromkeys(one_thread, "1"),
        **dict.fromkeys(offline, "1"),
    }


def _open(control: int, cache: Path, folder: Path) -> tuple[list[str], dict[str, str]]:
    """Without walls: the same zygote as an ordinary process, in a folder that goes with it and finds only the kit's own two packages."""
    kit, home = folder / "kit", folder / "home"
    kit.mkdir()
    home.mkdir()
    for inside, source in KIT.items():
        (kit / Path(inside).name).symlink_to(source)
    return [sys.executable, "-m", "jail.zygote", str(control), "open"], _environment(str(home), str(cache), str(kit))


def _walled(control: int, cache: Path) -> tuple[list[str], dict[str, str]]:
    missing = sorted({package for program, package in PROGRAMS.items() if not shutil.which(program)})
    if missing:
        packages = " ".join(missing)
        raise SandboxError(f"{packages} isn't installed. Install it once: sudo apt-get install {packages}\n{WITHOUT_WALLS}")
    binds = _binds(cache)
    _check_readable(binds[inside] for inside in (*KIT, CACHE) if inside in binds)
    inner = [sys.executable, "-m", "jail.zygote", str(control), "walls"]
    if os.geteuid() != 0:
        return _bwrap([(str(source), inside) for inside, source in binds.items()], inner), dict(os.environ)
    return _as_nobody(binds, inner), {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8"}


# ---------------------------------------------------------------- what is inside


def _binds(cache: Path) -> dict[str, Path]:
    """What is visible inside, all of it read-only: path inside -> path outside."""
    base, environment = Path(sys.base_prefix), Path(sys.prefix)
    python = Path(sys.executable).resolve()
    same = [Path(name) for name in ("/usr/lib", "/usr/lib64", "/lib", "/lib64", "/etc/ld.so.cache")]
    same += [python, base / "lib", base / "lib64"]
    if environment != base:
        same += [environment / name for name in ("bin", "lib", "lib64", "pyvenv.cfg")]
    binds = {str(path): path for path in same if path.exists() and not path.is_symlink()}
    return binds | KIT | ({CACHE: cache} if cache.is_dir() else {})


def _links() -> dict[str, str]:
    """Links that lead to what is visible: path inside -> where it points."""
    paths = [Path(path) for path in ("/lib", "/lib64", "/usr/lib64")]
    paths += [Path(sys.base_prefix) / "lib64", Path(sys.prefix) / "lib64"]
    links = {str(path): os.readlink(path) for path in paths if path.is_symlink()}
    hop = Path(sys.executable)
    while hop.is_symlink():
        if not hop.is_relative_to(sys.prefix):
            links[str(hop)] = os.readlink(hop)
        hop = hop.parent / os.readlink(hop)
    return links


def _bwrap(binds: list[tuple[str, str]], inner: list[str]) -> list[str]:
    command = [
        "bwrap",
        "--unshare-all",
        "--unshare-user",
        "--disable-userns",
        "--die-with-parent",
        "--new-session",
        "--hostname",
        "tunelab",
    ]
    command += ["--cap-drop", "ALL", "--cap-add", "CAP_SYS_ADMIN", "--cap-add", "CAP_SYS_PTRACE", "--clearenv"]
    for name, value in _environment("/tmp", CACHE, "/kit").items():
        command += ["--setenv", name, value]
    for source, inside in binds:
        command += ["--ro-bind", source, inside]
    for inside, target in _links().items():
        command += ["--symlink", target, inside]
    for device in ("null", "full", "random", "urandom"):
        command += ["--dev-bind", f"/dev/{device}", f"/dev/{device}"]
    command += ["--symlink", "/proc/self/fd", "/dev/fd", "--dir", CACHE, "--proc", "/proc", "--tmpfs", "/dev/shm", "--tmpfs", "/tmp"]
    return [*command, "--remount-ro", "/", "--chdir", "/", "--", *inner]


def _as_nobody(binds: dict[str, Path], inner: list[str]) -> list[str]:
    """The command for root, who would stay root in the eyes of the kernel: bubblewrap is started as an unprivileged user.

    That user can't enter every folder on the way to what is visible (a Python under root's home), so all of it is bound first below a folder that anyone can enter, in a mount namespace
    of its own.
    """
    stage = next(
        p for p in ("/mnt", "/media", "/srv", "/opt") if Path(p).is_dir() and not any(b.resolve().is_relative_to(p) for b in binds.values())
    )
    script = ["set -e", "umask 022", f"mount -t tmpfs -o mode=755,size=1m tmpfs {stage}"]
    staged = []
    for number, (inside, source) in enumerate(binds.items()):
        place = f"{stage}/{number}"
        script.append(f"{'mkdir' if source.is_dir() else 'touch'} {place}; mount --rbind {shlex.quote(str(source))} {place}")
        staged.append((place, inside))
    drop = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--bounding-set=-all", "--inh-caps=-all"]
    script.append("exec " + shlex.join([*drop, *_bwrap(staged, inner)]))
    return ["unshare", "--mount", "--propagation", "private", "sh", "-c", "\n".join(script)]


def _check_readable(folders: Iterable[Path]) -> None:
    """Raises SandboxError when something of the kit or the cache can't be read by the sandbox's user."""
    root = os.geteuid() == 0
    for path in (path for folder in folders for path in (folder, *folder.rglob("*"))):
        if path.is_symlink():
            continue
        wanted = os.R_OK | (os.X_OK if path.is_dir() else 0)
        if not (path.stat().st_mode & wanted == wanted if root else os.access(path, wanted)):
            whom = "anyone but root; the sandbox's user isn't root" if root else "you"
            raise SandboxError(f"{path} can't be read by {whom}. Run: chmod -R a+rX {shlex.quote(str(path))}")


# ---------------------------------------------------------------- cures


def _cure(said: str) -> str:
    """What to do about what bubblewrap or the kernel said."""
    if "disable-userns" in said:
        return f"bubblewrap is older than 0.8. Install a newer one (Debian 12, Ubuntu 24.04 and later have it). {WITHOUT_WALLS}"
    if not any(word in said.lower() for word in ("permi", "namespace", "not permitted", "space left")):
        return WITHOUT_WALLS
    if _setting("kernel/apparmor_restrict_unprivileged_userns") == "1":
        cure = (
            "AppArmor keeps programs from making user namespaces (Ubuntu 24.04 and later). Allow it for bubblewrap, once:\n"
            "    printf 'abi <abi/4.0>,\\ninclude <tunables/global>\\nprofile bwrap /usr/bin/bwrap flags=(unconfined) {\\n  userns,\\n}\\n' "
            "| sudo tee /etc/apparmor.d/bwrap && sudo apparmor_parser -r /etc/apparmor.d/bwrap"
        )
    elif _setting("kernel/unprivileged_userns_clone") == "0":
        cure = "This system forbids user namespaces. Allow them: sudo sysctl -w kernel.unprivileged_userns_clone=1"
    elif _setting("user/max_user_namespaces") == "0":
        cure = "This system allows no user namespaces. Allow them: sudo sysctl -w user.max_user_namespaces=10000"
    elif Path("/.dockerenv").exists() or Path("/run/.containerenv").exists():
        cure = (
            "This is a container that forbids namespaces. Start it with\n"
            "    docker run --cap-add SYS_ADMIN --security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined …"
        )
    else:
        cure = "The system forbids what the sandbox is made of (user namespaces). Ask its administrator, or grade on another machine."
    return f"{cure}\n{WITHOUT_WALLS}"


def _setting(name: str) -> str:
    try:
        return (Path("/proc/sys") / name).read_text().strip()
    except OSError:
        return ""


__all__ = ["MODES", "Jailed", "Limits", "Sandbox", "SandboxError", "open_sandbox"]
