"""The filter of system calls: refuses what no learner's code needs and what memory or trouble could hide in.

Shared memory without a file (memfd, System V, anonymous shared mappings) is refused because the memory watch couldn't see it. Calls newer than this list are answered as an old kernel would.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import struct
from dataclasses import dataclass

from .kernel import PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, prctl

# name: (number on x86_64, number on aarch64); None where there is no such call.
REFUSED: dict[str, tuple[int | None, int | None]] = {
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "pidfd_getfd": (438, 438),
    "kcmp": (312, 272),
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "shmat": (30, 196),
    "shmctl": (31, 195),
    "semget": (64, 190),
    "msgget": (68, 186),
    "mq_open": (240, 180),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "userfaultfd": (323, 282),
    "fanotify_init": (300, 262),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "unshare": (272, 97),
    "setns": (308, 268),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "reboot": (169, 142),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "acct": (163, 89),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "syslog": (103, 116),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "adjtimex": (159, 171),
    "clock_adjtime": (305, 266),
    "personality": (135, 92),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "vhangup": (153, 58),
    "lookup_dcookie": (212, 18),
    "remap_file_pages": (216, 234),
    "migrate_pages": (256, 238),
    "move_pages": (279, 239),
    "iopl": (172, None),
    "ioperm": (173, None),
    "modify_ldt": (154, None),
    "uselib": (134, None),
}
NEWEST_CALL = 462
NAMESPACE_FLAGS = 0x7E020000
SHARED_ANONYMOUS = 0x21
FAMILIES = (1, 2, 10)
"""Socket families that code may ask for: unix, and the two internet ones, which lead nowhere inside the jail."""

_ALLOW, _ERRNO, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_LOAD, _AND, _RETURN, _IF_EQUAL, _IF_ABOVE, _IF_ANY_BIT = 0x20, 0x54, 0x06, 0x15, 0x25, 0x45
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16


@dataclass(frozen=True)
class _Machine:
    """What differs between processors: the audit number, the column of REFUSED, and the numbers of the calls that are looked at closely."""

    audit: int
    column: int
    mmap: int
    socket: int
    clone: int
    clone3: int = 435


_MACHINES = {"x86_64": _Machine(0xC000003E, 0, 9, 41, 56), "aarch64": _Machine(0xC00000B7, 1, 222, 198, 220)}


def _step(code: int, k: int, yes: int = 0, no: int = 0) -> bytes:
    return struct.pack("HBBI", code, yes, no, k)


def _refuse(code: int) -> bytes:
    return _step(_RETURN, _ERRNO | code)


def _argument(index: int) -> bytes:
    return _step(_LOAD, _ARGUMENTS + 8 * index)


def _only_for(number: int, steps: list[bytes]) -> list[bytes]:
    """Steps for one call; what they let through goes on with the number loaded again."""
    return [_step(_IF_EQUAL, number, 0, len(steps) + 1), *steps, _step(_LOAD, _NUMBER)]


def program(machine: str) -> bytes:
    """The filter as classic BPF. Raises OSError for a processor that it isn't written for."""
    try:
        m = _MACHINES[machine]
    except KeyError:
        raise OSError(errno.ENOSYS, f"the filter of system calls isn't written for {machine} processors") from None
    steps = [_step(_LOAD, _ARCHITECTURE), _step(_IF_EQUAL, m.audit, 1, 0), _step(_RETURN, _KILL), _step(_LOAD, _NUMBER)]
    steps += [_step(_IF_ABOVE, NEWEST_CALL, 0, 1), _refuse(errno.ENOSYS)]
    steps += [_step(_IF_EQUAL, m.clone3, 0, 1), _refuse(errno.ENOSYS)]
    for numbers in REFUSED.values():
        if (number := numbers[m.column]) is not None:
            steps += [_step(_IF_EQUAL, number, 0, 1), _refuse(errno.EPERM)]
    steps += _only_for(m.clone, [_argument(0), _step(_IF_ANY_BIT, NAMESPACE_FLAGS, 0, 1), _refuse(errno.EPERM)])
    shared = [_argument(3), _step(_AND, SHARED_ANONYMOUS), _step(_IF_EQUAL, SHARED_ANONYMOUS, 0, 1), _refuse(errno.EPERM)]
    steps += _only_for(m.mmap, shared)
    families = [_step(_IF_EQUAL, family, len(FAMILIES) - i, 0) for i, family in enumerate(FAMILIES)]
    steps += _only_for(m.socket, [_argument(0), *families, _refuse(errno.EAFNOSUPPORT)])
    return b"".join([*steps, _step(_RETURN, _ALLOW)])


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_char_p))


def install() -> None:
    """Puts the filter on this process and all that it starts, for good."""
    steps = program(platform.machine())
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    prctl(PR_SET_SECCOMP, 2, ctypes.byref(_Program(len(steps) // 8, steps)))
