"""What this process may use of the machine: CPUs and memory, a container's limits included."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Final

_MAX_THREADS: Final = 8
_CGROUP: Final = Path("/sys/fs/cgroup")
_MEMORY_INFO: Final = Path("/proc/meminfo")


def default_threads() -> int:
    """One less than the CPUs this process may use; more than a few only get in each other's way."""
    return max(1, min(_MAX_THREADS, usable_cpus() - 1))


def usable_cpus(cgroup: Path = _CGROUP) -> int:
    """Return how many CPUs this process may use: its affinity, and the quota of its container."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 2
    words = _read(cgroup / "cpu.max").split()
    if len(words) == 2 and words[0].isdigit() and words[1].isdigit() and int(words[1]):
        count = min(count, max(1, math.ceil(int(words[0]) / int(words[1]))))
    return count


def available_memory(memory_info: Path = _MEMORY_INFO, cgroup: Path = _CGROUP) -> int | None:
    """Return the bytes that could be used without swapping, None where the system does not say."""
    available = None
    for line in _read(memory_info).splitlines():
        name, _, rest = line.partition(":")
        if name == "MemAvailable" and rest.split()[:1] and rest.split()[0].isdigit():
            available = int(rest.split()[0]) * 1024
    limit, used = _read(cgroup / "memory.max").strip(), _read(cgroup / "memory.current").strip()
    if limit.isdigit() and used.isdigit():
        left = max(0, int(limit) - int(used) + _reclaimable(cgroup))
        available = left if available is None else min(available, left)
    return available


def _reclaimable(cgroup: Path) -> int:
    """The file cache a container is charged for; it gives way to programs."""
    for line in _read(cgroup / "memory.stat").splitlines():
        words = line.split()
        if len(words) == 2 and words[0] == "inactive_file" and words[1].isdigit():
            return int(words[1])
    return 0


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
